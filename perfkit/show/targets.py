"""Month targets as a workbook to be changed: live sums, frozen heads, sums kept from a slip.

What can be changed is yellow and open, what is a sum is grey and locked (without a password). The
readme says which book, version and state of the targets the file holds; reading it back asks
for that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from perfkit import words, workbook
from perfkit.errors import PerfkitError
from perfkit.show import label
from perfkit.show.driversheet import PAGE, driver_sheet

__all__ = ["pack_targets", "write_targets"]

FORMATS = {"yuan": "#,##0.00", "rate": "0.0%"}
FONT = "Calibri"
INK, HEAD, OPEN, SUM, TOP, RULE = "FFFFFF", "1F4E79", "FFF9DB", "EEF1F5", "DCE3EC", "C9D1DB"
WIDE = 1_000_000  # a total from here on needs a wider column


class LaidRow(Protocol):
    """A row of a sheet, as this room reads it."""

    @property
    def unit(self) -> str:
        """Give the unit; empty for a total."""

    @property
    def entered(self) -> bool:
        """Say whether it is there to be changed."""

    @property
    def cells(self) -> tuple[float | str | None, ...]:
        """Give numbers and formulas."""

    @property
    def values(self) -> tuple[float, ...]:
        """Give what the cells come to."""


class Laid(Protocol):
    """A sheet of month targets, as `perfkit.target.lay` gives it."""

    @property
    def about(self) -> Mapping[str, str]:
        """Give what the readme says."""

    @property
    def months(self) -> tuple[str, ...]:
        """Give the codes of the months."""

    @property
    def rows(self) -> Sequence[LaidRow]:
        """Give the rows in their order."""


def pack_targets(
    sheet: Laid,
    *,
    lang: str,
    names: Mapping[str, str] | None = None,
    state: str = "",
    drivers: pd.DataFrame | None = None,
) -> bytes:
    """Give the bytes of the workbook: the same for the same targets.

    Parameters
    ----------
    sheet : Sheet
        What `perfkit.target.lay` laid out.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    state : str, default ""
        What the readme says the targets are, such as a proposal.
    drivers : DataFrame, optional
        What `driver_sheet` takes: a sheet of its own, to be looked at.

    Returns
    -------
    bytes
        An .xlsx file.
    """
    book = workbook.new()
    book.properties.creator = "perfkit"
    readme, page = book.active, book.create_sheet("targets")
    readme.title = "readme"
    _readme(readme, sheet, lang, state)
    _table(page, sheet, lang, names)
    book.active = 1
    results = {"targets": _results(sheet)}
    if drivers is not None and drivers["premium"].notna().any():
        results[PAGE] = driver_sheet(book, drivers, lang=lang, names=names)
    for here in book.worksheets:
        here.page_setup.orientation, here.page_setup.paperSize = "landscape", here.PAPERSIZE_A4
        here.sheet_properties.pageSetUpPr.fitToPage = True
        here.page_setup.fitToHeight = 0
    return workbook.pack(book, results)


def write_targets(
    sheet: Laid, path: Path, *, lang: str, names: Mapping[str, str] | None = None
) -> None:
    """Write the workbook to a new file.

    Parameters
    ----------
    sheet : Sheet
        What `perfkit.target.lay` laid out.
    path : Path
        A new .xlsx file.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.

    Raises
    ------
    PerfkitError
        The file is there already, is no .xlsx, or cannot be written.
    """
    if path.suffix != ".xlsx":
        raise PerfkitError("not_xlsx", path=path)
    if path.exists():
        raise PerfkitError("template_exists", path=path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(pack_targets(sheet, lang=lang, names=names))
        beside.rename(path)
    except OSError as error:
        raise PerfkitError("not_written", path=path, why=error.strerror or error) from error
    finally:
        beside.unlink(missing_ok=True)


def _results(sheet: Laid) -> dict[str, float]:
    """Say what every formula comes to, for those who do not work it out."""
    out = {}
    for row, one in enumerate(sheet.rows, 2):
        for column, (cell, value) in enumerate(zip(one.cells, one.values, strict=True), 3):
            if isinstance(cell, str):
                out[f"{workbook.column_letter(column)}{row}"] = value
    return out


def _format(sheet: Laid) -> str:
    """Choose how numbers are written: without decimals where none has any."""
    unit = label.unit_of(sheet.about["kpi"])
    whole = all(float(v).is_integer() for row in sheet.rows for v in row.values)
    return "#,##0" if whole else FORMATS.get(unit, "#,##0.0")


def _head(cell: Any, text: str) -> None:
    kit = workbook.parts()
    cell.value, cell.data_type = text, "s"
    cell.font = kit.Font(name=FONT, bold=True, color=INK)
    cell.fill = kit.PatternFill("solid", fgColor=HEAD)
    cell.alignment = kit.Alignment(wrap_text=True, vertical="center", horizontal="center")
    cell.border = kit.Border(right=kit.Side("thin", color=INK))


def _table(here: Any, sheet: Laid, lang: str, names: Mapping[str, str] | None) -> None:
    """Write the heads, the rows, and what Excel is to hold."""
    code = sheet.about["kpi"]
    of = label.said(f"unit.{label.unit_of(code)}", lang, "")
    said = words.text("targets.total_head", lang)
    heads = ["unit_id", words.text("table.column.unit", lang)]
    heads += [f"{m}\n{label.period_name(m, lang, short=True)}" for m in sheet.months]
    for column, text in enumerate([*heads, f"total\n{said} ({of})"], 1):
        _head(here.cell(1, column), text)
    here.row_dimensions[1].height = 34
    shown = _format(sheet)
    for row, one in enumerate(sheet.rows, 2):
        name = label.unit_name(one.unit, names) if one.unit else words.text("targets.whole", lang)
        _row(here, row, one, name, shown)
    biggest = max((v for one in sheet.rows for v in one.values), default=0)
    width = 15 if biggest >= WIDE else 12
    for column in range(1, len(heads) + 2):
        letter = workbook.column_letter(column)
        here.column_dimensions[letter].width = {1: 12, 2: 22}.get(column, width)
    here.column_dimensions[workbook.column_letter(len(heads) + 1)].width = width + 4
    here.freeze_panes = "C2"
    _hold(here, sheet, lang)
    here.print_title_rows = "1:1"


def _row(here: Any, row: int, one: LaidRow, name: str, shown: str) -> None:
    """Write a row: yellow and open where it is to be changed, grey and locked where it is a sum."""
    kit = workbook.parts()
    line = kit.Side("thin", color=RULE)
    for column, value in enumerate((one.unit or None, name, *one.cells), 1):
        cell = here.cell(row, column)
        cell.value = value
        last = column == len(one.cells) + 2
        is_sum = last or not one.entered
        if column < 3:
            cell.data_type, cell.number_format = "s" if value else "n", "@"
        else:
            cell.number_format = shown
        colour = TOP if not one.entered else SUM
        colour = OPEN if column >= 3 and not is_sum else colour
        cell.fill = kit.PatternFill("solid", fgColor=colour)
        cell.font = kit.Font(name=FONT, bold=is_sum and (column >= 3 or not one.entered))
        cell.border = kit.Border(bottom=line, right=line)
        cell.protection = kit.Protection(locked=is_sum or column < 3)


def _hold(here: Any, sheet: Laid, lang: str) -> None:
    """Lock the sums against a slip, and let Excel refuse text and negative amounts."""
    here.protection.sheet = True
    here.protection.formatColumns = here.protection.formatRows = False
    rule = {"type": "decimal", "operator": "greaterThanOrEqual", "formula1": "0"}
    check = workbook.parts().DataValidation(**rule, allow_blank=True, showErrorMessage=True)
    check.error = words.text("targets.refuse", lang)
    last = workbook.column_letter(len(sheet.months) + 2)
    for row, one in enumerate(sheet.rows, 2):
        if one.entered:
            check.add(f"C{row}:{last}{row}")
    if str(check.sqref):
        here.add_data_validation(check)


def _readme(here: Any, sheet: Laid, lang: str, state: str) -> None:
    """Say what the file holds and how to fill it; then what reading it back asks for."""
    kit = workbook.parts()
    code = sheet.about["kpi"]
    facts = {**sheet.about, "name": label.kpi_name(code, lang)}
    facts["of"] = label.said(f"unit.{label.unit_of(code)}", lang, "")
    lines = words.text("targets.readme", lang, **facts).split("\n")
    for row, line in enumerate([lines[0], state, *lines[1:]], 1):
        here.cell(row, 1).value = line or None
        here.cell(row, 1).font = kit.Font(name=FONT, bold=row == 1, size=14 if row == 1 else 11)
    row = len(lines) + 3
    for name, value in sheet.about.items():
        for column, text in enumerate((name, value, words.text(f"targets.key.{name}", lang)), 1):
            cell = here.cell(row, column)
            cell.value, cell.number_format = text, "@"
            cell.data_type = "s"
            cell.font = kit.Font(name=FONT, bold=column == 1)
        row += 1
    for letter, width in zip("ABC", (14, 26, 60), strict=True):
        here.column_dimensions[letter].width = width
    here.sheet_view.showGridLines = False
    here.protection.sheet = True
