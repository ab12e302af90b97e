"""A whole book in one workbook: sheets that are named like tables, such as a filled template."""

from __future__ import annotations

from pathlib import Path

from perfkit.book import schema

__all__ = ["FOR_READING", "strange_sheets", "tables_in"]

FOR_READING = ("readme", "lists")  # sheets of the template that hold no table


def _sheets(path: Path) -> dict[str, bool]:
    """Tell every sheet of a workbook, and whether it has rows below its header."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        found = {n: book.get_sheet_by_name(n).to_python() for n in book.sheet_names}
    except Exception:  # calamine's own classes; what is no workbook is named as an unknown file
        return {}
    return {name: any(any(row) for row in rows[1:]) for name, rows in found.items()}


def _workbooks(folder: Path) -> list[Path]:
    """List the workbooks that are not one table's own file, nor a lock file of Excel."""
    found = sorted(folder.glob("*.xlsx"))
    return [p for p in found if p.stem not in schema.tables() and p.name[:1] not in "~."]


def tables_in(folder: Path) -> dict[str, list[Path]]:
    """Find tables kept as sheets: named like the table, with at least one row.

    Parameters
    ----------
    folder : Path
        A book's folder.

    Returns
    -------
    dict of str to list of Path
        The workbooks that hold each table.

    Examples
    --------
    >>> tables_in(Path("no such folder"))
    {}
    """
    out: dict[str, list[Path]] = {}
    for path in _workbooks(folder):
        for sheet, filled in _sheets(path).items():
            if filled and sheet.strip().casefold() in schema.tables():
                out.setdefault(sheet.strip().casefold(), []).append(path)
    return out


def strange_sheets(folder: Path) -> dict[str, list[str]]:
    """List the filled sheets that are no table, by workbook, of workbooks that hold tables.

    Examples
    --------
    >>> strange_sheets(Path("no such folder"))
    {}
    """
    out = {}
    for path in _workbooks(folder):
        sheets = {name.strip().casefold(): filled for name, filled in _sheets(path).items()}
        if set(sheets) & set(schema.tables()):
            known = (*schema.tables(), *FOR_READING)
            out[path.name] = [n for n, filled in sheets.items() if filled and n not in known]
    return out
