"""Weighted SWOT: factors inside and outside, scores with a band, TOWS, weights by AHP."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit.errors import UnknownName
from perfkit.plan.rows import PlanRefused, need, once, one_of, text_of

__all__ = ["KINDS", "SIDES", "ahp", "band", "checked", "pairwise", "scores", "tows"]

SIDES: Mapping[str, tuple[str, str]] = {
    "inside": ("strength", "weakness"),
    "outside": ("opportunity", "challenge"),
}
KINDS = tuple(kind for kinds in SIDES.values() for kind in kinds)
RATINGS = (1, 2, 3, 4)
INSIDE = {"strength": (3, 4), "weakness": (1, 2)}
AVERAGE = 2.5
NEAR = 1e-9
FEW, MANY = 10, 20  # factors a side, as the method's author has them
# Saaty's random index, for matrices of one to ten.
RANDOM = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
TOWS = {
    ("strength", "opportunity"): "SO",
    ("weakness", "opportunity"): "WO",
    ("strength", "challenge"): "ST",
    ("weakness", "challenge"): "WT",
}


def checked(factors: pd.DataFrame) -> pd.DataFrame:
    """Check the factors of a weighted SWOT.

    Parameters
    ----------
    factors : DataFrame
        factor (its code), kind (strength, weakness, opportunity, challenge), weight [rate] and
        rating [1 to 4].

    Returns
    -------
    DataFrame
        The same with side (inside, outside).

    Raises
    ------
    PlanRefused
        A factor stands twice, a kind is none, the weights of a side are negative or do not sum to
        1, a rating is none of 1 to 4, or inside says a strength is weak (below 3) or a weakness
        strong (above 2).

    Examples
    --------
    >>> rows = [("a", "strength", 0.5, 4), ("b", "weakness", 0.5, 1)]
    >>> found = checked(pd.DataFrame(rows, columns=["factor", "kind", "weight", "rating"]))
    >>> found["side"].tolist()
    ['inside', 'inside']
    """
    need(factors, ("factor", "kind", "weight", "rating"), "swot")
    once(factors, "factor", "swot")
    one_of(factors, "kind", KINDS, "swot")
    out = factors.astype({"weight": float}).reset_index(drop=True)
    whose = {kind: side for side, kinds in SIDES.items() for kind in kinds}
    out["side"] = out["kind"].map(whose)
    for row, one in enumerate(out.to_dict("records"), 2):
        allowed = INSIDE.get(one["kind"], RATINGS)
        if one["rating"] not in allowed:
            low, high = str(allowed[0]), str(allowed[-1])
            raise PlanRefused("rating", row=row, value=one["rating"], low=low, high=high)
    for side, own in out.groupby("side"):
        total = math.fsum(own["weight"])
        if not (own["weight"] >= 0).all() or abs(total - 1) > NEAR:
            raise PlanRefused("weights", place=side, total=f"{total:.6g}")
    return out


def scores(factors: pd.DataFrame) -> pd.DataFrame:
    """Add each side up: weight times rating; 2.5 is neither strong nor weak.

    Parameters
    ----------
    factors : DataFrame
        As `checked` takes them.

    Returns
    -------
    DataFrame
        By side: factors [count], score [1 to 4] and usual (10 to 20 factors, as the method asks).

    Raises
    ------
    PlanRefused
        As `checked`.

    Notes
    -----
    David's matrices of internal and external factors (IFE, EFE). Weighted SWOT is asked for by
    branch plan 2005, slide 6.

    Examples
    --------
    >>> rows = [("a", "strength", 0.25, 4), ("b", "weakness", 0.75, 1)]
    >>> found = scores(pd.DataFrame(rows, columns=["factor", "kind", "weight", "rating"]))
    >>> found[["side", "score", "usual"]].values.tolist()
    [['inside', 1.75, False]]
    """
    table = checked(factors)
    rows = []
    for side in SIDES:
        own = table[table["side"] == side]
        if len(own):
            score = math.fsum(own["weight"] * own["rating"])
            rows.append((side, len(own), score, FEW <= len(own) <= MANY))
    return pd.DataFrame(rows, columns=["side", "factors", "score", "usual"])


def band(
    factors: pd.DataFrame,
    *,
    sureness: float = 100.0,
    level: float = 0.9,
    draws: int = 4000,
    seed: int = 1,
) -> pd.DataFrame:
    """Say how far each score moves when the weights are only about right.

    Parameters
    ----------
    factors : DataFrame
        As `checked` takes them.
    sureness : float, default 100
        Of the weights: they are drawn from a Dirichlet distribution about themselves with this sum;
        at 100 a weight of 0.10 mostly lies within 0.05 and 0.15.
    level : float, default 0.9
        Share of draws between low and high. [rate]
    draws, seed : int
        How many, always the same.

    Returns
    -------
    DataFrame
        side, score, low, high [1 to 4] and verdict: strong, weak, or ``open`` where the band holds
        2.5.

    Raises
    ------
    PlanRefused
        As `checked`, or the sureness is not positive.

    Examples
    --------
    >>> rows = [(str(i), "opportunity", 0.1, 2 + i % 2) for i in range(10)]
    >>> found = band(pd.DataFrame(rows, columns=["factor", "kind", "weight", "rating"]))
    >>> found[["score", "verdict"]].values.tolist()
    [[2.5, 'open']]
    """
    if not sureness > 0:
        raise PlanRefused("sureness", value=sureness)
    table, held = checked(factors), scores(factors)
    rng = np.random.default_rng(seed)
    rows = []
    for side, score in zip(held["side"], held["score"], strict=True):
        own = table[(table["side"] == side) & (table["weight"] > 0)]
        drawn = rng.dirichlet(own["weight"].to_numpy() * sureness, draws)
        found = drawn @ own["rating"].to_numpy(float)
        low, high = (float(np.quantile(found, q)) for q in (0.5 - level / 2, 0.5 + level / 2))
        verdict = "strong" if low > AVERAGE else "weak" if high < AVERAGE else "open"
        rows.append((side, score, low, high, verdict))
    return pd.DataFrame(rows, columns=["side", "score", "low", "high", "verdict"])


def tows(factors: pd.DataFrame, strategies: pd.DataFrame) -> pd.DataFrame:
    """Place strategies by what they build on and what they answer: SO, WO, ST or WT.

    Parameters
    ----------
    factors : DataFrame
        As `checked` takes them.
    strategies : DataFrame
        strategy, inside and outside: the factors each joins.

    Returns
    -------
    DataFrame
        strategy, inside, outside, cell and pull (the product of the two weights, largest first).
        [rate]

    Raises
    ------
    UnknownName
        A strategy names a factor that is not there, or one of the other side.
    PlanRefused
        A column is missing.

    Examples
    --------
    >>> rows = [("a", "strength", 1.0, 4), ("b", "challenge", 1.0, 2)]
    >>> factors = pd.DataFrame(rows, columns=["factor", "kind", "weight", "rating"])
    >>> own = pd.DataFrame({"strategy": ["x"], "inside": ["a"], "outside": ["b"]})
    >>> tows(factors, own)["cell"].tolist()
    ['ST']
    """
    table = checked(factors).set_index("factor")
    need(strategies, ("strategy", "inside", "outside"), "strategies")
    rows = []
    for one in strategies.to_dict("records"):
        for side in SIDES:
            allowed = table.index[table["side"] == side].tolist()
            if one[side] not in allowed:
                raise UnknownName(kind="factor", name=text_of(one[side]), allowed=allowed)
        inside, outside = (table.loc[one[side]] for side in SIDES)
        cell = TOWS[str(inside["kind"]), str(outside["kind"])]
        pull = float(inside["weight"] * outside["weight"])
        rows.append((one["strategy"], one["inside"], one["outside"], cell, pull))
    out = pd.DataFrame(rows, columns=["strategy", "inside", "outside", "cell", "pull"])
    return out.sort_values("pull", ascending=False, kind="stable", ignore_index=True)


def pairwise(names: Sequence[str], upper: Sequence[Sequence[float]]) -> pd.DataFrame:
    """Make a matrix of comparisons from what stands above its diagonal.

    Parameters
    ----------
    names : sequence of str
        What is compared.
    upper : sequence of sequence of float
        Row by row how many times more each weighs than those after it. [ratio]

    Raises
    ------
    PlanRefused
        A row has another length, or a number is not positive.

    Examples
    --------
    >>> pairwise(["a", "b"], [[4]]).values.tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    size = len(names)
    matrix = np.eye(size)
    if [len(row) for row in upper] != list(range(size - 1, 0, -1)):
        raise PlanRefused("pairs", size=size)
    for at, row in enumerate(upper):
        for off, value in enumerate(row, at + 1):
            if not (value > 0 and math.isfinite(value)):
                raise PlanRefused("pair", place=f"{names[at]} / {names[off]}", value=value)
            matrix[at, off], matrix[off, at] = value, 1 / value
    return pd.DataFrame(matrix, index=list(names), columns=list(names))


