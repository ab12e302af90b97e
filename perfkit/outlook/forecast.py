"""What the months ahead will bring in sum, held against the two forecasts that need no brain."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError

__all__ = ["forecast", "forecast_backtest", "year_landing"]

YEAR = 12
ENOUGH = 36  # below it a level with its spread; no model is worth choosing
LONG = 60  # from here on a damped trend pays
FEWEST = 3


def _known(values: Sequence[float]) -> np.ndarray:
    known = np.asarray(values, float)
    if not np.isfinite(known).all():
        raise ReconcileError("month_missing", count=int((~np.isfinite(known)).sum()))
    if len(known) < FEWEST:
        raise ReconcileError("few_points", count=len(known), least=FEWEST)
    return known


def forecast(
    values: Sequence[float], *, ahead: int = YEAR, level: float = 0.8, target: float | None = None
) -> pd.Series:
    """Foresee the sum of the months ahead.

    Parameters
    ----------
    values : sequence of float
        One a month without a gap, oldest first. [any one unit]
    ahead : int, default 12
        How many months to add up. [months, 1 to 12]
    level : float, default 0.8
        Of the interval. [rate]
    target : float, optional
        What the sum should reach; gives the chance. [the same unit]

    Returns
    -------
    Series
        total, low, high [as the values], method, months (learnt from), last_year,
        last_year_growth: the same months a year ago, and these grown by the root of last year's
        growth [as the values; NaN where not known], chance [rate; NaN without a target].

    Raises
    ------
    ReconcileError
        A month is missing, there are fewer than three, or more than a year is asked for.

    Notes
    -----
    From 36 months on, all above zero: exponential smoothing of the logs with seasons (a damped
    trend from 60 on), and a t interval on the size of the yearly log growth of sums of as many
    months, since the model's own interval is too narrow, and the spread of growth about its mean
    is so too where growth itself changes. Otherwise the mean month, with the t
    interval of a sum of new months.

    Examples
    --------
    >>> found = forecast([50.0, 70.0, 60.0, 60.0], ahead=2)
    >>> found["method"], float(found["total"])
    ('level', 120.0)
    """
    known = _known(values)
    if not 1 <= ahead <= YEAR:
        raise ReconcileError("too_far", ahead=ahead, most=YEAR)
    plain = _plain(known, ahead)
    modelled = len(known) >= ENOUGH and (known > 0).all()
    middle, low, high, chance = (
        _modelled(known, ahead, level, target) if modelled else _level(known, ahead, level, target)
    )
    told = {"total": middle, "low": low, "high": high, "method": "ets" if modelled else "level"}
    return pd.Series({**told, "months": len(known), **plain, "chance": chance})


def _plain(known: np.ndarray, ahead: int) -> dict[str, float]:
    """Give last year's sum of the months ahead, and the same with half of the last growth."""
    if len(known) < YEAR:
        return {"last_year": math.nan, "last_year_growth": math.nan}
    ago = known[len(known) - YEAR : len(known) - YEAR + ahead].sum()
    grown = math.nan
    if len(known) >= 2 * YEAR:
        before = known[-2 * YEAR : -YEAR].sum()
        ratio = known[-YEAR:].sum() / before if before > 0 else math.nan
        grown = float(ago * math.sqrt(ratio)) if ratio >= 0 else math.nan
    return {"last_year": float(ago), "last_year_growth": grown}


def _level(
    known: np.ndarray, ahead: int, level: float, target: float | None
) -> tuple[float, float, float, float]:
    """Take every month for a draw around one level."""
    from scipy.special import stdtr, stdtrit

    count, middle = len(known), float(known.mean()) * ahead
    error = float(known.std(ddof=1)) * math.sqrt(ahead + ahead**2 / count)
    reach = float(stdtrit(count - 1, 0.5 + level / 2)) * error
    floor = 0.0 if (known >= 0).all() else -math.inf
    chance = math.nan
    if target is not None:
        away = target - middle
        chance = float(1 - stdtr(count - 1, away / error)) if error else float(away <= 0)
    return middle, max(middle - reach, floor), middle + reach, chance


