"""The HTML of tables and cards: escaped, self-contained, the same every time."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from perfkit import words

__all__ = [
    "Cell",
    "Display",
    "Head",
    "Row",
    "block",
    "card",
    "css",
    "display",
    "fingerprint",
    "grid",
    "quiet",
]


@functools.cache
def css() -> str:
    """Give the style of every display; each carries it, and a page may embed it once.

    Examples
    --------
    >>> css().startswith(".pk-block")
    True
    """
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8").strip()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its words, and how it is judged.

    Attributes
    ----------
    text : str
        As the reader sees it; escaped on the way out.
    mood : str
        good, bad, context or empty.
    of : str
        A unit of measure in small print after the text.
    under : Cell, optional
        A second line in small print.
    bar : float, optional
        Length of a bar under the text; 1 is full. [rate]
    """

    text: str
    mood: str = ""
    of: str = ""
    under: Cell | None = None
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its words, its unit, and whether it holds numbers."""

    text: str
    of: str = ""
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, and its kind (``family``: a heading, ``whole``: a total)."""

    cells: tuple[Cell, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Display:
    """Something that shows itself in a notebook and gives its numbers back.

    Attributes
    ----------
    html : str
        A self-contained piece of a page.
    summary : str
        One line that changes when a shown number does.
    data : DataFrame
        What it shows, unformatted.
    """

    html: str
    summary: str
    data: pd.DataFrame = field(compare=False)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.summary


def fingerprint(frame: pd.DataFrame) -> str:
    """Give eight letters that change when a number of the frame does.

    Examples
    --------
    >>> fingerprint(pd.DataFrame({"a": [1.0]})) == fingerprint(pd.DataFrame({"a": [1.5]}))
    False
    """
    text = frame.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _of(text: str) -> str:
    return f' <span class="pk-of">{escape(text)}</span>' if text else ""


def _inside(cell: Cell) -> str:
    text = escape(cell.text) + _of(cell.of)
    out = f'<span class="pk-{cell.mood}">{text}</span>' if cell.mood else text
    if cell.under is not None:
        mood = f" pk-{cell.under.mood}" if cell.under.mood else ""
        out += f'<span class="pk-under{mood}">{escape(cell.under.text)}</span>'
    return out + _bar(cell.bar)


def _bar(share: float | None) -> str:
    if share is None or pd.isna(share):
        return ""
    wide = min(max(share, 0.0), 1.0) * 100
    return f'<span class="pk-bar"><i style="width:{wide:.1f}%"></i></span>'


def grid(heads: Sequence[Head], rows: Sequence[Row]) -> str:
    """Lay out a table: the first column names its row, numbers stand at the right.

    Parameters
    ----------
    heads : sequence of Head
        One a column.
    rows : sequence of Row
        As many cells as heads, or one cell that spans the row.
    """
    wide = len(heads)
    sides = [' class="pk-num"' if h.numeric else "" for h in heads]
    top = "".join(
        f'<th scope="col"{side}>{escape(h.text)}{_of(h.of)}</th>'
        for h, side in zip(heads, sides, strict=True)
    )
    body = []
    for row in rows:
        kind = f' class="pk-{row.kind}"' if row.kind else ""
        if len(row.cells) == 1 < wide:
            inside = f'<th scope="rowgroup" colspan="{wide}">{_inside(row.cells[0])}</th>'
        else:
            inside = "".join(
                f'<th scope="row"{side}>{_inside(cell)}</th>'
                if place == 0
                else f"<td{side}>{_inside(cell)}</td>"
                for place, (cell, side) in enumerate(zip(row.cells, sides, strict=True))
            )
        body.append(f"<tr{kind}>{inside}</tr>")
    lines = "\n".join(body)
    return (
        f'<div class="pk-scroll"><table class="pk-table"><thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )


def card(name: str, of: str, value: str, lines: Sequence[Cell]) -> str:
    """Lay out one figure of the headline with the lines below it.

    Parameters
    ----------
    name, of : str
        What the figure is, and its unit of measure.
    value : str
        The figure as it is read.
    lines : sequence of Cell
        What it compares with.
    """
    below = "".join(
        f'<span class="pk-line{f" pk-{c.mood}" if c.mood else ""}">{escape(c.text)}</span>'
        + _bar(c.bar)
        for c in lines
    )
    return f'<div class="pk-card">{escape(name)}{_of(of)}<b>{escape(value)}</b>{below}</div>'


def block(title: str, inside: str, notes: Sequence[str]) -> str:
    """Put a title above and the notes below, with the style in front.

    Parameters
    ----------
    title : str
        Above; none where it is empty.
    inside : str
        A grid, or cards. [HTML]
    notes : sequence of str
        Below, one a line.
    """
    top = f'<div class="pk-title">{escape(title)}</div>' if title else ""
    below = "".join(f'<div class="pk-note">{escape(note)}</div>' for note in notes if note)
    return f'<style>{css()}</style>\n<div class="pk-block">{top}{inside}{below}</div>'


def display(
    title: str, inside: str, notes: Sequence[str], data: pd.DataFrame, lang: str
) -> Display:
    """Make a display of a grid or of cards, with the numbers behind it.

    Parameters
    ----------
    title : str
        Above it.
    inside : str
        The grid, or the cards. [HTML]
    notes : sequence of str
        Below it, one a line.
    data : DataFrame
        What it shows, unformatted.
    lang : {"zh", "en"}
        The reader's language.
    """
    summary = words.text("table.summary", lang, title=title, rows=len(data), mark=fingerprint(data))
    return Display(block(title, inside, notes), summary, data.reset_index(drop=True))


def quiet(said: str, data: pd.DataFrame, *, lang: str, title: str | None = None) -> Display:
    """Make a display of one quiet line, where there is nothing to lay out.

    Parameters
    ----------
    said : str
        The line.
    data : DataFrame
        What was to be shown; its columns are kept, its rows are not.
    lang : {"zh", "en"}
        The reader's language.
    title : str, optional
        Above the line.
    """
    none = data.head(0)
    summary = words.text("table.summary", lang, title=title or said, rows=0, mark=fingerprint(none))
    inside = f'<div class="pk-quiet">{escape(said)}</div>'
    return Display(block(title or "", inside, ()), summary, none)
