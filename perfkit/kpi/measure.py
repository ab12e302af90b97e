"""The only road from facts to numbers: KPIs of any unit level over any period.

Measures first, sums of them next, one division last. A zero denominator is NaN.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit import org, period
from perfkit.book import Book, Finding, engine
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi.catalogue import Kpi, Term, catalogue, kpi, measures
from perfkit.kpi.facts import measure_facts
from perfkit.kpi.need import lacking, thresholds
from perfkit.kpi.observed import measure_observed, observed_measures
from perfkit.kpi.relative import relative
from perfkit.period import Period

__all__ = [
    "COLUMNS",
    "check_period",
    "computable",
    "measure",
    "units",
]

COLUMNS = [
    "unit",
    "level",
    "period",
    "kpi",
    "value",
    "variant",
    "numerator",
    "denominator",
    "base",
]
Periods = str | Period | Sequence[str | Period]


_PLANNED = ("attainment", "year_progress")


def _missing(book: Book, one: Kpi, seen: set[str]) -> list[str]:
    """List the measures of a KPI that nothing in the book gives."""
    stock = "headcount_closing" in seen
    return [
        code
        for code in one.measures()
        if lacking(book, measures()[code])
        and code not in seen
        and not (stock and code in ("headcount_opening", "headcount_average"))
    ] + (["targets"] if one.relation in _PLANNED and not book.has("targets") else [])


def _variant(book: Book, one: Kpi, chosen: Mapping[str, str]) -> Kpi:
    """Choose the variant: the call's, else the book's, else the one the book's rules imply."""
    if one.code in chosen:
        return one.as_variant(chosen[one.code])
    if one.code in book.settings.variants:
        return one.as_variant(book.settings.variants[one.code])
    rules = book.settings.rules
    if rules["active"] == "premium>0" and "by_amount" in one.names:
        return one.as_variant("by_amount")
    return one.as_variant(rules["stage"]) if rules["stage"] in one.names else one


def computable(book: Book) -> list[str]:
    """List the KPIs the book can answer, in the variant it uses by default.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> "activity_rate" in computable(open_book("district_one"))
    True
    """
    seen = observed_measures(book)
    used = [_variant(book, one, {}) for one in catalogue().values()]
    return [
        one.code
        for one in used
        if not _missing(book, one, seen)
        and (not book.has("agents") or thresholds(one) <= set(book.settings.thresholds))
    ]


def _chosen(
    book: Book, kpis: Sequence[str] | None, variants: Mapping[str, str]
) -> tuple[list[Kpi], list[Kpi]]:
    """Choose the variants: of what the book can answer, and of what it cannot."""
    for code in variants:
        kpi(code)
    names = computable(book) if kpis is None else list(dict.fromkeys(kpis))
    seen = observed_measures(book)
    asked = [_variant(book, kpi(name), variants) for name in names]
    lost = [one for one in asked if _missing(book, one, seen)]
    if lost and len(lost) == len(asked):
        one, code = lost[0], _missing(book, lost[0], seen)[0]
        raise PerfkitError("not_computable", kpi=one.code, measure=code, lacks=_lacks(book, code))
    return asked, lost


def _lacks(book: Book, code: str) -> str:
    """Name the table or column that a measure, or the plan, is missing."""
    return lacking(book, measures()[code]) if code in measures() else code


def _lost(book: Book, lost: Sequence[Kpi]) -> list[Finding]:
    """Say what each KPI that cannot be answered would need."""
    seen, out = observed_measures(book), []
    for one in lost:
        code = _missing(book, one, seen)[0]
        table, _, column = _lacks(book, code).partition(".")
        facts = {"kpi": one.code, "measure": code, "lacks": _lacks(book, code)}
        out.append(Finding("warning", "not_computable", table, column, 1, (), facts))
    return out


def _check_level(book: Book, by: str) -> None:
    """Refuse a level that the book's people are not placed at."""
    org.check_level(by, book.root)
    levels = [*book.levels, "agent"]
    if book.has("agents") and by not in levels:
        raise UnknownName(kind="level", name=by, allowed=levels)


