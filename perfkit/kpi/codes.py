"""Names that only the catalogue can judge: in targets, observations and book.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from perfkit.book import Book, Finding
from perfkit.errors import nearest
from perfkit.kpi.catalogue import catalogue, measures

__all__ = ["check_codes"]


def _unknown(rule: str, table: str, names: Iterable[str], known: Collection[str]) -> list[Finding]:
    seen: dict[str, int] = {}
    for name in names:
        if name not in known:
            seen[name] = seen.get(name, 0) + 1
    return [
        Finding("warning", rule, table, name, count, (), {"near": nearest(name, known)})
        for name, count in seen.items()
    ]


def check_codes(book: Book) -> list[Finding]:
    """List names in the book that mean nothing to the catalogue.

    Parameters
    ----------
    book : Book
        Opened, so its tables are readable.

    Returns
    -------
    list of Finding
        Warnings, one a name: KPIs of targets, control totals and actions, measures of observations,
        thresholds and variants of book.toml.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> check_codes(open_book("district_one"))
    []
    """
    found: list[Finding] = []
    for table in ("targets", "control", "actions"):
        if book.has(table, "kpi"):
            named = book.home(table)["kpi"].dropna()
            found += _unknown("unknown_kpi", table, named, catalogue())
    if book.has("observations"):
        seen = book.home("observations")["measure"]
        found += _unknown("unknown_kpi", "observations", seen, measures())
    bands = [(m.over[1], m.at_least, m.below) for m in measures().values()]
    thresholds = {name for band in bands for name in band if isinstance(name, str) and name}
    found += _unknown("unknown_setting", "", book.settings.thresholds, thresholds)
    variants = {f"{code}={name}" for code, one in catalogue().items() for name in one.names}
    chosen = [f"{code}={name}" for code, name in book.settings.variants.items()]
    return found + _unknown("unknown_setting", "", chosen, variants)
