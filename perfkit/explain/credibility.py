"""How far the number of a small unit can be believed: shrinkage, two rates, funnel, league."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError
from perfkit.explain.interval import wilson

__all__ = [
    "credibility",
    "difference_of_rates",
    "funnel",
    "funnel_limits",
    "funnel_lines",
    "league",
    "paired_difference",
]

LEVELS = (0.95, 0.998)


def credibility(frame: pd.DataFrame, *, of_rate: bool = False) -> pd.DataFrame:
    """Draw each unit's mean towards that of all, the more the less is known of it.

    Parameters
    ----------
    frame : DataFrame
        unit, value, weight: one row a unit and period; a rate is weighted by its heads. Rows
        without a value or with no weight tell nothing and are left out. [any one unit; any]
    of_rate : bool, default False
        The values are shares of heads: where no unit has two periods, the spread within is that
        of chance, p (1 - p), instead of a refusal.

    Returns
    -------
    DataFrame
        unit, periods, weight, mean [as the values], credibility [rate], estimate [as the
        values], and on every row common (the mean of all), between, within (the variances).
        A unit without history has no mean; its estimate is the common one.

    Raises
    ------
    ReconcileError
        Nothing is known of anybody, a weight is negative, or no unit has two periods.

    Notes
    -----
    Bühlmann and Straub 1970: credibility w / (w + within / between). Where the units differ no
    more than chance lets them, between is zero, credibility nil and every estimate common.

    Examples
    --------
    >>> rows = [("a", 1.0), ("a", 1.2), ("b", 2.0), ("b", 2.2)]
    >>> frame = pd.DataFrame(rows, columns=["unit", "value"]).assign(weight=10.0)
    >>> credibility(frame)["credibility"].round(3).tolist()
    [0.98, 0.98]
    """
    names = list(dict.fromkeys(frame["unit"]))
    if (frame["weight"] < 0).any():
        raise ReconcileError("negative_weight", count=int((frame["weight"] < 0).sum()))
    known = frame[frame["value"].notna() & (frame["weight"] > 0)]
    if known.empty:
        raise ReconcileError("no_history", count=len(names))
    own = known.assign(total=known["value"] * known["weight"]).groupby("unit", sort=False)
    units = own[["weight", "total"]].sum().assign(periods=own.size())
    units["mean"] = units["total"] / units["weight"]
    within = _within(known, units, of_rate=of_rate)
    between, common, share = _between(units, within)
    out = units.assign(credibility=share).reindex(names)
    out = out.fillna({"periods": 0, "weight": 0.0, "credibility": 0.0})
    pull = out["credibility"] * (out["mean"] - common)
    out = out.assign(estimate=common + pull.fillna(0.0), common=common, between=between)
    out = out.assign(within=within).rename_axis("unit").reset_index()
    return out[["unit", "periods", "weight", "mean", "credibility", "estimate", "common",
                "between", "within"]]  # fmt: skip


def _within(known: pd.DataFrame, units: pd.DataFrame, *, of_rate: bool) -> float:
    """Give the variance of one unit of weight within a unit, over its periods."""
    free = int((units["periods"] - 1).sum())
    if free:
        means = known["unit"].map(units["mean"])
        return float((known["weight"] * (known["value"] - means) ** 2).sum()) / free
    if not of_rate:
        raise ReconcileError("one_period", count=len(units))
    pooled = float(units["total"].sum() / units["weight"].sum())
    return pooled * (1 - pooled)


def _between(units: pd.DataFrame, within: float) -> tuple[float, float, pd.Series[float]]:
    """Give the variance between units, their common mean and each one's credibility."""
    weight, mean = units["weight"], units["mean"]
    whole = float(weight.sum())
    pooled = float((weight * mean).sum()) / whole
    room = whole - float((weight**2).sum()) / whole
    spread = float((weight * (mean - pooled) ** 2).sum()) - (len(units) - 1) * within
    between = max(spread / room, 0.0) if room > 0 else 0.0
    if between == 0:
        return 0.0, pooled, weight * 0.0
    share = weight * between / (weight * between + within)
    return between, float((share * mean).sum() / share.sum()), share


def difference_of_rates(
    count: float, of: float, other_count: float, other_of: float, *, level: float = 0.95
) -> pd.Series[float]:
    """Give the interval of the difference of two rates of different people.

    Parameters
    ----------
    count, of : float
        How many of how many. [members]
    other_count, other_of : float
        The rate it is held against. [members]
    level : float, default 0.95
        Of the interval. [rate]

    Returns
    -------
    Series
        difference, low, high; NaN where one of them is no share. [rate]

    Notes
    -----
    Newcombe 1998, method 10, from Wilson's intervals. Where they are the same people in two
    months, `paired_difference` knows more.

    Examples
    --------
    >>> difference_of_rates(56, 70, 48, 80).round(4).tolist()
    [0.2, 0.0524, 0.3339]
    """
    shares = ((count, of), (other_count, other_of))
    if not all(n > 0 and 0 <= c <= n for c, n in shares):
        return pd.Series({"difference": math.nan, "low": math.nan, "high": math.nan})
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        count, of, other_count, other_of, method="newcomb", compare="diff", alpha=1 - level
    )
    difference = count / of - other_count / other_of
    return pd.Series({"difference": difference, "low": float(low), "high": float(high)})


