"""Tables that follow from the book's own, for flows and stocks that no single table holds.

A view has rows of agents on days, like policies, and is added up like them. A state says from
which day until which a person is something: licensed, regular, of some years in the force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from perfkit.book import engine, schema
from perfkit.book.backend import Frame

__all__ = ["VIEWS", "Ranked", "State", "View", "build", "is_money", "ranked", "state"]


@dataclass(frozen=True, slots=True)
class View:
    """What a view is made from.

    Attributes
    ----------
    base : str
        The table whose rows it selects; its columns keep their names.
    needs : tuple of str
        Columns of the base it cannot do without.
    own : tuple of str
        Columns it works out. [rows]
    level : str
        The unit level the book must have.
    """

    base: str
    needs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    level: str = ""


VIEWS: Mapping[str, View] = {
    "policies_first_week": View("policies"),
    "attendance": View("daily", ("attended",)),
    "prospect_lists": View("daily", ("prospects",)),
    "candidates": View("recruits", ("recruiter_id",)),
    "recruiting": View("agents", ("recruiter_id",)),
    "newcomers": View("agents", ("recruiter_id",), ("direct", "indirect", "unassigned")),
    "promotions": View("moves"),
    "group_promotions": View("moves", level="group"),
}


def is_money(table: str, column: str) -> bool:
    """Say whether a column of a table or view holds money.

    Examples
    --------
    >>> is_money("policies_first_week", "premium"), is_money("newcomers", "direct")
    (True, False)
    """
    columns = schema.table(VIEWS[table].base if table in VIEWS else table).columns
    return column in columns and columns[column].type == "yuan"


@dataclass(frozen=True, slots=True)
class Ranked:
    """Count a row, or its column, only on days when its agent held a rank for some years.

    Attributes
    ----------
    code : str
        The column it becomes.
    column : str
        What is added up; empty counts rows.
    ranks : tuple of str
        The ranks that count.
    tenure : tuple of int or None
        Years in the force: at least, and below. None: any.
    """

    code: str
    column: str
    ranks: tuple[str, ...]
    tenure: tuple[int, int | None] | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What somebody in force must be to count.

    Attributes
    ----------
    since : str
        Only from the day in this column of agents on.
    segment : str
        Only agents of this market.
    ranks : tuple of str
        Only while of one of these ranks; empty: any.
    tenure : tuple of int or None
        Only while this many years in the force: at least, and below.
    candidates : bool
        Candidates of the table recruits on their way, instead of people in force.
    """

    since: str = ""
    segment: str = ""
    ranks: tuple[str, ...] = ()
    tenure: tuple[int, int | None] | None = None
    candidates: bool = False


def _spells(book: Any, *, as_now: bool = False) -> Frame:
    agents, moves = book.tables["agents"], book.tables.get("moves")
    return engine.spells(agents, moves, book.levels, as_now=as_now)


def _of_recruiter(table: Frame, *columns: str) -> Frame:
    """Place rows at the agent who recruited; rows without one have no place."""
    rows = table.filter(~nw.col("recruiter_id").is_null())
    return rows.select(nw.col("recruiter_id").alias("agent_id"), *columns)


def _first_week(book: Any, days: Sequence[int]) -> Frame:
    """Keep the dates of policies that lie in the first days of their month, the others empty."""
    until = book.settings.first_week_day
    early = [day for day in sorted(set(days)) if dt.date.fromordinal(day).day <= until]
    rows: Frame = book.tables["policies"]
    for date in ("submitted_on", "issued_on"):
        name = f"early_{date}"
        small = book.backend.small({name: early or [0]})
        small = small.select(nw.col(name).alias("day"), nw.col(name))
        rows = rows.join(small, left_on=date, right_on="day", how="left")
    kept = ("agent_id", "premium", "standard_premium", "fyc")
    early_dates = [nw.col(f"early_{date}").alias(date) for date in ("submitted_on", "issued_on")]
    return rows.select(*kept, *early_dates)


