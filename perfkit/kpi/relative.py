"""KPIs that lay another one beside a year ago, the unit above, or the plan."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.kpi.catalogue import Kpi, kpi
from perfkit.kpi.entered import entries, over_spans
from perfkit.kpi.layout import Floats, Parts, find, over, ratio
from perfkit.kpi.observed import Rows
from perfkit.period import Period

__all__ = ["Beside", "as_long", "last_year", "levels_above", "relate", "trailing",
           "whole_months", "year_back"]  # fmt: skip

PLAN = "plan"
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Beside:
    """What relations lay a KPI beside.

    Attributes
    ----------
    book : Book
        Where the plan is.
    periods : sequence of Period
        The spans, as asked: a running one is held against its whole plan.
    now, ago : dict of str to DataFrame
        By level, with the level above each: the measures of the spans, and of the same days a
        year ago.
    """

    book: Book
    periods: Sequence[Period]
    now: Frames
    ago: Frames = field(default_factory=dict)

    @functools.cached_property
    def _entries(self) -> dict[str, dict[str, Rows]]:
        return {}

    def entries(self, code: str) -> dict[str, Rows]:
        """Lay out the plan of a KPI, once for all levels and relations."""
        if code not in self._entries:
            self._entries[code] = entries(self.book, code, PLAN)
        return self._entries[code]


def levels_above(book: Book, levels: Sequence[str]) -> list[str]:
    """List levels with the one above each, from the top.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> levels_above(open_book("district_one"), ["group"])
    ['department', 'group']
    """
    order = org.levels_from(book.root)
    above = [order[max(order.index(level) - 1, 0)] for level in levels]
    return [level for level in order if level in {*above, *levels}]


def _known(book: Book, span: Period) -> Period:
    """Cut a running span at the last day the book knows."""
    running = span.first <= book.as_of < span.last
    return replace(span, last=book.as_of) if running else span


def as_long(book: Book, now: Period, other: Period) -> Period:
    """Cut another period to as many days as are known of this one, while it is running."""
    days = _known(book, now).last - now.first
    if _known(book, now) == now:
        return other
    return spans.span(other.first, min(other.first + days, other.last))


def last_year(book: Book, now: Period) -> Period:
    """Give the same dates of the year before: of a running period those that are known."""
    return spans.year_ago(_known(book, now))


def held_against(book: Book, now: Period) -> dict[str, str]:
    """Name the spans that a period is held against, while it is running as long as it is known.

    Returns
    -------
    dict of str to str
        previous and year_ago, by the code of their span; target, by itself.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> held_against(open_book("district_one"), spans.parse("2012Q3"))
    {'previous': '2012Q2', 'year_ago': '2011Q3', 'target': 'target'}
    >>> held_against(open_book("district_one"), spans.parse("2012Q4"))["year_ago"]
    '2011-10-01..2011-10-31'
    """
    before, ago = as_long(book, now, spans.previous(now)), last_year(book, now)
    if _known(book, now) != now:  # the same dates, by their own name
        ago = spans.span(ago.first, ago.last)
    return {"previous": before.code, "year_ago": ago.code, "target": "target"}


def trailing(book: Book, now: Period, count: int) -> list[Period]:
    """List a period and those before it, oldest first, as far as the book has facts of them whole.

    While the period is running, those before it are cut to as many days.

    Parameters
    ----------
    book : Book
        Where the facts are.
    now : Period
        The last one.
    count : int
        How many at most. [periods]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> [one.code for one in trailing(b, spans.parse("2012Q3"), 2)]
    ['2012Q2', '2012Q3']
    >>> [one.code for one in trailing(b, spans.parse("2012Q4"), 2)]
    ['2012-07-01..2012-07-31', '2012Q4']
    """
    earlier = [as_long(book, now, one) for one in spans.trailing(now, count)[:-1]]
    return [*(one for one in earlier if one.first >= book.facts_from), now]


def whole_months(book: Book, until: Period, count: int) -> list[Period]:
    """List the last whole months the book knows up to the end of a period, oldest first.

    Parameters
    ----------
    book : Book
        Where the facts are.
    until : Period
        What they lie in or before.
    count : int
        How many at most. [months]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> [m.code for m in whole_months(open_book("district_one"), spans.parse("2012Q4"), 2)]
    ['2012-09', '2012-10']
    """
    last = min(until.last, book.as_of)
    if book.facts_from > last:
        return []
    known = spans.months(spans.span(book.facts_from, last))
    return [month for month in known if month.last <= last][-count:]


def year_back(book: Book, asked: Sequence[Period]) -> list[Period]:
    """Give the same dates a year ago; what the book knows only in part becomes unknown.

    Days from before the facts are unknown, and so is what is only half known.
    """
    ago = [last_year(book, span) for span in asked]
    before = book.facts_from - dt.timedelta(days=1)
    return [a if a.first >= book.facts_from else spans.span(before, before) for a in ago]


def _year(span: Period) -> Period:
    """Give the calendar year a span ends in."""
    return spans.span(dt.date(span.last.year, 1, 1), dt.date(span.last.year, 12, 31))


def _planned(beside: Beside, code: str, level: str, asked: Sequence[Period]) -> Floats:
    """Look up the plan of each span, by place and span number."""
    depth = org.levels_from(beside.book.root).index(level)
    held = {u: rows for u, rows in beside.entries(code).items() if u.count("/") == depth}
    index = beside.now[level].index
    if not held:
        return np.full(len(index), np.nan)
    found = over_spans(held, asked, kpi(code))
    row = found.index.get_indexer(index.get_level_values("place"))
    span = index.get_level_values("span").to_numpy(dtype=np.int64)
    return np.where(row < 0, np.nan, found.to_numpy()[row, span])


def _at(values: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """Take values of rows; NaN where there is none."""
    return np.append(values, np.nan)[rows]


def _above(one: Kpi, level: str, beside: Beside) -> Floats:
    """Give the value of the unit above each place; the root has none."""
    index = beside.now[level].index
    order = org.levels_from(beside.book.root)
    if level == order[0] or index.empty:
        return np.full(len(index), np.nan)
    whole = beside.now[order[order.index(level) - 1]]
    return _at(ratio(whole, one)[0], find(whole.index, index, org.parent))


def relate(one: Kpi, level: str, beside: Beside) -> Parts:
    """Lay a KPI beside what its relation names.

    Parameters
    ----------
    one : Kpi
        With a relation.
    level : str
        The level.
    beside : Beside
        What there is to lay it beside.

    Returns
    -------
    tuple of array
        value [rate], numerator, denominator [the other KPI's unit], as the rows of the level.
        NaN where there is nothing to lay it beside.
    """
    other, frame = kpi(one.of), beside.now[level]
    top = ratio(frame, other)[0]
    if one.relation == "growth":
        ago = beside.ago[level]
        bottom = _at(ratio(ago, other)[0], find(ago.index, frame.index, str))
    elif one.relation == "share_of_parent":
        bottom = _above(other, level, beside)
    elif one.relation == "attainment":
        bottom = _planned(beside, one.of, level, beside.periods)
    else:
        years = [_year(span) for span in beside.periods]
        top = _planned(beside, one.of, level, beside.periods)
        bottom = _planned(beside, one.of, level, years)
    value = over(top, bottom) - (1 if one.relation == "growth" else 0)
    return value, top, bottom
