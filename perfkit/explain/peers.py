"""Units beside each other in a review: large policies, funnel, landings, the best after noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.book.settings import ALARMS
from perfkit.errors import PerfkitError, ReconcileError
from perfkit.explain.alarm import watch_landing
from perfkit.explain.concentration import without_large
from perfkit.explain.credibility import credibility, funnel, funnel_lines, league
from perfkit.explain.tradeoff import break_even
from perfkit.kpi import kpi
from perfkit.period import Period

__all__ = [
    "funnel_of",
    "large_in_agents",
    "large_policies",
    "league_of",
    "outside",
    "standouts",
    "with_alarm",
]


_NOBODY = pd.DataFrame({"unit": [], "numerator": [], "denominator": []}).astype(
    {"numerator": float, "denominator": float}
)


def large_policies(
    book: Book, *, by: str | Sequence[str], period: str | Period, unit: str | None = None
) -> pd.DataFrame:
    """Lay productivity with and without large policies side by side, where the book knows them.

    Parameters
    ----------
    book, by, period, unit
        As for `without_large`.

    Returns
    -------
    DataFrame
        As `without_large`; without a row where the book knows no single policies.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> len(large_policies(open_book("cases"), by="district", period="2012-07"))
    0
    """
    try:
        found = without_large(book, by=by, period=period, unit=unit)
    except PerfkitError as error:
        if error.key != "not_computable":
            raise
        return pd.DataFrame()
    return found[found["large_cases"].notna()].reset_index(drop=True)


def large_in_agents(large: pd.DataFrame, *, unit: str) -> pd.Series[float]:
    """Say how many ordinary agents who write bring as much as one large policy of a unit.

    Parameters
    ----------
    large : DataFrame
        What `large_policies` gives.
    unit : str
        The unit.

    Returns
    -------
    Series
        large: one of them on average [yuan], agents [persons], activity_points [rate] (see
        `break_even`); NaN without a large policy.

    Examples
    --------
    >>> row = {"unit": "D1", "large_premium": 120_000.0, "large_cases": 1.0, "premium": 450_000.0}
    >>> row |= {"per_head": 3_000.0, "per_active_without": 10_000.0}
    >>> large_in_agents(pd.DataFrame([row]), unit="D1").round(2).tolist()
    [120000.0, 12.0, 0.08]
    """
    own = large[large["unit"] == unit] if len(large) else large
    if own.empty or not own["large_cases"].iloc[0] > 0:
        return pd.Series({"large": np.nan, "agents": np.nan, "activity_points": np.nan})
    row = own.iloc[0]
    one = float(row["large_premium"] / row["large_cases"])
    heads = float(row["premium"] / row["per_head"]) if row["per_head"] > 0 else np.nan
    found = break_even(one, float(row["per_active_without"]), heads)
    return pd.concat([pd.Series({"large": one}), found])


def funnel_of(rates: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lay a funnel out with its lines.

    Parameters
    ----------
    rates : DataFrame
        unit, numerator, denominator of one level, KPI and period. [members]

    Returns
    -------
    tuple of DataFrame
        What `funnel` and `funnel_lines` give; both empty where nobody is counted.

    Examples
    --------
    >>> rows = {"unit": ["a", "b"], "numerator": [3.0, 20.0], "denominator": [40.0, 40.0]}
    >>> [len(frame) for frame in funnel_of(pd.DataFrame(rows))]
    [2, 50]
    """
    if rates.empty or not (rates["denominator"] > 0).any():
        return pd.DataFrame(), pd.DataFrame()
    # who wrote and left within the period can outnumber the mean headcount: then all of them did
    most = rates["numerator"].clip(upper=rates["denominator"])
    found = funnel(rates.assign(numerator=most))
    return found, funnel_lines(float(found["center"].iloc[0]), float(found["denominator"].max()))


