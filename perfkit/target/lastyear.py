"""What the annual plan looks back on: the work-analysis form, strengths and weaknesses, drivers."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.period import Period
from perfkit.target.coherent import DRIVERS

__all__ = ["BOXES", "STAGES", "definitions", "known_months", "recent", "swot", "work_analysis"]

BOXES = ("strengths", "weaknesses", "opportunities", "challenges")
# What multiplies to which premium: the variant of activity, cases and case size.
STAGES = {"premium_issued": "issued", "premium_submitted": "submitted"}
COLUMNS = ("block", "kpi", "target", "value", "attainment", "year_ago", "change_year_ago",
           "growth_year_ago")  # fmt: skip


@functools.cache
def definitions() -> Mapping[str, Any]:
    """Give the rows of the form and the KPIs of the standards, as the data file has them.

    Examples
    --------
    >>> len(definitions()["form"])
    14
    """
    text = Path(__file__).with_name("annual.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def known_months(book: Book, count: int, *, before: str | Period) -> list[Period]:
    """List the last whole months that a book knows before a period begins.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> [m.code for m in known_months(open_book("district_one"), 2, before="2013")]
    ['2012-09', '2012-10']
    """
    last = spans.parse(f"{book.as_of:%Y-%m}")
    if book.as_of < last.last:
        last = spans.previous(last)
    end = spans.parse(before).first
    if last.last >= end:
        last = spans.previous(spans.parse(f"{end:%Y-%m}"))
    return [month for month in spans.trailing(last, count) if month.first >= book.facts_from]


def last_month(book: Book, before: str) -> str:
    """Name the last whole month that a book knows before a period; its own last day's without one.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> last_month(open_book("district_one"), "2013")
    '2012-10'
    """
    found = known_months(book, 1, before=before)
    return found[-1].code if found else f"{book.as_of:%Y-%m}"


def own_values(book: Book, unit: str, codes: Sequence[str], period: Any) -> pd.DataFrame:
    """Measure KPIs of one unit: periods, by their codes, by KPIs. [the KPI's unit]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> float(own_values(open_book("district_one"), "D1", ["recruits"], "2012").iloc[0, 0])
    129.0
    """
    level = org.level_of(unit, book.root)
    found = kpi.measure(book, codes, by=level, period=period, unit=unit)
    wide = found[found["unit"] == unit].pivot(index="period", columns="kpi", values="value")
    return wide.reindex(columns=list(codes))


def work_analysis(book: Book, *, unit: str, period: str) -> pd.DataFrame:
    """Fill in the work-analysis form of a year: fourteen indicators in three blocks.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit : str
        Whose form it is.
    period : str
        The year that is looked back on; while it is running, as far as the book knows it.

    Returns
    -------
    DataFrame
        block (overall, fitness, quality), kpi, target and value of the year, attainment, year_ago
        (the same days of the year before), change_year_ago and growth_year_ago; always 14 rows in
        the form's order, NaN where the book does not say. [the KPI's unit; attainment and growth:
        rates]

    Notes
    -----
    Source: district deck 2012, sections 8 and 9.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> form = work_analysis(open_book("district_one"), unit="D1", period="2012")
    >>> form["block"].value_counts().to_dict()
    {'fitness': 9, 'overall': 3, 'quality': 2}
    """
    rows = pd.DataFrame(definitions()["form"])
    meant = {one["kpi"]: one["variant"] for one in definitions()["form"] if "variant" in one}
    found = kpi.compare(
        book,
        kpi.answerable(book, list(rows["kpi"])),
        by=org.level_of(unit, book.root),
        period=period,
        unit=unit,
        variants=kpi.by_people(book, meant),
    )
    own = found[found["unit"] == unit].drop(columns=["unit", "level", "period"])
    return rows[["block", "kpi"]].merge(own, on="kpi", how="left")[list(COLUMNS)]


def swot(form: pd.DataFrame, entered: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Fill in the box beside the form: what the figures say, and what the unit enters.

    Parameters
    ----------
    form : DataFrame
        What `work_analysis` gives.
    entered : mapping
        Box (one of `BOXES`) → what the unit writes there.

    Returns
    -------
    DataFrame
        box, kpi (empty for what was entered), said (empty for what the figures say),
        change_year_ago and attainment. A KPI that moved the good way against the same days of the
        year before is a strength, the other way a weakness; with a target, reaching it or not comes
        first.
        Opportunities and challenges come from outside: only the unit can enter them.
        [the KPI's unit; rate]

    Raises
    ------
    UnknownName
        There is no such box.

    Notes
    -----
    Source: district deck 2012, section 9 (a box of strengths, weaknesses, opportunities and
    challenges beside the form).

    Examples
    --------
    >>> row = {"kpi": "activity_rate", "attainment": float("nan"), "change_year_ago": -0.02}
    >>> found = swot(pd.DataFrame([row]), {"opportunities": ["a new bank"]})
    >>> found[["box", "kpi", "said"]].values.tolist()
    [['weaknesses', 'activity_rate', ''], ['opportunities', '', 'a new bank']]
    """
    for box in entered:
        if box not in BOXES:
            raise UnknownName(kind="setting", name=box, allowed=BOXES)
    rows: list[tuple[str, str, str, float, float]] = []
    for code, reached, change in form[["kpi", "attainment", "change_year_ago"]].itertuples(
        index=False
    ):
        way = {"up": 1, "down": -1}.get(kpi.kpi(str(code)).direction, 0)
        moved = way * (reached - 1 if pd.notna(reached) else change)
        if pd.notna(moved) and moved:
            rows.append((BOXES[0] if moved > 0 else BOXES[1], str(code), "", change, reached))
    for box, texts in entered.items():
        rows += [(box, "", text, np.nan, np.nan) for text in texts]
    out = pd.DataFrame(rows, columns=["box", "kpi", "said", "change_year_ago", "attainment"])
    return out.sort_values(
        "box", key=lambda s: s.map(BOXES.index), kind="stable", ignore_index=True
    )


