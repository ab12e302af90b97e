"""One sheet of a workbook, as text: where its header is, what is hidden, where its days begin."""

from __future__ import annotations

import datetime as dt
import fnmatch
import html
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from perfkit.book import names, schema
from perfkit.book.mapping import TableMap
from perfkit.book.text import HEAD_ROWS, pick_header, unique
from perfkit.book.unread import Unread

__all__ = ["Sheet", "read_sheets"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]* t="e"[^>]*>(?:<f[^>]*>[^<]*</f>)?<v>([^<]+)</v>')
_FORMULA = re.compile(
    rb'<c r="([A-Z]+)(\d+)"(?![^>]* t="str")[^>]*><f[^>]*>([^<]+)</f>(?:<v ?/>|<v></v>)?</c>'
)
EXACT = 2**53  # from here on a number does not hold every digit
Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's table.

    Attributes
    ----------
    name : str
        The sheet.
    header : tuple of str
        Its columns.
    columns : tuple of list
        Their cells as text, None where empty.
    lines : tuple of int
        The line of every row, as the program shows it.
    epoch : int
        Where the workbook's serial days begin: 1900 or 1904.
    hidden : tuple of str
        What is hidden: other sheets that are not read, and ``row 3`` or ``column B`` that are.
    others : tuple of str
        Sheets with rows that can be seen and are not read.
    unit : str
        The unit of money that is said above the header.
    """

    name: str
    header: tuple[str, ...]
    columns: tuple[list[str | None], ...]
    lines: tuple[int, ...]
    epoch: int
    hidden: tuple[tuple[str, str], ...]
    others: tuple[str, ...] = ()
    unit: str = ""


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and abs(value) > EXACT:
        return f"{value:.14e}"  # a code of so many digits has lost the last ones
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat()
    return str(value)


def _heading(text: str, table: str) -> str:
    """Give a header's name: under a name of the contract a form may say what it means."""
    first = text.split("\n")[0].strip()
    return first if first in schema.table(table).columns else text


def _choose(sheets: Sequence[Any], told: TableMap) -> list[str]:
    """Choose the sheets told, else the one named like the table, or the only one to be seen."""
    every = [sheet.name for sheet in sheets]
    seen = [sheet.name for sheet in sheets if str(sheet.visible).endswith("Visible")]
    if told.sheets:
        out: list[str] = []
        for wanted in told.sheets:
            exact = [name for name in every if name.strip() == wanted.strip()]
            found = exact or [name for name in every if fnmatch.fnmatchcase(name, wanted)]
            out += [name for name in found if name not in out]
        # Of several files each need not have every sheet; one that is not read is said.
        if not out:
            raise Unread("no_sheet", sheet=", ".join(told.sheets), sheets=", ".join(every))
        return out
    like = [name for name in every if name.strip().casefold() == told.table]
    like = like or [name for name in seen if names.table_of(name) == told.table]
    if len(like) == 1 or len(seen) == 1 or len(every) == 1:
        return [(like or seen or every)[0]]
    raise Unread("which_sheet", sheets=", ".join(every))


def _filled(
    rows: Sequence[Sequence[object]], merged: Merged, top: int, left: int, at: int
) -> list[str]:
    """Write the header's cells out of merged ones, with the row below where they lie above some."""
    header = ["" if value is None else str(value).strip() for value in rows[at]]
    line = top + at
    below = rows[at + 1] if at + 1 < len(rows) else []
    for (first_row, first), (last_row, last) in merged:
        if not first_row <= line <= last_row:
            continue
        held = rows[first_row - top][first - left] if first_row >= top else ""
        text = "" if held is None else str(held).strip()
        for column in range(first - left, last - left + 1):
            under = str(below[column]).strip() if last_row == line and column < len(below) else ""
            header[column] = f"{text} {under}".strip() if last > first else text
    return header


def _two_rows(merged: Merged, line: int) -> bool:
    """Tell whether a header of merged cells goes on in the row below."""
    return any(r0 <= line == r1 and c1 > c0 for (r0, c0), (r1, c1) in merged)


def read_sheets(path: Path, told: TableMap) -> list[Sheet]:
    """Read the sheets of a workbook that hold a table.

    Parameters
    ----------
    path : Path
        An .xlsx, .xlsm or .xls file.
    told : TableMap
        What book.toml says of it.

    Returns
    -------
    list of Sheet
        At least one.

    Raises
    ------
    Unread
        It is no workbook, no sheet of it can be chosen, it is empty, or it has no header.
    """
    from python_calamine import CalamineWorkbook

    _is_workbook(path)
    with CalamineWorkbook.from_path(str(path)) as book:
        chosen = _choose(book.sheets_metadata, told)
        metadata = list(book.sheets_metadata)
        seen = [s.name for s in metadata if str(s.visible).endswith("Visible")]
        others = [name for name in seen if name not in chosen]
        others = [name for name in others if book.get_sheet_by_name(name).height > 1]
        return [
            replace(_sheet(path, told, book, name, metadata), others=tuple(others))
            for name in chosen
        ]


