"""Days of joining, confirming, leaving and licensing, moved within their month; no KPI moves.

A day may go anywhere in its calendar month as long as everything that a definition compares
stays as it was: the order of an agent's own days, and their order with that agent's moves,
policies and daily activity; the order of full years of service and policies; where a recruiter
sat that day, and whether it was the first of a unit; who was in force on as_of; and the days on
which cohorts mature
(who left, or was confirmed, before completing N months, and whose cohort was mature on as_of).
Month ends then count the same people, and every cohort keeps its members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from perfkit.book import Book
from perfkit.book.sample_plan import add_months

__all__ = ["moved_days"]

MOVED = ("joined_on", "confirmed_on", "left_on", "licensed_on")
_FIXED = (("moves", "on"), ("policies", "submitted_on"), ("daily", "date"))
ROUNDS = 60
EPOCH = 719163  # the day number of 1970-01-01
NONE = -1  # no such day
YEARS = (1, 3, 5)  # of service that definitions tell apart
DAYS = 1 << 22  # more than there are days until the year 9999

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def moved_days(
    book: Book, tables: Mapping[str, pd.DataFrame], rng: np.random.Generator
) -> tuple[pd.DataFrame, int]:
    """Move the days of agents within their months.

    Parameters
    ----------
    book : Book
        Says as_of and roster_from.
    tables : mapping of str to DataFrame
        The typed tables at home. [day numbers]
    rng : Generator
        Draws the days.

    Returns
    -------
    tuple of DataFrame and int
        The agents with other days, and how many days stay where they were. [rows]
    """
    agents = tables["agents"]
    columns = [c for c in MOVED if c in agents]
    days = {c: agents[c].fillna(NONE).to_numpy(dtype=np.int64) for c in columns}
    bounds = {c: _bounds(agents["agent_id"], days[c], tables) for c in columns}
    limits = (book.as_of.toordinal(), book.roster_from.toordinal(), book.roster_from.day == 1)
    others = _Others.of(tables, levels=book.levels, as_of=limits[0])

    def compared(these: Mapping[str, Ints]) -> Ints:
        return np.column_stack([_compared(these, *limits), others.compared(these["joined_on"])])

    wanted = compared(days)
    found = {c: day.copy() for c, day in days.items()}
    pending = np.ones(len(agents), dtype=bool)
    for _ in range(ROUNDS):
        drawn = _draw(days, bounds, rng)
        fits = (compared(drawn) == wanted).all(axis=1) & pending
        for c in columns:
            found[c][fits] = drawn[c][fits]
        pending &= ~fits
        if not pending.any():
            break
    stayed = sum(int(((found[c] == days[c]) & (days[c] != NONE)).sum()) for c in columns)
    moved = {c: pd.Series(found[c], agents.index).where(days[c] != NONE) for c in columns}
    return agents.assign(**moved), stayed


@dataclass(frozen=True)
class _Others:
    """What a day of joining is compared with that is not the agent's own day.

    Attributes
    ----------
    sold : array
        The days of policies, sorted by agent: agent and day in one number.
    moved : array
        The days of moves, likewise.
    recruiter : array
        Each agent's recruiter as a number; -1 without one.
    entered : array
        The first day that anybody moved to the agent's first unit. [day numbers]
    as_of : int
        The day of the extract. [day number]
    """

    sold: Ints
    moved: Ints
    recruiter: Ints
    entered: Ints
    as_of: int

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], levels: Sequence[str], as_of: int) -> _Others:
        """Sort what the agents did, each by a number."""
        agents = tables["agents"]
        who = pd.Index(agents["agent_id"])

        def keys(table: str, column: str) -> Ints:
            if table not in tables or column not in tables[table]:
                return np.zeros(0, dtype=np.int64)
            rows = tables[table][["agent_id", column]].dropna()
            own = who.get_indexer(rows["agent_id"]).astype(np.int64)
            return np.sort(own * DAYS + rows[column].to_numpy(dtype=np.int64))

        named = agents.get("recruiter_id", pd.Series(None, agents.index, dtype=object))
        entered = np.zeros(len(agents), dtype=np.int64)
        if "moves" in tables and len(tables["moves"]):
            first = tables["moves"].groupby(list(levels))["on"].min().rename("entered")
            found = agents[list(levels)].join(first, on=list(levels))["entered"]
            entered = found.fillna(0).to_numpy(dtype=np.int64)
        recruiter = who.get_indexer(named.fillna("")).astype(np.int64)
        sold, moved = keys("policies", "submitted_on"), keys("moves", "on")
        return cls(sold, moved, recruiter, entered, as_of)

    def compared(self, joined: Ints) -> Ints:
        """Lay out what the definitions compare with a day of joining, one row an agent."""
        own = np.arange(len(joined)) * DAYS
        parts = [np.sign(joined - self.entered)]
        for years in YEARS:
            full = add_months(joined - EPOCH, np.full_like(joined, 12 * years)) + EPOCH
            parts += [np.searchsorted(self.sold, own + full), (full > self.as_of).astype(np.int64)]
        theirs = np.searchsorted(self.moved, self.recruiter * DAYS + joined, side="right")
        parts.append(np.where(self.recruiter < 0, 0, theirs))
        return np.column_stack(parts)


def _months(days: Ints) -> Ints:
    """Count the months since 1970-01 of each day."""
    return (days - EPOCH).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first(months: Ints) -> Ints:
    """Give the first day of each month."""
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(days + EPOCH, dtype=np.int64)


def _bounds(
    who: pd.Series[str], days: Ints, tables: Mapping[str, pd.DataFrame]
) -> tuple[Ints, Ints]:
    """Give the first and last day each may go to: in its month, between the agent's fixed days."""
    month = _months(days)
    low, high = _first(month), _first(month + 1) - 1
    parts = [
        tables[t][["agent_id", c]].rename(columns={c: "fixed"}).dropna()
        for t, c in _FIXED
        if t in tables and c in tables[t]
    ]
    fixed = pd.concat(parts).astype({"fixed": np.int64}) if parts else pd.DataFrame()
    if not len(fixed):
        return low, high
    fixed = fixed.drop_duplicates().sort_values("fixed")
    own = pd.DataFrame({"agent_id": who.to_numpy(), "day": days, "at": np.arange(len(days))})
    own = own.sort_values("day")
    near = {
        way: pd.merge_asof(
            own, fixed, left_on="day", right_on="fixed", by="agent_id", direction=way
        )
        .set_index("at")["fixed"]
        .reindex(range(len(days)))
        for way in ("backward", "forward")
    }
    before = near["backward"].fillna(0).to_numpy(dtype=np.int64)
    after = near["forward"].fillna(high.max() + 1).to_numpy(dtype=np.int64)
    pinned = (before == days) | (after == days) | (days == NONE)
    low, high = np.maximum(low, before + 1), np.minimum(high, after - 1)
    return np.where(pinned, days, low), np.where(pinned, days, high)


