"""A month beside others: at the same selling day, at the same part of the month, and as usual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.errors import PerfkitError
from perfkit.rhythm.laid import month_of, of_kpi, whole_of

__all__ = ["at_selling_day", "beside", "history", "usual", "usual_before"]

STEPS = 20
STALE = 0.1  # a point so much of a month old does not tell what was in hand [rate]
OLD = 1.5  # nor one so many selling days older [selling days]


def at_selling_day(frame: pd.DataFrame, day: float) -> pd.DataFrame:
    """Give what was in hand in every month after so many selling days.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one KPI and unit or several.
    day : float
        [selling days]

    Returns
    -------
    DataFrame
        unit, kpi, month, date, selling_day; hand, total [the KPI's unit]. In a month shorter than
        that it is the whole month. NaN total: a month that is not over.

    Examples
    --------
    >>> from perfkit.rhythm.pace import points
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> at_selling_day(points(seen), 8.0)["hand"].tolist()
    [1.0]
    """
    out = frame[frame["selling_day"] <= day + 1e-9]
    out = out.groupby(["unit", "kpi", "month"], sort=False).tail(1)
    wholes = frame.groupby(["unit", "kpi", "month"], sort=False)
    ends = {key: whole_of(part) for key, part in wholes}
    keys = zip(out["unit"], out["kpi"], out["month"], strict=True)
    total = [ends[key] for key in keys]
    out = out.drop(columns="elapsed").rename(columns={"value": "hand"})
    return out.assign(total=total).reset_index(drop=True)


def history(frame: pd.DataFrame, code: str, *, month: str, elapsed: float) -> pd.DataFrame:
    """Give past months as `outlook.land` takes them: in hand at the same part of them, and whole.

    Months differ in length, so that the same selling day leaves more or fewer days to come.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        The KPI.
    month : str
        The month that runs; only whole months before it count.
    elapsed : float
        How much of its selling days is over. [rate]

    Returns
    -------
    DataFrame
        Index month; hand, total. [the KPI's unit] A month of which nothing near that part is known
        is left out.

    Raises
    ------
    UnknownName
        The frame does not hold the KPI.

    Examples
    --------
    >>> from perfkit.rhythm.pace import points
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> history(points(seen), "cases", month="2012-04", elapsed=0.35).values.tolist()
    [[1.0, 4.0]]
    """
    own = of_kpi(frame, code)
    begins = spans.parse(month).first
    rows = {}
    for name, part in own.groupby("month", sort=False):
        near = part[(part["elapsed"] <= elapsed + 1e-9) & (part["elapsed"] > elapsed - STALE)]
        if spans.parse(str(name)).first < begins and len(near):
            rows[str(name)] = [float(near["value"].iloc[-1]), whole_of(part)]
    out = pd.DataFrame.from_dict(rows, orient="index", columns=["hand", "total"])
    return out.rename_axis("month").astype(float).dropna()


def beside(frame: pd.DataFrame, *, month: str, day: dt.date, past: int = 3) -> pd.DataFrame:
    """Lay a month beside the last ones and a year ago, at the same selling day.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives for the month, the months before it and that of a year ago.
    month : str
        The month that runs.
    day : date
        How far it is looked at.
    past : int, default 3
        How many months before it. [months]

    Returns
    -------
    DataFrame
        unit, kpi, month, beside ("now", "past", "year_ago"); date, selling_day; hand [the KPI's
        unit]; ratio: what is in hand now over what was then, NaN over nothing. Months the frame
        does not hold, or not so near that selling day, are left out.

    Raises
    ------
    PerfkitError
        The day is not one of the month's points.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm.pace import follow
    >>> months = ["2011-09", "2012-06", "2012-07", "2012-08", "2012-09"]
    >>> seen = follow(open_book("district_one"), months, unit="D1", by="district")
    >>> beside(seen, month="2012-09", day=dt.date(2012, 9, 11))["beside"].tolist()[:5]
    ['now', 'past', 'past', 'past', 'year_ago']
    """
    now = frame[(frame["month"] == month) & (frame["date"] == day)]
    if now.empty:
        raise PerfkitError("no_point", month=month, node=day, first="–")
    before = [p.code for p in spans.trailing(spans.parse(month), past + 1)][:-1][::-1]
    kinds = {month: "now"} | dict.fromkeys(before, "past")
    kinds.setdefault(spans.year_ago(spans.parse(month)).code, "year_ago")
    at = float(now["selling_day"].iloc[0])
    found = at_selling_day(frame[frame["month"].isin(kinds)], at)
    ends = [month_of(m).last == d for m, d in zip(found["month"], found["date"], strict=True)]
    found = found[(at - found["selling_day"] < OLD) | np.array(ends, dtype=bool)]
    found = found.reset_index(drop=True)
    hands = now.set_index(["unit", "kpi"])["value"]
    keys = list(zip(found["unit"], found["kpi"], strict=True))
    ratio = pd.Series([hands[key] for key in keys]) / found["hand"].where(found["hand"] != 0)
    out = found.assign(ratio=ratio, beside=found["month"].map(kinds))
    place = {code: i for i, code in enumerate(kinds)}
    rank = out["kpi"].map({c: i for i, c in enumerate(dict.fromkeys(frame["kpi"]))}) * len(place)
    out = out.iloc[np.argsort((rank + out["month"].map(place)).to_numpy(), kind="stable")]
    columns = ["unit", "kpi", "month", "beside", "date", "selling_day", "hand", "ratio"]
    columns += ["variant"] if "variant" in out else []
    return out[columns].reset_index(drop=True)


def usual(frame: pd.DataFrame, code: str, *, months: Sequence[str] | None = None) -> pd.DataFrame:
    """Give the usual way a month fills up: sums of months first, one division last.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        The KPI.
    months : sequence of str, optional
        Which to learn from, such as those since a change of regime; every whole one otherwise.

    Returns
    -------
    DataFrame
        elapsed, share (from 0 to 1) [rates], months: how many stand behind it [months].

    Raises
    ------
    UnknownName
        The frame does not hold the KPI.
    PerfkitError
        No month of it is whole.

    Examples
    --------
    >>> from perfkit.rhythm.pace import points
    >>> seen = pd.DataFrame(
    ...     {"unit": "D1", "kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> usual(points(seen), "cases").iloc[[0, -1]]["share"].tolist()
    [0.0, 1.0]
    """
    held = of_kpi(frame, code)
    held = held if months is None else held[held["month"].isin(list(months))]
    grid = np.linspace(0, 1, STEPS + 1)
    total, whole, count = np.zeros(STEPS + 1), 0.0, 0
    for _, part in held.groupby("month", sort=False):
        if not (end := whole_of(part)) > 0:
            continue
        elapsed = np.concatenate([[0.0], part["elapsed"].to_numpy(float)])
        total += np.interp(grid, elapsed, np.concatenate([[0.0], part["value"].to_numpy(float)]))
        whole, count = whole + end, count + 1
    if not count:
        raise PerfkitError("no_month_history", months=0, least=1)
    return pd.DataFrame({"elapsed": grid, "share": total / whole, "months": count})


def usual_before(
    frame: pd.DataFrame, code: str, *, month: str, breaks: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Give the usual way the months before a month filled up.

    Parameters
    ----------
    frame : DataFrame
        What `follow` gives, of one unit.
    code : str
        The KPI.
    month : str
        Only months before it count.
    breaks : sequence of str, optional
        First months of new regimes; only those since the last one count.

    Returns
    -------
    DataFrame or None
        What `usual` gives; None where no whole month is known.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm.pace import follow
    >>> months = ["2012-07", "2012-08", "2012-09"]
    >>> seen = follow(open_book("district_one"), months, unit="D1", by="district")
    >>> int(usual_before(seen, "premium_submitted", month="2012-09")["months"].iloc[0])
    2
    """
    begins = spans.parse(month).first
    since = max((spans.parse(one).first for one in breaks), default=None)
    codes = [m for m in dict.fromkeys(frame["month"]) if spans.parse(str(m)).first < begins]
    codes = [m for m in codes if since is None or spans.parse(str(m)).first >= since]
    if not codes or code not in set(frame["kpi"]):
        return None
    try:
        return usual(frame, code, months=codes)
    except PerfkitError as error:
        if error.key != "no_month_history":
            raise
        return None
