"""What must agree is held side by side: the roll-forward, control totals, targets."""

from __future__ import annotations

import json
from pathlib import Path

import books
import pandas as pd
import pytest

from perfkit import cli, kpi
from perfkit.book import open_book

AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       02         1     agent 2011-01-01 -
A3       D1       01         1     agent 2012-02-05 2012-04-01
"""
MOVES = """
agent_id on         district department group rank
A1       2012-03-10 D1       02         1     agent
"""
CONTROL = """
unit_id period     kpi               value   source
D1      2012-01    premium_submitted 1000    ledger
D1      2012-02    premium_submitted 1999    ledger
D1/02   2012-02    premium_submitted 2001    ledger
D1      2012-02    activity_rate     0.4     deck
D9      2012-01    premium_submitted 5       ledger
D1      2031-01    premium_submitted 5       ledger
"""
TARGETS = """
unit_id period  kpi            version value state
D1      2012-01 premium_issued plan    100   draft
D1/01   2012-01 premium_issued plan    60    draft
D1/02   2012-01 premium_issued plan    40    draft
D1      2012-02 premium_issued plan    100   draft
D1/01   2012-02 premium_issued plan    70    draft
D1/02   2012-02 premium_issued plan    -     draft
D1      2012-01 premium_issued stretch 90    draft
D1/01/1 2012-01 premium_issued stretch 50    draft
D1/02   2012-01 premium_issued stretch 40    draft
D1      2012-01 activity_rate  plan    0.5   draft
D1/01   2012-01 activity_rate  plan    0.9   draft
D7      2012-01 cases          plan    3     draft
"""


def _tiny(folder: Path) -> Path:
    tables = {"agents": AGENTS, "moves": MOVES, "control": CONTROL, "targets": TARGETS}
    return books.tiny(folder, **tables)


def _of(found: pd.DataFrame, check: str) -> pd.DataFrame:
    return found[found["check"] == check].set_index(["unit", "period"])


def test_opening_and_what_came_and_went_make_the_closing(tmp_path: Path) -> None:
    found = _of(kpi.reconcile(open_book(_tiny(tmp_path))), "headcount")
    # 01: A1, then A3 joins in February; A1 goes to 02 in March; A3 leaves on 1 April.
    closing = {"2012-01": 1, "2012-02": 2, "2012-03": 1, "2012-04": 0}
    assert found.loc["D1/01", "right"].head(4).to_dict() == closing
    assert found.loc["D1/02", "left"].to_dict()["2012-03"] == 2
    assert len(found) == 6 * 3 + 4 * 2  # 01 and its group have no rows once they are empty
    assert found["agrees"].all()


def test_the_same_holds_of_the_sample_district() -> None:
    found = kpi.reconcile(open_book("district_one"))
    assert found.groupby("check").size().to_dict() == {"headcount": 925, "targets": 12}
    assert found["agrees"].all()


def test_printed_stocks_that_do_not_roll_forward_are_named(tmp_path: Path) -> None:
    seen = """
    unit_id start      end        measure           value
    D1      2012-01-31 2012-01-31 headcount_closing 100
    D1      2012-02-29 2012-02-29 headcount_closing 108
    D1      2012-02-01 2012-02-29 recruits          12
    D1      2012-02-01 2012-02-29 leavers           5
    """
    book = open_book(books.write(tmp_path, {"observations": seen}))
    found = _of(kpi.reconcile(book), "headcount")
    row = found.loc["D1", "2012-02"]
    assert (row["left"], row["right"], row["difference"], row["agrees"]) == (107, 108, -1, False)
    assert pd.isna(found.loc[("D1", "2012-01"), "agrees"])  # nothing says how many came
    warning, note = kpi.reconcile_findings(kpi.reconcile(book))
    assert (warning.rule, warning.count, note.rule) == (
        "reconcile_headcount",
        1,
        "reconcile_unknown",
    )
    assert "D1 2012-02 headcount_closing: 107 / 108 (-1)" in warning.text("en")


def test_control_totals_agree_to_the_last_digit_written(tmp_path: Path) -> None:
    found = _of(kpi.reconcile(open_book(_tiny(tmp_path))), "control")
    money = found[found["kpi"] == "premium_submitted"]
    assert money.loc[("D1", "2012-01"), "agrees"]
    assert money.loc[("D1", "2012-02"), "difference"] == pytest.approx(1.5)  # 2000.50
    assert not money.loc[("D1", "2012-02"), "agrees"]
    assert money.loc[("D1/02", "2012-02"), "agrees"]  # half a yuan off, and written in yuan
    rate = found[found["kpi"] == "activity_rate"].loc[("D1", "2012-02")]
    assert rate["left"] == pytest.approx(1 / 2.5)
    assert rate["agrees"]
    for unknown in (("D9", "2012-01"), ("D1", "2031-01")):
        assert pd.isna(money.loc[unknown, "left"])
        assert pd.isna(money.loc[unknown, "agrees"])


def test_targets_are_the_sum_of_the_entries_below(tmp_path: Path) -> None:
    found = kpi.reconcile(open_book(_tiny(tmp_path)))
    plan = found[found["check"] == "targets"].set_index(["period", "version"])
    assert plan["left"].to_dict() == {
        ("2012-01", "plan"): 100,
        ("2012-01", "stretch"): 90,  # the group stands in for its department, which has no entry
        ("2012-02", "plan"): 70,
    }
    assert plan["agrees"].to_dict()["2012-02", "plan"] is False
    assert set(plan["kpi"]) == {"premium_issued"}  # parts of a rate do not add up
    (strange,) = found[found["check"] == "target_unit"].to_dict("records")
    assert (strange["unit"], strange["right"], strange["agrees"]) == ("D7", 3, False)


def test_the_command_says_it_in_both_languages_and_as_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = str(_tiny(tmp_path))
    assert cli.main(["check", where, "--reconcile", "--format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert {r["rule"]: r["count"] for r in records if r["rule"].startswith("reconcile")} == {
        "reconcile_control": 1,
        "reconcile_targets": 1,
        "reconcile_target_unit": 1,
        "reconcile_unknown": 2,
        "reconcile_agrees": 2,
    }
    for lang, word in (("zh", "不一致"), ("en", "differ")):
        assert cli.main(["check", where, "--reconcile", "--lang", lang]) == 0
        assert word in capsys.readouterr().out
    assert cli.main(["check", where, "--format", "json"]) == 0
    assert "reconcile" not in capsys.readouterr().out


def test_a_control_total_of_an_unknown_kpi_or_period_is_found(tmp_path: Path) -> None:
    bad = """
    unit_id period  kpi    value
    D1      2012-01 premum 1
    """
    book = open_book(books.tiny(tmp_path / "a", control=bad))
    assert [f.rule for f in kpi.check_codes(book)] == ["unknown_kpi"]
    worse = bad.replace("2012-01", "2012-13")
    assert cli.main(["check", str(books.tiny(tmp_path / "b", control=worse))]) == 2
