"""The work calendar for phones and mail programs (iCalendar, RFC 5545)."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from perfkit import words

__all__ = ["to_ics"]


def to_ics(events: pd.DataFrame, *, name: str, book: str, stamp: dt.date, lang: str) -> bytes:
    """Write events as an iCalendar file; the same events always give the same bytes.

    Parameters
    ----------
    events : DataFrame
        What `calendar.checked` gives.
    name : str
        What the calendar is called.
    book : str
        The book's name: with an event's code it makes the identity by which a program updates an
        event instead of adding it again.
    stamp : date
        Of when the calendar is (the book's as_of).
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    bytes
        UTF-8. An event of whole days ends, as the standard wants it, on the day after its last;
        times are those of the place.

    Examples
    --------
    >>> from perfkit.rhythm.event import checked
    >>> rows = pd.DataFrame({"unit_id": ["D1"], "start": ["2012-09-04"], "type": ["node"]})
    >>> day = dt.date(2012, 10, 31)
    >>> text = to_ics(checked(rows), name="September", book="b", stamp=day, lang="en").decode()
    >>> "DTSTART;VALUE=DATE:20120904" in text
    True
    """
    from icalendar import Calendar, Event

    made = Calendar()
    made.add("prodid", "-//perfkit//work calendar//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", name)
    when = dt.datetime.combine(stamp, dt.time(), dt.UTC)
    for row in events.to_dict("records"):
        event = Event()
        event.add("uid", f"{row['event_id']}@{book}")
        event.add("dtstamp", when)
        last = row["end"] or row["start"]
        if row["starts_at"]:
            event.add("dtstart", _at(row["start"], row["starts_at"]))
            if row["ends_at"]:
                event.add("dtend", _at(last, row["ends_at"]))
        else:
            event.add("dtstart", row["start"])
            event.add("dtend", last + dt.timedelta(days=1))
        type_name = words.text(f"calendar.type.{row['type']}", lang)
        event.add("summary", row[f"title_{lang}"] or type_name)
        event.add("categories", [type_name])
        if row["note"]:
            event.add("description", row["note"])
        made.add_component(event)
    return bytes(made.to_ical())


def _at(day: dt.date, time: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time))
