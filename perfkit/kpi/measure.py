"""The only road from facts to numbers: KPIs of any unit level over any period.

Measures first, sums of them next, one division last. A zero denominator is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from perfkit import org, period
from perfkit.book import Book, Finding
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi import layout
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.choose import check_asked, lost_findings
from perfkit.kpi.facts import measure_levels, without_broken_months
from perfkit.kpi.layout import COLUMNS, Parts, ratio
from perfkit.kpi.matured import cohort_findings
from perfkit.kpi.monthly import month_findings, without_parts_of_months
from perfkit.kpi.need import lacking
from perfkit.kpi.observed import measure_observed
from perfkit.kpi.places import units
from perfkit.kpi.relative import Beside, levels_above, relate, year_back
from perfkit.kpi.spans import Spans
from perfkit.period import Period

__all__ = [
    "COLUMNS",
    "check_period",
    "grid",
    "known_part",
    "measure",
    "only_unit",
    "parse_periods",
]

Periods = str | Period | Sequence[str | Period]


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
    if not outside:
        return frame
    unknown = pd.Series(frame.index.get_level_values("span").isin(outside), index=frame.index)
    return frame.where(~unknown, axis=0)


def _by_facts(
    book: Book, wanted: Sequence[Measure], levels: Sequence[str], spans: Sequence[Period], now: bool
) -> dict[str, pd.DataFrame]:
    """Get measures from facts, by level; what lies outside them or is half a month is unknown."""
    known = [known_part(book, span) for span in spans]
    plain = [m for m in wanted if m.kind != "cohort"]
    found = measure_levels(book, wanted, levels, known, as_now=now, matures=spans)
    own = [m.code for m in plain]
    for level, frame in found.items():
        whole = without_broken_months(frame, plain, known)
        whole = without_parts_of_months(book, whole, plain, known)
        kept = _blank_outside(book, whole[own], spans)
        found[level] = kept if len(own) == whole.shape[1] else whole.assign(**kept)
    return found


def _measured(
    book: Book, chosen: Sequence[Kpi], levels: Sequence[str], spans: Sequence[Period], now: bool
) -> tuple[dict[str, pd.DataFrame], list[Measure]]:
    """Get every measure needed by level, and which come from observations, not from facts."""
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    wanted = [measures()[code] for code in codes]
    computed = [m for m in wanted if not lacking(book, m)]
    recorded = [m for m in wanted if m not in computed]
    out = _by_facts(book, computed, levels, spans, now) if computed else {}
    for level in levels if recorded else ():
        seen = measure_observed(book, recorded, level, spans)
        out[level] = out[level].join(seen, how="outer").sort_index() if computed else seen
    return out, recorded


def _notes(
    book: Book, own: Sequence[pd.DataFrame], chosen: Sequence[Kpi], recorded: Sequence[Measure],
    spans: Sequence[Period],
) -> list[Finding]:  # fmt: skip
    """Say what nobody observed, and what half a month cannot tell."""
    out = [
        Finding("note", "not_observed", "observations", m.code, count)
        for m in recorded
        if (count := sum(int(frame[m.code].isna().sum()) for frame in own))
    ]
    broken = Spans.of([known_part(book, span) for span in spans]).broken()
    for one in chosen if broken else ():
        by_month = [m for m in map(measures().get, one.measures()) if m and m.by_month]
        if by_month and not lacking(book, by_month[0]) and not book.has("agent_months"):
            out.append(Finding("note", "part_months", by_month[0].table, one.code, len(broken)))
    return out


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was asked, and all it is worked out from."""

    levels: Mapping[str, pd.Index]
    kpis: Sequence[Kpi]
    lost: Sequence[Kpi]
    codes: Sequence[str]
    beside: Beside | None
    findings: list[Finding]

    def parts(self, level: str, one: Kpi) -> Parts:
        """Work a KPI out over the rows asked for of a level."""
        rows = self.levels[level]
        if one in self.lost or self.beside is None:
            nothing = np.full(len(rows), np.nan)
            return nothing, nothing, nothing
        frame = self.beside.now[level]
        found = relate(one, level, self.beside) if one.relation else ratio(frame, one)
        if rows is frame.index:
            return found
        kept = frame.index.get_indexer(rows)
        return found[0][kept], found[1][kept], found[2][kept]


