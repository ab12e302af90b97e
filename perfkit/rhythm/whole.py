"""A calendar as a whole: events, contests and nodes of a period, and what it cannot mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.book import Book, schema
from perfkit.errors import PerfkitError
from perfkit.rhythm import calendar, contest, nodeplan
from perfkit.rhythm.conflict import conflicts
from perfkit.rhythm.event import in_order
from perfkit.rhythm.ics import to_ics
from perfkit.rhythm.rules import Rules, read_rules

__all__ = ["CONTESTS", "Whole", "calendar_of", "contests_of"]

CONTESTS = "contests.toml"  # beside book.toml


@dataclass(frozen=True, slots=True)
class Whole:
    """A calendar, and all that its pages and files need to know of it.

    Attributes
    ----------
    book : str
        The book's name.
    stamp : date
        Of when it is: the book's as_of.
    rules : Rules
        The office's.
    span : Period
        What it is of.
    through : date or None
        The last node, which is shown even after the office's last week.
    events : DataFrame
        What `calendar.checked` gives.
    made : sequence of str
        The months made from the rules, since the book holds no event of them.
    clashes : DataFrame
        What `conflicts` gives.
    years : sequence of int
        Years whose make-up days nobody has announced.
    """

    book: str
    stamp: dt.date
    rules: Rules
    span: spans.Period
    through: dt.date | None
    events: pd.DataFrame
    made: Sequence[str]
    clashes: pd.DataFrame
    years: Sequence[int]

    @property
    def days(self) -> pd.DataFrame:
        """Give what `calendar.grid` gives."""
        return calendar.grid(self.events, self.span, self.rules, through=self.through)

    @property
    def marks(self) -> dict[str, str]:
        """Give every event's mark, for the sheet that comes home edited."""
        return calendar.marks(self.events)

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Give, by column, the values that a sheet offers."""
        columns = schema.table("calendar").columns.values()
        return {column.name: column.allowed for column in columns if column.allowed}

    def phone(self, *, title: str, lang: str) -> bytes:
        """Write it for phones and mail programs; see `ics.to_ics`."""
        return to_ics(self.events, name=title, book=self.book, stamp=self.stamp, lang=lang)


def calendar_of(
    book: Book,
    period: str | spans.Period,
    *,
    unit: str,
    nodes: pd.DataFrame | None = None,
    held: pd.DataFrame | None = None,
) -> Whole:
    """Gather the calendar of a period.

    Parameters
    ----------
    book : Book
        Its events, its node plans, its rhythm.toml and its contests.toml, as far as there are.
    period : str or Period
        Which days.
    unit : str
        Whose calendar.
    nodes : DataFrame, optional
        A node plan to put into it where it holds no node; that entered in the book otherwise.
    held : DataFrame, optional
        Events in place of the book's, such as an edited calendar.

    Returns
    -------
    Whole

    Raises
    ------
    PerfkitError
        Rules, contests or nodes do not fit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = calendar_of(b, "2012-09", unit="D1")
    >>> len(found.events), found.made, len(found.clashes)
    (34, [], 0)
    >>> calendar_of(b, "2012-10", unit="D1").made
    ['2012-10']
    """
    span, rules = spans.parse(period), read_rules(book.path)
    own = calendar.held(book, unit) if held is None else held
    plan = _entered(book, unit, span) if nodes is None else nodes
    # The office's last week may end before the month does: its nodes are shown all the same.
    last_node = None
    if span.kind == "month" and plan is not None and len(plan):
        last_node = plan["date"].iloc[-1]
    events, made = calendar.filled(own, span, rules, unit=unit, nodes=plan, through=last_node)
    first, last = calendar.window(span, rules, through=last_node)
    if plan is not None and not (events["type"] == "node").any():
        events = _with(events, calendar.within(calendar.of_nodes(plan, unit=unit), first, last))
    extra = calendar.within(contest.as_events(contests_of(book), unit=unit), first, last)
    events = _with(events, extra)
    years = workdays.unannounced(first, last)
    return Whole(
        book=book.name,
        stamp=book.as_of,
        rules=rules,
        span=span,
        through=last_node,
        events=events,
        made=made,
        clashes=conflicts(events),
        years=years,
    )


def contests_of(book: Book) -> dict[str, contest.Contest]:
    """Read the contests that stand beside a book, in contests.toml; none without such a file.

    Raises
    ------
    PerfkitError
        The file does not fit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> contests_of(open_book("district_one"))
    {}
    """
    path = book.path / CONTESTS
    return contest.read_contests(path) if path.is_file() else {}


def _entered(book: Book, unit: str, span: spans.Period) -> pd.DataFrame | None:
    """Gather the node plans of a period; months without one have none."""
    months = [span] if span.kind == "business" else spans.months(span)
    plans = []
    for month in months:
        try:
            plans.append(nodeplan.entered(book, unit, month.code))
        except PerfkitError as error:
            if error.key != "no_nodes":
                raise
    return pd.concat(plans, ignore_index=True) if plans else None


def _with(events: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Add events that are not there yet."""
    new = more[~more["event_id"].isin(events["event_id"])]
    parts = [part for part in (events, new) if len(part)]
    return in_order(pd.concat(parts, ignore_index=True)) if parts else events
