"""Where units stand and which standards they will miss: worked by hand on small books."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from books import SETTINGS, tiny

from perfkit import explain
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, ReconcileError, UnknownName

AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       01         2     agent 2011-01-01 -
A3       D1       02         1     agent 2011-01-01 -
A4       D1       02         1     agent 2011-01-01 -
"""
POLICIES = """
policy_id agent_id submitted_on issued_on  premium
P0        A1       2011-06-03   2011-06-04 500
P1        A1       2012-05-10   2012-05-12 1000
P2        A1       2012-06-05   2012-06-06 3000
P3        A3       2012-06-07   2012-06-08 2000
P4        A4       2012-04-07   2012-04-08 2000
"""
STANDARDS = """
[[standards]]
name = "group maintenance"
level = "group"
kind = "maintain"
months = 3
from = 2012-01-01
until = 2012-07-01
at_least = { premium_submitted = 8000, activity_rate = 0.5 }
[[standards]]
name = "group maintenance"
level = "group"
kind = "maintain"
months = 3
from = 2012-07-01
at_least = { premium_submitted = 9000 }
"""


def small(folder: Path, more: str = "", as_of: str = "2012-06-15") -> Book:
    settings = SETTINGS.replace("2012-06-30", as_of) + more
    return open_book(tiny(folder, settings, agents=AGENTS, policies=POLICIES))


def test_a_place_among_sisters_and_the_unit_above(tmp_path: Path) -> None:
    book = small(tmp_path, as_of="2012-06-30")
    found = explain.standing(
        book,
        ["premium_submitted", "activity_rate"],
        by="department",
        period="2012-06",
        standards={"activity_rate": 0.4},
    ).set_index(["kpi", "unit"])
    first = found.loc[("premium_submitted", "D1/01")]
    assert first[["rank", "sisters", "best", "parent"]].tolist() == [1, 2, 3000, 2500]
    assert first[["previous", "gap_previous", "attainment_previous"]].tolist() == [1000, 2000, 3]
    assert first[["year_ago", "attainment_year_ago"]].tolist() == [500, 6]
    rate = found.loc[("activity_rate", "D1/02")]
    # One of two agents wrote in each department, two of four in the district: all share place 1.
    assert rate[["value", "rank", "parent"]].tolist() == [0.5, 1, 0.5]
    assert rate["gap_standard"] == pytest.approx(0.1)
    assert rate["attainment_standard"] == pytest.approx(1.25)
    assert np.isnan(rate["target"])


def test_less_is_better_for_a_kpi_that_should_fall_and_the_root_has_nobody_above() -> None:
    book = open_book("district_one")
    found = explain.standing(book, ["leavers"], by="department", period="2012-09")
    best = found.loc[found["rank"] == 1, "value"]
    assert (best == found["value"].min()).all()
    assert (found["gap_best"] >= 0).all()
    root = explain.standing(book, ["activity_rate", "cases"], by="district", period="2012-09")
    assert root["parent"].isna().all()
    assert root["rank"].tolist() == [1, 1]


def test_growth_over_the_same_business_days(tmp_path: Path) -> None:
    book = small(tmp_path)
    found = explain.same_days(book, ["premium_submitted"], by="district", period="2012-06")
    row = found.iloc[0]
    # 1-15 June 2012 are 11 working days; from 1 June 2011, with the Dragon Boat festival on the
    # 6th off, they end on the 16th.
    assert row[["working_days", "until"]].tolist() == [11, dt.date(2011, 6, 16)]
    assert row[["value", "year_ago", "growth"]].tolist() == [5000, 500, 9]
    early = explain.same_days(book, ["premium_submitted"], by="district", period="2011-06")
    assert early["year_ago"].isna().all()
    with pytest.raises(ReconcileError, match="working day"):
        explain.same_days(book, ["cases"], by="district", period="2012-06-09")


