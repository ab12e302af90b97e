"""Several views of one target side by side, each with its measure; reconciled only when asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.errors import TargetError, UnknownName
from perfkit.target.entry import Matrix, complete, named, numbers, once

__all__ = ["MEASURES", "gaps", "reconcile", "summing", "to_first"]

MEASURES = ("premium", "standard_premium")


def gaps(views: pd.DataFrame, *, against: str) -> pd.DataFrame:
    """Lay views of a target side by side and say how far each is from one of them.

    Parameters
    ----------
    views : DataFrame
        One row a view, by its name: measure (``premium``, the total, or ``standard_premium``)
        and value. NaN is not known. [yuan]
    against : str
        The view that the others are held against.

    Returns
    -------
    DataFrame
        The views with same_measure, gap (value less that of `against`, NaN for another measure:
        the two cannot be subtracted), gap_rate (gap over that of `against`) and ratio (value over
        that of `against`, for every view: between measures it is the standard premium's rate and no
        gap). Nothing is reconciled. [bool, yuan, rate, unitless]

    Raises
    ------
    UnknownName
        `against` is no view, or a measure is none of `MEASURES`.
    TargetError
        A view comes twice.

    Notes
    -----
    Source: branch plan 2005, slides 16 to 25, which set totals of both measures beside each
    other.

    Examples
    --------
    >>> views = pd.DataFrame(
    ...     {"measure": ["premium", "premium", "standard_premium"], "value": [120.0, 110, 100]},
    ...     index=["tiers", "markets", "months"],
    ... )
    >>> gaps(views, against="tiers")["gap"].tolist()
    [0.0, -10.0, nan]
    """
    once(views.index, "view")
    if against not in views.index:
        raise UnknownName(kind="view", name=against, allowed=[str(v) for v in views.index])
    for measure in views["measure"]:
        if measure not in MEASURES:
            raise UnknownName(kind="measure", name=measure, allowed=MEASURES)
    base = float(views["value"].to_dict()[against])
    same = views["measure"] == views.at[against, "measure"]
    gap = (views["value"] - base).where(same)
    whole = base or np.nan
    return views.assign(
        same_measure=same, gap=gap, gap_rate=gap / whole, ratio=views["value"] / whole
    )


def to_first(views: pd.DataFrame) -> pd.DataFrame:
    """Lay views of a target side by side, held against the first of them; none is no row.

    Parameters
    ----------
    views : DataFrame
        As for `gaps`; other columns stay.

    Returns
    -------
    DataFrame
        What `gaps` gives.

    Examples
    --------
    >>> to_first(pd.DataFrame(columns=["measure", "value"])).empty
    True
    """
    if views.empty:
        return views.assign(same_measure=False, gap=np.nan, gap_rate=np.nan, ratio=np.nan)
    return gaps(views, against=str(views.index[0]))


def summing(units: pd.Index) -> pd.DataFrame:
    """Say of every unit which leaves it is made of.

    Parameters
    ----------
    units : Index
        Paths of a whole tree, each once.

    Returns
    -------
    DataFrame
        Units by leaves, 1 where the leaf is the unit's own or itself.

    Raises
    ------
    UnknownName
        The parent of a unit below the top is missing.
    TargetError
        A unit comes twice.

    Examples
    --------
    >>> summing(pd.Index(["B", "B/1", "B/2"])).values.tolist()
    [[1, 1], [1, 0], [0, 1]]
    """
    once(units, "unit")
    everyone = set(units)
    top = min((unit.count("/") for unit in units), default=0)
    parents = {unit: org.parent(unit) for unit in units if unit.count("/") > top}
    for above in parents.values():
        if above not in everyone:
            raise UnknownName(kind="unit", name=above, allowed=sorted(everyone))
    leaves = [unit for unit in units if unit not in set(parents.values())]
    return pd.DataFrame(
        [[int(leaf in org.within(leaves, unit)) for leaf in leaves] for unit in units],
        index=units,
        columns=leaves,
    )


def reconcile(
    values: pd.Series[float], *, variance: str | pd.Series[float] = "leaves"
) -> pd.DataFrame:
    """Move the figures of a tree as little as possible so that the parts make the whole.

    For figures that several people gave: never done unless asked for, and every move is shown.

    Parameters
    ----------
    values : Series
        One a unit of the tree, by its path; NaN is no entry and follows from the others. [yuan]
    variance : {"leaves", "equal"} or Series, default "leaves"
        How freely a unit's figure is moved: by its number of leaves, all alike, or
        given by unit. [any scale]

    Returns
    -------
    DataFrame
        entered, reconciled (a unit is the sum of the leaves below it) and moved. [yuan]

    Raises
    ------
    UnknownName
        A unit's parent is missing, or `variance` is no such word.
    TargetError
        A unit comes twice, a variance is missing or not above zero, or the entries do not
        determine every leaf.

    Notes
    -----
    Weighted least squares: leaves b = (S' W^-1 S)^-1 S' W^-1 y, with S from `summing` and W the
    variances (Hyndman et al. 2011; Wickramasuriya et al. 2019). Figures can fall below zero.

    Examples
    --------
    >>> got = reconcile(pd.Series({"B": 10.0, "B/1": 4.0, "B/2": 3.0}), variance="equal")
    >>> got["reconciled"].tolist()
    [9.0, 5.0, 4.0]
    """
    sums = summing(values.index)
    entered = values.to_numpy(dtype=float, na_value=np.nan)
    given = ~np.isnan(entered)
    weight = 1 / _variances(sums, variance)[given]
    tall = sums.to_numpy(float)[given]
    normal = tall.T @ (tall * weight[:, None])
    if np.linalg.matrix_rank(tall) < tall.shape[1]:
        lost = [leaf for leaf in sums.columns if np.isnan(values[leaf])]
        raise TargetError("undetermined", count=len(lost), names=named(lost))
    leaves = np.linalg.solve(normal, tall.T @ (weight * entered[given]))
    found = sums.to_numpy(float) @ leaves
    return pd.DataFrame(
        {"entered": entered, "reconciled": found, "moved": found - entered}, index=values.index
    )


def _variances(sums: pd.DataFrame, variance: str | pd.Series[float]) -> Matrix:
    if isinstance(variance, pd.Series):
        out = numbers(variance.reindex(sums.index), "variance", "unit")
        complete(out, sums.index, "variance")
        if (out <= 0).any():
            bad = sums.index[out <= 0]
            raise TargetError("not_above_zero", what="variance", count=len(bad), names=named(bad))
        return out
    words = {"leaves": sums.sum(axis=1).to_numpy(float), "equal": np.ones(len(sums))}
    if variance not in words:
        raise UnknownName(kind="setting", name=variance, allowed=list(words))
    return words[variance]
