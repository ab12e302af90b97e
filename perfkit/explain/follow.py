"""Every alarm a past would have raised: how often settings fire, and what stands in a period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit.book.settings import ALARMS
from perfkit.explain.alarm import EVIDENCE, Past, raise_once, watch_at, watch_units

__all__ = ["alarms_of", "backtest", "fired", "follow", "follow_units", "raised_within", "tally"]

_KEYS = ["unit", "kpi", "rule"]
_COUNTS = ["tested", "yellow", "red", "raised"]
_GRAVE = {"none": 0, "unknown": 0, "yellow": 1, "red": 2}


def follow(frame: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Watch the units' past period by period, as it would have been watched then.

    Parameters
    ----------
    frame : DataFrame
        As for `watch_history`, all periods in order.
    alarms : mapping, optional
        The book's settings, or settings to try.

    Returns
    -------
    DataFrame
        `EVIDENCE`, one row a unit, KPI and period; since (the first period of an unbroken alarm)
        and new (whether it was raised in this period); None and False where no alarm stands.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 11)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20, 21]
    >>> follow(frame)[["since", "new"]].tail(2).values.tolist()
    [['2012-09', True], ['2012-09', False]]
    """
    past = Past.of(frame)
    return _since([watch_at(past, code, alarms) for code in past.order])


