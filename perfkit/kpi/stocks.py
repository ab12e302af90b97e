"""Headcounts on any day, recruits and leavers, by span and leaf, from the spells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from perfkit.kpi.catalogue import Measure
from perfkit.kpi.people import People
from perfkit.kpi.spans import Spans

__all__ = ["Stocks"]

Floats = npt.NDArray[np.float64]


class Stocks:
    """The stocks and movements of one request: one row a span, one column a leaf."""

    def __init__(self, people: People, spans: Spans, leaves: int) -> None:
        self._people, self._spans, self._leaves = people, spans, leaves
        self._opening = np.array([p.first.toordinal() - 1 for p in spans.periods])
        self._closing = np.array([p.last.toordinal() for p in spans.periods])
        edges = [(p.first.toordinal() - 1, p.last.toordinal()) for p in spans.pieces]
        self._edges = np.array(edges)
        self._days = np.unique(np.concatenate([self._opening, self._closing, self._edges.ravel()]))
        self._known: dict[tuple[str, bool], Floats] = {}

    def _on(self, column: str, days: npt.NDArray[np.int64], *, leading: bool = False) -> Floats:
        """Give the running sums at the end of days."""
        if (column, leading) not in self._known:
            self._known[column, leading] = self._people.running(
                column, self._days.tolist(), self._leaves, leading=leading
            )
        at = np.searchsorted(self._days, days)
        return np.asarray(self._known[column, leading][at])

    def _moved(self, column: str, *, leading: bool = False) -> Floats:
        closing = self._on(column, self._closing, leading=leading)
        return np.asarray(closing - self._on(column, self._opening, leading=leading))

    def _average(self, *, leading: bool) -> Floats:
        """Average (opening + closing) / 2 over the pieces, each by its weight."""
        opened = self._on("change", self._edges[:, 0], leading=leading)
        both = (opened + self._on("change", self._edges[:, 1], leading=leading)) / 2
        out = []
        for member in self._spans.members:
            weights = [self._spans.pieces[i].weight for i in member]
            parts = [both[i] * w for i, w in zip(member, weights, strict=True)]
            out.append(np.sum(parts, axis=0) / sum(weights))
        return np.stack(out)

    def of(self, measure: Measure) -> Floats:
        """Give a stock or a movement. [persons]"""
        leading = bool(measure.ranks)
        if measure.kind == "movement":
            return self._moved(measure.of, leading=leading)
        if measure.at == "average":
            return self._average(leading=leading)
        days = self._opening if measure.at == "opening" else self._closing
        return self._on("change", days, leading=leading)

    def present(self) -> Floats:
        """Give a number above zero where anybody was in force at some time in the span."""
        return np.asarray(self._on("change", self._opening) + self._moved("came"))
