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
from perfkit.book.repeat import repeats
from perfkit.book.source import Raw
from perfkit.book.typed import brought, cell, clean, create_typed, quoted
from perfkit.errors import BadPeriod, nearest

__all__ = ["Finding", "check_tables"]

SHOWN = 5
MENDED = "mended"
_TYPE_WORDS = {"number": "count", "yuan": "money"}


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
        The first five: file, line (as the user sees it; None for what has none), value.
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
        if check := facts.get("check"):
            facts["check"] = words.text(f"reconcile.{check}", lang)
        near = facts.pop("near", None)
        facts["nearest"] = words.text("errors.nearest", lang, nearest=near) if near else ""
        facts |= {"table": self.table, "column": self.column, "count": self.count}
        return words.text(f"{group}.{self.rule}", lang, **facts)

    def text(self, lang: str) -> str:
        """Say what was found, with the first places."""
        places = "; ".join(_place(row) for row in self.rows)
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


def _place(row: Mapping[str, Any]) -> str:
    """Say where a row stands; what is found by comparing has no line."""
    if row["line"] is None:
        return str(row["value"])
    return f"{row['file']}:{row['line']} {row['value']!r}"


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
        here, text = f"t.{quoted(column.name)}", f"t.{quoted(_raw(column.name))}"
        bad = f"{here} IS NULL AND {text} IS NOT NULL"
        if column.type != "text":
            severity = "warning" if column.type == "count" and not column.need else "error"
            yield _Rule(severity, "bad_value", column.name, bad, {"type": column.type})
        if column.type == "yuan" and not _whole(raw, column.name):
            amount = f"TRY_CAST({text} AS DECIMAL(20, 4)) * 100"
            yield _Rule("warning", "sub_fen", column.name, f"{amount} <> ROUND({amount})")
        if column.need:
            severity = "warning" if raw.table in _APART else "error"
            yield _Rule(severity, "missing_value", column.name, f"{text} IS NULL")
        if column.allowed:
            allowed = ", ".join(f"'{a}'" for a in column.allowed)
            yield _Rule(
                "error",
                "unknown_value",
                column.name,
                f"{here} NOT IN ({allowed})",
                {"allowed": ", ".join(column.allowed)},
            )


# Tables whose rows are kept apart where they lack a needed value; of people nobody may be lost.
_APART = ("policies", "agent_months", "renewals", "daily", "recruits")


def _whole(raw: Raw, column: str) -> bool:
    return raw.types[raw.columns.index(column)].endswith(("INT", "INTEGER"))


def _raw(column: str) -> str:
    return f"raw {column}"


def _table_rules(
    raws: Mapping[str, Raw], name: str, ranks: Sequence[str], as_of: int
) -> Iterator[_Rule]:
    """List the rules that need more than one cell."""
    columns = schema.table(name).columns
    dates = [] if name in _AHEAD else [c.name for c in columns.values() if c.type == "date"]
    for date in dates:
        yield _Rule("warning", "after_as_of", date, f"t.{quoted(date)} > {as_of}")
        if not columns[date].need:
            yield _Rule("warning", "sentinel", date, f"t.{quoted(date)} <= {_NO_DAY}")
    for column in (c.name for c in columns.values() if c.type == "count"):
        least = _LEAST.get(column, 0)
        yield _Rule("warning", "impossible_value", column, f"t.{quoted(column)} < {least}")
    if "rank" in columns:
        known = ", ".join("'" + r.replace("'", "''") + "'" for r in ranks) or "''"
        allowed = {"allowed": ", ".join(ranks)}
        yield _Rule("error", "unknown_rank", "rank", f"t.rank NOT IN ({known})", allowed)
    if name != "agents" and "agent_id" in columns and "agents" in raws:
        nobody = "t.agent_id IS NOT NULL AND a.agent_id IS NULL"
        yield _Rule("warning", "unknown_agent", "agent_id", nobody)
    for rule in _OF_TABLE.get(name, ()):
        if rule.rule != "cancelled_unissued" or "issued_on" in raws[name].columns:
            yield rule


