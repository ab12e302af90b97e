"""Rounding that keeps every sum: one way by largest remainders, two ways by a transport problem."""

from __future__ import annotations

import numpy as np

from perfkit.errors import TargetError
from perfkit.target.entry import Matrix

__all__ = ["round_shares", "round_table"]

SNAP = 1e-6  # steps: nearer to a whole number than this is that whole number
PRICE = 1e4  # of one step's rounding, so that the solver's own tolerance lies far below a tie
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
    The time grows faster than the table: round thousands of units level by level down a tree.

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
        up[open_cells] = _rounded_up(rest, open_cells, over_rows, over_columns)
    if (up.sum(axis=1) != over_rows).any() or (up.sum(axis=0) != over_columns).any():
        raise TargetError(
            "not_rounded",
            parts=float(exact.sum()),
            whole=float(rows.sum()),
        )
    return np.asarray(base + up)


def _rounded_up(rest: Matrix, where: np.ndarray, rows: Matrix, columns: Matrix) -> Matrix:
    """Choose which remainders become a whole step: the least cost, earlier codes first."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    n, m = rest.shape
    i, j = np.nonzero(where)
    early = (n - i) * (m - j) / (n * m)
    cost = PRICE * (1 - 2 * np.round(rest[where] / TIE) * TIE - TIE * early)
    cell = np.arange(len(i))
    places = (np.concatenate([i, n + j]), np.concatenate([cell, cell]))
    sums = csr_matrix((np.ones(2 * len(i)), places), shape=(n + m, len(i)))
    totals = np.concatenate([rows, columns])
    found = linprog(cost, A_eq=sums, b_eq=totals, bounds=(0, 1), method="highs-ds")
    return np.zeros(len(i)) if found.x is None else np.asarray(np.round(found.x))
