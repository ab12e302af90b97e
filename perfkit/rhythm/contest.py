"""Contests and clubs: who has reached which bar, who is how far, and what it costs.

A contest is a window, people, a KPI and steps; each step has a bar and a reward. A club or a star
award is the same without a reward. Definitions are data: a TOML file, checked when it is read.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import period as spans
from perfkit import words, workdays
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm.event import checked
from perfkit.rhythm.people import brought

__all__ = ["Contest", "Step", "as_events", "cost", "near", "read_contests", "standing"]

# Who takes part, as the KPI that counts them on the last day.
EVERYBODY = "headcount_closing"
WHO = (
    EVERYBODY,
    "supervisors",
    "headcount_agent",
    "headcount_supervisor",
    "headcount_senior_supervisor",
    "headcount_department_manager",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the bar [the KPI's unit] and the reward for reaching it [yuan]."""

    bar: float
    reward: float


@dataclass(frozen=True, slots=True)
class Contest:
    """A contest, or a club without rewards.

    Attributes
    ----------
    code : str
        Its name in tables.
    names : mapping of str to str
        By language.
    first, last : date
        The window, both days in it.
    who : str
        Who takes part, as the KPI that counts them.
    measure : str
        The KPI, of each agent from the first day on; one that adds up.
    steps : tuple of Step
        Rising; a person gets the reward of the highest one reached.
    budget : float
        [yuan] NaN where there is none.
    double_until : date or None
        Who reaches a step by this day gets twice its reward.
    """

    code: str
    names: Mapping[str, str]
    first: dt.date
    last: dt.date
    who: str
    measure: str
    steps: tuple[Step, ...]
    budget: float = np.nan
    double_until: dt.date | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run.

        Raises
        ------
        UnknownName
            The KPI or the people are unknown.
        PerfkitError
            Days or bars do not rise, a bar is not above zero, or a reward is below zero.
        """
        one = numbers.kpi(self.measure)
        if self.who not in WHO:
            raise UnknownName(kind="kpi", name=self.who, allowed=WHO)
        bars = [step.bar for step in self.steps]
        double = self.double_until
        wrong = {
            "measure": bool(one.denominator or one.relation or one.recorded),
            "first, last": self.last < self.first,
            "double_until": double is not None and not self.first <= double <= self.last,
            "steps": not bars or bars != sorted(set(bars)) or bars[0] <= 0,
            "reward": any(not step.reward >= 0 for step in self.steps),
            "budget": self.budget <= 0,
        }
        for field, is_wrong in wrong.items():
            if is_wrong:
                raise PerfkitError("bad_contest", contest=self.code, field=field)


def _contest(code: str, body: Mapping[str, Any]) -> Contest:
    try:
        return Contest(
            code=code,
            names={lang: str(body[lang]) for lang in words.LANGS},
            first=body["first"],
            last=body["last"],
            who=body.get("who", EVERYBODY),
            measure=body["measure"],
            steps=tuple(Step(float(s["bar"]), float(s.get("reward", 0))) for s in body["steps"]),
            budget=float(body.get("budget", np.nan)),
            double_until=body.get("double_until"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PerfkitError("bad_contest", contest=code, field=str(error).strip("'")) from error


def read_contests(path: Path) -> dict[str, Contest]:
    """Read contests and clubs.

    Parameters
    ----------
    path : Path
        A TOML file: a table a contest, with en, zh, first, last, measure, steps (each with bar and
        reward), and where there are any who, budget, double_until.

    Returns
    -------
    dict of str to Contest

    Raises
    ------
    PerfkitError
        The file cannot be read, or a contest does not fit; contest and field are named.
    UnknownName
        A contest names an unknown KPI or unknown people.
    """
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PerfkitError("unreadable", path=path, why=error) from error
    return {code: _contest(code, body) for code, body in read.items()}


def _reached(values: pd.Series[float], steps: Sequence[Step]) -> np.ndarray:
    """Count the steps each value has reached; what is unknown has reached none."""
    bars = np.array([step.bar for step in steps])
    found: np.ndarray = np.searchsorted(bars, values.fillna(-np.inf).to_numpy(float), side="right")
    return found


def standing(book: Book, contest: Contest, *, unit: str, day: dt.date) -> pd.DataFrame:
    """Say where everybody who takes part stands.

    Parameters
    ----------
    book : Book
        One with agents.
    contest : Contest
        Which.
    unit : str
        Whose people.
    day : date
        How far it is looked at; after the contest's end, its last day.

    Returns
    -------
    DataFrame
        unit: the agent's path; value [the KPI's unit]; step: the highest one reached, 0 for none;
        next_bar, gap: to the next step, NaN at the highest [the KPI's unit]; days_left [working
        days]; doubled; reward so far [yuan]. Highest value first.

    Raises
    ------
    PerfkitError
        The contest has not begun.

    Notes
    -----
    A first-week double reward and nothing after it: `double_until` on the last day of the window.
    Source: district deck 2012, sections 26-28 (the first-week incentive).

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> days = [dt.date(2012, 9, n) for n in (1, 11, 30)]
    >>> one = Contest(
    ...     "week",
    ...     {},
    ...     days[0],
    ...     days[2],
    ...     "supervisors",
    ...     "cases",
    ...     (Step(1.0, 100.0),),
    ...     double_until=days[1],
    ... )
    >>> found = standing(open_book("district_one"), one, unit="D1", day=days[1])
    >>> int((found["step"] > 0).sum()), found["reward"].max().item()
    (22, 200.0)
    """
    if day < contest.first:
        raise PerfkitError("not_begun", contest=contest.code, first=contest.first, day=day)
    until = min(day, contest.last)
    early = min(until, contest.double_until) if contest.double_until else None
    now = _value(book, contest, until, unit)
    step = _reached(now["value"], contest.steps)
    before = np.zeros(len(now), dtype=int)
    if early:
        # Rank and unit are those of today: who took part then and takes part now.
        then = _value(book, contest, early, "", who=EVERYBODY)["value"]
        before = _reached(then.reindex(now.index), contest.steps)
    rewards = np.array([0.0, *(one.reward for one in contest.steps)])
    bars = np.array([*(one.bar for one in contest.steps), np.nan])
    left = 0
    if until < contest.last:
        left = workdays.working_days(until + dt.timedelta(days=1), contest.last)
    out = pd.DataFrame({"unit": now["unit"], "value": now["value"], "step": step})
    out["next_bar"] = bars[step]
    out["gap"] = out["next_bar"] - out["value"]
    # What was reached early counts twice, and never less than what was reached since.
    twice = 2 * rewards[before]
    paid = np.maximum(rewards[step], twice)
    out = out.assign(days_left=left, doubled=(paid > 0) & (paid == twice), reward=paid)
    return out.sort_values(["value", "unit"], ascending=[False, True], ignore_index=True)


def _value(
    book: Book, contest: Contest, until: dt.date, unit: str, *, who: str = ""
) -> pd.DataFrame:
    """Give unit and value by agent, from the contest's first day on."""
    span = spans.span(contest.first, until)
    found = brought(
        book,
        contest.measure,
        who=who or contest.who,
        period=[span],
        unit=unit or numbers.units(book)[0],
    )
    return found.set_index(found["unit"].str.rsplit("/", n=1).str[-1].rename("agent"))


