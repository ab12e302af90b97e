"""What a quarter leaves to be asked: every question comes from something found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from perfkit.explain.moved import Cause, Lead

__all__ = ["Question", "questions"]

HALF = 0.5
MOST = 2  # of one kind, so that the list stays one that a meeting can go through
Fact = str | tuple[float, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its evidence, by the key of its sentences and the facts these need.

    Attributes
    ----------
    key : str
        Which sentence of the words.
    facts : mapping
        Numbers with their unit of measure (``kpi``: that of the fact named kpi), codes as text.
    """

    key: str
    facts: Mapping[str, Fact]


def questions(
    *,
    led: Lead | None,
    units: pd.DataFrame,
    form: pd.DataFrame,
    newcomers: pd.DataFrame,
    alarms: pd.DataFrame,
    landing: pd.DataFrame,
    large: pd.DataFrame,
    standards: pd.DataFrame,
    best: pd.DataFrame,
    unit: str,
) -> list[Question]:
    """Draw the next quarter's questions from what the review found.

    Parameters
    ----------
    led : Lead or None
        What `lead` gives.
    units : DataFrame
        What `by_unit` gives. [yuan]
    form : DataFrame
        What `assessment` gives.
    newcomers : DataFrame
        What `newcomers` gives.
    alarms : DataFrame
        What `raised_within` or `raise_once` gives.
    landing : DataFrame
        What `outlook.year_landings` gives.
    large : DataFrame
        What `without_large` gives.
    standards : DataFrame
        What `at_risk` gives.
    best : DataFrame
        What `standouts` gives.
    unit : str
        Whose review it is.

    Returns
    -------
    list of Question
        In the order of the review; a kind that nothing was found for is left out.

    Examples
    --------
    >>> none = pd.DataFrame()
    >>> row = {"unit": "D1", "large_cases": 2.0, "large_share": 0.1, "per_active": 9.0}
    >>> large = pd.DataFrame([row | {"per_active_without": 8.0}])
    >>> rest = dict.fromkeys(("units", "form", "newcomers", "alarms", "landing"), none)
    >>> found = questions(led=None, large=large, standards=none, best=none, unit="D1", **rest)
    >>> [one.key for one in found]
    ['large']
    """
    return [
        *_of_lead(led),
        *_of_units(units, unit),
        *_of_form(form, unit),
        *_of_newcomers(newcomers, unit),
        *_of_alarms(alarms),
        *_of_landing(landing, unit),
        *_of_large(large, unit),
        *_of_standards(standards),
        *_of_best(best),
    ]


def _of_lead(led: Lead | None) -> list[Question]:
    if led is None:
        return []
    out = []
    if led.main is not None:
        out.append(Question("risen" if led.change >= 0 else "fallen", _told(led.main)))
    if led.counter is not None:
        out.append(Question("against", _told(led.counter)))
    return out


def _told(cause: Cause) -> dict[str, Fact]:
    return {"kpi": cause.factor, "before": (cause.before, "kpi"), "after": (cause.after, "kpi"),
            "effect": (cause.effect, "+yuan")}  # fmt: skip


def _of_units(units: pd.DataFrame, unit: str) -> list[Question]:
    """Ask for the unit that lost most, and by which driver."""
    if units.empty:
        return []
    own = units[units["unit"] != unit]
    drivers = [c for c in units.columns if c not in ("unit", "state", "before", "after", "change")]
    if own.empty or not own["change"].min() < 0:
        return []
    row = own.sort_values("change", kind="stable").iloc[0]
    effects = row[drivers].astype(float)
    facts: dict[str, Fact] = {"unit": str(row["unit"]), "change": (float(row["change"]), "+yuan")}
    facts |= {"kpi": str(effects.idxmin()), "effect": (float(effects.min()), "+yuan")}
    return [Question("unit", facts)]


