"""Checking a book: every cell typed or named as bad, every rule counted, nothing dropped.

Raw tables become typed ones in the engine (money in whole fen, days as day numbers). A finding
says the rule, the table and column, how many rows, and where the first five stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from perfkit import period, words
from perfkit.book import schema, source
from perfkit.book.source import Raw
from perfkit.errors import BadPeriod, nearest

__all__ = ["Finding", "check_tables", "create_typed"]

SHOWN = 5
EPOCH = "DATE '0001-01-01'"
LAST = "DATE '9999-12-31'"
NO_SLASH = "[^/]+"
_TYPE_WORDS = {"number": "count"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a book's owner should know.

    Attributes
    ----------
    severity : str
        error (the book is refused), warning or note.
    rule, table, column : str
        Which rule, and where.
    count : int
        How many rows. [rows]
    rows : tuple of dict
        The first five: file, line (as the user sees it), value.
    facts : dict
        What else the sentence and its way out need.
    """

    severity: str
    rule: str
    table: str
    column: str
    count: int
    rows: tuple[dict[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def _say(self, group: str, lang: str) -> str:
        facts = dict(self.facts)
        if kind := facts.get("type"):
            facts["type"] = words.text(f"unit.{_TYPE_WORDS.get(kind, kind)}", lang)
        near = facts.pop("near", None)
        facts["nearest"] = words.text("errors.nearest", lang, nearest=near) if near else ""
        facts |= {"table": self.table, "column": self.column, "count": self.count}
        return words.text(f"{group}.{self.rule}", lang, **facts)

    def text(self, lang: str) -> str:
        """Say what was found, with the first places."""
        places = "; ".join(f"{r['file']}:{r['line']} {r['value']!r}" for r in self.rows)
        return self._say("check", lang) + (f" ({places})" if places else "")

    def fix(self, lang: str) -> str:
        """Say what to do."""
        return self._say("fix", lang)

    def record(self) -> dict[str, Any]:
        """Give the stable JSON shape of ``perfkit check``."""
        return {
            "severity": self.severity,
            "rule": self.rule,
            "table": self.table,
            "column": self.column,
            "count": self.count,
            "rows": [dict(row) for row in self.rows],
            "zh": self._say("check", "zh"),
            "en": self._say("check", "en"),
            "fix_zh": self.fix("zh"),
            "fix_en": self.fix("en"),
        }


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _clean(column: str) -> str:
    return f"NULLIF(TRIM(CAST({_name(column)} AS VARCHAR)), '')"


# Types that columnar files bring along: such cells are taken as they are, not read as text.
_DAYS = ("DATE", "TIMESTAMP")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER",
            "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip


def _typed(column: schema.Column, brought: str) -> str:
    """Write how a raw cell becomes a typed one; what does not fit becomes NULL."""
    name, text = _name(column.name), _clean(column.name)
    day = f"TRY_CAST({name if brought.startswith(_DAYS) else text} AS DATE)"
    is_number = brought.startswith(_NUMBERS)
    amount = name if is_number else f"TRY_CAST({text} AS DECIMAL(20, 4))"
    number = f"CAST({name} AS DOUBLE)" if is_number else f"TRY_CAST({text} AS DOUBLE)"
    return {
        "text": f"NULLIF(TRIM({name}), '')" if brought == "VARCHAR" else text,
        "date": f"CASE WHEN {day} BETWEEN {EPOCH} AND {LAST} "
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


def _cell(raw: Raw, column: schema.Column) -> str:
    """Write a typed cell; a column the file lacks is NULL."""
    if column.name in raw.columns:
        return _typed(column, raw.types[raw.columns.index(column.name)])
    return f"CAST(NULL AS {_SQL_TYPES[column.type]})"


def create_typed(connection: duckdb.DuckDBPyConnection, raw: Raw) -> None:
    """Make the typed table of a raw one: the contract's columns, absent ones NULL.

    Columnar files stay where they are; text is parsed once.
    """
    every = schema.table(raw.table).columns.values()
    columns = [f"{_cell(raw, column)} AS {_name(column.name)}" for column in every]
    kind = "VIEW" if raw.path.suffix == ".parquet" else "TABLE"
    made = f"CREATE {kind} {raw.table} AS SELECT {', '.join(columns)} FROM {raw.view}"
    with source.readable(raw.path):
        connection.execute(made)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A condition over a table's rows: ``t.premium`` is typed, ``t."raw premium"`` as it came."""

    severity: str
    rule: str
    column: str
    condition: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def _cell_rules(raw: Raw) -> Iterator[_Rule]:
    for column in schema.table(raw.table).columns.values():
        if column.name not in raw.columns:
            continue
        here, text = f"t.{_name(column.name)}", f"t.{_name(_raw(column.name))}"
        bad = f"{here} IS NULL AND {text} IS NOT NULL"
        if column.type != "text":
            yield _Rule("error", "bad_value", column.name, bad, {"type": column.type})
        if column.type == "yuan":
            amount = f"TRY_CAST({text} AS DECIMAL(20, 4)) * 100"
            yield _Rule("warning", "sub_fen", column.name, f"{amount} <> ROUND({amount})")
        if column.need:
            yield _Rule("error", "missing_value", column.name, f"{text} IS NULL")
        if column.allowed:
            allowed = ", ".join(f"'{a}'" for a in column.allowed)
            yield _Rule(
                "error",
                "unknown_value",
                column.name,
                f"{here} NOT IN ({allowed})",
                {"allowed": ", ".join(column.allowed)},
            )


def _raw(column: str) -> str:
    return f"raw {column}"


def _table_rules(
    raws: Mapping[str, Raw], name: str, ranks: Sequence[str], as_of: int
) -> Iterator[_Rule]:
    """List the rules that need more than one cell."""
    columns = schema.table(name).columns
    dates = [c.name for c in columns.values() if c.type == "date" and name != "observations"]
    for date in dates:
        yield _Rule("warning", "after_as_of", date, f"t.{_name(date)} > {as_of}")
    if "rank" in columns:
        known = ", ".join("'" + r.replace("'", "''") + "'" for r in ranks) or "''"
        allowed = {"allowed": ", ".join(ranks)}
        yield _Rule("error", "unknown_rank", "rank", f"t.rank NOT IN ({known})", allowed)
    if name != "agents" and "agent_id" in columns and "agents" in raws:
        nobody = "NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = t.agent_id)"
        yield _Rule("error", "unknown_agent", "agent_id", f"t.agent_id IS NOT NULL AND {nobody}")
    yield from _OF_TABLE.get(name, ())


def _outside(day: str, joined: str) -> str:
    """Write that a day lies outside the agent's time in the force."""
    return (
        f"EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = t.agent_id AND ({day} {joined} "
        f"a.joined_on OR {day} >= COALESCE(a.left_on, 9999999)))"
    )


_STRANGER = "NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = t.recruiter_id)"
_OF_TABLE = {
    "agents": [
        _Rule("error", "left_before_joined", "left_on", "t.left_on <= t.joined_on"),
        _Rule(
            "warning",
            "unknown_recruiter",
            "recruiter_id",
            f"t.recruiter_id IS NOT NULL AND {_STRANGER}",
        ),
    ],
    "recruits": [_Rule("warning", "unknown_recruiter", "recruiter_id", _STRANGER)],
    "moves": [_Rule("warning", "move_outside", "on", _outside('t."on"', "<="))],
    "observations": [_Rule("error", "bad_period", "end", 't."end" < t."start"')],
    "policies": [
        _Rule("error", "issued_before_submitted", "issued_on", "t.issued_on < t.submitted_on"),
        _Rule("error", "cancelled_before_issued", "cancelled_on", "t.cancelled_on < t.issued_on"),
        _Rule("warning", "negative_premium", "premium", "t.premium < 0"),
        _Rule("warning", "outside_contract", "submitted_on", _outside("t.submitted_on", "<")),
    ],
}


def _unit_rules(raws: Mapping[str, Raw], name: str, levels: Sequence[str]) -> Iterator[_Rule]:
    """List the rules of unit codes and unit paths."""
    if name in {"agents", "moves"}:
        for level in levels:
            yield _Rule("error", "missing_value", level, f"t.{_name(level)} IS NULL")
        for code in (*levels, "agent_id"):
            slash = f"CONTAINS(t.{_name(code)}, '/')"
            yield _Rule("error", "unknown_value", code, slash, {"allowed": NO_SLASH})
    elif "unit_id" in schema.table(name).columns and "agents" in raws:
        sources = [t for t in ("agents", "moves") if t in raws]
        paths = [levels[: i + 1] for i in range(len(levels))] + [(*levels, "agent_id")]
        known = " UNION ".join(
            f"SELECT CONCAT_WS('/', {', '.join(map(_name, path))}) FROM {table}"
            for table in sources
            for path in paths
        )
        allowed = {"allowed": "/".join(levels)}
        yield _Rule("warning", "unknown_unit", "unit_id", f"t.unit_id NOT IN ({known})", allowed)


def _period_rules(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[_Rule]:
    """List the periods of targets that cannot be read."""
    if name != "targets":
        return
    found = connection.execute("SELECT DISTINCT period FROM targets ORDER BY 1").fetchall()
    bad = [text for (text,) in found if text is not None and not _is_period(text)]
    if bad:
        written = ", ".join("'" + text.replace("'", "''") + "'" for text in bad)
        yield _Rule("error", "bad_period", "period", f"t.period IN ({written})")


def _is_period(text: str) -> bool:
    try:
        period.parse(text)
    except BadPeriod:
        return False
    return True


def _places(
    connection: duckdb.DuckDBPyConnection, raw: Raw, column: str, condition: str
) -> tuple[dict[str, Any], ...]:
    shown = f"t.{_name(_raw(column))}" if column in raw.columns else "NULL"
    found = connection.execute(
        f"SELECT t.n, {shown} FROM {_rows(raw, True)} WHERE {condition} ORDER BY t.n LIMIT {SHOWN}"
    ).fetchall()
    lines = source.lines(raw, [n for n, _ in found])
    values = [value for _, value in found]
    return tuple(
        {"file": raw.path.name, "line": line, "value": value}
        for line, value in zip(lines, values, strict=True)
    )


def _rows(raw: Raw, numbered: bool = False) -> str:
    """Lay every cell's typed value beside its text, numbered in the file's order if asked."""
    columns = schema.table(raw.table).columns.values()
    cells = [f"{_cell(raw, c)} AS {_name(c.name)}" for c in columns]
    cells += [
        f"{_clean(c.name)} AS {_name(_raw(c.name))}" for c in columns if c.name in raw.columns
    ]
    cells += ["row_number() OVER () AS n"] if numbered else []
    return f"(SELECT {', '.join(cells)} FROM {raw.view}) t"


def _counted(
    connection: duckdb.DuckDBPyConnection, raw: Raw, rules: Sequence[_Rule]
) -> Iterator[Finding]:
    """Count all rules of a table in one pass, and look up places only where there are any."""
    if not rules:
        return
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {rule.condition})" for rule in rules)
    with source.readable(raw.path):
        (found,) = connection.execute(f"SELECT {counts} FROM {_rows(raw)}").fetchall()
    for rule, count in zip(rules, found, strict=True):
        if count:
            places = _places(connection, raw, rule.column, rule.condition)
            yield Finding(
                rule.severity, rule.rule, raw.table, rule.column, count, places, rule.facts
            )


def _duplicates(connection: duckdb.DuckDBPyConnection, raw: Raw) -> Iterator[Finding]:
    key = schema.table(raw.table).key
    names = ", ".join(f"t.{_name(k)}" for k in key)
    whole = " AND ".join(f"t.{_name(k)} IS NOT NULL" for k in key)
    (row,) = connection.execute(
        f"SELECT COUNT(*) - COUNT(DISTINCT ({names})) FROM {raw.table} t WHERE {whole}"
    ).fetchall()
    if row[0]:
        plain = ", ".join(_name(k) for k in key)
        again = f"(SELECT {plain} FROM {raw.table} GROUP BY {plain} HAVING COUNT(*) > 1)"
        places = _places(connection, raw, key[0], f"{whole} AND ({names}) IN {again}")
        yield Finding("error", "duplicate_key", raw.table, ", ".join(key), row[0], places)


def _columns(raw: Raw, levels: Sequence[str]) -> Iterator[Finding]:
    table = schema.table(raw.table)
    needed = list(table.needed) + (list(levels) if raw.table in {"agents", "moves"} else [])
    for column in needed:
        if column not in raw.columns:
            facts = {"found": ", ".join(raw.columns), "near": nearest(column, raw.columns)}
            yield Finding("error", "missing_column", raw.table, column, 1, (), facts)
    for column in raw.columns:
        if column not in table.columns:
            facts = {"allowed": ", ".join(c for c in table.columns if c not in raw.columns) or "–"}
            yield Finding("warning", "unknown_column", raw.table, column, 1, (), facts)


def check_tables(
    connection: duckdb.DuckDBPyConnection,
    raws: Mapping[str, Raw],
    *,
    levels: Sequence[str],
    ranks: Sequence[str],
    as_of: int,
) -> list[Finding]:
    """Type every table and run every rule.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the raw views; the typed tables are made in it.
    raws : mapping of str to Raw
        The tables found.
    levels : sequence of str
        The unit columns the book has, from its root down.
    ranks : sequence of str
        The ranks book.toml lists.
    as_of : int
        The day of the extract. [day number]

    Returns
    -------
    list of Finding
        Errors first; empty for a clean book.
    """
    found: list[Finding] = []
    for raw in raws.values():
        found += _columns(raw, levels)
    if any(f.severity == "error" for f in found):
        return found
    for raw in raws.values():
        create_typed(connection, raw)
    for name, raw in raws.items():
        rules = [
            *_cell_rules(raw),
            *_table_rules(raws, name, ranks, as_of),
            *_unit_rules(raws, name, levels),
            *_period_rules(connection, name),
        ]
        found += _counted(connection, raw, rules)
        found += _duplicates(connection, raw)
    return sorted(found, key=lambda f: ("error", "warning", "note").index(f.severity))
