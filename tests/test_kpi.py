"""Numbers worked out by hand on eight agents, nine policies and four moves of two departments."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import books
import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import Book, open_book
from perfkit.errors import BadPeriod, PerfkitError, UnknownName

# A1 leads department 01 all along.            A5 leaves on 15 February (14th is the last day).
# A2 goes from 01 to 02 on 10 February.        A6 comes on 3 and goes on 20 February.
# A3 is promoted on 1 February.                A7 comes on 5 March.
# A4 is demoted on 1 March.                    A8 never writes anything.
# A8 becomes a quasi-supervisor on 15 February.
AGENTS = """
agent_id district department group rank       joined_on  left_on    segment confirmed_on licensed_on recruiter_id
A1       D1       01         1     supervisor 2011-01-01 -          urban   2011-04-01   2010-12-01  -
A2       D1       01         1     agent      2011-01-01 -          urban   2011-04-01   2012-02-20  A1
A3       D1       01         2     agent      2011-01-01 -          urban   2011-04-01   2011-01-01  A1
A4       D1       02         1     supervisor 2011-01-01 -          rural   2011-04-01   2011-01-01  -
A5       D1       02         1     agent      2011-01-01 2012-02-15 rural   2012-02-10   -           A4
A6       D1       02         1     agent      2012-02-03 2012-02-20 rural   -            2012-02-19  A4
A7       D1       01         2     agent      2012-03-05 -          urban   -            -           A2
A8       D1       02         1     agent      2011-06-01 -          urban   2012-02-29   -           -
"""  # noqa: E501
MOVES = """
agent_id on         district department group rank
A2       2012-02-10 D1       02         1     agent
A3       2012-02-01 D1       01         2     supervisor
A4       2012-03-01 D1       02         1     agent
A8       2012-02-15 D1       02         1     quasi
"""
# A5 is recorded once after leaving; the empty cells are days on which nothing was recorded.
DAILY = """
agent_id date       attended visits prospects new_prospects events
A1       2012-02-01 1        3      20        2             1
A1       2012-02-02 0        -      22        2             -
A5       2012-02-14 1        2      10        0             0
A5       2012-02-20 -        1      -         -             -
A1       2012-03-01 1        5      25        3             1
"""
# C5 has no recruiter, and so no unit.
RECRUITS = """
candidate_id recruiter_id listed_on  seminar_on class_on   signed_on  licensed_on dropped_on
C1           A4           2012-01-10 2012-01-20 2012-02-01 2012-02-03 2012-02-19  -
C2           A3           2012-02-05 2012-02-08 -          -          -           -
C3           A1           -          2012-02-10 2012-02-12 -          2012-02-25  2012-02-29
C4           A2           2012-02-28 -          -          -          -           -
C5           -            2012-02-02 2012-02-08 -          -          -           -
"""
RANKS = """
agent = false
quasi = false
supervisor = true
senior_supervisor = true
department_manager = true
"""
SETTINGS = books.SETTINGS.replace("agent = false\nsupervisor = true\n", f"trainee = false{RANKS}")
SETTINGS = SETTINGS.replace("[title]", "first_week_day = 12\n[title]")
SETTINGS += '[roles]\nquasi_supervisor = ["quasi"]\n'
# P1 is exactly at large_policy, P2 at ten_k, P4 at tier_near_high, P7 at effective, and A2's
# February (P2 + P3) at tier_high; P5, P8 and P9 are one fen below effective, near_high, high.
# P5 is never issued, P4 is cancelled in March, P6 is issued the day after its agent left.
POLICIES = """
policy_id agent_id submitted_on issued_on  premium  standard_premium fyc  cancelled_on lapsed_on
P0        A1       2011-12-20   2011-12-22 700      700              70   - -
P1        A1       2012-01-10   2012-01-12 50000    50000            5000 - -
P2        A2       2012-02-05   2012-02-08 10000    8000             1000 - -
P3        A2       2012-02-20   2012-03-02 3000     3000             300  - -
P4        A3       2012-02-12   2012-02-14 6600     6600             660  2012-03-01 -
P5        A4       2012-02-25   -          4999.99  2500             -    - -
P6        A5       2012-02-14   2012-02-16 60000.01 6000             600  - -
P7        A6       2012-02-19   2012-02-19 5000     5000             500  - -
P8        A7       2012-03-31   2012-04-02 6599.99  6599.99          659  - -
P9        A1       2012-03-01   2012-03-05 12999.99 12999.99         1300 - -
"""
TARGETS = """
unit_id period  kpi              version value
D1      2012-01 premium_issued   plan    100
D1      2012-02 premium_issued   plan    200
D1      2012-03 premium_issued   plan    300
D1      2012-04 premium_issued   plan    -
D1      2012-05 premium_issued   plan    500
D1      2012-02 premium_issued   stretch 900
D1      2012Q2  premium_issued   plan    -
D1      2012H1  premium_issued   plan    5000
D1      2012-02-01..2012-02-29 activity_rate plan 0.5
D1      2012-01 activity_rate    plan    0.4
D1      2012-03 activity_rate    plan    0.6
D1      2012-02 headcount_closing plan   7
D1/01   2012-02 premium_issued   plan    120
D1/02   2012-02 premium_issued   plan    80
D1/02   2012-03 premium_issued   plan    -
"""
NAN = float("nan")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    tables = {"agents": AGENTS, "moves": MOVES, "policies": POLICIES, "targets": TARGETS}
    tables |= {"daily": DAILY, "recruits": RECRUITS}
    settings = SETTINGS.replace("as_of", "roster_from = 2011-01-01\nas_of")
    return open_book(books.write(tmp_path_factory.mktemp("book"), tables, settings))


def values(found: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Give unit and KPI to value, of one period."""
    assert found["period"].nunique() == 1
    keys = zip(found["unit"], found["kpi"], strict=True)
    return dict(zip(keys, found["value"], strict=True))


def one(book: Book, code: str, period: str, unit: str = "D1", **more: Any) -> float:
    """Give one number."""
    by = ("district", "department", "group", "agent")[unit.count("/")]
    found = kpi.measure(book, [code], by=by, period=period, **more)
    (value,) = found.loc[found["unit"] == unit, "value"]
    return float(value)


def is_close(got: float, expected: float) -> bool:
    return got == pytest.approx(expected, rel=1e-12, abs=0, nan_ok=True)


# --- every KPI once, in February 2012

