"""What is still needed: a day, of whom, and in which month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.errors import PerfkitError

__all__ = [
    "WAYS",
    "activity_at",
    "activity_needed",
    "cases_so_far",
    "people",
    "run_rate",
    "split_by_days",
    "split_ways",
]

# How what is left may be split over months; the last one lets the last month run to its end.
WAYS = ("working_days", "season_to_day", "season")

NEAR = 1e-9
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


def split_ways(
    amount: float,
    first: dt.date,
    last: dt.date,
    season: Mapping[str, float],
    *,
    step: int | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Lay ways to split what is left over the months of a span beside each other.

    Parameters
    ----------
    amount : float
        [any one unit]
    first, last : date
        From the first day to the day it is to be done.
    season : mapping of str to float
        Weights of whole months, by codes such as ``2012-11``; more months do no harm. [any scale]
    step : int, optional
        Every part but the last is rounded to a multiple of it; the last takes what is left. [as
        amount]
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        way; month; days of the month inside the span [selling days]; share [rate], amount [as
        amount]; per_day: amount over days. [as amount a selling day] One row a way and month; the
        months of a way add up to the whole. Ways: ``working_days``, as `split_by_days`;
        ``season_to_day``, a month's weight by as much of its selling days as lies inside the span;
        ``season``, the weights as they are, though the span ends inside a month.

    Raises
    ------
    PerfkitError
        The span has no selling day, or ends before it begins; or a month has no weight above zero.

    Notes
    -----
    Source: district deck 2012, section 25 (the branch's month weights) and section 28 (the November
    exercise, which is to be done before December ends).

    Examples
    --------
    >>> found = split_ways(
    ...     300.0, dt.date(2012, 11, 1), dt.date(2012, 12, 12), {"2012-11": 2.0, "2012-12": 1.0}
    ... )
    >>> found["amount"].round(1).tolist()
    [220.0, 80.0, 252.0, 48.0, 200.0, 100.0]
    """
    days = split_by_days(amount, first, last, weights)
    lacking = [month for month in days["month"] if not season.get(month, 0) > 0]
    if lacking:
        raise PerfkitError("season_weights", months=", ".join(lacking))
    inside = days["days"].to_numpy(float)
    whole = np.array([_selling_days(month, weights) for month in days["month"]])
    own = np.array([float(season[month]) for month in days["month"]])
    parts = []
    for way, share in zip(WAYS, (inside, own * inside / whole, own), strict=True):
        part = days.assign(way=way, share=share / share.sum())
        parts.append(part.assign(amount=_stepped(amount * part["share"], amount, step)))
    out = pd.concat(parts, ignore_index=True)
    out["per_day"] = out["amount"] / out["days"].where(out["days"] > 0)
    return out[["way", "month", "days", "share", "amount", "per_day"]]


def _stepped(parts: pd.Series[float], whole: float, step: int | None) -> pd.Series[float]:
    """Round parts to steps, all but the last, which makes them the whole again."""
    if step is None:
        return parts
    out = (parts / step).round() * step
    out.iloc[-1] = whole - out.iloc[:-1].sum()
    return out


def _selling_days(month: str, weights: Weights) -> float:
    """Count the selling days of a whole month."""
    span = spans.parse(month)
    return float(workdays.selling_days(span.first, span.last, weights)["weight"].sum())


def cases_so_far(
    premium: float,
    *,
    headcount: float,
    activity_rate: float,
    average_case_size: float,
    months: float = 1.0,
) -> float:
    """Say how many policies an active agent has written, from a premium and the other drivers.

    Parameters
    ----------
    premium : float
        Of all the months. [yuan]
    headcount : float
        [persons]
    activity_rate : float
        Of a mean month. [rate]
    average_case_size : float
        [yuan a policy]
    months : float, default 1
        How many months the premium is of. [months]

    Returns
    -------
    float
        Policies an active agent and month; NaN where a divisor is zero. [policies a person]

    Notes
    -----
    premium = headcount × activity rate × cases per active agent × average case size, solved for the
    third. Source: district deck 2012, section 34.

    Examples
    --------
    >>> cases_so_far(480_000.0, headcount=50, activity_rate=0.2, average_case_size=6_000, months=4)
    2.0
    """
    whole = months * headcount * activity_rate * average_case_size
    return premium / whole if whole else np.nan


def activity_at(
    amounts: Mapping[str, float],
    cases_per_active: Sequence[float],
    *,
    headcount: float,
    average_case_size: float,
) -> pd.DataFrame:
    """Lay out which activity amounts take, at several numbers of policies an active agent writes.

    Parameters
    ----------
    amounts : mapping of str to float
        Premium by name. [yuan]
    cases_per_active : sequence of float
        [policies a person]
    headcount : float
        [persons]
    average_case_size : float
        [yuan a policy]

    Returns
    -------
    DataFrame
        cases_per_active; and by amount, under its name the activity rate [rate] and under
        ``<name>_agents`` the active agents it takes [persons]. One row a number of policies;
        nothing is rounded, and a rate above 1 cannot be.

    Examples
    --------
    >>> activity_at({"need": 60_000.0}, [1.0, 2.0], headcount=50.0, average_case_size=6_000.0)[
    ...     "need"
    ... ].tolist()
    [0.2, 0.1]
    """
    rows = []
    for cases in cases_per_active:
        row = {"cases_per_active": float(cases)}
        for name, amount in amounts.items():
            found = activity_needed(
                amount,
                headcount=headcount,
                cases_per_active=cases,
                average_case_size=average_case_size,
            )
            row |= {name: found["activity_rate"], f"{name}_agents": found["active_agents"]}
        rows.append(row)
    return pd.DataFrame(rows)


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


def people(nodes: pd.DataFrame, *, headcount: float, supervisors: float) -> pd.DataFrame:
    """Say how many people the rates of a node plan are.

    Parameters
    ----------
    nodes : DataFrame
        What `nodeplan.checked` gives.
    headcount, supervisors : float
        [persons]

    Returns
    -------
    DataFrame
        The nodes with active_agents and supervisors_active: whole people, enough for the rate; NaN
        where there is no rate. [persons]

    Examples
    --------
    >>> nodes = pd.DataFrame({"activity_rate": [0.2], "supervisor_activity_rate": [0.5]})
    >>> people(nodes, headcount=176, supervisors=28)["active_agents"].tolist()
    [36.0]
    """
    # A rate that came out of whole people must not ask for one more.
    return nodes.assign(
        active_agents=np.ceil(nodes["activity_rate"] * headcount - NEAR),
        supervisors_active=np.ceil(nodes["supervisor_activity_rate"] * supervisors - NEAR),
    )
