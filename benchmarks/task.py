"""What every candidate computes: the KPIs, the levels and the periods of one request."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

AS_OF = dt.date(2012, 10, 31)
FIRST = dt.date(2011, 1, 1)  # whole years: the year to date begins within the facts
LARGE = 50_000  # yuan, as in book.toml
LEADING = ("supervisor", "senior_supervisor", "department_manager")
VARIANTS = {"fyc": "issued"}
KPIS = (
    "premium_submitted",
    "premium_issued",
    "premium_cancelled",
    "premium_net",
    "standard_premium_submitted",
    "standard_premium_issued",
    "fyc",
    "cases",
    "large_policy_count",
    "large_policy_premium",
    "large_policy_share",
    "average_case_size",
    "cooling_off_share",
    "headcount_opening",
    "headcount_closing",
    "headcount_average",
    "recruits",
    "leavers",
    "headcount_net_growth",
    "attrition_rate",
    "active_agents",
    "activity_rate",
    "cases_per_active",
    "cases_per_head",
    "premium_per_head",
    "premium_per_active",
)


def levels(book: str | Path) -> list[str]:
    """List the book's unit levels from its root down."""
    every = ["branch", "district", "department", "group"]
    text = (Path(book) / "book.toml").read_text(encoding="utf-8")
    return every[every.index(tomllib.loads(text)["root"]) :]


def _end(year: int, month: int) -> dt.date:
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def periods() -> dict[str, tuple[dt.date, dt.date]]:
    """Give every month, whole quarter and year to date of the two years: code to days."""
    out = {}
    year, month = FIRST.year, FIRST.month
    while dt.date(year, month, 1) <= AS_OF:
        first, last = dt.date(year, month, 1), _end(year, month)
        out[f"{year}-{month:02d}"] = (first, last)
        out[f"{year}-{month:02d}:ytd"] = (dt.date(year, 1, 1), last)
        if month % 3 == 0:
            out[f"{year}Q{month // 3}"] = (dt.date(year, month - 2, 1), last)
        year, month = year + month // 12, month % 12 + 1
    return out
