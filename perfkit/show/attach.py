"""A workbook that a report brings along: published beside its page, never inside it.

`perfkit run` names a folder in the environment of the kernel; what is put there lies beside the
page when the report is published. Anywhere else (JupyterLab, a check) nothing is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path

import pandas as pd

from perfkit import words
from perfkit.show.html import Display, display, quiet
from perfkit.show.targets import Laid, pack_targets

__all__ = ["FOLDER", "attach_targets"]

FOLDER = "PERFKIT_ATTACH"


def attach_targets(
    sheet: Laid | None, *, lang: str, names: Mapping[str, str] | None = None, state: str = ""
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

    Returns
    -------
    Display
        One line that says how to go on with it.
    """
    if sheet is None or not sheet.rows:
        none = pd.DataFrame(columns=["unit", "value"])
        return quiet(words.text("targets.none", lang), none, lang=lang)
    if folder := os.environ.get(FOLDER):
        packed = pack_targets(sheet, lang=lang, names=names, state=state)
        Path(folder).mkdir(exist_ok=True)
        Path(folder, "targets.xlsx").write_bytes(packed)
    data = pd.DataFrame([(row.unit, *row.values) for row in sheet.rows])
    said = words.text("targets.attached", lang)
    inside = f'<div class="pk-quiet">{escape(said)}</div>'
    return display("", inside, (), data, lang)
