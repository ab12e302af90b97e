"""Promotion: criteria as settings, what candidates lack, warnings, planned against actual.

Criteria stand in a data file (the office's own, or the proposal ``promotion.toml``): for each rank
from which it is reached, and what is asked for over which months.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.plan.rows import PlanRefused, need, once, text_of

__all__ = [
    "WARNINGS",
    "Criterion",
    "actual",
    "criteria",
    "gaps",
    "planned_against_actual",
    "read_criteria",
    "warnings",
]

WARNINGS = ("weekly", "monthly", "quarterly")
RANKS = ("supervisor", "senior_supervisor", "department_manager")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing asked for: at least so much of a KPI over so many whole months. [the KPI's unit]"""

    rank: str
    below: str
    kpi: str
    least: float
    months: int


def read_criteria(body: Mapping[str, Any]) -> tuple[Criterion, ...]:
    """Check criteria as a data file has them.

    Raises
    ------
    UnknownName
        A KPI is none.
    PlanRefused
        An amount or a number of months is missing or not positive, or ranks go round in a circle.

    Examples
    --------
    >>> read_criteria({"a": {"below": "b", "asks": []}, "b": {"below": "a", "asks": []}})
    Traceback (most recent call last):
    ...
    perfkit.plan.rows.PlanRefused: Promotion goes round in a circle at the rank a. ...
    """
    below = {rank: str(own["below"]) for rank, own in body.items() if rank != "basis"}
    for rank in below:
        seen, at = set(), rank
        while at in below:
            if at in seen:
                raise PlanRefused("rank_circle", place=at)
            seen.add(at)
            at = below[at]
    out = []
    for rank, own in body.items():
        for one in own["asks"] if rank != "basis" else ():
            least, months = one.get("least"), one.get("months")
            good = isinstance(least, int | float) and least > 0 and math.isfinite(least)
            if not good or not isinstance(months, int) or not 0 < months <= 24:
                raise PlanRefused("criterion", place=rank, value=f"{one}")
            out.append(Criterion(rank, below[rank], kpi.kpi(one["kpi"]).code, float(least), months))
    return tuple(out)


@functools.cache
def _bundled() -> tuple[Criterion, ...]:
    text = Path(__file__).with_name("promotion.toml").read_text(encoding="utf-8")
    return read_criteria(tomllib.loads(text))


