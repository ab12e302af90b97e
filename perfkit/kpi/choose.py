"""Which definitions a request means, and whether the book has what they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perfkit import org
from perfkit.book import Book, Finding
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi.catalogue import Kpi, catalogue, kpi, measures
from perfkit.kpi.need import lacking, thresholds
from perfkit.kpi.observed import observed_measures

__all__ = ["answerable", "by_people", "check_asked", "computable", "lost_findings"]


_PLANNED = ("attainment", "year_progress")
_FROM_CLOSING = ("headcount_opening", "headcount_average")


def missing(book: Book, one: Kpi, seen: set[str]) -> list[str]:
    """List the measures, thresholds and plan that a KPI needs and nothing in the book gives."""
    stock = "headcount_closing" in seen
    lost = [
        code
        for code in one.measures()
        if lacking(book, measures()[code])
        and code not in seen
        and not (stock and code in _FROM_CLOSING)
    ]
    if book.has("agents"):
        bands = sorted(thresholds(one) - set(book.settings.thresholds))
        lost += [f"book.toml [thresholds] {name}" for name in bands]
    return lost + (["targets"] if one.relation in _PLANNED and not book.has("targets") else [])


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
    return [one.code for one in used if not missing(book, one, seen)]


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


def by_people(book: Book, variants: Mapping[str, str]) -> dict[str, str]:
    """Keep variants where the book has people to count; an aggregated book has its own figures.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> by_people(open_book("cases"), {"activity_rate": "monthly_mean"})
    {}
    """
    return dict(variants) if book.has("agents") else {}


def _chosen(
    book: Book, kpis: Sequence[str] | None, variants: Mapping[str, str]
) -> tuple[list[Kpi], list[Kpi]]:
    """Choose the variants: of all that is asked, and of what the book cannot answer."""
    for code, name in variants.items():
        kpi(code).as_variant(name)
    names = computable(book) if kpis is None else list(dict.fromkeys(kpis))
    seen = observed_measures(book)
    asked = [_variant(book, kpi(name), variants) for name in names]
    lost = [one for one in asked if missing(book, one, seen)]
    if lost and len(lost) == len(asked):
        one, code = lost[0], missing(book, lost[0], seen)[0]
        facts = {"measure": _measure(one, code), "lacks": _lacks(book, code)}
        raise PerfkitError("not_computable", kpi=one.code, **facts)
    return asked, lost


def _lacks(book: Book, code: str) -> str:
    """Name the table or column that a measure is missing, or what else the KPI needs."""
    return lacking(book, measures()[code]) if code in measures() else code


def _measure(one: Kpi, code: str) -> str:
    """Name the measure to record instead: what is missing itself, or what the KPI is made from."""
    return code if code in measures() else one.measures()[0]


def lost_findings(book: Book, lost: Sequence[Kpi]) -> list[Finding]:
    """Say what each KPI that cannot be answered would need."""
    seen, out = observed_measures(book), []
    for one in lost:
        code = missing(book, one, seen)[0]
        table, _, column = _lacks(book, code).partition(".")
        facts = {"kpi": one.code, "measure": _measure(one, code), "lacks": _lacks(book, code)}
        out.append(Finding("warning", "not_computable", table, column, 1, (), facts))
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
) -> tuple[list[Kpi], list[Kpi]]:
    """Give the definitions asked for, and those of them that the book cannot answer.

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
    return _chosen(book, kpis, variants)
