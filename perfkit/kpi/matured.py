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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.book import Book, Finding, engine, schema
from perfkit.book.cohort import UNKNOWN, Look, Share, policies_matured
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.people import Ints, People
from perfkit.kpi.service import add_months
from perfkit.kpi.spans import Spans
from perfkit.period import Period

__all__ = [
    "UNKNOWN",
    "Cohorts",
    "cohort_findings",
    "in_fen",
    "lacking_for_cohort",
    "measure_cohorts",
]

Floats = npt.NDArray[np.float64]

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
    paid = one.paid or (one.months,) if one.keeps == "paid" else ()
    return Share(one.code, one.column or None, paid, one.leaves_out, one.months)


def _until(book: Book, grace: int) -> dict[str, Any]:
    """List the last day of grace of every day a premium may fall due."""
    last = book.as_of.toordinal()
    due = np.arange(book.facts_from.toordinal(), last + 1)
    until = add_months(due, grace)
    return {"due_on": due, "until": until, "open": (until > last).astype(np.int64)}


def _looks(wanted: Iterable[Measure]) -> list[list[Measure]]:
    """Group measures that look at the same rows on the same day."""

    def key(one: Measure) -> tuple[Any, ...]:
        return (one.months, one.grace)

    return [list(own) for _, own in itertools.groupby(sorted(wanted, key=key), key=key)]


@dataclass(frozen=True)
class Cohorts:
    """The cohorts of one request over one set of leaves, added up by span and leaf.

    Attributes
    ----------
    book : Book
        Where the facts are.
    people : People
        Who is where.
    spans : Spans
        When the cohorts mature.
    leaves : int
        How many there are.
    """

    book: Book
    people: People
    spans: Spans
    leaves: int

    def sums(self, wanted: Sequence[Measure]) -> tuple[dict[str, Floats], Floats]:
        """Add up measures of kind cohort, and count what there is: zero without a cohort.

        The sums of the immature have `UNKNOWN` behind their code. [fen, persons or policies]
        """
        agents = [m for m in wanted if m.table == "agents"]
        policies = [m for m in wanted if m.table != "agents"]
        there, out = np.zeros((len(self.spans.periods), self.leaves)), {}
        for found, rows in (
            self._of_agents(agents) if agents else ({}, 0.0),
            self._of_policies(policies) if policies else ({}, 0.0),
        ):
            out.update(found)
            there = there + rows
        return out, there

    def _spread(self, atom: Ints, leaf: Ints, amount: npt.NDArray[Any] | None) -> Floats:
        """Add up amounts by span and leaf; without amounts count."""
        size = (len(self.spans.atoms), self.leaves)
        weights = None if amount is None else amount.astype(np.float64)
        flat = np.bincount(atom * self.leaves + leaf, weights, minlength=size[0] * size[1])
        return self.spans.added(flat.reshape(size))

    def _own_days(self, wanted: Sequence[Measure]) -> tuple[Ints, Ints]:
        """Give the day on which each agent left and was confirmed; far away without one."""
        people = self.people
        left = np.full(people.size, engine.FAR, dtype=np.int64)
        ends = people.last > 0
        left[people.agent[ends]] = people.until[ends]
        confirmed = np.full_like(left, engine.FAR)
        if any(m.keeps == "confirmed" for m in wanted):
            agents, side = self.book.tables["agents"], self.book.backend
            found = side.home(engine.of_agents(agents, people.numbers, ["confirmed_on"]))
            confirmed[found["agent"].to_numpy()] = found["confirmed_on"].to_numpy()
        return left, confirmed

    def _of_agents(self, wanted: Sequence[Measure]) -> tuple[dict[str, Floats], Floats]:
        """Add up those who joined, at the leaf of that day."""
        people = self.people
        left, confirmed = (days[people.agent] for days in self._own_days(wanted))
        out: dict[str, Floats] = {}
        there = np.zeros((len(self.spans.periods), self.leaves))
        for own in _looks(wanted):
            end = add_months(people.since, own[0].months + own[0].grace)
            atom = np.where(people.first > 0, self.spans.atom_of(end), -1)
            rows = np.flatnonzero(atom >= 0)
            at = (atom[rows], people.leaf[rows])
            known = (end <= self.book.as_of.toordinal())[rows]
            known &= people.since[rows] >= self.book.roster_from.toordinal()
            kept = {
                "": np.ones_like(known),
                "in_force": (left >= end)[rows],
                "confirmed": ((confirmed <= end) & (confirmed < left))[rows],
            }
            there += self._spread(*at, None)
            immature = self._spread(*at, ~known)
            for one in own:
                out[one.code] = self._spread(*at, known & kept[one.keeps])
                out[one.code + UNKNOWN] = immature
        return out, there

    def _days(self, looks: Sequence[list[Measure]]) -> tuple[dict[str, Any], list[Ints]]:
        """List the days of issue whose cohorts mature in a span, and the atoms of each stretch.

        A stretch of days matures in the same atom at every look.
        """
        reach = max(own[0].months + own[0].grace for own in looks)
        lowest = self.spans.atoms[0][0] - LONGEST * (reach + 1)
        days = np.arange(max(lowest, 1), self.spans.atoms[-1][1] + 1)
        columns: dict[str, Any] = {"day": days}
        atoms = []
        for number, own in enumerate(looks):
            end = add_months(days, own[0].months + own[0].grace)
            atoms.append(self.spans.atom_of(end))
            columns[f"known_{number}"] = end <= self.book.as_of.toordinal()
            for months in {m for one in own for m in _share(one).paid}:
                columns[f"end_{number}_{months}"] = add_months(days, months + own[0].grace)
        some = np.flatnonzero(np.max(atoms, axis=0) >= 0)
        cut = np.stack(atoms, axis=1)[some]
        stretches, columns["stretch"] = np.unique(cut, axis=0, return_inverse=True)
        kept = {n: c if n == "stretch" else c[some].astype(np.int64) for n, c in columns.items()}
        return kept, list(stretches.T)

    def _of_policies(self, wanted: Sequence[Measure]) -> tuple[dict[str, Floats], Floats]:
        """Add up the policies issued, at their agent's leaf of that day."""
        book, side, people = self.book, self.book.backend, self.people
        looks = _looks(wanted)
        days, atoms = self._days(looks)
        asked = [
            Look(number, [_share(one) for one in own], side.small(_until(book, own[0].grace)))
            for number, own in enumerate(looks)
        ]
        moved = people.movers()
        agent = np.arange(people.size)
        seat = np.where(moved, self.leaves + agent, people.home())
        small = side.small({"agent": agent, "seat": seat, "moved": moved.astype(np.int64)})
        seats = people.numbers.join(small, on="agent", how="inner")
        lapses = book.has("policies", "lapsed_on")
        found = side.arrays(
            policies_matured(book.tables, asked, side.small(days), side.keep(seats), lapses=lapses)
        )
        leaf, stretch = np.array(found["seat"]), found["stretch"]
        rows = np.flatnonzero(leaf >= self.leaves)
        spell = people.spell_at(leaf[rows] - self.leaves, found["at"][rows])
        leaf[rows] = people.leaf[spell]
        out: dict[str, Floats] = {}
        there = np.zeros((len(self.spans.periods), self.leaves))
        for look, of_stretch in zip(asked, atoms, strict=True):
            rows = np.flatnonzero(of_stretch[stretch] >= 0)
            at = (of_stretch[stretch[rows]], leaf[rows])
            there += self._spread(*at, None)
            sums = {code: self._spread(*at, found[code][rows]) for code in look.sums()}
            out |= {one.code: sums[one.code] for one in look.shares}
            out |= {one.code + UNKNOWN: sums[look.immature(one)] for one in look.shares}
        return out, there


