"""Meetings: who comes, the agenda with its minutes, and the focus laid beside the numbers."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from perfkit import words
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.kpi import compare, computable, kpi
from perfkit.period import Period
from perfkit.plan.rows import PlanRefused

__all__ = ["CYCLES", "Focus", "Item", "Meeting", "focus_table", "meeting", "meetings"]

CYCLES = ("annual", "quarterly", "monthly", "weekly", "occasion")
BASES = ("stated", "proposal")
LEVELS = ("branch", "district", "department")


@dataclass(frozen=True, slots=True)
class Focus:
    """One thing a meeting looks at: its name, its KPIs, and the question to ask."""

    names: Mapping[str, str]
    ask: Mapping[str, str]
    kpis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an agenda: its name, what it is about, and how long it takes. [minutes]"""

    names: Mapping[str, str]
    about: Mapping[str, str]
    minutes: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting.

    Attributes
    ----------
    code, level : str
        Its code, and whose it is: branch, district or department.
    cycles : tuple of str
        How often, of `CYCLES`.
    names : mapping
        By language.
    attend : tuple of str
        Who comes: roles, named in the words files.
    basis : str
        Whether the source states the agenda, or it is our proposal. Minutes are always ours.
    agenda, focus : tuple
        In order.
    guidance : tuple of mapping
        What the district does for a department whose meeting it guides; by language.
    source : str
        Where it is described.
    """

    code: str
    level: str
    cycles: tuple[str, ...]
    names: Mapping[str, str]
    attend: tuple[str, ...]
    basis: str
    agenda: tuple[Item, ...]
    focus: tuple[Focus, ...]
    guidance: tuple[Mapping[str, str], ...]
    source: str

    @property
    def minutes(self) -> int:
        """How long it takes. [minutes]"""
        return sum(item.minutes for item in self.agenda)


def _both(body: Mapping[str, Any], stem: str = "") -> dict[str, str]:
    return {lang: str(body[f"{stem}{lang}"]) for lang in words.LANGS}


def _focus(body: Mapping[str, Any]) -> Focus:
    codes = tuple(kpi(code).code for code in body["kpis"])
    return Focus(names=_both(body), ask=_both(body, "ask_"), kpis=codes)


def _item(code: str, body: Mapping[str, Any]) -> Item:
    minutes = body["minutes"]
    if not isinstance(minutes, int) or not 0 <= minutes <= 480:
        raise PlanRefused("minutes", place=code, value=minutes)
    return Item(names=_both(body), about=_both(body, "about_"), minutes=minutes)


def _known(name: str, allowed: tuple[str, ...]) -> str:
    if name not in allowed:
        raise UnknownName(kind="setting", name=name, allowed=allowed)
    return name


def read_meeting(code: str, body: Mapping[str, Any]) -> Meeting:
    """Check one entry of the data file.

    Raises
    ------
    UnknownName
        A KPI, role, cycle, level or basis is none.
    PlanRefused
        Minutes are no whole number from 0 to 480, or the meeting has no agenda.

    Examples
    --------
    >>> read_meeting("weekly", {"level": "moon"})
    Traceback (most recent call last):
    ...
    perfkit.errors.UnknownName: There is no setting 'moon'. Known: branch, district, department.
    """
    roles = tuple(words.table("meeting.role", "en"))
    level = _known(body["level"], LEVELS)
    agenda = tuple(_item(code, one) for one in body.get("agenda", ()))
    if not agenda:
        raise PlanRefused("no_agenda", place=code)
    return Meeting(
        code=code,
        level=level,
        cycles=tuple(_known(one, CYCLES) for one in body["cycles"]),
        names=_both(body),
        attend=tuple(_known(one, roles) for one in body["attend"]),
        basis=_known(body["basis"], BASES),
        agenda=agenda,
        focus=tuple(_focus(one) for one in body["focus"]),
        guidance=tuple(_both(one) for one in body.get("guidance", ())),
        source=body["source"],
    )


@functools.cache
def meetings() -> Mapping[str, Meeting]:
    """Give every meeting by code.

    Raises
    ------
    UnknownName, PlanRefused
        As `read_meeting`.

    Examples
    --------
    >>> meetings()["monthly_kpi"].focus[2].kpis
    ('activity_rate', 'supervisor_activity_rate')
    >>> len(meetings()), meetings()["monthly_kpi"].minutes
    (16, 110)
    """
    path = Path(__file__).with_name("meetings.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({code: read_meeting(code, body) for code, body in read.items()})


def meeting(code: str) -> Meeting:
    """Give one meeting.

    Raises
    ------
    UnknownName
        There is no such meeting.

    Examples
    --------
    >>> meeting("weekly_office").cycles
    ('weekly',)
    """
    if code not in meetings():
        raise UnknownName(kind="meeting", name=code, allowed=list(meetings()))
    return meetings()[code]


def focus_table(
    book: Book, meeting: str, *, by: str, period: str | Period, unit: str, lang: str
) -> pd.DataFrame:
    """Lay a meeting's focus beside the unit's numbers, with the question to ask.

    Parameters
    ----------
    book : Book
        Where the facts are.
    meeting : str
        Its code.
    by, period, unit : str, str or Period, str
        The unit's level, the days, and the unit.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    DataFrame
        focus, kpi, value, previous, year_ago, ask; one row a KPI, and one row with NaN for a
        focus without a KPI. The name and the question stand at the first row of a focus only.
        [the KPI's unit]

    Raises
    ------
    UnknownName
        There is no such meeting.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> f = focus_table(b, "monthly_kpi", by="district", period="2012-09", unit="D1", lang="en")
    >>> f["kpi"].iloc[0]
    'premium_submitted'
    """
    if meeting not in meetings():
        raise UnknownName(kind="meeting", name=meeting, allowed=list(meetings()))
    here = set(computable(book))
    focus = meetings()[meeting].focus
    codes = [code for one in focus for code in one.kpis if code in here]
    found = compare(book, codes, by=by, period=period, unit=unit)
    own = found[found["unit"] == unit].set_index("kpi")
    rows = []
    for one in focus:
        for place, code in enumerate(one.kpis or ("",)):
            numbers = [own[c].get(code, np.nan) for c in ("value", "previous", "year_ago")]
            name, ask = (one.names[lang], one.ask[lang]) if place == 0 else ("", "")
            rows.append([name, code, *numbers, ask])
    columns = ["focus", "kpi", "value", "previous", "year_ago", "ask"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:5], float))
