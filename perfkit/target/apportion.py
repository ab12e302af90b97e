"""One total to units and months: weights, what is held, floors, caps, rounding, and exact sums."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import TargetError
from perfkit.target.cells import Cells, cells
from perfkit.target.entry import (
    Matrix,
    complete,
    known,
    named,
    not_negative,
    numbers,
    once,
    steps,
)
from perfkit.target.fit import fit, tolerance
from perfkit.target.level import level
from perfkit.target.whole import round_shares, round_table

__all__ = ["apportion", "fill", "share", "split", "table"]


def share(total: float, table: Cells, weights: Matrix, where: str, *, whole: bool) -> Matrix:
    """Split a total among the units of a table, each between the sums of its bounds.

    Parameters
    ----------
    total : float
        What to split. [steps when whole]
    table : Cells
        Whose bounds count; the months of a unit are added up. [as total]
    weights : ndarray
        One a unit. [any scale]
    where : str
        What is split, for an error.
    whole : bool
        Round to whole steps.

    Returns
    -------
    ndarray
        One a unit, adding up to the total. [as total]

    Raises
    ------
    TargetError
        No weight is above zero, or the bounds leave no room for the total.

    Examples
    --------
    >>> two = cells(pd.DataFrame({"2012": [1.0, 2.0]}, index=["D1", "D2"]))
    >>> share(10, two, np.array([1.0, 2.0]), "D", whole=True).tolist()
    [3.0, 7.0]
    """
    low, high = table.low.sum(axis=1), table.high.sum(axis=1)
    high = np.where(weights > 0, high, low)
    least, most = float(low.sum()), float(high.sum())
    near = tolerance(np.array([total]), whole=whole)
    if most < total - near and not (weights > 0).any():
        raise TargetError("no_weight", where=where, total=total * table.scale)
    for key, limit, by in (
        ("floors_above_total", least, least - total),
        ("caps_below_total", most, total - most),
    ):
        if by > near:
            facts = {"total": total, "limit": limit, "by": by}
            said = {name: amount * table.scale for name, amount in facts.items()}
            raise TargetError(f"{key}", where=where, count=1, **said)
    rows = (0 * low[None], weights[None], low[None], high[None])
    found, _ = level(*rows, np.array([total]))
    exact = found[0]
    return round_shares(exact, total) if whole else exact


def fill(table: Cells, rows: Matrix, columns: Matrix, *, whole: bool) -> Matrix:
    """Fill a table and, when whole, round it so that every total is kept.

    Parameters
    ----------
    table : Cells
        Weights and bounds.
    rows, columns : ndarray
        Totals of units and months. [steps when whole]
    whole : bool
        Round to whole steps.

    Returns
    -------
    ndarray
        Units by months. [as rows]

    Raises
    ------
    TargetError
        Totals and bounds contradict each other, or the totals do not add up to the same.

    Examples
    --------
    >>> two = cells(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, 1.0]}, index=["D1", "D2"]))
    >>> fill(two, np.array([1.0, 1.0]), np.array([1.0, 1.0]), whole=True).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    near = tolerance(rows, whole=whole)
    if abs(float(rows.sum() - columns.sum())) > near * max(1, len(rows) + len(columns)):
        units, months = (float(totals.sum()) * table.scale for totals in (rows, columns))
        raise TargetError("margins", units=units, months=months)
    exact = fit(table, rows, columns, whole=whole)
    return round_table(exact, rows, columns) if whole else exact


def _framed(values: Matrix, table: Cells, like: pd.DataFrame, step: int | None) -> pd.DataFrame:
    """Bring a filled table back into amounts, empty cells and the order it came in."""
    amounts = np.where(table.is_entry, values * (step or 1), np.nan)
    frame = pd.DataFrame(amounts, index=table.units, columns=table.months)
    return frame.reindex(index=like.index, columns=like.columns)


