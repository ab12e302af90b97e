"""Pages of a pack: tables with their words, to be shown, printed and filled in.

A page says what is known and leaves room for what people enter; `perfkit.show.page` makes a section
of a report and a sheet of a workbook of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from perfkit import words

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
    """

    code: str
    title: str
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]


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
