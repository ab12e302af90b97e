"""The tables of an annual plan: the form of last year, months by units, drivers, standards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.decide import audit, decisions
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet

__all__ = [
    "analysis_form",
    "audit",
    "by_month",
    "decisions",
    "drivers",
    "duties",
    "items",
    "standards",
    "swot",
]

FOUR = "display:grid;grid-template-columns:1fr 1fr;gap:12px"
BOX = "border:1px solid #cfcfcf;border-top:3px solid #0072b2;padding:.6em 1em .7em"
LIST = "margin:.4em 0 0;padding-left:1.2em"
FORM = ("target", "value", "attainment", "year_ago", "change_year_ago")


def _said(key: str, lang: str) -> str:
    return words.text(f"annual.{key}", lang)


def _none(key: str, frame: pd.DataFrame, lang: str) -> Display:
    return quiet(_said(f"none.{key}", lang), frame, lang=lang)


def analysis_form(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show the work-analysis form: fourteen indicators in their blocks, as far as they are known.

    Parameters
    ----------
    frame : DataFrame
        block, kpi, target, value, attainment, year_ago, change_year_ago and growth_year_ago. [the
        KPI's unit]
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says; its period is the year looked back on.
    """
    tops = [Head(words.text("table.kpi", lang), numeric=False)]
    tops += [Head(_said(f"form.{name}", lang)) for name in FORM]
    rows: list[Row] = []
    for block, own in frame.groupby("block", sort=False):
        rows.append(Row((Cell(_said(f"block.{block}", lang)),), "family"))
        for record in own.to_dict("records"):
            code = str(record["kpi"])
            first = Cell(label.kpi_name(code, lang), of=comparison.of(code, lang))
            cells = [comparison.cell_of(name, code, record, lang) for name in FORM]
            rows.append(Row((first, *cells)))
    notes = comparison.notes(frame, source, lang, judged=True)
    return display(_said("form.title", lang), grid(tops, rows), notes, frame, lang)


def swot(frame: pd.DataFrame, *, lang: str, boxes: Sequence[str]) -> Display:
    """Show the box of strengths, weaknesses, opportunities and challenges, two by two.

    Parameters
    ----------
    frame : DataFrame
        box, kpi, said, change_year_ago and attainment. [the KPI's unit; rate]
    lang : {"zh", "en"}
        The reader's language.
    boxes : sequence of str
        The four boxes, in reading order.
    """
    cells = []
    for box in boxes:
        own = frame[frame["box"] == box].to_dict("records")
        lines = "".join(f"<li>{escape(_line(one, lang))}</li>" for one in own)
        empty = f'<li class="pk-quiet">{escape(_said("swot.empty", lang))}</li>'
        name = escape(_said(f"swot.{box}", lang))
        cells.append(
            f'<div style="{BOX}"><b>{name}</b><ul style="{LIST}">{lines or empty}</ul></div>'
        )
    inside = f'<div style="{FOUR}">{"".join(cells)}</div>'
    return display(_said("swot.title", lang), inside, [_said("swot.note", lang)], frame, lang)


def _line(one: Mapping[Any, Any], lang: str) -> str:
    """Write one line of a box: what was entered, or a KPI with how it moved."""
    if one["said"]:
        return str(one["said"])
    code = str(one["kpi"])
    moved = comparison.written("change_year_ago", code, one["change_year_ago"], lang)
    return words.text("annual.swot.line", lang, kpi=label.kpi_name(code, lang), change=moved)


