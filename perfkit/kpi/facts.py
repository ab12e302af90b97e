"""Measures from facts: one pass in the engine, then units, spans and stocks put together here.

Frames have one row a unit and span, one column a measure, in people's units (yuan).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit.book import Book, engine, schema
from perfkit.kpi.catalogue import Measure, measures
from perfkit.kpi.cells import AgentTest, Asked, Cells, bring, count, running
from perfkit.kpi.matured import Cohorts, in_fen
from perfkit.kpi.need import as_held, flows_behind
from perfkit.kpi.people import Level, People
from perfkit.kpi.spans import Range, Spans
from perfkit.kpi.states import States
from perfkit.kpi.stocks import Stocks
from perfkit.period import Period

__all__ = ["measure_levels", "without_broken_months"]

FEN = 100
Floats = npt.NDArray[np.float64]


def _is_money(measure: Measure) -> bool:
    flow = measures()[measure.add] if measure.add else measure
    if flow.kind != "flow" or not flow.column:
        return False
    return schema.table(flow.table).columns[flow.column].type == "yuan"


def _amount(book: Book, named: str | float, money: bool) -> int:
    """Turn a threshold's name or an amount in yuan into what the engine compares. [fen or rows]"""
    value = book.threshold(named) if isinstance(named, str) else named
    return round(value * FEN) if money else int(value)


@dataclass(frozen=True)
class _Flows:
    """The flows of a request: each column of a table is added up once, whoever asks for it."""

    book: Book
    asked: tuple[Measure, ...]

    @classmethod
    def of(cls, book: Book, wanted: Iterable[Measure]) -> _Flows:
        """List the flows behind measures."""
        known = measures()
        found = {flow.code: flow for one in wanted for flow in flows_behind(one, known)}
        return cls(book, tuple(found.values()))

    def _plain(self, one: Measure) -> engine.Flow:
        one = as_held(self.book, one)
        column, name = one.over
        over = (column, _amount(self.book, name, money=True)) if column else None
        who, known = one.who or "agent_id", one.known or None
        return engine.Flow("", one.table, one.date, one.column or None, over, known, one.early, who)

    @cached_property
    def codes(self) -> dict[engine.Flow, str]:
        """Name every column that the engine adds up."""
        found = dict.fromkeys(self._plain(one) for one in self.asked)
        return {flow: f"f{number}" for number, flow in enumerate(found)}

    def code(self, one: Measure) -> str:
        """Say which column a flow is in; its ranks and years are a matter of rows."""
        return self.codes[self._plain(one)]

    def request(self, states: States) -> Asked:
        """Say what to bring home."""
        flows = [replace(flow, code=code) for flow, code in self.codes.items()]
        by_rank = any(one.ranks for one in self.asked)
        tenured = [one for one in self.asked if one.tenure]
        years = sorted({y for one in tenured for y in one.tenure or () if y})
        ranks = {rank for one in tenured for rank in states.ranks(one.ranks)}
        agents = np.unique(states.people.agent[np.isin(states.people.rank, list(ranks))])
        full = [states.years_full(year)[agents] for year in years]
        turns = (np.tile(agents, len(years)), np.concatenate([np.zeros(0, np.int64), *full]))
        return Asked(flows, by_rank, turns, self.book.settings.first_week_day)


def _test(flows: _Flows, measure: Measure, ranges: Sequence[Range]) -> AgentTest:
    known, book = measures(), flows.book
    money = _is_money(known[measure.of])
    below = None if measure.below is None else _amount(book, measure.below, money)
    least = _amount(book, measure.at_least, money)
    add = flows.code(known[measure.add]) if measure.add else None
    return AgentTest(measure.code, flows.code(known[measure.of]), least, below, add, ranges)


