"""Where a month lands: what is in hand, and what past months still brought from there on.

The remainder of a month is forecast, never "actual over usual share": that divides by a small and
restless number. Past months give pairs of what was in hand at the same selling day and what came
after. How far the remainder leans on what is in hand is a slope; a few months say little of it, so
it is drawn towards a slope of none by as much as they leave open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from perfkit import period
from perfkit.errors import PerfkitError, UnknownName

__all__ = ["LEAST_FOR_SLOPE", "LEAST_MONTHS", "METHODS", "Landing", "land", "landing_backtest",
           "since_break"]  # fmt: skip

METHODS = ("shrunk", "regression", "mean")
LEAST_MONTHS = 2  # one month has no spread, so no interval
LEAST_FOR_SLOPE = 6  # fewer months say nothing of a slope
# How far slopes of districts lie from none: the remainder may lean on what is in hand by about a
# yuan a yuan, either way (minus one: the month's total is what is kept).
SLOPE_SPREAD = 1.0


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a month will probably end.

    Attributes
    ----------
    hand : float
        What is in hand. [as the history]
    expected, low, high : float
        The whole month, and its interval. [as the history]
    level : float
        Of the interval. [rate]
    months : int
        How many past months it rests on. [months]
    method : str
        shrunk, regression, mean or plan.
    middle, scale, freedom : float
        Of the t distribution of the whole month, before anything is cut off at the floor.
        [as the history; degrees of freedom]
    floor : float
        Below it the month will not end: what is in hand, unless a past month lost some of what it
        had, as by cancellations; then minus infinity. [as the history]
    """

    hand: float
    expected: float
    low: float
    high: float
    level: float
    months: int
    method: str
    middle: float
    scale: float
    freedom: float
    floor: float

    def chance(self, target: float) -> float:
        """Give the chance that the month ends at a target or above it.

        Parameters
        ----------
        target : float
            [as the history]

        Returns
        -------
        float
            [rate] NaN for a missing target.

        Examples
        --------
        >>> past = pd.DataFrame({"hand": [3.0, 5.0, 4.0], "total": [10.0, 12.0, 11.0]})
        >>> found = land(past, 6.0)
        >>> found.chance(5.0), found.chance(20.0)
        (1.0, 0.0)
        """
        from scipy.special import stdtr

        if math.isnan(target):
            return math.nan
        if target <= self.floor:
            return 1.0
        if self.scale == 0:
            return float(self.middle >= target)
        return float(stdtr(self.freedom, (self.middle - target) / self.scale))


def since_break(history: pd.DataFrame, breaks: Sequence[str]) -> pd.DataFrame:
    """Keep the months since the last change of regime.

    Parameters
    ----------
    history : DataFrame
        Its index are codes of months, in any order.
    breaks : sequence of str
        The first month of each new regime, such as the month an incentive began.

    Returns
    -------
    DataFrame
        The rows from the last break on that any month of the history has reached; all without
        breaks. A break that lies after every month leaves nothing.

    Raises
    ------
    BadPeriod
        A break is no period.

    Examples
    --------
    >>> past = pd.DataFrame({"hand": [1.0, 2.0]}, index=["2012-05", "2012-07"])
    >>> since_break(past, ["2012-07"]).index.tolist()
    ['2012-07']
    """
    if not breaks:
        return history.copy()
    last = max(period.parse(code).first for code in breaks)
    kept = [period.parse(str(month)).first >= last for month in history.index]
    return history.loc[np.array(kept, dtype=bool)]


class _Rest(NamedTuple):
    """What will still come: its middle, its scale, and the degrees of freedom."""

    middle: float
    scale: float
    freedom: float
    method: str


def _fit(hand: np.ndarray, rest: np.ndarray, at: float, method: str) -> _Rest:
    """Foresee the remainder from what came after the same selling day of past months."""
    count = len(hand)
    mean, spread = float(rest.mean()), float(((hand - hand.mean()) ** 2).sum())
    if method == "mean" or count < LEAST_FOR_SLOPE or spread == 0:
        scale = float(rest.std(ddof=1)) * math.sqrt(1 + 1 / count)
        return _Rest(mean, scale, count - 1, "mean")
    shared = float(((hand - hand.mean()) * (rest - mean)).sum())
    noise = float(((rest - mean - shared / spread * (hand - hand.mean())) ** 2).sum()) / (count - 2)
    pull = noise / SLOPE_SPREAD**2 if method == "shrunk" else 0.0
    slope, away = shared / (spread + pull), at - float(hand.mean())
    left = rest - mean - slope * (hand - hand.mean())
    # The slope costs as many degrees of freedom as the history lets it move.
    freedom = count - 1 - spread / (spread + pull)
    scale = math.sqrt(
        float((left**2).sum()) / freedom * (1 + 1 / count + away**2 / (spread + pull))
    )
    return _Rest(mean + slope * away, scale, freedom, method)


