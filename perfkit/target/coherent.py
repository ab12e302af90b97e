"""Targets on the drivers that multiply to a premium target exactly, nearest to history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import TargetError, UnknownName
from perfkit.target.entry import Matrix, known, named, numbers, once
from perfkit.target.level import level

__all__ = ["DRIVERS", "coherent", "reached"]

DRIVERS = ("headcount_average", "activity_rate", "cases_per_active", "average_case_size")
NEAR = 1e-12


def _drivers(frame: pd.DataFrame, rows: pd.Index, what: str, *, gaps: bool) -> Matrix:
    """Lay out one number a row and driver; where `gaps` allows it, NaN is no bound."""
    once(frame.index, "unit")
    once(frame.columns, "column")
    known(frame.columns, pd.Index(DRIVERS), "column")
    known(frame.index, rows, "unit")
    if not gaps and len(lost := pd.Index(DRIVERS).difference(frame.columns)):
        raise UnknownName(kind="column", name=lost[0], allowed=[str(c) for c in frame.columns])
    out = frame.reindex(index=rows, columns=list(DRIVERS)).to_numpy(dtype=float, na_value=np.nan)
    bad = (out < 0) | ((out == 0) & (what != "floor"))
    if bad.any():
        found = [(rows[i], DRIVERS[j]) for i, j in np.argwhere(bad)]
        raise TargetError("not_above_zero", what=what, count=len(found), names=named(found))
    return np.asarray(out)


def _bound(given: pd.DataFrame | pd.Series[float] | None, rows: pd.Index, what: str) -> Matrix:
    """Lay out bounds given for each row, or one a driver for all of them."""
    if given is None:
        return np.full((len(rows), len(DRIVERS)), np.nan)
    if isinstance(given, pd.Series):
        one = given.to_frame().T
        return np.repeat(_drivers(one, one.index, what, gaps=True), len(rows), axis=0)
    return _drivers(given, rows, what, gaps=True)


def _ease(given: pd.Series[float] | None) -> Matrix:
    if given is None:
        return np.ones(len(DRIVERS))
    known(given.index, pd.Index(DRIVERS), "column")
    numbers(given, "ease", "column")
    return np.asarray(given.reindex(list(DRIVERS)).fillna(1.0).to_numpy(float))


def coherent(
    targets: pd.Series[float],
    history: pd.DataFrame,
    *,
    floor: pd.DataFrame | pd.Series[float] | None = None,
    cap: pd.DataFrame | pd.Series[float] | None = None,
    ease: pd.Series[float] | None = None,
    strict: bool = True,
) -> pd.DataFrame:
    """Find targets on headcount, activity, cases and case size whose product is the premium target.

    Parameters
    ----------
    targets : Series
        Premium of a month, one a row, such as a unit and month; NaN is no entry. [yuan]
    history : DataFrame
        The same rows (more do no harm) by `DRIVERS`: where the drivers stand. [persons, rate,
        policies an active agent, yuan]
    floor, cap : DataFrame or Series, optional
        Bounds by row and driver, or by driver for all rows; NaN or left out is none. The
        activity rate is never over 1. Equal ones fix a driver. [as history]
    ease : Series, optional
        By driver: how much more readily it moves than the others; 0 keeps it where it is. By
        default all alike. [unitless]
    strict : bool, default True
        Refuse a target that the bounds do not let be reached; otherwise the row has the nearest
        premium there is, and says what it lacks.

    Returns
    -------
    DataFrame
        One row a target: the `DRIVERS`; premium (their product), short (target less premium: 0
        where it is reached), stretch (by what a driver of ease 1 between its bounds is multiplied),
        least and most (premium within the bounds) and bound (the drivers on a bound, such as
        ``activity_rate:cap``). A row without target or history is NaN. [as history; yuan; unitless;
        yuan]

    Raises
    ------
    UnknownName
        A driver or row is unknown or missing.
    TargetError
        A target or driver is not above zero, a floor lies above its cap, or (strict) a target
        cannot be reached: which, the most that can be, and the bounds that stop it.

    Notes
    -----
    Premium = headcount x activity rate x cases per active agent x case size (district deck 2012,
    sections 34 and 35). Nearest means the least sum of squared log distances from history over
    ease: each driver is clip(history * stretch ** ease, floor, cap) with one stretch a row.

    Examples
    --------
    >>> past = pd.DataFrame([[100, 0.25, 1.0, 4_200]], index=["D1"], columns=DRIVERS)
    >>> got = coherent(
    ...     pd.Series({"D1": 420_000.0}), past, cap=pd.Series({"headcount_average": 100})
    ... )
    >>> got.loc["D1", list(DRIVERS)].astype(float).round(3).tolist()
    [100.0, 0.397, 1.587, 6667.084]
    """
    once(targets.index, "unit")
    known(targets.index, history.index, "unit")
    wanted = _above_zero(targets)
    past = _drivers(history.reindex(targets.index), targets.index, "history", gaps=False)
    low, high = _bound(floor, targets.index, "floor"), _bound(cap, targets.index, "cap")
    low, high = np.where(np.isnan(low), 0.0, low), np.where(np.isnan(high), np.inf, high)
    high[:, 1] = np.minimum(high[:, 1], 1.0)
    moves = np.tile(_ease(ease), (len(wanted), 1))
    kept = np.clip(past, low, high)
    low, high = np.where(moves > 0, low, kept), np.where(moves > 0, high, kept)
    if (low > high).any():
        found = [(targets.index[i], DRIVERS[j]) for i, j in np.argwhere(low > high)]
        raise TargetError("floor_above_cap", count=len(found), names=named(found))
    open_rows = ~np.isnan(wanted) & ~np.isnan(past).any(axis=1)
    least, most = low.prod(axis=1), high.prod(axis=1)
    reached = np.clip(wanted, least, most)
    x, factor = np.full_like(past, np.nan), np.full(len(wanted), np.nan)
    part = _solve(
        past[open_rows], moves[open_rows], low[open_rows], high[open_rows], reached[open_rows]
    )
    x[open_rows], factor[open_rows] = part
    out = pd.DataFrame(x, index=targets.index, columns=list(DRIVERS))
    out["premium"] = x.prod(axis=1)
    short = wanted - out["premium"]
    out["short"] = short.where(short.abs() > NEAR * wanted, 0.0).where(open_rows)
    out["stretch"], out["least"], out["most"] = factor, least, most
    out["bound"] = _bounds(x, low, high)
    if strict:
        _refuse(out, wanted)
    return out


def _above_zero(targets: pd.Series[float]) -> Matrix:
    wanted = numbers(targets, "target", "unit")
    if (wanted == 0).any():
        bad = targets.index[wanted == 0]
        raise TargetError("not_above_zero", what="target", count=len(bad), names=named(bad))
    return wanted


def _solve(
    past: Matrix, moves: Matrix, low: Matrix, high: Matrix, product: Matrix
) -> tuple[Matrix, Matrix]:
    """Stretch the drivers in logs, then let the freest of them take up what floating point left."""
    with np.errstate(divide="ignore"):
        bottom, top = np.log(low), np.log(high)
    logs, factor = level(np.log(past), moves, bottom, top, np.log(product))
    # A driver on a bound is that bound: its logarithm does not come back to the last digit.
    x = np.where(logs >= top, high, np.where(logs <= bottom, low, np.exp(logs)))
    room = np.where(moves > 0, np.minimum(logs - bottom, top - logs), -1.0)
    rows, freest = np.arange(len(x)), room.argmax(axis=1)
    others = np.where(np.arange(x.shape[1]) == freest[:, None], 1.0, x).prod(axis=1)
    exact = np.clip(product / others, low[rows, freest], high[rows, freest])
    x[rows, freest] = np.where(room.max(axis=1) > 0, exact, x[rows, freest])
    return x, np.exp(factor)


def _bounds(x: Matrix, low: Matrix, high: Matrix) -> list[str]:
    """Name the drivers that sit on a bound, row by row."""
    out = []
    for row, bottom, top in zip(x, low, high, strict=True):
        ends = [
            f"{name}:{'fixed' if lo == hi else 'floor' if value <= lo else 'cap'}"
            for name, value, lo, hi in zip(DRIVERS, row, bottom, top, strict=True)
            if value <= lo or value >= hi
        ]
        out.append(", ".join(ends))
    return out


def _refuse(out: pd.DataFrame, wanted: Matrix) -> None:
    """Refuse the first target that its bounds do not let be reached."""
    bad = out["short"].fillna(0.0) != 0
    if bad.any():
        first = out.index[bad][0]
        row = out.loc[first]
        raise TargetError(
            "unreachable",
            where=named([first]),
            target=float(wanted[out.index.get_loc(first)]),
            least=float(row["least"]),
            most=float(row["most"]),
            by=abs(float(row["short"])),
            bound=row["bound"],
            count=int(bad.sum()),
        )


def reached(bound: str) -> str:
    """Keep the drivers on a floor or cap; those that were not to move say nothing.

    Examples
    --------
    >>> reached("headcount_average:fixed, activity_rate:cap")
    'activity_rate:cap'
    """
    return ", ".join(one for one in bound.split(", ") if one and not one.endswith(":fixed"))