def test_who_will_miss_the_standard_and_how_many_weeks_are_left(tmp_path: Path) -> None:
    book = small(tmp_path, STANDARDS)
    found = explain.assess(book, by="group").set_index(["kpi", "unit"])
    ends = (dt.date(2012, 6, 30) - dt.date(2012, 6, 15)).days / 7
    done = 76 / 7  # 1 April to 15 June
    one = found.loc[("premium_submitted", "D1/01/1")]
    assert one[["have", "need", "gap", "share"]].tolist() == [4000, 8000, 4000, 0.5]
    assert one["weeks_left"] == pytest.approx(ends)
    assert one["a_week_needed"] == pytest.approx(4000 / ends)
    assert one["a_week_so_far"] == pytest.approx(4000 / done)
    assert one["status"] == "at_risk"
    assert found.loc[("activity_rate", "D1/01/1"), "status"] == "met"
    assert found.loc[("activity_rate", "D1/01/2"), "status"] == "at_risk"
    short = explain.at_risk(found.reset_index())
    assert short["unit"].tolist() == ["D1/01/2", "D1/01/1", "D1/02/1"]
    assert short["share"].tolist() == [0, 0.5, 0.5]


def test_a_window_that_is_over_is_missed_and_the_next_law_holds_later(tmp_path: Path) -> None:
    book = small(tmp_path, STANDARDS, as_of="2012-07-15")
    over = explain.assess(book, by="group", day=dt.date(2012, 6, 30)).set_index(["kpi", "unit"])
    assert over.loc[("premium_submitted", "D1/02/1"), "status"] == "missed"
    assert over["weeks_left"].eq(0).all()
    later = explain.assess(book, by="group")
    assert later["need"].unique().tolist() == [9000]
    assert later["window"].unique().tolist() == ["2012Q3"]


def test_a_gap_that_the_pace_covers_is_no_risk(tmp_path: Path) -> None:
    law = STANDARDS.replace("8000", "4300")
    found = explain.assess(small(tmp_path, law), by="group").set_index(["kpi", "unit"])
    # 4000 in 10.9 weeks is 368 a week; the other 300 take 140 a week.
    assert found.loc[("premium_submitted", "D1/01/1"), "status"] == "on_pace"


def test_promotion_is_held_against_its_own_criteria_over_half_a_year(tmp_path: Path) -> None:
    law = """
[[standards]]
name = "to senior department"
level = "department"
kind = "promote"
months = 6
from = 2012-01-01
at_least = { premium_submitted = 5000, headcount_closing = 2 }
"""
    found = explain.assess(small(tmp_path, STANDARDS + law), by="department", kind="promote")
    one = found.set_index(["kpi", "unit"]).loc[("premium_submitted", "D1/01")]
    # 4,000 in 167 days, 1,000 in 15 more: 168 a week so far, 467 a week from now on.
    assert one[["window", "have", "gap", "status"]].tolist() == ["2012H1", 4000, 1000, "at_risk"]
    assert one["a_week_so_far"] == pytest.approx(4000 / (167 / 7))
    assert one["a_week_needed"] == pytest.approx(1000 / (15 / 7))
    assert found.loc[found["kpi"] == "headcount_closing", "status"].tolist() == ["met", "met"]


def test_no_standard_and_no_facts_are_refused(tmp_path: Path) -> None:
    book = small(tmp_path, STANDARDS)
    with pytest.raises(ReconcileError, match="department"):
        explain.assess(book, by="department")
    with pytest.raises(ReconcileError, match="holds on"):
        explain.assess(book, by="group", kind="promote")
    with pytest.raises(ReconcileError, match="2012-07-01"):
        explain.assess(book, by="group", day=dt.date(2012, 7, 1))
    law = STANDARDS.replace("premium_submitted", "premium_submited")
    misspelt = small(tmp_path / "x", law)
    with pytest.raises(UnknownName, match="premium_submitted"):
        explain.assess(misspelt, by="group")


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('level = "group"', 'level = "branch"', "level"),
        ('kind = "maintain"', 'kind = "keep"', "kind"),
        ("months = 3", "months = 5", "months"),
        ("until = 2012-07-01", "until = 2011-07-01", "until"),
        ("until = 2012-07-01", "", "from"),
        ("= 8000", "= 0", "at_least"),
        ("from = 2012-01-01", "", "from"),
        ("months = 3", "months = 3\nmonth = 3", "month"),
        ("from = 2012-01-01", 'from = "2012"', "from"),
    ],
)
def test_standards_are_checked_when_the_book_is_opened(
    tmp_path: Path, was: str, now: str, told: str
) -> None:
    assert was in STANDARDS
    with pytest.raises(PerfkitError, match=rf"standards.*{told}"):
        small(tmp_path, STANDARDS.replace(was, now, 1))
