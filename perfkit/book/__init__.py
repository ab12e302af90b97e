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

from perfkit import bundle, org, period
from perfkit.book import backend, engine, schema, source
from perfkit.book.check import Finding
from perfkit.book.load import levels_of, load
from perfkit.book.reading import Progress
from perfkit.book.settings import Settings
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
        Rows kept, by table. [rows]
    fingerprint : str
        Which data these are.
    levels : tuple of str
        The unit levels the book has, from its root down, without the agent.
    columns : mapping of str to frozenset of str
        The columns that are there, by table.
    left_out : mapping of str to mapping
        Rows read and left out, by table and reason. [rows]
    files, marks : tuple
        What was read, and what stands for tables of a database: with the path, what the
        fingerprint is of.
    memo : dict
        What rooms worked out of the facts and will need again; a copy of the book begins anew.
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
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    marks: tuple[str, ...] = ()
    memo: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

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
        """The first day of the month of the earliest fact (a policy, a month, an observation)."""
        known = {"policies": "submitted_on", "agent_months": "month", "observations": "start"}
        table, column = next((t, c) for t, c in known.items() if self.has(t))
        return engine.first_day(self.backend, self.tables[table], column) or self.as_of

    @property
    def monthly(self) -> bool:
        """Whether sums of agents and months stand in for policies."""
        return self.has("agent_months") and not self.has("policies")

    @functools.cached_property
    def months_until(self) -> dt.date:
        """The last day that agent_months knows: the end of its last month, at most as_of.

        As_of inside that month means that the month is known as it was exported.
        """
        last = engine.last_day(self.backend, self.tables["agent_months"], "month", self.as_of)
        return self.as_of if last is None else min(self.as_of, period.parse(f"{last:%Y-%m}").last)

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
        left = {name: sum(self.left_out.get(name, {}).values()) for name in self.counts}
        rows = [[n, count + left[n], left[n], found[n]] for n, count in self.counts.items()]
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


def check_book(book: str | Path, *, progress: Progress | None = None) -> list[Finding]:
    """List everything a book's owner should know, errors first.

    Parameters
    ----------
    book : str or Path
        A bundled name or a folder.
    progress : callable, optional
        Told before each table is read: its name, how many are done, of how many.

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
    return load(bundle.book_path(book), progress).findings


def open_book(
    book: str | Path, *, engine_name: str = "duckdb", progress: Progress | None = None
) -> Book:
    """Open a book, checked; a book with errors is refused with every error named.

    Parameters
    ----------
    book : str or Path
        A bundled name such as ``"district_one"``, or a folder with a book.toml.
    engine_name : {"duckdb", "polars", "pandas", "spark"}, default "duckdb"
        Where the facts are added up; every engine gives the same numbers.
    progress : callable, optional
        Told before each table is read: its name, how many are done, of how many.

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
    found = load(folder, progress)
    settings, connection, raws = found.settings, found.connection, found.raws
    if any(f.severity == "error" for f in found.findings):
        raise BookRefused(settings.name, found.findings)
    return Book(
        name=settings.name,
        path=folder,
        settings=settings,
        tables={name: backend.frame(connection, name, engine_name) for name in raws},
        findings=tuple(found.findings),
        counts={name: backend.rows(connection, name) for name in raws},
        fingerprint=source.fingerprint(folder, found.files, found.marks),
        levels=levels_of(raws, settings.root),
        columns={name: frozenset(raw.columns) for name, raw in raws.items()},
        backend=backend.backend(engine_name, connection),
        left_out=found.left,
        files=found.files,
        marks=found.marks,
    )