_AHEAD = ("observations", "calendar", "actions")  # they hold days to come
_NO_DAY = 693_596  # 1900-01-01: where programs put a day that there is none
_LEAST = {"pay_years": 1, "policy_year": 2}


def _outside(day: str, joined: str) -> str:
    """Write that a day lies outside the agent's time in the force."""
    return f"({day} {joined} a.joined_on OR {day} >= a.left_on)"


_STRANGER = "NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = t.recruiter_id)"
_UNISSUED = "t.cancelled_on IS NOT NULL AND t.issued_on IS NULL"
_MONTHLY = [n for n, c in schema.table("agent_months").columns.items() if c.type == "yuan"]
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
    "calendar": [_Rule("error", "bad_period", "end", 't."end" < t."start"')],
    "actions": [_Rule("error", "due_before_decided", "due", "t.due < t.entered_on")],
    "policies": [
        _Rule("error", "issued_before_submitted", "issued_on", "t.issued_on < t.submitted_on"),
        _Rule("error", "cancelled_before_issued", "cancelled_on", "t.cancelled_on < t.issued_on"),
        _Rule("warning", "negative_premium", "premium", "t.premium < 0"),
        _Rule("warning", "zero_premium", "premium", "t.premium = 0"),
        _Rule("warning", "cancelled_unissued", "cancelled_on", _UNISSUED),
        _Rule("warning", "outside_contract", "submitted_on", _outside("t.submitted_on", "<")),
    ],
    "agent_months": [_Rule("warning", "negative_amount", m, f"t.{m} < 0") for m in _MONTHLY],
}


def _unit_rules(raws: Mapping[str, Raw], name: str, levels: Sequence[str]) -> Iterator[_Rule]:
    """List the rules of unit codes and unit paths."""
    if name in {"agents", "moves"}:
        for level in levels:
            yield _Rule("error", "missing_value", level, f"t.{quoted(level)} IS NULL")
        for code in (*levels, "agent_id"):
            slash = f"CONTAINS(t.{quoted(code)}, '/')"
            yield _Rule("error", "slash_in_code", code, slash)
    elif "unit_id" in schema.table(name).columns and "agents" in raws:
        sources = [t for t in ("agents", "moves") if t in raws]
        paths = [levels[: i + 1] for i in range(len(levels))] + [(*levels, "agent_id")]
        known = " UNION ".join(
            f"SELECT CONCAT_WS('/', {', '.join(map(quoted, path))}) FROM {table}"
            for table in sources
            for path in paths
        )
        allowed = {"allowed": "/".join(levels)}
        yield _Rule("warning", "unknown_unit", "unit_id", f"t.unit_id NOT IN ({known})", allowed)


def _period_rules(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[_Rule]:
    """List the periods of targets and control totals that cannot be read."""
    if name not in {"targets", "control"}:
        return
    found = connection.execute(f"SELECT DISTINCT period FROM {name} ORDER BY 1").fetchall()
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
    connection: duckdb.DuckDBPyConnection, raw: Raw, agents: bool, column: str, condition: str
) -> tuple[dict[str, Any], ...]:
    came = f"was {column}" if column in raw.mended else _raw(column)
    shown = f"CAST(t.{quoted(came)} AS VARCHAR)" if column in raw.columns else "NULL"
    found = connection.execute(
        f"SELECT t.n, {shown} FROM {_rows(raw, agents, True)} WHERE {condition} "
        f"ORDER BY t.n LIMIT {SHOWN}"
    ).fetchall()
    places = source.places(raw, [n for n, _ in found])
    values = [value for _, value in found]
    return tuple(
        {"file": file, "line": line, "value": value}
        for (file, line), value in zip(places, values, strict=True)
    )


_AGENTS = (
    " LEFT JOIN (SELECT agent_id, MIN(joined_on) AS joined_on, MAX(COALESCE(left_on, 9999999)) "
    "AS left_on FROM agents GROUP BY agent_id) a ON a.agent_id = t.agent_id"
)