def _beside(
    book: Book, related: Sequence[Kpi], frames: dict[str, pd.DataFrame], spans: Sequence[Period],
    *, now: bool,
) -> Beside:  # fmt: skip
    """Bring what the relations need beside the measures themselves."""
    grown = [one for one in related if one.relation == "growth"]
    ago: dict[str, pd.DataFrame] = {}
    if grown:
        ago, _ = _measured(book, grown, list(frames), year_back(book, spans), now)
    return Beside(book, spans, frames, ago)


def _ask(
    book: Book,
    kpis: Sequence[str] | None,
    by: str | Sequence[str],
    asked: Periods,
    unit: str | None,
    variants: Mapping[str, str] | None,
    org_as: str,
) -> _Answer:
    """Check a request and answer it."""
    levels = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    chosen, lost = check_asked(book, levels, kpis, variants or {}, org_as)
    spans, now = parse_periods(asked), org_as == "now"
    codes = [span.code for span in spans]
    if not chosen or not spans or not levels:
        return _Answer({}, chosen, lost, codes, None, [])
    answered = [one for one in chosen if one not in lost]
    related = [one for one in answered if one.relation]
    above = any(one.relation == "share_of_parent" for one in related)
    wider = levels_above(book, levels) if above else levels
    frames, recorded = _measured(book, answered, wider, spans, now)
    beside = _beside(book, related, frames, spans, now=now)
    rows = {
        level: frames[level].index if unit is None else only_unit(book, frames[level], unit).index
        for level in levels
    }
    own = [frames[level].loc[kept] if unit else frames[level] for level, kept in rows.items()]
    findings = _notes(book, own, answered, recorded, spans)
    findings += cohort_findings(book, own, answered, spans)
    known = [known_part(book, span) for span in spans]
    ago = year_back(book, known) if any(one.relation == "growth" for one in related) else []
    findings += month_findings(book, answered, [*known, *ago])
    findings += lost_findings(book, lost)
    return _Answer(rows, chosen, lost, codes, beside, findings)


def measure(
    book: Book,
    kpis: Sequence[str] | None = None,
    *,
    by: str | Sequence[str],
    period: Periods,
    unit: str | None = None,
    variants: Mapping[str, str] | None = None,
    org_as: str = "was",
) -> pd.DataFrame:
    """Compute KPIs of every unit of one or several levels over one or several periods.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str, optional
        Which; without it every KPI the book can answer.
    by : str or a sequence of them
        The level: branch, district, department, group or agent, from the book's root down.
        Several levels share one pass over the facts.
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
    answer = _ask(book, kpis, by, period, unit, variants, org_as)
    parts = [
        layout.long(rows, partial(answer.parts, level), answer.kpis, level, answer.codes)
        for level, rows in answer.levels.items()
    ]
    return _told(parts, COLUMNS, answer)


def grid(
    book: Book,
    kpis: Sequence[str] | None = None,
    *,
    by: str | Sequence[str],
    period: Periods,
    unit: str | None = None,
    variants: Mapping[str, str] | None = None,
    org_as: str = "was",
) -> pd.DataFrame:
    """Compute what `measure` computes, one row a unit and period, one column a KPI.

    Takes what `measure` takes and raises what it raises. For large books and many periods:
    the table is small where that of `measure` repeats every name.

    Returns
    -------
    DataFrame
        unit, level, period, and the KPIs. [the KPI's unit]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> grid(b, ["cases"], by=["district", "department"], period="2012-03")["unit"].tolist()[:2]
    ['D1', 'D1/01']
    """
    answer = _ask(book, kpis, by, period, unit, variants, org_as)
    if not answer.levels:
        return _told([], ["unit", "level", "period", *(one.code for one in answer.kpis)], answer)
    out = layout.wide(answer.levels, answer.parts, answer.kpis, answer.codes)
    out.attrs["findings"] = answer.findings
    return out


def _told(parts: list[pd.DataFrame], columns: Sequence[str], answer: _Answer) -> pd.DataFrame:
    """Lay the levels under each other, with what was found."""
    empty = pd.DataFrame(columns=list(columns))
    out = pd.concat(parts, ignore_index=True) if len(parts) > 1 else [*parts, empty][0]
    out.attrs["findings"] = answer.findings
    return out


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
