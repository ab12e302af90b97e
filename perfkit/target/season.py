"""Month weights: from history, from a plan's own row, from a calendar of campaigns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.errors import TargetError, UnknownName
from perfkit.target.entry import Matrix, complete, in_code_order, known, named, numbers

__all__ = ["closed", "from_calendar", "from_history", "from_plan", "on_selling_days", "shares"]

MONTHS = range(1, 13)
GRAIN = 2.0**-52


def closed(weights: pd.Series[float]) -> pd.Series[float]:
    """Scale weights so that they add up to exactly 1, in whatever order they are added.

    Parameters
    ----------
    weights : Series
        Not negative, any scale.

    Returns
    -------
    Series
        The shares: whole multiples of 2**-52, so that no sum of them is rounded. [rate]

    Raises
    ------
    TargetError
        A label comes twice, a weight is missing or negative, or none is above zero.

    Examples
    --------
    >>> float(closed(pd.Series([1.0, 1.0, 1.0])).sum())
    1.0
    """
    values = numbers(weights, "weight", "period")
    complete(values, weights.index, "weight")
    whole = float(values.sum())
    if whole <= 0:
        raise TargetError("no_weight", where=named(weights.index), total=1)
    grains = np.floor(values / whole / GRAIN)
    # The few grains that are over go to the largest: there they weigh the least.
    grains[int(np.argmax(grains))] += 1 / GRAIN - grains.sum()
    return pd.Series(grains * GRAIN, index=weights.index)


def _by_year(premiums: pd.Series[float]) -> pd.DataFrame:
    """Lay months out as years by months 1 to 12; a year that is not whole is refused."""
    values = numbers(premiums, "premium", "period")
    periods = [spans.parse(str(code)) for code in premiums.index]
    strange = [p.code for p in periods if p.kind != "month"]
    if strange:
        raise TargetError("not_months", count=len(strange), names=named(strange))
    complete(values, premiums.index, "premium")
    years = sorted({p.first.year for p in periods})
    have = {(p.first.year, p.first.month): v for p, v in zip(periods, values, strict=True)}
    lost = [f"{y}-{m:02d}" for y in years for m in MONTHS if (y, m) not in have]
    if not years:
        lost = [f"{m:02d}" for m in MONTHS]
    if lost:
        raise TargetError("short_year", count=len(lost), names=named(lost))
    frame = pd.DataFrame([[have[y, m] for m in MONTHS] for y in years], index=years)
    empty = frame.index[frame.sum(axis=1) <= 0]
    if len(empty):
        raise TargetError("no_weight", where=named(empty), total=1)
    return frame.set_axis(pd.Index(MONTHS, name="month"), axis=1)


def shares(premiums: pd.Series[float]) -> pd.DataFrame:
    """Give each month's share of its year.

    Parameters
    ----------
    premiums : Series
        One a month, by codes such as ``2011-01``; whole years. [yuan, or any one unit]

    Returns
    -------
    DataFrame
        Years by months 1 to 12; every year adds up to exactly 1. [rate]

    Raises
    ------
    TargetError
        A month is missing or comes twice, a label is no month, or a year has nothing.

    Examples
    --------
    >>> months = [f"2011-{m:02d}" for m in range(1, 13)]
    >>> float(shares(pd.Series(5.0, index=months)).loc[2011, 2].round(4))
    0.0833
    """
    years = _by_year(premiums)
    return pd.DataFrame({year: closed(row) for year, row in years.iterrows()}).T


def from_history(premiums: pd.Series[float], *, last: int | None = None) -> pd.DataFrame:
    """Make month weights from the monthly premiums of one or more whole years.

    Parameters
    ----------
    premiums : Series
        One a month, by codes such as ``2011-01``; whole years. [yuan, or any one unit]
    last : int, optional
        How many of the latest years to use; three are a good choice. By default all. [years]

    Returns
    -------
    DataFrame
        One row a month, 1 to 12: weight (the pooled share: premium of that month of all the
        years over the premium of the years; adds up to exactly 1), years (how many), low,
        high and spread (least, greatest and standard deviation of the years' own shares; spread
        is NaN for one year). [rate; years: count]

    Raises
    ------
    TargetError
        A month is missing or comes twice, a label is no month, fewer years than `last`, or a
        year has nothing.

    Notes
    -----
    On public monthly series the pooled share of three years put less of the year into the wrong
    month than seasonal smoothing or last year alone.

    Examples
    --------
    >>> months = [f"{y}-{m:02d}" for y in (2010, 2011) for m in range(1, 13)]
    >>> got = from_history(pd.Series([1.0] * 12 + [2.0] * 11 + [4.0], index=months))
    >>> got.loc[12].round(4).tolist()
    [0.1316, 2.0, 0.0833, 0.1538, 0.0499]
    >>> float(got["weight"].sum())
    1.0
    """
    years = _by_year(premiums)
    if last is not None and not 0 < last <= len(years):
        raise TargetError("too_few_years", wanted=last, found=len(years))
    years = years.iloc[-last:] if last else years
    each = shares(premiums).loc[years.index]
    return pd.DataFrame(
        {
            "weight": closed(years.sum()),
            "years": len(years),
            "low": each.min(),
            "high": each.max(),
            "spread": each.std(ddof=1),
        }
    ).rename_axis("month")


def from_plan(
    weights: pd.Series[float], *, printed: float, normalise: bool = False
) -> pd.DataFrame:
    """Take the month weights that a plan prints.

    Parameters
    ----------
    weights : Series
        One a month. [rate]
    printed : float
        What one unit of the last printed place is worth: 0.001 for ``12.5 %``. The sum may differ
        from 1 by half of it a month, and no more. [rate]
    normalise : bool, default False
        Scale weights whose sum is further from 1, instead of refusing them.

    Returns
    -------
    DataFrame
        One row a month: weight (adds up to exactly 1) and printed (as it came). [rate]

    Raises
    ------
    TargetError
        The weights do not add up to 1, one is missing or negative, or a month comes twice.

    Examples
    --------
    >>> row = pd.Series([0.333, 0.333, 0.333], index=[1, 2, 3])
    >>> float(from_plan(row, printed=0.001)["weight"].sum())
    1.0
    """
    values = numbers(weights, "weight", "period")
    complete(values, weights.index, "weight")
    near = len(values) * printed / 2
    off = float(values.sum()) - 1
    if not normalise and abs(off) > near + 1e-12:
        raise TargetError("plan_sum", total=1 + off, near=near, by=off)
    return pd.DataFrame({"weight": closed(weights), "printed": weights})


def from_calendar(
    factors: pd.Series[float], *, base: pd.Series[float] | None = None
) -> pd.DataFrame:
    """Make month weights from a calendar of campaigns.

    Parameters
    ----------
    factors : Series
        What a campaign month brings over an ordinary one: 1.4 is two fifths more. Months without
        a campaign are left out. [unitless]
    base : Series, optional
        Weights without campaigns, one a month, such as selling days; by default all twelve
        alike. [any scale]

    Returns
    -------
    DataFrame
        One row a month of `base`: weight (adds up to exactly 1), base (its share without the
        campaigns) and factor. [rate; factor: unitless]

    Raises
    ------
    UnknownName
        A factor is of a month that `base` does not have.
    TargetError
        A factor or weight is missing or negative, a month comes twice, or all are zero.

    Examples
    --------
    >>> float(from_calendar(pd.Series({1: 2.0})).loc[1, "weight"].round(4))
    0.1538
    """
    plain = pd.Series(1.0, index=pd.Index(MONTHS, name="month")) if base is None else base
    start = closed(plain)
    complete(numbers(factors, "factor", "period"), factors.index, "factor")
    known(factors.index, start.index, "period")
    factor = factors.reindex(start.index).fillna(1.0)
    return pd.DataFrame({"weight": closed(start * factor), "base": start, "factor": factor})


def on_selling_days(
    premiums: pd.Series[float], days: pd.Series[float], planned: pd.Series[float]
) -> pd.DataFrame:
    """Make month weights that move with the holidays: a share a selling day, times the days.

    Spring Festival falls into January in one year and into February in another; what it takes
    from a month goes with its selling days.

    Parameters
    ----------
    premiums : Series
        One a month, by codes such as ``2011-01``; whole years. [yuan, or any one unit]
    days : Series
        Selling days of the same months. [days]
    planned : Series
        Selling days of the months 1 to 12 of the year to plan. [days]

    Returns
    -------
    DataFrame
        One row a month, 1 to 12: weight (adds up to exactly 1), per_day (premium a selling day of
        that month over premium a selling day of the years), days (planned) and years (how many
        years of history). [rate; per_day: unitless; days]

    Raises
    ------
    UnknownName
        Days are of months that have no premium.
    TargetError
        A month or its days are missing, or a month with premium has no selling day.

    Examples
    --------
    >>> months = [f"2011-{m:02d}" for m in range(1, 13)]
    >>> days = pd.Series([20.0] * 12, index=months)
    >>> planned = pd.Series([20.0] * 12, index=range(1, 13))
    >>> planned[1], planned[2] = 16.0, 24.0
    >>> got = on_selling_days(pd.Series(5.0, index=months), days, planned)
    >>> got["weight"].round(4).tolist()[:3]
    [0.0667, 0.1, 0.0833]
    """
    known(days.index, premiums.index, "period")
    sold, worked = _by_year(premiums).sum(), _by_year(days.reindex(premiums.index)).sum()
    values = numbers(planned, "selling_days", "period")
    complete(values, planned.index, "selling_days")
    if list(in_code_order(planned.index)) != list(MONTHS):
        raise UnknownName(
            kind="period", name=named(planned.index), allowed=[str(m) for m in MONTHS]
        )
    idle = worked.index[(worked <= 0) & (sold > 0)]
    if len(idle):
        raise TargetError("no_days", count=len(idle), names=named(idle))
    per_day: Matrix = np.where(worked > 0, sold / worked.where(worked > 0, 1.0), 0.0)
    ahead = planned.reindex(MONTHS)
    return pd.DataFrame(
        {
            "weight": closed(ahead * per_day),
            "per_day": per_day / (sold.sum() / worked.sum()),
            "days": ahead,
            "years": len(premiums) // 12,
        }
    ).rename_axis("month")
