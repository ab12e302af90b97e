"""What each number is: the definitions of catalogue.toml, read and checked once.

A KPI is a signed sum of measures, or one such sum over another. A variant replaces the
numerator or the denominator; it is declared here, or it does not exist.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from perfkit import words
from perfkit.errors import UnknownName
from perfkit.kpi.quantity import Measure, measures, read_definitions, wrong

__all__ = ["FAMILIES", "Kpi", "Measure", "Term", "catalogue", "glossary", "kpi", "measures"]

FAMILIES = (
    "production", "activity", "manpower", "tiers", "concentration", "quality", "finance", "service",
)  # fmt: skip
UNITS = ("yuan", "persons", "policies", "rate", "visits", "events", "groups", "pieces", "rating")
DIRECTIONS = ("up", "down", "context")
RELATIONS = ("growth", "share_of_parent", "attainment", "year_progress")
TABLES = ("observations", "targets", "budget")


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
        top, base = (f"({part})" if " " in part else part for part in (self.top, self.base))
        return f"{top} / {base}{less}" if self.base else self.top

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
    out = {code: _kpi(code, body) for code, body in read_definitions()["kpis"].items()}
    for one in out.values():
        for name in one.names:
            _check_relation(one.as_variant(name), out)
    return MappingProxyType(out)


def _check_relation(one: Kpi, others: Mapping[str, Kpi]) -> None:
    """Refuse a KPI laid beside nothing, or beside another such."""
    where = f"kpis.{one.code} ({one.variant})"
    if one.relation and (one.of not in others or others[one.of].relation):
        raise wrong(where, one.of, ", ".join(o.code for o in others.values() if not o.relation))


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
            raise wrong(f"kpis.{code}.{name}", found, ", ".join(filter(None, allowed)))
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
                raise wrong(f"kpis.{code} ({name})", term.measure, ", ".join(measures()))
        if not one.numerator and not one.relation:
            raise wrong(f"kpis.{code}.numerator", None, ", ".join(measures()))
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
