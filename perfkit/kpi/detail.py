"""What stands behind a number: its path through the days, and the policies or agents in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book, Finding, engine, schema
from perfkit.errors import UnknownName
from perfkit.kpi.catalogue import Measure, measures
from perfkit.kpi.measure import known_part, measure
from perfkit.kpi.monthly import is_answered, part_of_month
from perfkit.kpi.need import MONTHS, as_held, lacking
from perfkit.kpi.places import units
from perfkit.period import Period

__all__ = ["curve", "distribution"]


def curve(
    book: Book,
    kpis: Sequence[str],
    *,
    by: str,
    period: str | Period,
    unit: str | None = None,
    variants: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Follow KPIs through a period: each day's value is that of the first day to this day.

    Returns
    -------
    DataFrame
        unit, date, kpi, value; days after the book's as_of are left out.
        [the KPI's unit]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> c = curve(b, ["premium_submitted"], by="district", period="2012-03")
    >>> len(c), c["value"].is_monotonic_increasing
    (31, True)
    """
    whole = spans.parse(period)
    last = min(whole.last, book.as_of)
    days = [whole.first + dt.timedelta(days=i) for i in range((last - whole.first).days + 1)]
    parts = [spans.span(whole.first, day) for day in days]
    found = measure(book, kpis, by=by, period=parts, unit=unit, variants=variants)
    ends = {s.code: pd.Timestamp(s.last) for s in parts}
    found["date"] = found["period"].map(ends)
    return found[["unit", "date", "kpi", "value"]]


def _untold(book: Book, one: Measure, by: str, span: Period) -> list[Finding] | None:
    """Say why a book without policies cannot lay a measure out; None where it can."""
    if not book.monthly:
        return []
    if one.table == MONTHS and by == "agent":
        told = is_answered(book, span)
        return None if told else [part_of_month(book, [span])]
    lacks = lacking(book, one) or "policies.policy_id"
    facts = {"kpi": one.code, "measure": one.code, "lacks": lacks}
    table, _, column = lacks.partition(".")
    return [Finding("warning", "not_computable", table, column, 1, (), facts)]


def distribution(
    book: Book, code: str, *, by: str, period: str | Period, unit: str | None = None
) -> pd.DataFrame:
    """Lay out what a measure is made of: one row a policy or an agent.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        A measure that adds up rows, such as ``"premium_submitted"``.
    by : {"policy", "agent"}
        One row a policy, or one row an agent with any.
    period : str or Period
        Which days.
    unit : str, optional
        Only this unit and those below it.

    Returns
    -------
    DataFrame
        unit, id, value, largest first; empty for a book without policies, and where its sums of
        agents and months cannot tell (one row a policy, a part of a month):
        ``attrs["findings"]`` says why. [the measure's unit]

    Raises
    ------
    UnknownName
        The measure is not one that adds up policies, `by` is neither, or there is no such unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> d = distribution(b, "premium_submitted", by="agent", period="2012-02")
    >>> list(d.columns), d["value"].is_monotonic_decreasing
    (['unit', 'id', 'value'], True)
    """
    flows = [m.code for m in measures().values() if m.kind == "flow" and m.table == "policies"]
    if code not in flows:
        raise UnknownName(kind="measure", name=code, allowed=flows)
    if by not in {"policy", "agent"}:
        raise UnknownName(kind="level", name=by, allowed=["policy", "agent"])
    span, one = known_part(book, spans.parse(period)), as_held(book, measures()[code])
    if not book.has("policies") and (untold := _untold(book, one, by, span)) is not None:
        empty = pd.DataFrame({"unit": [], "id": [], "value": pd.Series([], dtype=float)})
        empty.attrs["findings"] = untold
        return empty
    if unit is not None and unit not in (known := units(book)):
        raise UnknownName(kind="unit", name=unit, allowed=known)
    tables = book.tables
    if one.table == MONTHS:
        tables = {**tables, "policies": engine.as_policies(tables[MONTHS], one.column)}
    found = engine.each_policy(
        tables,
        book.levels,
        one.date,
        one.column or "premium",
        (span.first.toordinal(), span.last.toordinal()),
    )
    rows = book.backend.home(found)
    if one.over[0]:
        rows = rows[rows[one.over[0]] > round(book.threshold(one.over[1]) * 100)]
    rows = rows.sort_values(["day", "policy_id"])
    money = bool(one.column) and schema.table(one.table).columns[one.column].type == "yuan"
    rows["value"] = rows["value"] / (100 if money else 1) if one.column else 1.0
    if unit is not None:
        rows = rows[rows["unit"].isin(org.within(dict.fromkeys(rows["unit"]), unit))]
    if by == "agent":
        rows = rows.groupby(["agent_id"], as_index=False).agg(
            unit=("unit", "last"), value=("value", "sum")
        )
    rows = rows.rename(columns={"policy_id" if by == "policy" else "agent_id": "id"})
    rows = rows.sort_values(["value", "id"], ascending=[False, True], ignore_index=True)
    return rows[["unit", "id", "value"]]
