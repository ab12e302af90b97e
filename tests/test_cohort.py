"""Cohorts: confirmation, retention, persistency and survival, by hand, by loops, by oracles."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import books
import numpy as np
import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.kpi.service import add_months, completed

ENGINES = ("duckdb", "polars", "pandas")
NAN = float("nan")
SETTINGS = books.SETTINGS.replace("2012-06-30", "2013-06-30")

# Joined in January 2011, so 3 months on 10-30 April 2011, 13 months on 10-29 February 2012.
# J1 joins on the 31st: 3 months are complete on 30 April, the day of confirmation; 13 on the 29th.
# J2 leaves on the day 13 months are complete: kept. Confirmed a day after 3 months.
# J3 leaves the day before: lost in month 13. J4 moves from 01 to 02, never confirmed.
# J5 is confirmed, then leaves in month 2. J6 joined before the facts, J7 is too young.
AGENTS = """
agent_id district department group rank  joined_on  confirmed_on left_on
J1       D1       01         1     agent 2011-01-31 2011-04-30   -
J2       D1       01         1     agent 2011-01-10 2011-04-11   2012-02-10
J3       D1       01         2     agent 2011-01-10 2011-03-01   2012-02-09
J4       D1       01         2     agent 2011-01-15 -            -
J5       D1       02         1     agent 2011-01-20 2011-03-01   2011-03-15
J6       D1       02         1     agent 2010-12-31 2011-01-31   -
J7       D1       02         1     agent 2013-05-10 -            -
"""
MOVES = """
agent_id on         district department group rank
J4       2011-06-01 D1       02         1     agent
"""
# Issued in January 2011: 13 months on 10-29 February 2012, with two months of grace on
# 10-31 March 2012. P2 lapses on the last day of grace: lost; P3 a day later: kept until then.
# P4 is single pay, P5 cancelled, P7 never issued; P8 has nothing due after its second premium.
POLICIES = """
policy_id agent_id pay_years submitted_on issued_on  premium cancelled_on lapsed_on
P1        J1       10        2011-01-31   2011-01-31 10000   -            -
P2        J2       10        2011-01-10   2011-01-10 2000    -            2012-03-10
P3        J3       -         2011-01-10   2011-01-10 3000    -            2012-03-11
P4        J3       1         2011-01-15   2011-01-15 4000    -            -
P5        J3       5         2011-01-15   2011-01-15 5000    2011-01-20   -
P6        J4       5         2011-01-20   2011-01-20 6000    -            2012-02-01
P7        J4       5         2011-01-20   -          7000    -            -
P8        J5       2         2011-01-25   2011-01-25 1000    -            -
"""
TABLES = {"agents": AGENTS, "moves": MOVES, "policies": POLICIES}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return open_book(books.write(tmp_path_factory.mktemp("cohorts"), TABLES, SETTINGS))


def parts(book: Book, code: str, period: str, variant: str = "", **more: Any) -> Any:
    """Give numerator and denominator by unit."""
    chosen = {code: variant} if variant else {}
    by = more.pop("by", "district")
    got = kpi.measure(book, [code], by=by, period=period, variants=chosen, **more)
    found = {
        row["unit"]: (row["numerator"], row["denominator"])
        for row in got.to_dict("records")
        if row["denominator"]
    }
    if by == "district":
        (value,) = got["value"]
        top, bottom = found["D1"]
        assert value == top / bottom
        return found["D1"]
    return found


# --- by hand

HAND = {
    ("confirmation_3m", "months_3", "2011-04"): (3, 5),  # J1 J3 J5
    ("confirmation_3m", "months_6", "2011-07"): (4, 5),  # and J2
    ("retention_3m", "standard", "2011-04"): (4, 5),  # not J5
    ("retention_7m", "standard", "2011-08"): (4, 5),
    ("retention_13m", "standard", "2012-02"): (3, 5),  # J1 J2 J4
    ("persistency_13m", "premium", "2012-03"): (14000, 22000),  # P1 P3 P8 of P1 P2 P3 P6 P8
    ("persistency_13m", "cases", "2012-03"): (3, 5),
    ("persistency_13m", "grace_1", "2012-02"): (16000, 22000),  # P2 had not lapsed yet
    ("persistency_13m", "grace_1_cases", "2012-02"): (4, 5),
    ("persistency_25m", "premium", "2013-03"): (10000, 21000),  # P1 of P1 P2 P3 P6
    ("persistency_25m", "cases", "2013-03"): (1, 4),
    ("persistency_25m", "conditional", "2013-03"): (10000, 13000),  # of P1 P3
    ("persistency_25m", "conditional_cases", "2013-03"): (1, 2),
    ("persistency_25m", "grace_1", "2013-02"): (10000, 21000),
    ("persistency_25m", "grace_1_cases", "2013-02"): (1, 4),
}


@pytest.mark.parametrize("asked", list(HAND), ids=lambda a: "-".join(a))
def test_every_cohort_kpi_and_variant_by_hand(book: Book, asked: tuple[str, str, str]) -> None:
    code, variant, period = asked
    assert parts(book, code, period, variant) == HAND[asked]


def test_every_declared_cohort_kpi_and_variant_is_worked_out_by_hand() -> None:
    of_cohorts = {
        (code, name)
        for code, one in kpi.catalogue().items()
        for name in one.names
        if kpi.measures()[one.measures()[0]].kind == "cohort"
    }
    assert {(code, variant) for code, variant, _ in HAND} == of_cohorts


def test_a_cohort_belongs_to_the_unit_it_began_in(book: Book) -> None:
    """J4's move makes it neither lost in 01 nor new in 02; P6 was written in 01."""
    asked = {"by": "department"}
    assert parts(book, "retention_13m", "2012-02", **asked) == {"D1/01": (3, 4), "D1/02": (0, 1)}
    now = parts(book, "retention_13m", "2012-02", org_as="now", **asked)
    assert now == {"D1/01": (2, 3), "D1/02": (1, 2)}
    due = parts(book, "persistency_13m", "2012-03", **asked)
    assert due == {"D1/01": (13000, 21000), "D1/02": (1000, 1000)}
    now = parts(book, "persistency_13m", "2012-03", org_as="now", **asked)
    assert now == {"D1/01": (13000, 15000), "D1/02": (1000, 7000)}
    agents = parts(book, "retention_13m", "2012-02", by="agent")
    assert agents["D1/01/2/J4"] == (1, 1)
    assert agents["D1/01/2/J3"] == (0, 1)
    recruits = kpi.measure(book, ["recruits", "leavers"], by="department", period="2011-06")
    assert recruits["value"].sum() == 0


