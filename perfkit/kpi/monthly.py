"""Sums of agents and months in place of policies: which spans they answer, what is said of others.

A sum stands for its whole month. So it answers spans of whole months; the last month is known as it
was exported, and a span that ends on the last day known (as_of inside that month) is whole as well.
Of a part of a month, and of what lies after the last month exported, nothing is known: not zero.
A month's sum counts at the unit its agent belonged to on the first day of the month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.book import Book, Finding
from perfkit.kpi.catalogue import Kpi, Measure, measures
from perfkit.kpi.need import MONTHS, reads_months
from perfkit.period import Period

__all__ = ["is_answered", "month_findings", "part_of_month", "without_parts_of_months"]

SHOWN = 5


def is_answered(book: Book, span: Period) -> bool:
    """Tell whether a span is made of whole months that the book's agent_months holds.

    Parameters
    ----------
    book : Book
        With agent_months in place of policies.
    span : Period
        Cut to the days the book has facts of.
    """
    ends = (span.last + dt.timedelta(days=1)).day == 1 or span.last == book.months_until
    return span.first.day == 1 and ends and span.last <= book.months_until


def without_parts_of_months(
    book: Book, frame: pd.DataFrame, wanted: Sequence[Measure], periods: Sequence[Period]
) -> pd.DataFrame:
    """Blank what is answered from agent_months in spans that it cannot answer.

    Parameters
    ----------
    book : Book
        Where the facts are.
    frame : DataFrame
        As `perfkit.kpi.facts.measure_levels` gives it.
    wanted : sequence of Measure
        Its columns.
    periods : sequence of Period
        Its spans in their order, cut to the days the book has facts of.

    Returns
    -------
    DataFrame
        A new frame; the same one for a book of policies. [yuan, rows or persons]
    """
    codes = [m.code for m in wanted if reads_months(book, m)] if book.monthly else []
    parts = [i for i, span in enumerate(periods) if codes and not is_answered(book, span)]
    if not parts:
        return frame
    out = frame.copy()
    out.loc[frame.index.isin(parts, level="span"), codes] = np.nan
    return out


def month_findings(book: Book, chosen: Sequence[Kpi], periods: Sequence[Period]) -> list[Finding]:
    """Name the spans in which what is answered from agent_months is unknown.

    Parameters
    ----------
    book : Book
        Where the facts are.
    chosen : sequence of Kpi
        What is answered.
    periods : sequence of Period
        For which spans, cut to the days the book has facts of; those outside are passed over.

    Returns
    -------
    list of Finding
        One warning, or none; count is how many spans. [periods]
    """
    asked = [measures()[code] for one in chosen for code in one.measures()]
    if not book.monthly or not any(reads_months(book, m) for m in asked):
        return []
    known = [p for p in periods if p.first <= book.as_of and p.last >= book.facts_from]
    parts = list({p.code: p for p in known if not is_answered(book, p)}.values())
    return [part_of_month(book, parts)] if parts else []


def part_of_month(book: Book, parts: Sequence[Period]) -> Finding:
    """Say of which spans nothing is known, since agent_months holds whole months only."""
    codes = [part.code for part in parts]
    said = ", ".join(codes[:SHOWN]) + (", …" if len(codes) > SHOWN else "")
    facts = {"periods": said, "last": book.months_until}
    return Finding("warning", "part_of_month", MONTHS, "month", len(codes), (), facts)
