"""Contests, clubs and season campaigns: worked by hand on a small book and on the district."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import books
import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import calendar, club, contest, outcome, season
from perfkit.rhythm.contest import Contest, Step
from perfkit.rhythm.rules import read_rules

FIRST, WEEK, LAST = dt.date(2012, 6, 1), dt.date(2012, 6, 7), dt.date(2012, 6, 29)

AGENTS = """
agent_id district department group rank       joined_on  left_on
A1       D1       01         1     agent      2011-01-01 -
A2       D1       01         1     supervisor 2011-01-01 -
A3       D1       02         1     agent      2011-01-01 -
A4       D1       02         1     agent      2011-01-01 2012-06-10
"""
POLICIES = """
policy_id agent_id submitted_on issued_on premium
P1        A1       2012-06-05   -         6000
P2        A1       2012-06-15   -         6000
P3        A2       2012-06-07   -         9000
P4        A3       2012-06-08   -         4000
P5        A4       2012-06-02   -         9000
P6        A3       2012-05-31   -         9000
P7        A1       2012-01-31   -         60000
P8        A1       2012-02-01   -         70000
P9        A2       2012-03-01   -         50001
P10       A3       2012-03-01   -         50000
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("b")
    return open_book(books.tiny(folder, agents=AGENTS, policies=POLICIES))


def made(**changes: object) -> Contest:
    base = {
        "code": "june", "names": {"en": "June", "zh": "June"}, "first": FIRST, "last": LAST,
        "who": "headcount_closing", "measure": "premium_submitted",
        "steps": (Step(5_000, 100), Step(10_000, 300)), "budget": 1_000.0,
    }  # fmt: skip
    return Contest(**(base | changes))  # type: ignore[arg-type]


def test_everybody_in_force_stands_somewhere(book: Book) -> None:
    found = contest.standing(book, made(), unit="D1", day=dt.date(2012, 6, 15)).set_index("unit")
    # A1 12000, A2 9000, A3 4000 (May does not count), A4 has left.
    assert found["value"].to_dict() == {
        "D1/01/1/A1": 12_000, "D1/01/1/A2": 9_000, "D1/02/1/A3": 4_000,
    }  # fmt: skip
    assert found["step"].tolist() == [2, 1, 0]
    assert found["gap"].tolist()[1:] == [1_000, 1_000]
    assert math.isnan(found["gap"].iloc[0])
    assert found["reward"].tolist() == [300, 100, 0]
    # 18 to 21 and 25 to 29 June; the 22nd is a holiday.
    assert found["days_left"].eq(9).all()
    near = contest.near(found.reset_index(), within=1_000)
    assert near["unit"].tolist() == ["D1/01/1/A2", "D1/02/1/A3"]
    assert contest.near(found.reset_index(), within=999).empty


def test_who_reached_a_step_in_the_first_week_gets_twice_its_reward(book: Book) -> None:
    one = made(double_until=WEEK)
    found = contest.standing(book, one, unit="D1", day=LAST).set_index("unit")
    # A1 had 6000 by the 7th: twice 100 is less than the 300 of its second step. A2: 200. A3: none.
    assert found["reward"].tolist() == [300, 200, 0]
    assert found["doubled"].tolist() == [False, True, False]
    assert found["days_left"].eq(0).all()
    spent = contest.cost(found.reset_index(), one)
    assert spent.to_dict() == {"winners": 2, "cost": 500, "budget": 1_000, "left": 500, "used": 0.5}


def test_before_the_week_is_over_it_counts_twice_so_far(book: Book) -> None:
    one = made(double_until=WEEK)
    found = contest.standing(book, one, unit="D1", day=dt.date(2012, 6, 5)).set_index("unit")
    assert found.loc["D1/01/1/A1", "reward"] == 200
    # A4 is still there.
    assert found["value"].to_dict()["D1/02/1/A4"] == 9_000


def test_only_those_who_take_part_stand_in_it(book: Book) -> None:
    found = contest.standing(book, made(who="supervisors"), unit="D1", day=LAST)
    assert found["unit"].tolist() == ["D1/01/1/A2"]
    found = contest.standing(book, made(), unit="D1/02", day=LAST)
    assert found["unit"].tolist() == ["D1/02/1/A3"]


MOVES = """
agent_id on         district department group rank
A3       2012-06-10 D1       01         1     supervisor
"""


def test_who_moved_takes_along_what_they_brought(tmp_path: Path) -> None:
    b = open_book(books.tiny(tmp_path, agents=AGENTS, policies=POLICIES, moves=MOVES))
    one = made(steps=(Step(4_000, 100),), double_until=dt.date(2012, 6, 8))
    found = contest.standing(b, one, unit="D1/01", day=LAST).set_index("unit")
    assert found.loc["D1/01/1/A3", ["value", "reward"]].tolist() == [4_000, 200]
    assert contest.standing(b, one, unit="D1/02", day=LAST).empty
    led = contest.standing(b, made(who="supervisors"), unit="D1", day=LAST)
    assert led["unit"].tolist() == ["D1/01/1/A2", "D1/01/1/A3"]


