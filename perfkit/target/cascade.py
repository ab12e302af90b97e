"""Targets from the company down to the person: who answers for which KPI, and how much of it.

Amounts and counts are split among those below, exactly; rates and means stay what they are on the
way down. Which KPIs a level answers for is a data file (`cascade.toml`); where the sources have
lost a list it is ours, and says so.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit import kpi, org
from perfkit.book import Book
from perfkit.errors import TargetError, UnknownName
from perfkit.target.apportion import split
from perfkit.target.duty import levels, post_of
from perfkit.target.entry import known, once

__all__ = ["KINDS", "added_up", "by_kind", "cascade", "cascade_amount", "holders"]

KINDS = ("company", "unit", "department", "group", "post", "person")
KIND_OF = {"branch": "company", "district": "unit", "department": "department", "group": "group"}
NEAR = 1e-6


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


def cascade_amount(held: pd.DataFrame, code: str, target: float) -> pd.DataFrame:
    """Bring one amount down to everybody, and sum it up level by level.

    Parameters
    ----------
    held : DataFrame
        What `holders` gives.
    code : str
        The KPI.
    target : float
        What the top has to reach; NaN is no target. [the KPI's unit]

    Returns
    -------
    DataFrame
        What `by_kind` gives; empty without a target.
    """
    if np.isnan(target):
        return pd.DataFrame(columns=["holders", "total", "mean"], dtype=float).rename_axis("item")
    return by_kind(cascade(held, pd.Series({code: target})), code)


def by_kind(found: pd.DataFrame, code: str) -> pd.DataFrame:
    """Sum up a cascade: what every level holds of an amount together, and each on average.

    Parameters
    ----------
    found : DataFrame
        What `cascade` gives.
    code : str
        The KPI; an amount.

    Returns
    -------
    DataFrame
        By kind, the top first: holders (how many), total and mean. Every level that is there
        down to the last holds the whole. [count; the KPI's unit]

    Examples
    --------
    >>> held = pd.DataFrame(
    ...     [["department", "department", "", 3], ["group", "group", "D", 3]],
    ...     index=["D", "D/1"],
    ...     columns=["kind", "level", "above", "heads"],
    ... )
    >>> by_kind(cascade(held, pd.Series({"premium_issued": 300.0})), "premium_issued")[
    ...     "total"
    ... ].to_dict()
    {'department': 300.0, 'group': 300.0}
    """
    own = found[(found["kpi"] == code) & found["target"].notna()]
    out = own.groupby("kind", sort=False)["target"].agg(["size", "sum", "mean"])
    order = [kind for kind in KINDS if kind in out.index]
    named = {"size": "holders", "sum": "total"}
    return out.loc[order].rename(columns=named).rename_axis("item")


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
