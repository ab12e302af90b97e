"""The five operating systems of a department: rated each month, diagnosed each quarter."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi, org, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.plan.rows import PlanRefused, need

__all__ = [
    "Component",
    "Scorecard",
    "composite",
    "diagnosis",
    "evidence",
    "read_scorecard",
    "scorecard",
]

OFFICES = ("combat", "logistics", "command")
NEAR = 1e-9
RATINGS = ("unit", "period", "component", "rating")


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a system.

    Attributes
    ----------
    code, system : str
        ``system.component``, and the system's code.
    names, system_names : mapping
        By language.
    weight, system_weight : float
        Within the system, and of the system. [rate]
    evidence : tuple of str
        KPIs that bear on it.
    """

    code: str
    system: str
    names: Mapping[str, str]
    system_names: Mapping[str, str]
    weight: float
    system_weight: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Components in order, and the scale they are rated on. [points]"""

    basis: str
    low: float
    high: float
    weak: float
    strong: float
    components: tuple[Component, ...]


def _number(body: Mapping[str, Any], name: str, place: str) -> float:
    value = body.get(name)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good:
        raise PlanRefused("amount", place=f"{place}.{name}", value=value)
    return float(value)  # type: ignore[arg-type]


def _weights(found: Mapping[str, Any], place: str) -> dict[str, float]:
    """Take weights that are not negative and sum to 1."""
    weights = {code: _number(body, "weight", f"{place}.{code}") for code, body in found.items()}
    total = math.fsum(weights.values())
    if min(weights.values(), default=0) < 0 or abs(total - 1) > NEAR:
        raise PlanRefused("weights", place=place, total=f"{total:.6g}")
    return weights


def read_scorecard(body: Mapping[str, Any]) -> Scorecard:
    """Check a scorecard as its data file has it.

    Parameters
    ----------
    body : mapping
        As systems.toml.

    Returns
    -------
    Scorecard

    Raises
    ------
    PlanRefused
        Weights are negative or do not sum to 1, or the scale is not in order.
    UnknownName
        A KPI or an office is none.

    Examples
    --------
    >>> read_scorecard({"scale": {"low": 5, "high": 1, "weak": 2, "strong": 4}, "systems": {}})
    Traceback (most recent call last):
    ...
    perfkit.plan.rows.PlanRefused: The scale must rise: low 5, weak 2, strong 4, high 1.
    """
    scale = {n: _number(body["scale"], n, "scale") for n in ("low", "weak", "strong", "high")}
    if sorted(scale.values()) != list(scale.values()) or scale["low"] == scale["high"]:
        raise PlanRefused("scale", **{name: f"{value:g}" for name, value in scale.items()})
    weights, components = _weights(body["systems"], "systems"), []
    for system, own in body["systems"].items():
        if own["office"] not in OFFICES:
            raise UnknownName(kind="setting", name=own["office"], allowed=OFFICES)
        inner = _weights(own["components"], f"systems.{system}")
        for code, one in own["components"].items():
            components.append(
                Component(
                    code=f"{system}.{code}",
                    system=system,
                    names={lang: one[lang] for lang in words.LANGS},
                    system_names={lang: own[lang] for lang in words.LANGS},
                    weight=inner[code],
                    system_weight=weights[system],
                    evidence=tuple(kpi.kpi(c).code for c in one["evidence"]),
                )
            )
    return Scorecard(str(body.get("basis", "stated")), components=tuple(components), **scale)


@functools.cache
def _bundled() -> Scorecard:
    text = Path(__file__).with_name("systems.toml").read_text(encoding="utf-8")
    return read_scorecard(MappingProxyType(tomllib.loads(text)))


def scorecard(path: Path | None = None) -> Scorecard:
    """Give the scorecard: the office's own file, or the proposal that comes with perfkit.

    Raises
    ------
    PlanRefused
        The file cannot be read, or as `read_scorecard`.

    Notes
    -----
    Source of systems and components: district deck 2012, sections 4 to 6 and 33; the source's
    scales and weights are lost.

    Examples
    --------
    >>> len(scorecard().components), scorecard().basis
    (19, 'proposal')
    """
    if path is None:
        return _bundled()
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanRefused("unreadable", path=path, why=error) from error
    return read_scorecard(read)


def _checked(card: Scorecard, ratings: pd.DataFrame) -> pd.DataFrame:
    """Take ratings of known components, on the scale, each once."""
    need(ratings, RATINGS, "ratings")
    known = [one.code for one in card.components]
    for row, record in enumerate(ratings.to_dict("records"), 2):
        if record["component"] not in known:
            raise UnknownName(kind="component", name=record["component"], allowed=known)
        value = float(record["rating"])
        if not math.isnan(value) and not card.low <= value <= card.high:
            low, high = f"{card.low:g}", f"{card.high:g}"
            raise PlanRefused("rating", row=row, value=f"{value:g}", low=low, high=high)
    twice = ratings[ratings.duplicated(list(RATINGS[:3]))]
    if len(twice):
        raise PlanRefused("twice", what="component", place=twice["component"].iloc[0])
    return ratings[list(RATINGS)].astype({"rating": float})


def composite(card: Scorecard, ratings: pd.DataFrame) -> pd.DataFrame:
    """Add monthly ratings up to a score of every system, and of the whole.

    Parameters
    ----------
    card : Scorecard
        Weights and scale.
    ratings : DataFrame
        unit, period (a month), component and rating. [points]

    Returns
    -------
    DataFrame
        unit, period, system (``whole`` for all), score [points], rated (share of the weight that
        has a rating) [rate] and change (of the score since the period before in the frame)
        [points]. A score with a component unrated is NaN.

    Raises
    ------
    PlanRefused
        A rating is off the scale, or stands twice.
    UnknownName
        There is no such component.

    Examples
    --------
    >>> card = scorecard()
    >>> rows = [("D1/01", "2012-09", one.code, 3.0) for one in card.components]
    >>> found = composite(card, pd.DataFrame(rows, columns=RATINGS))
    >>> float(found.set_index("system").loc["whole", "score"])
    3.0
    """
    table = _checked(card, ratings)
    order = list(dict.fromkeys(one.system for one in card.components))
    rows = []
    for (unit, period), own in table.groupby(["unit", "period"], sort=False):
        held = dict(zip(own["component"], own["rating"], strict=True))
        scores: dict[str, tuple[float, float, float]] = {}
        for system in order:
            parts = [one for one in card.components if one.system == system]
            values = [held.get(one.code, math.nan) for one in parts]
            weights = [one.weight for one in parts]
            scores[system] = _weighed(values, weights, parts[0].system_weight)
        whole = math.fsum(weight * score for score, _, weight in scores.values())
        rated = math.fsum(weight * share for _, share, weight in scores.values())
        rows += [(unit, period, system, *scores[system][:2]) for system in order]
        rows.append((unit, period, "whole", whole, rated))
    out = pd.DataFrame(rows, columns=["unit", "period", "system", "score", "rated"])
    place = {code: n for n, code in enumerate(spans.in_order(out["period"].unique()))}
    by_time = out.assign(at=out["period"].map(place)).sort_values("at", kind="stable")
    out["change"] = by_time.groupby(["unit", "system"], sort=False)["score"].diff()
    return out


def _weighed(
    values: Sequence[float], weights: Sequence[float], weight: float
) -> tuple[float, float, float]:
    known = [not math.isnan(value) for value in values]
    score = math.fsum(w * v for w, v in zip(weights, values, strict=True))
    return score, math.fsum(w for w, k in zip(weights, known, strict=True) if k), weight


def diagnosis(card: Scorecard, ratings: pd.DataFrame, *, period: str) -> pd.DataFrame:
    """Diagnose a quarter: which components are weak, where they go, what they cost the score.

    Parameters
    ----------
    card : Scorecard
        Weights and scale.
    ratings : DataFrame
        unit, period (a month), component and rating. [points]
    period : str
        The quarter (or any span of months); ratings of other months are left out.

    Returns
    -------
    DataFrame
        unit, system, component, months (rated) [count], mean, trend (last less first rating; NaN
        for one month) [points], costs (points of the whole that it lacks to the top of the scale)
        and state: weak, fair, strong or unrated; the costliest first in each unit.

    Raises
    ------
    PlanRefused, UnknownName
        As `composite`.

    Examples
    --------
    >>> card = scorecard()
    >>> rows = [("D1", "2012-09", one.code, 3.0) for one in card.components]
    >>> rows[0] = ("D1", "2012-09", "recruiting.selection", 1.0)
    >>> found = diagnosis(card, pd.DataFrame(rows, columns=RATINGS), period="2012Q3").iloc[0]
    >>> found["component"], found["state"], round(float(found["costs"]), 2)
    ('recruiting.selection', 'weak', 0.3)
    """
    months = [month.code for month in spans.months(spans.parse(period))]
    table = _checked(card, ratings)
    rows = []
    for unit in table["unit"].unique():
        for one in card.components:
            own = table[(table["unit"] == unit) & (table["component"] == one.code)]
            held = own.set_index("period")["rating"].reindex(months).dropna()
            mean = float(held.mean()) if len(held) else math.nan
            trend = float(held.iloc[-1] - held.iloc[0]) if len(held) > 1 else math.nan
            costs = one.system_weight * one.weight * (card.high - mean)
            rows.append((unit, one.system, one.code, len(held), mean, trend, costs,
                         _state(card, mean)))  # fmt: skip
    names = ["unit", "system", "component", "months", "mean", "trend", "costs", "state"]
    out = pd.DataFrame(rows, columns=names)
    return out.sort_values(
        ["unit", "costs"], ascending=[True, False], kind="stable", ignore_index=True
    )


def _state(card: Scorecard, mean: float) -> str:
    if math.isnan(mean):
        return "unrated"
    return "weak" if mean < card.weak else "strong" if mean >= card.strong else "fair"


def evidence(book: Book, card: Scorecard, *, unit: str, period: str | spans.Period) -> pd.DataFrame:
    """Lay the KPIs that bear on every component beside the period before and a year ago.

    Parameters
    ----------
    book : Book
        Where the facts are.
    card : Scorecard
        Which KPIs.
    unit : str
        Whose.
    period : str or Period
        Of which days.

    Returns
    -------
    DataFrame
        system, component, kpi, value, previous and year_ago; one row a component and KPI, NaN where
        the book does not say; a component without a KPI has an empty one. [the KPI's unit]

    Raises
    ------
    UnknownName
        There is no such unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = evidence(open_book("district_one"), scorecard(), unit="D1", period="2012-09")
    >>> found["kpi"].iloc[0], int(found["value"].notna().sum()) > 10
    ('confirmation_3m', True)
    """
    here = set(kpi.computable(book))
    codes = list(dict.fromkeys(c for one in card.components for c in one.evidence if c in here))
    level = org.level_of(unit, book.root)
    found = kpi.compare(book, codes, by=level, period=period, unit=unit) if codes else None
    held = {} if found is None else found[found["unit"] == unit].set_index("kpi").to_dict("index")
    numbers = ("value", "previous", "year_ago")
    rows = [
        (one.system, one.code, code, *(held.get(code, {}).get(n, np.nan) for n in numbers))
        for one in card.components
        for code in one.evidence or ("",)
    ]
    out = pd.DataFrame(rows, columns=["system", "component", "kpi", *numbers])
    return out.astype(dict.fromkeys(numbers, float))
