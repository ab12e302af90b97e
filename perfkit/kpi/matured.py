"""Cohort measures from facts: those that mature in a period, counted at the unit they began in.

- A period answers for the members whose maturity day lies in it: joined (or issued) N months
  before, by the calendar (see `perfkit.kpi.service`). So a month's 13-month retention is that of
  the agents who joined thirteen calendar months earlier.
- A member matures once the book's as_of reaches that day. Agents who joined before the book's
  roster_from are left out too: the roster may hold only those of them who stayed. What is left
  out is in neither part of the ratio, and is counted beside it.
- Agents belong to the unit they joined, policies to their agent's unit on the day of issue; a
  transfer later on is neither lost nor new.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.book import Book, Finding, engine, schema
from perfkit.book.cohort import UNKNOWN, Share, joiners, matured, paid_by, policies_issued
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.service import add_months
from perfkit.period import Period, Piece, pieces

__all__ = ["UNKNOWN", "cohort_findings", "lacking_for_cohort", "measure_cohorts", "with_cohorts"]

FEN = 100
LONGEST = 31
_EXCLUDED_BY = {"paid_up": "pay_years", "cooling_off": "cancelled_on"}
_KEPT_BY = {"in_force": ("left_on",), "confirmed": ("confirmed_on", "left_on")}


def lacking_for_cohort(book: Book, one: Measure) -> str:
    """Name what a cohort measure needs and the book does not have; empty where it has it all.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> lacking_for_cohort(open_book("district_one"), measures()["retained_13m"])
    ''
    """
    if not book.has(one.table):
        return one.table
    lost = [c for c in (one.date, one.column) if c and not book.has(one.table, c)]
    if one.table == "policies":
        kept = book.has("policies", "lapsed_on") or book.has("renewals", "paid_on")
        lost += [] if kept else ["lapsed_on"]
    else:
        lost += [c for c in _KEPT_BY.get(one.keeps, ()) if not book.has(one.table, c)]
    return f"{one.table}.{lost[0]}" if lost else ""


def _share(one: Measure) -> Share:
    paid = one.paid or (one.months,)
    return Share(one.code, one.column or None, one.keeps, paid, one.leaves_out, one.months)


def _days(book: Book, one: Measure, ends: Sequence[int], cut: Sequence[Piece]) -> dict[str, Any]:
    """List the first days whose cohorts mature in the pieces, with the days that matter to them."""
    reach = one.months + one.grace
    lowest = min(p.first for p in cut).toordinal() - LONGEST * (reach + 1)
    days = np.arange(max(lowest, 1), max(p.last for p in cut).toordinal() + 1)
    end = add_months(days, reach)
    since = book.roster_from.toordinal() if one.table == "agents" else 0
    columns = {
        "day": days,
        "end": end,
        "known": ((end <= book.as_of.toordinal()) & (days >= since)).astype(np.int64),
        **{f"end_{months}": add_months(days, months + one.grace) for months in ends},
    }
    edges = [np.searchsorted(end, [p.first.toordinal(), p.last.toordinal() + 1]) for p in cut]
    picked = [np.arange(low, high) for low, high in edges]
    rows = np.concatenate(picked)
    number = np.repeat(np.arange(len(cut)), [len(p) for p in picked])
    return {"piece": number, **{name: column[rows] for name, column in columns.items()}}


def _until(book: Book, grace: int) -> dict[str, Any]:
    """List the last day of grace of every day a premium may fall due."""
    last = book.as_of.toordinal()
    due = np.arange(book.facts_from.toordinal(), last + 1)
    until = add_months(due, grace)
    return {"due_on": due, "until": until, "open": (until > last).astype(np.int64)}


def _looks(wanted: Iterable[Measure]) -> Iterable[list[Measure]]:
    """Group measures that look at the same rows on the same day."""

    def key(one: Measure) -> tuple[Any, ...]:
        return (one.table, one.date, one.months, one.grace)

    return (list(own) for _, own in itertools.groupby(sorted(wanted, key=key), key=key))


def _look(book: Book, people: Any, own: list[Measure], cut: Sequence[Piece]) -> pd.DataFrame:
    """Add up what is looked at after the same number of months."""
    one, backend = own[0], book.backend
    shares = [_share(m) for m in own]
    ends = sorted({months for s in shares if s.keeps == "paid" for months in s.paid})
    laid_out = joiners if one.table == "agents" else policies_issued
    days = backend.small(_days(book, one, ends, cut))
    rows = laid_out(book.tables, people).join(days, on="day", how="inner")
    if ends:
        until = backend.small(_until(book, one.grace))
        lapses = book.has("policies", "lapsed_on")
        rows = paid_by(rows, book.tables.get("renewals"), until, ends, lapses=lapses)
    found = backend.home(matured(rows, shares))
    return found.set_index(["unit", "piece"]).sort_index().astype(float)


def _is_money(one: Measure) -> bool:
    return bool(one.column) and schema.table(one.table).columns[one.column].type == "yuan"


def _found(
    book: Book, wanted: Sequence[Measure], cut: Sequence[Piece], *, as_now: bool, each_agent: bool
) -> pd.DataFrame:
    """Add up every cohort by unit and piece; the unit of each agent is their own path."""
    people = book.backend.keep(
        engine.spells(
            book.tables["agents"],
            book.tables.get("moves"),
            book.levels,
            as_now=as_now,
            each_agent=each_agent,
        )
    )
    try:
        found = [_look(book, people, own, cut) for own in _looks(wanted)]
    finally:
        book.backend.forget()
    out = pd.concat(found, axis=1).fillna(0.0)
    for one in wanted:
        if _is_money(one):
            out[one.code] /= FEN
    return out.reset_index(names=["unit", "piece"])


def measure_cohorts(
    book: Book,
    wanted: Sequence[Measure],
    levels: Sequence[str],
    periods: Sequence[Period],
    *,
    as_now: bool,
) -> dict[str, pd.DataFrame]:
    """Compute cohort measures from the book's facts; the units' levels share one pass.

    Parameters
    ----------
    book : Book
        Holds agents, and policies where the measures name them.
    wanted : sequence of Measure
        Measures of kind cohort.
    levels : sequence of str
        The levels.
    periods : sequence of Period
        The spans in which the cohorts mature.
    as_now : bool
        At the unit the agents belong to now, instead of the one they began in.

    Returns
    -------
    dict of str to DataFrame
        By level: index (place, span number), a row where there is a cohort; one column a measure
        [yuan, persons or policies], and one with `UNKNOWN` behind its code: how many members are
        left out as immature. [persons or policies]
    """
    index: dict[Piece, int] = {}
    members = [
        [index.setdefault(piece, len(index)) for piece in pieces(period)] for period in periods
    ]
    found: dict[bool, pd.DataFrame] = {}
    out = {}
    for level in levels:
        own = level == "agent"
        if own not in found:
            found[own] = _found(book, wanted, list(index), as_now=as_now, each_agent=own)
        rows = found[own]
        units = rows["unit"].unique()
        places = [unit if own else org.at_level(unit, level, book.root) for unit in units]
        out[level] = _rolled_up(rows, dict(zip(units, places, strict=True)), members)
    return out


def _rolled_up(
    rows: pd.DataFrame, places: Mapping[str, str], members: Sequence[Sequence[int]]
) -> pd.DataFrame:
    """Add up units to places, and pieces to spans; a row where there is a cohort."""
    at, known = pd.factorize(rows["unit"].map(places), sort=True)
    last = max((piece for member in members for piece in member), default=-1)
    size = (last + 1, len(known))
    seat = rows["piece"].to_numpy(dtype=np.int64) * len(known) + at

    def by_span(weights: Any) -> Any:
        flat = np.bincount(seat, weights, minlength=size[0] * size[1]).reshape(size)
        return np.stack([flat[list(member)].sum(axis=0) for member in members])

    place, span = np.nonzero(by_span(None).T)
    levels: Any = [pd.Index(known), pd.RangeIndex(len(members))]
    codes: Any = [place, span]
    index = pd.MultiIndex(levels=levels, codes=codes, names=["place", "span"])
    names = [name for name in rows if name not in {"unit", "piece"}]
    cut = {n: by_span(rows[n].to_numpy())[span, place] for n in names}
    return pd.DataFrame(cut, index=index, copy=False)


def _of_kind(chosen: Iterable[Kpi]) -> dict[str, Measure]:
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    return {c: measures()[c] for c in codes if measures()[c].kind == "cohort"}


def with_cohorts(
    book: Book,
    frames: Mapping[str, pd.DataFrame],
    wanted: Sequence[Measure],
    periods: Sequence[Period],
    *,
    as_now: bool,
) -> dict[str, pd.DataFrame]:
    """Lay cohort measures beside the others; a unit without a cohort has zero of it.

    Returns
    -------
    dict of str to DataFrame
        As `measure_levels` gives it, with the columns of `measure_cohorts`.
    """
    if not wanted:
        return dict(frames)
    held = measure_cohorts(book, wanted, list(frames), periods, as_now=as_now)
    return {level: _beside(frame, held[level]) for level, frame in frames.items()}


def _beside(frame: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Join two frames; what is unknown stays so: only rows the other side adds have nothing."""
    index = frame.index.union(held.index) if len(frame) else held.index
    parts = [side.reindex(index, fill_value=0.0) for side in (frame, held)]
    return parts[0].join(parts[1])


