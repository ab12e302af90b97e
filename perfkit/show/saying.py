"""Short words of the rhythm's tables: headings, notes, and one line where there is nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show.html import Display, Head, quiet

__all__ = ["day_of", "head", "none", "said"]


def said(key: str, lang: str, **facts: object) -> str:
    """Say a sentence or name that stands under ``pacing`` in the words.

    Examples
    --------
    >>> said("head.agent", "en")
    'agent'
    """
    return words.text(f"pacing.{key}", lang, **facts)


def none(key: str, frame: pd.DataFrame, lang: str) -> Display:
    """Say in one quiet line that there is nothing to show.

    Parameters
    ----------
    key : str
        Which line.
    frame : DataFrame
        What was to be shown.
    lang : {"zh", "en"}
        The reader's language.
    """
    return quiet(said(f"none.{key}", lang), frame, lang=lang)


def head(key: str, lang: str, *, numeric: bool = True, of: str = "") -> Head:
    """Give the head of a column.

    Parameters
    ----------
    key : str
        Its name in the words.
    lang : {"zh", "en"}
        The reader's language.
    numeric : bool, default True
        Whether it holds numbers.
    of : str, default ""
        Its unit of measure.
    """
    return Head(said(f"head.{key}", lang), of=of, numeric=numeric)


def day_of(day: Any, lang: str) -> str:
    """Write a day of the month as short as it is clear."""
    return words.text("calendar.month_day", lang, month=day.month, day=day.day)
