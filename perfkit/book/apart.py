"""Rows that are read but cannot count: left out by reason, so that the counts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from perfkit.book import schema
from perfkit.book.check import Finding
from perfkit.book.source import Raw
from perfkit.book.typed import quoted

__all__ = ["REASONS", "leave_out", "with_premium"]

REASONS = ("missing_value", "identical_copy", "unknown_agent")
_PREMIUM = {"policies": "premium", "agent_months": "premium_submitted"}
Left = dict[str, dict[str, int]]


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()[0][0])


def _keep(connection: duckdb.DuckDBPyConnection, raw: Raw, step: int, reason: str) -> None:
    """Make the table again without the rows of one reason."""
    table, before = raw.table, f"{raw.table}_{step}"
    kind = "VIEW" if raw.columnar else "TABLE"
    select = f"SELECT * FROM {before}"
    if reason == "missing_value":
        needed = schema.table(table).needed
        select += " WHERE " + " AND ".join(f"{quoted(name)} IS NOT NULL" for name in needed)
    elif reason == "identical_copy":
        select = f"SELECT DISTINCT * FROM {before}"
    else:
        select += " WHERE agent_id IN (SELECT agent_id FROM agents)"
    was = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]
    ).fetchall()[0][0]
    connection.execute(f"ALTER {'VIEW' if was == 'VIEW' else 'TABLE'} {table} RENAME TO {before}")
    kind = kind if reason != "identical_copy" else "TABLE"
    connection.execute(f"CREATE {kind} {table} AS {select}")
    if kind == "TABLE":
        connection.execute(f"DROP {'VIEW' if was == 'VIEW' else 'TABLE'} {before}")


def leave_out(
    connection: duckdb.DuckDBPyConnection, raws: Mapping[str, Raw], findings: Sequence[Finding]
) -> Left:
    """Leave out the rows that findings say cannot count.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the typed tables; those concerned are made again.
    raws : mapping of str to Raw
        The tables.
    findings : sequence of Finding
        Of the check, without errors.

    Returns
    -------
    dict
        By table and reason, how many. [rows]
    """
    out: Left = {}
    for table, raw in raws.items():
        reasons = {f.rule for f in findings if f.table == table and f.severity == "warning"}
        for step, reason in enumerate(REASONS):
            if reason in reasons:
                before = _rows(connection, table)
                _keep(connection, raw, step, reason)
                left = before - _rows(connection, table)
                if left:
                    out.setdefault(table, {})[reason] = left
    return out


def with_premium(
    connection: duckdb.DuckDBPyConnection, findings: Sequence[Finding]
) -> list[Finding]:
    """Say how much premium nobody is assigned to; where hardly anybody is known, refuse. [yuan]"""
    out = []
    for one in findings:
        if one.rule == "unknown_agent":
            said = "–"
            if one.table in _PREMIUM:
                query = f"SELECT SUM({_PREMIUM[one.table]}) FROM {one.table} WHERE agent_id NOT IN "
                query += "(SELECT agent_id FROM agents WHERE agent_id IS NOT NULL)"
                fen = connection.execute(query).fetchall()[0][0]
                said = said if fen is None else f"{fen / 100:,.2f}"
            most = one.count * 2 > _rows(connection, one.table)
            severity = "error" if most else one.severity
            one = replace(one, severity=severity, facts={**one.facts, "premium": said})
        out.append(one)
    return out
