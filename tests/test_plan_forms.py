"""The forms of the cycles and the others: a page and a sheet each, filled in as far as known."""

from __future__ import annotations

import copy
import io
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from perfkit import kpi, words
from perfkit.book import Book, open_book
from perfkit.errors import UnknownName
from perfkit.plan import forms
from perfkit.plan.page import Page
from perfkit.plan.rows import PlanRefused
from perfkit.show.page import pack_pages, page_section
from perfkit.show.table import Source

ROOT = Path(__file__).resolve().parents[1]
FILE = Path(forms.__file__).with_name("forms.toml")
BODY: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
# Steps of each cycle with their tools, as the source has them; 0 tools: the source names none.
STEPS = {"annual": (1, 1, 2, 1, 0), "quarterly": (2, 1, 2, 1, 1), "monthly": (1, 1, 2, 1, 0),
         "weekly": (1, 1, 1, 1, 0)}  # fmt: skip


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


@pytest.fixture(scope="module", params=words.LANGS)
def packed(request: pytest.FixtureRequest, book: Book) -> tuple[str, list[Page], bytes]:
    pages = forms.forms_pack(book, unit="D1", period="2012-09", lang=request.param)
    source = Source("2012-09", book.fingerprint)
    return request.param, pages, pack_pages(pages, lang=request.param, title="F", source=source)


def test_twenty_four_forms_of_the_cycles_and_twenty_three_others() -> None:
    held = forms.forms()
    assert (len(forms.cycle_forms()), len(held)) == (24, 24 + 23)
    for cycle, tools in STEPS.items():
        for step, count in enumerate(tools, 1):
            own = [one for one in held.values() if (one.cycle, one.step) == (cycle, step)]
            assert len(own) == max(count, 1)
            assert {one.basis for one in own} == {"stated" if count else "proposal"}


def test_the_pack_has_a_sheet_a_form(packed: tuple[str, list[Page], bytes]) -> None:
    lang, pages, content = packed
    sheets = openpyxl.load_workbook(io.BytesIO(content))
    assert len(sheets.sheetnames) == 1 + 47
    assert len(set(sheets.sheetnames)) == 48
    titles = [sheet["A1"].value for sheet in sheets.worksheets[1:]]
    assert titles == [one.names[lang] for one in forms.forms().values()]
    for sheet, page in zip(sheets.worksheets[1:], pages, strict=True):
        assert len(page.blocks) > 0
        cells = [c for row in sheet.iter_rows() for c in row if c.value is not None]
        assert not [c.coordinate for c in cells if c.data_type == "f"]
        assert not [c.coordinate for c in cells if str(c.value) in {"nan", "None", "NaT"}]


def test_every_form_is_a_section_of_a_report(
    book: Book, packed: tuple[str, list[Page], bytes]
) -> None:
    lang, pages, _ = packed
    for page in pages:
        shown = page_section(page, lang=lang, source=Source("2012-09", book.fingerprint))
        assert page.title in shown.html
        assert not re.search(r">nan<|>None<|NaT", shown.html)
        if lang == "en":
            assert not re.search("[\u4e00-\u9fff]", shown.html)


def test_known_numbers_are_filled_in(book: Book) -> None:
    page = forms.form_page(book, "annual_analysis", unit="D1", period="2012-09", lang="en")
    table = page.blocks[0].table.set_index("kpi")
    assert len(table) == 14
    year = kpi.compare(
        book, ["standard_premium_issued", "activity_rate"], by="district", period="2012", unit="D1",
        variants={"activity_rate": "monthly_mean"},
    ).set_index("kpi")  # fmt: skip
    for code in year.index:
        assert table.loc[code, "value"] == year.loc[code, "value"]
        assert table.loc[code, "year_ago"] == year.loc[code, "year_ago"]
    month = forms.form_page(book, "monthly_summary", unit="D1", period="2012-09", lang="en")
    own = kpi.compare(book, ["premium_issued"], by="district", period="2012-09", unit="D1").iloc[0]
    held = month.blocks[0].table.set_index("kpi").loc["premium_issued"]
    assert held[["value", "target", "attainment"]].tolist() == [
        own["value"], own["target"], own["attainment"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "period", "span"),
    [
        ("annual_plan", "2012-09", "2012"),
        ("quarterly_plan", "2012-09", "2012Q3"),
        ("quarterly_plan", "2012", "2012Q4"),  # the book ends in October
        ("monthly_plan", "2012Q3", "2012-09"),
        ("weekly_plan", "2012-09", "2012-W39"),
        ("needs_survey", "2012-09", "2012-09"),
    ],
)
def test_a_form_takes_the_span_of_its_cycle(book: Book, code: str, period: str, span: str) -> None:
    assert forms.span_of(forms.forms()[code], period, book).code == span


