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

FAMILIES = ("production", "activity", "manpower", "tiers", "concentration", "quality")
UNITS = ("yuan", "persons", "policies", "rate")
DIRECTIONS = ("up", "down", "context")
KINDS = ("flow", "agents", "stock", "movement", "cohort", "observed")
KEEPS = {"agents": ("", "in_force", "confirmed"), "policies": ("", "paid")}
LEAVES_OUT = ("paid_up", "cooling_off")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something the engine adds up; see the head of catalogue.toml for the kinds.

    Attributes
    ----------
    code, kind : str
        Its name, and flow, agents, stock, movement, cohort or observed.
    table, date, column : str
        For a flow: the table, the date that places a row, the column summed (empty: rows counted).
    over : tuple of (str, str)
        For a flow: only rows whose column is above the named threshold.
    of, add : str
        For agents: the flow tested, and the flow added up instead of counting. For movement:
        joined or left.
    at_least, below : str or float or None
        For agents: the band, as a named threshold or an amount. [yuan or rows]
    per : str
        For agents: span (each agent once in the whole period) or month (mean of the months).
    at : str
        For stocks: opening, closing or average.
    ranks : str
        ``"leading"``: only those who lead people.
    months, grace : int
        For cohorts: looked at so many months and months of grace after the first day. [months]
    keeps : str
        For cohorts: in_force, confirmed or paid; empty for the whole cohort.
    paid : tuple of int
        For cohorts that keep the paid: which premiums, by when they fall due (empty: the one
        due after `months`). [months after issue]
    leaves_out : tuple of str
        For cohorts of policies: paid_up, cooling_off.
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
    months: int = 0
    grace: int = 0
    keeps: str = ""
    paid: tuple[int, ...] = ()
    leaves_out: tuple[str, ...] = ()

    @property
    def additive(self) -> bool:
        """Whether spans side by side may be added up."""
        return self.kind in {"flow", "movement", "cohort"} or (
            bool(self.add) and self.per == "month"
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

    @property
    def base(self) -> str:
        """What it is a share of, or per what; empty for a plain sum."""
        return _sum(self.denominator)

    @property
    def formula(self) -> str:
        """The definition in measure names."""
        return f"{_sum(self.numerator)} / {self.base}" if self.base else _sum(self.numerator)

    @property
    def names(self) -> list[str]:
        """Every declared variant, the default first."""
        return [self.variant, *self.variants]

    def measures(self) -> list[str]:
        """List the measures it needs."""
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
    lists = {name: tuple(body.get(name, ())) for name in ("paid", "leaves_out")}
    out = Measure(code=code, **{**body, **lists, "over": (over[0], over[1])})
    return _cohort(out) if out.kind == "cohort" else out


def _cohort(one: Measure) -> Measure:
    """Pass on a cohort measure that says all it must."""
    where = f"measures.{one.code}"
    if one.table not in KEEPS or one.keeps not in KEEPS[one.table]:
        allowed = ", ".join(k for keeps in KEEPS.values() for k in keeps if k)
        raise _wrong(f"{where}.keeps", one.keeps, allowed)
    if one.months < 1 or one.grace < 0:
        raise _wrong(f"{where}.months", one.months, "1, 2, ...")
    if unknown := set(one.leaves_out) - set(LEAVES_OUT):
        raise _wrong(f"{where}.leaves_out", min(unknown), ", ".join(LEAVES_OUT))
    return one


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
    return MappingProxyType({code: _kpi(code, body) for code, body in _read()["kpis"].items()})


def _kpi(code: str, body: dict[str, Any]) -> Kpi:
    for name, allowed in (("family", FAMILIES), ("unit", UNITS), ("direction", DIRECTIONS)):
        if body.get(name) not in allowed:
            raise _wrong(f"kpis.{code}.{name}", body.get(name), ", ".join(allowed))
    variants = {
        name: {part: _terms(names) for part, names in change.items()}
        for name, change in body.get("variants", {}).items()
    }
    out = Kpi(
        code=code,
        family=body["family"],
        unit=body["unit"],
        direction=body["direction"],
        numerator=_terms(body["numerator"]),
        denominator=_terms(body.get("denominator", [])),
        variant=body.get("variant", "standard"),
        variants=MappingProxyType(variants),
        source=body.get("source", ""),
        seed_ids=tuple(body.get("seed_ids", [])),
    )
    for name in out.names:
        for measure in out.as_variant(name).measures():
            if measure not in measures():
                raise _wrong(f"kpis.{code} ({name})", measure, ", ".join(measures()))
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
            "numerator": _sum(one.numerator),
            "denominator": one.base,
            "base": one.base,
            "variants": one.names,
            "source": one.source,
            "recorded": "",
            "seed_ids": list(one.seed_ids),
        }
        for one in catalogue().values()
    ]