# In force at the end of 31 January: A1 A2 A3 | A4 A5 A8 = 3 + 3; of 29 February: A1 A3 | A2 A4 A8
# = 2 + 3; average (6 + 5) / 2 = 5.5. Submitted in February: P2..P7, by A2 A3 A4 A5 A6; their sum
# is 10,000 + 3,000 + 6,600 + 4,999.99 + 60,000.01 + 5,000 = 89,600. Issued: P2 P4 P6 P7, by
# A2 A3 A5 A6, 10,000 + 6,600 + 60,000.01 + 5,000 = 81,600.01.
PREMIUM, ISSUED, HEADS = 89600.0, 81600.01, 5.5
FEBRUARY = {
    "headcount_opening": 6,
    "headcount_closing": 5,
    "headcount_average": HEADS,
    "recruits": 1,  # A6
    "leavers": 2,  # A5 A6
    "headcount_net_growth": -1,
    "transfers_net": 0,
    "recruit_rate": 1 / 6,
    "attrition_rate": 2 / 6,
    "supervisors": 3,  # on the 29th: A1, A3 since the 1st, A4 until 1 March
    "active_agents": 5,
    "activity_rate": 5 / HEADS,
    "supervisors_active": 2,  # A3 A4
    "supervisor_activity_rate": 2 / 3,
    "cases": 6,
    "cases_per_active": 6 / 5,
    "cases_per_head": 6 / HEADS,
    "average_case_size": PREMIUM / 6,
    "premium_submitted": PREMIUM,
    "premium_issued": ISSUED,
    "premium_cancelled": 0,  # P4 is cancelled in March
    "premium_net": ISSUED,
    "standard_premium_submitted": 31100,  # 8,000 + 3,000 + 6,600 + 2,500 + 6,000 + 5,000
    "standard_premium_issued": 25600,  # 8,000 + 6,600 + 6,000 + 5,000
    "fyc": 3060,  # submitted, as the book's stage: 1,000 + 300 + 660 + none + 600 + 500
    "premium_per_head": PREMIUM / HEADS,
    "premium_per_active": PREMIUM / 5,
    "ten_k_agents": 2,  # A2 13,000, A5 60,000.01
    "ten_k_share": 2 / HEADS,
    "effective_agents": 4,  # A2 A3 A5, A6 with exactly 5,000; not A4 with 4,999.99
    "effective_share": 4 / HEADS,
    "tier_high_agents": 2,  # A2 with exactly 13,000, A5
    "tier_near_high_agents": 1,  # A3 with exactly 6,600
    "tier_ordinary_agents": 2,  # A4 A6
    "tier_high_share": 2 / HEADS,
    "tier_near_high_share": 1 / HEADS,
    "tier_ordinary_share": 2 / HEADS,
    "tier_high_premium_share": (13000 + 60000.01) / PREMIUM,
    "large_policy_count": 1,  # P6
    "large_policy_premium": 60000.01,
    "large_policy_share": 60000.01 / PREMIUM,
    "large_writers": 1,
    "large_writer_premium_share": 60000.01 / PREMIUM,
    "cooling_off_share": 0,
    # Thirteen months before joined A1 to A5, of whom A5 leaves after the day they are complete.
    # Nobody joined three or seven months before, nothing was issued; see test_cohort.
    "confirmation_3m": NAN,
    "retention_3m": NAN,
    "retention_7m": NAN,
    "retention_13m": 5 / 5,
    "persistency_13m": NAN,
    "persistency_25m": NAN,
    "standard_premium_per_head": 31100 / HEADS,
    "fyc_trainee": 0,
    "fyc_agent": 2400,  # P2 P3 P6 P7: 1,000 + 300 + 600 + 500
    "fyc_supervisor": 660,  # P4 of A3; P5 of A4 has none
    "fyc_senior_supervisor": 0,
    "fyc_department_manager": 0,
    "supervisor_own_premium": 11599.99 / 2.5,  # P4 P5; two lead before the 1st, three on the 29th
    "group_mean_premium": PREMIUM / 3,
    "premium_growth": NAN,  # nothing is known of February 2011
    "share_of_parent": NAN,  # nothing stands above the district
    "target_attainment": ISSUED / 200,
    "year_progress": NAN,  # April has no plan
    "first_week_share": 16600 / PREMIUM,  # P2 and P4, to the 12th
    "supervisors_first_week_rate": 1 / 3,  # A3, of A1 A3 A4
    "attendance_rate": 2 / 3,  # of the three days on which it was recorded
    "visits": 6,  # one of them by A5 after leaving
    "prospects_per_agent": 52 / 3,  # 20, 22, 10
    "new_prospects": 4,
    "events_attended": 1,
    "candidates_open": 2,  # C2 C4; C3 was given up on the 29th
    "seminar_and_class_attendance": 4,
    "seminar_attendance": 2,  # C2 C3
    "class_attendance": 2,  # C1 C3
    "candidates_signed": 1,
    "candidates_licensed": 2,  # C1 C3
    "recruits_direct": 1,  # A6 by A4
    "recruits_indirect": 0,
    "recruits_unassigned": 0,
    "supervisors_recruiting": 1,  # A4
    "supervisor_recruiting_rate": 1 / 3,
    "licensed_share": 4 / 5,  # A1 A2 A3 A4
    "regular_agents": 5,  # all, A8 on the last day
    "regular_agent_growth_rate": 1 / 4,
    "urban_share": 4 / 5,
    "rural_share": 1 / 5,
    "departments": 2,
    "groups": 3,
    "group_change": 0,
    "groups_promoted": 0,  # A3's group had been there
    "groups_15_up": 0,
    "groups_10_to_14": 0,
    "groups_under_10": 3,
    "mean_group_headcount": HEADS / 3,
    "headcount_trainee": 0,
    "headcount_agent": 1,  # A2
    "headcount_supervisor": 3,
    "headcount_senior_supervisor": 0,
    "headcount_department_manager": 0,
    "headcount_under_1y": 1,  # A8, since June
    "headcount_1_to_3y": 4,
    "headcount_3_to_5y": 0,
    "headcount_5y_up": 0,
    "quasi_supervisors": 1,  # A8
    "quasi_supervisor_change": 1,
    "promotions": 2,  # A3 A8
    "promotions_supervisor": 1,
    "promotions_senior_supervisor": 0,
    "promotions_department_manager": 0,
}
# Every variant of these is worked out in test_cohort.
COHORTS = {"confirmation_3m", "persistency_13m", "persistency_25m"}
VARIANTS = {
    ("recruit_rate", "average"): 1 / HEADS,
    ("attrition_rate", "average"): 2 / HEADS,
    ("attrition_rate", "opening_and_recruits"): 2 / (6 + 1),
    ("active_agents", "issued"): 4,
    ("active_agents", "monthly_mean"): 5,
    ("active_agents", "by_amount"): 5,
    ("activity_rate", "issued"): 4 / HEADS,
    ("activity_rate", "opening"): 5 / 6,
    ("activity_rate", "closing"): 5 / 5,
    ("activity_rate", "monthly_mean"): 5 / HEADS,
    ("activity_rate", "by_amount"): 5 / HEADS,
    ("supervisors_active", "issued"): 1,  # A3; P5 of A4 was never issued
    ("supervisor_activity_rate", "issued"): 1 / 3,
    ("cases", "issued"): 4,
    ("cases_per_active", "issued"): 4 / 4,
    ("cases_per_active", "by_amount"): 6 / 5,
    ("premium_per_active", "by_amount"): PREMIUM / 5,
    ("cases_per_head", "issued"): 4 / HEADS,
    ("average_case_size", "issued"): ISSUED / 4,
    ("fyc", "issued"): 2760,  # 1,000 + 660 + 600 + 500
    ("premium_per_head", "issued"): ISSUED / HEADS,
    ("premium_per_active", "issued"): ISSUED / 4,
    ("ten_k_agents", "issued"): 2,  # A2 exactly 10,000, A5
    ("ten_k_share", "issued"): 2 / HEADS,
    ("effective_agents", "issued"): 4,
    ("effective_share", "issued"): 4 / HEADS,
    ("tier_high_agents", "issued"): 1,  # A5; P3 of A2 is issued in March
    ("tier_near_high_agents", "issued"): 2,  # A2 A3
    ("tier_ordinary_agents", "issued"): 1,  # A6
    ("tier_high_share", "issued"): 1 / HEADS,
    ("tier_near_high_share", "issued"): 2 / HEADS,
    ("tier_ordinary_share", "issued"): 1 / HEADS,
    ("tier_high_premium_share", "issued"): 60000.01 / ISSUED,
    ("large_policy_count", "issued"): 1,
    ("large_policy_premium", "issued"): 60000.01,
    ("large_policy_share", "issued"): 60000.01 / ISSUED,
    ("large_writers", "issued"): 1,
    ("large_writer_premium_share", "issued"): 60000.01 / ISSUED,
    ("cooling_off_share", "cases"): 0,
    ("standard_premium_per_head", "issued"): 25600 / HEADS,
    ("fyc_trainee", "issued"): 0,
    ("fyc_agent", "issued"): 2100,  # P2 P6 P7
    ("fyc_supervisor", "issued"): 660,
    ("fyc_senior_supervisor", "issued"): 0,
    ("fyc_department_manager", "issued"): 0,
    ("supervisor_own_premium", "issued"): 6600 / 2.5,
    ("supervisor_own_premium", "under_1y"): NAN,
    ("supervisor_own_premium", "1_to_3y"): 11599.99 / 2.5,  # all three since 1 January 2011
    ("supervisor_own_premium", "3_to_5y"): NAN,
    ("supervisor_own_premium", "5y_up"): NAN,
    ("group_mean_premium", "issued"): ISSUED / 3,
    ("first_week_share", "issued"): 10000 / ISSUED,  # P2
    ("first_week_share", "cases"): 2 / 6,  # P2 and P4, of six policies
    ("supervisors_first_week_rate", "issued"): 0,
    ("premium_growth", "premium_submitted"): NAN,
    ("premium_growth", "standard_premium_issued"): NAN,
    ("share_of_parent", "premium_submitted"): NAN,
    ("share_of_parent", "standard_premium_issued"): NAN,
    ("target_attainment", "premium_submitted"): NAN,  # without a plan
    ("target_attainment", "standard_premium_issued"): NAN,
    ("year_progress", "premium_submitted"): NAN,
    ("year_progress", "standard_premium_issued"): NAN,
}


