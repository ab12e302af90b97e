"""The round of the plans: who has drafted, been commented, handed in and approved, and when.

A register is a frame with a row for every step that anybody took; nothing in it is ever changed or
taken out, so that each version of a plan stays to be seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from perfkit.errors import TargetError, UnknownName

__all__ = ["COLUMNS", "STATES", "move", "register", "standing"]

STATES = ("draft", "commented", "submitted", "approved")
COLUMNS = ("holder", "version", "state", "on", "by", "note")
# What may follow: a comment or an approved plan that is reopened leads to a new draft.
NEXT: Mapping[str, tuple[str, ...]] = {
    "": ("draft",),
    "draft": ("draft", "commented", "submitted"),
    "commented": ("draft",),
    "submitted": ("commented", "approved"),
    "approved": ("draft",),
}


def register() -> pd.DataFrame:
    """Begin an empty register.

    Examples
    --------
    >>> list(register().columns)
    ['holder', 'version', 'state', 'on', 'by', 'note']
    """
    return pd.DataFrame(columns=list(COLUMNS))


def _latest(steps: pd.DataFrame) -> dict[str, tuple[str, int, dt.date]]:
    """Give where everybody stands: state, version and since when."""
    rows = zip(steps["holder"], steps["state"], steps["version"], steps["on"], strict=True)
    return {str(holder): (str(state), int(version), on) for holder, state, version, on in rows}


def move(
    steps: pd.DataFrame,
    holder: str,
    state: str,
    *,
    on: dt.date,
    by: str,
    above: Mapping[str, str],
    note: str = "",
) -> pd.DataFrame:
    """Write down a step of the round.

    Parameters
    ----------
    steps : DataFrame
        The register so far; not changed.
    holder : str
        Whose plan it is.
    state : {"draft", "commented", "submitted", "approved"}
        What has happened to it. Every draft is a new version.
    on : date
        When.
    by : str
        The post that did it, such as ``department_manager``; never a name.
    above : mapping
        Holder → who stands above; empty at the top.
    note : str, default ""
        What was said.

    Returns
    -------
    DataFrame
        The register with one row more: holder, version, state, on, by, note.

    Raises
    ------
    UnknownName
        There is no such holder or state.
    TargetError
        The step does not follow, it is dated before the last one, or a plan is handed in before
        those below it are.

    Notes
    -----
    Source: district deck 2012, section 13: departments draft, the district comments, they amend,
    the district adds up and hands in, the general manager approves, every plan is filed; sections
    32 and 33: persons, groups and departments in the same way.

    Examples
    --------
    >>> above = {"D1": "", "D1/01": "D1"}
    >>> day = dt.date(2005, 2, 18)
    >>> done = move(register(), "D1/01", "draft", on=day, by="department_manager", above=above)
    >>> move(done, "D1/01", "submitted", on=day, by="department_manager", above=above)[
    ...     ["version", "state"]
    ... ].values.tolist()
    [[1, 'draft'], [1, 'submitted']]
    """
    if holder not in above:
        raise UnknownName(kind="unit", name=holder, allowed=list(above))
    if state not in STATES:
        raise UnknownName(kind="setting", name=state, allowed=STATES)
    latest = _latest(steps)
    before, version, since = latest.get(holder, ("", 0, dt.date.min))
    if state not in NEXT[before]:
        raise TargetError(
            "no_such_step", name=holder, before=before or "–", after=state,
            allowed=", ".join(NEXT[before]),
        )  # fmt: skip
    if on < since:
        raise TargetError("step_before", name=holder, on=on, since=since)
    if state == "submitted":
        below = [one for one, parent in above.items() if parent == holder]
        late = [one for one in below if latest.get(one, ("",))[0] not in STATES[2:]]
        if late:
            names = ", ".join(late[:5])
            raise TargetError("below_not_submitted", name=holder, count=len(late), names=names)
    row = [holder, version + (state == "draft"), state, on, by, note]
    added = pd.DataFrame([row], columns=list(COLUMNS))
    return added if steps.empty else pd.concat([steps, added], ignore_index=True)


def standing(
    steps: pd.DataFrame,
    above: Mapping[str, str],
    *,
    today: dt.date,
    due: dt.date,
    review: tuple[dt.date, dt.date] | None = None,
) -> pd.DataFrame:
    """Say where every plan stands on a day, against the day it is due and the days of review.

    Parameters
    ----------
    steps : DataFrame
        The register.
    above : mapping
        Holder → who stands above: whose plans are asked for.
    today : date
        Later steps are not seen.
    due : date
        The last day to hand in.
    review : tuple of date, optional
        First and last day of the review; handed-in plans are to be decided in it.

    Returns
    -------
    DataFrame
        By holder: state (empty: nothing yet), version, since, submitted_on (first time), days_late
        (first handed in after `due`, or not yet and `due` is over; else 0) and review (``open``
        within its days, ``overdue`` after them, ``early`` before, empty where there is nothing to
        decide). [days]

    Raises
    ------
    TargetError
        The review ends before it begins.

    Notes
    -----
    Source: branch plan 2005, slides 10 and 34: a day to hand in, then some days of review.

    Examples
    --------
    >>> found = standing(
    ...     register(), {"D1": ""}, today=dt.date(2005, 2, 23), due=dt.date(2005, 2, 21)
    ... )
    >>> found["days_late"].to_dict()
    {'D1': 2}
    """
    if review and review[1] < review[0]:
        raise TargetError("review_ends_early", first=review[0], last=review[1])
    seen = steps.loc[[on <= today for on in steps["on"]]]
    latest = _latest(seen)
    handed = seen[seen["state"] == "submitted"]
    first = dict(zip(handed["holder"][::-1], handed["on"][::-1], strict=True))
    rows = []
    for holder in above:
        state, version, since = latest.get(holder, ("", 0, None))
        came = first.get(holder)
        late = max(0, ((came or today) - due).days)
        decide = state == "submitted" and review is not None
        rows.append((holder, state, version, since, came, late, _when(today, review) * decide))
    columns = ["holder", "state", "version", "since", "submitted_on", "days_late", "review"]
    return pd.DataFrame(rows, columns=columns).set_index("holder")


def _when(today: dt.date, review: tuple[dt.date, dt.date] | None) -> str:
    """Place a day against the days of review."""
    if review is None:
        return ""
    return "early" if today < review[0] else "overdue" if today > review[1] else "open"
