"""What a day of a month is worth in selling: plain working days, or as its history says."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import workdays
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm.laid import Weights, laid_out, month_of
from perfkit.rhythm.nodeplan import PREMIUM
from perfkit.rhythm.pace import daily

__all__ = ["WEIGHTS", "day_worth", "weighed", "weights_of"]

WEIGHTS = ("plain", "learned")


def day_worth(seen: pd.DataFrame, *, month: str, day: dt.date, code: str = PREMIUM) -> pd.DataFrame:
    """Say how many days of each type a month has, and what such a day usually brought.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives, of one unit; all its days are learnt from.
    month : str
        Which.
    day : date
        How far it is looked at.
    code : str
        The KPI that tells the worth.

    Returns
    -------
    DataFrame
        day_type, days, done: those up to the day [days]; learnt: days of such a type that it was
        learnt from [days], mean [the KPI's unit a day], weight [selling days], plain: the weight
        where only working days count [selling days]. NaN where days are not known one by one.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> months = ["2012-08", "2012-09"]
    >>> seen = pace.follow(open_book("district_one"), months, unit="D1", by="district")
    >>> found = day_worth(seen, month="2012-09", day=dt.date(2012, 9, 11)).set_index("day_type")
    >>> found.loc["workday", ["days", "done"]].tolist()
    [20.0, 7.0]
    """
    whole = month_of(month)
    types = workdays.day_types(whole.first, whole.last)
    out = pd.DataFrame(index=pd.Index(workdays.DAY_TYPES, name="day_type"))
    out["days"] = types["day_type"].value_counts()
    past = np.array([one <= day for one in types["date"]], dtype=bool)
    out["done"] = types["day_type"][past].value_counts()
    out = out.fillna(0.0)
    learnt = _learnt(seen, code)
    out = out.join(learnt.rename(columns={"days": "learnt"})[["learnt", "mean", "weight"]])
    return out.assign(plain=pd.Series(workdays.WORKING)).astype(float).reset_index()


def _learnt(seen: pd.DataFrame, code: str) -> pd.DataFrame:
    """Learn from months that are known day by day; nothing where one is not."""
    own = seen[seen["kpi"] == code]
    spans = own.groupby("month")["date"].agg(["min", "max", "size"])
    gaps = [(b - a).days + 1 != n for a, b, n in spans.itertuples(index=False)]
    if len(own) and not any(gaps):
        try:
            return workdays.learn_weights(daily(own, code))
        except PerfkitError as error:
            if error.key != "no_daily_history":
                raise
    return pd.DataFrame(np.nan, list(workdays.DAY_TYPES), ["days", "mean", "weight"])


def weights_of(worth: pd.DataFrame, kind: str) -> dict[str, float] | None:
    """Choose what a day of each type is worth.

    Parameters
    ----------
    worth : DataFrame
        What `day_worth` gives.
    kind : {"plain", "learned"}
        Working days only, or as learnt; what could not be learnt is plain.

    Returns
    -------
    dict or None
        By day type; None for plain working days. [selling days]

    Raises
    ------
    UnknownName
        There is no such kind.

    Examples
    --------
    >>> worth = pd.DataFrame({"day_type": ["workday"], "weight": [1.0], "plain": [1.0]})
    >>> weights_of(worth, "plain"), weights_of(worth, "learned")
    (None, {'workday': 1.0})
    """
    if kind not in WEIGHTS:
        raise UnknownName(kind="setting", name=kind, allowed=WEIGHTS)
    if kind == "plain" or worth["weight"].isna().any():
        return None
    return dict(zip(worth["day_type"], worth["weight"], strict=True))


def weighed(seen: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    """Lay followed months out anew by other weights of their days.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives.
    weights : mapping or None
        By day type; plain working days otherwise. [selling days]

    Returns
    -------
    DataFrame
        As `pace.follow` with these weights.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> seen = pace.follow(open_book("district_one"), ["2012-09"], unit="D1", by="district")
    >>> half = workdays.WORKING | {"weekend": 0.5}
    >>> float(weighed(seen, half)["selling_day"].max())
    25.0
    """
    return laid_out(seen.drop(columns=["selling_day", "elapsed"]), weights)
