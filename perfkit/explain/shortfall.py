"""How far a unit's premium lies under its usual, and through which driver."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError, UnknownName
from perfkit.explain.chain import chain
from perfkit.explain.driver import decompose
from perfkit.explain.evidence import against_usual
from perfkit.kpi import measure, units
from perfkit.period import Period

__all__ = ["shortfall", "shortfall_drivers", "whole_months"]

PREMIUM = "premium_submitted"
HISTORY = 36
CERTAINTY = 0.95


def whole_months(
    book: Book, period: str | Period, history: int = HISTORY
) -> tuple[list[Period], int]:
    """List the months of a period with those before it that the book knows.

    Parameters
    ----------
    book : Book
        Where the facts are.
    period : str or Period
        Whole months.
    history : int, default 36
        How many to look back. [months]

    Returns
    -------
    tuple
        The months, oldest first, and how many of them at the end are the period's.

    Raises
    ------
    ReconcileError
        The period is not of whole months that the book knows.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found, count = whole_months(open_book("district_one"), "2012-09..2012-10", 3)
    >>> [month.code for month in found], count
    (['2012-06', '2012-07', '2012-08', '2012-09', '2012-10'], 2)
    """
    span = spans.parse(period)
    now = spans.months(span)
    if (now[0].first, now[-1].last) != (span.first, span.last) or span.last > book.as_of:
        raise ReconcileError("chart.whole_months", period=span.code, last=book.as_of)
    found = spans.trailing(now[-1], history + len(now))
    return [month for month in found if month.first >= book.facts_from], len(now)


def _expected(
    book: Book, codes: Sequence[str], by: str, period: str | Period
) -> dict[str, pd.DataFrame]:
    """Hold monthly sums of every unit against their usual; by KPI, units in the index."""
    months, count = whole_months(book, period)
    found = measure(book, codes, by=by, period=months)
    out = {}
    for code, part in found.groupby("kpi", sort=False):
        wide = part.pivot(index="unit", columns="period", values="value")
        over = wide[[month.code for month in months]].fillna(0.0).to_numpy(float)
        told = against_usual(over, np.ones_like(over), length=count, form="amount")
        out[str(code)] = told.set_index(wide.index)
    return out


def _only(book: Book, frame: pd.DataFrame, unit: str | None) -> pd.DataFrame:
    if unit is None:
        return frame
    if unit not in (allowed := units(book)):
        raise UnknownName(kind="unit", name=unit, allowed=allowed)
    return frame[frame["unit"].isin(org.within(frame["unit"].tolist(), unit))]


def shortfall(
    book: Book, *, by: str, period: str | Period, unit: str | None = None
) -> pd.DataFrame:
    """Hold each unit's premium against its usual, net of what its sisters share.

    Parameters
    ----------
    book : Book
        Where the facts are.
    by, period, unit
        As for `causes`.

    Returns
    -------
    DataFrame
        unit, period, value, expected, low, high (the range of chance, 95 %), gap [yuan], p: the
        chance of so little [rate], beyond: whether it lies below the range.

    Raises
    ------
    UnknownName
        No such unit or level.
    ReconcileError
        The period is not of whole months that the book knows.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> how = {"by": "department", "period": "2012-09..2012-10", "unit": "D1/05"}
    >>> found = shortfall(open_book("district_one"), **how)
    >>> bool(found["gap"].iloc[0] < 0)
    True
    """
    from scipy.special import ndtr, ndtri

    found = _expected(book, [PREMIUM], by, period)[PREMIUM]
    out = found.rename_axis("unit").reset_index().assign(period=spans.parse(period).code)
    reach = float(ndtri(0.5 + CERTAINTY / 2)) * out["spread"]
    out = out.assign(
        low=(out["expected"] - reach).clip(lower=0.0),
        high=out["expected"] + reach,
        gap=out["value"] - out["expected"],
        p=ndtr(out["score"]),
    )
    out["beyond"] = out["p"] < (1 - CERTAINTY) / 2
    out = _only(book, out, unit)
    columns = ["unit", "period", "value", "expected", "low", "high", "gap", "p", "beyond"]
    return out[columns].reset_index(drop=True)


def shortfall_drivers(
    book: Book, *, by: str, period: str | Period, unit: str | None = None
) -> pd.DataFrame:
    """Share the gap of `shortfall` among headcount, activity, cases and their size, exactly.

    Takes what `shortfall` takes.

    Returns
    -------
    DataFrame
        As `decompose`, before being what was expected of each level: one row a unit and factor;
        the effects add up to the gap. [yuan]

    Raises
    ------
    UnknownName
        No such unit or level.
    ReconcileError
        The period is not of whole months, or what is usual is not known of every unit.

    Notes
    -----
    Headcount and active agents are sums over the months: the first factor is head-months.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> how = {"by": "department", "period": "2012-09..2012-10", "unit": "D1/05"}
    >>> book = open_book("district_one")
    >>> parts, gap = shortfall_drivers(book, **how), shortfall(book, **how)["gap"].iloc[0]
    >>> bool(abs(parts["effect"].sum() - gap) < 0.01)
    True
    """
    links = chain(PREMIUM)
    found = _expected(book, list(links.factors.values()), by, period)
    sides = []
    for column in ("expected", "value"):
        levels = {level: found[level][column] for level in links.factors.values()}
        side = pd.DataFrame(levels).rename_axis("unit").reset_index()
        sides.append(_only(book, side, unit).set_index("unit"))
    return decompose(sides[0], sides[1], links.factors)
