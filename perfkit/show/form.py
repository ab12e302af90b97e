"""A workbook to be filled by hand: lists to choose from, units in the headers, ids kept as text.

A header cell's first line is the column's name, which is all that is read again; what follows
under it is for people. Examples stand in the header and on the readme sheet, never among the
rows: they would be counted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from perfkit import words, workbook
from perfkit.errors import PerfkitError
from perfkit.kpi.form import Field, Form, Sheet

__all__ = ["write_form"]

ROWS = 5000  # rows with lists and formats; more may be filled
FORMATS = {"text": "@", "date": "yyyy-mm-dd", "yuan": "#,##0.00", "count": "0", "number": "General"}
WIDTHS = {"text": 18, "date": 18, "yuan": 18, "count": 14, "number": 20}
FONT = "Calibri"
INK, NEEDED, OPTIONAL, PALE = "FFFFFF", "1F4E79", "5B7C99", "EEF3F8"
KINDS: dict[str, dict[str, Any]] = {
    "date": {"type": "date", "operator": "greaterThan", "formula1": "DATE(1980,1,1)"},
    "yuan": {"type": "decimal", "operator": "between", "formula1": "-1E12", "formula2": "1E12"},
    "count": {"type": "whole", "operator": "between", "formula1": "0", "formula2": "1000000"},
    "number": {"type": "decimal", "operator": "between", "formula1": "-1E15", "formula2": "1E15"},
}
RISKY = ("=", "+", "-", "@")


def write_form(form: Form, path: Path) -> bool:
    """Write the workbook, and a book.toml beside it where there is none.

    Parameters
    ----------
    form : Form
        What `perfkit.kpi.form` laid out.
    path : Path
        A new .xlsx file, in the folder that is to be the book.

    Returns
    -------
    bool
        Whether a book.toml was written; one that is there stays as it is.

    Raises
    ------
    PerfkitError
        The file is there already, is no .xlsx, is named like a table, or cannot be written.

    Examples
    --------
    >>> import datetime, tempfile
    >>> from perfkit import kpi
    >>> made = kpi.form("en", as_of=datetime.date(2012, 10, 31))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_form(made, Path(folder) / "book.xlsx")
    True
    """
    if path.suffix != ".xlsx" or path.stem in {sheet.name for sheet in form.sheets}:
        raise PerfkitError("template_name", path=path)
    if path.exists():
        raise PerfkitError("template_exists", path=path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    settings = path.parent / "book.toml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _workbook(form).save(beside)
        beside.rename(path)
        if settings.exists():
            return False
        settings.write_text(form.settings, encoding="utf-8")
    except OSError as error:
        raise PerfkitError("not_written", path=path, why=error.strerror or error) from error
    finally:
        beside.unlink(missing_ok=True)
    return True


def _workbook(form: Form) -> Any:
    book = workbook.new()
    book.properties.creator = "perfkit"
    readme = book.active
    readme.title = "readme"
    _readme(readme, form)
    ranges = {}
    for sheet in form.sheets:
        _table(book.create_sheet(sheet.name), sheet, form.lang)
    lists = book.create_sheet("lists")
    for number, (name, choices) in enumerate(form.lists.items()):
        ranges[name] = _choices(lists, 2 * number + 1, name, choices, form.lang)
    for sheet in form.sheets:
        _rules(book[sheet.name], sheet, ranges, form.lang)
    for here in book.worksheets:
        here.page_setup.orientation = "landscape"
        here.page_setup.paperSize = here.PAPERSIZE_A4
        here.sheet_properties.pageSetUpPr.fitToPage = True
        here.page_setup.fitToHeight = 0
    return book


def _put(cell: Any, value: Any) -> None:
    """Set a cell; text stays text, whatever it begins with."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(RISKY):
            cell.quotePrefix = True


def _head(cell: Any, name: str, said: str = "", *, need: bool = True) -> None:
    """Write a header: the name in bold, what is said of it under it."""
    kit = workbook.parts()
    _put(cell, name)
    if said:
        sizes = ((11, 1), (10, 0))
        bold, plain = (kit.InlineFont(rFont=FONT, sz=s, b=b, color=INK) for s, b in sizes)
        cell.value = kit.CellRichText(kit.TextBlock(bold, name), kit.TextBlock(plain, f"\n{said}"))
    cell.font = kit.Font(name=FONT, bold=True, color=INK)
    cell.fill = kit.PatternFill("solid", fgColor=NEEDED if need else OPTIONAL)
    cell.alignment = kit.Alignment(wrap_text=True, vertical="top")
    cell.border = kit.Border(right=kit.Side("thin", color=INK))


