"""The tables of a month's rhythm: pace, nodes, landing, pulled forward, contests."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.contests import contests
from perfkit.show.decide import Told, decisions
from perfkit.show.html import Cell, Display, Head, Row, display, grid
from perfkit.show.nodes import nodes, proposal, without_policy
from perfkit.show.prose import Prose, sentence
from perfkit.show.saying import day_of, head, none, said

__all__ = [
    "beside",
    "contests",
    "day_worth",
    "headline",
    "landings",
    "nodes",
    "points",
    "proposal",
    "pulled",
    "shape",
    "tracked",
    "without_policy",
]

BAD = {"pulled_forward", "borrowed", "short", "late"}


def _months(frame: pd.DataFrame, lang: str) -> dict[str, str]:
    return {str(m): label.period_name(str(m), lang) for m in frame["month"].unique()}


def day_worth(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show the days of a month by type, and what such a day usually brings.

    Parameters
    ----------
    frame : DataFrame
        day_type, days, done, learnt [days], mean [yuan a day], weight, plain [selling days].
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    """
    names = ("days", "done", "left", "learnt", "mean", "weight")
    heads = [head("day_type", lang, numeric=False), *(head(name, lang) for name in names)]
    rows = []
    for one in frame.to_dict("records"):
        if not one["days"] and not one["learnt"] > 0:
            continue
        counts = (one["days"], one["done"], one["days"] - one["done"], one["learnt"])
        told = [words.number(n, "days", lang) for n in counts]
        told += [
            words.number(one["mean"], "yuan", lang),
            words.number(one["weight"], "ratio", lang),
        ]
        name = said(f"day_type.{one['day_type']}", lang)
        rows.append(Row(tuple(Cell(text) for text in (name, *told))))
    notes = [said("note.day_worth", lang), comparison.source_line(frame, source, lang)]
    return display(said("title.day_worth", lang), grid(heads, rows), notes, frame, lang)


def beside(frame: pd.DataFrame, *, lang: str, source: Source, kpis: Sequence[str]) -> Display:
    """Show a month beside others at the same selling day.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.pace.beside` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str
        Which, in this order; those it does not hold are left out.
    """
    codes = [code for code in kpis if (frame["kpi"] == code).any()]
    if frame.empty or not codes:
        return none("pace", frame, lang)
    heads = [head("month", lang, numeric=False), head("up_to", lang, numeric=False)]
    heads += [Head(label.kpi_name(code, lang), of=comparison.of(code, lang)) for code in codes]
    held = {(r["month"], r["kpi"]): r for r in frame.to_dict("records")}
    rows = []
    for month, name in _months(frame, lang).items():
        own = frame[frame["month"] == month].iloc[0]
        kind = said(f"beside.{own['beside']}", lang)
        cells = [Cell(name, under=Cell(kind)), Cell(day_of(own["date"], lang))]
        cells += [_hand(held.get((month, code)), code, lang) for code in codes]
        rows.append(Row(tuple(cells), "whole" if own["beside"] == "now" else ""))
    day = words.number(float(frame["selling_day"].iloc[0]), "days", lang)
    notes = [said("note.beside", lang), comparison.source_line(frame, source, lang)]
    title = said("title.beside", lang, day=day)
    return display(title, grid(heads, rows), notes, frame, lang)


def _hand(row: Mapping[Any, Any] | None, code: str, lang: str) -> Cell:
    """Write what was in hand, and what the month now has beside it."""
    if row is None:
        return Cell("–")
    text = words.number(row["hand"], label.unit_of(code), lang)
    ratio = row["ratio"]
    if row["beside"] == "now" or math.isnan(ratio):
        return Cell(text)
    told = said("now_times", lang, ratio=words.number(ratio, "ratio", lang))
    return Cell(text, under=Cell(told, "good" if ratio >= 1 else "bad"))


def shape(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    kpis: Sequence[str],
    month: str = "",
    days: int = 0,
) -> Display:
    """Show how early or late months filled up.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.pace.shape` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str
        Which, in this order; those it does not hold are left out.
    month : str, default ""
        The one set off.
    days : int, default 0
        How many selling days make the first week. [selling days]

    Returns
    -------
    Display
        For each KPI the first-week share and below it the ratio to even pace, and the back-loading
        index; late ones are marked.
    """
    codes = [code for code in kpis if (frame["kpi"] == code).any()]
    known = frame.dropna(subset="share")
    if known.empty or not codes:
        return none("shape", frame, lang)
    heads = [head("month", lang, numeric=False), head("elapsed", lang)]
    for code in codes:
        name = label.kpi_name(code, lang)
        heads += [Head(said("head.share_of", lang, kpi=name)), head("back_loading", lang)]
    held = {(r["month"], r["kpi"]): r for r in known.to_dict("records")}
    rows = []
    for code_of, name in _months(known, lang).items():
        own = known[known["month"] == code_of].iloc[0]
        at = Cell(words.number(own["elapsed"], "rate", lang), under=Cell(day_of(own["node"], lang)))
        cells = [Cell(name), at]
        for code in codes:
            cells += _shape_cells(held.get((code_of, code)), lang)
        rows.append(Row(tuple(cells), "whole" if code_of == month else ""))
    notes = [said("note.shape", lang, days=days), comparison.source_line(known, source, lang)]
    return display(said("title.shape", lang), grid(heads, rows), notes, known, lang)


def _shape_cells(row: Mapping[Any, Any] | None, lang: str) -> list[Cell]:
    if row is None:
        return [Cell("–"), Cell("–")]
    pace = said("times", lang, ratio=words.number(row["even_pace"], "ratio", lang))
    late = f"{pace} {said('late', lang)}" if row["is_late"] else pace
    below = Cell(late, "bad" if row["is_late"] else "")
    back = words.number(row["back_loading"], "ratio", lang, signed=True)
    return [Cell(words.number(row["share"], "rate", lang), under=below), Cell(back)]


