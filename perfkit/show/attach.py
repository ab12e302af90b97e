"""A workbook that a report brings along: published beside its page, never inside it.

`perfkit run` names a folder in the environment of the kernel; what is put there lies beside the
page when the report is published. Anywhere else (JupyterLab, a check) nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from perfkit import words
from perfkit.show.excel import calendar_workbook
from perfkit.show.html import Display, display, quiet
from perfkit.show.targets import Laid, pack_targets

__all__ = ["FOLDER", "attach_calendar", "attach_targets"]

FOLDER = "PERFKIT_ATTACH"


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
    if os.environ.get(FOLDER):
        packed = pack_targets(sheet, lang=lang, names=names, state=state, drivers=drivers)
        _put("targets.xlsx", packed)
    data = pd.DataFrame([(row.unit, *row.values) for row in sheet.rows])
    return _line(words.text("targets.attached", lang), data, lang)


def attach_calendar(
    events: pd.DataFrame,
    days: pd.DataFrame,
    *,
    marks: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
    lang: str,
    title: str,
) -> Display:
    """Bring a work calendar along as a workbook to change.

    Parameters
    ----------
    events, days, marks, choices, title
        As for `calendar_workbook`.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    Display
        One line that says how to go on with it.
    """
    if os.environ.get(FOLDER):
        made = calendar_workbook(events, days, marks=marks, choices=choices, lang=lang, title=title)
        _put("calendar.xlsx", made)
    return _line(words.text("calendar.attached", lang), events, lang)


def _put(name: str, content: bytes) -> None:
    """Leave a file in the folder that the run named."""
    folder = Path(os.environ[FOLDER])
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


def _line(said: str, data: pd.DataFrame, lang: str) -> Display:
    return display("", f'<div class="pk-quiet">{escape(said)}</div>', (), data, lang)