def follow_units(frame: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Hold the units of one level against each other period by period, as it would have been then.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives of one rate, all periods in order: unit, kpi, period, numerator,
        denominator. [members]
    alarms : mapping, optional
        The book's settings.

    Returns
    -------
    DataFrame
        As `follow`. Periods with fewer than two units that have anybody are left out.

    Examples
    --------
    >>> rows = {"unit": ["a", "b"], "numerator": [4.0, 30.0], "denominator": [50.0, 60.0]}
    >>> frame = pd.DataFrame(rows).assign(kpi="activity_rate", period="2012-09")
    >>> follow_units(frame)[["level", "new"]].values.tolist()
    [['red', True], ['yellow', False]]
    """
    found = []
    for _, part in frame.groupby("period", sort=False):
        if (part["denominator"] > 0).sum() > 1:
            found.append(watch_units(part, alarms=alarms))
    return _since(found)


def _since(found: list[pd.DataFrame]) -> pd.DataFrame:
    """Say since when every alarm stands, and whether it is new or has grown (`raise_once`)."""
    if not found:
        return pd.DataFrame(columns=[*EVIDENCE, "since", "new"])
    out = pd.concat(found, ignore_index=True)
    raised = (out["worse"].astype(bool) & out["level"].isin(["yellow", "red"])).tolist()
    grave, period = out["level"].map(_GRAVE).tolist(), out["period"].tolist()
    since: list[str | None] = [None] * len(out)
    new = [False] * len(out)
    for rows in out.groupby(_KEYS, sort=False).indices.values():
        places = np.asarray(rows).tolist()
        for before, place in zip([None, *places[:-1]], places, strict=True):
            if raised[place]:
                known = before is not None and raised[before]
                since[place] = since[before] if known else period[place]
                new[place] = not known or grave[place] > grave[before]
    return out.assign(since=pd.Series(since, dtype=object), new=new)


def tally(followed: pd.DataFrame) -> pd.DataFrame:
    """Count the alarms of a past.

    Parameters
    ----------
    followed : DataFrame
        What `follow` gives.

    Returns
    -------
    DataFrame
        unit, kpi, tested: periods that could be judged; yellow, red: alarms on the bad side;
        raised: of them new ones [periods]; a_year: raised ones in twelve periods, NaN where
        none could be judged.
    """
    worse = followed["worse"].astype(bool)
    rows = followed[["unit", "kpi"]].assign(
        tested=followed["level"] != "unknown",
        yellow=(followed["level"] == "yellow") & worse,
        red=(followed["level"] == "red") & worse,
        raised=followed["new"],
    )
    out = rows.groupby(["unit", "kpi"], sort=False)[_COUNTS].sum().reset_index()
    return out.assign(a_year=12 * out["raised"] / out["tested"].where(out["tested"] > 0))


def backtest(frame: pd.DataFrame, *, alarms: Mapping[str, float] = ALARMS) -> pd.DataFrame:
    """Try settings on the units' own past before they are kept: how often would they have fired?

    Parameters
    ----------
    frame : DataFrame
        As for `watch_history`, all periods in order.
    alarms : mapping, optional
        The settings to try.

    Returns
    -------
    DataFrame
        As `tally`.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 13)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20, 21, 50, 51]
    >>> backtest(frame)[["tested", "red", "raised"]].values.tolist()
    [[4, 2, 1]]
    """
    return tally(follow(frame, alarms=alarms))


def raised_within(followed: pd.DataFrame, periods: Sequence[str]) -> pd.DataFrame:
    """List the alarms that stood in some of the periods, each once, at its gravest.

    Parameters
    ----------
    followed : DataFrame
        What `follow` gives.
    periods : sequence of str
        Their codes, such as the months of a quarter, in order.

    Returns
    -------
    DataFrame
        `EVIDENCE`, since, and standing: whether it still stands in the last of the periods.
        Gravest first.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 11)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20, 50]
    >>> found = raised_within(follow(frame), ["2012-08", "2012-09", "2012-10"])
    >>> found[["period", "level", "standing"]].values.tolist()
    [['2012-09', 'red', False]]
    """
    codes = list(periods)
    rows = followed[followed["since"].notna() & followed["period"].isin(codes)]
    until = rows.groupby([*_KEYS, "since"])["period"].transform(lambda p: codes[-1] in set(p))
    rows = rows.assign(standing=until.astype(bool), grave=rows["level"].map(_GRAVE))
    rows = rows.sort_values("grave", ascending=False, kind="stable")
    rows = rows.drop_duplicates([*_KEYS, "since"])
    return rows[[*EVIDENCE, "since", "standing"]].reset_index(drop=True)


def alarms_of(followed: pd.DataFrame, others: pd.DataFrame, periods: Sequence[str]) -> pd.DataFrame:
    """Bring the alarms of a longer period together: of its months, and of the whole of it.

    Parameters
    ----------
    followed : DataFrame
        What `follow` gives, month by month.
    others : DataFrame
        `EVIDENCE` of the period as a whole, such as `watch_units` gives.
    periods : sequence of str
        The months of the period, in order.

    Returns
    -------
    DataFrame
        As `raised_within`, with low and high: the limits that were passed, yellow or red.
        Gravest first.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 11)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20, 50]
    >>> found = alarms_of(follow(frame), pd.DataFrame(columns=EVIDENCE), months[-3:])
    >>> found[["low", "high"]].round(1).values.tolist()
    [[44.0, 56.5]]
    """
    own = raised_within(followed, periods)
    once = raise_once(others).drop(columns="new").assign(standing=True)
    parts = [part for part in (own, once) if len(part)]
    out = pd.concat(parts, ignore_index=True) if parts else own
    red = out["level"] == "red"
    for end in ("low", "high"):
        out[end] = out[f"yellow_{end}"].where(~red, out[f"red_{end}"]).astype(float)
    order = out["level"].map(_GRAVE).sort_values(ascending=False, kind="stable").index
    return out.loc[order].reset_index(drop=True)


def fired(followed: Mapping[int, pd.DataFrame], *, unit: str) -> pd.DataFrame:
    """Say how often rules would have fired on a unit's own past, and on that of those below.

    Parameters
    ----------
    followed : mapping of int to DataFrame
        Periods a year has → what `follow` or `follow_units` gives of such periods.
    unit : str
        The unit; all others of the frames are those below it.

    Returns
    -------
    DataFrame
        rule, kpi, scope (own, below), units, tested, yellow, red, raised [periods], a_year: newly
        raised in a year of one unit. What could never be judged is left out.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 13)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 20, 21, 50, 51]
    >>> found = fired({12: follow(frame)}, unit="D1")
    >>> found[["rule", "scope", "tested", "raised", "a_year"]].values.tolist()
    [['history', 'own', 4, 1, 3.0]]
    """
    parts = [_fired(frame, unit, a_year) for a_year, frame in followed.items() if len(frame)]
    columns = ["rule", "kpi", "scope", "units", *_COUNTS, "a_year"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _fired(followed: pd.DataFrame, unit: str, a_year: int) -> pd.DataFrame:
    counted = tally(followed).assign(units=1)
    scope = (counted["unit"] == unit).map({True: "own", False: "below"})
    sums = ["units", *_COUNTS]
    out = counted.assign(scope=scope).groupby(["kpi", "scope"], sort=False)[sums].sum()
    out = out[out["tested"] > 0].reset_index()
    place = {code: at for at, code in enumerate(dict.fromkeys(out["kpi"]))}
    out = out.sort_values("kpi", key=lambda k: k.map(place), kind="stable", ignore_index=True)
    out.insert(0, "rule", followed["rule"].iloc[0])
    return out.assign(a_year=a_year * out["raised"] / out["tested"])
