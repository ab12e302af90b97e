"""Which units a run is about: the one asked for, each living one of a level, or the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from perfkit import org
from perfkit.errors import ParameterError, UnknownName
from perfkit.period import Period

if TYPE_CHECKING:
    from perfkit.book import Book

__all__ = ["choose", "each_of"]

PEOPLE: Final = ("headcount_opening", "headcount_closing", "recruits")


def choose(book: Book, asked: str, *, given: bool) -> Sequence[str]:
    """Find the unit of a run that is about one.

    Parameters
    ----------
    book : Book
        Where the units are.
    asked : str
        The unit's id, perhaps the notebook's own.
    given : bool
        Whether somebody asked for it; the notebook's own gives way to the book's root.

    Returns
    -------
    sequence of str

    Raises
    ------
    UnknownName
        No such unit.
    ParameterError
        Nobody says which, and the book has several units at its root.
    """
    from perfkit import kpi

    known = kpi.units(book)
    if asked in known:
        return (asked,)
    if given and asked:
        raise UnknownName(kind="unit", name=asked, allowed=known)
    roots = kpi.units(book, book.root)
    if len(roots) != 1:
        raise ParameterError("report.unit_needed", book=book.name, allowed=", ".join(roots))
    return roots


def each_of(book: Book, level: str, when: Period | None) -> Sequence[str]:
    """List the units of a level that live in the period.

    Parameters
    ----------
    book : Book
        Where the units are.
    level : str
        branch, district, department or group; one that the book has.
    when : Period or None
        None takes every unit the book knows.

    Returns
    -------
    sequence of str
        Units with people in force, or observations, in the period.

    Raises
    ------
    UnknownName
        No such level, or the book has no unit of it.
    ParameterError
        The level is the agent's, or has no unit in the period.
    PerfkitError
        The level lies above the book's root.
    """
    from perfkit import kpi

    there = [org.level_of(unit, book.root) for unit in kpi.units(book)]
    levels = [one for one in org.levels_from(book.root) if one in there]
    if level == org.LEVELS[-1]:
        raise ParameterError("report.each_agent", allowed=", ".join(levels))
    org.check_level(level, book.root)
    if level not in levels:
        raise UnknownName(kind="level", name=level, allowed=levels)
    known = kpi.units(book, level)
    if when is None:
        return known
    living = _peopled(book, level, when) | _observed(book, level, when)
    found = [unit for unit in known if unit in living]
    if not found:
        raise ParameterError("report.each_none", level=level, period=when.code, book=book.name)
    return found


def _peopled(book: Book, level: str, when: Period) -> set[str]:
    """Find the units of a level with people at the start, at the end, or come in between."""
    if not book.has("agents") or level not in book.levels:
        return set()
    from perfkit import kpi

    found = kpi.measure(book, PEOPLE, by=level, period=when)
    return set(found.loc[found["value"] > 0, "unit"])


def _observed(book: Book, level: str, when: Period) -> set[str]:
    """Find the units of a level of which, or below which, something was observed."""
    if not book.has("observations"):
        return set()
    depth = org.levels_from(book.root).index(level)
    seen = book.home("observations")
    rows = zip(seen["unit_id"], seen["start"], seen["end"], strict=True)
    return {
        org.at_level(unit, level, book.root)
        for unit, start, end in rows
        if start <= when.last and end >= when.first and unit.count("/") >= depth
    }