def test_a_month_answers_for_the_calendar_month_that_joined(book: Book) -> None:
    """31 January matures on the last day of a shorter month, and no month has two of them."""
    for period, expected in {
        "2012-01": (math.nan, 0),
        "2012-02": (3 / 5, 5),
        "2012-03": (math.nan, 0),
        "2012-02-29": (1, 1),
        "2012-02@28": (2 / 4, 4),
        "2012-02-10": (1 / 2, 2),
        "2012Q1": (3 / 5, 5),
        "2012-02:business": (2 / 4, 4),
        "2012-03:business": (1, 1),
    }.items():
        got = kpi.measure(book, ["retention_13m"], by="district", period=period).iloc[0]
        value, cohort = expected
        assert got["value"] == pytest.approx(value, nan_ok=True), period
        assert got["denominator"] == cohort, period


def test_a_longer_period_is_the_sum_of_its_months(book: Book) -> None:
    months = [f"2011-{m:02d}" for m in range(1, 13)]
    for code in ("retention_3m", "retention_7m", "confirmation_3m"):
        each = kpi.measure(book, [code], by="district", period=months)
        year = kpi.measure(book, [code], by="district", period="2011").iloc[0]
        assert each["numerator"].sum() == year["numerator"] > 0
        assert each["denominator"].sum() == year["denominator"]


# --- immature


def test_the_young_and_those_before_the_facts_are_immature_never_zero_or_kept(book: Book) -> None:
    """J6 joined on 31 December 2010, a day before the facts; J7 has no three months yet."""
    for code, period in (("retention_13m", "2012-01"), ("retention_3m", "2013")):
        got = kpi.measure(book, [code], by="department", period=period)
        assert got["value"].isna().all()
        assert got["denominator"].tolist() == [0] * len(got)
        (found,) = got.attrs["findings"]
        assert (found.severity, found.rule, found.table, found.column) == (
            "note", "immature", "agents", code,
        )  # fmt: skip
        assert (found.count, found.facts["members"]) == (1, 1)
        assert "not mature by 2013-06-30, or from before 2011-01-01" in found.text("en")
        assert "2013-06-30" in found.text("zh")
        assert "roster_from" in found.fix("en")
    # In 02, the others of January 2011 have nothing to do with J6.
    clean = kpi.measure(book, ["retention_13m"], by="district", period="2012-02")
    assert clean.attrs["findings"] == []
    elsewhere = kpi.measure(
        book, ["retention_13m"], by="department", period="2012-01", unit="D1/01"
    )
    assert elsewhere.attrs["findings"] == []


