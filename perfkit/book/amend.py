"""Adding to a book: targets of a version that is not there yet, alarm settings; the rest stays."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from perfkit import bundle
from perfkit.book import Book, schema, source
from perfkit.book.settings import ALARMS, read_alarms
from perfkit.book.written import free, toml, whole
from perfkit.errors import PerfkitError

__all__ = ["add_targets", "is_bundled", "set_alarms"]

FILE = "targets.csv"


def is_bundled(book: Book) -> bool:
    """Say whether a book came with perfkit; such a book is never written to."""
    own = {bundle.book_path(name).resolve() for name in bundle.books() if not Path(name).is_dir()}
    return book.path.resolve() in own


def add_targets(book: Book, rows: Sequence[Mapping[str, str]], *, out: Path | None = None) -> Path:
    """Write targets into a book, or into a copy of it; the file is replaced whole or not at all.

    Parameters
    ----------
    book : Book
        Where they belong. Its targets are a CSV file, or there are none yet.
    rows : sequence of mapping
        Column → text, as it is to stand in the file.
    out : Path, optional
        A new or empty folder for a copy of the book with the targets; the book itself stays.

    Returns
    -------
    Path
        The folder that holds the targets now.

    Raises
    ------
    PerfkitError
        The book came with perfkit and no copy is asked for, its targets are no CSV file, or
        the disk refuses. Nothing has changed then.
    """
    if out is None and is_bundled(book):
        raise PerfkitError("book_read_only", book=book.name)
    there = _own_file(book)
    content = _with(there.read_bytes() if there else b"", rows)
    if out is None:
        _replace(book.path / FILE, content)
        return book.path
    free(out)
    with whole(out) as folder:
        for path in sorted(book.path.iterdir()):
            if path.is_dir():
                shutil.copytree(path, folder / path.name)
            elif path.name != FILE:
                shutil.copy2(path, folder / path.name)
        (folder / FILE).write_bytes(content)
    return out


def _own_file(book: Book) -> Path | None:
    """Find the book's targets.csv; targets that lie elsewhere or otherwise are not written to."""
    (there, *more) = source.files(book.path, {}).get("targets", [None])
    told = "targets" in book.settings.tables
    if told or more or (there is not None and there.name != FILE):
        raise PerfkitError("targets_not_csv", path=there or book.path / "book.toml")
    if there is not None:
        try:
            there.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise PerfkitError("targets_not_csv", path=there) from error
    return there


def _with(before: bytes, rows: Sequence[Mapping[str, str]]) -> bytes:
    """Add rows to a file, as many columns as it has; what stood there keeps every byte."""
    if not before.strip():
        before = (",".join(schema.table("targets").columns) + "\n").encode()
    head = before.decode("utf-8-sig").splitlines()[0]
    columns = next(csv.reader([head]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([row.get(column.strip(), "") for column in columns] for row in rows)
    end = b"" if before.endswith(b"\n") else b"\n"
    return before + end + out.getvalue().encode()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise PerfkitError("not_written", path=path, why=error.strerror or error) from error
    finally:
        beside.unlink(missing_ok=True)


_SECTION = re.compile(r"^\[alarms\][ \t]*(#.*)?$", re.MULTILINE)
_NEXT = re.compile(r"^\[", re.MULTILINE)


def set_alarms(book: Book, alarms: Mapping[str, float]) -> Path:
    """Write alarm settings into a book's book.toml; every other line of it stays as it is.

    Parameters
    ----------
    book : Book
        Whose.
    alarms : mapping
        Setting → value, as ``[alarms]`` takes them; those that are as usual need no line.

    Returns
    -------
    Path
        The book.toml.

    Raises
    ------
    PerfkitError
        The book came with perfkit, a setting is refused, or the disk refuses. Nothing has changed
        then.
    """
    if is_bundled(book):
        raise PerfkitError("book_read_only", book=book.name)
    path = book.path / "book.toml"
    wanted = read_alarms(alarms, path)
    before = path.read_bytes().decode("utf-8-sig")
    after = _with_alarms(before, wanted)
    if not _says(after, {**tomllib.loads(before), "alarms": wanted}, path):
        raise PerfkitError("bad_setting", path=path, name="alarms", value="…", allowed="[alarms]")
    _replace(path, after.encode())
    return path


def _says(text: str, wanted: Mapping[str, Any], path: Path) -> bool:
    """Make sure of what a changed book.toml says before it takes the old one's place."""
    try:
        now = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return {**now, "alarms": read_alarms(now.get("alarms", {}), path)} == wanted


def _with_alarms(text: str, wanted: Mapping[str, float]) -> str:
    """Change the lines of ``[alarms]`` that say something else, and add those that are missing."""
    found = _SECTION.search(text)
    if found is None:
        lines = [f"{name} = {toml(v)}" for name, v in wanted.items() if v != ALARMS[name]]
        return f"{text.rstrip()}\n\n[alarms]\n" + "".join(f"{line}\n" for line in lines)
    end = _NEXT.search(text, found.end())
    stop = end.start() if end else len(text)
    inside, more = text[found.end() : stop], []
    for name, value in wanted.items():
        line = re.compile(rf"^({name}[ \t]*=[ \t]*)[^#\s]+", re.MULTILINE)
        if line.search(inside):
            inside = line.sub(rf"\g<1>{toml(value)}", inside, count=1)
        elif value != ALARMS[name]:
            more.append(f"{name} = {toml(value)}\n")
    body = inside.rstrip("\n")
    tail = inside[len(body) :] or "\n"
    added = "".join(more)
    inside = f"{body}\n{added}{tail[1:]}" if added else inside
    return text[: found.end()] + inside + text[stop:]
