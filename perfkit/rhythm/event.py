"""Events: the rows of a work calendar, checked and in one form.

Columns are those of the book's table ``calendar``: text is empty where there is none, ``start`` and
``end`` are dates (``end`` None for an event of one day).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

import pandas as pd

from perfkit.book import schema
from perfkit.errors import PerfkitError, nearest

__all__ = ["COLUMNS", "FORMS", "TYPES", "checked", "in_order", "text_of"]

COLUMNS = list(schema.table("calendar").columns)
TYPES = schema.table("calendar").columns["type"].allowed
FORMS = schema.table("calendar").columns["form"].allowed
SHOWN = 3


def _lines(places: Sequence[int]) -> str:
    more = f" … ({len(places)})" if len(places) > SHOWN else ""
    return ", ".join(map(str, places[:SHOWN])) + more


def text_of(value: object) -> str:
    """Write a cell as text, trimmed; a missing one is empty."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return str(value).strip()


def _date(value: object) -> dt.date | None:
    """Read a cell as a date; ValueError where it is none."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = text_of(value)
    return dt.date.fromisoformat(text.removesuffix(" 00:00:00")) if text else None


def _is_time(text: str) -> bool:
    return not text or bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text))


def _dates(frame: pd.DataFrame, column: str, file: str, first: int) -> list[dt.date | None]:
    out: list[dt.date | None] = []
    bad = []
    for place, value in enumerate(frame[column], first):
        try:
            out.append(_date(value))
        except ValueError:
            bad.append(place)
    if bad:
        raise PerfkitError(
            "calendar_bad", file=file, rows=_lines(bad), column=column, allowed="2012-09-11"
        )
    return out


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every event without a code one: its day, its type, and a number."""
    seen = set(frame["event_id"])
    codes = []
    for row in frame.to_dict("records"):
        code, number = row["event_id"], 0
        while not code:
            number += 1
            code = f"{row['start']:%Y%m%d}-{row['type']}-{number}"
            code = "" if code in seen else code
        seen.add(code)
        codes.append(code)
    return frame.assign(event_id=codes)


def _rules_of_rows(frame: pd.DataFrame) -> Iterator[tuple[str, str, list[bool]]]:
    """List what a row must be: the column, what is allowed, and where it is not so."""
    yield "start", "2012-09-11", [day is None for day in frame["start"]]
    yield "unit_id", "D1/03", [not unit for unit in frame["unit_id"]]
    for column in ("starts_at", "ends_at"):
        yield column, "09:30", [not _is_time(text) for text in frame[column]]
    yield "form", ", ".join(FORMS), [f not in {"", *FORMS} for f in frame["form"]]
    days = zip(frame["start"], frame["end"], strict=True)
    yield "end", ">= start", [bool(s and e and e < s) for s, e in days]
    hours = zip(frame["starts_at"], frame["ends_at"], frame["end"], strict=True)
    yield "ends_at", "> starts_at", [bool(e and (not s or e <= s) and not d) for s, e, d in hours]


def checked(frame: pd.DataFrame, *, file: str = "calendar", first: int = 2) -> pd.DataFrame:
    """Check events and bring them into one form.

    Parameters
    ----------
    frame : DataFrame
        Some or all of `COLUMNS`; start, type and unit_id must be there. Other columns are left out.
    file : str
        What to call it where something is wrong.
    first : int, default 2
        The number of its first row, as its reader sees it.

    Returns
    -------
    DataFrame
        `COLUMNS`, by start, time and code. Events without a code get one.

    Raises
    ------
    PerfkitError
        A column is missing, a type is unknown, a cell does not fit, an event ends before it begins,
        or a code stands twice; the rows are named.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit_id": ["D1"], "start": ["2012-09-04"], "type": ["node"]})
    >>> checked(rows)["event_id"].tolist()
    ['20120904-node-1']
    """
    lacking = [c for c in ("unit_id", "start", "type") if c not in frame]
    if lacking:
        raise PerfkitError("calendar_lacks", file=file, column=", ".join(lacking))
    out = pd.DataFrame(index=range(len(frame)), columns=COLUMNS, dtype=object)
    for column in COLUMNS:
        if column in {"start", "end"} and column in frame:
            found: Sequence[object] = _dates(frame, column, file, first)
        else:
            empty = None if column == "end" else ""
            found = [text_of(v) for v in frame[column]] if column in frame else [empty] * len(out)
        out[column] = pd.Series(list(found), dtype=object, index=out.index)
    for place, name in enumerate(out["type"], first):
        if name not in TYPES:
            facts = {"name": name, "nearest": nearest(name, TYPES) or "–", "row": place}
            raise PerfkitError("calendar_type", file=file, allowed=", ".join(TYPES), **facts)
    for column, allowed, bad in _rules_of_rows(out):
        if places := [i for i, is_bad in enumerate(bad, first) if is_bad]:
            raise PerfkitError(
                "calendar_bad", file=file, rows=_lines(places), column=column, allowed=allowed
            )
    twice = out["event_id"].duplicated(keep=False) & (out["event_id"] != "")
    if twice.any():
        places = [i for i, is_twice in enumerate(twice, first) if is_twice]
        raise PerfkitError("calendar_twice", file=file, rows=_lines(places))
    return in_order(_named(out))


def in_order(events: pd.DataFrame) -> pd.DataFrame:
    """Sort events by day, time and code."""
    return events.sort_values(["start", "starts_at", "event_id"], ignore_index=True)
