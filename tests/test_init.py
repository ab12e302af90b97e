"""perfkit init: a first book.toml for a stranger's folder, and what it asks for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from perfkit import kpi
from perfkit.book import open_book
from perfkit.cli import main

AGENTS = """某公司营业一区人员名册
工号,营业区,营业部,营业组,职级,入司日期,离司日期,生日
A1,D1,一部,1,业务主任,2011-01-05,,1980-01-01
A2,D1,二部,1,业务员,2011-02-05,,1981-01-01
A3,D1,二部,1,新星,2011-02-06,2012-03-01,1982-01-01
"""


def folder_of(path: Path) -> Path:
    """Write what an office hands over: a GBK roster, and a workbook of policies."""
    path.mkdir()
    (path / "名册2012.csv").write_bytes(AGENTS.encode("gbk"))
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = "新契约"
    page.append(["保單號", "業務員", "投保", "保費(萬元)", "備註"])
    page.append(["P1", "A1", "03/04/2012", 1.5, "x"])
    page.append(["P2", "A2", "05/04/2012", 0.5, ""])
    workbook.create_sheet("说明").append(["本表由某部门提供"])
    workbook.save(path / "四月.xlsx")
    return path


def test_a_folder_becomes_a_book_after_the_decisions_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "office")
    assert main(["init", str(folder), "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(folder / "book.toml")
    asked = [line for line in said.err.splitlines() if line.startswith("- ")]
    assert len(asked) == 4, asked
    assert "说明" in asked[0]
    assert "The table policies needs submitted_on" in asked[1]
    assert "投保" in asked[1]
    assert "新星" in asked[2]
    assert "as_of" in asked[3]

    path = folder / "book.toml"
    text = path.read_text(encoding="utf-8")
    for line in ('agent_id = "工号"', 'premium = "保費(萬元)"', 'sheet = "新契约"',
                 '"业务主任" = true', '"业务员" = false', 'root = "district"'):  # fmt: skip
        assert line in text
    # The decisions: which column, which day.
    text = text.replace('# submitted_on = "?"', 'submitted_on = "投保"  #')
    text = text.replace("# as_of = 2012-10-31", "as_of = 2012-04-30")
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(folder)]) == 2
    first = capsys.readouterr().out.splitlines()
    assert "day/month or month/day" in first[0]
    assert 'dates = "dmy"' in first[1]
    text = text.replace("[tables.policies]\n", '[tables.policies]\ndates = "dmy"\n')
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    capsys.readouterr()

    book = open_book(folder)
    assert book.as_of == dt.date(2012, 4, 30)
    got = kpi.measure(book, ["premium_submitted", "cases"], by="department", period="2012-04")
    assert got.pivot(index="unit", columns="kpi", values="value").to_dict() == {
        "cases": {"D1/一部": 1.0, "D1/二部": 1.0},
        "premium_submitted": {"D1/一部": 15000.0, "D1/二部": 5000.0},
    }


def test_ambiguous_dates_are_asked_for_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "agents.csv").write_bytes(AGENTS.replace("2011-0", "01/0").encode())
    (folder / "agents.csv").write_bytes(
        AGENTS.replace("2011-01-05", "05/01/2011").replace("2011-02-05", "05/02/2011").encode()
    )
    assert main(["init", str(folder), "--lang", "zh"]) == 0
    said = capsys.readouterr().err
    assert "日/月还是月/日" in said
    assert 'dates = "dmy"' in said


def test_the_same_folder_gives_the_same_proposal_in_both_languages(tmp_path: Path) -> None:
    settings = []
    for lang in ("en", "zh"):
        folder = folder_of(tmp_path / lang)
        assert main(["init", str(folder), "--lang", lang]) == 0
        lines = (folder / "book.toml").read_text(encoding="utf-8").splitlines()
        kept = [line.split("  #")[0] for line in lines if line and not line.startswith("#")]
        settings.append([line for line in kept if not line.startswith("name =")])
    assert settings[0] == settings[1]


def test_a_book_toml_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "b")
    (folder / "book.toml").write_text("mine", encoding="utf-8")
    for lang, said in (("en", "is left as it is"), ("zh", "未作改动")):
        assert main(["init", str(folder), "--lang", lang]) == 2
        assert said in capsys.readouterr().err
    assert (folder / "book.toml").read_text(encoding="utf-8") == "mine"


def test_nothing_readable_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    (tmp_path / "broken.xlsx").write_bytes(b"x")
    (tmp_path / "empty.csv").write_bytes(b"")
    for lang, said in (("en", "No file in"), ("zh", "没有可以读成表的文件")):
        assert main(["init", str(tmp_path), "--lang", lang]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "book.toml").exists()
    assert main(["init", str(tmp_path / "nowhere"), "--lang", "en"]) == 2
    assert "is no folder" in capsys.readouterr().err


def test_a_sheet_a_month_is_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(tmp_path / "office")
    workbook = openpyxl.Workbook()
    for month in (1, 2):
        page = workbook.create_sheet(f"{month}月")
        page.append(["保单号", "工号", "投保日期", "保费（元）"])
        page.append([f"P{month}", "A1", dt.date(2012, month, 1), 1])
    del workbook["Sheet"]
    workbook.save(folder / "四月.xlsx")
    assert main(["init", str(folder), "--lang", "zh"]) == 0
    assert "多个文件或工作表（四月.xlsx [1月], 四月.xlsx [2月]）" in capsys.readouterr().err
    assert main(["check", str(folder)]) == 0
    assert open_book(folder).counts["policies"] == 2