@dataclass(frozen=True)
class _Scene:
    """One request over one set of leaves: who is where, and what was written there."""

    flows: _Flows
    spans: Spans
    states: States
    cells: Sequence[Cells]
    leaves: int

    @property
    def people(self) -> People:
        return self.states.people

    @property
    def atoms(self) -> int:
        return len(self.spans.atoms)

    @cached_property
    def moved(self) -> npt.NDArray[np.bool_]:
        """Which agents sat in more than one leaf."""
        return self.people.movers()

    @cached_property
    def of_movers(self) -> list[Cells]:
        """Their cells."""
        return [c.only(np.flatnonzero(self.moved[c.agent])) for c in self.cells]

    def settled(self, tests: Sequence[AgentTest]) -> dict[str, dict[Range, Any]]:
        """Count the agents of one leaf, by leaf."""
        home = self.people.home()
        own = np.flatnonzero(~self.moved)
        own = own[np.argsort(home[own], kind="stable")]
        column = np.full(self.people.size, -1, dtype=np.int32)
        column[own] = np.arange(own.size)
        columns = [column[c.agent] for c in self.cells]
        return count(self.cells, columns, home[own], tests, self.atoms, self.leaves)

    def movers(self, level: Level, tests: Sequence[AgentTest]) -> dict[str, dict[Range, Any]]:
        """Count the agents of several leaves, once a place of the level."""
        people = self.people
        rows = self.moved[people.agent]
        keys = level.of_leaf[people.leaf[rows]] * people.size + people.agent[rows]
        seats = np.unique(keys)
        columns = [
            np.searchsorted(seats, level.of_leaf[c.leaf] * people.size + c.agent)
            for c in self.of_movers
        ]
        place = seats // people.size
        return count(self.of_movers, columns, place, tests, self.atoms, len(level.places))

    def counted(self, levels: Sequence[Level], tests: Sequence[AgentTest]) -> list[dict[str, Any]]:
        """Count agents at every level: by measure and range."""
        if not tests or not self.cells:
            return [{} for _ in levels]
        still = self.settled(tests)
        out = []
        for level in levels:
            found: dict[str, Any] = {
                code: {r: level.up(sums) for r, sums in by.items()} for code, by in still.items()
            }
            if self.moved.any():
                for code, by in self.movers(level, tests).items():
                    for one, sums in by.items():
                        found[code][one] = found[code][one] + sums
            out.append(found)
        return out

    def led(
        self, tests: Sequence[AgentTest], ranges: Sequence[Range], ends: Sequence[int]
    ) -> dict[str, Floats]:
        """Count those who lead people on each last day, at the leaf they led then."""
        leaders = np.unique(self.people.agent[np.isin(self.people.rank, self.people.leading)])
        column = np.full(self.people.size, -1)
        column[leaders] = np.arange(leaders.size)
        cells = [c.only(np.flatnonzero(column[c.agent] >= 0)) for c in self.cells]
        columns = [column[c.agent] for c in cells]
        codes = {code for t in tests for code in (t.of, t.add) if code}
        tables = running(cells, columns, codes, self.atoms, 0, leaders.size)
        out = {t.code: np.zeros((len(ranges), self.leaves)) for t in tests}
        for number, ((first, end), day) in enumerate(zip(ranges, ends, strict=True)):
            agent, leaf = self.people.holders(day)
            at = column[agent]
            sums = {code: table[end][at] - table[first][at] for code, table in tables.items()}
            for test in tests:
                found = test.found(sums).astype(np.float64)
                out[test.code][number] = np.bincount(leaf, found, minlength=self.leaves)
        return out

    def _rows(self, cells: Cells, one: Measure) -> npt.NDArray[np.bool_] | None:
        """Find the cells whose agent held a rank for so many years on their day."""
        if not one.ranks or cells.spell is None or cells.day is None:
            return None
        held = np.isin(self.people.rank, self.states.ranks(one.ranks))[cells.spell]
        least, below = one.tenure or (0, None)
        if least:
            held &= cells.day >= self.states.years_full(least)[cells.agent]
        if below:
            held &= cells.day < self.states.years_full(below)[cells.agent]
        return np.asarray(held)

    def added(self, wanted: Sequence[Measure]) -> tuple[dict[str, Floats], Floats]:
        """Add up flows by span and leaf, and count the cells: zero where there is no fact."""
        flows = {one.code: self.flows.code(one) for one in wanted}
        by_atom = {code: np.zeros((self.atoms, self.leaves)) for code in flows}
        there = np.zeros((self.atoms, self.leaves))
        for cells in self.cells:
            seats = cells.seats(self.leaves)
            there += np.bincount(seats, minlength=there.size).reshape(there.shape)
            for one in wanted:
                if flows[one.code] in cells.sums:
                    amount = cells.sums[flows[one.code]].astype(np.float64)
                    rows = self._rows(cells, one)
                    weights = amount if rows is None else amount * rows
                    added = np.bincount(seats, weights, minlength=there.size)
                    by_atom[one.code] += added.reshape(there.shape)
        up = self.spans.added
        return {code: up(found) for code, found in by_atom.items()}, up(there)