def _left_out(book: Book, frames: Sequence[pd.DataFrame], one: Kpi) -> Finding | None:
    codes = [c + UNKNOWN for c in one.measures() if c + UNKNOWN in frames[0]]
    if not codes:
        return None
    members = pd.concat([frame[codes].max(axis=1) for frame in frames])
    if not members.any():
        return None
    facts = {"members": int(members.sum()), "as_of": book.as_of, "since": _since(book, one)}
    table = measures()[one.measures()[0]].table
    return Finding("note", "immature", table, one.code, int((members > 0).sum()), facts=facts)


def _since(book: Book, one: Kpi) -> dt.date:
    agents = measures()[one.measures()[0]].table == "agents"
    return book.roster_from if agents else book.facts_from


def _before_facts(book: Book, one: Kpi, periods: Sequence[Period]) -> Finding | None:
    """Policies from before the facts are not in the book at all, so they cannot be counted."""
    own = [m for m in _of_kind([one]).values() if m.table == "policies"]
    if not own:
        return None
    first = np.array([book.facts_from.toordinal()])
    begins = int(add_months(first, own[0].months + own[0].grace)[0])
    early = sum(p.first.toordinal() < begins for p in periods)
    facts = {"since": book.facts_from, "begins": dt.date.fromordinal(begins)}
    return Finding("note", "before_facts", "policies", one.code, early, facts=facts)


def cohort_findings(
    book: Book,
    frames: Sequence[pd.DataFrame],
    chosen: Sequence[Kpi],
    periods: Sequence[Period],
) -> list[Finding]:
    """Say which cohorts are immature, and which exclusion the book has no column for.

    Parameters
    ----------
    book : Book
        Where the facts are.
    frames : sequence of DataFrame
        What `with_cohorts` gave, one a level.
    chosen : sequence of Kpi
        What was asked.
    periods : sequence of Period
        For which spans.

    Returns
    -------
    list of Finding
        Notes. immature: count is how many results it concerns [units and periods], its fact
        members how many are left out. [persons or policies] before_facts: count is how many
        periods ask for cohorts from before the facts. [periods]
    """
    out = [found for one in chosen if (found := _left_out(book, frames, one))]
    early = (_before_facts(book, one, periods) for one in chosen)
    out += [found for found in early if found and found.count]
    for one in chosen:
        named = {x for m in _of_kind([one]).values() for x in m.leaves_out}
        lacks = sorted(_EXCLUDED_BY[x] for x in named if not book.has("policies", _EXCLUDED_BY[x]))
        out += [
            Finding("note", "not_left_out", "policies", column, 1, facts={"kpi": one.code})
            for column in lacks
        ]
    return out