def _planned(hand: np.ndarray, total: np.ndarray, plan: float) -> float:
    """Give what a plan lets expect after this day: its usual share that still comes then."""
    whole = float(total.sum())
    return (1 - (float(hand.sum()) / whole if whole > 0 else 0.0)) * plan


def _checked(history: pd.DataFrame, hand: float, method: str) -> pd.DataFrame:
    if method not in METHODS:
        raise UnknownName(kind="method", name=method, allowed=METHODS)
    past = history.dropna(subset=["hand", "total"])
    if len(past) < LEAST_MONTHS:
        raise PerfkitError("no_month_history", months=len(past), least=LEAST_MONTHS)
    if not math.isfinite(hand):
        raise PerfkitError("nothing_in_hand", value=hand)
    return past


def land(
    history: pd.DataFrame, hand: float, *, level: float = 0.8, method: str = "shrunk",
    plan: float | None = None,
) -> Landing:  # fmt: skip
    """Forecast the whole month from what is in hand.

    Parameters
    ----------
    history : DataFrame
        One row a past month: hand, what was in hand at the same selling day; total, what the month
        came to. Rows with a gap are left out. [any one unit]
    hand : float
        What is in hand now. [as history]
    level : float, default 0.8
        Of the interval. [rate]
    method : {"shrunk", "regression", "mean"}, default "shrunk"
        How the remainder leans on what is in hand: by a slope drawn towards none, by the plain
        least-squares slope, or not at all. Below six months it never does.
    plan : float, optional
        A plan that must enter: what usually still comes of a month after this day is taken of it,
        with the spread of the method. [as history]

    Returns
    -------
    Landing
        Nothing of it lies below what is in hand, unless a past month ended below what it had.

    Raises
    ------
    UnknownName
        There is no such method.
    PerfkitError
        Fewer than two past months are whole, or what is in hand is missing.

    Notes
    -----
    Source: methods compared on simulated districts (``benchmarks/pacing.py``). With a plan:
    Bornhuetter and Ferguson 1972.

    Examples
    --------
    >>> past = pd.DataFrame({"hand": [3.0, 5.0, 4.0], "total": [10.0, 12.5, 10.5]})
    >>> found = land(past, 6.0)
    >>> round(found.expected, 2), found.months, found.method
    (13.0, 3, 'mean')
    """
    from scipy.special import stdtrit

    past = _checked(history, hand, method)
    held, total = past["hand"].to_numpy(float), past["total"].to_numpy(float)
    rest = _fit(held, total - held, hand, method)
    if plan is not None:
        rest = rest._replace(middle=_planned(held, total, plan), method="plan")
    floor = hand if (total >= held).all() else -math.inf
    middle = hand + rest.middle
    reach = float(stdtrit(rest.freedom, 0.5 + level / 2)) * rest.scale
    return Landing(
        hand=hand,
        expected=max(middle, floor),
        low=max(middle - reach, floor),
        high=max(middle + reach, floor),
        level=level,
        months=len(past),
        method=rest.method,
        middle=middle,
        scale=rest.scale,
        freedom=rest.freedom,
        floor=floor,
    )


def landing_backtest(
    history: pd.DataFrame, *, level: float = 0.8, first: int = LEAST_FOR_SLOPE
) -> pd.Series:
    """Try the landing on the unit's own past: each month from those before it.

    Parameters
    ----------
    history : DataFrame
        hand, total: one row a past month, oldest first. [any one unit]
    level : float, default 0.8
        Of the intervals. [rate]
    first : int, default 6
        How many months to have before the first try. [months]

    Returns
    -------
    Series
        tried [months], covered: the share of tried months inside their interval [rate], error
        (root mean square) [as the values], error_share: over the mean month [rate]. NaN where
        nothing could be tried.

    Examples
    --------
    >>> past = pd.DataFrame({"hand": [10.0, 20, 15, 12] * 3, "total": [50.0, 62, 54, 51] * 3})
    >>> found = landing_backtest(past)
    >>> int(found["tried"]), float(found["covered"])
    (6, 1.0)
    """
    known = history[["hand", "total"]].dropna().reset_index(drop=True)
    inside, misses = [], []
    for row in range(max(first, LEAST_MONTHS), len(known)):
        found = land(known.iloc[:row], float(known["hand"][row]), level=level)
        total = float(known["total"][row])
        inside.append(found.low <= total <= found.high)
        misses.append((found.expected - total) ** 2)
    error = math.sqrt(float(np.mean(misses))) if misses else math.nan
    mean = float(known["total"].mean()) if len(known) else math.nan
    return pd.Series(
        {
            "tried": len(misses),
            "covered": float(np.mean(inside)) if inside else math.nan,
            "error": error,
            "error_share": error / mean if mean > 0 else math.nan,
        }
    )
