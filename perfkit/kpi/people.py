"""Who sits where: the spells at home, in numpy arrays of small numbers.

A leaf is a unit of the lowest level; leaves are in the order of their path's parts, so that the
leaves of any unit stand side by side and a level is added up by segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit.book import Book, engine

__all__ = ["DAYS", "Bools", "Ints", "Level", "People"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
DAYS = 1 << 22  # more than there are days until the year 9999
_COLUMNS = ("agent", "leaf", "rank", "since", "until", "first", "last", "facts_since")


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

    def frame(
        self, there: npt.NDArray[np.bool_], columns: Mapping[str, npt.NDArray[Any]]
    ) -> pd.DataFrame:
        """Lay out the places and spans that are there: one row each, one column a measure.

        Parameters
        ----------
        there : array
            One row a span, one column a place.
        columns : mapping of str to array
            Of the same shape.

        Returns
        -------
        DataFrame
            Index (place, span number), by place.
        """
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        place, span = np.nonzero(there.T[order])
        cells = span * len(self.places) + np.asarray(order, dtype=np.int64)[place]
        levels: Any = [pd.Index([self.places[i] for i in order]), pd.RangeIndex(len(there))]
        codes: Any = [place, span]
        index = pd.MultiIndex(levels=levels, codes=codes, names=["place", "span"])
        cut = {code: values.take(cells) for code, values in columns.items()}
        return pd.DataFrame(cut, index=index, copy=False)


@dataclass(frozen=True, slots=True)
class People:
    """The spells of all agents, sorted by agent and first day.

    Attributes
    ----------
    leaves : list of tuple of str
        The parts of each leaf's path.
    numbers : LazyFrame
        agent_id, agent: kept where the facts are.
    leading : tuple of int
        The ranks of those who lead people.
    agent, leaf, rank, since, until, first, last, facts_since : array
        One value a spell; days are day numbers, ranks the place in book.toml (-1: not there).
    history : People or None
        The spells as they were, for people placed as they are now.
    """

    leaves: list[tuple[str, ...]]
    numbers: Any
    leading: tuple[int, ...]
    agent: Ints
    leaf: Ints
    rank: Ints
    since: Ints
    until: Ints
    first: Ints
    last: Ints
    facts_since: Ints
    history: People | None = None

    @classmethod
    def of(cls, book: Book, *, as_now: bool) -> People:
        """Bring the spells of a book home, once."""
        if "people" not in book.memo:
            book.memo["people"] = cls._brought(book)
        own: People = book.memo["people"]
        return own._as_now() if as_now else own

    @classmethod
    def _brought(cls, book: Book) -> People:
        side, settings = book.backend, book.settings
        agents = book.tables["agents"]
        chain = engine.spells(agents, book.tables.get("moves"), book.levels, as_now=False)
        people, numbers = side.keep(chain), side.hold(engine.numbers(agents))
        units = side.home(people.select("unit").unique())["unit"]
        leaves = sorted(tuple(unit.split("/")) for unit in units)
        paths = ["/".join(leaf) for leaf in leaves]
        known = side.small({"unit": paths, "leaf": list(range(len(paths)))})
        ranks = list(settings.ranks) or ["-"]
        heights = side.small({"rank": ranks, "height": list(range(len(ranks)))})
        seats = engine.seated(people, numbers, known, heights)
        found = side.home(seats) if paths else pd.DataFrame()
        columns: dict[str, Any] = {n: _ints(found, n) for n in _COLUMNS}
        order = np.argsort(columns["agent"] * DAYS + columns["facts_since"], kind="stable")
        leading = tuple(ranks.index(rank) for rank in settings.leading_ranks)
        return cls(leaves, numbers, leading, **{n: c[order] for n, c in columns.items()})

    def _as_now(self) -> People:
        """Place everybody where they were last, with their last rank, for the whole time."""
        ends = np.flatnonzero(self.last > 0)
        joined = self.since[np.flatnonzero(self.first > 0)]
        one, open_end = np.ones_like(ends), np.zeros_like(ends)
        return replace(
            self,
            agent=self.agent[ends],
            leaf=self.leaf[ends],
            rank=self.rank[ends],
            since=joined,
            until=self.until[ends],
            first=one,
            last=one,
            facts_since=open_end + engine.EARLY,
            history=self,
        )

    @property
    def as_was(self) -> People:
        """The same people where they were at the time."""
        return self.history or self

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

    def _pairs(self) -> Ints:
        """Every agent with every leaf they were in, as one sorted number each."""
        return np.unique(self.agent * len(self.leaves) + self.leaf)

    def pair_of(self, agent: Ints, leaf: Ints) -> Ints:
        """Give agents within leaves the number of their place in `each_agent`."""
        return np.searchsorted(self._pairs(), agent.astype(np.int64) * len(self.leaves) + leaf)

    def each_agent(self, book: Book) -> tuple[Level, People]:
        """Make every agent a place of their own, below each unit they were in at the time."""
        codes = book.backend.home(self.numbers).sort_values("agent")["agent_id"].tolist()
        both = divmod(self._pairs(), len(self.leaves))
        places = [
            "/".join((*self.leaves[leaf], codes[agent]))
            for agent, leaf in zip(*(part.tolist() for part in both), strict=True)
        ]
        one = np.arange(len(places), dtype=np.int64)
        own = replace(self, leaf=self.pair_of(self.agent, self.leaf), history=self.as_was)
        return Level("agent", places, one, one), own

    def movers(self) -> npt.NDArray[np.bool_]:
        """Tell which agents sat in more than one leaf."""
        out = np.zeros(self.size, dtype=bool)
        out[self.changes()[0]] = True
        return out

    def home(self) -> Ints:
        """Give a leaf of each agent: the only one of those who never moved."""
        out = np.zeros(self.size, dtype=np.int64)
        out[self.agent] = self.leaf
        return out

    def spell_at(self, agent: Ints, day: Ints) -> Ints:
        """Find the spell that a day of an agent counts in; it is open at both ends."""
        starts = np.searchsorted(self.agent, np.arange(self.size + 1))
        found = starts[agent]
        rows = np.flatnonzero(np.diff(starts)[agent] > 1)
        while rows.size:  # few change often: to step on is quicker than to search
            rows = rows[found[rows] + 1 < starts[agent[rows] + 1]]
            rows = rows[self.facts_since[found[rows] + 1] <= day[rows]]
            found[rows] += 1
        return np.asarray(found, dtype=np.int64)

    def changes(self, *, of_rank: bool = False) -> tuple[Ints, Ints]:
        """List agents and days of every change to another leaf, or also of rank."""
        other = np.diff(self.leaf) != 0
        if of_rank:
            other |= np.diff(self.rank) != 0
        moved = np.flatnonzero((np.diff(self.agent) == 0) & other) + 1
        return self.agent[moved], self.facts_since[moved]

    def holders(self, day: int) -> tuple[Ints, Ints]:
        """Find who leads people on a day: agents and leaves."""
        held = np.isin(self.rank, self.leading) & (self.since <= day) & (day < self.until)
        return self.agent[held], self.leaf[held]


def _ints(frame: pd.DataFrame, column: str) -> Ints:
    if column not in frame:
        return np.zeros(0, dtype=np.int64)
    return frame[column].to_numpy(dtype=np.int64)
