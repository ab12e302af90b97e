"""Targets down the tree of units, level by level, and back up again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.errors import TargetError, UnknownName
from perfkit.target.apportion import fill, share
from perfkit.target.cells import Cells, cells
from perfkit.target.entry import (
    Matrix,
    known,
    named,
    not_negative,
    numbers,
    once,
    steps,
)

__all__ = ["down", "up"]

NEAR = 1e-6  # sums of thousands of amounts in fen are no nearer


def _children(units: pd.Index, tops: pd.Index) -> dict[str, list[int]]:
    """Find whose children the units are, in the order of their codes."""
    out: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        above = org.parent(unit)
        if unit not in tops and above is not None:
            out[above].append(place)
    return out


def _raised(table: Cells, children: dict[str, list[int]]) -> Cells:
    """Add the bounds of the children up to their parents, from the leaves to the tops."""
    low, high = table.low.copy(), table.high.copy()
    place = {unit: i for i, unit in enumerate(table.units)}
    for above in sorted(children, key=lambda unit: -unit.count("/")):
        mine, below = place[above], children[above]
        low[mine] = np.maximum(low[mine], low[below].sum(axis=0))
        high[mine] = np.minimum(high[mine], high[below].sum(axis=0))
    bad = low > high
    if bad.any():
        first = tuple(np.argwhere(bad)[0])
        raise TargetError(
            "tree_bounds",
            count=int(bad.sum()),
            names=named(table.places(bad)),
            low=float(low[first]) * table.scale,
            high=float(high[first]) * table.scale,
            by=float(low[first] - high[first]) * table.scale,
        )
    return replace(table, low=low, high=high)


def down(
    targets: pd.DataFrame,
    weights: pd.Series[float],
    *,
    shape: pd.DataFrame | None = None,
    hold: pd.DataFrame | None = None,
    floor: pd.DataFrame | None = None,
    cap: pd.DataFrame | None = None,
    step: int = 1,
) -> pd.DataFrame:
    """Split month targets down the tree of units, each level exactly.

    Parameters
    ----------
    targets : DataFrame
        The units at the top by months; NaN is no entry. [yuan, policies or persons]
    weights : Series
        Every unit below, by its path; a weight counts among brothers, on any scale. NaN is no
        entry: the unit and all below it get no target.
    shape : DataFrame, optional
        Seasons of some units: units by months, any scale; a NaN has no entry. The others follow
        the season of their parent.
    hold, floor, cap : DataFrame, optional
        Cells of any level that are fixed, and bounds of the others; NaN or left out is none.
        [as targets]
    step : int, default 1
        Every cell is a multiple of it. [as targets]

    Returns
    -------
    DataFrame
        `targets` and below them every unit of `weights`, in that order, by the months of
        `targets`. The children of a unit add up to it exactly, month by month. [as targets]

    Raises
    ------
    UnknownName
        A unit's parent is neither in `weights` nor a top, or a bound is of an unknown unit.
    TargetError
        A unit comes twice, a weight is negative, an amount is no multiple of the step, or
        targets and bounds contradict each other: where, and by how much.

    Notes
    -----
    Parents come in the order of their codes, those above first. What the children must and may
    take is added up to their parents before anything is split, so that a parent never gets what its
    children cannot take.

    Examples
    --------
    >>> got = down(
    ...     pd.DataFrame({"2012-01": [10.0], "2012-02": [5.0]}, index=["B"]),
    ...     pd.Series({"B/1": 2.0, "B/2": 1.0, "B/1/a": 1.0, "B/1/b": 1.0}),
    ... )
    >>> got.astype(int).loc[["B/1", "B/2"]].values.tolist()
    [[7, 3], [3, 2]]
    """
    numbers(weights, "weight", "unit")
    everyone = targets.index.append(weights.index)
    once(everyone, "unit")
    pattern = _patterns(targets, weights, shape)
    table = cells(pattern, hold=hold, floor=floor, cap=cap, step=step)
    children = _children(table.units, targets.index)
    table = _raised(table, children)
    out = _tops(targets, table, step)
    ordered = np.nan_to_num(weights.reindex(table.units).to_numpy(dtype=float, na_value=np.nan))
    own = table.units.isin([] if shape is None else shape.index)
    place = {unit: i for i, unit in enumerate(table.units)}
    for above in sorted(children, key=lambda unit: (unit.count("/"), unit)):
        below, columns = children[above], out[place[above]]
        part = table.rows(below)
        followed = np.where(part.weight > 0, np.where(own[below, None], part.weight, columns), 0.0)
        part = replace(part, weight=followed)
        rows = share(float(columns.sum()), part, ordered[below], above, whole=True)
        out[below] = fill(part, rows, columns, whole=True)
    frame = pd.DataFrame(
        np.where(table.is_entry, out * step, np.nan), index=table.units, columns=table.months
    )
    return frame.reindex(index=everyone, columns=targets.columns)


def _patterns(
    targets: pd.DataFrame, weights: pd.Series[float], shape: pd.DataFrame | None
) -> pd.DataFrame:
    """Say of every unit and month whether it may get anything: by parent, weight and shape."""
    rows: dict[str, Matrix] = {
        str(unit): row for unit, row in zip(targets.index, targets.to_numpy(float), strict=True)
    }
    seasons: dict[str, Matrix] = {}
    if shape is not None:
        once(shape.index, "unit")
        known(shape.index, weights.index, "unit")
        known(shape.columns, targets.columns, "period")
        values = shape.reindex(columns=targets.columns).to_numpy(float)
        seasons = {str(unit): row for unit, row in zip(shape.index, values, strict=True)}
    everyone = set(rows) | set(weights.index)
    for unit in sorted(weights.index, key=lambda unit: unit.count("/")):
        above = org.parent(unit)
        if above not in rows:
            raise UnknownName(kind="unit", name=above or unit, allowed=sorted(everyone))
        weight = float(weights[unit])
        follows = np.where(rows[above] > 0, 1.0, rows[above])
        rows[unit] = seasons.get(unit, np.ones(len(follows))) * follows * weight
    return pd.DataFrame.from_dict(rows, orient="index", columns=targets.columns)


def _tops(targets: pd.DataFrame, table: Cells, step: int) -> Matrix:
    """Lay out the targets at the top, which must lie between the bounds of all below them."""
    out = np.zeros(table.low.shape)
    places = table.units.get_indexer(targets.index)
    given = targets.reindex(columns=table.months).to_numpy(dtype=float, na_value=np.nan)
    labels = [(unit, month) for unit in targets.index for month in table.months]
    not_negative(given.ravel(), labels, "target")
    counted = np.nan_to_num(steps(given.ravel(), labels, step, "target")).reshape(given.shape)
    for key, limit, by in (
        ("floors_above_total", table.low[places], table.low[places] - counted),
        ("caps_below_total", table.high[places], counted - table.high[places]),
    ):
        if (by > 0).any():
            first = tuple(np.argwhere(by > 0)[0])
            raise TargetError(
                f"{key}",
                where=named([(targets.index[first[0]], table.months[first[1]])]),
                total=float(counted[first]) * step,
                limit=float(limit[first]) * step,
                by=float(by[first]) * step,
                count=int((by > 0).sum()),
            )
    out[places] = counted
    return out


def up(targets: pd.DataFrame) -> pd.DataFrame:
    """Add targets up the tree of units.

    Parameters
    ----------
    targets : DataFrame
        Units, by their paths, by months; NaN is no entry. [yuan, policies or persons]

    Returns
    -------
    DataFrame
        Every unit of `targets` and every one above it, those above first, each level in the order
        of the codes. A unit above has the sum of the entries below it; NaN where there is none. [as
        targets]

    Raises
    ------
    TargetError
        A unit comes twice, or a unit above that is in `targets` too has another figure than those
        below it add up to: which one, and both figures.

    Examples
    --------
    >>> up(pd.DataFrame({"2012-01": [7.0, 3.0]}, index=["B/1", "B/2"])).loc["B"].tolist()
    [10.0]
    """
    once(targets.index, "unit")
    rows = {str(unit): targets.loc[unit].astype(float) for unit in targets.index}
    depth = max((unit.count("/") for unit in rows), default=0)
    for level in range(depth, 0, -1):
        below = [unit for unit in rows if unit.count("/") == level]
        grouped: dict[str, list[str]] = defaultdict(list)
        for unit in below:
            grouped[org.parent(unit) or ""].append(unit)
        for above, units in grouped.items():
            added = pd.concat([rows[unit] for unit in units], axis=1).sum(axis=1, min_count=1)
            if above in rows:
                _refuse_gap(above, rows[above], added)
            rows[above] = rows.get(above, added)
    out = pd.DataFrame(rows).T
    order = sorted(out.index, key=lambda unit: (unit.count("/"), unit))
    return out.reindex(index=order, columns=targets.columns)


def _refuse_gap(unit: str, own: pd.Series[float], added: pd.Series[float]) -> None:
    """Refuse a unit whose own figures are not those of the units below it."""
    near = NEAR * (1 + added.abs() * NEAR)
    bad = ~(((own - added).abs() <= near) | (own.isna() & added.isna()))
    if bad.any():
        month = bad.index[bad][0]
        raise TargetError(
            "parts",
            where=named([(unit, month)]),
            parts=float(added[month]),
            whole=float(own[month]),
        )
