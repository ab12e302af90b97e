"""How a cell as it came becomes a typed one: money in whole fen, days as day numbers."""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from perfkit.book import schema, source
from perfkit.book.source import Raw

__all__ = ["brought", "cell", "clean", "create_typed", "quoted"]

EPOCH = "DATE '0001-01-01'"
FIRST = "DATE '1000-01-01'"  # a year of two digits is none of the first century
LAST = "DATE '9999-12-31'"


def quoted(column: str) -> str:
    """Write a name as SQL wants it."""
    return '"' + column.replace('"', '""') + '"'


def clean(column: str) -> str:
    """Write a cell as text, trimmed; empty text is NULL."""
    return f"NULLIF(TRIM(CAST({quoted(column)} AS VARCHAR)), '')"


# Types that columnar files bring along: such cells are taken as they are, not read as text.
_DAYS = ("DATE", "TIMESTAMP")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


def brought(kind: str) -> bool:
    """Tell a column that came with a type of its own."""
    return kind.startswith((*_DAYS, *_NUMBERS))


def _plain(column: schema.Column, kind: str) -> str | None:
    """Write the cheap way to type a cell that the check has found to need no other."""
    name = quoted(column.name)
    if column.type == "text" and kind == "VARCHAR":
        return name
    if column.type == "date" and kind == "DATE":
        return f"CAST({_placed(column, name)} - {EPOCH} AS INTEGER) + 1"
    return None


def _placed(column: schema.Column, day: str) -> str:
    """Write the day that is kept: of a month, its first."""
    return f"CAST(DATE_TRUNC('month', {day}) AS DATE)" if column.month else day


def _typed(column: schema.Column, kind: str) -> str:
    """Write how a raw cell becomes a typed one; what does not fit becomes NULL."""
    name, text = quoted(column.name), clean(column.name)
    day = _placed(column, f"TRY_CAST({name if kind.startswith(_DAYS) else text} AS DATE)")
    is_number = kind.startswith(_NUMBERS)
    amount = name if is_number else f"TRY_CAST({text} AS DECIMAL(20, 4))"
    number = f"CAST({name} AS DOUBLE)" if is_number else f"TRY_CAST({text} AS DOUBLE)"
    return {
        "text": f"NULLIF(TRIM({name}), '')" if kind == "VARCHAR" else text,
        "date": f"CASE WHEN {day} BETWEEN {FIRST} AND {LAST} "
        f"THEN CAST({day} - {EPOCH} + 1 AS INTEGER) END",
        "yuan": f"TRY_CAST(ROUND({amount} * 100) AS BIGINT)",
        "count": f"CASE WHEN {number} = FLOOR({number}) THEN TRY_CAST({number} AS BIGINT) END",
        "number": f"CASE WHEN ISFINITE({number}) THEN {number} END",
    }[column.type]


_SQL_TYPES = {
    "text": "VARCHAR",
    "date": "INTEGER",
    "yuan": "BIGINT",
    "count": "BIGINT",
    "number": "DOUBLE",
}


def cell(raw: Raw, column: schema.Column) -> str:
    """Write a typed cell; a column the file lacks is NULL."""
    if column.name in raw.columns:
        return _typed(column, raw.types[raw.columns.index(column.name)])
    return f"CAST(NULL AS {_SQL_TYPES[column.type]})"


def create_typed(
    connection: duckdb.DuckDBPyConnection, raw: Raw, tidy: Collection[str] = ()
) -> None:
    """Make the typed table of a raw one: the contract's columns, absent ones NULL.

    Columnar files stay where they are; text is parsed once.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the raw view is.
    raw : Raw
        The table as it came.
    tidy : collection of str
        Columns found to need no mending: they are taken as they are.
    """
    columns = []
    for column in schema.table(raw.table).columns.values():
        made = cell(raw, column)
        if column.name in tidy:
            made = _plain(column, raw.types[raw.columns.index(column.name)]) or made
        columns.append(f"{made} AS {quoted(column.name)}")
    kind = "VIEW" if raw.columnar else "TABLE"
    made = f"CREATE OR REPLACE {kind} {raw.table} AS SELECT {', '.join(columns)} FROM {raw.view}"
    with source.readable(raw.path):
        connection.execute(made)
