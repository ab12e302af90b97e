"""Where the year of every unit will land, from its own months."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi import adds_up, grid, kpi, targets, whole_months
from perfkit.outlook.forecast import FEWEST, year_landing
from perfkit.period import Period

__all__ = ["year_landings"]

MONTHS = 120  # ten years; seasons older than that teach little
COLUMNS = ["unit", "kpi", "period", "months_done", "reached", "landing", "low", "high", "target",
           "chance", "periods", "method", "last_year"]  # fmt: skip


def year_landings(
    book: Book,
    code: str,
    *,
    by: str | Sequence[str],
    period: str | Period,
    unit: str | None = None,
    level: float = 0.8,
    version: str = "plan",
) -> pd.DataFrame:
    """Say where the year of every unit will land, as it looked at the end of a period.

    Parameters
    ----------
    book : Book
        Where the facts are.
    code : str
        A KPI that adds up over days.
    by : str or a sequence of them
        The level.
    period : str or Period
        The year is that of its last day; only whole months up to it are known.
    unit : str, optional
        Only this unit and those below it.
    level : float, default 0.8
        Of the intervals. [rate]
    version : str, default "plan"
        Which targets the chance is of.

    Returns
    -------
    DataFrame
        unit, kpi, period (the year), months_done (of it) [months], reached, landing, low, high,
        target, last_year [the KPI's unit], chance [rate], periods (months learnt from), method. A
        unit with fewer than three whole months, or a gap in them, has what is in hand, NaN else
        and the method no_history.

    Raises
    ------
    ReconcileError
        The KPI does not add up over days.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> row = year_landings(b, "premium_issued", by="district", period="2012Q3").iloc[0]
    >>> int(row["months_done"]), bool(row["low"] < row["landing"] < row["high"])
    (9, True)
    """
    if not adds_up(kpi(code)):
        raise ReconcileError("does_not_add_up", kpi=code)
    levels = [by] if isinstance(by, str) else list(by)
    known = whole_months(book, spans.parse(period), MONTHS)
    year = spans.parse(f"{spans.parse(period).last.year}")
    if not known:
        return pd.DataFrame(columns=COLUMNS)
    done = known[-1].last.month if known[-1].first >= year.first else 0
    found = grid(book, [code], by=levels, period=known, unit=unit)
    wide = found.pivot(index="unit", columns="period", values=code)
    wide = wide.reindex(index=found["unit"].unique(), columns=[m.code for m in known])
    aims = pd.concat([targets(book, code, by=one, period=year, version=version) for one in levels])
    aim = dict(zip(aims["unit"], aims["target"].astype(float), strict=True))
    rows = []
    for name, values in zip(wide.index, wide.to_numpy(float), strict=True):
        own = float(aim.get(name, math.nan))
        told = {"unit": name, "kpi": code, "period": year.code, "months_done": done, "target": own}
        rows.append(told | _landed(values, done, level, own))
    return pd.DataFrame(rows, columns=COLUMNS)


def _landed(values: np.ndarray, done: int, level: float, aim: float) -> dict[str, object]:
    """Land one unit from its first month on, or say that it has no past to learn from."""
    there = np.flatnonzero(np.isfinite(values))
    own = values[there[0] :] if len(there) else values[:0]
    begun = done <= len(values)
    hand = float(values[len(values) - done :].sum()) if begun else math.nan
    told: dict[str, object] = {"reached": hand, "periods": len(own), "method": "no_history"}
    if len(own) < max(FEWEST, done) or not np.isfinite(own).all():
        return told
    target = None if math.isnan(aim) else aim
    found = year_landing(own.tolist(), months_done=done, level=level, target=target)
    names = ("landing", "low", "high", "method", "last_year", "chance")
    return told | {name: found[name] for name in names}
