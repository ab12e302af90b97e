"""Where a month will land: what is in hand, and what still came after that day in other months."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi import grid, kpi, targets
from perfkit.kpi.catalogue import measures
from perfkit.period import Period

__all__ = ["landing", "landing_backtest", "month_landing"]

REGRESSION = 6  # from so many past months on; fewer give the mean of what still came
FEWEST = 2


class _Rest(NamedTuple):
    """What will still come: its middle, its error, and the freedom of that error."""

    middle: float
    error: float
    freedom: int
    method: str


def _rest(reached: np.ndarray, total: np.ndarray, now: float) -> _Rest:
    """Foresee what still comes from what came after the same day of past months."""
    rest = total - reached
    count = len(rest)
    if count < REGRESSION or np.ptp(reached) == 0:
        spread = float(rest.std(ddof=1)) * math.sqrt(1 + 1 / count)
        return _Rest(float(rest.mean()), spread, count - 1, "mean_rest")
    from statsmodels.regression.linear_model import OLS

    found = OLS(rest, np.column_stack([np.ones(count), reached])).fit()
    ahead = found.get_prediction(np.array([[1.0, now]]))
    error = float(np.sqrt(ahead.var_pred_mean[0] + found.scale))
    return _Rest(float(ahead.predicted[0]), error, count - 2, "regression")


def landing(
    history: pd.DataFrame, reached: float, *, level: float = 0.8, target: float | None = None,
    prior: float | None = None,
) -> pd.Series:  # fmt: skip
    """Say where a month will end, given what is in hand on a day of it.

    Parameters
    ----------
    history : DataFrame
        reached (in hand on the same day), total: one row a past month. [any one unit]
    reached : float
        What is in hand now. [the same unit]
    level : float, default 0.8
        Of the interval. [rate]
    target : float, optional
        What the month should reach; gives the chance. [the same unit]
    prior : float, optional
        A plan that must enter: the share of a month that usually still comes after this day is
        taken from it rather than from what is in hand (Bornhuetter and Ferguson 1972).

    Returns
    -------
    Series
        reached, landing, low, high [as reached], months, method (regression, mean_rest, plan or
        over), chance: that the target is reached [rate; NaN without a target].

    Raises
    ------
    ReconcileError
        Fewer than two past months are known, or nothing is known of this one.

    Notes
    -----
    From six months on, what still came is regressed on what was in hand, with the t interval of
    a new observation; before that its mean. In hand over the usual share is never used: of early
    days it is the worst forecast of all. The landing never lies below what is in hand where
    nothing that came later was negative.

    Examples
    --------
    >>> past = pd.DataFrame({"reached": [10.0, 20.0, 15.0], "total": [50.0, 62.0, 54.0]})
    >>> found = landing(past, 12.0)
    >>> round(float(found["landing"]), 1), found["method"]
    (52.3, 'mean_rest')
    """
    if not math.isfinite(reached):
        raise ReconcileError("in_hand_unknown")
    known = history[["reached", "total"]].dropna().to_numpy(float)
    if len(known) < FEWEST:
        raise ReconcileError("few_points", count=len(known), least=FEWEST)
    rest = _rest(known[:, 0], known[:, 1], reached)
    if prior is not None:
        whole = float(known[:, 1].sum())
        share = float(known[:, 0].sum()) / whole if whole > 0 else 0.0
        rest = rest._replace(middle=(1 - share) * prior, method="plan")
    floor = reached if (known[:, 1] >= known[:, 0]).all() else -math.inf
    return pd.Series({"reached": reached, **_ends(rest, reached, floor, level),
                      "months": len(known), "method": rest.method,
                      "chance": _chance(rest, reached, floor, target)})  # fmt: skip


def _ends(rest: _Rest, reached: float, floor: float, level: float) -> dict[str, float]:
    from scipy.special import stdtrit

    reach = float(stdtrit(rest.freedom, 0.5 + level / 2)) * rest.error
    middle = reached + rest.middle
    ends = {"landing": middle, "low": middle - reach, "high": middle + reach}
    return {name: max(end, floor) for name, end in ends.items()}


def _chance(rest: _Rest, reached: float, floor: float, target: float | None) -> float:
    if target is None or math.isnan(target):
        return math.nan
    if target <= floor:
        return 1.0
    away = target - reached - rest.middle
    if rest.error == 0:
        return float(away <= 0)
    from scipy.special import stdtr

    return float(1 - stdtr(rest.freedom, away / rest.error))


def landing_backtest(
    history: pd.DataFrame, *, level: float = 0.8, first: int = REGRESSION
) -> pd.Series:
    """Try the landing on the unit's own past: each month from those before it.

    Parameters
    ----------
    history : DataFrame
        reached, total: one row a past month, oldest first. [any one unit]
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
    >>> past = pd.DataFrame({"reached": [10.0, 20, 15, 12] * 3, "total": [50.0, 62, 54, 51] * 3})
    >>> found = landing_backtest(past)
    >>> int(found["tried"]), float(found["covered"])
    (6, 1.0)
    """
    known = history[["reached", "total"]].dropna().reset_index(drop=True)
    inside, misses = [], []
    for row in range(max(first, FEWEST), len(known)):
        found = landing(known.iloc[:row], float(known["reached"][row]), level=level)
        total = float(known["total"][row])
        inside.append(found["low"] <= total <= found["high"])
        misses.append((found["landing"] - total) ** 2)
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


def month_landing(
    book: Book,
    code: str,
    *,
    by: str,
    period: str | Period,
    day: int | None = None,
    since: str | None = None,
    months: int = 24,
    level: float = 0.8,
    version: str = "plan",
) -> pd.DataFrame:
    """Say where a month of every unit will land.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        A KPI that adds up over days.
    by : str
        The level.
    period : str or Period
        The month.
    day : int, optional
        On which day of it; the book's as_of, or the last day, otherwise. [day of the month]
    since : str, optional
        The first month to learn from: after a change of regime (an incentive that moves sales
        forward) earlier months mislead.
    months : int, default 24
        Learn from at most so many past months.
    level : float, default 0.8
        Of the intervals. [rate]
    version : str, default "plan"
        Which targets the chance is of.

    Returns
    -------
    DataFrame
        unit, kpi, period, day, reached, landing, low, high, target [the KPI's unit], chance
        [rate], periods (months learnt from), method, tried, covered (`landing_backtest`). A unit
        with fewer than two past months has what is in hand, NaN else and the method no_history.

    Raises
    ------
    ReconcileError
        The KPI does not add up over days, or the period is no month.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = month_landing(
    ...     open_book("district_one"), "premium_issued", by="district", period="2012-09", day=11
    ... )
    >>> bool(found["low"][0] <= found["landing"][0] <= found["high"][0])
    True
    """
    month, one = spans.parse(period), kpi(code)
    if one.denominator or not all(measures()[t.measure].additive for t in one.numerator):
        raise ReconcileError("does_not_add_up", kpi=code)
    if month.kind != "month":
        raise ReconcileError("no_month", period=month.code)
    at = _day(book, month, day)
    past = [m for m in spans.trailing(month, months + 1)[:-1] if m.first >= book.facts_from]
    if since is not None:
        past = [m for m in past if m.first >= spans.parse(since).first]
    pairs = {m.code: spans.parse(f"{m.code}@{min(at, m.days):02d}") for m in [*past, month]}
    asked = [*past, *pairs.values()]
    found = grid(book, [code], by=by, period=asked, variants=None)
    wide = found.pivot(index="unit", columns="period", values=code)
    aims = targets(book, code, by=by, period=month, version=version).set_index("unit")["target"]
    rows = []
    for unit, row in wide.iterrows():
        history = pd.DataFrame(
            {
                "reached": [row[pairs[m.code].code] for m in past],
                "total": [row[m.code] for m in past],
            }
        )
        now, aim = float(row[pairs[month.code].code]), float(aims.get(unit, math.nan))
        rows.append({"unit": unit, "kpi": code, "period": month.code, "day": at, "target": aim}
                    | _landed(history, now, level, aim))  # fmt: skip
    columns = ["unit", "kpi", "period", "day", "reached", "landing", "low", "high", "target",
               "chance", "periods", "method", "tried", "covered"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _day(book: Book, month: Period, day: int | None) -> int:
    if day is None:
        inside = month.first <= book.as_of <= month.last
        return book.as_of.day if inside else month.days
    if not 1 <= day <= month.days:
        raise ReconcileError("no_such_day", day=day, period=month.code, most=month.days)
    return day


def _landed(history: pd.DataFrame, now: float, level: float, aim: float) -> dict[str, object]:
    """Land one unit, or say that it has no past to learn from."""
    known = history.dropna()
    known = known[known["total"].ne(0) | known["reached"].ne(0)]
    tried = landing_backtest(known, level=level)
    told: dict[str, object] = {"reached": now, "periods": len(known), "method": "no_history"}
    told |= {"tried": tried["tried"], "covered": tried["covered"]}
    if len(known) < FEWEST or math.isnan(now):
        return told
    found = landing(known, now, level=level, target=aim)
    return told | {name: found[name] for name in ("landing", "low", "high", "method", "chance")}
