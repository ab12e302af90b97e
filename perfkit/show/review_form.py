"""The operating-indicator form of a quarter: one unit in full, several side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet

__all__ = ["form", "form_by_unit"]

FORM = ("target", "value", "attainment", "gap", "change_previous", "change_year_ago", "limit")
MARKS = {
    "reached": ("✓", "good"),
    "short": ("✗", "bad"),
    "better": ("", "good"),
    "worse": ("", "bad"),
    "moved": ("", "context"),
}


def _said(key: str, lang: str, **facts: object) -> str:
    return words.text(f"quarter.{key}", lang, **facts)


def form(
    frame: pd.DataFrame,
    *,
    unit: str,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
) -> Display:
    """Show the form of one unit: target, result, attainment, gap, changes, noise, grade.

    Parameters
    ----------
    frame : DataFrame
        unit, kpi, period, target, value, gap, change_previous, change_year_ago, limit [the KPI's
        unit], attainment [rate], verdict, grade.
    unit : str
        Whose rows.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.

    Returns
    -------
    Display
        One quiet line where no result is known.
    """
    own = frame[frame["unit"] == unit] if len(frame) else frame
    title = _said("form.title", lang, unit=label.unit_name(unit, names))
    if comparison.lacks(own, ("kpi", "value", "grade"), "form", ["value"]):
        return quiet(comparison.nothing(own, None, lang), own, lang=lang, title=title)
    tops = [Head(words.text("table.kpi", lang), numeric=False)]
    tops += [Head(_form_head(name, source.period, lang)) for name in FORM]
    tops.append(Head(_said("form.grade", lang), numeric=False))
    rows: list[Row] = []
    for family, part in _families(own):
        rows.append(Row((Cell(label.family_name(family, lang)),), "family"))
        for record in part.to_dict("records"):
            code = str(record["kpi"])
            first = Cell(label.kpi_name(code, lang), of=comparison.of(code, lang))
            numbers = [_form_cell(name, code, record, lang) for name in FORM]
            rows.append(Row((first, *numbers, _grade(record, lang))))
    notes = [_said("form.note", lang), *comparison.notes(own, source, lang, judged=True)]
    shown = own[["unit", "kpi", *FORM, "grade"]]
    return display(title, grid(tops, rows), notes, shown, lang)


def _families(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Split by family of KPI, in the order of the catalogue."""
    families = frame["kpi"].map(label.family)
    order = sorted(families.unique(), key=label.family_place)
    return [(family, frame[families == family]) for family in order]


def _form_head(name: str, when: str, lang: str) -> str:
    if words.has(f"quarter.form.{name}", lang):
        return _said(f"form.{name}", lang)
    return comparison.head(name, when, lang)


def _form_cell(name: str, code: str, record: Mapping[Any, Any], lang: str) -> Cell:
    if name in {"gap", "limit"}:
        unit = label.change_unit(label.unit_of(code))
        return Cell(words.number(float(record[name]), unit, lang, signed=name == "gap"))
    beyond = name == "change_previous" and record["verdict"] in {"unusual", "rare"}
    if beyond or not name.startswith("change_"):
        return comparison.cell_of(name, code, record, lang)
    growth = record.get(name.replace("change_", "growth_"), math.nan)
    under = Cell(comparison.written("growth_", code, growth, lang), "context")
    text = comparison.written(name, code, record[name], lang)
    return Cell(text, "context", under=under if math.isfinite(growth) else None)


def _grade(record: Mapping[Any, Any], lang: str) -> Cell:
    mark, mood = _mark(record)
    return Cell(mark + _said(f"grade.{record['grade']}", lang), mood)


def _mark(record: Mapping[Any, Any]) -> tuple[str, str]:
    """Give the mark of a grade and its mood; beyond noise it is an arrow the way it went."""
    mark, mood = MARKS.get(str(record["grade"]), ("", ""))
    if mood and not mark:
        mark = label.arrow(float(record["change_previous"]), mood)
    return (f"{mark} " if mark else ""), mood


def form_by_unit(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
) -> Display:
    """Show the form of several units: indicators down, units across; what is noise stays grey.

    Parameters
    ----------
    frame : DataFrame
        As for `form`.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    """
    title = _said("form.units", lang)
    if comparison.lacks(frame, ("unit", "kpi", "value", "grade"), "form", ["value"]):
        return quiet(comparison.nothing(frame, None, lang), frame, lang=lang, title=title)
    units = list(dict.fromkeys(frame["unit"]))
    tops = [Head(words.text("table.kpi", lang), numeric=False)]
    tops += [Head(label.unit_name(str(one), names)) for one in units]
    rows: list[Row] = []
    for family, part in _families(frame):
        rows.append(Row((Cell(label.family_name(family, lang)),), "family"))
        for code, own in part.groupby("kpi", sort=False):
            by_unit = {row["unit"]: row for row in own.to_dict("records")}
            first = Cell(label.kpi_name(str(code), lang), of=comparison.of(str(code), lang))
            cells = [_unit_cell(str(code), by_unit.get(one), lang) for one in units]
            rows.append(Row((first, *cells)))
    notes = [
        _said("form.units_note", lang),
        comparison.source_line(frame, source, lang, money=True),
    ]
    return display(title, grid(tops, rows), notes, frame[["unit", "kpi", "value", "grade"]], lang)


def _unit_cell(code: str, row: Mapping[Any, Any] | None, lang: str) -> Cell:
    """Write a result with what it is judged by below."""
    if row is None:
        return Cell("–")
    grade = str(row["grade"])
    mark, mood = _mark(row)
    planned = grade in {"reached", "short"}
    name = "attainment" if planned else "change_previous"
    value = float(row[name])
    text = mark + comparison.written(name, code, value, lang)
    under = None if math.isnan(value) else Cell(text, mood or "context")
    return Cell(words.number(float(row["value"]), label.unit_of(code), lang), under=under)
