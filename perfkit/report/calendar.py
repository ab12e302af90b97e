"""The work calendar as a file: a page, a workbook, a calendar for phones, or the book's table."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perfkit import kpi, words
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import calendar
from perfkit.rhythm.whole import Whole, calendar_of
from perfkit.rhythm.year import year
from perfkit.show import calendar as wall
from perfkit.show.excel import calendar_workbook

__all__ = ["FORMATS", "calendar_command"]

FORMATS = ("html", "xlsx", "ics", "csv")


@dataclass(frozen=True, slots=True)
class _Made:
    """A calendar with its title and notes."""

    whole: Whole
    title: str
    lang: str
    notes: Sequence[str]

    @property
    def long(self) -> bool:
        """Whether it is of more than a month, and shown by months."""
        return self.whole.span.days > spans.LONGEST_PIECE


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
    found = calendar_of(book, span, unit=unit, held=held)
    if found.made:
        months = ", ".join(found.made)
        say(words.text("calendar.made_from_rules", args.lang, months=months))
    notes = wall.notes(found, lang=args.lang, with_made=False)
    for note in notes:
        say(note)
    title = wall.title(span.code, book.unit_name(unit, args.lang), lang=args.lang)
    _deliver(_FILES[args.format](_Made(found, title, args.lang, notes)), args, say)
    return 0


def _unit(book: Book, asked: str | None) -> str:
    """Give the unit asked for, or the book's root."""
    known = kpi.units(book)
    if asked is not None and asked not in known:
        raise UnknownName(kind="unit", name=asked, allowed=known)
    return asked or known[0]


def _csv(events: pd.DataFrame) -> bytes:
    return events.to_csv(index=False, lineterminator="\n").encode()


def _xlsx(made: _Made) -> bytes:
    return calendar_workbook(made.whole, lang=made.lang, title=made.title)


def _html(made: _Made) -> bytes:
    if made.long:
        rows = year(made.whole.events, made.whole.span, made.whole.rules)
        shown = wall.year(rows, lang=made.lang, title=made.title, notes=made.notes)
    else:
        shown = wall.month(made.whole.days, lang=made.lang, title=made.title, notes=made.notes)
    return wall.page(shown, lang=made.lang, title=made.title).encode()


_FILES: dict[str, Callable[[_Made], bytes]] = {
    "html": _html,
    "xlsx": _xlsx,
    "ics": lambda made: made.whole.phone(title=made.title, lang=made.lang),
    "csv": lambda made: _csv(made.whole.events),
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