def split(
    total: float,
    weights: pd.Series[float],
    *,
    hold: pd.Series[float] | None = None,
    floor: pd.Series[float] | None = None,
    cap: pd.Series[float] | None = None,
    step: int | None = 1,
) -> pd.Series[float]:
    """Split a total by weights so that the parts add up to it exactly.

    Parameters
    ----------
    total : float
        What to split. [yuan, policies or persons]
    weights : Series
        One a unit or month, any scale; NaN is no entry: no part, which is not a part of 0.
    hold, floor, cap : Series, optional
        Parts that are fixed, and bounds of the others; NaN or left out is none. A held part
        needs no weight. [as total]
    step : int or None, default 1
        Every part is a multiple of it: 1, or 10_000 for whole 万. None does not round. [as total]

    Returns
    -------
    Series
        On the index of `weights`; its sum is `total`. [as total]

    Raises
    ------
    UnknownName
        A bound is of a label that has no weight.
    TargetError
        A weight is negative, none is above zero, a label comes twice, the total or a held part
        is no multiple of the step, or the bounds leave no room for the total: by how much.

    Notes
    -----
    Before rounding each part is clip(lambda * weight, floor, cap), nearest to the weights
    (Kullback-Leibler); rounding is by largest remainders, equal ones to the earlier code. So a
    part is less than a step from its share, and since no share falls when the total grows,
    a larger total lowers a part by one step at the most.

    Examples
    --------
    >>> split(7, pd.Series({"D1": 50.0, "D2": 30.0, "D3": 20.0})).to_dict()
    {'D1': 4.0, 'D2': 2.0, 'D3': 1.0}
    >>> two = pd.Series({"large": 1.0, "rest": 1.0})
    >>> split(10, two, hold=pd.Series({"large": 7})).tolist()
    [7.0, 3.0]
    """
    numbers(weights, "weight", "unit")
    frame = weights.to_frame("")
    bounds = {
        name: None if given is None else given.to_frame("")
        for name, given in (("hold", hold), ("floor", floor), ("cap", cap))
    }
    table = cells(frame, **bounds, step=step)
    wanted = _total(total, step)
    shares = share(wanted, table, table.weight[:, 0], "total", whole=step is not None)
    return _framed(shares[:, None], table, frame, step)[""].rename(None)


def _total(total: float, step: int | None) -> float:
    """Take a total, in steps where there are any."""
    one = np.array([total], dtype=float)
    complete(one, ["total"], "total")
    not_negative(one, ["total"], "total")
    return float(one[0] if step is None else steps(one, ["total"], step, "total")[0])


def _margin(given: pd.Series[float], labels: pd.Index, kind: str, step: int | None) -> Matrix:
    """Bring the totals of units or months into the order of the table."""
    once(given.index, kind)
    known(given.index, labels, kind)
    out = given.reindex(labels).to_numpy(dtype=float, na_value=np.nan)
    complete(out, labels, "total")
    not_negative(out, labels, "total")
    return out if step is None else steps(out, labels, step, "total")


def table(
    weights: pd.DataFrame,
    units: pd.Series[float],
    months: pd.Series[float],
    *,
    hold: pd.DataFrame | None = None,
    floor: pd.DataFrame | None = None,
    cap: pd.DataFrame | None = None,
    step: int | None = 1,
) -> pd.DataFrame:
    """Fill a table of units by months whose totals are both given.

    Parameters
    ----------
    weights : DataFrame
        Units by months, any scale; NaN is no entry: no target, which is not a target of 0.
    units, months : Series
        The total of every unit and of every month. [yuan, policies or persons]
    hold, floor, cap : DataFrame, optional
        Cells that are fixed, and bounds of the others; NaN or left out is none. [as units]
    step : int or None, default 1
        Every cell is a multiple of it: 1, or 10_000 for whole 万. None does not round.
        [as units]

    Returns
    -------
    DataFrame
        Like `weights`. Rows and columns add up to their totals exactly (without a step: to
        rounding error); every cell is within its bounds and less than a step from the table
        before rounding. [as units]

    Raises
    ------
    UnknownName
        A total or a bound is of a unit or month that has no weights.
    TargetError
        A total is missing or no multiple of the step, the two sets of totals do not add up to
        the same, or totals and bounds contradict each other: which ones, and by how much.

    Notes
    -----
    See `perfkit.target.fit` and `perfkit.target.whole` for the methods. Where bounds cut, a
    larger total can lower a cell: only the bounds and the totals are promised.

    Examples
    --------
    >>> weights = pd.DataFrame({"2012-01": [1.0, 1.0], "2012-02": [1.0, 1.0]}, index=["D1", "D2"])
    >>> table(
    ...     weights,
    ...     pd.Series({"D1": 6, "D2": 4}),
    ...     pd.Series({"2012-01": 5, "2012-02": 5}),
    ...     cap=pd.DataFrame({"2012-01": [2.0]}, index=["D1"]),
    ... ).values.tolist()
    [[2.0, 4.0], [3.0, 1.0]]
    """
    laid = cells(weights, hold=hold, floor=floor, cap=cap, step=step)
    rows = _margin(units, laid.units, "unit", step)
    columns = _margin(months, laid.months, "period", step)
    return _framed(fill(laid, rows, columns, whole=step is not None), laid, weights, step)


