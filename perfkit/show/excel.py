"""The work calendar as a workbook: a sheet to be changed, and one to be hung up."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit import words, workbook
from perfkit.show.calendar import Calendar, day_head, event_text, weekdays

__all__ = ["calendar_workbook"]

FONT = "Calibri"
INK, HEAD, OFF, WORKED, PALE = "FFFFFF", "1F4E79", "EDEDED", "FFF2CC", "8C8C8C"
WIDTHS = {"event_id": 24, "title_en": 40, "title_zh": 34, "who": 26, "note": 36}
ROWS = 2000  # rows with lists to choose from
MADE = dt.datetime(2012, 1, 1)  # the same events give the same file


def calendar_workbook(made: Calendar, *, lang: str, title: str) -> bytes:
    """Write a calendar as a workbook.

    Parameters
    ----------
    made : Calendar
        What `rhythm.calendar_of` gives: its events for the sheet ``calendar``, its days for the
        sheet ``month``, its marks for a hidden sheet, so that what was changed can be told from
        what was not, and the values Excel offers.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        Above the month.

    Returns
    -------
    bytes
        An .xlsx file. Dates are dates, every other cell is text as it stands.
    """
    book = workbook.new()
    book.properties.creator = "perfkit"
    book.properties.created = book.properties.modified = MADE
    sheet = book.active
    sheet.title = "calendar"
    _table(sheet, made.events, made.choices)
    _month(book.create_sheet("month"), made.days, lang, title)
    kept = book.create_sheet("as_exported")
    kept.sheet_state = "hidden"
    for row, pair in enumerate([("event_id", "mark"), *made.marks.items()], 1):
        for column, text in enumerate(pair, 1):
            _put(kept.cell(row, column), text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put(cell: Any, value: object) -> None:
    """Set a cell; text stays text, whatever it begins with."""
    if isinstance(value, dt.date):
        cell.value, cell.number_format = value, "yyyy-mm-dd"
    elif value:
        cell.value, cell.data_type, cell.number_format = str(value), "s", "@"


def _head(cell: Any) -> None:
    kit = workbook.parts()
    cell.font = kit.Font(name=FONT, bold=True, color=INK)
    cell.fill = kit.PatternFill("solid", fgColor=HEAD)
    cell.alignment = kit.Alignment(vertical="center")


def _table(sheet: Any, events: pd.DataFrame, choices: Mapping[str, Sequence[str]]) -> None:
    """Write the events, one row each, with lists to choose from."""
    kit = workbook.parts()
    for number, name in enumerate(events.columns, 1):
        letter = workbook.column_letter(number)
        _put(sheet.cell(1, number), name)
        _head(sheet.cell(1, number))
        for row, value in enumerate(events[name], 2):
            _put(sheet.cell(row, number), value)
        column = sheet.column_dimensions[letter]
        column.width = WIDTHS.get(str(name), 13)
        # New rows keep codes and times as they are typed.
        column.number_format = "yyyy-mm-dd" if name in {"start", "end"} else "@"
        if name in choices:
            listed = ",".join(choices[str(name)])
            rule = kit.DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            rule.add(f"{letter}2:{letter}{ROWS + 1}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "B2"


def _month(sheet: Any, days: pd.DataFrame, lang: str, title: str) -> None:
    """Write the weeks below each other, each day with its events in one cell."""
    kit = workbook.parts()
    thin = kit.Side("thin", color="BFBFBF")
    _put(sheet.cell(1, 1), title)
    sheet.cell(1, 1).font = kit.Font(name=FONT, bold=True, size=14)
    for place, name in enumerate(weekdays(days, lang), 1):
        _put(sheet.cell(2, place), name)
        _head(sheet.cell(2, place))
        sheet.column_dimensions[workbook.column_letter(place)].width = 21
    first = days["date"].iloc[0]
    for place, (_, part) in enumerate(days.groupby("date", sort=True)):
        cell, kind = sheet.cell(place // 7 + 3, place % 7 + 1), part["day_type"].iloc[0]
        texts = [event_text(e, lang) for e in part.to_dict("records") if e["event_id"]]
        number, mark = day_head(part["date"].iloc[0], kind, first, lang)
        _put(cell, "\n".join([f"{number} {mark}".strip(), *texts]))
        cell.alignment = kit.Alignment(wrap_text=True, vertical="top")
        cell.border = kit.Border(left=thin, right=thin, top=thin, bottom=thin)
        cell.font = kit.Font(name=FONT, color=None if part["inside"].iloc[0] else PALE)
        if kind != "workday":
            cell.fill = kit.PatternFill("solid", fgColor=WORKED if kind == "make_up" else OFF)
    weeks = int(days["week"].max())
    for week in range(weeks):
        sheet.row_dimensions[week + 3].height = 78
    _put(sheet.cell(weeks + 4, 1), words.text("calendar.sheet_note", lang))
    sheet.cell(weeks + 4, 1).font = kit.Font(name=FONT, italic=True, color=PALE)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_view.showGridLines = False
