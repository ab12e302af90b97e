"""Cohorts of policies in the engine: those of a day, and which were kept until they matured.

Calendar arithmetic stays at home: the small table of days says for every day of issue when its
cohorts mature, so that every engine only compares whole numbers, in one pass for all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw

from perfkit.book.backend import Frame

__all__ = ["UNKNOWN", "Look", "Share", "joiners", "policies_matured"]

UNKNOWN = " immature"


@dataclass(frozen=True, slots=True)
class Share:
    """What is added up over a cohort of policies: all of it, or the part that was paid.

    Attributes
    ----------
    code : str
        The measure's name.
    column : str or None
        What is summed; None counts members. [fen]
    paid : tuple of int
        The months after issue at which the premiums that must be paid fell due; none: the whole
        cohort. [months]
    leaves_out : tuple of str
        paid_up (nothing falls due any more), cooling_off.
    months : int
        After how many months the last premium falls due. [months]
    """

    code: str
    column: str | None = None
    paid: tuple[int, ...] = ()
    leaves_out: tuple[str, ...] = ()
    months: int = 0

    @property
    def needs(self) -> list[str]:
        """The columns it looks at."""
        own = {"cooling_off": "cancelled_on", "paid_up": "pay_years"}
        named = [own[reason] for reason in self.leaves_out]
        return [*named, *([self.column] if self.column else [])]

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


@dataclass(frozen=True, slots=True)
class Look:
    """Cohorts looked at after the same number of months.

    Attributes
    ----------
    number : int
        Which of the looks of a pass this is; names its columns in the table of days.
    shares : sequence of Share
        What to add up.
    until : LazyFrame
        due_on, until (last day of grace), open (1 if that day is not known yet).
    """

    number: int
    shares: Sequence[Share]
    until: Frame

    @property
    def months(self) -> list[int]:
        """The premiums asked for, by when they fall due after issue. [months]"""
        return sorted({months for share in self.shares for months in share.paid})

    @property
    def known(self) -> str:
        """The column that says which days have matured: 1 or 0."""
        return f"known_{self.number}"

    def end(self, months: int) -> str:
        """Name the column with the last day of grace of a premium."""
        return f"end_{self.number}_{months}"

    def paid(self, months: int) -> str:
        """Name the column that says whether a premium was paid: 1 or 0."""
        return f"paid_{self.number}_{months}"

    def immature(self, share: Share) -> str:
        """Name the sum of the immature: one for all shares that leave out the same."""
        alike = (
            s for s in self.shares if (s.leaves_out, s.months) == (share.leaves_out, share.months)
        )
        return next(alike).code + UNKNOWN

    def sums(self) -> dict[str, nw.Expr]:
        """Write what each member adds to every sum, the immature apart."""
        known = nw.col(self.known) == 1
        out: dict[str, nw.Expr] = {}
        for share in self.shares:
            kept = [nw.col(self.paid(months)) == 1 for months in share.paid]
            chosen = nw.when(_every([known, share.belongs(), *kept]))
            out[share.code] = chosen.then(share.amount()).otherwise(nw.lit(0))
            left_out = nw.when(~known & share.belongs())
            out[self.immature(share)] = left_out.then(nw.lit(1)).otherwise(nw.lit(0))
        return out


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


def _paid(rows: Frame, renewals: Frame | None, look: Look, *, lapses: bool) -> Frame:
    """Tell of each policy and premium whether it was paid by the end of grace.

    A row of renewals decides: paid in full, on a day of grace at the latest. Without a row
    lapsed_on decides: still in force after the last day of grace. Where a grace is still
    running the policy is not known yet.
    """
    lapsed, known = nw.col("lapsed_on"), look.known
    for month in look.months:
        still = (lapsed.is_null() | (lapsed > nw.col(look.end(month)))) & nw.lit(lapses)
        code, ones = look.paid(month), nw.when(still).then(nw.lit(1)).otherwise(nw.lit(0))
        if renewals is None:
            rows = rows.with_columns(ones.alias(code))
            continue
        rows = rows.join(_renewed(renewals, look.until, month), on="policy_id", how="left")
        unpaid = nw.when(nw.col("open") == 1).then(nw.lit(0)).otherwise(nw.col(known))
        told = nw.when(nw.col("told").is_null()).then(ones).otherwise(nw.col("told"))
        rows = rows.with_columns(told.alias(code), unpaid.alias(known)).drop("told", "open")
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


def policies_matured(
    tables: Mapping[str, Frame],
    looks: Sequence[Look],
    days: Frame,
    seats: Frame,
    *,
    lapses: bool,
) -> Frame:
    """Add up cohorts of policies by seat and stretch of days, the immature apart.

    Parameters
    ----------
    tables : mapping of str to LazyFrame
        Holds policies and, where the book has them, renewals.
    looks : sequence of Look
        What to add up, each with its columns in `days`.
    days : LazyFrame
        day (of issue), stretch, and of every look known_ (1 or 0) and the end_ of grace.
    seats : LazyFrame
        agent_id, seat, moved (1: the day matters too).
    lapses : bool
        Whether the book records lapsed_on; where it does not, no row means not paid.

    Returns
    -------
    LazyFrame
        seat, stretch, at (the day, or -1); a share's sum over the mature [fen or policies], and
        as `Look.immature` names it how many are left out as immature. [policies]
    """
    day, renewals = nw.col("issued_on"), tables.get("renewals")
    asked = any(look.months for look in looks)
    needed = {name for look in looks for share in look.shares for name in share.needs}
    needed |= {"lapsed_on"} if asked else set()
    needed |= {"policy_id"} if asked and renewals is not None else set()
    rows = tables["policies"].filter(~day.is_null())
    rows = rows.select("agent_id", day.alias("day"), *sorted(needed))
    rows = rows.join(days, on="day", how="inner").join(seats, on="agent_id", how="inner")
    for look in looks:
        rows = _paid(rows, renewals, look, lapses=lapses)
    sums = {code: one for look in looks for code, one in look.sums().items()}
    at = nw.when(nw.col("moved") == 1).then(nw.col("day")).otherwise(nw.lit(-1)).alias("at")
    amounts = (one.cast(nw.Float64).alias(code) for code, one in sums.items())  # as in `cells`
    added = rows.select("seat", "stretch", at, *amounts)
    found = added.group_by("seat", "stretch", "at").agg(*(nw.col(c).sum() for c in sums))
    return found.select(nw.all().cast(nw.Int64))