def items(
    frame: pd.DataFrame,
    key: str,
    *,
    lang: str,
    source: Source | None = None,
    units: Mapping[str, str],
    titles: Mapping[str, str] | None = None,
    caption: str = "",
) -> Display:
    """Show a frame whose rows are items with words of their own, under ``annual.<key>``.

    Parameters
    ----------
    frame : DataFrame
        One row an item, by its code; months, 1 to 12, by their names; a column ``measure`` is
        named in words.
    key : str
        Where the words stand: ``title``, ``item`` (a heading), ``name`` (an item's), the columns.
    lang : {"zh", "en"}
        The reader's language.
    source : Source, optional
        What the caption says.
    units : mapping
        Column → unit of measure, for the columns to show, in order; ``+`` shows a sign, ``each`` is
        an amount of one head, in full.
    titles : mapping, optional
        Item → name, where the words do not have it.
    caption : str, default ""
        Where the numbers come from, in place of a source.
    """
    if frame.empty:
        return _none(key, frame, lang)
    tops = [Head(_said(f"{key}.item", lang), numeric=False)]
    for column, unit in units.items():
        tops.append(Head(_said(f"{key}.{column}", lang), numeric=unit != "text"))
    rows = []
    for code, record in zip(frame.index, frame.to_dict("records"), strict=True):
        name = (titles or {}).get(str(code)) or _item(frame, key, code, lang)
        cells = [_value(record[column], unit, lang) for column, unit in units.items()]
        rows.append(Row((Cell(name), *cells), "whole" if code == "target" else ""))
    shown = frame[list(units)].reset_index()
    notes = [_note(key, lang), caption]
    notes += [comparison.source_line(shown, source, lang)] if source else []
    return display(_said(f"{key}.title", lang), grid(tops, rows), notes, shown, lang)


def _item(frame: pd.DataFrame, key: str, code: object, lang: str) -> str:
    """Name an item: a month, or by the words of its table."""
    if frame.index.name == "month":
        return words.text(f"chart.month_long.m{int(str(code)):02d}", lang)
    return label.said(f"annual.{key}.name.{code}", lang, str(code))


def _note(key: str, lang: str) -> str:
    return label.said(f"annual.{key}.note", lang, "")


def _value(value: Any, unit: str, lang: str) -> Cell:
    if unit == "text":
        return Cell(label.said(f"annual.measure.{value}", lang, str(value)))
    signed, unit = unit.startswith("+"), unit.removeprefix("+")
    if unit == "each" and not pd.isna(value):
        return Cell(words.number(float(round(value)), "count", lang, signed=signed))
    return Cell(words.number(float(value), unit, lang, signed=signed))


