"""When in the month and in the year: pace, nodes, the work calendar, contests, seasons.

Every module is one of these; calls read as phrases::

    from perfkit.rhythm import node, pace

    seen = pace.follow(book, months, unit="D1", by="district")
    node.landing(seen, target, month="2012-09", day=day)
"""

from perfkit.rhythm import (
    calendar,
    conflict,
    contest,
    ics,
    month,
    monthplan,
    node,
    pace,
    points,
    pulled,
    rules,
    season,
    week,
    worth,
    year,
)
from perfkit.rhythm.standings import standings
from perfkit.rhythm.whole import calendar_of

__all__ = [
    "calendar",
    "calendar_of",
    "conflict",
    "contest",
    "ics",
    "month",
    "monthplan",
    "node",
    "pace",
    "points",
    "pulled",
    "rules",
    "season",
    "standings",
    "week",
    "worth",
    "year",
]
