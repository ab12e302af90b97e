"""How facts are added up: one code in Narwhals expressions, run where the frames are.

Money is in whole fen and days are day numbers (``date.toordinal``) here, so that every engine
adds up and compares identically.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as _date

import narwhals as nw
import pandas as pd

from perfkit.book.backend import Backend, Frame

__all__ = [
    "AgentTest",
    "Flow",
    "by_agent",
    "by_unit",
    "each_policy",
    "events",
    "first_day",
    "led_by_rank",
    "placed",
    "spells",
    "unit_path",
]

FAR = _date.max.toordinal()
EARLY = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """What is added up over a table's rows, on a day of theirs.

    Attributes
    ----------
    code : str
        The measure's name.
    table, date : str
        The table, and its date column that places a row in time.
    column : str or None
        What is summed; None counts rows. [money in fen]
    over : tuple of (str, int) or None
        Only rows whose column is above the amount. [fen]
    """

    code: str
    table: str
    date: str
    column: str | None = None
    over: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class AgentTest:
    """Agents counted when their own sum of a flow over the span lies in a band.

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
    """

    code: str
    of: str
    at_least: int
    below: int | None = None
    add: str | None = None

    def expression(self) -> nw.Expr:
        """Turn the test into a column of ones and zeros, or of the flow and zeros."""
        found = nw.col(self.of) >= self.at_least
        if self.below is not None:
            found = found & (nw.col(self.of) < self.below)
        counted = nw.lit(1) if self.add is None else nw.col(self.add)
        return nw.when(found).then(counted).otherwise(nw.lit(0)).cast(nw.Int64).alias(self.code)


def unit_path(levels: Sequence[str]) -> nw.Expr:
    """Write the unit id of a row of agents or moves."""
    return nw.concat_str([nw.col(level) for level in levels], separator="/").alias("unit")


def spells(
    agents: Frame,
    moves: Frame | None,
    levels: Sequence[str],
    *,
    as_now: bool,
    each_agent: bool = False,
) -> Frame:
    """Say who belonged where, with which rank, from which day until which.

    Parameters
    ----------
    agents, moves : LazyFrame
        The book's tables; `moves` may be None.
    levels : sequence of str
        The unit columns from the book's root down.
    as_now : bool
        Place everybody in the last unit and rank for the whole time.
    each_agent : bool, default False
        Make every agent a unit of their own, below the unit they were last in.

    Returns
    -------
    LazyFrame
        agent_id, unit (path), rank, since, until (first day no longer so), first, last, and
        facts_since, facts_until: open at both ends, so that no fact of the agent is lost.
    """
    first = agents.select(
        "agent_id",
        unit_path(levels),
        "rank",
        nw.col("joined_on").alias("since"),
        "joined_on",
        nw.coalesce(nw.col("left_on"), nw.lit(FAR)).alias("left"),
    )
    if moves is None:
        chain = first
    else:
        stay = first.select("agent_id", "joined_on", "left")
        later = moves.select("agent_id", unit_path(levels), "rank", nw.col("on").alias("since"))
        later = later.join(stay, on="agent_id", how="inner")
        later = later.filter(
            nw.col("since") > nw.col("joined_on"), nw.col("since") < nw.col("left")
        ).select(first.collect_schema().names())
        chain = nw.concat([first, later], how="vertical")
    following = nw.col("since").shift(-1).over("agent_id", order_by="since")
    chain = chain.with_columns(following.alias("following"))
    chain = chain.with_columns(
        (nw.col("since") == nw.col("joined_on")).alias("first"),
        nw.col("following").is_null().alias("last"),
        nw.coalesce(nw.col("following"), nw.col("left")).alias("until"),
    )
    if as_now:
        chain = chain.filter(nw.col("last")).with_columns(
            nw.col("joined_on").alias("since"), nw.lit(value=True).alias("first")
        )
    if each_agent:
        chain = _each_agent(chain)
    at = nw.when(nw.col("first")).then(nw.lit(EARLY)).otherwise(nw.col("since"))
    to = nw.when(nw.col("last")).then(nw.lit(FAR)).otherwise(nw.col("until"))
    return chain.select(
        "agent_id",
        "unit",
        "rank",
        "since",
        "until",
        "first",
        "last",
        at.alias("facts_since"),
        to.alias("facts_until"),
    )


def _each_agent(chain: Frame) -> Frame:
    home = chain.filter(nw.col("last")).select(
        "agent_id", nw.concat_str(["unit", "agent_id"], separator="/").alias("own")
    )
    return chain.join(home, on="agent_id", how="inner").with_columns(nw.col("own").alias("unit"))


def _stream(table: Frame, date: str, flows: Sequence[Flow], every: Sequence[str]) -> Frame:
    """Turn a table's rows into columns of what is added up; the other flows are zero."""

    def amount(flow: Flow) -> nw.Expr:
        one = nw.lit(1) if flow.column is None else nw.col(flow.column)
        if flow.over is not None:
            one = nw.when(nw.col(flow.over[0]) > flow.over[1]).then(one).otherwise(nw.lit(0))
        return one.cast(nw.Int64).alias(flow.code)

    here = {flow.code: amount(flow) for flow in flows}
    zero = nw.lit(0).cast(nw.Int64)
    columns = [here.get(code, zero.alias(code)) for code in every]
    return table.filter(~nw.col(date).is_null()).select(
        "agent_id", nw.col(date).alias("day"), *columns
    )


