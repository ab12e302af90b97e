"""The month a report is about: how far it is looked at, and which months lie beside it."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm.laid import whole_of
from perfkit.rhythm.nodeplan import PREMIUM

__all__ = ["around", "ended", "following", "of_day", "to_day", "until"]

KINDS = ("month", "business")


def until(book: Book, period: str | spans.Period, day: str = "") -> dt.date:
    """Say how far a period is looked at.

    Parameters
    ----------
    book : Book
        Where the facts are.
    period : str or Period
        Which.
    day : str, default ""
        A day of it, ``2012-09-11``; the last day of facts in the period otherwise.

    Returns
    -------
    date

    Raises
    ------
    BadPeriod
        The day is none.
    PerfkitError
        The day is not one of the period, or lies after the facts.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> until(b, "2012-09").isoformat(), until(b, "2012-09", "2012-09-11").isoformat()
    ('2012-09-30', '2012-09-11')
    """
    span = spans.parse(period)
    if not day:
        return min(span.last, book.as_of)
    asked = spans.parse(day).last
    if not span.first <= asked <= span.last:
        raise PerfkitError("node_outside", rows=asked, month=span.code)
    if asked > book.as_of:
        raise PerfkitError("after_facts", day=asked, last=book.as_of)
    return asked


def of_day(day: dt.date, kind: str = "month") -> spans.Period:
    """Give the month a day lies in.

    Parameters
    ----------
    day : date
        Which.
    kind : {"month", "business"}
        A calendar month, or a business one (26th to 25th).

    Returns
    -------
    Period

    Raises
    ------
    UnknownName
        There is no such kind.

    Examples
    --------
    >>> of_day(dt.date(2012, 9, 28)).code, of_day(dt.date(2012, 9, 28), "business").code
    ('2012-09', '2012-10:business')
    """
    if kind not in KINDS:
        raise UnknownName(kind="setting", name=kind, allowed=KINDS)
    month = spans.parse(f"{day:%Y-%m}")
    if kind == "month":
        return month
    own = spans.parse(f"{month.code}:business")
    return own if day <= own.last else following(own)


def following(month: str | spans.Period) -> spans.Period:
    """Give the month after a month, of the same kind.

    Examples
    --------
    >>> following("2012-09").code, following("2012-12:business").code
    ('2012-10', '2013-01:business')
    """
    own = spans.parse(month)
    code = f"{own.last.replace(day=1) + dt.timedelta(days=32):%Y-%m}"
    return spans.parse(f"{code}:business" if own.kind == "business" else code)


def around(book: Book, month: str | spans.Period, *, back: int) -> list[str]:
    """List a month, those before it, that of a year ago and the one after, as far as there are.

    Parameters
    ----------
    book : Book
        Months that it knows only in part from the front are left out.
    month : str or Period
        Which.
    back : int
        How many before it. [months]

    Returns
    -------
    list of str
        Codes, oldest first.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> around(open_book("district_one"), "2012-09", back=2)
    ['2011-09', '2012-07', '2012-08', '2012-09', '2012-10']
    """
    own = spans.parse(month)
    wanted = [spans.year_ago(own), *spans.trailing(own, back + 1), following(own)]
    held = {p.code: p for p in wanted if book.facts_from <= p.first <= book.as_of}
    return sorted(held, key=lambda code: held[code].first)


def to_day(month: str | spans.Period, day: dt.date) -> spans.Period:
    """Give the part of a month up to a day.

    Examples
    --------
    >>> to_day("2012-09", dt.date(2012, 9, 11)).code
    '2012-09@11'
    >>> to_day("2012-09:business", dt.date(2012, 9, 11)).code
    '2012-08-26..2012-09-11'
    """
    own = spans.parse(month)
    if own.kind == "month":
        return spans.parse(f"{own.code}@{day.day:02d}")
    return spans.span(own.first, day)


def ended(seen: pd.DataFrame, *, month: str, code: str = PREMIUM) -> float:
    """Say what a month came to; NaN while it runs.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives, of one unit.
    month : str
        Which.
    code : str
        The KPI.

    Returns
    -------
    float
        [the KPI's unit]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> seen = pace.follow(open_book("district_one"), ["2012-09"], unit="D1", by="district")
    >>> bool(ended(seen, month="2012-09") == seen["value"][29]), ended(seen, month="2012-10")
    (True, nan)
    """
    own = seen[(seen["month"] == month) & (seen["kpi"] == code)]
    return whole_of(own) if len(own) else math.nan
