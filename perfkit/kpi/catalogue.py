"""What each number is: the definitions of catalogue.toml, read and checked once.

A KPI is a signed sum of measures, or one such sum over another. A variant replaces the
numerator or the denominator; it is declared here, or it does not exist.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from perfkit import words
from perfkit.errors import PerfkitError, UnknownName

__all__ = ["FAMILIES", "Kpi", "Measure", "Term", "catalogue", "glossary", "kpi", "measures"]

FAMILIES = (
    "production", "activity", "manpower", "tiers", "concentration", "quality", "finance", "service",
)  # fmt: skip
UNITS = ("yuan", "persons", "policies", "rate", "visits", "events", "groups", "pieces", "rating")
DIRECTIONS = ("up", "down", "context")
KINDS = ("flow", "agents", "stock", "movement", "units", "observed")
RELATIONS = ("growth", "share_of_parent", "attainment", "year_progress")
TABLES = ("observations", "targets", "budget")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something the engine adds up; see the head of catalogue.toml for the kinds.

    Attributes
    ----------
    code, kind : str
        Its name, and flow, agents, stock, movement, units or observed.
    table, date, column : str
        For a flow: the table or view, the date that places a row, the column summed (empty: rows
        counted). For a stock: recruits, to count candidates.
    over : tuple of (str, str)
        For a flow: only rows whose column is above the named threshold.
    of, add : str
        For agents: the flow tested, and the flow added up instead of counting. For movement:
        joined or left.
    at_least, below : str or float or None
        For agents: the band, as a named threshold or an amount. [yuan or rows] For units: the
        headcount of a unit. [persons]
    per : str
        For agents: span (each agent once in the whole period) or month (mean of the months). For
        stocks and units: span, month (mean of the month-ends) or months (sum over the months).
    at : str
        For stocks and units: opening, closing or average.
    ranks : str
        Only those who lead people (``"leading"``), or of a role or rank of book.toml: on the last
        day, for a flow on the day of the row.
    tenure : tuple of int or None
        Only so many years in the force: at least, and below. [years]
    since, segment : str
        For stocks: only from the day in this column of agents on; only agents of this market.
    level : str
        For units: the level counted.
    adds : bool
        For observed: spans side by side may be added up.
    """

    code: str
    kind: str
    table: str = ""
    date: str = ""
    column: str = ""
    over: tuple[str, str] = ("", "")
    of: str = ""
    at_least: str | float = 0
    below: str | float | None = None
    per: str = "span"
    add: str = ""
    at: str = ""
    ranks: str = ""
    tenure: tuple[int, int | None] | None = None
    since: str = ""
    segment: str = ""
    level: str = ""
    adds: bool = False

    @property
    def additive(self) -> bool:
        """Whether spans side by side may be added up."""
        by_month = bool(self.add) and self.per == "month"
        return self.kind in {"flow", "movement"} or by_month or self.adds

    @property
    def has_state(self) -> bool:
        """Whether being in force is not enough to count in the stock."""
        return self.kind == "stock" and bool(
            self.table or self.tenure or self.since or self.segment
        )


@dataclass(frozen=True, slots=True)
class Term:
    """A measure with its sign in a sum."""

    measure: str
    sign: int = 1

    def __str__(self) -> str:
        return self.measure if self.sign > 0 else f"-{self.measure}"


