"""Text files as offices write them: any encoding, any separator, a title above the header.

A plain file (UTF-8, commas) is scanned where it lies; any other is first written anew as one.
"""

from __future__ import annotations

import csv
import itertools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from perfkit.book import names, schema
from perfkit.book.encoding import CHUNK, SHOWN, encoding_of, opened, refuse_broken, walk
from perfkit.book.mapping import DELIMITERS, TableMap
from perfkit.book.unread import Place, Unread

__all__ = ["Dialect", "damage", "look", "pick_header", "rows", "scan", "unique"]

HEAD_ROWS = 20
MAGIC = {b"PK\x03\x04": "Excel", b"\xd0\xcf\x11\xe0": "Excel", b"PAR1": "Parquet", b"%PDF": "PDF"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text file is written.

    Attributes
    ----------
    encoding, delimiter : str
        As Python names them.
    header_line : int
        Where the header begins. [line]
    header : tuple of str
        Its cells.
    ends : str
        LF, CRLF, CR or mixed.
    bom : bool
        Whether it begins with a byte order mark.
    plain : bool
        Whether it holds only letters, digits and the commonest marks, and no row begins empty.
    unit : str
        The unit of money that is said above the header.
    """

    encoding: str
    delimiter: str
    header_line: int
    header: tuple[str, ...]
    ends: str
    bom: bool
    plain: bool
    unit: str = ""

    @property
    def usual(self) -> bool:
        """Whether the engine reads it where it lies."""
        return self.encoding == "utf-8" and self.ends in {"LF", "CRLF"}


def rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Walk a text file's rows, those with nothing in them left out, each with its first line.

    Raises
    ------
    Unread
        A quote is left open.
    """
    with opened(path, encoding) as stream:
        reader, line = csv.reader(stream, delimiter=delimiter), 1
        try:
            for row in reader:
                if any(row):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise Unread("open_quote", [(line, "")], why=str(error)) from error


def unique(header: Sequence[str], line: int) -> tuple[str, ...]:
    """Name every column: a blank name by its place; two of one name are refused.

    Raises
    ------
    Unread
        Two columns have one name.
    """
    named = [name or f"column{place}" for place, name in enumerate(header, 1)]
    folded = [name.casefold() for name in named]
    for name, fold in zip(named, folded, strict=True):
        if folded.count(fold) > 1:
            raise Unread("doubled_column", [(line, name)], column=name)
    return tuple(named)


def pick_header(
    top: Sequence[tuple[int, Sequence[str]]], table: str, told: TableMap
) -> tuple[int, int]:
    """Find the header among the first rows: the first that holds names we know, or the best.

    Parameters
    ----------
    top : sequence of (int, sequence of str)
        The first rows, with their lines.
    table : str
        Which table of the contract it should be.
    told : TableMap
        What book.toml says.

    Returns
    -------
    tuple of int
        Which of the rows, and how many names in it are known.

    Raises
    ------
    Unread
        None of them is a header.
    """
    theirs = {names.folded(name) for name in told.columns.values()}
    counts: list[int] = []
    for line, row in top:
        cells = [cell.strip() for cell in row]
        known = names.known_headers(table, cells)
        known += sum(names.folded(c) in theirs and not names.column_of(table, c) for c in cells)
        if told.header_row == line:
            return len(counts), known
        counts.append(known)
    if told.header_row or not counts or not max(counts):
        rows = [(line, " | ".join(map(str, row))[:60]) for line, row in top[:SHOWN]]
        raise Unread("no_header", rows, line=told.header_row or "–")
    first, best = counts[0], max(counts)
    return (0 if first * 2 >= best else counts.index(best)), best


def _head(path: Path, encoding: str, told: TableMap, start: bytes) -> tuple[str, int, list[str]]:
    """Find the separator and the header."""
    line, row = next(rows(path, encoding, ","), (1, [""]))
    if not told.changes and {cell.strip() for cell in row} <= set(schema.table(told.table).columns):
        return ",", line, row
    text = start.decode(encoding, errors="ignore")
    found = [told.delimiter] if told.delimiter else [d for d in DELIMITERS if d in text] or [","]
    tried: list[tuple[int, int, str, int, list[str]]] = []
    refused: Unread | None = None
    for delimiter in found:
        try:
            top = _top(path, encoding, delimiter, told.header_row)
            at, known = pick_header(top, told.table, told)
        except Unread as error:
            refused = refused or error
            continue
        tried.append((known, len(top[at][1]), delimiter, *top[at]))
        if delimiter == "," and known == len(top[at][1]):
            break
    if not tried:
        raise refused or Unread("empty_file")
    _, _, delimiter, line, header = max(tried, key=lambda t: t[:2])
    return delimiter, line, header


def _top(path: Path, encoding: str, delimiter: str, least: int) -> list[tuple[int, list[str]]]:
    """Give the first rows, as many as a header may stand below."""
    top = []
    for line, row in rows(path, encoding, delimiter):
        top.append((line, row))
        if len(top) >= HEAD_ROWS and line >= least:
            break
    return top


def look(path: Path, told: TableMap) -> Dialect:
    """Find out how a text file is written.

    Parameters
    ----------
    path : Path
        The file.
    told : TableMap
        What book.toml says of it.

    Returns
    -------
    Dialect

    Raises
    ------
    Unread
        It is empty, no text, not what its name says, or its encoding, separator or header cannot
        be told.
    """
    walked = walk(path)
    for magic, kind in MAGIC.items():
        if walked.start.startswith(magic):
            raise Unread("not_what_it_says", kind=kind)
    if not walked.start.strip():
        raise Unread("empty_file")
    encoding, bom = encoding_of(path, walked, told.encoding)
    if not walked.ascii or encoding.startswith("utf-16"):
        refuse_broken(path, encoding)
    delimiter, line, header = _head(path, encoding, told, walked.start)
    stripped = [name.strip() for name in header]
    above = itertools.takewhile(lambda row: row[0] < line, rows(path, encoding, delimiter))
    unit = names.unit_above(cell for _, row in above for cell in row)
    named = unique(stripped, line)
    return Dialect(encoding, delimiter, line, named, walked.ends, bom, walked.plain, unit)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def scan(path: Path, dialect: Dialect, scratch: Path) -> str:
    """Write the scan of a text file: its columns by its header, nothing sniffed or skipped.

    Parameters
    ----------
    path : Path
        The file.
    dialect : Dialect
        How it is written.
    scratch : Path
        Where to write it anew, if the engine does not read it as it is.

    Returns
    -------
    str
        SQL.
    """
    source = path
    if not dialect.usual:
        source = scratch
        with (
            opened(path, dialect.encoding, newline=None) as there,
            source.open("w", encoding="utf-8", newline="\n") as here,
        ):
            shutil.copyfileobj(there, here, CHUNK)
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in dialect.header)
    return (
        f"read_csv({_quoted(str(source))}, columns = {{{columns}}}, header = true, "
        f"skip = {dialect.header_line - 1}, auto_detect = false, strict_mode = true, "
        f"delim = {_quoted(dialect.delimiter)}, quote = '\"', escape = '\"')"
    )


def damage(path: Path, dialect: Dialect) -> Unread:
    """Name what the engine stumbled over: rows of another width, or a quote left open."""
    width = len(dialect.header)
    bad: list[Place] = []
    count, last = 0, dialect.header_line
    try:
        with opened(path, dialect.encoding) as stream:
            reader, line = csv.reader(stream, delimiter=dialect.delimiter, strict=True), 1
            for row in reader:
                spare = len(row) == width + 1 and row[-1] == ""
                if row and line > dialect.header_line and len(row) != width and not spare:
                    count += 1
                    bad += [(line, dialect.delimiter.join(row)[:60])] if len(bad) < SHOWN else []
                line = last = reader.line_num + 1
    except csv.Error:
        if not bad or bad[-1][0] > last:
            return Unread("open_quote", [(last, _line(path, dialect, last))])
    if bad:
        return Unread("ragged", bad, count, width=width)
    return Unread("open_quote", [(last, _line(path, dialect, last))])


def _line(path: Path, dialect: Dialect, number: int) -> str:
    with opened(path, dialect.encoding) as stream:
        for at, line in enumerate(stream, 1):
            if at == number:
                return line.strip()[:60]
    return ""