def paired_difference(both: int, first_only: int, second_only: int, neither: int) -> pd.Series:
    """Compare the rates of the same people in two months.

    Parameters
    ----------
    both, first_only, second_only, neither : int
        How many were active in both months, in one of them, in none. [persons]

    Returns
    -------
    Series
        n, first, second, difference (second less first) [rate], p: the exact chance of so uneven
        a change among those who changed (McNemar). NaN for nobody.

    Raises
    ------
    ReconcileError
        A count is negative.

    Examples
    --------
    >>> paired_difference(10, 1, 8, 20).round(3).tolist()
    [39.0, 0.282, 0.462, 0.179, 0.039]
    """
    cells = (both, first_only, second_only, neither)
    if min(cells) < 0:
        raise ReconcileError("negative_weight", count=sum(cell < 0 for cell in cells))
    size = sum(cells)
    if not size:
        return pd.Series(dict.fromkeys(("first", "second", "difference", "p"), math.nan) | {"n": 0})
    from statsmodels.stats.contingency_tables import mcnemar

    found = mcnemar([[both, first_only], [second_only, neither]], exact=True)
    first, second = (both + first_only) / size, (both + second_only) / size
    return pd.Series(
        {
            "n": size,
            "first": first,
            "second": second,
            "difference": second - first,
            "p": float(found.pvalue) if first_only + second_only else 1.0,
        }
    )


def funnel_limits(of: Sequence[float], center: float, *, level: float = 0.95) -> pd.DataFrame:
    """Say between which rates chance alone keeps units of these sizes.

    Parameters
    ----------
    of : sequence of float
        Sizes; an average headcount is taken as the nearest whole number. [members]
    center : float
        The rate that all share. [rate]
    level : float, default 0.95
        How much of chance lies between. [rate]

    Returns
    -------
    DataFrame
        low, high; NaN for a size of nothing. [rate]

    Raises
    ------
    ReconcileError
        The center is no rate.

    Notes
    -----
    Exact binomial limits, interpolated between whole counts (Spiegelhalter 2005, "Funnel plots
    for comparing institutional performance").

    Examples
    --------
    >>> funnel_limits([12, 176], 0.3).round(3).values.tolist()
    [[0.013, 0.539], [0.23, 0.366]]
    """
    if not 0 <= center <= 1:
        raise ReconcileError("no_rate", value=center)
    from scipy.stats import binom

    size = np.rint(np.asarray(of, float))
    size = np.where(size > 0, size, np.nan)
    ends = {}
    for name, share in (("low", 0.5 - level / 2), ("high", 0.5 + level / 2)):
        reached = binom.ppf(share, size, center)
        here, below = binom.cdf(reached, size, center), binom.cdf(reached - 1, size, center)
        with np.errstate(invalid="ignore", divide="ignore"):
            excess = np.where(here > below, (here - share) / (here - below), 0.0)
        # where chance alone often makes it all of them, all of them is within
        whole = (share > 1 / 2) & (reached >= size)
        ends[name] = np.clip(np.where(whole, size, reached - excess) / size, 0.0, 1.0)
    return pd.DataFrame(ends)


def funnel(
    frame: pd.DataFrame, *, center: float | None = None, levels: tuple[float, float] = LEVELS
) -> pd.DataFrame:
    """Lay each unit's rate beside what chance alone would do to one of its size.

    Parameters
    ----------
    frame : DataFrame
        unit, numerator, denominator: one row a unit, as `kpi.measure` gives. [members]
    center : float, optional
        The rate to hold them against; the pooled rate of all otherwise. [rate]
    levels : tuple of float, default (0.95, 0.998)
        Of the inner (yellow) and the outer (red) limits. [rate]

    Returns
    -------
    DataFrame
        unit, numerator, denominator, value, center, yellow_low, yellow_high, red_low, red_high,
        signal (red, yellow or none). [members, rate] Without anybody, value and limits are NaN
        and the signal none.

    Raises
    ------
    ReconcileError
        Nobody is counted at all.

    Examples
    --------
    >>> rows = {"unit": ["a", "b"], "numerator": [3.0, 20.0], "denominator": [40.0, 40.0]}
    >>> funnel(pd.DataFrame(rows), center=0.3)["signal"].tolist()
    ['red', 'yellow']
    """
    known = frame["denominator"] > 0
    if center is None:
        if not known.any():
            raise ReconcileError("no_history", count=len(frame))
        parts = frame.loc[known, ["numerator", "denominator"]].sum()
        center = float(parts["numerator"] / parts["denominator"])
    out = frame[["unit", "numerator", "denominator"]].reset_index(drop=True)
    rate = out["numerator"] / out["denominator"].where(out["denominator"] > 0)
    out = out.assign(value=rate, center=center)
    signal = pd.Series("none", out.index)
    for name, level in zip(("yellow", "red"), levels, strict=True):
        ends = funnel_limits(out["denominator"].tolist(), center, level=level)
        out[f"{name}_low"], out[f"{name}_high"] = ends["low"], ends["high"]
        signal = signal.mask((rate < ends["low"]) | (rate > ends["high"]), name)
    return out.assign(signal=signal)