def in_fen(wanted: Iterable[Measure]) -> list[str]:
    """List the cohort measures whose sums are money."""
    return [
        m.code
        for m in wanted
        if m.column and schema.table(m.table).columns[m.column].type == "yuan"
    ]


def measure_cohorts(
    book: Book,
    wanted: Sequence[Measure],
    by: str,
    periods: Sequence[Period],
    *,
    as_now: bool,
) -> pd.DataFrame:
    """Compute cohort measures of a level from the book's facts.

    Parameters
    ----------
    book : Book
        Holds agents, and policies where the measures name them.
    wanted : sequence of Measure
        Measures of kind cohort.
    by : str
        The level.
    periods : sequence of Period
        The spans in which the cohorts mature.
    as_now : bool
        At the unit the agents belong to now, instead of the one they began in.

    Returns
    -------
    DataFrame
        Index (place, span number), a row where there is a cohort; one column a measure
        [yuan, persons or policies], and one with `UNKNOWN` behind its code: how many members are
        left out as immature. [persons or policies]
    """
    try:
        people = People.of(book, as_now=as_now)
        if by == "agent":
            level, people = people.each_agent(book)
        else:
            level = people.level(by, book.root)
        sums, there = Cohorts(book, people, Spans.of(periods), len(level.of_leaf)).sums(wanted)
    finally:
        book.backend.forget()
    columns = {code: level.up(found) for code, found in sums.items()}
    columns |= {code: columns[code] / FEN for code in in_fen(wanted)}
    return level.frame(level.up(there) > 0, columns)


def _of_kind(chosen: Iterable[Kpi]) -> dict[str, Measure]:
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    return {c: measures()[c] for c in codes if measures()[c].kind == "cohort"}


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
        What `perfkit.kpi.facts.measure_levels` gave, one a level.
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
