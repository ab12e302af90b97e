"""A sheet of month targets read back: every cell that cannot be taken is named, or all is taken."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit import words, workbook
from perfkit.errors import BadPeriod, PerfkitError, TargetError, nearest
from perfkit.target.sheet import (
    FIRST_COLUMN,
    FIRST_ROW,
    KEYS,
    NEAR,
    PAGE,
    README,
    TOTAL,
    UNIT,
    above,
    summed,
)

__all__ = ["Filled", "SheetRefused", "changes", "read_sheet"]

MOST_BYTES = 100_000_000  # unpacked
SHOWN = 12  # problems named one by one


class SheetRefused(TargetError):
    """A sheet that is not taken over: everything to be corrected, each with its cell."""

    def __init__(self, path: Path, problems: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        super().__init__("sheet", path=path, problems=list(problems))

    @property
    def problems(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What is to be corrected: which sentence, and its facts."""
        found: list[tuple[str, Mapping[str, Any]]] = self.facts["problems"]
        return found

    def text(self, lang: str) -> str:
        """List what is to be corrected."""
        lines = []
        for key, facts in self.problems[:SHOWN]:
            said = dict(facts)
            if near := said.get("near", ""):
                said["near"] = words.text("errors.nearest", lang, nearest=near)
            lines.append(words.text(f"targets.problem.{key}", lang, **said))
        if len(self.problems) > SHOWN:
            lines.append(words.text("targets.more", lang, count=len(self.problems) - SHOWN))
        count, path = len(self.problems), self.facts["path"]
        return words.text(
            "errors.target.sheet", lang, path=path, count=count, lines="\n".join(lines)
        )


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filled sheet says.

    Attributes
    ----------
    about : mapping of str to str
        Its readme: book, data, kpi, period, version, mark and rows.
    table : DataFrame
        Units by months; units with others below them are their sum. [the KPI's unit]
    """

    about: Mapping[str, str]
    table: pd.DataFrame


def _open(path: Path) -> tuple[Any, Any]:
    """Open both readings of a workbook: the formulas, and what was saved beside them."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise TargetError("no_sheet_file", path=path, why=f"> {MOST_BYTES // 10**6} MB")
        return workbook.read(path, formulas=True), workbook.read(path, formulas=False)
    except OSError as error:
        raise PerfkitError("unreadable", path=path, why=error.strerror or error) from error
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise TargetError("no_sheet_file", path=path, why=str(error)) from error


def _about(book: Any, path: Path) -> dict[str, str]:
    """Read what the readme says of the sheet."""
    missing = [("page", {"name": name}) for name in (README, PAGE) if name not in book.sheetnames]
    if missing:
        raise SheetRefused(path, missing)
    here = book[README]
    found = {
        str(row[0].value): str(row[1].value)
        for row in here.iter_rows(min_col=1, max_col=2)
        if row[0].value in KEYS and row[1].value is not None
    }
    lost = [("key", {"name": name, "page": README}) for name in KEYS if name not in found]
    if lost:
        raise SheetRefused(path, lost)
    return found


class _Reader:
    """One sheet being read: its cells, and what is wrong with them so far."""

    def __init__(self, path: Path, about: Mapping[str, str], formulas: Any, saved: Any) -> None:
        self.path, self.about = path, about
        self.formulas, self.saved = formulas, saved
        self.problems: list[tuple[str, dict[str, Any]]] = []

    def wrong(self, key: str, row: int, column: int, **facts: Any) -> None:
        cell = f"{PAGE}!{workbook.column_letter(column)}{row}"
        self.problems.append((key, {"cell": cell, **facts}))

    def settled(self) -> None:
        """Refuse the sheet when something is wrong by now."""
        if self.problems:
            raise SheetRefused(self.path, self.problems)

    def heads(self) -> list[str]:
        """Check that every column stands where the export put it."""
        try:
            months = [month.code for month in spans.months(spans.parse(self.about["period"]))]
        except BadPeriod as error:
            raise SheetRefused(
                self.path, [("period", {"name": self.about["period"], "page": README})]
            ) from error
        wanted = {1: UNIT, **dict(enumerate([*months, TOTAL], FIRST_COLUMN))}
        last = max(wanted)
        there = [_line(cell.value) for cell in self.formulas[1]]
        for column, name in wanted.items():
            found = there[column - 1] if column <= len(there) else ""
            if found != name:
                gone = name not in there
                key = "column_gone" if gone else "column_moved"
                self.wrong(key, 1, column, name=name, found=found or "–")
                break
        else:
            extra = [text for text in there[last:] if text]
            if extra:
                self.wrong("column_extra", 1, last + 1, name=extra[0])
        self.settled()
        return months

    def units(self, known: Sequence[str]) -> dict[str, int]:
        """Find the row of every unit; each once, each known, none gone."""
        found: dict[str, int] = {}
        for row in range(FIRST_ROW, self.formulas.max_row + 1):
            value = self.formulas.cell(row, 1).value
            if value is None or not str(value).strip():
                self.stray(row)
                continue
            unit = str(value).strip()
            if unit in found:
                self.wrong("unit_twice", row, 1, name=unit, first=f"{PAGE}!A{found[unit]}")
            elif unit not in known:
                self.wrong("unit_unknown", row, 1, name=unit, near=nearest(unit, known) or "")
            else:
                found[unit] = row
        told = self.about["rows"]
        if not self.problems and told != str(len(found)):
            self.problems.append(("rows", {"found": len(found), "told": told, "page": PAGE}))
        self.settled()
        return found

    def stray(self, row: int) -> None:
        """Refuse an amount in a row without unit; a row of sums is the total."""
        for column in range(FIRST_COLUMN, self.formulas.max_column):
            value = self.formulas.cell(row, column).value
            if value is not None and not _is_formula(value):
                self.wrong("no_unit", row, column, found=value)
                return

    def number(self, row: int, column: int) -> float:
        """Read one amount; NaN is no entry."""
        written = self.formulas.cell(row, column).value
        value = self.saved.cell(row, column).value if _is_formula(written) else written
        if value is None or (isinstance(value, str) and not value.strip()):
            if _is_formula(written):
                self.wrong("no_result", row, column, found=written)
            return float("nan")
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            self.wrong("no_number", row, column, found=value)
            return float("nan")
        if value < 0:
            self.wrong("negative", row, column, found=value)
        return float(value)

    def table(self, rows: Mapping[str, int], months: Sequence[str]) -> pd.DataFrame:
        """Read the amounts of units without others below them; sums must be what they were."""
        index = pd.Index(list(rows), name="unit")
        sums = set(above(index).values())
        places = [(month, column) for column, month in enumerate(months, FIRST_COLUMN)]
        table = pd.DataFrame(np.nan, index=index, columns=list(months))
        for unit, row in rows.items():
            if unit not in sums:
                table.loc[unit] = [self.number(row, column) for _, column in places]
        self.settled()
        whole = summed(table)
        for unit in sums:
            parts = whole.loc[unit].to_numpy(float)
            for (_, column), part in zip(places, parts, strict=True):
                self.check_sum(rows[unit], column, float(part))
        self.settled()
        return whole

    def check_sum(self, row: int, column: int, parts: float) -> None:
        """Refuse a number that somebody wrote over a sum, unless it is the sum."""
        value = self.formulas.cell(row, column).value
        if value is None or _is_formula(value):
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or abs(value - np.nan_to_num(parts)) > NEAR:
            self.wrong("overwritten", row, column, found=value, parts=np.nan_to_num(parts))


def _is_formula(value: Any) -> bool:
    return not isinstance(value, int | float) and str(value).startswith("=")


def _line(value: Any) -> str:
    """Take the first line of a header cell, which is the column's name."""
    return str(value if value is not None else "").split("\n")[0].strip()


def read_sheet(path: Path, *, book: str, units: Sequence[str]) -> Filled:
    """Read a filled sheet of month targets.

    Parameters
    ----------
    path : Path
        An .xlsx file that `perfkit targets export` or a report has written.
    book : str
        The book that it must be of.
    units : sequence of str
        The units that may stand in it.

    Returns
    -------
    Filled

    Raises
    ------
    SheetRefused
        Everything that cannot be taken, each with its cell: a column that is gone, text in a
        number, an unknown unit, a unit that comes twice or is gone, a sum written over.
    TargetError
        It is a sheet of another book, or no workbook.
    PerfkitError
        The file cannot be read.
    """
    formulas, saved = _open(path)
    about = _about(formulas, path)
    if about["book"] != book:
        raise TargetError("sheet_of_other", path=path, found=about["book"], book=book)
    reader = _Reader(path, about, formulas[PAGE], saved[PAGE])
    months = reader.heads()
    return Filled(about, reader.table(reader.units(units), months))


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """List what differs between two tables of month targets, in the order of the second.

    Parameters
    ----------
    before, after : DataFrame
        Units by months; NaN is no entry. [any one unit]

    Returns
    -------
    DataFrame
        unit, month, before, after; one row a cell. A unit or month that one of them lacks has no
        entry there. [as they came]

    Examples
    --------
    >>> one = pd.DataFrame({"2013-01": [5.0, 2.0]}, index=["D1", "D2"])
    >>> changes(one, one.replace(2.0, 3.0)).values.tolist()
    [['D2', '2013-01', 2.0, 3.0]]
    """
    units = after.index.append(before.index.difference(after.index))
    months = after.columns.append(before.columns.difference(after.columns))
    old = before.reindex(index=units, columns=months).to_numpy(float)
    new = after.reindex(index=units, columns=months).to_numpy(float)
    differ = (np.abs(new - old) > 1e-9 * np.maximum(1.0, np.abs(old))) | (
        np.isnan(old) != np.isnan(new)
    )
    rows = [(units[i], months[j], old[i, j], new[i, j]) for i, j in np.argwhere(differ)]
    return pd.DataFrame(rows, columns=["unit", "month", "before", "after"])
