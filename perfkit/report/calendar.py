"""The work calendar as a file: a page, a workbook, a calendar for phones, or the book's table."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perfkit import kpi, words, workdays
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import calendar, contest, ics, nodeplan
from perfkit.rhythm.conflict import conflicts
from perfkit.rhythm.rules import Rules, read_rules
from perfkit.rhythm.year import year
from perfkit.show import calendar as wall
from perfkit.show import label
from perfkit.show.excel import calendar_workbook

__all__ = ["FORMATS", "calendar_command"]

FORMATS = ("html", "xlsx", "ics", "csv")


@dataclass(frozen=True, slots=True)
class _Made:
    """A calendar, and all that its files need to know of it."""

    book: Book
    rules: Rules
    span: spans.Period
    title: str
    lang: str
    events: pd.DataFrame
    notes: Sequence[str]

    @property
    def long(self) -> bool:
        """Whether it is of more than a month, and shown by months."""
        return self.span.days > spans.LONGEST_PIECE


def calendar_command(args: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Make the calendar that the command line asks for.

    Parameters
    ----------
    args : Namespace
        book, period, unit, format, out, edited, lang.
    say : callable
        How to talk to the person.

    Returns
    -------
    int
        0.

    Raises
    ------
    PerfkitError
        The book, the period, the rules or the edited file do not fit, or the file cannot be
        written.
    """
    book, span = open_book(args.book), spans.parse(args.period)
    unit = _unit(book, args.unit)
    held = calendar.held(book, unit)
    if args.edited:
        held = calendar.merge(held, *calendar.read(Path(args.edited)))
        if args.format == "csv":
            _deliver(_csv(held), args, say)
            return 0
    rules = read_rules(book.path)
    first, last = calendar.window(span, rules)
    plans = _nodes(book, unit, span)
    events, made = calendar.filled(held, span, rules, unit=unit, nodes=plans)
    events = _with_contests(events, book, unit, first, last)
    if made:
        months = ", ".join(made)
        say(words.text("calendar.made_from_rules", args.lang, months=months))
    notes = _notes(events, first, last, args.lang)
    for note in notes:
        say(note)
    key = "calendar.year_title" if span.days > spans.LONGEST_PIECE else "calendar.title"
    name = book.unit_name(unit, args.lang)
    title = words.text(key, args.lang, unit=name, period=label.period_name(span.code, args.lang))
    whole = _Made(book, rules, span, title, args.lang, events, notes)
    _deliver(_FILES[args.format](whole), args, say)
    return 0


def _unit(book: Book, asked: str | None) -> str:
    """Give the unit asked for, or the book's root."""
    known = kpi.units(book)
    if asked is not None and asked not in known:
        raise UnknownName(kind="unit", name=asked, allowed=known)
    return asked or known[0]


def _nodes(book: Book, unit: str, span: spans.Period) -> pd.DataFrame | None:
    """Gather the node plans of a period; months without one have none."""
    plans = []
    for month in spans.months(span):
        try:
            plans.append(nodeplan.entered(book, unit, month.code))
        except PerfkitError as error:
            if error.key != "no_nodes":
                raise
    return pd.concat(plans, ignore_index=True) if plans else None


def _with_contests(
    events: pd.DataFrame, book: Book, unit: str, first: dt.date, last: dt.date
) -> pd.DataFrame:
    """Add the contests that stand beside the book, in contests.toml."""
    path = book.path / "contests.toml"
    if not path.is_file():
        return events
    own = contest.as_events(contest.read_contests(path), unit=unit)
    own = calendar.within(own, first, last)
    own = own[~own["event_id"].isin(events["event_id"])]
    parts = [part for part in (events, own) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else events


def _notes(events: pd.DataFrame, first: dt.date, last: dt.date, lang: str) -> list[str]:
    """Say what the calendar cannot mean, and what is not known of its days."""
    notes = wall.conflict_notes(conflicts(events), events, lang)
    if years := workdays.unannounced(first, last):
        said = ", ".join(map(str, years))
        notes.append(words.text("calendar.unannounced", lang, years=said))
    return notes


def _csv(events: pd.DataFrame) -> bytes:
    return events.to_csv(index=False, lineterminator="\n").encode()


def _ics(made: _Made) -> bytes:
    book = made.book
    return ics.to_ics(
        made.events, name=made.title, book=book.name, stamp=book.as_of, lang=made.lang
    )


def _xlsx(made: _Made) -> bytes:
    return calendar_workbook(
        made.events,
        calendar.grid(made.events, made.span, made.rules),
        marks=calendar.marks(made.events),
        choices=calendar.choices(),
        lang=made.lang,
        title=made.title,
    )


def _html(made: _Made) -> bytes:
    frame = calendar.grid(made.events, made.span, made.rules)
    if made.long:
        rows = year(made.events, made.span, made.rules)
        shown = wall.year(rows, lang=made.lang, title=made.title, notes=made.notes)
    else:
        shown = wall.month(frame, lang=made.lang, title=made.title, notes=made.notes)
    return wall.page(shown, lang=made.lang, title=made.title).encode()


_FILES: dict[str, Callable[[_Made], bytes]] = {
    "html": _html,
    "xlsx": _xlsx,
    "ics": _ics,
    "csv": lambda made: _csv(made.events),
}


def _deliver(content: bytes, args: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Write to the file asked for, whole or not at all, else to stdout."""
    if args.out is None:
        if args.format == "xlsx":
            raise PerfkitError("calendar_out")
        sys.stdout.write(content.decode())
        return
    path = Path(args.out)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise PerfkitError("not_written", path=path, why=error.strerror or error) from error
    finally:
        beside.unlink(missing_ok=True)
    say(words.text("calendar.written", args.lang, path=path))
