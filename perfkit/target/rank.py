"""Headcount by rank: who rises, who leaves, and how sure the plan can be of it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from perfkit.errors import TargetError
from perfkit.target.entry import Matrix, complete, named, not_negative, numbers, once

__all__ = ["Fates", "fates", "project", "stationary", "steady_ranks", "transitions"]

NEAR = 1e-9


def transitions(table: pd.DataFrame, *, leaving: bool = True) -> Matrix:
    """Check a table of monthly transition rates.

    Parameters
    ----------
    table : DataFrame
        From each rank (rows) to each rank (the same columns). [rate]
    leaving : bool, default True
        What a row lacks to 1 leaves the force; otherwise every row must add up to 1.

    Returns
    -------
    ndarray
        In the order of the rows. [rate]

    Raises
    ------
    TargetError
        Rows and columns are not the same ranks, a rate is missing or negative, or a row adds up to
        more than 1 (or to another sum, without leaving).

    Examples
    --------
    >>> transitions(pd.DataFrame({"agent": [0.9]}, index=["agent"])).tolist()
    [[0.9]]
    """
    once(table.index, "rank")
    once(table.columns, "rank")
    lost = table.index.symmetric_difference(table.columns)
    if len(lost):
        raise TargetError("missing", what="rank", count=len(lost), names=named(lost))
    rates = table.reindex(columns=table.index).to_numpy(dtype=float, na_value=np.nan)
    places = [(a, b) for a in table.index for b in table.index]
    complete(rates.ravel(), places, "rate")
    not_negative(rates.ravel(), places, "rate")
    off = rates.sum(axis=1) - 1
    bad = off > NEAR if leaving else np.abs(off) > NEAR
    if bad.any():
        first = int(np.argmax(bad))
        raise TargetError("row_sum", rank=str(table.index[first]), total=float(1 + off[first]))
    return np.asarray(rates)


def project(
    opening: pd.Series[float],
    table: pd.DataFrame,
    recruits: pd.DataFrame,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Project headcount by rank month by month, with an interval.

    Parameters
    ----------
    opening : Series
        Heads of each rank. [persons]
    table : DataFrame
        Monthly transition rates from rank (rows) to rank (columns); what a row lacks to 1
        leaves. [rate]
    recruits : DataFrame
        Months, in order, by some or all ranks; who joins in a month moves from the next one on.
        [persons]
    level : float, default 0.95
        Of the interval. [rate]

    Returns
    -------
    DataFrame
        One row a month and rank, and one a month of the rank "total": headcount (expected), low and
        high. [persons]

    Raises
    ------
    TargetError
        Opening and table are not of the same ranks, recruits of others, or a row of rates adds
        up to more than 1.

    Notes
    -----
    n(t+1) = n(t) P + r(t+1). Everybody moves apart from the others, so the count of a rank is a sum
    of yes-or-no draws with variance sum p (1 - p), of which the interval is the normal one, cut at
    zero. The rates are taken as known and recruits as planned: the interval is the least there can
    be.

    Examples
    --------
    >>> got = project(
    ...     pd.Series({"agent": 100.0}),
    ...     pd.DataFrame({"agent": [0.9]}, index=["agent"]),
    ...     pd.DataFrame({"agent": [10.0, 10.0]}, index=["2005-01", "2005-02"]),
    ... )
    >>> got.query("rank == 'total'")["headcount"].tolist()
    [100.0, 100.0]
    """
    rates = transitions(table)
    ranks = table.index
    start, joins = _people(opening, recruits, ranks)
    reach = NormalDist().inv_cdf(0.5 + level / 2)
    power = [np.eye(len(ranks))]
    for _ in recruits.index:
        power.append(power[-1] @ rates)
    rows = []
    for t, month in enumerate(recruits.index):
        waves = [(start, power[t + 1])] + [(joins[s], power[t - s]) for s in range(t + 1)]
        mean = sum(heads @ chance for heads, chance in waves)
        spread = sum(heads @ (chance * (1 - chance)) for heads, chance in waves)
        there = [(heads, chance.sum(axis=1)) for heads, chance in waves]
        whole = sum(float(heads @ chance) for heads, chance in there)
        varies = sum(float(heads @ (chance * (1 - chance))) for heads, chance in there)
        rows += list(zip([month] * len(ranks), ranks, mean, spread, strict=True))
        rows.append((month, "total", whole, varies))
    out = pd.DataFrame(rows, columns=["month", "rank", "headcount", "variance"])
    half = reach * np.sqrt(out["variance"].clip(lower=0))
    low = (out["headcount"] - half).clip(lower=0)
    return out.assign(low=low, high=out["headcount"] + half).drop(columns="variance")


