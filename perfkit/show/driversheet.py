"""The driver targets of every unit and month as a sheet of the workbook of targets.

Nothing in it is read back: premium is a live product of the drivers, the rest is as it was worked
out. It is locked against a slip, without a password.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import words, workbook
from perfkit.show import label

__all__ = ["PAGE", "driver_sheet"]

PAGE = "drivers"
DRIVERS = ("headcount_average", "activity_rate", "cases_per_active", "average_case_size")
AMOUNTS = ("premium", "target", "short")
FORMATS = {"activity_rate": "0.0%", "cases_per_active": "0.00", "headcount_average": "0.0"}
FONT, INK, HEAD, SUM = "Calibri", "FFFFFF", "1F4E79", "EEF1F5"
WIDTHS = {1: 12, 2: 20, 3: 12, 11: 40}


def driver_sheet(
    book: Any, frame: pd.DataFrame, *, lang: str, names: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Add the sheet to a workbook.

    Parameters
    ----------
    book : Workbook
        Where it goes.
    frame : DataFrame
        By unit and month: the four drivers, premium, target, short and bound. [persons, rate,
        policies an active agent, yuan] Rows without drivers are left out.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.

    Returns
    -------
    dict
        Cell → what its formula comes to. [yuan]
    """
    here = book.create_sheet(PAGE)
    columns = [*DRIVERS, *AMOUNTS]
    heads = [
        "unit_id",
        words.text("table.column.unit", lang),
        words.text("calendar.year.month", lang),
    ]
    heads += [words.text(f"targets.drivers.{name}", lang) for name in (*columns, "bound")]
    for place, text in enumerate(heads, 1):
        _style(here.cell(1, place), text)
        here.column_dimensions[workbook.column_letter(place)].width = WIDTHS.get(place, 16)
    known = frame[frame["premium"].notna()]
    results = {}
    for row, one in enumerate(known.reset_index().to_dict("records"), 2):
        unit = str(one["unit"])
        own: list[object] = [unit, label.unit_name(unit, names), str(one["month"])]
        own += [float(one[name]) for name in columns]
        for place, value in enumerate(
            [*own, label.say_code("bound", one["bound"], lang) if one["bound"] else ""], 1
        ):
            cell = here.cell(row, place)
            cell.value, cell.font = value, workbook.parts().Font(name=FONT)
            name = columns[place - 4] if 4 <= place < 4 + len(columns) else ""
            cell.number_format = FORMATS.get(name, "#,##0") if name else "@"
        made = f"H{row}"
        results[made] = float(one["premium"])
        here[made].value = f"=D{row}*E{row}*F{row}*G{row}"
        here[made].fill = workbook.parts().PatternFill("solid", fgColor=SUM)
    here.row_dimensions[1].height = 34
    here.freeze_panes, here.print_title_rows = "D2", "1:1"
    here.auto_filter.ref = f"A1:{workbook.column_letter(len(heads))}{len(known) + 1}"
    here.protection.sheet = True
    here.protection.autoFilter = False
    return results


def _style(cell: Any, text: str) -> None:
    kit = workbook.parts()
    cell.value, cell.data_type = text, "s"
    cell.font = kit.Font(name=FONT, bold=True, color=INK)
    cell.fill = kit.PatternFill("solid", fgColor=HEAD)
    cell.alignment = kit.Alignment(wrap_text=True, vertical="center", horizontal="center")
