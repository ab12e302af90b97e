"""Month targets as a workbook: sums that a spreadsheet program agrees with, and the way back."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path

import books
import openpyxl
import pandas as pd
import pytest
from conftest import engine

from perfkit import bundle, cli, kpi, show, target, words
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, TargetError

CODE = "premium_issued"
# One department without an entry in February, one group level below the other.
TARGETS = """
unit_id  period  kpi            version value state
D1       2012-01 premium_issued plan    1000  approved
D1/01    2012-01 premium_issued plan    600   approved
D1/02    2012-01 premium_issued plan    400   approved
D1       2012-02 premium_issued plan    700.5 approved
D1/01    2012-02 premium_issued plan    700.5 approved
D1/02    2012-02 premium_issued plan    -     -
D1/02    2012-03 premium_issued plan    300   approved
D1       2012-03 premium_issued plan    300   approved
D1       2012-01 activity_rate  plan    0.3   approved
D1       2012-01 premium_issued stretch 1200  draft
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return open_book(books.tiny(tmp_path / "mine", targets=TARGETS))


@pytest.fixture
def sheet(book: Book) -> target.Sheet:
    return target.export(book, code=CODE, period="2012Q1")


def _write(sheet: target.Sheet, path: Path) -> Path:
    path.write_bytes(show.pack_targets(sheet, lang="en"))
    return path


def _edit(path: Path, **cells: object) -> Path:
    made = openpyxl.load_workbook(path)
    for place, value in cells.items():
        made["targets"][place] = value
    made.save(path)
    return path


def _page(path: Path, *, data_only: bool = False) -> list[list[object]]:
    return [list(r) for r in openpyxl.load_workbook(path, data_only=data_only)["targets"].values]


def test_a_sheet_holds_the_books_targets_with_live_sums(sheet: target.Sheet) -> None:
    assert sheet.months == ("2012-01", "2012-02", "2012-03")
    assert [(row.unit, row.entered) for row in sheet.rows] == [
        ("D1", False),
        ("D1/01", True),
        ("D1/02", True),
    ]
    assert [row.cells for row in sheet.rows] == [
        ("=SUM(C3:C4)", "=SUM(D3:D4)", "=SUM(E3:E4)", "=SUM(C2:E2)"),
        (600.0, 700.5, None, "=SUM(C3:E3)"),
        (400.0, None, 300.0, "=SUM(C4:E4)"),
    ]
    # 1000 + 700.5 + 300
    assert sheet.rows[0].values == (1000.0, 700.5, 300.0, 2000.5)
    assert sheet.about["rows"] == "3"


def test_the_workbook_is_the_same_bytes_and_shows_results_to_who_does_not_calculate(
    sheet: target.Sheet,
) -> None:
    packed = show.pack_targets(sheet, lang="zh")
    assert packed == show.pack_targets(sheet, lang="zh")
    made = openpyxl.load_workbook(io.BytesIO(packed), data_only=True)
    assert made.sheetnames == ["readme", "targets"]
    page = made["targets"]
    assert [page["F2"].value, page["C2"].value, page["F4"].value] == [2000.5, 1000, 700]
    assert page.freeze_panes == "C2"
    assert page.protection.sheet
    assert (page["C3"].protection.locked, page["C2"].protection.locked) == (False, True)
    assert page["C3"].number_format == "#,##0.00"
    said = {row[0]: row[1] for row in made["readme"].values if row[0] and row[1]}
    assert said["version"] == "plan"
    assert said["mark"] == sheet.about["mark"]
    assert said["data"] == sheet.about["data"]


def test_several_units_at_the_top_get_a_total_and_deep_trees_sum_level_by_level() -> None:
    table = pd.DataFrame({"2013-01": [3.0, 1, 2, 5, 5]}, index=["A", "A/1", "A/2", "B", "B/1/1"])
    laid = target.lay(table, {})
    assert [row.cells[0] for row in laid.rows] == [
        "=SUM(C3:C4)",
        1,
        2,
        "=SUM(C6:C6)",
        5,
        "=SUM(C2,C5)",
    ]
    assert laid.rows[-1].values == (8.0, 8.0)


