"""perfkit: every KPI that can be computed, all levels and periods."""

from __future__ import annotations

import pandas as pd
import task
from case_perfkit import prepare

from perfkit import kpi
from perfkit.book import Book

__all__ = ["prepare", "run"]


def run(path: str, book: Book) -> pd.DataFrame:
    """Measure."""
    asked = list(task.periods())
    if hasattr(kpi, "grid"):
        return kpi.grid(book, by=task.levels(path), period=asked)
    return pd.concat([kpi.measure(book, by=level, period=asked) for level in task.levels(path)])