def test_targets_and_events_are_those_of_the_period_after(book: Book) -> None:
    page = forms.form_page(book, "monthly_plan", unit="D1", period="2012-08", lang="en")
    found = {b.code: b for b in page.blocks}
    plan = kpi.target_table(book, "premium_issued", period="2012-09").loc["D1", "2012-09"]
    assert found["targets"].table[["month", "target"]].values.tolist() == [["2012-09", plan]]
    events = found["calendar"].table
    held = pd.read_csv(ROOT / "data/district_one/calendar.csv", dtype=str)
    assert len(events) == held["start"].str.startswith("2012-09").sum() == 28
    assert not events["who"].isin(["nan", "None"]).any()
    assert events["date"].str.startswith("2012-09").all()
    quarter = forms.form_page(book, "quarter_calendar", unit="D1/02", period="2012Q2", lang="zh")
    assert (
        len(quarter.blocks[0].table) == 28 + (held["start"] < "2012-09").sum()
    )  # those of the district concern the department


def test_the_budget_of_the_book_is_added_up(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    shutil.copytree(ROOT / "data/district_one", folder)
    rows = [
        {"line_id": "1", "unit_id": "D1", "action": "A", "formula": "20人×50元×3", "stated": ""},
        {"line_id": "2", "unit_id": "D1", "action": "A", "formula": "", "stated": "40"},
        {"line_id": "3", "unit_id": "D1/02", "action": "B", "formula": "", "stated": "7"},
    ]
    pd.DataFrame(rows).to_csv(folder / "budget.csv", index=False)
    book = open_book(folder)
    page = forms.form_page(book, "expense_plan", unit="D1", period="2012-09", lang="en")
    assert page.blocks[0].table[["action", "amount"]].values.tolist() == [["A", 3040], ["B", 7]]
    below = forms.form_page(book, "expense_plan", unit="D1/02", period="2012-09", lang="en")
    assert below.blocks[0].table[["action", "amount"]].values.tolist() == [["B", 7]]


def test_a_department_sees_itself(book: Book) -> None:
    page = forms.form_page(book, "business_analysis", unit="D1/03", period="2012-09", lang="en")
    own = kpi.measure(book, ["premium_issued"], by="department", period="2012-09", unit="D1/03")
    held = page.blocks[0].table.set_index("kpi")
    assert held.loc["premium_issued", "value"] == own["value"].iloc[0]


def test_a_book_with_observations_alone_still_gives_every_form() -> None:
    book = open_book("cases")
    pages = forms.forms_pack(book, unit="SN/D1", period="2012-09", lang="zh")
    assert len(pages) == 47
    held = {p.code: p for p in pages}["monthly.1.monthly_summary"].blocks[0].table.set_index("kpi")
    assert held["value"].notna().any()
    assert held["value"].isna().any()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cycle": "hourly"}, "hourly"),
        ({"owner": "nobody"}, "nobody"),
        ({"basis": "guess"}, "guess"),
        ({"step": 6}, "has step 6"),
        ({"parts": []}, "has nothing on it"),
        ({"parts": [{"kind": "table"}]}, "table"),
        ({"parts": [{"kind": "units", "kpis": ["activity_rat"]}]}, "activity_rate"),
        ({"parts": [{"kind": "units", "kpis": ["activity_rate:monthly"]}]}, "monthly_mean"),
        ({"parts": [{"kind": "agenda", "meeting": "monthly"}]}, "monthly_kpi"),
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises((PlanRefused, UnknownName), match=re.escape(said)):
        forms.read_form("x", copy.deepcopy(BODY["weekly_plan"]) | change)


def test_unknown_forms_and_units_are_refused(book: Book) -> None:
    with pytest.raises(UnknownName, match="weekly_talk"):
        forms.form_page(book, "weekly_tlak", unit="D1", period="2012-09", lang="en")
    with pytest.raises(UnknownName, match="D1/01"):
        forms.form_page(book, "weekly_talk", unit="D1/0", period="2012-09", lang="en")
