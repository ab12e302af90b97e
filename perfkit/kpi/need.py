"""What a measure needs of a book, and what of it is not there."""

from __future__ import annotations

from collections.abc import Mapping

from perfkit.book import Book
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.matured import lacking_for_cohort

__all__ = ["flows_behind", "lacking", "thresholds"]

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


def _flow_lacks(book: Book, flow: Measure) -> str:
    """Name the first table or column of a flow that is not there."""
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
        return lacking_for_cohort(book, one)
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
