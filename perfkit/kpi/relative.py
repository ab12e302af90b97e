"""KPIs that lay another one beside a year ago, the unit above, or the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.kpi.catalogue import Kpi
from perfkit.kpi.entered import targets
from perfkit.period import Period

__all__ = ["relative"]

Values = Callable[[str, Sequence[Period]], pd.Series]
PLAN = "plan"


def _targets(book: Book, code: str, by: str, asked: Sequence[Period]) -> pd.Series[float]:
    """Look up the plan of each span, by place and span number."""
    rows = {
        (unit, number): value
        for number, span in enumerate(asked)
        for unit, value in targets(book, code, by=by, period=span, version=PLAN)[
            ["unit", "target"]
        ].itertuples(index=False)
    }
    index = pd.MultiIndex.from_tuples(rows, names=["place", "span"]) if rows else _nothing()
    return pd.Series(list(rows.values()), index=index, dtype=float)


def _nothing() -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[], []], names=["place", "span"])


def _above(
    index: pd.Index, values: Values, by: str, book: Book, asked: Sequence[Period]
) -> pd.Series[float]:
    """Give the value of the unit above each place; the root has none."""
    levels = org.levels_from(book.root)
    out = pd.Series(float("nan"), index=index)
    if by != levels[0]:
        whole = values(levels[levels.index(by) - 1], asked)
        up = [(org.parent(place), span) for place, span in index]
        out = pd.Series(whole.reindex(pd.MultiIndex.from_tuples(up)).to_numpy(), index=index)
    return out


def _year(span: Period) -> Period:
    """Give the calendar year a span ends in."""
    return spans.span(dt.date(span.last.year, 1, 1), dt.date(span.last.year, 12, 31))


def relative(
    book: Book,
    one: Kpi,
    now: pd.Series[float],
    values: Values,
    *,
    by: str,
    periods: Sequence[Period],
) -> pd.DataFrame:
    """Lay a KPI beside what its relation names.

    Parameters
    ----------
    book : Book
        Where the facts and the plan are.
    one : Kpi
        With a relation.
    now : Series
        The other KPI, by place and span number.
    values : callable
        Gives the other KPI of a level over spans, by place and span number.
    by : str
        The level.
    periods : sequence of Period
        The spans, cut at the end of what is known.

    Returns
    -------
    DataFrame
        Index (place, span number); value [rate], numerator, denominator [the other KPI's unit].
        NaN where there is nothing to lay it beside.
    """
    if one.relation == "growth":
        beside = values(by, [spans.year_ago(span) for span in periods])
    elif one.relation == "share_of_parent":
        beside = _above(now.index, values, by, book, periods)
    elif one.relation == "attainment":
        beside = _targets(book, one.of, by, periods)
    else:
        now = _targets(book, one.of, by, periods).reindex(now.index)
        beside = _targets(book, one.of, by, [_year(span) for span in periods])
    bottom = beside.reindex(now.index).astype(float)
    value = now / bottom.where(bottom != 0) - (1 if one.relation == "growth" else 0)
    return pd.DataFrame({"value": value, "numerator": now, "denominator": bottom})