def ahp(pairs: pd.DataFrame, *, rounds: int = 200) -> tuple[pd.Series[float], pd.Series[float]]:
    """Find weights from comparisons in pairs, and how far the comparisons contradict each other.

    Parameters
    ----------
    pairs : DataFrame
        A square matrix of ratios, as `pairwise` makes it.
    rounds : int, default 200
        Of the power iteration.

    Returns
    -------
    tuple of Series
        weight by name, summing to 1 [rate]; and largest (eigenvalue), index, ratio (consistency;
        NaN for fewer than three) and consistent (1 where the ratio is at most 0.1).

    Raises
    ------
    PlanRefused
        The matrix is not square, larger than ten, not positive, or the two sides of its diagonal
        do not match.

    Notes
    -----
    Saaty's analytic hierarchy process.

    Examples
    --------
    >>> weights, found = ahp(pairwise(["a", "b", "c"], [[2, 4], [2]]))
    >>> weights.round(3).tolist(), float(found["ratio"]) < 1e-9
    ([0.571, 0.286, 0.143], True)
    """
    matrix = pairs.to_numpy(float)
    size = len(matrix)
    square = matrix.shape == (size, size) and 1 <= size <= len(RANDOM)
    if not square or not (matrix > 0).all() or not np.allclose(matrix * matrix.T, 1):
        raise PlanRefused("pairs", size=size)
    weights = np.full(size, 1 / size)
    for _ in range(rounds):
        weights = matrix @ weights
        weights = weights / weights.sum()
    largest = float(((matrix @ weights) / weights).mean())
    index = (largest - size) / (size - 1) if size > 1 else 0.0
    ratio = index / RANDOM[size - 1] if size > 2 else math.nan
    told = {"largest": largest, "index": index, "ratio": ratio}
    told["consistent"] = float(not ratio > 0.1)
    return pd.Series(weights, index=pairs.index, name="weight"), pd.Series(told)