def test_a_roster_known_to_be_complete_says_so(tmp_path: Path) -> None:
    settings = SETTINGS.replace("as_of", "roster_from = 2010-06-01\nas_of")
    book = open_book(books.write(tmp_path / "b", TABLES, settings))
    assert book.roster_from == dt.date(2010, 6, 1)
    assert parts(book, "retention_13m", "2012-01") == (1, 1)
    wrong = SETTINGS.replace("as_of", 'roster_from = "June"\nas_of')
    with pytest.raises(PerfkitError, match="roster_from"):
        open_book(books.write(tmp_path / "c", TABLES, wrong))


@pytest.mark.parametrize(
    ("as_of", "cohort"),
    [("2012-02-09", 0), ("2012-02-10", 2), ("2012-02-28", 4), ("2012-02-29", 5)],
)
def test_each_member_counts_from_the_day_it_matures(
    tmp_path: Path, as_of: str, cohort: int
) -> None:
    settings = books.SETTINGS.replace("2012-06-30", as_of)
    tables = {**TABLES, "agents": "\n".join(r for r in AGENTS.splitlines() if "J7" not in r)}
    book = open_book(books.write(tmp_path / "b", tables, settings))
    got = kpi.cohorts(book, "retention_13m", by="district", period="2012-02")
    assert got[["cohort", "immature"]].values.tolist() == [[cohort, 5 - cohort]]


def test_cohorts_from_before_the_facts_are_said_to_be_missing(book: Book) -> None:
    got = kpi.measure(book, ["persistency_13m"], by="district", period=["2012-02", "2012-03"])
    assert math.isnan(got["value"][0])
    (found,) = got.attrs["findings"]
    assert (found.rule, found.count) == ("before_facts", 1)
    assert "the first whole cohort matures on 2012-03-01" in found.text("en")


