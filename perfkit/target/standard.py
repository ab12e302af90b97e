"""The minimum standards of an annual plan, the two formulas of a department, what to decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import TargetError, UnknownName
from perfkit.target.audit import Audit
from perfkit.target.coherent import DRIVERS
from perfkit.target.lastyear import definitions, known_months

__all__ = ["Decision", "decisions", "department_formulas", "minimum_standards", "plan_paths"]

NOTABLE = 0.01  # a month's weight that differs by so much is worth a word


def minimum_standards(
    book: Book, *, unit: str, period: str, minimums: Mapping[str, float], heads: pd.DataFrame
) -> pd.DataFrame:
    """Hold units against the standards that no plan may fall below.

    Parameters
    ----------
    book : Book
        Where the facts of the last twelve months are.
    unit : str
        This unit and those right below it.
    period : str
        The year to plan: the twelve months before it.
    minimums : mapping
        Standard (recruiting, confirmation, activity) → the least rate. [rate]
    heads : DataFrame
        What `headcount_units` gives; its growth must be above zero.

    Returns
    -------
    DataFrame
        unit, standard (growth and the others), kpi, value, minimum, short (minimum less value, 0
        where it is met) and met; one row a unit and standard. Growth is that of the plan, the
        others are of the last twelve whole months; NaN where the book does not say. [rate]

    Raises
    ------
    UnknownName
        There is no such standard.
    TargetError
        A minimum is no rate.

    Notes
    -----
    Source: district deck 2012, section 32: headcount must grow; every plan names its minimum
    standards of recruiting, conversion and activity. Their amounts are the planner's.
    """
    known = definitions()["standards"]
    for name, least in minimums.items():
        if name not in known:
            raise UnknownName(kind="setting", name=name, allowed=list(known))
        if not least >= 0:
            raise TargetError("not_a_rate", what=name, value=least)
    level, below = org.level_of(unit, book.root), book.below(unit)
    by = [level, *([below] if below != "agent" else [])]
    codes = kpi.answerable(book, [known[name] for name in minimums])
    months = known_months(book, 12, before=period)
    span = spans.span(months[0].first, months[-1].last) if months else None
    seen: dict[tuple[str, str], float] = {}
    if codes and span:
        variants = kpi.by_people(book, {"activity_rate": "monthly_mean"})
        own = {code: how for code, how in variants.items() if code in codes}
        found = kpi.measure(book, codes, by=by, period=span, unit=unit, variants=own)
        seen = dict(zip(zip(found["unit"], found["kpi"], strict=True), found["value"], strict=True))
    units = sorted({u for u, _ in seen} | set(heads.index) | {unit})
    rows = []
    for one in units:
        growth = float(heads["growth"].get(one, math.nan))
        rows.append((one, "growth", "headcount_closing", growth, 0.0))
        for name, least in minimums.items():
            rows.append((one, name, known[name], seen.get((one, known[name]), math.nan), least))
    out = pd.DataFrame(rows, columns=["unit", "standard", "kpi", "value", "minimum"])
    above = out["value"].where(out["standard"] != "growth", out["value"] - 1e-12)
    out["short"] = (out["minimum"] - above).clip(lower=0).where(out["value"].notna())
    return out.assign(met=(out["short"] == 0).where(out["value"].notna()))


def department_formulas(drivers: pd.DataFrame, *, local_income: float) -> pd.DataFrame:
    """Hold units against the two formulas of a department's plan.

    Parameters
    ----------
    drivers : DataFrame
        What `perfkit.target.driver_year` gives.
    local_income : float
        The mean income where the units work; NaN or 0 where it is not known. [yuan a month]

    Returns
    -------
    DataFrame
        By unit: headcount_average and activity_rate as planned, output (what an active agent brings
        a month as planned), yardstick (1.5 times the local income times 3), gap (output less
        yardstick), performance (headcount x output x activity, a year) and performance_at_yardstick
        (the same with the yardstick as output). NaN without a local income. [persons, rate, yuan]

    Raises
    ------
    TargetError
        The income is negative.

    Notes
    -----
    Source: district deck 2012, section 32: total performance = headcount x output per head x
    activity rate, so the output is that of an active agent; output per head = 1.5 times the local
    mean income, times 3. The deck does not give the reason of the factors.

    Examples
    --------
    >>> one = pd.DataFrame(
    ...     [[100, 0.3, 1.2, 8_000]],
    ...     index=["D1"],
    ...     columns=["headcount_average", "activity_rate", "cases_per_active", "average_case_size"],
    ... )
    >>> found = department_formulas(one, local_income=2_000)
    >>> found[["output", "yardstick", "performance"]].values.tolist()
    [[9600.0, 9000.0, 3456000.0]]
    """
    if local_income < 0:
        raise TargetError("negative", what="income", count=1, names=str(local_income))
    out = drivers[["headcount_average", "activity_rate"]].astype(float)
    out["output"] = drivers["cases_per_active"] * drivers["average_case_size"]
    known = local_income if local_income > 0 else math.nan
    factors = definitions()["formula"]
    out["yardstick"] = known * factors["income"] * factors["premium"]
    out["gap"] = out["output"] - out["yardstick"]
    year = out["headcount_average"] * out["activity_rate"] * 12
    out["performance"] = year * out["output"]
    out["performance_at_yardstick"] = year * out["yardstick"]
    return out


def plan_paths(
    derived: pd.DataFrame, drivers: pd.DataFrame, formulas: pd.DataFrame, *, unit: str
) -> pd.DataFrame:
    """Gather the ways a unit's year can be looked at, each with its measure, for `gaps`.

    Parameters
    ----------
    derived : DataFrame
        What `perfkit.target.derivation` gives.
    drivers, formulas : DataFrame
        What `driver_year` and `department_formulas` give.
    unit : str
        Whose year.

    Returns
    -------
    DataFrame
        By view: measure and value; views that the book cannot give are left out. headcount is the
        planned heads at today's productivity, yardstick the department formula. [yuan]
    """
    views = {str(item): float(amount) for item, amount in derived["amount"].items()}
    del views["last_year_to_date"]
    if unit in drivers.index:
        today = drivers.loc[[unit], [f"now_{name}" for name in DRIVERS[1:]]].prod(axis=1)
        views["headcount"] = float((drivers.loc[[unit], DRIVERS[0]] * today * 12).iloc[0])
        views["yardstick"] = float(formulas["performance_at_yardstick"].to_dict()[unit])
    order = ("target", *(name for name in views if name != "target"))
    kept = {name: views[name] for name in order if not math.isnan(views[name])}
    return pd.DataFrame({"measure": "premium", "value": pd.Series(kept, dtype=float)})


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that the planning seminar has to decide.

    Attributes
    ----------
    key : str
        Which sentence of the words.
    facts : mapping
        What it needs: a text, or a number with its unit of measure.
    """

    key: str
    facts: Mapping[str, str | tuple[float, str]]