def by_month(
    table: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    unit: str = "yuan",
    names: Mapping[str, str] | None = None,
    title: str = "",
) -> Display:
    """Show units by months with the sum (or mean) of the year; a unit above others is set off.

    Parameters
    ----------
    table : DataFrame
        Units by month codes, and what the year comes to under ``year`` where it is there. [`unit`]
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    unit : str, default "yuan"
        Unit of measure.
    names : mapping, optional
        Unit id → name.
    title : str, default ""
        Above the table.
    """
    if table.empty:
        return _none("months", table, lang)
    tops = [Head(words.text("table.column.unit", lang), numeric=False)]
    end = _said("months.mean", lang) if unit == "rate" else words.text("targets.total_head", lang)
    tops += [Head(end if m == "year" else _month(str(m), lang)) for m in table.columns]
    whole = {u for u in table.index if any(str(v).startswith(f"{u}/") for v in table.index)}
    rows = [
        Row(
            (
                Cell(label.unit_name(str(one), names)),
                *(Cell(_scaled(float(v), unit, lang)) for v in values),
            ),
            "whole" if one in whole else "",
        )
        for one, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    name = _said("months.wide", lang) if unit == "yuan" else label.said(f"unit.{unit}", lang, unit)
    of = "" if unit == "rate" else words.text("annual.months.note", lang, of=name)
    shown = table.reset_index()
    notes = [of, comparison.source_line(shown, source, lang)]
    return display(title, grid(tops, rows), notes, shown, lang)


WIDE = {"zh": (10_000, 1), "en": (1_000, 0)}  # twelve months fit on a page, and a sum


def _scaled(value: float, unit: str, lang: str) -> str:
    """Write an amount in the size its table names; with a decimal more where it has one."""
    if unit != "yuan" or pd.isna(value):
        return words.number(value, unit, lang)
    size, places = WIDE[lang]
    rest = abs(value / size * 10**places - round(value / size * 10**places)) > 1e-6
    return f"{value / size:,.{places + rest}f}"


def _month(code: str, lang: str) -> str:
    return label.period_name(code, lang, short=True)


def drivers(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
) -> Display:
    """Show the drivers of every unit as planned, and below each what it is now.

    Parameters
    ----------
    frame : DataFrame
        By unit: columns, and ``now_`` and a column where it has one; premium and stretch. [persons,
        rate, policies, yuan; unitless]
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    """
    if frame.empty:
        return _none("drivers", frame, lang)
    pairs = [str(c).removeprefix("now_") for c in frame.columns if str(c).startswith("now_")]
    tops = [Head(words.text("table.column.unit", lang), numeric=False)]
    tops += [Head(label.kpi_name(code, lang), of=comparison.of(code, lang)) for code in pairs]
    tops += [Head(_said(f"drivers.{name}", lang)) for name in ("premium", "stretch")]
    rows = []
    for place, (unit, row) in enumerate(frame.iterrows()):
        cells = [
            Cell(
                words.number(float(row[code]), label.unit_of(code), lang),
                under=Cell(words.number(float(row[f"now_{code}"]), label.unit_of(code), lang)),
            )
            for code in pairs
        ]
        cells.append(Cell(words.number(float(row["premium"]), "yuan", lang)))
        cells.append(Cell(words.number(float(row["stretch"]), "ratio", lang)))
        kind = "whole" if place == 0 and len(frame) > 1 else ""
        rows.append(Row((Cell(label.unit_name(str(unit), names)), *cells), kind))
    shown = frame.reset_index()
    notes = [_said("drivers.note", lang), comparison.source_line(shown, source, lang)]
    return display(_said("drivers.title", lang), grid(tops, rows), notes, shown, lang)


def standards(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
) -> Display:
    """Show units against the minimum standards; what is missed is marked without colour too.

    Parameters
    ----------
    frame : DataFrame
        unit, standard, kpi, value, minimum, short and met; one row a unit and standard. [rate]
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    """
    least = frame.drop_duplicates("standard").set_index("standard")["minimum"]
    tops = [Head(words.text("table.column.unit", lang), numeric=False)]
    for name, value in least.items():
        above = (
            ">\u00a00" if name == "growth" else f"≥\u00a0{words.number(float(value), 'rate', lang)}"
        )
        tops.append(Head(_said(f"standards.{name}", lang), of=above))
    rows = []
    for unit, own in frame.groupby("unit", sort=False):
        cells = []
        for value, met in zip(own["value"], own["met"], strict=True):
            text = words.number(float(value), "rate", lang)
            mark = "" if pd.isna(met) else "✓ " if met else "✗ "
            cells.append(Cell(mark + text, "bad" if mark == "✗ " else ""))
        rows.append(Row((Cell(label.unit_name(str(unit), names)), *cells)))
    notes = [_said("standards.note", lang), comparison.source_line(frame, source, lang)]
    shown = frame[["unit", "standard", "value", "minimum", "short"]]
    return display(_said("standards.title", lang), grid(tops, rows), notes, shown, lang)


def duties(frame: pd.DataFrame, *, lang: str) -> Display:
    """Show which KPIs each level answers for, and whether the source states its list.

    Parameters
    ----------
    frame : DataFrame
        level, kpi and basis; one row a level and KPI.
    lang : {"zh", "en"}
        The reader's language.
    """
    heads = [
        Head(_said(f"duties.{name}", lang), numeric=False) for name in ("level", "kpis", "basis")
    ]
    rows = []
    for (level, basis), own in frame.groupby(["level", "basis"], sort=False):
        named = words.text("table.list", lang).join(label.kpi_name(k, lang) for k in own["kpi"])
        said = (_said(f"duties.kind.{level}", lang), named, _said(f"duties.{basis}", lang))
        rows.append(Row(tuple(Cell(text) for text in said)))
    return display(_said("duties.title", lang), grid(heads, rows), (), frame, lang)
