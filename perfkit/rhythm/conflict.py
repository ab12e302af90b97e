"""What a calendar cannot mean: two meetings for one person, an event on a holiday."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pandas as pd

from perfkit import org, workdays

__all__ = ["conflicts"]

# These ask people to be somewhere; the others run beside.
ATTENDED = {
    "meeting",
    "product_presentation",
    "reception",
    "career_seminar",
    "training",
    "recognition",
}
COLUMNS = ["kind", "date", "who", "first", "second"]


def _people(event: dict[str, Any]) -> set[str]:
    return {who.strip() for who in event["who"].split("|") if who.strip()}


def _hours(event: dict[str, Any]) -> tuple[str, str]:
    """Give the hours of a day an event takes; all of them where it does not say."""
    begins = event["starts_at"] or "00:00"
    return begins, event["ends_at"] or ("24:00" if not event["starts_at"] else begins)


def _at_once(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (a, b), (c, d) = _hours(one), _hours(other)
    return (a < d and c < b) or a == c


def _same_unit(one: str, other: str) -> bool:
    return bool(org.within([one], other) or org.within([other], one))


def conflicts(events: pd.DataFrame) -> pd.DataFrame:
    """List what a calendar cannot mean.

    Parameters
    ----------
    events : DataFrame
        What `calendar.checked` gives.

    Returns
    -------
    DataFrame
        kind: ``person`` (one person, or everybody of a rank, is asked to two events at once; units
        of which one holds the other share their people) or ``holiday`` (people are asked to come on
        a holiday); date; who: apart by |; first, second: the events' codes. In the order of days.

    Examples
    --------
    >>> from perfkit.rhythm.event import checked
    >>> both = pd.DataFrame(
    ...     {
    ...         "unit_id": "D1",
    ...         "start": "2012-09-03",
    ...         "type": "meeting",
    ...         "who": "A1",
    ...         "starts_at": ["09:00", "09:30"],
    ...         "ends_at": ["10:00", "11:00"],
    ...     }
    ... )
    >>> conflicts(checked(both))[["kind", "who"]].values.tolist()
    [['person', 'A1']]
    """
    asked = events[events["type"].isin(ATTENDED)].to_dict("records")
    by_day: dict[dt.date, list[dict[str, Any]]] = {}
    for row in asked:
        event = {str(k): v for k, v in row.items()}
        last = event["end"] or event["start"]
        for i in range((last - event["start"]).days + 1):
            by_day.setdefault(event["start"] + dt.timedelta(days=i), []).append(event)
    rows: list[list[object]] = []
    for day in sorted(by_day):
        here = by_day[day]
        if workdays.day_types(day, day)["day_type"].iloc[0] == "holiday":
            rows += [["holiday", day, e["who"], e["event_id"], ""] for e in here]
        for one, other in itertools.combinations(here, 2):
            both = _people(one) & _people(other)
            if both and _at_once(one, other) and _same_unit(one["unit_id"], other["unit_id"]):
                who = "|".join(sorted(both))
                rows.append(["person", day, who, one["event_id"], other["event_id"]])
    return pd.DataFrame(rows, columns=COLUMNS)