def test_every_kpi_of_the_district_in_february(book: Book) -> None:
    got = kpi.measure(book, by="district", period="2012-02")
    assert list(got.columns) == [
        "unit", "level", "period", "kpi", "value", "variant", "numerator", "denominator", "base",
    ]  # fmt: skip
    assert set(got["unit"]) == {"D1"}
    assert set(got["level"]) == {"district"}
    # A new KPI of the catalogue is worked out by hand here, too.
    assert set(got["kpi"]) == set(FEBRUARY)
    wrong = {
        code: (value, FEBRUARY[code])
        for code, value in zip(got["kpi"], got["value"], strict=True)
        if not is_close(value, FEBRUARY[code])
    }
    assert wrong == {}


def test_a_row_says_what_it_was_made_from(book: Book) -> None:
    got = kpi.measure(book, ["activity_rate", "cases"], by="district", period="2012-02")
    rate, cases = got.to_dict("records")
    assert (rate["numerator"], rate["denominator"], rate["base"]) == (5, 5.5, "headcount_average")
    assert (rate["variant"], rate["period"]) == ("submitted", "2012-02")
    assert (cases["numerator"], cases["base"]) == (6, "")
    assert math.isnan(cases["denominator"])


@pytest.mark.parametrize("variant", sorted({variant for _, variant in VARIANTS}))
def test_every_declared_variant_in_february(book: Book, variant: str) -> None:
    codes = [code for code, name in VARIANTS if name == variant]
    chosen = dict.fromkeys(codes, variant)
    got = kpi.measure(book, codes, by="district", period="2012-02", variants=chosen)
    assert set(got["variant"]) == {variant}
    wrong = {
        code: (value, VARIANTS[code, variant])
        for code, value in zip(got["kpi"], got["value"], strict=True)
        if not is_close(value, VARIANTS[code, variant])
    }
    assert wrong == {}


def test_no_declared_variant_is_left_out() -> None:
    own = {c: one for c, one in kpi.catalogue().items() if c not in COHORTS and not one.recorded}
    declared = {(c, v) for c, one in own.items() for v in one.variants}
    recorded = {(c, v) for c, v in declared if v == "printed"}
    # These are declared as issued first, so their other variant is the one FEBRUARY holds.
    first_issued = declared - set(VARIANTS) - recorded
    assert {v for _, v in first_issued} == {"submitted"}
    assert {kpi.kpi(c).variant for c, _ in first_issued} == {"issued"}
    assert len(recorded) == 4


