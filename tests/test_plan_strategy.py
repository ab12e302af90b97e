"""From vision to measure: what supports what, the seven questions, dates; the plan of 2005."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from perfkit import words
from perfkit.errors import UnknownName
from perfkit.plan import printed, strategy
from perfkit.plan.rows import PlanRefused

PLAN = "branch_2005"


def items(*rows: tuple[str, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(list(rows), columns=["item_id", "level", "supports"])
    return table.assign(what=table["item_id"])


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_whole_plan_of_2005_hangs_together(lang: str) -> None:
    table = printed.plan_items(PLAN, lang=lang)
    found = strategy.support(table)
    assert set(found["state"]) == {"joined"}
    assert set(found["top"]) == {"vision"}
    path = found.set_index("item_id").loc["S2A1M2", "path"]
    assert path == "vision > mission > goal > S2 > S2A1 > S2A1M2"
    share = strategy.elements(table, factors=0).set_index("element")["share"]
    assert share["company_strategy"] == share["department"] == 1
    assert share["environment"] == 0
    assert pd.isna(share["personal"])


def test_what_the_measures_of_2005_leave_open() -> None:
    found = strategy.completeness(printed.plan_items(PLAN, lang="en"))
    measures = found[found["level"] == "measure"]
    # 5 of 45 have neither months nor a frequency; nobody is named, nothing said of control.
    assert (measures["when"] == 0).sum() == 5
    assert (measures["who"] == 0).all()
    # 26 have money, 9 ask for posts.
    assert measures["resources"].sum() == 26 + 9
    goal = found[found["level"] == "goal"].iloc[0]
    assert (goal["answered"], goal["share"], goal["missing"]) == (2, 1, "")


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_client_service_plan_stands_in_the_same_form(lang: str) -> None:
    table = printed.support_items(PLAN, lang=lang)
    assert strategy.levels(table) == {"strategy": 4, "action": 28}
    found = strategy.completeness(table)
    actions = found[found["level"] == "action"]
    assert (actions["when"] == 0).sum() == 6  # still to be decided
    both = pd.concat([printed.plan_items(PLAN, lang=lang), table])
    loose = strategy.support(both).query("state == 'loose'")
    assert loose["item_id"].tolist() == ["A", "B", "C", "D"]
    joined = table.assign(supports=table["supports"].where(table["level"] != "strategy", "goal"))
    whole = pd.concat([printed.plan_items(PLAN, lang=lang), joined])
    assert set(strategy.support(whole)["top"]) == {"vision"}


def test_personal_plans_support_the_one_above() -> None:
    plan = items(("S", "strategy", ""), ("A", "action", "S"))
    people = pd.DataFrame({"person": ["a", "a", "b"], "supports": ["A", "", ""]})
    found = strategy.elements(plan, factors=12, personal=people).set_index("element")
    assert found.loc["personal", ["share", "lacking"]].tolist() == [0.5, "b"]
    with pytest.raises(UnknownName, match="X"):
        strategy.elements(plan, factors=12, personal=people.assign(supports="X"))


def test_loose_and_bare_items_are_seen() -> None:
    plan = items(("V", "vision", ""), ("S", "strategy", "V"), ("A", "action", "S"),
                 ("M", "measure", "A"), ("B", "action", ""), ("N", "measure", "B"),
                 ("T", "strategy", "V"))  # fmt: skip
    found = strategy.support(plan).set_index("item_id")["state"].to_dict()
    assert found == {"V": "joined", "S": "joined", "A": "joined", "M": "joined", "B": "loose",
                     "N": "joined", "T": "bare"}  # fmt: skip
    share = strategy.elements(plan, factors=1).set_index("element")
    assert share.loc["department", ["share", "lacking"]].tolist() == [0.5, "B N"]
    assert share.loc["company_strategy", "lacking"] == "mission goal"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("A", "action", "B"), ("B", "action", "A")], "does not stand above it"),
        ([("A", "action", "A")], "does not stand above it"),
        ([("S", "strategy", "M"), ("M", "measure", "")], "does not stand above it"),
        ([("A", "action", ""), ("A", "action", "")], "stands twice"),
        ([("A", "deed", "")], "Write one of: vision"),
        ([("", "action", "")], "has no item_id"),
        ([("A", "action", "S")], "no item of the plan 'S'"),
    ],
)
def test_what_does_not_hang_together_is_refused(
    rows: list[tuple[str, str, str]], said: str
) -> None:
    with pytest.raises((PlanRefused, UnknownName), match=said):
        strategy.checked(items(*rows))


DUE = dt.date(2005, 2, 21)
REVIEW = (dt.date(2005, 2, 22), dt.date(2005, 2, 25))


@pytest.mark.parametrize(
    ("given", "seen", "today", "state", "days"),
    [
        (None, None, 20, "open", 1),
        (None, None, 22, "late", -1),
        (21, None, 22, "submitted", 3),
        (23, None, 24, "submitted_late", 1),
        (21, None, 26, "review_overdue", -1),
        (21, 24, 26, "reviewed", 1),
        (21, 24, 23, "submitted", 2),
        (24, None, 22, "late", -1),
    ],
)
def test_how_a_departments_plan_stands(
    given: int | None, seen: int | None, today: int, state: str, days: int
) -> None:
    day = [None if d is None else dt.date(2005, 2, d) for d in (given, seen)]
    plans = pd.DataFrame({"unit": ["a"], "submitted_on": day[:1], "reviewed_on": day[1:]})
    found = strategy.deadlines(plans, due=DUE, review=REVIEW, today=dt.date(2005, 2, today))
    assert found[["state", "days"]].values.tolist() == [[state, days]]


def test_dates_out_of_order_are_refused() -> None:
    days = [dt.date(2005, 2, 23)]
    plans = pd.DataFrame({"unit": ["a"], "submitted_on": days, "reviewed_on": days})
    with pytest.raises(PlanRefused, match="not in order"):
        strategy.deadlines(plans, due=DUE, review=(DUE, dt.date(2005, 2, 20)), today=DUE)
    early = plans.assign(reviewed_on=[dt.date(2005, 2, 22)])
    with pytest.raises(PlanRefused, match="before it was handed in"):
        strategy.deadlines(early, due=DUE, review=REVIEW, today=dt.date(2005, 3, 1))
