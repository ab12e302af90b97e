"""A first book.toml for a folder of strangers' files: what is plain is written, the rest asked.

The proposal is a text for its reader to go through; no other part takes it as true.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from perfkit import org, period, words
from perfkit.book import excel, look, names, reading, schema, source, text
from perfkit.book.check import Finding
from perfkit.book.mapping import TableMap
from perfkit.book.source import Raw
from perfkit.book.typed import create_typed
from perfkit.book.unread import Unread
from perfkit.errors import PerfkitError

__all__ = ["Proposal", "propose", "write_proposal"]

TEXTS = (".csv", ".tsv", ".txt")
BOOKS = (".xlsx", ".xlsm", ".xls")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed book.toml.

    Attributes
    ----------
    text : str
        The file, with comments in the reader's language.
    decisions : tuple of str
        What its reader has to decide, in the reader's language.
    tables : mapping of str to TableMap
        What was recognised.
    """

    text: str
    decisions: tuple[str, ...]
    tables: Mapping[str, TableMap]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file or sheet, and the table it most likely is."""

    table: str
    path: Path
    sheet: str
    header: tuple[str, ...]
    columns: Mapping[str, str]
    score: tuple[float, int]

    @property
    def label(self) -> str:
        """The file as its reader knows it, with its sheet."""
        return f"{self.path.name} [{self.sheet}]" if self.sheet else self.path.name


@dataclass(slots=True)
class _State:
    """What is known so far."""

    seen: dict[str, list[_Seen]] = field(default_factory=dict)
    told: dict[str, TableMap] = field(default_factory=dict)
    raws: dict[str, Raw] = field(default_factory=dict)
    ranks: dict[str, bool | None] = field(default_factory=dict)
    as_of: dt.date | None = None
    decisions: list[str] = field(default_factory=list)


def _headers(path: Path, like: TableMap, sheet: str) -> tuple[str, ...]:
    """Read the header of a file as if it were a table."""
    if path.suffix.lower() in BOOKS:
        return excel.read_sheets(path, replace(like, sheets=(sheet,)))[0].header
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        first = next(path.rglob("*.parquet")) if path.is_dir() else path
        return tuple(pq.read_schema(first).names)
    return text.look(path, like).header


def _columns(table: str, header: Sequence[str]) -> dict[str, str]:
    """Give their header for every column of ours that one of them means."""
    out: dict[str, str] = {}
    for name in header:
        ours = name if name in schema.table(table).columns else names.column_of(table, name)
        if ours and (ours not in out or name == ours):
            out[ours] = name
    return out


def _as(table: str, path: Path, sheet: str) -> _Seen | None:
    """Hold a file against a table: which of its needed columns are there, and how many in all."""
    try:
        header = _headers(path, TableMap(table), sheet)
    except (Unread, OSError, ValueError):
        return None
    columns = _columns(table, header)
    needed = schema.table(table).needed
    share = sum(name in columns for name in needed) / len(needed)
    if table == "agent_months" and not set(columns) - set(needed):
        return None  # an agent and a month say nothing without an amount
    return _Seen(table, path, sheet, header, columns, (share, len(columns)))


def _sheets(path: Path) -> list[str]:
    """Name the sheets of a workbook that can be seen; a file of another kind has one, unnamed."""
    if path.suffix.lower() not in BOOKS:
        return [""]
    from python_calamine import CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            return [s.name for s in book.sheets_metadata if str(s.visible).endswith("Visible")]
    except Exception:  # calamine raises its own classes; a file nobody can open is asked about
        return []


def _recognised(path: Path, sheet: str) -> list[_Seen]:
    """Tell which tables a file could be, the likeliest first; its name comes before its columns."""
    named = names.table_of(sheet) or names.table_of(path.stem)
    tried = [named] if named else [table for table in schema.tables() if table != "control"]
    found = [one for table in tried if (one := _as(table, path, sheet)) is not None]
    found = [one for one in found if named or one.score[0] >= 0.5]
    return sorted(found, key=lambda one: one.score, reverse=True)


def _see(folder: Path, lang: str) -> _State:
    """Look at every data file of a folder."""
    state = _State()
    files = [p for p in sorted(folder.iterdir()) if not p.name.startswith(("~$", "."))]
    for path in files:
        if path.suffix.lower() not in (*TEXTS, *BOOKS, ".parquet"):
            continue
        for sheet in _sheets(path):
            found = _recognised(path, sheet)
            where = f"{path.name} [{sheet}]" if sheet else path.name
            if not found:
                state.decisions.append(words.text("init.unknown", lang, file=where))
                continue
            if len(found) > 1 and found[0].score == found[1].score:
                tables = ", ".join(one.table for one in found if one.score == found[0].score)
                state.decisions.append(words.text("init.which", lang, file=where, tables=tables))
                continue
            state.seen.setdefault(found[0].table, []).append(found[0])
    return state


def _mapped(state: _State, lang: str) -> None:
    """Write down how the files become tables, as far as it can be told."""
    for table, seen in state.seen.items():
        first = seen[0]
        if len(seen) > 1:
            listed = ", ".join(one.label for one in seen)
            facts = {"table": table, "files": listed}
            state.decisions.append(words.text("init.several", lang, **facts))
        renamed = {o: t for o, t in first.columns.items() if o != t}
        sheets = _sheets(first.path)
        state.told[table] = TableMap(
            table,
            files=tuple(dict.fromkeys(one.path.name for one in seen)),
            sheets=tuple(dict.fromkeys(one.sheet for one in seen)) if len(sheets) > 1 else (),
            columns=renamed,
        )
        for column in schema.table(table).needed:
            if column not in first.columns:
                rest = [h for h in first.header if h not in first.columns.values()]
                facts = {"table": table, "column": column, "found": ", ".join(rest) or "–"}
                state.decisions.append(words.text("init.needed", lang, **facts))


def _asked_of_months(state: _State, lang: str) -> None:
    """Ask what the name of a sum leaves open, and which of two sources is to be kept."""
    if "agent_months" not in state.seen:
        return
    if "policies" in state.seen:
        state.decisions.append(words.text("init.two_sources", lang))
    open_ = {names.folded(name) for name in names.mark("no_stage")}
    for ours, theirs in state.seen["agent_months"][0].columns.items():
        if names.folded(names.split_unit(theirs)[0]) in open_:
            issued = ours.replace("_submitted", "_issued") if ours != "cases" else "cases_issued"
            facts = {"header": theirs, "column": ours, "other": issued}
            state.decisions.append(words.text("init.stage", lang, **facts))


def _looked(folder: Path, state: _State, lang: str) -> None:
    """Read the files as proposed: what stops the reading is to be decided."""
    connection = source.connect()
    whole = {
        table: told
        for table, told in state.told.items()
        if set(schema.table(table).needed) <= set(state.seen[table][0].columns)
    }
    with tempfile.TemporaryDirectory(prefix="perfkit-") as scratch:
        paths = {table: [folder / name for name in told.files] for table, told in whole.items()}
        raws, found = reading.open_tables(connection, whole, paths, Path(scratch))
        for table, raw in raws.items():
            state.raws[table], more = look.look_over(connection, raw, [])
            found += more
            create_typed(connection, state.raws[table])
    for one in found:
        if one.severity == "error":
            state.decisions.append(_ask(one, lang))
    _ranks(connection, state, lang)
    _last_day(connection, state)


def _ask(one: Finding, lang: str) -> str:
    return f"{one.text(lang)} {one.fix(lang)}"


def _ranks(connection: Any, state: _State, lang: str) -> None:
    """List the ranks met, and whether each leads people, where its name says so."""
    tables = [t for t in ("agents", "moves") if t in state.raws and "rank" in state.raws[t].columns]
    for table in tables:
        query = f"SELECT DISTINCT rank FROM {table} WHERE rank IS NOT NULL ORDER BY 1"
        for (rank,) in connection.execute(query).fetchall():
            code = names.value_of("rank", rank)
            state.ranks[rank] = None if code is None else code not in {"trainee", "agent"}
    unsure = [rank for rank, leads in state.ranks.items() if leads is None]
    if unsure:
        state.decisions.append(words.text("init.ranks", lang, ranks=", ".join(unsure)))


def _last_day(connection: Any, state: _State) -> None:
    """Find the last day of the facts."""
    days = {"policies": "submitted_on", "agent_months": "month", "observations": '"end"'}
    for table, column in days.items():
        if table in state.raws:
            query = f"SELECT MAX({column}) FROM {table}"
            ((last,),) = connection.execute(query).fetchall()
            if last:
                day = dt.date.fromordinal(int(last))
                whole = table == "agent_months"  # a month stands for all its days
                state.as_of = period.parse(f"{day:%Y-%m}").last if whole else day
                return


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _root(state: _State, lang: str) -> str:
    """Choose the highest level the agents have."""
    agents = state.seen.get("agents")
    levels = [level for level in org.levels_from("branch") if level != "agent"]
    here = [level for level in levels if agents and level in agents[0].columns]
    if agents and not here:
        state.decisions.append(words.text("init.levels", lang))
    return here[0] if here else "district"


def _head(folder: Path, state: _State, lang: str) -> Iterator[str]:
    say = words.table("init", lang)
    yield f"# {say['head']}"
    yield f"name = {_toml(folder.resolve().name)}"
    yield f"root = {_toml(_root(state, lang))}  # {say['root']}"
    if state.as_of is None:
        state.decisions.append(say["as_of_missing"])
        yield f"# as_of = 2012-10-31  # {say['as_of']}"
    else:
        state.decisions.append(say["as_of_found"].format(day=state.as_of))
        yield f"as_of = {state.as_of}  # {say['as_of']}"
    yield 'currency = "CNY"'
    yield f"\n# {say['rank']}\n[ranks]"
    for rank, leads in state.ranks.items():
        doubt = f"  # {say['rank_unsure']}" if leads is None else ""
        yield f"{_key(rank)} = {str(bool(leads)).lower()}{doubt}"
    yield f"\n# {say['thresholds']}\n[thresholds]"


def _tables(state: _State, lang: str) -> Iterator[str]:
    say = words.table("init", lang)
    for table, told in state.told.items():
        seen = state.seen[table][0]
        yield f"\n# {getattr(schema.table(table), lang)}\n[tables.{table}]"
        files = told.files[0] if len(told.files) == 1 else list(told.files)
        yield f"file = {_toml(files)}"
        if told.sheets:
            sheets = told.sheets[0] if len(told.sheets) == 1 else list(told.sheets)
            yield f"sheet = {_toml(sheets)}"
        yield f"# {say['options']}"
        yield f"\n[tables.{table}.columns]"
        for column, spec in schema.table(table).columns.items():
            meaning = getattr(spec, lang)
            if column in told.columns:
                yield f"{column} = {_toml(told.columns[column])}"
            elif spec.need and column not in seen.columns:
                yield f'# {column} = "?"  # {say["must"]}: {meaning}'
        rest = [name for name in seen.header if name not in seen.columns.values()]
        if rest:
            yield f"# {say['rest']}: {', '.join(rest)}"


def propose(folder: Path, lang: str) -> Proposal:
    """Look at a folder of files and propose a book.toml.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    Proposal

    Raises
    ------
    PerfkitError
        No file of the folder can be read as a table.
    """
    if not folder.is_dir():
        raise PerfkitError("init_no_folder", path=folder)
    state = _see(folder, lang)
    if not state.seen:
        raise PerfkitError("init_nothing", path=folder)
    _mapped(state, lang)
    _asked_of_months(state, lang)
    _looked(folder, state, lang)
    lines = [*_head(folder, state, lang), *_tables(state, lang)]
    return Proposal("\n".join(lines) + "\n", tuple(state.decisions), state.told)


def write_proposal(folder: Path, lang: str) -> Proposal:
    """Write the proposed book.toml into the folder, never over one that is there.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    Proposal

    Raises
    ------
    PerfkitError
        There is one already, or no file can be read.
    """
    path = folder / "book.toml"
    if path.exists():
        raise PerfkitError("init_exists", path=path)
    made = propose(folder, lang)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(made.text)
    except OSError as error:
        raise PerfkitError("init_not_written", path=path, why=error.strerror) from error
    return made
