"""A table that keeps its row and column totals and its bounds, nearest to its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from perfkit.errors import TargetError
from perfkit.target.cells import Cells
from perfkit.target.entry import Matrix, named
from perfkit.target.level import level

__all__ = ["fit", "tolerance"]

MOST = 200  # passes; what has not settled by then is finished by a linear programme
NEAR = 1e-7


def tolerance(totals: Matrix, *, whole: bool) -> float:
    """Say how near a sum must come: far below one step, or relative where nothing is rounded.

    Examples
    --------
    >>> tolerance(np.array([1_000.0]), whole=True)
    1e-07
    """
    size = float(totals.max(initial=0.0))
    return max(NEAR, 1e-14 * size) if whole else max(1e-12 * size, 1e-300)


def _check_rows(table: Cells, totals: Matrix, near: float) -> None:
    """Refuse a row whose own bounds already rule out its total."""
    least, most = table.low.sum(axis=1), table.high.sum(axis=1)
    for key, limit, by in (
        ("floors_above_total", least, least - totals),
        ("caps_below_total", most, totals - most),
    ):
        if (by > near).any():
            first = int(np.argmax(by > near))
            raise TargetError(
                f"{key}",
                where=str(table.units[first]),
                total=float(totals[first]) * table.scale,
                limit=float(limit[first]) * table.scale,
                by=float(by[first]) * table.scale,
                count=int((by > near).sum()),
            )


def _conflict(table: Cells, rows: Matrix, columns: Matrix) -> TargetError:
    """Name the units and months whose totals cannot all be kept, by the cut that proves it."""
    from scipy.optimize import linprog

    n, m = table.low.shape
    need = np.concatenate([rows - table.low.sum(axis=1), columns - table.low.sum(axis=0)])
    room = np.minimum(table.high - table.low, need.sum() + 1.0)  # never cut through no cap
    limits = np.column_stack([np.zeros(n * m), room.ravel()])
    found = linprog(-np.ones(n * m), A_ub=_sums(n, m), b_ub=need, bounds=limits, method="highs-ds")
    kept = np.asarray(found.ineqlin.marginals) > -0.5  # totals outside the cut
    units, months = np.flatnonzero(kept[:n]), np.flatnonzero(kept[n:])
    allowed = float(table.high[np.ix_(units, months)].sum())
    least = float(rows[units].sum() - columns[np.flatnonzero(~kept[n:])].sum())
    floors = float(np.delete(table.low, units, axis=0)[:, np.flatnonzero(~kept[n:])].sum())
    return TargetError(
        "conflict",
        units=named(table.units[units]),
        months=named(table.months[months]),
        needed=(least + floors) * table.scale,
        allowed=allowed * table.scale,
        by=(least + floors - allowed) * table.scale,
    )


def _sums(n: int, m: int) -> Any:
    """Lay out the sums of rows, then of columns, of an n by m table read row by row."""
    from scipy.sparse import csr_matrix

    cell = np.arange(n * m)
    places = (np.concatenate([cell // m, n + cell % m]), np.concatenate([cell, cell]))
    return csr_matrix((np.ones(2 * n * m), places), shape=(n + m, n * m))


def _finish(x: Matrix, table: Cells, rows: Matrix, columns: Matrix) -> Matrix:
    """Go from a table that nearly keeps its sums to the nearest one that does."""
    from scipy.optimize import linprog
    from scipy.sparse import hstack

    n, m = x.shape
    short = np.concatenate([rows - x.sum(axis=1), columns - x.sum(axis=0)])
    sums = _sums(n, m)
    room = np.concatenate([(table.high - x).ravel(), (x - table.low).ravel()])
    found = linprog(
        np.ones(2 * n * m),
        A_eq=hstack([sums, -sums], format="csr"),
        b_eq=short,
        bounds=np.column_stack([np.zeros(2 * n * m), np.maximum(room, 0.0)]),
        method="highs-ds",
    )
    if found.status != 0:
        raise _conflict(table, rows, columns)
    moved = found.x[: n * m] - found.x[n * m :]
    return np.asarray(np.clip(x + moved.reshape(n, m), table.low, table.high))


def fit(table: Cells, rows: Matrix, columns: Matrix, *, whole: bool = True) -> Matrix:
    """Fill a table so that rows and columns keep their totals.

    Parameters
    ----------
    table : Cells
        Weights and bounds.
    rows, columns : ndarray
        The totals of the units and of the months; both add up to the same. [as the bounds]
    whole : bool, default True
        The result will be rounded, so sums need to be exact to far less than a step only.

    Returns
    -------
    ndarray
        Units by months, within bounds, nearest to the weights: the least Kullback-Leibler
        distance, which without bounds is iterative proportional fitting (RAS). [as the bounds]

    Raises
    ------
    TargetError
        A total does not fit its bounds, or totals and bounds contradict each other: which units
        in which months, and by how much.

    Notes
    -----
    Dual coordinate ascent: rows and columns take turns at finding their factor (Deming & Stephan
    1940 with bounds). It settles slowly where the totals force weighted cells onto a bound;
    after `MOST` passes the nearest table (least sum of changes) that keeps the sums is taken,
    or the contradiction found.

    Examples
    --------
    >>> import pandas as pd
    >>> from perfkit.target.cells import cells
    >>> table = cells(pd.DataFrame([[1.0, 1.0], [1.0, 3.0]], index=["D1", "D2"]))
    >>> fit(table, np.array([4.0, 6.0]), np.array([3.0, 7.0])).round(3).tolist()
    [[1.757, 2.243], [1.243, 4.757]]
    """
    near = tolerance(np.concatenate([rows, columns]), whole=whole)
    _check_rows(table, rows, near)
    _check_rows(table.turned(), columns, near)
    by_month: Matrix = np.ones(len(columns))
    zero: Matrix = np.zeros_like(table.weight)
    x: Matrix = zero
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(MOST):
            x, by_unit = level(zero, table.weight * by_month, table.low, table.high, rows)
            if np.abs(x.sum(axis=0) - columns).max(initial=0.0) <= near:
                return x
            slope = (table.weight * by_unit[:, None]).T
            turned, by_month = level(zero.T, slope, table.low.T, table.high.T, columns)
            x = turned.T
            if np.abs(x.sum(axis=1) - rows).max(initial=0.0) <= near:
                return x
            if not np.isfinite(by_month).all() or not np.isfinite(by_unit).all():
                break
    x = np.clip(np.nan_to_num(x, posinf=0.0), table.low, table.high)
    return _finish(np.minimum(x, rows[:, None] + columns[None, :]), table, rows, columns)