def _newcomers(book: Any) -> Frame:
    """Say of each newcomer whether the recruiter was in the same lowest unit on the first day."""
    agents: Frame = book.tables["agents"]
    new = agents.select(
        "agent_id", "joined_on", "recruiter_id", engine.unit_path(book.levels).alias("own")
    )
    theirs = _spells(book).select(
        nw.col("agent_id").alias("recruiter"), "unit", "facts_since", "facts_until"
    )
    known = new.join(theirs, left_on="recruiter_id", right_on="recruiter", how="inner")
    known = known.filter(
        nw.col("facts_since") <= nw.col("joined_on"), nw.col("joined_on") < nw.col("facts_until")
    ).select("agent_id", nw.col("unit").alias("whose"))
    both = new.join(known, on="agent_id", how="left")
    nobody, same = nw.col("whose").is_null(), nw.col("whose") == nw.col("own")
    kinds = {"direct": ~nobody & same, "indirect": ~nobody & ~same, "unassigned": nobody}
    counted = [
        nw.when(is_so).then(nw.lit(1)).otherwise(nw.lit(0)).alias(name)
        for name, is_so in kinds.items()
    ]
    return both.select("agent_id", "joined_on", *counted)


def _promotions(book: Any) -> Frame:
    """List the moves to a rank that stands higher in book.toml than the one before."""
    ranks = list(book.settings.ranks)
    order = {"rank": ranks, "height": list(range(len(ranks)))}
    people = _spells(book).join(book.backend.small(order), on="rank", how="inner")
    before = nw.col("height").shift(1).over("agent_id", order_by="since").alias("before")
    found = people.with_columns(before).filter(nw.col("height") > nw.col("before"))
    return found.select("agent_id", "unit", "rank", nw.col("since").alias("on"))


def _group_promotions(book: Any) -> Frame:
    """List the groups whose first day is that of a promotion to lead them, once each."""
    founded = _spells(book).group_by("unit").agg(nw.col("since").min().alias("founded"))
    rows = _promotions(book).filter(nw.col("rank").is_in(list(book.settings.leading_ranks)))
    rows = rows.join(founded, on="unit", how="inner").filter(nw.col("on") == nw.col("founded"))
    return rows.group_by("unit", "on").agg(nw.col("agent_id").min())


def build(book: Any, names: Iterable[str], days: Sequence[int]) -> dict[str, Frame]:
    """Make the views asked for.

    Parameters
    ----------
    book : Book
        Whose tables they follow from.
    names : iterable of str
        Tables and views; tables are left out.
    days : sequence of int
        The days asked for. [day numbers]

    Returns
    -------
    dict of str to LazyFrame
        agent_id, the base's dates and columns.
    """
    daily, made = book.tables.get("daily"), {}
    for name in dict.fromkeys(names):
        if name == "policies_first_week":
            made[name] = _first_week(book, days)
        elif name in {"attendance", "prospect_lists"}:
            made[name] = daily.filter(~nw.col(VIEWS[name].needs[0]).is_null())
        elif name == "candidates":
            dates = ("seminar_on", "class_on", "signed_on", "licensed_on")
            made[name] = _of_recruiter(book.tables["recruits"], *dates)
        elif name == "recruiting":
            made[name] = _of_recruiter(book.tables["agents"], "joined_on")
        elif name == "newcomers":
            made[name] = _newcomers(book)
        elif name == "promotions":
            made[name] = _promotions(book)
        elif name == "group_promotions":
            made[name] = _group_promotions(book)
    return made


def _years_on(ordinal: int, years: int) -> int:
    """Give the first day on which so many years are full; 29 February is full on 1 March."""
    day = dt.date.fromordinal(ordinal)
    try:
        return day.replace(year=day.year + years).toordinal()
    except ValueError:
        return dt.date(day.year + years, 3, 1).toordinal()


def _full(book: Any, people: Frame, tenures: Iterable[tuple[int, int | None]]) -> Frame:
    """Add the day on which each number of years in the force is full: full_<years>."""
    years = sorted({year for tenure in tenures for year in tenure if year})
    if not years:
        return people
    joined = book.tables["agents"].select("agent_id", nw.col("joined_on").alias("came_on"))
    days = sorted({int(d) for d in book.backend.home(joined.select("came_on").unique())["came_on"]})
    small = {"came_on": days or [0]}
    small |= {f"full_{year}": [_years_on(d, year) for d in small["came_on"]] for year in years}
    return people.join(joined, on="agent_id", how="inner").join(
        book.backend.small(small), on="came_on", how="inner"
    )