def test_after_its_end_a_contest_stands_still(book: Book) -> None:
    end = contest.standing(book, made(), unit="D1", day=LAST)
    later = contest.standing(book, made(), unit="D1", day=dt.date(2012, 12, 1))
    pd.testing.assert_frame_equal(end, later)


def test_a_contest_without_a_budget_has_no_share_of_it(book: Book) -> None:
    one = made(budget=math.nan)
    spent = contest.cost(contest.standing(book, one, unit="D1", day=LAST), one)
    assert spent["cost"] == 400
    assert spent[["budget", "left", "used"]].isna().all()


def test_a_contest_that_has_not_begun_is_said(book: Book) -> None:
    with pytest.raises(PerfkitError, match="begins on 2012-06-01"):
        contest.standing(book, made(), unit="D1", day=dt.date(2012, 5, 31))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"last": dt.date(2012, 5, 1)}, "first, last"),
        ({"double_until": dt.date(2012, 7, 1)}, "double_until"),
        ({"steps": ()}, "steps"),
        ({"steps": (Step(5, 1), Step(5, 2))}, "steps"),
        ({"steps": (Step(0, 1),)}, "steps"),
        ({"steps": (Step(5, -1),)}, "reward"),
        ({"budget": 0.0}, "budget"),
        ({"measure": "activity_rate"}, "measure"),
    ],
)
def test_contests_that_cannot_run_are_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(PerfkitError, match=f"'june': {field} does not fit"):
        made(**changes)


def test_unknown_kpis_and_people_are_refused() -> None:
    with pytest.raises(UnknownName, match="premium_submitted"):
        made(measure="premium_submited")
    with pytest.raises(UnknownName, match="'supervisors'"):
        made(who="supervisor")


TOML = """
[june]
en = "June"
zh = "六月"
first = 2012-06-01
last = 2012-06-29
measure = "premium_submitted"
steps = [{ bar = 5000, reward = 100 }, { bar = 10000, reward = 300 }]
budget = 1000
double_until = 2012-06-07
"""


def test_contests_are_read_from_a_file_and_become_events(tmp_path: Path) -> None:
    path = tmp_path / "contests.toml"
    path.write_text(TOML, encoding="utf-8")
    found = contest.read_contests(path)
    assert found["june"].steps[1] == Step(10_000, 300)
    events = contest.as_events(found, unit="D1")
    assert events[["start", "end", "title_zh"]].to_numpy().tolist() == [[FIRST, LAST, "六月"]]
    days = calendar.grid(events, "2012-06", read_rules())
    assert (days["type"] == "contest").sum() == 29
    assert contest.as_events({}, unit="D1").empty
    path.write_text(TOML.replace("last =", "end ="), encoding="utf-8")
    with pytest.raises(PerfkitError, match="'june': last"):
        contest.read_contests(path)
    path.write_text("[june", encoding="utf-8")
    with pytest.raises(PerfkitError, match="cannot be read"):
        contest.read_contests(path)


def test_a_club_on_the_district_agrees_with_the_kpi() -> None:
    b = open_book("district_one")
    club = made(first=dt.date(2012, 9, 1), last=dt.date(2012, 9, 30), steps=(Step(10_000, 0),))
    found = contest.standing(b, club, unit="D1", day=dt.date(2012, 9, 30))
    wanted = kpi.measure(b, ["ten_k_agents", "headcount_closing"], by="district", period="2012-09")
    in_force = wanted.set_index("kpi")["value"]
    assert len(found) == in_force["headcount_closing"] == 176
    # One of the month's writers of 10,000 yuan left before its end, and is in no club.
    assert (found["step"] == 1).sum() == in_force["ten_k_agents"] - 1


# ---- entry tracking: who is how far from the bar, with how many days left


def test_entry_says_what_is_needed_a_day_and_whether_the_pace_will_do(book: Book) -> None:
    day = dt.date(2012, 6, 15)
    found = club.entry(contest.standing(book, made(), unit="D1", day=day), made(), day=day)
    # 11 working days gone, 9 left (the 22nd is a holiday). A2 has 9000 of 10000, A3 4000 of 5000.
    assert found["id"].tolist() == ["A2", "A3", "A1"]
    assert found["unit"].tolist() == ["D1/01/1", "D1/02/1", "D1/01/1"]
    assert found["share"].tolist()[:2] == [0.9, 0.8]
    assert found["needed"].tolist()[:2] == pytest.approx([1_000 / 9] * 2)
    assert found["pace"].tolist() == pytest.approx([9_000 / 11, 4_000 / 11, 12_000 / 11])
    assert found["state"].tolist() == ["on_pace", "on_pace", "top"]
    assert found["gap"].isna().tolist() == [False, False, True]


