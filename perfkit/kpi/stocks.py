"""Headcounts and units on any day, and movements, by span and leaf: running sums over days."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import numpy.typing as npt

from perfkit.book import engine
from perfkit.kpi.catalogue import Measure
from perfkit.kpi.people import Ints, Level
from perfkit.kpi.spans import Spans
from perfkit.kpi.states import States

__all__ = ["Stocks"]

Floats = npt.NDArray[np.float64]
On = Callable[[npt.NDArray[np.int64]], Floats]


class Stocks:
    """The stocks and movements of one request: one row a span, one column a leaf."""

    def __init__(self, states: States, spans: Spans, leaves: int) -> None:
        self._states, self._spans, self._leaves = states, spans, leaves
        self._opening = np.array([p.first.toordinal() - 1 for p in spans.periods])
        self._closing = np.array([p.last.toordinal() for p in spans.periods])
        edges = [(p.first.toordinal() - 1, p.last.toordinal()) for p in spans.pieces]
        self._edges = np.array(edges)
        self._days = np.unique(np.concatenate([self._opening, self._closing, self._edges.ravel()]))
        self._known: dict[Hashable, Floats] = {}

    def _running(self, key: Hashable, parts: Callable[[], Sequence[tuple[Ints, Ints, int]]]) -> On:
        """Add up leaves' changes until the end of each day; give a look-up by days."""
        if key not in self._known:
            out = np.zeros((len(self._days) + 1, self._leaves))
            for leaf, when, sign in parts():
                at = np.searchsorted(self._days, when, side="left")
                flat = np.bincount(at * self._leaves + leaf, minlength=out.size)
                out += sign * flat.reshape(out.shape)
            self._known[key] = out.cumsum(axis=0)[:-1]
        table = self._known[key]
        return lambda days: np.asarray(table[np.searchsorted(self._days, days)])

    def _stock(self, measure: Measure) -> On:
        """Count who is so on days."""
        key = (measure.table, measure.ranks, measure.since, measure.segment, measure.tenure)

        def parts() -> list[tuple[Ints, Ints, int]]:
            leaf, since, until = self._states.stretches(measure)
            ended = until < engine.FAR
            return [(leaf, since, 1), (leaf[ended], until[ended], -1)]

        return self._running(key, parts)

    def _units(self, measure: Measure, level: Level) -> On:
        """Count units with so many people on days, each at its first leaf."""
        heads = self._stock(Measure("", "stock"))
        least, below = max(int(measure.at_least or 0), 1), measure.below

        def on(days: npt.NDArray[np.int64]) -> Floats:
            found = level.up(heads(days))
            counted = found >= least
            if below is not None:
                counted &= found < float(below)
            out = np.zeros((len(days), self._leaves))
            out[:, level.starts] = counted
            return out

        return on

    def _over_pieces(self, measure: Measure, on: On) -> Floats:
        """Take the mean of the months, or their sum, of averages or of month-ends."""
        both = on(self._edges[:, 1])
        if measure.at == "average":
            both = (on(self._edges[:, 0]) + both) / 2
        out = []
        for member in self._spans.members:
            weights = [self._spans.pieces[i].weight for i in member]
            parts = [both[i] * w for i, w in zip(member, weights, strict=True)]
            summed = np.sum(parts, axis=0)
            out.append(summed if measure.per == "months" else summed / sum(weights))
        return np.stack(out)

    def _seen(self, measure: Measure, on: On) -> Floats:
        if measure.at == "average" or measure.per != "span":
            return self._over_pieces(measure, on)
        return on(self._opening if measure.at == "opening" else self._closing)

    def of(self, measure: Measure) -> Floats:
        """Give a stock or a movement. [persons or groups]"""
        if measure.kind == "stock":
            return self._seen(measure, self._stock(measure))
        on = self._running((measure.of, measure.ranks), lambda: self._happened(measure))
        return np.asarray(on(self._closing) - on(self._opening))

    def _happened(self, measure: Measure) -> list[tuple[Ints, Ints, int]]:
        leaf, day = self._states.events(measure)
        return [(leaf, day, 1)]

    def units(self, measure: Measure, level: Level) -> Floats:
        """Give the units of a level, each at its first leaf. [groups]"""
        return self._seen(measure, self._units(measure, level))

    def present(self) -> Floats:
        """Give a number above zero where anybody was in force at some time in the span."""
        people = self._states.people
        came = self._running("came", lambda: [(people.leaf, people.since, 1)])
        opened = self._stock(Measure("", "stock"))(self._opening)
        return np.asarray(opened + came(self._closing) - came(self._opening))
