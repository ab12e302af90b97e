"""A book of agent x month sums in place of policies: the same numbers, and what it cannot know."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from books import SETTINGS, tiny, write

from perfkit import bundle, kpi
from perfkit.book import Book, check_book, open_book, snapshot
from perfkit.book.mask import mask
from perfkit.book.propose import propose
from perfkit.cli import main
from perfkit.errors import BookRefused, PerfkitError
from perfkit.kpi import restated
from perfkit.kpi.catalogue import catalogue, measures
from perfkit.kpi.choose import computable
from perfkit.kpi.need import lacking

SOURCE = bundle.book_path("district_one")
LEVELS = ["district", "department", "group", "agent"]
KEYS = ["unit", "level", "period", "kpi"]
MONTHS = [str(m) for m in pd.period_range("2009-10", "2012-10", freq="M")]
SPANS = [
    *MONTHS,
    *("2009Q4", "2010Q1", "2011Q2", "2012Q3", "2012Q4", "2011H2"),
    *("2009", "2010", "2011", "2012", "2012-09:ytd", "2012-10:ytd"),
]
# What a sum of a month cannot tell, with what would tell it.
UNKNOWN = {
    "first_week_share": "policies.submitted_on",
    "supervisors_first_week_rate": "policies.submitted_on",
    "supervisor_own_premium": "policies.submitted_on",
    "fyc_trainee": "policies.submitted_on",
    "fyc_agent": "policies.submitted_on",
    "fyc_supervisor": "policies.submitted_on",
    "fyc_senior_supervisor": "policies.submitted_on",
    "fyc_department_manager": "policies.submitted_on",
    "large_policy_count": "policies.premium",
    "large_policy_premium": "policies.premium",
    "large_policy_share": "policies.premium",
    "large_writers": "policies.premium",
    "large_writer_premium_share": "policies.premium",
    "persistency_13m": "policies.issued_on",
    "persistency_25m": "policies.issued_on",
}


def summed(policies: pd.DataFrame) -> pd.DataFrame:
    """Add policies up by agent and month, by their days of submission, issue and cancellation."""
    parts = []
    for day, stage in (("submitted_on", "submitted"), ("issued_on", "issued")):
        month = policies[day].dt.strftime("%Y-%m").rename("month")
        own = policies.groupby(["agent_id", month])
        amounts = own[["premium", "standard_premium", "fyc"]].sum().add_suffix(f"_{stage}")
        count = own.size().rename("cases" if stage == "submitted" else "cases_issued")
        parts += [amounts, count]
    month = policies["cancelled_on"].dt.strftime("%Y-%m").rename("month")
    own = policies.groupby(["agent_id", month])
    parts += [
        own["premium"].sum().rename("premium_cancelled"),
        own.size().rename("cases_cancelled"),
    ]
    out = pd.concat(parts, axis=1).fillna(0)
    money = [c for c in out if not str(c).startswith("cases")]
    rest = [c for c in out if str(c).startswith("cases")]
    return out.round(dict.fromkeys(money, 2)).astype(dict.fromkeys(rest, int)).reset_index()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write the sample book twice: with its policies, and with their sums.

    Moves inside a month are put off to the next month, so that a policy is of the same unit on its
    day and on the first day of its month.
    """
    moves = pd.read_csv(SOURCE / "moves.csv", dtype=str)
    day = pd.to_datetime(moves["on"])
    moves["on"] = day.where(day.dt.day == 1, day + pd.offsets.MonthBegin(1)).dt.strftime("%Y-%m-%d")
    moves = moves.drop_duplicates(["agent_id", "on"], keep="last")
    out = {}
    for name in ("policies", "months"):
        folder = out[name] = tmp_path_factory.mktemp(name)
        for file in ("book.toml", "agents.csv", "targets.csv"):
            shutil.copy(SOURCE / file, folder)
        moves.to_csv(folder / "moves.csv", index=False)
    shutil.copy(SOURCE / "policies.csv", out["policies"])
    days = ["submitted_on", "issued_on", "cancelled_on"]
    policies = pd.read_csv(SOURCE / "policies.csv", dtype={"agent_id": str}, parse_dates=days)
    summed(policies).to_csv(out["months"] / "agent_months.csv", index=False)
    return out


