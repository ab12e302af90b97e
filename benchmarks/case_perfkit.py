"""perfkit: the KPIs of the task, all levels and periods, of a book that is open."""

from __future__ import annotations

import pandas as pd
import task

from perfkit import kpi
from perfkit.book import Book, open_book


def prepare(book: str) -> Book:
    """Open the book; what that costs is the case perfkit_open."""
    return open_book(book)


def run(path: str, book: Book) -> pd.DataFrame:
    """Measure."""
    asked = list(task.periods())
    if hasattr(kpi, "grid"):
        return kpi.grid(
            book, list(task.KPIS), by=task.levels(path), period=asked, variants=task.VARIANTS
        )
    parts = []
    for level in task.levels(path):
        long = kpi.measure(book, list(task.KPIS), by=level, period=asked, variants=task.VARIANTS)
        wide = long.pivot(index=["level", "unit", "period"], columns="kpi", values="value")
        parts.append(wide.reset_index())
    return pd.concat(parts)
