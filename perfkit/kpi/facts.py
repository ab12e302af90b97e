"""Measures from facts: one pass in the engine, then units, spans and stocks put together here.

Every function returns one row a unit and span, one column a measure, in people's units (yuan).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.book import Book, engine, schema
from perfkit.kpi.catalogue import Measure, measures
from perfkit.period import Period, Piece, pieces

__all__ = ["measure_facts", "without_broken_months"]

FEN = 100


@dataclass(frozen=True, slots=True)
class Spans:
    """The periods asked for, cut into pieces that are shared where they are the same."""

    periods: tuple[Period, ...]
    pieces: tuple[Piece, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, periods: Sequence[Period]) -> Spans:
        """Cut periods into pieces."""
        index: dict[Piece, int] = {}
        members = []
        for period in periods:
            cut = pieces(period)
            members.append(tuple(index.setdefault(piece, len(index)) for piece in cut))
        return cls(tuple(periods), tuple(index), tuple(members))

    def broken(self) -> list[int]:
        """List the spans of several pieces that are not all whole months.

        A month's amount cannot be asked of half a month, so what is counted per month has no
        answer there.
        """
        weights = [[self.pieces[p].weight for p in member] for member in self.members]
        return [i for i, w in enumerate(weights) if len(w) > 1 and min(w) < 1]

    def pairs(self) -> dict[str, list[int]]:
        """List which piece belongs to which span."""
        both = [(p, s) for s, member in enumerate(self.members) for p in member]
        return {"piece": [p for p, _ in both], "span": [s for _, s in both]}

    def days(self) -> dict[str, list[int]]:
        """List every day asked for with its piece; a day may stand in several."""
        out: dict[str, list[int]] = {"day": [], "piece": []}
        for number, piece in enumerate(self.pieces):
            days = range(piece.first.toordinal(), piece.last.toordinal() + 1)
            out["day"] += days
            out["piece"] += [number] * len(days)
        return out


def _is_money(measure: Measure) -> bool:
    flow = measures()[measure.add] if measure.add else measure
    if flow.kind != "flow" or not flow.column:
        return False
    return schema.table(flow.table).columns[flow.column].type == "yuan"


def _amount(book: Book, named: str | float, money: bool) -> int:
    """Turn a threshold's name or an amount in yuan into what the engine compares. [fen or rows]"""
    value = book.threshold(named) if isinstance(named, str) else named
    return round(value * FEN) if money else int(value)


def _flow(book: Book, measure: Measure) -> engine.Flow:
    column, name = measure.over
    over = (column, _amount(book, name, money=True)) if column else None
    return engine.Flow(measure.code, measure.table, measure.date, measure.column or None, over)


def _test(book: Book, measure: Measure) -> engine.AgentTest:
    money = _is_money(measures()[measure.of])
    below = None if measure.below is None else _amount(book, measure.below, money)
    least = _amount(book, measure.at_least, money)
    return engine.AgentTest(measure.code, measure.of, least, below, measure.add or None)


