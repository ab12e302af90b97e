"""A few large policies or many active agents: what each is worth, and how much either can fail."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError, UnknownName

__all__ = ["break_even", "frontier", "month_risk", "simulate_month"]

DRAWS = ("binomial", "poisson")


def _checked(parts: pd.DataFrame) -> pd.DataFrame:
    for column in ("part", "draw", "count", "chance", "mean", "cv"):
        if column not in parts:
            raise UnknownName(kind="column", name=column, allowed=list(parts.columns))
    for draw in parts["draw"]:
        if draw not in DRAWS:
            raise UnknownName(kind="draw", name=draw, allowed=DRAWS)
    numbers = parts[["count", "mean", "cv"]].to_numpy(float)
    binomial = parts["draw"] == "binomial"
    chance = parts.loc[binomial, "chance"].to_numpy(float)
    if not (numbers >= 0).all() or not ((chance >= 0) & (chance <= 1)).all():
        raise ReconcileError("bad_parts", parts=", ".join(parts["part"].astype(str)))
    return parts.reset_index(drop=True)


def month_risk(parts: pd.DataFrame) -> pd.DataFrame:
    """Say what a month made of these parts brings on average, and how much it varies.

    Parameters
    ----------
    parts : DataFrame
        part (its name), draw: how many policies or writers come ("poisson": so many on average;
        "binomial": each of so many people with a chance), count [policies or persons], chance
        [rate; not read for poisson], mean [yuan each], cv: the spread of one over its mean.

    Returns
    -------
    DataFrame
        part, mean, sd [yuan], cv, variance_share [rate]; the last row, part "all", is the whole.
        NaN where there is nothing to divide by.

    Raises
    ------
    UnknownName
        A column is missing, or draw is another word.
    ReconcileError
        A number is negative or missing, or a chance is none.

    Notes
    -----
    Frequency and severity: the variance of a sum of N draws is E[N] Var[X] + Var[N] E[X]². The
    parts are taken to come apart from each other.

    Examples
    --------
    >>> row = {"part": "large", "draw": "poisson", "count": 10, "chance": 1, "mean": 2}
    >>> found = month_risk(pd.DataFrame([row | {"cv": 0.5**0.5}]))
    >>> found["mean"].tolist(), found["sd"].round(3).tolist()
    ([20.0, 20.0], [7.746, 7.746])
    """
    own = _checked(parts)
    chance = own["chance"].where(own["draw"] == "binomial", 0.0).astype(float)
    many = own["count"] * chance.where(own["draw"] == "binomial", 1.0)
    mean = (many * own["mean"]).astype(float)
    variance = many * (own["mean"] * own["cv"]) ** 2 + many * (1 - chance) * own["mean"] ** 2
    out = pd.DataFrame({"part": own["part"], "mean": mean, "variance": variance.astype(float)})
    whole = {"part": "all", "mean": mean.sum(), "variance": variance.sum()}
    out = pd.concat([out, pd.DataFrame([whole])], ignore_index=True)
    total = float(variance.sum()) or np.nan
    out["sd"] = np.sqrt(out["variance"])
    out["cv"] = out["sd"] / out["mean"].where(out["mean"] > 0)
    return out.assign(variance_share=out["variance"] / total).drop(columns="variance")


def simulate_month(
    parts: pd.DataFrame, *, seed: int, runs: int = 20_000, target: float | None = None
) -> pd.Series[float]:
    """Play a month many times and say where it ends.

    Parameters
    ----------
    parts : DataFrame
        As for `month_risk`.
    seed : int
        The same seed gives the same months.
    runs : int, default 20000
        How many. [months]
    target : float, optional
        What the month should reach. [yuan]

    Returns
    -------
    Series
        mean, sd, q05, q25, q50, q75, q90, q95, q99 [yuan], and with a target chance: the share of
        months that reach it [rate].

    Raises
    ------
    UnknownName, ReconcileError
        As for `month_risk`.

    Notes
    -----
    Sizes are drawn from a gamma distribution of that mean and spread (an assumption; a cv of
    zero makes them all alike).

    Examples
    --------
    >>> row = {"part": "all", "draw": "binomial", "count": 10, "chance": 1.0, "mean": 5, "cv": 0}
    >>> simulate_month(pd.DataFrame([row]), seed=1, runs=10, target=50)[["q50", "chance"]].tolist()
    [50.0, 1.0]
    """
    own = _checked(parts)
    rng = np.random.default_rng(seed)
    totals = np.zeros(runs)
    for row in own.to_dict("records"):
        count, mean, cv = float(row["count"]), float(row["mean"]), float(row["cv"])
        if row["draw"] == "poisson":
            many = rng.poisson(count, runs)
        else:
            many = rng.binomial(round(count), float(row["chance"]), runs)
        if cv == 0 or mean == 0:
            totals += many * mean
        else:  # a sum of so many gammas of one scale is one gamma
            drawn = rng.gamma(np.maximum(many, 1) / cv**2, mean * cv**2)
            totals += np.where(many > 0, drawn, 0.0)
    shares = (5, 25, 50, 75, 90, 95, 99)
    told = {"mean": float(totals.mean()), "sd": float(totals.std(ddof=1))}
    told |= {f"q{s:02d}": float(np.percentile(totals, s)) for s in shares}
    if target is not None:
        told["chance"] = float((totals >= target).mean())
    return pd.Series(told)


def break_even(large: float, ordinary: float, heads: float) -> pd.Series[float]:
    """Say how many ordinary active agents bring as much as one large policy.

    Parameters
    ----------
    large : float
        One large policy. [yuan]
    ordinary : float
        What an active agent brings without large ones. [yuan a head]
    heads : float
        The headcount. [persons]

    Returns
    -------
    Series
        agents [persons], activity_points: the activity they are of the headcount [rate]. One
        large policy is worth it if it costs less effort than so many ordinary agents. NaN where
        there is nothing to divide by.

    Examples
    --------
    >>> break_even(120_000, 10_000, 150).round(3).tolist()
    [12.0, 0.08]
    """
    agents = large / ordinary if ordinary > 0 else math.nan
    points = agents / heads if heads > 0 else math.nan
    return pd.Series({"agents": agents, "activity_points": points})


def frontier(
    target: float,
    heads: float,
    *,
    large: float,
    ordinary: float,
    large_cv: float = 0.5,
    ordinary_cv: float = 0.8,
    most: int = 5,
) -> pd.DataFrame:
    """Lay out the ways to one target: so many large policies, and the activity the rest takes.

    Parameters
    ----------
    target : float
        The month's premium. [yuan]
    heads : float
        The headcount. [persons]
    large, ordinary : float
        One large policy, and what an active agent brings without one. [yuan]
    large_cv, ordinary_cv : float
        How much one of each varies, over its mean. [ratio]
    most : int, default 5
        Up to how many large policies. [policies]

    Returns
    -------
    DataFrame
        large_policies, active_agents [persons], activity_rate [rate], cv: how much such a month
        varies, possible: whether the activity is at most 1. Where the large ones alone exceed
        the target the activity is 0.

    Raises
    ------
    ReconcileError
        An amount or the headcount is not above zero.

    Notes
    -----
    Large policies come as a Poisson count of that mean, agents are active with the activity as
    their chance; what is safe and what is risky on the way is the last column.

    Examples
    --------
    >>> found = frontier(700_000, 100, large=100_000, ordinary=10_000, most=2)
    >>> found["activity_rate"].tolist(), found["cv"].round(2).tolist()
    ([0.7, 0.6, 0.5], [0.12, 0.2, 0.25])
    """
    if min(target, heads, large, ordinary) <= 0:
        raise ReconcileError("bad_parts", parts="target, heads, large, ordinary")
    rows = []
    for count in range(most + 1):
        active = max(target - count * large, 0.0) / ordinary
        rate = active / heads
        parts = pd.DataFrame(
            {
                "part": ["large", "ordinary"],
                "draw": ["poisson", "binomial"],
                "count": [count, heads],
                "chance": [1.0, min(rate, 1.0)],
                "mean": [large, ordinary],
                "cv": [large_cv, ordinary_cv],
            }
        )
        spread = float(month_risk(parts)["cv"].iloc[-1])
        rows.append([count, active, rate, spread, rate <= 1])
    columns = ["large_policies", "active_agents", "activity_rate", "cv", "possible"]
    return pd.DataFrame(rows, columns=columns)
