"""Targets from the company to the person: exact parts, whose lists they are, and the round."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import bundle, kpi, target
from perfkit.book import open_book
from perfkit.errors import TargetError, UnknownName
from perfkit.target.duty import levels

PREMIUM, RATE, HEADS = "standard_premium_issued", "activity_rate", "headcount_closing"

# A company of two units; the first has two groups, in one of them two trainees and an agent.
HELD = pd.DataFrame(
    [
        ["C", "company", "company", "", 10],
        ["C/1", "unit", "unit", "C", 7],
        ["C/2", "unit", "unit", "C", 3],
        ["C/1/1", "department", "department", "C/1", 7],
        ["C/1/1/1", "group", "group", "C/1/1", 3],
        ["C/1/1/2", "group", "group", "C/1/1", 4],
        ["C/1/1/1:trainee", "post", "trainee", "C/1/1/1", 2],
        ["C/1/1/1/A1", "person", "trainee", "C/1/1/1:trainee", 1],
        ["C/1/1/1/A2", "person", "trainee", "C/1/1/1:trainee", 1],
        ["C/1/1/1:agent", "post", "agent", "C/1/1/1", 1],
        ["C/1/1/1/A3", "person", "agent", "C/1/1/1:agent", 1],
    ],
    columns=["holder", "kind", "level", "above", "heads"],
).set_index("holder")


def _targets(found: pd.DataFrame, code: str) -> dict[str, float]:
    own = found[found["kpi"] == code]
    return dict(zip(own["holder"], own["target"], strict=True))


def test_amounts_are_split_from_the_company_to_the_person_and_add_up_again() -> None:
    found = target.cascade(HELD, pd.Series({PREMIUM: 1000.0, RATE: 0.3, HEADS: 10.0}))
    # 1000 by 7 to 3 heads; 700 by 3 to 4; 300 by 2 to 1; 200 by 1 to 1.
    assert _targets(found, PREMIUM) == {
        "C": 1000,
        "C/1": 700,
        "C/2": 300,
        "C/1/1": 700,
        "C/1/1/1": 300,
        "C/1/1/2": 400,
        "C/1/1/1:trainee": 200,
        "C/1/1/1/A1": 100,
        "C/1/1/1/A2": 100,
        "C/1/1/1:agent": 100,
        "C/1/1/1/A3": 100,
    }
    assert (target.added_up(found)["gap"] == 0).all()
    # Who leads no people has no headcount to reach.
    assert set(_targets(found, HEADS)) == {"C", "C/1", "C/2", "C/1/1", "C/1/1/1", "C/1/1/2"}


def test_rates_stay_what_they_are_and_reach_only_those_who_answer_for_them() -> None:
    found = target.cascade(HELD, pd.Series({RATE: 0.3}))
    own = found[found["kpi"] == RATE]
    assert own["target"].unique().tolist() == [0.3]
    assert set(own["level"]) == {"unit", "department", "group"}
    assert set(own["how"]) == {"same"}


def test_a_share_of_an_amount_that_a_level_does_not_answer_for_is_marked() -> None:
    found = target.cascade(HELD, pd.Series({PREMIUM: 1000.0}))
    own = found[found["kpi"] == PREMIUM].set_index("holder")
    assert not own.loc["C/1/1/1/A1", "listed"]
    assert own.loc["C/1/1/1/A3", ["listed", "basis"]].tolist() == [True, "proposal"]


def test_what_nobody_has_set_is_open_not_zero() -> None:
    found = target.cascade(HELD, pd.Series({PREMIUM: 1000.0}))
    own = found[(found["holder"] == "C/1/1/1/A1") & found["listed"]]
    assert own["how"].unique().tolist() == ["open"]
    assert own["target"].isna().all()
    assert set(own["kpi"]) == {duty.kpi for duty in levels()["trainee"]}


def test_what_was_agreed_stays_and_the_others_share_the_rest() -> None:
    agreed = pd.DataFrame({PREMIUM: [400.0], RATE: [0.4]}, index=["C/2"])
    found = target.cascade(HELD, pd.Series({PREMIUM: 1000.0, RATE: 0.3}), entered=agreed)
    assert _targets(found, PREMIUM)["C/1"] == 600
    own = found.set_index(["holder", "kpi"])
    assert own.loc[("C/2", RATE), ["target", "how"]].tolist() == [0.4, "entered"]
    assert own.loc[("C/1", RATE), "target"] == 0.3
    weights = pd.DataFrame({PREMIUM: [1.0, 1.0]}, index=["C/1", "C/2"])
    even = target.cascade(HELD, pd.Series({PREMIUM: 1000.0}), weights=weights)
    assert (_targets(even, PREMIUM)["C/1"], _targets(even, PREMIUM)["C/1/1/1"]) == (500, 214)
    too_much = pd.DataFrame({PREMIUM: [1200.0]}, index=["C/2"])
    with pytest.raises(TargetError):
        target.cascade(HELD, pd.Series({PREMIUM: 1000.0}), entered=too_much)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.integers(0, 10**8),
    st.lists(st.integers(1, 50), min_size=len(HELD), max_size=len(HELD)),
)
def test_whatever_the_heads_the_parts_make_the_whole(total: int, heads: list[int]) -> None:
    held = HELD.assign(heads=heads)
    kept = held.copy()
    found = target.cascade(held, pd.Series({PREMIUM: float(total)}))
    assert (target.added_up(found)["gap"] == 0).all()
    pd.testing.assert_frame_equal(held, kept)


def test_bad_holders_are_refused() -> None:
    with pytest.raises(TargetError, match="2 holder"):
        target.cascade(HELD.assign(above=["", "", *HELD["above"][2:]]), pd.Series({PREMIUM: 1.0}))
    with pytest.raises(UnknownName):
        target.cascade(HELD, pd.Series({"premum": 1.0}))
    with pytest.raises(UnknownName):
        target.cascade(
            HELD, pd.Series({PREMIUM: 1.0}), entered=pd.DataFrame({PREMIUM: [1.0]}, index=["X"])
        )


def test_the_bundled_districts_plan_reaches_everybody() -> None:
    book = open_book("district_one")
    held = target.holders(book, unit="D1", period="2012-10")
    closing = kpi.measure(book, [HEADS], by="district", period="2012-10")["value"].iloc[0]
    assert (held["kind"] == "person").sum() == closing == 178
    assert held["kind"].value_counts()[["unit", "department", "group"]].tolist() == [1, 6, 18]
    found = target.cascade(held, pd.Series({PREMIUM: 7_260_000.0}))
    own = found[(found["kpi"] == PREMIUM) & (found["kind"] == "person")]
    assert (len(own), own["target"].sum()) == (178, 7_260_000)
    assert (target.added_up(found)["gap"] == 0).all()
    assert target.holders(open_book("cases"), unit="SN/D1", period="2012-09")["kind"].tolist()[
        0
    ] == ("unit")


def test_the_lists_are_those_of_the_source_and_the_lost_ones_are_marked() -> None:
    found = target.duties()
    assert found["kpi"].isin(list(kpi.catalogue())).all()
    assert not found.duplicated(["level", "kpi"]).any()
    by_level = found.groupby("level")["basis"].agg(set)
    for level in ("group", "department_manager", "supervisor", "agent", "trainee"):
        assert by_level[level] == {"proposal"}
    assert by_level["unit"] == {"stated"}
    assert found[found["level"] == "department"]["kpi"].tolist() == [
        "standard_premium_issued",
        "headcount_closing",
        "recruit_rate",
        "attrition_rate",
        "activity_rate",
        "cases_per_head",
        "average_case_size",
    ]
    with pytest.raises(UnknownName, match="departement"):
        target.duties("departement")


# --- the round of the plans, on the days of the branch's plan

ABOVE = {"D1": "", "D1/01": "D1", "D1/02": "D1"}


def _day(day: int) -> dt.date:
    return dt.date(2005, 2, day)


def _round(*steps: tuple[str, str, int]) -> pd.DataFrame:
    out = target.register()
    for holder, state, day in steps:
        out = target.move(out, holder, state, on=_day(day), by="manager", above=ABOVE)
    return out


def _dates() -> dict[str, dt.date]:
    path = bundle.plan_path("branch_2005") / "plan_targets.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    days = [row["value"] for row in rows if row["unit"] == "date"]
    return dict(zip(("due", "first", "last"), map(dt.date.fromisoformat, days), strict=True))


def test_a_plan_is_drafted_commented_amended_handed_in_and_approved() -> None:
    steps = _round(
        ("D1/01", "draft", 10),
        ("D1/01", "commented", 12),
        ("D1/01", "draft", 15),
        ("D1/02", "draft", 15),
        ("D1/01", "submitted", 18),
        ("D1/02", "submitted", 22),
        ("D1", "draft", 22),
        ("D1", "submitted", 23),
        ("D1/01", "approved", 23),
    )
    assert steps["version"].tolist() == [1, 1, 2, 1, 2, 1, 1, 1, 2]
    when = _dates()
    found = target.standing(
        steps, ABOVE, today=_day(23), due=when["due"], review=(when["first"], when["last"])
    )
    assert found["state"].tolist() == ["submitted", "approved", "submitted"]
    # Due on the 21st: the district two days late, one department in time, one a day late.
    assert found["days_late"].tolist() == [2, 0, 1]
    assert found["review"].tolist() == ["open", "", "open"]
    later = target.standing(
        steps, ABOVE, today=_day(26), due=when["due"], review=(when["first"], when["last"])
    )
    assert later["review"].tolist() == ["overdue", "", "overdue"]
    early = target.standing(steps, ABOVE, today=_day(13), due=when["due"])
    assert early["state"].tolist() == ["", "commented", ""]
    assert early["days_late"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("D1", "submitted", 10)], "cannot follow"),
        ([("D1/01", "draft", 10), ("D1/01", "approved", 11)], "draft, commented, submitted"),
        ([("D1/01", "draft", 10), ("D1/01", "submitted", 9)], "2005-02-09 cannot follow"),
        ([("D1", "draft", 10), ("D1", "submitted", 11)], r"2 plan\(s\).*D1/01, D1/02"),
    ],
)
def test_a_step_that_cannot_be_is_refused(steps: list[tuple[str, str, int]], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        _round(*steps)


def test_earlier_steps_stay_and_strange_names_are_refused() -> None:
    first = _round(("D1/01", "draft", 10))
    kept = first.copy()
    second = target.move(first, "D1/01", "draft", on=_day(11), by="manager", above=ABOVE, note="x")
    pd.testing.assert_frame_equal(first, kept)
    pd.testing.assert_frame_equal(second.head(1), kept)
    with pytest.raises(UnknownName, match="D1/03"):
        target.move(first, "D1/03", "draft", on=_day(11), by="manager", above=ABOVE)
    with pytest.raises(UnknownName, match="sent"):
        target.move(first, "D1/01", "sent", on=_day(11), by="manager", above=ABOVE)
    with pytest.raises(TargetError, match="before it begins"):
        target.standing(first, ABOVE, today=_day(1), due=_day(1), review=(_day(5), _day(4)))


def test_nothing_is_nan_where_there_is_a_target() -> None:
    found = target.cascade(HELD, pd.Series({PREMIUM: 1000.0, RATE: np.nan}))
    assert found.query("how != 'open'")["target"].notna().all()