def by_agent(
    tables: Mapping[str, Frame],
    people: Frame,
    days: Frame,
    flows: Sequence[Flow],
    *,
    split: bool,
) -> Frame:
    """Add up the facts once: agent by unit by piece of time. The only step that sees facts.

    Parameters
    ----------
    tables : mapping of str to LazyFrame
        The tables the flows name.
    people : LazyFrame
        The spells.
    days : LazyFrame
        day, piece: the days asked for; a day may belong to several pieces.
    flows : sequence of Flow
        What to add up.
    split : bool
        Whether agents have more than one spell, so that the day decides the unit.

    Returns
    -------
    LazyFrame
        agent_id, unit, piece and one column a flow. [fen or rows]
    """
    codes = [flow.code for flow in flows]
    streams = []
    for (table, date), group in itertools.groupby(
        sorted(flows, key=lambda f: (f.table, f.date)), key=lambda f: (f.table, f.date)
    ):
        rows = _stream(tables[table], date, list(group), codes)
        rows = rows.join(days, on="day", how="inner")
        if split:
            rows = rows.join(people, on="agent_id", how="inner").filter(
                nw.col("facts_since") <= nw.col("day"), nw.col("day") < nw.col("facts_until")
            )
            keys = ["agent_id", "unit", "piece"]
        else:
            keys = ["agent_id", "piece"]
        streams.append(rows.group_by(keys).agg(*(nw.col(c).sum() for c in codes)))
    added = streams[0] if len(streams) == 1 else _added(streams, keys, codes)
    if not split:
        added = added.join(people.select("agent_id", "unit"), on="agent_id", how="inner")
    return added.select("agent_id", "unit", "piece", *(nw.col(c).cast(nw.Int64) for c in codes))


def _added(streams: Sequence[Frame], keys: list[str], codes: Sequence[str]) -> Frame:
    same = [s.select(*keys, *(nw.col(c).cast(nw.Int64) for c in codes)) for s in streams]
    stacked = nw.concat(same, how="vertical")
    return stacked.group_by(keys).agg(*(nw.col(c).sum() for c in codes))


def by_unit(
    added: Frame, places: Frame, spans: Frame, flows: Iterable[str], tests: Iterable[AgentTest]
) -> Frame:
    """Add up agents to units and spans, counting each agent once a unit and span.

    Parameters
    ----------
    added : LazyFrame
        What `by_agent` gave.
    places : LazyFrame
        unit, place: the ancestor of every unit at the level asked for.
    spans : LazyFrame
        piece, span: which pieces make up a span.
    flows : iterable of str
        Flows to add up.
    tests : iterable of AgentTest
        Agents to count, or whose flow to add up.

    Returns
    -------
    LazyFrame
        place, span, one column a flow and a test. [fen, rows or agents]
    """
    codes, counted = list(flows), list(tests)
    used = sorted({*codes, *(t.of for t in counted), *(t.add for t in counted if t.add)})
    each = added.join(places, on="unit", how="inner").join(spans, on="piece", how="inner")
    each = each.group_by("agent_id", "place", "span").agg(*(nw.col(c).sum() for c in used))
    each = each.select("place", "span", *codes, *(t.expression() for t in counted))
    return each.group_by("place", "span").agg(
        *(nw.col(c).sum() for c in [*codes, *(t.code for t in counted)])
    )


