"""From measures to KPIs: signed sums, one division last, laid out long or wide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.kpi.catalogue import Kpi, Term

__all__ = ["COLUMNS", "Floats", "Parts", "find", "long", "over", "ratio", "wide"]

COLUMNS = [
    "unit",
    "level",
    "period",
    "kpi",
    "value",
    "variant",
    "numerator",
    "denominator",
    "base",
]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Parts = tuple[Floats, Floats, Floats]  # value, numerator, denominator


def _sum(frame: pd.DataFrame, terms: Sequence[Term]) -> Floats:
    out: Floats | None = None
    for term in terms:
        own = frame[term.measure].to_numpy(dtype=np.float64)
        if out is None:  # nothing is copied where one measure is the whole sum
            out = own if term.sign == 1 else 0.0 + term.sign * own
        else:
            out = out + term.sign * own
    return np.zeros(len(frame)) if out is None else out


def over(top: Floats, bottom: Floats) -> Floats:
    """Divide; a zero denominator is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = top / bottom
    value[bottom == 0] = np.nan
    return value


def ratio(frame: pd.DataFrame, one: Kpi) -> Parts:
    """Give value, numerator and denominator; a zero denominator is NaN."""
    top = _sum(frame, one.numerator)
    if not one.denominator:
        return top, top, np.full(len(frame), np.nan)
    bottom = _sum(frame, one.denominator)
    return over(top, bottom), top, bottom


def find(rows: Any, index: Any, place: Callable[[str], str | None]) -> Ints:
    """Find among some rows those of other places and the same spans; -1 where there are none.

    Parameters
    ----------
    rows : MultiIndex
        Places and span numbers, where to look.
    index : MultiIndex
        Places and span numbers, what to look for.
    place : callable
        Names the place to look for.

    Returns
    -------
    array of int
        One number of a row for each entry of `index`.
    """
    spans = [one.get_level_values("span").to_numpy(dtype=np.int64) for one in (rows, index)]
    width = 1 + max((int(own.max()) for own in spans if own.size), default=0)
    known, asked = rows.levels[0], index.levels[0]
    table = np.full((len(known) + 1, width), -1, dtype=np.int32)  # the last: no such place
    table[rows.codes[0], spans[0]] = np.arange(len(rows), dtype=np.int32)
    named = known.get_indexer([place(one) for one in asked])
    return np.asarray(table[named[index.codes[0]], spans[1]], dtype=np.int64)


def _named(index: pd.Index, level: str, periods: Sequence[str]) -> dict[str, Any]:
    """Write the unit and period of every row."""
    place = index.get_level_values("place")
    span = index.get_level_values("span").to_numpy(dtype=np.int64)
    return {
        "unit": pd.Index(place, dtype="str"),
        "level": pd.array([level], dtype="str").take(np.zeros(len(index), dtype=np.int64)),
        "period": pd.array(list(periods), dtype="str").take(span),
    }


def wide(
    levels: Mapping[str, pd.Index],
    parts: Callable[[str, Kpi], Parts],
    kpis: Sequence[Kpi],
    periods: Sequence[str],
) -> pd.DataFrame:
    """Lay KPIs beside each other, and levels under each other: one row a unit and period.

    Parameters
    ----------
    levels : mapping of str to MultiIndex
        By level: places and span numbers.
    parts : callable
        Works out a KPI over all rows of a level.
    kpis : sequence of Kpi
        Which.
    periods : sequence of str
        The codes of the spans.

    Returns
    -------
    DataFrame
        unit, level, period and one column a KPI. [the KPI's unit]
    """
    ends = np.cumsum([0, *(len(rows) for rows in levels.values())])
    # One block for all, written where it stays: the largest thing a request makes.
    block = np.empty((len(kpis), int(ends[-1])))
    for low, high, level in zip(ends[:-1], ends[1:], levels, strict=True):
        for row, one in enumerate(kpis):
            block[row, low:high] = parts(level, one)[0]
    out = pd.DataFrame(block.T, columns=[one.code for one in kpis], copy=False)
    named = [pd.DataFrame(_named(rows, level, periods)) for level, rows in levels.items()]
    names = pd.concat(named, ignore_index=True)
    for at, name in enumerate(names):
        out.insert(at, name, names[name])
    return out


def long(
    index: pd.Index,
    parts: Callable[[Kpi], Parts],
    kpis: Sequence[Kpi],
    level: str,
    periods: Sequence[str],
) -> pd.DataFrame:
    """Lay KPIs under each other: one row a unit, period and KPI.

    Returns
    -------
    DataFrame
        The columns of `COLUMNS`. [the KPI's unit]
    """
    rows = np.repeat(np.arange(len(index)), len(kpis))
    which = np.tile(np.arange(len(kpis)), len(index))
    out = pd.DataFrame(_named(index, level, periods)).take(rows)
    for name in ("kpi", "variant", "base"):
        words = [one.code if name == "kpi" else getattr(one, name) for one in kpis]
        out[name] = pd.array(words, dtype="str").take(which)
    found = [parts(one) for one in kpis]
    for i, name in enumerate(("value", "numerator", "denominator")):
        out[name] = np.column_stack([part[i] for part in found]).ravel()
    return out[COLUMNS].reset_index(drop=True)
