"""Every contest of a book on one day: where it stands, what it costs, who is near the bar."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import words
from perfkit.book import Book
from perfkit.rhythm.contest import Contest, cost, standing
from perfkit.rhythm.whole import contests_of

__all__ = ["Standings", "standings"]

NAMES = [f"name_{lang}" for lang in words.LANGS]
CONTESTS = ["contest", *NAMES, "first", "last", "kpi", "state", "people", "reached", "near"]
CONTESTS += ["days_left", "cost", "budget", "used"]
NEAR = ["contest", *NAMES, "kpi", "unit", "agent", "value", "next_bar", "gap", "days_left"]


class Standings(NamedTuple):
    """What `standings` gives.

    Attributes
    ----------
    contests : DataFrame
        contest, its names, first, last (dates), kpi; state: coming, running or over; people who
        take part, reached: those at a bar, near: those near the next [persons]; days_left [working
        days]; cost so far, budget [yuan], used [rate]. One row a contest.
    near : DataFrame
        contest, its names, kpi, unit (the one right below that holds the agent), agent, value,
        next_bar, gap [the KPI's unit], days_left [working days]; the nearest first.
    """

    contests: pd.DataFrame
    near: pd.DataFrame


def standings(
    book: Book, *, unit: str, first: dt.date, day: dt.date, within: float = 0.3
) -> Standings:
    """Say where every contest stands whose window touches a span.

    Parameters
    ----------
    book : Book
        Its contests stand in contests.toml beside book.toml.
    unit : str
        Whose people.
    first, day : date
        The span; how far it is looked at is its last day. Contests that begin within a month after
        it are named too.
    within : float, default 0.3
        Who lacks at most this part of the next bar is near it. [rate]

    Returns
    -------
    Standings
        Without rows where the book has no contests.

    Raises
    ------
    PerfkitError
        The file does not fit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> day = dt.date(2012, 9, 30)
    >>> len(standings(open_book("district_one"), unit="D1", first=day, day=day).contests)
    0
    """
    rows, near = [], []
    for one in contests_of(book).values():
        if one.last < first or one.first > day + dt.timedelta(days=31):
            continue
        named = {"contest": one.code, "kpi": one.measure}
        named |= {f"name_{lang}": one.names.get(lang, one.code) for lang in words.LANGS}
        row = named | {"first": one.first, "last": one.last}
        if one.first > day or not numbers.answerable(book, [one.measure]):
            rows.append(row | {"state": "coming", "budget": one.budget})
            continue
        told, close = _standing(book, one, unit, day, within)
        rows.append(row | told)
        near.append(close.assign(**named))
    contests = pd.DataFrame(rows).reindex(columns=CONTESTS)
    people = pd.concat(near, ignore_index=True) if near else pd.DataFrame()
    people = people.reindex(columns=NEAR)
    return Standings(contests, people)


def _standing(
    book: Book, one: Contest, unit: str, day: dt.date, within: float
) -> tuple[dict[str, object], pd.DataFrame]:
    """Sum one contest up, and list who is near its next bar."""
    found = standing(book, one, unit=unit, day=day)
    spent = cost(found, one)
    running = one.last > day
    is_near = (found["gap"] > 0) & (found["gap"] <= within * found["next_bar"])
    depth = unit.count("/") + 2
    close = found[is_near & running].sort_values(["gap", "unit"])
    paths = close["unit"].str.split("/")
    close = close.assign(unit=paths.str[:depth].str.join("/"), agent=paths.str[-1])
    told: dict[str, object] = {
        "state": "running" if running else "over",
        "people": float(len(found)),
        "reached": spent["winners"],
        "near": float(len(close)),
        "days_left": float(found["days_left"].iloc[0]) if len(found) else np.nan,
        "cost": spent["cost"],
        "budget": one.budget,
        "used": spent["used"],
    }
    return told, close
