"""Targets as somebody entered them, looked up for any unit and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi.catalogue import Kpi, kpi, measures
from perfkit.kpi.observed import Rows, tiled
from perfkit.period import Period

__all__ = ["adds_up", "entries", "over_spans", "planned", "target_table", "targets"]

Ints = npt.NDArray[np.int64]


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


def planned(book: Book, version: str) -> set[str]:
    """Name the KPIs that a version of the targets has entries of.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> planned(open_book("district_one"), "plan")
    {'premium_issued'}
    """
    if not book.has("targets"):
        return set()
    table = book.home("targets")
    return set(table.loc[(table["version"] == version) & table["value"].notna(), "kpi"])


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
    if found is None and adds_up(one):
        # with any entry inside, a part of the span is known: what is missing makes it NaN
        inside = {s: v for s, v in held.items() if span.first <= s[0] and s[1] <= span.last}
        found = tiled(inside, span.first, span.last) if inside else None
    return None if found is None else float(found)


def over_spans(held: Mapping[str, Rows], asked: Sequence[Period], one: Kpi) -> pd.DataFrame:
    """Look up many units and spans at once: NaN where `look_up` finds no entry, or not all.

    Parameters
    ----------
    held : mapping of str to Rows
        By unit, as `entries` gives it.
    asked : sequence of Period
        The spans.
    one : Kpi
        Whose targets they are.

    Returns
    -------
    DataFrame
        One row a unit, one column a span number. [the KPI's unit]
    """
    units = list(held)
    own = [(at, a.toordinal(), b.toordinal()) for at, u in enumerate(units) for a, b in held[u]]
    at, first, last = np.array(own, dtype=np.int64).reshape(-1, 3).T
    value = np.array([v for rows in held.values() for v in rows.values()], dtype=np.float64)
    lapping = _lapping(at, first, last)
    out = np.full((len(units), len(asked)), np.nan)
    for number, span in enumerate(asked):
        begin, end = span.first.toordinal(), span.last.toordinal()
        inside = (first >= begin) & (last <= end)
        if adds_up(one):
            days = np.bincount(at[inside], (last - first + 1)[inside], minlength=len(units))
            total = np.bincount(at[inside], value[inside], minlength=len(units))
            out[:, number] = np.where(days == end - begin + 1, total, np.nan)
        exact = (first == begin) & (last == end)
        out[at[exact], number] = value[exact]
        for unit in lapping:
            found = look_up(held[units[unit]], span, one)
            out[unit, number] = np.nan if found is None else found
    return pd.DataFrame(out, index=units)


def _lapping(at: Ints, first: Ints, last: Ints) -> list[int]:
    """Find the units with entries that share days."""
    order = np.lexsort((first, at))
    at, first, last = at[order], first[order], last[order]
    shared = (at[1:] == at[:-1]) & (first[1:] <= last[:-1])
    return [int(unit) for unit in np.unique(at[1:][shared])]


def target_table(
    book: Book, code: str, *, period: str | Period, version: str = "plan"
) -> pd.DataFrame:
    """Lay month targets out as they were entered: units by months.

    Parameters
    ----------
    book : Book
        Holds the table targets, or none.
    code : str
        The KPI.
    period : str or Period
        Whole months.
    version : str, default "plan"
        Which plan.

    Returns
    -------
    DataFrame
        One row a unit with an entry of a month of the period, in the order of their codes; one
        column a month. NaN is no entry. [the KPI's unit] No row where nobody entered any.

    Raises
    ------
    UnknownName
        No such KPI.
    ReconcileError
        A unit has two entries for the same days.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> target_table(b, "premium_issued", period="2012").shape
    (7, 12)
    """
    kpi(code)
    months = spans.months(spans.parse(period))
    held = entries(book, code, version) if book.has("targets") else {}
    rows = {
        unit: [own.get((m.first, m.last), np.nan) for m in months] for unit, own in held.items()
    }
    codes = [m.code for m in months]
    out = pd.DataFrame.from_dict(rows, orient="index", columns=codes, dtype=float)
    return out.dropna(how="all").rename_axis("unit")


def adds_up(one: Kpi) -> bool:
    """Say whether the targets of a KPI add up over days and units: a plain sum of additive facts.

    Examples
    --------
    >>> adds_up(kpi("premium_issued")), adds_up(kpi("activity_rate"))
    (True, False)
    """
    plain = bool(one.numerator) and not one.denominator
    return plain and all(measures()[term.measure].additive for term in one.numerator)
