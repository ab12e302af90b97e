"""Reading a book's files as they are: CSV, Parquet and Excel into raw tables, nothing changed.

What the cells mean is decided by the check; here a cell is text (or what Parquet says it is).
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import hashlib
import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from perfkit.book import schema, sheets
from perfkit.errors import PerfkitError

__all__ = ["Raw", "connect", "fingerprint", "lines", "read", "read_settings", "readable"]

SUFFIXES = (".csv", ".parquet", ".xlsx")
CHUNK = 1 << 20
Lines = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """A table as it came.

    Attributes
    ----------
    table : str
        Its name in the contract.
    path : Path
        The file or folder it was read from.
    columns : tuple of str
        The columns found.
    types : tuple of str
        Their types in the engine; text for everything but columnar files.
    sheet_lines : tuple of int
        For a sheet: the line of every row, as the program shows it.
    """

    table: str
    path: Path
    columns: tuple[str, ...]
    types: tuple[str, ...]
    sheet_lines: Lines = ()

    @property
    def view(self) -> str:
        """The name of its raw view in the connection."""
        return f"raw_{self.table}"


def connect() -> duckdb.DuckDBPyConnection:
    """Open the embedded engine: in memory, with a place to spill, nothing downloaded."""
    return duckdb.connect(config={"autoinstall_known_extensions": False})


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


def files(folder: Path) -> dict[str, Path]:
    """Find the file of each table of the contract: its own, or a workbook with a sheet of its name.

    Raises
    ------
    PerfkitError
        Two files claim to be the same table.
    """
    found: dict[str, Path] = {}
    kept = sheets.tables_in(folder)
    for name in schema.tables():
        here = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        here = [*(path for path in here if path.exists()), *kept.get(name, [])]
        if len(here) > 1:
            raise PerfkitError("two_files", table=name, files=", ".join(path.name for path in here))
        if here:
            found[name] = here[0]
    return found


def strangers(folder: Path) -> list[str]:
    """List the data files of a folder that are none of a book's tables."""
    known = {f"{name}{suffix}" for name in schema.tables() for suffix in SUFFIXES}
    data = (*SUFFIXES, ".xls", ".xlsm", ".txt", ".tsv")
    names = [path.name for path in folder.iterdir() if path.suffix.lower() in data]
    books = sheets.strange_sheets(folder)
    inside = [f"{name}: {sheet}" for name, own in books.items() for sheet in own]
    return sorted([*(n for n in names if n not in known and n not in books), *inside])


def _members(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def fingerprint(folder: Path, paths: Iterable[Path]) -> str:
    """Say in twelve characters which data these are: the files' bytes, whatever their place.

    Returns
    -------
    str
        The start of a SHA-256 over names and contents.
    """
    digest = hashlib.sha256()
    for path in sorted({folder / "book.toml", *(m for p in paths for m in _members(p))}):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _names(header: Sequence[str]) -> list[str]:
    """Name every column: a blank name by its place; two of one name are refused."""
    names = [name or f"column{place}" for place, name in enumerate(header, 1)]
    folded = [name.casefold() for name in names]
    for name, fold in zip(names, folded, strict=True):
        if folded.count(fold) > 1:
            raise ValueError(f"two columns are named {name!r}")
    if not names:
        raise ValueError("it is empty")
    return names


def _excel(connection: duckdb.DuckDBPyConnection, path: Path, table: str) -> Lines:
    """Bring one sheet in as text; of a header cell the first line is the column's name."""
    import pyarrow as pa
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    name = _sheet(book.sheet_names, table, path)
    sheet = book.get_sheet_by_name(name)
    cells = [[_cell(value) for value in row] for row in sheet.to_python()]
    top = sheet.start[0] + 1 if sheet.start else 1
    header = [(cell or "").split("\n")[0].strip() for cell in cells[0]] if cells else []
    held = [(line, row) for line, row in enumerate(cells[1:], top + 1) if any(row)]
    places = [i for i, text in enumerate(header) if text or any(row[i] for _, row in held)]
    columns = [pa.array([row[i] for _, row in held], pa.string()) for i in places]
    names = _names([header[i] for i in places])
    connection.register(f"sheet_{table}", pa.table(columns, names=names))
    connection.execute(f"CREATE VIEW raw_{table} AS SELECT * FROM sheet_{table}")
    return tuple(line for line, _ in held)


def _sheet(names: list[str], table: str, path: Path) -> str:
    """Choose the sheet named like the table, or the only one; never guess among several."""
    like = [name for name in names if name.strip().casefold() == table]
    if len(like) == 1 or len(names) == 1:
        return (like or names)[0]
    raise PerfkitError("which_sheet", path=path, sheets=", ".join(names), table=table)


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Walk a text file's rows, empty lines left out, each with the line it begins on."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader, line = csv.reader(stream), 1
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1


def _csv(path: Path) -> str:
    """Write the scan of a text file: its columns by its header, nothing sniffed or skipped."""
    with path.open("rb") as stream:
        if any(b"\0" in chunk for chunk in iter(lambda: stream.read(CHUNK), b"")):
            raise ValueError("it holds NUL bytes: it is not UTF-8 text")
    line, header = next(_csv_rows(path), (1, []))
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in _names(header))
    return (
        f"read_csv({_quoted(str(path))}, columns = {{{columns}}}, header = true, "
        f"skip = {line - 1}, auto_detect = false, strict_mode = true, delim = ',', "
        "quote = '\"', escape = '\"')"
    )


