"""A book's files: which table each is, which data they are, and where a row stands in them."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from perfkit.book import schema, sheets, text
from perfkit.book.mapping import TableMap
from perfkit.errors import PerfkitError, nearest

__all__ = [
    "Part",
    "Raw",
    "connect",
    "files",
    "fingerprint",
    "places",
    "read_settings",
    "readable",
    "sql_text",
    "strangers",
    "why",
]

SUFFIXES = (".csv", ".parquet", ".xlsx")


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table.

    Attributes
    ----------
    path : Path
        The file or folder; for a database, the name of the relation.
    rows : int or None
        Its rows; None where the table has no other part. [rows]
    lines : tuple of int
        For a sheet: the line of every row, as the program shows it.
    dialect : Dialect or None
        For a text file: how it is written.
    database : bool
        Whether it came out of a database.
    sheet : str
        For a sheet: its name.
    others : tuple of str
        For a sheet: those of the workbook that can be seen and are not read with it.
    many : bool
        Whether other sheets of the file belong to the same table.
    unit : str
        The unit of money that is said above its header.
    """

    path: Path
    rows: int | None = None
    lines: tuple[int, ...] = ()
    dialect: text.Dialect | None = None
    database: bool = False
    sheet: str = ""
    others: tuple[str, ...] = ()
    many: bool = False
    unit: str = ""

    @property
    def label(self) -> str:
        """The file as its reader knows it, with the sheet where there are several."""
        return f"{self.path.name} [{self.sheet}]" if self.many else self.path.name


@dataclass(frozen=True, slots=True)
class Raw:
    """A table as it came, by our names.

    Attributes
    ----------
    table : str
        Its name in the contract.
    path : Path
        The first file or folder it was read from.
    columns : tuple of str
        The columns found; those that are not ours keep their own names.
    types : tuple of str
        Their types in the engine; text for everything but columnar files and databases.
    parts : tuple of Part
        Its files, in the order of the rows.
    told : TableMap
        What book.toml says of it.
    headers : mapping of str to str
        Our column to the header it has in the first file.
    header : tuple of str
        The whole header of the first file.
    units : mapping of str to str
        The units that headers name, by our column.
    epoch : int
        Where a workbook's serial days begin.
    plain : bool
        Whether it was taken without a second look.
    columnar : bool
        Whether it stays in its files.
    mended : frozenset of str
        The columns that are not taken as they came; the raw view holds them as ``was <column>``.
    copied : bool
        Whether its raw view is a table, mended once.
    """

    table: str
    path: Path
    columns: tuple[str, ...]
    types: tuple[str, ...]
    parts: tuple[Part, ...]
    told: TableMap
    headers: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    epoch: int = 1900
    plain: bool = True
    columnar: bool = False
    mended: frozenset[str] = frozenset()
    copied: bool = False

    @property
    def view(self) -> str:
        """The name of its raw view in the connection."""
        return f"raw_{self.table}"


def connect() -> duckdb.DuckDBPyConnection:
    """Open the embedded engine: in memory, with a place to spill, nothing downloaded."""
    made = duckdb.connect(config={"autoinstall_known_extensions": False})
    # The bar would print into what others read; in a notebook, without widgets, there is none.
    with contextlib.suppress(duckdb.InvalidInputException):
        made.execute("SET enable_progress_bar = false")
    made.execute("SET TimeZone = 'UTC'")  # a machine's own zone must not move a day
    return made


def read_settings(folder: Path) -> dict[str, Any]:
    """Read a book's book.toml.

    Raises
    ------
    PerfkitError
        There is none, or it is no TOML.
    """
    path = folder / "book.toml"
    if not path.is_file():
        raise PerfkitError("no_book_toml", path=folder)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PerfkitError("bad_book_toml", path=path, why=error) from error


def files(folder: Path, told: Mapping[str, TableMap] | None = None) -> dict[str, list[Path]]:
    """Find the files of each table: those book.toml names, else the contract's own.

    Raises
    ------
    PerfkitError
        Two files claim to be the same table, or one that book.toml names is not there.
    """
    found: dict[str, list[Path]] = {}
    kept = sheets.tables_in(folder)
    for name in schema.tables():
        if told and name in told and (told[name].files or told[name].relation):
            found[name] = _listed(folder, told[name])
            continue
        here = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        here = [*(path for path in here if path.exists()), *kept.get(name, [])]
        if len(here) > 1:
            raise PerfkitError("two_files", table=name, files=", ".join(path.name for path in here))
        if here:
            found[name] = here
    return found


