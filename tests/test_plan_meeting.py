"""The sixteen meetings: agenda with minutes, focus computed, page and sheet in both languages."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from perfkit import kpi, words
from perfkit.book import Book, open_book
from perfkit.errors import UnknownName
from perfkit.plan import ledger, meeting, pack
from perfkit.plan.rows import PlanRefused
from perfkit.show.page import pack_pages, page_section
from perfkit.show.table import Source

SEEDS = {  # steps and focus indicators as the source has them
    "annual_seminar": (5, 8),
    "quarterly_review": (5, 9),
    "monthly_kpi": (5, 11),
    "weekly_managers": (6, 9),
    "weekly_office": (3, 0),
    "department_monthly_guided": (5, 0),
    "supervisor_performance": (10, 0),
}
CODES = list(meeting.meetings())


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


MADE: dict[tuple[str, str], pack.Page] = {}  # of the sample district, each made once


def page(book: Book, code: str, lang: str) -> pack.Page:
    if (code, lang) not in MADE:
        MADE[code, lang] = pack.pack(book, code, unit="D1", period="2012-09", lang=lang)
    return MADE[code, lang]


def test_there_are_sixteen_and_those_the_source_describes_are_whole() -> None:
    assert len(CODES) == 16
    for code, (steps, focus) in SEEDS.items():
        one = meeting.meeting(code)
        assert (one.basis, len(one.agenda)) == ("stated", steps)
        assert len(one.focus) == focus or not focus
    stated = [c for c in CODES if meeting.meeting(c).basis == "stated"]
    assert set(stated) == set(SEEDS)
    assert len(meeting.meeting("department_monthly_guided").guidance) == 11


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lang", words.LANGS)
def test_every_meeting_renders_with_its_agenda_and_its_focus_computed(
    book: Book, code: str, lang: str
) -> None:
    held, made = meeting.meeting(code), page(book, code, lang)
    found = {one.code: one for one in made.blocks}
    assert list(found)[:3] == ["agenda", "attendance", "focus"]
    agenda = found["agenda"].table
    assert len(agenda) == len(held.agenda)
    assert agenda["minutes"].sum() == held.minutes > 0
    focus = found["focus"].table
    codes = [c for one in held.focus for c in one.kpis]
    assert [c for c in focus["kpi"] if c] == codes
    shown = page_section(made, lang=lang, source=Source("2012-09", book.fingerprint)).html
    for item in held.agenda:
        assert item.names[lang].replace("'", "&#x27;") in shown
    for one in held.focus:
        assert one.ask[lang].replace("'", "&#x27;") in shown
    here = set(kpi.computable(book))
    numbers = kpi.measure(book, [c for c in codes if c in here], by="district", period="2012-09")
    for code_, value in zip(numbers["kpi"], numbers["value"], strict=True):
        own = focus.loc[focus["kpi"] == code_, "value"].iloc[0]
        assert own == value or (pd.isna(own) and pd.isna(value))
    assert not re.search(r">nan<|>None<|NaT|\bnan\b", shown)
    assert book.fingerprint in shown


def test_both_languages_show_the_same_numbers_and_each_its_own_words(book: Book) -> None:
    for code in CODES:
        zh, en = (page(book, code, lang) for lang in ("zh", "en"))
        assert [b.code for b in zh.blocks] == [b.code for b in en.blocks]
        for one, other in zip(zh.blocks, en.blocks, strict=True):
            pd.testing.assert_frame_equal(
                one.table[list(one.units)], other.table[list(other.units)]
            )
            assert one.title != other.title
        assert not re.search("[\u4e00-\u9fff]", "".join([en.title, *en.lines]))


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_pack_is_a_workbook_with_a_sheet_a_meeting(book: Book, lang: str) -> None:
    pages = [page(book, code, lang) for code in CODES]
    source = Source("2012-09", book.fingerprint)
    packed = pack_pages(pages, lang=lang, title="=Meetings", source=source)
    assert packed == pack_pages(pages, lang=lang, title="=Meetings", source=source)
    sheets = openpyxl.load_workbook(io.BytesIO(packed))
    assert len(sheets.sheetnames) == 17
    assert sheets.worksheets[0]["A1"].data_type == "s"
    own = sheets.worksheets[1 + CODES.index("monthly_kpi")]
    values = [cell.value for row in own.iter_rows() for cell in row]
    premium = kpi.measure(book, ["premium_submitted"], by="district", period="2012-09")["value"]
    assert premium.iloc[0] in values
    links = [row[0].hyperlink for row in sheets.worksheets[0].iter_rows(min_row=5)]
    assert all(link is not None for link in links)
    assert len(links) == 16


def test_attendance_counts_who_is_expected(book: Book) -> None:
    found = {b.code: b for b in page(book, "quarterly_review", "en").blocks}["attendance"].table
    count = kpi.measure(book, ["supervisors"], by="district", period="2012-09")["value"].iloc[0]
    expected = found.set_index("role")["expected_persons"]
    assert expected["supervisors"] == count
    assert expected["department managers"] == 6
    assert expected["district manager"] == 1


def test_a_department_sees_its_own_rows_only(book: Book) -> None:
    made = pack.pack(book, "department_monthly_guided", unit="D1/02", period="2012-09", lang="en")
    found = {b.code: b for b in made.blocks}
    own = kpi.measure(book, ["premium_submitted"], by="department", period="2012-09", unit="D1/02")
    assert found["focus"].table["value"].iloc[0] == own["value"].iloc[0]
    assert len(found["guidance"].table) == 11
    assert set(found["units"].table["unit"]) <= {u for u in kpi.units(book) if "D1/02" in u}


def test_actions_of_the_last_meeting_come_with_their_effect(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"unit_id": "D1/01", "owner": "M01", "entered_on": "2012-09-03", "due": "2012-09-20",
           "kpi": "activity_rate", "action_id": "7", "what": "=lead"}  # fmt: skip
    held = ledger.checked(pd.DataFrame([row]))
    monkeypatch.setattr(ledger, "held", lambda *_: held)
    effects = pd.DataFrame(
        [["7", "activity_rate", 0.05, -0.01, 0.11, "unclear"]],
        columns=["action_id", "kpi", "effect", "low", "high", "state"],
    )
    made = pack.pack(
        book, "monthly_kpi", unit="D1", period="2012-09", lang="en", effects=effects,
        today=dt.date(2012, 10, 31),
    )  # fmt: skip
    blocks = {one.code: one for one in made.blocks}
    assert blocks["effects"].table["effect"].tolist() == [0.05]
    shown = page_section(made, lang="en", source=Source("2012-10", "x")).html
    for said in (
        "overdue",
        "+5.0 pp",
        "-1.0 pp",
        "+11.0 pp",
        "cannot be told from chance",
        "=lead",
    ):
        assert said in shown
    packed = pack_pages([made], lang="en", title="t", source=Source("2012-10", "x"))
    cells = [
        c for r in openpyxl.load_workbook(io.BytesIO(packed)).worksheets[1].iter_rows() for c in r
    ]
    assert [c.data_type for c in cells if c.value == "=lead"] == ["s"]


def test_the_minutes_have_every_item_and_room_for_actions() -> None:
    for code in CODES:
        for lang in words.LANGS:
            made = pack.minutes_page(code, unit_name="D1", period="2012-09", lang=lang)
            found = {b.code: b for b in made.blocks}
            items = [i.names[lang] for i in meeting.meeting(code).agenda]
            assert found["items"].table["item"].tolist() == items
            assert set(found["new_actions"].table.columns) <= set(ledger.COLUMNS)
            assert found["new_actions"].rows > 0


ITEM = {"en": "a", "zh": "b", "about_en": "", "about_zh": "", "minutes": 5}
BODY = {"level": "district", "cycles": ["weekly"], "en": "a", "zh": "b", "basis": "stated"}
BODY |= {"attend": ["supervisors"], "source": "s", "focus": [], "agenda": [ITEM]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"level": "moon"}, "moon"),
        ({"cycles": ["hourly"]}, "hourly"),
        ({"attend": ["supervisor"]}, "Did you mean 'supervisors'"),
        ({"basis": "guess"}, "guess"),
        ({"agenda": []}, "has no agenda"),
        ({"agenda": [ITEM | {"minutes": -5}]}, "-5 as minutes"),
        ({"focus": [{"en": "a", "zh": "b", "kpis": ["activity_rat"]}]}, "activity_rate"),
    ],
)
def test_a_wrong_entry_is_refused(change: dict[str, object], said: str) -> None:
    assert meeting.read_meeting("x", BODY).minutes == 5
    with pytest.raises((UnknownName, PlanRefused), match=re.escape(said)):
        meeting.read_meeting("x", BODY | change)


def test_an_unknown_meeting_is_refused(book: Book) -> None:
    with pytest.raises(UnknownName, match="monthly_kpi"):
        page(book, "montly_kpi", "en")


def test_the_csv_of_the_pack_is_the_ledger(tmp_path: Path, book: Book) -> None:
    columns = {b.code: b for b in page(book, "monthly_kpi", "en").blocks}[
        "new_actions"
    ].table.columns
    path = tmp_path / "actions.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*columns, "entered_on"])
        writer.writerow(
            ["write first", "M01", "2012-09-20", "D1/01", "activity_rate", 0.1, "", "2012-09-03"]
        )
    assert ledger.read(path)["what"].tolist() == ["write first"]