def recent(book: Book, *, unit: str, period: str, code: str, months: int = 12) -> pd.DataFrame:
    """Say where the drivers of a premium stand: over the last whole months, unit by unit.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit : str
        This unit and those right below it.
    period : str
        The year to plan: months before it.
    code : {"premium_issued", "premium_submitted"}
        The premium that the drivers multiply to; no others are known to any other.
    months : int, default 12
        How many.

    Returns
    -------
    DataFrame
        By unit, the top first: the drivers of a mean month (`perfkit.target.DRIVERS`), premium (of
        all the months) and months (how many). The product of the drivers times the months is the
        premium, exactly. No row where the book has no people or policies. [persons, rate, policies
        an active agent, yuan; yuan; months]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = recent(b, unit="D1", period="2013", code="premium_issued").loc["D1"]
    >>> round(float(found[list(DRIVERS)].prod() * 12 / found["premium"]), 9)
    1.0
    """
    empty = pd.DataFrame(columns=[*DRIVERS, "premium", "months"], dtype=float)
    if code not in STAGES or not (book.has("agents") and book.has("policies")):
        return empty.rename_axis("unit")
    asked = ["headcount_average", "active_agents", "cases", code]
    level = org.level_of(unit, book.root)
    by = list(dict.fromkeys([level, book.below(unit)] if book.below(unit) != "agent" else [level]))
    stage = dict.fromkeys(asked[1:3], STAGES[code])
    own = {name: how for name, how in stage.items() if how in kpi.kpi(name).names}
    past = known_months(book, months, before=period)
    found = kpi.measure(book, asked, by=by, period=past, unit=unit, variants=own)
    wide = found.pivot_table(index=["unit", "period"], columns="kpi", values="value", sort=False)
    sums = wide.groupby(level="unit", sort=False).sum(min_count=1)
    heads = sums["headcount_average"]
    out = pd.DataFrame(
        {
            DRIVERS[0]: heads / len(past),
            DRIVERS[1]: sums["active_agents"] / heads.where(heads > 0),
            DRIVERS[2]: sums["cases"] / sums["active_agents"].where(sums["active_agents"] > 0),
            DRIVERS[3]: sums[code] / sums["cases"].where(sums["cases"] > 0),
            "premium": sums[code],
            "months": len(past),
        }
    )
    return out.sort_index().rename_axis("unit")
