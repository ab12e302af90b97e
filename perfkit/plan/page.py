"""Pages of a pack: tables with their words, to be shown, printed and filled in.

A page says what is known and leaves room for what people enter; `perfkit.show.page` makes a section
of a report and a sheet of a workbook of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from perfkit import period as spans
from perfkit import words
from perfkit.book import Book

__all__ = ["Block", "Page", "blank", "block"]


@dataclass(frozen=True, slots=True)
class Block:
    """One table of a page.

    Attributes
    ----------
    code : str
        What it is, the same in every language.
    title : str
        Above it.
    table : DataFrame
        What is known, unformatted; numbers are numbers.
    heads : mapping of str to str
        Column → heading.
    units : mapping of str to str
        Column → unit of measure; ``kpi``: that of the row's KPI.
    rows : int
        How many empty rows to leave for people.
    note : str
        Below it.
    """

    code: str
    title: str
    table: pd.DataFrame
    heads: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a pack.

    Attributes
    ----------
    code, title : str
        What it is; its title in the reader's language.
    lines : tuple of str
        Below the title.
    blocks : tuple of Block
        Its tables.
    period : str
        What its numbers are of.
    """

    code: str
    title: str
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    period: str


def block(
    code: str,
    table: pd.DataFrame,
    lang: str,
    *,
    units: Mapping[str, str] | None = None,
    rows: int = 0,
    note: str = "",
    title: str = "",
) -> Block:
    """Make a block whose words stand under ``pack`` in the words files.

    Raises
    ------
    KeyError
        A column or the block has no words.

    Examples
    --------
    >>> block("decisions", blank("decision", "owner"), "en").heads["owner"]
    'owner'
    """
    heads = {str(c): words.text(f"pack.column.{c}", lang) for c in table.columns}
    said = title or words.text(f"pack.block.{code}", lang)
    return Block(code, said, table, heads, units or {}, rows, note)


def blank(*columns: str, first: Sequence[str] = ()) -> pd.DataFrame:
    """Lay out a table to be filled in, with the cells of its first column where they are known.

    Examples
    --------
    >>> blank("item", "said", first=["a", "b"]).values.tolist()
    [['a', ''], ['b', '']]
    """
    rows = [[text, *[""] * (len(columns) - 1)] for text in first]
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def known_period(book: Book, span: spans.Period, lang: str) -> str:
    """Write a period, and until when the book knows it where it still runs.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> known_period(open_book("district_one"), spans.parse("2012"), "en")
    '2012 (until 2012-10-31)'
    """
    if span.first <= book.as_of < span.last:
        return words.text("pack.until", lang, period=span.code, day=book.as_of.isoformat())
    return span.code
