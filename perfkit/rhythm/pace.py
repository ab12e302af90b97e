"""How a month fills up: early or late, against even pace, the last months and a year ago.

A month is laid out by selling days, not by dates: a holiday does not make anybody late. Nodes of
different months fall on different selling days, so shares are compared by their ratio to even pace,
never raw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError
from perfkit.rhythm.laid import Weights, laid_out, month_of, of_kpi, whole_of
from perfkit.rhythm.past import at_selling_day, beside, history, usual, usual_before

__all__ = [
    "KPIS",
    "at_selling_day",
    "beside",
    "daily",
    "follow",
    "history",
    "points",
    "shape",
    "usual",
    "usual_before",
]

# Premium, everybody and those who lead them: each has a pace of its own.
KPIS = ("premium_submitted", "active_agents", "supervisors_active")
LATE = 0.8  # less than four fifths of even pace is late


def points(frame: pd.DataFrame, *, weights: Weights = None) -> pd.DataFrame:
    """Lay measured nodes and whole months out by selling days.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives for nodes (``2012-03@09``) and whole months; rows of other periods
        are left out.
    weights : mapping, optional
        What a day of each type is worth; see `workdays.selling_days`. [selling days]

    Returns
    -------
    DataFrame
        unit, kpi, month, date (a date), selling_day [selling days], elapsed [rate], value [the
        KPI's unit]; in the order of the days.

    Examples
    --------
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> points(seen)["selling_day"].tolist()
    [7.0, 23.0]
    """
    asked = {code: spans.parse(str(code)) for code in dict.fromkeys(frame["period"])}
    kept = {c: p for c, p in asked.items() if p.kind in {"node", "month", "business"}}
    out = frame[frame["period"].isin(kept)].copy()
    out["month"] = [month_of(code).code for code in out["period"]]
    out["date"] = pd.Series([kept[c].last for c in out["period"]], index=out.index, dtype=object)
    return laid_out(out, weights)


def follow(
    book: Book,
    months: Sequence[str],
    *,
    unit: str,
    by: str,
    kpis: Sequence[str] = KPIS,
    until: dt.date | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Follow KPIs through months, day by day.

    Parameters
    ----------
    book : Book
        One of observations gives the days it knows, no others.
    months : sequence of str
        Which, calendar or business ones; days after the book's as_of are left out.
    unit, by : str
        The unit and its level.
    kpis : sequence of str, optional
        Premium, active agents and active supervisors otherwise.
    until : date, optional
        Days after it are left out too.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        What `points` gives.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> seen = follow(b, ["2012-09"], unit="D1", by="district")
    >>> len(seen), seen["kpi"].nunique()
    (90, 3)
    """
    end = min(book.as_of, until or book.as_of)
    asked: list[spans.Period] = []
    places: dict[str, tuple[str, dt.date]] = {}
    for code in months:
        whole = spans.parse(code)
        for i in range((min(whole.last, end) - whole.first).days + 1):
            part = spans.span(whole.first, whole.first + dt.timedelta(days=i))
            asked.append(part)
            places[part.code] = (whole.code, part.last)
    found = numbers.measure(book, list(kpis), by=by, period=asked, unit=unit)
    found = found[(found["unit"] == unit) & found["value"].notna()]
    at = [places[code] for code in found["period"]]
    found = found.assign(month=[month for month, _ in at])
    found["date"] = pd.Series([day for _, day in at], index=found.index, dtype=object)
    return laid_out(found, weights)


def daily(frame: pd.DataFrame, code: str) -> pd.Series[float]:
    """Give what each day brought, as `workdays.learn_weights` takes it.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        A KPI that adds up.

    Returns
    -------
    Series
        By date; days that nobody has followed are not there. [the KPI's unit]

    Raises
    ------
    UnknownName
        The frame does not hold the KPI.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> seen = follow(open_book("district_one"), ["2012-09"], unit="D1", by="district")
    >>> days = daily(seen, "premium_submitted")
    >>> len(days), bool(days.sum() == seen["value"][29])
    (30, True)
    """
    own = of_kpi(frame, code)
    steps = own.groupby("month", sort=False)["value"].diff().fillna(own["value"])
    return pd.Series(steps.to_numpy(float), index=pd.Index(own["date"], name="date"))


def _back_loading(part: pd.DataFrame, whole: float) -> float:
    """Give 2 E[t] - 1 of the selling days the month's business falls on, by trapezoids."""
    if not whole > 0:
        return np.nan
    elapsed = np.concatenate([[0.0], part["elapsed"].to_numpy(float)])
    share = np.concatenate([[0.0], part["value"].to_numpy(float) / whole])
    return float(1 - 2 * np.trapezoid(share, elapsed))


def _first_part(part: pd.DataFrame, node: int | None, selling_day: float | None) -> pd.DataFrame:
    """Keep the points of a month up to a node, or to a selling day."""
    if selling_day is not None:
        early = part[part["selling_day"] <= selling_day + 1e-9]
        return early if len(early) else part.head(1)[part["elapsed"].head(1) < 1]
    if node is None:
        return part
    first = month_of(part["month"].iloc[0]).first
    return part[[(day - first).days < node for day in part["date"]]]


def shape(
    frame: pd.DataFrame,
    *,
    node: int | None = None,
    selling_day: float | None = None,
    late: float = LATE,
) -> pd.DataFrame:
    """Say of every month how early or late it filled up.

    Parameters
    ----------
    frame : DataFrame
        What `points` or `follow` gives; the month's end must be among them.
    node : int, optional
        The day of the month that ends the first week, counted from its first; the first point
        known otherwise. [day of the month]
    selling_day : float, optional
        The same by selling days, in place of `node`; in a month of which nothing is known so
        early, its first point, and a month known only as a whole is left out. [selling days]
    late : float, default 0.8
        Below this part of even pace the first week is late. [rate]

    Returns
    -------
    DataFrame
        unit, kpi, month; node (a date); elapsed: selling days up to the node [rate];
        value, whole [the KPI's unit]; share: first-week share [rate]; even_pace: share over
        elapsed, 1 is even [ratio]; back_loading: 2 E[t] − 1, from −1 (all on the first day) to 1
        (all on the last) [index]; is_late. NaN where the month is not over or came to nothing.

    Raises
    ------
    PerfkitError
        A month has no point at or before the node.

    Notes
    -----
    Source: district deck 2012, sections 26-28: March to May "the first week lags, premium pours in
    on the last days".

    Examples
    --------
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> found = shape(points(seen)).iloc[0]
    >>> round(float(found["even_pace"]), 3), bool(found["is_late"])
    (0.821, False)
    """
    rows = []
    for (unit, code, month), part in frame.groupby(["unit", "kpi", "month"], sort=False):
        known = _first_part(part, node, selling_day)
        if known.empty and selling_day is not None:
            continue
        if known.empty:
            raise PerfkitError("no_point", month=month, node=node, first=part["date"].iloc[0])
        at = known.iloc[0 if node is None and selling_day is None else -1]
        whole = whole_of(part)
        share = float(at["value"]) / whole if whole > 0 else np.nan
        even = share / at["elapsed"] if at["elapsed"] > 0 else np.nan
        back = _back_loading(part, whole)
        rows.append(
            [unit, code, month, at["date"], at["elapsed"], at["value"], whole, share, even, back]
        )
    columns = ["unit", "kpi", "month", "node", "elapsed", "value", "whole", "share"]
    out = pd.DataFrame(rows, columns=[*columns, "even_pace", "back_loading"])
    if "variant" in frame:
        of = dict(zip(frame["kpi"], frame["variant"], strict=True))
        out = out.assign(variant=out["kpi"].map(of))
    return out.assign(is_late=out["even_pace"] < late)
