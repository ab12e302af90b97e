"""The comparison of a KPI with the period before, a year ago and its target, in words.

A comparison frame has one row a unit and KPI: unit, kpi, period, value and, where known,
variant, previous, change_previous, growth_previous, year_ago, change_year_ago,
growth_year_ago, target, attainment, and target_<version>, attainment_<version> for other
versions of the target. All of it is computed by `kpi`; here it is only read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from perfkit import period, words
from perfkit.errors import PerfkitError, UnknownName
from perfkit.show import label
from perfkit.show.html import Cell

__all__ = [
    "Source",
    "cell",
    "cell_of",
    "floats",
    "head",
    "is_number",
    "known",
    "lacks",
    "notes",
    "nothing",
    "of",
    "select",
    "shown",
    "source_line",
    "version",
    "written",
]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the numbers of a report come from; the caption of every table says it.

    Attributes
    ----------
    period : str
        The code of the period.
    fingerprint : str
        Of the book's data.
    """

    period: str
    fingerprint: str


_ORDER = (
    "value",
    "previous",
    "change_previous",
    "growth_previous",
    "year_ago",
    "change_year_ago",
    "growth_year_ago",
    "target",
    "attainment",
)
WEEK = 7  # so many days are a week, whichever weekday it begins with
_VERSIONED = re.compile(r"(target|attainment)_(\w+)")


def is_number(column: str) -> bool:
    """Say whether a column of a comparison holds numbers of its KPI."""
    return column in _ORDER or bool(_VERSIONED.fullmatch(column))


def known(frame: pd.DataFrame) -> list[str]:
    """List the number columns of a comparison, in reading order."""
    versioned = [str(c) for c in frame.columns if _VERSIONED.fullmatch(str(c))]
    return [c for c in _ORDER if c in frame.columns] + versioned


def floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Copy a comparison with its number columns as floats, whatever they were stored as."""
    return frame.astype(dict.fromkeys(known(frame), float))


def select(frame: pd.DataFrame, kpis: Sequence[str] | None, *, by: str = "unit") -> pd.DataFrame:
    """Choose the KPIs to show, in the order asked for, each once a unit (or period).

    Parameters
    ----------
    frame : DataFrame
        A comparison.
    kpis : sequence of str or None
        Which, in this order; all of them otherwise.
    by : {"unit", "period"}
        What holds each KPI once.

    Raises
    ------
    UnknownName
        The frame does not hold a KPI asked for.
    PerfkitError
        A unit (or period) has a KPI twice.
    """
    if frame.duplicated([by, "kpi"]).any():
        raise PerfkitError("show.twice", columns=f"{by}, kpi")
    if kpis is None:
        return floats(frame)
    place = {code: at for at, code in enumerate(kpis)}
    there = frame["kpi"].unique().tolist()
    for code in place:
        if code not in there:
            raise UnknownName(kind="kpi", name=code, allowed=there)
    chosen = frame[frame["kpi"].isin(kpis)]
    return floats(chosen.sort_values("kpi", key=lambda k: k.map(place), kind="stable"))


def shown(frame: pd.DataFrame) -> list[str]:
    """List those that get a column: they hold something, and a growth stands below its change."""
    below = {f"growth_{c}" for c in ("previous", "year_ago") if f"change_{c}" in frame.columns}
    held = [c for c in known(frame) if c == "value" or frame[c].notna().any()]
    return [c for c in held if c not in below]


def lacks(
    frame: pd.DataFrame, columns: Sequence[str], what: str, held: Sequence[str] | None = None
) -> bool:
    """Say whether a frame holds nothing to show: no rows, or no known number.

    Parameters
    ----------
    frame : DataFrame
        What is to be shown.
    columns : sequence of str
        The columns that must be there, where there are rows.
    what : str
        The display asked for, named in the message.
    held : sequence of str, optional
        The columns of which one must hold a number; all numbers of a comparison otherwise.

    Raises
    ------
    PerfkitError
        There are rows, but a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["D1", "D2"], "value": [float("nan"), 1.0]})
    >>> lacks(frame, ["unit", "value"], "bars"), lacks(frame.head(1), ["value"], "bars")
    (False, True)
    """
    if frame.empty:
        return True
    label.require(frame, columns, what)
    seen = known(frame) if held is None else [c for c in held if c in frame]
    return not bool(frame[seen].notna().to_numpy().any())


_MANY = 8  # so many KPIs are named where there is nothing to show


def nothing(frame: pd.DataFrame, kpis: Sequence[str] | None, lang: str, room: str = "table") -> str:
    """Say that there is nothing to show, and which KPIs it would take.

    Parameters
    ----------
    frame : DataFrame
        What was to be shown.
    kpis : sequence of str or None
        What was asked for; the KPIs of the frame otherwise.
    lang : {"zh", "en"}
        The reader's language.
    room : {"table", "chart"}
        Whose words.
    """
    codes = list(kpis or (frame["kpi"].unique() if "kpi" in frame else ()))
    if not codes:
        return words.text(f"{room}.nothing", lang)
    said = words.text("table.list", lang).join(label.kpi_name(str(c), lang) for c in codes[:_MANY])
    if len(codes) > _MANY:
        said = words.text("table.more", lang, list=said)
    return words.text(f"{room}.nothing_of", lang, kpis=said)


def head(column: str, when: str, lang: str) -> str:
    """Name a column; 'last month' where the period is a month or a part of one.

    Parameters
    ----------
    column : str
        A number column of a comparison.
    when : str
        The code of its period.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> head("previous", "2012-09@11", "en"), head("previous", "2012H1", "en")
    ('last month', 'period before')
    """
    versioned = _VERSIONED.fullmatch(column)
    if versioned:
        said = version(versioned[2], lang)
        return words.text(f"table.column.{versioned[1]}_of", lang, version=said)
    span = period.parse(when)
    kind = "week" if span.kind == "range" and span.days == WEEK else span.kind
    plain = label.said(f"table.column.{column}", lang, column)
    return label.said(f"table.column.{column}_{kind}", lang, plain)


def version(code: str, lang: str) -> str:
    """Name a version of the target."""
    return label.said(f"table.version.{code}", lang, code)


def written(column: str, code: str, value: float, lang: str) -> str:
    """Write one number of a comparison; a change carries its sign.

    Parameters
    ----------
    column : str
        The column it stands in.
    code : str
        Its KPI.
    value : float
        The number. [the KPI's unit]
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> written("change_previous", "activity_rate", 0.05, "en")
    '+5.0 pp'
    >>> written("growth_previous", "premium_submitted", 0.0, "en")
    '0.0%'
    """
    unit = label.unit_of(code)
    if column.startswith("attainment"):
        return words.number(value, "rate", lang)
    if not _is_change(column):
        return words.number(value, unit, lang)
    unit = "rate" if column.startswith("growth_") else label.change_unit(unit)
    return words.number(value, unit, lang, signed=True)


def _is_change(column: str) -> bool:
    return column.startswith(("change_", "growth_"))


def cell(column: str, code: str, value: float, lang: str) -> Cell:
    """Write one number of a comparison and judge it where it is a change.

    Parameters
    ----------
    column, code, value, lang
        As for `written`.
    """
    way, text = label.direction(code), written(column, code, value, lang)
    if column.startswith("attainment"):
        return _attained(value, way, text, judged=column == "attainment")
    if not _is_change(column):
        return Cell(text)
    mood = label.tone(value, way, text)
    return Cell(text) if mood == "none" else Cell(f"{label.arrow(value, mood)} {text}", mood)


def cell_of(column: str, code: str, record: Mapping[Any, Any], lang: str) -> Cell:
    """Write one column of a row, with the growth below the change where it is known.

    Parameters
    ----------
    column, code, lang
        As for `written`.
    record : mapping
        Column → value, of the row.
    """
    top = cell(column, code, record[column], lang)
    growth = record.get(column.replace("change_", "growth_"), math.nan)
    if not column.startswith("change_") or not math.isfinite(growth):
        return top
    text = written("growth_", code, growth, lang)
    return replace(top, under=Cell(text, top.mood))


def _attained(share: float, way: str, text: str, *, judged: bool) -> Cell:
    """Write how much of a target is reached; only the plan's is judged."""
    if math.isnan(share) or way not in {"up", "down"}:
        return Cell(text)
    met = round(share, 3) >= 1 if way == "up" else round(share, 3) <= 1
    bar = share if way == "up" else None
    mood = ("good" if met else "bad") if judged else ""
    return Cell(f"✓ {text}" if met else text, mood, bar=bar)


def of(code: str, lang: str) -> str:
    """Give the unit of measure to print beside a name; a rate carries its % itself."""
    unit = label.unit_of(code)
    return "" if unit == "rate" else label.said(f"unit.{unit}", lang, "")


def notes(frame: pd.DataFrame, source: Source, lang: str, *, judged: bool = False) -> list[str]:
    """Write what every table must say: variant, period, unit of money, fingerprint.

    Parameters
    ----------
    frame : DataFrame
        What is shown.
    source : Source
        Where it comes from.
    lang : {"zh", "en"}
        The reader's language.
    judged : bool, default False
        Whether the marks of a change need their key.
    """
    key = [words.text("table.key", lang)] if judged else []
    return [*key, source_line(frame, source, lang, money=True)]


def source_line(frame: pd.DataFrame, source: Source, lang: str, *, money: bool = False) -> str:
    """Write in one line where numbers come from: period, variant, fingerprint.

    Parameters
    ----------
    frame, source, lang
        As for `notes`.
    money : bool, default False
        Whether to name the unit of money, where the frame holds any.
    """
    parts = [words.text("table.source_period", lang, period=source.period)]
    variants = _variants(frame, lang) if {"variant", "kpi"} <= set(frame.columns) else ""
    if variants:
        parts.append(words.text("table.source_variant", lang, variant=variants))
    kpis = frame["kpi"].unique() if money and "kpi" in frame else ()
    if "yuan" in {label.unit_of(str(k)) for k in kpis}:
        parts.append(words.text("table.source_money", lang))
    parts.append(words.text("table.source_data", lang, fingerprint=source.fingerprint))
    return words.text("table.join", lang).join(parts)


_ONLY = "standard"  # the variant of a KPI that has no other: nothing to tell


def _variants(frame: pd.DataFrame, lang: str) -> str:
    """Name the variants; the commonest without its KPIs, the others with theirs."""
    seen = frame[["kpi", "variant"]].dropna().drop_duplicates().astype(str)
    seen = seen[seen["variant"] != _ONLY]
    often = seen["variant"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    comma = words.text("table.list", lang)
    said = []
    for place, code in enumerate(often.index):
        name = label.said(f"variant.{code}", lang, code)
        if place:
            kpis = comma.join(label.kpi_name(k, lang) for k in seen["kpi"][seen["variant"] == code])
            name = words.text("table.source_variant_of", lang, variant=name, kpis=kpis)
        said.append(name)
    return comma.join(said)
