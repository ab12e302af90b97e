"""A plan from vision to measure: what supports what, which questions it answers, when it is due.

A plan is a table of items: item_id, level (see `LEVELS`), supports (the item above; empty at the
top), what, and where known why, how, who, when, resources, control and output. A department's and a
person's plan are tables of the same form whose top items support items of the plan above.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit.errors import UnknownName
from perfkit.plan.rows import PlanRefused, need, once, one_of, text_of

__all__ = [
    "COLUMNS",
    "ELEMENTS",
    "LEVELS",
    "QUESTIONS",
    "checked",
    "completeness",
    "deadlines",
    "elements",
    "levels",
    "support",
]

LEVELS = ("vision", "mission", "goal", "strategy", "action", "measure", "post")
QUESTIONS = ("what", "why", "how", "who", "when", "resources", "control")
COLUMNS = ("item_id", "level", "supports", *QUESTIONS, "output")
ELEMENTS = ("company_strategy", "environment", "department", "personal")
TOP = {"company_strategy": ("vision", "mission", "goal", "strategy")}


def checked(items: pd.DataFrame) -> pd.DataFrame:
    """Bring the items of a plan into one form, and refuse what hangs in the air.

    Parameters
    ----------
    items : DataFrame
        item_id, level, supports and what, and some of the other `COLUMNS`.

    Returns
    -------
    DataFrame
        `COLUMNS`, as texts; an empty one is not answered. why is also answered by what the item
        supports, how by items below it.

    Raises
    ------
    PlanRefused
        A column or code is missing, a code stands twice, a level is none, an item supports one that
        is not above its level.
    UnknownName
        An item supports one that is not there.

    Examples
    --------
    >>> rows = [("S", "strategy", "", "headcount"), ("A", "action", "S", "seminars")]
    >>> found = checked(pd.DataFrame(rows, columns=["item_id", "level", "supports", "what"]))
    >>> found["level"].tolist()
    ['strategy', 'action']
    """
    need(items, ("item_id", "level", "supports", "what"), "plan")
    once(items, "item_id", "plan")
    empty = pd.Series("", index=items.index)
    out = pd.DataFrame({c: items.get(c, empty).map(text_of) for c in COLUMNS})
    one_of(out, "level", LEVELS, "plan")
    level = dict(zip(out["item_id"], out["level"], strict=True))
    for one in out.to_dict("records"):
        above = one["supports"]
        if above and above not in level:
            raise UnknownName(kind="plan_item", name=above, allowed=list(level))
        # A level has only higher ones above it, so that no circle can come about.
        if above and LEVELS.index(level[above]) >= LEVELS.index(one["level"]):
            raise PlanRefused("not_above", place=one["item_id"], value=above,
                              level=one["level"], above=level[above])  # fmt: skip
    return out.reset_index(drop=True)


def support(items: pd.DataFrame) -> pd.DataFrame:
    """Say how each item supports those above it, and what supports it.

    Parameters
    ----------
    items : DataFrame
        What `checked` takes.

    Returns
    -------
    DataFrame
        item_id, level, path (codes from the top down, apart by ``>``), top (level of the highest),
        below (items that support it directly) [count] and state: ``loose`` (nothing above it,
        below the highest level there is), ``bare`` (nothing below it, above measures) or
        ``joined``.

    Raises
    ------
    PlanRefused, UnknownName
        As `checked`.

    Examples
    --------
    >>> rows = [("S", "strategy", "", "a"), ("A", "action", "S", "b"), ("M", "measure", "", "c")]
    >>> found = support(pd.DataFrame(rows, columns=["item_id", "level", "supports", "what"]))
    >>> found[["path", "state"]].values.tolist()
    [['S', 'joined'], ['S > A', 'bare'], ['M', 'loose']]
    """
    table = checked(items)
    above = dict(zip(table["item_id"], table["supports"], strict=True))
    level = dict(zip(table["item_id"], table["level"], strict=True))
    below = table["supports"].value_counts()
    highest = min((LEVELS.index(one) for one in table["level"]), default=0)
    rows = []
    for code in table["item_id"]:
        path = [code]
        while above[path[0]]:
            path.insert(0, above[path[0]])
        count = int(below.get(code, 0))
        place = LEVELS.index(level[code])
        loose = not above[code] and place > highest
        bare = not count and place < LEVELS.index("measure")
        state = "loose" if loose else "bare" if bare else "joined"
        rows.append((code, level[code], " > ".join(path), level[path[0]], count, state))
    return pd.DataFrame(rows, columns=["item_id", "level", "path", "top", "below", "state"])


def completeness(items: pd.DataFrame) -> pd.DataFrame:
    """Say which of the seven questions (5W2H) each item answers.

    Parameters
    ----------
    items : DataFrame
        What `checked` takes.

    Returns
    -------
    DataFrame
        item_id, level, one column a question (answered or not), answered (how many) [count], share
        [rate], and missing (the questions, apart by blanks). Goals and what stands above them are
        asked what and why only (the others NaN).

    Raises
    ------
    PlanRefused, UnknownName
        As `checked`.

    Notes
    -----
    Source: branch plan 2005, slide 8.

    Examples
    --------
    >>> row = {"item_id": "M", "level": "measure", "supports": "", "what": "seminar", "who": "A1"}
    >>> found = completeness(pd.DataFrame([row])).iloc[0]
    >>> float(found["answered"]), found["missing"]
    (2.0, 'why how when resources control')
    """
    table, joined = checked(items), support(items)
    answered = pd.DataFrame({q: (table[q] != "").astype(float) for q in QUESTIONS})
    has_below = (joined["below"] > 0).to_numpy()
    answered["why"] = np.where(table["supports"] != "", 1.0, answered["why"])
    answered["how"] = np.where(has_below, 1.0, answered["how"])
    high = table["level"].map(LEVELS.index) <= LEVELS.index("goal")
    answered.loc[high, list(QUESTIONS[2:])] = np.nan
    out = pd.concat([table[["item_id", "level"]], answered], axis=1)
    out["answered"] = answered.sum(axis=1)
    out["share"] = answered.mean(axis=1)
    out["missing"] = [
        " ".join(q for q in QUESTIONS if row[q] == 0) for row in answered.to_dict("records")
    ]
    return out


def elements(
    items: pd.DataFrame, *, factors: int, personal: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Say which of the four elements a plan holds.

    Parameters
    ----------
    items : DataFrame
        The department's or company's plan, as `checked` takes it.
    factors : int
        How many factors of the environment were weighed (see `perfkit.plan.swot`). [count]
    personal : DataFrame, optional
        person and supports: what each personal plan helps.

    Returns
    -------
    DataFrame
        element, share (held) [rate] and lacking: company_strategy (vision, mission, goal and
        strategy are there), environment (factors were weighed), department (actions and measures
        that reach up to a strategy or higher) and personal (plans that support an item).

    Raises
    ------
    PlanRefused, UnknownName
        As `checked`.

    Notes
    -----
    Source: branch plan 2005, slide 6.

    Examples
    --------
    >>> rows = [("S", "strategy", "", "a"), ("A", "action", "S", "b"), ("M", "measure", "", "c")]
    >>> items = pd.DataFrame(rows, columns=["item_id", "level", "supports", "what"])
    >>> elements(items, factors=0)["share"].tolist()
    [0.25, 0.0, 0.5, nan]
    """
    found = support(items)
    there = set(found["level"])
    top = TOP["company_strategy"]
    missing = [level for level in top if level not in there]
    work = found[found["level"].isin(["action", "measure"])]
    joined = work["top"].isin(top)
    helped = _helped(personal, found)
    rows = [
        ("company_strategy", 1 - len(missing) / len(top), " ".join(missing)),
        ("environment", float(factors > 0), "" if factors else "factors"),
        ("department", joined.mean() if len(work) else np.nan,
         " ".join(work.loc[~joined, "item_id"])),
        ("personal", helped.mean() if len(helped) else np.nan,
         " ".join(helped.index[~helped.astype(bool)].astype(str))),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["element", "share", "lacking"])


