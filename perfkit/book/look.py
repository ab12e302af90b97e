"""A second look at a table as it came: which columns need mending, and what was met in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from perfkit.book import mend, names, schema, source
from perfkit.book.check import SHOWN, Finding
from perfkit.book.mapping import Status
from perfkit.book.source import Raw
from perfkit.book.typed import quoted
from perfkit.errors import nearest

__all__ = ["look_over"]

Found = list[Finding]


def look_over(
    connection: duckdb.DuckDBPyConnection, raw: Raw, ranks: Sequence[str]
) -> tuple[Raw, Found]:
    """Look a table's columns over, mend those that need it, and say what was met.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the table as it came.
    raw : Raw
        The table.
    ranks : sequence of str
        The ranks book.toml lists.

    Returns
    -------
    Raw, list of Finding
    """
    return _Look(connection, raw, ranks).over()


class _Look:
    """One table being looked over."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, raw: Raw, ranks: Sequence[str]
    ) -> None:
        self.connection, self.raw, self.ranks = connection, raw, ranks
        self.found: Found = []
        spec = schema.table(raw.table).columns
        self.columns = [spec[name] for name in raw.columns if name in spec]
        self.kinds = dict(zip(raw.columns, raw.types, strict=True))
        self.rows = f"(SELECT ROW_NUMBER() OVER () AS n, * FROM came_{raw.table}) c"

    def _cell(self, name: str) -> str:
        """Write a cell as text; empty text is NULL."""
        cell = f"c.{quoted(name)}"
        return (
            f"NULLIF({cell if self.kinds[name] == 'VARCHAR' else f'CAST({cell} AS VARCHAR)'}, '')"
        )

    def _counts(self, conditions: Sequence[str]) -> list[int]:
        if not conditions:
            return []
        counted = ", ".join(f"COUNT(*) FILTER (WHERE {one})" for one in conditions)
        found = self.connection.execute(f"SELECT {counted} FROM {self.rows}").fetchall()
        return [int(n) for n in found[0]]

    def _say(self, severity: str, rule: str, column: str, condition: str, count: int,
             **facts: Any) -> None:  # fmt: skip
        """Add a finding with its first places."""
        shown = f"CAST(c.{quoted(column)} AS VARCHAR)" if column in self.kinds else "NULL"
        query = f"SELECT n, {shown} FROM {self.rows} WHERE {condition} ORDER BY n LIMIT {SHOWN}"
        found = self.connection.execute(query).fetchall()
        places = source.places(self.raw, [n for n, _ in found])
        rows = tuple(
            {"file": file, "line": line, "value": value}
            for (file, line), (_, value) in zip(places, found, strict=True)
        )
        self.found.append(Finding(severity, rule, self.raw.table, column, count, rows, facts))

    def over(self) -> tuple[Raw, Found]:
        """Look, mend and say."""
        self._no_data_rows()
        tests = [mend.odd(column, self._cell(column.name)) for column in self.columns]
        ways = {c.name: self._way(c) for c in self.columns}
        kept = [
            column
            for column, count in zip(self.columns, self._counts(tests), strict=True)
            if count or ways[column.name].changes
        ]
        wide = self._counts([mend.wide(self._cell(column.name)) for column in kept])
        for column, count in zip(kept, wide, strict=True):
            ways[column.name] = replace(ways[column.name], wide=count > 0)
            ways[column.name] = self._decided(column, ways[column.name])
        self._signs(kept, ways)
        made = {c.name: mend.mended(c, self._cell(c.name), ways[c.name]) for c in kept}
        made |= self._filled(made)
        return self._made(made), self.found

    def _way(self, column: schema.Column) -> mend.Way:
        raw = self.raw
        unit = raw.units.get(column.name, "")
        way = mend.way_of(raw.told, column.name, header_unit=unit, epoch=raw.epoch)
        if column.name == "segment" and not way.values:
            known = names.values("segment", column.allowed)
            return replace(way, values=known)
        return way

    def _decided(self, column: schema.Column, way: mend.Way) -> mend.Way:
        """Find out how a column is written, where its cells leave no doubt."""
        if column.type == "text" or (column.type == "date" and way.dates in {"dmy", "mdy"}):
            return way
        tests = mend.evidence(column, self._cell(column.name), way)
        count = dict(zip(tests, self._counts(list(tests.values())), strict=True))
        if column.type == "date":
            return self._order(column, way, tests, count)
        if self.raw.told.decimal:
            return way
        either = count["either"] and not count["dot"] and self._semicolons
        if (count["comma"] and count["dot"]) or (either and not count["comma"]):
            condition = tests["comma"] if count["comma"] else tests["either"]
            number = count["comma"] or count["either"]
            self._say("error", "ambiguous_number", column.name, condition, number)
        return replace(way, decimal=",") if count["comma"] and not count["dot"] else way

    @property
    def _semicolons(self) -> bool:
        return any(part.dialect and part.dialect.delimiter == ";" for part in self.raw.parts)

    def _order(
        self, column: schema.Column, way: mend.Way, tests: Mapping[str, str],
        count: Mapping[str, int],
    ) -> mend.Way:  # fmt: skip
        if not count["turned"]:
            return way
        if bool(count["dmy"]) == bool(count["mdy"]):
            self._say("error", "ambiguous_date", column.name, tests["turned"], count["turned"])
            return way
        order = "dmy" if count["dmy"] else "mdy"
        self._say("note", "dates_order", column.name, tests[order], count[order], order=order)
        return replace(way, dates=order)

    def _signs(self, kept: Sequence[schema.Column], ways: Mapping[str, mend.Way]) -> None:
        signs = [
            sign for c in kept for sign in mend.signs(c, self._cell(c.name), ways[c.name])
        ]  # fmt: skip
        counts = self._counts([sign.condition for sign in signs])
        for sign, count in zip(signs, counts, strict=True):
            if count:
                self._say(
                    sign.severity, sign.rule, sign.column, sign.condition, count, **sign.facts
                )

    def _no_data_rows(self) -> None:
        """Find total rows and repeated headers among the data."""
        texts = [c.name for c in self.columns if self.kinds[c.name] == "VARCHAR"]
        needed = [c.name for c in self.columns if c.need]
        if not texts or not needed:
            return
        blank = " OR ".join(f"{self._cell(name)} IS NULL" for name in needed)
        # Names are spread out in print, and a count may follow: "Total (2)".
        blanks = f"[{mend.SPACES}]*"
        words = "|".join(w if w.isascii() else blanks.join(w) for w in names.mark("totals"))
        total = f"(?i)(^|[^A-Za-z])({words})[{mend.SPACES}]*([:(\\x{{FF1A}}\\x{{FF08}}].*)?$"
        cells = " OR ".join(
            f"REGEXP_MATCHES(TRIM({self._cell(n)}), {mend.literal(total)})" for n in texts
        )
        written = [name for name in needed if name in texts]
        again = " AND ".join(
            f"c.{quoted(name)} = {mend.literal(self.raw.headers.get(name, name))}"
            for name in written[:2]
        )
        conditions = [f"({blank}) AND ({cells})", again or "FALSE"]
        for rule, condition, count in zip(
            ("total_row", "header_again"), conditions, self._counts(conditions), strict=True
        ):
            if count:
                self._say("error", rule, texts[0], condition, count)

    def _filled(self, made: Mapping[str, str]) -> dict[str, str]:
        """Write the columns that book.toml fills: constants, and dates out of a status."""
        told = self.raw.told
        out = {
            column: mend.literal(value)
            for column, value in told.constants.items()
            if column not in self.kinds
        }
        return out | (self._statuses(told.status, made) if told.status else {})

    def _statuses(self, status: Status, made: Mapping[str, str]) -> dict[str, str]:
        """Write the dates that a status and one date stand for."""
        for name in (status.column, status.on):
            if name not in self.kinds:
                near = nearest(name, self.raw.columns)
                facts = {"file": self.raw.path.name, "header": name, "near": near}
                facts["found"] = ", ".join(self.raw.columns)
                one = Finding("error", "missing_header", self.raw.table, "status", 1, (), facts)
                self.found.append(one)
                return {}
        here = f"COALESCE(TRIM({self._cell(status.column)}), '')"
        listed = ", ".join(map(mend.literal, [*status.values, ""]))
        unknown = f"{here} NOT IN ({listed})"
        (count,) = self._counts([unknown])
        if count:
            known = ", ".join(status.values)
            self._say("error", "unknown_status", status.column, unknown, count, known=known)
        out: dict[str, str] = {}
        for column in sorted({ours for ours in status.values.values() if ours}):
            spec = schema.table(self.raw.table).columns[column]
            codes = [code for code, ours in status.values.items() if ours == column]
            day = mend.mended(spec, self._cell(status.on), self._way(spec))
            among = ", ".join(map(mend.literal, codes))
            dated = f"CASE WHEN {here} IN ({among}) THEN {day} END"
            own = made.get(column) or (f"c.{quoted(column)}" if column in self.kinds else "")
            out[column] = f"COALESCE({own}, {dated})" if own else dated
            undated = f"{here} IN ({among}) AND {day} IS NULL"
            (missing,) = self._counts([undated])
            if missing:
                self._say("error", "undated_status", status.on, undated, missing)
        return out

    def _made(self, made: Mapping[str, str]) -> Raw:
        """Lay the mended columns beside those taken as they came."""
        raw = self.raw
        if not made:
            return raw
        kept = [name for name in raw.columns if name not in raw.told.extras]
        cells = [
            f"{made[name]} AS {quoted(name)}" if name in made else f"c.{quoted(name)}"
            for name in kept
        ]
        added = [name for name in made if name not in raw.columns]
        cells += [f"{made[name]} AS {quoted(name)}" for name in added]
        was = [name for name in made if name in raw.columns]
        cells += [f"c.{quoted(name)} AS {quoted(f'was {name}')}" for name in was]
        kind = "VIEW" if raw.columnar else "TABLE"
        self.connection.execute(f"DROP VIEW raw_{raw.table}")
        self.connection.execute(
            f"CREATE {kind} raw_{raw.table} AS SELECT {', '.join(cells)} FROM came_{raw.table} c"
        )
        kinds = ["VARCHAR" if name in made else self.kinds[name] for name in kept]
        return replace(
            raw,
            columns=(*kept, *added),
            types=(*kinds, *("VARCHAR" for _ in added)),
            mended=frozenset(was),
            copied=not raw.columnar,
        )