@dataclass(frozen=True, slots=True)
class Kpi:
    """What a number is.

    Attributes
    ----------
    code : str
        Its only name.
    family : str
        Where it stands in a scorecard.
    unit : str
        yuan, persons, policies or rate (0-1).
    direction : str
        up, down, or context (neither is better).
    numerator, denominator : tuple of Term
        Sums of measures; an empty denominator means the numerator is the number.
    variant : str
        Which variant this is.
    variants : mapping
        The other declared variants: what they replace.
    source : str
        Where the definition comes from.
    seed_ids : tuple of str
        The same thing under the source decks' names.
    relation, of : str
        For a KPI that lays another one (`of`) beside something: growth (on a year ago),
        share_of_parent, attainment (of the plan), year_progress (the plan's share of its year).
    recorded : str
        The table somebody enters it in; empty for a KPI computed from facts.
    """

    code: str
    family: str
    unit: str
    direction: str
    numerator: tuple[Term, ...]
    denominator: tuple[Term, ...] = ()
    variant: str = "standard"
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: str = ""
    seed_ids: tuple[str, ...] = ()
    relation: str = ""
    of: str = ""
    recorded: str = ""

    @property
    def top(self) -> str:
        """What is divided, or the plain sum."""
        if self.relation:
            return f"target({self.of})" if self.relation == "year_progress" else self.of
        return _sum(self.numerator)

    @property
    def base(self) -> str:
        """What it is a share of, or per what; empty for a plain sum."""
        return f"{_BESIDE[self.relation]}({self.of})" if self.relation else _sum(self.denominator)

    @property
    def formula(self) -> str:
        """The definition in measure names."""
        less = " - 1" if self.relation == "growth" else ""
        return f"{self.top} / {self.base}{less}" if self.base else self.top

    @property
    def names(self) -> list[str]:
        """Every declared variant, the default first."""
        return [self.variant, *self.variants]

    def measures(self) -> list[str]:
        """List the measures it needs."""
        if self.relation:
            return kpi(self.of).measures()
        return [term.measure for term in (*self.numerator, *self.denominator)]

    def as_variant(self, name: str) -> Kpi:
        """Give the definition under a declared variant.

        Raises
        ------
        UnknownName
            The variant is not declared.

        Examples
        --------
        >>> kpi("activity_rate").as_variant("closing").base
        'headcount_closing'
        """
        if name == self.variant:
            return self
        if name not in self.variants:
            raise UnknownName(kind="variant", name=name, allowed=self.names)
        return replace(self, variant=name, **self.variants[name])

    def name(self, lang: str) -> str:
        """Say its name in the reader's language."""
        return words.text(f"kpi.{self.code}.name", lang)


_BESIDE = {
    "growth": "year_ago",
    "share_of_parent": "parent",
    "attainment": "target",
    "year_progress": "year_target",
}


def _sum(terms: Sequence[Term]) -> str:
    text = " ".join(f"{'-' if t.sign < 0 else '+'} {t.measure}" for t in terms)
    return text.removeprefix("+ ")


def _terms(names: Sequence[str]) -> tuple[Term, ...]:
    return tuple(Term(n.removeprefix("-"), -1 if n.startswith("-") else 1) for n in names)