def _ragged(path: Path) -> str | None:
    """Find the first row of a text file that has not as many cells as its header."""
    try:
        rows = _csv_rows(path)
        _, header = next(rows)
        for line, row in rows:
            if len(row) != len(header) and not (row[-1] == "" and len(row) == len(header) + 1):
                return f"line {line} has {len(row)} cells, the header has {len(header)}"
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        ends = {line[len(line.rstrip("\r\n")) :] for line in stream}
    return "its lines end in different ways" if len(ends - {""}) > 1 else None


def _why(path: Path, error: Exception) -> str:
    """Say in one line why a file cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text (byte 0x{error.object[error.start]:02x})"
    if isinstance(error, duckdb.Error) and path.suffix == ".csv" and (why := _ragged(path)):
        return why
    text = str(error).split("\nPossible")[0].removeprefix("Invalid Input Error: ")
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
        raise PerfkitError("unreadable", path=path, why=_why(path, error)) from error


def lines(raw: Raw, rows: Sequence[int]) -> list[int]:
    """Tell on which lines of the file some rows begin, as its reader sees them.

    Parameters
    ----------
    raw : Raw
        A table as it came.
    rows : sequence of int
        Rows, the first is 1. For Parquet, which has no lines, the row itself is given.

    Returns
    -------
    list of int
    """
    if raw.sheet_lines:
        return [raw.sheet_lines[row - 1] for row in rows]
    if raw.path.suffix != ".csv" or not rows:
        return list(rows)
    starts = itertools.islice((line for line, _ in _csv_rows(raw.path)), max(rows) + 1)
    found = list(starts)
    return [found[row] for row in rows]


def read(connection: duckdb.DuckDBPyConnection, paths: Mapping[str, Path]) -> dict[str, Raw]:
    """Open every file as a raw view of the connection.

    Parameters
    ----------
    connection : DuckDBPyConnection
        The embedded engine.
    paths : mapping of str to Path
        Table name to file.

    Returns
    -------
    dict of str to Raw

    Raises
    ------
    PerfkitError
        A file cannot be read; the file and the reason are named.
    """
    out = {}
    for table, path in paths.items():
        with readable(path):
            sheet_lines = _open(connection, table, path)
            described = connection.execute(f"DESCRIBE raw_{table}").fetchall()
        names, types = zip(*((row[0], row[1]) for row in described), strict=True)
        out[table] = Raw(table, path, names, types, sheet_lines)
    return out


def _open(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> Lines:
    if path.suffix == ".xlsx":
        return _excel(connection, path, table)
    if path.suffix == ".parquet":
        where = path / "**/*.parquet" if path.is_dir() else path
        scan = (
            f"read_parquet({_quoted(str(where))}, union_by_name = true, hive_partitioning = false)"
        )
    else:
        scan = _csv(path)
    connection.execute(f"CREATE VIEW raw_{table} AS SELECT * FROM {scan}")
    return ()
