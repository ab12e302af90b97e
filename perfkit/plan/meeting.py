"""Meetings and what they look at: the focus of each, laid beside the numbers."""

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

from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.kpi import compare, computable, kpi
from perfkit.period import Period

__all__ = ["Focus", "Meeting", "focus_table", "meetings"]


@dataclass(frozen=True, slots=True)
class Focus:
    """One thing a meeting looks at: its name, its KPIs, and the question to ask."""

    names: Mapping[str, str]
    ask: Mapping[str, str]
    kpis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting: whose, how often, and its focus in order."""

    code: str
    level: str
    cycle: str
    names: Mapping[str, str]
    focus: tuple[Focus, ...]
    source: str


def _focus(body: dict[str, Any]) -> Focus:
    return Focus(
        names={"en": body["en"], "zh": body["zh"]},
        ask={"en": body["ask_en"], "zh": body["ask_zh"]},
        kpis=tuple(kpi(code).code for code in body["kpis"]),
    )


@functools.cache
def meetings() -> Mapping[str, Meeting]:
    """Give every meeting by code.

    Raises
    ------
    UnknownName
        A meeting names a KPI that the catalogue does not hold.

    Examples
    --------
    >>> meetings()["monthly_kpi"].focus[2].kpis
    ('activity_rate', 'supervisor_activity_rate')
    """
    path = Path(__file__).with_name("meetings.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            code: Meeting(
                code=code,
                level=body["level"],
                cycle=body["cycle"],
                names={"en": body["en"], "zh": body["zh"]},
                focus=tuple(_focus(one) for one in body["focus"]),
                source=body["source"],
            )
            for code, body in read.items()
        }
    )


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
