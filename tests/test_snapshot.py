"""A snapshot is the book of its day; what a later extract says otherwise of that day is listed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import books
import pandas as pd
import pytest

from perfkit import cli, kpi
from perfkit.book import Book, open_book
from perfkit.book.snapshot import open_snapshot, restated, take
from perfkit.errors import PerfkitError

EARLY = books.SETTINGS.replace("2012-06-30", "2012-04-15")
AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       02         1     agent 2011-01-01 -
A4       D1       02         1     agent 2011-01-01 2012-02-20
"""
POLICIES = """
policy_id agent_id product submitted_on issued_on  premium fyc cancelled_on
P1        A1       -       2012-01-10   2012-01-12 1000    100 -
P2        A2       X       2012-02-10   2012-02-12 2000.50 200 -
P3        A2       X       2012-04-10   -          500     -   -
P6        A2       X       2012-01-20   2012-01-20 70      7   -
"""
TARGETS = """
unit_id period  kpi            version value state
D1      2012-12 premium_issued plan    100   approved
"""
LATER_AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       02         1     agent 2011-01-01 2012-05-01
A4       D1       02         1     agent 2011-01-01 2012-03-02
A5       D1       02         1     agent 2012-05-03 -
"""
LATER_MOVES = """
agent_id on         district department group rank
A1       2012-02-01 D1       02         1     agent
A5       2012-06-01 D1       01         1     agent
"""
LATER_POLICIES = """
policy_id agent_id product submitted_on issued_on  premium fyc cancelled_on
P1        A1       X       2012-01-10   2012-01-12 1200    100 -
P2        A2       X       2012-02-10   2012-02-12 2000.50 200 2012-03-01
P3        A2       X       2012-04-10   2012-04-20 500     50  2012-05-01
P4        A2       X       2012-03-05   -          300     30  -
P5        A2       X       2012-05-02   2012-05-02 900     90  -
"""
LATER_TARGETS = """
unit_id period  kpi            version value state
D1      2012-12 premium_issued plan    90    approved
D1      2013-01 premium_issued plan    80    draft
"""


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Book]:
    before = {"agents": AGENTS, "policies": POLICIES, "targets": TARGETS}
    after = {"moves": LATER_MOVES, "policies": LATER_POLICIES, "targets": LATER_TARGETS}
    made, written = take(books.tiny(tmp_path / "then", EARLY, **before), tmp_path / "kept")
    assert written
    return made, open_book(books.tiny(tmp_path / "now", agents=LATER_AGENTS, **after))


def test_a_snapshot_is_a_book_with_the_same_numbers(tmp_path: Path) -> None:
    made, _ = take("district_one", tmp_path)
    assert made == tmp_path / "district_one" / "2012-10-31"
    book, kept = open_book("district_one"), open_book(made)
    assert kept.findings == book.findings
    for level in ("district", "group"):
        found = [kpi.grid(b, by=level, period=["2011", "2012-09"]) for b in (book, kept)]
        pd.testing.assert_frame_equal(*found, check_exact=True)
    assert restated(kept, book).empty
    assert kpi.restated_kpis(kept, book).empty


def test_only_what_the_snapshot_covered_is_restated(sides: tuple[Path, Book]) -> None:
    made, now = sides
    found = restated(open_snapshot(made, now), now)
    rows = found[["table", "change", "column", "key", "before", "after"]].to_numpy().tolist()
    assert rows == [
        ["agents", "changed", "left_on", "A4", "2012-02-20", "2012-03-02"],
        ["moves", "added", "", "A1 2012-02-01", "", "D1 02 1 agent"],
        ["policies", "added", "", "P4", "", "A2 X 2012-03-05 300.00 30.00"],
        ["policies", "removed", "", "P6", "A2 X 2012-01-20 2012-01-20 70.00 7.00", ""],
        ["policies", "changed", "product", "P1", "", "X"],
        ["policies", "changed", "premium", "P1", "1000.00", "1200.00"],
        ["policies", "changed", "cancelled_on", "P2", "", "2012-03-01"],
        ["targets", "changed", "value", "D1 2012-12 premium_issued plan", "100.0", "90.0"],
    ]


def test_its_effect_on_the_numbers_is_told_by_one_definition(sides: tuple[Path, Book]) -> None:
    made, now = sides
    found = kpi.restated_kpis(open_snapshot(made, now), now)
    held = found.set_index(["kpi", "unit", "period"])[["before", "after"]]

    def both(code: str, unit: str, month: str) -> list[float]:
        return [float(v) for v in held.loc[(code, unit, month)]]

    assert both("premium_submitted", "D1", "2012-01") == [1070, 1200]
    assert both("premium_submitted", "D1", "2012-03") == [0, 300]
    assert both("premium_net", "D1", "2012-03") == [0, -2000.5]
    assert both("headcount_closing", "D1", "2012-02") == [2, 3]  # A4 left later than was known
    assert both("headcount_closing", "D1/01", "2012-02") == [1, 0]  # A1 moved, and the whole keeps
    assert both("leavers", "D1", "2012-02") == [1, 0]
    assert both("leavers", "D1", "2012-03") == [0, 1]
    assert ("cases", "D1", "2012-02") not in held.index
    assert set(found["period"]) <= {"2012-01", "2012-02", "2012-03", "2012-04"}
    # The later of the two knows P3's issue and A2's leaving; neither is a restatement.
    assert not {("premium_issued", "D1", "2012-04"), ("leavers", "D1", "2012-05")} & set(held.index)


def test_a_changed_definition_is_told_apart(sides: tuple[Path, Book], tmp_path: Path) -> None:
    made, _ = sides
    settings = books.SETTINGS.replace("ten_k = 10000", "ten_k = 900")
    same = {"agents": AGENTS, "policies": POLICIES, "targets": TARGETS}
    now = open_book(books.tiny(tmp_path / "redefined", settings, **same))
    before = open_snapshot(made, now)
    codes = ["ten_k_agents", "premium_issued"]
    found = kpi.restated_kpis(before, now, codes)
    assert found.empty
    assert [f.column for f in kpi.restated_findings(found, before, now)] == ["thresholds"]


def test_the_same_data_are_kept_once_and_other_data_only_by_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, out = books.tiny(tmp_path / "b"), tmp_path / "kept"
    argv = ["snapshot", str(book), "--out", str(out), "--lang", "en"]
    assert [cli.main(argv), cli.main(argv)] == [0, 0]
    said = capsys.readouterr().err
    assert "Kept" in said
    assert "already" in said
    made = out / "tiny" / "2012-06-30"
    first = {p.name: p.read_bytes() for p in made.iterdir()}
    (book / "policies.csv").write_text((book / "policies.csv").read_text().replace("1000", "1001"))
    for lang, word in (("zh", "--force"), ("en", "--force")):
        assert cli.main([*argv[:-1], lang]) == 2
        assert word in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in made.iterdir()} == first
    assert cli.main([*argv, "--force"]) == 0
    assert open_book(made).home("policies")["premium"].tolist() == [1001, 2000.5]
    assert [p.name for p in made.parent.iterdir()] == ["2012-06-30"]  # nothing half is left


def test_what_is_no_snapshot_of_this_book_is_refused(
    sides: tuple[Path, Book], tmp_path: Path
) -> None:
    made, now = sides
    with pytest.raises(PerfkitError, match="is no snapshot"):
        open_snapshot(now.path, now)
    with pytest.raises(PerfkitError, match="of the book 'tiny'"):
        open_snapshot(made, open_book("district_one"))
    early = open_book(books.tiny(tmp_path / "e", EARLY.replace("04-15", "03-31"), agents=AGENTS))
    with pytest.raises(PerfkitError, match="later than the book"):
        open_snapshot(made, early)
    copy = shutil.copytree(made, tmp_path / "copy")
    (copy / "targets.parquet").write_bytes(b"")
    with pytest.raises(PerfkitError, match="not as it was written"):
        open_snapshot(copy, now)


def test_a_folder_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tiny" / "2012-06-30").mkdir(parents=True)
    kept = tmp_path / "tiny" / "2012-06-30" / "letter.txt"
    kept.write_text("mine")
    with pytest.raises(PerfkitError, match="is no snapshot"):
        take(books.tiny(tmp_path / "b"), tmp_path, force=True)
    assert kept.read_text() == "mine"


def test_the_check_lists_it_as_records_and_in_both_languages(
    sides: tuple[Path, Book], capsys: pytest.CaptureFixture[str]
) -> None:
    made, now = sides
    argv = ["check", str(now.path), "--against", str(made)]
    assert cli.main([*argv, "--format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    by_rule = {(r["rule"], r["table"], r["column"]): r for r in records}
    premium = by_rule["restated_changed", "policies", "premium"]
    assert (premium["count"], premium["severity"]) == (1, "warning")
    (row,) = premium["rows"]
    assert (row["key"], row["before"], row["after"]) == ("P1", "1000.00", "1200.00")
    effect = by_rule["restated_kpi", "", "premium_submitted"]["rows"][0]
    assert (effect["key"], effect["before"], effect["after"]) == ("D1 2012-01", 1070, 1200)
    for lang, word in (("zh", "快照"), ("en", "snapshot")):
        assert cli.main([*argv, "--lang", lang]) == 0
        assert word in capsys.readouterr().out
    assert cli.main(["check", str(now.path), "--against", str(made / "no")]) == 2


def test_an_aggregated_book_restates_its_observations(tmp_path: Path) -> None:
    seen = """
    unit_id start      end        measure        value
    D1      2012-01-01 2012-01-31 premium_issued 100
    D1      2012-02-01 2012-02-29 premium_issued 200
    """
    then = books.write(tmp_path / "then", {"observations": seen}, EARLY)
    made, _ = take(then, tmp_path / "kept")
    later = seen.replace("100", "110") + "D1 2012-06-01 2012-06-30 premium_issued 9\n"
    now = open_book(books.write(tmp_path / "now", {"observations": later}))
    before = open_snapshot(made, now)
    found = restated(before, now)
    assert found[["change", "column", "before", "after"]].to_numpy().tolist() == [
        ["changed", "value", "100.0", "110.0"]
    ]
    effect = kpi.restated_kpis(before, now)
    assert effect[["unit", "period", "kpi", "change"]].to_numpy().tolist() == [
        ["D1", "2012-01", "premium_issued", 10.0]
    ]
