"""After actuals: what is left of the year, over the months that are left, and at what rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import TargetError
from perfkit.target.apportion import split
from perfkit.target.entry import check_step, complete, known, named, numbers, once

__all__ = ["replan", "run_rate", "to_date"]


def _months(actual: pd.Series[float], weights: pd.Series[float]) -> tuple[pd.Index, pd.Index]:
    """Tell the closed months from those ahead; closed ones come first, without a gap."""
    numbers(weights, "weight", "period")
    complete(weights.to_numpy(dtype=float, na_value=np.nan), weights.index, "weight")
    once(actual.index, "period")
    known(actual.index, weights.index, "period")
    is_closed = actual.reindex(weights.index).notna()
    lost = weights.index[~is_closed & is_closed[::-1].cummax()[::-1]]
    if len(lost):
        raise TargetError("missing", what="actual", count=len(lost), names=named(lost))
    return weights.index[is_closed], weights.index[~is_closed]


def replan(
    total: float,
    actual: pd.Series[float],
    weights: pd.Series[float],
    *,
    floor: pd.Series[float] | None = None,
    cap: pd.Series[float] | None = None,
    step: int | None = None,
) -> pd.DataFrame:
    """Spread what is left of a year's target over the months that are left.

    Parameters
    ----------
    total : float
        The year's target. [yuan, or what is counted]
    actual : Series
        Of the closed months; NaN or left out is a month ahead. May be negative. [as total]
    weights : Series
        The plan's weights of all months, in order. [any scale]
    floor, cap : Series, optional
        The plan's bounds of months; those of closed months have no effect. [as total]
    step : int or None, default None
        Months ahead are multiples of it; what is left is rounded up to it first, so that the year
        is reached. [as total]

    Returns
    -------
    DataFrame
        One row a month: plan (the year by its weights), actual, target (of months ahead, NaN for
        closed ones) and outcome (actual, or target). The outcomes add up to `total`, more
        only by the rounding up, or where the year is reached already: then the months ahead have
        their floors, or 0. [as total]

    Raises
    ------
    UnknownName
        An actual or bound is of a month without weight.
    TargetError
        A closed month lacks its actual, a weight is missing or negative, or the bounds leave no
        room for what is left: by how much.

    Notes
    -----
    The same nearest-to-the-weights split as `split`; without bounds months ahead keep their shares
    among each other. The plan here is the year by weights alone, without its bounds.

    Examples
    --------
    >>> weights = pd.Series({"2012-10": 1.0, "2012-11": 2.0, "2012-12": 2.0})
    >>> replan(100, pd.Series({"2012-10": 10.0}), weights)["outcome"].tolist()
    [10.0, 45.0, 45.0]
    """
    closed, ahead = _months(actual, weights)
    plan = split(total, weights, step=None)
    done = actual.reindex(weights.index).astype(float)
    left = total - float(done[closed].sum())
    if step is not None:
        check_step(step)
        left = float(np.ceil(left / step - 1e-9) * step)
    for bound in (floor, cap):
        if bound is not None:
            known(bound.index, weights.index, "period")
    least, most = (None if b is None else b.reindex(ahead) for b in (floor, cap))
    if left <= 0:
        rest = pd.Series(0.0, index=ahead) if least is None else least.fillna(0.0).astype(float)
    elif not len(ahead):
        raise TargetError("caps_below_total", where="year", total=left, limit=0, by=left, count=1)
    else:
        rest = split(left, weights[ahead], floor=least, cap=most, step=step)
    target = rest.reindex(weights.index)
    return pd.DataFrame(
        {"plan": plan, "actual": done, "target": target, "outcome": done.fillna(target)}
    )


def to_date(total: float, actual: pd.Series[float], weights: pd.Series[float]) -> pd.Series[float]:
    """Say how far a year is, by its plan and in fact.

    Parameters
    ----------
    total : float
        The year's target. [yuan, or what is counted]
    actual : Series
        Of the closed months; NaN or left out is a month ahead. [as total]
    weights : Series
        The plan's weights of all months, in order. [any scale]

    Returns
    -------
    Series
        plan_share (weights of the closed months over all), plan and actual (to date), gap (actual
        less plan), attainment_to_date (actual over plan), attainment (actual over the
        year) and left (of the year). NaN where there is nothing to divide by. [rate; as total; as
        total; as total; rate; rate; as total]

    Raises
    ------
    UnknownName
        An actual is of a month without weight.
    TargetError
        A closed month lacks its actual, or a weight is missing or negative.

    Examples
    --------
    >>> weights = pd.Series({"2012-10": 1.0, "2012-11": 2.0, "2012-12": 2.0})
    >>> float(to_date(100, pd.Series({"2012-10": 10.0}), weights)["attainment_to_date"])
    0.5
    """
    closed, _ = _months(actual, weights)
    whole = float(weights.sum())
    share = float(weights[closed].sum()) / whole if whole else np.nan
    done = float(actual.reindex(closed).sum())
    plan = total * share
    return pd.Series(
        {
            "plan_share": share,
            "plan": plan,
            "actual": done,
            "gap": done - plan,
            "attainment_to_date": done / plan if plan else np.nan,
            "attainment": done / total if total else np.nan,
            "left": total - done,
        }
    )


def run_rate(target: float, actual: float, *, gone: float, ahead: float) -> pd.Series[float]:
    """Say what must come a day from here on, beside what came a day so far.

    Parameters
    ----------
    target, actual : float
        Of the whole span, and so far. [yuan, or what is counted]
    gone, ahead : float
        Selling days, or months, behind and ahead. [days]

    Returns
    -------
    Series
        so_far, needed (below zero when more than the target is there) and ratio (needed over
        so_far). NaN where there is nothing to divide by. [as target a day; unitless]

    Raises
    ------
    TargetError
        A number of days is negative.

    Examples
    --------
    >>> float(run_rate(100.0, 40.0, gone=10, ahead=10)["ratio"])
    1.5
    """
    days = pd.Series({"gone": gone, "ahead": ahead}, dtype=float)
    numbers(days, "days", "period")
    so_far = actual / gone if gone else np.nan
    needed = (target - actual) / ahead if ahead else np.nan
    ratio = needed / so_far if so_far else np.nan
    return pd.Series({"so_far": so_far, "needed": needed, "ratio": ratio})
