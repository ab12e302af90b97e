"""A month's node plan and where it comes from: entered, or made of the target there is."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from perfkit import kpi as numbers
from perfkit import org, workdays
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import nodeplan
from perfkit.rhythm.laid import Weights, month_of
from perfkit.rhythm.nodeplan import PREMIUM, RATES

__all__ = ["Nodes", "checkpoints", "curve_of", "nodes_of", "shares"]

ISSUED = "premium_issued"
CURVES = ("usual", "even")


class Nodes(NamedTuple):
    """A month's node plan, where it comes from, and the whole month's target.

    Attributes
    ----------
    plan : DataFrame
        What `nodeplan.checked` gives; no row where there is nothing.
    basis : str
        entered; or made: of a target given, of the version's, or of the plan's premium issued
        (given, version, issued); or days: no target, only days.
    target : float
        Of premium submitted, the whole month's; NaN where there is none. [yuan]
    """

    plan: pd.DataFrame
    basis: str
    target: float


def nodes_of(
    book: Book,
    *,
    unit: str,
    month: str,
    working_days: Sequence[int],
    curve: pd.DataFrame | None = None,
    given: float = 0.0,
    version: str = "stretch",
    must_write: Sequence[str] = (),
    weights: Weights = None,
) -> Nodes:
    """Give a month's node plan: the one entered, or one made of the month's target.

    Parameters
    ----------
    book : Book
        Holds the targets.
    unit, month : str
        Whose and when.
    working_days : sequence of int
        Where nodes are put if none are entered: working days of the month, from 1, or from -1
        backward; those that a month does not have are left out.
    curve : DataFrame, optional
        How a month fills up, as `pace.usual` gives it; even pace otherwise.
    given : float, default 0.0
        The month's target of premium submitted, 0 for none: then that entered. [yuan]
    version : str, default "stretch"
        Under which version it is entered.
    must_write : sequence of str
        Who must have written by the first node, the second, …; see `nodeplan.checked`.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    Nodes
        Without any target of premium submitted, the plan's of premium issued stands in for it, and
        the basis says so.

    Raises
    ------
    PerfkitError
        The plan does not fit; the rows are named.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b, days = open_book("district_one"), [2, 7, -1]
    >>> found = nodes_of(b, unit="D1", month="2012-09", working_days=days)
    >>> found.basis, len(found.plan)
    ('entered', 5)
    >>> found = nodes_of(b, unit="D1", month="2012-10", working_days=days)
    >>> found.basis, len(found.plan), found.plan["date"].iloc[-1].isoformat()
    ('issued', 3, '2012-10-31')
    """
    whole = month_of(month)
    level = org.level_of(unit, book.root)
    basis, target = _target(book, unit, level, whole, given, version)
    try:
        plan = nodeplan.entered(book, unit, whole.code)
    except PerfkitError as error:
        if error.key != "no_nodes":
            raise
    else:
        last = float(plan[PREMIUM].iloc[-1])
        asked = target if basis in {"given", "version"} or math.isnan(last) else last
        return Nodes(nodeplan.with_writers(plan, must_write), "entered", asked)
    days = _days(whole, working_days)
    if not days:
        return Nodes(nodeplan.nothing(), "days", target)
    if math.isnan(target):
        dated = pd.DataFrame({"date": pd.Series(days, dtype=object)})
        plan = nodeplan.checked(dated, whole.code)
    else:
        curves = None if curve is None else {PREMIUM: curve}
        asks = {PREMIUM: target}
        plan = nodeplan.plan(whole.code, days, asks, curves=curves, weights=weights)
    return Nodes(nodeplan.with_writers(plan, must_write), basis, target)


def _target(
    book: Book, unit: str, level: str, month: spans.Period, given: float, version: str
) -> tuple[str, float]:
    """Find the month's target of premium submitted, and say where."""
    if given:
        return "given", given
    for basis, code, name in (("version", PREMIUM, version), ("issued", ISSUED, "plan")):
        found = numbers.targets(book, code, by=level, period=month, version=name)
        held = found.loc[found["unit"] == unit, "target"].astype(float).dropna()
        if len(held):
            return basis, float(held.iloc[0])
    return "days", math.nan


def _days(month: spans.Period, places: Sequence[int]) -> list[dt.date]:
    """Find working days of a month by their number, in order."""
    types = workdays.day_types(month.first, month.last)
    worked = types["date"][types["day_type"].isin(["workday", "make_up"])].tolist()
    held = [n - 1 if n > 0 else len(worked) + n for n in places if n]
    return [worked[i] for i in sorted(set(held)) if 0 <= i < len(worked)]


def shares(
    plan: pd.DataFrame,
    *,
    month: str,
    curve: pd.DataFrame | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Set beside each node how much of the month is over by then, and how much usually is in hand.

    Parameters
    ----------
    plan : DataFrame
        What `nodeplan.checked` gives.
    month : str
        The nodes' month.
    curve : DataFrame, optional
        As `pace.usual` gives it.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        node, date, selling_day [selling days], even, usual (NaN without a curve) [rates], and the
        plan's other columns.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> nodes = nodeplan.entered(open_book("district_one"), "D1", "2012-09")
    >>> shares(nodes, month="2012-09")["selling_day"].tolist()
    [2.0, 7.0, 11.0, 16.0, 20.0]
    """
    whole = month_of(month)
    counted = workdays.selling_days(whole.first, whole.last, weights).set_index("date")
    even = [float(counted["elapsed"][day]) for day in plan["date"]]
    usual = [math.nan] * len(even) if curve is None else nodeplan.share_at(curve, even).tolist()
    spent = [counted["selling_day"][day] for day in plan["date"]]
    told = pd.DataFrame({"selling_day": spent, "even": even, "usual": usual}, index=plan.index)
    rest = plan[[PREMIUM, *RATES, "must_write"]]
    return pd.concat([plan[["node", "date"]], told.astype(float), rest], axis=1)


def checkpoints(plan: pd.DataFrame, day: dt.date) -> list[dt.date]:
    """List the days of a month to look back from: its nodes so far, and the day itself.

    Parameters
    ----------
    plan : DataFrame
        What `nodeplan.checked` gives.
    day : date
        How far it is looked at.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> nodes = nodeplan.entered(open_book("district_one"), "D1", "2012-09")
    >>> [d.day for d in checkpoints(nodes, dt.date(2012, 9, 12))]
    [4, 11, 12]
    """
    return sorted({*(one for one in plan["date"] if one <= day), day})


def curve_of(usual: pd.DataFrame | None, kind: str) -> pd.DataFrame | None:
    """Choose the course that the amounts of nodes follow.

    Parameters
    ----------
    usual : DataFrame or None
        What `pace.usual_before` gives.
    kind : {"usual", "even"}
        Which.

    Returns
    -------
    DataFrame or None
        None for even pace.

    Raises
    ------
    UnknownName
        There is no such course.

    Examples
    --------
    >>> curve_of(None, "even") is None
    True
    """
    if kind not in CURVES:
        raise UnknownName(kind="setting", name=kind, allowed=CURVES)
    return usual if kind == "usual" else None
