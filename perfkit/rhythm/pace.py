"""How a month fills up: early or late, against even pace, the last months and a year ago.

A month is laid out by selling days, not by dates: a holiday does not make anybody late. Nodes of
different months fall on different selling days, so shares are compared by their ratio to even pace,
never raw.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import period as spans
from perfkit import workdays
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName

__all__ = ["KPIS", "at_selling_day", "beside", "follow", "history", "points", "shape", "usual"]

# Premium, everybody and those who lead them: each has a pace of its own.
KPIS = ("premium_submitted", "active_agents", "supervisors_active")
LATE = 0.8  # less than four fifths of even pace is late
STEPS = 20
COLUMNS = ["unit", "kpi", "month", "date", "selling_day", "elapsed", "value"]

Weights = Mapping[str, float] | None


def _month_of(code: object) -> spans.Period:
    return spans.months(spans.parse(str(code)))[0]


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
    kept = {c: p for c, p in asked.items() if p.kind in {"node", "month"}}
    days = {}
    for month in dict.fromkeys(_month_of(code) for code in kept):
        counted = workdays.selling_days(month.first, month.last, weights)
        days[month.code] = counted.set_index("date")[["selling_day", "elapsed"]]
    out = frame[frame["period"].isin(kept)].copy()
    out["month"] = [_month_of(code).code for code in out["period"]]
    out["date"] = pd.Series([kept[c].last for c in out["period"]], index=out.index, dtype=object)
    pairs = list(zip(out["month"], out["date"], strict=True))
    for column in ("selling_day", "elapsed"):
        out[column] = [float(days[month][column][day]) for month, day in pairs]
    # A node of the month's last day and the month itself are one point.
    out = out[COLUMNS].drop_duplicates(["unit", "kpi", "date"], keep="last")
    return out.sort_values(["unit", "kpi", "date"], kind="stable").reset_index(drop=True)


def follow(
    book: Book,
    months: Sequence[str],
    *,
    unit: str,
    by: str,
    kpis: Sequence[str] = KPIS,
    weights: Weights = None,
) -> pd.DataFrame:
    """Follow KPIs through months, day by day.

    Parameters
    ----------
    book : Book
        One with policies; one of observations has only its nodes: measure those and take `points`.
    months : sequence of str
        Which; days after the book's as_of are left out.
    unit, by : str
        The unit and its level.
    kpis : sequence of str, optional
        Premium, active agents and active supervisors otherwise.
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
    asked: list[str] = []
    for code in months:
        whole = spans.parse(code)
        last = min(whole.last, book.as_of)
        asked += [
            f"{whole.code}@{day:02d}" for day in range(1, last.day + 1) if last >= whole.first
        ]
    found = numbers.measure(book, list(kpis), by=by, period=asked, unit=unit)
    return points(found[found["unit"] == unit], weights=weights)


def _ends(part: pd.DataFrame) -> float:
    """Give what the month came to; NaN while it runs."""
    whole = part["value"][part["date"] == _month_of(part["month"].iloc[0]).last]
    return float(whole.iloc[0]) if len(whole) else np.nan


def _back_loading(part: pd.DataFrame, whole: float) -> float:
    """Give 2 E[t] - 1 of the selling days the month's business falls on, by trapezoids."""
    if not whole > 0:
        return np.nan
    elapsed = np.concatenate([[0.0], part["elapsed"].to_numpy(float)])
    share = np.concatenate([[0.0], part["value"].to_numpy(float) / whole])
    return float(1 - 2 * np.trapezoid(share, elapsed))


