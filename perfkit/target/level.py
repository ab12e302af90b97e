"""One number lambda a row, so that cells between their bounds add up to the row's total.

x = clip(start + lambda * slope, low, high) with the sum of x given: the solution of every
nearest-to-the-weights problem of this room (Kullback-Leibler distance with start 0 and the weights
as slopes; squared log distance with the logs of history as start).
"""

from __future__ import annotations

import numpy as np

from perfkit.target.entry import Matrix

__all__ = ["level"]


def level(
    start: Matrix, slope: Matrix, low: Matrix, high: Matrix, totals: Matrix
) -> tuple[Matrix, Matrix]:
    """Find the cells between bounds that add up to each row's total.

    Parameters
    ----------
    start, slope : ndarray
        Rows by cells; slopes are not negative, a slope of 0 keeps the cell where it starts,
        clipped. [any one unit]
    low, high : ndarray
        Bounds of each cell; may be infinite. [as start]
    totals : ndarray
        One a row, between the sums of its bounds: the caller sees to that. [as start]

    Returns
    -------
    x : ndarray
        The cells. [as start]
    factor : ndarray
        Lambda, one a row. [unitless]

    Notes
    -----
    Exact in at most one pass a cell: where clipping lifts more than it cuts, lambda is too
    large, so the cells on their floors stay there, and the other way about (Bitran & Hax 1981).

    Examples
    --------
    >>> w, inf = np.array([[1.0, 1.0, 2.0]]), np.full((1, 3), np.inf)
    >>> x, _ = level(0 * w, w, 0 * w, np.array([[np.inf, np.inf, 3.0]]), np.array([10.0]))
    >>> x.tolist()
    [[3.5, 3.5, 3.0]]
    """
    free = slope > 0
    x = np.clip(start, low, high)
    factor = np.ones(len(totals))
    for _ in range(slope.shape[1] + 1):
        open_rows = free.any(axis=1)
        if not open_rows.any():
            break
        rest = totals - np.where(free, 0.0, x).sum(axis=1) - np.where(free, start, 0.0).sum(axis=1)
        room = np.where(free, slope, 0.0).sum(axis=1)
        factor = np.where(open_rows, rest / np.where(open_rows, room, 1.0), factor)
        moved = start + factor[:, None] * slope
        x = np.where(free, np.clip(moved, low, high), x)
        under, over = free & (moved < low), free & (moved > high)
        lifted = np.where(under, low - moved, 0.0).sum(axis=1)
        cut = np.where(over, moved - high, 0.0).sum(axis=1)
        fixed = (under & (lifted >= cut)[:, None]) | (over & (cut >= lifted)[:, None])
        if not fixed.any():
            break
        free = free & ~fixed
    return x, np.asarray(factor)