def led_by_rank(people: Frame, ranks: Sequence[str], ends: Frame) -> Frame:
    """Find who held one of the ranks on the last day of each span, and where.

    Parameters
    ----------
    people : LazyFrame
        The spells.
    ranks : sequence of str
        The ranks that count.
    ends : LazyFrame
        span, end: the last day of every span.

    Returns
    -------
    LazyFrame
        agent_id, unit, span.
    """
    leaders = people.filter(nw.col("rank").is_in(list(ranks)))
    both = leaders.join(ends, how="cross")
    held = both.filter(nw.col("since") <= nw.col("end"), nw.col("end") < nw.col("until"))
    return held.select("agent_id", "unit", "span")


def placed(added: Frame, holders: Frame, spans: Frame) -> Frame:
    """Give the sums of the holders found, at the unit where they were found.

    Returns
    -------
    LazyFrame
        agent_id, unit, piece (numbered as the span), and the flows.
    """
    codes = [c for c in added.collect_schema().names() if c not in {"agent_id", "unit", "piece"}]
    sums = added.join(spans, on="piece", how="inner").group_by("agent_id", "span")
    each = sums.agg(*(nw.col(c).sum() for c in codes)).join(
        holders, on=["agent_id", "span"], how="inner"
    )
    return each.select("agent_id", "unit", nw.col("span").alias("piece"), *codes)


def events(people: Frame) -> Frame:
    """Count the changes of headcount a day: what stocks, recruits and leavers are made from.

    Returns
    -------
    LazyFrame
        unit, rank, day, change (+1 in, -1 out, added up), came, joined, left. [persons]
    """
    codes = ("change", "came", "joined", "left")
    one, none = nw.lit(1), nw.lit(0)
    into = people.select(
        "unit",
        "rank",
        nw.col("since").alias("day"),
        one.alias("change"),
        one.alias("came"),
        nw.when(nw.col("first")).then(one).otherwise(none).alias("joined"),
        none.alias("left"),
    )
    out = people.filter(nw.col("until") < nw.lit(FAR)).select(
        "unit",
        "rank",
        nw.col("until").alias("day"),
        nw.lit(-1).alias("change"),
        none.alias("came"),
        none.alias("joined"),
        nw.when(nw.col("last")).then(one).otherwise(none).alias("left"),
    )
    ints = [nw.col(c).cast(nw.Int64) for c in codes]
    both = nw.concat([f.select("unit", "rank", "day", *ints) for f in (into, out)], how="vertical")
    return both.group_by("unit", "rank", "day").agg(*(nw.col(c).sum() for c in codes))


def each_policy(
    tables: Mapping[str, Frame],
    levels: Sequence[str],
    date: str,
    column: str,
    days: tuple[int, int],
) -> Frame:
    """Lay out the policies of a span with the unit they belonged to on the day.

    Parameters
    ----------
    tables : mapping of str to LazyFrame
        agents, policies and, where there are any, moves.
    levels : sequence of str
        The unit columns from the root down.
    date, column : str
        Which day places a policy, and which amount is wanted.
    days : tuple of int
        First and last day. [day numbers]

    Returns
    -------
    LazyFrame
        policy_id, agent_id, unit, day, value, premium. [fen]
    """
    people = spells(tables["agents"], tables.get("moves"), levels, as_now=False)
    day = nw.col(date)
    rows = tables["policies"].filter(day >= days[0], day <= days[1])
    rows = rows.select(
        "policy_id", "agent_id", day.alias("day"), nw.col(column).alias("value"), "premium"
    )
    both = rows.join(people, on="agent_id", how="inner")
    return both.filter(
        nw.col("facts_since") <= nw.col("day"), nw.col("day") < nw.col("facts_until")
    ).select("policy_id", "agent_id", "unit", "day", "value", "premium")


def first_day(side: Backend, table: Frame, column: str) -> _date | None:
    """Find the first day of the month of a column's earliest day; None for an empty table."""
    found = side.home(table.select(nw.col(column).min()))[column].iloc[0]
    return None if pd.isna(found) else _date.fromordinal(int(found)).replace(day=1)
