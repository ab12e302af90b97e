"""The headline: a few figures as cards, large, with what they compare with below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, card, display, quiet

__all__ = ["headline"]


def headline(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    kpis: Sequence[str] | None = None,
    title: str = "",
) -> Display:
    """Show a few KPIs of one unit as cards: the value large, what it compares with below.

    Parameters
    ----------
    frame : DataFrame
        As for `scorecard`; one card a row.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    kpis : sequence of str, optional
        Which KPIs, in this order; all of the frame otherwise.
    title : str, default ""
        Above the cards.

    Returns
    -------
    Display
        One quiet line where no number is known.

    Raises
    ------
    UnknownName
        The frame does not hold a KPI asked for.
    PerfkitError
        A column is missing, a KPI comes twice, or the frame holds several units.
    """
    if comparison.lacks(frame, ("unit", "kpi", "period", "value"), "headline"):
        return quiet(comparison.nothing(frame, kpis, lang), frame, lang=lang, title=title)
    frame = comparison.select(frame, kpis)
    label.one(frame, "unit")
    when, columns = label.one(frame, "period"), comparison.shown(frame)
    cards = []
    for kpi, record in frame.set_index("kpi")[columns].iterrows():
        code = str(kpi)
        value = words.number(record["value"], label.unit_of(code), lang)
        cards.append(
            card(
                label.kpi_name(code, lang),
                comparison.of(code, lang),
                value,
                _lines(code, {str(c): float(v) for c, v in record.items()}, when, lang),
            )
        )
    notes = comparison.notes(
        frame, source, lang, judged=any(c.startswith("change_") for c in columns)
    )
    inside = f'<div class="pk-cards">{"".join(cards)}</div>'
    return display(title, inside, notes, frame[["unit", "kpi", *columns]], lang)


def _lines(code: str, record: Mapping[str, float], when: str, lang: str) -> list[Cell]:
    """Write the lines below a headline figure; what is unknown has no line."""
    out = []
    known = {column: value for column, value in record.items() if not math.isnan(value)}
    for column in ("previous", "year_ago"):
        if f"change_{column}" in known:
            cell = comparison.cell(f"change_{column}", code, known[f"change_{column}"], lang)
            name = comparison.head(column, when, lang)
            said = words.text("table.compared", lang, change=cell.text, name=name)
            out.append(Cell(said, cell.mood))
    for column in [c for c in known if c.startswith("attainment")]:
        cell = comparison.cell(column, code, known[column], lang)
        version = column.removeprefix("attainment_") if "_" in column else "plan"
        target = known.get(column.replace("attainment", "target"))
        said = words.text(
            "table.attained",
            lang,
            share=cell.text,
            name=comparison.version(version, lang),
            value=words.number(target, label.unit_of(code), lang),
        )
        out.append(Cell(said, cell.mood, bar=cell.bar))
    return out
