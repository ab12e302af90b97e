"""Files that a report brings along: published beside its page, never inside it.

`perfkit run` names a folder in the environment of the kernel; what is put there lies beside the
page when the report is published. Anywhere else (JupyterLab, a check) nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Protocol

import pandas as pd

from perfkit import words
from perfkit.show.calendar import Calendar
from perfkit.show.excel import calendar_workbook
from perfkit.show.html import Display, display, quiet
from perfkit.show.targets import Laid, pack_targets

__all__ = ["FOLDER", "attach_calendar", "attach_targets"]

FOLDER = "PERFKIT_ATTACH"


class Phone(Calendar, Protocol):
    """A calendar that can be written for phones."""

    def phone(self, *, title: str, lang: str) -> bytes:
        """Write it as an iCalendar file."""


def attach_targets(
    sheet: Laid | None,
    *,
    lang: str,
    names: Mapping[str, str] | None = None,
    state: str = "",
    drivers: pd.DataFrame | None = None,
) -> Display:
    """Bring month targets along as a workbook to change.

    Parameters
    ----------
    sheet : Sheet or None
        What `perfkit.target.proposal` laid out; None where there is nothing to bring.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    state : str, default ""
        What the readme says the targets are.
    drivers : DataFrame, optional
        What `perfkit.target.driver_targets` gives: a sheet of its own.

    Returns
    -------
    Display
        One line that says how to go on with it.
    """
    if sheet is None or not sheet.rows:
        none = pd.DataFrame(columns=["unit", "value"])
        return quiet(words.text("targets.none", lang), none, lang=lang)
    if folder := _folder():
        packed = pack_targets(sheet, lang=lang, names=names, state=state, drivers=drivers)
        Path(folder, "targets.xlsx").write_bytes(packed)
    data = pd.DataFrame([(row.unit, *row.values) for row in sheet.rows])
    return _said("targets.attached", data, lang)


def attach_calendar(made: Phone, *, lang: str, title: str) -> Display:
    """Bring a work calendar along: a workbook to change, and a file for phones.

    Parameters
    ----------
    made : Whole
        What `perfkit.rhythm.calendar_of` gathered.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        What it is called.

    Returns
    -------
    Display
        One line that says how to go on with it.
    """
    if folder := _folder():
        book = calendar_workbook(made, lang=lang, title=title)
        Path(folder, "calendar.xlsx").write_bytes(book)
        Path(folder, "calendar.ics").write_bytes(made.phone(title=title, lang=lang))
    return _said("calendar.attached", made.events, lang)


def _folder() -> str:
    """Give the folder to put files into, made; empty where nobody asked for files."""
    folder = os.environ.get(FOLDER, "")
    if folder:
        Path(folder).mkdir(exist_ok=True)
    return folder


def _said(key: str, data: pd.DataFrame, lang: str) -> Display:
    inside = f'<div class="pk-quiet">{escape(words.text(key, lang))}</div>'
    return display("", inside, (), data, lang)
