"""[tables.<name>] of book.toml: their files, names, codes and units become ours."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import books
import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from perfkit import kpi
from perfkit.book import Book, Finding, check_book, names, open_book, schema
from perfkit.book.mapping import table_maps
from perfkit.errors import BookRefused, PerfkitError, UnknownName

AGENTS = """
工号,部门代码,小组,职级,入司日期,状态,状态日期,备注
1,一部,1,业务主任,2011/1/5,在职,,好
2,二部,1,业务员,05.02.2011,离职,2012-05-01,
"""
POLICIES = """
单号;业务员;交单;金额
P1;1;10/02/2012;1,2
P2;00000002;11/02/2012;0,5
"""
MAPPED = (
    books.SETTINGS
    + """
[tables.agents]
file = "roster.csv"
dates = "dmy"
[tables.agents.constants]
district = "D1"
[tables.agents.columns]
department = "部门代码"
[tables.agents.widths]
agent_id = 8
[tables.agents.values.rank]
"业务主任" = "supervisor"
"业务员" = "agent"
[tables.agents.status]
column = "状态"
on = "状态日期"
values = { "在职" = "", "离职" = "left_on" }
[tables.policies]
file = "sold/*.csv"
dates = "dmy"
unit = "万元"
[tables.policies.columns]
policy_id = "单号"
submitted_on = "交单"
premium = "金额"
[tables.policies.widths]
agent_id = 8
"""
)


def mapped(
    folder: Path, settings: str = MAPPED, agents: str = AGENTS, policies: str = POLICIES
) -> Path:
    (folder / "sold").mkdir(parents=True)
    (folder / "book.toml").write_text(settings, encoding="utf-8")
    (folder / "roster.csv").write_text(agents.lstrip(), encoding="utf-8")
    (folder / "sold" / "2012.csv").write_text(policies.lstrip(), encoding="utf-8")
    return folder


def errors(folder: Path) -> list[Finding]:
    return [f for f in check_book(folder) if f.severity == "error"]


def day(year: int, month: int, at: int) -> int:
    return dt.date(year, month, at).toordinal()


def table(book: Book, name: str) -> Any:
    return book.backend.home(book.tables[name])


def test_names_codes_units_dates_and_status_become_ours(tmp_path: Path) -> None:
    book = open_book(mapped(tmp_path / "b"))
    agents = table(book, "agents")
    columns = ["agent_id", "district", "department", "group", "rank", "joined_on"]
    assert agents[columns].values.tolist() == [
        ["00000001", "D1", "一部", "1", "supervisor", day(2011, 1, 5)],
        ["00000002", "D1", "二部", "1", "agent", day(2011, 2, 5)],
    ]
    assert agents["left_on"].isna().tolist() == [True, False]
    assert agents["left_on"].iloc[1] == day(2012, 5, 1)
    policies = table(book, "policies")
    assert policies[["policy_id", "agent_id", "submitted_on", "premium"]].values.tolist() == [
        ["P1", "00000001", day(2012, 2, 10), 1_200_000],  # 1.2 wan yuan, in fen
        ["P2", "00000002", day(2012, 2, 11), 500_000],
    ]
    got = kpi.measure(book, ["premium_submitted"], by="department", period="2012-02")
    assert dict(zip(got["unit"], got["value"], strict=True)) == {
        "D1/一部": 12000.0,
        "D1/二部": 5000.0,
    }


def test_what_the_mapping_did_is_said(tmp_path: Path) -> None:
    notes = {(f.rule, f.table): f for f in check_book(mapped(tmp_path / "b"))}
    assert notes["unused_columns", "agents"].facts["names"] == "备注"
    assert "工号 → agent_id" in notes["header_names", "agents"].facts["names"]
    assert notes["decimal_comma", "policies"].count == 2
    assert not [f for f in notes.values() if f.severity == "error"]


def test_several_files_are_one_table_and_rows_keep_their_file_and_line(tmp_path: Path) -> None:
    folder = mapped(tmp_path / "b")
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.append(["2013 new business"])
    page.append([])
    page.append(["金额", "交单", "业务员", "单号"])
    page.append([3, dt.date(2012, 3, 1), "1", "P3"])
    page.append(["many", dt.date(2012, 3, 2), "1", "P4"])
    workbook.save(folder / "sold" / "2013.xlsx")
    settings = MAPPED.replace('"sold/*.csv"', '["sold/2012.csv", "sold/*.xlsx"]')
    (folder / "book.toml").write_text(settings, encoding="utf-8")
    (bad,) = errors(folder)
    assert bad.rule == "bad_value"
    assert bad.rows == ({"file": "2013.xlsx", "line": 5, "value": "many"},)
    page["A5"] = 4
    workbook.save(folder / "sold" / "2013.xlsx")
    assert table(open_book(folder), "policies")["premium"].tolist() == [
        1_200_000, 500_000, 3_000_000, 4_000_000,
    ]  # fmt: skip


def test_a_unit_in_the_header_counts_and_a_word_in_the_cell_comes_first(tmp_path: Path) -> None:
    policies = "policy_id,agent_id,submitted_on,保费（万元）\nP1,A1,2012-01-10,1.5\n"
    policies += "P2,A2,2012-01-10,2亿\n"
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").write_text(policies, encoding="utf-8")
    assert table(open_book(folder), "policies")["premium"].tolist() == [1_500_000, 20_000_000_000]


def test_merged_headers_are_read_from_both_rows(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").unlink()
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.append(["保单号", "工号", "日期", None, "保费"])
    page.append([None, None, "预收", "承保", None])
    page.append(["P1", "A1", dt.date(2012, 1, 10), dt.date(2012, 1, 12), 1000])
    for span in ("A1:A2", "B1:B2", "C1:D1", "E1:E2"):
        page.merge_cells(span)
    workbook.save(folder / "policies.xlsx")
    mapped_to = '[tables.policies.columns]\nsubmitted_on = "日期 预收"\nissued_on = "日期 承保"\n'
    (folder / "book.toml").write_text(books.SETTINGS + mapped_to, encoding="utf-8")
    policies = table(open_book(folder), "policies")
    assert policies["issued_on"].tolist() == [day(2012, 1, 12)]
    assert policies["premium"].tolist() == [100000]


UNITS = "code,above\nD1,\n01,D1\n02,D1\nG1,01\n"
TREE = """
[tables.agents.hierarchy]
file = "units.csv"
unit = "code"
parent = "above"
agent_unit = "unit"
"""
LED = """
[tables.agents.constants]
district = "D1"
[tables.agents.hierarchy]
manager = "manager_id"
leads = { supervisor = "group", head = "department" }
"""
PEOPLE = "agent_id,unit,rank,joined_on,manager_id\n"


def tree(folder: Path, settings: str, agents: str, units: str = UNITS) -> Path:
    books.tiny(folder, books.SETTINGS.replace("[thresholds]", "head = true\n[thresholds]"))
    text = (folder / "book.toml").read_text(encoding="utf-8") + settings
    (folder / "book.toml").write_text(text, encoding="utf-8")
    (folder / "agents.csv").write_text(PEOPLE + agents, encoding="utf-8")
    (folder / "units.csv").write_text(units, encoding="utf-8")
    return folder


def test_parents_of_units_become_levels(tmp_path: Path) -> None:
    agents = "A1,G1,agent,2011-01-01,\nA2,02,agent,2011-01-01,\n"
    folder = tree(tmp_path / "b", TREE, agents)
    book = open_book(folder)
    assert table(book, "agents")[["district", "department", "group"]].values.tolist() == [
        ["D1", "01", "G1"],
        ["D1", "02", "02"],
    ]
    (note,) = [f for f in book.findings if f.severity == "note"]
    assert (note.rule, note.count, note.column) == ("direct", 1, "group")
    before = book.fingerprint
    (folder / "units.csv").write_text(UNITS + "03,D1\n", encoding="utf-8")
    assert open_book(folder).fingerprint != before


@pytest.mark.parametrize(
    ("agents", "units", "rule"),
    [
        ("A1,G9,agent,2011-01-01,\n", UNITS, "unit_not_there"),
        ("A1,G1,agent,2011-01-01,\n", "code,above\nG1,01\n01,G1\n", "circle"),
        ("A1,G1,agent,2011-01-01,\n", UNITS + "G1,02\n", "two_parents"),
        ("A1,X,agent,2011-01-01,\n", UNITS + "X,G1\n", "too_deep"),
        ("A1,G1,agent,2011-01-01,\n", "code,over\nG1,01\n", "missing_header"),
    ],
)
def test_a_tree_that_is_none_is_refused(tmp_path: Path, agents: str, units: str, rule: str) -> None:
    (one,) = errors(tree(tmp_path / "b", TREE, agents, units))
    assert one.rule == rule
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")


def test_managers_become_levels(tmp_path: Path) -> None:
    agents = (
        "H,,head,2010-01-01,\nS,,supervisor,2010-01-01,H\nA1,,agent,2011-01-01,S\n"
        "A2,,agent,2011-01-01,H\n"
    )
    found = table(open_book(tree(tmp_path / "b", LED, agents)), "agents")
    assert found[["agent_id", "district", "department", "group"]].values.tolist() == [
        ["H", "D1", "H", "H"],
        ["S", "D1", "H", "S"],
        ["A1", "D1", "H", "S"],
        ["A2", "D1", "H", "H"],
    ]
    (one,) = errors(tree(tmp_path / "c", LED, "A1,,agent,2011-01-01,A2\nA2,,agent,2011-01-01,A1\n"))
    assert one.rule == "circle"


@pytest.mark.parametrize(
    ("agents", "who", "level", "count"),
    [
        ("H,,head,2010-01-01,\nA1,,agent,2011-01-01,X\nA2,,agent,2011-01-01,\n", "A1",
         "department", 2),
        ("S,,supervisor,2010-01-01,\nA1,,agent,2011-01-01,S\nA2,,agent,2011-01-01,S\n", "S",
         "department", 3),
    ],
)  # fmt: skip
def test_an_agent_without_a_leader_is_named_and_slips_up_no_level(
    tmp_path: Path, agents: str, who: str, level: str, count: int
) -> None:
    (one,) = errors(tree(tmp_path / "b", LED, agents))
    assert (one.rule, one.column, one.facts["level"], one.count) == (
        "no_leader", who, level, count,
    )  # fmt: skip
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('policy_id = "单号"', 'policy_id = "单"', "missing_header"),
        (', "离职" = "left_on" }', "}", "unknown_status"),
        ('on = "状态日期"', 'on = "日子"', "missing_header"),
    ],
)
def test_a_mapping_that_does_not_fit_the_file_is_refused(
    tmp_path: Path, old: str, new: str, rule: str
) -> None:
    assert old in MAPPED
    (one,) = errors(mapped(tmp_path / "b", MAPPED.replace(old, new)))
    assert one.rule == rule
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")


def test_a_status_without_its_date_is_refused(tmp_path: Path) -> None:
    agents = AGENTS.replace("2012-05-01", "")
    (one,) = errors(mapped(tmp_path / "b", agents=agents))
    assert (one.rule, one.count) == ("undated_status", 1)
    assert one.rows == ({"file": "roster.csv", "line": 3, "value": None},)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("tables = 3", "tables = 3"),
        ("[tables.agent]", "Did you mean 'agents'"),
        ("[tables.agents]\nfiles = 3", "tables.agents.file"),
        ("[tables.agents]\nfil = 'x'", "tables.agents.fil = 'x'; allowed: file, files"),
        ("[tables.agents]\ndates = 'ddmm'", "allowed: 'ymd', 'dmy', 'mdy'"),
        ("[tables.agents]\nheader_row = -1", "tables.agents.header_row = -1"),
        ("[tables.agents]\nepoch = 1970", "allowed: 1900, 1904"),
        ("[tables.agents.columns]\nagentid = 'x'", "Did you mean 'agent_id'"),
        ("[tables.policies]\nunit = 'kg'", "tables.policies.unit = 'kg'"),
        ("[tables.policies.units]\npremium = 'kg'", "tables.policies.premium = 'kg'"),
        ("[tables.agents.widths]\nagent_id = '8'", "tables.agents.widths.agent_id = '8'"),
        ("[tables.agents.hierarchy]\nfile = 'x'", "tables.agents.hierarchy = 'file'"),
        ("[tables.agents.status]\ncolumn = 'x'", "allowed: column + on + values"),
        ("[tables.agents.status]\ncolumn='x'\non='y'\nvalues={a='rank'}", "status.values.a"),
    ],
)
def test_a_mapping_that_says_nothing_we_know_is_named(body: str, said: str) -> None:
    with pytest.raises(PerfkitError) as caught:
        table_maps(tomllib.loads(body), Path("book.toml"))
    assert said in str(caught.value)
    assert "{" not in caught.value.text("zh").replace("{'", "")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = mapped(tmp_path / "b", MAPPED.replace("roster.csv", "rooster.csv"))
    with pytest.raises(PerfkitError, match=r"'rooster\.csv', which is not there.*roster\.csv"):
        open_book(folder)


def test_no_name_means_two_columns_of_one_table() -> None:
    """Within a table every folded name leads to one column, whichever list it stands in."""
    read = tomllib.loads(Path(names.__file__).with_name("names.toml").read_text(encoding="utf-8"))[
        "columns"
    ]
    for name, spec in schema.tables().items():
        seen: dict[str, str] = {}
        for group in (read.get(name, {}), read["any"]):
            for column, others in group.items():
                assert group is read["any"] or column in spec.columns, column
                for other in others if column in spec.columns else ():
                    first = seen.setdefault(names.folded(other), column)
                    assert first == column, f"{name}: {other} means {first} and {column}"
        for column in spec.columns:
            assert names.column_of(name, column) == column


def test_both_scripts_are_known() -> None:
    for simplified, traditional in (
        ("工号", "工號"),
        ("营业部", "營業部"),
        ("入司日期", "入職日期"),
    ):
        assert names.column_of("agents", simplified) == names.column_of("agents", traditional)
    assert names.column_of("policies", "保 费(元)") == "premium"
    assert names.table_of("保單明細") == "policies"
    with pytest.raises(UnknownName):
        schema.table("保單")


def test_an_unknown_rank_is_not_guessed(tmp_path: Path) -> None:
    settings = MAPPED.replace('"业务员" = "agent"\n', "")
    with pytest.raises(BookRefused, match="have a rank that book"):
        open_book(mapped(tmp_path / "b", settings))


# --- several files of one table that are not written alike

PARTS = books.SETTINGS + '[tables.policies]\nfile = "p*"\n'
SHORT = "policy_id,agent_id,submitted_on,premium\n"


def parts(folder: Path, settings: str = PARTS, **texts: str) -> Path:
    """Write a book whose policies lie in several files."""
    books.tiny(folder, settings)
    (folder / "policies.csv").unlink()
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("first", "second", "settings", "fen"),
    [
        ("保费(万元)", "保费(元)", PARTS, [1_500_000, 500_000]),
        ("保费（万元）", "保费", PARTS, [1_500_000, 500_000]),
        ("保费", "保费（百万元）", PARTS, [150, 500_000_000_000]),
        ("保费（元）", "保费", PARTS + 'unit = "万元"\n', [150, 5_000_000_000]),
        ("保费(万元)", "保费(元)", PARTS + '[tables.policies.units]\npremium = "元"\n',
         [150, 500_000]),
    ],
)  # fmt: skip
def test_each_file_is_read_in_the_unit_its_own_header_names(
    tmp_path: Path, first: str, second: str, settings: str, fen: list[int]
) -> None:
    head = "policy_id,agent_id,submitted_on,"
    folder = parts(
        tmp_path / "b",
        settings,
        p1=f"{head}{first}\nP1,A1,2012-01-10,1.5\n",
        p2=f"{head}{second}\nP2,A1,2012-01-10,５０００\n",
    )
    book = open_book(folder)
    assert table(book, "policies")["premium"].tolist() == fen
    said = [f for f in book.findings if f.rule == "file_units"]
    assert len(said) == ("units]" not in settings)
    for one in said:
        assert one.severity == "warning"
        assert "p1.csv: " in one.text("zh")
        assert "{" not in one.text("en") + one.fix("en") + one.text("zh") + one.fix("zh")


def test_a_word_in_the_cell_comes_before_the_unit_of_the_column(tmp_path: Path) -> None:
    policies = "policy_id,agent_id,submitted_on,保费（万元）\nP1,A1,2012-01-10,5000元\n"
    policies += "P2,A2,2012-01-10,5千元\nP3,A2,2012-01-10,0.5百万\nP4,A2,2012-01-10,2\n"
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").write_text(policies, encoding="utf-8")
    fen = [500_000, 500_000, 50_000_000, 2_000_000]
    assert table(open_book(folder), "policies")["premium"].tolist() == fen


def test_each_workbook_counts_its_days_from_its_own_epoch(tmp_path: Path) -> None:
    folder = parts(tmp_path / "b", p0=SHORT + "P0,A1,2012-02-11,1\n")
    for name, serial in (("p1", 39488), ("p2", 40950)):
        workbook = openpyxl.Workbook()
        page = workbook.active
        assert page is not None
        page.append(SHORT.strip().split(","))
        page.append([name, "A1", serial, 1])
        if name == "p1":
            workbook.epoch = CALENDAR_MAC_1904
        workbook.save(folder / f"{name}.xlsx")
    assert table(open_book(folder), "policies")["submitted_on"].tolist() == [day(2012, 2, 11)] * 3


def test_a_column_that_one_file_lacks_is_named(tmp_path: Path) -> None:
    less = "policy_id,agent_id,submitted_on\nP2,A1,2012-01-10\n"
    folder = parts(tmp_path / "b", p1=SHORT + "P1,A1,2012-01-10,1\n", p2=less)
    (one,) = errors(folder)
    assert (one.rule, one.column, one.facts["file"]) == ("column_not_in", "premium", "p2.csv")
    with pytest.raises(BookRefused, match=r"p2\.csv lacks the column 'premium'"):
        open_book(folder)
    more = SHORT.replace("premium", "premium,issued_on") + "P1,A1,2012-01-10,1,2012-01-11\n"
    folder = parts(tmp_path / "c", p1=more, p2=SHORT + "P2,A1,2012-01-10,1\n")
    (one,) = [f for f in check_book(folder) if f.rule == "column_not_in"]
    assert (one.severity, one.column) == ("warning", "issued_on")
    assert "p2.csv" in one.text("zh")
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")


def test_rows_behind_a_file_without_rows_keep_their_file_and_line(tmp_path: Path) -> None:
    folder = parts(tmp_path / "b", p1=SHORT, p2=SHORT + "P1,A1,never,1\n")
    (bad,) = errors(folder)
    assert bad.rows == ({"file": "p2.csv", "line": 2, "value": "never"},)


# --- several sheets of one workbook


def months(path: Path, *names: str, other: str = "") -> None:
    """Write a workbook with a sheet a month, each of one policy."""
    workbook = openpyxl.Workbook()
    for number, name in enumerate(names, 1):
        page = workbook.create_sheet(name)
        page.append([name])
        page.append(["保单号", "工号", "投保日期", "保费（万元）" if number % 2 else "保费"])
        page.append([f"P{number}", "A1", dt.date(2012, number, 1), 1])
    if other:
        workbook.create_sheet(other).append(["a"])
        workbook[other].append(["b"])
    del workbook["Sheet"]
    workbook.save(path)


@pytest.mark.parametrize("sheet", ['["1月", "2月", "3月"]', '"?月"', '["1月", "[23]月"]'])
def test_several_sheets_are_one_table_and_rows_keep_their_sheet(tmp_path: Path, sheet: str) -> None:
    folder = parts(tmp_path / "b", PARTS + f"sheet = {sheet}\n")
    months(folder / "p.xlsx", "1月", "2月", "3月", other="说明")
    book = open_book(folder)
    assert table(book, "policies")["premium"].tolist() == [1_000_000, 100, 1_000_000]
    (one,) = [f for f in book.findings if f.rule == "other_sheet"]
    assert (one.severity, one.count, one.facts["what"]) == ("warning", 1, "说明")
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")
    workbook = openpyxl.load_workbook(folder / "p.xlsx")
    workbook["2月"]["C3"] = "never"
    workbook.save(folder / "p.xlsx")
    (bad,) = errors(folder)
    assert bad.rows == ({"file": "p.xlsx [2月]", "line": 3, "value": "never"},)


def test_a_sheet_that_no_table_takes_is_named(tmp_path: Path) -> None:
    folder = parts(tmp_path / "b", PARTS + 'sheet = "1月"\n')
    months(folder / "p.xlsx", "1月", "2月", other="说明")
    (one,) = [f for f in check_book(folder) if f.rule == "other_sheet"]
    assert (one.severity, one.table, one.count) == ("warning", "policies", 2)
    assert "2月, 说明" in one.text("zh")
    more = '[tables.renewals]\nfile = "p.xlsx"\nsheet = "2月"\n'
    (folder / "book.toml").write_text(PARTS + 'sheet = "1月"\n' + more, encoding="utf-8")
    assert "2月" not in "".join(f.text("en") for f in check_book(folder) if f.rule == "other_sheet")


def test_a_sheet_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = parts(tmp_path / "b", PARTS + 'sheet = "4月"\n')
    months(folder / "p.xlsx", "1月", "2月")
    (one,) = errors(folder)
    assert (one.rule, one.facts["sheet"], one.facts["sheets"]) == ("no_sheet", "4月", "1月, 2月")
