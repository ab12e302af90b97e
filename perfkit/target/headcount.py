"""Headcount forward and back: opening, recruits, leavers, closing; what newcomers bring."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import TargetError
from perfkit.target.entry import complete, named, numbers, once

__all__ = [
    "closing_after",
    "ramp_up",
    "recruits_for",
    "recruits_needed",
    "roll_forward",
    "steady_headcount",
    "steady_recruits",
]


def roll_forward(
    opening: float,
    recruits: pd.Series[float],
    leavers: pd.Series[float],
    *,
    transfers: pd.Series[float] | None = None,
    closing: pd.Series[float] | None = None,
) -> pd.DataFrame:
    """Roll a headcount forward month by month, and check closings that are stated.

    Parameters
    ----------
    opening : float
        Heads before the first month. [persons]
    recruits, leavers : Series
        One a month, in order. [persons]
    transfers : Series, optional
        Those who came from other units less those who went there. [persons]
    closing : Series, optional
        What the plan says the months close with; NaN is not said. [persons]

    Returns
    -------
    DataFrame
        One row a month: opening, recruits, leavers, transfers, closing, net_growth and
        attrition_rate (leavers over opening; NaN where nobody is). Opening + recruits - leavers +
        transfers = closing, exactly, and is the next month's opening. NaN in, NaN from that month
        on. [persons; rate]

    Raises
    ------
    TargetError
        A month comes twice or not in every Series, a number is negative, more leave than there
        are, or a stated closing is another one: the first such month, and how many.

    Notes
    -----
    Source: branch plan 2005, slide 25.

    Examples
    --------
    >>> months = ["2005-01", "2005-02"]
    >>> roll_forward(100, pd.Series([8, 5], months), pd.Series([3, 9], months))["closing"].tolist()
    [105.0, 101.0]
    """
    months = recruits.index
    moved = pd.Series(0.0, index=months) if transfers is None else transfers
    for other in (leavers, moved, *([] if closing is None else [closing])):
        once(other.index, "period")
        lost = months.symmetric_difference(other.index)
        if len(lost):
            raise TargetError("missing", what="month", count=len(lost), names=named(lost))
    numbers(leavers, "leavers", "period")
    out = pd.DataFrame(
        {"recruits": numbers(recruits, "recruits", "period"), "leavers": leavers.reindex(months)},
        index=months,
    ).astype(float)
    out["transfers"] = moved.reindex(months).astype(float)
    out["net_growth"] = out["recruits"] - out["leavers"] + out["transfers"]
    out["closing"] = opening + out["net_growth"].cumsum(skipna=False)
    out.insert(0, "opening", out["closing"].shift(1, fill_value=float(opening)))
    out["attrition_rate"] = out["leavers"] / out["opening"].where(out["opening"] != 0)
    below = months[out["closing"] < 0]
    if len(below):
        raise TargetError("negative", what="closing", count=len(below), names=named(below))
    if closing is not None:
        _check_closing(out["closing"], closing.reindex(months))
    return out


def _check_closing(found: pd.Series[float], stated: pd.Series[float]) -> None:
    bad = found.index[(found - stated).abs() > 1e-9 * found.abs().clip(lower=1)]
    if len(bad):
        first = bad[0]
        raise TargetError(
            "closing",
            month=str(first),
            found=float(found[first]),
            stated=float(stated[first]),
            count=len(bad),
        )


def _rate(attrition_rate: float) -> float:
    if not (0 <= attrition_rate <= 1 or np.isnan(attrition_rate)):
        raise TargetError("not_a_rate", what="attrition_rate", value=attrition_rate)
    return attrition_rate


def closing_after(opening: float, recruits: float, attrition_rate: float, *, months: int) -> float:
    """Say what a force closes with after months of equal recruiting and attrition.

    Parameters
    ----------
    opening : float
        Heads before the first month. [persons]
    recruits : float
        [persons a month]
    attrition_rate : float
        Leavers of a month over its opening. [rate]
    months : int
        How many. [months]

    Returns
    -------
    float
        Not rounded. [persons]

    Raises
    ------
    TargetError
        The attrition rate is none.

    Examples
    --------
    >>> closing_after(100, 10, 0.1, months=12)
    100.0
    """
    stay = 1 - _rate(attrition_rate)
    summed = months if stay == 1 else (1 - stay**months) / (1 - stay)
    return opening * stay**months + recruits * summed


def recruits_needed(opening: float, closing: float, attrition_rate: float, *, months: int) -> float:
    """Say how many recruits a month a closing needs.

    Parameters
    ----------
    opening, closing : float
        Heads before the first and after the last month. [persons]
    attrition_rate : float
        Leavers of a month over its opening. [rate]
    months : int
        How many. [months]

    Returns
    -------
    float
        Not rounded; below zero when the force closes above `closing` without any. NaN for no
        months. [persons a month]

    Raises
    ------
    TargetError
        The attrition rate is none.

    Examples
    --------
    >>> round(recruits_needed(100, 120, 0.1, months=12), 4)
    12.7872
    """
    unaided = closing_after(opening, 0, attrition_rate, months=months)
    by_one = closing_after(0, 1, attrition_rate, months=months)
    return (closing - unaided) / by_one if by_one else float("nan")


def steady_headcount(recruits: float, attrition_rate: float) -> float:
    """Say where a force settles.

    Parameters
    ----------
    recruits : float
        [persons a month]
    attrition_rate : float
        Leavers of a month over its opening. [rate]

    Returns
    -------
    float
        NaN without attrition: then it never settles. [persons]

    Raises
    ------
    TargetError
        The attrition rate is none.

    Examples
    --------
    >>> steady_headcount(20, 0.05)
    400.0
    """
    rate = _rate(attrition_rate)
    return recruits / rate if rate else float("nan")


def steady_recruits(headcount: float, attrition_rate: float) -> float:
    """Say how many recruits a month keep a force as large as it is.

    Parameters
    ----------
    headcount : float
        [persons]
    attrition_rate : float
        Leavers of a month over its opening. [rate]

    Returns
    -------
    float
        Not rounded. [persons a month]

    Raises
    ------
    TargetError
        The attrition rate is none.

    Examples
    --------
    >>> steady_recruits(400, 0.05)
    20.0
    """
    return headcount * _rate(attrition_rate)


def recruits_for(
    opening: float, closing: pd.Series[float], leavers: pd.Series[float]
) -> pd.Series[float]:
    """Say how many recruits each month's closing needs.

    Parameters
    ----------
    opening : float
        Heads before the first month. [persons]
    closing, leavers : Series
        One a month, in order. [persons]

    Returns
    -------
    Series
        One a month; put into `roll_forward` it gives the closings back. [persons]

    Raises
    ------
    TargetError
        A month comes twice or not in both, a number is negative, or a month closes lower than
        without any recruit: by how much it must be raised.

    Examples
    --------
    >>> months = ["2005-01", "2005-02"]
    >>> recruits_for(100, pd.Series([105, 101], months), pd.Series([3, 9], months)).tolist()
    [8.0, 5.0]
    """
    once(leavers.index, "period")
    lost = closing.index.symmetric_difference(leavers.index)
    if len(lost):
        raise TargetError("missing", what="month", count=len(lost), names=named(lost))
    numbers(closing, "closing", "period")
    gone = leavers.reindex(closing.index)
    numbers(gone, "leavers", "period")
    before = closing.shift(1, fill_value=float(opening))
    out = (closing - before + gone).astype(float)
    bad = out.index[out < 0]
    if len(bad):
        raise TargetError(
            "closing_too_low", month=str(bad[0]), by=float(-out[bad[0]]), count=len(bad)
        )
    return out


def ramp_up(
    recruits: pd.Series[float],
    in_force: pd.Series[float],
    productivity: pd.Series[float],
) -> pd.DataFrame:
    """Say what newcomers bring, cohort by cohort, while they stay and learn.

    Parameters
    ----------
    recruits : Series
        One a month of the plan, in order. [persons]
    in_force : Series
        By months of service, 0 for the month of joining: the share still in force on average.
        [rate]
    productivity : Series
        By the same months of service: what one in force brings. [yuan a head and month]

    Returns
    -------
    DataFrame
        Months by cohort (the month of joining): headcount and premium, one row a cohort and month
        from its joining on. Sum over cohorts for the month, over months for the cohort. NaN in, NaN
        out. [persons, yuan]

    Raises
    ------
    TargetError
        The curves do not begin at 0, are shorter than the first cohort is old at the end, or are
        not of the same months of service; a number is negative, or a share is over 1.

    Examples
    --------
    >>> got = ramp_up(
    ...     pd.Series({"2005-01": 10, "2005-02": 20}),
    ...     pd.Series([1.0, 0.9]),
    ...     pd.Series([500.0, 1_000.0]),
    ... )
    >>> got.groupby("month")["premium"].sum().tolist()
    [5000.0, 19000.0]
    """
    joined = numbers(recruits, "recruits", "period")
    needed = list(range(len(joined)))
    for what, curve in (("in_force", in_force), ("productivity", productivity)):
        lost = pd.Index(needed).difference(curve.index)
        if len(lost):
            raise TargetError("missing", what=what, count=len(lost), names=named(lost))
        complete(numbers(curve, what, "period"), curve.index, what)
    if (in_force > 1).any():
        raise TargetError("not_a_rate", what="in_force", value=float(in_force.max()))
    cohort, month = np.triu_indices(len(joined))
    service = month - cohort
    heads = joined[cohort] * in_force.reindex(needed).to_numpy(float)[service]
    return pd.DataFrame(
        {
            "cohort": recruits.index[cohort],
            "month": recruits.index[month],
            "service": service,
            "headcount": heads,
            "premium": heads * productivity.reindex(needed).to_numpy(float)[service],
        }
    )
