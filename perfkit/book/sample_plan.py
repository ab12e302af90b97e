"""What a sample book must come out as: the plan that the generator realises.

A plan is read from a calibration file (`read_plan`) or drawn from a seed (`sample_draw`);
both are realised by the same code. Days are whole numbers since 1970-01-01.
"""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.errors import PerfkitError

__all__ = [
    "NEVER",
    "RANKS",
    "Event",
    "Month",
    "Person",
    "Plan",
    "Span",
    "Target",
    "Units",
    "Window",
    "add_months",
    "day",
    "located",
    "read_plan",
    "refusal",
    "shape",
]

Ints = npt.NDArray[np.int64]
RANKS = ("trainee", "agent", "supervisor", "senior_supervisor", "department_manager")
NEVER = 2**31 - 1  # a day that does not come


@dataclass(frozen=True, slots=True)
class Units:
    """The unit tree, one entry a sales group, in the order of the groups.

    Attributes
    ----------
    root : str
        The level of the highest unit.
    codes : mapping of str to tuple of str
        Level column to the code of each group's unit at that level.
    department : array
        The number of each group's department, rising from 0.
    """

    root: str
    codes: Mapping[str, tuple[str, ...]]
    department: Ints

    @property
    def first_group(self) -> Ints:
        """The manager's own group of each department."""
        return np.unique(self.department, return_index=True)[1].astype(np.int64)

    def paths(self, *, departments: bool) -> list[str]:
        """Give the unit id of every department, or of the root alone."""
        levels = [name for name in self.codes if name != "group"]
        levels = levels if departments else levels[:1]
        rows = zip(*(self.codes[name] for name in levels), strict=True)
        return list(dict.fromkeys("/".join(row) for row in rows))


