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
from perfkit.explain.credibility import credibility
from perfkit.explain.interval import with_interval
from perfkit.kpi import answerable, catalogue, cohorts, kpi

__all__ = ["assessment", "attributed", "newcomers", "standards_of", "standouts"]

FORM = ["unit", "kpi", "period", "variant", "target", "value", "attainment", "gap", "previous",
        "change_previous", "growth_previous", "year_ago", "change_year_ago", "growth_year_ago",
        "usual", "verdict", "grade"]  # fmt: skip
UNTOLD = ("nothing_of_unit", "not_computable", "no_target", "driver_missing", "plan_alone")


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
        their changes [the KPI's unit], attainment, growth_previous, growth_year_ago [rate], usual
        (how far two periods differ anyway), verdict, grade: reached or short where there is a
        target; else better or worse where the change on the period before is more than noise,
        moved where neither way is good; usual where it is noise; unknown.

    Notes
    -----
    Source: district deck 2012, sections 9 and 33, which name the form; its scales are lost, so the
    grades are these. They hold against the plan first, and against chance where there is none.
    """
    status = plan_status(compared)[["unit", "kpi", "gap", "status"]]
    keys = ["unit", "kpi"]
    out = compared.merge(status, on=keys, how="left", sort=False)
    out = out.merge(usual[[*keys, "usual", "verdict"]], on=keys, how="left", sort=False)
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


def standouts(months: pd.DataFrame) -> pd.DataFrame:
    """Say of each KPI which unit did best, and how far that can be believed.

    Parameters
    ----------
    months : DataFrame
        What `kpi.measure` gives for units of one level over months: unit, kpi, value, denominator.

    Returns
    -------
    DataFrame
        kpi, unit (the best after drawing every unit's mean towards that of all), mean, estimate,
        common (of all) [the KPI's unit], credibility [rate], heads (the unit's mean month), units:
        how many were compared. Credibility 0: the units differ no more than chance lets them. A
        KPI that fewer than two units have months of is left out.

    Notes
    -----
    Bühlmann and Straub, weighted by what the KPI is divided by (see `credibility`).
    """
    rows = []
    for code, part in months.groupby("kpi", sort=False):
        known = part.dropna(subset=["value", "denominator"])
        if known["unit"].nunique() < 2:
            continue
        try:
            found = credibility(
                known.assign(weight=known["denominator"])[["unit", "value", "weight"]]
            )
        except ReconcileError:
            continue
        falls = kpi(str(code)).direction == "down"
        order = found.sort_values(["estimate", "mean"], ascending=falls, kind="stable")
        best = order.iloc[0]
        heads = float(best["weight"]) / float(best["periods"]) if best["periods"] else np.nan
        numbers = [float(best[name]) for name in ("mean", "estimate", "common", "credibility")]
        rows.append([code, best["unit"], *numbers, heads, len(found)])
    columns = ["kpi", "unit", "mean", "estimate", "common", "credibility", "heads", "units"]
    return pd.DataFrame(rows, columns=columns)