def _of_form(form: pd.DataFrame, unit: str) -> list[Question]:
    """Ask for what turned worse beyond noise, and who is short of plan."""
    if form.empty:
        return []
    out = []
    worse = form[(form["grade"] == "worse") & (form["unit"] == unit)]
    for row in worse.head(MOST).to_dict("records"):
        numbers = {"before": (row["previous"], "kpi"), "after": (row["value"], "kpi")}
        out.append(
            Question("worse", {"kpi": row["kpi"], **numbers, "limit": (row["limit"], "kpi")})
        )
    short = form[form["grade"] == "short"]
    for code, own in short.groupby("kpi", sort=False):
        below = own if list(own["unit"]) == [unit] else own[own["unit"] != unit]
        facts: dict[str, Fact] = {"kpi": str(code), "units": ", ".join(below["unit"])}
        out.append(Question("short", facts | {"gap": (abs(float(below["gap"].sum())), "kpi")}))
    return out


def _of_newcomers(newcomers: pd.DataFrame, unit: str) -> list[Question]:
    """Ask where surely fewer than half of the newcomers stay."""
    if newcomers.empty:
        return []
    few = newcomers[(newcomers["unit"] == unit) & (newcomers["high"] < HALF)]
    return [
        Question("newcomers", {"kpi": row["kpi"], "kept": (row["kept"], "persons"),
                               "cohort": (row["cohort"], "persons"), "high": (row["high"], "rate")})
        for row in few.head(MOST).to_dict("records")
    ]  # fmt: skip


def _of_alarms(alarms: pd.DataFrame) -> list[Question]:
    if alarms.empty:
        return []
    known = alarms[alarms["rule"] != "landing"]
    return [
        Question("alarm", {"unit": row["unit"], "kpi": row["kpi"], "period": row["period"],
                           "level": row["level"], "value": (row["value"], "kpi"),
                           "center": (row["center"], "kpi")})
        for row in known.head(MOST).to_dict("records")
    ]  # fmt: skip


def _of_landing(landing: pd.DataFrame, unit: str) -> list[Question]:
    """Ask what closes the year where its target is more likely missed than reached."""
    if landing.empty:
        return []
    out = []
    missed = landing[landing["chance"] < HALF]
    for row in missed[missed["unit"] == unit].to_dict("records"):
        facts: dict[str, Fact] = {name: (row[name], "kpi") for name in ("landing", "low", "high")}
        facts |= {
            "kpi": row["kpi"],
            "target": (row["target"], "kpi"),
            "chance": (row["chance"], "rate"),
        }
        out.append(Question("landing", facts))
    below = missed[missed["unit"] != unit]
    if len(below):
        least = below.sort_values("chance", kind="stable").iloc[0]
        facts = {"units": ", ".join(below["unit"]), "kpi": str(least["kpi"])}
        facts |= {"unit": str(least["unit"]), "chance": (float(least["chance"]), "rate")}
        out.append(Question("landing_units", facts))
    return out


def _of_large(large: pd.DataFrame, unit: str) -> list[Question]:
    if large.empty:
        return []
    own = large[(large["unit"] == unit) & (large["large_cases"] > 0)]
    return [
        Question("large", {"count": (row["large_cases"], "policies"),
                           "share": (row["large_share"], "rate"),
                           "with": (row["per_active"], "yuan"),
                           "without": (row["per_active_without"], "yuan")})
        for row in own.to_dict("records")
    ]  # fmt: skip


def _of_standards(standards: pd.DataFrame) -> list[Question]:
    """Ask for those who will miss a standard, standard by standard."""
    if standards.empty:
        return []
    out = []
    for name, own in standards.groupby("standard", sort=False):
        facts: dict[str, Fact] = {"standard": str(name), "count": (len(own), "count")}
        out.append(Question("standard", facts | {"units": ", ".join(own["unit"])}))
    return out[:MOST]


def _of_best(best: pd.DataFrame) -> list[Question]:
    """Ask what the best do differently, where they differ by more than chance."""
    if best.empty:
        return []
    row = best.sort_values("credibility", ascending=False, kind="stable").iloc[0]
    numbers: Sequence[str] = ("mean", "estimate", "common")
    facts: dict[str, Fact] = {name: (float(row[name]), "kpi") for name in numbers}
    facts |= {"kpi": str(row["kpi"]), "unit": str(row["unit"])}
    facts |= {"credibility": (float(row["credibility"]), "rate")}
    return [Question("best" if row["credibility"] >= HALF else "best_unsure", facts)]
