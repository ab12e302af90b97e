"""Numbers and words that a second look found wrong."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import books
import pytest

from perfkit import kpi, period
from perfkit.book import Book, check_book, open_book
from perfkit.errors import PerfkitError, UnknownName

AGENTS = """
agent_id district department group rank joined_on
A1 D1 01 1 agent 2010-01-01
A2 D1 02 1 agent 2010-01-01
"""


def daily(folder: Path, as_of: str, more: dict[str, str] | None = None) -> Book:
    """Write a book with one policy of 100 yuan on every day from 2011 on."""
    first, last = dt.date(2011, 1, 1), dt.date.fromisoformat(as_of)
    rows = ["policy_id agent_id submitted_on issued_on premium"]
    for n in range((last - first).days + 1):
        day = first + dt.timedelta(days=n)
        rows.append(f"P{n} A{n % 2 + 1} {day} {day} 100")
    tables = {"agents": AGENTS, "policies": "\n".join(rows), **(more or {})}
    settings = books.SETTINGS.replace("2012-06-30", as_of)
    return open_book(books.write(folder / "b", tables, settings))


def one(book: Book, code: str, asked: str, **more: object) -> dict[str, float]:
    (row,) = kpi.measure(book, [code], by="district", period=asked, **more).to_dict("records")
    return row


# --- a running week or business month against a year ago


@pytest.mark.parametrize(
    ("as_of", "asked", "days"),
    [
        ("2012-10-31", "2012-W44", 3),  # Monday to Wednesday
        ("2012-10-31", "2012-11:business", 6),  # 26 to 31 October
        ("2012-10-17", "2012-10:business", 22),  # 26 September to 17 October
        ("2012-10-31", "2012-W43", 7),
        ("2012-10-31", "2012-10:business", 30),
    ],
)
def test_growth_compares_as_many_days(tmp_path: Path, as_of: str, asked: str, days: int) -> None:
    row = one(daily(tmp_path, as_of), "premium_growth", asked)
    assert (row["numerator"], row["denominator"]) == (100 * days, 100 * days)


def test_a_cut_business_month_keeps_its_days_a_year_ago() -> None:
    cut = period.Period("x", "business", dt.date(2012, 10, 26), dt.date(2012, 10, 31))
    ago = period.year_ago(cut)
    assert (ago.first, ago.last) == (dt.date(2011, 10, 26), dt.date(2011, 10, 31))
    cut = period.Period("x", "week", dt.date(2012, 10, 30), dt.date(2012, 10, 31))
    ago = period.year_ago(cut)  # Tuesday and Wednesday of week 44
    assert (ago.first, ago.last) == (dt.date(2011, 11, 1), dt.date(2011, 11, 2))
