"""Targets as somebody entered them, looked up for any unit and period."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.kpi.catalogue import Kpi, kpi, measures
from perfkit.period import Period

__all__ = ["targets"]


def targets(
    book: Book, code: str, *, by: str, period: str | Period, version: str = "plan"
) -> pd.DataFrame:
    """Look up targets; a longer span adds up its months when the KPI is a plain sum over time.

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
        held = {_days(text): v for text, v in zip(own["period"], own["value"], strict=True)}
        found = held.get((span.first, span.last))
        if found is None and _adds_up(one):
            months = [held.get((m.first, m.last), np.nan) for m in _months_of(span)]
            found = float(np.sum(months)) if months and not np.isnan(months).all() else None
        if found is not None:
            rows.append([unit, by, span.code, code, version, float(found)])
    return pd.DataFrame(rows, columns=columns)


def _days(text: str) -> tuple[dt.date, dt.date]:
    one = spans.parse(text)
    return one.first, one.last


def _adds_up(one: Kpi) -> bool:
    return not one.denominator and all(measures()[t.measure].additive for t in one.numerator)


def _months_of(span: Period) -> list[Period]:
    """List the months of a span made of whole months; nothing for any other."""
    inside = spans.months(span)
    whole = inside[0].first == span.first and inside[-1].last == span.last
    return inside if whole else []
