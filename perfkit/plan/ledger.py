"""The ledger: what was decided, who does it until when, whether it is done, what to look at after.

A plain table of the book, ``actions``, that a spreadsheet program edits. An action without an owner
or a due date is refused: nobody would do it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book, schema
from perfkit.errors import UnknownName
from perfkit.plan.rows import PlanRefused, exact, need, once, one_of, text_of

__all__ = ["COLUMNS", "add", "checked", "held", "read", "status", "windows"]

TABLE = "actions"
COLUMNS = list(schema.table(TABLE).columns)
STATES = ("open", "done", "dropped")
STANDING = ("overdue", "open", "done", "done_late", "dropped")
NEEDED = ("owner", "due", "entered_on", "unit_id")
DAYS = [name for name, one in schema.table(TABLE).columns.items() if one.type == "date"]
BEFORE = 6  # whole months looked back on
SHOWN = 3


def _day(value: object) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = text_of(value)
    return dt.date.fromisoformat(text.removesuffix(" 00:00:00")) if text else None


def _days(frame: pd.DataFrame, column: str, file: str, first: int) -> list[dt.date | None]:
    out: list[dt.date | None] = []
    for row, value in enumerate(frame[column], first):
        try:
            out.append(_day(value))
        except ValueError as error:
            text = text_of(value)
            raise PlanRefused("day", table=file, row=row, column=column, value=text) from error
    return out


def checked(frame: pd.DataFrame, *, file: str = TABLE, first: int = 2) -> pd.DataFrame:
    """Bring actions into one form, and refuse what cannot be followed up.

    Parameters
    ----------
    frame : DataFrame
        Some or all of `COLUMNS`; unit_id, owner, entered_on and due must be there, filled.
    file : str
        What to call it where something is wrong.
    first : int, default 2
        The number of its first row, as its reader sees it.

    Returns
    -------
    DataFrame
        `COLUMNS`, by due date and code; texts are empty where there is none, days are dates or
        None, expected and cost NaN. [the KPI's unit a month; yuan] An action without a code gets
        one: its meeting (or the day), and a number.

    Raises
    ------
    PlanRefused
        An owner or a due date is missing, a day or an amount is none, an action is due before it
        was decided, a state is unknown, a code stands twice: with the rows.
    UnknownName
        A KPI is none.

    Examples
    --------
    >>> row = {"unit_id": "D1", "owner": "A1", "entered_on": "2012-09-03", "due": "2012-09-20"}
    >>> checked(pd.DataFrame([row]))["action_id"].tolist()
    ['20120903-1']
    """
    need(frame, NEEDED, file)
    out = pd.DataFrame(index=range(len(frame)), columns=COLUMNS, dtype=object)
    for column in COLUMNS:
        if column in DAYS:
            found: Sequence[Any] = [None] * len(out)
            found = _days(frame, column, file, first) if column in frame else found
        else:
            found = [text_of(v) for v in frame[column]] if column in frame else [""] * len(out)
        out[column] = pd.Series(list(found), dtype=object, index=out.index)
    for column in NEEDED:
        empty = [row for row, value in enumerate(out[column], first) if value in (None, "")]
        if empty:
            raise PlanRefused("action_lacks", table=file, column=column, rows=_rows(empty))
    out["state"] = out["state"].replace("", STATES[0])
    one_of(out, "state", STATES, file)
    for code in out["kpi"]:
        if code and code not in kpi.catalogue():
            raise UnknownName(kind="kpi", name=code, allowed=list(kpi.catalogue()))
    early = [row for row, one in enumerate(out.to_dict("records"), first)
             if one["due"] < one["entered_on"]]  # fmt: skip
    if early:
        raise PlanRefused("due_early", table=file, rows=_rows(early))
    for column in ("expected", "cost"):
        out[column] = _numbers(out[column], file, first)
    out["action_id"] = _codes(out)
    once(out, "action_id", file)
    return out.sort_values(["due", "action_id"], ignore_index=True)


def _rows(places: Sequence[int]) -> str:
    more = f" … ({len(places)})" if len(places) > SHOWN else ""
    return ", ".join(map(str, places[:SHOWN])) + more


def _numbers(texts: pd.Series[Any], file: str, first: int) -> pd.Series[float]:
    def read_one(row: int, text: str) -> float:
        if texts.name == "cost":
            amount = exact(text, f"{file}:{row}")
            return np.nan if amount is None else float(amount)
        try:
            found = float(text.replace(",", "")) if text else np.nan
        except ValueError as error:
            raise PlanRefused("amount", place=f"{file}:{row}", value=text) from error
        if np.isinf(found):
            raise PlanRefused("amount", place=f"{file}:{row}", value=text)
        return found

    values = [read_one(row, text) for row, text in enumerate(texts, first)]
    return pd.Series(values, index=texts.index, dtype=float)


def _codes(out: pd.DataFrame) -> list[str]:
    """Give every action without a code one that nobody has."""
    seen, codes = set(out["action_id"]), []
    for one in out.to_dict("records"):
        code, number = one["action_id"], 0
        stem = f"{one['entered_on']:%Y%m%d}" + (f"-{one['meeting']}" if one["meeting"] else "")
        while not code:
            number += 1
            found = f"{stem}-{number}"
            code = "" if found in seen else found
        seen.add(code)
        codes.append(code)
    return codes


def held(book: Book, unit: str | None = None) -> pd.DataFrame:
    """Give the actions that the book holds, of a unit and those below it.

    Parameters
    ----------
    book : Book
        Whose ledger.
    unit : str, optional
        Only its own actions and those of the units below.

    Returns
    -------
    DataFrame
        What `checked` gives; empty where the book has no table actions.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> len(held(open_book("district_one")))
    0
    """
    if not book.has(TABLE):
        return checked(pd.DataFrame(columns=COLUMNS, dtype=object))
    found = checked(book.home(TABLE))
    if unit is None:
        return found
    return found[found["unit_id"].isin(org.within(found["unit_id"], unit))].reset_index(drop=True)


def read(path: Path) -> pd.DataFrame:
    """Read a ledger that somebody edited.

    Parameters
    ----------
    path : Path
        An .xlsx with a sheet ``actions`` (or one sheet only), or a .csv.

    Returns
    -------
    DataFrame
        What `checked` gives. Empty rows are left out.

    Raises
    ------
    PlanRefused
        The file cannot be read, or as `checked`; rows are counted as the program shows them.
    """
    try:
        if path.suffix.lower() == ".csv":
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        else:
            sheets = pd.read_excel(path, sheet_name=None, dtype=object, engine="calamine")
            frame = sheets.get(TABLE, next(iter(sheets.values())))
    except Exception as error:  # each reader raises its own classes
        raise PlanRefused("unreadable", path=path, why=error) from error
    # A header's first line is its name, what follows is for people.
    frame = frame.rename(columns=lambda name: str(name).splitlines()[0].strip())
    filled = frame.map(lambda cell: bool(text_of(cell))).any(axis=1).to_numpy()
    if not filled.any():
        return checked(pd.DataFrame(columns=COLUMNS, dtype=object))
    return checked(frame[: int(filled.nonzero()[0][-1]) + 1], file=path.name)


def add(actions: pd.DataFrame, more: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Enter actions that a meeting decided.

    Parameters
    ----------
    actions : DataFrame
        The ledger so far, as `checked` gives it.
    more : iterable of mapping
        One an action, by column; without a code it gets one.

    Returns
    -------
    DataFrame
        What `checked` gives; to be saved as actions.csv beside book.toml.

    Raises
    ------
    PlanRefused
        As `checked`; rows count from the first new one.
    """
    entered = pd.DataFrame([dict(one) for one in more])
    checked(entered, file="new actions", first=1)
    return checked(pd.concat([actions.astype(object), entered.astype(object)], ignore_index=True))


def status(actions: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """Say how each action stands on a day.

    Parameters
    ----------
    actions : DataFrame
        What `checked` gives.
    today : date
        The day; what was decided later is left out.

    Returns
    -------
    DataFrame
        `COLUMNS` and standing (overdue, open, done, done_late, dropped) and days (left until it is
        due; below 0: so many too late) [days]; overdue first, then by due date.

    Examples
    --------
    >>> row = {"unit_id": "D1", "owner": "A1", "entered_on": "2012-09-03", "due": "2012-09-20"}
    >>> found = status(checked(pd.DataFrame([row])), dt.date(2012, 9, 25))
    >>> found[["standing", "days"]].values.tolist()
    [['overdue', -5]]
    """
    known = np.array([day <= today for day in actions["entered_on"]], dtype=bool)
    out = actions.loc[known].copy()
    standing, days = [], []
    for one in out.to_dict("records"):
        finished = one["done_on"] if one["done_on"] and one["done_on"] <= today else None
        is_done = bool(finished) or (one["state"] == "done" and not one["done_on"])
        days.append((one["due"] - (finished or today)).days)
        late = "done_late" if finished and finished > one["due"] else "done"
        waits = "overdue" if one["due"] < today else "open"
        standing.append("dropped" if one["state"] == "dropped" else late if is_done else waits)
    out["standing"] = pd.Series(standing, index=out.index, dtype=object)
    out["days"] = pd.Series(days, index=out.index, dtype="int64")
    order = out["standing"].map({name: place for place, name in enumerate(STANDING)})
    placed = out.assign(order=order).sort_values(["order", "due"], kind="stable", ignore_index=True)
    return placed.drop(columns="order")


def windows(
    book: Book, actions: pd.DataFrame, *, until: str | spans.Period, before: int = BEFORE
) -> pd.DataFrame:
    """Say for every action with a driver where to look: months before and after, comparable units.

    Parameters
    ----------
    book : Book
        Whose units and months.
    actions : DataFrame
        What `checked` gives; those without a driver and those dropped are left out.
    until : str or Period
        The month reported on: the last one after.
    before : int, default 6
        Whole months before the action began, at most. [months]

    Returns
    -------
    DataFrame
        action_id, unit, level, kpi, expected, begins (a date), before and after (tuples of month
        codes) and peers (a tuple of unit ids). The month in which an action began after its first
        day belongs to neither side. Peers are the units of the same level under the same unit that
        had no action on the same driver begun in these months; none where there is no such unit.

    Raises
    ------
    UnknownName
        A unit is not in the book.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> row = {"unit_id": "D1/01", "owner": "A1", "entered_on": "2012-09-03", "due": "2012-09-20"}
    >>> found = windows(
    ...     open_book("district_one"),
    ...     checked(pd.DataFrame([row | {"kpi": "activity_rate"}])),
    ...     until="2012-10",
    ... ).iloc[0]
    >>> found["before"][0], found["after"], len(found["peers"])
    ('2012-03', ('2012-10',), 5)
    """
    last = spans.parse(until)
    own = actions[(actions["kpi"] != "") & (actions["state"] != "dropped")]
    begins = [one["started_on"] or one["entered_on"] for one in own.to_dict("records")]
    began = np.array([day <= last.last for day in begins], dtype=bool)
    own = own.assign(begins=pd.Series(begins, index=own.index, dtype=object)).loc[began]
    there, rows = kpi.units(book) if len(own) else [], []
    for one in own.to_dict("records"):
        if one["unit_id"] not in there:
            raise UnknownName(kind="unit", name=one["unit_id"], allowed=there)
        sides = _sides(book, one["begins"], last, before)
        level = org.level_of(one["unit_id"], book.root)
        peers = _peers(there, own, one, sides)
        rows.append((one["action_id"], one["unit_id"], level, one["kpi"], one["expected"],
                     one["begins"], *sides, peers))  # fmt: skip
    names = ["action_id", "unit", "level", "kpi", "expected", "begins", "before", "after", "peers"]
    return pd.DataFrame(rows, columns=names)


def _sides(
    book: Book, begins: dt.date, last: spans.Period, before: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the whole months before and after, as far as the book knows them."""
    month = spans.parse(f"{begins:%Y-%m}")
    past = spans.trailing(spans.previous(month), before)
    known = tuple(m.code for m in past if m.first >= book.facts_from)
    first = month.first if begins == month.first else month.last + dt.timedelta(1)
    until = min(last.last, book.as_of)
    if first > until:
        return known, ()
    later = spans.months(spans.parse(f"{first:%Y-%m}..{until:%Y-%m}"))
    return known, tuple(m.code for m in later if m.last <= until)


def _peers(
    there: Sequence[str],
    actions: pd.DataFrame,
    one: Mapping[Any, Any],
    sides: tuple[tuple[str, ...], tuple[str, ...]],
) -> tuple[str, ...]:
    """List the comparable units: beside it, and with no action of their own on that driver."""
    unit, above = one["unit_id"], org.parent(one["unit_id"])
    first = spans.parse(sides[0][0]).first if sides[0] else one["begins"]
    same = actions[(actions["kpi"] == one["kpi"]) & (actions["begins"] >= first)]
    # What was done for a unit that holds this one was done for all beside it as well.
    touched = {t for t in same["unit_id"] if not org.within([unit], t)}
    beside = [u for u in there if u != unit and u.count("/") == unit.count("/")]
    return tuple(
        u for u in beside
        if org.parent(u) == above
        and not any(org.within([u], t) or org.within([t], u) for t in touched)
    )  # fmt: skip
