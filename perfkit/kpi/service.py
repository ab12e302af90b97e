"""Months of service: when N months are completed, and how many were on a day.

N months after a day is the same day of the month, or the month's last day where it has no such
day: 31 January and one month is 28 or 29 February. So calendar months map onto calendar months,
and no day 29 to 31 is ever dropped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["EPOCH", "add_months", "completed"]

EPOCH = 719163  # the day number of 1970-01-01
Days = npt.NDArray[np.int64]


def _split(days: Days) -> tuple[Any, Days]:
    """Give the month of each day, and how many days of it went before."""
    stamps = (np.asarray(days, dtype=np.int64) - EPOCH).astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    return months, (stamps - months.astype("datetime64[D]")).astype(np.int64)


def add_months(days: Days, months: int | Days) -> Days:
    """Give the day on which so many months are completed.

    Parameters
    ----------
    days : array of int
        First days. [day numbers]
    months : int or array of int
        How many. [months]

    Returns
    -------
    array of int
        Never in the wrong order: a later first day gives the same or a later day. [day numbers]

    Examples
    --------
    >>> from datetime import date
    >>> end = add_months(np.array([date(2012, 1, 31).toordinal()]), 3)
    >>> date.fromordinal(int(end[0])).isoformat()
    '2012-04-30'
    """
    start, before = _split(days)
    month = start + np.asarray(months, dtype=np.int64)
    first = month.astype("datetime64[D]").astype(np.int64)
    length = (month + 1).astype("datetime64[D]").astype(np.int64) - first
    return np.asarray(first + np.minimum(before, length - 1) + EPOCH, dtype=np.int64)


def completed(first: Days, day: Days) -> Days:
    """Count the months completed from a first day until a day.

    Parameters
    ----------
    first, day : array of int
        From which day, until which. [day numbers]

    Returns
    -------
    array of int
        The most months N for which `add_months` of the first day is not after the day;
        negative for a day before the first. [months]

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2011, 1, 31), date(2011, 2, 28)]
    >>> completed(*(np.array([d.toordinal()]) for d in days)).tolist()
    [1]
    """
    (start, before), (end, reached) = _split(first), _split(day)
    length = ((end + 1).astype("datetime64[D]") - end.astype("datetime64[D]")).astype(np.int64)
    whole = (end - start).astype(np.int64)
    return np.asarray(whole - (reached < np.minimum(before, length - 1)), dtype=np.int64)
