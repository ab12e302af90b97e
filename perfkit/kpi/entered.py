"""Targets as somebody entered them, looked up for any unit and period."""

from __future__ import annotations

import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi.catalogue import Kpi, kpi, measures
from perfkit.kpi.observed import Rows, tiled
from perfkit.period import Period

__all__ = ["targets"]


def targets(
    book: Book, code: str, *, by: str, period: str | Period, version: str = "plan"
) -> pd.DataFrame:
    """Look up targets; a longer span adds up the entries that tile it when the KPI is a plain sum.

    Parameters
    ----------
    book : Book
        Holds the table targets.
    code : str
        The KPI.
    by : str
        The level.
    period : str or Period
        Which days.
    version : str, default "plan"
        Which plan.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, version, target. [the KPI's unit] Empty where there is no
        entry; NaN where a part of the span has none.

    Raises
    ------
    UnknownName
        No such KPI or level.
    ReconcileError
        A unit has two entries for the same days.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> targets(b, "premium_issued", by="district", period="2012-09")["version"].tolist()
    ['plan']
    """
    org.check_level(by, book.root)
    span, one = spans.parse(period), kpi(code)
    columns = ["unit", "level", "period", "kpi", "version", "target"]
    if not book.has("targets"):
        return pd.DataFrame(columns=columns)
    table = book.home("targets")
    depth = org.levels_from(book.root).index(by)
    here = table["unit_id"].map(lambda u: u.count("/") == depth)
    here &= table["value"].notna()
    table = table[(table["kpi"] == code) & (table["version"] == version) & here]
    rows = []
    for unit, own in table.groupby("unit_id", sort=True):
        held = _by_days(own, str(unit), code)
        found = held.get((span.first, span.last))
        if found is None and _adds_up(one) and _touches(held, span):
            found = tiled(held, span.first, span.last)
        if found is not None:
            rows.append([unit, by, span.code, code, version, float(found)])
    return pd.DataFrame(rows, columns=columns)


def _by_days(own: pd.DataFrame, unit: str, code: str) -> Rows:
    """Lay out a unit's entries by their days; the same days must not be entered twice."""
    held: Rows = {}
    for text, value in zip(own["period"], own["value"], strict=True):
        one = spans.parse(text)
        if (one.first, one.last) in held:
            raise ReconcileError("two_targets", unit=unit, kpi=code, period=text)
        held[one.first, one.last] = float(value)
    return held


def _touches(held: Rows, span: Period) -> bool:
    """Say whether any entry lies within the span, so that a part of it is known."""
    return any(span.first <= first and last <= span.last for first, last in held)


def _adds_up(one: Kpi) -> bool:
    return not one.denominator and all(measures()[t.measure].additive for t in one.numerator)
