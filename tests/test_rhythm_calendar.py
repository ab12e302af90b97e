"""The work calendar: September 2012 day by day in every form, round trips, conflicts, refusals."""

from __future__ import annotations

import csv
import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import books
import icalendar
import openpyxl
import pandas as pd
import pytest

from perfkit import cli, words
from perfkit.book import check_book, open_book
from perfkit.errors import PerfkitError
from perfkit.rhythm import calendar, node
from perfkit.rhythm.conflict import conflicts
from perfkit.rhythm.ics import to_ics
from perfkit.rhythm.rules import read_rules
from perfkit.rhythm.year import year

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests/golden/september_2012_calendar.csv"
BOOK = "district_one"


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return calendar.held(open_book(BOOK))


def run(out: Path, *more: str, book: str | Path = BOOK, period: str = "2012-09") -> Path:
    assert cli.main(["calendar", str(book), "--period", period, "--out", str(out), *more]) == 0
    return out


class _Days(HTMLParser):
    """Collect what stands in each day of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.days: dict[str, list[str]] = {}
        self.kinds: dict[str, str] = {}
        self._day, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "td" and found.get("data-date"):
            self._day = str(found["data-date"])
            self.days[self._day] = []
            self.kinds[self._day] = str(found["class"])
        elif tag == "table":
            self._day = ""
        self._inside = tag == "span" and "pk-event" in str(found.get("class"))

    def handle_data(self, data: str) -> None:
        if self._inside and self._day:
            self.days[self._day].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = False
        if tag == "table":
            self._day = ""


# ---- September 2012 day by day


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_page_shows_september_day_by_day(tmp_path: Path, lang: str) -> None:
    page = run(tmp_path / "september.html", "--lang", lang).read_text(encoding="utf-8")
    seen = _Days()
    seen.feed(page)
    wanted = {
        row["date"]: [row[f"entry_{lang}"]] if row["kind"] != "blank" else [] for row in golden()
    }
    assert seen.days == wanted
    assert list(seen.days) == [row["date"] for row in golden()]
    assert "pk-make_up" in seen.kinds["2012-09-29"]
    assert "pk-outside" in seen.kinds["2012-08-31"]
    assert "pk-outside" not in seen.kinds["2012-09-01"]
    assert page.startswith("<!doctype html>")
    assert not re.search(r"(?:src|href)=", page)


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_workbook_shows_september_day_by_day(tmp_path: Path, lang: str) -> None:
    made = run(tmp_path / "september.xlsx", "--format", "xlsx", "--lang", lang)
    book = openpyxl.load_workbook(made)
    cells = [cell.value for row in book["month"].iter_rows(min_row=3, max_row=7) for cell in row]
    assert len(cells) == 35
    for row, cell in zip(golden(), cells, strict=True):
        top, _, entry = str(cell).partition("\n")
        assert re.search(rf"\b{int(row['date'][-2:])}\b", top)
        assert entry == row[f"entry_{lang}"]
    table = list(book["calendar"].iter_rows(values_only=True))
    assert list(table[0]) == calendar.COLUMNS
    titles = [row[f"entry_{lang}"] for row in golden() if row["kind"] != "blank"]
    assert [row[table[0].index(f"title_{lang}")] for row in table[1:]] == titles
    assert book["as_exported"].sheet_state == "hidden"


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_phone_calendar_holds_september_day_by_day(tmp_path: Path, lang: str) -> None:
    made = run(tmp_path / "september.ics", "--format", "ics", "--lang", lang).read_bytes()
    back = icalendar.Calendar.from_ical(made)
    found = {}
    for event in back.walk("VEVENT"):
        day = event.decoded("dtstart")
        assert event.decoded("dtend") - day == dt.timedelta(days=1)
        found[day.isoformat()] = (str(event["summary"]), event["categories"].to_ical().decode())
    wanted = {
        row["date"]: (row[f"entry_{lang}"], words.text(f"calendar.type.{row['kind']}", lang))
        for row in golden()
        if row["kind"] != "blank"
    }
    assert found == wanted
    ids = [str(event["uid"]) for event in back.walk("VEVENT")]
    assert len(set(ids)) == 34
    assert run(tmp_path / "again.ics", "--format", "ics", "--lang", lang).read_bytes() == made
    lines = made.decode().split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75


def test_times_and_several_days_in_the_phone_calendar() -> None:
    rows = pd.DataFrame(
        {
            "unit_id": "D1",
            "type": ["meeting", "contest"],
            "start": ["2012-09-03", "2012-09-03"],
            "end": ["", "2012-09-07"],
            "starts_at": ["09:30", ""],
            "ends_at": ["11:00", ""],
            "title_en": ["a, b; c\\d", "e"],
        }
    )
    made = to_ics(calendar.checked(rows), name="x", book="b", stamp=dt.date(2012, 9, 1), lang="en")
    one, other = sorted(
        icalendar.Calendar.from_ical(made).walk("VEVENT"), key=lambda e: str(e["summary"])
    )
    assert str(one["summary"]) == "a, b; c\\d"
    assert one.decoded("dtend") == dt.datetime(2012, 9, 3, 11)
    assert other.decoded("dtend") == dt.date(2012, 9, 8)


# ---- through Excel and back


def test_a_round_trip_through_excel_changes_nothing(tmp_path: Path, events: pd.DataFrame) -> None:
    sheet = run(tmp_path / "september.xlsx", "--format", "xlsx", "--lang", "zh")
    back, base = calendar.read(sheet)
    pd.testing.assert_frame_equal(back, events)
    pd.testing.assert_frame_equal(calendar.merge(events, back, base), events)
    table = run(tmp_path / "calendar.csv", "--format", "csv", "--edited", str(sheet))
    assert table.read_bytes() == (ROOT / "data/district_one/calendar.csv").read_bytes()


def edit(path: Path, row: int, column: str, value: object) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["calendar"]
    sheet.cell(row, calendar.COLUMNS.index(column) + 1).value = value
    book.save(path)


def test_what_was_edited_comes_home_and_nothing_else(tmp_path: Path, events: pd.DataFrame) -> None:
    sheet = run(tmp_path / "s.xlsx", "--format", "xlsx")
    book = openpyxl.load_workbook(sheet)
    table = book["calendar"]
    table.delete_rows(3)
    table.cell(2, calendar.COLUMNS.index("note") + 1).value = "=1+1"
    table.append(
        [None, "D1/01", dt.datetime(2012, 9, 16), None, "09:00", "10:00", "training", "new"]
    )
    book.save(sheet)
    merged = calendar.merge(events, *calendar.read(sheet))
    assert len(merged) == len(events)
    assert "20120827-1" not in set(merged["event_id"])
    added = merged[merged["title_en"] == "new"].iloc[0]
    assert (added["event_id"], added["start"]) == ("20120916-training-1", dt.date(2012, 9, 16))
    same = set(events["event_id"]) - {"20120826-1", "20120827-1"}
    for frame in (merged, events):
        assert same <= set(frame["event_id"])
    kept = [f[f["event_id"].isin(same)].reset_index(drop=True) for f in (merged, events)]
    pd.testing.assert_frame_equal(*kept)


def test_an_overlapping_edit_is_refused_and_an_equal_one_is_not(
    tmp_path: Path, events: pd.DataFrame
) -> None:
    sheet = run(tmp_path / "s.xlsx", "--format", "xlsx")
    edit(sheet, 2, "note", "theirs")
    back, base = calendar.read(sheet)
    first = events["event_id"] == events["event_id"].iloc[0]
    meanwhile = events.assign(note=events["note"].where(~first, "mine"))
    with pytest.raises(PerfkitError, match=r"1 event.*20120826-1"):
        calendar.merge(meanwhile, back, base)
    # Another event changed meanwhile stays changed, and the same change twice is one.
    other = events.assign(note=events["note"].where(first, "mine"))
    assert calendar.merge(other, back, base)["note"].tolist() == ["theirs"] + ["mine"] * 33
    assert calendar.merge(back, back, base)["note"].iloc[0] == "theirs"
    # Deleted here, changed there.
    with pytest.raises(PerfkitError, match="20120826-1"):
        calendar.merge(events[~first], back, base)


def test_a_text_file_without_a_base_deletes_nothing(tmp_path: Path, events: pd.DataFrame) -> None:
    path = tmp_path / "few.csv"
    events.head(2).assign(note="seen").to_csv(path, index=False)
    back, base = calendar.read(path)
    assert base is None
    merged = calendar.merge(events, back, base)
    assert merged["note"].head(2).tolist() == ["seen", "seen"]
    assert len(merged) == 34


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("type", "metting", "s.xlsx, row 5: 'metting' is no type of event. Nearest: meeting."),
        ("start", "September", "s.xlsx, column start, row(s) 5"),
        ("start", None, "s.xlsx, column start, row(s) 5"),
        ("end", dt.date(2012, 8, 1), "column end, row(s) 5"),
        ("starts_at", "9:30", "column starts_at, row(s) 5"),
        ("unit_id", None, "column unit_id, row(s) 5"),
        ("form", "four_in", "column form, row(s) 5"),
        ("event_id", "20120826-1", "row(s) 2, 5: one event code"),
    ],
)
def test_a_bad_cell_is_named_with_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, value: object, said: str
) -> None:
    sheet = run(tmp_path / "s.xlsx", "--format", "xlsx")
    edit(sheet, 5, column, value)
    capsys.readouterr()
    argv = ["calendar", BOOK, "--period", "2012-09", "--edited", str(sheet), "--lang", "en"]
    assert cli.main(argv) == 2
    assert said in capsys.readouterr().err


def test_files_that_are_no_calendar_are_refused(tmp_path: Path) -> None:
    empty, strange, other = (tmp_path / n for n in ("empty.csv", "strange.csv", "other.xlsx"))
    empty.write_text("unit_id,start,type\n", encoding="utf-8")
    strange.write_text("a,b\n1,2\n", encoding="utf-8")
    other.write_bytes(b"no workbook")
    for path, said in ((empty, "empty"), (strange, "unit_id, start, type"), (other, "other.xlsx")):
        with pytest.raises(PerfkitError, match=said):
            calendar.read(path)


# ---- the book's table


def test_a_book_may_hold_events_after_its_last_day_and_checks_their_types(tmp_path: Path) -> None:
    head = "event_id unit_id start end type\n"
    good = books.tiny(tmp_path / "good", calendar=head + "E1 D1 2012-12-31 - meeting")
    assert not [f for f in check_book(good) if f.table == "calendar"]
    assert calendar.held(open_book(good))["start"].tolist() == [dt.date(2012, 12, 31)]
    bad = books.tiny(
        tmp_path / "bad",
        calendar=head + "E1 D1 2012-12-31 2012-12-01 meeting\nE1 D1 2012-01-01 - x",
    )
    rules = {f.rule for f in check_book(bad) if f.severity == "error"}
    assert rules == {"bad_period", "duplicate_key", "unknown_value"}


def test_a_book_without_a_calendar_gets_one_from_its_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = run(tmp_path / "tiny.csv", "--format", "csv", book=books.tiny(tmp_path / "tiny"))
    assert "2012-09" in capsys.readouterr().err
    found = pd.read_csv(made)
    assert {"meeting", "reception", "product_presentation"} <= set(found["type"])


def test_units_see_their_own_events_and_those_above_and_below(tmp_path: Path) -> None:
    rows = "event_id unit_id start type\nE1 D1 2012-01-02 meeting\nE2 D1/01 2012-01-02 meeting\n"
    b = open_book(books.tiny(tmp_path / "b", calendar=rows + "E3 D1/02 2012-01-02 meeting"))
    assert calendar.held(b, "D1/01")["event_id"].tolist() == ["E1", "E2"]
    assert calendar.held(b, "D1")["event_id"].tolist() == ["E1", "E2", "E3"]


# ---- from rules


def test_november_from_the_rules_and_a_node_plan() -> None:
    nodes = node.plan(
        "2012-11", [dt.date(2012, 11, 8), dt.date(2012, 11, 30)], {"premium_submitted": 7e5}
    )
    found = calendar.generate("2012-11", read_rules(), unit="D1", nodes=nodes)
    by_type = {k: [d.day for d in v] for k, v in found.groupby("type")["start"]}
    assert by_type["node"] == [8, 30]
    assert by_type["product_presentation"] == [1, 8, 15, 22, 29]  # Thursdays
    assert by_type["reception"] == [10, 24]  # second and fourth Saturday
    assert by_type["tracking"] == [11, 12, 25, 26]  # the two days after each
    assert by_type["training"] == [20]  # third Tuesday
    assert by_type["career_seminar"] == [14, 28]
    assert by_type["meeting"] == [1, 5, 12, 19, 26]  # first working day; Mondays
    assert found[found["type"] == "node"]["title_en"].tolist() == ["node 1", "node 2"]
    shown, made = calendar.filled(found.head(0), "2012-11", read_rules(), unit="D1", nodes=nodes)
    assert made == ["2012-11"]
    # The office's weeks: 28 October to 24 November, with the October days made as well.
    assert min(shown["start"]) == dt.date(2012, 10, 28)
    assert max(shown["start"]) == dt.date(2012, 11, 24)


def test_what_falls_on_a_holiday_moves_or_is_left_out() -> None:
    found = calendar.generate("2012-10", read_rules(), unit="D1")
    managers = found[found["event_id"].str.endswith("weekly_managers")]["start"].tolist()
    # Monday 1 October is a holiday until Sunday the 7th: that meeting falls on the 8th, once.
    assert [d.day for d in managers] == [8, 15, 22, 29]
    presentations = found[found["type"] == "product_presentation"]["start"].tolist()
    assert [d.day for d in presentations] == [11, 18, 25]
    assert conflicts(found)["kind"].tolist() == []


def rules_of(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "rhythm.toml").write_text(text, encoding="utf-8")
    return folder


ONE = '[events.a]\ntype = "meeting"\nen = "a"\nzh = "a"\n'


def test_an_office_has_rules_of_its_own(tmp_path: Path) -> None:
    text = 'week_starts = "monday"\n' + ONE + "when = { working_day = [-1] }\nmonths = [11]\n"
    rules = read_rules(rules_of(tmp_path / "own", text))
    assert [str(d) for d in calendar.window("2012-11", rules)] == ["2012-10-29", "2012-11-25"]
    found = calendar.generate("2012", rules, unit="D1")
    assert found["start"].tolist() == [dt.date(2012, 11, 30)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('week_starts = "sontag"', "week_starts = 'sontag'; allowed: monday"),
        (ONE, r"events.a.when = None"),
        (ONE + 'when = { weekday = "mon" }', "events.a.when"),
        (ONE + "when = { working_day = [0] }", r"events.a.when.working_day = \[0\]"),
        (ONE + 'when = { after = "b", days = [1] }', "events.a.when"),
        (ONE + 'when = { weekday = "monday" }\nmonths = [13]', r"events.a.months = \[13\]"),
        (ONE.replace("meeting", "metting") + "when = {}", "Did you mean 'meeting'"),
        ('[small.x]\nen = "x"\nzh = "x"\nworking_days = [3, -1]', "small.x.working_days"),
        ('[seasons.x]\nen = "x"', "seasons.x.zh"),
        ("week_starts", "cannot be read"),
    ],
)
def test_rules_that_do_not_fit_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PerfkitError, match=said):
        read_rules(rules_of(tmp_path / "bad", text))


# ---- conflicts, the year


def meeting(**columns: object) -> pd.DataFrame:
    base = {"unit_id": "D1", "start": "2012-09-05", "type": "meeting", "who": "supervisor"}
    return calendar.checked(pd.DataFrame(base | columns))


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"title_en": ["a", "b"]}, 1),
        ({"starts_at": ["09:00", "10:00"], "ends_at": ["10:00", "11:00"]}, 0),
        ({"starts_at": ["09:00", "09:59"], "ends_at": ["10:00", "11:00"]}, 1),
        ({"starts_at": ["09:00", ""], "ends_at": ["10:00", ""]}, 1),
        ({"starts_at": ["09:00", "09:00"]}, 1),
        ({"who": ["A1|A2", "A2|A3"]}, 1),
        ({"who": ["A1", "A2"]}, 0),
        ({"unit_id": ["D1", "D1/01"]}, 1),
        ({"unit_id": ["D1/01", "D1/02"]}, 0),
        ({"type": ["meeting", "node"]}, 0),
        ({"start": ["2012-09-05", "2012-09-03"], "end": ["", "2012-09-06"]}, 1),
    ],
)
def test_two_meetings_for_one_person_are_named(columns: dict[str, object], found: int) -> None:
    clashes = conflicts(meeting(**columns))
    assert len(clashes) == found
    assert clashes["kind"].eq("person").all()
    assert clashes["date"].eq(dt.date(2012, 9, 5)).all()


def test_an_event_on_a_holiday_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = conflicts(meeting(start=["2012-09-29", "2012-09-30"], title_en=["a", "b"]))
    assert found[["kind", "date"]].to_numpy().tolist() == [["holiday", dt.date(2012, 9, 30)]]
    rows = "event_id unit_id start type title_en title_zh\nE1 D1 2012-10-01 reception wine wine"
    book = books.tiny(tmp_path / "b", calendar=rows)
    page = run(tmp_path / "o.html", "--lang", "en", book=book, period="2012-10")
    assert "2012-10-01 is a holiday: wine." in capsys.readouterr().err
    assert "2012-10-01 is a holiday: wine." in page.read_text(encoding="utf-8")


def test_september_has_no_conflict(events: pd.DataFrame) -> None:
    assert conflicts(events).empty


def test_the_year_shows_seasons_small_rhythms_and_nodes(events: pd.DataFrame) -> None:
    found = year(events, "2012", read_rules()).set_index("month")
    assert found["working_days"].sum() == 249
    assert found.loc["2012-04", "season_en"] == ("April-May link",)
    assert found.loc["2012-12", "season_en"][1] == "preparing the next opening season"
    assert [d.day for d in found.loc["2012-09", "nodes"]] == [4, 11, 17, 24, 28]
    assert found.loc["2012-09", "small_en"][0] == "first-week node 3–7"
    # 34 events: six in August, five nodes.
    assert found.loc[["2012-08", "2012-09"], "events"].tolist() == [6, 23]


def test_the_page_of_a_year_has_a_row_a_month(tmp_path: Path) -> None:
    page = run(tmp_path / "y.html", "--lang", "zh", period="2012").read_text(encoding="utf-8")
    assert page.count("<tr>") == 13
    assert "四五连动" in page


def test_years_that_nobody_has_announced_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "f.html", "--lang", "en", period="2099-05")
    assert "2099" in capsys.readouterr().err


# ---- the command


def test_the_command_writes_to_stdout_or_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["calendar", BOOK, "--period", "2012-09", "--lang", "en"]
    assert cli.main([*argv, "--format", "csv"]) == 0
    table = (ROOT / "data/district_one/calendar.csv").read_text(encoding="utf-8")
    assert capsys.readouterr().out == table
    assert cli.main([*argv, "--format", "xlsx"]) == 2
    assert "--out" in capsys.readouterr().err
    assert cli.main([*argv, "--out", str(tmp_path / "no" / "where.html")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_period_or_unit_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["calendar", BOOK, "--period", "2012-13"]) == 2
    assert "2012-13" in capsys.readouterr().err
    assert (
        cli.main(["calendar", BOOK, "--period", "2012-09", "--unit", "D1/9", "--lang", "en"]) == 2
    )
    assert "D1/9" in capsys.readouterr().err


CONTEST = """
[june]
en = "June contest"
zh = "六月竞赛"
first = 2012-06-04
last = 2012-06-08
measure = "cases"
steps = [{ bar = 1 }]
"""


def test_contests_beside_the_book_stand_in_its_calendar(tmp_path: Path) -> None:
    book = books.tiny(tmp_path / "b")
    (book / "contests.toml").write_text(CONTEST, encoding="utf-8")
    page = run(tmp_path / "june.html", "--lang", "en", book=book, period="2012-06")
    seen = _Days()
    seen.feed(page.read_text(encoding="utf-8"))
    found = [day for day, titles in seen.days.items() if "June contest" in titles]
    assert found == [f"2012-06-{day:02d}" for day in range(4, 9)]
    whole = run(tmp_path / "y.html", "--lang", "en", book=book, period="2012")
    assert "June contest" in whole.read_text(encoding="utf-8")
