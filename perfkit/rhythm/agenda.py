"""Which meetings look at which node: the tracking of a node plan, in the order of the days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.rhythm.nodeplan import KPIS

__all__ = ["MEETINGS", "agenda"]

MEETINGS = ("meeting", "tracking")


def agenda(
    events: pd.DataFrame, nodes: pd.DataFrame, *, types: Sequence[str] = MEETINGS
) -> pd.DataFrame:
    """List the meetings of a calendar with the node that each looks back on and the next one.

    Parameters
    ----------
    events : DataFrame
        What `calendar.checked` gives.
    nodes : DataFrame
        What `node.checked` gives, of one month or several below each other.
    types : sequence of str, optional
        Which events; meetings and tracking days otherwise.

    Returns
    -------
    DataFrame
        date, starts_at, ends_at, title_en, title_zh, who; last: the day of the node looked back on,
        on the event's day or before it, and what it asked for: premium_submitted [yuan],
        activity_rate, supervisor_activity_rate [rates]; next: the day of the node after it. Empty
        (None, NaN) before the first node and after the last. Nodes of several months are each
        cumulative from their own month's first day.

    Examples
    --------
    >>> import datetime as dt
    >>> from perfkit.rhythm.event import checked
    >>> from perfkit.rhythm.nodeplan import plan
    >>> nodes = plan("2012-11", [dt.date(2012, 11, 9)], {"premium_submitted": 220.0})
    >>> held = pd.DataFrame({"unit_id": "D1", "start": ["2012-11-12"], "type": ["meeting"]})
    >>> agenda(checked(held), nodes)["premium_submitted"].tolist()
    [70.0]
    """
    kept = events[events["type"].isin(list(types))]
    plan = nodes.sort_values("date", ignore_index=True)
    rows = []
    for event in kept.to_dict("records"):
        is_past = np.array([day <= event["start"] for day in plan["date"]], dtype=bool)
        past, ahead = plan[is_past], plan[~is_past]
        row = {"date": event["start"]}
        row |= {c: event[c] for c in ("starts_at", "ends_at", "title_en", "title_zh", "who")}
        row["last"] = past["date"].iloc[-1] if len(past) else None
        row |= {code: past[code].iloc[-1] if len(past) else float("nan") for code in KPIS}
        row["next"] = ahead["date"].iloc[0] if len(ahead) else None
        rows.append(row)
    columns = ["date", "starts_at", "ends_at", "title_en", "title_zh", "who", "last"]
    return pd.DataFrame(rows, columns=[*columns, *KPIS, "next"])
