"""A change beside what is usual for the unit, its drivers one by one, and what led it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.book.settings import ALARMS
from perfkit.errors import ReconcileError
from perfkit.explain.chain import Chain
from perfkit.explain.control import D2, is_rate, survive, two_sided, z_of
from perfkit.explain.driver import UNEXPLAINED, by_factor

__all__ = ["Cause", "Lead", "by_unit", "driver_moves", "factor_history", "lead", "usual_change"]

COLUMNS = ["unit", "kpi", "period", "value", "other", "change", "usual", "yellow", "red",
           "p", "verdict", "periods"]  # fmt: skip
READ = ("value", "numerator", "denominator")
MOVES = ["factor", "before", "after", "change", "effect", "usual", "yellow", "verdict"]


def usual_change(
    frame: pd.DataFrame, *, period: str, against: str, alarms: Mapping[str, float] = ALARMS
) -> pd.DataFrame:
    """Hold the change between two periods against how much the unit's periods differ anyway.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives for the period and those before it, in order and of one length:
        unit, kpi, period, value, and for a rate numerator and denominator. [the KPI's unit]
    period, against : str
        The period to judge, and the one it is held against.
    alarms : mapping, optional
        The book's settings: yellow, red, false_discovery and min_points.

    Returns
    -------
    DataFrame
        unit, kpi, period, value, other, change; usual: the mean difference of two neighbouring
        earlier periods; yellow, red: changes that chance exceeds once in 20 and in 500 times [the
        KPI's unit]; p [rate]; verdict: noise, unusual, rare, or unknown where there are too few
        earlier periods or no value; periods (earlier ones).

    Raises
    ------
    ReconcileError
        A unit has the same KPI and period twice.

    Notes
    -----
    The spread of one period is the mean moving range over 1.128 (XmR), of a rate that of chance
    at least; two periods differ by the root of two times as much. A rare change of one unit among
    several has to survive Benjamini and Hochberg's control, else it is unusual.

    Examples
    --------
    >>> codes = [f"2012-{m:02d}" for m in range(1, 11)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": codes})
    >>> frame["value"] = [50.0, 52, 50, 52, 50, 52, 50, 52, 50, 60]
    >>> usual_change(frame, period="2012-10", against="2012-09")[
    ...     ["usual", "verdict"]
    ... ].values.tolist()
    [[2.0, 'rare']]
    """
    twice = frame.loc[frame.duplicated(["unit", "kpi", "period"]), "unit"]
    if len(twice):
        raise ReconcileError("unit_twice", count=len(twice), first=twice[:3].tolist())
    order = list(dict.fromkeys(frame["period"]))
    until = order.index(period) if period in order else len(order)
    at = [order.index(code) if code in order else -1 for code in (period, against)]
    place = frame["period"].map({code: i for i, code in enumerate(order)}).to_numpy()
    rows = []
    for code, part in frame.assign(place=place).groupby("kpi", sort=False):
        rate, (rank, units) = is_rate(part), pd.factorize(part["unit"].to_numpy(object))
        wide = {}
        for name in [name for name in READ if name in part]:
            wide[name] = np.full((len(units), len(order) + 1), np.nan)
            wide[name][rank, part["place"]] = part[name].to_numpy(float)
        for row, unit in enumerate(units):
            own = {name: values[row] for name, values in wide.items()}
            told = {"unit": unit, "kpi": code, "period": period}
            rows.append(told | _held(own, at, until, alarms, rate=rate))
    out = pd.DataFrame(rows, columns=COLUMNS)
    numbers = COLUMNS[3:10]
    out[numbers] = out[numbers].astype(float)
    return _judged(out, alarms)


def _held(
    own: Mapping[str, np.ndarray], at: Sequence[int], until: int, alarms: Mapping[str, float],
    *, rate: bool,
) -> dict[str, object]:  # fmt: skip
    """Give one unit's change, and how far chance alone would take it."""
    value, other = (float(own["value"][place]) for place in at)
    past = np.isfinite(own["value"][:until])
    told: dict[str, object] = {"value": value, "other": other, "change": value - other}
    told["periods"] = int(past.sum())
    if past.sum() < alarms["min_points"]:
        return told
    usual = float(np.abs(np.diff(own["value"][:until][past])).mean())
    sigma = usual / D2
    if rate:
        heads = float(own["denominator"][at[0]])
        sums = [float(own[name][:until][past].sum()) for name in ("numerator", "denominator")]
        center = sums[0] / sums[1]
        sigma = max(sigma, math.sqrt(center * (1 - center) / heads) if heads > 0 else math.nan)
    spread, change = math.sqrt(2) * sigma, value - other
    told |= {"usual": usual, **{name: z_of(alarms[name]) * spread for name in ("yellow", "red")}}
    if math.isnan(change) or math.isnan(spread):
        return told
    return told | {"p": two_sided(change / spread) if spread > 0 else float(change == 0)}


def _judged(rows: pd.DataFrame, alarms: Mapping[str, float]) -> pd.DataFrame:
    """Say of every change whether it is noise; rare ones survive the control over units."""
    known = rows["p"].notna()
    verdict = pd.Series("unknown", rows.index).mask(known, "noise")
    verdict = verdict.mask(known & (rows["p"] < 1 - alarms["yellow"]), "unusual")
    for _, part in rows[known].groupby("kpi", sort=False):
        chances = part["p"].to_numpy(float)
        held = survive(chances, alarms["false_discovery"]) & (chances < 1 - alarms["red"])
        verdict[part.index[held]] = "rare"
    return rows.assign(verdict=verdict)


def factor_history(frame: pd.DataFrame, links: Chain) -> pd.DataFrame:
    """Work the drivers of a chain out for every unit and period.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives of the chain's levels: unit, kpi, period, value.
    links : Chain
        The chain.

    Returns
    -------
    DataFrame
        unit, kpi (the factor, and the whole itself), period, value, numerator, denominator. [the
        factor's unit] NaN where there is nothing to divide by.
    """
    levels = list(links.factors.values())
    wide = frame[frame["kpi"].isin(levels)].pivot(
        index=["unit", "period"], columns="kpi", values="value"
    )
    keys = frame[["unit", "period"]].drop_duplicates()
    wide = wide.reindex(pd.MultiIndex.from_frame(keys)).reindex(columns=levels)
    parts, before = [], pd.Series(1.0, wide.index)
    for factor, level in [*links.factors.items(), (links.whole, "")]:
        top = wide[level or links.whole]
        base = before if level else pd.Series(1.0, wide.index)
        told = {"kpi": factor, "value": top / base.where(base != 0), "numerator": top}
        parts.append(pd.DataFrame(told | {"denominator": base}).reset_index())
        before = top
    out = pd.concat(parts, ignore_index=True)
    return out[["unit", "kpi", "period", "value", "numerator", "denominator"]]


def driver_moves(
    effects: pd.DataFrame,
    history: pd.DataFrame,
    links: Chain,
    *,
    unit: str,
    period: str,
    against: str,
    alarms: Mapping[str, float] = ALARMS,
) -> pd.DataFrame:
    """Lay each driver's way beside its effect, and say whether the move is usual for the unit.

    Parameters
    ----------
    effects : DataFrame
        What `attribute` gives.
    history : DataFrame
        What `factor_history` gives.
    links : Chain
        The chain.
    unit, period, against : str
        The unit as a whole, and the two periods.
    alarms : mapping, optional
        The book's settings.

    Returns
    -------
    DataFrame
        factor (the whole first), before, after, change, usual, yellow [the factor's unit], effect
        [of the whole], verdict (see `usual_change`). Nothing where nothing was attributed.
    """
    if effects.empty:
        return pd.DataFrame(columns=MOVES)
    own = history[history["unit"] == unit]
    seen = usual_change(own, period=period, against=against, alarms=alarms).set_index("kpi")
    sums = by_factor(effects).set_index("factor")["effect"]
    once = effects.drop_duplicates("unit")
    start, end = float(once["value_before"].sum()), float(once["value_after"].sum())
    rows = []
    for factor in [links.whole, *sums.index]:
        known = seen.loc[factor] if factor in seen.index else pd.Series(dtype=float)
        names = ("other", "value", "change", "usual", "yellow")
        before, after, change, usual, yellow = (float(known.get(n, math.nan)) for n in names)
        effect = float(sums.get(factor, math.nan))
        if factor == links.whole:
            before, after, change, effect = start, end, end - start, end - start
        verdict = str(known.get("verdict", "unknown"))
        rows.append([factor, before, after, change, effect, usual, yellow, verdict])
    return pd.DataFrame(rows, columns=MOVES)


def by_unit(effects: pd.DataFrame, *, whole: str) -> pd.DataFrame:
    """Lay the effects out: units down, drivers across, the whole on top.

    Parameters
    ----------
    effects : DataFrame
        What `attribute` gives.
    whole : str
        What the units together are called.

    Returns
    -------
    DataFrame
        unit, state (stayed, entered, left; of the whole stayed), before, after, change, and one
        column a driver. [of the last level] The units add up to the whole, the drivers to the
        change.

    Examples
    --------
    >>> from perfkit.explain.driver import decompose
    >>> a = pd.DataFrame({"heads": [10.0], "premium": [100.0]}, index=["D1/01"])
    >>> b = pd.DataFrame({"heads": [5.0], "premium": [15.0]}, index=["D1/02"])
    >>> found = by_unit(decompose(a, b, {"heads": "heads", "size": "premium"}), whole="D1")
    >>> found[["unit", "state", "change", "heads"]].values.tolist()
    [['D1', 'stayed', -85.0, -85.0], ['D1/01', 'left', -100.0, -100.0],
     ['D1/02', 'entered', 15.0, 15.0]]
    """
    names = [str(name) for name in effects["factor"].cat.categories] if len(effects) else []
    columns = ["unit", "state", "before", "after", "change", *names]
    if effects.empty:
        return pd.DataFrame(columns=columns)
    once = effects.drop_duplicates("unit").set_index("unit")
    wide = effects.pivot(index="unit", columns="factor", values="effect").reindex(once.index)
    wide.columns = pd.Index(names)
    wide = wide.assign(before=once["value_before"], after=once["value_after"])
    wide["change"] = wide["after"] - wide["before"]
    total = wide.sum().rename(whole)
    out = pd.concat([total.to_frame().T, wide]) if list(wide.index) != [whole] else wide
    states = once["state"].astype(str).reindex(out.index).fillna("stayed")
    out = out.assign(state=states).rename_axis("unit").reset_index()
    return out[columns]


@dataclass(frozen=True, slots=True)
class Cause:
    """One driver of a change: where it stood, where it stands, what that made."""

    factor: str
    before: float
    after: float
    effect: float


@dataclass(frozen=True, slots=True)
class Lead:
    """What a headline says of a change.

    Attributes
    ----------
    start, end, change, growth : float
        The two numbers, their difference [of the whole], and its share of the first [rate; NaN
        where that is not above zero].
    usual, limit : float
        The usual difference of two periods, and the one that chance exceeds once in 20 times; NaN
        where too little is known. [of the whole]
    verdict : str
        noise, unusual, rare or unknown.
    main, counter : Cause or None
        The driver that did most in the direction of the change, and most against it.
    """

    start: float
    end: float
    change: float
    growth: float
    usual: float
    limit: float
    verdict: str
    main: Cause | None
    counter: Cause | None


def lead(moves: pd.DataFrame) -> Lead | None:
    """Find what led a change and what held it back.

    Parameters
    ----------
    moves : DataFrame
        What `driver_moves` gives.

    Returns
    -------
    Lead or None
        None where nothing was attributed.
    """
    if moves.empty:
        return None
    whole, parts = moves.iloc[0], moves.iloc[1:]
    change = float(whole["change"])
    told = parts[parts["factor"] != UNEXPLAINED]
    along = told["effect"] * (1 if change >= 0 else -1)
    start = float(whole["before"])
    return Lead(
        start=start,
        end=float(whole["after"]),
        change=change,
        growth=change / start if start > 0 else math.nan,
        usual=float(whole["usual"]),
        limit=float(whole["yellow"]),
        verdict=str(whole["verdict"]),
        main=_cause(told, along) if (along > 0).any() else None,
        counter=_cause(told, -along) if (along < 0).any() else None,
    )


def _cause(rows: pd.DataFrame, along: pd.Series[float]) -> Cause:
    row = rows.iloc[int(along.to_numpy(float).argmax())]
    numbers = (float(row[name]) for name in ("before", "after", "effect"))
    return Cause(str(row["factor"]), *numbers)