def test_parts_that_do_not_make_their_whole_are_refused_with_both_amounts(tmp_path: Path) -> None:
    wrong = TARGETS.replace("plan    1000", "plan    1001")
    with pytest.raises(TargetError, match=r"D1 2012-01.*1,000.*1,001"):
        target.export(open_book(books.tiny(tmp_path, targets=wrong)), code=CODE, period="2012Q1")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"code": "activity_rate"}, "do not add up.*premium_issued"),
        ({"code": CODE, "version": "other"}, "version other"),
        ({"code": CODE, "period": "2014"}, "no month targets"),
    ],
)
def test_what_no_sheet_can_hold_is_refused(book: Book, asked: dict[str, str], said: str) -> None:
    with pytest.raises(TargetError, match=said):
        target.export(book, **{"period": "2012Q1", **asked})


def test_the_change_and_only_the_change_arrives(
    book: Book, sheet: target.Sheet, tmp_path: Path
) -> None:
    before = (book.path / "targets.csv").read_bytes()
    path = _edit(_write(sheet, tmp_path / "t.xlsx"), C3=650, D4=9.5, E4=None)
    done = target.take_over(path, book)
    assert (done.version, done.base, done.new) == ("plan_v2", "plan", False)
    found = done.changes.astype(object).fillna("none").to_numpy().tolist()
    assert found == [
        ["D1/01", "2012-01", 600.0, 650.0],
        ["D1/02", "2012-02", "none", 9.5],
        ["D1/02", "2012-03", 300.0, "none"],
    ]
    after = (book.path / "targets.csv").read_bytes()
    assert after.startswith(before)
    again = open_book(book.path)
    old, new = (
        kpi.target_table(again, CODE, period="2012Q1", version=v) for v in ("plan", "plan_v2")
    )
    pd.testing.assert_frame_equal(old, kpi.target_table(book, CODE, period="2012Q1"))
    # The district follows: 650 + 400, 700.5 + 9.5, nothing.
    assert new.loc["D1"].tolist()[:2] == [1050.0, 710.0]
    assert new.loc["D1"].isna().tolist() == [False, False, True]
    assert set(again.home("targets").query("version == 'plan_v2'")["state"]) == {"draft"}


def test_nothing_changed_writes_nothing(book: Book, sheet: target.Sheet, tmp_path: Path) -> None:
    before = (book.path / "targets.csv").read_bytes()
    done = target.take_over(_write(sheet, tmp_path / "t.xlsx"), book)
    assert (done.version, len(done.changes)) == ("", 0)
    assert (book.path / "targets.csv").read_bytes() == before


def test_versions_are_never_overwritten(book: Book, sheet: target.Sheet, tmp_path: Path) -> None:
    path = _edit(_write(sheet, tmp_path / "t.xlsx"), C3=650)
    with pytest.raises(TargetError, match="stretch has month targets"):
        target.take_over(path, book, version="stretch")
    with pytest.raises(TargetError, match="no name for a version"):
        target.take_over(path, book, version="my plan")
    assert target.take_over(path, book, version="march").version == "march"
    assert target.take_over(path, open_book(book.path)).version == "plan_v2"
    assert target.take_over(path, open_book(book.path)).version == "plan_v3"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"C3": "six hundred"}, ["targets!C3: six hundred is no number"]),
        ({"C3": True}, ["targets!C3: True is no number"]),
        ({"C3": -5}, ["targets!C3: -5 is below zero"]),
        ({"C3": "=1+1"}, ["targets!C3: the formula =1+1 has no saved result"]),
        ({"C2": 1001}, ["targets!C2: 1001 stands over a sum; its parts add up to 1,000"]),
        ({"A4": "D1/09"}, ["targets!A4: there is no unit D1/09", "Did you mean 'D1/0"]),
        ({"A4": "D1/01"}, ["targets!A4: the unit D1/01 stands already in targets!A3"]),
        ({"A4": None}, ["targets!C4: 400 stands in a row without unit"]),
        ({"D1": "2012-04"}, ["targets!D1: here the column 2012-02 should stand, found is 2012-04"]),
        ({"G1": "note"}, ["targets!G1: the column note is not known here"]),
        (
            {"C3": "x", "D3": "y"},
            ["2 thing(s)", "targets!C3: x is no number", "targets!D3: y is no number"],
        ),
    ],
)
def test_bad_input_is_named_with_its_cell_and_nothing_is_written(
    book: Book, sheet: target.Sheet, tmp_path: Path, cells: dict[str, object], said: list[str]
) -> None:
    before = (book.path / "targets.csv").read_bytes()
    path = _edit(_write(sheet, tmp_path / "t.xlsx"), **cells)
    with pytest.raises(target.SheetRefused) as refused:
        target.take_over(path, book)
    for text in said:
        assert text in refused.value.text("en")
    assert refused.value.text("zh") != refused.value.text("en")
    assert (book.path / "targets.csv").read_bytes() == before


