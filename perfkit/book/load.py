"""Opening a book step by step: settings, files, a second look where needed, the check."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit import org
from perfkit.book import apart, check, doubt, hierarchy, look, postgres, reading, schema, source
from perfkit.book.check import Finding
from perfkit.book.mapping import table_maps
from perfkit.book.reading import Progress
from perfkit.book.settings import Settings, read_settings
from perfkit.book.source import Raw
from perfkit.book.typed import quoted

__all__ = ["Loaded", "levels_of", "load"]

# Findings of a plainly written table that make it worth a second look.
AGAIN = {
    *("bad_value", "missing_value", "sentinel", "after_as_of"),
    *("left_before_joined", "issued_before_submitted", "cancelled_before_issued"),
}
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a book's files.

    Attributes
    ----------
    settings : Settings
        What book.toml says.
    connection : DuckDBPyConnection
        Holds the typed tables.
    raws : mapping of str to Raw
        The tables; empty where the book is refused before.
    findings : list of Finding
        Errors first.
    files : tuple of Path
        What was read.
    marks : tuple of str
        What stands for the tables that a database gave, in the fingerprint.
    left : mapping
        By table and reason, how many rows were left out. [rows]
    """

    settings: Settings
    connection: Any
    raws: Mapping[str, Raw]
    findings: list[Finding]
    files: tuple[Path, ...] = ()
    marks: tuple[str, ...] = ()
    left: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def levels_of(raws: Mapping[str, Raw], root: str) -> tuple[str, ...]:
    """Tell which unit levels the agents table carries, without a gap, from the root down."""
    wanted = [level for level in org.levels_from(root) if level != "agent"]
    columns = raws["agents"].columns if "agents" in raws else ()
    deepest = max((i for i, level in enumerate(wanted) if level in columns), default=0)
    return tuple(wanted[: deepest + 1])


def _refused(findings: list[Finding]) -> bool:
    return any(f.severity == "error" for f in findings)


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda f: SEVERITIES.index(f.severity))


