"""Early warning: raised once, with its evidence, and not for what chance alone does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit.book.settings import ALARMS
from perfkit.errors import ReconcileError
from perfkit.explain.control import Array, is_rate, p_prime, survive, two_sided, xmr, z_of
from perfkit.explain.credibility import funnel_limits
from perfkit.kpi import catalogue

__all__ = [
    "EVIDENCE",
    "Past",
    "plan_status",
    "raise_once",
    "watch_at",
    "watch_history",
    "watch_landing",
    "watch_units",
]

EVIDENCE = ["unit", "kpi", "period", "rule", "level", "side", "worse", "value", "center",
            "yellow_low", "yellow_high", "red_low", "red_high",
            "n", "periods", "p", "note"]  # fmt: skip
_READ = ("value", "numerator", "denominator")
_ENDS = ("yellow_low", "yellow_high", "red_low", "red_high")
_GRAVE = {"none": 0, "unknown": 0, "yellow": 1, "red": 2}


def watch_history(
    frame: pd.DataFrame, *, period: str, alarms: Mapping[str, float] = ALARMS
) -> pd.DataFrame:
    """Hold each unit's KPI of a period against its own past.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives for the period and those before it, in order: unit, kpi, period,
        value, and for a rate numerator and denominator. [the KPI's unit]
    period : str
        The period to judge; later ones are not looked at.
    alarms : mapping, optional
        The book's settings (``book.settings.alarms``).

    Returns
    -------
    DataFrame
        `EVIDENCE`: one row a unit and KPI. level is red, yellow, none, or unknown with the
        reason in note (few_points, no_value); side (low, high) and worse say where it lies and
        whether that is the bad side; limits, n (heads of a rate), periods (earlier ones), p (the
        chance of so far a value). note is provisional while the limits rest on few periods.

    Raises
    ------
    ReconcileError
        A unit has the same KPI and period twice.

    Notes
    -----
    Amounts: XmR; rates: Laney's p' with the spread of chance at least. Red needs the outer
    limit and, over all units of a KPI, to survive Benjamini and Hochberg's control of false
    discoveries; what does not is yellow.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 10)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20]
    >>> watch_history(frame, period="2012-09")[["level", "side", "note"]].values.tolist()
    [['red', 'low', 'provisional']]
    """
    return watch_at(Past.of(frame), period, alarms)


@dataclass(frozen=True, slots=True)
class Past:
    """The numbers of units and KPIs by period, read once to be judged often.

    Attributes
    ----------
    order : list of str
        The periods.
    at : array
        Which period each row is of, by its place in the order.
    columns : mapping of str to array
        value, and of rates numerator and denominator.
    rows : mapping
        KPI and unit → the rows.
    rates : mapping
        KPI → whether it counts some of a group.
    """

    order: list[str]
    at: np.ndarray
    columns: Mapping[str, Array]
    rows: Mapping[tuple[str, str], np.ndarray]
    rates: Mapping[str, bool]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Past:
        """Read a frame as `watch_history` takes it."""
        if frame.duplicated(["unit", "kpi", "period"]).any():
            twice = frame[frame.duplicated(["unit", "kpi", "period"])]
            raise ReconcileError("unit_twice", count=len(twice), first=twice["unit"][:3].tolist())
        at, order = pd.factorize(frame["period"].to_numpy(object))
        found = frame.groupby(["kpi", "unit"], sort=False).indices
        rows = {(str(key[0]), str(key[1])): np.asarray(own) for key, own in found.items()}  # type: ignore[index]
        rates = {str(code): is_rate(part) for code, part in frame.groupby("kpi", sort=False)}
        columns = {c: frame[c].to_numpy(float) for c in _READ if c in frame}
        return cls([str(code) for code in order], at, columns, rows, rates)


def watch_at(past: Past, period: str, alarms: Mapping[str, float]) -> pd.DataFrame:
    """Judge a period by those before it, as `watch_history` does."""
    place = past.order.index(period) if period in past.order else len(past.order)
    rows = []
    for (code, unit), places in past.rows.items():
        at = past.at[places]
        was, now = places[at < place], places[at == place]
        earlier = {name: values[was] for name, values in past.columns.items()}
        here = {name: values[now] for name, values in past.columns.items()}
        told = {"unit": unit, "kpi": code, "period": period, "rule": "history"}
        rows.append(told | _against_past(earlier, here, past.rates[code], alarms))
    return _controlled(pd.DataFrame(rows, columns=EVIDENCE), alarms)


def _against_past(
    past: Mapping[str, Array], now: Mapping[str, Array], rate: bool, alarms: Mapping[str, float]
) -> dict[str, object]:
    """Judge one value by the limits of those before it."""
    value = float(now["value"][0]) if len(now["value"]) else np.nan
    heads = float(now["denominator"][0]) if rate and len(now["value"]) else np.nan
    known = np.isfinite(past["value"])
    told: dict[str, object] = {"value": value, "n": heads, "periods": int(known.sum())}
    if np.isnan(value):
        return told | {"note": "no_value"}
    least = int(alarms["min_points"])
    if known.sum() < least:
        return told | {"note": "few_points"}
    if rate:
        counts, sizes = (past[name][known].tolist() for name in ("numerator", "denominator"))
        found = p_prime(counts, sizes, least=least, chance_at_least=True)
        center = float(found["center"])
        sigma = float(found["sigma_z"]) * float(np.sqrt(center * (1 - center) / heads))
    else:
        found = xmr(past["value"][known].tolist(), least=least)
        center, sigma = float(found["center"]), float(found["sigma"])
    firm = known.sum() >= alarms["firm_points"]
    told |= {"center": center, "note": "" if firm else "provisional"}
    for name in ("yellow", "red"):
        reach = z_of(alarms[name]) * sigma
        low, high = center - reach, center + reach
        told[f"{name}_low"] = max(low, 0.0) if rate else low
        told[f"{name}_high"] = min(high, 1.0) if rate else high
    if sigma == 0:
        return told | {"p": 1.0 if value == center else 0.0}
    return told | {"p": two_sided((value - center) / sigma)}


def _controlled(rows: pd.DataFrame, alarms: Mapping[str, float]) -> pd.DataFrame:
    """Give every row its level; red ones must survive the control of false discoveries."""
    out = rows.reset_index(drop=True)
    out["note"] = out["note"].fillna("")
    numbers = [*_ENDS, "value", "center", "n", "periods", "p"]
    out[numbers] = out[numbers].astype(float)
    level = pd.Series("unknown", out.index)
    known = out["p"].notna()
    level[known] = "none"
    level[known & (out["p"] < 1 - alarms["yellow"])] = "yellow"
    for _, part in out[known].groupby(["kpi", "period", "rule"], sort=False):
        held = survive(part["p"].to_numpy(float), alarms["false_discovery"])
        outer = part["p"].to_numpy(float) < 1 - alarms["red"]
        level[part.index[held & outer]] = "red"
    out["level"] = level
    away = out["value"] - out["center"]
    side = away.where(away == 0, away / away.abs())
    out["side"] = side.map({-1.0: "low", 1.0: "high"}).fillna("")
    out["worse"] = [_is_worse(code, s) for code, s in zip(out["kpi"], out["side"], strict=True)]
    return out[EVIDENCE]


def _is_worse(code: str, side: str) -> bool:
    way = catalogue()[code].direction if code in catalogue() else "context"
    return (
        side != ""
        and not (way == "up" and side == "high")
        and not (way == "down" and side == "low")
    )


def _falls(codes: pd.Series[str]) -> pd.Series[bool]:
    """Tell the KPIs of which less is better."""
    return codes.map(lambda c: c in catalogue() and catalogue()[c].direction == "down").astype(bool)


def watch_units(frame: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Hold the rate of each unit against that of all of them in the same period (funnel).

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives for units of one level, one KPI and period: unit, kpi, period,
        numerator, denominator. [members]
    alarms : mapping, optional
        The book's settings.

    Returns
    -------
    DataFrame
        `EVIDENCE`, one row a unit; without anybody the level is unknown (no_value).

    Examples
    --------
    >>> rows = {"unit": ["a", "b"], "numerator": [4.0, 30.0], "denominator": [50.0, 60.0]}
    >>> frame = pd.DataFrame(rows).assign(kpi="activity_rate", period="2012-09")
    >>> watch_units(frame)["level"].tolist()
    ['red', 'yellow']
    """
    from scipy.stats import binom

    # who wrote and left within the period can outnumber the mean headcount: then all of them did
    known = frame[frame["denominator"] > 0]
    most = known.assign(numerator=known["numerator"].clip(upper=known["denominator"]))
    sums = most[["numerator", "denominator"]].sum()
    center = float(sums["numerator"] / sums["denominator"]) if len(known) else np.nan
    out = frame[["unit", "kpi", "period"]].reset_index(drop=True)
    size = np.rint(frame["denominator"].to_numpy(float))
    size = np.where(size > 0, size, np.nan)
    count = np.minimum(frame["numerator"].to_numpy(float), size)
    out = out.assign(rule="units", n=size, value=count / size, center=center, periods=1.0)
    for name in ("yellow", "red"):
        ends = funnel_limits(size.tolist(), center, level=alarms[name]) if len(known) else None
        for end in ("low", "high"):
            out[f"{name}_{end}"] = ends[end] if ends is not None else np.nan
    # half of the chance of the very value: the limits are interpolated in the same way
    below = binom.cdf(count - 1, size, center) + 0.5 * binom.pmf(count, size, center)
    out = out.assign(p=2 * np.minimum(below, 1 - below), level="", side="", worse=False)
    out["note"] = np.where(np.isnan(size), "no_value", "")
    return _controlled(out[EVIDENCE], alarms)


