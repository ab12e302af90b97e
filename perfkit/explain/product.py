"""Share the change of a product among its factors, exactly: LMDI, and Shapley below zero."""

from __future__ import annotations

import math

import numpy as np

from perfkit.errors import ReconcileError

__all__ = ["Matrix", "lmdi", "shapley"]

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
MOST_FACTORS = 12


def _checked(before: Matrix, after: Matrix) -> tuple[Matrix, Matrix]:
    first, second = np.asarray(before, float), np.asarray(after, float)
    missing = ~(np.isfinite(first) & np.isfinite(second))
    if missing.any():
        rows = np.flatnonzero(missing.any(axis=1))
        raise ReconcileError("driver_missing", count=len(rows), first=rows[:3].tolist())
    return first, second


def lmdi(before: Matrix, after: Matrix) -> Matrix:
    """Share the change of each row's product among its factors by logarithmic means.

    Parameters
    ----------
    before, after : array
        One row a unit, one column a factor; none negative. [any]

    Returns
    -------
    array
        The effect of each factor; a row adds up to the change of its product. [of the product]

    Raises
    ------
    ReconcileError
        A value is missing or negative.

    Notes
    -----
    Additive LMDI-I: the logarithmic mean of the two products times the log of the factor's ratio
    (Montgomery 1937; Ang 2005, "The LMDI approach to decomposition analysis: a practical
    guide"). Zeros by their limits (Wood and Lenzen 2006): a product that starts or ends at zero
    owes its whole change to the factor that is zero there, in equal parts where several are.

    Examples
    --------
    >>> lmdi(np.array([[10.0, 2.0]]), np.array([[10.0, 3.0]])).round(9).tolist()
    [[0.0, 10.0]]
    """
    first, second = _checked(before, after)
    if (first < 0).any() or (second < 0).any():
        rows = np.flatnonzero(((first < 0) | (second < 0)).any(axis=1))
        raise ReconcileError("driver_negative", count=len(rows), first=rows[:3].tolist())
    start, end = first.prod(axis=1), second.prod(axis=1)
    plain = (start > 0) & (end > 0)
    out = np.zeros_like(first)
    change = (end - start)[plain]
    grown = change / start[plain]
    # near one the difference keeps more digits, far from it the ratio does
    near = np.abs(grown) < 0.5
    logs = np.where(near, np.log1p(np.where(near, grown, 0.0)), np.log(end[plain] / start[plain]))
    same = logs == 0
    mean = np.where(same, start[plain], change / np.where(same, 1.0, logs))
    out[plain] = mean[:, None] * np.log(second[plain] / first[plain])
    for side in (first, second):
        zero = side == 0
        rows = ~plain & zero.any(axis=1) & (start != end)
        out[rows] += (end - start)[rows, None] * zero[rows] / zero[rows].sum(axis=1)[:, None]
    return out


def shapley(before: Matrix, after: Matrix) -> Matrix:
    """Share the change of each row's product among its factors: the mean over all orders.

    Parameters
    ----------
    before, after : array
        One row a unit, one column a factor, of any sign. [any]

    Returns
    -------
    array
        The effect of each factor; a row adds up to the change of its product. [of the product]

    Raises
    ------
    ReconcileError
        A value is missing, or there are more factors than can be ordered.

    Notes
    -----
    Shapley 1953; for products the same as Sun 1998. The factor's change, times the others partly
    moved, weighted by how many orders move just those before it.

    Examples
    --------
    >>> shapley(np.array([[10.0, 2.0]]), np.array([[12.0, -3.0]])).tolist()
    [[-1.0, -55.0]]
    """
    first, second = _checked(before, after)
    count = first.shape[1]
    if count > MOST_FACTORS:
        raise ReconcileError("too_many_factors", count=count, most=MOST_FACTORS)
    out = np.empty_like(first)
    for own in range(count):
        others = [k for k in range(count) if k != own]
        # by how many of the others have moved: sums of their products, one factor at a time
        moved = np.zeros((len(first), count))
        moved[:, 0] = 1.0
        for k in others:
            grown = moved * first[:, [k]]
            grown[:, 1:] += moved[:, :-1] * second[:, [k]]
            moved = grown
        weights = [1 / (count * math.comb(count - 1, size)) for size in range(count)]
        out[:, own] = (moved @ np.array(weights)) * (second[:, own] - first[:, own])
    return out
