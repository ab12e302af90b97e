"""The heads of a year: month by month, and shared among the units, in whole persons."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit import kpi
from perfkit import period as spans
from perfkit.book import Book
from perfkit.target.apportion import split
from perfkit.target.headcount import closing_after, recruits_needed, roll_forward
from perfkit.target.lastyear import known_months, own_values

__all__ = ["headcount_by_month", "headcount_months", "headcount_units"]


def headcount_months(book: Book, *, unit: str, period: str, growth: float) -> pd.DataFrame:
    """Plan the heads of a year month by month: recruits that make up for leavers, and the growth.

    Parameters
    ----------
    book : Book
        Where the people are.
    unit, period : str
        Whose heads, in which year.
    growth : float
        Of the closing on the opening of the year. [rate]

    Returns
    -------
    DataFrame
        By month code: opening, recruits, leavers, transfers, net_growth, closing and
        attrition_rate, in whole persons. The year opens with what the last headcount becomes at
        the pace of the last twelve months; people leave at their rate; recruits are the same every
        month but for a person. ``attrs``: now, recruits_now and leavers_now (of a mean month).
        Empty without people. [persons; rate]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> plan = headcount_months(open_book("district_one"), unit="D1", period="2013", growth=0.1)
    >>> bool((plan["closing"].iloc[-1] >= plan["opening"].iloc[0] * 1.1))
    True
    """
    codes = ["headcount_opening", "headcount_closing", "recruits", "leavers"]
    months = [month.code for month in spans.months(spans.parse(period))]
    past = known_months(book, 12, before=period)
    if not book.has("agents") or not past:
        return pd.DataFrame(columns=["opening", "recruits", "leavers", "closing"], dtype=float)
    seen = own_values(book, unit, codes, past).reindex([month.code for month in past])
    now = float(seen["headcount_closing"].iloc[-1])
    came, left = float(seen["recruits"].mean()), float(seen["leavers"].mean())
    rate = float(seen["leavers"].sum() / max(seen["headcount_opening"].sum(), 1))
    waiting = _months_between(past[-1].code, months[0])
    opening = round(closing_after(now, came, rate, months=waiting))
    aim = math.ceil(round(opening * (1 + growth), 6))
    out = _rolled(opening, aim, rate, months)
    out.attrs = {"now": now, "recruits_now": came, "leavers_now": left}
    return out


def _months_between(last: str, first: str) -> int:
    """Count the months after one and before another."""
    a, b = (int(code[:4]) * 12 + int(code[5:7]) for code in (last, first))
    return max(0, b - a - 1)


def _rolled(opening: int, aim: int, rate: float, months: list[str]) -> pd.DataFrame:
    """Roll whole persons forward so that the year closes at its aim."""
    recruits = recruits_needed(opening, aim, rate, months=len(months))
    heads, expected = float(opening), []
    for _ in months:
        expected.append(heads * rate)
        heads += recruits - heads * rate
    leavers = np.diff(np.round(np.cumsum(expected)), prepend=0.0)
    total = max(0.0, aim - opening + leavers.sum())
    even = split(total, pd.Series(1.0, index=months))
    return roll_forward(opening, even, pd.Series(leavers, index=months))


def headcount_units(book: Book, *, unit: str, plan: pd.DataFrame) -> pd.DataFrame:
    """Share a headcount plan among the units right below, by the people they have.

    Parameters
    ----------
    book : Book
        Where the people are.
    unit : str
        Whose plan it is.
    plan : DataFrame
        What `headcount_months` gives.

    Returns
    -------
    DataFrame
        By unit, the whole first: opening, recruits, leavers, closing, growth (closing over opening,
        less 1) and average (of the months, by the shares of the opening). The units add up to the
        whole exactly but for the average's last digits. Empty without a plan. [persons; rate]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> whole = headcount_months(b, unit="D1", period="2013", growth=0.1)
    >>> got = headcount_units(b, unit="D1", plan=whole)
    >>> float(got["closing"].iloc[1:].sum()), float(got["closing"].iloc[0])
    (202.0, 202.0)
    """
    columns = ["opening", "recruits", "leavers", "closing", "growth", "average"]
    if plan.empty:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="unit"), dtype=float)
    average = float((plan["opening"] + plan["closing"]).mean() / 2)
    whole = pd.DataFrame(
        {
            "opening": float(plan["opening"].iloc[0]),
            "recruits": plan["recruits"].sum(),
            "leavers": plan["leavers"].sum(),
        },
        index=[unit],
    )
    parts, below = whole.iloc[:0], book.below(unit)
    if below != "agent":
        last = known_months(book, 1, before=str(plan.index[0]))
        seen = kpi.measure(book, ["headcount_closing"], by=below, period=last, unit=unit)
        heads = seen.set_index("unit")["value"]
        heads = heads[heads > 0]
        parts = pd.DataFrame({name: split(float(whole[name].iloc[0]), heads) for name in whole})
    out = pd.concat([whole, parts]).rename_axis("unit")
    out["closing"] = out["opening"] + out["recruits"] - out["leavers"]
    out["growth"] = out["closing"] / out["opening"].where(out["opening"] > 0) - 1
    out["average"] = average * out["opening"] / float(out["opening"].iloc[0])
    return out


def headcount_by_month(plan: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Lay the mean heads of every unit and month out.

    Parameters
    ----------
    plan : DataFrame
        What `headcount_months` gives.
    units : DataFrame
        What `headcount_units` gives.

    Returns
    -------
    DataFrame
        Units by months: the whole's mean of opening and closing, by each unit's share of the year's
        average, so that a unit's months have the average of its year. Empty without a plan.
        [persons]

    Examples
    --------
    >>> plan = pd.DataFrame({"opening": [9.0], "closing": [11.0]}, index=["2013-01"])
    >>> units = pd.DataFrame({"average": [10.0, 4.0]}, index=["D1", "D1/01"])
    >>> headcount_by_month(plan, units).values.tolist()
    [[10.0], [4.0]]
    """
    if plan.empty or units.empty:
        return pd.DataFrame(index=units.index, columns=plan.index, dtype=float)
    mean = (plan["opening"] + plan["closing"]) / 2
    share = units["average"] / float(mean.mean())
    return pd.DataFrame(np.outer(share, mean), index=units.index, columns=plan.index)