def _needed_flows(wanted: Iterable[Measure]) -> list[Measure]:
    codes: dict[str, None] = {}
    for one in wanted:
        if one.kind == "flow":
            codes[one.code] = None
        elif one.kind == "agents":
            codes[one.of] = None
            if one.add:
                codes[one.add] = None
    return [measures()[code] for code in codes]


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every step of one request needs: who is where, which place each unit belongs to."""

    book: Book
    people: Any
    places: pd.DataFrame
    spans: Spans
    split: bool

    def small(self, columns: dict[str, Any]) -> Any:
        return self.book.backend.small(columns)

    def at_places(self) -> Any:
        return self.small({c: self.places[c].tolist() for c in ("unit", "place")})


def _scene(book: Book, by: str, spans: Spans, *, as_now: bool) -> _Scene:
    people = book.backend.keep(
        engine.spells(
            book.tables["agents"],
            book.tables.get("moves"),
            book.levels,
            as_now=as_now,
            each_agent=by == "agent",
        )
    )
    units = book.backend.home(people.select("unit").unique())["unit"]
    cut = units if by == "agent" else units.map(lambda u: org.at_level(u, by, book.root))
    places = pd.DataFrame({"unit": units, "place": cut}).sort_values("unit")
    return _Scene(book, people, places, spans, split="moves" in book.tables)


def measure_facts(
    book: Book, wanted: Sequence[Measure], by: str, periods: Sequence[Period], *, as_now: bool
) -> pd.DataFrame:
    """Compute measures from the book's facts.

    Parameters
    ----------
    book : Book
        Holds agents, and the tables the measures name.
    wanted : sequence of Measure
        What to compute; none of kind observed.
    by : str
        The level.
    periods : sequence of Period
        The spans.
    as_now : bool
        In today's organisation instead of that of the day.

    Returns
    -------
    DataFrame
        Index (place, span number); one column a measure. [yuan, rows or persons]
    """
    scene = _scene(book, by, Spans.of(periods), as_now=as_now)
    try:
        if scene.places.empty:
            return _nobody(wanted)
        flows = _needed_flows(wanted)
        added = None
        if flows:
            days = scene.small(scene.spans.days())
            added = book.backend.keep(
                engine.by_agent(
                    book.tables,
                    scene.people,
                    days,
                    [_flow(book, f) for f in flows],
                    split=scene.split,
                )
            )
        stocks = _Stocks.of(scene)
        frames = [stocks.frame(wanted)]
        if added is not None:
            frames += [_additive(scene, added, wanted), _distinct(scene, added, wanted)]
            frames += [_leading(scene, added, wanted)]
        return _together(frames, stocks.present(), wanted)
    finally:
        book.backend.forget()


def without_broken_months(
    frame: pd.DataFrame, wanted: Sequence[Measure], periods: Sequence[Period]
) -> pd.DataFrame:
    """Blank what is counted per month in spans that hold a part of a month.

    Parameters
    ----------
    frame : DataFrame
        As `measure_facts` gives it.
    wanted : sequence of Measure
        Its columns.
    periods : sequence of Period
        Its spans, in their order.

    Returns
    -------
    DataFrame
        A new frame. [yuan, rows or persons]
    """
    monthly = [m.code for m in wanted if m.kind == "agents" and m.per == "month"]
    broken = frame.index.isin(Spans.of(periods).broken(), level="span")
    out = frame.copy()
    out.loc[broken, monthly] = np.nan
    return out


def _nobody(wanted: Sequence[Measure]) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([[], []], names=["place", "span"])
    return pd.DataFrame(index=index, columns=[m.code for m in wanted], dtype=float)


def _together(
    frames: Sequence[pd.DataFrame], present: pd.Index, wanted: Sequence[Measure]
) -> pd.DataFrame:
    """Lay the parts side by side; a unit in force without a fact has zero of it."""
    index = present
    for frame in frames:
        if len(frame):
            index = index.union(frame.index)
    index.names = ["place", "span"]
    out = pd.DataFrame(index=index)
    for one in wanted:
        held = next(f[one.code] for f in frames if one.code in f)
        column = held.reindex(index).fillna(0.0).astype(float)
        out[one.code] = column / FEN if _is_money(one) else column
    return out


def _indexed(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Index by place and span, in an order that is the same on every engine."""
    return frame.set_index(["place", key]).sort_index().astype(float)


