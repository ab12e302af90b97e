"""Which units a book knows."""

from __future__ import annotations

from perfkit import org
from perfkit.book import Book, engine

__all__ = ["units"]


def units(book: Book, by: str | None = None) -> list[str]:
    """List the unit ids the book knows, of one level or of all.

    Parameters
    ----------
    book : Book
        Where to look: the agents, the moves and the observations.
    by : str, optional
        Only this level.

    Returns
    -------
    list of str
        Sorted; every ancestor of a unit is in it.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> units(open_book("district_one"), "department")[0]
    'D1/01'
    """
    leaves: set[str] = set()
    if book.has("agents"):
        people = engine.spells(
            book.tables["agents"], book.tables.get("moves"), book.levels, as_now=False
        )
        leaves |= set(book.backend.home(people.select("unit").unique())["unit"])
    if book.has("observations"):
        leaves |= set(book.home("observations")["unit_id"])
    found = {u.rsplit("/", cut)[0] for u in leaves for cut in range(u.count("/") + 1)}
    if by is not None:
        org.check_level(by, book.root)
        found = {u for u in found if org.level_of(u, book.root) == by}
    return sorted(found)
