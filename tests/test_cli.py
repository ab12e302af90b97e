"""The command line passes words on: exit codes, machine formats, both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perfkit import cli, kpi
from perfkit.book import open_book


def _json(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, object]]:
    assert cli.main(argv) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def _values(records: list[dict[str, object]]) -> dict[object, object]:
    return {record["kpi"]: record["value"] for record in records}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (
            "2012-03",
            {
                "active_agents": 57,
                "premium_submitted": 716_000,
                "supervisors_active": 13,
                "supervisors": 26,
            },
        ),
        (
            "2012-03-01..2012-03-09",
            {"active_agents": 4, "premium_submitted": 77_000, "supervisors_active": 1},
        ),
        ("2012-02", {"active_agents": 33, "premium_submitted": 710_000}),
        ("2011-01..2011-09", {"premium_issued": 4_100_000}),
        ("2012-01..2012-09", {"premium_issued": 5_060_000}),
        ("2012-09", {"headcount_closing": 176}),
    ],
)
def test_kpi_prints_the_districts_figures(
    capsys: pytest.CaptureFixture[str], period: str, expected: dict[str, int]
) -> None:
    argv = ["kpi", "district_one", "--period", period, "--by", "district", "--format", "json"]
    found = _values(_json(capsys, *argv))
    assert {code: found[code] for code in expected} == expected
    assert list(found) == kpi.computable(open_book("district_one"))


def test_json_has_the_documented_keys_and_null_where_undefined(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["kpi", "cases", "--period", "2012-07", "--by", "district", "--format", "json"]
    records = _json(capsys, *argv)
    keys = [
        "unit",
        "level",
        "period",
        "kpi",
        "value",
        "variant",
        "numerator",
        "denominator",
        "base",
    ]
    assert all(list(record) == keys for record in records)
    assert _values(records)["activity_rate"] is None
    assert _values(records)["supervisor_activity_rate"] == pytest.approx(26 / 30)


def test_csv_goes_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["kpi", "district_one", "--period", "2012", "--kpi", "cases", "--format", "csv"]
    assert cli.main([*argv, "--lang", "en"]) == 0
    said = capsys.readouterr()
    keys = "unit,level,period,kpi,value,variant,numerator,denominator,base"
    assert said.out.splitlines()[0] == keys
    assert len(said.out.splitlines()) == 2
    assert "runs past the book's facts" in said.err


def test_text_is_readable_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["kpi", "district_one", "--period", "2012-03", "--kpi", "premium_submitted"]
    assert cli.main([*argv, "--lang", "zh"]) == 0
    assert "71.6万" in capsys.readouterr().out
    assert cli.main([*argv, "--lang", "en"]) == 0
    assert "716,000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["kpi", "distict_one", "--period", "2012-03"], "Did you mean 'district_one'?"),
        (["kpi", "district_one", "--period", "2012-13"], "not a period"),
        (["kpi", "district_one", "--period", "2031-01"], "wholly outside"),
        (["kpi", "district_one", "--period", "2012-03", "--by", "branch"], "above"),
        (["kpi", "district_one", "--period", "2012-03", "--by", "depatment"], "'department'"),
        (["kpi", "district_one", "--period", "2012-03", "--unit", "D2"], "Known: D1, D1/01"),
        (["kpi", "district_one", "--period", "2012-03", "--kpi", "activty_rate"], "activity_rate"),
        (
            ["kpi", "district_one", "--period", "2012-03", "--variant", "activity_rate=opning"],
            "'opening'",
        ),
        (["kpi", "district_one", "--period", "2012-03", "--variant", "x"], "NAME=VALUE"),
        (["check", "no_such_book"], "There is no book"),
        (["run", "montly_review"], "'monthly_review'"),
        (["run", "monthly_review", "-p", "unti=x"], "'unit'"),
        (["run", "monthly_review", "--unit", "D9"], "There is no unit"),
        (["run", "monthly_review", "--period", "2012-99"], "not a period"),
        (["sample", "x", "--agents", "0"], "too small"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused_input_exits_2_and_names_the_way_out(
    capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert cli.main([*argv, "--lang", "en"]) == 2
    streams = capsys.readouterr()
    assert said in streams.err
    assert streams.out == ""


def test_a_refused_book_says_what_where_and_how_many_in_chinese(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "book.toml").write_text(
        'name = "x"\nroot = "district"\nas_of = 2012-01-31\n[ranks]\nagent = false\n',
        encoding="utf-8",
    )
    (tmp_path / "agents.csv").write_text(
        "agent_id,district,rank,joined_on\na,D,agent,2011-01-01\n", encoding="utf-8"
    )
    (tmp_path / "policies.csv").write_text(
        "policy_id,agent_id,submitted_on,premium\np,ghost,2012-01-02,100\n", encoding="utf-8"
    )
    argv = ["kpi", str(tmp_path), "--period", "2012-01", "--lang", "zh"]
    assert cli.main(argv) == 2
    said = capsys.readouterr().err
    assert "policies.csv:2 'ghost'" in said
    assert "解决办法" in said
    assert cli.main(["check", str(tmp_path), "--format", "json"]) == 2
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["rule"], record["count"]) == ("unknown_agent", 1)
    assert record["rows"] == [{"file": "policies.csv", "line": 2, "value": "ghost"}]


def test_the_glossary_holds_every_kpi_in_the_documented_shape(
    capsys: pytest.CaptureFixture[str],
) -> None:
    records = _json(capsys, "glossary", "--format", "json")
    assert [record["code"] for record in records] == list(kpi.catalogue())
    keys = [
        "code",
        "zh",
        "en",
        "unit",
        "direction",
        "formula",
        "numerator",
        "denominator",
        "base",
        "variants",
        "source",
        "recorded",
        "seed_ids",
    ]
    assert all(list(record) == keys for record in records)


def test_a_sample_of_another_size_can_be_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = str(tmp_path / "made")
    sizes = ["--agents", "60", "--policies", "300", "--months", "6", "--seed", "3"]
    assert cli.main(["sample", out, *sizes]) == 0
    assert cli.main(["check", out]) == 0
    capsys.readouterr()
    records = _json(capsys, "kpi", out, "--period", "2012-05..2012-10", "--format", "json")
    assert _values(records)["cases"] == 300


@pytest.mark.parametrize("command", ["check", "kpi", "run", "glossary", "reports", "sample"])
def test_every_command_has_help_with_an_example(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"Example: perfkit {command}" in capsys.readouterr().out
