"""The cells of a table of targets: who may take how much, in rounding steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.errors import TargetError
from perfkit.target.entry import (
    Matrix,
    check_step,
    in_code_order,
    named,
    near_whole,
    not_negative,
    once,
    steps,
    table_of,
)

__all__ = ["Cells", "cells"]


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of units by months to be filled, in the order of their codes.

    Attributes
    ----------
    units, months : Index
        Sorted, each label once.
    weight : ndarray
        Not negative; 0 where there is no entry. [any scale]
    low, high : ndarray
        Bounds; whole steps where the table is rounded. [steps, or as the total without a step]
    is_entry : ndarray of bool
        False where a cell takes no part: it gets no target, which is not a target of 0.
    scale : float, default 1
        What one step is worth, to say amounts in an error. [yuan, or what is shared out]
    """

    units: pd.Index
    months: pd.Index
    weight: Matrix
    low: Matrix
    high: Matrix
    is_entry: np.ndarray
    scale: float = 1.0

    def places(self, where: np.ndarray) -> list[tuple[object, object]]:
        """List the labels of the marked cells."""
        return [(self.units[i], self.months[j]) for i, j in np.argwhere(where)]

    def turned(self) -> Cells:
        """Swap units and months."""
        parts = (self.weight.T, self.low.T, self.high.T, self.is_entry.T)
        return Cells(self.months, self.units, *parts, scale=self.scale)

    def rows(self, where: list[int]) -> Cells:
        """Keep some units."""
        parts = (self.weight[where], self.low[where], self.high[where], self.is_entry[where])
        return Cells(self.units[where], self.months, *parts, scale=self.scale)


def _in_steps(bound: Matrix, step: int | None, up: bool) -> Matrix:
    """Move a bound inwards to the next whole step."""
    if step is None:
        return bound
    counted = bound / step
    near = near_whole(counted)
    return np.asarray(np.ceil(counted - near) if up else np.floor(counted + near))


def cells(
    weights: pd.DataFrame,
    *,
    hold: pd.DataFrame | None = None,
    floor: pd.DataFrame | None = None,
    cap: pd.DataFrame | None = None,
    step: int | None = 1,
) -> Cells:
    """Check a table's weights and bounds and lay them out in the order of the codes.

    Parameters
    ----------
    weights : DataFrame
        Units by months. NaN is no entry: the cell takes no part. [any scale, not negative]
    hold, floor, cap : DataFrame, optional
        Some or all of the cells; NaN is no entry: not held, no floor, no cap. [yuan, or what is
        shared out]
    step : int or None, default 1
        Rounding step; floors are moved up and caps down to it. None leaves them. [as hold]

    Returns
    -------
    Cells
        A cell of weight 0 takes its floor or what it is held at, and no more.

    Raises
    ------
    UnknownName
        A bound is of a unit or month that has no weights.
    TargetError
        A label comes twice, a number is negative, a held amount lies between two steps, a floor
        lies above its cap or on a cell that has no entry.

    Examples
    --------
    >>> cells(pd.DataFrame({"2012-01": [1.0, None]}, index=["D1", "D2"])).is_entry.tolist()
    [[True], [False]]
    """
    check_step(step)
    once(weights.index, "unit")
    once(weights.columns, "period")
    units, months = in_code_order(weights.index), in_code_order(weights.columns)
    weight = table_of(weights, units, months, "weight")
    places = [(unit, month) for unit in units for month in months]
    not_negative(weight.ravel(), places, "weight")  # here infinity is refused too
    held = table_of(hold, units, months, "hold")
    low, high = table_of(floor, units, months, "floor"), table_of(cap, units, months, "cap")
    low, high = np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)
    is_entry = ~np.isnan(weight) | ~np.isnan(held)
    low, high = _in_steps(low, step, up=True), _in_steps(high, step, up=False)
    if step is not None:
        held = steps(held.ravel(), places, step, "hold").reshape(held.shape)
    weight = np.where(np.isnan(weight), 0.0, weight)
    _refuse(~is_entry & (low > 0), "floor_without_entry", units, months)
    # What is held says more than a floor or a cap of a wider rule.
    low = np.where(np.isnan(held), low, held)
    high = np.where(np.isnan(held), high, held)
    _refuse(low > high, "floor_above_cap", units, months)
    high = np.where(weight > 0, high, low)
    return Cells(units, months, weight, low, high, is_entry, float(step or 1))


def _refuse(bad: np.ndarray, key: str, units: pd.Index, months: pd.Index) -> None:
    if bad.any():
        found = [(units[i], months[j]) for i, j in np.argwhere(bad)]
        raise TargetError(f"{key}", count=len(found), names=named(found))