def ranked(book: Any, table: Frame, date: str, wanted: Sequence[Ranked], *, as_now: bool) -> Frame:
    """Split a table's rows by the rank of their agent on their day.

    Parameters
    ----------
    book : Book
        Whose agents and moves say the ranks.
    table : LazyFrame
        A table or a view; its own column rank, where it has one, goes before.
    date : str
        The day of a row.
    wanted : sequence of Ranked
        The columns to make.
    as_now : bool
        The rank of today instead of that of the day.

    Returns
    -------
    LazyFrame
        agent_id, the date, and one column for each of `wanted`. [as the column, or rows]
    """
    rows = table.filter(~nw.col(date).is_null())
    if "rank" not in rows.collect_schema().names():
        people = _spells(book, as_now=as_now)
        people = _full(book, people, [one.tenure for one in wanted if one.tenure])
        people = people.drop("unit", "since", "until", "first", "last")
        rows = rows.join(people, on="agent_id", how="inner").filter(
            nw.col("facts_since") <= nw.col(date), nw.col(date) < nw.col("facts_until")
        )
    made = []
    for one in wanted:
        is_so = nw.col("rank").is_in(list(one.ranks))
        least, below = one.tenure or (0, None)
        if least:
            is_so = is_so & (nw.col(date) >= nw.col(f"full_{least}"))
        if below:
            is_so = is_so & (nw.col(date) < nw.col(f"full_{below}"))
        value = nw.col(one.column) if one.column else nw.lit(1)
        made.append(nw.when(is_so).then(value).otherwise(nw.lit(0)).alias(one.code))
    return rows.select("agent_id", date, *made)


def _clipped(people: Frame, since: nw.Expr | None, until: nw.Expr | None) -> Frame:
    """Let spells begin no earlier and end no later; what has no day left goes."""
    if since is not None:
        later = nw.when(since > nw.col("since")).then(since).otherwise(nw.col("since"))
        people = people.with_columns(later.alias("since"))
    if until is not None:
        sooner = nw.when(until < nw.col("until")).then(until).otherwise(nw.col("until"))
        people = people.with_columns(sooner.alias("until"))
    return people.filter(nw.col("since") < nw.col("until"))


def _candidates(book: Any, people: Frame) -> Frame:
    """Say who was a candidate from which day until which, at the recruiter's unit of the day."""
    known = nw.coalesce(nw.col("listed_on"), nw.col("seminar_on"), nw.col("class_on"))
    far = nw.lit(engine.FAR)
    ends = [nw.coalesce(nw.col(c), far) for c in ("signed_on", "dropped_on")]
    rows = book.tables["recruits"].filter(~nw.col("recruiter_id").is_null())
    rows = rows.with_columns(known.alias("from"), nw.min_horizontal(*ends).alias("to"))
    rows = rows.filter(~nw.col("from").is_null())
    rows = rows.select(nw.col("recruiter_id").alias("agent_id"), "from", "to")
    theirs = people.with_columns(
        nw.col("facts_since").alias("since"), nw.col("facts_until").alias("until")
    )
    both = theirs.join(rows, on="agent_id", how="inner")
    return _clipped(both, nw.col("from"), nw.col("to"))


def state(book: Any, people: Frame, one: State) -> Frame:
    """Keep the part of everybody's time in which they are what is asked.

    Parameters
    ----------
    book : Book
        Whose tables say it.
    people : LazyFrame
        The spells.
    one : State
        What they must be.

    Returns
    -------
    LazyFrame
        Spells, shortened: unit, rank, since, until, first, last.
    """
    if one.ranks:
        people = people.filter(nw.col("rank").is_in(list(one.ranks)))
    if one.candidates:
        people = _candidates(book, people)
    agents = book.tables["agents"]
    if one.segment:
        own = agents.filter(nw.col("segment") == one.segment).select("agent_id")
        people = people.join(own, on="agent_id", how="inner")
    if one.since:
        own = agents.filter(~nw.col(one.since).is_null())
        own = own.select("agent_id", nw.col(one.since).alias("begun"))
        people = _clipped(people.join(own, on="agent_id", how="inner"), nw.col("begun"), None)
    if one.tenure:
        least, below = one.tenure
        people = _clipped(
            _full(book, people, [one.tenure]),
            nw.col(f"full_{least}") if least else None,
            nw.col(f"full_{below}") if below else None,
        )
    days = [nw.col(c).cast(nw.Int64) for c in ("since", "until")]
    return people.select("unit", "rank", *days, "first", "last")
