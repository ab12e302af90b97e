"""The tables of contests: where each stands, and who is near the next bar."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid
from perfkit.show.saying import day_of, head, none, said

__all__ = ["near_bar", "standings"]


def standings(frame: pd.DataFrame, *, lang: str, source: Source) -> Display:
    """Show where contests stand, and what they cost.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.standings` gives as its contests.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    """
    if frame.empty:
        return none("contests", frame, lang)
    counts = ("people", "reached", "near", "days_left")
    heads = [head("contest", lang, numeric=False), *(head(name, lang) for name in counts)]
    heads += [head(name, lang) for name in ("cost", "budget", "used")]
    rows = []
    for one in frame.to_dict("records"):
        window = said(
            "from_to", lang, low=day_of(one["first"], lang), high=day_of(one["last"], lang)
        )
        below = said(f"state.{one['state']}", lang, window=window)
        cells = [Cell(one[f"name_{lang}"], under=Cell(below))]
        cells += [Cell(words.number(one[name], "persons", lang)) for name in counts]
        cells += [Cell(words.number(one[name], "yuan", lang)) for name in ("cost", "budget")]
        over = one["used"] > 1
        cells.append(Cell(words.number(one["used"], "rate", lang), "bad" if over else ""))
        rows.append(Row(tuple(cells)))
    notes = [said("note.contests", lang), comparison.source_line(frame, source, lang)]
    return display(said("title.contests", lang), grid(heads, rows), notes, frame, lang)


def near_bar(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
    most: int = 15,
) -> Display:
    """Show who is near the next bar of a contest.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.standings` gives as near.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    most : int, default 15
        How many at most; the note says how many there are. [persons]
    """
    if frame.empty:
        return none("near", frame, lang)
    heads = [head("contest", lang, numeric=False)]
    heads += [Head(words.text("table.column.unit", lang), numeric=False)]
    heads += [head("agent", lang, numeric=False)]
    heads += [head(name, lang) for name in ("so_far", "next_bar", "short_of", "days_left")]
    rows = []
    for one in frame.head(most).to_dict("records"):
        unit = label.unit_of(str(one["kpi"]))
        texts = [one[f"name_{lang}"], label.unit_name(str(one["unit"]), names), str(one["agent"])]
        texts += [words.number(one[name], unit, lang) for name in ("value", "next_bar", "gap")]
        texts.append(words.number(one["days_left"], "days", lang))
        rows.append(Row(tuple(Cell(text) for text in texts)))
    count = words.number(float(len(frame)), "persons", lang)
    notes = [said("note.near", lang, count=count), comparison.source_line(frame, source, lang)]
    return display(said("title.near", lang), grid(heads, rows), notes, frame, lang)
