"""Where a month of every unit will land: its past at the same part of the month, and `landing`."""

from __future__ import annotations

import math

import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi import adds_up, grid, kpi, targets
from perfkit.outlook.landing import LEAST_MONTHS, land, landing_backtest
from perfkit.period import Period

__all__ = ["month_landing"]

_SAME = 1e-9  # parts of a month are ratios of day counts
COLUMNS = ["unit", "kpi", "period", "day", "reached", "landing", "low", "high", "target", "chance",
           "periods", "method", "tried", "covered"]  # fmt: skip


def month_landing(
    book: Book,
    code: str,
    *,
    by: str,
    period: str | Period,
    day: int | None = None,
    since: str | None = None,
    months: int = 24,
    level: float = 0.8,
    version: str = "plan",
) -> pd.DataFrame:
    """Say where a month of every unit will land.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        A KPI that adds up over days.
    by : str
        The level.
    period : str or Period
        The month.
    day : int, optional
        On which day of it; the book's as_of, or the last day, otherwise. [day of the month]
    since : str, optional
        The first month to learn from: after a change of regime (an incentive that moves sales
        forward) earlier months mislead.
    months : int, default 24
        Learn from at most so many past months.
    level : float, default 0.8
        Of the intervals. [rate]
    version : str, default "plan"
        Which targets the chance is of.

    Returns
    -------
    DataFrame
        unit, kpi, period, day, reached (what is in hand), landing, low, high, target [the KPI's
        unit], chance [rate], periods (months learnt from), method, tried, covered
        (`landing_backtest`). A unit with fewer than two past months has what is in hand, NaN else
        and the method no_history.

    Raises
    ------
    ReconcileError
        The KPI does not add up over days, or the period is no month.

    Notes
    -----
    Months are laid beside each other where as much of their selling days was over: at the same
    selling day a shorter month would have less to come.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = month_landing(
    ...     open_book("district_one"), "premium_issued", by="district", period="2012-09", day=11
    ... )
    >>> bool(found["low"][0] <= found["landing"][0] <= found["high"][0])
    True
    """
    month = spans.parse(period)
    if not adds_up(kpi(code)):
        raise ReconcileError("does_not_add_up", kpi=code)
    if month.kind != "month":
        raise ReconcileError("no_month", period=month.code)
    at = _day(book, month, day)
    past = [m for m in spans.trailing(month, months + 1)[:-1] if m.first >= book.facts_from]
    if since is not None:
        past = [m for m in past if m.first >= spans.parse(since).first]
    now = spans.parse(f"{month.code}@{at:02d}")
    pairs = _same_part(past, month, now)
    found = grid(book, [code], by=by, period=[*past, *pairs.values(), now], variants=None)
    wide = found.pivot(index="unit", columns="period", values=code)
    aims = targets(book, code, by=by, period=month, version=version).set_index("unit")["target"]
    rows = []
    for unit, row in wide.iterrows():
        hands = [row[pairs[m.code].code] if m.code in pairs else 0.0 for m in past]
        history = pd.DataFrame({"hand": hands, "total": [row[m.code] for m in past]}, dtype=float)
        aim = float(aims.get(unit, math.nan))
        told = {"unit": unit, "kpi": code, "period": month.code, "day": at, "target": aim}
        rows.append(told | _landed(history, float(row[now.code]), level, aim))
    return pd.DataFrame(rows, columns=COLUMNS)


def _day(book: Book, month: Period, day: int | None) -> int:
    if day is None:
        inside = month.first <= book.as_of <= month.last
        return book.as_of.day if inside else month.days
    if not 1 <= day <= month.days:
        raise ReconcileError("no_such_day", day=day, period=month.code, most=month.days)
    return day


def _same_part(past: list[Period], month: Period, now: Period) -> dict[str, Period]:
    """Cut past months where as much of their selling days is over; none where nothing was yet."""
    counted = workdays.selling_days(month.first, month.last).set_index("date")
    elapsed = float(counted["elapsed"][now.last])
    out = {}
    for one in past:
        days = workdays.selling_days(one.first, one.last)
        days = days[days["elapsed"] <= elapsed + _SAME]
        if len(days):
            out[one.code] = spans.parse(f"{one.code}@{days['date'].iloc[-1].day:02d}")
    return out


def _landed(history: pd.DataFrame, now: float, level: float, aim: float) -> dict[str, object]:
    """Land one unit, or say that it has no past to learn from."""
    known = history.dropna()
    known = known[known["total"].ne(0) | known["hand"].ne(0)]
    tried = landing_backtest(known, level=level)
    told: dict[str, object] = {"reached": now, "periods": len(known), "method": "no_history"}
    told |= {"tried": tried["tried"], "covered": tried["covered"]}
    if len(known) < LEAST_MONTHS or math.isnan(now):
        return told
    found = land(known, now, level=level)
    return told | {
        "landing": found.expected, "low": found.low, "high": found.high,
        "method": found.method, "chance": found.chance(aim),
    }  # fmt: skip