def _sheet(path: Path, told: TableMap, book: Any, name: str, metadata: Sequence[Any]) -> Sheet:
    """Read one sheet."""
    sheet = book.get_sheet_by_name(name)
    rows = sheet.to_python()
    (top, left), merged = sheet.start or (0, 0), sheet.merged_cell_ranges or []
    if not rows:
        raise Unread("empty_file")
    epoch, hidden, unsaid = _beside(path, metadata, name)
    for (line, column), text in unsaid.items():
        if 0 <= line - top < len(rows) and 0 <= column - left < len(rows[line - top]):
            rows[line - top][column - left] = text
    most = max(HEAD_ROWS, told.header_row)
    texts = [[_heading(_cell(v) or "", told.table) for v in row] for row in rows[:most]]
    shown = [(top + i + 1, row) for i, row in enumerate(texts)]
    at, _ = pick_header(shown, told.table, told)
    header = [_heading(text, told.table) for text in _filled(rows, merged, top, left, at)]
    first = at + (2 if _two_rows(merged, top + at) else 1)
    cells = [[_cell(value) for value in row] for row in rows[first:]]
    held = [(i, row) for i, row in enumerate(cells, top + first + 1) if any(row)]
    places = [i for i, text in enumerate(header) if text or any(row[i] for _, row in held)]
    return Sheet(
        name,
        unique([header[i] for i in places], top + at + 1),
        tuple([row[i] for _, row in held] for i in places),
        tuple(line for line, _ in held),
        epoch,
        hidden,
        unit=names.unit_above(cell for row in texts[:at] for cell in row),
    )


def _is_workbook(path: Path) -> None:
    """Refuse a file that only calls itself a workbook."""
    with path.open("rb") as stream:
        start = stream.read(512)
    if not start:
        raise Unread("empty_file")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return
    kind = "HTML" if b"<" in start[:20] else "Parquet" if start[:4] == b"PAR1" else "CSV"
    raise Unread("not_what_it_says", kind=kind)


def _beside(
    path: Path, sheets: Sequence[Any], name: str
) -> tuple[int, tuple[tuple[str, str], ...], dict[tuple[int, int], str]]:
    """Look up where serial days begin, what is hidden, and cells that hold no value."""
    unsaid: dict[tuple[int, int], str] = {}
    found = [("sheet", s.name) for s in sheets if not str(s.visible).endswith("Visible")]
    if not zipfile.is_zipfile(path):
        return 1900, tuple(found), unsaid
    with zipfile.ZipFile(path) as parts:
        root = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        settings = root.find(f"{_MAIN}workbookPr")
        late = settings is not None and settings.get("date1904") in {"1", "true"}
        links = ElementTree.fromstring(parts.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): str(link.get("Target")) for link in links}
        for sheet in root.iter(f"{_MAIN}sheet"):
            if sheet.get("name") == name:
                target = targets[sheet.get(_LINK)].removeprefix("/xl/")
                markup = parts.read(f"xl/{target}")
                found += _hidden_parts(markup)
                unsaid |= _unsaid(markup)
    return 1904 if late else 1900, tuple(found), unsaid


def _unsaid(markup: bytes) -> dict[tuple[int, int], str]:
    """Find errors such as #N/A, and formulas that were never worked out: neither is empty."""
    out: dict[tuple[int, int], str] = {}
    for sign, cell, before in ((b't="e"', _ERROR, ""), (b"<f", _FORMULA, "=")):
        for found in cell.finditer(markup) if sign in markup else ():
            column = 0
            for letter in found[1]:
                column = column * 26 + letter - 64
            out[int(found[2]) - 1, column - 1] = before + html.unescape(found[3].decode())
    return out


def _hidden_parts(markup: bytes) -> list[tuple[str, str]]:
    """List the hidden rows and columns of a sheet, from its own markup."""
    found = []
    for tag in re.finditer(rb"<(row|col) [^>]*?hidden=\"(?:1|true)\"[^>]*>", markup):
        place = re.search(rb" (?:r|min)=\"(\d+)\"", tag[0])
        number = int(place[1]) if place else 0
        if tag[1] == b"row":
            found.append(("row", str(number)))
        else:
            found.append(("column", chr(64 + number) if number <= 26 else str(number)))
    return found
