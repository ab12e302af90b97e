"""People and what they brought, wherever they sat when they brought it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from perfkit import kpi as numbers
from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName

__all__ = ["brought"]


def brought(
    book: Book, code: str, *, who: str, period: Sequence[str | spans.Period], unit: str
) -> pd.DataFrame:
    """Give what each of a unit's people brought, with what they brought before they came to it.

    Parameters
    ----------
    book : Book
        One with agents.
    code : str
        A KPI that adds up.
    who : str
        Who is meant, as the KPI that counts them: of each period, on its last day.
    period : sequence of str or Period
        Which days.
    unit : str
        Whose people.

    Returns
    -------
    DataFrame
        unit: the agent's path on the last day; period; value. [the KPI's unit] One row a person and
        period: who moved inside the period is one person.

    Raises
    ------
    UnknownName
        No such KPI, or no such unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = brought(b, "cases", who="supervisors", period=["2012-09@11"], unit="D1")
    >>> len(found), int((found["value"] > 0).sum())
    (28, 22)
    """
    if unit not in (known := numbers.units(book)):
        raise UnknownName(kind="unit", name=unit, allowed=known)
    wanted = list(dict.fromkeys([code, who]))
    found = numbers.grid(book, wanted, by="agent", period=period)
    agent = found["unit"].str.rsplit("/", n=1).str[-1]
    found = found.assign(value=found.groupby([agent, "period"])[code].transform("sum"))
    here = found[found[who] > 0]
    own = set(org.within(dict.fromkeys(here["unit"]), unit))
    return here[here["unit"].isin(own)][["unit", "period", "value"]].reset_index(drop=True)