def test_deleted_columns_rows_and_sheets_are_named(
    book: Book, sheet: target.Sheet, tmp_path: Path
) -> None:
    def told(change: str, *args: int) -> str:
        path = _write(sheet, tmp_path / "t.xlsx")
        made = openpyxl.load_workbook(path)
        if change == "sheet":
            del made["readme"]
        else:
            getattr(made["targets"], change)(*args)
        made.save(path)
        with pytest.raises(target.SheetRefused) as refused:
            target.take_over(path, book)
        return refused.value.text("en")

    assert "targets!D1: here the column 2012-02 should stand, found is 2012-03" in told(
        "delete_cols", 4
    )
    assert "2 unit(s) where the export wrote 3" in told("delete_rows", 4)
    assert "no sheet readme" in told("sheet")


def test_a_stale_sheet_is_refused(book: Book, sheet: target.Sheet, tmp_path: Path) -> None:
    path = _edit(_write(sheet, tmp_path / "t.xlsx"), C3=650)
    file = book.path / "targets.csv"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("300,", "310,"), encoding="utf-8")
    with pytest.raises(TargetError, match=f"had the mark {sheet.about['mark']}"):
        target.take_over(path, open_book(book.path))


def test_a_sheet_of_another_book_or_no_workbook_at_all_is_refused(
    book: Book, sheet: target.Sheet, tmp_path: Path
) -> None:
    other = _edit(_write(sheet, tmp_path / "t.xlsx"), A3="D7/01")
    with pytest.raises(TargetError, match="of the book tiny, not of district_one"):
        target.take_over(other, open_book("district_one"))
    (tmp_path / "u.xlsx").write_text("no zip", encoding="utf-8")
    with pytest.raises(TargetError, match="cannot be read as a workbook"):
        target.take_over(tmp_path / "u.xlsx", book)
    with pytest.raises(PerfkitError, match=r"v\.xlsx"):
        target.take_over(tmp_path / "v.xlsx", book)


def test_a_book_that_came_with_perfkit_is_never_written_to(tmp_path: Path) -> None:
    book = open_book("district_one")
    path = tmp_path / "t.xlsx"
    _edit(_write(target.export(book, code=CODE, period="2012"), path), C3=200_000)
    before = (bundle.book_path("district_one") / "targets.csv").read_bytes()
    with pytest.raises(PerfkitError, match="--out"):
        target.take_over(path, book)
    done = target.take_over(path, book, out=tmp_path / "copy")
    assert done.folder == tmp_path / "copy"
    assert (bundle.book_path("district_one") / "targets.csv").read_bytes() == before
    copy = open_book(tmp_path / "copy")
    again = kpi.target_table(copy, CODE, period="2012", version="plan_v2")
    # 187,826 became 200,000: the district's January follows by 12,174.
    assert again.loc[["D1/01", "D1"], "2012-01"].tolist() == [200_000, 792_000 + 12_174]
    with pytest.raises(PerfkitError):
        target.take_over(path, book, out=tmp_path / "copy")


