"""Working and selling days: China's holidays and make-up days, and weeks as the office counts them.

A day is of one of four types: a workday, a make-up day (a weekend day that is worked), a weekend
day, or a holiday. What a type is worth in selling is a weight, learned from daily history.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from perfkit.errors import PerfkitError

__all__ = [
    "DAY_TYPES",
    "WORKING",
    "day_types",
    "known_until",
    "learn_weights",
    "selling_days",
    "unannounced",
    "weeks",
    "working_days",
]

DAY_TYPES = ("workday", "make_up", "weekend", "holiday")
# The plain count of working days, as weights.
WORKING: Mapping[str, float] = MappingProxyType(
    {"workday": 1.0, "make_up": 1.0, "weekend": 0.0, "holiday": 0.0}
)
LEAST_DAYS = 4  # fewer days of a type say nothing of it: it takes the weight of its like
LIKE = {"make_up": "workday", "holiday": "weekend"}
SUNDAY = 6
_DAY = dt.timedelta(days=1)


@functools.cache
def known_until() -> int:
    """Give the last year whose holidays have been announced, as far as the calendar knows.

    Returns
    -------
    int
        [year]

    Examples
    --------
    >>> known_until() >= 2026
    True
    """
    from holidays.countries.china import ChinaStaticHolidays

    return int(max(ChinaStaticHolidays.special_public_holidays))


def unannounced(first: dt.date, last: dt.date) -> list[int]:
    """List the years of a span whose make-up days nobody has announced: their count is a guess.

    Parameters
    ----------
    first, last : date
        A closed span.

    Returns
    -------
    list of int
        Empty where every year is known. [years]

    Examples
    --------
    >>> unannounced(dt.date(2012, 1, 1), dt.date(2012, 12, 31))
    []
    >>> unannounced(dt.date(2998, 12, 1), dt.date(2999, 1, 31))
    [2998, 2999]
    """
    return [year for year in range(first.year, last.year + 1) if year > known_until()]


@functools.cache
def _year(year: int) -> tuple[frozenset[dt.date], frozenset[dt.date]]:
    """Give the days off by law or in exchange, and the weekend days that are worked."""
    import holidays

    found = holidays.country_holidays("CN", years=year)
    return frozenset(found), frozenset(found.weekend_workdays)


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]


def _plain_type(day: dt.date) -> str:
    off, worked = _year(day.year)
    if day in worked:
        return "make_up"
    if day in off:
        return "holiday"
    return "weekend" if day.weekday() >= 5 else "workday"


def _is_off(day: dt.date) -> bool:
    return _plain_type(day) in {"weekend", "holiday"}


def _in_a_holiday(day: dt.date) -> bool:
    """Tell a weekend day that lies in one run of days off with a holiday."""
    for step in (_DAY, -_DAY):
        other = day
        while _is_off(other):
            if _plain_type(other) == "holiday":
                return True
            other += step
    return False


@functools.cache
def _type(day: dt.date) -> str:
    plain = _plain_type(day)
    return "holiday" if plain == "weekend" and _in_a_holiday(day) else plain


def _check(first: dt.date, last: dt.date) -> None:
    if last < first:
        raise PerfkitError("days_in_order", first=first, last=last)


def day_types(first: dt.date, last: dt.date) -> pd.DataFrame:
    """Say of every day of a span what it is.

    Parameters
    ----------
    first, last : date
        A closed span.

    Returns
    -------
    DataFrame
        date (a date), day_type (one of `DAY_TYPES`), announced: False in a year whose make-up days
        are not known yet. A weekend beside a holiday is part of the holiday.

    Raises
    ------
    PerfkitError
        The last day lies before the first.

    Notes
    -----
    Source: the State Council's yearly notices, as the package ``holidays`` holds them.

    Examples
    --------
    >>> day_types(dt.date(2012, 9, 28), dt.date(2012, 10, 1))["day_type"].tolist()
    ['workday', 'make_up', 'holiday', 'holiday']
    """
    _check(first, last)
    days = _days(first, last)
    return pd.DataFrame(
        {
            "date": pd.Series(days, dtype=object),
            "day_type": [_type(day) for day in days],
            "announced": [day.year <= known_until() for day in days],
        }
    )


def working_days(first: dt.date, last: dt.date) -> int:
    """Count the working days of a closed span, make-up days included.

    Returns
    -------
    int
        [days]

    Raises
    ------
    PerfkitError
        The last day lies before the first.

    Examples
    --------
    >>> working_days(dt.date(2012, 9, 1), dt.date(2012, 9, 30))
    21
    """
    _check(first, last)
    return sum(not _is_off(day) for day in _days(first, last))


def _weight_of(kind: str, weights: Mapping[str, float]) -> float:
    value = float(weights.get(kind, np.nan))
    if not np.isfinite(value) or value < 0:
        raise PerfkitError("bad_day_weight", kind=kind, value=value, allowed=", ".join(DAY_TYPES))
    return value


def selling_days(
    first: dt.date, last: dt.date, weights: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Count selling days through a span.

    Parameters
    ----------
    first, last : date
        A closed span, such as a month.
    weights : mapping of str to float, optional
        What a day of each type is worth, a workday being 1; plain working days otherwise.
        [selling days]

    Returns
    -------
    DataFrame
        date, day_type, announced; weight; selling_day: their sum to the end of the day [selling
        days]; elapsed: its share of the span's [rate]. NaN in a span without any selling day.

    Raises
    ------
    PerfkitError
        A weight is missing, negative or no number; or the last day lies before the first.

    Examples
    --------
    >>> days = selling_days(dt.date(2012, 9, 1), dt.date(2012, 9, 30)).set_index("date")
    >>> days.loc[dt.date(2012, 9, 11), "selling_day"].item()
    7.0
    """
    chosen = WORKING if weights is None else weights
    worth = {kind: _weight_of(kind, chosen) for kind in DAY_TYPES}
    out = day_types(first, last)
    out["weight"] = out["day_type"].map(worth).astype(float)
    out["selling_day"] = out["weight"].cumsum()
    whole = float(out["weight"].sum())
    out["elapsed"] = out["selling_day"] / whole if whole else np.nan
    return out