def _helped(personal: pd.DataFrame | None, found: pd.DataFrame) -> pd.Series[bool]:
    """Say of every person whether their plan supports an item of the plan above."""
    if personal is None:
        return pd.Series(dtype=bool)
    need(personal, ("person", "supports"), "personal plans")
    known = set(found["item_id"])
    for item in personal["supports"].map(text_of):
        if item and item not in known:
            raise UnknownName(kind="plan_item", name=item, allowed=list(found["item_id"]))
    reaches = personal["supports"].map(text_of) != ""
    return reaches.groupby(personal["person"]).any()


def deadlines(
    plans: pd.DataFrame, *, due: dt.date, review: tuple[dt.date, dt.date], today: dt.date
) -> pd.DataFrame:
    """Say how every department's plan stands: handed in, reviewed, late.

    Parameters
    ----------
    plans : DataFrame
        unit, submitted_on and reviewed_on (dates, None where it has not happened).
    due : date
        The last day to hand in.
    review : tuple of date
        First and last day of the review.
    today : date
        The day; what happened later is not known yet.

    Returns
    -------
    DataFrame
        unit, state (open, late, submitted, submitted_late, reviewed, review_overdue) and days (late
        by, or left until the day that matters next; below 0: too late) [days].

    Raises
    ------
    PlanRefused
        The review begins before plans are due or ends before it begins, or a plan was reviewed
        before it was handed in.

    Notes
    -----
    Source: branch plan 2005, slide 10.

    Examples
    --------
    >>> plans = pd.DataFrame({"unit": ["a"], "submitted_on": [None], "reviewed_on": [None]})
    >>> days = (dt.date(2005, 2, 22), dt.date(2005, 2, 25))
    >>> found = deadlines(plans, due=dt.date(2005, 2, 21), review=days, today=dt.date(2005, 2, 23))
    >>> found[["state", "days"]].values.tolist()
    [['late', -2]]
    """
    need(plans, ("unit", "submitted_on", "reviewed_on"), "plans")
    once(plans, "unit", "plans")
    if not due <= review[0] <= review[1]:
        raise PlanRefused("review", due=due, first=review[0], last=review[1])
    rows = []
    for one in plans.to_dict("records"):
        given, seen = (_known(one[c], today) for c in ("submitted_on", "reviewed_on"))
        if seen and (given is None or seen < given):
            raise PlanRefused("reviewed_first", place=one["unit"])
        rows.append((one["unit"], *_stage(given, seen, due, review[1], today)))
    return pd.DataFrame(rows, columns=["unit", "state", "days"])


def _known(day: object, today: dt.date) -> dt.date | None:
    if day is None or day is pd.NaT or not isinstance(day, dt.date):
        return None
    return day if day <= today else None


def _stage(
    given: dt.date | None, seen: dt.date | None, due: dt.date, last: dt.date, today: dt.date
) -> tuple[str, int]:
    if seen:
        return "reviewed", (last - seen).days
    if given is None:
        return ("late" if today > due else "open"), (due - today).days
    if today > last:
        return "review_overdue", (last - today).days
    return ("submitted_late" if given > due else "submitted"), (last - today).days


def levels(items: pd.DataFrame) -> Mapping[str, int]:
    """Count the items of each level.

    Examples
    --------
    >>> rows = [("S", "strategy", "", "a"), ("A", "action", "S", "b")]
    >>> levels(pd.DataFrame(rows, columns=["item_id", "level", "supports", "what"]))
    {'strategy': 1, 'action': 1}
    """
    counts = checked(items)["level"].value_counts()
    return {level: int(counts[level]) for level in LEVELS if level in counts}