def test_departments_in_february(book: Book) -> None:
    """01: P2 before A2 goes, P4. 02: P3 after A2 came, P5, P6, P7."""
    got = values(kpi.measure(book, by="department", period="2012-02"))
    expected = {
        "headcount_opening": (3, 3),
        "headcount_closing": (2, 3),
        "headcount_average": (2.5, 3),
        "recruits": (0, 1),
        "leavers": (0, 2),
        "transfers_net": (-1, 1),
        "attrition_rate": (0, 2 / 3),
        "supervisors": (2, 1),  # A1 A3 | A4
        "supervisors_active": (1, 1),  # A3 | A4
        "active_agents": (2, 4),  # A2 A3 | A2 A4 A5 A6: A2 wrote in both
        "activity_rate": (2 / 2.5, 4 / 3),
        "cases": (2, 4),
        "premium_submitted": (16600, 73000),
        "premium_issued": (16600, 65000.01),  # P2 P4 | P6, issued after A5 left, P7
        "ten_k_agents": (1, 1),  # A2 with 10,000 here | A5
        "tier_high_agents": (0, 1),
        "tier_near_high_agents": (2, 0),
        "tier_ordinary_agents": (0, 3),  # | A2 with 3,000 here, A4, A6
        "large_policy_count": (0, 1),
    }
    for code, (first, second) in expected.items():
        assert is_close(got["D1/01", code], first), code
        assert is_close(got["D1/02", code], second), code


def test_groups_split_their_department(book: Book) -> None:
    got = values(kpi.measure(book, ["cases", "headcount_closing"], by="group", period="2012-02"))
    assert got == {
        ("D1/01/1", "cases"): 1,  # P2
        ("D1/01/1", "headcount_closing"): 1,  # A1
        ("D1/01/2", "cases"): 1,  # P4
        ("D1/01/2", "headcount_closing"): 1,  # A3
        ("D1/02/1", "cases"): 4,
        ("D1/02/1", "headcount_closing"): 3,
    }


def test_agents_stand_below_the_unit_they_were_in_on_the_day(book: Book) -> None:
    got = values(
        kpi.measure(book, ["premium_submitted", "active_agents"], by="agent", period="2012-02")
    )
    premium = {unit: v for (unit, code), v in got.items() if code == "premium_submitted"}
    assert premium == {
        "D1/01/1/A1": 0,
        "D1/01/1/A2": 10000,  # P2, before the move
        "D1/02/1/A2": 3000,  # P3
        "D1/01/2/A3": 6600,
        "D1/02/1/A4": 4999.99,
        "D1/02/1/A5": 60000.01,
        "D1/02/1/A6": 5000,
        "D1/02/1/A8": 0,
    }
    assert sum(premium.values()) == PREMIUM
    # A2 was active in both places.
    assert sum(v for (_, code), v in got.items() if code == "active_agents") == 6


# --- stocks and movements


def test_closing_is_opening_and_recruits_less_leavers_and_transfers(book: Book) -> None:
    """At every level and in every span, and the next opening is this closing."""
    codes = ["headcount_opening", "headcount_closing", "recruits", "leavers", "transfers_net"]
    periods = [f"2012-0{m}" for m in range(1, 7)]
    for by in ("district", "department", "group", "agent"):
        got = kpi.measure(book, codes, by=by, period=[*periods, "2012Q1", "2012-02-03..2012-02-19"])
        wide = got.pivot(index=["unit", "period"], columns="kpi", values="value")
        closing = (
            wide["headcount_opening"] + wide["recruits"] - wide["leavers"] + wide["transfers_net"]
        )
        assert closing.tolist() == wide["headcount_closing"].tolist()
        for before, after in itertools.pairwise(periods):
            closed = wide["headcount_closing"].xs(before, level="period")
            opened = wide["headcount_opening"].xs(after, level="period")
            assert closed[closed > 0].to_dict() == opened[opened > 0].to_dict()
        total = wide["transfers_net"].groupby("period").sum()
        assert total.tolist() == [0.0] * len(total)


def test_a_leaver_is_counted_on_the_first_day_no_longer_counted(book: Book) -> None:
    """A5's left_on is 15 February: in force on the 14th, a leaver of the 15th."""
    codes = ["headcount_closing", "leavers"]
    assert [one(book, code, "2012-02-14", "D1/02") for code in codes] == [5, 0]
    assert [one(book, code, "2012-02-15", "D1/02") for code in codes] == [4, 1]


def test_a_unit_passed_through_within_the_span_is_not_lost(tmp_path: Path) -> None:
    """A2 is in 03 from 10 to 19 February only, and leaves from 04, reached on the 20th."""
    moves = """
        agent_id on         district department group rank
        A2       2012-02-10 D1       03         1     agent
        A2       2012-02-20 D1       04         1     agent
        """
    agents = books.AGENTS.rstrip().removesuffix("-") + "2012-02-25"
    book = open_book(books.tiny(tmp_path / "b", agents=agents, moves=moves))
    codes = ["leavers", "transfers_net", "headcount_closing", "headcount_average"]
    got = values(kpi.measure(book, codes, by="department", period="2012-02"))
    units = ["D1/01", "D1/02", "D1/03", "D1/04"]
    assert [got[u, "leavers"] for u in units] == [0, 0, 0, 1]
    assert [got[u, "transfers_net"] for u in units] == [0, -1, 0, 1]
    assert [got[u, "headcount_closing"] for u in units] == [1, 0, 0, 0]


def test_a_stay_that_crosses_a_month_end_counts_in_the_quarters_average(tmp_path: Path) -> None:
    """A2 is in 03 from 20 January to 9 February: in force there at the end of January only.

    Averages of the months: January (0 + 1) / 2, February (1 + 0) / 2, March 0; of the quarter 1/3.
    """
    moves = """
        agent_id on         district department group rank
        A2       2012-01-20 D1       03         1     agent
        A2       2012-02-10 D1       02         1     agent
        """
    book = open_book(books.tiny(tmp_path / "b", moves=moves))
    got = values(kpi.measure(book, ["headcount_average"], by="department", period="2012Q1"))
    assert got == pytest.approx(
        {
            ("D1/01", "headcount_average"): 1,
            ("D1/02", "headcount_average"): 2 / 3,
            ("D1/03", "headcount_average"): 1 / 3,
        }
    )


def test_average_headcount_is_the_mean_of_the_months(book: Book) -> None:
    # The first fact is of December 2011: of the year only that month is known, with 6 people.
    assert is_close(one(book, "headcount_average", "2011"), 6)
    # First quarter: January 6, February 5.5, March (5 + 6) / 2.
    assert is_close(one(book, "headcount_average", "2012Q1"), (6 + 5.5 + 5.5) / 3)
    assert is_close(one(book, "headcount_average", "2012-03:ytd"), 17 / 3)


