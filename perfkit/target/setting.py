"""Setting a target: from growth, from what the force brings already, from what teams report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.errors import TargetError, UnknownName
from perfkit.target.coherent import DRIVERS
from perfkit.target.entry import Matrix, known, named, not_negative, numbers, once

__all__ = ["BASES", "base_of", "from_growth", "reports", "stock_and_increment"]

BASES = ("last_year_actual", "last_year_target")


def from_growth(base: pd.Series[float], growth: float, *, base_is: str) -> pd.DataFrame:
    """Set targets by growth on last year.

    Parameters
    ----------
    base : Series
        One a unit or measure; NaN is no entry. [yuan, or any one unit]
    growth : float
        [rate]
    base_is : {"last_year_actual", "last_year_target"}
        What the growth is on: a plan that grows on last year's plan says nothing about last year's
        result.

    Returns
    -------
    DataFrame
        base, base_is, growth and target (not rounded). [as base; rate]

    Raises
    ------
    UnknownName
        `base_is` is none of the two.
    TargetError
        A unit comes twice, a base is negative, or growth is below -1 or missing.

    Notes
    -----
    Source: branch plan 2005, slide 16 (growth on the plan of the year before).

    Examples
    --------
    >>> from_growth(pd.Series({"D1": 500.0}), 0.1, base_is=BASES[0])["target"].round(6).tolist()
    [550.0]
    """
    if base_is not in BASES:
        raise UnknownName(kind="setting", name=base_is, allowed=BASES)
    _growth(growth)
    numbers(base, "base", "unit")
    return pd.DataFrame(
        {"base": base, "base_is": base_is, "growth": growth, "target": base * (1 + growth)}
    )


def _growth(growth: float) -> None:
    if not growth > -1:
        raise TargetError("not_a_rate", what="growth", value=growth)


def base_of(target: float, growth: float) -> float:
    """Say what a target with a stated growth grew from.

    Parameters
    ----------
    target : float
        [yuan, or any one unit]
    growth : float
        [rate]

    Returns
    -------
    float
        Not rounded. [as target]

    Raises
    ------
    TargetError
        Growth is -1 or below, or missing.

    Examples
    --------
    >>> round(base_of(550.0, 0.1), 6)
    500.0
    """
    _growth(growth)
    return target / (1 + growth)


def stock_and_increment(stock: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Split targets into what today's force brings and what growth must bring, by driver.

    Parameters
    ----------
    stock : DataFrame
        One row a unit (and month) by `DRIVERS`: today's force as it will be without recruits and
        actions. [persons, rate, policies an active agent, yuan]
    planned : DataFrame
        The same rows and columns: the targets on the drivers, such as `coherent` gives (its other
        columns are not read). [as stock]

    Returns
    -------
    DataFrame
        One row a unit: stock (premium), one column a driver (what its change must bring), increment
        (their sum) and target (stock + increment). NaN in, NaN out. [yuan]

    Raises
    ------
    UnknownName
        A driver or row is missing.
    TargetError
        A row comes twice or a number is negative.

    Notes
    -----
    Source: district deck 2012, sections 23 and 24: results are stock and increment. The increment
    is shared out by the logarithmic mean (LMDI-I; Ang 2005), which leaves no remainder. What starts
    from or falls to nothing goes wholly to the first driver in the chain that is zero.

    Examples
    --------
    >>> stock = pd.DataFrame([[100, 0.25, 1.0, 4_000]], index=["D1"], columns=DRIVERS)
    >>> planned = stock.assign(headcount_average=120)
    >>> stock_and_increment(stock, planned).round(2).loc["D1", ["stock", "increment"]].tolist()
    [100000.0, 20000.0]
    """
    for frame in (stock, planned):
        once(frame.index, "unit")
        for name in DRIVERS:
            if name not in frame.columns:
                raise UnknownName(kind="column", name=name, allowed=[str(c) for c in frame.columns])
    known(planned.index, stock.index, "unit")
    known(stock.index, planned.index, "unit")
    before = stock[list(DRIVERS)].to_numpy(dtype=float, na_value=np.nan)
    after = planned.reindex(stock.index)[list(DRIVERS)].to_numpy(dtype=float, na_value=np.nan)
    places = [(unit, name) for unit in stock.index for name in DRIVERS]
    not_negative(before.ravel(), places, "driver")
    not_negative(after.ravel(), places, "driver")
    effects = _effects(before, after)
    out = pd.DataFrame(effects, index=stock.index, columns=list(DRIVERS))
    out.insert(0, "stock", before.prod(axis=1))
    increment = effects.sum(axis=1)
    return out.assign(increment=increment, target=out["stock"] + increment)


def _effects(before: Matrix, after: Matrix) -> Matrix:
    """Share the change of a product among its factors."""
    first, last = before.prod(axis=1), after.prod(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(first == last, last, (last - first) / np.log(last / first))
        out = np.asarray(mean[:, None] * np.log(after / before))
    for row in np.flatnonzero((first == 0) | (last == 0)):
        zero = (before[row] == 0) | (after[row] == 0)
        out[row] = 0.0
        out[row, int(np.argmax(zero))] = last[row] - first[row]
    return np.where(np.isnan(first + last)[:, None], np.nan, out)


def reports(top_down: pd.Series[float], reported: pd.Series[float]) -> pd.DataFrame:
    """Lay what the teams report beside what is set from above.

    Parameters
    ----------
    top_down : Series
        Targets of units, by their paths, of any levels. [yuan, policies or persons]
    reported : Series
        What the teams themselves reported, by their paths, at the lowest level; NaN is a team
        that has not reported. [as top_down]

    Returns
    -------
    DataFrame
        One row a unit of `top_down`: top_down, reported (the sum of what there is; NaN where nobody
        reported), teams, missing (teams without a report), gap (reported less top_down) and
        gap_rate (gap over top_down); gap and gap_rate are NaN until every team has reported.
        [as top_down; count; count; as top_down; rate]

    Raises
    ------
    UnknownName
        A unit has no team below it, or a team is under none of the units.
    TargetError
        A unit comes twice, a team stands above another, or a number is negative.

    Notes
    -----
    Source: district deck 2012, section 24 (the second of the six actions: analysis, what teams
    report, growth). Nothing is reconciled.

    Examples
    --------
    >>> got = reports(pd.Series({"D1": 100.0}), pd.Series({"D1/1": 50.0, "D1/2": 40.0}))
    >>> got.loc["D1", ["reported", "missing", "gap"]].tolist()
    [90.0, 0.0, -10.0]
    """
    numbers(top_down, "target", "unit")
    numbers(reported, "report", "unit")
    teams = [str(team) for team in reported.index]
    above = [team for team in teams if len(org.within(teams, team)) > 1]
    if above:
        raise TargetError("not_a_leaf", count=len(above), names=named(above))
    rows, seen = [], set()
    for unit, target in top_down.items():
        below = org.within(teams, str(unit))
        if not below:
            raise UnknownName(kind="unit", name=unit, allowed=teams)
        seen |= set(below)
        part = reported[below]
        rows.append((target, part.sum(min_count=1), len(below), int(part.isna().sum())))
    lost = [team for team in teams if team not in seen]
    if lost:
        raise UnknownName(kind="unit", name=lost[0], allowed=[str(u) for u in top_down.index])
    columns = ["top_down", "reported", "teams", "missing"]
    out = pd.DataFrame(rows, columns=columns, index=top_down.index)
    gap = (out["reported"] - out["top_down"]).where(out["missing"] == 0)
    return out.assign(gap=gap, gap_rate=gap / out["top_down"].where(out["top_down"] != 0))