def watch_landing(frame: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Warn where a target will probably be missed.

    Parameters
    ----------
    frame : DataFrame
        What `outlook.month_landing` gives: unit, kpi, period, landing, low, high, target [the
        KPI's unit], chance: that it ends at the target or above [rate], periods: on how many
        months the forecast rests.
    alarms : mapping, optional
        The book's settings: landing_yellow and landing_red.

    Returns
    -------
    DataFrame
        `EVIDENCE`: value is the landing, center the target, the yellow limits are the ends of
        the forecast, p the chance to reach the target (of a KPI that should fall: to stay
        below it). Without a chance the level is unknown.

    Examples
    --------
    >>> row = {"unit": "D1", "kpi": "cases", "period": "2012-09", "landing": 50.0, "low": 40.0}
    >>> row |= {"high": 60.0, "target": 70.0, "chance": 0.02, "periods": 12}
    >>> watch_landing(pd.DataFrame([row]))["level"].tolist()
    ['red']
    """
    out = frame[["unit", "kpi", "period"]].reset_index(drop=True)
    given = frame.reset_index(drop=True)
    chance = given["chance"].astype(float)
    chance = chance.mask(_falls(out["kpi"]), 1 - chance)
    level = pd.Series("none", out.index).mask(chance < alarms["landing_yellow"], "yellow")
    level = level.mask(chance < alarms["landing_red"], "red").mask(chance.isna(), "unknown")
    side = np.where(given["landing"] < given["target"], "low", "high")
    worse = [_is_worse(code, s) for code, s in zip(out["kpi"], side, strict=True)]
    note = pd.Series("", out.index).mask(chance.isna(), "no_value")
    note = note.mask(given["periods"].lt(alarms["firm_points"]) & chance.notna(), "provisional")
    out = out.assign(
        rule="landing", level=level, side=side, worse=worse, value=given["landing"],
        center=given["target"], yellow_low=given["low"], yellow_high=given["high"],
        red_low=np.nan, red_high=np.nan, n=np.nan, periods=given["periods"], p=chance, note=note,
    )  # fmt: skip
    return out[EVIDENCE]


def raise_once(evidence: pd.DataFrame, earlier: pd.DataFrame | None = None) -> pd.DataFrame:
    """Keep what is to be raised now: worse, yellow or red, and not already known.

    Parameters
    ----------
    evidence : DataFrame
        What the watches give, one below the other.
    earlier : DataFrame, optional
        What this function gave for the period before.

    Returns
    -------
    DataFrame
        `EVIDENCE`, with since (the first period of an unbroken alarm) and new: True when it was
        not there the period before, or was less grave. Gravest first.

    Examples
    --------
    >>> row = dict.fromkeys(EVIDENCE, 0.0) | {"unit": "D1", "kpi": "cases", "rule": "history"}
    >>> row |= {"level": "yellow", "worse": True}
    >>> first = raise_once(pd.DataFrame([row | {"period": "2012-08"}]))
    >>> again = raise_once(pd.DataFrame([row | {"period": "2012-09"}]), first)
    >>> again[["since", "new"]].values.tolist()
    [['2012-08', False]]
    """
    keys = ["unit", "kpi", "rule"]
    out = evidence[evidence["worse"].astype(bool) & evidence["level"].isin(["yellow", "red"])]
    out = out.reset_index(drop=True).assign(since=lambda f: f["period"], new=True)
    if earlier is not None and len(earlier) and len(out):
        known = earlier.set_index(keys)[["since", "level"]].add_prefix("was_")
        out = out.join(known, on=keys)
        grown = out["level"].map(_GRAVE) > out["was_level"].map(_GRAVE)
        out["new"] = out["was_since"].isna() | grown
        out["since"] = out["was_since"].fillna(out["since"])
        out = out.drop(columns=["was_since", "was_level"])
    grave = out["level"].map(_GRAVE)
    order = grave.sort_values(ascending=False, kind="stable").index
    return out.loc[order].reset_index(drop=True)


def plan_status(frame: pd.DataFrame) -> pd.DataFrame:
    """Say how each unit stands to its plan: a fact, not an alarm.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.compare` gives: unit, kpi, period, value, target. [the KPI's unit]

    Returns
    -------
    DataFrame
        unit, kpi, period, value, target, gap (value less target), status: reached, short, or
        unknown where a number is missing. Less is better for a KPI that should fall.

    Examples
    --------
    >>> row = {"unit": "D1", "kpi": "cases", "period": "2012-09", "value": 60.0, "target": 86.0}
    >>> plan_status(pd.DataFrame([row]))[["gap", "status"]].values.tolist()
    [[-26.0, 'short']]
    """
    out = frame[["unit", "kpi", "period", "value", "target"]].reset_index(drop=True)
    out["gap"] = out["value"] - out["target"]
    reached = np.where(_falls(out["kpi"]), out["gap"] <= 0, out["gap"] >= 0)
    return out.assign(status=np.where(out["gap"].isna(), "unknown",
                                      np.where(reached, "reached", "short")))  # fmt: skip
