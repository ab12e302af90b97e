"""The facts added up by agent and atom of time, at home: what every count is made from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.book import Book, engine
from perfkit.kpi.need import MONTHS
from perfkit.kpi.people import Ints, People
from perfkit.kpi.spans import Range, Spans

Whole = npt.NDArray[np.integer[Any]]

__all__ = ["AgentTest", "Asked", "Cells", "bring", "count", "running"]

BLOCK = 1 << 22  # numbers of one flow held at a time


@dataclass(frozen=True, slots=True)
class AgentTest:
    """Agents counted when their own sum of a flow over a range lies in a band.

    Attributes
    ----------
    code : str
        The measure's name.
    of : str
        The flow's code.
    at_least : int
        The least sum that counts. [fen or rows]
    below : int or None
        The sum from which it no longer counts. [fen or rows]
    add : str or None
        Add up this flow of the agents found, instead of counting them.
    ranges : sequence of Range
        Over which atoms.
    """

    code: str
    of: str
    at_least: int
    below: int | None
    add: str | None
    ranges: Sequence[Range]

    def found(self, sums: Mapping[str, Ints]) -> npt.NDArray[Any]:
        """Give ones and zeros, or the flow added and zeros."""
        own = sums[self.of]
        held = own >= self.at_least
        if self.below is not None:
            held &= own < self.below
        return held if self.add is None else held * sums[self.add]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one table's date: agent, atom, leaf, and one array a flow. [fen or rows]

    Attributes
    ----------
    agent, atom, leaf : array
        Whose, when, and where they sat.
    sums : mapping of str to array
        What was added up.
    spell, day : array or None
        The spell, and a day on which all that is asked of the cell holds; only where ranks or
        years in the force are asked for.
    """

    agent: Ints
    atom: Ints
    leaf: Ints
    sums: Mapping[str, Ints]
    spell: Ints | None = None
    day: Ints | None = None

    def only(self, rows: npt.NDArray[Any]) -> Cells:
        """Keep some cells, for counting agents."""
        sums = {code: values[rows] for code, values in self.sums.items()}
        return Cells(self.agent[rows], self.atom[rows], self.leaf[rows], sums)

    def seats(self, leaves: int) -> Ints:
        """Give each cell the number of its atom and leaf."""
        return np.multiply(self.atom, leaves, dtype=np.int64) + self.leaf


@dataclass(frozen=True)
class Asked:
    """What is brought home, and which cells are cut finer.

    Attributes
    ----------
    flows : sequence of Flow
        What to add up.
    by_rank : bool
        Whether a rank on the day matters.
    turns : tuple of array
        Agents and days on which something else about them changes.
    first_days : int
        How many days of a month are early. [days]
    """

    flows: Sequence[engine.Flow]
    by_rank: bool
    turns: tuple[Ints, Ints]
    first_days: int


def bring(book: Book, people: People, spans: Spans, asked: Asked) -> list[Cells]:
    """Add up the facts where they are, and bring the cells home.

    Cells in which an agent changed the unit, or what else matters, come by day.
    """
    side = book.backend
    days = side.small(spans.days(asked.first_days))
    firsts = np.array([first for first, _ in spans.atoms])
    split = _split(people, spans, asked)
    finer = side.small({"agent": split[0], "atom": split[1]}) if split[0].size else None

    def group(flow: engine.Flow) -> tuple[str, str, str]:
        return flow.table, flow.date, flow.who

    seats = _Seats(people, people.home(), people.movers(), asked.by_rank)
    out = []
    for (table, *_), same in itertools.groupby(sorted(asked.flows, key=group), key=group):
        found = side.arrays(
            engine.cells(book.tables[table], list(same), days, people.numbers, finer)
        )
        if table == MONTHS:
            found = _with_anything(found)
        at = found.pop("at", np.full(1, -1))
        found["day"] = np.where(at < 0, firsts[found["atom"]], at)
        out.append(seats.place(found))
    return out


def _with_anything(found: dict[str, Ints]) -> dict[str, Ints]:
    """Drop cells that add nothing: a row of zeros is nobody's policy."""
    sums = [values for name, values in found.items() if name not in {"agent", "atom", "at"}]
    kept = np.flatnonzero(np.any([values != 0 for values in sums], axis=0))
    return {name: values[kept] for name, values in found.items()}


