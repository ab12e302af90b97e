"""The pages of month rhythm and weekly tracking: tables, charts, sentences, files beside them."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from html import unescape
from pathlib import Path

import icalendar
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from perfkit import kpi, report, rhythm, show, words
from perfkit.book import Book, open_book
from perfkit.rhythm import calendar, monthplan, node, pace, points, pulled, week, worth
from perfkit.rhythm.standings import CONTESTS, NEAR, Standings
from perfkit.show import calendar as wall
from perfkit.show import comparison, pacing, plot
from perfkit.show.html import Display
from perfkit.show.table import Source

SOURCE = Source("2012-09", "3fa9c2d1")
SAID = {"source": SOURCE}
DAY = dt.date(2012, 9, 11)
MAIN = "premium_submitted"
DAYS = [2, 7, 11, 16, -1]


@pytest.fixture(autouse=True)
def _close_figures() -> object:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


@pytest.fixture(scope="module")
def seen(book: Book) -> pd.DataFrame:
    months = rhythm.month.around(book, "2012-09", back=12)
    return pace.follow(book, months, unit="D1", by="district")


@pytest.fixture(scope="module")
def nodes(book: Book) -> monthplan.Nodes:
    asked = ["headcount_department_manager", "", "", "", "supervisors"]
    return monthplan.nodes_of(book, unit="D1", month="2012-09", working_days=[], must_write=asked)


def rows_of(shown: Display) -> list[list[str]]:
    """Read the cells of a table, small print after a bar."""
    body = shown.html.split("<tbody>")[1].split("</tbody>")[0]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")]
    texts = [[re.sub(r'<span class="pk-under[^>]*>', " | ", c) for c in row] for row in cells]
    return [[unescape(re.sub(r"<[^>]+>", "", c)) for c in row] for row in texts if row]


@pytest.mark.parametrize(
    ("lang", "second", "last"),
    [
        (
            "en",
            ["✓ 437,000 | of 400,000 · 109.2%", "✗ 78.6% | of 80.0% · 98.2%"],
            ["423,000", "32,538 | 13 days, × 0.52 of the pace", "6 of the supervisors not yet"],
        ),
        (
            "zh",
            ["✓ 43.7万 | 目标 40.0万 · 109.2%", "✗ 78.6% | 目标 80.0% · 98.2%"],
            ["42.3万", "3.3万 | 13 天，为现速度的 0.52 倍", "主管还有 6 人未开单"],
        ),
    ],
)
def test_a_node_shows_target_gap_and_what_each_day_must_bring(
    book: Book, nodes: monthplan.Nodes, lang: str, second: list[str], last: list[str]
) -> None:
    status = node.status(book, nodes.plan, unit="D1", by="district", day=DAY)
    missing = node.who_must_write(book, nodes.plan, unit="D1", day=DAY)
    shown = pacing.nodes(status, lang=lang, missing=missing, **SAID)
    found = rows_of(shown)
    assert len(found) == 5
    assert [found[1][1], found[1][3]] == second
    assert found[4][-3:] == last
    # 42.3 of 13 selling days over 43.7 of 7 is .52.
    assert pytest.approx(0.52, abs=0.005) == 423_000 / 13 / (437_000 / 7)


def test_a_month_that_is_over_needs_no_run_rate(book: Book, nodes: monthplan.Nodes) -> None:
    over = node.status(book, nodes.plan, unit="D1", by="district", day=dt.date(2012, 9, 30))
    shown = pacing.nodes(over, lang="en", **SAID)
    assert "needed a selling day" not in shown.html.split("</thead>")[0]
    unknown = over.assign(actual=math.nan, attainment=math.nan, gap=math.nan, state="unknown")
    assert rows_of(pacing.nodes(unknown, lang="en", **SAID))[0][1] == "– | of 105,000"


def test_the_first_weeks_of_the_deck_stand_as_printed() -> None:
    months = ["2012-03", "2012-04", "2012-05", "2012-07", "2012-09"]
    cases = pace.follow(open_book("cases"), months, unit="SN/D1", by="district")
    shape = pace.shape(cases, selling_day=5.0)
    shown = pacing.shape(shape, lang="en", kpis=pace.KPIS, month="2012-09", days=5, **SAID)
    found = rows_of(shown)
    assert [row[3] for row in found] == ["+0.20", "+0.10", "+0.13", "-0.09", "-0.48"]
    assert [row[2].split(" | ")[1] for row in found] == [
        "× 0.35 late", "× 0.72 late", "× 0.28 late", "× 1.24", "× 2.45",
    ]  # fmt: skip
    assert found[0][1] == "30.4% | 3/9"
    assert shape[shape["kpi"] == MAIN]["is_late"].tolist() == [True, True, True, False, False]


def test_months_stand_beside_each_other(seen: pd.DataFrame) -> None:
    beside = pace.beside(seen, month="2012-09", day=DAY, past=1)
    found = rows_of(pacing.beside(beside, lang="en", kpis=pace.KPIS, **SAID))
    assert [row[0] for row in found] == [
        "September 2012 | this month", "August 2012 | earlier", "September 2011 | a year ago",
    ]  # fmt: skip
    ratio = 437_000 / float(beside["hand"].iloc[1])
    assert found[1][2].endswith(f"now × {ratio:.2f}")
    assert found[0][1] == "9/11"


def test_landing_and_verdict_are_said_in_words(seen: pd.DataFrame, nodes: monthplan.Nodes) -> None:
    days = [DAY, dt.date(2012, 9, 28), dt.date(2012, 9, 30)]
    found = node.landings(seen, nodes.target, month="2012-09", days=days)
    told = rows_of(pacing.landings(found, lang="en", **SAID))
    assert [row[4] for row in told] == ["30.7%", "< 1%", "0.0%"]
    assert told[2][2:4] == ["536,000", "536,000"]
    judged = pulled.judge_nodes(seen, nodes, month="2012-09", place=2)
    rows = rows_of(pacing.pulled(judged, lang="en", **SAID))
    assert rows[0][1] == "109.2% | 437,000 of 400,000"
    assert rows[0][-1] == "pulled forward"
    assert rows[0][0] == "premium submitted | against the plan"
    assert rows[1][0] == "premium submitted | against the usual, 12 months"
    running = judged.assign(whole_actual=math.nan, whole_attainment=math.nan, verdict="unknown")
    assert rows_of(pacing.pulled(running, lang="zh", **SAID))[0][2] == "–"


def test_days_weeks_and_people_have_their_tables(book: Book, seen: pd.DataFrame) -> None:
    days = worth.day_worth(seen, month="2012-09", day=DAY)
    assert rows_of(pacing.day_worth(days, lang="en", **SAID))[0][:4] == ["workday", "20", "7", "13"]
    names = book.unit_names("en")
    idle = week.without_policy(book, unit="D1", period="2012-09@11")
    found = rows_of(pacing.without_policy(idle, lang="en", names=names, **SAID))
    assert sum(int(row[1]) for row in found) == 6
    assert found[0][0] == "Department 1"
    kpis = ["recruits", "visits", "evening_meeting_rating"]
    own = week.of(book, "2012-W37")
    seen_week = week.tracked(book, kpis, by="district", period=own, unit="D1")
    told = rows_of(pacing.tracked(seen_week, lang="en", **SAID))
    assert told[0][0].startswith("recruits")
    assert told[0][1:3] == ["4", "5"]
    assert told[1][-1] == "not recorded: table daily (agents' daily activity)"
    assert told[2][-1] == "not recorded: an entry in observations"


def test_contests_show_their_cost_and_who_is_near() -> None:
    one = {"contest": "c", "name_en": "June", "name_zh": "六月", "kpi": "cases"}
    days = {"first": dt.date(2012, 6, 1), "last": dt.date(2012, 6, 29)}
    counts = {"people": 10.0, "reached": 4.0, "near": 1.0, "days_left": 9.0}
    money = {"cost": 1_200.0, "budget": 1_000.0, "used": 1.2}
    table = pd.DataFrame([one | days | {"state": "running"} | counts | money])[CONTESTS]
    person = {"unit": "D1/02", "agent": "A2", "value": 4.0, "next_bar": 5.0, "gap": 1.0}
    near = pd.DataFrame([one | person | {"days_left": 9.0}])[NEAR]
    shown = pacing.contests(Standings(table, near), lang="en", names={"D1/02": "Two"}, **SAID)
    assert "running: 6/1 to 6/29" in shown.html
    assert '<span class="pk-bad">120.0%</span>' in shown.html
    assert "<td>Two</td><td>A2</td>" in shown.html
    other = pacing.contests(Standings(table, near.assign(gap=2.0)), lang="en", **SAID)
    assert str(other) != str(shown)
    far = pacing.contests(Standings(table, near.head(0)), lang="zh", **SAID)
    assert words.text("pacing.none.near", "zh") in far.html


@pytest.mark.parametrize("lang", words.LANGS)
def test_where_there_is_nothing_one_line_says_so(lang: str) -> None:
    empty = pd.DataFrame(columns=["kpi", "month", "share", "unit", "agent"])
    at = {"lang": lang, **SAID}
    shown = [
        pacing.nodes(empty, **at), pacing.landings(empty, **at), pacing.pulled(empty, **at),
        pacing.without_policy(empty, **at), pacing.beside(empty, kpis=[MAIN], **at),
        pacing.shape(empty, kpis=[MAIN], **at), pacing.contests(Standings(empty, empty), **at),
        pacing.proposal(empty, basis="days", target=math.nan, period="2012-10", **at),
    ]  # fmt: skip
    assert all("pk-quiet" in one.html and "<table" not in one.html for one in shown)
    assert len({one.html for one in shown}) == len(shown)
    assert pacing.points([], lang=lang).markdown == words.text("pacing.do.none", lang)


@pytest.mark.parametrize("lang", words.LANGS)
def test_every_point_verdict_and_basis_has_its_words(lang: str) -> None:
    told = {"count": (2.0, "persons"), "units": "D1", "months": "2012-10", "days": "2012-09-17"}
    amounts = ("gap", "target", "expected", "run_rate", "actual", "moved", "lost", "had")
    facts = told | dict.fromkeys(amounts, (1.0, "yuan"))
    facts |= dict.fromkeys(("chance", "first", "whole"), (0.5, "rate"))
    facts |= {"ratio": (1.0, "ratio"), "number": "2", "day": "2012-09-11"}
    facts |= {"late": (1.0, "count"), "all": (2.0, "count")}
    for key in set(words.table("pacing.do", lang)) - {"none"}:
        said = pacing.points([points.Point(key, facts)], lang=lang, names={"D1": "One"})
        assert said.markdown.startswith("- ")
        assert "{" not in said.markdown
    assert set(words.table("pacing.verdict", lang)) == set(pulled.VERDICTS)
    bases = {"entered", "given", "version", "issued", "days"}
    assert set(words.table("pacing.basis", lang)) == bases
    assert set(words.table("pacing.proposed", lang)) == bases


def test_headlines_name_their_month_and_their_week() -> None:
    facts = {"hand": (437_000.0, "yuan"), "done": (7.0, "days"), "all": (21.0, "days")}
    facts |= {"target": (860_000.0, "yuan"), "chance": (0.307, "rate"), "share": (0.5, "rate")}
    said = pacing.headline(
        points.Point("month", facts), lang="en", unit="District one", period="2012-09"
    )
    assert said.markdown == (
        "**District one, September 2012: 437,000 yuan of premium submitted on selling day 7 of 21; "
        "target 860,000 yuan, chance of reaching it 30.7%.**"
    )
    span = rhythm.month.of_day(DAY)
    own = week.of(open_book("district_one"), "2012-W37")
    told = pacing.headline(points.of_days(span, own, own.last), lang="zh", period=span.code)
    assert told.markdown.startswith("**本单位的一周，自周日 2012-09-09 至 2012-09-15：5 个工作日。")


def test_a_span_of_a_week_is_compared_with_last_week() -> None:
    assert comparison.head("previous", "2012-09-09..2012-09-15", "en") == "last week"
    assert comparison.head("previous", "2012-09-09..2012-09-16", "en") == "period before"


# ---- charts


def texts(drawn: plt.Axes) -> str:
    return " ".join(text.get_text() for text in drawn.texts)


@pytest.mark.parametrize("lang", words.LANGS)
def test_a_month_is_drawn_by_selling_day_beside_others(
    seen: pd.DataFrame, nodes: monthplan.Nodes, lang: str
) -> None:
    aims = monthplan.shares(nodes.plan, month="2012-09").rename(columns={MAIN: "value"})
    others = ["2012-09", "2012-08", "2011-09", "2010-01"]
    drawn = plot.pace(seen, lang=lang, kpi=MAIN, month="2012-09", others=others, nodes=aims)
    data = plot.figure_data(drawn)
    assert data["month"].drop_duplicates().tolist() == ["2011-09", "2012-08", "2012-09"]
    own = data[data["month"] == "2012-09"].set_index("selling_day")["value"]
    # The 11th is the seventh selling day; weekend days stand at the selling day before them.
    assert own[7.0] == 437_000
    assert own.index.is_unique
    said = texts(drawn)
    for value in (105_000, 400_000, 600_000, 860_000, 536_000):
        assert words.number(value, "yuan", lang) in said
    plot.picture(drawn, lang=lang, source=SOURCE)
    none = plot.pace(seen, lang=lang, kpi=MAIN, month="2013-01")
    assert plot.figure_data(none).empty
    plot.picture(none, lang=lang)


def test_landings_are_drawn_with_target_and_end(seen: pd.DataFrame, nodes: monthplan.Nodes) -> None:
    found = node.landings(seen, nodes.target, month="2012-09", days=[DAY])
    drawn = plot.landing(found, lang="en", kpi=MAIN, actual=536_000.0)
    assert "target 860,000" in texts(drawn)
    assert "actual 536,000" in texts(drawn)
    assert plot.figure_data(drawn)["hand"].tolist() == [437_000]
    running = plot.landing(found, lang="en", kpi=MAIN)
    assert "in hand" in texts(running)
    plain = plot.landing(found.assign(target=math.nan), lang="zh", kpi=MAIN)
    assert words.text("chart.series.target", "zh") not in texts(plain)
    assert plot.figure_data(plot.landing(found.head(0), lang="en", kpi=MAIN)).empty


def test_weeks_are_drawn_with_their_days(book: Book) -> None:
    own = week.of(book, "2012-W37")
    run = kpi.measure(book, [MAIN], by="district", period=week.behind(book, own, 3), unit="D1")
    drawn = plot.weeks(run, lang="en", kpi=MAIN)
    assert plot.figure_data(drawn)["value"].tolist() == run["value"].tolist()
    ticks = [tick.get_text() for tick in drawn.get_xticklabels()]
    assert ticks == ["8/26–9/1", "9/2–9/8", "9/9–9/15"]
    assert "84,700" in texts(drawn)
    empty = plot.weeks(run.assign(value=math.nan), lang="zh", kpi=MAIN)
    assert plot.figure_data(empty).empty


# ---- files beside the page


def test_the_calendar_is_handed_over_as_a_workbook_and_for_phones(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rhythm.calendar_of(book, "2012-09", unit="D1")
    title = wall.title("2012-09", "District one", lang="en")
    monkeypatch.delenv("PERFKIT_ATTACH", raising=False)
    monkeypatch.chdir(tmp_path)
    said = show.attach_calendar(made, lang="en", title=title)
    assert not list(tmp_path.iterdir())
    assert "34 rows" in str(said)
    monkeypatch.setenv("PERFKIT_ATTACH", str(tmp_path / "beside"))
    show.attach_calendar(made, lang="en", title=title)
    back, base = calendar.read(tmp_path / "beside" / "calendar.xlsx")
    pd.testing.assert_frame_equal(back, made.events)
    assert base == made.marks
    phone = icalendar.Calendar.from_ical((tmp_path / "beside" / "calendar.ics").read_bytes())
    assert len(phone.walk("VEVENT")) == 34
    assert str(phone["x-wr-calname"]) == "Work calendar of District one, September 2012"


def test_conflicts_are_named_below_the_calendar(book: Book) -> None:
    rows = {"unit_id": "D1", "start": "2012-10-10", "type": ["meeting", "training"]}
    rows |= {"who": "department_manager", "starts_at": "09:00", "title_en": ["one", "other"]}
    held = calendar.checked(pd.DataFrame(rows))
    made = rhythm.calendar_of(book, "2012-10", unit="D1", held=held)
    (said,) = wall.notes(made, lang="en")
    assert said == "2012-10-10: department managers cannot be at both one and other."
    (told,) = wall.notes(rhythm.calendar_of(book, "2012-10", unit="D1"), lang="en")
    assert told.endswith("October 2012.")
    assert wall.notes(rhythm.calendar_of(book, "2012-10", unit="D1"), lang="en",
                      with_made=False) == []  # fmt: skip


def _page(folder: Path, lang: str) -> str:
    return (folder / f"D1.{lang}.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_month_rhythm_is_published_with_next_months_calendar(tmp_path: Path) -> None:
    done = report.run("month_rhythm", lang="both", out=tmp_path)
    assert (done.exit_code, len(done.published)) == (0, 2)
    folder = tmp_path / "2012-09" / "month_rhythm"
    ends = ("html", "ics", "ipynb", "xlsx")
    kinds = [f"D1.{lang}.{end}" for lang in ("en", "zh") for end in ends]
    assert sorted(path.name for path in folder.iterdir()) == [*kinds, "run.json"]
    entries = json.loads((folder / "run.json").read_text(encoding="utf-8"))["reports"]
    assert all({"ics", "xlsx"} <= set(entry["files"]) for entry in entries)
    for lang in words.LANGS:
        page = _page(folder, lang)
        assert f'href="D1.{lang}.ics"' in page
        assert words.text("report.beside.ics", lang) in page
        for figure in ("62.3%", "109.2%", "30.7%"):
            assert figure in page
        phone = icalendar.Calendar.from_ical((folder / f"D1.{lang}.ics").read_bytes())
        node_name = words.text("calendar.type.node", lang)
        found = phone.walk("VEVENT")
        at = [e for e in found if e["categories"].to_ical().decode() == node_name]
        days = [e.decoded("dtstart") for e in at]
        assert days == [dt.date(2012, 10, n) for n in (9, 16, 22, 29, 31)]
        events, _ = calendar.read(folder / f"D1.{lang}.xlsx")
        assert len(events) == len(phone.walk("VEVENT"))


@pytest.mark.slow
def test_month_rhythm_of_a_running_month_and_of_a_book_of_observations(tmp_path: Path) -> None:
    done = report.run("month_rhythm", lang="en", out=tmp_path, parameters={"day": "2012-09-11"})
    assert done.exit_code == 0
    page = _page(tmp_path / "2012-09" / "month_rhythm", "en")
    # 42.3 are missing: 3.02 on each of 14 selling days, .48 of the pace so far.
    assert (
        "423,000 yuan are missing on the target of 860,000 yuan: 30,214 yuan on each of 14" in page
    )
    assert "0.48 times the pace so far" in page
    assert "536,000" not in page  # nothing after the day is known
    done = report.run("month_rhythm", book="cases", unit="SN/D1", lang="en", out=tmp_path / "cases")
    assert done.exit_code == 0
    seen = tmp_path / "cases" / "2012-09" / "month_rhythm" / "SN-D1.en.html"
    page = seen.read_text(encoding="utf-8")
    assert all(figure in page for figure in ("+0.20", "+0.10", "+0.13", "-0.09", "-0.48"))


@pytest.mark.slow
def test_weekly_tracking_is_published_for_the_offices_week(tmp_path: Path) -> None:
    done = report.run("weekly_tracking", lang="both", out=tmp_path)
    assert (done.exit_code, len(done.published)) == (0, 2)
    folder = tmp_path / "2012-W37" / "weekly_tracking"
    for lang in words.LANGS:
        page = _page(folder, lang)
        assert "2012-09-09" in page
        assert words.text("pacing.focus.ask", lang) in page
        assert words.text("pacing.table.daily", lang).split("(")[0].strip() in page
        assert words.number(84_700, "yuan", lang) in page
    assert "16,940" in _page(folder, "en")  # 8.47 in five working days
    assert "25,083" in _page(folder, "en")  # 15.05 in the six to the fourth node
