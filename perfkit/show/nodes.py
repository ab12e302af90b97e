"""The tables of nodes: where the month stands, who has not written, what is proposed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid
from perfkit.show.saying import day_of, head, none, said

__all__ = ["nodes", "proposal", "without_policy"]

MARKS = {"met": "✓", "missed": "✗", "open": "○"}
MOODS = {"met": "good", "missed": "bad"}


def nodes(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    missing: pd.DataFrame | None = None,
    basis: str = "entered",
    title: str = "",
) -> Display:
    """Show every node: what it asks for, what is in hand, and what it still takes.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.node.status` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    missing : DataFrame, optional
        What `rhythm.node.who_must_write` gives.
    basis : str, default "entered"
        Where the plan comes from.
    title : str, default ""
        In place of the usual one.
    """
    if frame.empty:
        return none("nodes", frame, lang)
    codes = list(dict.fromkeys(frame["kpi"]))
    ahead = frame["run_rate"].notna().any()
    heads = [head("node", lang, numeric=False)]
    heads += [Head(label.kpi_name(code, lang), of=comparison.of(code, lang)) for code in codes]
    heads += [head(name, lang) for name in (("gap", "run_rate") if ahead else ("gap",))]
    writers = missing is not None and not missing.empty
    heads += [head("must_write", lang, numeric=False)] if writers else []
    rows = []
    for (number, day), own in frame.groupby(["node", "date"], sort=False):
        held = own.set_index("kpi").to_dict("index")
        name = words.text("calendar.node", lang, number=number)
        cells = [Cell(name, under=Cell(day_of(day, lang)))]
        cells += [_node_cell(held.get(code), str(code), lang) for code in codes]
        cells += _still(held.get("premium_submitted"), lang, ahead=bool(ahead))
        if writers and missing is not None:
            cells.append(_who(missing[missing["node"] == number], lang))
        rows.append(Row(tuple(cells)))
    notes = [said("note.nodes", lang), said(f"basis.{basis}", lang)]
    notes += [comparison.source_line(frame, source, lang)]
    return display(title or said("title.nodes", lang), grid(heads, rows), notes, frame, lang)


def _node_cell(row: Mapping[Any, Any] | None, code: str, lang: str) -> Cell:
    """Write what is in hand with its mark, and below it the target and how much of it that is."""
    if row is None:
        return Cell("–")
    unit, state = label.unit_of(code), str(row["state"])
    if math.isnan(row["actual"]):
        asked = words.number(row["target"], unit, lang)
        return Cell("–", under=Cell(said("asked", lang, target=asked)))
    text = f"{MARKS[state]} {words.number(row['actual'], unit, lang)}"
    target = words.number(row["target"], unit, lang)
    share = words.number(row["attainment"], "rate", lang)
    below = Cell(said("of_target", lang, target=target, share=share))
    return Cell(text, MOODS.get(state, ""), under=below)


def _still(row: Mapping[Any, Any] | None, lang: str, *, ahead: bool) -> list[Cell]:
    """Write what is missing, and what each day left must bring."""
    if row is None:
        return [Cell("–")] * (2 if ahead else 1)
    gap = words.number(row["gap"], "yuan", lang) if row["gap"] > 0 else "–"
    if not ahead:
        return [Cell(gap)]
    if math.isnan(row["run_rate"]):
        return [Cell(gap), Cell("–")]
    days = words.number(row["days_left"], "days", lang)
    ratio = words.number(row["ratio"], "ratio", lang)
    below = Cell(said("days_and_ratio", lang, days=days, ratio=ratio))
    return [Cell(gap), Cell(words.number(row["run_rate"], "yuan", lang), under=below)]


def _who(missing: pd.DataFrame, lang: str) -> Cell:
    """Write how many of whom have not written yet."""
    if missing.empty:
        return Cell("")
    who = label.said(f"pacing.who.{missing['must_write'].iloc[0]}", lang, "")
    count = words.number(float(len(missing)), "persons", lang)
    return Cell(said("not_yet", lang, who=who, count=count))


def without_policy(
    frame: pd.DataFrame, *, lang: str, source: Source, names: Mapping[str, str] | None = None
) -> Display:
    """Show who has no policy yet, by unit.

    Parameters
    ----------
    frame : DataFrame
        unit and agent.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    """
    if frame.empty:
        return none("without_policy", frame, lang)
    heads = [Head(words.text("table.column.unit", lang), numeric=False)]
    heads += [head("people", lang), head("agents", lang, numeric=False)]
    comma = words.text("table.list", lang)
    rows = [
        Row(
            (
                Cell(label.unit_name(str(unit), names)),
                Cell(words.number(float(len(own)), "persons", lang)),
                Cell(comma.join(own["agent"])),
            )
        )
        for unit, own in frame.groupby("unit", sort=False)
    ]
    notes = [comparison.source_line(frame, source, lang)]
    return display(said("title.without_policy", lang), grid(heads, rows), notes, frame, lang)


def proposal(
    frame: pd.DataFrame, *, lang: str, source: Source, basis: str, target: float, period: str
) -> Display:
    """Show the nodes of the month to come.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.monthplan.shares` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    basis : str
        Where the plan comes from.
    target : float
        The month's. [yuan]
    period : str
        The month's code.
    """
    if frame.empty:
        return none("proposal", frame, lang)
    shown = ["activity_rate", "supervisor_activity_rate"]
    rates = [code for code in shown if frame[code].notna().any()]
    heads = [head("node", lang, numeric=False), head("selling_day", lang)]
    heads += [head("even", lang), head("usual", lang)]
    heads += [Head(label.kpi_name("premium_submitted", lang), of=words.text("unit.yuan", lang))]
    heads += [Head(label.kpi_name(code, lang)) for code in rates]
    writers = frame["must_write"].astype(str).str.len().gt(0).any()
    heads += [head("must_write", lang, numeric=False)] if writers else []
    rows = []
    for one in frame.to_dict("records"):
        name = words.text("calendar.node", lang, number=one["node"])
        cells = [Cell(name, under=Cell(day_of(one["date"], lang)))]
        cells += [Cell(words.number(one["selling_day"], "days", lang))]
        cells += [Cell(words.number(one[name], "rate", lang)) for name in ("even", "usual")]
        cells += [Cell(words.number(one["premium_submitted"], "yuan", lang))]
        cells += [Cell(words.number(one[code], "rate", lang)) for code in rates]
        if writers:
            cells.append(Cell(label.said(f"pacing.who.{one['must_write']}", lang, "")))
        rows.append(Row(tuple(cells)))
    amount = words.number(target, "yuan", lang)
    notes = [said(f"proposed.{basis}", lang, target=amount), said("note.proposal", lang)]
    notes += [comparison.source_line(frame, source, lang)]
    title = said("title.proposal", lang, period=label.period_name(period, lang))
    return display(title, grid(heads, rows), notes, frame, lang)