def _example(field: Field) -> str:
    value = field.example
    if value is None:
        return ""
    return f"{value:,.2f}" if field.type == "yuan" else str(value)


def _table(here: Any, sheet: Sheet, lang: str) -> None:
    """Lay out an empty table: names, meanings, units and an example in the frozen header."""
    lines = 1
    for number, field in enumerate(sheet.fields, 1):
        unit = words.text(f"template.short.{field.type}", lang)
        said = [words.text("template.head", lang, about=field.about, unit=unit).strip()]
        if example := _example(field):
            said.append(words.text("template.example", lang, value=example))
        width = max(WIDTHS[field.type], len(field.name) + 4)
        _head(here.cell(1, number), field.name, "\n".join(said), need=field.need)
        column = here.column_dimensions[workbook.column_letter(number)]
        column.width = width
        column.number_format = FORMATS[field.type]
        lines = max(lines, 1 + sum(-(-_wide(part) // (width - 3)) for part in said))
    here.row_dimensions[1].height = 14.5 * lines + 4
    here.freeze_panes = "B2"


def _wide(text: str) -> int:
    """Count how wide a text is drawn: Chinese takes two places. [characters]"""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


def _choices(here: Any, column: int, name: str, choices: Any, lang: str) -> str:
    """Write a list with what its choices are called; give the range that holds it."""
    _head(here.cell(1, column), name)
    _head(here.cell(1, column + 1), words.text("template.called", lang), need=False)
    for row, (code, called) in enumerate(choices, 2):
        _put(here.cell(row, column), code)
        _put(here.cell(row, column + 1), called or None)
    for at, texts in ((column, [c for c, _ in choices]), (column + 1, [c for _, c in choices])):
        widest = max([_wide(text) for text in texts], default=0)
        here.column_dimensions[workbook.column_letter(at)].width = max(12, widest + 3)
    here.freeze_panes = "A2"
    letter = workbook.column_letter(column)
    return f"lists!${letter}$2:${letter}${len(choices) + 1}"


def _rules(here: Any, sheet: Sheet, ranges: dict[str, str], lang: str) -> None:
    """Let Excel offer the lists, and refuse what is no date or number."""
    for number, field in enumerate(sheet.fields, 1):
        rule = {"type": "list", "formula1": ranges[field.choices]} if field.choices else None
        rule = rule or KINDS.get(field.type)
        if rule is None:
            continue
        check = workbook.parts().DataValidation(**rule, allow_blank=True, showErrorMessage=True)
        check.errorTitle = field.name
        check.error = words.text(f"template.refuse_{rule['type']}", lang)
        letter = workbook.column_letter(number)
        check.add(f"{letter}2:{letter}{ROWS + 1}")
        here.add_data_validation(check)


def _readme(here: Any, form: Form) -> None:
    """Say how to fill it; then every column with its meaning, unit and an example row."""
    kit = workbook.parts()
    for row, line in enumerate(form.readme, 1):
        _put(here.cell(row, 1), line)
        here.cell(row, 1).font = kit.Font(name=FONT, bold=row == 1, size=14 if row == 1 else 11)
    row = len(form.readme) + 2
    names = ("sheet", "column", "about", "unit", "need", "choices", "example")
    for number, name in enumerate(names, 1):
        _head(here.cell(row, number), words.text(f"template.column.{name}", form.lang))
    for band, sheet in enumerate(form.sheets):
        for field in sheet.fields:
            row += 1
            need = words.text("template.needed", form.lang) if field.need else ""
            choices = f"lists: {field.choices}" if field.choices else ""
            cells = (sheet.name, field.name, field.about, field.unit, need, choices)
            for number, value in enumerate((*cells, _example(field)), 1):
                cell = here.cell(row, number)
                _put(cell, value or None)
                cell.alignment = kit.Alignment(wrap_text=number == 3, vertical="top")
                cell.number_format = FORMATS["text"]
                if band % 2 == 0:
                    cell.fill = kit.PatternFill("solid", fgColor=PALE)
    for letter, width in zip("ABCDEFG", (14, 18, 48, 22, 10, 18, 18), strict=True):
        here.column_dimensions[letter].width = width
    here.sheet_view.showGridLines = False
