"""What a planner must not be misled by: running periods, first months, moves, odd targets."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from perfkit import kpi
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, ReconcileError

BOOK = """name = "small"
root = "district"
as_of = {as_of}
[ranks]
agent = false
[thresholds]
ten_k = 10000
{more}"""
AGENTS = "agent_id,district,department,rank,joined_on\na,D,1,agent,2011-01-01\n"
POLICIES = """policy_id,agent_id,submitted_on,issued_on,premium
p0,a,2011-12-05,2011-12-06,400
p1,a,2012-01-05,2012-01-06,100
p2,a,2012-01-25,2012-01-26,1000
p3,a,2012-02-05,2012-02-06,300
p4,a,2012-02-25,2012-02-26,5000
"""


def _book(folder: Path, *, as_of: str = "2012-12-31", more: str = "", **tables: str) -> Book:
    folder.mkdir(exist_ok=True)
    (folder / "book.toml").write_text(BOOK.format(as_of=as_of, more=more), encoding="utf-8")
    for name, text in {"agents": AGENTS, "policies": POLICIES, **tables}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return open_book(folder)


def test_a_running_month_is_held_against_as_many_days(tmp_path: Path) -> None:
    book = _book(tmp_path / "b", as_of="2012-02-10")
    (row,) = kpi.compare(book, ["premium_submitted"], by="district", period="2012-02").to_dict(
        "records"
    )
    # 1-10 February: 300; 1-10 January: 100, not the whole month's 1,100.
    assert (row["value"], row["previous"], row["growth_previous"]) == (300, 100, 2.0)
    # What stands behind the number ends on the same day.
    rows = kpi.distribution(book, "premium_submitted", by="policy", period="2012-02")
    assert rows["value"].sum() == 300


def test_a_period_known_only_in_part_is_no_base_for_comparison(tmp_path: Path) -> None:
    book = _book(tmp_path / "b")
    (row,) = kpi.compare(book, ["premium_submitted"], by="district", period="2012").to_dict(
        "records"
    )
    assert row["value"] == 6400
    assert math.isnan(row["year_ago"])
    assert math.isnan(row["growth_year_ago"])


def test_months_before_the_first_fact_do_not_thin_a_mean(tmp_path: Path) -> None:
    book = _book(tmp_path / "b")
    got = kpi.measure(
        book, ["active_agents"], by="district", period="2011",
        variants={"active_agents": "monthly_mean"},
    )  # fmt: skip
    assert got["value"].tolist() == [1.0]


def test_growth_needs_something_to_grow_from(tmp_path: Path) -> None:
    agents = AGENTS.replace("joined_on", "joined_on,left_on").replace("01-01\n", "01-01,\n")
    book = _book(tmp_path / "b", agents=agents + "b,D,1,agent,2011-01-01,2012-01-15\n")
    (row,) = kpi.compare(book, ["headcount_net_growth"], by="district", period="2012-02").to_dict(
        "records"
    )
    assert (row["previous"], row["change_previous"]) == (-1, 1)
    assert math.isnan(row["growth_previous"])


def test_a_months_amount_is_not_asked_of_half_a_month(tmp_path: Path) -> None:
    book = _book(tmp_path / "b")
    for period, known in (("2012-01-10..2012-02-09", True), ("2012-01-10..2012-02-10", False)):
        got = kpi.measure(book, ["ten_k_agents"], by="district", period=period)["value"]
        assert got.notna().all() == known
    assert (
        kpi.measure(book, ["ten_k_agents"], by="district", period="2012Q1")["value"].notna().all()
    )


def test_targets_tile_with_whatever_was_entered_and_never_stand_twice(tmp_path: Path) -> None:
    head = "unit_id,period,kpi,version,value\n"
    quarters = "".join(f"D,2012Q{q},premium_issued,plan,{q}\n" for q in (1, 2, 3, 4))
    book = _book(tmp_path / "b", targets=head + quarters)
    assert kpi.targets(book, "premium_issued", by="district", period="2012")["target"].item() == 10
    twice = "D,2012-01,cases,plan,1\nD,2012-01-01..2012-01-31,cases,plan,2\n"
    book = _book(tmp_path / "c", targets=head + twice)
    with pytest.raises(ReconcileError, match="two targets"):
        kpi.targets(book, "cases", by="district", period="2012-01")


def test_names_without_meaning_are_told(tmp_path: Path) -> None:
    book = _book(
        tmp_path / "b",
        more="tenk = 3\n[variants]\nactivity_rate = 'clsing'\n",
        targets="unit_id,period,kpi,version,value\nD,2012-01,premium_isued,plan,1\n",
    )
    found = {(f.rule, f.column): f.text("en") + f.fix("en") for f in kpi.check_codes(book)}
    assert "premium_issued" in found["unknown_kpi", "premium_isued"]
    assert "ten_k" in found["unknown_setting", "tenk"]
    assert "closing" in found["unknown_setting", "activity_rate=clsing"]


@pytest.mark.parametrize("more", ["[mapping]\nx = 1\n", "[rules]\ncalendar = 'business'\n"])
def test_a_setting_without_effect_is_refused(tmp_path: Path, more: str) -> None:
    with pytest.raises(PerfkitError, match="allowed"):
        _book(tmp_path / "b", more=more)


def test_a_file_that_is_no_table_is_told(tmp_path: Path) -> None:
    book = _book(tmp_path / "b", Moves="agent_id\n")
    assert ("unknown_file", "Moves.csv") in [(f.rule, f.column) for f in book.findings]


def test_the_identity_holds_under_every_rule(tmp_path: Path) -> None:
    """Premium = headcount x activity x policies per active agent x premium per policy."""
    parts = ["headcount_average", "activity_rate", "cases_per_active", "average_case_size"]
    for rule in ("active = 'cases>=1'", "active = 'premium>0'", "stage = 'issued'"):
        name = "".join(filter(str.isalpha, rule))
        book = _book(tmp_path / name, more=f"[rules]\n{rule}\n")
        got = kpi.measure(book, parts, by="district", period="2012-02")["value"]
        assert got.prod() == pytest.approx(5300)
