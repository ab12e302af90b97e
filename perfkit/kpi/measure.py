"""The only road from facts to numbers: KPIs of any unit level over any period.

Measures first, sums of them next, one division last. A zero denominator is NaN.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from perfkit import org, period
from perfkit.book import Book, Finding, engine
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi import layout
from perfkit.kpi.catalogue import Kpi, Measure, catalogue, kpi, measures
from perfkit.kpi.facts import measure_levels
from perfkit.kpi.layout import COLUMNS
from perfkit.kpi.observed import measure_observed, observed_measures
from perfkit.period import Period

__all__ = [
    "COLUMNS",
    "check_period",
    "computable",
    "grid",
    "measure",
    "units",
]

Periods = str | Period | Sequence[str | Period]


def _from_facts(book: Book, one: Measure) -> bool:
    """Tell whether the book's facts give a measure."""
    if one.kind == "observed" or not book.has("agents"):
        return False
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


def _until(span: Period, last: dt.date) -> Period:
    """Cut a span that runs past the extract: means are over the months that are known."""
    return replace(span, last=last) if span.first <= last < span.last else span


def _measured(
    book: Book, chosen: Sequence[Kpi], levels: Sequence[str], spans: Sequence[Period], now: bool
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Get every measure needed by level, from facts where there are any, else from observations."""
    codes = dict.fromkeys(code for one in chosen for code in one.measures())
    wanted = [measures()[code] for code in codes]
    from_facts = [m for m in wanted if _from_facts(book, m)]
    recorded = [m for m in wanted if not _from_facts(book, m)]
    out: dict[str, pd.DataFrame] = {}
    if from_facts:
        known = [_until(span, book.as_of) for span in spans]
        out = measure_levels(book, from_facts, levels, known, as_now=now)
    for level in levels if recorded else ():
        seen = measure_observed(book, recorded, level, spans)
        out[level] = out[level].join(seen, how="outer").sort_index() if from_facts else seen
    notes = [
        Finding("note", "not_observed", "observations", m.code, count)
        for m in recorded
        if (count := sum(int(out[level][m.code].isna().sum()) for level in levels))
    ]
    return out, notes


def _blank_outside(book: Book, frame: pd.DataFrame, spans: Sequence[Period]) -> pd.DataFrame:
    """Nothing is known of a span that lies wholly outside the facts: not zero."""
    first, last = book.facts_from, book.as_of
    if all(first <= s.last and s.first <= last for s in spans):
        return frame
    outside = [i for i, s in enumerate(spans) if s.last < first or s.first > last]
    unknown = pd.Series(frame.index.get_level_values("span").isin(outside), index=frame.index)
    return frame.where(~unknown, axis=0)


def _asked(
    book: Book,
    kpis: Sequence[str] | None,
    by: str | Sequence[str],
    period: Periods,
    unit: str | None,
    variants: Mapping[str, str] | None,
    org_as: str,
) -> tuple[dict[str, pd.DataFrame], list[Kpi], list[str], list[Finding]]:
    """Check a request and answer it: measures by level, the KPIs, the periods' codes, findings."""
    levels = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    for level in levels:
        _check_level(book, level)
    if org_as not in {"was", "now"}:
        raise UnknownName(kind="setting", name=org_as, allowed=["was", "now"])
    spans = _periods(period)
    chosen = _chosen(book, kpis, variants or {})
    codes = [span.code for span in spans]
    if not chosen or not spans or not levels:
        return {}, chosen, codes, []
    frames, findings = _measured(book, chosen, levels, spans, org_as == "now")
    frames = {level: _blank_outside(book, f, spans) for level, f in frames.items()}
    if unit is not None:
        frames = {level: _only(book, f, unit) for level, f in frames.items()}
    return frames, chosen, codes, findings


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
    frames, chosen, codes, findings = _asked(book, kpis, by, period, unit, variants, org_as)
    parts = [layout.long(frame, chosen, level, codes) for level, frame in frames.items()]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    out = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    out.attrs["findings"] = findings
    return out


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
    frames, chosen, codes, findings = _asked(book, kpis, by, period, unit, variants, org_as)
    parts = [layout.wide(frame, chosen, level, codes) for level, frame in frames.items()]
    if not parts:
        return pd.DataFrame(columns=["unit", "level", "period", *(one.code for one in chosen)])
    out = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    out.attrs["findings"] = findings
    return out


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
