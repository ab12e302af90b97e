"""The workbook to fill by hand: what is written into it is read again, and text stays text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import books
import openpyxl
import pytest

from perfkit import cli, kpi
from perfkit.book import Finding, check_book, open_book, schema
from perfkit.errors import PerfkitError
from perfkit.show import write_form

AS_OF = dt.date(2012, 6, 30)
SHEETS = ["readme", "agents", "moves", "policies", "observations", "targets", "control", "lists"]
FILLED = {
    "agents": [
        {"agent_id": "00012", "district": "D1", "department": "03", "group": "02",
         "rank": "agent", "segment": "urban", "joined_on": dt.date(2012, 1, 16)},
        {"agent_id": "-7", "district": "D1", "department": "03", "group": "02",
         "rank": "supervisor", "joined_on": dt.date(2011, 1, 1)},
    ],
    "policies": [
        {"policy_id": "0001", "agent_id": "00012", "product": "=1+1", "premium": 8500.5,
         "submitted_on": dt.date(2012, 2, 1), "issued_on": dt.datetime(2012, 2, 3)},
        {"policy_id": "0002", "agent_id": "-7", "product": "@x", "premium": 60000,
         "submitted_on": dt.date(2012, 2, 2)},
    ],
    "targets": [
        {"unit_id": "D1", "period": "2012-02", "kpi": "premium_submitted", "version": "plan",
         "value": 70000, "state": "approved"},
    ],
}  # fmt: skip


def _fill(path: Path, sheets: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write rows under the headers, as a person would."""
    workbook = openpyxl.load_workbook(path, rich_text=True)
    for name, rows in sheets.items():
        sheet = workbook[name]
        columns = {str(cell.value).split("\n")[0]: cell.column for cell in sheet[1]}
        for number, row in enumerate(rows, 2):
            for column, value in row.items():
                cell = sheet.cell(number, columns[column], value)
                if isinstance(value, str):
                    cell.data_type = "s"
    workbook.save(path)


def _made(folder: Path, lang: str = "en", **more: Any) -> Path:
    path = folder / "book.xlsx"
    assert write_form(kpi.form(lang, as_of=AS_OF, **more), path)
    return path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_filled_in_is_a_book(tmp_path: Path, lang: str) -> None:
    path = _made(tmp_path, lang)
    _fill(path, FILLED)
    book = open_book(tmp_path)
    assert [(f.rule, f.column) for f in book.findings] == [
        ("empty_amount", "standard_premium"),
        ("empty_amount", "fyc"),
        ("formula_text", "product"),
    ]
    assert book.counts == {"agents": 2, "policies": 2, "targets": 1}
    assert book.home("agents")["agent_id"].tolist() == ["00012", "-7"]
    assert book.home("policies")["product"].tolist() == ["=1+1", "@x"]
    codes = ["premium_submitted", "premium_issued", "headcount_average", "large_policy_count"]
    found = kpi.measure(book, codes, by="group", period="2012-02").set_index("kpi")
    assert found["unit"].unique().tolist() == ["D1/03/02"]
    assert found["value"].to_dict() == {
        "premium_submitted": 68500.5,
        "premium_issued": 8500.5,
        "headcount_average": 2,
        "large_policy_count": 1,
    }
    (row,) = kpi.compare(book, codes[:1], by="district", period="2012-02").to_dict("records")
    assert row["attainment"] == pytest.approx(68500.5 / 70000)


def test_monthly_totals_alone_are_a_book(tmp_path: Path) -> None:
    first, last = dt.date(2012, 2, 1), dt.date(2012, 2, 29)
    rows = [
        {"unit_id": "D1", "start": first, "end": last, "measure": "premium_issued", "value": 99.5},
        {"unit_id": "D1", "start": last, "end": last, "measure": "headcount_closing", "value": 7},
    ]
    _fill(_made(tmp_path), {"observations": rows})
    book = open_book(tmp_path)
    asked = ["premium_issued", "headcount_closing"]
    found = kpi.measure(book, asked, by="district", period="2012-02")
    assert found["value"].tolist() == [99.5, 7]