def test_average_headcount_of_days(book: Book) -> None:
    # 14 days: opening 6; on the 14th A6 has come and A5 is still there: 7.
    assert one(book, "headcount_average", "2012-02-01..2012-02-14") == 6.5
    assert one(book, "headcount_average", "2012-02@14") == 6.5
    # 26 January to 25 February is one business month: opening 6, closing 5.
    assert one(book, "headcount_average", "2012-02:business") == 5.5
    # 37 days are cut at the month end: 17 of January's 31 days at 6, 20 of February's 29 days
    # at (6 + 5) / 2; A6 is gone on the 20th.
    expected = (6 * 17 / 31 + 5.5 * 20 / 29) / (17 / 31 + 20 / 29)
    assert is_close(one(book, "headcount_average", "2012-01-15..2012-02-20"), expected)


def test_supervisors_are_those_of_the_last_day_where_they_are_then(book: Book) -> None:
    periods = ["2012-01", "2012-02", "2012-03", "2012Q1", "2012-01-31..2012-02-01"]
    found = kpi.measure(book, ["supervisors"], by="department", period=periods)
    got = found.set_index(["unit", "period"])["value"].to_dict()
    assert got == {
        ("D1/01", "2012-01"): 1,  # A1
        ("D1/01", "2012-02"): 2,  # A1 A3
        ("D1/01", "2012-03"): 2,
        ("D1/01", "2012Q1"): 2,
        ("D1/01", "2012-01-31..2012-02-01"): 2,
        ("D1/02", "2012-01"): 1,  # A4
        ("D1/02", "2012-02"): 1,
        ("D1/02", "2012-03"): 0,  # demoted on the 1st
        ("D1/02", "2012Q1"): 0,
        ("D1/02", "2012-01-31..2012-02-01"): 1,
    }
    # A4 led when she wrote in February, but not on the quarter's last day.
    assert one(book, "supervisors_active", "2012Q1") == 2  # A1 A3
    assert math.isnan(one(book, "supervisor_activity_rate", "2012-03", "D1/02"))


def test_a_rank_holds_from_its_first_day_until_the_day_before_the_next(tmp_path: Path) -> None:
    """A1 leads from 20 to 24 January and wrote on the 10th, when nobody led."""
    moves = """
        agent_id on         district department group rank
        A1       2012-01-20 D1       01         1     supervisor
        A1       2012-01-25 D1       01         1     agent
        """
    book = open_book(books.tiny(tmp_path / "b", moves=moves))
    spans = [f"2012-01@{day}" for day in (19, 20, 24, 25)]
    for code in ("supervisors", "supervisors_active"):
        found = kpi.measure(book, [code], by="district", period=spans)
        assert found["value"].tolist() == [0, 1, 1, 0], code


# --- counting agents


def test_a_quarter_counts_an_agent_once_the_mean_of_months_counts_months(book: Book) -> None:
    # January A1; February A2 A3 A4 A5 A6; March A1 A7: seven agents, (1 + 5 + 2) / 3 a month.
    assert one(book, "active_agents", "2012Q1") == 7
    mean = {"active_agents": "monthly_mean", "activity_rate": "monthly_mean"}
    assert is_close(one(book, "active_agents", "2012Q1", variants=mean), 8 / 3)
    assert is_close(one(book, "activity_rate", "2012Q1"), 7 / (17 / 3))
    assert is_close(one(book, "activity_rate", "2012Q1", variants=mean), 8 / 17)


def test_bands_of_a_quarter_are_means_of_its_months(book: Book) -> None:
    # January: A1 50,000. February: as above. March: A1 12,999.99 and A7 6,599.99.
    expected = {
        "ten_k_agents": (1 + 2 + 1) / 3,
        "effective_agents": (1 + 4 + 2) / 3,
        "tier_high_agents": (1 + 2 + 0) / 3,
        "tier_near_high_agents": (0 + 1 + 1) / 3,
        "tier_ordinary_agents": (0 + 2 + 1) / 3,
        "ten_k_share": (4 / 3) / (17 / 3),
        # Their premium is added up, not averaged: 50,000 + 73,000.01 of 159,199.98.
        "tier_high_premium_share": 123000.01 / 159199.98,
    }
    got = values(kpi.measure(book, list(expected), by="district", period="2012Q1"))
    for code, value in expected.items():
        assert is_close(got["D1", code], value), code


def test_bands_of_days_use_the_days_alone(book: Book) -> None:
    # Until 19 February A2 has 10,000 only: near high, no longer high.
    got = values(
        kpi.measure(
            book,
            ["ten_k_agents", "tier_high_agents", "tier_near_high_agents"],
            by="district",
            period="2012-02@19",
        )
    )
    assert list(got.values()) == [2, 1, 2]


def test_a_large_policy_is_strictly_above_the_amount(book: Book) -> None:
    assert one(book, "large_policy_count", "2012-01") == 0  # P1: exactly 50,000
    assert one(book, "large_policy_count", "2012Q1") == 1
    # The writer's whole premium of the span stands beside all premium.
    assert is_close(one(book, "large_writer_premium_share", "2012Q1"), 60000.01 / 159199.98)


def test_cooling_off_is_booked_on_its_day(book: Book) -> None:
    # March: issued P3 3,000 and P9 12,999.99; cancelled P4 6,600, issued in February.
    assert one(book, "premium_issued", "2012-03") == 15999.99
    assert one(book, "premium_cancelled", "2012-03") == 6600
    assert is_close(one(book, "premium_net", "2012-03"), 9399.99)
    assert is_close(one(book, "cooling_off_share", "2012-03"), 6600 / 15999.99)
    by_cases = {"cooling_off_share": "cases"}
    assert one(book, "cooling_off_share", "2012-03", variants=by_cases) == 1 / 2
    # Gross: what was issued stays issued.
    assert is_close(one(book, "premium_issued", "2012Q1"), 50000 + ISSUED + 15999.99)


