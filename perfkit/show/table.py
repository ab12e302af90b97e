"""Tables, headline cards and sentences: the numbers of `kpi` in the reader's words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.cards import headline
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, css, display, grid, quiet
from perfkit.show.plain import effects, findings, heads, table
from perfkit.show.prose import Prose, coverage, facts, sentence

__all__ = [
    "Display",
    "Prose",
    "Source",
    "by_period",
    "by_unit",
    "coverage",
    "css",
    "effects",
    "facts",
    "findings",
    "headline",
    "heads",
    "scorecard",
    "sentence",
    "table",
]


def scorecard(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    kpis: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Display:
    """Show the KPIs of one unit against the period before, a year ago and the target.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, kpi, period, value, and where known variant, previous,
        change_previous, growth_previous, year_ago, change_year_ago, growth_year_ago, target,
        attainment (and with a version behind: target_stretch, attainment_stretch).
        [the KPI's unit; a change of a rate is a difference of rates] One row a KPI; the growth
        stands small below its change.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str, optional
        Which KPIs, in this order; all of the frame otherwise.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        In place of the usual one.

    Returns
    -------
    Display
        Rows grouped by family of KPI. Blue and filled arrows: better; orange and hollow:
        worse; grey: to be read in context. One quiet line where no number is known.

    Raises
    ------
    UnknownName
        The frame does not hold a KPI asked for.
    PerfkitError
        A column is missing, a KPI comes twice, or the frame holds several units.
    """
    if comparison.lacks(frame, ("unit", "kpi", "period", "value"), "scorecard"):
        return quiet(comparison.nothing(frame, kpis, lang), frame, lang=lang, title=title)
    frame = comparison.select(frame, kpis)
    unit, when = label.one(frame, "unit"), label.one(frame, "period")
    columns = comparison.shown(frame)
    tops = [Head(words.text("table.kpi", lang), numeric=False)]
    tops += [Head(comparison.head(c, when, lang)) for c in columns]
    rows = _by_family(frame, columns, lang)
    said = title or words.text(
        "table.scorecard",
        lang,
        unit=label.unit_name(unit, names),
        period=label.period_name(when, lang),
    )
    judged = any(c.startswith(("change_", "growth_")) for c in columns)
    notes = comparison.notes(frame, source, lang, judged=judged)
    data = frame[["unit", "kpi", *comparison.known(frame)]]
    return display(said, grid(tops, rows), notes, data, lang)


def _by_family(frame: pd.DataFrame, columns: Sequence[str], lang: str) -> list[Row]:
    """Lay out one row a KPI, the families in the order of the catalogue."""
    rows: list[Row] = []
    families = frame["kpi"].map(label.family)
    for family in sorted(families.unique(), key=label.family_place):
        if families.nunique() > 1:
            rows.append(Row((Cell(label.family_name(family, lang)),), "family"))
        for record in frame[families == family].to_dict("records"):
            code = str(record["kpi"])
            first = Cell(label.kpi_name(code, lang), of=comparison.of(code, lang))
            numbers = (comparison.cell_of(c, code, record, lang) for c in columns)
            rows.append(Row((first, *numbers)))
    return rows


def by_unit(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    kpis: Sequence[str] | None = None,
    change: str | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Display:
    """Show units below each other and their KPIs side by side.

    Parameters
    ----------
    frame : DataFrame
        As for `scorecard`, of several units; rows and columns keep its order. A unit that
        holds others of the frame is set off as their whole.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str, optional
        Which KPIs, in this order; all of the frame otherwise.
    change : str, optional
        A column to print small below each value, such as ``change_previous`` or
        ``attainment``.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        In place of the usual one.

    Returns
    -------
    Display
        One quiet line where no number is known.

    Raises
    ------
    UnknownName
        The frame does not hold a KPI asked for.
    PerfkitError
        A column is missing, or a unit has a KPI twice.
    """
    more = [change] if change else []
    if comparison.lacks(frame, ("unit", "kpi", "period", "value", *more), "by_unit"):
        return quiet(comparison.nothing(frame, kpis, lang), frame, lang=lang, title=title)
    frame = comparison.select(frame, kpis)
    when, units = label.one(frame, "period"), frame["unit"].unique().tolist()
    wholes = {u for u in units if any(str(v).startswith(f"{u}/") for v in units)}
    said = {str(u): label.unit_name(str(u), names) for u in units}
    inside = _matrix(frame, "unit", said, change, lang, wholes)
    notes = comparison.notes(frame, source, lang, judged=bool(change) and change != "attainment")
    if change:
        notes.insert(0, words.text("table.under", lang, column=comparison.head(change, when, lang)))
    top = title or words.text("table.by_unit", lang, period=label.period_name(when, lang))
    return display(top, inside, notes, frame[["unit", "kpi", "value", *more]], lang)


def by_period(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    kpis: Sequence[str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Display:
    """Show the periods of one unit below each other and their KPIs side by side.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, period, kpi, value, and where known variant. [the KPI's unit] Rows and
        columns keep its order.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str, optional
        Which KPIs, in this order; all of the frame otherwise.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        In place of the usual one.

    Returns
    -------
    Display
        One quiet line where no number is known.

    Raises
    ------
    UnknownName
        The frame does not hold a KPI asked for.
    PerfkitError
        A column is missing, a period has a KPI twice, or the frame holds several units.
    """
    if comparison.lacks(frame, ("unit", "kpi", "period", "value"), "by_period"):
        return quiet(comparison.nothing(frame, kpis, lang), frame, lang=lang, title=title)
    frame = comparison.select(frame, kpis, by="period")
    unit = label.one(frame, "unit")
    said = {str(p): label.period_name(str(p), lang) for p in frame["period"].unique()}
    inside = _matrix(frame, "period", said, None, lang)
    top = title or words.text("table.by_period", lang, unit=label.unit_name(unit, names))
    notes = comparison.notes(frame, source, lang)
    return display(top, inside, notes, frame[["unit", "period", "kpi", "value"]], lang)


def _matrix(
    frame: pd.DataFrame,
    by: str,
    said: Mapping[str, str],
    change: str | None,
    lang: str,
    wholes: Collection[str] = (),
) -> str:
    """Lay out one row a unit or period and one column a KPI; what is not there is a dash."""
    codes = [str(k) for k in frame["kpi"].unique()]
    tops = [Head(words.text(f"table.column.{by}", lang), numeric=False)]
    tops += [Head(label.kpi_name(k, lang), of=comparison.of(k, lang)) for k in codes]
    keys = list(zip(frame[by], frame["kpi"], strict=True))
    found = dict(zip(keys, frame["value"], strict=True))
    below = dict(zip(keys, frame[change], strict=True)) if change else {}
    rows = []
    for row, name in said.items():
        cells = [Cell(name)]
        for code in codes:
            text = words.number(found.get((row, code)), label.unit_of(code), lang)
            small = float(below.get((row, code), math.nan))
            known = not math.isnan(small)
            told = comparison.cell(str(change), code, small, lang) if known else None
            cells.append(Cell(text, under=told))
        rows.append(Row(tuple(cells), "whole" if row in wholes else ""))
    return grid(tops, rows)
