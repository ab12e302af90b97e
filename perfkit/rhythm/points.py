"""What the numbers of a month or a week ask for: points to settle, each with its facts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.rhythm.monthplan import Nodes
from perfkit.rhythm.nodeplan import PREMIUM
from perfkit.rhythm.standings import Standings
from perfkit.rhythm.whole import Whole

__all__ = ["Point", "headline", "of_days", "of_month", "of_week"]

Facts = Mapping[str, str | tuple[float, str]]
UNLIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Point:
    """Something to settle.

    Attributes
    ----------
    key : str
        Which sentence of the words.
    facts : mapping
        What it needs: a text, or a number with its unit of measure.
    """

    key: str
    facts: Facts


def headline(
    seen: pd.DataFrame, nodes: Nodes, landings: pd.DataFrame, *, month: str, day: dt.date
) -> Point:
    """Say in one sentence where a month stands.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives.
    nodes : Nodes
        The month's.
    landings : DataFrame
        What `node.landings` gives; its last row is that of the day looked at.
    month : str
        Which.
    day : date
        How far it is looked at.

    Returns
    -------
    Point
        month, month_over or month_plain (no target); unknown where nothing is in hand.
    """
    own = seen[(seen["month"] == month) & (seen["kpi"] == PREMIUM)]
    own = own[[one <= day for one in own["date"]]]
    if own.empty:
        return Point("unknown", {})
    row = own.iloc[-1]
    done, elapsed = float(row["selling_day"]), float(row["elapsed"])
    facts: dict[str, str | tuple[float, str]] = {
        "hand": (float(row["value"]), "yuan"),
        "done": (done, "days"),
        "all": (done / elapsed if elapsed > 0 else math.nan, "days"),
        "target": (nodes.target, "yuan"),
        "share": (float(row["value"]) / nodes.target, "rate"),
        "chance": (float(landings["chance"].iloc[-1]) if len(landings) else math.nan, "rate"),
    }
    if math.isnan(nodes.target):
        return Point("month_plain", facts)
    return Point("month_over" if elapsed >= 1 else "month", facts)


def of_days(month: spans.Period, week: spans.Period, day: dt.date) -> Point:
    """Say which days a week has, and how far its month is.

    Parameters
    ----------
    month : Period
        The month of the day.
    week : Period
        Which.
    day : date
        How far it is looked at.

    Returns
    -------
    Point

    Examples
    --------
    >>> week = spans.parse("2012-09-09..2012-09-15")
    >>> facts = of_days(spans.parse("2012-09"), week, week.last).facts
    >>> facts["worked"], facts["done"], facts["all"]
    ((5.0, 'days'), (10.0, 'days'), (21.0, 'days'))
    """
    counted = {
        "worked": workdays.working_days(week.first, week.last),
        "done": workdays.working_days(month.first, day),
        "all": workdays.working_days(month.first, month.last),
    }
    facts: dict[str, str | tuple[float, str]] = {
        name: (float(days), "days") for name, days in counted.items()
    }
    facts |= {"first": _said(week.first), "last": _said(week.last)}
    return Point("week", facts)


def of_month(
    status: pd.DataFrame,
    landings: pd.DataFrame,
    judged: pd.DataFrame,
    missing: pd.DataFrame,
    shape: pd.DataFrame,
    contests: Standings,
    coming: Whole,
    proposed: Nodes,
    *,
    month: str,
) -> list[Point]:
    """List what a month's rhythm asks for, what presses most first.

    Parameters
    ----------
    status : DataFrame
        What `node.status` gives.
    landings : DataFrame
        What `node.landings` gives; its last row is that of the day looked at.
    judged : DataFrame
        What `pulled.judge_month` gives.
    missing : DataFrame
        What `week.without_policy` gives: supervisors.
    shape : DataFrame
        What `pace.shape` gives, of the months followed.
    contests : Standings
        What `standings` gives.
    coming : Whole
        The calendar of the month that follows.
    proposed : Nodes
        Its nodes.
    month : str
        The month looked at.

    Returns
    -------
    list of Point
    """
    found = [*_to_the_end(landings), *_next_node(status), *_missing(missing)]
    found += [*_judged(judged), *_late(shape, month), *_near(contests)]
    if proposed.basis != "entered":
        found.append(Point(f"nodes_{proposed.basis}", {"target": (proposed.target, "yuan")}))
    if coming.made:
        found.append(Point("calendar_made", {"months": ", ".join(coming.made)}))
    if len(coming.clashes):
        found.append(Point("clashes", {"count": (float(len(coming.clashes)), "count")}))
    return found


def of_week(
    status: pd.DataFrame,
    missing: pd.DataFrame,
    by_unit: pd.DataFrame,
    weekly: pd.DataFrame,
    contests: Standings,
    coming: Whole,
    *,
    worked: float,
) -> list[Point]:
    """List what has to happen in the week that follows.

    Parameters
    ----------
    status, missing, contests
        As for `of_month`.
    by_unit : DataFrame
        What `kpi.compare` gives of the week for the units below.
    weekly : DataFrame
        What `kpi.compare` gives of the week for the unit.
    coming : Whole
        The calendar of the week that follows.
    worked : float
        The working days of the week so far. [working days]

    Returns
    -------
    list of Point
    """
    found = [*_next_node(status), *_pace(status, by_unit, worked), *_missing(missing)]
    cases = by_unit[(by_unit["kpi"] == "cases") & (by_unit["value"] == 0)]
    if len(cases):
        found.append(Point("no_policy_in_week", {"units": ", ".join(cases["unit"])}))
    unknown = weekly.loc[weekly["value"].isna(), "kpi"].tolist()
    if unknown:
        found.append(Point("not_recorded", {"count": (float(len(unknown)), "count")}))
    found += _near(contests)
    nodes = coming.events[coming.events["type"] == "node"]
    inside = [coming.span.first <= day <= coming.span.last for day in nodes["start"]]
    days = [_said(day) for day, is_in in zip(nodes["start"], inside, strict=True) if is_in]
    if days:
        found.append(Point("nodes_next_week", {"days": ", ".join(days)}))
    if len(coming.clashes):
        found.append(Point("clashes", {"count": (float(len(coming.clashes)), "count")}))
    return found


def _said(day: dt.date) -> str:
    return day.isoformat()


def _to_the_end(landings: pd.DataFrame) -> list[Point]:
    """Say what the month still needs, or what it missed."""
    if landings.empty or math.isnan(landings["target"].iloc[-1]):
        return []
    row = landings.iloc[-1]
    facts: Facts = {
        "gap": (float(row["gap"]), "yuan"),
        "target": (float(row["target"]), "yuan"),
        "expected": (float(row["expected"]), "yuan"),
        "chance": (float(row["chance"]), "rate"),
        "days": (float(row["days_left"]), "days"),
        "run_rate": (float(row["run_rate"]), "yuan"),
        "ratio": (float(row["ratio"]), "ratio"),
    }
    if row["gap"] <= 0:
        return [Point("reached", facts)]
    if row["days_left"] <= 0:
        return [Point("missed", facts)]
    return [Point("unlikely" if row["chance"] < UNLIKELY else "on_course", facts)]


def _next_node(status: pd.DataFrame) -> list[Point]:
    """Say what the next node of each KPI still asks for."""
    ahead = status[(status["state"] == "open") & (status["gap"] > 0)]
    out = []
    for row in ahead.drop_duplicates("kpi").to_dict("records"):
        facts: dict[str, str | tuple[float, str]] = {
            "number": str(row["node"]),
            "day": _said(row["date"]),
            "target": (row["target"], "yuan" if row["kpi"] == PREMIUM else "rate"),
            "actual": (row["actual"], "yuan" if row["kpi"] == PREMIUM else "rate"),
            "gap": (row["gap"], "yuan" if row["kpi"] == PREMIUM else "points"),
            "run_rate": (row["run_rate"], "yuan"),
        }
        out.append(Point(f"node_{row['kpi']}", facts))
    return out


def _pace(status: pd.DataFrame, by_unit: pd.DataFrame, worked: float) -> list[Point]:
    """Lay what the week brought a day beside what the days to the next node must bring."""
    ahead = status[status["run_rate"] > 0]
    brought = by_unit.loc[by_unit["kpi"] == PREMIUM, "value"].sum(min_count=1)
    if ahead.empty or not worked > 0 or math.isnan(brought):
        return []
    need, had = float(ahead["run_rate"].iloc[0]), float(brought) / worked
    facts: Facts = {
        "had": (had, "yuan"),
        "run_rate": (need, "yuan"),
        "number": str(ahead["node"].iloc[0]),
    }
    return [Point("week_slower" if had < need else "week_faster", facts)]


def _missing(missing: pd.DataFrame) -> list[Point]:
    """Name the units whose supervisors have not written."""
    if missing.empty:
        return []
    units = list(dict.fromkeys(missing["unit"]))
    count = (float(len(missing)), "persons")
    return [Point("supervisors", {"count": count, "units": ", ".join(units)})]


def _judged(judged: pd.DataFrame) -> list[Point]:
    """Say where an early part was not more, only sooner."""
    own = judged[judged["kpi"] == PREMIUM].head(1)
    if own.empty or own["verdict"].item() not in {"pulled_forward", "borrowed", "late", "short"}:
        return []
    row = own.iloc[0]
    facts: Facts = {
        "first": (float(row["first_attainment"]), "rate"),
        "whole": (float(row["whole_attainment"]), "rate"),
        "moved": (float(row["moved"]), "yuan"),
        "lost": (float(row["lost"]), "yuan"),
    }
    return [Point(str(row["verdict"]), facts)]


def _late(shape: pd.DataFrame, month: str) -> list[Point]:
    """Say how many of the months before began late."""
    own = shape[shape["kpi"] == PREMIUM].dropna(subset="even_pace")
    begins = spans.parse(month).first
    own = own[[spans.parse(code).first < begins for code in own["month"]]]
    late = own[own["is_late"]]
    if late.empty:
        return []
    facts: Facts = {"late": (float(len(late)), "count"), "all": (float(len(own)), "count")}
    return [Point("late_months", facts)]


def _near(contests: Standings) -> list[Point]:
    if contests.near.empty:
        return []
    return [Point("near_bar", {"count": (float(len(contests.near)), "persons")})]
