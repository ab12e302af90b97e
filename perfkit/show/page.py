"""Pages of a pack: a section of a report each, and a sheet of a workbook to print and fill in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, Protocol

import pandas as pd

from perfkit import words, workbook
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid

__all__ = ["pack_pages", "page_section"]

FONT = "Calibri"
INK, HEAD, PALE, OPEN, RULE = "FFFFFF", "1F4E79", "6B7280", "FFF9DB", "C9D1DB"
FORMATS = {"yuan": "#,##0", "rate": "0.0%", "points": "0.0%", "ratio": "0.00"}
FINE = {"policies": "0.00"}  # where they are not whole
SUB = "font-weight:600;margin:1.1em 0 .2em"
ROOM = "\u00a0" * 26
SHOWN = 3  # empty rows in a section; the sheet has all
BAD_NAME = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
WIDEST, NARROWEST, FILLED, LINE = 46, 9, 22, 14.5


class Table(Protocol):
    """A table of a page, as `perfkit.plan.page` makes it."""

    @property
    def code(self) -> str:
        """Give what it is."""

    @property
    def title(self) -> str:
        """Give what stands above it."""

    @property
    def table(self) -> pd.DataFrame:
        """Give what is known."""

    @property
    def heads(self) -> Mapping[str, str]:
        """Give the headings."""

    @property
    def units(self) -> Mapping[str, str]:
        """Give the units of measure."""

    @property
    def rows(self) -> int:
        """Give how many empty rows to leave."""

    @property
    def note(self) -> str:
        """Give what stands below it."""


class Page(Protocol):
    """A page of a pack."""

    @property
    def code(self) -> str:
        """Give what it is."""

    @property
    def title(self) -> str:
        """Give its title."""

    @property
    def lines(self) -> Sequence[str]:
        """Give what stands below the title."""

    @property
    def blocks(self) -> Sequence[Table]:
        """Give its tables."""

    @property
    def period(self) -> str:
        """Give what its numbers are of."""


def page_section(page: Page, *, lang: str, source: Source) -> Display:
    """Show a page as a section of a report.

    Parameters
    ----------
    page : Page
        As `perfkit.plan` makes it: a meeting's pack, a form.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.

    Returns
    -------
    Display
        Its tables below each other; what is to be filled in has empty rows. Its data are the
        tables', one below the other, as texts with the code of the table.
    """
    parts = [f'<div class="pk-note">{escape(line)}</div>' for line in page.lines if line]
    frames = []
    for one in page.blocks:
        parts.append(f'<div style="{SUB}">{escape(one.title)}</div>')
        parts += [_grid(one, lang)] if len(one.table) or one.rows else []
        parts += [f'<div class="pk-note">{escape(one.note)}</div>'] if one.note else []
        frames.append(one.table.astype(object).assign(block=one.code))
    data = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    own = replace(source, period=page.period)
    notes = [comparison.source_line(data, own, lang, money=True)]
    return display(page.title, "".join(parts), notes, data, lang)


def _unit_of(one: Table, column: str, record: Mapping[Any, Any]) -> tuple[str, bool]:
    """Find the unit of a cell, and whether it is a change with its sign."""
    unit = one.units.get(column, "")
    if unit not in {"kpi", "change"}:
        return unit, False
    code = str(record.get("kpi", ""))
    own = label.unit_of(code) if code else ""
    return ("points" if unit == "change" and own == "rate" else own), unit == "change"


def _cell(one: Table, column: str, record: Mapping[Any, Any], lang: str) -> str:
    value = record[column]
    if column in one.units:
        if isinstance(value, str) or value is None:
            return str(value or "")
        unit, signed = _unit_of(one, column, record)
        if math.isnan(value):
            return "" if not unit else "–"
        return words.number(float(value), unit or "count", lang, signed=signed)
    if column == "kpi" and value:
        return label.kpi_name(str(value), lang)
    return "" if value is None or value != value else str(value)


def _grid(one: Table, lang: str) -> str:
    columns = [str(c) for c in one.table.columns]
    tops = [
        Head(one.heads.get(c, c), of=_of(one.units.get(c, ""), lang), numeric=c in one.units)
        for c in columns
    ]
    records = one.table.to_dict("records")
    room = {c: ROOM for c in columns if (one.table[c] == "").all() and len(records)}
    rows = [
        Row(tuple(Cell(_cell(one, c, record, lang) or room.get(c, "")) for c in columns))
        for record in records
    ]
    empty = Row(tuple(Cell(ROOM) for _ in columns))
    return grid(tops, rows + [empty] * min(one.rows, SHOWN))


def _of(unit: str, lang: str) -> str:
    if unit in {"", "kpi", "change", "rate", "count", "points"}:
        return ""
    return label.said(f"unit.{unit}", lang, "")


def pack_pages(pages: Sequence[Page], *, lang: str, title: str, source: Source) -> bytes:
    """Write pages as a workbook, a sheet each, with a list of them in front.

    Parameters
    ----------
    pages : sequence of Page
        In order.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        Of the pack.
    source : Source
        Where its numbers come from.

    Returns
    -------
    bytes
        An .xlsx file, the same for the same pages. Numbers are numbers; text stays text, whatever
        it begins with; cells to be filled in are yellow.
    """
    book = workbook.new()
    book.properties.creator = "perfkit"
    front = book.active
    front.title = words.text("pack.front", lang)
    taken = {front.title.casefold()}
    names = []
    for number, page in enumerate(pages, 1):
        name = _name(page.title, number, taken)
        _sheet(book.create_sheet(name), page, lang, source)
        names.append(name)
    _front(front, title, list(zip(names, (p.title for p in pages), strict=True)), lang, source)
    for here in book.worksheets:
        here.page_setup.orientation, here.page_setup.paperSize = "landscape", here.PAPERSIZE_A4
        here.sheet_properties.pageSetUpPr.fitToPage = True
        here.page_setup.fitToHeight = 0
        here.sheet_view.showGridLines = False
    return workbook.pack(book)


def _name(title: str, number: int, taken: set[str]) -> str:
    """Name a sheet: short enough, without signs that Excel refuses, and once."""
    short = f"{number} {title.translate(BAD_NAME)}"[:31].strip().strip("'")
    while short.casefold() in taken:
        short = short[:-1]
    taken.add(short.casefold())
    return short


def _put(cell: Any, value: object, shown: str = "") -> None:
    """Set a cell: a number with its format, everything else as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        cell.value = None if math.isnan(value) else value
        cell.number_format = shown or "#,##0"
    elif value not in (None, "") and value == value:
        cell.value, cell.data_type = str(value), "s"
        cell.number_format = "@"


