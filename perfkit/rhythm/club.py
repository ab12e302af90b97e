"""Entry tracking of contests, clubs and star awards: who is how far from the bar, with days left.

What `contest.standing` gives for everybody is laid out here for those who follow it up: one line a
person with what is still needed a day, and one line a unit.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import org, workdays
from perfkit.rhythm.contest import Contest

__all__ = ["STATES", "by_unit", "entry"]

# In, likely to be in, unlikely to be in, and out: the days are over.
STATES = ("top", "on_pace", "behind", "missed")


def entry(found: pd.DataFrame, contest: Contest, *, day: dt.date) -> pd.DataFrame:
    """Say of everybody how far the next bar is, and whether the pace so far will do.

    Parameters
    ----------
    found : DataFrame
        What `contest.standing` gives for that day.
    contest : Contest
        Which.
    day : date
        How far it was looked at.

    Returns
    -------
    DataFrame
        unit: the path of the person's group; id: their code; value, next_bar, gap [the KPI's unit];
        share: value over next_bar [rate]; step; days_left [working days]; needed: gap a working day
        left, pace: value a working day so far [the KPI's unit a working day]; state: ``top`` (the
        highest bar is reached), ``on_pace`` (value and pace for the days left reach the next bar),
        ``behind``, or ``missed`` (no day is left). NaN where a divisor is zero. Those who have not
        reached the highest bar first, the nearest by share on top; then those who have.

    Examples
    --------
    >>> from perfkit.rhythm.contest import Step
    >>> days = [dt.date(2012, 9, n) for n in (3, 14)]
    >>> one = Contest("star", {}, *days, "supervisors", "cases", (Step(4.0, 0.0),))
    >>> held = pd.DataFrame({"unit": ["D1/01/1/A1"], "value": [2.0], "step": [0]})
    >>> held = held.assign(next_bar=4.0, gap=2.0, days_left=5)
    >>> entry(held, one, day=dt.date(2012, 9, 7))[["needed", "pace", "state"]].values.tolist()
    [[0.4, 0.4, 'on_pace']]
    """
    done = workdays.working_days(contest.first, min(day, contest.last))
    left = found["days_left"].astype(float)
    paths = found["unit"].str.rsplit("/", n=1)
    out = pd.DataFrame({"unit": paths.str[0], "id": paths.str[-1]})
    out = out.join(found[["value", "next_bar", "gap", "step", "days_left"]])
    out["share"] = out["value"] / out["next_bar"]
    out["needed"] = out["gap"] / left.where(left > 0)
    out["pace"] = out["value"] / done if done else np.nan
    is_top, is_over = out["next_bar"].isna(), left <= 0
    will = out["value"] + out["pace"].fillna(0.0) * left >= out["next_bar"]
    out["state"] = np.select([is_top, is_over, will], ["top", "missed", "on_pace"], "behind")
    columns = ["unit", "id", "value", "next_bar", "gap", "share", "step", "days_left"]
    out = out.assign(is_top=is_top).sort_values(
        ["is_top", "share", "value", "id"], ascending=[True, False, False, True], ignore_index=True
    )
    return out[[*columns, "needed", "pace", "state"]]


def by_unit(found: pd.DataFrame, *, level: str, root: str) -> pd.DataFrame:
    """Add a standing up by units: how many take part, have entered, and what they were promised.

    Parameters
    ----------
    found : DataFrame
        What `contest.standing` gives.
    level : str
        Of the units.
    root : str
        The book's root level.

    Returns
    -------
    DataFrame
        unit; people, entered (a step reached), doubled [persons]; share: entered over people
        [rate]; reward [yuan]. In the order of the units.

    Raises
    ------
    UnknownName
        There is no such level.

    Examples
    --------
    >>> held = pd.DataFrame({"unit": ["D1/01/1/A1", "D1/01/2/A2"], "step": [1, 0]})
    >>> held = held.assign(doubled=[True, False], reward=[200.0, 0.0])
    >>> by_unit(held, level="department", root="district")[["unit", "entered"]].values.tolist()
    [['D1/01', 1]]
    """
    depth = org.levels_from(root).index(org.check_level(level, root)) + 1
    units = found["unit"].str.split("/").str[:depth].str.join("/")
    kept = pd.DataFrame({"unit": units, "people": 1, "entered": (found["step"] > 0).astype(int)})
    kept = kept.assign(doubled=found["doubled"].astype(int), reward=found["reward"].astype(float))
    out = kept.groupby("unit", sort=True).sum().reset_index()
    out["share"] = out["entered"] / out["people"].where(out["people"] > 0)
    return out[["unit", "people", "entered", "doubled", "share", "reward"]]
