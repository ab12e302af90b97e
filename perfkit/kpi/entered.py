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

__all__ = ["entries", "look_up", "targets"]


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
    depth = org.levels_from(book.root).index(by)
    rows = [
        [unit, by, span.code, code, version, found]
        for unit, held in entries(book, code, version).items()
        if unit.count("/") == depth and (found := look_up(held, span, one)) is not None
    ]
    return pd.DataFrame(rows, columns=columns)


def entries(book: Book, code: str, version: str) -> dict[str, Rows]:
    """Lay out what was entered for a KPI: by unit, in the order of their codes, and by days.

    Raises
    ------
    ReconcileError
        A unit has two entries for the same days.
    """
    table = book.home("targets")
    kept = (table["kpi"] == code) & (table["version"] == version) & table["value"].notna()
    table = table[kept].sort_values("unit_id", kind="stable")
    days = {text: spans.parse(text) for text in table["period"].unique()}
    out: dict[str, Rows] = {}
    for unit, text, value in zip(table["unit_id"], table["period"], table["value"], strict=True):
        held, at = out.setdefault(unit, {}), (days[text].first, days[text].last)
        if at in held:
            raise ReconcileError("two_targets", unit=unit, kpi=code, period=text)
        held[at] = float(value)
    return out


def look_up(held: Rows, span: Period, one: Kpi) -> float | None:
    """Give a unit's target of a span; None where there is no entry at all."""
    found = held.get((span.first, span.last))
    if found is None and _adds_up(one):
        # with any entry inside, a part of the span is known: what is missing makes it NaN
        inside = {s: v for s, v in held.items() if span.first <= s[0] and s[1] <= span.last}
        found = tiled(inside, span.first, span.last) if inside else None
    return None if found is None else float(found)


def _adds_up(one: Kpi) -> bool:
    return not one.denominator and all(measures()[t.measure].additive for t in one.numerator)