@functools.cache
def _read() -> dict[str, Any]:
    path = Path(__file__).with_name("catalogue.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def measures() -> Mapping[str, Measure]:
    """Give every measure by code.

    Raises
    ------
    PerfkitError
        An entry of catalogue.toml names a kind or a measure that does not exist.

    Examples
    --------
    >>> measures()["premium_submitted"].column
    'premium'
    """
    out = {code: _measure(code, body) for code, body in _read()["measures"].items()}
    for one in out.values():
        for other in filter(None, (one.of if one.kind == "agents" else "", one.add)):
            if other not in out or out[other].kind != "flow":
                raise _wrong(f"measures.{one.code}", other, "a flow")
    return MappingProxyType(out)


def _wrong(where: str, value: object, allowed: object) -> PerfkitError:
    return PerfkitError(
        "bad_setting", path="catalogue.toml", name=where, value=value, allowed=allowed
    )


def _measure(code: str, body: dict[str, Any]) -> Measure:
    if body.get("kind") not in KINDS:
        raise _wrong(f"measures.{code}.kind", body.get("kind"), ", ".join(KINDS))
    over = body.get("over", ["", ""])
    years = body.get("tenure")
    tenure = None if years is None else (years[0], years[1] if len(years) > 1 else None)
    return Measure(code=code, **{**body, "over": (over[0], over[1]), "tenure": tenure})


@functools.cache
def catalogue() -> Mapping[str, Kpi]:
    """Give every KPI by code, in its default variant.

    Raises
    ------
    PerfkitError
        An entry of catalogue.toml is incomplete or names a measure that does not exist.

    Examples
    --------
    >>> catalogue()["activity_rate"].formula
    'active_agents / headcount_average'
    """
    out = {code: _kpi(code, body) for code, body in _read()["kpis"].items()}
    for one in out.values():
        for name in one.names:
            _check_relation(one.as_variant(name), out)
    return MappingProxyType(out)


def _check_relation(one: Kpi, others: Mapping[str, Kpi]) -> None:
    """Refuse a KPI laid beside nothing, or beside another such."""
    where = f"kpis.{one.code} ({one.variant})"
    if one.relation and (one.of not in others or others[one.of].relation):
        raise _wrong(where, one.of, ", ".join(o.code for o in others.values() if not o.relation))


def _changed(change: dict[str, Any]) -> dict[str, Any]:
    """Read what a variant replaces; one with sums of its own is laid beside nothing."""
    sums: dict[str, Any] = {
        part: _terms(change[part]) for part in ("numerator", "denominator") if part in change
    }
    return {"of": "", "relation": "", **sums} if sums else dict(change)


def _kpi(code: str, body: dict[str, Any]) -> Kpi:
    checked = {"family": FAMILIES, "unit": UNITS, "direction": DIRECTIONS}
    checked |= {"relation": ("", *RELATIONS), "recorded": ("", *TABLES)}
    for name, allowed in checked.items():
        found = body.get(name, "" if "" in allowed else None)
        if found not in allowed:
            raise _wrong(f"kpis.{code}.{name}", found, ", ".join(filter(None, allowed)))
    variants = {name: _changed(change) for name, change in body.get("variants", {}).items()}
    out = Kpi(
        code=code,
        family=body["family"],
        unit=body["unit"],
        direction=body["direction"],
        numerator=_terms(body.get("numerator", [])),
        denominator=_terms(body.get("denominator", [])),
        variant=body.get("variant", "standard"),
        variants=MappingProxyType(variants),
        source=body.get("source", ""),
        seed_ids=tuple(body.get("seed_ids", [])),
        relation=body.get("relation", ""),
        of=body.get("of", ""),
        recorded=body.get("recorded", ""),
    )
    for name in out.names:
        one = out.as_variant(name)
        for term in (*one.numerator, *one.denominator):
            if term.measure not in measures():
                raise _wrong(f"kpis.{code} ({name})", term.measure, ", ".join(measures()))
        if not one.numerator and not one.relation:
            raise _wrong(f"kpis.{code}.numerator", None, ", ".join(measures()))
    return out


def kpi(code: str) -> Kpi:
    """Give one KPI.

    Raises
    ------
    UnknownName
        There is none of that code; the nearest is offered.

    Examples
    --------
    >>> kpi("activity_rate").direction
    'up'
    """
    if code not in catalogue():
        raise UnknownName(kind="kpi", name=code, allowed=list(catalogue()))
    return catalogue()[code]


def glossary() -> list[dict[str, Any]]:
    """List every KPI in the stable shape of ``perfkit glossary --format json``.

    Returns
    -------
    list of dict
        code, zh, en, unit, direction, formula, numerator, denominator, base, variants, source,
        recorded (the table an entered KPI is kept in; empty for a computed one), seed_ids.

    Examples
    --------
    >>> [g["formula"] for g in glossary() if g["code"] == "premium_net"]
    ['premium_issued - premium_cancelled']
    """
    return [
        {
            "code": one.code,
            "zh": one.name("zh"),
            "en": one.name("en"),
            "unit": one.unit,
            "direction": one.direction,
            "formula": one.formula,
            "numerator": one.top,
            "denominator": one.base,
            "base": one.base,
            "variants": one.names,
            "source": one.source,
            "recorded": one.recorded,
            "seed_ids": list(one.seed_ids),
        }
        for one in catalogue().values()
    ]