def _draw(
    days: Mapping[str, Ints], bounds: Mapping[str, tuple[Ints, Ints]], rng: np.random.Generator
) -> dict[str, Ints]:
    """Draw a day for each; days that are equal stay equal."""
    out: dict[str, Ints] = {}
    for column, own in days.items():
        low, high = bounds[column]
        drawn = rng.integers(low, high + 1)
        for other, made in out.items():
            drawn = np.where(own == days[other], made, drawn)
        out[column] = np.where(own == NONE, NONE, drawn)
    return out


def _compared(days: Mapping[str, Ints], as_of: int, roster: int, month_begins: bool) -> Ints:
    """Lay out everything that a definition compares, one row an agent: it must stay the same."""
    columns = list(days)
    parts: list[Ints | Bools] = []
    for i, one in enumerate(columns):
        parts += [np.sign(days[one] - days[other]) for other in columns[:i]]
        parts.append(days[one] > as_of)
    joined = days["joined_on"]
    for limit in (as_of, as_of + 1):
        parts.append(_completing(joined, np.full_like(joined, limit)) <= limit)
    entered = np.sign(_completing(joined, np.full_like(joined, roster)) - roster)
    parts.append(joined >= roster if month_begins else entered)
    if "left_on" in days:
        parts.append(days["left_on"] >= _completing(joined, days["left_on"]))
    if "confirmed_on" in days:
        parts.append(days["confirmed_on"] <= _completing(joined, days["confirmed_on"]))
    return np.column_stack([np.asarray(part, dtype=np.int64) for part in parts])


def _completing(joined: Ints, day: Ints) -> Ints:
    """Give the day in the month of `day` on which those who joined complete whole months."""
    months = _months(day) - _months(joined)
    return np.asarray(add_months(joined - EPOCH, months) + EPOCH, dtype=np.int64)
