"""Nodes: the September plan and its results, the November exercise, plans made and refused."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import node, pace, pulled

SEPTEMBER = [dt.date(2012, 9, day) for day in (4, 11, 17, 24, 28)]


@pytest.fixture(scope="module")
def plan() -> pd.DataFrame:
    return node.entered(open_book("district_one"), "D1", "2012-09")


def test_the_september_plan_is_as_printed(plan: pd.DataFrame) -> None:
    assert plan["date"].tolist() == SEPTEMBER
    assert plan["premium_submitted"].dropna().tolist() == [105_000, 400_000, 600_000, 860_000]
    assert math.isnan(plan["premium_submitted"].iloc[2])
    assert plan["activity_rate"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_september_at_its_second_node(plan: pd.DataFrame) -> None:
    b = open_book("district_one")
    found = node.status(b, plan, unit="D1", by="district", day=SEPTEMBER[1])
    at = found[found["node"] == 2].set_index("kpi")
    # 43.7 against 40; 22 of 28 supervisors against 80 %.
    assert at.loc["premium_submitted", "attainment"] == pytest.approx(1.0925)
    assert at.loc["premium_submitted", "gap"] == pytest.approx(-37_000)
    assert at["state"].tolist() == ["met", "met", "missed"]
    last = found[(found["node"] == 5) & (found["kpi"] == "premium_submitted")].iloc[0]
    # 42.3 are missing; 13 working days to the 28th (the 29th is the 14th), 43.7 came in 7.
    assert (last["state"], last["days_left"]) == ("open", 13)
    assert last["run_rate"] == pytest.approx(423_000 / 13)
    assert last["ratio"] == pytest.approx(423_000 / 13 / (437_000 / 7))


def test_september_at_its_end_missed_what_the_first_node_promised(plan: pd.DataFrame) -> None:
    b = open_book("district_one")
    found = node.status(b, plan, unit="D1", by="district", day=dt.date(2012, 9, 30))
    assert "open" not in set(found["state"])
    whole = kpi.measure(b, ["premium_submitted"], by="district", period="2012-09")["value"].item()
    judged = pulled.judge(
        pd.DataFrame(
            {
                "first_target": [400_000],
                "first_actual": [437_000],
                "whole_target": [860_000],
                "whole_actual": [whole],
            }
        )
    ).iloc[0]
    assert judged["first_attainment"] == pytest.approx(1.0925)  # 109 %
    assert judged["whole_attainment"] == pytest.approx(0.6233, abs=1e-4)  # 62 %
    assert judged["verdict"] == "pulled_forward"
    # 46 were to follow and 9.9 did: 36.1 short, of which 3.7 had come early.
    assert (judged["shortfall"], judged["moved"], judged["lost"]) == pytest.approx(
        (361_000, 37_000, 324_000)
    )


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ((10, 12, 30, 33), "added"),
        ((10, 12, 30, 33, 30, 31), "added"),
        ((10, 12, 30, 33, 30, 20), "borrowed"),
        ((10, 12, 30, 20, 30, 40), "pulled_forward"),
        ((10, 8, 30, 31), "late"),
        ((10, 8, 30, 20), "short"),
        ((10, 12, 30, math.nan), "unknown"),
    ],
)
def test_what_happened_has_a_name(row: tuple[float, ...], verdict: str) -> None:
    names = [f"{p}_{s}" for p in ("first", "whole", "after") for s in ("target", "actual")]
    frame = pd.DataFrame([dict(zip(names, row, strict=False))])
    assert pulled.judge(frame)["verdict"].item() == verdict
    assert verdict in pulled.VERDICTS
    assert "verdict" not in frame


def test_a_target_of_zero_is_named_with_its_row() -> None:
    frame = pd.DataFrame({"first_target": [10.0, 0.0], "first_actual": 5.0})
    with pytest.raises(PerfkitError, match=r"first_target, row\(s\) 2"):
        pulled.judge(frame)


def test_a_plan_of_even_pace_and_one_of_a_curve() -> None:
    days = [dt.date(2012, 9, 11), dt.date(2012, 9, 29)]
    even = node.plan("2012-09", days, {"premium_submitted": 840_000.0, "activity_rate": 0.5})
    assert even["premium_submitted"].tolist() == pytest.approx([280_000, 840_000])  # 7 of 21 days
    assert even["activity_rate"].tolist() == pytest.approx([0.5 / 3, 0.5])
    early = pd.DataFrame({"elapsed": [0, 1 / 3, 1], "share": [0, 0.6, 1.0]})
    curved = node.plan(
        "2012-09", days, {"premium_submitted": 840_000.0}, curves={"premium_submitted": early}
    )
    assert curved["premium_submitted"].tolist() == pytest.approx([504_000, 840_000])


def test_a_plan_from_the_districts_own_months_rises_to_its_target() -> None:
    b = open_book("district_one")
    months = [f"2012-{m:02d}" for m in range(1, 9)]
    seen = pace.follow(b, months, unit="D1", by="district")
    curve = pace.usual(seen, "premium_submitted")
    made = node.plan(
        "2012-09",
        [*SEPTEMBER, dt.date(2012, 9, 30)],
        {"premium_submitted": 860_000.0},
        curves={"premium_submitted": curve},
    )
    assert made["premium_submitted"].is_monotonic_increasing
    assert made["premium_submitted"].iloc[-1] == pytest.approx(860_000)


DAYS = {"date": SEPTEMBER[:3]}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"date": [SEPTEMBER[0], dt.date(2012, 10, 1)]}, r"row\(s\) 2: the day lies outside 2012"),
        ({"date": [SEPTEMBER[1], SEPTEMBER[0]]}, r"column date, row\(s\) 2"),
        ({"date": [SEPTEMBER[1], SEPTEMBER[1]]}, r"column date, row\(s\) 2"),
        (DAYS | {"premium_submitted": [4.0, math.nan, 3.0]}, r"premium_submitted, row\(s\) 3"),
        (DAYS | {"premium_submitted": [0.0, 1.0, 3.0]}, r"premium_submitted, row\(s\) 1"),
        (DAYS | {"activity_rate": [0.1, 20, 30]}, r"activity_rate, row\(s\) 2, 3: a rate"),
        ({"date": []}, "no nodes of 2012-09"),
    ],
)
def test_bad_plans_are_refused_with_their_rows(frame: dict[str, list[object]], said: str) -> None:
    with pytest.raises(PerfkitError, match=said):
        node.checked(pd.DataFrame(frame), "2012-09")


def test_targets_of_zero_and_strange_names_are_refused() -> None:
    with pytest.raises(PerfkitError, match="premium_submitted for 2012-09 is 0"):
        node.plan("2012-09", SEPTEMBER, {"premium_submitted": 0})
    with pytest.raises(UnknownName, match="'activity_rate'"):
        node.plan("2012-09", SEPTEMBER, {"activty_rate": 0.5})
    with pytest.raises(UnknownName, match="headcount_department_manager"):
        node.checked(pd.DataFrame(DAYS | {"must_write": ["managers"] * 3}), "2012-09")
    with pytest.raises(PerfkitError, match="no nodes of 2012-08"):
        node.entered(open_book("district_one"), "D1", "2012-08")


def test_who_must_have_written_is_named() -> None:
    b = open_book("district_one")
    nodes = node.checked(pd.DataFrame({"date": [SEPTEMBER[1]], "must_write": ["supervisors"]}),
                         "2012-09")  # fmt: skip
    found = node.who_must_write(b, nodes, unit="D1", day=SEPTEMBER[1])
    assert len(found) == 28 - 22
    assert found["unit"].str.startswith("D1/").all()
    everybody = nodes.assign(must_write="headcount_closing")
    idle = node.who_must_write(b, everybody, unit="D1", day=SEPTEMBER[1])
    heads = kpi.measure(b, ["headcount_closing"], by="district", period="2012-09@11")
    assert len(idle) == heads["value"].item() - 37


def test_landing_of_september_and_what_a_break_changes() -> None:
    b = open_book("district_one")
    months = [f"2012-{m:02d}" for m in range(1, 10)]
    seen = pace.follow(b, months, unit="D1", by="district", kpis=["premium_submitted"])
    found = node.landing(seen, 860_000.0, month="2012-09", day=SEPTEMBER[1]).iloc[0]
    assert (found["hand"], found["gap"], found["days_left"]) == (437_000, 423_000, 14)
    assert found["run_rate"] == pytest.approx(30_214, abs=1)  # 3.02 a day
    assert found["ratio"] == pytest.approx(0.48, abs=0.005)
    assert 437_000 <= found["low"] < found["expected"] < found["high"]
    assert 0 < found["chance"] < 1
    later = node.landing(
        seen, 860_000.0, month="2012-09", day=SEPTEMBER[1], breaks=["2012-07"]
    ).iloc[0]
    assert (found["months"], later["months"]) == (8, 2)
    with pytest.raises(PerfkitError, match="0 past month"):
        node.landing(seen, 8.6e5, month="2012-09", day=SEPTEMBER[1], breaks=["2012-09"])
    with pytest.raises(PerfkitError, match="is 0"):
        node.landing(seen, 0, month="2012-09", day=SEPTEMBER[1])


# ---- the November exercise: 660 a year, 560 by October, 100 left until 12 December


def test_the_exercise_by_policies_and_working_days() -> None:
    heads = {"headcount": 176, "average_case_size": 7_500}
    whole = node.activity_needed(1_000_000, cases_per_active=1.0, **heads)
    assert whole["cases"] == pytest.approx(133.3, abs=0.05)
    parts = node.split_by_days(1_000_000, dt.date(2012, 11, 1), dt.date(2012, 12, 12))
    assert parts["days"].tolist() == [22, 8]
    november = parts["amount"].iloc[0]
    assert november == pytest.approx(733_333, abs=1)
    assert parts["amount"].sum() == 1_000_000
    for cases, expected in ((1.0, 0.555), (1.2, 0.463), (1.5, 0.370)):
        found = node.activity_needed(november, cases_per_active=cases, **heads)
        assert found["activity_rate"] == pytest.approx(expected, abs=0.0006)


def test_the_exercise_by_the_branchs_month_weights_asks_for_less_in_november() -> None:
    # 8.5 and 6.6 of 15.1 %: 56.3 in November, not 73.3; then 42.6 % active do, and 28.4 % at 1.5.
    november = 1_000_000 * 8.5 / 15.1
    assert november == pytest.approx(562_914, abs=1)
    heads = {"headcount": 176, "average_case_size": 7_500}
    for cases, expected in ((1.0, 0.4265), (1.5, 0.2843)):
        found = node.activity_needed(november, cases_per_active=cases, **heads)
        assert found["activity_rate"] == pytest.approx(expected, abs=0.0001)


def test_the_exercise_takes_a_quarter_more_a_day_than_so_far() -> None:
    # 560 in the 206 working days to October: 2.72 a day; 100 in 30: 3.33.
    found = node.run_rate(6_600_000, 5_600_000, done=206, left=30)
    assert found["run_rate"] == pytest.approx(33_333, abs=1)
    assert found["ratio"] == pytest.approx(1.23, abs=0.005)


def test_nothing_left_to_do_and_no_day_left() -> None:
    assert node.run_rate(10, 12, done=5, left=5)["run_rate"] == 0
    assert math.isnan(node.run_rate(10, 5, done=5, left=0)["run_rate"])
    assert math.isnan(node.run_rate(10, 0, done=5, left=5)["ratio"])
    with pytest.raises(PerfkitError, match="no selling day"):
        node.split_by_days(1.0, dt.date(2012, 10, 1), dt.date(2012, 10, 5))
    assert node.activity_needed(
        1.0, headcount=0, cases_per_active=1, average_case_size=1
    ).isna().tolist() == [False, False, True]
