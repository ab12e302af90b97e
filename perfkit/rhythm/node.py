"""Nodes: where the month stands against its plan, and how likely it lands.

A node plan (`nodeplan`) is a table, by hand or from a target and a curve. Its KPIs are columns
of their own codes, cumulative from the month's first day.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import outlook, workdays
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError
from perfkit.rhythm.laid import Weights, month_of
from perfkit.rhythm.need import activity_needed, run_rate, split_by_days
from perfkit.rhythm.nodeplan import KPIS, PREMIUM, checked, entered, plan
from perfkit.rhythm.pace import history
from perfkit.rhythm.people import brought

__all__ = [
    "activity_needed",
    "checked",
    "entered",
    "landing",
    "landings",
    "plan",
    "run_rate",
    "split_by_days",
    "status",
    "who_must_write",
]

STATUS = ["node", "date", "kpi", "target", "actual", "gap", "attainment", "state"]
STATUS += ["days_left", "run_rate", "ratio", "variant"]
LANDING = ["month", "day", "kpi", "hand", "target", "gap", "days_left", "run_rate", "ratio"]
LANDING += ["expected", "low", "high", "level", "chance", "months", "method"]


def status(
    book: Book,
    nodes: pd.DataFrame,
    *,
    unit: str,
    by: str,
    day: dt.date,
    month: str | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Lay a node plan beside what is in hand.

    Parameters
    ----------
    book : Book
        Where the facts are.
    nodes : DataFrame
        What `checked` gives, of one month.
    unit, by : str
        The unit and its level.
    day : date
        How far it is looked at; nodes after it are open and show what is in hand so far.
    month : str, optional
        The nodes' month, where it is not a calendar month.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        node, date, kpi; target, actual, gap (target less actual; above zero: missing) [the KPI's
        unit]; attainment [rate]; state: met, missed, open or unknown; days_left [selling days],
        run_rate: what every one of them must bring [yuan a selling day] of open premium nodes, and
        ratio: that over the rate so far; variant of the KPI. One row a node and KPI with a target.

    Raises
    ------
    PerfkitError
        The day is not of the nodes' month.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = status(
    ...     b, entered(b, "D1", "2012-09"), unit="D1", by="district", day=dt.date(2012, 9, 11)
    ... )
    >>> found[found["date"] == dt.date(2012, 9, 11)]["state"].tolist()
    ['met', 'met', 'missed']
    """
    if nodes.empty:
        return pd.DataFrame(columns=STATUS)
    whole = month_of(month or f"{nodes['date'].iloc[0]:%Y-%m}")
    if not whole.first <= day <= whole.last:
        raise PerfkitError("node_outside", rows=day, month=whole.code)
    counted = workdays.selling_days(whole.first, whole.last, weights).set_index("date")
    spent = counted["selling_day"].to_dict()
    seen_on = {n: spans.span(whole.first, min(n, day)) for n in nodes["date"]}
    asked = list({part.code: part for part in seen_on.values()}.values())
    found = numbers.measure(book, list(KPIS), by=by, period=asked, unit=unit)
    variants = dict(zip(found["kpi"], found["variant"], strict=True))
    actual = found[found["unit"] == unit].set_index(["period", "kpi"])["value"].to_dict()
    rows = []
    for node in nodes.to_dict("records"):
        for code in (c for c in KPIS if not math.isnan(node[c])):
            seen = float(actual[seen_on[node["date"]].code, code])
            state = _state(seen, node[code], is_open=node["date"] > day)
            row = {"node": node["node"], "date": node["date"], "kpi": code, "target": node[code]}
            row |= {"actual": seen, "gap": node[code] - seen, "attainment": seen / node[code]}
            row |= {
                "state": state,
                "variant": variants[code],
                "days_left": np.nan,
                "run_rate": np.nan,
                "ratio": np.nan,
            }
            if state == "open" and code == PREMIUM:
                done, left = spent[day], spent[node["date"]] - spent[day]
                row |= run_rate(node[code], seen, done=done, left=left)
            rows.append(row)
    return pd.DataFrame(rows, columns=STATUS)


def _state(seen: float, target: float, *, is_open: bool) -> str:
    """Judge a node; one that nobody could observe is neither met nor missed."""
    if is_open:
        return "open"
    if math.isnan(seen):
        return "unknown"
    return "met" if seen >= target else "missed"