def _periods(asked: Periods) -> list[Period]:
    many = [asked] if isinstance(asked, str | Period) else list(asked)
    return [period.parse(one) for one in many]


def check_period(book: Book, asked: str | Period) -> Period:
    """Pass a period on when the book has facts in it.

    Raises
    ------
    BadPeriod
        It is no period.
    PerfkitError
        It lies wholly outside the book's facts.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> check_period(open_book("district_one"), "2012-09").days
    30
    """
    one = period.parse(asked)
    first, last = book.facts_from, book.as_of
    if one.last < first or one.first > last:
        raise PerfkitError("outside_book", period=one.code, first=first, last=last)
    return one


def _sum(frame: pd.DataFrame, terms: Sequence[Term]) -> pd.Series[float]:
    out = pd.Series(0.0, index=frame.index)
    for term in terms:
        out = out + term.sign * frame[term.measure]
    return out


def _ratio(frame: pd.DataFrame, one: Kpi) -> pd.DataFrame:
    top = _sum(frame, one.numerator)
    if not one.denominator:
        return pd.DataFrame({"value": top, "numerator": top, "denominator": np.nan})
    bottom = _sum(frame, one.denominator)
    value = top / bottom.where(bottom != 0)
    return pd.DataFrame({"value": value, "numerator": top, "denominator": bottom})


def _until(span: Period, last: dt.date) -> Period:
    """Cut a span that runs past the extract: means are over the months that are known."""
    return replace(span, last=last) if span.first <= last < span.last else span


def _measured(
    book: Book, chosen: Sequence[Kpi], by: str, spans: Sequence[Period], *, as_now: bool
) -> pd.DataFrame:
    """Get every measure needed, from facts where there are any, else from observations."""
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    wanted = [measures()[code] for code in codes]
    from_facts = [m for m in wanted if not lacking(book, m)]
    recorded = [m for m in wanted if lacking(book, m)]
    frames = []
    if from_facts:
        known = [_until(span, book.as_of) for span in spans]
        frames.append(measure_facts(book, from_facts, by, known, as_now=as_now))
    if recorded:
        frames.append(measure_observed(book, recorded, by, spans))
    out = frames[0] if len(frames) == 1 else frames[0].join(frames[1], how="outer")
    out.attrs["findings"] = [
        Finding("note", "not_observed", "observations", one.code, int(count))
        for one in recorded
        if (count := out[one.code].isna().sum())
    ]
    return out


def _blank_outside(book: Book, frame: pd.DataFrame, spans: Sequence[Period]) -> pd.DataFrame:
    """Nothing is known of a span that lies wholly outside the facts: not zero."""
    first, last = book.facts_from, book.as_of
    outside = [i for i, s in enumerate(spans) if s.last < first or s.first > last]
    unknown = pd.Series(frame.index.get_level_values("span").isin(outside), index=frame.index)
    return frame.where(~unknown, axis=0)