def apportion(
    total: float,
    units: pd.Series[float],
    months: pd.Series[float],
    *,
    shape: pd.DataFrame | None = None,
    hold: pd.DataFrame | None = None,
    floor: pd.DataFrame | None = None,
    cap: pd.DataFrame | None = None,
    step: int | None = 1,
) -> pd.DataFrame:
    """Split a total among units and months.

    Parameters
    ----------
    total : float
        What to split. [yuan, policies or persons]
    units, months : Series
        Weights of the units and of the months, any scale. A unit or month of NaN has no entry.
    shape : DataFrame, optional
        Weights of the cells, where units have seasons of their own; a NaN has no entry. By
        default unit weight times month weight.
    hold, floor, cap : DataFrame, optional
        Cells that are fixed, and bounds of the others; NaN or left out is none. [as total]
    step : int or None, default 1
        Every cell is a multiple of it: 1, or 10_000 for whole 万. None does not round. [as total]

    Returns
    -------
    DataFrame
        Units by months in the order of the weights, adding up to `total` exactly. [as total]

    Raises
    ------
    UnknownName
        A bound or shape is of a unit or month that has no weight.
    TargetError
        A weight is negative, none is above zero, a label comes twice, an amount is no multiple
        of the step, or the bounds contradict the totals: which ones, and by how much.

    Notes
    -----
    First each unit's total and each month's total, by their weights between the sums of their
    cells' bounds and rounded by largest remainders; then the cells (`table`). Without shape and
    bounds a larger total lowers a cell by less than 2 + 2 (u + w) + 2 / T steps, with u and w the
    unit's and the month's share and T the total in steps; with them there is no such promise.

    Examples
    --------
    >>> got = apportion(
    ...     100, pd.Series({"D1": 57, "D2": 43}), pd.Series({"2012-01": 0.6, "2012-02": 0.4})
    ... )
    >>> got.astype(int).values.tolist()
    [[34, 23], [26, 17]]
    """
    by_unit, by_month = numbers(units, "weight", "unit"), numbers(months, "weight", "period")
    product = pd.DataFrame(by_unit[:, None] * by_month, index=units.index, columns=months.index)
    weights = product if shape is None else _shaped(shape, product)
    laid = cells(weights, hold=hold, floor=floor, cap=cap, step=step)
    whole, wanted = step is not None, _total(total, step)
    rows = share(wanted, laid, _ordered(units, laid.units), "units", whole=whole)
    columns = share(wanted, laid.turned(), _ordered(months, laid.months), "months", whole=whole)
    return _framed(fill(laid, rows, columns, whole=whole), laid, weights, step)


def _ordered(weights: pd.Series[float], labels: pd.Index) -> Matrix:
    """Bring weights into the order of a table; no entry weighs nothing."""
    return np.nan_to_num(weights.reindex(labels).to_numpy(dtype=float, na_value=np.nan))


def _shaped(shape: pd.DataFrame, product: pd.DataFrame) -> pd.DataFrame:
    """Take a shape of the cells, which must cover every unit and month that has a weight."""
    known(shape.index, product.index, "unit")
    known(shape.columns, product.columns, "period")
    lost = product.index.difference(shape.index).append(product.columns.difference(shape.columns))
    if len(lost):
        raise TargetError("missing", what="shape", count=len(lost), names=named(lost))
    return shape.reindex(index=product.index, columns=product.columns).where(product.notna())
