"""The November exercise of the district deck, section 28: 660 a year, 560 by October, 100 to go.

The figures are the deck's; what follows from them is worked out by hand beside each assertion.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from perfkit import kpi, target, words, workdays
from perfkit.book import open_book
from perfkit.errors import PerfkitError, TargetError, UnknownName
from perfkit.rhythm import calendar, contest, need, node, nodeplan
from perfkit.rhythm.agenda import agenda
from perfkit.rhythm.conflict import conflicts
from perfkit.rhythm.rules import Rules, read_rules

ROOT = Path(__file__).resolve().parents[1]
FIRST, DUE = dt.date(2012, 11, 1), dt.date(2012, 12, 12)
LEFT = 1_000_000.0
# The branch's month weights, section 25.
WEIGHTS = {"2012-11": 8.5, "2012-12": 6.6}
FORCE = {"headcount": 176, "average_case_size": 7_500}
NODES = [dt.date(2012, 11, day) for day in (2, 9, 16, 23, 30)]
LAST = [dt.date(2012, 12, day) for day in (7, 12)]


# ---- task one: the gap, November's target, the drivers


def test_the_gap_is_what_the_month_weights_leave() -> None:
    b = open_book("district_one")
    plan = kpi.target_table(b, "premium_issued", period="2012").loc["D1"]
    months = [f"2012-{m:02d}" for m in range(1, 11)]
    found = kpi.measure(b, ["premium_issued"], by="district", period=months, unit="D1")
    far = target.to_date(plan.sum(), found.set_index("period")["value"], plan)
    assert (plan.sum(), far["actual"], far["left"]) == (6_600_000, 5_600_000, 1_000_000)
    # 84.9 % of 660 are 560.34: the district is on plan but for 3,400 yuan.
    assert far["plan_share"] == pytest.approx(0.849)
    assert far["gap"] == pytest.approx(-3_400)
    assert need.activity_needed(LEFT, cases_per_active=1.0, **FORCE)["cases"] == pytest.approx(
        133.3, abs=0.05
    )


def ways(step: int | None = None) -> pd.DataFrame:
    found = need.split_ways(LEFT, FIRST, DUE, WEIGHTS, step=step)
    return found.pivot(index="way", columns="month", values="amount")


def test_three_ways_to_split_what_is_left() -> None:
    found = ways()
    assert found.sum(axis=1).tolist() == pytest.approx([LEFT] * 3)
    # 22 and 8 working days of 30.
    assert found.loc["working_days", "2012-11"] == pytest.approx(LEFT * 22 / 30)
    # 8.5 and 6.6 of 15.1, as if December could be used whole.
    assert found.loc["season", "2012-11"] == pytest.approx(LEFT * 8.5 / 15.1)
    # December's 6.6 are of 21 working days, and only 8 of them lie before the 12th.
    cut = 6.6 * 8 / 21
    assert found.loc["season_to_day", "2012-11"] == pytest.approx(LEFT * 8.5 / (8.5 + cut))


def test_in_whole_thousands_november_is_733_or_563() -> None:
    found = ways(step=1_000)
    assert found["2012-11"].to_dict() == {
        "working_days": 733_000, "season_to_day": 772_000, "season": 563_000,
    }  # fmt: skip
    assert (found.sum(axis=1) == LEFT).all()


def test_by_month_weights_december_takes_twice_a_day() -> None:
    found = need.split_ways(LEFT, FIRST, DUE, WEIGHTS)
    a_day = found[found["way"] == "season"].set_index("month")["per_day"]
    so_far = 5_600_000 / workdays.working_days(dt.date(2012, 1, 1), dt.date(2012, 10, 31))
    assert a_day["2012-12"] == pytest.approx(LEFT * 6.6 / 15.1 / 8)  # 5.46
    assert a_day["2012-12"] / so_far == pytest.approx(2.01, abs=0.005)
    even = found[found["way"] == "working_days"]["per_day"]
    assert even.tolist() == pytest.approx([LEFT / 30] * 2)


def test_a_month_without_a_weight_is_named() -> None:
    with pytest.raises(PerfkitError, match="2012-12"):
        need.split_ways(LEFT, FIRST, DUE, {"2012-11": 8.5})


def test_which_activity_november_takes() -> None:
    found = need.activity_at(
        ways(step=1_000)["2012-11"][["working_days", "season"]], [1.0, 1.2, 1.5], **FORCE
    )
    # 733,000 / 7,500 = 97.73 policies; over 176 people.
    assert found["working_days"].tolist() == pytest.approx([0.555, 0.463, 0.370], abs=0.0005)
    assert found["working_days_agents"].tolist() == pytest.approx([97.7, 81.4, 65.2], abs=0.05)
    assert found["season"].tolist() == pytest.approx([0.4265, 0.3554, 0.2843], abs=0.0005)


def test_policies_an_active_agent_has_written_so_far() -> None:
    given = {"headcount": 176, "activity_rate": 0.3, "average_case_size": 7_500}
    # 560 / 10 over 52.8 x 0.75 is 1.41.
    assert need.cases_so_far(5_600_000, months=10, **given) == pytest.approx(1.4141, abs=1e-4)
    assert math.isnan(need.cases_so_far(1.0, headcount=0, activity_rate=1, average_case_size=1))


def options(cases: float = 1.2, **cap: float) -> pd.DataFrame:
    now = dict(zip(target.DRIVERS, [176, 0.3, cases, 7_500], strict=True))
    return target.driver_options(LEFT * 22 / 30, now, cap=cap or None)


def test_ways_by_the_drivers() -> None:
    found = options()
    # 176 x 0.3 x 1.2 x 7,500 = 475,200; 733,333 is 1.5432 times that.
    assert found.loc["now", ["premium", "short"]].tolist() == pytest.approx([475_200, 258_133.33])
    assert found.loc["headcount_average", "headcount_average"] == pytest.approx(271.6, abs=0.05)
    assert found.loc["activity_rate", "activity_rate"] == pytest.approx(0.46296, abs=1e-5)
    alike = found.loc["together"]
    # The cube root, 1.1556: 34.7 %, 1.39 and 8,667.
    assert alike["stretch"] == pytest.approx(1.1556, abs=1e-4)
    assert alike[["activity_rate", "cases_per_active", "average_case_size"]].tolist() == (
        pytest.approx([0.3467, 1.3867, 8_667], abs=0.5)
    )
    assert alike["headcount_average"] == 176
    assert "within_caps" not in found.index
    assert found["short"].iloc[1:].eq(0).all()


def test_caps_have_a_ceiling_and_name_the_driver_on_it() -> None:
    caps = {"activity_rate": 0.4, "cases_per_active": 1.3, "average_case_size": 9_000.0}
    found = options(**caps).loc["within_caps"]
    assert found["most"] == pytest.approx(823_680)  # 176 x 0.4 x 1.3 x 9,000
    assert found["bound"] == "cases_per_active:cap"
    assert found["short"] == 0
    tight = options(**(caps | {"activity_rate": 0.31})).loc["within_caps"]
    assert tight["short"] == pytest.approx(LEFT * 22 / 30 - 176 * 0.31 * 1.3 * 9_000)


def test_drivers_that_are_none_are_refused() -> None:
    with pytest.raises(UnknownName, match="activity_rate"):
        target.driver_options(1.0, {"headcount_average": 1.0})
    with pytest.raises(TargetError):
        target.driver_options(1.0, dict.fromkeys(target.DRIVERS, 0.0))


# ---- task two: nodes


def plan() -> pd.DataFrame:
    goals = {
        "premium_submitted": 733_000.0,
        "activity_rate": 0.463,
        "supervisor_activity_rate": 1.0,
    }
    first = node.plan("2012-11", NODES, goals)
    rest = {"premium_submitted": 267_000.0, "activity_rate": 0.168}
    return nodeplan.together(first, node.plan("2012-12", LAST, rest, until=DUE))


def test_a_plan_may_be_due_before_the_month_ends() -> None:
    found = plan()
    assert found["node"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    # Even pace: 7 of November's 22 working days; 5 and 8 of the 8 up to 12 December.
    assert found["premium_submitted"].iloc[1] == pytest.approx(733_000 * 7 / 22)
    assert found["premium_submitted"].tolist()[-2:] == pytest.approx([267_000 * 5 / 8, 267_000])
    with pytest.raises(PerfkitError, match="row\\(s\\) 2: the day lies outside"):
        node.plan("2012-12", [*LAST[:1], dt.date(2012, 12, 14)], {"activity_rate": 0.2}, until=DUE)
    with pytest.raises(PerfkitError, match="not above the node before"):
        nodeplan.together(found, found)


def test_rates_of_nodes_are_whole_people() -> None:
    found = need.people(plan(), headcount=176, supervisors=28)
    # 7 of 22 working days of 46.3 % of 176 are 25.9; all 28 supervisors at the end.
    assert found["active_agents"].tolist()[1] == 26
    assert found["supervisors_active"].iloc[4] == 28
    assert math.isnan(found["supervisors_active"].iloc[5])


def test_the_path_goes_through_the_nodes() -> None:
    early = pd.DataFrame({"elapsed": [0.0, 0.4, 1.0], "share": [0.1, 0.7, 1.0]})
    for curve in (None, early):
        curves = None if curve is None else {"premium_submitted": curve}
        nodes = node.plan("2012-11", NODES, {"premium_submitted": 733_000.0}, curves=curves)
        days = nodeplan.path("2012-11", 733_000.0, unit="D1", curve=curve).set_index("date")
        assert days["value"][NODES].tolist() == pytest.approx(nodes["premium_submitted"].tolist())
        assert days["value"].is_monotonic_increasing
    # The curve begins above zero, but January's first three days are days off.
    assert nodeplan.path("2013-01", 1.0, unit="D1", curve=early)["value"].iloc[2] == 0


# ---- tasks three and four: the calendar and the meetings


@pytest.fixture(scope="module")
def office() -> Rules:
    return read_rules(open_book("cases").path)


@pytest.fixture(scope="module")
def events(office: Rules) -> pd.DataFrame:
    made = calendar.generate(f"{FIRST}..{DUE}", office, unit="D1", nodes=plan())
    schemes = contest.read_contests(open_book("cases").path / "contests.toml")
    own = {"november_first_week": schemes["november_first_week"]}
    made = calendar.joined(made, contest.as_events(own, unit="D1"))
    return calendar.within(made, FIRST, DUE)


def blank() -> list[dict[str, str]]:
    path = ROOT / "tests/golden/november_2012_grid.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_blank_grid_is_filled_and_goes_on_to_the_due_day(
    events: pd.DataFrame, office: Rules
) -> None:
    grid = calendar.grid(events, f"{FIRST}..{DUE}", office)
    days = grid.drop_duplicates("date")
    printed = blank()
    shown = [(str(d), str(w)) for d, w in zip(days["date"], days["week"], strict=True)]
    assert shown[:28] == [(row["date"], row["week"]) for row in printed]
    assert days["date"].iloc[0].weekday() == 0
    assert (len(days), days["date"].iloc[-1]) == (49, dt.date(2012, 12, 16))
    outside = grid[~grid["inside"]]
    assert outside["event_id"].eq("").all()
    held = grid[grid["event_id"] != ""].groupby("date")["type"].agg(set)
    working = [d for d in pd.date_range(FIRST, DUE).date if workdays.working_days(d, d)]
    assert [str(d) for d in working if d not in held.index] == ["2012-11-13"]
    assert [d for d in held.index if "node" in held[d]] == [*NODES, *LAST]
    assert [str(d) for d in held.index if "reception" in held[d]] == [
        "2012-11-10", "2012-11-24", "2012-12-08",
    ]  # fmt: skip


def test_every_node_is_counted_on_its_day_and_looked_at_on_the_next(events: pd.DataFrame) -> None:
    met = agenda(events[events["who"] != ""], plan())
    counts = met[met["title_en"] == "node count"]
    assert counts["date"].tolist() == counts["last"].tolist() == [*NODES, *LAST]
    looked = met[met["title_en"] == "node analysis meeting"]
    # Fridays are looked at on Mondays; the day after the last node is no longer in it.
    assert [str(d) for d in looked["date"]] == [
        "2012-11-05", "2012-11-12", "2012-11-19", "2012-11-26", "2012-12-03", "2012-12-10",
    ]  # fmt: skip
    assert looked["last"].tolist() == [*NODES, LAST[0]]
    assert looked["next"].tolist() == [*NODES[1:], *LAST]
    assert looked["premium_submitted"].iloc[4] == 733_000
    assert met["last"].iloc[0] is None
    assert math.isnan(met["premium_submitted"].iloc[0])
    assert conflicts(events).empty


def test_meetings_without_a_plan_look_at_nothing(events: pd.DataFrame) -> None:
    met = agenda(events, plan().iloc[:0])
    assert met["last"].isna().all()
    assert met["premium_submitted"].isna().all()


BAD = """
[events.one]
type = "meeting"
en = "x"
zh = "x"
when = { working_day = [1] }
[events.two]
type = "meeting"
en = "x"
zh = "x"
when = { node = [1] }
[events.three]
type = "meeting"
en = "x"
zh = "x"
"""


@pytest.mark.parametrize(
    "when", ["{ node = [] }", "{ node = [9] }", "{ node = 1 }", '{ after = "two", days = [1] }']
)
def test_rules_around_nodes_that_cannot_be_are_refused(tmp_path: Path, when: str) -> None:
    (tmp_path / "rhythm.toml").write_text(f"{BAD}when = {when}\n", encoding="utf-8")
    with pytest.raises(PerfkitError, match=r"events\.three\.when"):
        read_rules(tmp_path)


def test_rules_around_nodes_count_working_days_and_keep_to_their_months(tmp_path: Path) -> None:
    text = f"{BAD}when = {{ node = [-1, 0, 2] }}\nmonths = [11]\n"
    (tmp_path / "rhythm.toml").write_text(text, encoding="utf-8")
    made = calendar.generate("2012-11", read_rules(tmp_path), unit="D1", nodes=plan().iloc[[4]])
    days = made[made["event_id"].str.endswith("three")]["start"]
    # The 30th is a Friday: Thursday before and itself; two working days on is in December.
    assert [str(d) for d in days] == ["2012-11-29", "2012-11-30"]
    without = calendar.generate("2012-11", read_rules(tmp_path), unit="D1")
    assert without["event_id"].tolist() == ["20121101-one"]


def test_nodes_of_a_unit_without_targets_are_missing_not_a_fault() -> None:
    with pytest.raises(PerfkitError, match="no nodes of 2012-11"):
        node.entered(open_book("cases"), "SN", "2012-11")


# ---- the notebook


class _Days(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.days: dict[str, int] = {}
        self._day = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "td" and found.get("data-date"):
            self._day = str(found["data-date"])
            self.days[self._day] = 0
        elif tag == "span" and "pk-event" in str(found.get("class")) and self._day:
            self.days[self._day] += 1
        elif tag == "div":
            self._day = ""


def outputs(name: str) -> str:
    book = json.loads((ROOT / f"notebooks/cases/{name}.ipynb").read_text(encoding="utf-8"))
    data = [o["data"] for c in book["cells"] for o in c.get("outputs", [])]
    return "\n".join("".join(d.get("text/html", d.get("text/markdown", ""))) for d in data)


def test_the_notebook_shows_the_numbers_of_the_exercise() -> None:
    page = outputs("november_target")
    for figure in ("660.0万", "560.0万", "100.0万", "133.3", "33,333", "1.23", "73.3万", "56.3万",
                   "77.2万", "55.5%", "46.3%", "37.0%", "14,300"):  # fmt: skip
        assert figure in page, figure
    seen = _Days()
    seen.feed(page)
    assert list(seen.days)[:28] == [row["date"] for row in blank()]
    assert seen.days["2012-12-12"] >= 3
    assert all(words.text(f"calendar.weekday.d{n}", "zh") in page for n in range(7))


def test_the_opening_season_shows_case_4() -> None:
    page = outputs("opening_season")
    for figure in ("230.0万", "150.0万", "65.2%", "80.0万", "114.0万", "34.2万", "4.39", "18.4",
                   "114.0%"):  # fmt: skip
        assert figure in page, figure
