"""The whole list: every KPI of the decks has an entry, and says what it lacks in a book."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import books
import pytest

from perfkit import kpi
from perfkit.book import Book, check_book, open_book
from perfkit.errors import PerfkitError

GOLDEN = Path(__file__).parent / "golden" / "kpi_ids.csv"
NAN = float("nan")


def value(book: Book, code: str, period: str, unit: str = "D1", variant: str = "") -> float:
    by = ("district", "department", "group", "agent")[unit.count("/")]
    chosen = {code: variant} if variant else None
    found = kpi.measure(book, [code], by=by, period=period, variants=chosen)
    (one,) = found.loc[found["unit"] == unit, "value"]
    return float(one)


# --- the list


def test_the_entries_hold_exactly_the_ids_of_the_list_each_once() -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        listed = [row["kpi_id"] for row in csv.DictReader(stream)]
    assert len(listed) == len(set(listed)) == 76
    held = Counter(seed for row in kpi.glossary() for seed in row["seed_ids"])
    assert set(held.values()) == {1}
    assert set(held) == set(listed)


def test_a_recorded_kpi_names_its_table_and_rests_on_something_entered() -> None:
    for row in kpi.glossary():
        one = kpi.kpi(row["code"])
        observed = [m for m in one.measures() if kpi.measures()[m].kind == "observed"]
        assert bool(row["recorded"]) == bool(observed), row["code"]
        assert row["recorded"] in {"", "observations"}
        assert (one.variant == "recorded") == bool(observed)


def test_every_recorded_kpi_is_shown_as_it_was_entered(tmp_path: Path) -> None:
    """Each measure is entered as 4 in January and 6 in February; stocks of people are 8."""
    recorded = [one for one in kpi.catalogue().values() if one.recorded]
    needed = sorted({m for one in recorded for m in one.measures()})
    rows = ["unit_id start end measure value"]
    for code in needed:
        one = kpi.measures()[code]
        if (one.kind == "stock" and one.at == "closing") or code == "groups":
            rows.append(f"D1 2012-02-29 2012-02-29 {code} 8")
        else:
            seen = 8 if one.kind == "stock" else 6
            rows.append(f"D1 2012-02-01 2012-02-29 {code} {seen}")
        rows += [f"D1 2011-02-01 2011-02-28 {code} 4"] if one.kind == "observed" else []
    book = open_book(books.write(tmp_path / "b", {"observations": "\n".join(rows)}))
    assert {one.code for one in recorded} <= set(kpi.computable(book))
    codes = [one.code for one in recorded]
    found = kpi.measure(book, codes, by="district", period="2012-02")
    got = dict(zip(found["kpi"], found["value"], strict=True))
    expected = {}
    for one in recorded:
        top = 6 * len(one.numerator)
        bottom = sum(6 if kpi.measures()[t.measure].kind == "observed" else 8
                     for t in one.denominator)  # fmt: skip
        expected[one.code] = 0.5 if one.relation else top / (bottom or 1)
    assert got == pytest.approx(expected)
    assert set(found["variant"]) == {"recorded"}


# --- what a book lacks


def test_what_a_book_lacks_is_named_and_the_rest_still_comes(tmp_path: Path) -> None:
    daily = "agent_id date visits\nA1 2012-01-03 2"
    book = open_book(books.tiny(tmp_path / "b", daily=daily))
    codes = ["cases", "attendance_rate", "seminar_attendance", "club_share", "quasi_supervisors",
             "year_progress", "visits"]  # fmt: skip
    found = kpi.measure(book, codes, by="district", period="2012-01")
    assert found["kpi"].tolist() == codes
    got = dict(zip(found["kpi"], found["value"], strict=True))
    assert (got["cases"], got["visits"]) == (1, 2)
    assert all(math.isnan(got[code]) for code in codes[1:-1])
    lacks = {f.facts["kpi"]: f.facts["lacks"] for f in found.attrs["findings"]}
    assert lacks == {
        "attendance_rate": "daily.attended",
        "seminar_attendance": "recruits",
        "club_share": "observations",
        "quasi_supervisors": "book.toml [roles] quasi_supervisor",
        "year_progress": "targets",
    }
    finding = found.attrs["findings"][0]
    assert "daily.attended" in finding.text("en")
    assert "daily.attended" in finding.text("zh")
    assert "observations.csv" in finding.fix("en")
    assert not set(codes[1:-1]) & set(kpi.computable(book))
    with pytest.raises(PerfkitError, match=r"neither the table nor.*Missing: daily.attended"):
        kpi.measure(book, ["attendance_rate"], by="district", period="2012-01")


def test_roles_and_the_first_week_are_checked(tmp_path: Path) -> None:
    for text, named in (
        ("[roles]\nquasi_supervisor = ['nobody']\n", "roles.quasi_supervisor"),
        ("[roles]\nquasi_supervisor = 'agent'\n", "roles.quasi_supervisor"),
    ):
        folder = books.tiny(tmp_path / "b", books.SETTINGS + text)
        with pytest.raises(PerfkitError, match=named):
            open_book(folder)
    for bad in ("0", "29", "'7'", "true"):
        settings = books.SETTINGS.replace("[title]", f"first_week_day = {bad}\n[title]")
        with pytest.raises(PerfkitError, match="first_week_day"):
            check_book(books.tiny(tmp_path / "b", settings))


# --- beside a year ago, the unit above, the plan

POLICIES = """
policy_id agent_id submitted_on issued_on  premium
P1        A1       2011-01-10   2011-01-12 1000
P2        A1       2012-01-10   2012-01-12 1500
P3        A2       2012-01-20   2012-01-22 4500
P4        A1       2012-06-10   2012-06-12 700
"""
TARGETS = """
unit_id period  kpi            version value
D1      2012    premium_issued plan    60000
D1      2012-01 premium_issued plan    3000
D1/01   2012-01 premium_issued plan    1000
D1/01   2012    premium_issued stretch 1000
"""


@pytest.fixture
def related(tmp_path: Path) -> Book:
    return open_book(books.tiny(tmp_path / "b", policies=POLICIES, targets=TARGETS))


def test_growth_share_attainment_and_progress(related: Book) -> None:
    assert value(related, "premium_growth", "2012-01") == 6000 / 1000 - 1
    assert value(related, "premium_growth", "2012-01", "D1/01") == 0.5
    assert math.isnan(value(related, "premium_growth", "2012-01", "D1/02"))  # nothing a year ago
    assert value(related, "share_of_parent", "2012-01", "D1/01") == 1500 / 6000
    assert math.isnan(value(related, "share_of_parent", "2012-01"))
    assert value(related, "target_attainment", "2012-01") == 2
    assert value(related, "target_attainment", "2012-01", "D1/01") == 1.5
    assert math.isnan(value(related, "target_attainment", "2012-01", "D1/02"))
    assert value(related, "year_progress", "2012-01") == 3000 / 60000
    assert math.isnan(value(related, "year_progress", "2012-01", "D1/01"))


def test_growth_compares_the_days_that_are_known(related: Book) -> None:
    """The extract ends on 30 June: 2012 so far beside January to June of 2011."""
    assert value(related, "premium_growth", "2012") == 6700 / 1000 - 1


def test_a_relation_says_what_it_was_made_from(related: Book) -> None:
    found = kpi.measure(related, ["premium_growth"], by="district", period="2012-01")
    (row,) = found.to_dict("records")
    assert (row["numerator"], row["denominator"]) == (6000, 1000)
    assert row["base"] == "year_ago(premium_issued)"
    assert kpi.kpi("premium_growth").formula == "premium_issued / year_ago(premium_issued) - 1"
    assert (
        kpi.kpi("year_progress").formula == "target(premium_issued) / year_target(premium_issued)"
    )


# --- groups, promotions, tenure


def test_a_group_made_by_promotion_counts_once_and_only_when_new(tmp_path: Path) -> None:
    """A1 founds group 9 as a supervisor; A2 founds 8 unpromoted, and is promoted in it later."""
    moves = """
        agent_id on         district department group rank
        A1       2012-01-20 D1       01         9     supervisor
        A2       2012-01-10 D1       02         8     agent
        A2       2012-02-10 D1       02         8     supervisor
        """
    book = open_book(books.tiny(tmp_path / "b", moves=moves))
    assert value(book, "groups_promoted", "2012Q1") == 1
    assert value(book, "groups_promoted", "2012-01", "D1/01") == 1
    assert value(book, "promotions", "2012Q1") == 2
    assert value(book, "group_change", "2012-01") == 0  # 1 and 1 went, 9 and 8 came
    assert math.isnan(value(book, "groups", "2012-01", "D1/01/9/A1"))


def test_a_recruit_through_another_group_is_indirect(tmp_path: Path) -> None:
    agents = """
        agent_id district department group rank  joined_on  recruiter_id
        A1       D1       01         1     agent 2011-01-01 -
        A2       D1       01         2     agent 2012-01-05 A1
        A3       D1       01         1     agent 2012-01-06 A1
        A4       D1       01         1     agent 2012-01-07 -
        """
    book = open_book(books.tiny(tmp_path / "b", agents=agents))
    codes = ["recruits", "recruits_direct", "recruits_indirect", "recruits_unassigned"]
    assert [value(book, code, "2012-01") for code in codes] == [3, 1, 1, 1]
    assert value(book, "recruits_indirect", "2012-01", "D1/01/2") == 1


def test_years_in_the_force_are_full_on_their_day(tmp_path: Path) -> None:
    """A1 joined on 29 February 2008: three years are full on 28 February 2011."""
    agents = """
        agent_id district department group rank       joined_on
        A1       D1       01         1     supervisor 2008-02-29
        """
    policies = """
        policy_id agent_id submitted_on issued_on premium
        P1        A1       2011-02-27   -         100
        P2        A1       2011-02-28   -         1000
        """
    book = open_book(books.tiny(tmp_path / "b", agents=agents, policies=policies))
    of = "supervisor_own_premium"
    assert value(book, of, "2011-02", variant="1_to_3y") == 100 / 0.5  # until the last day only
    assert value(book, of, "2011-02", variant="3_to_5y") == 1000 / 0.5
    assert math.isnan(value(book, of, "2011-03", variant="1_to_3y"))
    assert value(book, of, "2011-02..2011-03") == 1100 / 2


def test_a_candidate_without_a_known_recruiter_is_named_not_dropped_in_silence(
    tmp_path: Path,
) -> None:
    recruits = """
        candidate_id recruiter_id seminar_on
        C1           A1           2012-01-10
        C2           -            2012-01-10
        C3           A9           2012-01-10
        """
    book = open_book(books.tiny(tmp_path / "b", recruits=recruits))
    assert value(book, "seminar_attendance", "2012-01") == 1
    (finding,) = [f for f in book.findings if f.rule == "unknown_recruiter"]
    assert (finding.severity, finding.table, finding.count) == ("warning", "recruits", 2)
    assert [row["line"] for row in finding.rows] == [3, 4]
