"""The facts of one force: a folder of tables with a book.toml, checked as it is opened."""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import bundle, org
from perfkit.book import backend, check, engine, schema, source
from perfkit.book.check import Finding
from perfkit.book.settings import Settings, read_settings
from perfkit.errors import BookRefused, PerfkitError

__all__ = ["Book", "Finding", "Settings", "check_book", "open_book", "schema"]


@dataclass(frozen=True)
class Book:
    """One force's facts, checked and ready to be measured.

    Attributes
    ----------
    name : str
        What the book calls itself.
    path : Path
        Its folder.
    settings : Settings
        What book.toml says: root level, as_of, ranks, rules, thresholds, unit words.
    tables : mapping of str to LazyFrame
        The typed tables that are there. [money in fen, days as day numbers]
    findings : tuple of Finding
        Warnings and notes; errors never get this far.
    counts : mapping of str to int
        Rows read and kept, by table. [rows]
    fingerprint : str
        Which data these are.
    levels : tuple of str
        The unit levels the book has, from its root down, without the agent.
    columns : mapping of str to frozenset of str
        The columns that are there, by table.
    """

    name: str
    path: Path
    settings: Settings
    tables: Mapping[str, Any]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    fingerprint: str
    levels: tuple[str, ...]
    columns: Mapping[str, frozenset[str]]
    backend: backend.Backend = field(repr=False)

    @property
    def root(self) -> str:
        """The highest level of the unit ids."""
        return self.settings.root

    @property
    def as_of(self) -> dt.date:
        """The day of the extract."""
        return self.settings.as_of

    @functools.cached_property
    def facts_from(self) -> dt.date:
        """The first day of the month of the earliest fact (a policy, or an observation)."""
        table, column = (
            ("policies", "submitted_on") if self.has("policies") else ("observations", "start")
        )
        return engine.first_day(self.backend, self.tables[table], column) or self.as_of

    @property
    def roster_from(self) -> dt.date:
        """Since when the roster holds everybody who joined; before the facts only by book.toml."""
        return self.settings.roster_from or self.facts_from

    def threshold(self, name: str) -> float:
        """Give an amount that definitions name. [yuan]

        Raises
        ------
        PerfkitError
            book.toml does not say it.
        """
        if name not in self.settings.thresholds:
            path = self.path / "book.toml"
            raise PerfkitError("missing_setting", path=path, name=f"thresholds.{name}")
        return self.settings.thresholds[name]

    def has(self, table: str, *columns: str) -> bool:
        """Say whether the book holds a table, and columns of it."""
        return table in self.tables and self.columns[table].issuperset(columns)

    def title(self, lang: str) -> str:
        """Name the book in the reader's language."""
        return self.settings.title.get(lang, self.name)

    def unit_name(self, unit: str, lang: str) -> str:
        """Name a unit in the reader's language; its id where book.toml has no words."""
        return self.settings.units.get(unit, {}).get(lang, unit)

    def below(self, unit: str) -> str:
        """Tell the level next below a unit, among the levels this book has."""
        level = org.level_of(unit, self.root)
        here = [*self.levels, "agent"]
        return here[here.index(level) + 1] if level in here else "agent"

    def unit_names(self, lang: str) -> dict[str, str]:
        """Name every unit that book.toml has words for."""
        return {unit: self.unit_name(unit, lang) for unit in self.settings.units}

    def account(self) -> pd.DataFrame:
        """Say what became of every row: table, rows_read, rows_left_out, findings. [rows]"""
        found = Counter(finding.table for finding in self.findings)
        rows = [[name, count, 0, found[name]] for name, count in self.counts.items()]
        return pd.DataFrame(rows, columns=["table", "rows_read", "rows_left_out", "findings"])

    def home(self, table: str) -> Any:
        """Carry a small table home: money in yuan, days as dates. For targets and observations."""
        frame = self.backend.home(self.tables[table])
        for column in schema.table(table).columns.values():
            if column.type == "yuan":
                frame[column.name] = frame[column.name] / 100
            if column.type == "date":
                frame[column.name] = [
                    None if pd.isna(day) else dt.date.fromordinal(int(day))
                    for day in frame[column.name]
                ]
        return frame


def _levels(raws: Mapping[str, source.Raw], root: str) -> tuple[str, ...]:
    """Tell which unit levels the agents table carries, without a gap, from the root down."""
    wanted = [level for level in org.levels_from(root) if level != "agent"]
    columns = raws["agents"].columns if "agents" in raws else ()
    deepest = max((i for i, level in enumerate(wanted) if level in columns), default=0)
    return tuple(wanted[: deepest + 1])


def _loaded(
    folder: Path,
) -> tuple[Settings, Any, dict[str, source.Raw], list[Finding]]:
    settings = read_settings(folder)
    paths = source.files(folder)
    connection = source.connect()
    if not {"policies", "observations"} & set(paths):
        return settings, connection, {}, [Finding("error", "no_facts", "policies", "", 1)]
    if "agents" not in paths and set(paths) - {"observations", "targets", "calendar"}:
        return settings, connection, {}, [Finding("error", "missing_table", "agents", "", 1)]
    raws = source.read(connection, paths)
    allowed = {"allowed": ", ".join(schema.tables())}
    strange = [
        Finding("warning", "unknown_file", "", name, 1, (), allowed)
        for name in source.strangers(folder)
    ]
    findings = check.check_tables(
        connection,
        raws,
        levels=_levels(raws, settings.root) if "agents" in raws else (),
        ranks=list(settings.ranks),
        as_of=settings.as_of.toordinal(),
    )
    return settings, connection, raws, findings + strange


def check_book(book: str | Path) -> list[Finding]:
    """List everything a book's owner should know, errors first.

    Parameters
    ----------
    book : str or Path
        A bundled name or a folder.

    Returns
    -------
    list of Finding

    Raises
    ------
    PerfkitError
        The folder is no book, or a file cannot be read.

    Examples
    --------
    >>> [f.rule for f in check_book("cases") if f.severity == "error"]
    []
    """
    return _loaded(bundle.book_path(book))[3]


def open_book(book: str | Path, *, engine_name: str = "duckdb") -> Book:
    """Open a book, checked; a book with errors is refused with every error named.

    Parameters
    ----------
    book : str or Path
        A bundled name such as ``"district_one"``, or a folder with a book.toml.
    engine_name : {"duckdb", "polars", "pandas", "spark"}, default "duckdb"
        Where the facts are added up; every engine gives the same numbers.

    Returns
    -------
    Book

    Raises
    ------
    UnknownName
        No such book or engine.
    BookRefused
        The check found errors.
    PerfkitError
        book.toml or a file cannot be read.

    Examples
    --------
    >>> open_book("district_one").as_of.isoformat()
    '2012-10-31'
    """
    folder = bundle.book_path(book)
    settings, connection, raws, findings = _loaded(folder)
    if any(f.severity == "error" for f in findings):
        raise BookRefused(settings.name, findings)
    tables = {name: backend.frame(connection, name, engine_name) for name in raws}
    return Book(
        name=settings.name,
        path=folder,
        settings=settings,
        tables=tables,
        findings=tuple(findings),
        counts={name: backend.rows(connection, name) for name in raws},
        fingerprint=source.fingerprint(folder, [raw.path for raw in raws.values()]),
        levels=_levels(raws, settings.root),
        columns={name: frozenset(raw.columns) for name, raw in raws.items()},
        backend=backend.backend(engine_name, connection),
    )
