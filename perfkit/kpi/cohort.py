"""Cohorts looked at more closely: who is in a ratio and who is not yet, and survival by month.

The ratio of `perfkit.kpi.measure` uses the mature only. Survival uses every month that anybody
served within the window, so the young count for the months they completed: nobody is taken as
kept, or as lost, for a month that is not over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book, engine
from perfkit.book.cohort import joiners
from perfkit.errors import UnknownName
from perfkit.kpi.catalogue import Measure, catalogue, kpi, measures
from perfkit.kpi.choose import check_asked
from perfkit.kpi.matured import UNKNOWN, measure_cohorts
from perfkit.kpi.measure import Periods, only_unit, parse_periods
from perfkit.kpi.quantity import LEAVES_OUT
from perfkit.kpi.service import add_months, completed
from perfkit.period import Period

__all__ = ["cohorts", "life_table", "survival"]

Ints = npt.NDArray[np.int64]


def _check_kpi(code: str) -> None:
    """Refuse what is no KPI of cohorts."""
    known = [c for c, one in catalogue().items() if measures()[one.measures()[0]].kind == "cohort"]
    if kpi(code).code not in known:
        raise UnknownName(kind="kpi", name=code, allowed=known)


def _with(one: Measure, grace: int | None, leaves_out: Sequence[str] | None) -> Measure:
    """Give a measure with the parameters of a call."""
    change: dict[str, Any] = {}
    if grace is not None:
        change["grace"] = grace
    if leaves_out is not None:
        change["leaves_out"] = tuple(leaves_out)
    if change and one.table != "policies":
        raise UnknownName(kind="setting", name=min(change), allowed=["variant"])
    for name in change.get("leaves_out", ()):
        if name not in LEAVES_OUT:
            raise UnknownName(kind="setting", name=name, allowed=LEAVES_OUT)
    if change.get("grace", 0) < 0:
        raise UnknownName(kind="setting", name=f"grace {grace}", allowed=["0", "1", "2", "..."])
    return replace(one, **change)


def cohorts(
    book: Book,
    code: str,
    *,
    by: str,
    period: Periods,
    unit: str | None = None,
    variant: str | None = None,
    grace: int | None = None,
    leaves_out: Sequence[str] | None = None,
    org_as: str = "was",
) -> pd.DataFrame:
    """Show who a cohort KPI is made of: the mature, those kept, and those who are immature.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        A cohort KPI, such as retention_13m.
    by : str
        The level.
    period : str, Period or a sequence of them
        In which the cohorts mature.
    unit : str, optional
        Only this unit and those below it.
    variant : str, optional
        A declared variant of the KPI; by default the one the book uses.
    grace : int, optional
        For persistency, another grace than the definition's. [months]
    leaves_out : sequence of str, optional
        For persistency, other exclusions than the definition's: paid_up, cooling_off.
    org_as : {"was", "now"}, default "was"
        At the unit of joining or issue, or at the unit the agents belong to now.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, variant, cohort, kept [persons, policies or yuan], value
        (rate 0-1, NaN without a mature member), immature (members in neither part: not mature
        by as_of, or from before the roster). [persons or policies] A row where there is anybody.

    Raises
    ------
    UnknownName
        No such level, unit or variant, not a cohort KPI, or a parameter it does not have.
    PerfkitError
        The book has nothing the KPI needs.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> got = cohorts(open_book("district_one"), "retention_13m", by="district", period="2012")
    >>> row = got.iloc[0]
    >>> bool(row["value"] == row["kept"] / row["cohort"]), int(row["immature"])
    (True, 16)
    """
    _check_kpi(code)
    (one,), _ = check_asked(book, [by], [code], {code: variant} if variant else {}, org_as)
    parts = one.measures()
    wanted = [_with(measures()[part], grace, leaves_out) for part in parts]
    asked = parse_periods(period)
    found = measure_cohorts(book, wanted, by, asked, as_now=org_as == "now")
    if unit is not None:
        found = only_unit(book, found, unit)
    kept, cohort = (found[part] for part in parts)
    columns = {
        "cohort": cohort,
        "kept": kept,
        "value": kept / cohort.where(cohort != 0),
        "immature": found[[part + UNKNOWN for part in parts]].max(axis=1).astype(int),
    }
    out = pd.DataFrame(columns)
    out = out[(found != 0).any(axis=1)].reset_index()
    codes = np.array([p.code for p in asked], dtype=object)
    out = out.assign(period=codes[out["span"].to_numpy(dtype=int)], unit=out["place"], level=by)
    out = out.assign(kpi=one.code, variant=one.variant)
    return out[["unit", "level", "period", "kpi", "variant", *columns]]


def life_table(
    time: Sequence[int] | Ints,
    status: Sequence[int] | Ints,
    entry: Sequence[int] | Ints | None = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate survival by Kaplan and Meier, with late entry.

    Parameters
    ----------
    time : array of int
        When each member left, or was last seen. [months]
    status : array of int
        1 left, 0 was still there.
    entry : array of int, optional
        Since when each was observed: at risk from the month after. [months]
    confidence : float, default 0.95
        Of the interval. [0-1]

    Returns
    -------
    DataFrame
        time, at_risk, left [persons], survival [0-1], se (Greenwood), low, high (log-log
        interval, NaN at 1 and 0). One row a time at which anybody left.

    Examples
    --------
    >>> life_table([1, 2, 2, 3], [1, 1, 0, 0])[["time", "at_risk", "survival"]].values.tolist()
    [[1.0, 4.0, 0.75], [2.0, 3.0, 0.5]]
    """
    columns = ["time", "at_risk", "left", "survival", "se"]
    times, left = np.asarray(time, dtype=float), np.asarray(status, dtype=float)
    seen = np.ones(len(times), dtype=bool) if entry is None else times > np.asarray(entry)
    if not left[seen].any():
        return pd.DataFrame(columns=[*columns, "low", "high"], dtype=float)
    from statsmodels.duration.survfunc import SurvfuncRight

    since = None if entry is None else np.asarray(entry, dtype=float)[seen]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = SurvfuncRight(times[seen], left[seen], entry=since)
    values = (found.surv_times, found.n_risk, found.n_events, found.surv_prob, found.surv_prob_se)
    out = pd.DataFrame(dict(zip(columns, values, strict=True))).astype(float)
    inside = out["survival"].where(out["survival"].between(0, 1, inclusive="neither"))
    out.loc[inside.isna(), "se"] = np.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    spread = np.exp(z * out["se"] / (inside * np.log(inside)).abs())
    return out.assign(low=inside**spread, high=inside ** (1 / spread))


