"""Who sits where: the spells at home, in numpy arrays of small numbers.

A leaf is a unit of the lowest level; leaves are in the order of their path's parts, so that the
leaves of any unit stand side by side and a level is added up by segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit.book import Book, engine

__all__ = ["Ints", "Level", "People"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
DAYS = 1 << 22  # more than there are days until the year 9999


@dataclass(frozen=True, slots=True)
class Level:
    """The places of a level, and where the segment of each begins among the leaves.

    Attributes
    ----------
    name : str
        The level.
    places : list of str
        Unit ids.
    starts : array
        The first leaf of each place.
    of_leaf : array
        The place of each leaf.
    """

    name: str
    places: list[str]
    starts: Ints
    of_leaf: Ints

    def up(self, sums: npt.NDArray[Any]) -> Floats:
        """Add up leaves (last axis) to places."""
        if len(self.starts) == sums.shape[-1]:
            return np.asarray(sums, dtype=np.float64)
        return np.asarray(np.add.reduceat(sums, self.starts, axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class People:
    """The spells of all agents, sorted by agent and first day.

    Attributes
    ----------
    leaves : list of tuple of str
        The parts of each leaf's path.
    numbers : LazyFrame
        agent_id, agent: kept where the facts are.
    agent, leaf, leads, since, until, first, last, facts_since : array
        One value a spell; days are day numbers.
    """

    leaves: list[tuple[str, ...]]
    numbers: Any
    agent: Ints
    leaf: Ints
    leads: Ints
    since: Ints
    until: Ints
    first: Ints
    last: Ints
    facts_since: Ints

    @classmethod
    def of(cls, book: Book, *, as_now: bool) -> People:
        """Bring the spells of a book home."""
        side = book.backend
        agents = book.tables["agents"]
        chain = engine.spells(agents, book.tables.get("moves"), book.levels, as_now=as_now)
        people, numbers = side.keep(chain), side.keep(engine.numbers(agents))
        units = side.home(people.select("unit").unique())["unit"]
        leaves = sorted(tuple(unit.split("/")) for unit in units)
        paths = ["/".join(leaf) for leaf in leaves]
        known = side.small({"unit": paths, "leaf": list(range(len(paths)))})
        seats = engine.seated(people, numbers, known, book.settings.leading_ranks)
        found = side.home(seats) if paths else pd.DataFrame()
        names = ("agent", "leaf", "leads", "since", "until", "first", "last", "facts_since")
        columns = {n: _ints(found, n) for n in names}
        order = np.argsort(columns["agent"] * DAYS + columns["facts_since"], kind="stable")
        return cls(leaves, numbers, **{n: column[order] for n, column in columns.items()})

    @property
    def size(self) -> int:
        """How many agents there are. [persons]"""
        return int(self.agent[-1]) + 1 if self.agent.size else 0

    def level(self, name: str, root: str) -> Level:
        """Cut the leaves into the places of a level."""
        depth = org.levels_from(root).index(name) + 1
        cut = [leaf[:depth] for leaf in self.leaves]
        new = np.array([a != b for a, b in zip(cut, [(), *cut], strict=False)], dtype=bool)
        starts = np.flatnonzero(new)
        places = ["/".join(cut[start]) for start in starts]
        return Level(name, places, starts, np.cumsum(new) - 1)

    @property
    def _pairs(self) -> Ints:
        """Every agent with every leaf they were in, as one sorted number each."""
        return np.unique(self.agent * len(self.leaves) + self.leaf)

    def pair_of(self, agent: Ints, leaf: Ints) -> Ints:
        """Give agents within leaves the number of their place in `each_agent`."""
        return np.searchsorted(self._pairs, agent * len(self.leaves) + leaf)

    def each_agent(self, book: Book) -> tuple[Level, People]:
        """Make every agent a place of their own, below each unit they were in at the time."""
        codes = book.backend.home(self.numbers).sort_values("agent")["agent_id"].tolist()
        both = divmod(self._pairs, len(self.leaves))
        places = [
            "/".join((*self.leaves[leaf], codes[agent]))
            for agent, leaf in zip(*(part.tolist() for part in both), strict=True)
        ]
        one = np.arange(len(places), dtype=np.int64)
        own = {n: getattr(self, n) for n in self.__slots__}
        own["leaf"] = self.pair_of(self.agent, self.leaf)
        return Level("agent", places, one, one), People(**own)

    def spell_at(self, agent: Ints, day: Ints) -> Ints:
        """Find the spell that a day of an agent counts in; it is open at both ends."""
        starts = np.searchsorted(self.agent, np.arange(self.size + 1))
        found = starts[agent]
        many = np.flatnonzero(np.diff(starts)[agent] > 1)
        keys = self.agent * DAYS + self.facts_since
        found[many] = np.searchsorted(keys, agent[many] * DAYS + day[many], side="right") - 1
        return np.asarray(found, dtype=np.int64)

    def changes(self) -> tuple[Ints, Ints]:
        """List agents and days of every change to another leaf."""
        moved = np.flatnonzero((np.diff(self.agent) == 0) & (np.diff(self.leaf) != 0)) + 1
        return self.agent[moved], self.facts_since[moved]

    def running(
        self, column: str, days: Sequence[int], leaves: int, *, leading: bool = False
    ) -> Floats:
        """Add up changes of headcount until the end of each day: one row a day, by leaf.

        Parameters
        ----------
        column : str
            change, came, joined or left.
        days : sequence of int
            Sorted. [day numbers]
        leaves : int
            How many there are.
        leading : bool
            Only those who lead people.
        """
        own = self.leads > 0 if leading else np.ones(self.agent.size, dtype=bool)
        ended = own & (self.until < engine.FAR)
        out = np.zeros((len(days) + 1, leaves))
        parts = {
            "change": [(own, self.since, 1), (ended, self.until, -1)],
            "came": [(own, self.since, 1)],
            "joined": [(own & (self.first > 0), self.since, 1)],
            "left": [(ended & (self.last > 0), self.until, 1)],
        }
        for rows, when, sign in parts[column]:
            at = np.searchsorted(np.asarray(days), when[rows], side="left")
            flat = np.bincount(at * leaves + self.leaf[rows], minlength=out.size)
            out += sign * flat.reshape(out.shape)
        return np.asarray(out.cumsum(axis=0)[:-1])

    def holders(self, day: int) -> tuple[Ints, Ints]:
        """Find who leads people on a day: agents and leaves."""
        held = (self.leads > 0) & (self.since <= day) & (day < self.until)
        return self.agent[held], self.leaf[held]


def _ints(frame: pd.DataFrame, column: str) -> Ints:
    if column not in frame:
        return np.zeros(0, dtype=np.int64)
    return frame[column].to_numpy(dtype=np.int64)
