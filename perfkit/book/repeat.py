"""Keys that come twice: exact copies, and rows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb

from perfkit.book import schema
from perfkit.book.typed import quoted

__all__ = ["repeats"]


def _unique(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str]) -> bool:
    """Tell cheaply that no key comes twice: the keys ascend, or their hashes all differ.

    False means that it must be counted.
    """
    names = ", ".join(map(quoted, key))
    own = names if len(key) == 1 else f"({names})"
    known = " AND ".join(f"{quoted(k)} IS NOT NULL" for k in key)
    (row,) = connection.execute(
        f"SELECT COUNT(*) FILTER (WHERE before >= own OR NOT known) FROM (SELECT {own} AS own, "
        f"LAG({own}) OVER () AS before, {known} AS known FROM {table})"
    ).fetchall()
    if row[0] == 0:
        return True
    (row,) = connection.execute(
        f"SELECT COUNT(*), COUNT(DISTINCT HASH({names})) FROM {table}"
    ).fetchall()
    return bool(row[0] == row[1])


def repeats(
    connection: duckdb.DuckDBPyConnection, table: str
) -> Iterator[tuple[str, str, int, str]]:
    """Count the rows of a typed table that repeat a key.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the table.
    table : str
        Its name in the contract.

    Yields
    ------
    str, str, int, str
        Severity, rule, how many rows, and which, as a condition over ``t``. [rows]
    """
    key = schema.table(table).key
    if _unique(connection, table, key):
        return
    names = ", ".join(f"t.{quoted(k)}" for k in key)
    whole = " AND ".join(f"t.{quoted(k)} IS NOT NULL" for k in key)
    (row,) = connection.execute(
        f"SELECT COUNT(*), COUNT(DISTINCT ({names})), (SELECT COUNT(*) FROM (SELECT DISTINCT * "
        f"FROM {table} t WHERE {whole})) FROM {table} t WHERE {whole}"
    ).fetchall()
    rows, keys, different = row
    plain = ", ".join(quoted(k) for k in key)
    again = f"SELECT {plain} FROM (SELECT {{}}* FROM {table}) GROUP BY {plain} HAVING COUNT(*) > 1"
    if different > keys:
        where = f"{whole} AND ({names}) IN ({again.format('DISTINCT ')})"
        yield "error", "duplicate_key", different - keys, where
    elif rows > different:
        where = f"{whole} AND ({names}) IN ({again.format('')})"
        yield "warning", "identical_copy", rows - different, where