def test_an_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    _made(tmp_path)
    assert [f.rule for f in check_book(tmp_path)] == ["no_facts"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sheets_offer_lists_formats_and_units(tmp_path: Path, lang: str) -> None:
    workbook = openpyxl.load_workbook(_made(tmp_path, lang))
    assert workbook.sheetnames == SHEETS
    lists = workbook["lists"]
    for name in SHEETS[1:-1]:
        sheet = workbook[name]
        assert sheet.freeze_panes == "B2"
        assert sheet.max_row == 1  # an example among the rows would be counted
        rules = {str(r.sqref).split("2")[0]: r for r in sheet.data_validations.dataValidation}
        for cell in sheet[1]:
            column, *said = str(cell.value).split("\n")
            known = schema.table(name).columns[column]
            assert getattr(known, lang) in said[0]
            kind = sheet.column_dimensions[cell.column_letter].number_format
            if known.type == "text":
                assert kind == "@"
            if known.type == "date":
                assert (kind, rules[cell.column_letter].type) == ("yyyy-mm-dd", "date")
            if known.type == "yuan":
                assert ("元" if lang == "zh" else "yuan") in said[0]
            if column in {"rank", "kpi", "measure", "segment", "state", "basis"}:
                where = rules[cell.column_letter].formula1.removeprefix("lists!").replace("$", "")
                offered = [row[0].value for row in lists[where]]
                assert offered == _choices(column)


def _choices(column: str) -> list[str]:
    if column == "rank":
        return list(open_book("district_one").settings.ranks)
    if column in {"kpi", "measure"}:
        return list(kpi.catalogue() if column == "kpi" else kpi.measures())
    tables = schema.tables().values()
    return next(list(t.columns[column].allowed) for t in tables if column in t.columns)


def test_every_example_is_what_the_contract_takes(tmp_path: Path) -> None:
    """The examples of the headers make a book that only names a recruiter it has not."""
    made = kpi.form("en", as_of=dt.date(2012, 10, 31))
    rows = {s.name: [{f.name: f.example for f in s.fields if f.example}] for s in made.sheets}
    write_form(made, tmp_path / "book.xlsx")
    _fill(tmp_path / "book.xlsx", rows)
    codes = [f.rule for f in check_book(tmp_path)]
    assert sorted(set(codes)) == ["single_row", "unknown_recruiter"]
    assert kpi.check_codes(open_book(tmp_path)) == []


def test_ranks_of_another_book_stay_text_whatever_they_begin_with(tmp_path: Path) -> None:
    settings = books.SETTINGS.replace("supervisor = true", '"=HYPERLINK(1)" = true\n"+a" = false')
    other = books.tiny(tmp_path / "other", settings)
    path = _made(tmp_path / "new", book=other)
    cells = [row[0] for row in openpyxl.load_workbook(path)["lists"]["A2:A4"]]
    assert [c.value for c in cells] == ["agent", "=HYPERLINK(1)", "+a"]
    assert [c.data_type for c in cells] == ["s"] * 3
    assert [c.quotePrefix for c in cells] == [False, True, True]
    _fill(path, FILLED)  # "supervisor" is no rank of that book
    assert [f.rule for f in check_book(path.parent)] == ["unknown_rank", "formula_text"]


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.toml").write_text("mine = 1")
    argv = ["template", str(tmp_path / "book.xlsx"), "--lang"]
    assert cli.main([*argv, "zh"]) == 0
    assert "未动" in capsys.readouterr().err
    assert (tmp_path / "book.toml").read_text() == "mine = 1"
    before = (tmp_path / "book.xlsx").read_bytes()
    for lang, word in (("zh", "已存在"), ("en", "there already")):
        assert cli.main([*argv, lang]) == 2
        assert word in capsys.readouterr().err
    assert (tmp_path / "book.xlsx").read_bytes() == before
    for name in ("agents.xlsx", "book.csv"):
        with pytest.raises(PerfkitError, match=r"must end in \.xlsx"):
            write_form(kpi.form("en", as_of=AS_OF), tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["book.toml", "book.xlsx"]


def test_a_table_comes_from_one_place(tmp_path: Path) -> None:
    path = _made(tmp_path)
    _fill(path, FILLED)
    books.tiny(tmp_path / "more")
    (tmp_path / "more" / "policies.csv").rename(tmp_path / "policies.csv")
    with pytest.raises(PerfkitError, match=r"policies\.csv, book\.xlsx"):
        open_book(tmp_path)


def test_a_sheet_that_is_no_table_is_found(tmp_path: Path) -> None:
    path = _made(tmp_path)
    _fill(path, FILLED)
    workbook = openpyxl.load_workbook(path)
    workbook["moves"].title = "movs"
    workbook["movs"]["A2"] = "00012"
    workbook.save(path)
    found = next(f for f in check_book(tmp_path) if f.rule == "unknown_file")
    assert isinstance(found, Finding)
    assert (found.rule, found.column) == ("unknown_file", "book.xlsx: movs")


def test_places_name_the_line_of_the_sheet(tmp_path: Path) -> None:
    path = _made(tmp_path)
    rows = [*FILLED["policies"], {**FILLED["policies"][0], "policy_id": "9", "agent_id": "12"}]
    _fill(path, {**FILLED, "policies": rows})
    found = next(f for f in check_book(tmp_path) if f.rule == "unknown_agent")
    assert (found.rows[0]["file"], found.rows[0]["line"]) == ("book.xlsx", 4)
