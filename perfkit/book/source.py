"""Reading a book's files as they are: CSV, Parquet and Excel into raw tables, nothing changed.

What the cells mean is decided by the check; here a cell is text (or what Parquet says it is).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from perfkit.book import schema
from perfkit.errors import PerfkitError

__all__ = ["Raw", "connect", "fingerprint", "read", "read_settings"]

SUFFIXES = (".csv", ".parquet", ".xlsx")


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
    header_rows : int
        How many lines stand before the first row in the file, to tell a reader the line.
    """

    table: str
    path: Path
    columns: tuple[str, ...]
    header_rows: int = 1

    @property
    def view(self) -> str:
        """The name of its raw view in the connection."""
        return f"raw_{self.table}"


def connect() -> duckdb.DuckDBPyConnection:
    """Open the embedded engine: in memory, with a place to spill, nothing downloaded."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("SET enable_progress_bar = false")
    return connection


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
    """Find the file of each table of the contract.

    Raises
    ------
    PerfkitError
        Two files claim to be the same table.
    """
    found: dict[str, Path] = {}
    for name in schema.tables():
        here = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
        here = [path for path in here if path.exists()]
        if len(here) > 1:
            raise PerfkitError("two_files", table=name, files=", ".join(path.name for path in here))
        if here:
            found[name] = here[0]
    return found


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
    for path in sorted([folder / "book.toml", *(m for p in paths for m in _members(p))]):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:12]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _excel(connection: duckdb.DuckDBPyConnection, path: Path, table: str) -> None:
    """Bring one sheet in as text: the one named like the table, or the first."""
    import pyarrow as pa
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(path))
    sheet = table if table in book.sheet_names else book.sheet_names[0]
    rows = book.get_sheet_by_name(sheet).to_python()
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    columns = {
        name: pa.array([_cell(row[i]) for row in rows[1:]], pa.string())
        for i, name in enumerate(header)
        if name
    }
    connection.register(f"sheet_{table}", pa.table(columns))
    connection.execute(f"CREATE VIEW raw_{table} AS SELECT * FROM sheet_{table}")


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


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
        try:
            _open(connection, table, path)
            described = connection.execute(f"DESCRIBE raw_{table}").fetchall()
        except (duckdb.Error, OSError, ValueError, KeyError, ImportError) as error:
            why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise PerfkitError("unreadable", path=path, why=why) from error
        except Exception as error:  # calamine raises its own classes, one a file format
            raise PerfkitError("unreadable", path=path, why=error) from error
        columns = tuple(row[0] for row in described)
        out[table] = Raw(table, path, columns, 0 if path.suffix == ".parquet" else 1)
    return out


def _open(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    if path.suffix == ".xlsx":
        _excel(connection, path, table)
        return
    if path.suffix == ".parquet":
        where = path / "**/*.parquet" if path.is_dir() else path
        scan = f"read_parquet({_quoted(str(where))})"
    else:
        scan = (
            f"read_csv({_quoted(str(path))}, all_varchar = true, header = true, delim = ',', "
            "quote = '\"', escape = '\"', auto_detect = true, sample_size = 1000)"
        )
    connection.execute(f"CREATE VIEW raw_{table} AS SELECT * FROM {scan}")
