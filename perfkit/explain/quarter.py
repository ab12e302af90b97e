"""What the review of a quarter lays out: the assessment form, standards, the best after noise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.book import Book
from perfkit.errors import PerfkitError, ReconcileError
from perfkit.explain.alarm import plan_status
from perfkit.explain.assess import COLUMNS as STANDARD
from perfkit.explain.assess import assess
from perfkit.explain.attribution import attribute
from perfkit.explain.interval import with_interval
from perfkit.kpi import answerable, catalogue, cohorts

__all__ = [
    "SECTIONS",
    "assessment",
    "attributed",
    "headcount_steps",
    "newcomers",
    "review_levels",
    "standards_of",
]

FORM = ["unit", "kpi", "period", "variant", "target", "value", "attainment", "gap", "previous",
        "change_previous", "growth_previous", "year_ago", "change_year_ago", "growth_year_ago",
        "usual", "limit", "verdict", "grade"]  # fmt: skip
ROLL = ["headcount_opening", "recruits", "leavers", "transfers_net", "headcount_closing"]
# What the review lays out by unit: the cards of its headline, and its tables, in their order.
SECTIONS = {
    "cards": ["premium_issued", "premium_submitted", "activity_rate", "headcount_closing"],
    "people": [*ROLL, "recruit_rate", "attrition_rate"],
    "income": ["fyc_trainee", "fyc_agent", "fyc_supervisor", "fyc_senior_supervisor",
               "fyc_department_manager", "fyc"],
    "groups": ["groups", "group_change", "groups_15_up", "groups_10_to_14", "groups_under_10",
               "promotions_supervisor", "quasi_supervisors", "licensed_share"],
    "stayed": ["confirmation_3m", "retention_3m", "retention_7m", "retention_13m"],
    "best": ["activity_rate", "premium_per_head", "cases_per_active", "recruit_rate",
             "attrition_rate"],
}  # fmt: skip
UNTOLD = ("nothing_of_unit", "not_computable", "no_target", "driver_missing", "plan_alone")


def review_levels(book: Book, unit: str) -> tuple[str, str, str]:
    """Name the levels a review is told at: the unit's, the one below, and the lowest of units.

    People are no level of a review: a unit without units below it is looked at by itself.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> review_levels(b, "D1"), review_levels(b, "D1/03/01")
    (('district', 'department', 'group'), ('group', 'group', 'group'))
    """
    level, below = org.level_of(unit, book.root), book.below(unit)
    order = org.levels_from(book.root)
    lowest = max((*book.levels, level), key=order.index)
    return level, level if below == "agent" else below, lowest


def headcount_steps(own: pd.DataFrame) -> pd.DataFrame:
    """Lay out the way of the headcount: opening, recruits, leavers, transfers, closing.

    Parameters
    ----------
    own : DataFrame
        kpi and value of one unit. [persons]

    Returns
    -------
    DataFrame
        step, value: the first and last the two headcounts, between them what leads from one to
        the other; without a row where one of the five is unknown. [persons]

    Raises
    ------
    ReconcileError
        The steps do not lead from the opening to the closing headcount.

    Examples
    --------
    >>> codes = ["headcount_opening", "recruits", "leavers", "transfers_net", "headcount_closing"]
    >>> own = pd.DataFrame({"kpi": codes, "value": [10.0, 3, 2, 1, 12]})
    >>> headcount_steps(own)["value"].tolist()
    [10.0, 3.0, -2.0, 1.0, 12.0]
    """
    found = own.set_index("kpi")["value"].astype(float).reindex(ROLL)
    if found.isna().any():
        return pd.DataFrame({"step": pd.Series(dtype=object), "value": pd.Series(dtype=float)})
    found["leavers"] = -found["leavers"]
    parts, whole = float(found.iloc[:-1].sum()), float(found.iloc[-1])
    if parts != whole:
        raise ReconcileError("parts_do_not_add_up", what="headcount", parts=parts, whole=whole)
    return found.rename_axis("step").reset_index()


def attributed(book: Book, code: str, **how: Any) -> tuple[pd.DataFrame, PerfkitError | None]:
    """Attribute a change, or say why the book cannot.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        The chain, as for `attribute`.
    **how
        What else `attribute` takes.

    Returns
    -------
    tuple of DataFrame and PerfkitError or None
        What `attribute` gives and None; or nothing and the reason: a driver or target is unknown,
        the unit was not there, or the plan sets a target for the whole but for none of its
        drivers, so that its gap has nothing to be shared among.

    Raises
    ------
    UnknownName
        No such chain, unit or level.
    """
    try:
        out = attribute(book, code, **how)
    except PerfkitError as error:
        if error.key not in UNTOLD:
            raise
        return pd.DataFrame(), error
    alone = len(out.attrs["findings"]) >= out["factor"].nunique() - 1 > 0
    if alone and how.get("against") == "target":
        return pd.DataFrame(), ReconcileError("plan_alone", kpi=code.partition(".")[0])
    return out, None


def assessment(compared: pd.DataFrame, usual: pd.DataFrame) -> pd.DataFrame:
    """Fill in the quarterly operating-indicator form: every indicator of every unit, graded.

    Parameters
    ----------
    compared : DataFrame
        What `kpi.compare` gives. [the KPI's unit]
    usual : DataFrame
        What `usual_change` gives for the same units and KPIs against the period before.

    Returns
    -------
    DataFrame
        unit, kpi, period, variant, target, value, gap (value less target), previous, year_ago and
        their changes, usual (how far two periods differ anyway), limit (how far chance takes them
        once in 20 times) [the KPI's unit], attainment, growth_previous, growth_year_ago [rate],
        verdict, grade: reached or short where there is a target; else better or worse where the
        change on the period before is more than noise, moved where neither way is good; usual
        where it is noise; unknown.

    Notes
    -----
    Source: district deck 2012, sections 9 and 33, which name the form; its scales are lost, so the
    grades are these. They hold against the plan first, and against chance where there is none.
    """
    status = plan_status(compared)[["unit", "kpi", "gap", "status"]]
    keys = ["unit", "kpi"]
    out = compared.merge(status, on=keys, how="left", sort=False)
    noise = usual[[*keys, "usual", "yellow", "verdict"]].rename(columns={"yellow": "limit"})
    out = out.merge(noise, on=keys, how="left", sort=False)
    out["verdict"] = out["verdict"].fillna("unknown")
    sign = np.sign(out["change_previous"])
    ways = out["kpi"].map(lambda c: catalogue()[c].direction if c in catalogue() else "context")
    good = sign * ways.map({"up": 1.0, "down": -1.0, "context": 0.0})
    beyond = out["verdict"].isin(["unusual", "rare"])
    grade = pd.Series("unknown", out.index).mask(out["verdict"] == "noise", "usual")
    for name, held in (("better", good > 0), ("worse", good < 0), ("moved", good == 0)):
        grade = grade.mask(beyond & held, name)
    planned = out["status"].isin(["reached", "short"])
    out["grade"] = grade.mask(planned, out["status"])
    return out[FORM].reset_index(drop=True)


def newcomers(
    book: Book, codes: Sequence[str], *, by: str, period: str, unit: str | None = None
) -> pd.DataFrame:
    """Show who of the newcomers stayed: the mature with Wilson's interval, the immature apart.

    Parameters
    ----------
    book : Book
        Where the facts are.
    codes : sequence of str
        KPIs of cohorts, such as confirmation_3m; what the book cannot answer is left out.
    by : str
        The level.
    period : str
        In which the cohorts mature.
    unit : str, optional
        Only this unit and those below it.

    Returns
    -------
    DataFrame
        unit, kpi, cohort, kept, immature [persons], value, low, high [rate].
    """
    parts = []
    for code in answerable(book, codes):
        found = cohorts(book, code, by=by, period=period, unit=unit)
        pairs = found.rename(columns={"kept": "numerator", "cohort": "denominator"})
        parts.append(with_interval(pairs))
    names = {"denominator": "cohort", "numerator": "kept"}
    columns = ["unit", "kpi", "cohort", "kept", "value", "low", "high", "immature"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).rename(columns=names)[columns]


def standards_of(book: Book, *, unit: str, day: dt.date) -> pd.DataFrame:
    """Hold a unit and those below it against every standard that holds on a day.

    Parameters
    ----------
    book : Book
        Where the facts and the standards are.
    unit : str
        The unit.
    day : date
        As of which day; the book's last one where it lies after it.

    Returns
    -------
    DataFrame
        As `assess`; without a row where no standard of these levels holds.
    """
    at = min(day, book.as_of)
    held = {one.level for one in book.settings.standards if one.holds(at)}
    levels = [level for level in org.levels_from(book.root) if level in held]
    parts = []
    for level in levels:
        found = assess(book, by=level, day=at)
        parts.append(found[found["unit"].isin(org.within(found["unit"].tolist(), unit))])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=STANDARD)
