"""How a unit did from the node to the year, as one table: business, what grew, people, money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import period as spans
from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet

__all__ = ["evaluation"]

BLOCKS = ("business", "increment", "headcount", "rank", "tenure", "money")
NEEDED = ("unit", "block", "kpi", "horizon", "period", "value")
Records = Mapping[tuple[str, str], Mapping[Any, Any]]


def _said(key: str, lang: str, **facts: object) -> str:
    return words.text(f"evaluation.{key}", lang, **facts)


def evaluation(
    frame: pd.DataFrame,
    increments: pd.DataFrame | None = None,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Display:
    """Show how one unit did at the node, month, quarter, half year and year.

    Parameters
    ----------
    frame : DataFrame
        Of one unit: unit, block, kpi, horizon, period, value, and where known variant, target,
        attainment, change_year_ago, growth_year_ago, change, share. [the KPI's unit; attainment,
        growth and share are rates]
    increments : DataFrame, optional
        kpi, period, part (stock, drivers, increment, whole), value. [the KPI's unit]
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        In place of the usual one.

    Returns
    -------
    Display
        One column a span; spans of the same days share one. A block of which nothing is known says
        so in a line.

    Raises
    ------
    PerfkitError
        A column is missing, or the frame holds several units.
    """
    if comparison.lacks(frame, NEEDED, "evaluation", ["value", "target"]):
        return quiet(comparison.nothing(frame, None, lang), frame, lang=lang, title=title)
    unit = label.one(frame, "unit")
    columns = frame.groupby("period", sort=False)["horizon"].unique()
    columns = columns.loc[_in_order(frame)]
    tops = [Head(words.text("table.kpi", lang), numeric=False)]
    tops += [Head(_horizons(list(own), lang), of=_days(str(code), lang))
             for code, own in columns.items()]  # fmt: skip
    codes = [str(code) for code in columns.index]
    rows: list[Row] = []
    for block in BLOCKS:
        if block == "increment":
            rows += _increment_rows(increments, codes, lang)
        else:
            rows += _block_rows(frame[frame["block"] == block], block, codes, lang)
    top = title or _said("title", lang, unit=label.unit_name(unit, names))
    notes = [_said("note", lang), words.text("table.key", lang)]
    notes.append(comparison.source_line(frame, source, lang, money=True))
    return display(top, grid(tops, rows), notes, frame, lang)


def _in_order(frame: pd.DataFrame) -> list[str]:
    """List the spans from the node to the year; the frame's rows hold them in this order."""
    first = frame["kpi"].iloc[0]
    own = frame.loc[frame["kpi"] == first, "period"]
    return list(dict.fromkeys([*own, *frame["period"]]))


def _horizons(found: list[str], lang: str) -> str:
    return words.text("table.list", lang).join(_said(f"horizon.{name}", lang) for name in found)


def _days(code: str, lang: str) -> str:
    """Name a span by its months, or by its last day where that ends no month."""
    one = spans.parse(code)
    if one.kind in {"month", "node"}:
        return label.period_name(code, lang, short=True)
    months = [m.code for m in spans.months(one)]
    last = f"{months[-1]}@{one.last.day:02d}"
    ends = months[-1] if spans.parse(months[-1]).last == one.last else last
    first, until = (label.period_name(c, lang, short=True) for c in (months[0], ends))
    return _said("from_to", lang, first=first, until=until)


def _block_rows(own: pd.DataFrame, block: str, codes: list[str], lang: str) -> list[Row]:
    """Lay out a block; one of which nothing is known is one line."""
    name = _said(f"block.{block}", lang)
    known = [c for c in ("value", "target") if c in own]
    if own.empty or not own[known].notna().to_numpy().any():
        said = _said("nothing", lang, block=name, why=_said(f"none.{block}", lang))
        return [Row((Cell(said),), "family")]
    rows = [Row((Cell(name),), "family")]
    held = {(str(r["kpi"]), str(r["period"])): r for r in own.to_dict("records")}
    for code in own["kpi"].unique():
        first = Cell(_name(str(code), lang), of=comparison.of(_unit_of(str(code)), lang))
        cells = (_cell(held.get((str(code), span)), block, lang) for span in codes)
        rows.append(Row((first, *cells)))
    return rows


def _unit_of(code: str) -> str:
    """Give a KPI that is counted as the row is: people of other ranks are people."""
    return "headcount_closing" if code == "other" else code


def _name(code: str, lang: str) -> str:
    return _said("other", lang) if code == "other" else label.kpi_name(code, lang)


def _cell(record: Mapping[Any, Any] | None, block: str, lang: str) -> Cell:
    """Write a number and, small below it, what it is held against."""
    if record is None:
        return Cell(words.number(math.nan, "yuan", lang))
    code = _unit_of(str(record["kpi"]))
    text = words.number(record["value"], label.unit_of(code), lang)
    found = [part for part in _against(record, block, code, lang) if part is not None]
    if not found:
        return Cell(text)
    mood = next((part.mood for part in found if part.mood), "")
    said = words.text("table.join", lang).join(part.text for part in found)
    return Cell(text, under=Cell(said, mood))


def _against(
    record: Mapping[Any, Any], block: str, code: str, lang: str
) -> tuple[Cell | None, ...]:
    """Give what stands below a number: plan, a year ago, the share, the change, the budget."""
    if block == "money":
        budget = float(record.get("target", math.nan))
        if math.isnan(budget):
            return (Cell(_said("no_budget", lang)),)
        share = words.number(record.get("attainment", math.nan), "rate", lang)
        said = words.number(budget, "yuan", lang)
        return (Cell(_said("of_budget", lang, share=share, budget=said)),)
    plan = _part(record, "attainment", code, "of_plan", lang)
    if block in {"rank", "tenure"}:
        part = float(record.get("share", math.nan))
        of_all = _said("of_all", lang, share=words.number(part, "rate", lang))
        kept = None if math.isnan(part) else Cell(of_all)
        return kept, _part(record, "change", code, "since", lang)
    if not math.isnan(record.get("change", math.nan)):
        return plan, _part(record, "change", code, "since", lang)
    growth = block == "business" and label.unit_of(code) != "rate"
    column = "growth_year_ago" if growth else "change_year_ago"
    return plan, _part(record, column, code, "on_year", lang)


def _part(record: Mapping[Any, Any], column: str, code: str, key: str, lang: str) -> Cell | None:
    """Write one number that a value is held against; None where it is not known."""
    value = float(record.get(column, math.nan))
    if math.isnan(value):
        return None
    told = comparison.cell("change_year_ago" if column == "change" else column, code, value, lang)
    return Cell(_said(key, lang, value=told.text), told.mood)


def _increment_rows(found: pd.DataFrame | None, codes: list[str], lang: str) -> list[Row]:
    """Lay out stock, drivers and increment of what a span brought."""
    if found is None:
        return []
    if found.empty:
        return [Row((Cell(_said("none.increment", lang)),), "family")]
    code = label.one(found, "kpi")
    name, unit = label.kpi_name(code, lang), label.unit_of(code)
    rows = [Row((Cell(_said("block.increment", lang, kpi=name)),), "family")]
    held = {(str(r["part"]), str(r["period"])): float(r["value"]) for r in found.to_dict("records")}
    for part in found["part"].unique():
        plain = part in {"stock", "whole"}
        cells = [
            Cell(words.number(held.get((part, span), math.nan), unit, lang, signed=not plain))
            for span in codes
        ]
        said = name if part == "whole" else _part_name(str(part), lang)
        first = Cell(said, of=comparison.of(code, lang))
        rows.append(Row((first, *cells), "whole" if part == "whole" else ""))
    return rows


def _part_name(part: str, lang: str) -> str:
    """Name stock, increment, or a driver, which leads into its part of the increment."""
    if part in {"stock", "increment"}:
        return _said(f"part.{part}", lang)
    driver = label.said(f"explain.factor.{part}", lang, label.kpi_name(part, lang))
    return _said("part.driver", lang, driver=driver)
