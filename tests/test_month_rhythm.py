"""What a month's and a week's report put together: plans, verdicts, weeks, points, the calendar."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from pathlib import Path

import books
import icalendar
import numpy as np
import pandas as pd
import pytest

from perfkit import kpi, rhythm, workdays
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.errors import BadPeriod, PerfkitError, UnknownName
from perfkit.rhythm import (
    calendar,
    month,
    monthplan,
    node,
    nodeplan,
    pace,
    points,
    pulled,
    week,
    worth,
)
from perfkit.rhythm.monthplan import Nodes
from perfkit.rhythm.rules import read_rules

DAYS = [2, 7, 11, 16, -1]
SEPTEMBER = spans.parse("2012-09")


def day(number: int, of: int = 9) -> dt.date:
    return dt.date(2012, of, number)


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


@pytest.fixture(scope="module")
def seen(book: Book) -> pd.DataFrame:
    months = month.around(book, "2012-09", back=12)
    return pace.follow(book, months, unit="D1", by="district")


@pytest.fixture(scope="module")
def nodes(book: Book) -> Nodes:
    return monthplan.nodes_of(book, unit="D1", month="2012-09", working_days=DAYS)


# ---- the month and its days


def test_a_period_is_looked_at_to_its_last_day_of_facts_or_the_day_asked_for(book: Book) -> None:
    assert month.until(book, "2012-09") == day(30)
    assert month.until(book, "2012-10:business") == day(25, 10)
    assert month.until(book, "2012-W44") == day(31, 10)  # as_of; the week ends on 4 November
    with pytest.raises(PerfkitError, match="2012-10-01"):
        month.until(book, "2012-09", "2012-10-01")
    with pytest.raises(PerfkitError, match="2012-11-02"):
        month.until(book, "2012-W44", "2012-11-02")
    with pytest.raises(BadPeriod):
        month.until(book, "2012-09", "eleventh")


def test_the_months_around_are_those_the_book_knows(book: Book) -> None:
    assert month.around(book, "2012-10", back=1) == ["2011-10", "2012-09", "2012-10"]
    found = month.around(book, "2012-09:business", back=1)
    assert found == [f"{code}:business" for code in ("2011-09", "2012-08", "2012-09", "2012-10")]
    assert month.around(book, "2009-10", back=12)[:2] == ["2009-10", "2009-11"]


def test_a_day_lies_in_a_calendar_month_or_a_business_one() -> None:
    assert month.of_day(dt.date(2012, 5, 25), "business").code == "2012-05:business"
    assert month.of_day(dt.date(2012, 5, 26), "business").code == "2012-06:business"
    assert month.of_day(dt.date(2012, 12, 31), "business").code == "2012-12:business"
    assert month.of_day(dt.date(2012, 5, 26)).code == "2012-05"
    with pytest.raises(UnknownName, match="business"):
        month.of_day(dt.date(2012, 5, 26), "busines")


# ---- node plans, entered and made


def test_a_plan_that_is_entered_goes_before_one_that_could_be_made(nodes: Nodes) -> None:
    assert (nodes.basis, nodes.target) == ("entered", 860_000)
    assert nodes.plan["date"].tolist() == [day(n) for n in (4, 11, 17, 24, 28)]


TARGETS = "unit_id period kpi version value state\n"


@pytest.mark.parametrize(
    ("rows", "given", "basis", "target"),
    [
        ("D1 2012-06 premium_submitted stretch 90000 approved\n", 0.0, "version", 90_000),
        ("D1 2012-06 premium_issued plan 60000 approved\n", 0.0, "issued", 60_000),
        ("D1 2012-06 premium_issued plan 60000 approved\n", 80_000.0, "given", 80_000),
        ("D1 2012-05 premium_issued plan 60000 approved\n", 0.0, "days", math.nan),
    ],
)
def test_a_plan_is_made_of_the_target_there_is_and_says_which(
    tmp_path: Path, rows: str, given: float, basis: str, target: float
) -> None:
    own = open_book(books.tiny(tmp_path / "b", targets=TARGETS + rows))
    found = monthplan.nodes_of(
        own, unit="D1", month="2012-06", working_days=[2, 99, -1], given=given
    )
    assert found.basis == basis
    assert found.target == pytest.approx(target, nan_ok=True)
    # Friday 1, Monday 4, … Friday 29 June; there is no 99th working day.
    assert found.plan["date"].tolist() == [dt.date(2012, 6, 4), dt.date(2012, 6, 29)]
    # June 2012 has 20 working days: the second is a tenth of them.
    made = found.plan["premium_submitted"].tolist()
    assert made == pytest.approx([target / 10, target], nan_ok=True)


def test_who_must_write_is_named_node_by_node(book: Book) -> None:
    asked = ["headcount_department_manager", "", "", "", "supervisors", "headcount_closing"]
    found = monthplan.nodes_of(
        book, unit="D1", month="2012-09", working_days=[], must_write=asked
    ).plan
    assert found["must_write"].tolist() == asked[:5]
    missing = node.who_must_write(book, found, unit="D1", day=day(30))
    # Three of six managers had no policy on the 4th; 25 of 28 supervisors had one by the 28th.
    assert missing.groupby("node").size().to_dict() == {1: 3, 5: 3}
    with pytest.raises(UnknownName, match="supervisors"):
        nodeplan.with_writers(found, ["supervisor"])


def test_nodes_of_a_business_month_are_spans_from_its_first_day(tmp_path: Path) -> None:
    rows = "D1 2012-05-26..2012-06-08 premium_submitted nodes 1000 approved\n"
    rows += "D1 2012-06@08 premium_submitted nodes 7 approved\n"
    policies = "policy_id agent_id submitted_on issued_on premium\nP1 A1 2012-05-26 - 1200\n"
    policies += "P2 A1 2012-05-25 - 5000\n"
    own = open_book(books.tiny(tmp_path / "b", targets=TARGETS + rows, policies=policies))
    found = monthplan.nodes_of(own, unit="D1", month="2012-06:business", working_days=[])
    assert found.plan["premium_submitted"].tolist() == [1_000]
    at = {"unit": "D1", "by": "district", "day": dt.date(2012, 6, 10)}
    status = node.status(own, found.plan, month="2012-06:business", **at)
    assert status[["actual", "state"]].to_numpy().tolist() == [[1_200, "met"]]


def test_a_node_that_nobody_observed_is_neither_met_nor_missed() -> None:
    cases = open_book("cases")
    plan = nodeplan.entered(cases, "SN/D1", "2012-09")
    found = node.status(cases, plan, unit="SN/D1", by="district", day=day(30))
    premium = found[found["kpi"] == "premium_submitted"].set_index("node")["state"].to_dict()
    assert premium == {1: "unknown", 2: "met", 4: "unknown", 5: "unknown"}
    assert node.status(cases, plan.head(0), unit="SN/D1", by="district", day=day(30)).empty
    assert node.who_must_write(cases, plan, unit="SN/D1", day=day(30)).empty


def test_nodes_proposed_carry_even_and_usual_shares(seen: pd.DataFrame, nodes: Nodes) -> None:
    usual = pace.usual_before(seen, "premium_submitted", month="2012-09")
    assert usual is not None
    assert usual["months"].eq(12).all()
    found = monthplan.shares(nodes.plan, month="2012-09", curve=usual)
    assert found["even"].tolist() == pytest.approx([2 / 21, 7 / 21, 11 / 21, 16 / 21, 20 / 21])
    assert found["usual"].is_monotonic_increasing
    # The months before filled up later than evenly.
    assert (found["usual"] < found["even"]).iloc[1:4].all()
    since = pace.usual_before(seen, "premium_submitted", month="2012-09", breaks=["2012-07"])
    assert since is not None
    assert since["months"].eq(2).all()
    assert pace.usual_before(seen, "premium_submitted", month="2011-09") is None
    assert monthplan.curve_of(usual, "even") is None
    with pytest.raises(UnknownName, match="usual"):
        monthplan.curve_of(usual, "usal")


# ---- where it lands


def test_a_landing_becomes_surer_and_at_the_end_it_is_the_month(
    seen: pd.DataFrame, nodes: Nodes
) -> None:
    days = monthplan.checkpoints(nodes.plan, day(30))
    found = node.landings(seen, nodes.target, month="2012-09", days=days)
    assert found["day"].tolist() == [day(n) for n in (4, 11, 17, 24, 28, 30)]
    width = (found["high"] - found["low"]).tolist()
    assert width[-1] == 0
    assert width[1] > width[2] > width[3] > width[4]
    assert found["expected"].iloc[-1] == 536_000
    # On the 17th and the 24th nobody could have known how little was to follow.
    assert (found["low"] <= 536_000).tolist() == [True, True, False, False, True, True]
    assert (found["high"] >= 536_000).all()
    assert found["chance"].iloc[-1] == 0
    assert found["chance"].iloc[1] == pytest.approx(0.31, abs=0.01)


def test_a_landing_without_a_target_has_no_chance(seen: pd.DataFrame) -> None:
    found = node.landings(seen, math.nan, month="2012-09", days=[day(11)])
    assert found[["target", "gap", "run_rate", "chance"]].isna().all(axis=None)
    assert found["expected"].iloc[0] > 437_000


def test_days_and_months_of_which_too_little_is_known_are_left_out(seen: pd.DataFrame) -> None:
    few = seen[seen["month"].isin(["2012-08", "2012-09"])]
    found = node.landings(few, 1.0, month="2012-09", days=[day(11)])
    assert found.empty
    assert "expected" in found
    assert node.landings(seen, 1.0, month="2012-11", days=[day(11, 11)]).empty


# ---- pulled forward or added


def followed(values: dict[str, float], code: str = "premium_submitted") -> pd.DataFrame:
    rows = [["D1", code, name, value] for name, value in values.items()]
    return pace.points(pd.DataFrame(rows, columns=["unit", "kpi", "period", "value"]))


def test_september_against_its_plan_and_against_what_is_usual(
    seen: pd.DataFrame, nodes: Nodes
) -> None:
    found = pulled.judge_nodes(seen, nodes, month="2012-09", place=2)
    assert found["basis"].tolist() == ["plan", "usual", "usual", "usual"]
    assert found["first_attainment"].iloc[0] == pytest.approx(1.0925)
    assert found["whole_attainment"].iloc[0] == pytest.approx(0.6233, abs=1e-4)
    # More agents wrote, and did in the month that followed; the premium only came sooner.
    verdicts = ["pulled_forward", "pulled_forward", "added", "added"]
    assert found["verdict"].tolist() == verdicts


def test_a_month_is_judged_by_the_mean_of_those_before_at_the_same_part() -> None:
    # 7 of March's 23 selling days, 6 of April's 19, 7 of May's 22: .304, .316, .318.
    values = {"2012-03@09": 10.0, "2012-03": 40.0, "2012-04@11": 20.0, "2012-04": 60.0}
    values |= {"2012-05@10": 30.0, "2012-05": 40.0, "2012-06@11": 45.0}
    running = pulled.judge_month(followed(values), month="2012-05", first=dt.date(2012, 5, 10))
    assert running["months"].tolist() == [2]
    row = running.iloc[0]
    assert (row["first_target"], row["whole_target"]) == (15, 50)
    # The excess of 15 explains 15 of the 25 that the rest fell short by.
    assert (row["excess"], row["shortfall"], row["moved"], row["lost"]) == (15, 25, 15, 10)
    assert row["verdict"] == "pulled_forward"
    now = pulled.judge_month(followed(values), month="2012-06", first=dt.date(2012, 6, 11))
    assert now["verdict"].tolist() == ["unknown"]
    over = {**values, "2012-06": 100.0, "2012-07": 10.0}
    june = followed(over)
    borrowed = pulled.judge_month(june, month="2012-06", first=dt.date(2012, 6, 11))
    assert borrowed["verdict"].tolist() == ["borrowed"]


def test_without_nodes_the_first_third_is_the_first_part(seen: pd.DataFrame) -> None:
    bare = Nodes(nodeplan.nothing(), "days", math.nan)
    found = pulled.judge_nodes(seen, bare, month="2012-09", place=2)
    # 7 of 21 selling days: the 11th again.
    assert found["first_actual"].iloc[0] == 437_000
    assert set(found["basis"]) == {"usual"}
    assert pulled.judge_nodes(seen.head(0), bare, month="2012-09", place=2).empty


def test_only_a_target_of_the_same_measure_says_whether_a_month_was_borrowed(
    seen: pd.DataFrame, nodes: Nodes
) -> None:
    reached = nodes._replace(target=500_000.0)
    october = Nodes(nodeplan.nothing(), "given", 700_000.0)
    at = {"month": "2012-09", "place": 2}
    found = pulled.judge_nodes(seen, reached, after=october, **at)
    assert found["verdict"].iloc[0] == "borrowed"
    issued = october._replace(basis="issued")
    found = pulled.judge_nodes(seen, reached, after=issued, **at)
    assert found["verdict"].iloc[0] == "added"


# ---- what a day is worth


def test_days_of_a_month_and_what_they_usually_bring(seen: pd.DataFrame) -> None:
    found = worth.day_worth(seen, month="2012-09", day=day(11)).set_index("day_type")
    assert found["days"].to_dict() == {"workday": 20, "make_up": 1, "weekend": 8, "holiday": 1}
    assert found["done"].to_dict() == {"workday": 7, "make_up": 0, "weekend": 4, "holiday": 0}
    assert found.loc["workday", "weight"] == 1
    assert 0 < found.loc["weekend", "weight"] < 1
    plain = worth.weights_of(found.reset_index(), "plain")
    learned = worth.weights_of(found.reset_index(), "learned")
    assert plain is None
    assert learned is not None
    again = worth.weighed(seen, learned)
    end = again[(again["month"] == "2012-09") & (again["date"] == day(30))].iloc[0]
    weights = found["weight"]
    whole = 20 + weights["make_up"] + 8 * weights["weekend"] + weights["holiday"]
    assert end["selling_day"] == pytest.approx(whole)
    pd.testing.assert_frame_equal(worth.weighed(seen, None), seen)
    with pytest.raises(UnknownName, match="learned"):
        worth.weights_of(found.reset_index(), "learnt")


def test_days_that_are_not_known_one_by_one_teach_nothing() -> None:
    rows = followed({"2012-07@11": 1.0, "2012-07": 9.0})
    found = worth.day_worth(rows, month="2012-07", day=dt.date(2012, 7, 31))
    assert found["weight"].isna().all()
    assert worth.weights_of(found, "learned") is None
    assert found["days"].sum() == 31


# ---- weeks


def test_a_code_is_the_offices_week_that_holds_its_thursday(book: Book, tmp_path: Path) -> None:
    assert week.of(book, "2012-W37").code == "2012-09-09..2012-09-15"
    assert week.of(book, "2012-W01").code == "2012-01-01..2012-01-07"
    assert week.of(book, "2012-09-16").first == day(16)  # a Sunday begins the next one
    monday = books.tiny(tmp_path / "m")
    (monday / "rhythm.toml").write_text('week_starts = "monday"\n', encoding="utf-8")
    own = open_book(monday)
    iso = [spans.parse(f"2012-W{n:02d}") for n in range(1, 53)]
    assert [(week.of(own, w).first, week.of(own, w).last) for w in iso] == [
        (w.first, w.last) for w in iso
    ]
    mine = [week.of(book, w) for w in iso]
    assert {(b.first - a.last).days for a, b in itertools.pairwise(mine)} == {1}
    with pytest.raises(BadPeriod):
        week.of(book, "2012-09")


def test_weeks_behind_begin_with_the_facts(book: Book) -> None:
    first = week.of(book, book.facts_from.isoformat())
    found = week.behind(book, week.after(week.after(first)), 8)
    assert len(found) == (3 if first.first >= book.facts_from else 2)
    assert week.worked(spans.parse("2012-09-23..2012-09-29"), day(30)) == 6


def test_who_has_no_policy_stands_in_the_unit_below(book: Book) -> None:
    found = week.without_policy(book, unit="D1", period="2012-09@11")
    everybody = kpi.measure(
        book, ["supervisors", "supervisors_active"], by="district", period="2012-09@11"
    ).set_index("kpi")["value"]
    assert len(found) == everybody["supervisors"] - everybody["supervisors_active"] == 6
    own = week.without_policy(book, unit="D1/03", period="2012-09@11")
    assert set(own["agent"]) == set(found.loc[found["unit"] == "D1/03", "agent"])
    assert own["unit"].str.count("/").eq(2).all()
    with pytest.raises(UnknownName):
        week.without_policy(book, unit="D1/99", period="2012-09@11")
    assert week.without_policy(open_book("cases"), unit="SN/D1", period="2012-09@11").empty


# ---- contests on a day


CONTESTS = """
[week]
en = "first week"
zh = "首周"
first = 2012-06-01
last = 2012-06-29
measure = "premium_submitted"
steps = [{ bar = 5000, reward = 100 }, { bar = 10000, reward = 300 }]
budget = 300
[old]
en = "old"
zh = "旧"
first = 2012-01-01
last = 2012-01-31
measure = "cases"
steps = [{ bar = 1 }]
[next]
en = "next"
zh = "下一场"
first = 2012-07-02
last = 2012-07-31
measure = "cases"
steps = [{ bar = 1 }]
"""
POLICIES = """
policy_id agent_id submitted_on issued_on premium
P1        A1       2012-06-05   -         12000
P2        A2       2012-06-07   -         4000
"""


@pytest.fixture
def contested(tmp_path: Path) -> Book:
    folder = books.tiny(tmp_path / "c", policies=POLICIES)
    (folder / "contests.toml").write_text(CONTESTS, encoding="utf-8")
    return open_book(folder)


def test_contests_of_a_month_stand_side_by_side(contested: Book) -> None:
    at = {"unit": "D1", "first": dt.date(2012, 6, 1), "day": dt.date(2012, 6, 15)}
    found = rhythm.standings(contested, **at)
    rows = found.contests.set_index("contest")
    # January's is over; July's begins within a month.
    assert rows["state"].to_dict() == {"week": "running", "next": "coming"}
    told = rows.loc["week", ["people", "reached", "near", "cost", "used"]].tolist()
    assert told == [2, 1, 1, 300, 1]
    assert rows.loc["week", "days_left"] == 9
    near = found.near.iloc[0]
    assert (near["unit"], near["agent"], near["gap"]) == ("D1/02", "A2", 1_000)
    # A fifth of the bar is lacking.
    assert rhythm.standings(contested, **at, within=0.19).near.empty
    after = rhythm.standings(contested, unit="D1", first=at["first"], day=dt.date(2012, 6, 30))
    assert after.contests["state"].iloc[0] == "over"
    assert after.near.empty


# ---- the calendar as a whole


def test_nodes_after_the_offices_last_week_stand_in_the_calendar(book: Book) -> None:
    asked = {"unit": "D1", "month": "2012-10", "working_days": DAYS}
    plan = monthplan.nodes_of(book, **asked).plan
    found = rhythm.calendar_of(book, "2012-10", unit="D1", nodes=plan)
    events = found.events
    days = events[events["type"] == "node"]["start"].tolist()
    assert days == [day(n, 10) for n in (9, 16, 22, 29, 31)]
    shown = found.days
    assert (shown["date"].iloc[0], shown["date"].iloc[-1]) == (day(30), day(3, 11))
    assert not shown[shown["date"] == day(3, 11)]["inside"].any()
    assert found.made == ["2012-10"]
    # Without such nodes the office's weeks are all: 30 September to 27 October.
    assert rhythm.calendar_of(book, "2012-10", unit="D1").days["date"].iloc[-1] == day(27, 10)
    first, last = calendar.window("2012-09", read_rules(), through=day(30))
    assert (first, last) == (day(26, 8), day(6, 10))


def test_a_calendar_that_holds_events_but_no_node_gets_its_nodes(tmp_path: Path) -> None:
    rows = "event_id unit_id start type\nE1 D1 2012-06-05 meeting\n"
    own = open_book(books.tiny(tmp_path / "b", calendar=rows))
    plan = nodeplan.plan("2012-06", [dt.date(2012, 6, 8)], {"premium_submitted": 10.0})
    found = rhythm.calendar_of(own, "2012-06", unit="D1", nodes=plan)
    assert found.events["type"].tolist() == ["meeting", "node"]
    assert found.made == []
    back = icalendar.Calendar.from_ical(found.phone(title="June", lang="en"))
    assert [str(e["summary"]) for e in back.walk("VEVENT")] == ["meeting", "node 1"]
    assert found.choices["type"][0] == "node"
    assert set(found.marks) == {"E1", "20120608-node"}


def test_conflicts_and_contests_are_in_the_calendar(contested: Book) -> None:
    meeting = {"unit_id": "D1", "type": "meeting", "who": "supervisor", "starts_at": "09:00"}
    held = calendar.checked(
        pd.DataFrame([meeting | {"start": "2012-06-22"}, meeting | {"start": "2012-06-22"}])
    )
    found = rhythm.calendar_of(contested, "2012-06", unit="D1", held=held)
    assert found.clashes["kind"].tolist() == ["holiday", "holiday", "person"]
    assert "contest-week" in set(found.events["event_id"])
    assert "contest-old" not in set(found.events["event_id"])


# ---- points


def keys(found: list[points.Point]) -> list[str]:
    return [point.key for point in found]


def looked_at(book: Book, seen: pd.DataFrame, nodes: Nodes, until: dt.date) -> list[points.Point]:
    at = {"unit": "D1", "day": until}
    upto = seen[np.array([one <= until for one in seen["date"]], dtype=bool)]
    days = monthplan.checkpoints(nodes.plan, until)
    asked = {"unit": "D1", "month": "2012-10", "working_days": DAYS}
    proposed = monthplan.nodes_of(book, **asked)
    return points.of_month(
        node.status(book, nodes.plan, by="district", **at),
        node.landings(upto, nodes.target, month="2012-09", days=days),
        pulled.judge_nodes(upto, nodes, month="2012-09", place=2),
        week.without_policy(book, unit="D1", period=month.to_day("2012-09", until)),
        pace.shape(upto, selling_day=5.0),
        rhythm.standings(book, unit="D1", first=day(1), day=until),
        rhythm.calendar_of(book, "2012-10", unit="D1", nodes=proposed.plan),
        proposed,
        month="2012-09",
    )


def test_what_a_running_month_asks_for(book: Book, seen: pd.DataFrame, nodes: Nodes) -> None:
    found = looked_at(book, seen, nodes, day(11))
    assert keys(found) == [
        "unlikely", "node_activity_rate", "node_premium_submitted", "node_supervisor_activity_rate",
        "supervisors", "late_months", "nodes_issued", "calendar_made",
    ]  # fmt: skip
    whole, premium = found[0].facts, found[2].facts
    # 42.3 are missing, 14 selling days are left.
    assert whole["run_rate"] == (pytest.approx(423_000 / 14), "yuan")
    # The next node with premium is the fourth: 60 on the 24th, nine selling days on.
    assert premium["day"] == "2012-09-24"
    assert premium["run_rate"] == (pytest.approx(163_000 / 9), "yuan")
    assert found[4].facts["count"] == (6.0, "persons")


def test_what_a_month_that_is_over_asks_for(book: Book, seen: pd.DataFrame, nodes: Nodes) -> None:
    found = looked_at(book, seen, nodes, day(30))
    assert keys(found) == [
        "missed", "supervisors", "pulled_forward", "late_months", "nodes_issued", "calendar_made",
    ]  # fmt: skip
    assert found[0].facts["gap"] == (324_000, "yuan")
    assert found[2].facts["moved"] == (pytest.approx(37_000), "yuan")
    # Of the twelve months before, those whose first five selling days stood below 0.8.
    late = pace.shape(seen, selling_day=5.0)
    own = late[(late["kpi"] == "premium_submitted") & ~late["month"].isin(["2012-09", "2012-10"])]
    assert found[3].facts == {
        "late": (float(own["is_late"].sum()), "count"), "all": (12.0, "count"),
    }  # fmt: skip


def test_the_headline_of_a_month(seen: pd.DataFrame, nodes: Nodes) -> None:
    landings = node.landings(seen, nodes.target, month="2012-09", days=[day(11)])
    at = {"month": "2012-09", "day": day(11)}
    found = points.headline(seen, nodes, landings, **at)
    assert found.key == "month"
    assert found.facts["hand"] == (437_000, "yuan")
    assert found.facts["done"] == (7.0, "days")
    assert found.facts["all"] == (pytest.approx(21), "days")
    over = points.headline(seen, nodes, landings, month="2012-09", day=day(30))
    assert over.key == "month_over"
    assert over.facts["share"] == (pytest.approx(0.6233, abs=1e-4), "rate")
    bare = nodes._replace(target=math.nan)
    assert points.headline(seen, bare, landings, **at).key == "month_plain"
    assert points.headline(seen.head(0), nodes, landings, **at).key == "unknown"


def test_what_the_next_week_must_bring(book: Book, nodes: Nodes) -> None:
    own = week.of(book, "2012-W37")
    at = {"unit": "D1", "day": own.last}
    units = kpi.compare(
        book, ["premium_submitted", "cases"], by="department", period=own, unit="D1"
    )
    found = points.of_week(
        node.status(book, nodes.plan, by="district", **at),
        week.without_policy(book, unit="D1", period="2012-09@15"),
        units,
        week.tracked(book, ["recruits", "visits"], by="district", period=own, unit="D1"),
        rhythm.standings(book, unit="D1", first=own.first, day=own.last),
        rhythm.calendar_of(book, week.after(own), unit="D1"),
        worked=5.0,
    )
    assert keys(found) == [
        "node_activity_rate", "node_premium_submitted", "node_supervisor_activity_rate",
        "week_slower", "supervisors", "not_recorded", "nodes_next_week",
    ]  # fmt: skip
    slower = found[3].facts
    # 8.47 in five days; 15.05 are missing on the fourth node, six selling days on.
    assert slower["had"] == (pytest.approx(84_700 / 5), "yuan")
    assert slower["run_rate"] == (pytest.approx(150_500 / 6), "yuan")
    assert found[-1].facts == {"days": "2012-09-17"}
    idle = units.assign(value=units["value"].where(units["unit"] != "D1/05", 0.0))
    told = points.of_week(
        node.status(book, nodes.plan.head(0), by="district", **at),
        pd.DataFrame(columns=["unit", "agent"]), idle,
        units.head(0), rhythm.standings(book, unit="D1", first=own.first, day=own.last),
        rhythm.calendar_of(book, "2012-10-01..2012-10-06", unit="D1"), worked=5.0,
    )  # fmt: skip
    assert keys(told) == ["no_policy_in_week"]
    assert told[0].facts == {"units": "D1/05"}


def test_months_not_near_the_selling_day_are_not_laid_beside() -> None:
    values = {"2012-07@11": 5.0, "2012-07": 9.0, "2012-08": 8.0, "2012-09@24": 3.0}
    found = pace.beside(followed(values), month="2012-09", day=day(24), past=2)
    # By the 24th 16 selling days are over; of July only the 8th and the 22nd are known.
    assert found["month"].tolist() == ["2012-09"]
    assert workdays.working_days(day(1), day(24)) == 16
