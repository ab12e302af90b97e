"""The work calendar as people hang it on the wall: a month by weeks, a year by months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from perfkit import period, words
from perfkit.show import label
from perfkit.show.html import Cell, Display, Head, Row, block, css, display, fingerprint, grid

__all__ = [
    "Calendar",
    "day_head",
    "event_text",
    "month",
    "notes",
    "page",
    "title",
    "weekdays",
    "year",
]

MARKED = ("holiday", "make_up")


class Calendar(Protocol):
    """A calendar, as `perfkit.rhythm.calendar_of` gives it."""

    @property
    def events(self) -> pd.DataFrame:
        """Give its events."""

    @property
    def days(self) -> pd.DataFrame:
        """Give its days with their events."""

    @property
    def marks(self) -> Mapping[str, str]:
        """Give every event's mark."""

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Give, by column, the values that a sheet offers."""

    @property
    def made(self) -> Sequence[str]:
        """Give the months made from rules."""

    @property
    def clashes(self) -> pd.DataFrame:
        """Give what it cannot mean."""

    @property
    def years(self) -> Sequence[int]:
        """Give the years nobody has announced."""


def title(code: str, unit: str, *, lang: str) -> str:
    """Name a calendar.

    Parameters
    ----------
    code : str
        The code of its period.
    unit : str
        Whose, by name.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> title("2012-09", "District one", lang="en")
    'Work calendar of District one, September 2012'
    """
    long = period.parse(code).days > period.LONGEST_PIECE
    key = "calendar.year_title" if long else "calendar.title"
    return words.text(key, lang, unit=unit, period=label.period_name(code, lang))


def notes(made: Calendar, *, lang: str, with_made: bool = True) -> list[str]:
    """Say what a calendar cannot mean, and what is not known of its days.

    Parameters
    ----------
    made : Calendar
        Which.
    lang : {"zh", "en"}
        The reader's language.
    with_made : bool, default True
        Whether to say which months were made from rules too.
    """
    events = made.events
    titles = dict(zip(events["event_id"], events[f"title_{lang}"], strict=True))
    out = []
    for one in made.clashes.to_dict("records"):
        facts = {name: titles.get(one[name]) or one[name] for name in ("first", "second")}
        who = words.text("table.list", lang).join(
            label.said(f"calendar.who.{name}", lang, name) for name in one["who"].split("|")
        )
        key = f"calendar.conflict_{one['kind']}"
        out.append(words.text(key, lang, date=one["date"], who=who, **facts))
    if made.years:
        said = ", ".join(map(str, made.years))
        out.append(words.text("calendar.unannounced", lang, years=said))
    if with_made and made.made:
        months = words.text("table.list", lang).join(
            label.period_name(code, lang) for code in made.made
        )
        out.append(words.text("calendar.made_from_rules", lang, months=months))
    return out


def weekdays(frame: pd.DataFrame, lang: str) -> list[str]:
    """Name the days of a week, from the weekday the frame's weeks begin with.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.calendar.grid` gives.
    lang : {"zh", "en"}
        The reader's language.
    """
    first = frame["date"].iloc[0].weekday()
    return [words.text(f"calendar.weekday.d{(first + i) % 7}", lang) for i in range(7)]


def event_text(event: Mapping[Any, Any], lang: str) -> str:
    """Say an event: its time, what it is called, and a reception's form.

    Parameters
    ----------
    event : mapping
        A row of the grid.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> event_text({"starts_at": "09:30", "title_en": "meeting", "type": "meeting"}, "en")
    '09:30 meeting'
    """
    title = event.get(f"title_{lang}") or words.text(f"calendar.type.{event['type']}", lang)
    form = event.get("form")
    of = f" ({words.text(f'calendar.form.{form}', lang)})" if form else ""
    return " ".join(part for part in (event.get("starts_at"), title) if part) + of


def day_head(day: dt.date, kind: str, first: dt.date, lang: str) -> tuple[str, str]:
    """Say a day's number, with its month where a month begins, and what is marked of it.

    Parameters
    ----------
    day, first : date
        The day, and the first one shown.
    kind : str
        workday, make_up, weekend or holiday.
    lang : {"zh", "en"}
        The reader's language.
    """
    number = words.text("calendar.month_day", lang, month=day.month, day=day.day)
    said = number if day.day == 1 or day == first else str(day.day)
    return said, words.text(f"calendar.day.{kind}", lang) if kind in MARKED else ""


def _cell(day: dt.date, part: pd.DataFrame, first: dt.date, lang: str) -> str:
    kind, inside = part["day_type"].iloc[0], bool(part["inside"].iloc[0])
    number, mark = day_head(day, kind, first, lang)
    badge = f'<span class="pk-mark">{escape(mark)}</span>' if mark else ""
    events = "".join(
        f'<span class="pk-event pk-t-{escape(e["type"])}" title="{escape(e["note"])}">'
        f"{escape(event_text(e, lang))}</span>"
        for e in part.to_dict("records")
        if e["event_id"]
    )
    style = " ".join(["pk-day", f"pk-{kind}", *([] if inside else ["pk-outside"])])
    date = f'<time datetime="{day.isoformat()}">{escape(number)}</time>'
    return f'<td class="{style}" data-date="{day.isoformat()}">{date}{badge}{events}</td>'


def month(frame: pd.DataFrame, *, lang: str, title: str, notes: Sequence[str] = ()) -> Display:
    """Show a calendar by weeks, one row a week.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.calendar.grid` gives.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        Above it.
    notes : sequence of str, optional
        Below it, one a line: conflicts, years not announced.

    Returns
    -------
    Display
        Days off are grey and marked, worked weekend days marked, days of another month pale; a
        legend of the types there are stands below.
    """
    first = frame["date"].iloc[0]
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in weekdays(frame, lang))
    lines = []
    for _, week in frame.groupby("week", sort=True):
        days = week.groupby("date", sort=True)
        lines.append(f"<tr>{''.join(_cell(day, part, first, lang) for day, part in days)}</tr>")  # type: ignore[arg-type]
    body = "\n".join(lines)
    style = Path(__file__).with_name("calendar.css").read_text(encoding="utf-8").strip()
    inside = (
        f'<style>{style}</style><div class="pk-scroll"><table class="pk-cal">'
        f"<thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>{_legend(frame, lang)}"
    )
    rows = frame[frame["event_id"] != ""]
    mark = fingerprint(rows)
    said = words.text("table.summary", lang, title=title, rows=len(rows), mark=mark)
    return Display(block(title, inside, notes), said, rows.reset_index(drop=True))


def _legend(frame: pd.DataFrame, lang: str) -> str:
    here = [t for t in words.table("calendar.type", lang) if (frame["type"] == t).any()]
    names = "".join(
        f'<span class="pk-event pk-t-{t}">{escape(words.text(f"calendar.type.{t}", lang))}</span>'
        for t in here
    )
    return f'<div class="pk-legend">{names}</div>' if names else ""


YEAR = (
    "month",
    "season",
    "working_days",
    "holidays",
    "weeks",
    "small",
    "nodes",
    "contests",
    "events",
)
NUMERIC = {"working_days", "holidays", "weeks", "events"}


def year(frame: pd.DataFrame, *, lang: str, title: str, notes: Sequence[str] = ()) -> Display:
    """Show the rhythm of a year, one row a month.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.year.year` gives.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        Above it.
    notes : sequence of str, optional
        Below it, one a line.

    Returns
    -------
    Display
        Columns in which nothing stands are left out.
    """
    texts = {name: [_said(row, name, lang) for row in frame.to_dict("records")] for name in YEAR}
    shown = [name for name in YEAR if any(texts[name])]
    heads = [Head(words.text(f"calendar.year.{n}", lang), numeric=n in NUMERIC) for n in shown]
    rows = [Row(tuple(Cell(texts[name][i]) for name in shown)) for i in range(len(frame))]
    return display(title, grid(heads, rows), notes, frame, lang)


def _said(row: Mapping[Any, Any], name: str, lang: str) -> str:
    """Write one cell of the year; days are of the row's month."""
    join = words.text("table.join", lang)
    if name in {"season", "small", "contests"}:
        return join.join(row[f"{name}_{lang}"])
    if name == "nodes":
        return ", ".join(str(day.day) for day in row[name])
    return str(row[name])


def page(shown: Display, *, lang: str, title: str) -> str:
    """Make a page of its own of a display, that needs nothing else to be read or printed.

    Parameters
    ----------
    shown : Display
        A month, or a year.
    lang : {"zh", "en"}
        The reader's language.
    title : str
        Of the window.

    Examples
    --------
    >>> page(Display("<p>x</p>", "x", pd.DataFrame()), lang="en", title="September")[:15]
    '<!doctype html>'
    """
    style = "body{font-family:sans-serif;margin:24px auto;max-width:1180px;padding:0 16px}"
    body = shown.html.replace(f"<style>{css()}</style>\n", "")
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{style}\n@page{{size:A4 landscape;margin:10mm}}\n{css()}</style></head>\n"
        f"<body>{body}</body></html>\n"
    )
