"""Which definitions a request means, and whether the book has what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perfkit import org
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi.catalogue import Kpi, Measure, catalogue, kpi, measures
from perfkit.kpi.matured import from_cohorts
from perfkit.kpi.observed import observed_measures

__all__ = ["answerable", "check_asked", "computable", "from_facts"]


def from_facts(book: Book, one: Measure) -> bool:
    """Tell whether the book's facts give a measure."""
    if one.kind == "observed" or not book.has("agents"):
        return False
    if one.kind == "cohort":
        return from_cohorts(book, one)
    return all(
        book.has(flow.table, *filter(None, (flow.date, flow.column, flow.over[0])))
        for flow in flows_behind(one)
    )


def flows_behind(one: Measure) -> list[Measure]:
    """List the flows behind a measure."""
    if one.kind == "agents":
        return [measures()[code] for code in (one.of, one.add) if code]
    return [one] if one.kind == "flow" else []


def _thresholds(one: Kpi) -> set[str]:
    """List the thresholds a KPI is made with."""
    own = [measures()[code] for code in one.measures()]
    named = {flow.over[1] for m in own for flow in flows_behind(m)}
    return {n for m in own for n in (m.at_least, m.below) if isinstance(n, str)} | named - {""}


def _missing(book: Book, one: Kpi, seen: set[str]) -> list[str]:
    """List the measures of a KPI that nothing in the book gives."""
    stock = "headcount_closing" in seen
    return [
        code
        for code in one.measures()
        if not from_facts(book, measures()[code])
        and code not in seen
        and not (stock and measures()[code].kind == "stock" and not measures()[code].ranks)
    ]


def _variant(book: Book, one: Kpi, chosen: Mapping[str, str]) -> Kpi:
    """Choose the variant: the call's, else the book's, else the one the book's rules imply."""
    if one.code in chosen:
        return one.as_variant(chosen[one.code])
    if one.code in book.settings.variants:
        return one.as_variant(book.settings.variants[one.code])
    rules = book.settings.rules
    if rules["active"] == "premium>0" and "by_amount" in one.names:
        return one.as_variant("by_amount")
    return one.as_variant(rules["stage"]) if rules["stage"] in one.names else one


def computable(book: Book) -> list[str]:
    """List the KPIs the book can answer, in the variant it uses by default.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> "activity_rate" in computable(open_book("district_one"))
    True
    """
    seen = observed_measures(book)
    used = [_variant(book, one, {}) for one in catalogue().values()]
    return [
        one.code
        for one in used
        if not _missing(book, one, seen)
        and (not book.has("agents") or _thresholds(one) <= set(book.settings.thresholds))
    ]


def answerable(book: Book, kpis: Sequence[str]) -> list[str]:
    """Keep the KPIs that the book can answer, in their order; an unknown code is refused.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        What one would like to show.

    Returns
    -------
    list of str

    Raises
    ------
    UnknownName
        No such KPI.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> answerable(open_book("cases"), ["premium_submitted", "cases"])
    ['premium_submitted']
    """
    here = set(computable(book))
    return [code for code in (kpi(asked).code for asked in kpis) if code in here]


def _chosen(book: Book, kpis: Sequence[str] | None, variants: Mapping[str, str]) -> list[Kpi]:
    for code in variants:
        kpi(code)
    names = computable(book) if kpis is None else list(dict.fromkeys(kpis))
    seen = observed_measures(book)
    out = []
    for name in names:
        one = _variant(book, kpi(name), variants)
        if missing := _missing(book, one, seen):
            raise PerfkitError("not_computable", kpi=name, measure=missing[0])
        out.append(one)
    return out


def _check_level(book: Book, by: str) -> None:
    """Refuse a level that the book's people are not placed at."""
    org.check_level(by, book.root)
    levels = [*book.levels, "agent"]
    if book.has("agents") and by not in levels:
        raise UnknownName(kind="level", name=by, allowed=levels)


def check_asked(
    book: Book,
    levels: Sequence[str],
    kpis: Sequence[str] | None,
    variants: Mapping[str, str],
    org_as: str,
) -> tuple[list[Kpi], bool]:
    """Give the definitions asked for, and whether in today's organisation.

    Raises
    ------
    UnknownName
        No such KPI, level or variant.
    PerfkitError
        The level lies above the book's root, or the book has nothing a KPI asked for needs.
    """
    for level in levels:
        _check_level(book, level)
    if org_as not in {"was", "now"}:
        raise UnknownName(kind="setting", name=org_as, allowed=["was", "now"])
    return _chosen(book, kpis, variants), org_as == "now"