def _observed(days: pd.DataFrame, first: int, last: int) -> dict[str, Ints]:
    """Count months of service: month of leaving or last complete one, left, and month of entry."""
    joined = days["day"].to_numpy(dtype=np.int64)
    left = days["left_on"].astype(float).fillna(float(last + 1)).to_numpy(dtype=np.int64)
    whole = completed(joined, np.full_like(joined, last))
    leaving = completed(joined, np.minimum(left, last + 1)) + 1
    gone = (left <= last) & (leaving <= whole)
    before = np.maximum(completed(joined, np.full_like(joined, first)), 0)
    entry = np.where(joined >= first, 0, before + (add_months(joined, before) < first))
    time = np.where(gone, leaving, whole)
    return {"time": time, "status": gone.astype(np.int64), "entry": entry, "whole": whole}


def _by_month(seen: Mapping[str, Ints], months: int, confidence: float) -> pd.DataFrame:
    """Give survival and the plain ratio of the mature at the end of every month of service."""
    time, gone, entry = seen["time"], seen["status"], seen["entry"]
    steps = life_table(time, gone, entry, confidence=confidence).set_index("time")
    month = np.arange(1, months + 1)
    at_risk = np.array([((entry < m) & (time >= m)).sum() for m in month])
    left = np.array([((entry < m) & (time == m) & (gone == 1)).sum() for m in month])
    curve = steps[["survival", "se", "low", "high"]].reindex(
        steps.index.union([float(m) for m in month])
    )
    curve = curve.ffill().reindex(month.astype(float)).reset_index(drop=True)
    curve["survival"] = curve["survival"].fillna(1.0)
    certain = curve["survival"].isin([0.0, 1.0])
    curve.loc[certain, ["se", "low", "high"]] = np.nan
    known = (at_risk > 0).cumprod().astype(bool) | (curve["survival"] == 0).to_numpy()
    young = entry == 0
    cohort = np.array([(young & (seen["whole"] >= m)).sum() for m in month])
    lost = np.array(
        [(young & (seen["whole"] >= m) & (gone == 1) & (time <= m)).sum() for m in month]
    )
    out = pd.DataFrame({"month": month, "at_risk": at_risk, "left": left})
    out = out.join(curve.where(pd.Series(known), axis=0))
    retained = cohort - lost
    ratio = retained / np.where(cohort > 0, cohort, np.nan)
    return out.assign(cohort=cohort, retained=retained, ratio=ratio)


