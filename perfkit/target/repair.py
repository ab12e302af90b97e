"""Which cell is wrong: the fewest single-cell changes after which every relation holds.

A change must leave every relation through its cell that holds now holding. Where the fewest
changes are unique, the cells are misprints; otherwise the printed figures cannot tell.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from perfkit.target.expression import CellId
from perfkit.target.planfile import Cell
from perfkit.target.relation import Relation, Values

__all__ = ["Doubt", "Verdict", "find_repairs", "pattern", "plain"]

CROWDED = 150  # a relation of more cells offers only those that another broken one shares
MOST_CHANGES = 12  # in one knot of relations
MOST_LOOKS = 1_000  # states looked at in one knot

Change = tuple[CellId, Fraction]
Found = tuple[Fraction, tuple[Relation, ...]]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A broken relation without a unique repair, and the changes that would do."""

    relation: Relation
    options: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the broken relations say.

    Attributes
    ----------
    misprints : mapping
        Cell to the one value that fits, with the broken relations through it.
    doubts : tuple of Doubt
        Broken relations that no unique change repairs.
    likely : mapping
        As `misprints`, for the one of several smallest repairs that consists of usual misprints
        only: likely, not proved.
    values : mapping
        Every cell's value with the misprints repaired. [own unit]
    """

    misprints: Mapping[CellId, Found] = field(default_factory=dict)
    likely: Mapping[CellId, Found] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    values: Mapping[CellId, Fraction | None] = field(default_factory=dict)


def plain(value: Fraction) -> str:
    """Write an exact decimal in plain digits; what has no end is cut at six decimals.

    Examples
    --------
    >>> plain(Fraction(1250)), plain(Fraction(125, 100)), plain(Fraction(10, 3))
    ('1250', '1.25', '3.333333')
    """
    text = f"{float(value):.6f}" if value.denominator > 1 else str(value.numerator)
    return text.rstrip("0").rstrip(".") if "." in text else text


def pattern(printed: Fraction, expected: Fraction) -> str:
    """Say how a figure was most likely misprinted.

    Returns
    -------
    str
        ``times_ten``, ``digits_swapped``, ``digit_dropped``, ``one_digit``, or nothing.

    Examples
    --------
    >>> pattern(Fraction(70), Fraction(700)), pattern(Fraction(271), Fraction(281))
    ('times_ten', 'one_digit')
    >>> pattern(Fraction(6130), Fraction(6103)), pattern(Fraction(123), Fraction(1423))
    ('digits_swapped', 'digit_dropped')
    """
    if printed and expected in {printed * 10, printed / 10}:
        return "times_ten"
    old, new = plain(printed), plain(expected)
    if len(old) == len(new):
        apart = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        if len(apart) == 1:
            return "one_digit"
        i, j = (apart[0], apart[-1]) if apart else (0, 0)
        if len(apart) == 2 and j == i + 1 and old[i] == new[j] and old[j] == new[i]:
            return "digits_swapped"
    shorter = (new[:i] + new[i + 1 :] for i in range(len(new)))
    return "digit_dropped" if len(old) + 1 == len(new) and old in shorter else ""


def _solve(
    relation: Relation, cell: CellId, values: Mapping[CellId, Fraction | None]
) -> Fraction | None:
    """Find what a cell must be for a relation to hold exactly.

    Along one cell a relation of sums, products and quotients is (p + q x) / (r + s x): three
    points give it, the cross-ratio inverts it, and putting the answer in proves it.
    """
    if cell == relation.result and cell not in relation.cells[1:]:
        return relation.expected(values.get)
    goal, now = values.get(relation.result), values.get(cell)
    if goal is None or now is None:
        return None

    def at(x: Fraction) -> Fraction | None:
        return relation.exact(lambda one: x if one == cell else values.get(one))

    xs = (now, now + 1, now + 2)
    a, b, c = (at(x) for x in xs)
    if a is None or b is None or c is None or len({a, b, c}) < 3:
        return None
    if goal == c:
        return xs[2]
    ratio = (goal - a) * (b - c) / ((goal - c) * (b - a))
    below = (xs[1] - xs[2]) - ratio * (xs[1] - xs[0])
    if not below:
        return None
    found = (xs[0] * (xs[1] - xs[2]) - ratio * xs[2] * (xs[1] - xs[0])) / below
    return found if at(found) == goal else None


class _Search:
    """The state of one audit: relations by cell, and the figures as they stand."""

    def __init__(self, relations: Sequence[Relation], cells: Mapping[CellId, Cell]) -> None:
        self.relations = relations
        self.cells = cells
        self.values: dict[CellId, Fraction | None] = {c.id: c.value for c in cells.values()}
        self.through: dict[CellId, list[Relation]] = defaultdict(list)
        for relation in relations:
            for cell in relation.cells:
                self.through[cell].append(relation)
        self.looks = 0

    def broken(self, among: Iterable[Relation], of: Values) -> list[Relation]:
        return [one for one in among if not one.holds(of)]

    def possible(self, cell: CellId, value: Fraction) -> Iterator[Fraction]:
        """Offer the printable values nearest to an exact one: as fine, and with the same sign."""
        step, old = self.cells[cell].step, self.values[cell]
        low = math.floor(value / step) * step
        for one in dict.fromkeys((low, low if low == value else low + step)):
            if old is not None and one != old and (one >= 0 or old < 0):
                yield one

    def changes(
        self, relation: Relation, broken: Sequence[Relation], values: dict[CellId, Fraction | None]
    ) -> list[Change]:
        """List what one changed cell of `relation` can do without breaking what holds."""
        shared = [c for c in relation.cells if sum(c in one.cells for one in broken) > 1]
        crowded = len(relation.cells) > CROWDED
        found: list[Change] = []
        for cell in [relation.result, *shared] if crowded else relation.cells:
            if self.cells[cell].value is None or values[cell] != self.cells[cell].value:
                continue
            mine = [one for one in broken if cell in one.cells]
            solved = (_solve(one, cell, values) for one in mine)
            wanted = dict.fromkeys(
                value for one in solved if one is not None for value in self.possible(cell, one)
            )
            found += [(cell, value) for value in wanted if self.helps(cell, value, mine, values)]
        return list(dict.fromkeys(found))

    def options(
        self, relation: Relation, broken: Sequence[Relation], values: dict[CellId, Fraction | None]
    ) -> list[Change]:
        """List the single changes that repair one relation."""

        def after(cell: CellId, value: Fraction) -> Values:
            return lambda one: value if one == cell else values.get(one)

        found = self.changes(relation, broken, values)
        return [(cell, value) for cell, value in found if relation.holds(after(cell, value))]

    def helps(
        self,
        cell: CellId,
        value: Fraction,
        mine: Sequence[Relation],
        values: dict[CellId, Fraction | None],
    ) -> bool:
        """Say whether a change repairs something and breaks nothing that holds."""

        def of(one: CellId) -> Fraction | None:
            return value if one == cell else values.get(one)

        left = self.broken(self.through[cell], of)
        return len(left) < len(mine) and all(one in mine for one in left)

    def solutions(self, knot: Sequence[Relation]) -> list[dict[CellId, Fraction]]:
        """Find the smallest sets of changes that repair a knot; none where it is too large."""
        self.looks = 0
        for most in range(1, min(len(knot), MOST_CHANGES) + 1):
            found: list[dict[CellId, Fraction]] = []
            self.look(knot, dict(self.values), {}, most, found)
            if found or self.looks > MOST_LOOKS:
                return found if self.looks <= MOST_LOOKS else []
        return []

    def look(
        self,
        knot: Sequence[Relation],
        values: dict[CellId, Fraction | None],
        changed: dict[CellId, Fraction],
        most: int,
        found: list[dict[CellId, Fraction]],
    ) -> None:
        self.looks += 1
        broken = self.broken(knot, values.get)
        if not broken:
            if changed not in found:
                found.append(dict(changed))
            return
        if len(changed) == most or self.looks > MOST_LOOKS:
            return
        options = min((self.changes(one, broken, values) for one in broken), key=len)
        for cell, value in options:
            before = values[cell]
            values[cell] = value
            self.look(knot, values, {**changed, cell: value}, most, found)
            values[cell] = before

    def strain(self, solution: Mapping[CellId, Fraction]) -> Fraction:
        """Add up what is still missing, though called rounding, after a solution. [own units]"""
        values = {**self.values, **solution}
        near = {id(r): r for cell in solution for r in self.through[cell]}.values()
        return sum((abs(r.gap(values.get) or Fraction(0)) for r in near), Fraction(0))


def _knots(broken: Sequence[Relation]) -> list[list[Relation]]:
    """Group broken relations that share cells."""
    knots: list[tuple[set[CellId], list[Relation]]] = []
    for relation in broken:
        cells, members = set(relation.cells), [relation]
        apart = []
        for known, inside in knots:
            if known & cells:
                cells |= known
                members = inside + members
            else:
                apart.append((known, inside))
        knots = [*apart, (cells, members)]
    return [members for _, members in knots]


def _best(search: _Search, found: list[dict[CellId, Fraction]]) -> list[dict[CellId, Fraction]]:
    """Of the repairs that change the same cells keep the one that leaves least to rounding."""
    best: dict[frozenset[CellId], dict[CellId, Fraction]] = {}
    for solution in sorted(found, key=search.strain):
        best.setdefault(frozenset(solution), solution)
    return list(best.values())


def _likely(search: _Search, found: list[dict[CellId, Fraction]]) -> dict[CellId, Fraction]:
    """Keep the only repair that consists of usual misprints, if there is just one."""
    usual = [
        solution
        for solution in found
        if all(pattern(search.values[c] or Fraction(0), v) for c, v in solution.items())
    ]
    return usual[0] if len(usual) == 1 and len(found) > 1 else {}


def _sure(
    search: _Search, knot: Sequence[Relation], found: list[dict[CellId, Fraction]]
) -> dict[CellId, Fraction]:
    """Keep the changes that every smallest repair makes.

    In a crowded relation the cells of that relation alone were not tried, so that a change
    which speaks for no other relation is not proved.
    """
    first, *others = found
    sure = {c: v for c, v in first.items() if all(one.get(c) == v for one in others)}

    def proved(cell: CellId) -> bool:
        through = [one for one in knot if cell in one.cells]
        return len(through) > 1 or all(len(one.cells) <= CROWDED for one in through)

    return {c: v for c, v in sure.items() if proved(c)}


def find_repairs(relations: Sequence[Relation], cells: Mapping[CellId, Cell]) -> Verdict:
    """Find the misprinted cells, and the broken relations that no unique change repairs.

    Parameters
    ----------
    relations : sequence of Relation
        Those that must hold.
    cells : mapping
        Every cell of the plan, as printed.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from perfkit.target.expression import Chain, Ref
    >>> one = lambda name, value: Cell(("t", name), "", Fraction(value), "", Fraction(1), "")
    >>> cells = {c.id: c for c in (one("a", 1), one("b", 2), one("c", 4), one("d", 3))}
    >>> total = lambda to, *of: Relation(
    ...     "r", "sum", ("t", to), Fraction(1), Chain(False, tuple((1, Ref(("t", c))) for c in of))
    ... )
    >>> verdict = find_repairs([total("c", "a", "b"), total("c", "d")], cells)
    >>> {cell: int(value) for cell, (value, _) in verdict.misprints.items()}
    {('t', 'c'): 3}
    """
    search = _Search(relations, cells)
    misprints: dict[CellId, Found] = {}
    likely: dict[CellId, Found] = {}
    doubts: list[Doubt] = []
    values = dict(search.values)
    for knot in _knots(search.broken(relations, search.values.get)):
        found = _best(search, search.solutions(knot))
        sure = _sure(search, knot, found) if found else {}
        guess = {c: v for c, v in _likely(search, found).items() if c not in sure}
        for told, changes in ((misprints, sure), (likely, guess)):
            for cell, value in changes.items():
                told[cell] = value, tuple(one for one in knot if cell in one.cells)
        values.update(sure)
        still = [] if guess else search.broken(knot, values.get)
        doubts += [Doubt(one, tuple(search.options(one, still, values))) for one in still]
    return Verdict(misprints, likely, tuple(doubts), values)