def _wide(text: str) -> int:
    """Measure a text: a Chinese character is as wide as two letters."""
    return max(
        (sum(2 if ord(c) > 0x2E80 else 1 for c in part) for part in text.split("\n")), default=0
    )


def _widths(blocks: Sequence[Table], lang: str) -> list[int]:
    """Choose the width of every column of a sheet, by the longest it holds."""
    out: list[int] = []
    for one in blocks:
        records = one.table.to_dict("records")
        for at, column in enumerate(map(str, one.table.columns)):
            held = [one.heads.get(column, column), *(_cell(one, column, r, lang) for r in records)]
            filled = FILLED if not any(held[1:]) and column not in one.units else 0
            widest = min(max(max(_wide(t) for t in held) + 2, filled), WIDEST)
            out += [NARROWEST] * (at + 1 - len(out))
            out[at] = max(out[at], widest)
    return out


def _sheet(here: Any, page: Page, lang: str, source: Source) -> None:
    kit = workbook.parts()
    _put(here.cell(1, 1), page.title)
    here.cell(1, 1).font = kit.Font(name=FONT, bold=True, size=14)
    row = 2
    own = replace(source, period=page.period)
    for line in (*page.lines, comparison.source_line(pd.DataFrame(), own, lang)):
        if line:
            _put(here.cell(row, 1), line)
            here.cell(row, 1).font = kit.Font(name=FONT, size=10, color=PALE)
            row += 1
    widths = _widths(page.blocks, lang)
    for number, width in enumerate(widths, 1):
        here.column_dimensions[workbook.column_letter(number)].width = width
    for one in page.blocks:
        row = _block(here, one, row + 1, lang, widths)