def test_active_by_amount_and_by_stage_follow_the_books_rules(tmp_path: Path) -> None:
    policies = """
        policy_id agent_id submitted_on issued_on  premium
        P1        A1       2012-01-10   2012-02-01 0
        P2        A2       2012-01-10   2012-02-01 5
        """
    default = open_book(books.tiny(tmp_path / "d", policies=policies))
    assert one(default, "active_agents", "2012-01") == 2
    rules = books.SETTINGS + '[rules]\nactive = "premium>0"\n'
    amount = open_book(books.tiny(tmp_path / "a", rules, policies=policies))
    assert one(amount, "active_agents", "2012-01") == 1
    issued = open_book(
        books.tiny(
            tmp_path / "i", books.SETTINGS + '[rules]\nstage = "issued"\n', policies=policies
        )
    )
    assert [one(issued, "active_agents", m) for m in ("2012-01", "2012-02")] == [0, 2]
    chosen = books.SETTINGS + '[rules]\nstage = "issued"\n[variants]\ncases = "submitted"\n'
    own = open_book(books.tiny(tmp_path / "o", chosen, policies=policies))
    assert one(own, "cases", "2012-01") == 2
    assert one(own, "cases", "2012-01", variants={"cases": "issued"}) == 0


# --- undefined and unknown


def test_nothing_divided_by_nothing_is_nan_not_zero(book: Book) -> None:
    got = values(kpi.measure(book, by="department", period="2012-01"))
    nan = {code for (unit, code), v in got.items() if unit == "D1/02" and math.isnan(v)}
    # 02 wrote and issued nothing in January, nor was anything recorded or planned for it.
    assert nan == {
        *COHORTS,  # and nobody joined thirteen or three months before
        "retention_3m",
        "retention_13m",
        "average_case_size",
        "cases_per_active",
        "premium_per_active",
        "cooling_off_share",
        "large_policy_share",
        "large_writer_premium_share",
        "tier_high_premium_share",
        "first_week_share",
        "attendance_rate",
        "prospects_per_agent",
        "premium_growth",
        "target_attainment",
        "year_progress",
    }
    assert got["D1/02", "cases"] == 0


def test_spans_outside_the_book_are_unknown_not_zero(book: Book) -> None:
    """The first fact is of December 2011, the extract of 30 June 2012."""
    assert book.facts_from == dt.date(2011, 12, 1)
    outside = ["2011-11", "2010", "2012-07", "2013"]
    got = kpi.measure(book, by="department", period=outside)
    assert set(got["period"]) == {"2011-11", "2012-07", "2013"}  # nobody was there in 2010
    assert got["value"].isna().all()
    for period in outside:
        with pytest.raises(PerfkitError, match="wholly outside"):
            kpi.check_period(book, period)
    inside = kpi.measure(book, ["cases"], by="district", period=["2011-11", "2011-12", "2012-06"])
    assert inside["value"].tolist() == pytest.approx([NAN, 1, 0], nan_ok=True)
    assert kpi.check_period(book, "2012").days == 366


def test_a_span_that_runs_past_the_extract_is_that_until_the_extract(book: Book) -> None:
    """Until 30 June: a mean of six months, not of twelve of which six are unknown."""
    # Heads: January 6, February 5.5, March 5.5, then 6 a month. Ten thousand: 1, 2, 1, then none.
    assert is_close(one(book, "headcount_average", "2012"), (6 + 5.5 + 5.5 + 6 + 6 + 6) / 6)
    assert is_close(one(book, "ten_k_agents", "2012"), 4 / 6)
    codes = list(FEBRUARY)
    year, half = (kpi.measure(book, codes, by="group", period=p) for p in ("2012", "2012H1"))
    assert set(year["period"]) == {"2012"}
    pd.testing.assert_frame_equal(year.drop(columns="period"), half.drop(columns="period"))


def test_unknown_names_are_refused_with_the_nearest(book: Book) -> None:
    def asked(**more: Any) -> Any:
        settings = {"kpis": ["cases"], "by": "district", "period": "2012-02", **more}
        return kpi.measure(book, settings.pop("kpis"), **settings)

    with pytest.raises(UnknownName, match="Did you mean 'activity_rate'"):
        asked(kpis=["activity_rat"])
    with pytest.raises(UnknownName, match="Did you mean 'department'"):
        asked(by="deprtment")
    with pytest.raises(PerfkitError, match="lies above this book's root 'district'"):
        asked(by="branch")
    with pytest.raises(UnknownName, match=r"Did you mean 'D1/0[12]'\?.*D1/02/1"):
        asked(by="department", unit="D1/03")
    with pytest.raises(BadPeriod, match="2012-13"):
        asked(period="2012-13")
    with pytest.raises(UnknownName, match=r"variant 'isued'.*Did you mean 'issued'\?"):
        asked(variants={"cases": "isued"})
    with pytest.raises(UnknownName, match="Known: submitted, issued"):
        asked(variants={"cases": "monthly_mean"})
    with pytest.raises(UnknownName, match="Did you mean 'cases'"):
        asked(variants={"case": "issued"})
    with pytest.raises(UnknownName, match="Known: was, now"):
        asked(org_as="then")
    with pytest.raises(PerfkitError, match=r"nor the observations for 'activity_rate_printed'"):
        asked(kpis=["activity_rate"], variants={"activity_rate": "printed"})


# --- which units, in which organisation


def test_only_one_unit_and_those_below_it(book: Book) -> None:
    def units(by: str, unit: str, period: str = "2012-02") -> list[str]:
        return kpi.measure(book, ["cases"], by=by, period=period, unit=unit)["unit"].tolist()

    assert units("department", "D1") == ["D1/01", "D1/02"]
    assert units("group", "D1/01") == ["D1/01/1", "D1/01/2"]
    assert units("department", "D1/02") == ["D1/02"]
    assert units("agent", "D1/01/2") == ["D1/01/2/A3"]
    assert units("agent", "D1/02/1/A2") == ["D1/02/1/A2"]
    # A unit that is known but had nobody yet is empty, not unknown.
    assert units("department", "D1/01", "2010-01") == []
    assert kpi.units(book) == ["D1", "D1/01", "D1/01/1", "D1/01/2", "D1/02", "D1/02/1"]
    assert kpi.units(book, "department") == ["D1/01", "D1/02"]


def test_the_filter_changes_no_number(book: Book) -> None:
    every = kpi.measure(book, by="group", period="2012Q1")
    some = kpi.measure(book, by="group", period="2012Q1", unit="D1/01")
    kept = every[every["unit"].str.startswith("D1/01/")].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, kept)