def _modelled(
    known: np.ndarray, ahead: int, level: float, target: float | None
) -> tuple[float, float, float, float]:
    """Smooth the logs; the interval is that of the yearly growth of such sums."""
    from scipy.special import stdtr, stdtrit

    middle = float(np.exp(_smoothed(np.log(known), ahead)).sum())
    sums = np.convolve(known, np.ones(ahead), mode="valid")
    growth = np.log(sums[YEAR:] / sums[:-YEAR])
    spread = float(np.sqrt((growth**2).mean()))  # growth itself is what a level misses
    freedom = max(len(known) // YEAR - 1, 1)  # sums that overlap are not news
    reach = float(stdtrit(freedom, 0.5 + level / 2)) * spread
    chance = math.nan
    if target is not None:
        away = math.log(target / middle) if target > 0 else -math.inf
        chance = float(1 - stdtr(freedom, away / spread)) if spread else float(away <= 0)
    return middle, middle * math.exp(-reach), middle * math.exp(reach), chance


def _smoothed(logs: np.ndarray, ahead: int) -> np.ndarray:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    trend = {"trend": "add", "damped_trend": True} if len(logs) >= LONG else {"trend": None}
    with warnings.catch_warnings():
        # the last digits of a fit that has all but converged change nothing that is read
        warnings.simplefilter("ignore")
        model = ETSModel(logs, error="add", seasonal="add", seasonal_periods=YEAR, **trend)
        return np.asarray(model.fit(disp=False).forecast(ahead))


def forecast_backtest(
    values: Sequence[float], *, ahead: int = YEAR, origins: int = 4, level: float = 0.8
) -> pd.DataFrame:
    """Try the forecast on the unit's own past, beside those that need no brain.

    Parameters
    ----------
    values : sequence of float
        One a month without a gap, oldest first. [any one unit]
    ahead : int, default 12
        How many months to add up. [months]
    origins : int, default 4
        How often: each try ends three months before the next. [tries]
    level : float, default 0.8
        Of the intervals. [rate]

    Returns
    -------
    DataFrame
        method (forecast, last_year, last_year_growth), tried, error: the mean of the errors over
        what came [rate], covered: the share inside the interval [rate; forecast only].

    Raises
    ------
    ReconcileError
        There are too few months to try it so often.

    Examples
    --------
    >>> months = [100.0 + 10 * (m % 12) + m for m in range(60)]
    >>> forecast_backtest(months)["error"].lt(0.1).tolist()
    [True, True, True]
    """
    known = _known(values)
    least = ENOUGH + ahead + 3 * (origins - 1)
    if len(known) < least:
        raise ReconcileError("few_points", count=len(known), least=least)
    errors: dict[str, list[float]] = {m: [] for m in ("total", "last_year", "last_year_growth")}
    inside = []
    for back in range(origins):
        end = len(known) - ahead - 3 * back
        came = float(known[end : end + ahead].sum())
        found = forecast(known[:end].tolist(), ahead=ahead, level=level)
        for name, own in errors.items():
            own.append(abs(float(found[name]) - came) / came if came > 0 else math.nan)
        inside.append(found["low"] <= came <= found["high"])
    return pd.DataFrame(
        {
            "method": ["forecast", "last_year", "last_year_growth"],
            "tried": origins,
            "error": [float(np.mean(own)) for own in errors.values()],
            "covered": [float(np.mean(inside)), math.nan, math.nan],
        }
    )


def year_landing(
    values: Sequence[float], *, months_done: int, level: float = 0.8, target: float | None = None
) -> pd.Series:
    """Say where a year will land after some of its months.

    Parameters
    ----------
    values : sequence of float
        One a month without a gap, oldest first, up to the last whole month. [any one unit]
    months_done : int
        How many of them are of this year. [months, 0 to 12]
    level : float, default 0.8
        Of the interval. [rate]
    target : float, optional
        The year's. [the same unit]

    Returns
    -------
    Series
        reached, landing, low, high [as the values], method (over when the year is), months,
        last_year: what is in hand and last year's remaining months, chance [rate].

    Raises
    ------
    ReconcileError
        As for `forecast`, or there are fewer months than are done.

    Examples
    --------
    >>> found = year_landing([50.0, 70.0, 60.0, 60.0], months_done=3)
    >>> float(found["reached"]), float(found["landing"])
    (190.0, 730.0)
    """
    known = _known(values)
    if not 0 <= months_done <= min(YEAR, len(known)):
        raise ReconcileError("months_done", done=months_done, known=len(known))
    reached = float(known[len(known) - months_done :].sum())
    rest = None if target is None else target - reached
    if months_done == YEAR:
        chance = math.nan if rest is None else float(rest <= 0)
        told = {"landing": reached, "low": reached, "high": reached, "method": "over"}
        return pd.Series({"reached": reached, **told, "months": len(known),
                          "last_year": reached, "chance": chance})  # fmt: skip
    found = forecast(known.tolist(), ahead=YEAR - months_done, level=level, target=rest)
    ends = zip(("landing", "low", "high"), ("total", "low", "high"), strict=True)
    told = {name: reached + float(found[own]) for name, own in ends}
    return pd.Series({"reached": reached, **told, "method": found["method"],
                      "months": len(known), "last_year": reached + float(found["last_year"]),
                      "chance": found["chance"]})  # fmt: skip