def _block(here: Any, one: Table, row: int, lang: str, widths: Sequence[int]) -> int:
    """Write a table from a row on; give the row after it."""
    kit = workbook.parts()
    _put(here.cell(row, 1), one.title)
    here.cell(row, 1).font = kit.Font(name=FONT, bold=True, size=12, color=HEAD)
    columns, line = [str(c) for c in one.table.columns], kit.Side("thin", color=RULE)
    for at, column in enumerate(columns, 1):
        of = _of(one.units.get(column, ""), lang)
        cell = here.cell(row + 1, at)
        _put(cell, one.heads.get(column, column) + (f" ({of})" if of else ""))
        cell.font = kit.Font(name=FONT, bold=True, color=INK)
        cell.fill = kit.PatternFill("solid", fgColor=HEAD)
        side = "right" if column in one.units else "left"
        cell.alignment = kit.Alignment(wrap_text=True, vertical="center", horizontal=side)
    known: list[Mapping[Any, Any]] = list(one.table.to_dict("records"))
    records = known + [dict.fromkeys(columns, "")] * one.rows
    for number, record in enumerate(records, row + 2):
        tall = 1
        for at, column in enumerate(columns, 1):
            cell = here.cell(number, at)
            _written(cell, one, column, record, lang)
            cell.border = kit.Border(bottom=line, right=line, left=line)
            cell.alignment = kit.Alignment(wrap_text=True, vertical="top")
            if record[column] == "":
                cell.fill = kit.PatternFill("solid", fgColor=OPEN)
            said = cell.value if isinstance(cell.value, str) else ""
            tall = max(tall, -(-_wide(said) // max(widths[at - 1] - 1, 1)))
        here.row_dimensions[number].height = LINE * tall + 2
    end = row + 2 + len(records)
    if one.note:
        _put(here.cell(end, 1), one.note)
        here.cell(end, 1).font = kit.Font(name=FONT, size=10, color=PALE)
        end += 1
    return end


def _written(cell: Any, one: Table, column: str, record: Mapping[Any, Any], lang: str) -> None:
    """Write a cell: a number as one, in the format of its unit."""
    value = record[column]
    if column in one.units and not isinstance(value, str):
        unit, _ = _unit_of(one, column, record)
        whole = isinstance(value, float) and not math.isnan(value) and value.is_integer()
        _put(cell, value, FORMATS.get(unit, "#,##0" if whole else FINE.get(unit, "#,##0.0")))
    else:
        _put(cell, _cell(one, column, record, lang))


def _front(
    here: Any, title: str, pages: Collection[tuple[str, str]], lang: str, source: Source
) -> None:
    """List the sheets, each with a link."""
    kit = workbook.parts()
    _put(here.cell(1, 1), title)
    here.cell(1, 1).font = kit.Font(name=FONT, bold=True, size=14)
    _put(here.cell(2, 1), comparison.source_line(pd.DataFrame(), source, lang))
    _put(here.cell(3, 1), words.text("pack.yellow", lang))
    for row, (name, said) in enumerate(pages, 5):
        _put(here.cell(row, 1), said)
        here.cell(row, 1).hyperlink = f"#'{name.replace(chr(39), chr(39) * 2)}'!A1"
        here.cell(row, 1).font = kit.Font(name=FONT, underline="single", color="0563C1")
    here.column_dimensions["A"].width = 80