def survival(
    book: Book,
    *,
    by: str,
    months: int = 13,
    period: str | Period | None = None,
    unit: str | None = None,
    confidence: float = 0.95,
    org_as: str = "was",
) -> pd.DataFrame:
    """Estimate how long agents stay, month of service by month, beside the plain ratio.

    Who left in month m (after m - 1 completed months, before m) is lost from m on. A month of
    service counts only if it lies wholly in the window: agents who joined before it enter late,
    and the months that run past its end are not looked at.

    Parameters
    ----------
    book : Book
        Holds agents.
    by : str
        The level; agents belong to the unit they joined.
    months : int, default 13
        Up to which month of service. [months]
    period : str or Period, optional
        The window of observation; by default from the roster's first day (`Book.roster_from`)
        to as_of, and never beyond either.
    unit : str, optional
        Only this unit and those below it.
    confidence : float, default 0.95
        Of the interval. [0-1]
    org_as : {"was", "now"}, default "was"
        At the unit of joining, or at the unit the agents belong to now.

    Returns
    -------
    DataFrame
        unit, level, month, at_risk, left [persons], survival [0-1], se (Greenwood), low, high
        (log-log), cohort, retained [persons], ratio [0-1]. `survival` is NaN from the first
        month that nobody was observed in; `ratio` is that of the agents who joined in the
        window and completed the month in it, NaN without any.

    Raises
    ------
    UnknownName
        No such level or unit.
    PerfkitError
        The book has no agents with left_on.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> got = survival(open_book("district_one"), by="district", months=7)
    >>> len(got), bool((got["survival"].diff().dropna() <= 0).all())
    (7, True)
    """
    check_asked(book, [by], ["retention_13m"], {}, org_as)
    first, last = book.roster_from, book.as_of
    if period is not None:
        window = spans.parse(period)
        first, last = max(first, window.first), min(last, window.last)
    days = _roster(book, by, as_now=org_as == "now")
    if unit is not None:
        days = only_unit(book, days, unit)
    parts = []
    for place, own in days.groupby(level="place", sort=True):
        seen = _observed(own, first.toordinal(), last.toordinal())
        parts.append(_by_month(seen, months, confidence).assign(unit=str(place), level=by))
    columns = ["unit", "level", "month", "at_risk", "left", "survival", "se", "low", "high"]
    columns += ["cohort", "retained", "ratio"]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return found[columns]


def _roster(book: Book, by: str, *, as_now: bool) -> pd.DataFrame:
    """Carry the days of joining and leaving home: one row an agent, indexed by place."""
    people = engine.spells(
        book.tables["agents"],
        book.tables.get("moves"),
        book.levels,
        as_now=as_now,
        each_agent=by == "agent",
    )
    rows = book.backend.home(joiners(book.tables, people).select("unit", "day", "left_on"))
    units = {u: u if by == "agent" else org.at_level(u, by, book.root) for u in set(rows["unit"])}
    return rows.assign(place=rows["unit"].map(units)).set_index("place")