def test_as_now_puts_everybody_where_they_are_today(book: Book) -> None:
    """A2 counts in 02 all along, A3 as a supervisor and A4 as an agent all along."""
    codes = ["headcount_opening", "cases", "transfers_net", "supervisors", "active_agents"]
    for period, expected in {
        # January: 01 A1 A3, 02 A2 A4 A5 A8. February: 01 P4, 02 P2 P3 P5 P6 P7.
        "2012-01": {"D1/01": [2, 1, 0, 2, 1], "D1/02": [4, 0, 0, 0, 0]},
        "2012-02": {"D1/01": [2, 1, 0, 2, 1], "D1/02": [4, 5, 0, 0, 4]},
    }.items():
        got = kpi.measure(book, codes, by="department", period=period, org_as="now")
        assert {u: g["value"].tolist() for u, g in got.groupby("unit")} == expected
    was = kpi.measure(book, ["premium_submitted"], by="district", period="2012")
    now = kpi.measure(book, ["premium_submitted"], by="district", period="2012", org_as="now")
    pd.testing.assert_frame_equal(was, now)


def test_several_periods_stand_in_the_order_asked(book: Book) -> None:
    got = kpi.measure(book, ["cases"], by="district", period=["2012-03", "2012-01", "2012Q1"])
    assert list(zip(got["period"], got["value"], strict=True)) == [
        ("2012-03", 2),
        ("2012-01", 1),
        ("2012Q1", 9),
    ]


# --- targets


def test_a_target_of_exactly_the_span(book: Book) -> None:
    got = kpi.targets(book, "premium_issued", by="district", period="2012-02")
    assert got.to_dict("records") == [
        {
            "unit": "D1",
            "level": "district",
            "period": "2012-02",
            "kpi": "premium_issued",
            "version": "plan",
            "target": 200.0,
        }
    ]
    # The same days written another way are the same span.
    rate = kpi.targets(book, "activity_rate", by="district", period="2012-02")
    assert rate["target"].tolist() == [0.5]
    departments = kpi.targets(book, "premium_issued", by="department", period="2012-02")
    assert departments[["unit", "target"]].values.tolist() == [["D1/01", 120.0], ["D1/02", 80.0]]


def test_versions_never_mix(book: Book) -> None:
    def target(version: str, period: str) -> list[float]:
        found = kpi.targets(book, "premium_issued", by="district", period=period, version=version)
        return found["target"].tolist()

    assert target("plan", "2012-02") == [200]
    assert target("stretch", "2012-02") == [900]
    assert target("stretch", "2012-01") == []
    assert target("stretch", "2012Q1") == pytest.approx([NAN], nan_ok=True)


def test_months_tile_a_longer_span_and_a_missing_one_leaves_it_unknown(book: Book) -> None:
    def target(code: str, period: str) -> list[float]:
        return kpi.targets(book, code, by="district", period=period)["target"].tolist()

    assert target("premium_issued", "2012Q1") == [600]
    assert target("premium_issued", "2012-03:ytd") == [600]
    assert target("premium_issued", "2012-01..2012-02") == [300]
    # The empty entry of April, and of the quarter, is no entry.
    assert target("premium_issued", "2012-04") == []
    assert target("premium_issued", "2012Q2") == pytest.approx([NAN], nan_ok=True)
    # The half year's own entry goes before its months.
    assert target("premium_issued", "2012H1") == [5000]
    # Part of a month is not known; rates and stocks are not added up.
    assert target("premium_issued", "2012-01-01..2012-02-14") == pytest.approx([NAN], nan_ok=True)
    assert target("activity_rate", "2012Q1") == []
    assert target("headcount_closing", "2012Q1") == []
    with pytest.raises(UnknownName, match="premium_issued"):
        target("premium_isued", "2012")


# --- what stands behind a number


def test_the_curve_is_the_measure_of_each_span(book: Book) -> None:
    codes = ["premium_submitted", "active_agents", "activity_rate", "headcount_closing"]
    curve = kpi.curve(book, codes, by="department", period="2012-02")
    assert list(curve.columns) == ["unit", "date", "kpi", "value"]
    spans = [f"2012-02-01..2012-02-{day:02d}" for day in range(1, 30)]
    whole = kpi.measure(book, codes, by="department", period=spans)
    assert curve["value"].tolist() == pytest.approx(whole["value"].tolist(), nan_ok=True)
    assert curve["date"].dt.day.tolist() == [int(code[-2:]) for code in whole["period"]]
    # 02: P6 on the 14th, P7 on the 19th, P3 on the 20th, P5 on the 25th.
    premium = curve[(curve["unit"] == "D1/02") & (curve["kpi"] == "premium_submitted")]
    by_day = dict(zip(premium["date"].dt.day, premium["value"], strict=True))
    assert [by_day[day] for day in (13, 14, 19, 20, 24, 29)] == [
        0,
        60000.01,
        65000.01,
        68000.01,
        68000.01,
        73000,
    ]


def test_the_curve_ends_with_the_extract(tmp_path: Path) -> None:
    settings = books.SETTINGS.replace("2012-06-30", "2012-02-12")
    book = open_book(books.tiny(tmp_path / "b", settings))
    curve = kpi.curve(book, ["cases"], by="district", period="2012-02")
    assert curve["value"].tolist() == [0.0] * 9 + [1.0] * 3
    assert len(kpi.curve(book, ["cases"], by="district", period="2012-03")) == 0


def test_the_distribution_by_policy_and_by_agent(book: Book) -> None:
    rows = kpi.distribution(book, "premium_submitted", by="policy", period="2012-02")
    assert rows.values.tolist() == [
        ["D1/02/1", "P6", 60000.01],
        ["D1/01/1", "P2", 10000.0],
        ["D1/01/2", "P4", 6600.0],
        ["D1/02/1", "P7", 5000.0],
        ["D1/02/1", "P5", 4999.99],
        ["D1/02/1", "P3", 3000.0],
    ]
    assert list(rows.columns) == ["unit", "id", "value"]
    agents = kpi.distribution(book, "premium_submitted", by="agent", period="2012-02")
    assert agents.values.tolist() == [
        ["D1/02/1", "A5", 60000.01],
        ["D1/02/1", "A2", 13000.0],
        ["D1/01/2", "A3", 6600.0],
        ["D1/02/1", "A6", 5000.0],
        ["D1/02/1", "A4", 4999.99],
    ]
    here = kpi.distribution(book, "cases", by="agent", period="2012-02", unit="D1/01")
    assert here.values.tolist() == [["D1/01/1", "A2", 1.0], ["D1/01/2", "A3", 1.0]]
    large = kpi.distribution(book, "large_policies", by="policy", period="2012Q1")
    assert large.values.tolist() == [["D1/02/1", "P6", 1.0]]
    issued = kpi.distribution(book, "premium_issued", by="policy", period="2012-03")
    assert issued["id"].tolist() == ["P9", "P3"]


