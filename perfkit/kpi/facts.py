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
from perfkit.book import Book, engine, view
from perfkit.kpi.catalogue import Measure, measures
from perfkit.kpi.stock import Spans, Stocks, UnitStocks
from perfkit.period import Period, Piece

__all__ = ["measure_facts"]

FEN = 100


def _is_money(measure: Measure) -> bool:
    flow = measures()[measure.add] if measure.add else measure
    if flow.kind != "flow" or not flow.column:
        return False
    return view.is_money(flow.table, flow.column)


def _amount(book: Book, named: str | float, money: bool) -> int:
    """Turn a threshold's name or an amount in yuan into what the engine compares. [fen or rows]"""
    value = book.threshold(named) if isinstance(named, str) else named
    return round(value * FEN) if money else int(value)


def _flow(book: Book, measure: Measure) -> engine.Flow:
    column, name = measure.over
    over = (column, _amount(book, name, money=True)) if column else None
    table, added = measure.table, measure.column or None
    if measure.ranks:
        table, added = _by_rank(measure), measure.code
    return engine.Flow(measure.code, table, measure.date, added, over)


def _by_rank(flow: Measure) -> str:
    return f"{flow.table} by rank on {flow.date}"


def _tables(scene: _Scene, flows: Sequence[Measure], *, as_now: bool) -> dict[str, Any]:
    """Lay the views the flows need beside the book's tables."""
    book = scene.book
    out = dict(book.tables)
    out |= view.build(book, [flow.table for flow in flows], scene.spans.days()["day"])
    by_rank: dict[str, list[Measure]] = {}
    for flow in flows:
        if flow.ranks:
            by_rank.setdefault(_by_rank(flow), []).append(flow)
    for name, same in by_rank.items():
        wanted = [
            view.Ranked(f.code, f.column, book.settings.ranks_of(f.ranks), f.tenure) for f in same
        ]
        source = out[same[0].table]
        out[name] = view.ranked(book, source, same[0].date, wanted, as_now=as_now)
    return out


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

    def ranks_of(self, role: str) -> tuple[str, ...]:
        return self.book.settings.ranks_of(role)

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
                    _tables(scene, flows, as_now=as_now),
                    scene.people,
                    days,
                    [_flow(book, f) for f in flows],
                    split=scene.split,
                )
            )
        events = book.backend.home(engine.events(scene.people))
        stocks = Stocks(scene.spans, scene.places, scene.ranks_of, events)
        frames = [stocks.frame(wanted), *_states(scene, wanted), _units(scene, stocks, wanted)]
        if added is not None:
            frames += [_additive(scene, added, wanted), _distinct(scene, added, wanted)]
            frames += [_leading(scene, added, wanted), _leading_monthly(scene, added, wanted)]
        return _together(frames, stocks.present(), wanted)
    finally:
        book.backend.forget()


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
        column = held.reindex(index).astype(float)
        if one.kind != "units" or held.notna().any():
            column = column.fillna(0.0)
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
    rows = by_piece.reset_index().merge(_weights(scene), on="piece")
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


def _states(scene: _Scene, wanted: Sequence[Measure]) -> list[pd.DataFrame]:
    """Stocks of people who are something besides being in force, state by state."""
    by_state: dict[view.State, list[Measure]] = {}
    for one in wanted:
        if one.has_state:
            ranks = scene.book.settings.ranks_of(one.ranks) if one.ranks else ()
            is_queue = one.table == "recruits"
            state = view.State(one.since, one.segment, ranks, one.tenure, is_queue)
            by_state.setdefault(state, []).append(one)
    out = []
    for state, own in by_state.items():
        held = view.state(scene.book, scene.people, state)
        events = scene.book.backend.home(engine.events(held))
        found = Stocks(scene.spans, scene.places, scene.ranks_of, events).values(own)
        out.append(found.loc[(found != 0).any(axis=1)])
    return out


def _units(scene: _Scene, stocks: Stocks, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Units counted by the people in them."""
    counted = [m for m in wanted if m.kind == "units"]
    held = [UnitStocks(stocks, one, scene.book.root).values([one]) for one in counted]
    return pd.concat(held, axis=1).loc[stocks.present()] if held else pd.DataFrame()


def _leading(scene: _Scene, added: Any, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Those who lead people on the span's last day, at the unit they led then."""
    led = [m for m in wanted if m.kind == "agents" and m.ranks and m.per == "span"]
    if not led:
        return pd.DataFrame()
    return _holders(scene, added, led, scene.spans.periods, scene.spans.pairs())


def _leading_monthly(scene: _Scene, added: Any, wanted: Sequence[Measure]) -> pd.DataFrame:
    """Those who lead people at the month's end, month by month: the mean of the months."""
    led = [m for m in wanted if m.kind == "agents" and m.ranks and m.per == "month"]
    if not led:
        return pd.DataFrame()
    numbers = list(range(len(scene.spans.pieces)))
    same = {"piece": numbers, "span": numbers}
    by_piece = _holders(scene, added, led, scene.spans.pieces, same)
    rows = by_piece.rename_axis(["place", "piece"]).reset_index().merge(_weights(scene), on="piece")
    codes = [m.code for m in led]
    rows[codes] = rows[codes].mul(rows["weight"], axis=0)
    return rows.groupby(["place", "span"])[codes].sum()


def _holders(
    scene: _Scene,
    added: Any,
    led: Sequence[Measure],
    spans: Sequence[Period | Piece],
    pairs: dict[str, list[int]],
) -> pd.DataFrame:
    """Count those who lead on the last day of each span, by what they did in it."""
    numbers = list(range(len(spans)))
    ends = scene.small({"span": numbers, "end": [s.last.toordinal() for s in spans]})
    holders = engine.led_by_rank(scene.people, scene.book.settings.leading_ranks, ends)
    theirs = engine.placed(added, holders, scene.small(pairs))
    same = scene.small({"piece": numbers, "span": numbers})
    tests = [_test(scene.book, m) for m in led]
    found = engine.by_unit(theirs, scene.at_places(), same, [], tests)
    return _indexed(scene.book.backend.home(found), "span")


def _weights(scene: _Scene) -> pd.DataFrame:
    """List which piece belongs to which span, with its share of the span."""
    pairs = pd.DataFrame(scene.spans.pairs())
    weight = np.array([piece.weight for piece in scene.spans.pieces])
    pairs["weight"] = weight[pairs["piece"]]
    pairs["weight"] /= pairs.groupby("span")["weight"].transform("sum")
    return pairs
