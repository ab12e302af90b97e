"""The only road from facts to numbers: KPIs of any unit level over any period.

Measures first, sums of them next, one division last. A zero denominator is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from perfkit import org, period
from perfkit.book import Book, Finding
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi.catalogue import Kpi, Measure, Term, catalogue, kpi, measures
from perfkit.kpi.facts import measure_facts, without_broken_months
from perfkit.kpi.matured import cohort_findings, from_cohorts, with_cohorts
from perfkit.kpi.observed import measure_observed, observed_measures
from perfkit.kpi.places import units
from perfkit.period import Period

__all__ = [
    "COLUMNS",
    "answerable",
    "check_period",
    "computable",
    "known_part",
    "measure",
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


def _from_facts(book: Book, one: Measure) -> bool:
    """Tell whether the book's facts give a measure."""
    if one.kind == "observed" or not book.has("agents"):
        return False
    if one.kind == "cohort":
        return from_cohorts(book, one)
    return all(
        book.has(flow.table, *filter(None, (flow.date, flow.column, flow.over[0])))
        for flow in _flows(one)
    )


def _flows(one: Measure) -> list[Measure]:
    """List the flows behind a measure."""
    if one.kind == "agents":
        return [measures()[code] for code in (one.of, one.add) if code]
    return [one] if one.kind == "flow" else []


def _thresholds(one: Kpi) -> set[str]:
    """List the thresholds a KPI is made with."""
    own = [measures()[code] for code in one.measures()]
    named = {flow.over[1] for m in own for flow in _flows(m)}
    return {n for m in own for n in (m.at_least, m.below) if isinstance(n, str)} | named - {""}


def _missing(book: Book, one: Kpi, seen: set[str]) -> list[str]:
    """List the measures of a KPI that nothing in the book gives."""
    stock = "headcount_closing" in seen
    return [
        code
        for code in one.measures()
        if not _from_facts(book, measures()[code])
        and code not in seen
        and not (stock and measures()[code].kind == "stock" and not measures()[code].ranks)
    ]


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
        and (not book.has("agents") or _thresholds(one) <= set(book.settings.thresholds))
    ]


def answerable(book: Book, kpis: Sequence[str]) -> list[str]:
    """Keep the KPIs that the book can answer, in their order; an unknown code is refused.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        What one would like to show.

    Returns
    -------
    list of str

    Raises
    ------
    UnknownName
        No such KPI.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> answerable(open_book("cases"), ["premium_submitted", "cases"])
    ['premium_submitted']
    """
    here = set(computable(book))
    return [code for code in (kpi(asked).code for asked in kpis) if code in here]


def _chosen(book: Book, kpis: Sequence[str] | None, variants: Mapping[str, str]) -> list[Kpi]:
    for code in variants:
        kpi(code)
    names = computable(book) if kpis is None else list(dict.fromkeys(kpis))
    seen = observed_measures(book)
    out = []
    for name in names:
        one = _variant(book, kpi(name), variants)
        if missing := _missing(book, one, seen):
            raise PerfkitError("not_computable", kpi=name, measure=missing[0])
        out.append(one)
    return out


def _check_level(book: Book, by: str) -> None:
    """Refuse a level that the book's people are not placed at."""
    org.check_level(by, book.root)
    levels = [*book.levels, "agent"]
    if book.has("agents") and by not in levels:
        raise UnknownName(kind="level", name=by, allowed=levels)


def check_asked(
    book: Book, by: str, kpis: Sequence[str] | None, variants: Mapping[str, str], org_as: str
) -> tuple[list[Kpi], bool]:
    """Give the definitions asked for, and whether in today's organisation.

    Raises
    ------
    UnknownName
        No such KPI, level or variant.
    PerfkitError
        The level lies above the book's root, or the book has nothing a KPI asked for needs.
    """
    _check_level(book, by)
    if org_as not in {"was", "now"}:
        raise UnknownName(kind="setting", name=org_as, allowed=["was", "now"])
    return _chosen(book, kpis, variants), org_as == "now"