def test_a_year_without_targets_takes_a_proposal(book: Book, tmp_path: Path) -> None:
    table = pd.DataFrame({f"2013-{m:02d}": [m, 2.0 * m] for m in range(1, 13)}, ["D1/01", "D1/02"])
    made = target.proposal(book, table, code=CODE, period="2013")
    done = target.take_over(_write(made, tmp_path / "t.xlsx"), book)
    assert (done.version, done.new, len(done.changes)) == ("plan", True, 24)
    found = kpi.target_table(open_book(book.path), CODE, period="2013")
    assert found.sum(axis=1).tolist() == [78, 156]


def test_targets_in_a_workbook_are_not_written_to(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "mine", suffix=".xlsx", targets=TARGETS)
    book = open_book(folder)
    path = _edit(_write(target.export(book, code=CODE, period="2012Q1"), tmp_path / "t.xlsx"), C3=1)
    with pytest.raises(PerfkitError, match=r"targets\.csv"):
        target.take_over(path, book)


def test_the_commands_export_and_import(
    book: Book, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, mine = str(tmp_path / "t.xlsx"), str(book.path)
    asked = ["--book", mine, "--period", "2012Q1", "--lang", "en"]
    assert cli.main(["targets", "export", out, *asked]) == 0
    assert cli.main(["targets", "export", out, *asked]) == 2
    assert "there already" in capsys.readouterr().err
    _edit(Path(out), C3=650)
    argv = ["targets", "import", out, "--book", mine]
    assert cli.main([*argv, "--format", "json", "--version", "mine"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one == {"unit": "D1/01", "month": "2012-01", "before": 600, "after": 650}
    assert cli.main([*argv, "--lang", "en"]) == 0
    done = capsys.readouterr()
    assert "D1/01  2012-01     600    650" in done.out
    assert "plan_v2" in done.err
    _edit(Path(out), C3="x")
    assert cli.main([*argv, "--lang", "zh"]) == 2
    assert "targets!C3" in capsys.readouterr().err


def test_the_workbook_speaks_both_languages(sheet: target.Sheet) -> None:
    for lang in words.LANGS:
        made = openpyxl.load_workbook(io.BytesIO(show.pack_targets(sheet, lang=lang)))
        assert words.text("targets.total_head", lang) in made["targets"]["F1"].value
        assert kpi.catalogue()[CODE].name(lang) in made["readme"]["A1"].value


@pytest.mark.needs("libreoffice")
def test_a_spreadsheet_program_works_the_sums_out_as_the_library_does(tmp_path: Path) -> None:
    book = open_book("district_one")
    sheet = target.export(book, code=CODE, period="2012")
    # Saving by openpyxl drops the results, so that the program has to work them out.
    path = _edit(_write(sheet, tmp_path / "t.xlsx"), N8=90_000.25)
    assert _page(path, data_only=True)[1][2] is None
    out = tmp_path / "out"
    program = engine("libreoffice")
    assert program
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    kind = "xlsx:Calc MS Excel 2007 XML"
    subprocess.run(
        [program, profile, "--headless", "--convert-to", kind, "--outdir", str(out), str(path)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    mine = tmp_path / "mine"
    shutil.copytree(book.path, mine)
    done = target.take_over(out / "t.xlsx", open_book(mine))
    assert done.changes.to_numpy().tolist() == [["D1/06", "2012-12", 83_675.0, 90_000.25]]
    table = kpi.target_table(open_book(mine), CODE, period="2012", version="plan_v2")
    page = _page(out / "t.xlsx", data_only=True)[1:]
    for row in page:
        assert row[2:14] == table.loc[str(row[0])].tolist()
        assert row[14] == pytest.approx(table.loc[str(row[0])].sum(), abs=1e-6)
    assert page[0][14] == pytest.approx(6_600_000 + 90_000.25 - 83_675, abs=1e-6)
