"""Measures: what the engine adds up, read from catalogue.toml and checked once."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from perfkit.errors import PerfkitError

__all__ = ["LEAVES_OUT", "Measure", "measures", "read_definitions", "wrong"]

KINDS = ("flow", "agents", "stock", "movement", "units", "cohort", "observed")
MOVES = (
    "joined", "left", "recruited_direct", "recruited_indirect", "recruited_by_nobody",
    "promoted", "group_promoted",
)  # fmt: skip
KEEPS = {"agents": ("", "in_force", "confirmed"), "policies": ("", "paid")}
LEAVES_OUT = ("paid_up", "cooling_off")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something the engine adds up; see the head of catalogue.toml for the kinds.

    Attributes
    ----------
    code, kind : str
        Its name, and flow, agents, stock, movement, units, cohort or observed.
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
        day, for a flow on the day of the row, for a movement the rank moved to.
    tenure : tuple of int or None
        Only so many years in the force: at least, and below. [years]
    who, known : str
        For a flow: the column that names the agent (empty: agent_id); only rows where this column
        is filled.
    early : bool
        For a flow: only on the first days of a month, up to the book's first checkpoint.
    since, segment : str
        For stocks: only from the day in this column of agents on; only agents of this market.
    level : str
        For units: the level counted.
    adds : bool
        For observed: spans side by side may be added up.
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
    tenure: tuple[int, int | None] | None = None
    who: str = ""
    known: str = ""
    early: bool = False
    since: str = ""
    segment: str = ""
    level: str = ""
    adds: bool = False
    months: int = 0
    grace: int = 0
    keeps: str = ""
    paid: tuple[int, ...] = ()
    leaves_out: tuple[str, ...] = ()

    @property
    def by_month(self) -> bool:
        """Whether it is asked of whole months only: half a month has no monthly amount."""
        return self.kind == "agents" and self.per == "month"

    @property
    def additive(self) -> bool:
        """Whether spans side by side may be added up."""
        by_month = bool(self.add) and self.per == "month"
        return self.kind in {"flow", "movement", "cohort"} or by_month or self.adds


@functools.cache
def read_definitions() -> dict[str, Any]:
    """Read catalogue.toml."""
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
    out = {code: _measure(code, body) for code, body in read_definitions()["measures"].items()}
    for one in out.values():
        for other in filter(None, (one.of if one.kind == "agents" else "", one.add)):
            if other not in out or out[other].kind != "flow":
                raise wrong(f"measures.{one.code}", other, "a flow")
    return MappingProxyType(out)


def wrong(where: str, value: object, allowed: object) -> PerfkitError:
    """Word the error of an entry that is not as it must be."""
    return PerfkitError(
        "bad_setting", path="catalogue.toml", name=where, value=value, allowed=allowed
    )


def _measure(code: str, body: dict[str, Any]) -> Measure:
    if body.get("kind") not in KINDS:
        raise wrong(f"measures.{code}.kind", body.get("kind"), ", ".join(KINDS))
    over = body.get("over", ["", ""])
    lists = {name: tuple(body.get(name, ())) for name in ("paid", "leaves_out")}
    years = body.get("tenure")
    tenure = None if years is None else (years[0], years[1] if len(years) > 1 else None)
    changed = {**lists, "over": (over[0], over[1]), "tenure": tenure}
    out = Measure(code=code, **{**body, **changed})
    if out.kind == "movement" and out.of not in MOVES:
        raise wrong(f"measures.{code}.of", out.of, ", ".join(MOVES))
    return _cohort(out) if out.kind == "cohort" else out


def _cohort(one: Measure) -> Measure:
    """Pass on a cohort measure that says all it must."""
    where = f"measures.{one.code}"
    if one.table not in KEEPS or one.keeps not in KEEPS[one.table]:
        allowed = ", ".join(k for keeps in KEEPS.values() for k in keeps if k)
        raise wrong(f"{where}.keeps", one.keeps, allowed)
    if one.months < 1 or one.grace < 0:
        raise wrong(f"{where}.months", one.months, "1, 2, ...")
    if unknown := set(one.leaves_out) - set(LEAVES_OUT):
        raise wrong(f"{where}.leaves_out", min(unknown), ", ".join(LEAVES_OUT))
    return one
