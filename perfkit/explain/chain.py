"""Which drivers a number is the product of, as planners declare them in chains.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from perfkit.errors import UnknownName
from perfkit.kpi import kpi

__all__ = ["Chain", "chain", "chains"]


@dataclass(frozen=True, slots=True)
class Chain:
    """A number as a product of drivers.

    Attributes
    ----------
    factors : mapping of str to str
        Factor → the level that it reaches, in order: each factor is its level over the one
        before, the first is its level itself. The last level is the number explained.
    variants : mapping of str to str
        Which variant of a level's KPI is meant.
    implied : mapping of str to tuple of str
        A level that nobody counted → the KPI that counts and the rate it is counted at.
    source : str
        Where the identity comes from.
    """

    factors: Mapping[str, str]
    variants: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    source: str = ""

    @property
    def whole(self) -> str:
        """The level that is explained."""
        return list(self.factors.values())[-1]

    def kpis(self) -> list[str]:
        """List the KPIs that the levels are made of."""
        made = {level: self.implied.get(level, (level,)) for level in self.factors.values()}
        return list(dict.fromkeys(code for codes in made.values() for code in codes))


def _read(body: Mapping[str, Any]) -> Chain:
    implied = {name: (kpi(a).code, kpi(b).code) for name, (a, b) in body.get("implied", {}).items()}
    factors = {
        factor: level if level in implied else kpi(level).code
        for factor, level in body["factors"].items()
    }
    return Chain(factors, body.get("variants", {}), implied, body["source"])


@functools.cache
def chains() -> Mapping[str, Chain]:
    """Give every declared chain by the KPI it explains, another way to it as ``<kpi>.<name>``.

    Raises
    ------
    UnknownName
        A chain names a KPI that the catalogue does not hold.

    Examples
    --------
    >>> list(chains()["premium_submitted"].factors.values())
    ['headcount_average', 'active_agents', 'cases', 'premium_submitted']
    """
    path = Path(__file__).with_name("chains.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    out = {}
    for code, body in read.items():
        out[code] = _read(body)
        for name, part in body.items():
            if isinstance(part, dict) and "source" in part:
                out[f"{code}.{name}"] = _read(part)
    return MappingProxyType(out)


def chain(code: str) -> Chain:
    """Give the chain of a KPI.

    Raises
    ------
    UnknownName
        Nobody declared one.

    Examples
    --------
    >>> chain("fyc").whole
    'fyc'
    """
    if code not in chains():
        raise UnknownName(kind="chain", name=code, allowed=list(chains()))
    return chains()[code]
