"""Level columns for agents whose file only says who is above whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from perfkit import org
from perfkit.book import excel, names, text
from perfkit.book.check import Finding
from perfkit.book.mapping import Hierarchy, TableMap
from perfkit.book.source import Raw
from perfkit.book.typed import quoted
from perfkit.book.unread import Unread

__all__ = ["place"]

MOST = 30  # steps up from anybody to the top; more is a circle
Chains = Mapping[str, list[str]]


def _pairs(path: Path, told: Hierarchy) -> dict[str, str]:
    """Read who is above whom out of a table of units.

    Raises
    ------
    Unread
        The file cannot be read, or a unit lies in two others.
    """
    # The header is found by the two names; which of our columns they would be plays no part.
    like = TableMap("agents", columns={"agent_id": told.unit, "recruiter_id": told.parent})
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls"}:
        sheet = excel.read_sheets(path, like)[0]
        header, lines = sheet.header, list(zip(*sheet.columns, strict=True))
    else:
        dialect = text.look(path, like)
        walked = text.rows(path, dialect.encoding, dialect.delimiter)
        header = dialect.header
        lines = [tuple(row) for line, row in walked if line > dialect.header_line]
    folded = [names.folded(name) for name in header]
    places = []
    for name in (told.unit, told.parent):
        if names.folded(name) not in folded:
            raise Unread("missing_header", column="hierarchy", header=name, found=", ".join(header))
        places.append(folded.index(names.folded(name)))
    out: dict[str, str] = {}
    for row in lines:
        unit, parent = ((row[i] or "").strip() for i in places)
        if unit and out.setdefault(unit, parent) != parent:
            raise Unread("two_parents", column=unit, parents=f"{out[unit]}, {parent}")
    return out


def _up(start: str, above: Mapping[str, str]) -> list[str]:
    """Walk up from a unit or an agent to the top.

    Raises
    ------
    Unread
        It goes round in a circle.
    """
    chain = [start]
    while (upper := above.get(chain[-1], "")) and upper != chain[-1]:
        if upper in chain or len(chain) > MOST:
            raise Unread("circle", column=start, units=" → ".join([*chain[:5], upper]))
        chain.append(upper)
    return chain


def _by_units(agents: Mapping[str, str], pairs: Mapping[str, str], depth: int) -> Chains:
    """Give every agent the units from the top down."""
    out = {}
    for agent, unit in agents.items():
        if unit not in pairs and unit not in pairs.values():
            raise Unread("unit_not_there", [], column=unit, agent=agent)
        chain = _up(unit, pairs)[::-1]
        if len(chain) > depth:
            raise Unread("too_deep", column=unit, units=" / ".join(chain), levels=depth)
        out[agent] = chain
    return out


def _by_managers(
    above: Mapping[str, str], ranks: Mapping[str, str], leads: Mapping[str, str],
    levels: Sequence[str],
) -> Chains:  # fmt: skip
    """Give every agent the leaders of the levels above, from the top down, named by their code.

    Raises
    ------
    Unread
        A level above an agent has no leader: what lies below it would slip up one level.
    """
    out, lone = {}, list[tuple[str, str]]()
    for agent in above:
        found: dict[str, str] = {}
        for person in _up(agent, above):
            level = leads.get(ranks.get(person, ""))
            if level:
                found.setdefault(level, person)
        out[agent] = [found[level] for level in levels if level in found]
        missing = levels[: len(out[agent]) or 1]
        lone += [(agent, level) for level in missing if level not in found][:1]
    if lone:
        agent, level = lone[0]
        raise Unread("no_leader", count=len(lone), column=agent, level=level)
    return out


def _rows(connection: duckdb.DuckDBPyConnection, *columns: str) -> list[tuple[str, ...]]:
    cells = ", ".join(f"COALESCE(TRIM(CAST({quoted(c)} AS VARCHAR)), '')" for c in columns)
    found: list[tuple[str, ...]] = connection.execute(f"SELECT {cells} FROM came_agents").fetchall()
    return found


def _chains(
    connection: duckdb.DuckDBPyConnection, raw: Raw, folder: Path, levels: Sequence[str]
) -> Chains:
    told = raw.told.hierarchy or Hierarchy()
    column = told.manager or told.agent_unit
    if column not in raw.columns:
        found = ", ".join(raw.columns)
        raise Unread("missing_header", column="hierarchy", header=column, found=found)
    if told.file:
        own = {row[0]: row[1] for row in _rows(connection, "agent_id", column)}
        return _by_units(own, _pairs(folder / told.file, told), len(levels))
    above, ranks = {}, {}
    values = raw.told.values.get("rank", {})
    for agent, manager, rank in _rows(connection, "agent_id", column, "rank"):
        above[agent], ranks[agent] = manager, values.get(rank, rank)
    return _by_managers(above, ranks, told.leads, levels)


def place(
    connection: duckdb.DuckDBPyConnection, raw: Raw, folder: Path, root: str
) -> tuple[Raw, list[Finding]]:
    """Give the agents a column for every level, from the book's root down.

    An agent who belongs to an upper unit directly gets that unit's code at the levels below.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds the agents as they came; they get the columns.
    raw : Raw
        The agents, with what book.toml says of the hierarchy.
    folder : Path
        The book's.
    root : str
        Its highest level.

    Returns
    -------
    Raw, list of Finding
        An error where nobody can be placed: a circle, two units above one, a code nobody knows.
    """
    import pyarrow as pa

    levels = [level for level in org.levels_from(root) if level != "agent"]
    fixed = [level for level in levels if level in raw.told.constants]
    free = [level for level in levels if level not in fixed]
    try:
        chains = _chains(connection, raw, folder, free)
    except Unread as error:
        facts: dict[str, Any] = {"file": raw.path.name, "near": None, **error.facts}
        return raw, [Finding("error", error.rule, "agents", error.column, error.count, (), facts)]
    depth = max((len(chain) for chain in chains.values()), default=0)
    direct = sum(len(chain) < depth for chain in chains.values())
    filled = {a: [*c, *(c[-1:] * (depth - len(c)))] for a, c in chains.items()}
    columns: dict[str, list[str | None]] = {"placed": list(filled)}
    for i, level in enumerate(free[:depth]):
        columns[level] = [chain[i] if i < len(chain) else None for chain in filled.values()]
    connection.register("placed", pa.table(columns))
    kept = ", ".join(f"c.{quoted(c)}" for c in raw.columns if c not in free)
    added = ", ".join(f"p.{quoted(level)}" for level in free[:depth])
    connection.execute(
        f"CREATE OR REPLACE TABLE came_agents AS SELECT {kept}, {added} FROM "
        "(SELECT ROW_NUMBER() OVER () AS n, * FROM came_agents) c LEFT JOIN placed p "
        "ON p.placed = COALESCE(TRIM(CAST(c.agent_id AS VARCHAR)), '') ORDER BY c.n"
    )
    connection.unregister("placed")
    known = tuple(c for c in raw.columns if c not in free) + tuple(free[:depth])
    notes = [Finding("note", "direct", "agents", free[depth - 1], direct)] if direct else []
    kinds = dict(zip(raw.columns, raw.types, strict=True))
    types = tuple(kinds.get(name, "VARCHAR") for name in known)
    connection.execute("CREATE OR REPLACE VIEW raw_agents AS SELECT * FROM came_agents")
    return replace(raw, columns=known, types=types, plain=False), notes
