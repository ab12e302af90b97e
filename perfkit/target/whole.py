"""Rounding that keeps every sum: one way by largest remainders, two ways as a transport problem."""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from perfkit.errors import TargetError
from perfkit.target.entry import Matrix

__all__ = ["round_shares", "round_table"]

SNAP = 1e-6  # steps: nearer to a whole number than this is that whole number
# Of whole numbers, or of yes and no.
Table: TypeAlias = NDArray[Any]
SWEEPS = 12  # over the columns, to find prices that nearly fill them
FAR = np.iinfo(np.int64).max // 8  # a way that is not there
TIE = 1e-5  # steps: remainders nearer to each other than this are equal


def _cut(exact: Matrix) -> tuple[Matrix, Matrix]:
    """Split amounts into whole steps and remainders from 0 to under 1."""
    near = np.round(exact)
    settled = np.where(np.abs(exact - near) <= SNAP, near, exact)
    base = np.floor(settled)
    return base, settled - base


def round_shares(exact: Matrix, total: float) -> Matrix:
    """Round shares of a whole number of steps so that they add up to it.

    Parameters
    ----------
    exact : ndarray
        Not negative, in the order of their codes. [steps]
    total : float
        Whole; what `exact` adds up to. [steps]

    Returns
    -------
    ndarray
        Whole numbers, each less than a step from its share. [steps]

    Raises
    ------
    TargetError
        The shares do not add up to the total.

    Notes
    -----
    Largest remainders (Hamilton); equal remainders go to the earlier code.

    Examples
    --------
    >>> round_shares(np.array([1.5, 1.5, 2.0]), 5).tolist()
    [2.0, 1.0, 2.0]
    """
    base, rest = _cut(exact)
    left = round(total - float(base.sum()))
    if left < 0 or left > np.count_nonzero(rest):
        raise TargetError("not_rounded", parts=float(exact.sum()), whole=total)
    order = np.argsort(-np.round(rest / TIE), kind="stable")
    out = base.copy()
    out[order[:left]] += 1
    return out


def round_table(exact: Matrix, rows: Matrix, columns: Matrix) -> Matrix:
    """Round a table so that every row and column keeps its whole total.

    Parameters
    ----------
    exact : ndarray
        Units by months in the order of their codes, with the sums of `rows` and `columns`.
        [steps]
    rows, columns : ndarray
        Whole numbers. [steps]

    Returns
    -------
    ndarray
        Whole numbers: every cell is its amount rounded up or down, so it stays between whole
        bounds and less than a step away. The sum of all distances is the least possible. [steps]

    Raises
    ------
    TargetError
        The table does not have those sums.

    Notes
    -----
    Controlled rounding (Cox 1987): the remainders are a transport problem with capacities of
    one, whose corners are whole. Among equally near tables the one that rounds up earlier
    codes, both of unit and month, is preferred; differences under `TIE` count as equal.
    Months are few, units may be thousands: the time grows with the units and with how far their
    own best choices are from the months' totals.

    Examples
    --------
    >>> half = np.full((2, 2), 0.5)
    >>> round_table(half, np.ones(2), np.ones(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    base, rest = _cut(exact)
    open_cells = rest > 0
    up = np.zeros_like(base)
    over_rows, over_columns = rows - base.sum(axis=1), columns - base.sum(axis=0)
    if open_cells.any():
        up = _rounded_up(rest, open_cells, over_rows, over_columns)
    if (up.sum(axis=1) != over_rows).any() or (up.sum(axis=0) != over_columns).any():
        raise TargetError(
            "not_rounded",
            parts=float(exact.sum()),
            whole=float(rows.sum()),
        )
    return np.asarray(base + up)


def _rounded_up(rest: Matrix, is_open: Table, rows: Matrix, columns: Matrix) -> Matrix:
    """Choose which remainders become a whole step: the least cost, earlier codes first.

    Every row first takes its own cheapest cells at prices that nearly fill the columns, which is
    best for the columns it happens to fill; then steps move one by one, each by the cheapest way,
    from columns that are over to those that are short, so it stays best all along (successive
    shortest paths; a way runs over the columns, which are few). What cannot be met is left.
    """
    n, m = rest.shape
    i, j = np.indices(rest.shape)
    # Whole numbers, so that equal costs are equal: remainders first, then early codes.
    cost = -2 * np.round(rest / TIE).astype(np.int64) * n * m - (n - i) * (m - j)
    dear = np.where(is_open, cost + _prices(np.where(is_open, cost, FAR), rows, columns), FAR)
    order = np.argsort(np.argsort(dear, axis=1, kind="stable"), axis=1)
    up = (order < rows[:, None]) & is_open
    price, who = np.full((m, m), FAR), np.zeros((m, m), dtype=np.intp)
    changed = list(range(m))
    while changed:
        for column in changed:
            _swaps(column, cost, up, is_open, price, who)
        changed = _cheapest_way(up.sum(axis=0) - columns, price)
        for here, there in itertools.pairwise(changed):
            row = who[here, there]
            up[row, here], up[row, there] = False, True
    return np.asarray(up, dtype=float)


def _prices(cost: Table, rows: Matrix, columns: Matrix) -> Table:
    """Find prices of the columns at which rows that take their cheapest cells nearly fill them."""
    n, m = cost.shape
    last = np.maximum(rows.astype(np.intp) - 1, 0)
    most = 2 * int(np.abs(cost[cost < FAR]).max()) + 1
    price = np.zeros(m, dtype=np.int64)
    for column in list(range(m)) * SWEEPS:
        others = np.minimum(cost + price, FAR)
        others[:, column] = FAR
        # A row takes the column below the price at which it would be its last choice.
        limit = np.sort(others, axis=1)[np.arange(n), last] - cost[:, column]
        limit = np.sort(np.where(rows > 0, limit, -FAR))[::-1]
        wanted = int(columns[column])
        edges = (limit[max(wanted - 1, 0)], limit[min(wanted, n - 1)])
        middle = edges[0] + 1 if wanted == 0 else edges[1] - 1 if wanted >= n else sum(edges) // 2
        price[column] = np.clip(middle, -most, most)
    return price


def _swaps(column: int, cost: Table, up: Table, is_open: Table, price: Table, who: Table) -> None:
    """Find the row that moves a step most cheaply out of a column, and into it, for every other."""
    mine, free = cost[:, [column]], is_open & ~up
    away = np.where(up[:, [column]] & free, cost - mine, FAR)
    here = np.where(up & free[:, [column]], mine - cost, FAR)
    for found, place in ((away, (column, slice(None))), (here, (slice(None), column))):
        who[place] = found.argmin(axis=0)
        price[place] = found.min(axis=0)


def _cheapest_way(excess: Table, price: Table) -> list[int]:
    """Find the cheapest way from a column that is over to one that is short; none is empty."""
    m = len(excess)
    cost, before = np.where(excess > 0, 0, FAR), np.full(m, -1)
    for _ in range(m):
        through = np.where((cost[:, None] < FAR) & (price < FAR), cost[:, None] + price, FAR)
        is_less = through.min(axis=0) < cost
        if not is_less.any():
            break
        before = np.where(is_less, through.argmin(axis=0), before)
        cost = np.minimum(cost, through.min(axis=0))
    ends = np.where(excess < 0, cost, FAR)
    if ends.min(initial=FAR) >= FAR:
        return []
    way = [int(ends.argmin())]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return way[::-1]
