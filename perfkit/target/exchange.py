"""Month targets between a book and a workbook: out as a sheet, back in as a new version."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perfkit import kpi
from perfkit.book import Book
from perfkit.book.amend import add_targets
from perfkit.errors import TargetError
from perfkit.period import parse
from perfkit.target.filled import Filled, changes, read_sheet
from perfkit.target.sheet import Sheet, above, lay, mark

__all__ = ["Taken", "export", "proposal", "take_over"]

VERSION = re.compile(r"[A-Za-z]\w{0,39}", re.ASCII)
STATE = "draft"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a filled sheet.

    Attributes
    ----------
    version : str
        The new version; empty where nothing differs, and then nothing was written.
    base : str
        The version that the sheet came from.
    changes : DataFrame
        unit, month, before and after of every amount that somebody changed; sums follow.
        [the KPI's unit]
    new : bool
        Whether the book had no such targets before.
    folder : Path
        The book that holds them now.
    """

    version: str
    base: str
    changes: pd.DataFrame
    new: bool
    folder: Path


def _additive(code: str) -> None:
    if not kpi.adds_up(kpi.kpi(code)):
        known = [one for one, own in kpi.catalogue().items() if kpi.adds_up(own)]
        raise TargetError("not_additive", name=code, allowed=", ".join(known))


def proposal(
    book: Book, table: pd.DataFrame, *, code: str, period: str, version: str = "plan"
) -> Sheet:
    """Lay out month targets that the book does not hold yet.

    Parameters
    ----------
    book : Book
        Whose units they are of.
    table : DataFrame
        Units by months of the period, NaN is no entry. [the KPI's unit]
    code, period, version : str
        The KPI, the months and the version they are to replace or to be.

    Returns
    -------
    Sheet

    Raises
    ------
    TargetError
        The KPI does not add up over units and months, or the table contradicts itself.
    """
    _additive(code)
    known = kpi.target_table(book, code, period=period, version=version)
    about = {"book": book.name, "data": book.fingerprint, "kpi": code, "period": parse(period).code}
    return lay(table, {**about, "version": version, "mark": mark(known)})


def export(book: Book, *, code: str, period: str, version: str = "plan") -> Sheet:
    """Lay out the month targets that a book holds.

    Parameters
    ----------
    book : Book
        Holds the table targets.
    code, period, version : str
        The KPI, the months and which plan.

    Returns
    -------
    Sheet

    Raises
    ------
    TargetError
        The KPI does not add up over units and months, there is no such target, or units do not
        make the one above them: where, and both amounts.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> sheet = export(open_book("district_one"), code="premium_issued", period="2012")
    >>> sheet.rows[0].cells[0], len(sheet.months)
    ('=SUM(C3:C8)', 12)
    """
    table = kpi.target_table(book, code, period=period, version=version)
    if table.empty:
        raise TargetError("no_targets", book=book.name, name=code, period=period, version=version)
    return proposal(book, table, code=code, period=period, version=version)


def take_over(
    path: Path, book: Book, *, version: str | None = None, out: Path | None = None
) -> Taken:
    """Take a filled sheet over as a new version of the book's targets.

    Parameters
    ----------
    path : Path
        The workbook.
    book : Book
        Where the targets belong.
    version : str, optional
        What the new version is called; by default the old name with the next free number.
    out : Path, optional
        A new folder for a copy of the book with the targets.

    Returns
    -------
    Taken
        The old version stays as it was. Nothing is written where nothing differs.

    Raises
    ------
    SheetRefused
        Cells that cannot be taken, each named.
    TargetError
        The sheet is of another book, the book's targets have changed since the export, or there
        is a version of that name already. Nothing has been written.
    PerfkitError
        The book may not be written to, or the file cannot be read.
    """
    filled = read_sheet(path, book=book.name, units=kpi.units(book))
    about = filled.about
    _additive(about["kpi"])
    base = about["version"]
    before = kpi.target_table(book, about["kpi"], period=about["period"], version=base)
    now = mark(before)
    if now != about["mark"]:
        raise TargetError("sheet_stale", path=path, version=base, found=about["mark"], now=now)
    differ = changes(before, filled.table)
    sums = set(above(filled.table.index).values())
    differ = differ[~differ["unit"].isin(sums)].reset_index(drop=True)
    if differ.empty:
        return Taken("", base, differ, before.empty, book.path)
    name = _free_name(book, about, version)
    folder = add_targets(book, _rows(filled, name), out=out)
    return Taken(name, base, differ, before.empty, folder)


def _free_name(book: Book, about: Mapping[str, str], wanted: str | None) -> str:
    """Name the version: as asked for, the old name where it is free, else the next number."""

    def is_free(name: str) -> bool:
        held = kpi.target_table(book, about["kpi"], period=about["period"], version=name)
        return held.empty

    if wanted is not None:
        if not VERSION.fullmatch(wanted):
            raise TargetError("bad_version", name=wanted)
        if not is_free(wanted):
            raise TargetError("version_there", name=wanted, period=about["period"])
        return wanted
    stem = re.sub(r"_v\d+$", "", about["version"])
    numbered = (f"{stem}_v{number}" for number in itertools.count(2))
    return next(filter(is_free, itertools.chain([about["version"]], numbered)))


def _rows(filled: Filled, version: str) -> list[dict[str, str]]:
    """Write the table as rows of the book's targets; what has no entry has no row."""
    return [
        {
            "unit_id": str(unit),
            "period": str(month),
            "kpi": filled.about["kpi"],
            "version": version,
            "value": _plain(float(value)),
            "state": STATE,
        }
        for month in filled.table.columns
        for unit, value in filled.table[month].items()
        if pd.notna(value)
    ]


def _plain(value: float) -> str:
    """Write an amount so that it is read back as it was."""
    return str(int(value)) if value.is_integer() else repr(value)
