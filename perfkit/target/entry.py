"""What a planner enters: checked once, at the door, and brought into the order of the codes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.errors import TargetError, UnknownName

__all__ = [
    "Matrix",
    "check_step",
    "complete",
    "in_code_order",
    "known",
    "named",
    "near_whole",
    "not_negative",
    "numbers",
    "once",
    "steps",
    "table_of",
]

Matrix = npt.NDArray[np.floating[Any]]
SHOWN = 5
NEAR = 1e-9
GRAINS = 4 * float(np.finfo(float).eps)


def named(labels: Iterable[object]) -> str:
    """Write the first few labels of a list, and how many more there are.

    Examples
    --------
    >>> named(["D1", "D2"])
    'D1, D2'
    >>> named(range(7))
    '0, 1, 2, 3, 4, … (7)'
    """
    found = [" ".join(map(str, x)).strip() if isinstance(x, tuple) else str(x) for x in labels]
    more = f", … ({len(found)})" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def in_code_order(labels: pd.Index) -> pd.Index:
    """Sort labels, so that no result hangs on the order they came in.

    Examples
    --------
    >>> in_code_order(pd.Index(["b", "a"])).tolist()
    ['a', 'b']
    """
    try:
        out: pd.Index = labels.sort_values()
    except TypeError:
        out = pd.Index(sorted(labels, key=str))
    return out


def once(labels: pd.Index, kind: str) -> None:
    """Refuse labels that come twice.

    Raises
    ------
    TargetError
        One does.

    Examples
    --------
    >>> once(pd.Index(["D1", "D2"]), "unit")
    """
    twice = labels[labels.duplicated()].unique()
    if len(twice):
        raise TargetError("twice", kind=kind, names=named(twice), count=len(twice))


def known(labels: pd.Index, allowed: pd.Index, kind: str) -> None:
    """Refuse labels that are none of the allowed ones.

    Raises
    ------
    UnknownName
        One is not.

    Examples
    --------
    >>> known(pd.Index(["D1"]), pd.Index(["D1", "D2"]), "unit")
    """
    strange = labels.difference(allowed, sort=False)
    if len(strange):
        raise UnknownName(kind=kind, name=strange[0], allowed=[str(x) for x in allowed])


def not_negative(values: Matrix, labels: Sequence[Hashable] | pd.Index, what: str) -> None:
    """Refuse negative and infinite numbers; a missing one passes.

    Raises
    ------
    TargetError
        One is negative or infinite.

    Examples
    --------
    >>> not_negative(np.array([0.0, np.nan]), ["a", "b"], "weight")
    """
    bad = (values < 0) | np.isinf(values)
    if bad.any():
        found = [label for label, is_bad in zip(labels, bad, strict=True) if is_bad]
        raise TargetError("negative", what=what, count=int(bad.sum()), names=named(found))


def complete(values: Matrix, labels: Sequence[Hashable] | pd.Index, what: str) -> None:
    """Refuse missing numbers where nothing can be done without them.

    Raises
    ------
    TargetError
        One is missing.

    Examples
    --------
    >>> complete(np.array([1.0]), ["a"], "weight")
    """
    bad = np.isnan(values)
    if bad.any():
        found = [label for label, is_bad in zip(labels, bad, strict=True) if is_bad]
        raise TargetError("missing", what=what, count=int(bad.sum()), names=named(found))


def numbers(values: pd.Series[float], what: str, kind: str) -> Matrix:
    """Take the numbers of a Series whose labels come once and which are not negative.

    Raises
    ------
    TargetError
        A label comes twice, or a number is negative or infinite.

    Examples
    --------
    >>> numbers(pd.Series([1, 2]), "weight", "unit").tolist()
    [1.0, 2.0]
    """
    once(values.index, kind)
    out = values.to_numpy(dtype=float, na_value=np.nan)
    not_negative(out, values.index, what)
    return out


def table_of(given: pd.DataFrame | None, units: pd.Index, months: pd.Index, what: str) -> Matrix:
    """Bring a partial table of cells onto all units and months; what is not there is NaN.

    Raises
    ------
    UnknownName
        A unit or month is none of ours.
    TargetError
        A label comes twice, or a number is negative.

    Examples
    --------
    >>> one = pd.DataFrame({"2012-02": [7.0]}, index=["D2"])
    >>> table_of(one, pd.Index(["D1", "D2"]), pd.Index(["2012-01", "2012-02"]), "hold").tolist()
    [[nan, nan], [nan, 7.0]]
    """
    if given is None:
        return np.full((len(units), len(months)), np.nan)
    once(given.index, "unit")
    once(given.columns, "period")
    known(given.index, units, "unit")
    known(given.columns, months, "period")
    frame = given.reindex(index=units, columns=months)
    out = frame.to_numpy(dtype=float, na_value=np.nan)
    places = [(unit, month) for unit in units for month in months]
    # A cap may be infinite: that is no cap.
    not_negative(np.where(np.isposinf(out), np.nan, out).ravel(), places, what)
    return out


def near_whole(counted: Matrix) -> Matrix:
    """Say how far a count of steps may be from a whole number and still be meant as one.

    Examples
    --------
    >>> bool(near_whole(np.array([1e12]))[0] < 0.01)
    True
    """
    finite = np.where(np.isfinite(counted), counted, 0.0)
    return np.asarray(NEAR + GRAINS * np.abs(finite))


def check_step(step: float | None) -> None:
    """Refuse a rounding step that is no whole number above zero; None is no step.

    Raises
    ------
    TargetError
        It is none.

    Examples
    --------
    >>> check_step(10_000)
    """
    if step is not None and not (step >= 1 and int(step) == step):
        raise TargetError("bad_step", step=step)


def steps(values: Matrix, labels: Sequence[Hashable] | pd.Index, step: int, what: str) -> Matrix:
    """Count amounts in rounding steps; an amount between two steps is refused.

    Raises
    ------
    TargetError
        The step is no whole number above zero, or an amount is no multiple of it.

    Examples
    --------
    >>> steps(np.array([20_000.0]), ["D1"], 10_000, "hold").tolist()
    [2.0]
    """
    check_step(step)
    counted = values / step
    whole = np.round(counted)
    bad = np.abs(counted - whole) > near_whole(whole)
    if bad.any():
        first = int(np.argmax(bad))
        raise TargetError(
            "between_steps",
            what=what,
            step=step,
            count=int(bad.sum()),
            value=float(values[first]),
            names=named(label for label, is_bad in zip(labels, bad, strict=True) if is_bad),
        )
    return np.asarray(whole)