class _Load:
    """One book on its way in."""

    def __init__(self, folder: Path, progress: Progress | None) -> None:
        self.folder, self.progress = folder, progress
        self.settings = read_settings(folder)
        self.told = table_maps({"tables": self.settings.tables}, folder / "book.toml")
        self.paths = source.files(folder, self.told)
        self.connection = source.connect()
        self.raws: dict[str, Raw] = {}
        self.found: list[Finding] = []

    def absent(self) -> Finding | None:
        """Name the table without which there is nothing to measure, or the one too many."""
        if {"policies", "agent_months"} <= set(self.paths):
            return Finding("error", "two_sources", "agent_months", "", 1)
        if not {"policies", "agent_months", "observations"} & set(self.paths):
            return Finding("error", "no_facts", "policies", "", 1)
        if "agents" not in self.paths and set(self.paths) - {
            "observations",
            "targets",
            "control",
            "calendar",
        }:
            return Finding("error", "missing_table", "agents", "", 1)
        return None

    def strange(self) -> list[Finding]:
        """Name the files that are no table."""
        taken = [path for paths in self.paths.values() for path in paths]
        taken += self.beside()
        allowed = {"allowed": ", ".join(schema.tables())}
        return [
            Finding("warning", "unknown_file", "", name, 1, (), allowed)
            for name in source.strangers(self.folder, taken)
        ]

    def beside(self) -> list[Path]:
        """List the files that no table lies in, but that tables are made with."""
        trees = [t.hierarchy.file for t in self.told.values() if t.hierarchy and t.hierarchy.file]
        return [self.folder / name for name in trees if (self.folder / name).is_file()]

    def check(self) -> list[Finding]:
        """Type every table and run every rule."""
        return check.check_tables(
            self.connection,
            self.raws,
            levels=levels_of(self.raws, self.settings.root) if "agents" in self.raws else (),
            ranks=list(self.settings.ranks),
            as_of=self.settings.as_of.toordinal(),
        )

    def open_tables(self, scratch: Path) -> None:
        """Read every file and relation as it is."""
        relations = any(told.relation for told in self.told.values())
        place = self.folder / "book.toml"
        database = postgres.open_database(self.settings.database, place) if relations else None
        try:
            self.raws, self.found = reading.open_tables(
                self.connection, self.told, self.paths, scratch, database, self.progress
            )
        finally:
            if database:
                database.close()

    def marks(self) -> tuple[str, ...]:
        """Say which data a database gave: the sum of its rows' marks, whatever their order."""
        out = []
        for name, raw in self.raws.items():
            if any(part.database for part in raw.parts):
                cells = ", ".join(
                    f"COALESCE(CAST({quoted(c)} AS VARCHAR), '')" for c in raw.columns
                )
                row = f"CONCAT_WS('|', {cells})"
                query = f"SELECT COUNT(*), SUM(MD5_NUMBER_LOWER({row})) FROM raw_{name}"
                out.append(f"{name} {self.connection.execute(query).fetchall()[0]}")
        return tuple(out)

    def placed(self) -> None:
        """Give agents their units, where their file only says who is above whom."""
        agents = self.raws.get("agents")
        if agents and agents.told.hierarchy and not _refused(self.found):
            self.raws["agents"], more = hierarchy.place(
                self.connection, agents, self.folder, self.settings.root
            )
            self.found += more

    def look_over(self, tables: set[str]) -> None:
        """Give some tables a second look."""
        for name in tables:
            raw, more = look.look_over(self.connection, self.raws[name], list(self.settings.ranks))
            self.raws[name] = raw
            self.found += more

    def checked(self) -> list[Finding]:
        """Check the tables, with a second look at those that the rules stumble over."""
        self.look_over({name for name, raw in self.raws.items() if not raw.plain})
        if _refused(self.found):
            return []
        findings = self.check()
        odd = {f.table for f in findings if f.rule in AGAIN}
        again = {name for name in odd if name in self.raws and self.raws[name].plain}
        if again:
            self.look_over(again)
            if _refused(self.found):
                return []
            if any(self.raws[name].mended for name in again):
                findings = self.check()
        return findings

    def tidy_up(self) -> None:
        """Drop the texts; what is typed stays."""
        drops = [
            f"DROP {'TABLE' if raw.copied else 'VIEW'} IF EXISTS raw_{name}; "
            f"DROP TABLE IF EXISTS came_{name};"
            for name, raw in self.raws.items()
            if not raw.columnar
        ]
        if drops:
            self.connection.execute(" ".join(drops))

    def run(self) -> Loaded:
        """Read, look, check, doubt, and leave out what cannot count."""
        if (one := self.absent()) is not None:
            return Loaded(self.settings, self.connection, {}, [one, *self.strange()])
        left: dict[str, dict[str, int]] = {}
        with tempfile.TemporaryDirectory(prefix="perfkit-") as scratch:
            self.open_tables(Path(scratch))
            if self.progress:
                self.progress("book.toml", len(self.paths), len(self.paths))
            self.placed()
            findings = [] if _refused(self.found) else self.checked()
            if findings and not _refused(self.found):
                findings = apart.with_premium(self.connection, findings)
            wrong = {f.rule for f in [*findings, *self.found] if f.severity == "error"}
            if wrong == {"unknown_agent"}:  # say at least how they might be known
                findings += doubt.strangers(self.connection, self.raws, findings)
            if not wrong:
                as_of = self.settings.as_of.toordinal()
                levels = levels_of(self.raws, self.settings.root)
                findings += doubt.doubts(self.connection, self.raws, levels, as_of, findings)
                if not _refused(findings):
                    left = apart.leave_out(self.connection, self.raws, findings)
        marks = self.marks()
        self.tidy_up()
        found = _sorted([*self.found, *findings, *self.strange()])
        files = (*(path for paths in self.paths.values() for path in paths), *self.beside())
        return Loaded(self.settings, self.connection, self.raws, found, files, marks, left)


def load(folder: Path, progress: Progress | None = None) -> Loaded:
    """Open a book's files and check them.

    Parameters
    ----------
    folder : Path
        The book's.
    progress : callable, optional
        Told before each table is read: its name, how many are done, of how many.

    Returns
    -------
    Loaded

    Raises
    ------
    PerfkitError
        The folder is no book, or a setting of book.toml cannot be read.
    """
    return _Load(folder, progress).run()
