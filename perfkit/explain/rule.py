"""A new alarm rule: tried on the units' own past first, and only then kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from perfkit.book import Book
from perfkit.book.amend import set_alarms
from perfkit.book.settings import ALARMS, read_alarms
from perfkit.explain.follow import backtest

__all__ = ["Rule", "save_rule", "try_rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Alarm settings, with how often they would have fired.

    Attributes
    ----------
    alarms : mapping of str to float
        The settings, complete.
    fired : DataFrame
        unit, kpi, tested, yellow, red, raised, a_year as `backtest` gives them, and each but tested
        again as now_: under the settings as they are. [periods; a_year raised ones a year]
    """

    alarms: Mapping[str, float]
    fired: pd.DataFrame


def try_rule(
    frame: pd.DataFrame, changes: Mapping[str, float], *, alarms: Mapping[str, float] = ALARMS
) -> Rule:
    """Try changed settings on the units' own past, beside those in force.

    Parameters
    ----------
    frame : DataFrame
        As for `watch_history`, all periods in order.
    changes : mapping
        Setting → value to try, such as ``{"yellow": 0.99}``.
    alarms : mapping, optional
        The book's settings as they are.

    Returns
    -------
    Rule

    Raises
    ------
    PerfkitError
        There is no such setting, or it is out of its range.

    Examples
    --------
    >>> months = [f"2012-{m:02d}" for m in range(1, 13)]
    >>> frame = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months})
    >>> frame["value"] = [50.0, 52, 49, 51, 50, 52, 48, 50, 46, 50, 51, 50]
    >>> rule = try_rule(frame, {"yellow": 0.99})
    >>> rule.fired[["tested", "raised", "now_raised"]].values.tolist()
    [[4, 0, 1]]
    """
    tried = read_alarms({**alarms, **changes}, Path("book.toml"))
    fired, now = (backtest(frame, alarms=chosen) for chosen in (tried, alarms))
    beside = now.drop(columns="tested").set_index(["unit", "kpi"]).add_prefix("now_")
    return Rule(tried, fired.join(beside, on=["unit", "kpi"]))


def save_rule(book: Book, rule: Rule) -> Path:
    """Keep a rule that was tried: write its settings into the book's book.toml.

    Parameters
    ----------
    book : Book
        Whose.
    rule : Rule
        What `try_rule` gave.

    Returns
    -------
    Path
        The book.toml; the book has to be opened again.

    Raises
    ------
    PerfkitError
        The book came with perfkit, or the disk refuses.
    """
    return set_alarms(book, rule.alarms)