def parse_periods(asked: Periods) -> list[Period]:
    """Read one period or several."""
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


def known_part(book: Book, span: Period) -> Period:
    """Cut a span to the days the book has facts of: means are over the months that are known.

    One wholly outside is left as it is.
    """
    first, last = max(span.first, book.facts_from), min(span.last, book.as_of)
    return replace(span, first=first, last=last) if first <= last else span


def _blank_outside(book: Book, frame: pd.DataFrame, spans: Sequence[Period]) -> pd.DataFrame:
    """Nothing is known of a span wholly outside the facts: not zero."""
    if frame.empty:
        return frame
    since, until = book.facts_from, book.as_of
    outside = [i for i, s in enumerate(spans) if s.last < since or s.first > until]
    unknown = pd.Series(frame.index.get_level_values("span").isin(outside), index=frame.index)
    return frame.where(~unknown, axis=0)


def _measured(
    book: Book, chosen: Sequence[Kpi], by: str, spans: Sequence[Period], *, as_now: bool
) -> pd.DataFrame:
    """Get every measure needed, from facts where there are any, else from observations."""
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    wanted = [measures()[code] for code in codes]
    from_facts = [m for m in wanted if _from_facts(book, m)]
    recorded = [m for m in wanted if not _from_facts(book, m)]
    frames = []
    if from_facts:
        known = [known_part(book, span) for span in spans]
        plain = [m for m in from_facts if m.kind != "cohort"]
        cohorts = [m for m in from_facts if m.kind == "cohort"]
        found = measure_facts(book, plain, by, known, as_now=as_now)
        found = with_cohorts(book, found, cohorts, by, spans, as_now=as_now)
        found = without_broken_months(found, plain, known)
        own = [m.code for m in plain]
        found[own] = _blank_outside(book, found[own], spans)
        frames.append(found)
    if recorded:
        frames.append(measure_observed(book, recorded, by, spans))
    out = frames[0] if len(frames) == 1 else frames[0].join(frames[1], how="outer")
    out.attrs["findings"] = [
        Finding("note", "not_observed", "observations", one.code, int(count))
        for one in recorded
        if (count := out[one.code].isna().sum())
    ]
    return out


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
        undefined or unknown; ``attrs["findings"]`` names the measures nobody observed and the
        cohorts that are immature.

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
    chosen, as_now = check_asked(book, by, kpis, variants or {}, org_as)
    spans = parse_periods(period)
    if not chosen or not spans:
        return pd.DataFrame(columns=COLUMNS).pipe(_told, [])
    frame = _measured(book, chosen, by, spans, as_now=as_now)
    findings = frame.attrs["findings"]
    if unit is not None:
        frame = only_unit(book, frame, unit)
    findings = [*findings, *cohort_findings(book, frame, chosen, spans)]
    parts = [
        _ratio(frame, one).assign(kpi=one.code, variant=one.variant, base=one.base, order=i)
        for i, one in enumerate(chosen)
    ]
    out = pd.concat(parts).reset_index()
    out = out.sort_values(["place", "span", "order"], kind="stable", ignore_index=True)
    codes = np.array([s.code for s in spans], dtype=object)
    out["period"] = codes[out["span"].to_numpy(dtype=int)]
    out = out.rename(columns={"place": "unit"}).assign(level=by)[COLUMNS]
    return _told(out, findings)


def _told(frame: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    frame.attrs["findings"] = findings
    return frame


def only_unit(book: Book, frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Keep the rows of a unit and those below it.

    Raises
    ------
    UnknownName
        The book has no such unit.
    """
    places = frame.index.get_level_values("place")
    kept = org.within(dict.fromkeys(places), unit)
    if not kept and unit not in (known := units(book)):
        raise UnknownName(kind="unit", name=unit, allowed=known)
    return frame[places.isin(kept)]