def test_entry_knows_the_slow_and_those_out_of_time(book: Book) -> None:
    high = made(steps=(Step(100_000, 0),))
    day = dt.date(2012, 6, 15)
    slow = club.entry(contest.standing(book, high, unit="D1", day=day), high, day=day)
    assert slow["state"].unique().tolist() == ["behind"]
    over = club.entry(contest.standing(book, high, unit="D1", day=LAST), high, day=LAST)
    assert over["state"].unique().tolist() == ["missed"]
    assert over["needed"].isna().all()
    assert set(club.STATES) == {"top", "on_pace", "behind", "missed"}
    off = made(first=dt.date(2012, 6, 23), last=dt.date(2012, 6, 29))
    first = dt.date(2012, 6, 24)  # no working day yet
    none = club.entry(contest.standing(book, off, unit="D1", day=first), off, day=first)
    assert none["pace"].isna().all()
    assert none["state"].unique().tolist() == ["behind"]


def test_units_add_up_to_the_standing(book: Book) -> None:
    one = made(double_until=WEEK)
    found = contest.standing(book, one, unit="D1", day=LAST)
    board = club.by_unit(found, level="department", root="district")
    assert board.to_dict("records") == [
        {"unit": "D1/01", "people": 2, "entered": 2, "doubled": 1, "share": 1.0, "reward": 500.0},
        {"unit": "D1/02", "people": 1, "entered": 0, "doubled": 0, "share": 0.0, "reward": 0.0},
    ]
    assert board["reward"].sum() == contest.cost(found, one)["cost"]
    with pytest.raises(UnknownName, match="department"):
        club.by_unit(found, level="departments", root="district")


def test_the_first_week_scheme_rehearsed_on_october_is_overspent() -> None:
    b = open_book("district_one")
    one = contest.read_contests(open_book("cases").path / "contests.toml")["october_first_week"]
    day = dt.date(2012, 10, 11)
    found = contest.standing(b, one, unit="D1", day=day)
    # 36 are active on the 11th (printed); 14 of them with two policies: 22 x 200 + 14 x 500.
    spent = contest.cost(found, one)
    assert (spent["winners"], spent["cost"], spent["left"]) == (36, 11_400, -1_400)
    assert (found["step"] == 2).sum() == 14
    assert club.by_unit(found, level="department", root="district")["reward"].sum() == 11_400


# ---- seasons


def test_the_opening_season_of_case_4() -> None:
    months = season.months_of(read_rules(), "opening", 2012)
    weights = dict(zip(months, (12, 6.5, 7.7), strict=True))
    found = season.split(2_300_000, 1_500_000, months, weights)
    whole = found.iloc[-1]
    assert (whole["large"], whole["other"]) == (1_500_000, 800_000)
    parts = found.iloc[:-1]
    assert parts[["large", "other", "target"]].sum().tolist() == [1_500_000, 800_000, 2_300_000]
    assert parts["large"].iloc[0] == pytest.approx(1_500_000 * 12 / 26.2, abs=1)
    assert (parts["target"] == parts["large"] + parts["other"]).all()


def test_equal_months_and_yuan_that_do_not_divide() -> None:
    found = season.split(100, 0, ["2012-04", "2012-05", "2012-06"])
    assert found["other"].tolist() == [34, 33, 33, 100]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: season.split(0, 0, ["2012-04"]), "here 0 and 0"),
        (lambda: season.split(10, 11, ["2012-04"]), "here 10 and 11"),
        (lambda: season.split(10.5, 1, ["2012-04"]), "whole yuan"),
        (lambda: season.split(10, 1, ["2012-04"], {"2012-05": 1.0}), "2012-04"),
        (lambda: season.split(10, 1, []), "–"),
        (lambda: season.months_of(read_rules(), "april_mai", 2012), "'april_may'"),
    ],
)
def test_seasons_that_cannot_be_split_are_refused(call: object, said: str) -> None:
    with pytest.raises(PerfkitError, match=said):
        call()  # type: ignore[operator]


def test_writers_of_large_policies_over_the_window(book: Book) -> None:
    found = season.large_writers(book, unit="D1", day=dt.date(2012, 3, 31), look_back=2)
    # February and March: 70000 of A1 and 50001 of A2; 50000 is not above the threshold.
    assert found["id"].tolist() == ["A1", "A2"]
    assert found["large_premium"].tolist() == [70_000, 50_001]
    assert found["share"].tolist() == pytest.approx([70_000 / 120_001, 50_001 / 120_001])
    longer = season.large_writers(book, unit="D1", day=dt.date(2012, 3, 31), look_back=3)
    assert longer[["large_policies", "large_premium"]].iloc[0].tolist() == [2, 130_000]
    none = season.large_writers(book, unit="D1/02", day=dt.date(2012, 3, 31))
    assert none.empty
    with pytest.raises(PerfkitError, match="at least 1"):
        season.large_writers(book, unit="D1", day=dt.date(2012, 3, 31), look_back=0)


