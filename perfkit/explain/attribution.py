"""Why a number of a book moved: the drivers' part of a change, from `kpi` alone."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book, Finding
from perfkit.errors import PerfkitError, ReconcileError
from perfkit.explain.chain import Chain, chain
from perfkit.explain.driver import decompose
from perfkit.kpi import catalogue, grid, targets
from perfkit.period import Period

__all__ = ["attribute"]


def attribute(
    book: Book,
    code: str = "premium_submitted",
    *,
    by: str,
    period: str | Period,
    against: str | Period = "previous",
    unit: str | None = None,
    sister: str | None = None,
    mix: bool = False,
    version: str = "plan",
) -> pd.DataFrame:
    """Share the change of a KPI among its drivers, for every unit of a level.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str, default "premium_submitted"
        What to explain; the declared chain of its drivers (see `chains`).
    by : str
        The level to work it out at; sums over it are of the same kind at every level above.
    period : str or Period
        Which days.
    against : {"previous", "year_ago", "target"} or a period, default "previous"
        What to start from. Of a running period, the one before is cut to as many days, and that
        of a year ago to the same dates.
    unit : str, optional
        Only this unit, and those below it.
    sister : str, optional
        Start from this unit in the same days instead; needs `unit`, both of the level `by`.
    mix : bool, default False
        Split the headcount into its total and the shares of the units.
    version : str, default "plan"
        Which targets.

    Returns
    -------
    DataFrame
        As `decompose`. [the KPI's unit] ``attrs["findings"]`` names drivers without a target,
        which are taken as they came and so have no effect.

    Raises
    ------
    UnknownName
        No such chain, unit or level.
    ReconcileError
        A driver is unknown for a unit, or the KPI has no target there.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("cases")
    >>> how = {"by": "district", "period": "2012-07", "against": "2012-03"}
    >>> found = attribute(b, "premium_submitted.printed", **how)
    >>> found[["factor", "effect"]].round(-2).values.tolist()
    [['headcount_implied', 97800.0], ['activity_rate', 257300.0], ['premium_per_active', -303100.0]]
    """
    links, now = chain(code), spans.parse(period)
    if sister is not None:
        first, second = _sisters(book, links, by, now, unit, sister)
        return decompose(first, second, links.factors)
    findings: list[Finding] = []
    if against == "target":
        second = _levels(book, links, by, [now], unit)[0]
        first, findings = _aimed(book, links, by, now, second, version)
    else:
        then = _other(book, now, against)
        first, second = _levels(book, links, by, [then, now], unit)
    out = decompose(first, second, links.factors, mix=_mixed(book, by, unit) if mix else ())
    out.attrs["findings"] = findings
    return out


def _other(book: Book, now: Period, against: str | Period) -> Period:
    """Find the period to start from, cut to the days known of this one."""
    named = {"previous": spans.previous, "year_ago": spans.year_ago}
    if not isinstance(against, str) or against not in named:
        return spans.parse(against)
    then = named[against](now)
    if not now.first <= book.as_of < now.last:
        return then
    last = min(then.first + (book.as_of - now.first), then.last)
    return spans.span(then.first, last)


def _levels(
    book: Book, links: Chain, by: str, periods: Sequence[Period], unit: str | None
) -> list[pd.DataFrame]:
    """Measure every level of the chain, one frame a period."""
    variants = {k: v for k, v in links.variants.items() if k in links.kpis()}
    found = grid(book, links.kpis(), by=by, period=periods, unit=unit, variants=variants)
    out = []
    for one in periods:
        part = found[found["period"] == one.code].set_index("unit")
        for level, (counted, rate) in links.implied.items():
            part = part.assign(**{level: part[counted] / part[rate].where(part[rate] != 0)})
        if part.empty:
            raise PerfkitError("nothing_of_unit", unit=unit or book.root, level=by, period=one.code)
        out.append(part[list(links.factors.values())])
    return out


def _sisters(
    book: Book, links: Chain, by: str, now: Period, unit: str | None, sister: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure two units, both called by the name of the first."""
    if unit is None:
        raise ReconcileError("sister_of_whom", sister=sister)
    sides = []
    for one in (sister, unit):
        part = _levels(book, links, by, [now], one)[0]
        if len(part) != 1:
            raise ReconcileError("sister_level", unit=one, level=by)
        sides.append(part.set_axis([unit]))
    return sides[0], sides[1]


def _aimed(
    book: Book, links: Chain, by: str, now: Period, actual: pd.DataFrame, version: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Build the plan's levels: a level's own target, else its factor's times the one before."""
    out, missing, before = pd.DataFrame(index=actual.index), [], None
    for factor, level in links.factors.items():
        own = _target(book, level, by, now, version, actual.index)
        if before is not None:
            driver = _target(book, factor, by, now, version, actual.index)
            own = own.fillna(driver * before)
        if level == links.whole and own.isna().any():
            raise ReconcileError("no_target", kpi=level, count=int(own.isna().sum()),
                                 first=own.index[own.isna()][:3].tolist())  # fmt: skip
        if own.isna().any():
            missing.append(Finding("note", "driver_without_target", "targets", factor,
                                   int(own.isna().sum())))  # fmt: skip
            own = own.fillna(_as_it_came(actual, level, before, links))
        out[level] = before = own
    return out, missing


def _as_it_came(
    actual: pd.DataFrame, level: str, before: pd.Series[float] | None, links: Chain
) -> pd.Series[float]:
    """Give a level that nobody planned: the factor as it came, over the level planned before it."""
    if before is None:
        return actual[level]
    levels = list(links.factors.values())
    base = actual[levels[levels.index(level) - 1]]
    return (before * actual[level] / base.where(base != 0)).fillna(0.0)


def _target(
    book: Book, code: str, by: str, now: Period, version: str, units: pd.Index[str]
) -> pd.Series[float]:
    if code not in catalogue():
        return pd.Series(float("nan"), units)
    found = targets(book, code, by=by, period=now, version=version)
    return found.set_index("unit")["target"].astype(float).reindex(units)


def _mixed(book: Book, by: str, unit: str | None) -> list[str]:
    """Name the levels between the unit asked for and the level of the rows."""
    top = org.level_of(unit, book.root) if unit else book.root
    levels = [level for level in org.levels_from(book.root) if level in (*book.levels, "agent")]
    return levels[levels.index(top) + 1 : levels.index(by) + 1]
