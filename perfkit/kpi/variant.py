"""The bridge between two definitions of one KPI: why two people hold two numbers, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi.catalogue import Kpi, kpi
from perfkit.kpi.measure import measure
from perfkit.period import Period

__all__ = ["bridge"]

COLUMNS = ["unit", "level", "period", "kpi", "step", "before", "after", "change"]
_KEYS = ["unit", "period"]


def _ratio(top: pd.Series[float], bottom: pd.Series[float], one: Kpi) -> pd.Series[float]:
    return top / bottom.where(bottom != 0) if one.denominator else top


def _stations(
    first: pd.DataFrame, second: pd.DataFrame, a: Kpi, b: Kpi
) -> list[tuple[str, pd.Series[float]]]:
    """Give the number after each change of the definition: the numerator first.

    A number laid beside another one, or printed as it is, has no half-way house: one step.
    """
    if a.relation or b.relation or bool(a.denominator) != bool(b.denominator):
        return [("definition", second["value"])] if a.formula != b.formula else []
    changes = []
    if a.numerator != b.numerator:
        changes.append(("numerator", _ratio(second["numerator"], first["denominator"], a)))
    if a.denominator != b.denominator:
        changes.append(("denominator", second["value"]))
    return changes


def bridge(
    book: Book,
    code: str,
    a: str,
    b: str,
    *,
    by: str,
    period: str | Period,
    unit: str | None = None,
    org_as: tuple[str, str] = ("was", "was"),
) -> pd.DataFrame:
    """Explain the difference between two variants of a KPI in steps that add up exactly.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        The KPI.
    a, b : str
        The declared variants: from which, to which.
    by : str
        The level.
    period : str or Period
        Which days.
    unit : str, optional
        Only this unit and those below it.
    org_as : tuple of str, default ("was", "was")
        The organisation of each side: as it was on the day, or as it is now.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, step, before, after, change; one row a unit and step
        (numerator and denominator, or definition; organisation), only the steps that differ.
        [the KPI's unit] The changes of a unit add up to the difference of the two numbers; where
        one of them is undefined they are NaN.

    Raises
    ------
    UnknownName
        No such KPI, variant, level or unit.
    ReconcileError
        The steps do not add up to the difference.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> steps = bridge(
    ...     open_book("district_one"),
    ...     "activity_rate",
    ...     "submitted",
    ...     "closing",
    ...     by="district",
    ...     period="2012-09",
    ... )
    >>> steps["step"].tolist()
    ['denominator']
    """
    one, other = kpi(code).as_variant(a), kpi(code).as_variant(b)
    sides = [(one, org_as[0]), (other, org_as[0]), (other, org_as[1])]
    found = [
        measure(
            book, [code], by=by, period=period, unit=unit,
            variants={code: side.variant}, org_as=org,
        ).set_index(_KEYS)
        for side, org in sides
    ]  # fmt: skip
    index = found[0].index.union(found[2].index)
    first, second, third = (frame.reindex(index) for frame in found)
    stations = _stations(first, second, one, other)
    if org_as[0] != org_as[1]:
        stations.append(("organisation", third["value"]))
    rows, before = [], first["value"]
    for step, after in stations:
        part = pd.DataFrame({"step": step, "before": before, "after": after})
        rows.append(part.assign(change=after - before))
        before = after
    _check(first["value"], third["value"], rows, code)
    out = pd.concat(rows) if rows else pd.DataFrame(columns=[*_KEYS, "step"]).set_index(_KEYS)
    out = out.sort_index(kind="stable").reset_index().assign(level=by, kpi=code)
    return out.reindex(columns=COLUMNS)


def _check(
    start: pd.Series[float], end: pd.Series[float], steps: list[pd.DataFrame], code: str
) -> None:
    """Refuse a bridge whose steps miss the other side."""
    whole = (end - start).to_numpy(float)
    parts = sum((step["change"] for step in steps), start * 0).to_numpy(float)
    both = ~np.isnan(whole) & ~np.isnan(parts)
    if not np.allclose(parts[both], whole[both], rtol=1e-9, atol=1e-9):
        raise ReconcileError("parts_do_not_add_up", what=code, parts=parts.sum(), whole=whole.sum())