def learn_weights(daily: pd.Series[float]) -> pd.DataFrame:
    """Learn from daily history what a day of each type is worth.

    Parameters
    ----------
    daily : Series
        What each day brought (premium, policies), its index dates; missing days are left out.
        [any one unit]

    Returns
    -------
    DataFrame
        Index day_type; days [days], mean [as daily], weight: the mean over that of a workday
        [selling days], learned: False where too few days of a type stood in the history, which
        then takes the weight of its like (make-up as workday, holiday as weekend).

    Raises
    ------
    PerfkitError
        The history holds too few workdays, or they brought nothing.

    Examples
    --------
    >>> days = pd.date_range("2012-03-05", "2012-03-18").date
    >>> sold = [0.0 if day.weekday() == 6 else 10.0 for day in days]
    >>> learn_weights(pd.Series(sold, index=days))["weight"].to_dict()["weekend"]
    0.5
    """
    known = daily.dropna()
    kinds = pd.Series([_type(_as_date(day)) for day in known.index], index=known.index)
    counts = kinds.value_counts().reindex(list(DAY_TYPES), fill_value=0)
    sums = known.groupby(kinds).sum().reindex(list(DAY_TYPES))
    means = sums / counts.where(counts > 0)
    if counts["workday"] < LEAST_DAYS or not means["workday"] > 0:
        raise PerfkitError("no_daily_history", days=int(counts["workday"]), least=LEAST_DAYS)
    weight = means / means["workday"]
    learned = counts >= LEAST_DAYS
    for kind, like in LIKE.items():
        if not learned[kind]:
            weight[kind] = weight[like] if learned[like] else WORKING[kind]
    if not learned["weekend"]:
        weight["weekend"] = WORKING["weekend"]
    frame = {"days": counts, "mean": means, "weight": weight.clip(lower=0.0), "learned": learned}
    return pd.DataFrame(frame).rename_axis("day_type")


def _as_date(day: object) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day  # type: ignore[return-value]


def weeks(first: dt.date, last: dt.date, *, starts: int = SUNDAY) -> pd.DataFrame:
    """List the weeks that the office counts to a span: those that end in it.

    Parameters
    ----------
    first, last : date
        A closed span, such as a month.
    starts : int, default 6
        The weekday a week begins with: 0 is Monday, 6 is Sunday.

    Returns
    -------
    DataFrame
        week (from 1), first, last (dates), working_days [days]. Every week belongs to one month:
        the one it ends in.

    Raises
    ------
    PerfkitError
        There is no such weekday, or the last day lies before the first.

    Notes
    -----
    Source: the grids of district deck 2012, sections 29-31: September's runs from 26 August to
    29 September, November's from 29 October to 25 November.

    Examples
    --------
    >>> september = weeks(dt.date(2012, 9, 1), dt.date(2012, 9, 30))
    >>> len(september), september["first"].iloc[0].isoformat()
    (5, '2012-08-26')
    """
    _check(first, last)
    if starts not in range(7):
        raise PerfkitError("bad_weekday", value=starts)
    ends = (starts - 1) % 7
    closing: Iterable[dt.date] = (d for d in _days(first, last) if d.weekday() == ends)
    rows = [
        [number, day - 6 * _DAY, day, working_days(day - 6 * _DAY, day)]
        for number, day in enumerate(closing, 1)
    ]
    return pd.DataFrame(rows, columns=["week", "first", "last", "working_days"])