@pytest.fixture(scope="module")
def both(folders: dict[str, Path]) -> tuple[Book, Book]:
    """Open the book of policies, and the book of their sums."""
    return open_book(folders["policies"]), open_book(folders["months"])


def assert_equal(one: pd.DataFrame, other: pd.DataFrame) -> None:
    left, right = (f.set_index(KEYS).sort_index() for f in (one, other))
    assert left.index.equals(right.index)
    for column in ("value", "numerator", "denominator"):
        ours, theirs = (f[column].to_numpy(dtype=float) for f in (left, right))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0, equal_nan=True)


@pytest.mark.parametrize("org_as", ["was", "now"])
def test_every_answerable_kpi_is_that_of_the_policies(both: tuple[Book, Book], org_as: str) -> None:
    codes = computable(both[1])
    assert len(codes) == 80
    assert {"active_agents", "ten_k_share", "premium_per_head", "premium_growth"} <= set(codes)
    one, other = (kpi.grid(b, codes, by=LEVELS, period=SPANS, org_as=org_as) for b in both)
    assert len(other) > 8000
    assert one[KEYS[:3]].equals(other[KEYS[:3]])
    values_of = (f[codes].to_numpy(dtype=float) for f in (one, other))
    np.testing.assert_allclose(*values_of, rtol=1e-12, atol=0, equal_nan=True)
    assert [code for code in codes if other[code].isna().all()] == []
    assert {f.rule for f in other.attrs["findings"]} == {"immature"}


def test_every_variant_of_them_as_well(both: tuple[Book, Book]) -> None:
    named: dict[str, dict[str, str]] = {}
    for code, one in catalogue().items():
        for name in one.names:
            used = one.as_variant(name)
            if not any(lacking(both[1], measures()[m]) for m in used.measures()):
                named.setdefault(name, {})[code] = name
    assert {"issued", "by_amount", "monthly_mean", "opening"} <= set(named)
    for chosen in named.values():
        asked = {"by": LEVELS, "period": ["2012-03", "2012Q2", "2011"], "variants": chosen}
        assert_equal(*(kpi.measure(b, list(chosen), **asked) for b in both))


def test_what_it_cannot_know_is_named_with_table_and_column(both: tuple[Book, Book]) -> None:
    lost = set(computable(both[0])) - set(computable(both[1]))
    assert lost == set(UNKNOWN)
    asked = kpi.measure(both[1], ["cases", *UNKNOWN], by="district", period="2012-03")
    assert asked.set_index("kpi")["value"].drop("cases").isna().all()
    found = {f.facts["kpi"]: f for f in asked.attrs["findings"] if f.rule == "not_computable"}
    assert {code: f.facts["lacks"] for code, f in found.items()} == UNKNOWN
    assert "policies.premium" in found["large_writers"].text("en")
    assert "policies.premium" in found["large_writers"].text("zh")
    with pytest.raises(PerfkitError, match=r"policies\.issued_on"):
        kpi.measure(both[1], ["persistency_13m"], by="district", period="2012-03")


def test_the_facts_begin_with_the_first_month(both: tuple[Book, Book]) -> None:
    assert both[1].facts_from == both[0].facts_from == dt.date(2009, 10, 1)
    assert both[1].months_until == dt.date(2012, 10, 31)
    assert both[1].monthly
    assert not both[0].monthly


@pytest.mark.parametrize("engine", ["polars", "pandas"])
def test_engines_agree(both: tuple[Book, Book], folders: dict[str, Path], engine: str) -> None:
    asked = {"by": ["department", "agent"], "period": ["2012-03", "2012-W10", "2012"]}
    codes = ["premium_submitted", "active_agents", "ten_k_share"]
    other = kpi.measure(open_book(folders["months"], engine_name=engine), codes, **asked)
    assert_equal(kpi.measure(both[1], codes, **asked), other)


def test_an_agents_share_is_laid_out_policies_are_not(both: tuple[Book, Book]) -> None:
    for code in ("premium_submitted", "cases"):
        asked = {"by": "agent", "period": "2012Q1", "unit": "D1/03"}
        one, other = (kpi.distribution(b, code, **asked) for b in both)
        pd.testing.assert_frame_equal(one, other)
        assert len(one) > 10
    for by, code, period, rule in (
        ("policy", "premium_submitted", "2012-02", "not_computable"),
        ("agent", "large_policies", "2012-02", "not_computable"),
        ("agent", "premium_submitted", "2012-02-01..2012-02-10", "part_of_month"),
    ):
        laid_out = kpi.distribution(both[1], code, by=by, period=period)
        assert laid_out.empty
        assert [f.rule for f in laid_out.attrs["findings"]] == [rule]


