"""Where a unit stands: among its sisters, against the unit above, its past, plan and standard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import org, workdays
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi import compare, grid, kpi
from perfkit.kpi.measure import known_part
from perfkit.period import Period

__all__ = ["same_days", "standing"]

_LONGER = dt.timedelta(days=31)  # no run of days off is as long


def standing(
    book: Book,
    kpis: Sequence[str],
    *,
    by: str,
    period: str | Period,
    standards: Mapping[str, float] | None = None,
    variants: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Lay each unit's KPIs beside all they can be held against.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        Which.
    by : str
        The level.
    period : str or Period
        Which days.
    standards : mapping, optional
        KPI → what is asked of every unit of this level. [the KPI's unit]
    variants : mapping, optional
        As for `kpi.measure`.

    Returns
    -------
    DataFrame
        unit, kpi, period, value, rank (1 is best; those alike share the better place), sisters
        (units under the same one with a value), best, gap_best, parent (the unit above; its KPI
        for rates and amounts a head, the mean of its units for plain sums), gap_parent, previous,
        year_ago, target, standard, and gap_ and attainment_ of each of the last four. [the KPI's
        unit; attainments are rates] A gap is the value less the other; what has no value has no
        rank. NaN where the other is unknown, and for attainments where it is not above zero.

    Raises
    ------
    UnknownName
        No such KPI, level or variant.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = standing(b, ["activity_rate"], by="department", period="2012-09")
    >>> sorted(found["rank"].tolist())[0], found["sisters"].unique().tolist()
    (1.0, [6])
    """
    span = spans.parse(period)
    found = compare(book, kpis, by=by, period=span, variants=variants)
    out = found[["unit", "kpi", "period", "value", "previous", "year_ago", "target"]].copy()
    out["standard"] = out["kpi"].map(standards or {}).astype(float)
    family = [out["unit"].map(lambda u: org.parent(u) or ""), out["kpi"]]
    falls = out["kpi"].map(lambda code: kpi(code).direction == "down")
    good = out["value"].where(~falls, -out["value"])
    sisters = good.groupby(family)
    out["rank"] = sisters.rank(method="min", ascending=False)
    out["sisters"] = sisters.transform("count").astype(int)
    out["best"] = sisters.transform("max").where(~falls, -sisters.transform("max"))
    out["parent"] = _above(book, out, family, by, span, variants)
    for other in ("best", "parent", "previous", "year_ago", "target", "standard"):
        out[f"gap_{other}"] = out["value"] - out[other]
    for other in ("previous", "year_ago", "target", "standard"):
        out[f"attainment_{other}"] = out["value"] / out[other].where(out[other] > 0)
    gaps = [c for c in out.columns if c.startswith(("gap_", "attainment_"))]
    first = ["unit", "kpi", "period", "value", "rank", "sisters", "best", "parent", "previous",
             "year_ago", "target", "standard"]  # fmt: skip
    return out[[*first, *gaps]].reset_index(drop=True)


def _above(
    book: Book, out: pd.DataFrame, family: list[pd.Series], by: str, span: Period,
    variants: Mapping[str, str] | None,
) -> pd.Series[float]:  # fmt: skip
    """Give what the unit above has: its own rate, or the mean of its units for plain sums."""
    means = out["value"].groupby(family).transform("mean")
    levels = [level for level in org.levels_from(book.root) if level in (*book.levels, "agent", by)]
    rates = [code for code in dict.fromkeys(out["kpi"]) if kpi(code).denominator]
    if by == levels[0] or not rates:
        return means if by != levels[0] else means * np.nan
    above = levels[levels.index(by) - 1]
    chosen = {k: v for k, v in (variants or {}).items() if k in rates}
    held = grid(book, rates, by=above, period=span, variants=chosen).set_index("unit")
    own = [
        held[code].get(parent, np.nan) if code in rates else mean
        for parent, code, mean in zip(family[0], out["kpi"], means, strict=True)
    ]
    return pd.Series(own, out.index, dtype=float)


def same_days(book: Book, kpis: Sequence[str], *, by: str, period: str | Period) -> pd.DataFrame:
    """Hold a period against as many business days of a year ago.

    Parameters
    ----------
    book, kpis, by
        As for `standing`.
    period : str or Period
        Which days; while it is running, those known.

    Returns
    -------
    DataFrame
        unit, kpi, value, year_ago [the KPI's unit], growth [rate; NaN where a year ago is not
        above zero], working_days [days], since, until: the days of a year ago. A year ago that the
        book knows only in part is NaN.

    Raises
    ------
    ReconcileError
        No day of the period is a working day.

    Notes
    -----
    Holidays and make-up days are those of `workdays`.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = same_days(b, ["premium_issued"], by="district", period="2012-09")
    >>> found[["working_days", "since", "until"]].astype(str).values.tolist()
    [['21', '2011-09-01', '2011-09-30']]
    """
    now = known_part(book, spans.parse(period))
    count = workdays.working_days(now.first, now.last)
    if not count:
        raise ReconcileError("no_working_day", period=spans.parse(period).code)
    first = spans.year_ago(spans.parse(period)).first
    counted = workdays.selling_days(first, first + (now.last - now.first) + _LONGER)
    last = counted.loc[counted["selling_day"] >= count, "date"].iloc[0]
    then = spans.span(first, last)
    here = spans.span(now.first, now.last)
    found = grid(book, kpis, by=by, period=[here, then])
    long = found.melt(["unit", "period"], list(kpis), "kpi", "value")
    wide = long.pivot(index=["unit", "kpi"], columns="period", values="value")
    out = wide.rename(columns={here.code: "value", then.code: "year_ago"}).reset_index()
    if first < book.facts_from:
        out["year_ago"] = np.nan
    out.columns.name = None
    growth = out["value"] / out["year_ago"].where(out["year_ago"] > 0) - 1
    return out[["unit", "kpi", "value", "year_ago"]].assign(
        growth=growth, working_days=count, since=first, until=last
    )
