"""What a measure needs of a book, and what of it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from perfkit.book import Book, schema
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.matured import lacking_for_cohort

__all__ = ["MONTHS", "as_held", "flows_behind", "lacking", "reads_months", "thresholds"]

MONTHS = "agent_months"

_KNOWN_SINCE = ("listed_on", "seminar_on", "class_on")


def flows_behind(one: Measure, known: Mapping[str, Measure] | None = None) -> list[Measure]:
    """List the flows behind a measure.

    Examples
    --------
    >>> [flow.code for flow in flows_behind(measures()["active_agents"])]
    ['cases']
    """
    known = known or measures()
    if one.kind == "agents":
        return [known[code] for code in (one.of, one.add) if code]
    return [one] if one.kind == "flow" else []


def as_held(book: Book, flow: Measure) -> Measure:
    """Give a flow as the book holds it.

    Where sums of agents and months stand in for policies, it is their column of the flow's own
    name, placed on the first day of the month; a flow that has none stays one of policies.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> as_held(open_book("district_one"), measures()["cases"]).table
    'policies'
    """
    held = flow.table == "policies" and book.monthly and flow.code in schema.table(MONTHS).columns
    return replace(flow, table=MONTHS, date="month", column=flow.code) if held else flow


def reads_months(book: Book, one: Measure) -> bool:
    """Tell whether a measure is answered from sums of agents and months.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> reads_months(open_book("district_one"), measures()["cases"])
    False
    """
    return any(as_held(book, flow).table == MONTHS for flow in flows_behind(one))


def _flow_lacks(book: Book, flow: Measure) -> str:
    """Name the first table or column of a flow that is not there."""
    flow = as_held(book, flow)
    if flow.table == "policies" and book.monthly:  # what a month's sum cannot tell
        return f"policies.{flow.over[0] or flow.date}"
    if not book.has(flow.table):
        return flow.table
    wanted = (flow.date, flow.column, flow.over[0], flow.known, flow.who)
    lost = [c for c in wanted if c and not book.has(flow.table, c)]
    return f"{flow.table}.{lost[0]}" if lost else ""


def _state_lacks(book: Book, one: Measure) -> str:
    """Name what a stock, a movement or units need beside who is in force."""
    if one.table == "recruits":
        if not book.has("recruits", "recruiter_id"):
            return "recruits.recruiter_id" if book.has("recruits") else "recruits"
        return "" if any(book.has("recruits", c) for c in _KNOWN_SINCE) else "recruits.listed_on"
    if one.of in {"promoted", "group_promoted"} and not book.has("moves"):
        return "moves"
    if one.level and one.level not in book.levels:
        return f"agents.{one.level}"
    by_recruiter = "recruiter_id" if one.of.startswith("recruited_") else ""
    for column in (one.since, "segment" if one.segment else "", by_recruiter):
        if column and not book.has("agents", column):
            return f"agents.{column}"
    return ""


def lacking(book: Book, one: Measure) -> str:
    """Name what a measure needs and the book's facts do not have; empty where they give it.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> lacking(b, measures()["cases"]), lacking(b, measures()["visits"])
    ('', 'daily')
    """
    if one.kind == "observed":
        return "observations"
    if not book.has("agents"):
        return "agents"
    if one.kind == "cohort":
        day = f"policies.{one.date}" if one.table == "policies" and book.monthly else ""
        return day or lacking_for_cohort(book, one)
    flows = flows_behind(one)
    missing = [_flow_lacks(book, flow) for flow in flows]
    missing += [_state_lacks(book, one)] if one.kind != "flow" else []
    for m in (one, *flows):
        if m.ranks and m.ranks != "leading" and not book.settings.ranks_of(m.ranks):
            missing.append(f"book.toml [roles] {m.ranks}")
    return next(filter(None, missing), "")


def thresholds(one: Kpi) -> set[str]:
    """List the thresholds a KPI is made with.

    Examples
    --------
    >>> from perfkit.kpi import kpi
    >>> thresholds(kpi("ten_k_share"))
    {'ten_k'}
    """
    own = [measures()[code] for code in one.measures()]
    named = {flow.over[1] for m in own for flow in flows_behind(m)}
    return {n for m in own for n in (m.at_least, m.below) if isinstance(n, str)} | named - {""}
