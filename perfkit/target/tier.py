"""Targets from a model of the force: heads of a class times what one of them brings a month."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import TargetError, UnknownName
from perfkit.target.entry import complete, known, named, not_negative, once

__all__ = [
    "at_mix",
    "compare",
    "heads_for",
    "heads_to_move",
    "model",
    "productivity_for",
]


def _columns(frame: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            raise UnknownName(kind="column", name=name, allowed=[str(c) for c in frame.columns])
        values = frame[name].to_numpy(dtype=float, na_value=np.nan)
        not_negative(values, frame.index, name)


def _over(part: pd.Series[float], whole: pd.Series[float] | float) -> pd.Series[float]:
    """Divide; by zero is NaN."""
    divisor = pd.Series(whole, index=part.index, dtype=float)
    return part / divisor.where(divisor != 0)


def model(frame: pd.DataFrame, *, months: float = 12, heads: str = "headcount") -> pd.DataFrame:
    """Say what classes of the force bring: heads times productivity times months.

    One model for every view: tiers of performance, markets, town and country, groups by size.

    Parameters
    ----------
    frame : DataFrame
        One row a class: `heads`, and productivity, or the two that make it: cases_per_head and
        average_case_size. [persons or groups; yuan a head and month; policies a head and month;
        yuan]
    months : float, default 12
        How long. [months]
    heads : str, default "headcount"
        The column that is counted: ``groups`` in a model of groups.

    Returns
    -------
    DataFrame
        The frame with productivity, premium, head_share and premium_share. NaN in, NaN
        out: a class of which something is unknown has no premium, and then no class has a share.
        [yuan a head and month, yuan, rate, rate]

    Raises
    ------
    UnknownName
        A column is missing.
    TargetError
        A class comes twice, a number is negative, or productivity is given beside two factors
        that make another one.

    Notes
    -----
    Source: branch plan 2005, slides 20, 23, 24 and 26.

    Examples
    --------
    >>> tiers = pd.DataFrame({"headcount": [10, 90], "productivity": [4_000, 1_000]})
    >>> model(tiers)["premium"].tolist()
    [480000, 1080000]
    """
    once(frame.index, "class")
    factors = ["cases_per_head", "average_case_size"]
    out = frame.copy()
    if set(factors) <= set(frame.columns):
        _columns(frame, factors)
        made = frame["cases_per_head"] * frame["average_case_size"]
        given = frame.get("productivity", made)
        bad = frame.index[(given - made).abs() > 1e-9 * made.abs()]
        if len(bad):
            raise TargetError("productivity", count=len(bad), names=named(bad))
        out["productivity"] = made
    _columns(out, [heads, "productivity"])
    out["premium"] = out[heads] * out["productivity"] * months
    for share, of in (("head_share", heads), ("premium_share", "premium")):
        out[share] = _over(out[of], float(out[of].sum(skipna=False)))
    return out


def heads_for(
    premium: pd.Series[float], productivity: pd.Series[float], *, months: float = 12
) -> pd.Series[float]:
    """Count the heads that bring a premium at a productivity.

    Parameters
    ----------
    premium : Series
        One a class. [yuan]
    productivity : Series
        One a class. [yuan a head and month]
    months : float, default 12
        How long. [months]

    Returns
    -------
    Series
        Not rounded; NaN where productivity is zero. [persons]

    Examples
    --------
    >>> heads_for(pd.Series([120_000]), pd.Series([1_000])).tolist()
    [10.0]
    """
    return _over(premium, productivity * months)


def productivity_for(
    premium: pd.Series[float], headcount: pd.Series[float], *, months: float = 12
) -> pd.Series[float]:
    """Say what a head must bring a month for a premium.

    Parameters
    ----------
    premium : Series
        One a class. [yuan]
    headcount : Series
        One a class. [persons]
    months : float, default 12
        How long. [months]

    Returns
    -------
    Series
        Not rounded; NaN where nobody is. [yuan a head and month]

    Examples
    --------
    >>> productivity_for(pd.Series([120_000]), pd.Series([10])).tolist()
    [1000.0]
    """
    return _over(premium, headcount * months)


def heads_to_move(gap: float, low: float, high: float, *, months: float = 12) -> float:
    """Count who must rise from one productivity to another to close a gap.

    Parameters
    ----------
    gap : float
        What is missing. [yuan]
    low, high : float
        What one brings before and after. [yuan a head and month]
    months : float, default 12
        How long. [months]

    Returns
    -------
    float
        Not rounded; NaN when the two are equal or something is missing. [persons]

    Raises
    ------
    TargetError
        Who rises would bring less.

    Examples
    --------
    >>> heads_to_move(1_200_000, 1_000, 6_000)
    20.0
    """
    if high < low:
        raise TargetError("not_a_rise", low=low, high=high)
    return gap / ((high - low) * months) if high != low else float("nan")


def at_mix(
    plan: pd.DataFrame,
    shares: pd.Series[float],
    *,
    months: float = 12,
    heads: str = "headcount",
    near: float = 0.0005,
) -> pd.DataFrame:
    """Ask what the plan's productivities would bring with another mix of the same heads.

    Parameters
    ----------
    plan : DataFrame
        One row a class: `heads` and productivity. [persons; yuan a head and month]
    shares : Series
        The other mix, such as the historical one: the share of every class. [rate]
    months : float, default 12
        How long. [months]
    heads : str, default "headcount"
        The column that is counted.
    near : float, default 0.0005
        How far the shares may add up to something else than 1, for printed ones: half of the last
        printed place. [rate]

    Returns
    -------
    DataFrame
        What `model` gives for that mix.

    Raises
    ------
    UnknownName
        A share is of a class that the plan does not have.
    TargetError
        A class has no share, or the shares do not add up to 1.

    Examples
    --------
    >>> plan = pd.DataFrame(
    ...     {"headcount": [50, 50], "productivity": [4_000, 1_000]}, index=["high", "other"]
    ... )
    >>> at_mix(plan, pd.Series({"high": 0.1, "other": 0.9}))["premium"].tolist()
    [480000.0, 1080000.0]
    """
    once(shares.index, "class")
    known(shares.index, plan.index, "class")
    mix = shares.reindex(plan.index).to_numpy(dtype=float, na_value=np.nan)
    complete(mix, plan.index, "share")
    not_negative(mix, plan.index, "share")
    if abs(mix.sum() - 1) > near * len(mix) + 1e-9:
        raise TargetError("plan_sum", total=float(mix.sum()), near=near, by=float(mix.sum() - 1))
    return model(
        plan[[heads, "productivity"]].assign(**{heads: plan[heads].sum(skipna=False) * mix}),
        months=months,
        heads=heads,
    )


def compare(plan: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Lay a model beside history, class by class.

    Parameters
    ----------
    plan : DataFrame
        What `model` gives.
    history : DataFrame
        One row a class; some of head_share, premium_share [rate], productivity [yuan a head and
        month]. NaN is not known.

    Returns
    -------
    DataFrame
        Rows of class and measure: plan, history, change (plan less history) and ratio (plan over
        history). In the order of the plan. [the measure's unit; ratio: unitless]

    Raises
    ------
    UnknownName
        History has a class that the plan does not have, or a column that no model has.
    TargetError
        A class comes twice.

    Examples
    --------
    >>> plan = model(pd.DataFrame({"headcount": [9], "productivity": [1_500]}, index=["all"]))
    >>> compare(plan, pd.DataFrame({"productivity": [1_000]}, index=["all"]))["ratio"].tolist()
    [1.5]
    """
    once(history.index, "class")
    known(history.index, plan.index, "class")
    allowed = ["head_share", "premium_share", "productivity"]
    strange = [str(c) for c in history.columns if c not in allowed]
    if strange:
        raise UnknownName(kind="column", name=strange[0], allowed=allowed)
    measures = [name for name in allowed if name in history.columns]
    rows = [(unit, name) for unit in plan.index for name in measures]
    before = history.reindex(plan.index)
    out = pd.DataFrame(
        {
            "plan": plan[measures].to_numpy(float).ravel(),
            "history": before[measures].to_numpy(float).ravel(),
        },
        index=pd.MultiIndex.from_tuples(rows, names=["class", "measure"]),
    )
    return out.assign(change=out["plan"] - out["history"], ratio=_over(out["plan"], out["history"]))