def test_a_masked_copy_and_a_snapshot_say_the_same(
    both: tuple[Book, Book], folders: dict[str, Path], tmp_path: Path
) -> None:
    made = mask(folders["months"], tmp_path / "copy", seed=3)
    codes, asked = ["premium_submitted", "activity_rate"], {"by": "group", "period": ["2012-05"]}
    plain = kpi.measure(both[1], codes, **asked)
    plain["unit"] = plain["unit"].map(made.units)
    assert_equal(plain, kpi.measure(open_book(made.path), codes, **asked))
    kept, _ = snapshot.take(folders["months"], tmp_path / "kept")
    assert_equal(kpi.measure(both[1], codes, **asked), kpi.measure(open_book(kept), codes, **asked))


AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       02         1     agent 2011-01-01 -
A3       D1       02         1     agent 2012-03-20 -
"""
MOVES = """
agent_id on         district department group rank
A1       2012-03-15 D1       02         1     agent
"""
SUMS = """
agent_id month   cases premium_submitted premium_issued
A1       2012-01 1     1000              1000
A2       2012-01 0     0                 0
A2       2012-02 2     12000.50          -
A1       2012-03 1     800               400
A3       2012-03 1     100               100
"""


def months(folder: Path, sums: str = SUMS, as_of: str = "2012-03-31", **tables: str) -> Path:
    """Write a small book of sums."""
    settings = SETTINGS.replace("as_of = 2012-06-30", f"as_of = {as_of}")
    return write(folder, {"agents": AGENTS, "agent_months": sums, **tables}, settings)


def values(book: Book, code: str, period: str, by: str = "department") -> dict[str, float]:
    found = kpi.measure(book, [code], by=by, period=period)
    return dict(zip(found["unit"], found["value"], strict=True))


def test_a_mover_counts_where_the_month_began(tmp_path: Path) -> None:
    book = open_book(months(tmp_path / "b", moves=MOVES))
    assert values(book, "premium_submitted", "2012-03") == {"D1/01": 800.0, "D1/02": 100.0}
    assert values(book, "active_agents", "2012-03") == {"D1/01": 1.0, "D1/02": 1.0}
    assert values(book, "headcount_closing", "2012-03") == {"D1/01": 0.0, "D1/02": 3.0}
    assert values(book, "premium_submitted", "2012-03", "agent") == {
        "D1/01/1/A1": 800.0,
        "D1/02/1/A1": 0.0,
        "D1/02/1/A2": 0.0,
        "D1/02/1/A3": 100.0,
    }
    sold = "policy_id agent_id submitted_on premium\nP1 A1 2012-03-20 800\n"
    settings = SETTINGS.replace("2012-06-30", "2012-03-31")
    day = open_book(tiny(tmp_path / "p", settings, agents=AGENTS, moves=MOVES, policies=sold))
    assert values(day, "premium_submitted", "2012-03") == {"D1/01": 0.0, "D1/02": 800.0}


@pytest.mark.parametrize(
    "period",
    ["2012-02-01..2012-02-10", "2012-W06", "2012-02-14", "2012-02@11", "2012-02:business",
     "2012-01-15..2012-03-31", "2012-01-01..2012-02-28"],
)  # fmt: skip
def test_a_part_of_a_month_is_unknown_and_said(tmp_path: Path, period: str) -> None:
    book = open_book(months(tmp_path / "b"))
    codes = ["premium_submitted", "active_agents", "ten_k_agents", "premium_per_head"]
    found = kpi.measure(book, [*codes, "headcount_closing"], by="district", period=period)
    own = found.set_index("kpi")["value"]
    assert own[codes].isna().all()
    assert own["headcount_closing"] in {2.0, 3.0}
    (said,) = found.attrs["findings"]
    assert (said.rule, said.severity, said.count) == ("part_of_month", "warning", 1)
    assert "unknown, not zero" in said.text("en")
    assert "未知，不是零" in said.text("zh")
    for lang in ("en", "zh"):
        assert found["period"].iloc[0] in said.text(lang)
        assert "policies" in said.fix(lang)


@pytest.mark.parametrize(
    ("period", "premium", "active"),
    [("2012-02", 12000.5, 1), ("2012-02-01..2012-02-29", 12000.5, 1), ("2012Q1", 13900.5, 3),
     ("2012", 13900.5, 3), ("2012-02:ytd", 13000.5, 2)],
)  # fmt: skip
def test_whole_months_are_known(tmp_path: Path, period: str, premium: float, active: float) -> None:
    book = open_book(months(tmp_path / "b"))
    codes = ["premium_submitted", "active_agents"]
    found = kpi.measure(book, codes, by="district", period=period)
    assert found["value"].tolist() == [premium, active]
    assert found.attrs["findings"] == []


def test_months_beside_days_in_one_request_are_each_answered(tmp_path: Path) -> None:
    book = open_book(months(tmp_path / "b"))
    spans = ["2012-02-05..2012-02-20", "2012-02", "2012-01-20..2012-02-03"]
    found = kpi.grid(book, ["premium_submitted"], by="district", period=spans)
    assert found.set_index("period")["premium_submitted"].to_dict() == pytest.approx(
        {spans[0]: np.nan, "2012-02": 12000.5, spans[2]: np.nan}, nan_ok=True
    )
    assert found.attrs["findings"][0].count == 2


def test_as_of_inside_the_last_month_means_the_month_as_exported(tmp_path: Path) -> None:
    book = open_book(months(tmp_path / "b", as_of="2012-03-20"))
    assert not [f for f in book.findings if f.severity == "warning"]
    for period in ("2012-03", "2012-03-01..2012-03-20", "2012-03-01..2012-03-25"):
        assert values(book, "premium_submitted", period, "district") == {"D1": 900.0}
    assert values(book, "premium_submitted", "2012Q1", "district") == {"D1": 13900.5}
    assert np.isnan(values(book, "premium_submitted", "2012-03-01..2012-03-19", "district")["D1"])


def test_growth_of_a_running_month_has_no_part_of_last_years_beside_it(tmp_path: Path) -> None:
    sums = "agent_id month premium_issued\nA1 2011-03 500\nA1 2012-02 1\nA1 2012-03 750\n"
    whole = open_book(months(tmp_path / "whole", sums))
    assert values(whole, "premium_growth", "2012-03", "district") == {"D1": 0.5}
    running = open_book(months(tmp_path / "running", sums, as_of="2012-03-20"))
    found = kpi.measure(running, ["premium_growth"], by="district", period="2012-03")
    assert found["value"].isna().all()
    assert [f.rule for f in found.attrs["findings"]] == ["part_of_month"]


def test_what_lies_after_the_last_month_exported_is_unknown(tmp_path: Path) -> None:
    book = open_book(months(tmp_path / "b", as_of="2012-05-10"))
    (said,) = [f for f in book.findings if f.rule == "months_end"]
    assert "2012-03" in said.text("en")
    assert "2012-05-10" in said.text("zh")
    for period in ("2012-04", "2012-05", "2012Q2", "2012"):
        found = kpi.measure(book, ["premium_submitted"], by="district", period=period)
        assert found["value"].isna().all()
        assert found.attrs["findings"][0].facts["last"] == dt.date(2012, 3, 31)
    assert values(book, "premium_submitted", "2012Q1", "district") == {"D1": 13900.5}


def test_a_row_of_zeros_is_nobodys_policy(tmp_path: Path) -> None:
    agents = "agent_id district department group rank joined_on left_on\n"
    agents += "A1 D1 01 1 agent 2011-01-01 -\nA2 D1 03 1 agent 2011-01-01 2011-12-01\n"
    sums = "agent_id month cases premium_submitted\nA1 2012-01 1 5\nA2 2012-01 0 0\n"
    book = open_book(months(tmp_path / "b", sums, as_of="2012-01-31", agents=agents))
    assert values(book, "premium_submitted", "2012-01") == {"D1/01": 5.0}


@pytest.mark.parametrize(
    "written", ["2012-03", "2012-03-01", "2012-03-31", "2012/3", "2012.03", "201203", "2012年3月",
                "2012年03月份", "20120317", "2012/3/17"]
)  # fmt: skip
def test_a_month_is_a_month_or_any_day_of_it(tmp_path: Path, written: str) -> None:
    sums = f"agent_id month premium_submitted\nA1 {written} 70\n"
    book = open_book(months(tmp_path / "b", sums))
    assert book.home("agent_months")["month"].tolist() == [dt.date(2012, 3, 1)]
    assert values(book, "premium_submitted", "2012-03", "district") == {"D1": 70.0}


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_every_format_holds_the_same(tmp_path: Path, suffix: str) -> None:
    settings = SETTINGS.replace("2012-06-30", "2012-03-31")
    sums = SUMS.replace("2012-01", "2012-01-31").replace("2012-02", "2012-02-01")
    sums = sums.replace("2012-03", "2012-03-15")
    book = open_book(
        write(tmp_path / "b", {"agents": AGENTS, "agent_months": sums}, settings, suffix)
    )
    assert values(book, "premium_submitted", "2012Q1", "district") == {"D1": 13900.5}
    assert values(book, "premium_submitted", "2012-02", "district") == {"D1": 12000.5}


@pytest.mark.parametrize(
    ("sums", "severity", "rule", "column"),
    [
        ("A1 2012-01 1 5\nA9 2012-01 1 7", "warning", "unknown_agent", "agent_id"),
        ("A1 2012-01 -1 5\nA2 2012-01 1 5", "warning", "impossible_value", "cases"),
        ("A1 2012-01 1 -5\nA2 2012-01 1 5", "warning", "negative_amount", "premium_submitted"),
        ("A1 2012-01 1 5\nA1 2012-01-31 2 6", "error", "duplicate_key", "agent_id, month"),
        ("A1 2012-01 1 5\nA1 2012-01-31 1 5", "warning", "identical_copy", "agent_id, month"),
        ("A1 2012-01 1 5\nA1 2012-04 1 5", "warning", "after_as_of", "month"),
        ("A1 2012-01 1 5\nA1 2012-13 1 5", "error", "bad_value", "month"),
        ("A1 2012-01 1 5\nA1 - 1 5\nA2 2012-01 1 5", "warning", "missing_value", "month"),
        ("A1 2011-11 1 5\nA1 2012-03 1 5", "warning", "empty_months", "month"),
        ("A1 2012-01 1 5\nA1 2012-03 1 -", "note", "empty_amount", "premium_submitted"),
    ],
)
def test_the_check_names_what_is_wrong(
    tmp_path: Path, sums: str, severity: str, rule: str, column: str
) -> None:
    text = f"agent_id month cases premium_submitted\n{sums}\n"
    found = [f for f in check_book(months(tmp_path / "b", text)) if f.rule == rule]
    assert [(f.severity, f.table, f.column) for f in found] == [(severity, "agent_months", column)]
    for lang in ("en", "zh"):
        assert found[0].text(lang)
        assert found[0].fix(lang)


def test_what_nobody_is_known_of_is_left_out_and_counted(tmp_path: Path) -> None:
    sums = "agent_id month premium_submitted\nA1 2012-01 5\nA2 2012-01 6\nA9 2012-01 7\n"
    book = open_book(months(tmp_path / "b", sums))
    assert book.left_out == {"agent_months": {"unknown_agent": 1}}
    (said,) = [f for f in book.findings if f.rule == "unknown_agent"]
    assert "7.00" in said.text("en")
    assert values(book, "premium_submitted", "2012-01", "district") == {"D1": 11.0}


def test_a_month_that_nobody_wrote_in_is_named(tmp_path: Path) -> None:
    sums = "agent_id month premium_submitted\nA1 2011-11 5\nA1 2012-01 5\nA1 2012-03 6\n"
    (said,) = [f for f in check_book(months(tmp_path / "b", sums)) if f.rule == "empty_months"]
    assert said.count == 2
    assert "2011-12, 2012-02" in said.text("zh")


def test_two_sources_of_one_premium_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny(tmp_path / "b", agent_months=SUMS)
    with pytest.raises(BookRefused, match="two sources"):
        open_book(folder)
    for lang, said, way in (("en", "two sources", "Keep one"), ("zh", "两个来源", "只留一个")):
        assert main(["check", str(folder), "--lang", lang]) == 2
        out = capsys.readouterr().out
        assert said in out
        assert way in out
    (folder / "policies.csv").unlink()
    assert main(["check", str(folder), "--lang", "en"]) == 0


def test_the_command_line_answers_months_and_says_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(months(tmp_path / "b"))
    asked = ["kpi", folder, "--kpi", "premium_submitted", "--format", "csv"]
    assert main([*asked, "--period", "2012-02", "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert "D1,district,2012-02,premium_submitted,12000.5" in said.out
    assert "part of a month" not in said.err
    for lang, what, way in (("en", "part of a month", "whole months"), ("zh", "一部分", "整月")):
        assert main([*asked, "--period", "2012-W06", "--lang", lang]) == 0
        said = capsys.readouterr()
        assert "D1,district,2012-W06,premium_submitted,," in said.out
        assert what in said.err
        assert way in said.err
    lost = ["kpi", folder, "--kpi", "persistency_13m", "--period", "2012-02"]
    assert main([*lost, "--lang", "zh"]) == 2
    assert "policies.issued_on" in capsys.readouterr().err
    assert main(["check", folder, "--reconcile", "--lang", "en"]) == 0


def test_a_month_that_is_not_over_is_no_restatement(tmp_path: Path) -> None:
    before = months(tmp_path / "before", as_of="2012-03-20")
    kept, _ = snapshot.take(before, tmp_path / "kept")
    grown = open_book(months(tmp_path / "now", SUMS.replace("800 ", "950 ")))
    assert [f.rule for f in restated.restated_since(grown, kept)] == ["not_restated"]
    other = open_book(months(tmp_path / "other", SUMS.replace("12000.50", "12000.75")))
    found = restated.restated_since(other, kept)
    assert ("restated_changed", "agent_months", "premium_submitted") in {
        (f.rule, f.table, f.column) for f in found
    }
    assert ("restated_kpi", "premium_submitted") in {(f.rule, f.column) for f in found}


ROSTER = (
    "工号,营业区,营业部,职级,入司日期\nA1,D1,一部,业务员,2011-01-05\nA2,D1,二部,业务员,2011-02-05\n"
)


@pytest.mark.parametrize(
    "header",
    ["工号,统计月份,件数,预收保费,承保保费(万元),犹豫期退保件数",
     "工號,統計月份,件數,預收保費,承保保費(萬元),猶豫期退保件數",
     "agent no,year month,policies,submitted premium,issued premium (wan),policies cancelled"],
)  # fmt: skip
def test_init_proposes_the_table_and_asks_what_the_names_leave_open(
    tmp_path: Path, header: str
) -> None:
    (tmp_path / "名册.csv").write_text(ROSTER, encoding="utf-8")
    rows = "A1,2012年1月,1,5000,0.5,0\nA2,2012年3月,2,7000,0.1,1\n"
    (tmp_path / "x.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    made = propose(tmp_path, "en")
    assert set(made.tables) == {"agents", "agent_months"}
    names = header.split(",")
    ours = ["agent_id", "month", "cases", "premium_submitted", "premium_issued", "cases_cancelled"]
    assert made.tables["agent_months"].columns == dict(zip(ours, names, strict=True))
    asked = [d for d in made.decisions if "agent_months" in d]
    assert len(asked) == 1
    assert f"{names[2]} of agent_months is read as cases" in asked[0]
    assert "cases_issued" in asked[0]
    (tmp_path / "book.toml").write_text(made.text, encoding="utf-8")
    book = open_book(tmp_path)
    assert book.as_of == dt.date(2012, 3, 31)
    assert values(book, "premium_issued", "2012-03", "district") == {"D1": 1000.0}
    assert values(book, "cases", "2012Q1", "district") == {"D1": 3.0}


def test_init_says_that_two_sources_are_there(tmp_path: Path) -> None:
    (tmp_path / "名册.csv").write_text(ROSTER, encoding="utf-8")
    (tmp_path / "月度业绩.csv").write_text("工号,月份,保费\nA1,2012-01,5\n", encoding="utf-8")
    policies = "保单号,工号,投保日期,保费\nP1,A1,2012-01-05,5\n"
    (tmp_path / "保单.csv").write_text(policies, encoding="utf-8")
    made = propose(tmp_path, "zh")
    assert any("两个来源" in d for d in made.decisions)
    assert any("保费 按 premium_submitted" in d and "premium_issued" in d for d in made.decisions)
