"""Targets from the company down to the person: who answers for which KPI, and how much of it.

Amounts and counts are split among those below, exactly; rates and means stay what they are on the
way down. Which KPIs a level answers for is a data file (`cascade.toml`); where the sources have
lost a list it is ours, and says so.
"""

from __future__ import annotations

import functools
import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi, org
from perfkit.book import Book
from perfkit.errors import TargetError, UnknownName
from perfkit.target.apportion import split
from perfkit.target.entry import known, once

__all__ = ["KINDS", "Duty", "added_up", "cascade", "duties", "holders", "levels"]

KINDS = ("company", "unit", "department", "group", "post", "person")
BASES = ("stated", "proposal")
CYCLES = ("annual", "quarterly", "monthly", "weekly", "gap")
KIND_OF = {"branch": "company", "district": "unit", "department": "department", "group": "group"}
NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Duty:
    """A KPI that a level answers for: stated in the source or our proposal, and where."""

    kpi: str
    basis: str
    cycle: str
    source: str


def _duty(level: str, read: Mapping[str, Any]) -> Duty:
    for name, allowed in (("basis", BASES), ("cycle", CYCLES)):
        if read[name] not in allowed:
            raise UnknownName(kind="setting", name=f"{level}: {read[name]}", allowed=allowed)
    return Duty(kpi.kpi(read["kpi"]).code, read["basis"], read["cycle"], read["source"])


