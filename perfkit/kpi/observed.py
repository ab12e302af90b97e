"""Measures from observations: facts that arrive already added up.

A request is answered by the row of exactly that span, or by rows that tile it when the measure
is additive; a stock is asked on its day. Anything else is missing, and said to be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from perfkit import org
from perfkit.book import Book
from perfkit.kpi.catalogue import Measure
from perfkit.period import Period, pieces

__all__ = ["measure_observed", "observed_measures", "tiled"]

_DAY = dt.timedelta(days=1)
Rows = dict[tuple[dt.date, dt.date], float]


def observed_measures(book: Book) -> set[str]:
    """List the measures the book observes, for any unit and span.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> "active_agents" in observed_measures(open_book("cases"))
    True
    """
    if not book.has("observations"):
        return set()
    return set(book.home("observations")["measure"])


def tiled(rows: Rows, first: dt.date, last: dt.date) -> float:
    """Add up rows that follow each other from the first day to the last, without gap or overlap.

    Where several rows begin on a day, the longest that still fits is taken first.

    Parameters
    ----------
    rows : dict
        Value by first and last day. [any one unit]
    first, last : date
        The days to cover.

    Returns
    -------
    float
        [as the rows] NaN where they do not cover the days.
    """
    rest = {last + _DAY: 0.0}
    for start, end in sorted(s for s in rows if first <= s[0] <= s[1] <= last)[::-1]:
        if start not in rest and end + _DAY in rest:
            rest[start] = rows[start, end] + rest[end + _DAY]
    return rest.get(first, float("nan"))


def _average(closings: Rows, period: Period) -> float:
    """Average a stock over the months of a period from its observed closings."""
    cut = pieces(period)
    known = [_on(closings, p.first - _DAY) + _on(closings, p.last) for p in cut]
    total = sum(p.weight * both / 2 for p, both in zip(cut, known, strict=True))
    return total / sum(p.weight for p in cut)


def _on(closings: Rows, day: dt.date) -> float:
    return closings.get((day, day), float("nan"))


def _answer(rows: Rows, closings: Rows, measure: Measure, period: Period) -> float:
    if measure.kind in {"stock", "units"} and measure.at == "closing" and measure.per == "span":
        return _on(rows, period.last)
    if measure.code == "headcount_opening":
        return _on(closings, period.first - _DAY)
    exact = rows.get((period.first, period.last))
    if exact is not None:
        return exact
    if measure.code == "headcount_average":
        return _average(closings, period)
    return tiled(rows, period.first, period.last) if measure.additive else float("nan")


def _rows(table: pd.DataFrame, code: str) -> Rows:
    found = table[(table["measure"] == code) & table["value"].notna()]
    return {
        (start, end): float(value)
        for start, end, value in zip(found["start"], found["end"], found["value"], strict=True)
    }


def measure_observed(
    book: Book, wanted: Sequence[Measure], by: str, periods: Sequence[Period]
) -> pd.DataFrame:
    """Answer measures from the book's observations.

    Parameters
    ----------
    book : Book
        Holds observations.
    wanted : sequence of Measure
        What is asked.
    by : str
        The level.
    periods : sequence of Period
        The spans.

    Returns
    -------
    DataFrame
        Index (place, span number); one column a measure, NaN where nothing answers.
        [yuan, rows or persons]
    """
    table = book.home("observations")
    depth = org.levels_from(book.root).index(by)
    units = sorted({u for u in table["unit_id"] if u.count("/") == depth})
    out = {}
    for unit in units:
        own = table[table["unit_id"] == unit]
        rows = {one.code: _rows(own, one.code) for one in wanted}
        closings = _rows(own, "headcount_closing")
        for number, period in enumerate(periods):
            out[unit, number] = {
                one.code: _answer(rows[one.code], closings, one, period) for one in wanted
            }
    codes = [one.code for one in wanted]
    index = pd.MultiIndex.from_product([units, range(len(periods))], names=["place", "span"])
    return pd.DataFrame(list(out.values()), index=index, columns=codes, dtype=float)