def _rows(raw: Raw, agents: bool, numbered: bool = False) -> str:
    """Lay every cell's typed value beside its text, numbered in the file's order if asked.

    With `agents`, the row's agent stands beside it as ``a``.
    """
    columns = schema.table(raw.table).columns.values()
    types = dict(zip(raw.columns, raw.types, strict=True))
    typed = [f"{cell(raw, c)} AS {quoted(c.name)}" for c in columns]
    beside = raw.view
    if not raw.columnar:  # parsed once already, and in the same order
        typed = [f"y.{quoted(c.name)}" for c in columns]
        beside = f"{raw.table} y POSITIONAL JOIN (SELECT {_texts(raw, types)} FROM {raw.view}) x"
    cells = [*typed, "x.*"] if not raw.columnar else [*typed, _texts(raw, types)]
    if numbered:
        cells += ["row_number() OVER () AS n"]
    join = _AGENTS if agents and raw.table != "agents" and "agent_id" in raw.columns else ""
    return f"(SELECT {', '.join(cells)} FROM {beside}) t{join}"


def _texts(raw: Raw, types: Mapping[str, str]) -> str:
    """Write the cells as they came: trimmed text, and what mending replaced."""
    ours = [name for name in schema.table(raw.table).columns if name in raw.columns]
    cells = [f"{quoted(c) if brought(types[c]) else clean(c)} AS {quoted(_raw(c))}" for c in ours]
    cells += [f"{quoted(rule.column)} AS {quoted(f'came {rule.column}')}" for rule in _mended(raw)]
    cells += [quoted(f"was {name}") for name in sorted(raw.mended)]
    return ", ".join(cells)


def _mended(raw: Raw) -> Iterator[_Rule]:
    """List, as rules, the text cells that are not taken as they came."""
    for column, kind in zip(raw.columns, raw.types, strict=True):
        known = schema.table(raw.table).columns.get(column)
        if known and known.type == "text" and kind == "VARCHAR" and raw.columnar:
            came, here = f"t.{quoted(f'came {column}')}", f"t.{quoted(column)}"
            yield _Rule("", MENDED, column, f"{came} IS DISTINCT FROM {here}")


def _counted(
    connection: duckdb.DuckDBPyConnection, raw: Raw, rules: Sequence[_Rule], agents: bool
) -> tuple[list[Finding], set[str]]:
    """Count all rules of a table in one pass, and look up places only where there are any.

    The second is the columns that need no mending.
    """
    rules = [*rules, *_mended(raw)]
    if not rules:
        return [], set()
    counts = ", ".join(f"COUNT(*) FILTER (WHERE {rule.condition})" for rule in rules)
    with source.readable(raw.path):
        (found,) = connection.execute(f"SELECT {counts} FROM {_rows(raw, agents)}").fetchall()
    out, untidy = [], set()
    for rule, count in zip(rules, found, strict=True):
        if count and rule.rule in {MENDED, "bad_value"}:
            untidy.add(rule.column)
        if count and rule.rule != MENDED:
            places = _places(connection, raw, agents, rule.column, rule.condition)
            out.append(
                Finding(rule.severity, rule.rule, raw.table, rule.column, count, places, rule.facts)
            )
    return out, set(raw.columns) - untidy


def _columns(raw: Raw, levels: Sequence[str]) -> Iterator[Finding]:
    table = schema.table(raw.table)
    needed = list(table.needed) + (list(levels) if raw.table in {"agents", "moves"} else [])
    for column in needed:
        if column not in raw.columns:
            header = raw.header or raw.columns
            facts = {"found": ", ".join(header), "near": nearest(column, header)}
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
        counted, tidy = _counted(connection, raw, rules, "agents" in raws)
        found += counted
        if raw.columnar:
            create_typed(connection, raw, tidy)
        key = schema.table(name).key
        for severity, rule, count, where in repeats(connection, name):
            places = _places(connection, raw, "agents" in raws, key[0], where)
            found.append(Finding(severity, rule, name, ", ".join(key), count, places))
    return sorted(found, key=lambda f: ("error", "warning", "note").index(f.severity))