@functools.cache
def _read() -> Mapping[str, Mapping[str, Any]]:
    text = Path(__file__).with_name("cascade.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@functools.cache
def levels() -> Mapping[str, tuple[Duty, ...]]:
    """Give what every level answers for, from the company down.

    Returns
    -------
    mapping of str to tuple of Duty
        company, unit, department, group, and the posts: department_manager, supervisor, agent,
        trainee.

    Raises
    ------
    UnknownName
        The data file names a KPI, basis or cycle that there is not.

    Notes
    -----
    Source: district deck 2012, sections 15 to 19 and 33; branch plan 2005, slides 16 to 18.

    Examples
    --------
    >>> levels()["trainee"][0].kpi, levels()["trainee"][0].basis
    ('attendance_rate', 'proposal')
    """
    found = {name: tuple(_duty(name, one) for one in own["kpis"]) for name, own in _read().items()}
    for name, own in found.items():
        once(pd.Index([duty.kpi for duty in own], name=name), "column")
    return MappingProxyType(found)


def duties(level: str | None = None) -> pd.DataFrame:
    """List what levels answer for.

    Parameters
    ----------
    level : str, optional
        One of `levels`; all of them otherwise.

    Returns
    -------
    DataFrame
        level, kpi, basis (stated or proposal), cycle and source; one row a level and KPI.

    Raises
    ------
    UnknownName
        There is no such level.

    Examples
    --------
    >>> duties("group")["basis"].unique().tolist()
    ['proposal']
    """
    if level is not None and level not in levels():
        raise UnknownName(kind="level", name=level, allowed=list(levels()))
    rows = [
        (name, one.kpi, one.basis, one.cycle, one.source)
        for name, own in levels().items()
        for one in own
        if level in (None, name)
    ]
    return pd.DataFrame(rows, columns=["level", "kpi", "basis", "cycle", "source"])


def post_of(rank: str) -> str:
    """Tell the post of a rank; the rank itself where the data file has no post for it.

    Examples
    --------
    >>> post_of("senior_supervisor"), post_of("guest")
    ('supervisor', 'guest')
    """
    found = (name for name, own in _read().items() if rank in own.get("ranks", ()))
    return next(found, rank)


def holders(book: Book, *, unit: str, period: str) -> pd.DataFrame:
    """List who holds targets below a unit: units, posts and persons, as they are at a period's end.

    Parameters
    ----------
    book : Book
        Where the people are.
    unit : str
        The unit at the top.
    period : str
        Its last day counts.

    Returns
    -------
    DataFrame
        By holder (unit path, ``path:post`` or person's path): kind, level (whose KPIs it answers
        for), above (empty at the top) and heads. A book without people has units only. [persons]

    Raises
    ------
    UnknownName
        There is no such unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = holders(open_book("district_one"), unit="D1/01", period="2012-10")
    >>> found.loc["D1/01/01:supervisor", ["kind", "above"]].tolist()
    ['post', 'D1/01/01']
    """
    units = org.within(kpi.units(book), unit)
    if not units:
        raise UnknownName(kind="unit", name=unit, allowed=kpi.units(book))
    people = _people(book, unit, period)
    rows = []
    for one in units:
        kind = KIND_OF[org.level_of(one, book.root)]
        heads = len(org.within(people, one)) if people else 1
        above = org.parent(one) or ""
        rows.append((one, kind, kind, above if above in units else "", heads))
    posts: dict[str, list[str]] = {}
    for person, rank in people.items():
        posts.setdefault(f"{org.parent(person)}:{post_of(rank)}", []).append(person)
    for place, own in sorted(posts.items()):
        team, _, post = place.partition(":")
        rows.append((place, "post", post, team, len(own)))
        rows += [(person, "person", post, place, 1) for person in sorted(own)]
    columns = ["holder", "kind", "level", "above", "heads"]
    out = pd.DataFrame(rows, columns=columns).set_index("holder")
    return out[out["heads"] > 0]


def _people(book: Book, unit: str, period: str) -> dict[str, str]:
    """Find everybody in force at the end of a period, with the rank."""
    if not book.has("agents"):
        return {}
    by_rank = {f"headcount_{rank}": rank for rank in book.settings.ranks}
    codes = [code for code in by_rank if code in kpi.catalogue()]
    found = kpi.measure(book, codes, by="agent", period=period, unit=unit)
    there = found[found["value"] > 0]
    ranks = there["kpi"].map(by_rank)
    return dict(zip(there["unit"], ranks, strict=True))


def _is_split(code: str) -> bool:
    """Say whether a KPI is an amount or a count of people, which those below make up."""
    one = kpi.kpi(code)
    return not one.denominator and not one.relation and one.unit not in {"rate", "rating", "ratio"}


def cascade(
    held: pd.DataFrame,
    targets: pd.Series[float],
    *,
    weights: pd.DataFrame | None = None,
    entered: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Bring targets down from the top to every post and person.

    Parameters
    ----------
    held : DataFrame
        What `holders` gives: by holder kind, level, above and heads; one holder at the top.
    targets : Series
        By KPI: what the top has to reach. [the KPI's unit]
    weights : DataFrame, optional
        Holders by KPI: how amounts are shared among those right below one; NaN or left out is the
        heads. [any scale]
    entered : DataFrame, optional
        Holders by KPI: targets that were agreed; they stay, the others share the rest. [the KPI's
        unit]

    Returns
    -------
    DataFrame
        holder, kind, level, above, kpi, target, how, listed and basis; one row a holder and KPI.
        how: entered, split (a share of the one above), same (a rate or mean of the one above) or
        open (nobody has set it; target NaN). listed: whether the level answers for the KPI; an
        amount that it does not answer for is there so that the parts make the whole. Counts of
        people stop at the group. [the KPI's unit]

    Raises
    ------
    UnknownName
        A KPI or holder is unknown.
    TargetError
        A holder comes twice, several stand at the top, or what was agreed leaves no room.

    Notes
    -----
    Source: district deck 2012, section 7: company, unit, department, group, post, person.

    Examples
    --------
    >>> held = pd.DataFrame(
    ...     [
    ...         ["department", "department", "", 3],
    ...         ["group", "group", "D", 2],
    ...         ["group", "group", "D", 1],
    ...     ],
    ...     index=["D", "D/1", "D/2"],
    ...     columns=["kind", "level", "above", "heads"],
    ... )
    >>> got = cascade(held, pd.Series({"standard_premium_issued": 300.0}))
    >>> got.query("kpi == 'standard_premium_issued'")["target"].tolist()
    [300.0, 200.0, 100.0]
    """
    once(held.index, "unit")
    tops = held.index[held["above"] == ""]
    if len(tops) != 1:
        raise TargetError("not_one_top", count=len(tops), names=", ".join(map(str, tops)) or "–")
    listed = {level: {duty.kpi: duty.basis for duty in levels().get(level, ())}
              for level in held["level"].unique()}  # fmt: skip
    codes = list(dict.fromkeys([*targets.index, *itertools.chain.from_iterable(listed.values())]))
    for given in (weights, entered):
        if given is not None:
            known(given.index, held.index, "unit")
            known(given.columns, pd.Index(codes), "kpi")
    frames = []
    for code in codes:
        top = float(targets.get(kpi.kpi(code).code, np.nan))
        own, share = (None if g is None or code not in g else g[code] for g in (entered, weights))
        down = _down(held, str(tops[0]), top, own, share, split_it=_is_split(code))
        frames.append(_framed(held, code, down, listed))
    found = pd.concat(frames, ignore_index=True)
    place = {holder: at for at, holder in enumerate(held.index)}
    return found.sort_values("holder", key=lambda s: s.map(place), kind="stable", ignore_index=True)


def _down(
    held: pd.DataFrame,
    top: str,
    target: float,
    entered: pd.Series[float] | None,
    weights: pd.Series[float] | None,
    *,
    split_it: bool,
) -> dict[str, tuple[float, str]]:
    """Walk down from the top: every holder's target, and how it came about."""
    agreed = {} if entered is None else entered.dropna().to_dict()
    share = held["heads"].astype(float)
    if weights is not None:
        share = weights.reindex(held.index).astype(float).fillna(share)
    below = held.groupby("above", sort=False).groups
    first = agreed.get(top, target)
    out = {top: (first, "open" if np.isnan(first) else "entered")}
    waiting = [top]
    while waiting:
        one = waiting.pop()
        children = [str(child) for child in below.get(one, ())]
        if not children:
            continue
        whole, mine = out[one][0], {c: agreed[c] for c in children if c in agreed}
        found = dict.fromkeys(children, whole)
        if split_it and not np.isnan(whole):
            hold = pd.Series(mine, dtype=float)
            parts = split(whole, share[children], hold=hold, step=_step(whole, mine))
            found = {str(child): float(part) for child, part in parts.items()}
        how = "open" if np.isnan(whole) else "split" if split_it else "same"
        for child in children:
            out[child] = (mine.get(child, found[child]), "entered" if child in mine else how)
        waiting += children
    return out


def _step(whole: float, agreed: Mapping[str, float]) -> int | None:
    """Split whole amounts into whole amounts."""
    return 1 if all(float(v).is_integer() for v in (whole, *agreed.values())) else None


def _framed(
    held: pd.DataFrame,
    code: str,
    down: Mapping[str, tuple[float, str]],
    listed: Mapping[str, Mapping[str, str]],
) -> pd.DataFrame:
    """Lay one KPI out: rows of those that answer for it, and of those that make an amount up."""
    out = held[["kind", "level", "above"]].reset_index(names="holder")
    out["kpi"] = code
    out["target"] = [down[str(holder)][0] for holder in out["holder"]]
    out["how"] = [down[str(holder)][1] for holder in out["holder"]]
    out["listed"] = [code in listed[str(level)] for level in out["level"]]
    out["basis"] = [listed[str(level)].get(code, "") for level in out["level"]]
    if not _is_split(code):
        return out[out["listed"]]
    people = not kpi.adds_up(kpi.kpi(code))
    carried = out["target"].notna() & ~(people & out["kind"].isin(["post", "person"]))
    return out[out["listed"] | carried]


def added_up(found: pd.DataFrame) -> pd.DataFrame:
    """Add targets up again, from each holder's own to the one above, and hold both together.

    Parameters
    ----------
    found : DataFrame
        What `cascade` gives.

    Returns
    -------
    DataFrame
        holder, kpi, target, parts (what those right below have) and gap (parts less target), for
        every amount that somebody below has a part of. [the KPI's unit]

    Examples
    --------
    >>> held = pd.DataFrame(
    ...     [["department", "department", "", 3], ["group", "group", "D", 3]],
    ...     index=["D", "D/1"],
    ...     columns=["kind", "level", "above", "heads"],
    ... )
    >>> added_up(cascade(held, pd.Series({"standard_premium_issued": 300.0})))["gap"].tolist()
    [0.0]
    """
    amounts = found[found["kpi"].map(_is_split) & found["target"].notna()]
    parts = amounts.groupby(["above", "kpi"], sort=False)["target"].sum().rename("parts")
    out = amounts.join(parts, on=["holder", "kpi"], how="inner")
    out = out[["holder", "kpi", "target", "parts"]].reset_index(drop=True)
    gap = out["parts"] - out["target"]
    return out.assign(gap=gap.where(gap.abs() > NEAR, 0.0))
