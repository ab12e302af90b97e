"""What is possible but unlikely in a book: said, never changed.

Each rule looks at a whole table; a book of a few rows is not judged by its distribution.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from perfkit import period
from perfkit.book import names, schema, source
from perfkit.book.check import SHOWN, Finding
from perfkit.book.source import Raw
from perfkit.book.typed import quoted

__all__ = ["doubts", "strangers"]

ENOUGH = 30  # rows from which a distribution says something [rows]
MANY = 10  # agents of a unit whose name a lone one is held against [persons]
ALONE = {
    "policies": ("submitted_on", 730),
    "agent_months": ("month", 730),
    "agents": ("joined_on", 7300),
}  # [days]
FAR_DIGITS = 3  # an amount a thousand times the usual one
MIX = 0.02  # the least share of rows in another unit [rate]


class _Doubts:
    """The rules, over the typed tables of one book."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        raws: Mapping[str, Raw],
        levels: Sequence[str],
        as_of: int,
    ) -> None:
        self.connection, self.raws, self.levels, self.as_of = connection, raws, levels, as_of

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return found

    def say(self, rule: str, table: str, column: str, where: str, shown: str = "",
            severity: str = "warning", **facts: Any) -> Iterator[Finding]:  # fmt: skip
        """Give the finding, if any row is concerned."""
        value = shown or f"CAST({quoted(column)} AS VARCHAR)"
        numbered = f"(SELECT ROW_NUMBER() OVER () AS n, * FROM {table}) x"
        found = self.rows(
            f"SELECT n, {value}, COUNT(*) OVER () FROM {numbered} WHERE {where} "
            f"ORDER BY n LIMIT {SHOWN}"
        )
        if found:
            places = source.places(self.raws[table], [row[0] for row in found])
            rows = tuple(
                {"file": file, "line": line, "value": row[1]}
                for (file, line), row in zip(places, found, strict=True)
            )
            yield Finding(severity, rule, table, column, found[0][2], rows, facts)

    def sizes(self) -> Iterator[Finding]:
        """Say that a table has no row, or one."""
        few = [f"(SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT 2))" for table in self.raws]
        (counts,) = self.rows(f"SELECT {', '.join(few)}")
        for table, count in zip(self.raws, counts, strict=True):
            if count == 0:
                yield Finding("warning", "header_only", table, "", 1)
            elif count == 1 and table in {"agents", "policies"}:
                yield Finding("warning", "single_row", table, "", 1)

    def people(self) -> Iterator[Finding]:
        """Say what is odd about the agents."""
        ((count, here, ids, folded),) = self.rows(
            f"SELECT COUNT(*), COUNT(*) FILTER (WHERE COALESCE(left_on, 9999999) > {self.as_of}), "
            "COUNT(DISTINCT agent_id), COUNT(DISTINCT LOWER(agent_id)) FROM agents"
        )
        if count > 1 and not here:
            yield Finding("warning", "everybody_left", "agents", "left_on", count)
        if folded < ids:
            twice = (
                "SELECT LOWER(agent_id) FROM agents GROUP BY 1 HAVING COUNT(DISTINCT agent_id) > 1"
            )
            yield from self.say(
                "ids_by_case", "agents", "agent_id", f"LOWER(agent_id) IN ({twice})"
            )
        yield from self.units()

    def units(self) -> Iterator[Finding]:
        """Say which unit codes look misspelt, and which groups lie in two departments."""
        cells = ", ".join(map(quoted, self.levels))
        found = self.rows(f"SELECT {cells}, COUNT(*) FROM agents GROUP BY {cells}")
        for depth, level in enumerate(self.levels):
            counts: dict[tuple[str, ...], int] = {}
            for row in found:
                if None not in row:
                    counts[row[: depth + 1]] = counts.get(row[: depth + 1], 0) + row[-1]
            yield from self.misspelt(level, depth, counts)
            if depth >= 2:
                yield from self.two_parents(level, depth, counts)

    def misspelt(
        self, level: str, depth: int, counts: Mapping[tuple[str, ...], int]
    ) -> Iterator[Finding]:
        """Hold the units of one agent against the large ones beside them."""
        large = [unit for unit, count in counts.items() if count >= MANY]
        for lone in (unit for unit, count in counts.items() if count == 1):
            for unit in large:
                if unit[:-1] == lone[:-1] and _near(lone[-1], unit[-1]):
                    where = f"{quoted(level)} = {_text(lone[-1])}"
                    rule = "second_root" if depth == 0 else "misspelt_unit"
                    yield from self.say(rule, "agents", level, where, near=unit[-1])

    def two_parents(
        self, level: str, depth: int, counts: Mapping[tuple[str, ...], int]
    ) -> Iterator[Finding]:
        """Find codes that lie in two units, where codes otherwise lie in one only.

        Codes that begin again in every unit are paths and no contradiction; nor is a unit that
        moved, so people who were never there together are left alone.
        """
        above: dict[str, set[tuple[str, ...]]] = {}
        for unit in counts:
            above.setdefault(unit[-1], set()).add(unit[:-1])
        twice = [code for code, parents in above.items() if len(parents) > 1]
        if not twice or len(above) < 5 or len(twice) * 10 > len(above):
            return
        parent = quoted(self.levels[depth - 1])
        moved = " AND agent_id NOT IN (SELECT agent_id FROM moves)" if "moves" in self.raws else ""
        for code in twice:
            where = f"{quoted(level)} = {_text(code)}{moved}"
            ((ways, latest, first_end),) = self.rows(
                f"SELECT COUNT(DISTINCT {parent}), MAX(joined_on), "
                f"MIN(COALESCE(left_on, 9999999)) FROM agents WHERE {where}"
            )
            if ways > 1 and latest < first_end:
                parents = ", ".join(sorted("/".join(p) for p in above[code]))
                yield from self.say(
                    "two_parents", "agents", level, where, severity="error", parents=parents
                )

    def dates(self) -> Iterator[Finding]:
        """Say that one day lies far before all others."""
        for table, (column, gap) in ALONE.items():
            if table not in self.raws:
                continue
            found = self.rows(
                f"SELECT {column}, COUNT(*) FROM {table} WHERE {column} IS NOT NULL "
                f"GROUP BY 1 ORDER BY 1 LIMIT 2"
            )
            if len(found) == 2 and found[0][1] == 1 and found[1][0] - found[0][0] > gap:
                shown = f"CAST(DATE '0001-01-01' + CAST({column} - 1 AS INTEGER) AS VARCHAR)"
                where = f"{column} = {found[0][0]}"
                yield from self.say("isolated_date", table, column, where, shown)

    def amounts(self) -> Iterator[Finding]:
        """Say that some premiums are of another size than all others."""
        found = self.rows(
            "SELECT CAST(FLOOR(LOG10(premium)) AS INTEGER), COUNT(*) FROM policies "
            "WHERE premium > 0 GROUP BY 1 ORDER BY 1"
        )
        total = sum(count for _, count in found)
        if total < ENOUGH:
            return
        usual, seen = 0, 0
        for digits, count in found:
            seen += count
            if seen * 2 >= total:
                usual = digits
                break
        shown = "CAST(premium / 100.0 AS VARCHAR)"
        low = [d for d, _ in found if d <= usual - FAR_DIGITS]
        if low and sum(c for d, c in found if d in low) >= max(3, math.ceil(MIX * total)):
            where = f"premium > 0 AND premium < {10 ** (max(low) + 1)}"
            yield from self.say("unit_mix", "policies", "premium", where, shown)
        where = f"premium >= {10 ** (usual + FAR_DIGITS)}"
        if any(digits >= usual + FAR_DIGITS for digits, _ in found):
            yield from self.say("implausible_amount", "policies", "premium", where, shown)

    def months(self) -> Iterator[Finding]:
        """Say which months nobody has a row of, and which cells are empty."""
        found = self.rows(f"SELECT DISTINCT month FROM agent_months WHERE month <= {self.as_of}")
        there = {dt.date.fromordinal(day) for (day,) in found}
        if not there:
            return
        as_of = dt.date.fromordinal(self.as_of)
        every = period.months(period.span(min(there), max(as_of, max(there))))
        lost = [m for m in every if m.first not in there]
        inside = [m.code for m in lost if m.first < max(there)]
        facts = {"months": ", ".join(inside[:SHOWN])}
        if inside:
            yield Finding(
                "warning", "empty_months", "agent_months", "month", len(inside), (), facts
            )
        if len(lost) > len(inside):
            facts = {"last": f"{max(there):%Y-%m}", "as_of": str(as_of)}
            yield Finding("warning", "months_end", "agent_months", "month", 1, (), facts)
        spec = schema.table("agent_months")
        amounts = [c for c in spec.columns if c not in spec.key]
        for name in (c for c in amounts if c in self.raws["agent_months"].columns):
            where = f"{quoted(name)} IS NULL"
            yield from self.say("empty_amount", "agent_months", name, where, severity="note")

    def strangers(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        """Say of unknown agents which would be known with zeros before, or in another case."""
        for one in findings:
            if one.rule != "unknown_agent":
                continue
            unknown = "agent_id NOT IN (SELECT agent_id FROM agents WHERE agent_id IS NOT NULL)"
            for rule, fold in (("lost_zeros", "LTRIM({}, '0')"), ("case_differs", "LOWER({})")):
                known = f"(SELECT {fold.format('agent_id')} FROM agents)"
                where = f"{unknown} AND {fold.format('agent_id')} IN {known}"
                ((width,),) = self.rows("SELECT MAX(LENGTH(agent_id)) FROM agents")
                yield from self.say(rule, one.table, "agent_id", where, width=width)

    def loose(self) -> Iterator[Finding]:
        """Find activity outside the contract, renewals of no policy, and amounts left empty."""
        if {"daily", "agents"} <= set(self.raws):
            theirs = "EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = x.agent_id"
            inside = "a.joined_on <= x.date AND COALESCE(x.date < a.left_on, TRUE)"
            where = f"{theirs}) AND NOT {theirs} AND {inside})"
            yield from self.say("outside_contract", "daily", "date", where)
        if "daily" in self.raws:
            yield from self.say("odd_count", "daily", "attended", "attended NOT IN (0, 1)")
        if {"renewals", "policies"} <= set(self.raws):
            known = "policy_id NOT IN (SELECT policy_id FROM policies WHERE policy_id IS NOT NULL)"
            yield from self.say("unknown_policy", "renewals", "policy_id", known)
        for column in ("standard_premium", "fyc") if "policies" in self.raws else ():
            if column in self.raws["policies"].columns:
                where = f"{column} IS NULL"
                yield from self.say("empty_amount", "policies", column, where, "policy_id")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _bare(code: str) -> str:
    """Take the number out of a unit's name: units differ by it, and that is no misspelling."""
    return "".join(sign for sign in code if not sign.isdigit() and sign not in names.mark("digits"))


def _near(lone: str, known: str) -> bool:
    """Tell whether one name is the other with a sign changed, added or lost, its number apart."""
    if len(known) < 2 or _bare(lone) == _bare(known) or abs(len(lone) - len(known)) > 1:
        return False
    if lone.casefold() == known.casefold():
        return True
    short, long = sorted((lone, known), key=len)
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) == 1
    return any(short == long[:i] + long[i + 1 :] for i in range(len(long)))


def strangers(
    connection: duckdb.DuckDBPyConnection, raws: Mapping[str, Raw], findings: Sequence[Finding]
) -> list[Finding]:
    """Say of unknown agents which would be known with zeros before, or in another case."""
    return list(_Doubts(connection, raws, (), 0).strangers(findings))


def doubts(
    connection: duckdb.DuckDBPyConnection,
    raws: Mapping[str, Raw],
    levels: Sequence[str],
    as_of: int,
    findings: Sequence[Finding],
) -> list[Finding]:
    """List what is possible but unlikely.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the typed tables, with every row read.
    raws : mapping of str to Raw
        The tables.
    levels : sequence of str
        The unit columns the book has, from its root down.
    as_of : int
        The day of the extract. [day number]
    findings : sequence of Finding
        What the check found.

    Returns
    -------
    list of Finding
    """
    judge = _Doubts(connection, raws, levels, as_of)
    out = list(judge.sizes())
    if "agents" in raws:
        out += [*judge.people(), *judge.strangers(findings)]
    if "policies" in raws:
        out += judge.amounts()
    if "agent_months" in raws:
        out += judge.months()
    return [*out, *judge.loose(), *judge.dates()]
