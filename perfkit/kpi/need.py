"""What a measure needs of a book, and what of it is not there."""

from __future__ import annotations

from perfkit.book import Book, view
from perfkit.kpi.catalogue import Kpi, Measure, measures

__all__ = ["flows_behind", "lacking", "thresholds"]


def flows_behind(one: Measure) -> list[Measure]:
    """List the flows behind a measure.

    Examples
    --------
    >>> [flow.code for flow in flows_behind(measures()["active_agents"])]
    ['cases']
    """
    if one.kind == "agents":
        return [measures()[code] for code in (one.of, one.add) if code]
    return [one] if one.kind == "flow" else []


def _flow_lacks(book: Book, flow: Measure) -> str:
    """Name the first table or column of a flow that is not there."""
    made = view.VIEWS.get(flow.table)
    table = made.base if made else flow.table
    own = made.own if made else ()
    wanted = [*(made.needs if made else ()), flow.date, flow.column, flow.over[0]]
    if not book.has(table):
        return table
    for column in wanted:
        if column and column not in own and not book.has(table, column):
            return f"{table}.{column}"
    level = made.level if made else ""
    return "" if not level or level in book.levels else f"agents.{level}"


def _stock_lacks(book: Book, one: Measure) -> str:
    if one.table == "recruits":
        known = ("listed_on", "seminar_on", "class_on")
        if not book.has("recruits", "recruiter_id"):
            return "recruits.recruiter_id" if book.has("recruits") else "recruits"
        return "" if any(book.has("recruits", c) for c in known) else "recruits.listed_on"
    for column in (one.since, "segment" if one.segment else "", one.level):
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
    for flow in flows_behind(one):
        if missing := _flow_lacks(book, flow):
            return missing
    if missing := _stock_lacks(book, one):
        return missing
    for m in (one, *flows_behind(one)):
        if m.ranks and m.ranks != "leading" and not book.settings.ranks_of(m.ranks):
            return f"book.toml [roles] {m.ranks}"
    return ""


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
