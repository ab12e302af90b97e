"""Calendars in files: what somebody changed in a sheet comes home, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from perfkit.errors import PerfkitError
from perfkit.rhythm.event import COLUMNS, checked, in_order, text_of

__all__ = ["EXPORTED", "marks", "merge", "read"]

EXPORTED = "as_exported"  # the sheet that says what a file was made from
SHOWN = 3


def marks(events: pd.DataFrame) -> dict[str, str]:
    """Give every event's mark: it changes when anything of the event does.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit_id": ["D1"], "start": ["2012-09-04"], "type": ["node"]})
    >>> one, other = checked(rows), checked(rows.assign(note="moved"))
    >>> marks(one) == marks(other)
    False
    """
    rows = events[COLUMNS].map(text_of).to_numpy().tolist()
    return {row[0]: hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:12] for row in rows}


def read(path: Path) -> tuple[pd.DataFrame, dict[str, str] | None]:
    """Read a calendar back from a sheet or a text file.

    Parameters
    ----------
    path : Path
        An .xlsx with a sheet ``calendar`` (or one sheet only), or a .csv.

    Returns
    -------
    tuple of DataFrame and dict
        What `checked` gives, and the marks of the events as they were when the sheet was written;
        None where the file does not say.

    Raises
    ------
    PerfkitError
        The file cannot be read, or as `checked`; rows are counted as the program shows them.
    """
    base = None
    try:
        if path.suffix.lower() == ".csv":
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        else:
            sheets = pd.read_excel(path, sheet_name=None, dtype=object, engine="calamine")
            frame = sheets.get("calendar", next(iter(sheets.values())))
            if EXPORTED in sheets:
                known = sheets[EXPORTED].astype(str)
                base = dict(zip(known["event_id"], known["mark"], strict=True))
    except Exception as error:  # each reader raises its own classes
        raise PerfkitError("unreadable", path=path, why=error) from error
    # A header's first line is its name, what follows is for people.
    frame = frame.rename(columns=lambda name: str(name).splitlines()[0].strip())
    filled = frame.map(text_of).ne(pd.Series("", index=frame.columns)).any(axis=1).to_numpy()
    if not filled.any():
        raise PerfkitError("unreadable", path=path, why="it is empty")
    return checked(frame[: int(filled.nonzero()[0][-1]) + 1], file=path.name), base


def merge(now: pd.DataFrame, edited: pd.DataFrame, base: dict[str, str] | None) -> pd.DataFrame:
    """Bring an edited calendar home into the one the book holds now.

    Parameters
    ----------
    now : DataFrame
        All events of the book, as `held` gives them.
    edited, base : DataFrame and dict
        What `read` gives. Without a base nothing is deleted, and an edited event replaces the
        book's of the same code.

    Returns
    -------
    DataFrame
        All events: changed, new and deleted ones as the file has them, everything else as the book
        has it. An untouched file changes nothing.

    Raises
    ------
    PerfkitError
        Somebody else changed the same event in the book meanwhile; the codes are named.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit_id": ["D1"], "start": ["2012-09-04"], "type": ["node"]})
    >>> events = checked(rows)
    >>> merge(events, events.assign(note="moved"), marks(events))["note"].tolist()
    ['moved']
    """
    was, here, there = base or {}, marks(now), marks(edited)
    changed = {c for c, mark in there.items() if was.get(c) != mark}
    deleted = {c for c in was if c not in there}
    # Touched on both sides, and not in the same way.
    clash = [
        code
        for code in [*changed, *deleted]
        if base is not None and here.get(code) not in {was.get(code), there.get(code)}
    ]
    if clash:
        raise PerfkitError(
            "calendar_clash", count=len(clash), codes=", ".join(sorted(clash)[:SHOWN])
        )
    kept = now[~now["event_id"].isin(changed | deleted)]
    new = edited[edited["event_id"].isin(changed)]
    parts = [part for part in (kept, new) if len(part)]
    return in_order(pd.concat(parts, ignore_index=True)) if parts else now.head(0)
