"""The facts added up by agent and atom of time, at home: what every count is made from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.book import Book, engine
from perfkit.kpi.people import Ints, People
from perfkit.kpi.spans import Range, Spans

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

    def by_leaf(
        self, code: str, atoms: int, leaves: int, rows: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.float64]:
        """Add up a flow by atom and leaf, of all cells or some; without a code, count cells."""
        weights = self.sums[code].astype(np.float64) if code else None
        if weights is not None and rows is not None:
            weights = weights * rows
        flat = np.bincount(self.atom * leaves + self.leaf, weights, minlength=atoms * leaves)
        return np.asarray(flat.reshape(atoms, leaves), dtype=np.float64)


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

    Cells in which an agent changed the unit, or what else matters, are asked for again by day.
    """
    side = book.backend
    days = side.small(spans.days(asked.first_days))
    firsts = np.array([first for first, _ in spans.atoms])
    split = _split(people, spans, asked)
    key = split[0] * len(firsts) + split[1]
    only = side.small({"agent": split[0], "atom": split[1]}) if key.size else None

    def group(flow: engine.Flow) -> tuple[str, str, str]:
        return flow.table, flow.date, flow.who

    out = []
    for (table, *_), same in itertools.groupby(sorted(asked.flows, key=group), key=group):
        request = (book.tables[table], list(same), days, people.numbers)
        found = side.home(engine.cells(*request))
        if only is not None:
            whole = found["agent"] * len(firsts) + found["atom"]
            found = found[~whole.isin(key)].assign(day=firsts[found["atom"][~whole.isin(key)]])
            parts = side.home(engine.cells(*request, only=only)).rename(columns={"atom": "day"})
            atoms = np.searchsorted(firsts, parts["day"], side="right") - 1
            found = pd.concat([found, parts.assign(atom=atoms)])
        out.append(_placed(people, found, firsts, keep=asked.by_rank))
    return out


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


def _placed(people: People, found: pd.DataFrame, firsts: Ints, *, keep: bool) -> Cells:
    columns = {name: found[name].to_numpy(dtype=np.int64) for name in found.columns}
    agent, atom = columns.pop("agent"), columns.pop("atom")
    day = columns.pop("day") if "day" in columns else firsts[atom]
    spell = people.spell_at(agent, day)
    more = (spell, day) if keep else (None, None)
    return Cells(agent, atom, people.leaf[spell], columns, *more)


def _blocks(width: int, height: int) -> Iterator[tuple[int, int]]:
    step = max(1, BLOCK // height)
    for low in range(0, width, step):
        yield low, min(low + step, width)


def running(
    cells: Sequence[Cells],
    columns: Sequence[Ints],
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
        The column of each cell.
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
        here: Any = slice(None)
        if low or high < int(column.max(initial=-1)) + 1:
            here = (column >= low) & (column < high)
        for code in codes & own.sums.keys():
            table = np.zeros((atoms + 1, high - low), dtype=np.int64)
            np.add.at(table, (own.atom[here] + 1, column[here] - low), own.sums[code][here])
            out[code] = np.cumsum(table, axis=0, out=table)
    return out


def count(
    cells: Sequence[Cells],
    columns: Sequence[Ints],
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
        For the cells of each: the column an agent is added up in.
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