def _mean(spans: Spans, test: AgentTest, found: dict[Range, Floats]) -> Floats:
    """Average over the pieces of each span; amounts are added up."""
    out = []
    for number in range(len(spans.periods)):
        weights = spans.weights(number)
        parts = [found[test.ranges[i]] * (1.0 if test.add else w) for i, w in weights]
        out.append(np.sum(parts, axis=0))
    return np.stack(out)


def _leading(scene: _Scene, wanted: Sequence[Measure]) -> dict[str, Floats]:
    """Give what counts those who lead people, by leaf: in the whole span, or month by month."""
    spans, flows = scene.spans, scene.flows
    led = [m for m in wanted if m.kind == "agents" and m.ranks]
    whole = [_test(flows, m, spans.span_ranges()) for m in led if m.per == "span"]
    ends = [p.last.toordinal() for p in spans.periods]
    out = scene.led(whole, spans.span_ranges(), ends) if whole else {}
    monthly = [_test(flows, m, spans.piece_ranges()) for m in led if m.per == "month"]
    ends = [p.last.toordinal() for p in spans.pieces]
    by_piece = scene.led(monthly, spans.piece_ranges(), ends) if monthly else {}
    for test in monthly:
        found = dict(zip(test.ranges, by_piece[test.code], strict=True))
        out[test.code] = _mean(spans, test, found)
    return out


def _agents(scene: _Scene, levels: Sequence[Level], wanted: Sequence[Measure]) -> list[Any]:
    """Give what counts agents: for each level, by measure, one row a span."""
    spans = scene.spans
    named = {m.code: m for m in wanted if m.kind == "agents"}
    ranges = {"month": spans.piece_ranges(), "span": spans.span_ranges()}
    tests = [_test(scene.flows, m, ranges[m.per]) for m in named.values() if not m.ranks]
    led = _leading(scene, wanted)
    out = []
    for level, found in zip(levels, scene.counted(levels, tests), strict=True):
        own = {code: level.up(sums) for code, sums in led.items()}
        for test in tests:
            by = found[test.code]
            if named[test.code].per == "month":
                own[test.code] = _mean(spans, test, by)
            else:
                own[test.code] = np.stack([by[r] for r in test.ranges])
        out.append(own)
    return out


def _units(
    scene: _Scene, stocks: Stocks, levels: Sequence[Level], one: Measure
) -> dict[str, Floats]:
    """Count the units of a level at each level above it; below it there are none to count."""
    root = scene.flows.book.root
    order = [*org.levels_from(root)[: org.levels_from(root).index(one.level) + 1]]
    above = [level for level in levels if level.name in order]
    counted = stocks.units(one, scene.people.level(one.level, root)) if above else None
    return {
        level.name: np.full((len(scene.spans.periods), len(level.places)), np.nan)
        if counted is None or level not in above
        else level.up(counted)
        for level in levels
    }