@dataclass(frozen=True, slots=True)
class Span:
    """What holds from the first of a month to a day of it, both included.

    Attributes
    ----------
    last : int
        The day. [day number]
    premium, cases : int
        Submitted in the span. [yuan, policies]
    active, supervisors_active : int
        Distinct agents who submitted, and those of them who lead people on the last day. [persons]
    supervisors : int or None
        How many lead people on the last day, where the plan says it. [persons]
    tilt : float
        Above 0 the days since the span before are loaded late, below 0 early.
    free : bool
        The premium of the days since the span before may give way to the plan's windows.
    large, writers : tuple of int
        Large policies of the days since the span before, and whose each one is. [yuan, number]
    """

    last: int
    premium: int
    cases: int
    active: int
    supervisors_active: int
    supervisors: int | None = None
    tilt: float = 0.0
    free: bool = False
    large: tuple[int, ...] = ()
    writers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its people, and its spans from the first on."""

    first: int
    last: int
    closing: int
    recruits: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """Supervisors who change on a day.

    `kind` is promote, promote_senior, demote, enter (from outside), exit or exit_manager (of
    `department`, numbered from 0).
    """

    on: int
    kind: str
    count: int = 1
    department: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the plan names by a code, with every later rank: (day, rank number)."""

    code: str
    joined: int
    department: int
    steps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A total over the policies issued in a span of days: premium or standard_premium. [yuan]"""

    first: int
    last: int
    measure: str
    total: int


@dataclass(frozen=True, slots=True)
class Target:
    """A year's target, its month weights, and rows that stand as they are."""

    year: int = 0
    total: int = 0
    weights: tuple[float, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a sample book must come out as.

    Attributes
    ----------
    seed : int
        What the rest is drawn from.
    opening, supervisors, seniors : int
        The force on the eve of the first month, and those of it who lead. [persons]
    shape : mapping
        How people and policies behave: the tables of sample.toml.
    """

    seed: int
    units: Units
    opening: int
    supervisors: int
    seniors: int
    months: tuple[Month, ...]
    events: tuple[Event, ...]
    people: tuple[Person, ...]
    windows: tuple[Window, ...]
    target: Target
    shape: Mapping[str, Any]
    book: Mapping[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The first day. [day number]"""
        return self.months[0].first

    @property
    def last(self) -> int:
        """The last day, the book's as_of. [day number]"""
        return self.months[-1].last


def refusal(what: str, wanted: object, possible: object) -> PerfkitError:
    """Say that a plan cannot be met; `located` adds where.

    Examples
    --------
    >>> refusal("supervisors", 21, 20).facts["wanted"]
    21
    """
    return PerfkitError("sample_plan", where="–", what=what, wanted=wanted, possible=possible)


@contextlib.contextmanager
def located(first: int, last: int) -> Iterator[None]:
    """Add the days to a refusal that happens inside. [day numbers]

    Raises
    ------
    PerfkitError
        The one that happened.

    Examples
    --------
    >>> try:
    ...     with located(0, 30):
    ...         raise refusal("supervisors", 21, 20)
    ... except PerfkitError as error:
    ...     error.facts["where"]
    '1970-01-01..1970-01-31'
    """
    try:
        yield
    except PerfkitError as error:
        start = dt.date(1970, 1, 1)
        days = (start + dt.timedelta(days=first), start + dt.timedelta(days=last))
        error.facts["where"] = f"{days[0]}..{days[1]}"
        raise


def day(date: dt.date) -> int:
    """Turn a date into a day number.

    Examples
    --------
    >>> day(dt.date(1970, 1, 2))
    1
    """
    return (date - dt.date(1970, 1, 1)).days


def add_months(days: Ints, months: Ints | int) -> Ints:
    """Move days on by whole months; the 31st becomes the last day of a shorter month.

    Examples
    --------
    >>> add_months(np.array([day(dt.date(2011, 11, 30))]), 3).astype("datetime64[D]").astype(str)
    array(['2012-02-29'], dtype='<U28')
    """
    dates = np.asarray(days, dtype="datetime64[D]")
    start = dates.astype("datetime64[M]")
    moved = start + np.asarray(months, dtype="timedelta64[M]")
    of_month = dates - start.astype("datetime64[D]")
    length = (moved + 1).astype("datetime64[D]") - moved.astype("datetime64[D]")
    last = length - np.timedelta64(1, "D")
    out = moved.astype("datetime64[D]") + np.minimum(of_month, last)
    return np.asarray(out.astype(np.int64))


def shape(own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give how an invented force behaves, with a calibration's own tables in place of ours.

    Examples
    --------
    >>> shape({"size": {"step": 10}})["size"]["step"]
    10
    """
    path = Path(__file__).with_name("sample.toml")
    merged: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, table in (own or {}).items():
        both = isinstance(table, dict) and isinstance(merged.get(name), dict)
        merged[name] = merged[name] | table if both else table
    return merged


def read_plan(path: Path) -> Plan:
    """Read a calibration file.

    Parameters
    ----------
    path : Path
        A TOML file like data/district_one/calibration.toml.

    Returns
    -------
    Plan

    Raises
    ------
    PerfkitError
        The file cannot be read, or lacks something.
    """
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        return _plan(read)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise PerfkitError("sample_calibration", path=path, why=why) from error


def _plan(read: Mapping[str, Any]) -> Plan:
    units, opening, target = read["units"], read["opening"], read.get("target", {})
    return Plan(
        seed=int(read["seed"]),
        units=tree(units["root"], units["code"], units["groups"]),
        opening=opening["headcount"],
        supervisors=opening["supervisors"],
        seniors=opening["seniors"],
        months=tuple(_month(m) for m in read["months"]),
        events=tuple(_event(e) for e in read.get("events", [])),
        people=tuple(_person(p) for p in read.get("people", [])),
        windows=tuple(_window(w) for w in read.get("windows", [])),
        target=Target(
            year=target.get("year", 0),
            total=target.get("total", 0),
            weights=tuple(target.get("weights", [])),
            rows=tuple(target.get("rows", [])),
        ),
        shape=shape(read.get("shape")),
        book=read.get("book", {}),
    )


def tree(root: str, code: str, groups: list[int], per_district: int = 0) -> Units:
    """Name the units below a root from the number of groups of each department.

    Examples
    --------
    >>> tree("district", "D1", [1, 2]).paths(departments=True)
    ['D1/01', 'D1/02']
    """
    counts = np.asarray(groups, dtype=np.int64)
    department = np.repeat(np.arange(counts.size), counts)
    number = np.arange(department.size) - np.repeat(np.cumsum(counts) - counts, counts)
    above = department // per_district if per_district else np.zeros_like(department)
    inside = department - above * per_district
    codes: dict[str, tuple[str, ...]] = {root: (code,) * department.size}
    if per_district:
        codes["district"] = tuple(f"D{k + 1:02d}" for k in above)
    codes["department"] = tuple(f"{k + 1:02d}" for k in inside)
    codes["group"] = tuple(f"{k + 1:02d}" for k in number)
    return Units(root=root, codes=codes, department=department)


def _month(read: Mapping[str, Any]) -> Month:
    first: dt.date = dt.date.fromisoformat(f"{read['month']}-01")
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return Month(
        first=day(first),
        last=day(last),
        closing=read["closing"],
        recruits=read["recruits"],
        spans=tuple(_span(s, first) for s in read["spans"]),
    )


def _span(read: Mapping[str, Any], first: dt.date) -> Span:
    large = read.get("large", [])
    return Span(
        last=day(first.replace(day=read["to"])),
        premium=read["premium"],
        cases=read["cases"],
        active=read["active"],
        supervisors_active=read["supervisors_active"],
        supervisors=read.get("supervisors"),
        tilt=float(read.get("tilt", 0.0)),
        free=read.get("free", False),
        large=tuple(large),
        writers=tuple(read.get("writers", range(len(large)))),
    )


def _event(read: Mapping[str, Any]) -> Event:
    return Event(day(read["on"]), read["kind"], read.get("count", 1), read.get("department", 1) - 1)


def _person(read: Mapping[str, Any]) -> Person:
    steps = tuple((day(on), RANKS.index(rank)) for on, rank in read["steps"])
    return Person(read["code"], day(read["joined_on"]), read["department"] - 1, steps)


def _window(read: Mapping[str, Any]) -> Window:
    return Window(day(read["first"]), day(read["last"]), read["measure"], read["total"])