def landing(
    seen: pd.DataFrame,
    target: float,
    *,
    month: str,
    day: dt.date,
    code: str = PREMIUM,
    breaks: Sequence[str] = (),
    level: float = 0.8,
) -> pd.DataFrame:
    """Say where a month will probably end, and the chance that it reaches its target.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives for the month and those before it, of one unit.
    target : float
        The whole month's; NaN where there is none. [the KPI's unit]
    month : str
        The month that runs.
    day : date
        How far it is looked at.
    code : str
        The KPI.
    breaks : sequence of str, optional
        First months of new regimes, such as that of an incentive: months before the last one say
        nothing of this one.
    level : float, default 0.8
        Of the interval. [rate]

    Returns
    -------
    DataFrame
        One row: month, day, kpi; hand, target, gap [the KPI's unit]; days_left [selling days],
        run_rate [a selling day], ratio; expected, low, high [the KPI's unit]; level, chance
        [rates]; months: the past ones it rests on [months]; method.

    Raises
    ------
    PerfkitError
        The target is not above zero, the day is not followed, or fewer than two whole months
        stand before it (since the last break).

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> past = [f"2012-{m:02d}" for m in range(1, 10)]
    >>> seen = pace.follow(open_book("district_one"), past, unit="D1", by="district")
    >>> found = landing(seen, 900_000.0, month="2012-09", day=dt.date(2012, 9, 11))
    >>> found["months"].item(), found["method"].item()
    (8, 'shrunk')
    """
    if target <= 0:
        raise PerfkitError("target_not_above_zero", kpi=code, month=month, value=target)
    own = seen[(seen["kpi"] == code) & (seen["month"] == month)]
    now = own[own["date"] == day]
    if now.empty:
        raise PerfkitError("no_point", month=month, node=day, first="–")
    hand, done = float(now["value"].iloc[0]), float(now["selling_day"].iloc[0])
    elapsed = float(now["elapsed"].iloc[0])
    past = outlook.since_break(history(seen, code, month=month, elapsed=elapsed), breaks)
    found = outlook.land(past, hand, level=level)
    left = done / elapsed - done if elapsed > 0 else np.nan
    row = {"month": month, "day": day, "kpi": code, "hand": hand, "target": target}
    row |= {"gap": target - hand, **run_rate(target, hand, done=done, left=left)}
    row |= {"expected": found.expected, "low": found.low, "high": found.high, "level": level}
    row |= {"chance": found.chance(target), "months": found.months, "method": found.method}
    return pd.DataFrame([row])


def landings(
    seen: pd.DataFrame,
    target: float,
    *,
    month: str,
    days: Sequence[dt.date],
    code: str = PREMIUM,
    breaks: Sequence[str] = (),
    level: float = 0.8,
) -> pd.DataFrame:
    """Say on several days where a month would probably end: what could be known, and when.

    Parameters
    ----------
    seen, target, month, code, breaks, level
        As for `landing`.
    days : sequence of date
        Such as the nodes' days and the last one known.

    Returns
    -------
    DataFrame
        What `landing` gives, one row a day; days that are not followed, or before which too few
        months are known, are left out.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> months = [f"2012-{m:02d}" for m in range(1, 10)]
    >>> seen = pace.follow(open_book("district_one"), months, unit="D1", by="district")
    >>> ends = [dt.date(2012, 9, day) for day in (11, 30)]
    >>> found = landings(seen, 900_000.0, month="2012-09", days=ends)
    >>> bool(found["expected"].iloc[-1] == found["hand"].iloc[-1]), found["chance"].iloc[-1].item()
    (True, 0.0)
    """
    rows = []
    for day in sorted(set(days)):
        try:
            rows.append(
                landing(seen, target, month=month, day=day, code=code, breaks=breaks, level=level)
            )
        except PerfkitError as error:
            if error.key not in {"no_point", "no_month_history"}:
                raise
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=LANDING)


def who_must_write(
    book: Book, nodes: pd.DataFrame, *, unit: str, day: dt.date, month: str | None = None
) -> pd.DataFrame:
    """List who must have written by a node and has not.

    Parameters
    ----------
    book : Book
        One without agents and policies tells nobody.
    nodes : DataFrame
        What `checked` gives.
    unit : str
        Whose people.
    day : date
        How far it is looked at; nodes after it are looked at as of this day.
    month : str, optional
        The nodes' month, where it is not a calendar month.

    Returns
    -------
    DataFrame
        node, date, must_write, unit: the agent's path; one row each who has no policy yet.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> nodes = checked(
    ...     pd.DataFrame({"date": [dt.date(2012, 9, 11)], "must_write": ["supervisors"]}), "2012-09"
    ... )
    >>> len(who_must_write(b, nodes, unit="D1", day=dt.date(2012, 9, 11)))
    6
    """
    rows: list[list[object]] = []
    nodes = nodes if numbers.answerable(book, ["cases"]) and book.has("agents") else nodes.head(0)
    for node in nodes[nodes["must_write"] != ""].to_dict("records"):
        until = min(node["date"], day)
        code, span = node["must_write"], spans.span(_begin(month, until), until)
        found = brought(book, "cases", who=code, period=[span], unit=unit)
        missing = found[~(found["value"] > 0)]["unit"]
        rows += [[node["node"], node["date"], code, who] for who in missing]
    return pd.DataFrame(rows, columns=["node", "date", "must_write", "unit"])


def _begin(month: str | None, day: dt.date) -> dt.date:
    """Give the first day of the month a node lies in."""
    return month_of(month).first if month else day.replace(day=1)