def decisions(
    derived: pd.DataFrame,
    weights: pd.DataFrame,
    heads: pd.DataFrame,
    drivers: pd.DataFrame,
    standards: pd.DataFrame,
    audited: Audit | None,
    *,
    unit: str,
) -> list[Decision]:
    """List what the numbers of an annual plan leave to be decided, the largest question first.

    Parameters
    ----------
    derived, weights, drivers, standards : DataFrame
        What `derivation`, `month_weights`, `driver_year` and `minimum_standards` give.
    heads : DataFrame
        What `headcount_months` gives.
    audited : Audit or None
        What the audit of a plan found.
    unit : str
        Whose plan.

    Returns
    -------
    list of Decision
        Only what the book has numbers for.
    """
    out: list[Decision] = []
    amount, asks = derived["amount"], derived["asks"]
    if pd.isna(amount["target"]):
        out.append(Decision("no_target", {}))
    elif pd.notna(asks["run_rate"]):
        facts = {"target": (amount["target"], "yuan"), "asks": (asks["run_rate"], "rate"),
                 "run_rate": (amount["run_rate"], "yuan")}  # fmt: skip
        out.append(Decision("stretch" if asks["run_rate"] > 0 else "below_pace", facts))
    if unit in drivers.index:
        out.append(_driver_question(drivers.to_dict("index")[unit]))
    if len(heads):
        mean = float(heads["recruits"].mean())
        facts = {"mean": (mean, "persons"), "now": (heads.attrs["recruits_now"], "persons"),
                 "opening": (float(heads["opening"].iloc[0]), "persons"),
                 "closing": (float(heads["closing"].iloc[-1]), "persons")}  # fmt: skip
        out.append(Decision("recruiting", facts))
    apart = weights["difference"].abs()
    if apart.notna().any():
        far = weights.loc[apart >= NOTABLE - 1e-9]
        if len(far):
            worst = int(str(apart.idxmax()))
            facts = {"count": (len(far), "months"), "month": (worst, "count"),
                     "plan": (float(weights["plan"][worst]), "rate"),
                     "history": (float(weights["history"][worst]), "rate")}  # fmt: skip
            out.append(Decision("season", facts))
    missed = standards[standards["met"].eq(False)]
    for name, own in missed.groupby("standard", sort=False):
        told: dict[str, str | tuple[float, str]] = {"units": ", ".join(own["unit"])}
        told["minimum"] = (float(own["minimum"].iloc[0]), "rate")
        out.append(Decision(f"standard_{name}", told))
    if audited is not None and audited.found:
        wrong = sum(one.kind == "misprint" for one in audited.found)
        out.append(Decision("audit", {"misprints": (wrong, "count"),
                                      "all": (len(audited.found), "count")}))  # fmt: skip
    return out


def _driver_question(row: Mapping[Any, float]) -> Decision:
    """Ask what the drivers say: is the target out of reach, a stretch, or within today's pace?"""
    if row["short"] > 0:
        return Decision(
            "out_of_reach",
            {
                "short": (float(row["short"]) * 12, "yuan"),
                "months": (float(row["short_months"]), "months"),
                "bound": str(row["bound"]),
            },
        )
    facts = {"stretch": (abs(float(row["stretch"]) - 1), "rate"),
             "heads": (float(row["headcount_average"]), "persons"),
             "heads_now": (float(row["now_headcount_average"]), "persons")}  # fmt: skip
    return Decision("drivers_up" if row["stretch"] > 1 else "drivers_down", facts)
