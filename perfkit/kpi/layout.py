"""From measures to KPIs: signed sums, one division last, laid out long or wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.kpi.catalogue import Kpi, Term

__all__ = ["COLUMNS", "Parts", "long", "ratio", "wide"]

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
Parts = tuple[Floats, Floats, Floats]  # value, numerator, denominator


def _sum(frame: pd.DataFrame, terms: Sequence[Term]) -> Floats:
    out = np.zeros(len(frame))
    for term in terms:
        out = out + term.sign * frame[term.measure].to_numpy(dtype=np.float64)
    return out


def ratio(frame: pd.DataFrame, one: Kpi) -> Parts:
    """Give value, numerator and denominator; a zero denominator is NaN."""
    top = _sum(frame, one.numerator)
    if not one.denominator:
        return top, top, np.full(len(frame), np.nan)
    bottom = _sum(frame, one.denominator)
    return top / np.where(bottom != 0, bottom, np.nan), top, bottom


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
    index: pd.Index,
    parts: Callable[[Kpi], Parts],
    kpis: Sequence[Kpi],
    level: str,
    periods: Sequence[str],
) -> pd.DataFrame:
    """Lay KPIs beside each other: one row a unit and period.

    Parameters
    ----------
    index : MultiIndex
        Places and span numbers.
    parts : callable
        Works out a KPI over all rows.
    kpis : sequence of Kpi
        Which.
    level : str
        The level of the places.
    periods : sequence of str
        The codes of the spans.

    Returns
    -------
    DataFrame
        unit, level, period and one column a KPI. [the KPI's unit]
    """
    values = {one.code: parts(one)[0] for one in kpis}
    return pd.DataFrame({**_named(index, level, periods), **values}, copy=False)


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