def _people(
    opening: pd.Series[float], recruits: pd.DataFrame, ranks: pd.Index
) -> tuple[Matrix, Matrix]:
    """Lay out the opening and the recruits in the order of the ranks."""
    numbers(opening, "opening", "rank")
    once(recruits.index, "period")
    lost = opening.index.symmetric_difference(ranks).append(recruits.columns.difference(ranks))
    if len(lost):
        raise TargetError("missing", what="rank", count=len(lost), names=named(lost))
    joins = recruits.reindex(columns=ranks, fill_value=0.0).to_numpy(float)
    places = [(month, rank) for month in recruits.index for rank in ranks]
    not_negative(joins.ravel(), places, "recruits")
    return opening.reindex(ranks).to_numpy(float), joins


def steady_ranks(table: pd.DataFrame, recruits: pd.Series[float]) -> pd.Series[float]:
    """Say where the ranks settle with the same recruits every month.

    Parameters
    ----------
    table : DataFrame
        Monthly transition rates; what a row lacks to 1 leaves. [rate]
    recruits : Series
        One a rank; a rank left out has none. [persons a month]

    Returns
    -------
    Series
        One a rank. [persons]

    Raises
    ------
    TargetError
        The table is none of rates, or from some rank nobody ever leaves: it never settles.

    Examples
    --------
    >>> steady_ranks(
    ...     pd.DataFrame({"agent": [0.95]}, index=["agent"]), pd.Series({"agent": 20.0})
    ... ).round(6).tolist()
    [400.0]
    """
    rates = transitions(table)
    if np.abs(np.linalg.eigvals(rates)).max() > 1 - NEAR:
        raise TargetError("never_leaves", names=named(table.index))
    _, joins = _people(pd.Series(0.0, table.index), recruits.to_frame(0).T, table.index)
    settled = np.linalg.solve((np.eye(len(rates)) - rates).T, joins[0])
    return pd.Series(np.asarray(settled, dtype=float), index=table.index)


def stationary(table: pd.DataFrame) -> pd.Series[float]:
    """Give the mix of ranks that stays as it is when nobody joins or leaves.

    Parameters
    ----------
    table : DataFrame
        Transition rates whose rows add up to 1. [rate]

    Returns
    -------
    Series
        One a rank, adding up to 1. [rate]

    Raises
    ------
    TargetError
        A row does not add up to 1, or there is more than one such mix.

    Examples
    --------
    >>> weather = pd.DataFrame(
    ...     [[0.5, 0.25, 0.25], [0.5, 0, 0.5], [0.25, 0.25, 0.5]],
    ...     index=["rain", "nice", "snow"],
    ...     columns=["rain", "nice", "snow"],
    ... )
    >>> stationary(weather).round(4).tolist()
    [0.4, 0.2, 0.4]
    """
    rates = transitions(table, leaving=False)
    size = len(rates)
    equations = np.vstack([rates.T - np.eye(size), np.ones(size)])
    if np.linalg.matrix_rank(equations) < size or np.linalg.matrix_rank(equations[:-1]) < size - 1:
        raise TargetError("never_leaves", names=named(table.index))
    found = np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0]
    return pd.Series(np.asarray(found, dtype=float), index=table.index)


@dataclass(frozen=True, slots=True)
class Fates:
    """What becomes of somebody in each rank.

    Attributes
    ----------
    visits : DataFrame
        From each passing rank: expected months in each of them, the present one counted.
        [months]
    stay : Series
        Expected months until an end. [months]
    ends : DataFrame
        From each passing rank: the chance of each end. [rate]
    """

    visits: pd.DataFrame
    stay: pd.Series[float]
    ends: pd.DataFrame


def fates(table: pd.DataFrame) -> Fates:
    """Ask of every rank how long one stays on the way and where it ends.

    Parameters
    ----------
    table : DataFrame
        Transition rates whose rows add up to 1. A rank that is never left (rate 1 to
        itself) is an end, such as having left, or a goal reached. [rate]

    Returns
    -------
    Fates

    Raises
    ------
    TargetError
        A row does not add up to 1, there is no end, or one cannot be reached.

    Notes
    -----
    The fundamental matrix N = (I - Q)^-1 of an absorbing chain, t = N 1, B = N R (Kemeny & Snell
    1960).

    Examples
    --------
    >>> names = ["agent", "left"]
    >>> found = fates(pd.DataFrame([[0.9, 0.1], [0.0, 1.0]], index=names, columns=names))
    >>> round(float(found.stay["agent"]), 6)
    10.0
    """
    rates = transitions(table, leaving=False)
    is_end = np.abs(np.diag(rates) - 1) <= NEAR
    passing, ends = table.index[~is_end], table.index[is_end]
    within = rates[np.ix_(~is_end, ~is_end)]
    closed = not is_end.any() or (
        len(within) and np.abs(np.linalg.eigvals(within)).max() > 1 - NEAR
    )
    if closed:
        raise TargetError("never_leaves", names=named(passing))
    visits = np.linalg.inv(np.eye(len(within)) - within)
    return Fates(
        pd.DataFrame(visits, index=passing, columns=passing),
        pd.Series(visits.sum(axis=1), index=passing),
        pd.DataFrame(visits @ rates[np.ix_(~is_end, is_end)], index=passing, columns=ends),
    )