def _additive(scene: _Scene, added: Any, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Flows, and what is counted per month: by piece, then added up or averaged over a span."""
    flows = [m for m in wanted if m.kind == "flow"]
    monthly = [m for m in wanted if m.kind == "agents" and m.per == "month" and not m.ranks]
    numbers = list(range(len(scene.spans.pieces)))
    same = scene.small({"piece": numbers, "span": numbers})
    tests = [_test(scene.book, m) for m in monthly]
    found = engine.by_unit(added, scene.at_places(), same, [m.code for m in flows], tests)
    by_piece = _indexed(scene.book.backend.home(found), "span")
    by_piece.index.names = ["place", "piece"]
    pairs = pd.DataFrame(scene.spans.pairs())
    weight = np.array([piece.weight for piece in scene.spans.pieces])
    pairs["weight"] = weight[pairs["piece"]]
    pairs["weight"] /= pairs.groupby("span")["weight"].transform("sum")
    rows = by_piece.reset_index().merge(pairs, on="piece")
    for one in monthly:
        if not one.add:
            rows[one.code] = rows[one.code] * rows["weight"]
    codes = [m.code for m in (*flows, *monthly)]
    out: pd.DataFrame = rows.groupby(["place", "span"])[codes].sum()
    return out


def _distinct(scene: _Scene, added: Any, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Agents counted once in the whole span."""
    spanwise = [m for m in wanted if m.kind == "agents" and m.per == "span" and not m.ranks]
    if not spanwise:
        return pd.DataFrame()
    pairs = scene.small(scene.spans.pairs())
    tests = [_test(scene.book, m) for m in spanwise]
    found = engine.by_unit(added, scene.at_places(), pairs, [], tests)
    return _indexed(scene.book.backend.home(found), "span")


def _leading(scene: _Scene, added: Any, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Those who lead people on the span's last day, at the unit they led then."""
    led = [m for m in wanted if m.kind == "agents" and m.ranks]
    if not led:
        return pd.DataFrame()
    periods = scene.spans.periods
    numbers = list(range(len(periods)))
    ends = scene.small({"span": numbers, "end": [p.last.toordinal() for p in periods]})
    holders = engine.led_by_rank(scene.people, scene.book.settings.leading_ranks, ends)
    theirs = engine.placed(added, holders, scene.small(scene.spans.pairs()))
    same = scene.small({"piece": numbers, "span": numbers})
    tests = [_test(scene.book, m) for m in led]
    found = engine.by_unit(theirs, scene.at_places(), same, [], tests)
    return _indexed(scene.book.backend.home(found), "span")


class _Stocks:
    """Headcounts on any day, from the small table of changes."""

    def __init__(self, scene: _Scene, events: pd.DataFrame) -> None:
        self._spans = scene.spans
        self._places = pd.Index(scene.places["place"].unique(), name="place")
        self._leading = set(scene.book.settings.leading_ranks)
        self._events = events.merge(scene.places, on="unit")

    @classmethod
    def of(cls, scene: _Scene) -> _Stocks:
        return cls(scene, scene.book.backend.home(engine.events(scene.people)))

    def _running(self, column: str, days: Sequence[int], ranks: str = "") -> pd.DataFrame:
        """Add up the changes until the end of each day: one row a place, one column a day."""
        asked = np.unique(np.asarray(days, dtype=np.int64))
        rows = self._events
        if ranks:
            rows = rows[rows["rank"].isin(self._leading)]
        at = np.searchsorted(asked, rows["day"].to_numpy(dtype=np.int64), side="left")
        table = np.zeros((len(self._places), len(asked) + 1))
        np.add.at(table, (self._places.get_indexer(rows["place"]), at), rows[column].to_numpy())
        running = table.cumsum(axis=1)[:, :-1]
        return pd.DataFrame(running, index=self._places, columns=asked)

    def _openings(self) -> list[int]:
        return [period.first.toordinal() - 1 for period in self._spans.periods]

    def _closings(self) -> list[int]:
        return [period.last.toordinal() for period in self._spans.periods]

    def _long(self, columns: Sequence[pd.Series[float]]) -> pd.Series[float]:
        """Stand columns, one a span, under each other."""
        values = np.concatenate([column.to_numpy() for column in columns])
        numbers = np.repeat(np.arange(len(columns)), len(self._places))
        places = np.tile(self._places.to_numpy(), len(columns))
        index = pd.MultiIndex.from_arrays([places, numbers], names=["place", "span"])
        return pd.Series(values, index=index)

    def _moved(self, column: str, ranks: str) -> pd.Series[float]:
        days = [*self._openings(), *self._closings()]
        run = self._running(column, days, ranks)
        ends = zip(self._openings(), self._closings(), strict=True)
        return self._long([run[b] - run[a] for a, b in ends])

    def _average(self, ranks: str) -> pd.Series[float]:
        edges = [(p.first.toordinal() - 1, p.last.toordinal()) for p in self._spans.pieces]
        run = self._running("change", [day for edge in edges for day in edge], ranks)
        out = []
        for member in self._spans.members:
            weights = [self._spans.pieces[i].weight for i in member]
            both = pd.concat([(run[edges[i][0]] + run[edges[i][1]]) / 2 for i in member], axis=1)
            out.append((both * weights).sum(axis=1) / sum(weights))
        return self._long(out)

    def _stock(self, measure: Measure) -> pd.Series[float]:
        if measure.at == "average":
            return self._average(measure.ranks)
        days = self._openings() if measure.at == "opening" else self._closings()
        run = self._running("change", days, measure.ranks)
        return self._long([run[day] for day in days])

    def frame(self, wanted: Sequence[Measure]) -> pd.DataFrame:
        """Give the stocks and movements asked for."""
        out = {m.code: self._stock(m) for m in wanted if m.kind == "stock"}
        out |= {m.code: self._moved(m.of, m.ranks) for m in wanted if m.kind == "movement"}
        frame = pd.DataFrame(out)
        if out:
            frame = frame.loc[frame.index.isin(self.present())]
        return frame

    def present(self) -> pd.MultiIndex:
        """List the places that had anybody in force at some time in the span."""
        run = self._running("change", self._openings())
        opened = self._long([run[day] for day in self._openings()])
        came = self._moved("came", "")
        index = came.index[(opened + came) > 0]
        assert isinstance(index, pd.MultiIndex)  # noqa: S101
        return index
