"""The tables of contests: where each stands, and who is near the next bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid
from perfkit.show.saying import day_of, head, none, said

__all__ = ["contests"]

MOST = 15  # so many of those near a bar are shown; the note says how many there are


class Found(Protocol):
    """What `perfkit.rhythm.standings` gives."""

    @property
    def contests(self) -> pd.DataFrame:
        """Give one row a contest."""

    @property
    def near(self) -> pd.DataFrame:
        """Give who is near a bar."""


def contests(
    found: Found, *, lang: str, source: Source, names: Mapping[str, str] | None = None
) -> Display:
    """Show where contests stand, what they cost, and who is near the next bar.

    Parameters
    ----------
    found : Standings
        What `rhythm.standings` gives.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    """
    if found.contests.empty:
        return none("contests", found.contests, lang)
    first = _standings(found.contests, lang, source)
    second = _near(found.near, lang, source, names)
    summary = f"{first.summary}; {second.summary}"
    return Display(first.html + second.html, summary, first.data)


def _standings(frame: pd.DataFrame, lang: str, source: Source) -> Display:
    """Show one row a contest."""
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


def _near(
    frame: pd.DataFrame, lang: str, source: Source, names: Mapping[str, str] | None
) -> Display:
    """Show who is near the next bar of a contest."""
    if frame.empty:
        return none("near", frame, lang)
    heads = [head("contest", lang, numeric=False)]
    heads += [Head(words.text("table.column.unit", lang), numeric=False)]
    heads += [head("agent", lang, numeric=False)]
    heads += [head(name, lang) for name in ("so_far", "next_bar", "short_of", "days_left")]
    rows = []
    for one in frame.head(MOST).to_dict("records"):
        unit = label.unit_of(str(one["kpi"]))
        texts = [one[f"name_{lang}"], label.unit_name(str(one["unit"]), names), str(one["agent"])]
        texts += [words.number(one[name], unit, lang) for name in ("value", "next_bar", "gap")]
        texts.append(words.number(one["days_left"], "days", lang))
        rows.append(Row(tuple(Cell(text) for text in texts)))
    count = words.number(float(len(frame)), "persons", lang)
    notes = [said("note.near", lang, count=count), comparison.source_line(frame, source, lang)]
    return display(said("title.near", lang), grid(heads, rows), notes, frame, lang)