def criteria(path: Path | None = None) -> tuple[Criterion, ...]:
    """Give the criteria: the office's own file, or the proposal that comes with perfkit.

    Raises
    ------
    PlanRefused
        The file cannot be read, or as `read_criteria`.

    Examples
    --------
    >>> sorted({one.rank for one in criteria()})
    ['department_manager', 'senior_supervisor', 'supervisor']
    """
    if path is None:
        return _bundled()
    try:
        return read_criteria(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanRefused("unreadable", path=path, why=error) from error


def gaps(
    book: Book,
    candidates: pd.DataFrame,
    *,
    day: dt.date,
    asked: Sequence[Criterion] | None = None,
) -> pd.DataFrame:
    """Say what each candidate has of what the next rank asks for, and what is lacking.

    Parameters
    ----------
    book : Book
        Where the facts are.
    candidates : DataFrame
        agent_id, unit (the path of the person, or of the group led: what is measured) and rank
        (the one aimed at).
    day : date
        As of which day; a criterion of several months looks back from the month of this day.
    asked : sequence of Criterion, optional
        Instead of the proposal.

    Returns
    -------
    DataFrame
        agent_id, unit, rank, kpi, months, least, value, gap (what is lacking; 0 where it is met)
        [the KPI's unit], passed (how much of the months is over) [rate] and state: met, on_pace
        (as much of it as of the months), at_risk, unknown (the book does not say). What does not
        add up over days is met or at risk as it stands.

    Raises
    ------
    UnknownName
        No criteria for a rank, or no such unit.
    PlanRefused
        A candidate stands twice.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> row = {"agent_id": "S1", "unit": "D1/01", "rank": "supervisor"}
    >>> b = open_book("district_one")
    >>> found = gaps(b, pd.DataFrame([row]), day=dt.date(2012, 9, 30))
    >>> found[["kpi", "state"]].values.tolist()
    [['fyc', 'met'], ['cases', 'met']]
    """
    need(candidates, ("agent_id", "unit", "rank"), "candidates")
    once(candidates, "agent_id", "candidates")
    asks = criteria() if asked is None else tuple(asked)
    ranks = list(dict.fromkeys(one.rank for one in asks))
    for rank in candidates["rank"]:
        if rank not in ranks:
            raise UnknownName(kind="rank", name=text_of(rank), allowed=ranks)
    rows = [
        _gap(book, person, one, min(day, book.as_of))
        for person in candidates.to_dict("records")
        for one in asks
        if one.rank == person["rank"]
    ]
    names = [
        "agent_id",
        "unit",
        "rank",
        "kpi",
        "months",
        "least",
        "value",
        "gap",
        "passed",
        "state",
    ]
    return pd.DataFrame(rows, columns=names)


_FOUND = [
    *("agent_id", "unit", "rank", "kpi", "months", "least", "value", "gap", "passed", "state")
]


def _gap(
    book: Book, person: Mapping[Any, Any], one: Criterion, day: dt.date
) -> tuple[str, str, str, str, int, float, float, float, float, str]:
    """Hold a candidate against one criterion."""
    months = spans.trailing(spans.parse(f"{day:%Y-%m}"), one.months)
    span = spans.span(months[0].first, day)
    path, value = person["unit"], math.nan
    levels = org.levels_from(book.root)  # the last is the person
    level = levels[min(path.count("/"), len(levels) - 1)]
    if kpi.answerable(book, [one.kpi]):
        within = org.parent(path) if level == "agent" else path
        found = kpi.measure(book, [one.kpi], by=level, period=span, unit=within)
        own = found.loc[found["unit"] == person["unit"], "value"]
        value = float(own.iloc[0]) if len(own) else math.nan
    whole = sum(month.days for month in months)
    passed = span.days / whole
    known = kpi.kpi(one.kpi)
    adds = not known.denominator and all(
        kpi.measures()[term.measure].additive for term in known.numerator
    )
    gap = math.nan if math.isnan(value) else max(one.least - value, 0.0)
    state = _standing(value, one.least, passed if adds else 1.0)
    who = (person["agent_id"], person["unit"], one.rank)
    return (*who, one.kpi, one.months, one.least, value, gap, passed, state)


def _standing(value: float, least: float, passed: float) -> str:
    if math.isnan(value):
        return "unknown"
    if value >= least:
        return "met"
    return "on_pace" if passed < 1 and value >= least * passed else "at_risk"


def warnings(found: pd.DataFrame, plan: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Warn of planned promotions by how near they are: this week, this month, this quarter.

    Parameters
    ----------
    found : DataFrame
        What `gaps` gives.
    plan : DataFrame
        agent_id, rank and planned_on (a date).
    today : date
        The day.

    Returns
    -------
    DataFrame
        agent_id, rank, planned_on, days (left; below 0: overdue), warns (weekly: planned within
        seven days or overdue; monthly: by the end of the month; quarterly: by the end of the
        quarter; later otherwise), lacking (criteria not met) [count], state (the worst of its
        criteria) and kpi and gap (of the criterion furthest away, relative to what it asks). The
        nearest first. [days, the KPI's unit]

    Raises
    ------
    PlanRefused
        A planned day is missing, or somebody is planned twice.
    UnknownName
        Somebody planned is no candidate.

    Notes
    -----
    Source: district deck 2012, section 24, case 3: weekly, monthly and quarterly warnings.
    """
    need(plan, ("agent_id", "rank", "planned_on"), "promotions")
    once(plan, "agent_id", "promotions")
    rows = []
    for row, one in enumerate(plan.to_dict("records"), 2):
        planned = one["planned_on"]
        if not isinstance(planned, dt.date):
            raise PlanRefused("empty", table="promotions", column="planned_on", rows=row)
        own = found[found["agent_id"] == one["agent_id"]]
        if own.empty:
            allowed = found["agent_id"].unique().tolist()
            raise UnknownName(kind="candidate", name=text_of(one["agent_id"]), allowed=allowed)
        worst = max(own["state"], key=_GRAVE.index)
        short = own.assign(share=own["gap"] / own["least"]).sort_values("share", ascending=False)
        rows.append((one["agent_id"], one["rank"], planned, (planned - today).days,
                     _warns(planned, today), int((own["gap"] > 0).sum()), worst,
                     short["kpi"].iloc[0], float(short["gap"].iloc[0])))  # fmt: skip
    names = ["agent_id", "rank", "planned_on", "days", "warns", "lacking", "state", "kpi", "gap"]
    out = pd.DataFrame(rows, columns=names)
    return out.sort_values(["days", "agent_id"], kind="stable", ignore_index=True)


_GRAVE = ("met", "on_pace", "unknown", "at_risk")


def _warns(planned: dt.date, today: dt.date) -> str:
    if (planned - today).days < 7:
        return "weekly"
    month = spans.parse(f"{today:%Y-%m}")
    quarter = spans.parse(f"{today.year}Q{(today.month + 2) // 3}")
    return (
        "monthly" if planned <= month.last else "quarterly" if planned <= quarter.last else "later"
    )


def actual(book: Book, *, unit: str, period: str | spans.Period) -> pd.DataFrame:
    """Count the promotions of a span, by month and rank.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit, period : str, str or Period
        Whose, and when.

    Returns
    -------
    DataFrame
        period (a month), rank and actual. [persons]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = actual(open_book("district_one"), unit="D1", period="2012-07")
    >>> found.set_index("rank")["actual"].to_dict()
    {'supervisor': 4.0, 'senior_supervisor': 1.0, 'department_manager': 2.0}
    """
    codes = {f"promotions_{rank}": rank for rank in RANKS}
    months = spans.months(spans.parse(period))
    level = org.level_of(unit, book.root)
    found = kpi.measure(book, list(codes), by=level, period=months, unit=unit)
    own = found[found["unit"] == unit]
    return pd.DataFrame(
        {"period": own["period"], "rank": own["kpi"].map(codes), "actual": own["value"]}
    ).reset_index(drop=True)


def planned_against_actual(plan: pd.DataFrame, happened: pd.DataFrame) -> pd.DataFrame:
    """Lay planned promotions beside those that happened, by month and rank.

    Parameters
    ----------
    plan : DataFrame
        agent_id, rank and planned_on (a date).
    happened : DataFrame
        What `actual` gives; plans of months it does not hold are left out.

    Returns
    -------
    DataFrame
        period, rank, planned, actual, difference, and running (all differences of the rank so far).
        [persons]

    Examples
    --------
    >>> plan = pd.DataFrame({"agent_id": ["a"], "rank": ["supervisor"]})
    >>> plan["planned_on"] = [dt.date(2012, 7, 1)]
    >>> happened = pd.DataFrame({"period": ["2012-07"], "rank": ["supervisor"], "actual": [4.0]})
    >>> planned_against_actual(plan, happened)["difference"].tolist()
    [3.0]
    """
    need(plan, ("agent_id", "rank", "planned_on"), "promotions")
    months = [f"{day:%Y-%m}" for day in plan["planned_on"]]
    counts = plan.assign(period=months).groupby(["period", "rank"]).size()
    keys = pd.MultiIndex.from_frame(happened[["period", "rank"]])
    out = happened.assign(planned=counts.reindex(keys).fillna(0.0).to_numpy(float))
    out["difference"] = out["actual"] - out["planned"]
    out["running"] = out.groupby("rank", sort=False)["difference"].cumsum()
    return out[["period", "rank", "planned", "actual", "difference", "running"]]
