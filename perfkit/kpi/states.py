"""What people are besides being in force, and what happens to them: from spells and their own days.

A stretch is a time of somebody at a leaf, an event a day of somebody at a leaf.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from perfkit.book import Book, engine
from perfkit.kpi.catalogue import Measure
from perfkit.kpi.people import DAYS, Bools, Ints, People
from perfkit.kpi.service import add_months

__all__ = ["Events", "States", "Stretches"]

MONTHS = 12


class Stretches(NamedTuple):
    """Times of people at leaves: from the first day until the first day no longer so."""

    leaf: Ints
    since: Ints
    until: Ints

    def only(self, rows: Ints) -> Stretches:
        """Keep some."""
        return Stretches(*(column[rows] for column in self))


class Events(NamedTuple):
    """Days of people at leaves."""

    leaf: Ints
    day: Ints


@dataclass(frozen=True)
class States:
    """Who is what when, of one book and one way of placing people."""

    book: Book
    people: People

    def ranks(self, role: str) -> list[int]:
        """Give the places of a role's ranks in book.toml."""
        order = list(self.book.settings.ranks)
        return [order.index(rank) for rank in self.book.settings.ranks_of(role)]

    def years_full(self, years: int) -> Ints:
        """Give the day on which each agent's years in the force are full. [day numbers]"""
        joined = np.zeros(self.people.size, dtype=np.int64)
        was = self.people.as_was
        first = was.first > 0
        joined[was.agent[first]] = was.since[first]
        return add_months(joined, MONTHS * years)

    def stretches(self, measure: Measure) -> Stretches:
        """Give the time that counts for a stock."""
        people = self.people
        if measure.table == "recruits":
            return self._candidates()
        since, until = people.since, people.until
        held = np.ones(people.agent.size, dtype=bool)
        if measure.ranks:
            held &= np.isin(people.rank, self.ranks(measure.ranks))
        if measure.segment or measure.since:
            begun, of_segment = self._own_days(measure.since, measure.segment)
            held &= of_segment[people.agent] > 0
            since = np.maximum(since, begun[people.agent])
        least, below = measure.tenure or (0, None)
        if least:
            since = np.maximum(since, self.years_full(least)[people.agent])
        if below:
            until = np.minimum(until, self.years_full(below)[people.agent])
        return Stretches(people.leaf, since, until).only(np.flatnonzero(held & (since < until)))

    def _own_days(self, column: str, segment: str) -> tuple[Ints, Ints]:
        """Give each agent's day of a column (day 0 without one), and whether of the market."""
        side, numbers = self.book.backend, self.people.numbers
        equals = ("segment", segment) if segment else None
        asked = engine.of_agents(
            self.book.tables["agents"], numbers, [column] if column else [], equals
        )
        found = side.home(asked).sort_values("agent")
        nothing = pd.Series(0, index=found.index)
        day = found[column] if column else nothing
        return np.asarray(day, dtype=np.int64), np.asarray(found["equal"], dtype=np.int64)

    def _candidates(self) -> Stretches:
        """Follow candidates on their way, at their recruiter's leaf of the day."""
        asked = engine.candidates(self.book.tables["recruits"], self.people.numbers)
        found = self.book.backend.home(asked)
        agent, since, until = (
            found[name].to_numpy(dtype=np.int64) for name in ("agent", "since", "until")
        )
        people = self.people
        starts = np.searchsorted(people.agent, np.arange(people.size + 1))
        counts = np.diff(starts)[agent]
        row = np.repeat(np.arange(agent.size), counts)
        before = np.repeat(np.cumsum(counts) - counts, counts)
        spell = starts[agent][row] + np.arange(row.size) - before
        ends = np.where(people.last > 0, engine.FAR, np.append(people.facts_since[1:], engine.FAR))
        begin = np.maximum(since[row], people.facts_since[spell])
        end = np.minimum(until[row], ends[spell])
        kept = np.flatnonzero(begin < end)
        return Stretches(people.leaf[spell], begin, end).only(kept)

    def events(self, measure: Measure) -> Events:
        """Give the days of a movement."""
        people, kind = self.people, measure.of
        if kind == "left":
            gone = (people.last > 0) & (people.until < engine.FAR)
            if measure.ranks:
                gone &= np.isin(people.rank, self.ranks(measure.ranks))
            return Events(people.leaf[gone], people.until[gone])
        if kind == "joined":
            new = people.first > 0
            if measure.ranks:
                new &= np.isin(people.rank, self.ranks(measure.ranks))
            return Events(people.leaf[new], people.since[new])
        if kind.startswith("recruited"):
            return self._recruited(kind)
        return self._promoted(measure)

    def _at(self, agent: Ints, day: Ints) -> Events:
        return Events(self.people.leaf[self.people.spell_at(agent, day)], day)

    @functools.cached_property
    def _newcomers(self) -> pd.DataFrame:
        """Say of each newcomer who recruited them: one of the same lowest unit that day or not."""
        asked = engine.recruiters(self.book.tables["agents"], self.people.numbers)
        found = self.book.backend.home(asked)
        agent, day, whose = (
            found[c].to_numpy(dtype=np.int64) for c in ("agent", "joined_on", "recruiter")
        )
        was = self.people.as_was
        own = was.leaf[was.spell_at(agent, day)]
        known = whose >= 0
        theirs = was.leaf[was.spell_at(np.where(known, whose, agent), day)]
        kind = np.where(theirs == own, "recruited_direct", "recruited_indirect")
        kind = np.where(known, kind, "recruited_by_nobody")
        return pd.DataFrame({"agent": agent, "day": day, "kind": kind})

    def _recruited(self, kind: str) -> Events:
        rows = self._newcomers[self._newcomers["kind"] == kind]
        return self._at(rows["agent"].to_numpy(), rows["day"].to_numpy())

    def _empty(self, leaf: Ints, day: Ints) -> Bools:
        """Tell where nobody was in force on a day."""
        was = self.people.as_was
        ended = was.until < engine.FAR
        both = (was.leaf * DAYS + was.since, was.leaf[ended] * DAYS + was.until[ended])
        came, went = (
            np.searchsorted(np.sort(keys), leaf * DAYS + day, side="right")
            - np.searchsorted(np.sort(keys), leaf * DAYS)
            for keys in both
        )
        return np.asarray(came == went)

    def _promoted(self, measure: Measure) -> Events:
        """Find the moves to a rank that stands higher in book.toml than the one before."""
        was = self.people.as_was
        before = np.append(-1, was.rank[:-1])
        same = np.append(False, np.diff(was.agent) == 0)
        up = same & (before >= 0) & (was.rank > before)
        if measure.of == "group_promoted":
            rows = np.flatnonzero(up & np.isin(was.rank, was.leading))
            rows = rows[self._empty(was.leaf[rows], was.since[rows] - 1)]
            same = was.leaf[rows] * DAYS + was.since[rows]
            rows = rows[np.unique(same, return_index=True)[1]]
        else:
            if measure.ranks:
                up &= np.isin(was.rank, self.ranks(measure.ranks))
            rows = np.flatnonzero(up)
        return self._at(was.agent[rows], was.since[rows])