def test_the_distribution_refuses_what_it_does_not_know(book: Book) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'premium_submitted'"):
        kpi.distribution(book, "premium_submited", by="agent", period="2012-02")
    with pytest.raises(UnknownName, match="Known: policy, agent"):
        kpi.distribution(book, "cases", by="unit", period="2012-02")
    with pytest.raises(UnknownName, match="There is no unit 'D1/9'"):
        kpi.distribution(book, "cases", by="agent", period="2012-02", unit="D1/9")


# --- observations


OBSERVATIONS = """
unit_id start      end        measure           value
D1      2012-01-01 2012-01-31 premium_submitted 100
D1      2012-02-01 2012-02-09 premium_submitted 30
D1      2012-02-01 2012-02-20 premium_submitted 50
D1      2012-02-10 2012-02-29 premium_submitted 90
D1      2012-02-01 2012-02-29 premium_submitted 125
D1      2012-04-01 2012-04-30 premium_submitted -
D1      2012-01-01 2012-01-31 active_agents     10
D1      2012-02-01 2012-02-29 active_agents     12
D1      2012-02-01 2012-02-29 cases             24
D1      2011-12-31 2011-12-31 headcount_closing 40
D1      2012-01-31 2012-01-31 headcount_closing 44
D1      2012-02-29 2012-02-29 headcount_closing 50
D1      2012-02-01 2012-02-29 activity_rate_printed 0.31
D1/01   2012-02-01 2012-02-29 premium_submitted 70
"""


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    folder = tmp_path_factory.mktemp("observed")
    return open_book(books.write(folder, {"observations": OBSERVATIONS}))


def test_a_request_is_answered_by_the_row_of_exactly_that_span(observed: Book) -> None:
    assert one(observed, "premium_submitted", "2012-02") == 125
    assert one(observed, "premium_submitted", "2012-02@9") == 30
    assert one(observed, "active_agents", "2012-02") == 12
    assert one(observed, "premium_submitted", "2012-02", "D1/01") == 70


def test_rows_that_tile_a_span_are_added_up_and_overlapping_ones_never(observed: Book) -> None:
    # January 100, then February's own row 125, not its parts 30 + 90, nor 50.
    assert one(observed, "premium_submitted", "2012-01..2012-02") == 225
    # From 1 to 20 February stands a row of its own; 1-9 and 10-29 overlap it.
    assert one(observed, "premium_submitted", "2012-02@20") == 50
    assert one(observed, "premium_submitted", "2012-01-01..2012-02-09") == 130
    # No row begins on 21 February, so nothing tiles 1 January to 25 February.
    assert math.isnan(one(observed, "premium_submitted", "2012-01-01..2012-02-25"))
    # Agents of two months are not added up to agents of both.
    assert math.isnan(one(observed, "active_agents", "2012-01..2012-02"))


def test_a_longer_row_that_leads_nowhere_is_not_taken(tmp_path: Path) -> None:
    """1-20 is the longest row from the 1st, but only 1-9 and 10-29 tile the month."""
    rows = "\n".join(r for r in OBSERVATIONS.splitlines() if " 125" not in r)
    book = open_book(books.write(tmp_path / "b", {"observations": rows}))
    assert one(book, "premium_submitted", "2012-02") == 120


def test_three_years_of_daily_rows_tile(tmp_path: Path) -> None:
    first = dt.date(2009, 7, 1)
    days = [first + dt.timedelta(days=i) for i in range(1096)]
    rows = "\n".join(f"D1 {d} {d} cases 1" for d in days)
    text = f"unit_id start end measure value\n{rows}"
    book = open_book(books.write(tmp_path / "b", {"observations": text}))
    assert one(book, "cases", "2009-07..2012-06") == 1096


def test_stocks_are_asked_on_their_day(observed: Book) -> None:
    assert one(observed, "headcount_closing", "2012-02") == 50
    assert one(observed, "headcount_closing", "2012-01..2012-02") == 50
    assert one(observed, "headcount_opening", "2012-02") == 44
    assert one(observed, "headcount_average", "2012-02") == 47
    # (40 + 44) / 2 and (44 + 50) / 2.
    assert one(observed, "headcount_average", "2012-01..2012-02") == 44.5
    assert math.isnan(one(observed, "headcount_closing", "2012-02@9"))
    assert math.isnan(one(observed, "headcount_average", "2012-03"))


def test_a_printed_rate_stands_as_printed_and_others_by_their_parts(observed: Book) -> None:
    assert one(observed, "activity_rate", "2012-02") == 12 / 47
    printed = {"activity_rate": "printed"}
    found = kpi.measure(
        observed, ["activity_rate"], by="district", period="2012-02", variants=printed
    )
    assert found[["value", "variant", "base"]].values.tolist() == [[0.31, "printed", ""]]
    assert one(observed, "cases_per_active", "2012-02") == 2


def test_what_nobody_observed_is_unknown_and_said(observed: Book) -> None:
    found = kpi.measure(
        observed, ["premium_submitted", "cases"], by="district", period=["2012-02", "2012-04"]
    )
    assert found["value"].tolist() == pytest.approx([125, 24, NAN, NAN], nan_ok=True)
    notes = found.attrs["findings"]
    assert [(f.severity, f.rule, f.column, f.count) for f in notes] == [
        ("note", "not_observed", "premium_submitted", 1),
        ("note", "not_observed", "cases", 1),
    ]
    assert "no observation of cases" in notes[1].text("en")
    assert "cases" in notes[1].text("zh")
    clean = kpi.measure(observed, ["cases"], by="district", period="2012-02")
    assert clean.attrs["findings"] == []
    assert len(kpi.measure(observed, ["cases"], by="group", period="2012-02")) == 0
    with pytest.raises(PerfkitError, match="cannot be computed"):
        kpi.measure(observed, ["recruits"], by="district", period="2012-02")


# --- the catalogue


def test_the_glossary_has_its_stable_shape_and_both_languages() -> None:
    rows = kpi.glossary()
    assert [row["code"] for row in rows] == list(kpi.catalogue())
    for row in rows:
        assert list(row) == [
            "code", "zh", "en", "unit", "direction", "formula", "numerator", "denominator",
            "base", "variants", "source", "recorded", "seed_ids",
        ]  # fmt: skip
        assert row["zh"] != row["en"]
    assert json.loads(json.dumps(rows)) == rows
    by_code = {row["code"]: row for row in rows}
    assert by_code["activity_rate"]["formula"] == "active_agents / headcount_average"
    assert by_code["headcount_net_growth"]["numerator"] == "recruits - leavers"
