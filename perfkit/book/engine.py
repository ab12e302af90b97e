"""How facts are added up: one code in Narwhals expressions, run where the frames are.

Money is in whole fen and days are day numbers (``date.toordinal``) here, so that every engine
adds up and compares identically.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as _date

import narwhals as nw
import pandas as pd

from perfkit.book.backend import Backend, Frame

__all__ = [
    "EARLY",
    "FAR",
    "Flow",
    "as_policies",
    "candidates",
    "cells",
    "each_policy",
    "first_day",
    "last_day",
    "numbers",
    "of_agents",
    "recruiters",
    "seated",
    "spells",
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
    known : str or None
        Only rows where this column is filled.
    early : bool
        Only rows of days marked as early.
    who : str
        The column that names the agent.
    """

    code: str
    table: str
    date: str
    column: str | None = None
    over: tuple[str, int] | None = None
    known: str | None = None
    early: bool = False
    who: str = "agent_id"


def _unit(levels: Sequence[str]) -> nw.Expr:
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
        Make every agent a unit of their own, below the unit they were in at the time.

    Returns
    -------
    LazyFrame
        agent_id, unit (path), rank, since, until (first day no longer so), first, last, and
        facts_since, facts_until: open at both ends, so that no fact of the agent is lost.
    """
    first = agents.select(
        "agent_id",
        _unit(levels),
        "rank",
        nw.col("joined_on").alias("since"),
        "joined_on",
        nw.coalesce(nw.col("left_on"), nw.lit(FAR)).alias("left"),
    )
    if moves is None:
        chain = first
    else:
        stay = first.select("agent_id", "joined_on", "left")
        later = moves.select("agent_id", _unit(levels), "rank", nw.col("on").alias("since"))
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
        own = nw.concat_str(["unit", "agent_id"], separator="/")
        chain = chain.with_columns(own.alias("unit"))
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


def numbers(agents: Frame) -> Frame:
    """Give agents numbers from 0 in the order of their codes: small keys for what comes home.

    Returns
    -------
    LazyFrame
        agent_id, agent.
    """
    each = agents.select("agent_id").with_row_index("agent", order_by="agent_id")
    return each.select("agent_id", nw.col("agent").cast(nw.Int64))


def seated(people: Frame, agents: Frame, leaves: Frame, ranks: Frame) -> Frame:
    """Give the spells in small numbers: who, in which leaf unit, of which rank, when.

    Parameters
    ----------
    people : LazyFrame
        The spells.
    agents : LazyFrame
        agent_id, agent.
    leaves : LazyFrame
        unit, leaf.
    ranks : LazyFrame
        rank, height: where each rank stands. A rank that is not in it gets -1.

    Returns
    -------
    LazyFrame
        agent, leaf, rank, since, until, first, last, facts_since, all whole numbers.
    """
    both = people.join(agents, on="agent_id", how="inner").join(leaves, on="unit", how="inner")
    both = both.join(ranks, on="rank", how="left")
    rank = nw.coalesce(nw.col("height"), nw.lit(-1)).alias("rank")
    days = ("since", "until", "first", "last", "facts_since")
    return both.select("agent", "leaf", rank, *days).select(nw.all().cast(nw.Int64))


def of_agents(
    table: Frame, agents: Frame, days: Sequence[str], equals: tuple[str, str] | None = None
) -> Frame:
    """Give the agents' own days and whether a column of theirs has a value, as whole numbers.

    Parameters
    ----------
    table, agents : LazyFrame
        The book's agents; agent_id, agent.
    days : sequence of str
        Date columns; an empty cell becomes `FAR`.
    equals : tuple of (str, str), optional
        A column and a value.

    Returns
    -------
    LazyFrame
        agent, the days, and equal (1 or 0).
    """
    both = table.join(agents, on="agent_id", how="inner")
    columns = [nw.coalesce(nw.col(day), nw.lit(FAR)).cast(nw.Int64).alias(day) for day in days]
    same = nw.lit(value=True) if equals is None else nw.col(equals[0]) == equals[1]
    one = nw.when(same).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64).alias("equal")
    return both.select("agent", *columns, one)


def recruiters(table: Frame, agents: Frame) -> Frame:
    """Give each newcomer's recruiter as a number; -1 where nobody known is named.

    Returns
    -------
    LazyFrame
        agent, joined_on, recruiter.
    """
    theirs = agents.select(
        nw.col("agent_id").alias("recruiter_id"), nw.col("agent").alias("recruiter")
    )
    both = table.join(agents, on="agent_id", how="inner").join(
        theirs, on="recruiter_id", how="left"
    )
    named = nw.coalesce(nw.col("recruiter"), nw.lit(-1)).alias("recruiter")
    return both.select("agent", "joined_on", named).select(nw.all().cast(nw.Int64))


def candidates(recruits: Frame, agents: Frame) -> Frame:
    """Say who had a candidate from which day until which: known until signed or given up.

    Returns
    -------
    LazyFrame
        agent, since, until: whole numbers.
    """
    known = nw.coalesce(nw.col("listed_on"), nw.col("seminar_on"), nw.col("class_on"))
    ends = [nw.coalesce(nw.col(c), nw.lit(FAR)) for c in ("signed_on", "dropped_on")]
    rows = recruits.filter(~nw.col("recruiter_id").is_null())
    rows = rows.with_columns(known.alias("since"), nw.min_horizontal(*ends).alias("until"))
    rows = rows.filter(~nw.col("since").is_null())
    both = rows.join(agents, left_on="recruiter_id", right_on="agent_id", how="inner")
    return both.select("agent", "since", "until").select(nw.all().cast(nw.Int64))


def _amount(flow: Flow) -> nw.Expr | None:
    """Write what a row adds to a flow; None where rows are counted."""
    counts = flow.over is None and flow.known is None and not flow.early
    if flow.column is None and counts:
        return None
    one = nw.lit(1) if flow.column is None else nw.col(flow.column)
    if flow.over is not None:
        one = nw.when(nw.col(flow.over[0]) > flow.over[1]).then(one).otherwise(nw.lit(0))
    if flow.known is not None:
        one = nw.when(~nw.col(flow.known).is_null()).then(one).otherwise(nw.lit(0))
    if flow.early:
        one = nw.when(nw.col("early") == 1).then(one).otherwise(nw.lit(0))
    # As floats, which hold whole numbers exactly up to nine quadrillion: an engine that adds whole
    # numbers keeps room for far larger ones, at a price for each of millions of sums.
    return one.cast(nw.Float64).alias(flow.code)


def cells(
    table: Frame,
    flows: Sequence[Flow],
    days: Frame,
    agents: Frame,
    split: Frame | None = None,
) -> Frame:
    """Add up a table's rows by agent and atom of time. The only step that sees facts.

    Parameters
    ----------
    table : LazyFrame
        The facts.
    flows : sequence of Flow
        What to add up: all of one date and one naming of the agent.
    days : LazyFrame
        day, atom, early: the days asked for; a day belongs to one atom.
    agents : LazyFrame
        agent_id, agent.
    split : LazyFrame, optional
        agent, atom: add up these by day.

    Returns
    -------
    LazyFrame
        agent, atom, one column a flow [fen or rows], and with `split` also at: the day, or -1.
    """
    date, who = flows[0].date, flows[0].who
    needed = {c for f in flows for c in (f.column, f.known, f.over and f.over[0]) if c}
    filled = [~nw.col(name).is_null() for name in dict.fromkeys((date, who))]
    rows = table.filter(*filled).select(
        nw.col(who).alias("agent_id"), nw.col(date).alias("day"), *sorted(needed)
    )
    amounts = {flow.code: _amount(flow) for flow in flows}
    rows = rows.join(days, on="day", how="inner")
    rows = rows.select("agent_id", "day", "atom", *(a for a in amounts.values() if a is not None))
    keys = ["agent_id", "atom"]
    if split is not None:
        finer = split.join(agents, on="agent", how="inner").select(*keys, nw.lit(1).alias("finer"))
        rows = rows.join(finer, on=keys, how="left")
        day = nw.when(nw.col("finer").is_null()).then(nw.lit(-1)).otherwise(nw.col("day"))
        rows, keys = rows.with_columns(day.alias("at")), [*keys, "at"]
    counted = [nw.len().alias(c) if a is None else nw.col(c).sum() for c, a in amounts.items()]
    added = rows.group_by(*keys).agg(*counted)
    both = added.join(agents, on="agent_id", how="inner")
    sums = [nw.col(f.code).fill_null(0).cast(nw.Int64) for f in flows]
    small = [nw.col(key).cast(nw.Int32) for key in ("agent", *keys[1:])]
    return both.select(*small, *sums)


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


def as_policies(months: Frame, column: str) -> Frame:
    """Lay sums of agents and months out as `each_policy` takes policies: one a row with anything.

    Returns
    -------
    LazyFrame
        policy_id (the agent's code), agent_id, month, the column, premium (zero). [fen or rows]
    """
    one = nw.coalesce(nw.col(column), nw.lit(0)).alias(column)
    rows = months.select("agent_id", "month", one).filter(nw.col(column) != 0)
    return rows.with_columns(nw.col("agent_id").alias("policy_id"), nw.lit(0).alias("premium"))


def first_day(side: Backend, table: Frame, column: str) -> _date | None:
    """Find the first day of the month of a column's earliest day; None for an empty table."""
    found = side.home(table.select(nw.col(column).min()))[column].iloc[0]
    return None if pd.isna(found) else _date.fromordinal(int(found)).replace(day=1)


def last_day(side: Backend, table: Frame, column: str, most: _date) -> _date | None:
    """Find a column's latest day up to another; None where there is none."""
    rows = table.filter(nw.col(column) <= most.toordinal())
    found = side.home(rows.select(nw.col(column).max()))[column].iloc[0]
    return None if pd.isna(found) else _date.fromordinal(int(found))
