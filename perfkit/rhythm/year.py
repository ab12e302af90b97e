"""The rhythm of the year: months with their seasons, small rhythms, days and events."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit import words, workdays
from perfkit.rhythm.calendar import within
from perfkit.rhythm.rules import Rules, Small

__all__ = ["small_days", "year"]


def small_days(month: str | spans.Period, small: Small) -> tuple[dt.date, dt.date] | None:
    """Give the first and last day of a small rhythm in a month.

    Parameters
    ----------
    month : str or Period
        Which.
    small : Small
        One of `Rules.small`.

    Returns
    -------
    tuple of date, or None
        None in a month with too few working days.

    Examples
    --------
    >>> from perfkit.rhythm.rules import read_rules
    >>> [day.isoformat() for day in small_days("2012-09", read_rules().small[0])]
    ['2012-09-03', '2012-09-07']
    """
    span = spans.parse(month)
    days = workdays.day_types(span.first, span.last)
    worked = days["date"][days["day_type"].isin(["workday", "make_up"])].tolist()
    places = [n - 1 if n > 0 else len(worked) + n for n in (small.first, small.last)]
    if places[0] < 0 or places[1] >= len(worked):
        return None
    return worked[places[0]], worked[places[1]]


def year(events: pd.DataFrame, period: str | spans.Period, rules: Rules) -> pd.DataFrame:
    """Lay out the months of a year, or of any span, with what gives them their rhythm.

    Parameters
    ----------
    events : DataFrame
        What `calendar.checked` gives.
    period : str or Period
        Which months.
    rules : Rules
        The office's seasons and small rhythms.

    Returns
    -------
    DataFrame
        month; season_zh, season_en; working_days, holidays [days]; weeks: those that end in it
        [weeks]; small_zh, small_en: small rhythms with their days; nodes: a tuple of dates;
        contests_zh, contests_en: tuples of titles; events: how many begin in the month without the
        nodes and contests [events]. Seasons and small rhythms are tuples of texts.

    Notes
    -----
    Source: big and small rhythms of district deck 2012, section 25.

    Examples
    --------
    >>> from perfkit.rhythm.calendar import generate
    >>> from perfkit.rhythm.rules import read_rules
    >>> rules = read_rules()
    >>> year(generate("2012", rules, unit="D1"), "2012", rules)["working_days"].sum().item()
    249
    """
    rows = []
    for month in spans.months(spans.parse(period)):
        days = workdays.day_types(month.first, month.last)["day_type"]
        here = within(events, month.first, month.last)
        begun = here.loc[np.array([day >= month.first for day in here["start"]], dtype=bool)]
        weeks = workdays.weeks(month.first, month.last, starts=rules.week_starts)
        row: dict[str, object] = {
            "month": month.code,
            "working_days": int(days.isin(["workday", "make_up"]).sum()),
            "holidays": int((days == "holiday").sum()),
            "weeks": len(weeks),
            "nodes": tuple(begun["start"][begun["type"] == "node"]),
            "events": int((~begun["type"].isin(["node", "contest", "season"])).sum()),
        }
        contests = here[here["type"] == "contest"]
        for lang in words.LANGS:
            seasons = [s for s in rules.seasons if month.first.month in s.months]
            row[f"season_{lang}"] = tuple(season.names[lang] for season in seasons)
            row[f"small_{lang}"] = _small(month, rules, lang)
            row[f"contests_{lang}"] = tuple(contests[f"title_{lang}"])
        rows.append(row)
    return pd.DataFrame(rows)


def _small(month: spans.Period, rules: Rules, lang: str) -> tuple[str, ...]:
    found = [(small.names[lang], small_days(month, small)) for small in rules.small]
    return tuple(f"{name} {d[0].day}–{d[1].day}" for name, d in found if d)
