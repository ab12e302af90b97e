"""Cohorts in the engine: whom a day brought in, and who of them was kept until they matured.

Calendar arithmetic stays at home: the small table of days says for every day of joining or
issue when its cohort matures, so that every engine only compares whole numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw

from perfkit.book.backend import Frame

__all__ = ["UNKNOWN", "Share", "joiners", "matured", "paid_by", "policies_issued"]

UNKNOWN = " immature"


@dataclass(frozen=True, slots=True)
class Share:
    """What is added up over a cohort: all of it, or the part that was kept.

    Attributes
    ----------
    code : str
        The measure's name.
    column : str or None
        What is summed; None counts members. [fen]
    keeps : str
        "" (all), in_force, confirmed or paid.
    paid : tuple of int
        For paid: the months after issue at which a premium fell due. [months]
    leaves_out : tuple of str
        paid_up (nothing falls due any more), cooling_off.
    months : int
        After how many months the last premium falls due. [months]
    """

    code: str
    column: str | None = None
    keeps: str = ""
    paid: tuple[int, ...] = ()
    leaves_out: tuple[str, ...] = ()
    months: int = 0

    def amount(self) -> nw.Expr:
        """Give what a member counts for."""
        return nw.lit(1) if self.column is None else nw.col(self.column)

    def belongs(self) -> nw.Expr:
        """Tell who is of the cohort."""
        out = ~nw.col("day").is_null()
        if "cooling_off" in self.leaves_out:
            out = out & nw.col("cancelled_on").is_null()
        if "paid_up" in self.leaves_out:
            years = nw.col("pay_years")
            out = out & (years.is_null() | (years * 12 > self.months))
        return out

    def kept(self) -> nw.Expr:
        """Tell who of the cohort was kept."""
        left, end = nw.col("left_on"), nw.col("end")
        if self.keeps == "in_force":
            return left.is_null() | (left >= end)
        if self.keeps == "confirmed":
            day = nw.col("confirmed_on")
            return (day <= end) & (left.is_null() | (day < left))
        if self.keeps == "paid":
            return _every([nw.col(f"paid_{months}") == 1 for months in self.paid])
        return ~nw.col("day").is_null()


def _every(tests: Sequence[nw.Expr]) -> nw.Expr:
    return functools.reduce(lambda one, two: one & two, tests)


def joiners(tables: Mapping[str, Frame], people: Frame) -> Frame:
    """Lay out the agents with their unit on the day of joining.

    Parameters
    ----------
    tables : mapping of str to LazyFrame
        Holds agents.
    people : LazyFrame
        The spells.

    Returns
    -------
    LazyFrame
        unit, day (of joining), confirmed_on, left_on. [day numbers]
    """
    first = people.filter(nw.col("first")).select("agent_id", "unit")
    rows = tables["agents"].select(
        "agent_id", nw.col("joined_on").alias("day"), "confirmed_on", "left_on"
    )
    return rows.join(first, on="agent_id", how="inner").select(
        "unit", "day", "confirmed_on", "left_on"
    )


def policies_issued(tables: Mapping[str, Frame], people: Frame) -> Frame:
    """Lay out the policies with their agent's unit on the day of issue.

    Returns
    -------
    LazyFrame
        policy_id, unit, day (of issue), premium, pay_years, cancelled_on, lapsed_on. [fen]
    """
    day = nw.col("issued_on")
    more = ("premium", "pay_years", "cancelled_on", "lapsed_on")
    rows = tables["policies"].filter(~day.is_null())
    rows = rows.select("policy_id", "agent_id", day.alias("day"), *more)
    both = rows.join(people, on="agent_id", how="inner").filter(
        nw.col("facts_since") <= nw.col("day"), nw.col("day") < nw.col("facts_until")
    )
    return both.select("policy_id", "unit", "day", *more)


def paid_by(
    rows: Frame, renewals: Frame | None, until: Frame, months: Sequence[int], *, lapses: bool
) -> Frame:
    """Tell of each policy and premium whether it was paid by the end of grace.

    A row of renewals decides: paid in full, on a day of grace at the latest. Without a row
    lapsed_on decides: still in force after the last day of grace.

    Parameters
    ----------
    rows : LazyFrame
        What `policies_issued` gave, joined with the days: with columns end_<months>.
    renewals : LazyFrame or None
        The book's table.
    until : LazyFrame
        due_on, until (last day of grace), open (1 if that day is not known yet).
    months : sequence of int
        The premiums asked for, by when they fall due after issue. [months]
    lapses : bool
        Whether the book records lapsed_on; where it does not, no row means not paid.

    Returns
    -------
    LazyFrame
        `rows` with paid_<months> (1 or 0); known is 0 where a grace is still running.
    """
    lapsed = nw.col("lapsed_on")
    for month in months:
        still = (lapsed.is_null() | (lapsed > nw.col(f"end_{month}"))) & nw.lit(lapses)
        code, ones = f"paid_{month}", nw.when(still).then(nw.lit(1)).otherwise(nw.lit(0))
        if renewals is None:
            rows = rows.with_columns(ones.alias(code))
            continue
        rows = rows.join(_renewed(renewals, until, month), on="policy_id", how="left")
        unpaid = nw.when(nw.col("open") == 1).then(nw.lit(0)).otherwise(nw.col("known"))
        told = nw.when(nw.col("told").is_null()).then(ones).otherwise(nw.col("told"))
        rows = rows.with_columns(told.alias(code), unpaid.alias("known")).drop("told", "open")
    return rows


def _renewed(renewals: Frame, until: Frame, month: int) -> Frame:
    """Give policy_id, told (1 paid in time, 0 not), open (1 while it may still be paid)."""
    due = renewals.filter(nw.col("policy_year") == month // 12 + 1)
    both = due.join(until, on="due_on", how="left")
    amount = nw.col("amount_paid")
    in_full = amount.is_null() | (amount >= nw.col("amount_due"))
    paid = (nw.col("paid_on") <= nw.col("until")) & in_full
    told = nw.when(paid).then(nw.lit(1)).otherwise(nw.lit(0))
    both = both.with_columns(told.alias("told"))
    still = (nw.col("told") == 0) & (nw.col("open") == 1)
    return both.select(
        "policy_id", "told", nw.when(still).then(nw.lit(1)).otherwise(nw.lit(0)).alias("open")
    )


def matured(rows: Frame, shares: Sequence[Share]) -> Frame:
    """Add up cohorts by unit and piece of time, the immature apart.

    Parameters
    ----------
    rows : LazyFrame
        Members with unit, day, piece, end, known (1 or 0) and what the shares name.
    shares : sequence of Share
        What to add up.

    Returns
    -------
    LazyFrame
        unit, piece; a share's sum over the mature [fen or members], and under its code with
        `UNKNOWN` behind it how many members are left out as immature. [members]
    """
    known = nw.col("known") == 1
    columns = []
    for share in shares:
        chosen = nw.when(known & share.belongs() & share.kept())
        columns.append((chosen, share.amount(), share.code))
        left_out = nw.when(~known & share.belongs())
        columns.append((left_out, nw.lit(1), share.code + UNKNOWN))
    rows = rows.select(
        "unit",
        "piece",
        *(w.then(what).otherwise(nw.lit(0)).cast(nw.Int64).alias(c) for w, what, c in columns),
    )
    return rows.group_by("unit", "piece").agg(*(nw.col(c).sum() for _, _, c in columns))
