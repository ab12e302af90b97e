"""What is still needed: a day, of whom, and in which month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit import workdays
from perfkit.errors import PerfkitError

__all__ = ["activity_needed", "run_rate", "split_by_days"]

Weights = Mapping[str, float] | None


def run_rate(target: float, actual: float, *, done: float, left: float) -> dict[str, float]:
    """Say what every remaining selling day must bring.

    Parameters
    ----------
    target, actual : float
        [any one unit]
    done, left : float
        [selling days]

    Returns
    -------
    dict
        days_left [selling days]; run_rate, 0 where the target is reached [as target a selling day];
        ratio: it over the rate so far, NaN where nothing was done yet [ratio].

    Examples
    --------
    >>> run_rate(90.0, 50.0, done=10.0, left=10.0)
    {'days_left': 10.0, 'run_rate': 4.0, 'ratio': 0.8}
    """
    need = max(target - actual, 0.0) / left if left > 0 else np.nan
    so_far = actual / done if done > 0 else np.nan
    return {"days_left": left, "run_rate": need, "ratio": need / so_far if so_far > 0 else np.nan}


def split_by_days(
    amount: float, first: dt.date, last: dt.date, weights: Weights = None
) -> pd.DataFrame:
    """Split what is left over the months of a span by their selling days.

    Parameters
    ----------
    amount : float
        [any one unit]
    first, last : date
        From the first day to the day it is to be done.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        month, days [selling days], amount [as amount]; the parts add up to the whole.

    Raises
    ------
    PerfkitError
        The span has no selling day, or ends before it begins.

    Examples
    --------
    >>> found = split_by_days(300.0, dt.date(2012, 11, 1), dt.date(2012, 12, 12))
    >>> found[["days", "amount"]].to_numpy().tolist()
    [[22.0, 220.0], [8.0, 80.0]]
    """
    days = workdays.selling_days(first, last, weights)
    month = pd.Series([f"{day:%Y-%m}" for day in days["date"]], name="month")
    out = days.groupby(month)["weight"].sum().rename("days").reset_index()
    whole = float(out["days"].sum())
    if whole <= 0:
        raise PerfkitError("no_selling_day", first=first, last=last)
    return out.assign(amount=amount * out["days"] / whole)


def activity_needed(
    premium: float, *, headcount: float, cases_per_active: float, average_case_size: float
) -> pd.Series[float]:
    """Say how many policies and which activity a premium takes.

    Parameters
    ----------
    premium : float
        [yuan]
    headcount : float
        [persons]
    cases_per_active : float
        [policies a person]
    average_case_size : float
        [yuan a policy]

    Returns
    -------
    Series
        cases [policies], active_agents [persons], activity_rate [rate]; nothing is rounded.
        NaN where a divisor is zero.

    Notes
    -----
    premium = headcount × activity rate × cases per active agent × average case size, solved for the
    second. Source: district deck 2012, section 28 (the November exercise).

    Examples
    --------
    >>> activity_needed(60_000.0, headcount=50.0, cases_per_active=1.0, average_case_size=6_000.0)[
    ...     "activity_rate"
    ... ].item()
    0.2
    """
    cases = premium / average_case_size if average_case_size else np.nan
    active = cases / cases_per_active if cases_per_active else np.nan
    rate = active / headcount if headcount else np.nan
    return pd.Series({"cases": cases, "active_agents": active, "activity_rate": rate})