def league_of(rates: pd.DataFrame) -> pd.DataFrame:
    """Rank units as `league` does, where there are at least two with anybody.

    Parameters
    ----------
    rates : DataFrame
        unit, numerator, denominator of one level, KPI and period. [members]

    Examples
    --------
    >>> rows = {"unit": ["a", "b"], "numerator": [15, 1], "denominator": [50, 50]}
    >>> both = pd.DataFrame(rows)
    >>> league_of(both)["tier"].tolist(), len(league_of(both.head(1)))
    ([1.0, 2.0], 0)
    """
    known = rates[rates["denominator"] > 0] if len(rates) else rates
    return league(known if len(known) > 1 else _NOBODY)


def outside(funnel: pd.DataFrame, *, level: float = 0.95) -> dict[str, tuple[float, str]]:
    """Count who lies outside the inner limits of a funnel, beside how many chance would put there.

    Parameters
    ----------
    funnel : DataFrame
        What `funnel` gives.
    level : float, default 0.95
        Of its inner limits. [rate]

    Returns
    -------
    dict of str to (float, str)
        count (units with anybody), outside, expected, each with its unit of measure; outside is NaN
        where nobody is counted. [units]

    Examples
    --------
    >>> outside(pd.DataFrame({"value": [0.1, 0.3], "signal": ["red", "none"]}))["outside"]
    (1.0, 'count')
    """
    known = int(funnel["value"].notna().sum()) if len(funnel) else 0
    beyond = float((funnel["signal"] != "none").sum()) if known else np.nan
    told = {"count": float(known), "outside": beyond, "expected": known * (1 - level)}
    return {name: (value, "count") for name, value in told.items()}


def with_alarm(landing: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Set the level of `watch_landing` beside every landing.

    Parameters
    ----------
    landing : DataFrame
        What `outlook.year_landings` or `outlook.month_landing` gives.
    alarms : mapping, optional
        The book's settings.

    Returns
    -------
    DataFrame
        The same with level (red, yellow, none, unknown); rows that could not land are left out.

    Examples
    --------
    >>> row = {"unit": "D1", "kpi": "cases", "period": "2012", "landing": 50.0, "low": 40.0}
    >>> row |= {"high": 60.0, "target": 70.0, "chance": 0.02, "periods": 12}
    >>> with_alarm(pd.DataFrame([row]))["level"].tolist()
    ['red']
    """
    if landing.empty:
        return landing.copy()
    known = landing[landing["landing"].notna()].reset_index(drop=True)
    return known.assign(level=watch_landing(known, alarms=alarms)["level"])


def standouts(months: pd.DataFrame) -> pd.DataFrame:
    """Say of each KPI which unit did best, and how far that can be believed.

    Parameters
    ----------
    months : DataFrame
        What `kpi.measure` gives for units of one level over months: unit, kpi, value, denominator.

    Returns
    -------
    DataFrame
        kpi, unit (the best after drawing every unit's mean towards that of all), mean, estimate,
        common (of all) [the KPI's unit], credibility [rate], heads (the unit's mean month), units:
        how many were compared. Credibility 0: the units differ no more than chance lets them. A
        KPI that fewer than two units have months of is left out.

    Notes
    -----
    Bühlmann and Straub, weighted by what the KPI is divided by (see `credibility`).
    """
    rows = []
    for code, part in months.groupby("kpi", sort=False):
        known = part.dropna(subset=["value", "denominator"])
        if known["unit"].nunique() < 2:
            continue
        try:
            found = credibility(
                known.assign(weight=known["denominator"])[["unit", "value", "weight"]]
            )
        except ReconcileError:
            continue
        falls = kpi(str(code)).direction == "down"
        order = found.sort_values(["estimate", "mean"], ascending=falls, kind="stable")
        best = order.iloc[0]
        heads = float(best["weight"]) / float(best["periods"]) if best["periods"] else np.nan
        numbers = [float(best[name]) for name in ("mean", "estimate", "common", "credibility")]
        rows.append([code, best["unit"], *numbers, heads, len(found)])
    columns = ["kpi", "unit", "mean", "estimate", "common", "credibility", "heads", "units"]
    return pd.DataFrame(rows, columns=columns)
