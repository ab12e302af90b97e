"""Month targets as a sheet: laid out with live sums, and read back from an office's workbook.

A sheet has one row a unit and one column a month. A unit with units below it in the sheet is
their sum, the last column is the sum of the months; everything else is there to be changed.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import org, workbook
from perfkit.errors import TargetError
from perfkit.target.entry import in_code_order, not_negative, once

__all__ = [
    "KEYS",
    "PAGE",
    "README",
    "TOTAL",
    "UNIT",
    "Row",
    "Sheet",
    "above",
    "lay",
    "mark",
    "summed",
]

PAGE, README = "targets", "readme"
UNIT, NAME, TOTAL = "unit_id", "unit", "total"
KEYS = ("book", "data", "kpi", "period", "version", "mark", "rows")
FIRST_ROW, FIRST_COLUMN = 2, 3  # below the header, right of code and name
MOST = 200  # arguments of one SUM
NEAR = 1e-6  # sums of thousands of amounts in fen are no nearer


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet.

    Attributes
    ----------
    unit : str
        The unit; empty for the total of several units at the top.
    entered : bool
        Whether it is there to be changed; the others are sums.
    cells : tuple
        The months and the total: a number, a formula, or None where there is no entry.
    values : tuple of float
        What the cells come to. [the KPI's unit]
    """

    unit: str
    entered: bool
    cells: tuple[float | str | None, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Month targets, ready to be written.

    Attributes
    ----------
    about : mapping of str to str
        What the readme says of it: `KEYS`.
    months : tuple of str
        Their codes, one a column.
    rows : tuple of Row
        Parents first, in the order of the units' codes.
    """

    about: Mapping[str, str]
    months: tuple[str, ...]
    rows: tuple[Row, ...]


def mark(table: pd.DataFrame) -> str:
    """Give twelve characters that change when a target, a unit or a month does.

    Examples
    --------
    >>> one = pd.DataFrame({"2013-01": [5.0]}, index=["D1"])
    >>> mark(one) == mark(one), mark(one) == mark(one + 1)
    (True, False)
    """
    kept = table.loc[in_code_order(table.index)].astype(float)
    rows = [[str(u), *map(repr, row)] for u, row in zip(kept.index, kept.to_numpy(), strict=True)]
    text = "\n".join("\t".join(row) for row in [["", *map(str, kept.columns)], *rows])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def above(units: pd.Index) -> dict[str, str]:
    """Find the nearest unit above each, among those that are there.

    Examples
    --------
    >>> above(pd.Index(["B", "B/1/1", "B/1/2"]))
    {'B/1/1': 'B', 'B/1/2': 'B'}
    """
    there, out = set(units), {}
    for unit in units:
        parent = org.parent(str(unit))
        while parent is not None and parent not in there:
            parent = org.parent(parent)
        if parent is not None:
            out[str(unit)] = parent
    return out


def summed(table: pd.DataFrame) -> pd.DataFrame:
    """Make every unit that has units below it in the table their sum; no entry below is none.

    Parameters
    ----------
    table : DataFrame
        Units by months; only units without others below them are read. [the KPI's unit]

    Returns
    -------
    DataFrame
        The same rows and columns. [the KPI's unit]

    Examples
    --------
    >>> table = pd.DataFrame({"2013-01": [9.0, 2.0, 3.0]}, index=["D1", "D1/1", "D1/2"])
    >>> summed(table)["2013-01"].tolist()
    [5.0, 2.0, 3.0]
    """
    out, below = table.astype(float), _below(table.index)
    for unit in sorted(below, key=lambda u: -u.count("/")):
        out.loc[unit] = out.loc[below[unit]].sum(min_count=1)
    return out


def _below(units: pd.Index) -> dict[str, list[str]]:
    """Find the units right below each that has any."""
    out: dict[str, list[str]] = defaultdict(list)
    for child, parent in above(units).items():
        out[parent].append(child)
    return dict(out)


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse what cannot be laid out: parts that do not make the unit above them."""
    once(table.index, "unit")
    once(table.columns, "period")
    places = list(itertools.product(table.index, table.columns))
    not_negative(table.to_numpy(float).ravel(), places, "target")
    kept = table.dropna(how="all").astype(float)
    kept = kept.loc[in_code_order(kept.index)]
    whole = summed(kept)
    off = ((kept - whole).abs() > NEAR) | (kept.isna() != whole.isna())
    if off.to_numpy().any():
        unit, month = (int(i) for i in np.argwhere(off.to_numpy())[0])
        raise TargetError(
            "parts",
            where=f"{kept.index[unit]} {kept.columns[month]}",
            parts=float(whole.to_numpy()[unit, month]),
            whole=float(kept.to_numpy()[unit, month]),
        )
    return whole


def _sum(cells: list[tuple[int, int]]) -> str:
    """Write the sum of cells of one column, or of one row as a range."""
    places = [f"{workbook.column_letter(column)}{row}" for row, column in cells]
    rows = [row for row, _ in cells]
    columns = [column for _, column in cells]
    across = rows == [rows[0]] * len(rows) and columns[-1] - columns[0] == len(cells) - 1
    if across or rows[-1] - rows[0] == len(cells) - 1:
        return f"=SUM({places[0]}:{places[-1]})"
    parts = [places[at : at + MOST] for at in range(0, len(places), MOST)]
    return "=" + "+".join(f"SUM({','.join(part)})" for part in parts)


def lay(table: pd.DataFrame, about: Mapping[str, str]) -> Sheet:
    """Lay month targets out as a sheet with live sums.

    Parameters
    ----------
    table : DataFrame
        Units by months; NaN is no entry. Rows without any entry are left out.
        [yuan, policies or persons: what adds up over units and months]
    about : mapping
        What the readme says: book, data, kpi, period, version and mark.

    Returns
    -------
    Sheet

    Raises
    ------
    TargetError
        A unit or month comes twice, a target is negative, or units do not make the one above
        them: where, and both amounts.

    Examples
    --------
    >>> table = pd.DataFrame({"2013-01": [5.0, 2, 3]}, index=["D1", "D1/1", "D1/2"])
    >>> [row.cells for row in lay(table, {}).rows]
    [('=SUM(C3:C4)', '=SUM(C2:C2)'), (2.0, '=SUM(C3:C3)'), (3.0, '=SUM(C4:C4)')]
    """
    kept = _checked(table)
    units, months = list(map(str, kept.index)), len(kept.columns)
    parents, children = above(kept.index), _below(kept.index)
    at = {unit: row for row, unit in enumerate(units, FIRST_ROW)}
    tops = [unit for unit in units if unit not in parents]
    columns = range(FIRST_COLUMN, FIRST_COLUMN + months)
    rows = []
    for unit in units:
        below = [at[child] for child in children.get(unit, ())]
        found = kept.loc[unit].to_numpy(float)
        cells: list[float | str | None] = [None if np.isnan(v) else float(v) for v in found]
        if below:
            cells = [_sum([(row, column) for row in below]) for column in columns]
        cells.append(_sum([(at[unit], column) for column in columns]))
        rows.append(Row(unit, not below, tuple(cells), _with_total(found)))
    if len(tops) > 1:
        own, last = [at[unit] for unit in tops], FIRST_ROW + len(units)
        cells = [_sum([(row, column) for row in own]) for column in columns]
        cells.append(_sum([(last, column) for column in columns]))
        rows.append(Row("", False, tuple(cells), _with_total(kept.loc[tops].sum().to_numpy(float))))
    said = {**about, "rows": str(len(units))}
    return Sheet(said, tuple(map(str, kept.columns)), tuple(rows))


def _with_total(values: np.ndarray) -> tuple[float, ...]:
    """Add the sum of the months; what a formula finds empty it takes for 0."""
    return (*map(float, np.nan_to_num(values)), float(np.nansum(values)))