def _frames(
    scene: _Scene, levels: Sequence[Level], wanted: Sequence[Measure], matures: Sequence[Period]
) -> dict[str, pd.DataFrame]:
    stocks = Stocks(scene.states, scene.spans, scene.leaves)
    leafy = {m.code: stocks.of(m) for m in wanted if m.kind in {"stock", "movement"}}
    flows, written = scene.added([m for m in wanted if m.kind == "flow"])
    leafy |= flows
    there = stocks.present() + written
    for candidates in (m.code for m in wanted if m.kind == "stock" and m.table):
        there = there + leafy[candidates]
    ripe = [m for m in wanted if m.kind == "cohort"]
    if ripe:
        cohorts = Cohorts(scene.flows.book, scene.people, Spans.of(matures), scene.leaves)
        matured, begun = cohorts.sums(ripe)
        leafy, there = leafy | matured, there + begun
    units = {m.code: _units(scene, stocks, levels, m) for m in wanted if m.kind == "units"}
    out = {}
    for level, agents in zip(levels, _agents(scene, levels, wanted), strict=True):
        columns = {code: level.up(sums) for code, sums in leafy.items()} | agents
        columns |= {code: by[level.name] for code, by in units.items()}
        money = [m.code for m in wanted if _is_money(m)] + in_fen(ripe)
        columns |= {code: columns[code] / FEN for code in money}
        out[level.name] = level.frame(level.up(there) > 0, columns)
    return out


def _nobody(wanted: Sequence[Measure]) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([[], []], names=["place", "span"])
    return pd.DataFrame(index=index, columns=[m.code for m in wanted], dtype=float)


def measure_levels(
    book: Book,
    wanted: Sequence[Measure],
    levels: Sequence[str],
    periods: Sequence[Period],
    *,
    as_now: bool,
    matures: Sequence[Period] | None = None,
) -> dict[str, pd.DataFrame]:
    """Compute measures at several levels from one pass over the book's facts.

    Parameters
    ----------
    book : Book
        Holds agents, and the tables the measures name.
    wanted : sequence of Measure
        What to compute; none of kind observed.
    levels : sequence of str
        The levels.
    periods : sequence of Period
        The spans.
    as_now : bool
        In today's organisation instead of that of the day.
    matures : sequence of Period, optional
        The spans in which cohorts mature, in the order of `periods`; the same without it.

    Returns
    -------
    dict of str to DataFrame
        By level: index (place, span number), one column a measure, and of cohorts one with
        `UNKNOWN` behind its code. [yuan, rows or persons]
    """
    spans, flows = Spans.of(periods), _Flows.of(book, wanted)
    try:
        people = People.of(book, as_now=as_now)
        if not people.leaves:
            return {level: _nobody(wanted) for level in levels}
        states = States(book, people)
        cells = bring(book, people, spans, flows.request(states)) if flows.asked else []
        scene = _Scene(flows, spans, states, cells, len(people.leaves))
        cut = [people.level(name, book.root) for name in levels if name != "agent"]
        ripe = periods if matures is None else matures
        out = _frames(scene, cut, wanted, ripe) if cut else {}
        if "agent" in levels:
            level, own = people.each_agent(book)
            cells = [replace(c, leaf=people.pair_of(c.agent, c.leaf)) for c in cells]
            scene = _Scene(flows, spans, States(book, own), cells, len(level.places))
            out |= _frames(scene, [level], wanted, ripe)
        return out
    finally:
        book.backend.forget()


def without_broken_months(
    frame: pd.DataFrame, wanted: Sequence[Measure], periods: Sequence[Period]
) -> pd.DataFrame:
    """Blank what is counted per month in spans that hold a part of a month.

    Parameters
    ----------
    frame : DataFrame
        As `measure_levels` gives it.
    wanted : sequence of Measure
        Its columns.
    periods : sequence of Period
        Its spans, in their order.

    Returns
    -------
    DataFrame
        A new frame. [yuan, rows or persons]
    """
    monthly = [m.code for m in wanted if m.by_month]
    spans = Spans.of(periods).broken()
    if not spans or not monthly:
        return frame
    broken = frame.index.isin(spans, level="span")
    out = frame.copy()
    out.loc[broken, monthly] = np.nan
    return out