def test_the_districts_large_policies_all_have_a_writer() -> None:
    b = open_book("district_one")
    found = season.large_writers(b, unit="D1", day=dt.date(2012, 9, 30), look_back=9)
    codes = ["large_policy_count", "large_policy_premium"]
    whole = kpi.measure(b, codes, by="district", period="2012-01..2012-09")["value"].tolist()
    assert found[["large_policies", "large_premium"]].sum().tolist() == whole


def parts() -> pd.DataFrame:
    weights = {"2013-01": 12.0, "2013-02": 6.5, "2013-03": 7.7}
    return season.split(2_300_000, 1_500_000, list(weights), weights)


def test_weeks_make_up_their_months_to_the_yuan() -> None:
    found = season.weeks(parts(), read_rules())
    for name in ("large", "other", "target"):
        months = found.groupby("month")[name].sum()
        assert months.tolist() == parts()[name].iloc[:-1].tolist()
    assert found["cumulative"].iloc[-1] == 2_300_000
    # Spring Festival leaves the week of the 10th one working day, of 17 in February's weeks.
    february = found[found["month"] == "2013-02"]
    assert february["working_days"].tolist() == [5, 5, 1, 6]
    whole = parts()["target"].iloc[1]
    assert february["target"].iloc[2] == pytest.approx(whole / 17, abs=1)
    # The office's weeks tile the year, so the first one begins in December.
    assert found["first"].iloc[0] == dt.date(2012, 12, 30)
    assert (found["target"] % 1 == 0).all()


def test_what_the_past_writers_would_bring() -> None:
    b = open_book("district_one")
    found = season.large_writers(b, unit="D1", day=dt.date(2012, 10, 31), look_back=10)
    # The 14 large policies of 114 that the deck prints, of 12 people.
    far = season.reach(found, 1_500_000, look_back=10, months=3)
    assert (far["writers"], far["policies"], far["premium"]) == (12, 14, 1_140_000)
    # 114 in ten months are 34.2 in three: 150 are 4.39 times that, or 18.4 of 8.14 each.
    assert far["at_pace"] == pytest.approx(342_000)
    assert far["missing"] == pytest.approx(1_158_000)
    assert far["ratio"] == pytest.approx(4.386, abs=0.001)
    assert far["policies_needed"] == pytest.approx(18.42, abs=0.01)
    nobody = season.reach(found.iloc[:0], 1.0, look_back=10, months=3)
    assert nobody[["mean_size", "ratio", "policies_needed"]].isna().all()
    assert nobody["missing"] == 1
    with pytest.raises(PerfkitError, match="at least 1"):
        season.reach(found, 1.0, look_back=10, months=0)


def test_what_came_of_a_season_and_of_a_part_of_it() -> None:
    b = open_book("district_one")
    months = ["2012-01", "2012-02", "2012-03"]
    found = outcome.came(b, months, unit="D1")
    # February is printed: 71, of which 40 from three people; March 71.6.
    assert found["whole"].tolist()[1:3] == [710_000, 716_000]
    assert found["large"].iloc[1] == 400_000
    assert (found["large"] + found["other"] == found["whole"]).all()
    assert found.iloc[-1][["month", "whole"]].tolist() == ["", found["whole"].iloc[:-1].sum()]
    until = outcome.came(b, months, unit="D1", day=dt.date(2012, 2, 29))
    assert until["whole"].tolist()[1:3] == [710_000, 0]
    both = outcome.attained(parts(), found)
    assert both["attainment"].iloc[-1] == pytest.approx(found["whole"].iloc[-1] / 2_300_000)
    assert both["large_attainment"].iloc[1] == pytest.approx(400_000 / parts()["large"].iloc[1])
    laid = outcome.beside(parts(), found)
    assert laid["row"].unique().tolist() == [
        "2012-01:actual", "2013-01:target", "2012-02:actual", "2013-02:target",
        "2012-03:actual", "2013-03:target",
    ]  # fmt: skip
    targets = laid[laid["row"].str.endswith("target")]
    assert targets["value"].sum() == 2_300_000
    with pytest.raises(PerfkitError, match=r"3 month\(s\), what came has 2"):
        outcome.attained(parts(), found.iloc[:-1])


def test_weights_of_a_plan_may_be_a_series() -> None:
    found = season.split(30, 0, ["2012-01", "2012-02"], pd.Series({"2012-01": 2.0, "2012-02": 1.0}))
    assert found["target"].tolist() == [20, 10, 30]