def measure(
    book: Book,
    kpis: Sequence[str] | None = None,
    *,
    by: str,
    period: Periods,
    unit: str | None = None,
    variants: Mapping[str, str] | None = None,
    org_as: str = "was",
) -> pd.DataFrame:
    """Compute KPIs of every unit of a level over one or several periods.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str, optional
        Which; without it every KPI the book can answer.
    by : str
        The level: branch, district, department, group or agent, from the book's root down.
    period : str, Period or a sequence of them
        Which days.
    unit : str, optional
        Only this unit, or the units below it.
    variants : mapping of str to str, optional
        The declared variant to use, by KPI.
    org_as : {"was", "now"}, default "was"
        Units and ranks as they were on the day of the fact (ranks: on the last day of the
        period), or as they are now.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, value, variant, numerator, denominator, base; one row a unit,
        period and KPI. [the KPI's unit: yuan, persons, policies, or rate 0-1] NaN where
        undefined or unknown; ``attrs["findings"]`` names the measures nobody observed.

    Raises
    ------
    UnknownName
        No such KPI, level, unit or variant.
    BadPeriod
        A period cannot be read.
    PerfkitError
        The level lies above the book's root, or the book has nothing a KPI asked for needs.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> got = measure(open_book("district_one"), ["active_agents"], by="district", period="2012-03")
    >>> got[["unit", "period", "value"]].values.tolist()
    [['D1', '2012-03', 57.0]]
    """
    _check_level(book, by)
    if org_as not in {"was", "now"}:
        raise UnknownName(kind="setting", name=org_as, allowed=["was", "now"])
    spans = _periods(period)
    chosen, lost = _chosen(book, kpis, variants or {})
    if not chosen or not spans:
        return pd.DataFrame(columns=COLUMNS)
    answered = [one for one in chosen if one not in lost]
    frame = _measured(book, answered, by, spans, as_now=org_as == "now")
    findings = frame.attrs["findings"] + _lost(book, lost)
    frame = _blank_outside(book, frame, spans)
    if unit is not None:
        frame = _only(book, frame, unit)
    parts = []
    for i, one in enumerate(chosen):
        if one in lost:
            part = pd.DataFrame(np.nan, index=frame.index, columns=COLUMNS[6:8]).assign(
                value=np.nan
            )
        elif one.relation:
            part = _related(book, one, frame, by, spans, as_now=org_as == "now")
        else:
            part = _ratio(frame, one)
        parts.append(part.assign(kpi=one.code, variant=one.variant, base=one.base, order=i))
    out = pd.concat(parts).reset_index()
    out = out.sort_values(["place", "span", "order"], kind="stable", ignore_index=True)
    codes = np.array([s.code for s in spans], dtype=object)
    out["period"] = codes[out["span"].to_numpy(dtype=int)]
    out = out.rename(columns={"place": "unit"}).assign(level=by)[COLUMNS]
    out.attrs["findings"] = findings
    return out


def _related(
    book: Book, one: Kpi, frame: pd.DataFrame, by: str, spans: Sequence[Period], *, as_now: bool
) -> pd.DataFrame:
    """Lay the KPI behind a relation beside what the relation names, over what is known."""
    now = _ratio(frame, kpi(one.of))["value"]

    def values(level: str, asked: Sequence[Period]) -> pd.Series[float]:
        frame = _measured(book, [kpi(one.of)], level, asked, as_now=as_now)
        return _ratio(_blank_outside(book, frame, asked), kpi(one.of))["value"]

    known = [_until(span, book.as_of) for span in spans]
    return relative(book, one, now, values, by=by, periods=known)


def _only(book: Book, frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    places = frame.index.get_level_values("place")
    kept = org.within(dict.fromkeys(places), unit)
    if not kept and unit not in (known := units(book)):
        raise UnknownName(kind="unit", name=unit, allowed=known)
    return frame[places.isin(kept)]


def units(book: Book, by: str | None = None) -> list[str]:
    """List the unit ids the book knows, of one level or of all.

    Parameters
    ----------
    book : Book
        Where to look: the agents, the moves and the observations.
    by : str, optional
        Only this level.

    Returns
    -------
    list of str
        Sorted; every ancestor of a unit is in it.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> units(open_book("district_one"), "department")[0]
    'D1/01'
    """
    leaves: set[str] = set()
    if book.has("agents"):
        people = engine.spells(
            book.tables["agents"], book.tables.get("moves"), book.levels, as_now=False
        )
        leaves |= set(book.backend.home(people.select("unit").unique())["unit"])
    if book.has("observations"):
        leaves |= set(book.home("observations")["unit_id"])
    found = {u.rsplit("/", cut)[0] for u in leaves for cut in range(u.count("/") + 1)}
    if by is not None:
        org.check_level(by, book.root)
        found = {u for u in found if org.level_of(u, book.root) == by}
    return sorted(found)
