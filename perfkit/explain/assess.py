"""Who will miss an assessment standard, by how much, and how many weeks are left."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.book import Book
from perfkit.book.standards import Standard
from perfkit.errors import ReconcileError
from perfkit.kpi import grid, kpi
from perfkit.kpi.catalogue import measures
from perfkit.period import Period

__all__ = ["assess", "at_risk", "window"]

COLUMNS = ["unit", "standard", "kind", "window", "kpi", "have", "need", "gap", "share",
           "weeks_left", "a_week_so_far", "a_week_needed", "status"]  # fmt: skip
_GRAVE = {"missed": 3, "at_risk": 2, "on_pace": 1, "met": 0, "unknown": -1}


def window(day: dt.date, months: int) -> Period:
    """Find the window a day lies in; windows tile the calendar year.

    Parameters
    ----------
    day : date
        Which day.
    months : int
        How long windows are: 1, 3, 6 or 12. [months]

    Examples
    --------
    >>> window(dt.date(2012, 9, 11), 3).code
    '2012Q3'
    """
    code = {
        1: f"{day:%Y-%m}",
        3: f"{day.year}Q{(day.month + 2) // 3}",
        6: f"{day.year}H{1 if day.month <= 6 else 2}",
        12: f"{day.year}",
    }[months]
    return spans.parse(code)


def assess(
    book: Book, *, by: str, day: dt.date | None = None, kind: str | None = None
) -> pd.DataFrame:
    """Hold every unit of a level against the standards that hold on a day.

    Parameters
    ----------
    book : Book
        Where the facts and, in book.toml, the standards are.
    by : str
        The level.
    day : date, optional
        As of which day; the book's as_of otherwise.
    kind : {"maintain", "promote"}, optional
        Only these standards.

    Returns
    -------
    DataFrame
        unit, standard, kind, window, kpi, have, need, gap (what is missing, at least 0) [the
        KPI's unit], share (have over need) [rate], weeks_left [weeks after the day], a_week_so_far,
        a_week_needed [the KPI's unit a week; NaN for what does not add up], status: met, on_pace,
        at_risk, missed (the window is over), unknown (no value). What does not add up over days,
        such as headcount and rates, is met or at risk as it stands.

    Raises
    ------
    ReconcileError
        No standard of the level holds on the day, or the day lies after the facts.
    UnknownName
        A standard names a KPI that the catalogue does not hold.

    Notes
    -----
    At risk: the rest takes more a week than was done so far. The pace so far is a plain mean,
    told as what it is: month ends usually bring more (see `outlook` for a landing).
    """
    at = day or book.as_of
    if at > book.as_of:
        raise ReconcileError("after_facts", day=at, last=book.as_of)
    held = [
        one
        for one in book.settings.standards
        if one.level == by and one.holds(at) and kind in (None, one.kind)
    ]
    if not held:
        raise ReconcileError("no_standard", level=by, day=at)
    parts = [_held_against(book, one, at) for one in held]
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _held_against(book: Book, one: Standard, at: dt.date) -> pd.DataFrame:
    whole = window(at, one.months)
    codes = [kpi(code).code for code in one.at_least]
    known = spans.span(whole.first, at)
    found = grid(book, codes, by=one.level, period=known)
    out = found.melt(["unit"], codes, "kpi", "have")
    out["need"] = out["kpi"].map(dict(one.at_least)).astype(float)
    out["gap"] = (out["need"] - out["have"]).clip(lower=0.0)
    left, done = (whole.last - at).days / 7, known.days / 7
    adds = out["kpi"].map(_adds_up)
    so_far = (out["have"] / done).where(adds)
    needed = (out["gap"] / left if left else out["gap"].where(out["gap"] == 0)).where(adds)
    behind = np.where(adds, needed > so_far, out["gap"] > 0)
    status = np.select(
        [out["have"].isna(), out["gap"] == 0, left == 0, behind],
        ["unknown", "met", "missed", "at_risk"],
        "on_pace",
    )
    return out.assign(
        standard=one.name, kind=one.kind, window=whole.code, share=out["have"] / out["need"],
        weeks_left=left, a_week_so_far=so_far, a_week_needed=needed, status=status,
    )  # fmt: skip


def _adds_up(code: str) -> bool:
    one = kpi(code)
    return not one.denominator and all(measures()[t.measure].additive for t in one.numerator)


def at_risk(frame: pd.DataFrame) -> pd.DataFrame:
    """List the units that will miss a standard, the largest relative gap first.

    Parameters
    ----------
    frame : DataFrame
        What `assess` gives.

    Returns
    -------
    DataFrame
        The same columns: of every unit and standard at risk or missed the criterion that is
        furthest away; least share first, the missed before those that can still be met.

    Examples
    --------
    >>> rows = {"unit": ["a", "a", "b"], "standard": "s", "share": [0.5, 0.2, 1.1]}
    >>> frame = pd.DataFrame(rows).assign(status=["at_risk", "at_risk", "met"])
    >>> at_risk(frame)[["unit", "share"]].values.tolist()
    [['a', 0.2]]
    """
    short = frame[frame["status"].isin(["at_risk", "missed"])]
    grave = short["status"].map(_GRAVE)
    order = short.assign(grave=grave).sort_values(
        ["grave", "share"], ascending=[False, True], kind="stable"
    )
    return order.drop_duplicates(["unit", "standard"]).drop(columns="grave").reset_index(drop=True)
