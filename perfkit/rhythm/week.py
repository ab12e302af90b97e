"""Weeks as the office counts them, and who has written in the month so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from perfkit import kpi as numbers
from perfkit import period as spans
from perfkit import workdays
from perfkit.book import Book
from perfkit.errors import BadPeriod
from perfkit.rhythm.people import brought
from perfkit.rhythm.rules import Rules, read_rules

__all__ = ["after", "behind", "of", "tracked", "without_policy", "worked"]

_DAY = dt.timedelta(days=1)
_WEEK = 7
THURSDAY = 3


def of(book: Book, code: str | spans.Period) -> spans.Period:
    """Give the office's week of a code such as ``2012-W37``.

    A week's number is that of its Thursday, whichever weekday the office begins with: so every
    code is one week of the office's, and every week of the office's has one code.

    Parameters
    ----------
    book : Book
        Whose rules (rhythm.toml beside book.toml) say which weekday a week begins with.
    code : str or Period
        A week, or a day: then the week it lies in.

    Returns
    -------
    Period
        Seven days.

    Raises
    ------
    BadPeriod
        The code is neither a week nor a day.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> of(b, "2012-W37").code, of(b, "2012-09-15").code
    ('2012-09-09..2012-09-15', '2012-09-09..2012-09-15')
    """
    asked, rules = spans.parse(code), read_rules(book.path)
    if asked.kind not in {"week", "day"}:
        raise BadPeriod(asked.code)
    day = asked.first + THURSDAY * _DAY if asked.kind == "week" else asked.first
    return _around(day, rules)


def _around(day: dt.date, rules: Rules) -> spans.Period:
    first = day - (day.weekday() - rules.week_starts) % _WEEK * _DAY
    return spans.span(first, first + (_WEEK - 1) * _DAY)


def after(week: spans.Period) -> spans.Period:
    """Give the week after a week.

    Examples
    --------
    >>> after(spans.parse("2012-09-09..2012-09-15")).code
    '2012-09-16..2012-09-22'
    """
    return spans.span(week.last + _DAY, week.last + _WEEK * _DAY)


def behind(book: Book, week: spans.Period, count: int) -> list[spans.Period]:
    """List a week and those before it that the book knows, oldest first.

    Parameters
    ----------
    book : Book
        Where the facts are.
    week : Period
        The last one.
    count : int
        How many in all. [weeks]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> [w.code for w in behind(b, of(b, "2012-W37"), 2)]
    ['2012-09-02..2012-09-08', '2012-09-09..2012-09-15']
    """
    firsts = [week.first - _WEEK * place * _DAY for place in reversed(range(count))]
    held = [first for first in firsts if first >= book.facts_from]
    return [spans.span(first, first + (_WEEK - 1) * _DAY) for first in held]


def without_policy(
    book: Book, *, unit: str, period: str | spans.Period, who: str = "supervisors"
) -> pd.DataFrame:
    """List who has no policy yet in a span.

    Parameters
    ----------
    book : Book
        One without agents and policies tells nobody.
    unit : str
        Whose people.
    period : str or Period
        Which days, such as the month to this day.
    who : str, default "supervisors"
        Who is meant, as the KPI that counts them on the last day.

    Returns
    -------
    DataFrame
        unit: the unit right below that holds them; agent: their code. By unit and code.

    Raises
    ------
    UnknownName
        No such unit, or no such KPI.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = without_policy(open_book("district_one"), unit="D1", period="2012-09@11")
    >>> len(found), found["unit"].iloc[0]
    (6, 'D1/01')
    """
    columns = ["unit", "agent"]
    if not book.has("agents") or len(numbers.answerable(book, ["cases", who])) < 2:
        return pd.DataFrame(columns=columns)
    found = brought(book, "cases", who=who, period=[spans.parse(period)], unit=unit)
    missing = found.loc[~(found["value"] > 0), "unit"]
    depth = unit.count("/") + 2
    rows = [["/".join(path.split("/")[:depth]), path.rsplit("/", 1)[-1]] for path in missing]
    return pd.DataFrame(rows, columns=columns).sort_values(columns, ignore_index=True)


def tracked(
    book: Book, kpis: Sequence[str], *, by: str, period: str | spans.Period, unit: str
) -> pd.DataFrame:
    """Compare KPIs as `kpi.compare` does, also where the book can answer none of them.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        Which; those it cannot answer are NaN, and the findings name what they would need.
    by, period, unit : str, str or Period, str
        The unit's level, the days, and the unit.

    Returns
    -------
    DataFrame
        What `kpi.compare` gives of the unit.

    Raises
    ------
    UnknownName
        No such KPI, level or unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("cases")
    >>> seen = tracked(b, ["visits"], by="district", period="2012-09", unit="SN/D1")
    >>> told = [f.facts["lacks"] for f in seen.attrs["findings"] if f.rule == "not_computable"]
    >>> seen["value"].isna().tolist(), told
    ([True], ['agents'])
    """
    known = [code for code in numbers.computable(book) if code not in kpis][:1]
    found = numbers.compare(book, [*kpis, *known], by=by, period=period, unit=unit)
    own = found[(found["unit"] == unit) & found["kpi"].isin(kpis)].reset_index(drop=True)
    own.attrs["findings"] = found.attrs["findings"]
    return own


def worked(week: spans.Period, day: dt.date) -> float:
    """Count the working days of a week up to a day. [working days]

    Examples
    --------
    >>> worked(spans.parse("2012-09-09..2012-09-15"), dt.date(2012, 9, 12))
    3.0
    """
    return float(workdays.working_days(week.first, min(day, week.last)))
