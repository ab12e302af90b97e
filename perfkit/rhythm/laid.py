"""Values laid out by months and selling days, as `pace` and what builds on it hold them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.errors import UnknownName

__all__ = ["COLUMNS", "Weights", "laid_out", "month_of", "of_kpi", "whole_of"]

COLUMNS = ["unit", "kpi", "month", "date", "selling_day", "elapsed", "value"]

Weights = Mapping[str, float] | None


def month_of(code: object) -> spans.Period:
    """Give the month a node lies in; a business month is its own.

    Examples
    --------
    >>> month_of("2012-09@11").code, month_of("2012-09:business").code
    ('2012-09', '2012-09:business')
    """
    found = spans.parse(str(code))
    return found if found.kind == "business" else spans.months(found)[0]


def laid_out(frame: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    """Set the selling days beside values of a month and date.

    Parameters
    ----------
    frame : DataFrame
        unit, kpi, month (a code), date (a date), value. [the KPI's unit]
    weights : mapping or None
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        `COLUMNS`, and variant where it is known; by unit, KPI as given, and day.

    Examples
    --------
    >>> day = pd.to_datetime("2012-09-11").date()
    >>> one = pd.DataFrame({"unit": "D1", "kpi": "cases", "month": "2012-09", "date": [day]})
    >>> laid_out(one.assign(value=1.0), None)["selling_day"].tolist()
    [7.0]
    """
    days = {}
    for code in dict.fromkeys(frame["month"]):
        month = month_of(code)
        counted = workdays.selling_days(month.first, month.last, weights)
        days[code] = counted.set_index("date")[["selling_day", "elapsed"]].to_dict("index")
    places = [days[m][d] for m, d in zip(frame["month"], frame["date"], strict=True)]
    out = frame.assign(**{name: [at[name] for at in places] for name in ("selling_day", "elapsed")})
    # A node of the month's last day and the month itself are one point.
    kept = [*COLUMNS, *(["variant"] if "variant" in out else [])]
    out = out[kept].drop_duplicates(["unit", "kpi", "month", "date"], keep="last")
    place = {code: i for i, code in enumerate(dict.fromkeys(frame["kpi"]))}
    out = out.assign(place=out["kpi"].map(place)).sort_values(["unit", "place", "date"])
    return out.drop(columns="place").reset_index(drop=True)


def whole_of(part: pd.DataFrame) -> float:
    """Give what a month came to; NaN while it runs.

    Parameters
    ----------
    part : DataFrame
        `COLUMNS` of one unit, KPI and month.

    Examples
    --------
    >>> day = pd.to_datetime("2012-09-30").date()
    >>> whole_of(pd.DataFrame({"month": "2012-09", "date": [day], "value": [3.0]}))
    3.0
    """
    whole = part["value"][part["date"] == month_of(part["month"].iloc[0]).last]
    return float(whole.iloc[0]) if len(whole) else np.nan


def of_kpi(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """Keep one KPI.

    Raises
    ------
    UnknownName
        The frame does not hold it.

    Examples
    --------
    >>> len(of_kpi(pd.DataFrame({"kpi": ["cases", "fyc"]}), "fyc"))
    1
    """
    known = list(dict.fromkeys(frame["kpi"]))
    if code not in known:
        raise UnknownName(kind="kpi", name=code, allowed=known)
    return frame[frame["kpi"] == code]
