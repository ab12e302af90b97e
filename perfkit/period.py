"""Spans of days: years, quarters, months, weeks, nodes, to date, business months.

A period is a closed span of days with the code it was written as. What a number is depends
on its days only, never on how they were written.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from perfkit.errors import BadPeriod

__all__ = [
    "Period",
    "Piece",
    "in_order",
    "months",
    "parse",
    "pieces",
    "previous",
    "span",
    "trailing",
    "year_ago",
]

_DAY = timedelta(days=1)
_JANUARY, _DECEMBER = 1, 12


@dataclass(frozen=True, slots=True)
class Period:
    """A closed span of days.

    Attributes
    ----------
    code : str
        How it is written; stable, used in paths and tables.
    kind : str
        year, half, quarter, month, week, day, range, node, ytd or business.
    first, last : date
        Both days belong to the period.
    """

    code: str
    kind: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has, both ends counted. [days]"""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a period over which a monthly quantity is measured.

    Attributes
    ----------
    first, last : date
        Both days belong to the piece.
    weight : float
        Its share of a calendar month. [months]
    """

    first: date
    last: date
    weight: float


def _day(text: str, whole: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(whole, why="date") from None


def _month_end(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _month(text: str, whole: str) -> tuple[date, date]:
    first = _day(f"{text}-01", whole)
    return first, _month_end(first)


_MONTH = r"(\d{4}-\d{2})"
_DATE = r"(\d{4}-\d{2}-\d{2})"


def _year(match: re.Match[str]) -> Period:
    year = int(match[1])
    return Period(match[0], "year", _day(f"{match[1]}-01-01", match[0]), date(year, 12, 31))


def _half(match: re.Match[str]) -> Period:
    first, _ = _month(f"{match[1]}-{1 if match[2] == '1' else 7:02d}", match[0])
    return Period(match[0], "half", first, _month_end(first.replace(day=1, month=first.month + 5)))


def _quarter(match: re.Match[str]) -> Period:
    first, _ = _month(f"{match[1]}-{3 * int(match[2]) - 2:02d}", match[0])
    return Period(match[0], "quarter", first, _month_end(first.replace(month=first.month + 2)))


def _one_month(match: re.Match[str]) -> Period:
    return Period(match[0], "month", *_month(match[1], match[0]))


def _week(match: re.Match[str]) -> Period:
    try:
        first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Period(match[0], "week", first, first + 6 * _DAY)
    except (ValueError, OverflowError):  # the last week of all ends after the last day of all
        raise BadPeriod(match[0], why="date") from None


def _one_day(match: re.Match[str]) -> Period:
    day = _day(match[1], match[0])
    return Period(match[0], "day", day, day)


def _node(match: re.Match[str]) -> Period:
    first, _ = _month(match[1], match[0])
    return Period(match[0], "node", first, _day(f"{match[1]}-{int(match[2]):02d}", match[0]))


def _ytd(match: re.Match[str]) -> Period:
    first, last = _month(match[1], match[0])
    return Period(match[0], "ytd", first.replace(month=1), last)


def _business(match: re.Match[str]) -> Period:
    """Read a business month: 26th to 25th, but the year begins on 1 January and ends with December.

    So January has 25 days and December 36, and business months tile the calendar year.
    """
    first, last = _month(match[1], match[0])
    begins = first if first.month == _JANUARY else (first - _DAY).replace(day=26)
    ends = last if first.month == _DECEMBER else first.replace(day=25)
    return Period(match[0], "business", begins, ends)


def _months_range(match: re.Match[str]) -> Period:
    return span(_month(match[1], match[0])[0], _month(match[2], match[0])[1], match[0])


def _days_range(match: re.Match[str]) -> Period:
    return span(_day(match[1], match[0]), _day(match[2], match[0]), match[0])


_FORMS = (
    (r"(\d{4})", _year),
    (r"(\d{4})H([12])", _half),
    (r"(\d{4})Q([1-4])", _quarter),
    (_MONTH, _one_month),
    (r"(\d{4})-W(\d{2})", _week),
    (_DATE, _one_day),
    (_MONTH + r"@(\d{1,2})", _node),
    (_MONTH + r":ytd", _ytd),
    (_MONTH + r":business", _business),
    (_MONTH + r"\.\." + _MONTH, _months_range),
    (_DATE + r"\.\." + _DATE, _days_range),
)


def parse(text: str | Period) -> Period:
    """Read a period; anything that is none is refused.

    Parameters
    ----------
    text : str or Period
        ``2012``, ``2012H1``, ``2012Q3``, ``2012-09``, ``2012-W36`` (Monday to Sunday),
        ``2012-09-11``, ``A..B`` (two dates or two months, closed), ``2012-09@11`` (month to
        day 11), ``2012-09:ytd`` or ``2012-09:business`` (26 August to 25 September).

    Returns
    -------
    Period

    Raises
    ------
    BadPeriod
        The text has no such form, names a day that does not exist, or ends before it begins.

    Examples
    --------
    >>> p = parse("2012-09@11")
    >>> p.first.isoformat(), p.last.isoformat(), p.days
    ('2012-09-01', '2012-09-11', 11)
    >>> parse("2012-09:business").first.isoformat()
    '2012-08-26'
    """
    if isinstance(text, Period):
        return text
    if isinstance(text, str):
        for form, build in _FORMS:
            if match := re.fullmatch(form, text, flags=re.ASCII):
                return build(match)
    raise BadPeriod(text)


def span(first: date, last: date, code: str = "") -> Period:
    """Make a period of two days.

    Raises
    ------
    BadPeriod
        The last day lies before the first.

    Examples
    --------
    >>> span(date(2012, 3, 1), date(2012, 3, 9)).code
    '2012-03-01..2012-03-09'
    """
    if last < first:
        raise BadPeriod(code or f"{first}..{last}", why="order")
    return Period(code or f"{first}..{last}", "range", first, last)


def _shift(day: date, by: int) -> date:
    """Move a first-of-month day by whole months."""
    index = day.year * 12 + day.month - 1 + by
    return date(index // 12, index % 12 + 1, 1)


def _is_whole_months(period: Period) -> bool:
    return period.first.day == 1 and period.last == _month_end(period.last)


def _count_months(period: Period) -> int:
    first, last = period.first, period.last
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _months_back(period: Period, by: int, code: str) -> Period:
    """Move a period of whole months, or a node within one, back by months."""
    first = _shift(period.first.replace(day=1), -by)
    end = _month_end(_shift(period.last.replace(day=1), -by))
    if not _is_whole_months(period):
        end = end.replace(day=min(period.last.day, end.day))
    return Period(code or f"{first}..{end}", period.kind, first, end)


def _code_of(kind: str, first: date, last: date) -> str:
    codes = {
        "year": f"{first:%Y}",
        "half": f"{first:%Y}H{1 if first.month == 1 else 2}",
        "quarter": f"{first:%Y}Q{(first.month + 2) // 3}",
        "month": f"{first:%Y-%m}",
        "week": f"{first:%G-W%V}",
        "day": f"{first}",
        "node": f"{first:%Y-%m}@{last.day:02d}",
        "ytd": f"{last:%Y-%m}:ytd",
        "business": f"{last:%Y-%m}:business",
    }
    return codes.get(kind, f"{first}..{last}")


def _renamed(period: Period) -> Period:
    return Period(
        _code_of(period.kind, period.first, period.last), period.kind, period.first, period.last
    )


def previous(period: Period) -> Period:
    """Give the span before it, of the same kind; a node's is last month to the same day.

    A to-date span has no span before it that lies beside it, so it moves by one year.

    Examples
    --------
    >>> previous(parse("2012-09")).code, previous(parse("2012-03@09")).code
    ('2012-08', '2012-02@09')
    >>> previous(parse("2012-03-01..2012-03-09")).code
    '2012-02-21..2012-02-29'
    """
    if period.kind == "ytd":
        return year_ago(period)
    if period.kind == "business":
        return parse(f"{_shift(period.last.replace(day=1), -1):%Y-%m}:business")
    if period.kind == "node":
        return _renamed(_months_back(period, 1, ""))
    if _is_whole_months(period):
        return _renamed(_months_back(period, _count_months(period), ""))
    moved = Period(
        "", period.kind, period.first - period.days * _DAY, period.last - period.days * _DAY
    )
    return _renamed(moved)


def year_ago(period: Period) -> Period:
    """Give the same span of the year before; a week keeps its number.

    A week or a business month that is cut short, as one still running, gives the same days of it.

    Examples
    --------
    >>> year_ago(parse("2012-09:ytd")).code, year_ago(parse("2012-02")).last.isoformat()
    ('2011-09:ytd', '2011-02-28')
    """
    if period.kind == "week":
        year, week, day = period.first.isocalendar()
        last_week = date(year - 1, 12, 28).isocalendar().week
        ago = parse(f"{year - 1}-W{min(week, last_week):02d}")
        if period.days == ago.days:
            return ago
        first = ago.first + (day - 1) * _DAY  # a week cut short keeps its days of the week
        return span(first, first + (period.last - period.first))
    if period.kind == "business":
        whole = parse(f"{period.last:%Y-%m}:business")
        if (whole.first, whole.last) == (period.first, period.last):
            return parse(f"{_shift(whole.last.replace(day=1), -12):%Y-%m}:business")
        return span(_year_back(period.first), _year_back(period.last))  # cut short: the same days
    if _is_whole_months(period) or period.kind == "node":
        return _renamed(_months_back(period, 12, ""))
    first, last = (_year_back(period.first), _year_back(period.last))
    return _renamed(Period("", period.kind, first, last))


def _year_back(day: date) -> date:
    last = calendar.monthrange(day.year - 1, day.month)[1]
    return day.replace(year=day.year - 1, day=min(day.day, last))


def in_order(codes: Iterable[str]) -> list[str]:
    """Sort periods by their days: by the last day, the shorter one first.

    Examples
    --------
    >>> in_order(["2012-04@12", "2012-03", "2012-03@09"])
    ['2012-03@09', '2012-03', '2012-04@12']
    """
    return sorted(codes, key=lambda code: (parse(code).last, parse(code).days))


def trailing(period: Period, count: int) -> list[Period]:
    """List a period and those before it, oldest first.

    Parameters
    ----------
    period : Period
        The last one.
    count : int
        How many in all. [periods]

    Examples
    --------
    >>> [p.code for p in trailing(parse("2012-02"), 3)]
    ['2011-12', '2012-01', '2012-02']
    """
    out = [period]
    while len(out) < count:
        out.append(previous(out[-1]))
    return out[::-1]


def months(period: Period) -> list[Period]:
    """List the calendar months a period touches, as whole months.

    Examples
    --------
    >>> [m.code for m in months(parse("2012Q1"))]
    ['2012-01', '2012-02', '2012-03']
    """
    first = period.first.replace(day=1)
    return [parse(f"{_shift(first, i):%Y-%m}") for i in range(_count_months(period))]


LONGEST_PIECE = 31


def pieces(period: Period) -> list[Piece]:
    """Cut a period into the pieces over which monthly quantities are measured.

    Up to 31 days are one piece, and so is a business month; longer spans are cut at month ends,
    and a piece weighs its share of its month, so that whole months weigh one each.

    Examples
    --------
    >>> [(p.last.isoformat(), p.weight) for p in pieces(parse("2012Q1"))]
    [('2012-01-31', 1.0), ('2012-02-29', 1.0), ('2012-03-31', 1.0)]
    >>> len(pieces(parse("2012-09:business")))
    1
    """
    if period.days <= LONGEST_PIECE or period.kind == "business":
        return [Piece(period.first, period.last, 1.0)]
    out = []
    for month in months(period):
        first, last = max(month.first, period.first), min(month.last, period.last)
        out.append(Piece(first, last, ((last - first).days + 1) / month.days))
    return out