def _listed(folder: Path, told: TableMap) -> list[Path]:
    """Find the files that book.toml names, in the order of their names for a pattern."""
    out: list[Path] = []
    for pattern in told.files:
        marks = set("*?[") & set(pattern)
        here = sorted(folder.glob(pattern)) if marks else [folder / pattern]
        here = [path for path in here if path.exists() and not path.name.startswith("~$")]
        if not here:
            near = nearest(pattern, [path.name for path in folder.iterdir()])
            raise PerfkitError(
                "no_such_file", path=folder, table=told.table, name=pattern, nearest=near or "–"
            )
        out += [path for path in here if path not in out]
    return out


def strangers(folder: Path, taken: Iterable[Path] = ()) -> list[str]:
    """List the data files of a folder that are none of a book's tables."""
    known = {f"{name}{suffix}" for name in schema.tables() for suffix in SUFFIXES}
    known |= {path.name for path in taken}
    data = (*SUFFIXES, ".xls", ".xlsm", ".txt", ".tsv")
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in data]
    names = [name for name in names if not name.startswith(("~$", "."))]  # of an open workbook
    books = sheets.strange_sheets(folder)
    inside = [f"{name}: {sheet}" for name, own in books.items() for sheet in own]
    return sorted([*(n for n in names if n not in known and n not in books), *inside])


def _members(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def fingerprint(folder: Path, paths: Iterable[Path], marks: Iterable[str] = ()) -> str:
    """Say in twelve characters which data these are: the files' bytes, whatever their place.

    Parameters
    ----------
    folder : Path
        The book's.
    paths : iterable of Path
        Its files.
    marks : iterable of str
        What stands for the tables that a database gave.

    Returns
    -------
    str
        The start of a SHA-256 over names and contents.
    """
    digest = hashlib.sha256()
    for path in sorted({folder / "book.toml", *(m for p in paths for m in _members(p))}):
        inside = path.is_relative_to(folder)
        digest.update((path.relative_to(folder).as_posix() if inside else path.name).encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    for mark in marks:
        digest.update(mark.encode())
    return digest.hexdigest()[:12]


def sql_text(written: str) -> str:
    """Write a text as SQL wants it."""
    return "'" + written.replace("'", "''") + "'"


def why(error: Exception) -> str:
    """Give the gist of what an engine or a library said, in one line."""
    text = (
        str(error).split("\nPossible")[0].split("\nLINE ")[0].removeprefix("Invalid Input Error: ")
    )
    return " · ".join(line for line in text.splitlines() if line.strip()) or type(error).__name__


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what a reader raises into one sentence that names the file.

    Raises
    ------
    PerfkitError
        The file cannot be read; the file and the reason are named.
    """
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
        raise
    except Exception as error:  # calamine raises its own classes, one a file format
        raise PerfkitError("unreadable", path=path, why=why(error)) from error


def places(raw: Raw, rows: Sequence[int]) -> list[tuple[str, int]]:
    """Tell in which file and on which line some rows begin, as their reader sees them.

    Parameters
    ----------
    raw : Raw
        A table as it came.
    rows : sequence of int
        Rows, the first is 1. For Parquet and databases, which have no lines, the row itself is
        given.

    Returns
    -------
    list of (str, int)
    """
    out: dict[int, tuple[str, int]] = {}
    before = 0
    for part in raw.parts:
        here = [n for n in rows if n > before and (part.rows is None or n <= before + part.rows)]
        lines = _lines(part, [n - before for n in here])
        out |= {n: (part.label, line) for n, line in zip(here, lines, strict=True)}
        before += part.rows or 0
    return [out[n] for n in rows]


def _lines(part: Part, rows: Sequence[int]) -> list[int]:
    if part.lines:
        return [part.lines[row - 1] for row in rows]
    if part.dialect is None or not rows:
        return list(rows)
    dialect = part.dialect
    walked = text.rows(part.path, dialect.encoding, dialect.delimiter)
    begins = (line for line, _ in walked if line >= dialect.header_line)
    found = list(itertools.islice(begins, max(rows) + 1))
    return [found[row] for row in rows]