def near(found: pd.DataFrame, *, within: float) -> pd.DataFrame:
    """List who is near the next step, the nearest first.

    Parameters
    ----------
    found : DataFrame
        What `standing` gives.
    within : float
        How much may be missing. [the KPI's unit]

    Returns
    -------
    DataFrame
        The rows whose gap is at most that, and above zero.

    Examples
    --------
    >>> near(pd.DataFrame({"unit": ["a", "b"], "gap": [5.0, 1.0]}), within=2.0)["unit"].tolist()
    ['b']
    """
    kept = found[(found["gap"] > 0) & (found["gap"] <= within)]
    return kept.sort_values(["gap", "unit"], ignore_index=True)


def cost(found: pd.DataFrame, contest: Contest) -> pd.Series[float]:
    """Lay what a contest costs so far beside its budget.

    Parameters
    ----------
    found : DataFrame
        What `standing` gives.
    contest : Contest
        Which.

    Returns
    -------
    Series
        winners [persons]; cost, budget, left [yuan]; used: cost over budget [rate]; NaN without
        a budget. What is reached after this day is not in it.

    Examples
    --------
    >>> day = dt.date(2012, 9, 1)
    >>> one = Contest("week", {}, day, day, "supervisors", "cases", (Step(1.0, 100.0),), 500.0)
    >>> cost(pd.DataFrame({"step": [1, 0], "reward": [100.0, 0.0]}), one)["used"].item()
    0.2
    """
    spent = float(found["reward"].sum())
    return pd.Series(
        {
            "winners": float((found["step"] > 0).sum()),
            "cost": spent,
            "budget": contest.budget,
            "left": contest.budget - spent,
            "used": spent / contest.budget,
        }
    )


def as_events(contests: Mapping[str, Contest], *, unit: str) -> pd.DataFrame:
    """Give contests as events of the work calendar.

    Parameters
    ----------
    contests : mapping of str to Contest
        What `read_contests` gives.
    unit : str
        Whose calendar.

    Returns
    -------
    DataFrame
        What `calendar.checked` gives.
    """
    rows = [
        {"event_id": f"contest-{one.code}", "unit_id": unit, "type": "contest"}
        | {"start": one.first, "end": one.last}
        | {f"title_{lang}": one.names.get(lang, "") for lang in words.LANGS}
        for one in contests.values()
    ]
    return checked(pd.DataFrame(rows, columns=None if rows else ["unit_id", "start", "type"]))
