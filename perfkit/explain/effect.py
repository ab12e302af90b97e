"""Whether an action worked: its driver before and after, against what comparable units did.

A frame of windows says for every action where to look (`perfkit.plan.ledger.windows` makes one):
its unit, the KPI, whole months before and after, and the units to compare with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi
from perfkit.book import Book
from perfkit.errors import PerfkitError

__all__ = ["STATES", "WINDOW", "action_effect"]

WINDOW = ("action_id", "unit", "level", "kpi", "expected", "begins", "before", "after", "peers")
STATES = ("too_early", "too_few_months", "too_small", "unknown", "unclear", "better", "worse",
          "moved")  # fmt: skip
LEAST_MONTHS = 3
LEAST_PEOPLE = 10.0


def action_effect(
    book: Book,
    windows: pd.DataFrame,
    *,
    level: float = 0.9,
    least_months: int = LEAST_MONTHS,
    least_people: float = LEAST_PEOPLE,
) -> pd.DataFrame:
    """Estimate what each action changed: a difference in differences of whole months.

    Parameters
    ----------
    book : Book
        Where the facts are.
    windows : DataFrame
        `WINDOW`: begins is a date, before, after and peers are tuples of month codes and unit ids.
        [expected: the KPI's unit a month]
    level : float, default 0.9
        Of the interval. [rate]
    least_months : int, default 3
        Months before that an interval needs. [months]
    least_people : float, default 10
        Mean headcount of the unit below which nothing is said. [persons]

    Returns
    -------
    DataFrame
        action_id, unit, kpi, begins, expected; months_before and months_after [count]; mean_before,
        mean_after, peers_before, peers_after (of a mean month), effect, low, high [the KPI's unit a
        month]; against (``peers``, or ``own_past`` where no unit is comparable); state: too_early
        (no whole month since), too_few_months, too_small, unknown (the book does not say), or what
        the interval says: unclear (it holds 0), better, worse, moved (a KPI without direction).

    Notes
    -----
    Every month, what the comparable units did is taken away: of a KPI that is a sum, their pooled
    sum times the unit's share of it before; of a ratio, their pooled ratio. What remains varies
    about its mean before; the interval is Student's for the difference of the means after and
    before, of one spread (pooled over both sides). Months are taken as apart from each other. A
    month that stands out for other reasons stands in the effect.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> window = {"action_id": "1", "unit": "D1/01", "level": "department", "expected": 0.1}
    >>> window |= {"kpi": "activity_rate", "begins": "2012-09-03", "after": ()}
    >>> window |= {"before": ("2012-07", "2012-08"), "peers": ("D1/02",)}
    >>> action_effect(open_book("district_one"), pd.DataFrame([window]))["state"].tolist()
    ['too_early']
    """
    for column in WINDOW:
        if column not in windows:
            has = ", ".join(map(str, windows.columns))
            raise PerfkitError("effect_lacks", column=column, found=has)
    rows = []
    for window in windows.to_dict("records"):
        found = _measured(book, window)
        heads = _headcount(book, window)
        rows.append(_row(window, found, heads, level, least_months, least_people))
    return pd.DataFrame(rows, columns=_COLUMNS)


_COLUMNS = [
    "action_id", "unit", "kpi", "begins", "expected", "months_before", "months_after",
    "mean_before", "mean_after", "peers_before", "peers_after", "effect", "low", "high",
    "against", "state",
]  # fmt: skip


def _measured(book: Book, window: Mapping[Any, Any]) -> pd.DataFrame:
    """Measure the unit and its peers, pooled, in every month: own and peers. [the KPI's unit]"""
    months = [*window["before"], *window["after"]]
    empty = pd.DataFrame({"own": np.nan, "peers": np.nan}, index=pd.Index(months, dtype=object))
    if not months or not kpi.answerable(book, [window["kpi"]]):
        return empty
    found = kpi.measure(book, [window["kpi"]], by=window["level"], period=months)
    own = found[found["unit"] == window["unit"]].set_index("period")["value"]
    others = found[found["unit"].isin(window["peers"])]
    if others["denominator"].notna().any():
        sums = others.groupby("period")[["numerator", "denominator"]].sum(min_count=1)
        pooled = sums["numerator"] / sums["denominator"].where(sums["denominator"] != 0)
    else:
        pooled = others.groupby("period")["value"].sum(min_count=1)
    return empty.assign(own=own.reindex(months), peers=pooled.reindex(months)).astype(float)


def _headcount(book: Book, window: Mapping[Any, Any]) -> float:
    """Give the unit's mean headcount in the months; NaN where the book does not say. [persons]"""
    code, months = "headcount_average", [*window["before"], *window["after"]]
    if not months or code not in kpi.catalogue() or not kpi.answerable(book, [code]):
        return math.nan
    found = kpi.measure(book, [code], by=window["level"], period=months)
    return float(found.loc[found["unit"] == window["unit"], "value"].mean())


def _expected(found: pd.DataFrame, before: list[str], ratio: bool) -> pd.Series[float]:
    """Say what the unit would have been, had it moved like the others. [the KPI's unit]"""
    past = found.loc[before]
    if ratio:
        return found["peers"] + (past["own"].mean() - past["peers"].mean())
    base = past["peers"].sum(skipna=False)
    return found["peers"] * (past["own"].sum(skipna=False) / base if base else math.nan)


def _row(
    window: Mapping[Any, Any],
    found: pd.DataFrame,
    heads: float,
    level: float,
    least_months: int,
    least_people: float,
) -> dict[str, Any]:
    """Compare the two sides of one action."""
    before, after = list(window["before"]), list(window["after"])
    ratio = bool(kpi.kpi(window["kpi"]).denominator)
    peers = bool(window["peers"]) and bool(found["peers"].notna().all())
    out = {k: window[k] for k in ("action_id", "unit", "kpi", "begins", "expected")}
    out |= {"months_before": len(before), "months_after": len(after)}
    for side, months in (("before", before), ("after", after)):
        out[f"mean_{side}"] = found.loc[months, "own"].mean()
        out[f"peers_{side}"] = found.loc[months, "peers"].mean()
    out |= dict.fromkeys(("effect", "low", "high"), math.nan)
    out["against"] = "peers" if peers else "own_past"
    known = not found["own"].isna().any()
    gap = found["own"] - (_expected(found, before, ratio) if peers else 0.0)
    if after and before and known:
        out["effect"] = float(gap[after].mean() - gap[before].mean())
    out["state"] = _too(len(before), len(after), known, heads, least_months, least_people)
    if out["state"]:
        return out
    reach = _reach(gap[before].to_numpy(), gap[after].to_numpy(), level)
    out["low"], out["high"] = out["effect"] - reach, out["effect"] + reach
    return out | {"state": _said(out["low"], out["high"], kpi.kpi(window["kpi"]).direction)}


def _too(
    before: int, after: int, known: bool, heads: float, least_months: int, least_people: float
) -> str:
    """Say why nothing can be said; empty where something can."""
    if not after:
        return "too_early"
    if not known:
        return "unknown"
    if before < least_months:
        return "too_few_months"
    return "too_small" if heads < least_people else ""


def _reach(before: np.ndarray, after: np.ndarray, level: float) -> float:
    """Give half of Student's interval of a difference of means of one spread; NaN without any."""
    from scipy.special import stdtrit

    freedom = len(before) + len(after) - 2
    squares = ((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum()
    if not squares > 0:
        return math.nan
    error = math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after)))
    return float(stdtrit(freedom, 0.5 + level / 2)) * error


def _said(low: float, high: float, direction: str) -> str:
    if math.isnan(low) or low <= 0 <= high:
        return "unclear"
    if direction not in {"up", "down"}:
        return "moved"
    return "better" if (low > 0) == (direction == "up") else "worse"