def _split(people: People, spans: Spans, asked: Asked) -> tuple[Ints, Ints]:
    """Find agents and atoms with a change inside: not on the atom's first day."""
    changes = people.changes(of_rank=asked.by_rank)
    agent, day = (np.concatenate(both) for both in zip(changes, asked.turns, strict=True))
    firsts = np.array([first for first, _ in spans.atoms])
    lasts = np.array([last for _, last in spans.atoms])
    atom = np.searchsorted(firsts, day, side="right") - 1
    inside = (atom >= 0) & (day > firsts[atom]) & (day <= lasts[atom])
    pairs = np.unique(agent[inside] * len(firsts) + atom[inside])
    return pairs // len(firsts), pairs % len(firsts)


@dataclass(frozen=True, slots=True)
class _Seats:
    """Where agents sit: most in one leaf, the movers by day."""

    people: People
    home: Ints
    moved: npt.NDArray[np.bool_]
    by_rank: bool

    def place(self, found: dict[str, Ints]) -> Cells:
        """Say where the agent of each cell sat, and which spell it was where that matters."""
        agent, atom, day = (found.pop(name) for name in ("agent", "atom", "day"))
        if self.by_rank:
            spell = self.people.spell_at(agent, day)
            return Cells(agent, atom, self.people.leaf[spell], found, spell, day)
        leaf = self.home[agent]
        rows = np.flatnonzero(self.moved[agent])
        leaf[rows] = self.people.leaf[self.people.spell_at(agent[rows], day[rows])]
        return Cells(agent, atom, leaf, found)


def _blocks(width: int, height: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK // height)
    for low in range(0, width, step):
        yield low, min(low + step, width)


def running(
    cells: Sequence[Cells],
    columns: Sequence[Whole],
    codes: set[str],
    atoms: int,
    low: int,
    high: int,
) -> dict[str, Ints]:
    """Add up cells over the atoms so far, by column: the difference of two rows is a range.

    Parameters
    ----------
    cells : sequence of Cells
        The facts.
    columns : sequence of array
        The column of each cell; below zero it counts nowhere.
    codes : set of str
        The flows wanted.
    atoms : int
        How many there are.
    low, high : int
        Only these columns.

    Returns
    -------
    dict of str to array
        One row an atom, after a row of zeros; one column from `low` to before `high`.
    """
    out = {}
    for own, column in zip(cells, columns, strict=True):
        if not codes & own.sums.keys():
            continue
        inside = (column >= low) & (column < high)
        here: Any = slice(None) if inside.all() else np.flatnonzero(inside)
        at = np.multiply(own.atom[here] + 1, high - low, dtype=np.int64) + (column[here] - low)
        for code in codes & own.sums.keys():
            table = np.zeros((atoms + 1, high - low), dtype=np.int64)
            np.add.at(table.reshape(-1), at, own.sums[code][here])
            out[code] = np.cumsum(table, axis=0, out=table)
    return out


def count(
    cells: Sequence[Cells],
    columns: Sequence[Whole],
    place: Ints,
    tests: Sequence[AgentTest],
    atoms: int,
    places: int,
) -> dict[str, dict[Range, npt.NDArray[np.int64]]]:
    """Count agents by place over ranges of atoms.

    Parameters
    ----------
    cells : sequence of Cells
        The facts.
    columns : sequence of array
        For the cells of each: the column an agent is added up in; below zero none.
    place : array
        The place of each column, sorted.
    tests : sequence of AgentTest
        What to count.
    atoms, places : int
        How many there are.

    Returns
    -------
    dict of str to dict
        By measure and range: one number a place.
    """
    codes = {t.of for t in tests} | {t.add for t in tests if t.add}
    out = {t.code: {r: np.zeros(places, dtype=np.int64) for r in t.ranges} for t in tests}
    wanted = sorted({r for t in tests for r in t.ranges})
    for low, high in _blocks(len(place), atoms + 1):
        tables = running(cells, columns, codes, atoms, low, high)
        own = place[low:high]
        starts = np.flatnonzero(np.diff(own, prepend=-1))
        for first, end in wanted:
            sums = {code: table[end] - table[first] for code, table in tables.items()}
            for test in tests:
                if (first, end) in out[test.code]:
                    added = np.add.reduceat(test.found(sums), starts, dtype=np.int64)
                    out[test.code][first, end][own[starts]] += added
    return out