def landings(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show where the month would end, as it could be known day by day.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.node.landings` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    """
    if frame.empty:
        return none("landing", frame, lang)
    names = ("hand", "expected", "interval", "chance", "learnt_months")
    heads = [head("seen_on", lang, numeric=False), *(head(name, lang) for name in names)]
    rows = []
    for one in frame.to_dict("records"):
        low, high = (words.number(one[name], "yuan", lang) for name in ("low", "high"))
        told = [
            words.number(one["hand"], "yuan", lang),
            words.number(one["expected"], "yuan", lang),
            low if low == high else said("from_to", lang, low=low, high=high),
            _chance(one["chance"], lang),
            words.number(float(one["months"]), "count", lang),
        ]
        rows.append(Row((Cell(day_of(one["day"], lang)), *(Cell(text) for text in told))))
    level = words.number(float(frame["level"].iloc[0]), "rate", lang)
    target = words.number(float(frame["target"].iloc[0]), "yuan", lang)
    notes = [said("note.landing", lang, level=level, target=target)]
    notes += [comparison.source_line(frame, source, lang)]
    return display(said("title.landing", lang), grid(heads, rows), notes, frame, lang)


def _chance(value: float, lang: str) -> str:
    """Write a chance; the ends of the scale are bounds, not certainty."""
    if 0 < value < 0.01:
        return "< 1%"
    return "> 99%" if 0.99 < value < 1 else words.number(value, "rate", lang)


def pulled(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show whether a strong first part was more business, or only came sooner.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.pulled.judge_month` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    """
    if frame.empty:
        return none("pulled", frame, lang)
    parts = ("first", "whole", "after")
    names = (*parts, "shortfall", "moved", "lost")
    heads = [head("measured", lang, numeric=False), *(head(name, lang) for name in names)]
    heads.append(head("verdict", lang, numeric=False))
    rows = []
    for one in frame.to_dict("records"):
        unit = label.unit_of(str(one["kpi"]))
        basis = said(f"against.{one['basis']}", lang, months=words.number(one["months"], "", lang))
        cells = [Cell(label.kpi_name(str(one["kpi"]), lang), under=Cell(basis))]
        cells += [_part(one, part, unit, lang) for part in parts]
        cells += [Cell(words.number(one[n], unit, lang)) for n in ("shortfall", "moved", "lost")]
        verdict = str(one["verdict"])
        mood = "bad" if verdict in BAD else "good" if verdict == "added" else ""
        cells.append(Cell(said(f"verdict.{verdict}", lang), mood))
        rows.append(Row(tuple(cells)))
    notes = [said("note.pulled", lang), comparison.source_line(frame, source, lang)]
    return display(said("title.pulled", lang), grid(heads, rows), notes, frame, lang)


def _part(one: Mapping[Any, Any], part: str, unit: str, lang: str) -> Cell:
    share = words.number(one[f"{part}_attainment"], "rate", lang)
    actual, target = (words.number(one[f"{part}_{n}"], unit, lang) for n in ("actual", "target"))
    if "–" in {actual, target}:
        return Cell(actual)
    return Cell(share, under=Cell(said("of", lang, actual=actual, target=target)))


def headline(point: Told, *, lang: str, period: str, unit: str = "") -> Prose:
    """Say in one sentence where a month or a week stands.

    Parameters
    ----------
    point : Point
        What `rhythm.points.headline` or `of_days` gives.
    lang : {"zh", "en"}
        The reader's language.
    period : str
        The month's code.
    unit : str, default ""
        Whose, by name.
    """
    facts: dict[str, Any] = dict(point.facts)
    if "first" in facts:
        begins = dt.date.fromisoformat(facts["first"]).weekday()
        facts["begins"] = words.text(f"calendar.weekday.d{begins}", lang)
    name = label.period_name(period, lang)
    return sentence(f"pacing.say.{point.key}", lang=lang, unit=unit, period=name, **facts)


def points(found: Sequence[Told], *, lang: str, names: Mapping[str, str] | None = None) -> Prose:
    """Write what is to be settled, what presses most first.

    Parameters
    ----------
    found : sequence of Point
        In their order.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    """
    return decisions(found, lang=lang, names=names, under="pacing.do")


def tracked(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show KPIs of a week beside last week's, and what the book lacks for those it cannot answer.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.compare` gives of one unit, with its findings.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    """
    lacks = {
        str(one.facts["kpi"]): str(one.facts["lacks"])
        for one in frame.attrs.get("findings", ())
        if one.rule == "not_computable"
    }
    heads = [Head(words.text("table.kpi", lang), numeric=False), head("this_week", lang)]
    heads += [head("last_week", lang), head("change", lang)]
    heads += [head("needs", lang, numeric=False)] if lacks else []
    rows = []
    for one in frame.to_dict("records"):
        code = str(one["kpi"])
        first = Cell(label.kpi_name(code, lang), of=comparison.of(code, lang))
        names = ("value", "previous", "change_previous")
        cells = [first, *(comparison.cell(n, code, float(one[n]), lang) for n in names)]
        if lacks:
            lacking = lacks.get(code, "")
            name = label.said(f"pacing.table.{lacking.partition('.')[0]}", lang, lacking)
            told = said("needs", lang, table=name) if lacking else ""
            cells.append(Cell(told))
        rows.append(Row(tuple(cells)))
    notes = [said("note.development", lang)] if lacks else []
    notes += comparison.notes(frame, source, lang, judged=True)
    shown = frame[["kpi", "value", "previous"]]
    return display(said("title.development", lang), grid(heads, rows), notes, shown, lang)
