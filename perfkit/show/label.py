"""What a reader sees in place of a code: names, units of measure, arrows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping

import pandas as pd

from perfkit import kpi, period, words
from perfkit.errors import PerfkitError

__all__ = [
    "arrow",
    "change_unit",
    "day_name",
    "direction",
    "kpi_name",
    "period_name",
    "require",
    "said",
    "tone",
    "unit_name",
    "unit_of",
]


def _definition(code: str) -> kpi.Kpi | None:
    return kpi.catalogue().get(code)


def require(frame: pd.DataFrame, columns: Iterable[str], what: str) -> None:
    """Refuse a frame that lacks a column the display needs.

    Parameters
    ----------
    frame : DataFrame
        What is to be shown.
    columns : iterable of str
        The columns that must be there.
    what : str
        The display asked for, named in the message.

    Raises
    ------
    PerfkitError
        A column is missing; the message names it and the columns found.
    """
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        found = ", ".join(map(str, frame.columns)) or "–"
        raise PerfkitError("show.missing_column", what=what, column=", ".join(missing), found=found)


def said(key: str, lang: str, otherwise: str) -> str:
    """Say the words of `key`, or `otherwise` where the words file has none.

    Parameters
    ----------
    key : str
        Dotted path into the words file.
    lang : {"zh", "en"}
        The reader's language.
    otherwise : str
        What to say where there are no words.

    Examples
    --------
    >>> said("level.group", "en", "?"), said("level.team", "en", "team")
    ('group', 'team')
    """
    return words.text(key, lang) if words.has(key, lang) else otherwise


def kpi_name(code: str, lang: str) -> str:
    """Name a KPI (or a measure of an aggregated book) in the reader's language.

    Examples
    --------
    >>> kpi_name("not_a_kpi", "en")
    'not_a_kpi'
    """
    return said(f"kpi.{code}.name", lang, code)


def unit_of(code: str) -> str:
    """Give the unit of measure of a KPI; a code that is no KPI counts things.

    Examples
    --------
    >>> unit_of("activity_rate"), unit_of("premium_submitted")
    ('rate', 'yuan')
    """
    found = _definition(code)
    return found.unit if found else "count"


def direction(code: str) -> str:
    """Say whether more of a KPI is better (up), worse (down) or neither (context).

    Examples
    --------
    >>> direction("activity_rate"), direction("not_a_kpi")
    ('up', 'context')
    """
    found = _definition(code)
    return found.direction if found else "context"


def family(code: str) -> str:
    """Give the family a KPI belongs to; empty where it has none."""
    found = _definition(code)
    return found.family if found else ""


def family_place(code: str) -> int:
    """Give the place of a family in a scorecard; the unnamed one comes last.

    Examples
    --------
    >>> family_place("production") < family_place("quality") < family_place("")
    True
    """
    return kpi.FAMILIES.index(code) if code in kpi.FAMILIES else len(kpi.FAMILIES)


def family_name(code: str, lang: str) -> str:
    """Name a family of KPIs; the unnamed one is the rest.

    Examples
    --------
    >>> family_name("", "en")
    'Other'
    """
    return said(f"family.{code}", lang, code or words.text("table.rest", lang))


_VOCABULARY = {"kpi": "kpi.{}.name", "level": "level.{}", "severity": "severity.{}",
               "version": "table.version.{}", "variant": "variant.{}",
               "phase": "chart.phase.{}", "span": "span.{}", "way": "way.{}",
               "option": "option.{}", "entry": "entry.{}",
               "must_write": "must_write.{}"}  # fmt: skip


def say_code(column: str, code: str, lang: str) -> str:
    """Say what a code in a column means, where the words know it.

    Parameters
    ----------
    column : str
        The column that holds it.
    code : str
        The code.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> say_code("level", "group", "en"), say_code("level", "team", "en")
    ('group', 'team')
    """
    path = _VOCABULARY.get(column)
    if column in {"period", "month"}:
        return period_name(code, lang) if code else words.text("table.whole", lang)
    if column == "who":
        named = [said(f"rank.{one}", lang, one) for one in code.split("|")]
        return words.text("table.list", lang).join(named)
    if column == "bound":
        return _bounds(code, lang)
    return said(path.format(code), lang, code) if path else code


def _bounds(code: str, lang: str) -> str:
    """Name drivers on a bound, such as ``activity_rate:cap``."""
    pairs = (one.partition(":") for one in code.split(", ") if one)
    named = (f"{kpi_name(kpi, lang)} {said(f'bound.{end}', lang, end)}" for kpi, _, end in pairs)
    return words.text("table.list", lang).join(named) or "–"


def change_unit(unit: str) -> str:
    """Give the unit of a difference: two rates differ by percentage points.

    Examples
    --------
    >>> change_unit("rate"), change_unit("yuan")
    ('points', 'yuan')
    """
    return "points" if unit == "rate" else unit


def unit_name(unit: str, names: Mapping[str, str] | None) -> str:
    """Name a unit id, as the book calls it where the book has a name.

    Examples
    --------
    >>> unit_name("D1/01", {"D1/01": "Department 1"}), unit_name("D1/02", None)
    ('Department 1', 'D1/02')
    """
    return (names or {}).get(unit, unit)


def period_name(code: str, lang: str, *, short: bool = False) -> str:
    """Name a quarter, month, node or some days as people say them; other periods keep their code.

    Parameters
    ----------
    code : str
        The period.
    lang : {"zh", "en"}
        The reader's language.
    short : bool, default False
        Without the year, as beside a dot; a quarter keeps it.

    Examples
    --------
    >>> period_name("2012-09", "en"), period_name("2012-09", "en", short=True)
    ('September 2012', 'Sep')
    >>> period_name("2012-09@11", "en"), period_name("2012-09@11", "en", short=True)
    ('1–11 September 2012', '11 Sep')
    >>> period_name("2012Q3", "en"), period_name("2012-09-09..2012-09-15", "en")
    ('Q3 2012', '9–15 September 2012')
    """
    found = period.parse(code)
    if found.kind == "range" and found.days <= period.LONGEST_PIECE:
        return _days_name(found, lang)
    if found.kind == "quarter":
        number = (found.first.month + 2) // 3
        return words.text("chart.quarter_of_year", lang, number=number, year=found.first.year)
    if found.kind not in {"month", "node"}:
        return code
    names = "month" if short else "month_long"
    month = words.text(f"chart.{names}.m{found.first.month:02d}", lang)
    if short and found.kind == "month":
        return month
    key = f"chart.{found.kind}_{'short' if short else 'of_year'}"
    return words.text(key, lang, month=month, year=found.first.year, day=found.last.day)


def day_name(day: dt.date, lang: str) -> str:
    """Name a day without its year.

    Examples
    --------
    >>> day_name(dt.date(2012, 9, 11), "en")
    '11 Sep'
    """
    month = words.text(f"chart.month.m{day.month:02d}", lang)
    return words.text("chart.node_short", lang, month=month, day=day.day)


def _days_name(found: period.Period, lang: str) -> str:
    """Name a span of days, its month once where it lies in one."""
    first, last = found.first, found.last
    months = [words.text(f"chart.month_long.m{day.month:02d}", lang) for day in (first, last)]
    facts = {"first": first.day, "last": last.day, "month": months[0], "until": months[1]}
    years = {"year": first.year, "last_year": last.year}
    if first.year != last.year:
        return words.text("chart.days_of_years", lang, **facts, **years)
    key = "days_of_month" if first.month == last.month else "days_of_months"
    return words.text(f"chart.{key}", lang, **facts, **years)


def tone(change: float, way: str, text: str) -> str:
    """Judge a difference: good, bad, context, or none where nothing moved.

    Parameters
    ----------
    change : float
        The difference. [any unit]
    way : {"up", "down", "context"}
        The direction of the KPI.
    text : str
        The difference as it will be printed: what prints as zero did not move.

    Examples
    --------
    >>> tone(-3.0, "down", "-3"), tone(-3.0, "up", "-3"), tone(2.0, "context", "+2")
    ('good', 'bad', 'context')
    >>> tone(0.0001, "up", "+0.0%")
    'none'
    """
    if math.isnan(change) or not any(c in "123456789" for c in text):
        return "none"
    if way not in {"up", "down"}:
        return "context"
    return "good" if (change > 0) == (way == "up") else "bad"


_ARROWS = {
    "good": ("▲", "▼"),
    "bad": ("△", "▽"),
    "context": ("↑", "↓"),
    "none": ("", ""),
}


def arrow(change: float, mood: str) -> str:
    """Draw a difference without colour: filled is better, hollow is worse.

    Examples
    --------
    >>> arrow(3.0, "good"), arrow(3.0, "bad"), arrow(-1.0, "context"), arrow(0.0, "none")
    ('▲', '△', '↓', '')
    """
    return _ARROWS[mood][0 if change > 0 else 1]


def one(frame: pd.DataFrame, column: str) -> str:
    """Give the one value of a column.

    Raises
    ------
    PerfkitError
        The column holds none, or several.

    Examples
    --------
    >>> one(pd.DataFrame({"unit": ["D1", "D1"]}), "unit")
    'D1'
    """
    found = frame[column].unique().tolist()
    if len(found) != 1:
        raise PerfkitError("show.not_one", column=column, found=", ".join(map(str, found)) or "–")
    return str(found[0])
