"""The work rhythm of a year: which campaign and which meetings each month holds."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from perfkit import period as spans
from perfkit import words
from perfkit.errors import UnknownName

__all__ = ["every_month", "rhythm", "work_year"]

PARTS = ("campaigns", "every_month", "meetings")
BASES = ("stated", "proposal")
MONTHS = range(1, 13)
MARK = " *"  # months that are our proposal


@functools.cache
def rhythm() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Give campaigns, what every month holds, and meetings, as the data file has them.

    Raises
    ------
    UnknownName
        A part or basis is unknown, or a month is none.

    Notes
    -----
    Source: district deck 2012, section 25 (big and small rhythms), sections 11 to 20 (cycles).

    Examples
    --------
    >>> rhythm()["campaigns"]["april_may_link"]["months"]
    [4, 5]
    """
    text = Path(__file__).with_name("workyear.toml").read_text(encoding="utf-8")
    read: dict[str, Any] = tomllib.loads(text)
    for part, own in read.items():
        if part not in PARTS:
            raise UnknownName(kind="setting", name=part, allowed=PARTS)
        for one in own.values():
            if one.get("basis", BASES[0]) not in BASES:
                raise UnknownName(kind="setting", name=one["basis"], allowed=BASES)
            for month in one.get("months", ()):
                if month not in MONTHS:
                    raise UnknownName(kind="period", name=month, allowed=list(map(str, MONTHS)))
    return MappingProxyType(read)


def every_month(lang: str) -> str:
    """Name what every month holds.

    Examples
    --------
    >>> every_month("en")
    'first-week node, recruiting week, month-end sprint'
    """
    held = rhythm()["every_month"].values()
    return words.text("table.list", lang).join(str(one[lang]) for one in held)


def work_year(period: str, *, lang: str, targets: pd.Series[float] | None = None) -> pd.DataFrame:
    """Lay a year out month by month: target and its share, campaigns, meetings.

    Parameters
    ----------
    period : str
        The year.
    lang : {"zh", "en"}
        The reader's language.
    targets : Series, optional
        By month code. [yuan]

    Returns
    -------
    DataFrame
        By month, 1 to 12: target, share (of the year), campaigns and meetings (texts; a star marks
        months that are our proposal). NaN without targets. [yuan, rate]

    Examples
    --------
    >>> work_year("2013", lang="en")["campaigns"].loc[[4, 5, 6]].tolist()
    ['April–May link', 'April–May link', '']
    """
    months = [month.code for month in spans.months(spans.parse(period))]
    held = pd.Series(dtype=float) if targets is None else targets
    aim = held.reindex(months).astype(float)
    whole = aim.sum(skipna=False)
    out = pd.DataFrame({"target": aim.to_numpy()}, index=pd.Index(MONTHS, name="month"))
    out["share"] = (aim / whole).to_numpy()
    for part in ("campaigns", "meetings"):
        out[part] = [_held(part, month, lang) for month in MONTHS]
    return out


def _held(part: str, month: int, lang: str) -> str:
    """Name what a month holds; a star marks what is ours."""
    found = [
        str(one[lang]) + (MARK if one["basis"] == "proposal" else "")
        for one in rhythm()[part].values()
        if month in one["months"] and len(one["months"]) < len(MONTHS)
    ]
    return words.text("table.list", lang).join(found)