def funnel_lines(
    center: float, largest: float, *, levels: tuple[float, float] = LEVELS
) -> pd.DataFrame:
    """Give the limits at every size, to be drawn behind the units.

    Parameters
    ----------
    center : float
        The rate that all share. [rate]
    largest : float
        The largest unit. [members]
    levels : tuple of float, default (0.95, 0.998)
        Of the inner and the outer limits. [rate]

    Returns
    -------
    DataFrame
        denominator [members], yellow_low, yellow_high, red_low, red_high [rate]; up to a quarter
        more than the largest, so that its name has room.

    Examples
    --------
    >>> len(funnel_lines(0.3, 60))
    75
    """
    sizes = list(range(1, max(math.ceil(1.25 * largest), 1) + 1))
    out = pd.DataFrame({"denominator": sizes})
    for name, level in zip(("yellow", "red"), levels, strict=True):
        ends = funnel_limits(sizes, center, level=level)
        out[f"{name}_low"], out[f"{name}_high"] = ends["low"], ends["high"]
    return out


def league(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Rank units by a rate, and join those that cannot be told apart.

    Parameters
    ----------
    frame : DataFrame
        unit, numerator, denominator: one row a unit. [members]
    level : float, default 0.95
        Certainty with which *all* pairs are told apart: each pair is held to its share of the
        error (Bonferroni). [rate]

    Returns
    -------
    DataFrame
        unit, numerator, denominator [members], value, low, high (Wilson) [rate], best_rank,
        worst_rank [places]: no unit surely better stands below worst_rank, tier: the number of
        the group it belongs to; a new one begins with the first unit that is surely below the
        first of the one before. Best first; units without anybody come last, without a place.

    Examples
    --------
    >>> rows = {"unit": list("abc"), "numerator": [15, 16, 1], "denominator": [50, 52, 50]}
    >>> league(pd.DataFrame(rows))[["unit", "best_rank", "worst_rank", "tier"]].values.tolist()
    [['b', 1.0, 2.0, 1.0], ['a', 1.0, 2.0, 1.0], ['c', 3.0, 3.0, 2.0]]
    """
    out = frame[["unit", "numerator", "denominator"]].copy()
    out["value"] = out["numerator"] / out["denominator"].where(out["denominator"] > 0)
    out = out.sort_values("value", ascending=False, kind="stable", ignore_index=True)
    pairs = zip(out["numerator"], out["denominator"], strict=True)
    ends = np.array([wilson(c, n, level=level) for c, n in pairs]).reshape(-1, 2)
    out = out.assign(low=ends[:, 0], high=ends[:, 1])
    known = out[out["value"].notna()]
    count = len(known)
    better = _surely_better(known, 1 - (1 - level) / max(count * (count - 1) / 2, 1))
    tiers: list[int] = []
    head = 0
    for row in range(count):
        if row == 0 or better[head, row]:
            head, tier = row, (tiers[-1] + 1 if tiers else 1)
        tiers.append(tier)
    places = {"best_rank": 1 + better.sum(axis=0), "worst_rank": count - better.sum(axis=1)}
    for name, values in {**places, "tier": np.array(tiers)}.items():
        out[name] = pd.Series(values, known.index, dtype=float)
    return out


def _surely_better(known: pd.DataFrame, level: float) -> np.ndarray:
    """Say of each pair whether the first is above the second beyond chance (Newcombe)."""
    value = known["value"].to_numpy(float)
    pairs = zip(known["numerator"], known["denominator"], strict=True)
    ends = np.array([wilson(c, n, level=level) for c, n in pairs]).reshape(-1, 2)
    down, up = value - ends[:, 0], ends[:, 1] - value
    low = value[:, None] - value[None, :] - np.hypot(down[:, None], up[None, :])
    return np.asarray(low > 0)
