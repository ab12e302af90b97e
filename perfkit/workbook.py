"""The one door to Excel workbooks: opening, making, and what they are styled with."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

__all__ = ["bounds", "column_letter", "new", "parts", "read"]


def read(path: Path, *, formulas: bool) -> Any:
    """Open a workbook: its formulas as written, or what was saved beside them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = new()
    ...     made.active["A1"] = "=1+1"
    ...     made.save(Path(folder) / "a.xlsx")
    ...     read(Path(folder) / "a.xlsx", formulas=True).active["A1"].value
    '=1+1'
    """
    import openpyxl

    return openpyxl.load_workbook(path, data_only=not formulas)


def new() -> Any:
    """Make an empty workbook.

    Examples
    --------
    >>> new().sheetnames
    ['Sheet']
    """
    import openpyxl

    return openpyxl.Workbook()


def column_letter(number: int) -> str:
    """Write a column's number as its letters.

    Examples
    --------
    >>> column_letter(28)
    'AB'
    """
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(number))


def bounds(place: str) -> tuple[int, int, int, int]:
    """Give first column, first row, last column and last row of a range.

    Examples
    --------
    >>> bounds("B2:C10")
    (2, 2, 3, 10)
    """
    from openpyxl.utils import range_boundaries

    left, top, right, bottom = range_boundaries(place)
    return int(left), int(top), int(right), int(bottom)


def parts() -> SimpleNamespace:
    """Give what cells and sheets are styled and ruled with.

    Examples
    --------
    >>> parts().Font(bold=True).bold
    True
    """
    from openpyxl import styles
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont
    from openpyxl.worksheet.datavalidation import DataValidation

    return SimpleNamespace(
        Alignment=styles.Alignment,
        Border=styles.Border,
        Font=styles.Font,
        PatternFill=styles.PatternFill,
        Side=styles.Side,
        CellRichText=CellRichText,
        TextBlock=TextBlock,
        InlineFont=InlineFont,
        DataValidation=DataValidation,
    )
