"""The one door to Excel workbooks: opening, making, packing, and what they are styled with."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

__all__ = ["bounds", "column_letter", "new", "pack", "parts", "read"]

MADE = dt.datetime(2000, 1, 1)
_ENTRY = (1980, 1, 1, 0, 0, 0)
_FORMULA = re.compile(r'(<c r="([A-Z]+\d+)"[^>]*>\s*<f>[^<]*</f>)\s*<v\s*(?:/>|>\s*</v>)')
_MODIFIED = re.compile(r"(<dcterms:modified[^>]*>)[^<]*")


def read(path: Path | io.BytesIO, *, formulas: bool) -> Any:
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


def pack(book: Any, results: Mapping[str, Mapping[str, float]] | None = None) -> bytes:
    """Give the bytes of a workbook: the same every time, with results beside its formulas.

    A spreadsheet program works formulas out when it opens a file; a preview does not, and shows
    what was saved beside them.

    Parameters
    ----------
    book : Workbook
        From `new`.
    results : mapping, optional
        Sheet → cell → what its formula comes to.

    Returns
    -------
    bytes

    Examples
    --------
    >>> made = new()
    >>> made.active["A1"] = "=1+1"
    >>> packed = pack(made, {"Sheet": {"A1": 2}})
    >>> read(io.BytesIO(packed), formulas=False).active["A1"].value
    2
    >>> packed == pack(made, {"Sheet": {"A1": 2}})
    True
    """
    book.properties.created = MADE
    raw, out = io.BytesIO(), io.BytesIO()
    book.save(raw)
    pages = {f"xl/worksheets/sheet{n}.xml": name for n, name in enumerate(book.sheetnames, 1)}
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in old.infolist():
            content = old.read(entry.filename)
            if found := (results or {}).get(pages.get(entry.filename, ""), {}):
                content = _with_results(content.decode(), found).encode()
            if entry.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rf"\g<1>{MADE.isoformat()}Z", content.decode()).encode()
            made.writestr(zipfile.ZipInfo(entry.filename, _ENTRY), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _with_results(page: str, found: Mapping[str, float]) -> str:
    """Write what formulas come to where the page leaves it open."""

    def fill(match: re.Match[str]) -> str:
        value = found.get(match[2])
        return match[0] if value is None else f"{match[1]}<v>{value!r}</v>"

    return _FORMULA.sub(fill, page)


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
        Protection=styles.Protection,
    )