def shape(frame: pd.DataFrame, *, node: int | None = None, late: float = LATE) -> pd.DataFrame:
    """Say of every month how early or late it filled up.

    Parameters
    ----------
    frame : DataFrame
        What `points` or `follow` gives; the month's end must be among them.
    node : int, optional
        The day of the month that ends the first week; the first point known otherwise.
        [day of the month]
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
        known = part if node is None else part[[day.day <= node for day in part["date"]]]
        if known.empty:
            raise PerfkitError("no_point", month=month, node=node, first=part["date"].iloc[0])
        at = known.iloc[0 if node is None else -1]
        whole = _ends(part)
        share = float(at["value"]) / whole if whole > 0 else np.nan
        even = share / at["elapsed"] if at["elapsed"] > 0 else np.nan
        back = _back_loading(part, whole)
        rows.append(
            [unit, code, month, at["date"], at["elapsed"], at["value"], whole, share, even, back]
        )
    columns = ["unit", "kpi", "month", "node", "elapsed", "value", "whole", "share"]
    out = pd.DataFrame(rows, columns=[*columns, "even_pace", "back_loading"])
    return out.assign(is_late=out["even_pace"] < late)


def at_selling_day(frame: pd.DataFrame, day: float) -> pd.DataFrame:
    """Give what was in hand in every month after so many selling days.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one KPI and unit or several.
    day : float
        [selling days]

    Returns
    -------
    DataFrame
        unit, kpi, month, date, selling_day; hand, total [the KPI's unit]. In a month shorter than
        that it is the whole month. NaN total: a month that is not over.

    Examples
    --------
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> at_selling_day(points(seen), 8.0)["hand"].tolist()
    [1.0]
    """
    out = frame[frame["selling_day"] <= day + 1e-9]
    out = out.groupby(["unit", "kpi", "month"], sort=False).tail(1)
    wholes = frame.groupby(["unit", "kpi", "month"], sort=False)
    ends = {key: _ends(part) for key, part in wholes}
    keys = zip(out["unit"], out["kpi"], out["month"], strict=True)
    total = [ends[key] for key in keys]
    out = out.drop(columns="elapsed").rename(columns={"value": "hand"})
    return out.assign(total=total).reset_index(drop=True)


def _one(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    known = list(dict.fromkeys(frame["kpi"]))
    if code not in known:
        raise UnknownName(kind="kpi", name=code, allowed=known)
    return frame[frame["kpi"] == code]


def history(frame: pd.DataFrame, code: str, *, month: str, day: float) -> pd.DataFrame:
    """Give past months as `outlook.land` takes them: in hand at the same selling day, and whole.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        The KPI.
    month : str
        The month that runs; only whole months before it count.
    day : float
        [selling days]

    Returns
    -------
    DataFrame
        Index month; hand, total. [the KPI's unit]

    Raises
    ------
    UnknownName
        The frame does not hold the KPI.
    """
    found = at_selling_day(_one(frame, code), day)
    before = found["month"].map(lambda m: spans.parse(m).first < spans.parse(month).first)
    return found[before].dropna(subset="total").set_index("month")[["hand", "total"]]


def beside(frame: pd.DataFrame, *, month: str, day: dt.date, past: int = 3) -> pd.DataFrame:
    """Lay a month beside the last ones and a year ago, at the same selling day.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives for the month, the months before it and that of a year ago.
    month : str
        The month that runs.
    day : date
        How far it is looked at.
    past : int, default 3
        How many months before it. [months]

    Returns
    -------
    DataFrame
        unit, kpi, month, beside ("now", "past", "year_ago"); date, selling_day; hand [the KPI's
        unit]; ratio: what is in hand now over what was then, NaN over nothing. Months the frame
        does not hold are left out.

    Raises
    ------
    PerfkitError
        The day is not one of the month's points.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> months = ["2011-09", "2012-06", "2012-07", "2012-08", "2012-09"]
    >>> seen = follow(open_book("district_one"), months, unit="D1", by="district")
    >>> beside(seen, month="2012-09", day=dt.date(2012, 9, 11))["beside"].tolist()[:5]
    ['now', 'past', 'past', 'past', 'year_ago']
    """
    now = frame[(frame["month"] == month) & (frame["date"] == day)]
    if now.empty:
        raise PerfkitError("no_point", month=month, node=day, first="–")
    before = [p.code for p in spans.trailing(spans.parse(month), past + 1)][:-1][::-1]
    kinds = {month: "now"} | dict.fromkeys(before, "past")
    kinds.setdefault(spans.year_ago(spans.parse(month)).code, "year_ago")
    found = at_selling_day(frame[frame["month"].isin(kinds)], float(now["selling_day"].iloc[0]))
    hands = now.set_index(["unit", "kpi"])["value"]
    keys = list(zip(found["unit"], found["kpi"], strict=True))
    ratio = pd.Series([hands[key] for key in keys]) / found["hand"].where(found["hand"] != 0)
    out = found.assign(ratio=ratio, beside=found["month"].map(kinds))
    place = {code: i for i, code in enumerate(kinds)}
    rank = out["kpi"].map({c: i for i, c in enumerate(dict.fromkeys(frame["kpi"]))}) * len(place)
    out = out.iloc[np.argsort((rank + out["month"].map(place)).to_numpy(), kind="stable")]
    columns = ["unit", "kpi", "month", "beside", "date", "selling_day", "hand", "ratio"]
    return out[columns].reset_index(drop=True)


def usual(frame: pd.DataFrame, code: str, *, months: Sequence[str] | None = None) -> pd.DataFrame:
    """Give the usual way a month fills up: sums of months first, one division last.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        The KPI.
    months : sequence of str, optional
        Which to learn from, such as those since a change of regime; every whole one otherwise.

    Returns
    -------
    DataFrame
        elapsed, share (from 0 to 1) [rates], months: how many stand behind it [months].

    Raises
    ------
    UnknownName
        The frame does not hold the KPI.
    PerfkitError
        No month of it is whole.

    Examples
    --------
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> usual(points(seen), "cases").iloc[[0, -1]]["share"].tolist()
    [0.0, 1.0]
    """
    held = _one(frame, code)
    held = held if months is None else held[held["month"].isin(list(months))]
    grid = np.linspace(0, 1, STEPS + 1)
    total, whole, count = np.zeros(STEPS + 1), 0.0, 0
    for _, part in held.groupby("month", sort=False):
        if not (end := _ends(part)) > 0:
            continue
        elapsed = np.concatenate([[0.0], part["elapsed"].to_numpy(float)])
        total += np.interp(grid, elapsed, np.concatenate([[0.0], part["value"].to_numpy(float)]))
        whole, count = whole + end, count + 1
    if not count:
        raise PerfkitError("no_month_history", months=0, least=1)
    return pd.DataFrame({"elapsed": grid, "share": total / whole, "months": count})
