"""Targets on the drivers of every unit and month, and what they come to in the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.target.coherent import DRIVERS, coherent, reached
from perfkit.target.entry import known
from perfkit.target.lastyear import recent
from perfkit.target.sheet import above

__all__ = ["MONTHLY", "driver_targets", "driver_year"]

HEADS, FREE = DRIVERS[0], DRIVERS[1:]
# What they multiply to, one after the other: active agents, policies, premium.
MADE = ("active_agents", "cases", "premium")
MONTHLY = (*DRIVERS, "target", "premium", "short", "most", "stretch", "bound")
NEAR = 1e-6  # yuan

Bound = pd.DataFrame | Mapping[str, float] | None


def driver_targets(
    book: Book,
    *,
    unit: str,
    period: str,
    code: str,
    targets: pd.DataFrame,
    heads: pd.DataFrame,
    floor: Bound = None,
    cap: Bound = None,
) -> pd.DataFrame:
    """Find targets on the drivers that multiply to the premium of every unit and month.

    Parameters
    ----------
    book : Book
        Where the drivers of the last twelve months are.
    unit, period, code : str
        The unit at the top, the year to plan, and the premium.
    targets : DataFrame
        Units by months; no entry, or nothing, has no drivers. [yuan]
    heads : DataFrame
        What `headcount_by_month` gives: units by months; planned headcount stays as it is planned.
        [persons]
    floor, cap : DataFrame or mapping, optional
        Bounds of the other drivers by unit, or one a driver for all units. The activity rate ends
        at 1. [rate, policies an active agent, yuan]

    Returns
    -------
    DataFrame
        By unit and month: the `DRIVERS`; target, premium (the drivers' product), short (target less
        premium: above zero where the bounds do not let it be reached), most (the largest premium
        within the bounds) [yuan]; stretch (what the drivers between their bounds are multiplied by)
        [ratio]; bound: the drivers on one, such as ``activity_rate:cap``. Rows of targets whose
        unit has drivers and heads; a unit above others of the table is their sum, so that its
        active agents, policies and premium are theirs. [persons, rate, policies an active agent,
        yuan]

    Raises
    ------
    UnknownName
        A bound is of an unknown unit or driver.
    TargetError
        A bound is not above zero, or a floor lies above its cap.

    Notes
    -----
    Nearest to where the unit's drivers stood over the last twelve months, month by month
    (`coherent`); months differ by their targets and heads.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> months = [f"2013-{m:02d}" for m in range(1, 13)]
    >>> asked = {
    ...     "targets": pd.DataFrame(50_000.0, index=["D1/01"], columns=months),
    ...     "heads": pd.DataFrame(30.0, index=["D1/01"], columns=months),
    ... }
    >>> own = {"unit": "D1", "period": "2013", "code": "premium_issued"}
    >>> got = driver_targets(open_book("district_one"), **own, **asked)
    >>> got.shape, float(got[list(DRIVERS)].prod(axis=1).iloc[0].round(6))
    ((12, 10), 50000.0)
    """
    past = recent(book, unit=unit, period=period, code=code).reindex(columns=list(DRIVERS))
    past = past[(past > 0).all(axis=1)]
    units = [u for u in targets.index if u in past.index and u in heads.index]
    rows = pd.MultiIndex.from_product([units, targets.columns], names=["unit", "month"])
    if not units:
        return pd.DataFrame(columns=list(MONTHLY), index=rows)
    asked = targets.loc[units].to_numpy(float).ravel()
    people = heads.loc[units, targets.columns].to_numpy(float).ravel()
    wanted = pd.Series(np.where((asked > 0) & (people > 0), asked, np.nan), index=rows)
    history = past.loc[rows.get_level_values("unit")].set_axis(rows)
    low, high = (_bounds(given, units, rows, people) for given in (floor, cap))
    found = coherent(wanted, history, floor=low, cap=high, strict=False).assign(target=wanted)
    found["most"] = found["most"].where(wanted.notna())
    found["bound"] = found["bound"].map(reached).where(wanted.notna(), "")
    below = _made_of(targets, units)
    for top in sorted(below, key=lambda one: -one.count("/")):
        found.loc[[top], list(MONTHLY)] = _together(found, below[top], top, past.loc[[top]])
    return found[list(MONTHLY)]


def _bounds(
    given: Bound, units: Sequence[str], rows: pd.MultiIndex, people: np.ndarray
) -> pd.DataFrame:
    """Lay bounds out by unit and month; heads are held where they are planned."""
    out = pd.DataFrame(np.nan, index=rows, columns=list(DRIVERS))
    known(pd.Index(list(given.keys() if given is not None else ())), pd.Index(FREE), "column")
    if isinstance(given, pd.DataFrame):
        known(given.index, pd.Index(units), "unit")
        given = given.reindex(rows.get_level_values("unit")).set_axis(rows)
    if given is not None:
        out = out.assign(**{name: given[name] for name in FREE if name in given})
    out[HEADS] = np.where(people > 0, people, np.nan)
    return out


def _made_of(targets: pd.DataFrame, units: Sequence[str]) -> dict[str, list[str]]:
    """Find the units of which others of the table make up the target, all of them with drivers."""
    over = above(targets.index)
    out = {}
    for top in dict.fromkeys(over.values()):
        below = [low for low, one in over.items() if one == top]
        gap = targets.loc[below].sum().to_numpy(float) - targets.loc[top].to_numpy(float)
        if {top, *below} <= set(units) and not (np.abs(gap) > NEAR).any():
            out[top] = below
    return out


def _together(
    found: pd.DataFrame, below: Sequence[str], top: str, past: pd.DataFrame
) -> pd.DataFrame:
    """Add units up, sums first: people, active agents, policies and premium; then divide."""
    parts = found.loc[list(below)]
    made = parts[list(DRIVERS)].cumprod(axis=1).set_axis(["people", *MADE], axis=1)
    sums = made.groupby(level="month", sort=False).sum(min_count=len(below))
    out = _ratios(sums)
    for name in ("target", "short", "most"):
        out[name] = parts.groupby(level="month", sort=False)[name].sum(min_count=len(below))
    out["premium"] = sums["premium"]
    out["stretch"] = _stretch(out, past)
    out["bound"] = parts.groupby(level="month", sort=False)["bound"].agg(_all_bounds)
    return out.set_axis(pd.MultiIndex.from_product([[top], out.index]))[list(MONTHLY)]


def _ratios(sums: pd.DataFrame) -> pd.DataFrame:
    """Turn sums back into drivers."""
    made = sums.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(made[:, :-1] > 0, made[:, 1:] / made[:, :-1], np.nan)
    values = np.column_stack([made[:, 0], each])
    return pd.DataFrame(values, index=sums.index, columns=list(DRIVERS))


def _stretch(planned: pd.DataFrame, past: pd.DataFrame) -> np.ndarray:
    """Say by what activity, cases and case size are multiplied, each alike."""
    free, now = (frame[list(FREE)].to_numpy(float).prod(axis=1) for frame in (planned, past))
    return np.asarray((free / now) ** (1 / len(FREE)))


def _all_bounds(bounds: pd.Series[str]) -> str:
    found = (one for text in bounds for one in text.split(", ") if one)
    return ", ".join(dict.fromkeys(found))


def driver_year(found: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """Bring the months of driver targets together into those of a mean month of the year.

    Parameters
    ----------
    found : DataFrame
        What `driver_targets` gives.
    past : DataFrame
        What `recent` gives.

    Returns
    -------
    DataFrame
        By unit: the `DRIVERS` of a mean month (sums of the months first, then divided), ``now_``
        and each driver; premium and short of a mean month [yuan]; stretch: by what activity, cases
        and case size are multiplied in the year, each alike [ratio]; short_months: how many months
        the bounds do not let be reached [months]; bound: the drivers on a bound in any month. The
        product of the drivers is the premium. [persons, rate, policies an active agent, yuan]

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product([["D1"], ["2013-01", "2013-02"]], names=["unit", "month"])
    >>> each = pd.DataFrame([[10, 0.2, 1.0, 50.0], [10, 0.4, 1.0, 50.0]], rows, DRIVERS)
    >>> each = each.assign(premium=[100.0, 200.0], short=0.0, bound="")
    >>> past = pd.DataFrame([[10, 0.3, 1.0, 50.0]], index=["D1"], columns=DRIVERS)
    >>> driver_year(each, past)[["activity_rate", "premium", "stretch"]].round(6).values.tolist()
    [[0.3, 150.0, 1.0]]
    """
    columns = [*DRIVERS, *(f"now_{name}" for name in DRIVERS)]
    columns += ["premium", "stretch", "short", "short_months", "bound"]
    known_rows = found[found["premium"].notna()]
    if known_rows.empty:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="unit"), dtype=float)
    by_unit = known_rows.groupby(level="unit", sort=False)
    made = known_rows[list(DRIVERS)].astype(float).cumprod(axis=1)
    made = made.set_axis(["people", *MADE], axis=1)
    months = by_unit.size()
    out = _ratios(made.groupby(level="unit", sort=False).sum().div(months, axis=0))
    now = past.loc[out.index, list(DRIVERS)]
    out["premium"] = out[list(DRIVERS)].prod(axis=1, skipna=False)
    out["stretch"] = _stretch(out, now)
    out["short"] = by_unit["short"].sum() / months
    out["short_months"] = by_unit["short"].agg(lambda short: int((short > 0).sum()))
    out["bound"] = by_unit["bound"].agg(_all_bounds)
    return out.join(now.add_prefix("now_"))[columns]