def test_pooling_the_immature_would_bias_and_the_kpi_does_not(tmp_path: Path) -> None:
    """Ten join each month of 2011 and 2012; five of every ten leave in their fifth month."""
    rows = ["agent_id district department group rank joined_on left_on"]
    last = dt.date(2012, 12, 31)
    truth = {"kept": 0, "all": 0, "left": 0}
    for month in range(24):
        joined = dt.date(2011 + month // 12, month % 12 + 1, 15)
        for i in range(10):
            left = joined + dt.timedelta(days=130)
            gone = i < 5 and left <= last
            rows.append(f"A{month}x{i} D1 01 1 agent {joined} {left if gone else '-'}")
            truth["all"] += 1
            truth["left"] += gone
    settings = books.SETTINGS.replace("2012-06-30", str(last))
    policies = "policy_id agent_id submitted_on premium\nP A0x0 2011-01-20 1"
    tables = {"agents": "\n".join(rows), "policies": policies}
    book = open_book(books.write(tmp_path / "b", tables, settings))
    got = kpi.cohorts(book, "retention_7m", by="district", period="2011-01..2013-07").iloc[0]
    assert (got["value"], got["cohort"], got["immature"]) == (0.5, 170, 70)
    immature_as_kept = 1 - truth["left"] / truth["all"]
    immature_as_lost = got["kept"] / truth["all"]
    assert immature_as_lost < 0.36 < got["value"] < 0.58 < immature_as_kept
    measured = kpi.measure(book, ["retention_7m"], by="district", period="2011-01..2013-07")
    assert measured["value"].tolist() == [0.5]
    curve = kpi.survival(book, by="district", months=7).set_index("month")
    assert curve.loc[7, "survival"] == pytest.approx(0.5, abs=1e-12)
    assert curve.loc[7, "ratio"] == 0.5
    # The young count for the months they served: more people behind month 5 than mature at 7.
    assert curve.loc[5, "at_risk"] == 190 > curve.loc[7, "cohort"] == 170


# --- persistency: oracle, renewals, parameters


def test_persistency_cumulates_by_cohorts_not_by_their_rates(tmp_path: Path) -> None:
    """10,000 of which 9,000 renew, 5,000 of 5,000, 10,000 of 10,000: 90 %, 93.3 %, 96 %."""
    policies = """
policy_id agent_id submitted_on issued_on  premium lapsed_on
P1        A1       2009-04-10   2009-04-12 9000    -
P2        A1       2009-04-10   2009-04-30 1000    2010-05-01
P3        A2       2009-05-10   2009-05-31 5000    -
P4        A2       2009-06-10   2009-06-12 10000   -
"""
    book = open_book(books.tiny(tmp_path / "b", policies=policies))
    got = kpi.measure(
        book,
        ["persistency_13m"],
        by="district",
        period=["2010-06", "2010-06..2010-07", "2010-06..2010-08"],
    )
    assert got["value"].tolist() == pytest.approx([0.9, 14 / 15, 0.96], rel=1e-12)
    missing = [f.column for f in got.attrs["findings"] if f.rule == "not_left_out"]
    assert missing == ["cancelled_on", "pay_years"]
    assert "cancelled_on" in got.attrs["findings"][0].text("zh")


RENEWALS = """
policy_id policy_year due_on     paid_on    amount_due amount_paid
P1        2           2012-01-31 2012-03-31 10000      10000
P1        3           2013-01-31 2013-02-05 10000      -
P2        2           2012-01-10 2012-03-11 2000       2000
P2        3           2013-01-10 2013-01-10 2000       2000
P3        2           2012-01-10 2012-01-09 3000       2999.99
P4        2           2012-01-15 2012-01-15 4000       4000
"""


def test_renewals_decide_where_there_is_a_row(tmp_path: Path) -> None:
    """P1 paid on the last day of grace, P2 a day late, P3 not in full; P6 P8 have no row."""
    tables = {**TABLES, "renewals": RENEWALS}
    book = open_book(books.write(tmp_path / "b", tables, SETTINGS))
    assert parts(book, "persistency_13m", "2012-03") == (11000, 22000)  # P1, and P8 by lapsed_on
    assert parts(book, "persistency_13m", "2012-02", "grace_1") == (1000, 22000)
    # The third premium: P1 and P2 paid; of those that paid the second in time, P1 of P1.
    assert parts(book, "persistency_25m", "2013-03") == (12000, 21000)
    assert parts(book, "persistency_25m", "2013-03", "conditional") == (10000, 10000)
    # Without lapsed_on a policy without a row has paid nothing.
    bare = "\n".join(" ".join(r.split()[:-1]) for r in POLICIES.strip().splitlines())
    book = open_book(books.write(tmp_path / "c", {**tables, "policies": bare}, SETTINGS))
    assert parts(book, "persistency_13m", "2012-03") == (10000, 22000)


def test_a_grace_still_running_is_immature(tmp_path: Path) -> None:
    """P1 is due ten days after its anniversary: until 10 April nobody knows."""
    renewals = "policy_id policy_year due_on paid_on amount_due\nP1 2 2012-02-10 - 10000"
    tables = {**TABLES, "renewals": renewals, "agents": AGENTS.replace("2013-05-10", "2012-03-10")}
    for as_of, expected in (("2012-04-09", (4000, 12000)), ("2012-04-10", (4000, 22000))):
        settings = books.SETTINGS.replace("2012-06-30", as_of)
        book = open_book(books.write(tmp_path / as_of, tables, settings))
        assert parts(book, "persistency_13m", "2012-03") == expected


def test_grace_and_exclusions_are_parameters(book: Book) -> None:
    asked = {"by": "district", "period": "2012"}
    got = kpi.cohorts(book, "persistency_13m", **asked, grace=0).iloc[0]
    assert got[["cohort", "kept", "immature"]].tolist() == [22000, 22000, 0]
    got = kpi.cohorts(book, "persistency_13m", **asked, leaves_out=[]).iloc[0]
    assert got[["cohort", "kept"]].tolist() == [31000, 23000]
    got = kpi.cohorts(book, "persistency_13m", **asked, leaves_out=["cooling_off"]).iloc[0]
    assert got[["cohort", "kept"]].tolist() == [26000, 18000]
    one = kpi.cohorts(book, "persistency_13m", **asked, variant="cases").iloc[0]
    assert one[["cohort", "kept", "value", "variant"]].tolist() == [5, 3, 0.6, "cases"]
    assert len(kpi.cohorts(book, "persistency_13m", **asked, unit="D1/02")) == 0
    with pytest.raises(UnknownName, match="Known: paid_up, cooling_off"):
        kpi.cohorts(book, "persistency_13m", **asked, leaves_out=["claims"])
    with pytest.raises(UnknownName, match="grace -1"):
        kpi.cohorts(book, "persistency_13m", **asked, grace=-1)
    with pytest.raises(UnknownName, match="Known: variant"):
        kpi.cohorts(book, "retention_13m", **asked, grace=1)
    with pytest.raises(UnknownName, match="retention_13m"):
        kpi.cohorts(book, "cases", **asked)
    with pytest.raises(UnknownName, match="conditional"):
        kpi.cohorts(book, "persistency_25m", **asked, variant="condtional")


def test_a_book_without_the_columns_says_what_it_lacks(tmp_path: Path) -> None:
    book = open_book(books.tiny(tmp_path / "b"))
    able = set(kpi.computable(book))
    assert "retention_13m" in able
    assert not {"confirmation_3m", "persistency_13m", "persistency_25m"} & able
    with pytest.raises(PerfkitError, match="'persistency_13m' cannot be computed"):
        kpi.measure(book, ["persistency_13m"], by="district", period="2012-03")


# --- survival


def test_the_life_table_gives_the_published_figures_of_freireich() -> None:
    """6-MP arm, remission in weeks; a plus is a remission still going on."""
    text = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    time = [int(t.rstrip("+")) for t in text.split()]
    got = kpi.life_table(time, [int("+" not in t) for t in text.split()]).set_index("time")
    assert got.index.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert got["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    survival = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert got["survival"].tolist() == pytest.approx(survival, abs=5e-5)
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert got["se"].tolist() == pytest.approx(errors, abs=5e-5)
    for week, low, high in ((6, 0.620, 0.952), (13, 0.432, 0.849), (23, 0.188, 0.680)):
        assert got.loc[week, ["low", "high"]].tolist() == pytest.approx([low, high], abs=5e-4)


def test_late_entry_is_at_risk_from_the_month_after() -> None:
    """Month 2: two at risk, the third enters after it. Month 3: the second has left by then."""
    got = kpi.life_table([3, 2, 4, 2], [1, 1, 0, 0], entry=[0, 0, 2, 2])
    assert got[["time", "at_risk", "survival"]].values.tolist() == [[2, 2, 0.5], [3, 2, 0.25]]
    assert len(kpi.life_table([3, 3], [0, 0])) == 0
    assert len(kpi.life_table([], [])) == 0


def test_survival_by_hand(book: Book) -> None:
    """J5 leaves in month 2, J3 in month 13, J2 in month 14; J6 enters late, after month 1."""
    got = kpi.survival(book, by="district", months=14).set_index("month")
    # Month 1: J1-J5 and J7; J6 was there for a day before the facts. Month 2: J6, not J7.
    assert got.loc[[1, 2, 3, 13, 14], "at_risk"].tolist() == [6, 6, 5, 5, 4]
    assert got.loc[[1, 2, 13, 14], "left"].tolist() == [0, 1, 1, 1]
    steps = [1, 5 / 6, 5 / 6 * 4 / 5, 5 / 6 * 4 / 5 * 3 / 4]
    assert got.loc[[1, 2, 13, 14], "survival"].tolist() == pytest.approx(steps, rel=1e-12)
    # Greenwood: S * sqrt(sum d / (n (n - d))).
    se = 2 / 3 * math.sqrt(1 / (6 * 5) + 1 / (5 * 4))
    assert got.loc[13, "se"] == pytest.approx(se, rel=1e-12)
    assert math.isnan(got.loc[1, "se"])
    assert got.loc[13, ["cohort", "retained", "ratio"]].tolist() == [5, 3, 0.6]
    departments = kpi.survival(book, by="department", months=13).set_index(["unit", "month"])
    assert departments.loc[("D1/01", 13), "survival"] == 0.75
    assert departments.loc[("D1/02", 13), "at_risk"] == 1
    only = kpi.survival(book, by="department", unit="D1/01")
    assert set(only["unit"]) == {"D1/01"}
    now = kpi.survival(book, by="department", org_as="now").set_index(["unit", "month"])
    assert now.loc[("D1/01", 13), "survival"] == pytest.approx(2 / 3)


def test_survival_within_a_window_and_beyond_what_anybody_served(book: Book) -> None:
    """Until the end of June 2011 nobody has completed a sixth month."""
    got = kpi.survival(book, by="district", months=7, period="2011H1").set_index("month")
    assert got.loc[5, ["survival", "cohort"]].tolist() == pytest.approx([5 / 6, 5])
    # J6 completed its sixth month within, from 31 May to 30 June.
    assert got.loc[6, "at_risk"] == 1
    assert math.isnan(got.loc[7, "survival"])
    assert math.isnan(got.loc[6, "ratio"])
    with pytest.raises(UnknownName, match="department"):
        kpi.survival(book, by="deprtment")
    with pytest.raises(UnknownName, match="D1/9"):
        kpi.survival(book, by="department", unit="D1/9")


def test_a_unit_that_everybody_left_stays_at_zero(tmp_path: Path) -> None:
    agents = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2012-01-05 2012-02-20
A2       D1       01         1     agent 2012-01-05 2012-03-20
"""
    book = open_book(books.tiny(tmp_path / "b", agents=agents))
    got = kpi.survival(book, by="district", months=5)
    assert got["survival"].tolist() == [1, 0.5, 0, 0, 0]
    assert got["ratio"].tolist() == [1, 0.5, 0, 0, 0]


# --- months of service


def shifted(day: dt.date, months: int) -> dt.date:
    """Go months ahead, to the month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def test_months_of_service_over_every_day_of_five_years() -> None:
    days = [dt.date(2011, 1, 1) + dt.timedelta(days=i) for i in range(1826)]
    numbers = np.array([d.toordinal() for d in days])
    for months in (0, 1, 3, 13, 26, -2):
        got = add_months(numbers, months)
        assert got.tolist() == [shifted(d, months).toordinal() for d in days]
        assert (np.diff(got) >= 0).all()
    for first in (dt.date(2011, 1, 31), dt.date(2012, 2, 29), dt.date(2011, 3, 15)):
        start = np.full_like(numbers, first.toordinal())
        expected = [max(n for n in range(-20, 70) if shifted(first, n) <= d) for d in days]
        assert completed(start, numbers).tolist() == expected


# --- a random book: loops, engines

LEVELS = ("district", "department", "group")
PERIODS = {
    "2011-06": ("2011-06-01", "2011-06-30"),
    "2012-02": ("2012-02-01", "2012-02-29"),
    "2012Q3": ("2012-07-01", "2012-09-30"),
    "2012": ("2012-01-01", "2012-12-31"),
    "2013-03:ytd": ("2013-01-01", "2013-03-31"),
    "2013-02:business": ("2013-01-26", "2013-02-25"),
}
AS_OF = dt.date(2013, 3, 20)
FACTS = dt.date(2011, 1, 1)


def draw(seed: int = 5) -> dict[str, pd.DataFrame]:
    """Draw 400 agents, their moves, 1,500 policies and the renewals of half of those."""
    rng = np.random.default_rng(seed)

    def some(count: int, share: float, days: pd.Series[Any]) -> pd.Series[Any]:
        return days.where(rng.random(count) < share)

    def later(days: pd.Series[Any], low: int, high: int) -> pd.Series[Any]:
        return days + pd.to_timedelta(rng.integers(low, high, len(days)), unit="D")

    def place(count: int) -> dict[str, list[str]]:
        return {
            "district": ["D1"] * count,
            "department": [f"0{i}" for i in rng.integers(1, 4, count)],
            "group": [str(i) for i in rng.integers(1, 3, count)],
        }

    start = pd.Series(pd.to_datetime(["2010-10-01"] * 400))
    joined = later(start, 0, 850)
    left = some(400, 0.6, later(joined, 1, 600))
    agents = pd.DataFrame({"agent_id": [f"A{i}" for i in range(400)], **place(400)})
    agents = agents.assign(rank="agent", joined_on=joined, left_on=left)
    agents["confirmed_on"] = some(400, 0.7, later(joined, 60, 200))
    who = rng.choice(400, 150, replace=False)
    moves = pd.DataFrame({"agent_id": agents["agent_id"].iloc[who].to_numpy(), **place(150)})
    moves = moves.assign(rank="agent", on=later(joined.iloc[who], 1, 500).to_numpy())
    issued = later(pd.Series(pd.to_datetime(["2011-01-01"] * 1500)), 0, 800)
    writer = rng.integers(0, 400, 1500)
    policies = pd.DataFrame({"policy_id": [f"P{i}" for i in range(1500)]})
    policies["agent_id"] = agents["agent_id"].iloc[writer].to_numpy()
    policies["pay_years"] = pd.array(rng.choice([1, 2, 5, 10], 1500), dtype="Int64")
    policies["pay_years"] = policies["pay_years"].where(rng.random(1500) < 0.9)
    policies = policies.assign(submitted_on=issued, issued_on=some(1500, 0.95, issued))
    policies["premium"] = rng.integers(100, 1_000_000, 1500) / 100
    policies["cancelled_on"] = some(1500, 0.05, later(policies["issued_on"], 1, 10))
    policies["lapsed_on"] = some(1500, 0.4, later(policies["issued_on"], 300, 900))
    renewals = []
    for year in (2, 3):
        own = policies[policies["issued_on"].notna() & (rng.random(1500) < 0.5)]
        due = own["issued_on"] + pd.to_timedelta(365 * (year - 1), unit="D")
        rows = pd.DataFrame({"policy_id": own["policy_id"], "policy_year": year, "due_on": due})
        rows["paid_on"] = some(len(own), 0.8, later(due, -5, 75))
        rows["amount_due"] = 100.0
        rows["amount_paid"] = pd.Series(rng.choice([100.0, 99.0, np.nan], len(own)), rows.index)
        renewals.append(rows)
    return {
        "agents": agents,
        "moves": moves,
        "policies": policies,
        "renewals": pd.concat(renewals),
    }


def save(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    settings = SETTINGS.replace("2013-06-30", str(AS_OF))
    folder = books.write(folder, {}, settings)
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["lapsed", "renewals"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, pd.DataFrame], dict[str, Book]]:
    tables = draw()
    if not request.param:
        del tables["renewals"]
    folder = save(tables, tmp_path_factory.mktemp("random"))
    return tables, {name: open_book(folder, engine_name=name) for name in ENGINES}


def day_of(value: Any) -> dt.date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


class Naive:
    """The definitions as loops over rows: one number at a time, nothing shared with the engine."""

    def __init__(self, tables: dict[str, pd.DataFrame], level: str, first: str, last: str) -> None:
        self.depth = LEVELS.index(level) + 1
        self.first, self.last = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        self.agents = {r["agent_id"]: r for r in tables["agents"].to_dict("records")}
        self.policies = tables["policies"].to_dict("records")
        self.moves = {r["agent_id"]: r for r in tables["moves"].to_dict("records")}
        rows = tables["renewals"].to_dict("records") if "renewals" in tables else []
        self.renewals = {(r["policy_id"], r["policy_year"]): r for r in rows}

    def place(self, agent: str, day: dt.date) -> str:
        own, move = self.agents[agent], self.moves.get(agent)
        joined, left = day_of(own["joined_on"]), day_of(own["left_on"]) or dt.date.max
        on = day_of(move["on"]) if move else None
        assert joined
        at = move if move and on and joined < on < left and day >= on else own
        return "/".join(at[level] for level in LEVELS[: self.depth])

    def matures(self, day: dt.date | None, months: int) -> dt.date | None:
        end = shifted(day, months) if day else None
        return end if end and self.first <= end <= min(self.last, AS_OF) else None

    def agents_of(self, months: int, keeps: str) -> dict[str, tuple[int, int]]:
        kept, every = Counter[str](), Counter[str]()
        for code, own in self.agents.items():
            joined, left = day_of(own["joined_on"]), day_of(own["left_on"]) or dt.date.max
            assert joined
            end = self.matures(joined, months)
            if end is None or joined < FACTS:
                continue
            place = self.place(code, joined)
            every[place] += 1
            confirmed = day_of(own["confirmed_on"])
            stays = left >= end
            turned = confirmed is not None and confirmed <= end and confirmed < left
            kept[place] += stays if keeps == "in_force" else turned
        return {u: (kept[u], every[u]) for u in every}

    def paid(self, policy: dict[str, Any], year: int, grace: int) -> bool | None:
        """Tell whether a premium was paid in time; None while its grace is running."""
        row = self.renewals.get((policy["policy_id"], year))
        issued, lapsed = day_of(policy["issued_on"]), day_of(policy["lapsed_on"])
        assert issued
        if row is None:
            return lapsed is None or lapsed > shifted(issued, 12 * (year - 1) + grace)
        due, paid = day_of(row["due_on"]), day_of(row["paid_on"])
        assert due
        until = shifted(due, grace)
        full = pd.isna(row["amount_paid"]) or row["amount_paid"] >= row["amount_due"]
        if paid and paid <= until and full:
            return True
        return None if until > AS_OF else False

    def policies_of(
        self, year: int, grace: int, *, cases: bool, base: bool = False
    ) -> dict[str, tuple[int, int]]:
        kept, every = defaultdict[str, int](int), defaultdict[str, int](int)
        months = 12 * (year - 1)
        for own in self.policies:
            issued = day_of(own["issued_on"])
            if issued is None or self.matures(issued, months + grace) is None:
                continue
            years = own["pay_years"]
            if not pd.isna(own["cancelled_on"]) or (not pd.isna(years) and years < year):
                continue
            states = [self.paid(own, y, grace) for y in ([year - 1, year] if base else [year])]
            if None in states:
                continue
            place = self.place(own["agent_id"], issued)
            amount = 1 if cases else round(own["premium"] * 100)
            if not base or states[0]:
                every[place] += amount
                kept[place] += amount if all(states) else 0
        return {u: (kept[u], every[u]) for u in every}

    def table(self) -> dict[tuple[str, str], dict[str, tuple[int, int]]]:
        out = {
            ("confirmation_3m", "months_3"): self.agents_of(3, "confirmed"),
            ("confirmation_3m", "months_6"): self.agents_of(6, "confirmed"),
        }
        for months in (3, 7, 13):
            out[f"retention_{months}m", "standard"] = self.agents_of(months, "in_force")
        for year, code in ((2, "persistency_13m"), (3, "persistency_25m")):
            for grace, mark in ((2, ""), (1, "grace_1")):
                for cases in (False, True):
                    name = "_".join(filter(None, (mark, "cases" if cases else "")))
                    found = self.policies_of(year, grace, cases=cases)
                    out[code, name or "premium"] = found
        for cases, name in ((False, "conditional"), (True, "conditional_cases")):
            out["persistency_25m", name] = self.policies_of(3, 2, cases=cases, base=True)
        return out


@pytest.mark.parametrize("by", LEVELS)
def test_every_cohort_kpi_is_that_of_a_plain_loop(
    world: tuple[dict[str, pd.DataFrame], dict[str, Book]], by: str
) -> None:
    tables, opened = world
    expected = {p: Naive(tables, by, *ends).table() for p, ends in PERIODS.items()}
    asked = list(expected["2012"])
    seen = Counter[str]()
    for name in dict.fromkeys(variant for _, variant in asked):
        codes = [code for code, variant in asked if variant == name]
        got = kpi.measure(
            opened["duckdb"],
            codes,
            by=by,
            period=list(PERIODS),
            variants=dict.fromkeys(codes, name),
        )
        got = got[got["denominator"] != 0]
        for period in PERIODS:
            for code in codes:
                own = got[(got["period"] == period) & (got["kpi"] == code)]
                pairs = zip(own["numerator"], own["denominator"], strict=True)
                found = dict(zip(own["unit"], pairs, strict=True))
                unit = 100 if code.startswith("persistency") and "cases" not in name else 1
                held = expected[period][code, name]
                wanted = {
                    u: (kept / unit, every / unit) for u, (kept, every) in held.items() if every
                }
                assert close(found, wanted), (code, name, period)
                seen[code] += len(wanted)
    assert min(seen.values()) > 3


def close(one: dict[str, tuple[float, float]], two: dict[str, tuple[float, float]]) -> bool:
    return set(one) == set(two) and all(one[u] == pytest.approx(two[u], rel=1e-11) for u in one)


@pytest.mark.parametrize("by", ["group", "agent"])
def test_every_engine_gives_exactly_the_same_cohorts(
    world: tuple[dict[str, pd.DataFrame], dict[str, Book]], by: str
) -> None:
    _, opened = world
    codes = list(dict.fromkeys(code for code, _, _ in HAND))
    other = {"confirmation_3m": "months_6", "persistency_13m": "grace_1"}
    other["persistency_25m"] = "conditional"
    ways: list[dict[str, Any]] = [{}, {"variants": other}, {"org_as": "now"}]
    for asked in ways:
        one, two, three = (
            kpi.measure(opened[e], codes, by=by, period=list(PERIODS), **asked) for e in ENGINES
        )
        assert one["value"].notna().any()
        for frame in (two, three):
            pd.testing.assert_frame_equal(one, frame, check_exact=True)
            assert one.attrs["findings"] == frame.attrs["findings"]


def test_every_engine_gives_exactly_the_same_survival(
    world: tuple[dict[str, pd.DataFrame], dict[str, Book]],
) -> None:
    _, opened = world
    one, two, three = (kpi.survival(opened[e], by="group") for e in ENGINES)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    pd.testing.assert_frame_equal(one, three, check_exact=True)


def test_survival_is_the_product_over_months_of_a_plain_loop(
    world: tuple[dict[str, pd.DataFrame], dict[str, Book]],
) -> None:
    tables, opened = world
    got = kpi.survival(opened["duckdb"], by="district", months=13).set_index("month")
    product = 1.0
    for month in range(1, 14):
        risk = left = mature = kept = 0
        for own in tables["agents"].to_dict("records"):
            joined, gone = day_of(own["joined_on"]), day_of(own["left_on"]) or dt.date.max
            assert joined
            begins, ends = shifted(joined, month - 1), shifted(joined, month)
            if joined >= FACTS and ends <= AS_OF:
                mature += 1
                kept += gone >= ends
            # Observed through the whole month, and there when it began.
            if begins >= FACTS and ends <= AS_OF and gone >= begins:
                risk += 1
                left += gone < ends
        product *= 1 - left / risk
        row = got.loc[month]
        assert row[["at_risk", "left", "cohort", "retained"]].tolist() == [risk, left, mature, kept]
        assert row["survival"] == pytest.approx(product, rel=1e-12)
        assert row["ratio"] == kept / mature
