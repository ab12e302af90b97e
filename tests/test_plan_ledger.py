"""The ledger of actions: what is refused, how actions stand, and whether they worked."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import statsmodels.api as sm

from perfkit import kpi, words
from perfkit.book import check_book, open_book
from perfkit.book.mask import mask
from perfkit.errors import BookRefused, PerfkitError, UnknownName
from perfkit.explain import action_effect
from perfkit.plan import ledger
from perfkit.plan.rows import PlanRefused

ROOT = Path(__file__).resolve().parents[1]
DISTRICT = ROOT / "data/district_one"
ROW = {
    "unit_id": "D1/01",
    "owner": "M01",
    "entered_on": "2012-09-03",
    "due": "2012-09-28",
    "kpi": "activity_rate",
    "expected": "0.1",
    "meeting": "monthly_kpi",
    "what": "supervisors write first",
}


def actions(*rows: dict[str, object]) -> pd.DataFrame:
    return ledger.checked(pd.DataFrame(list(rows)))


def district(folder: Path, *rows: dict[str, str], more: tuple[list[str], ...] = ()) -> Path:
    """Copy the sample district, with a ledger, and policies added."""
    shutil.copytree(DISTRICT, folder)
    pd.DataFrame(list(rows)).to_csv(folder / "actions.csv", index=False)
    with (folder / "policies.csv").open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(more)
    return folder


# ---- what is refused


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"owner": ""}, "no owner in row(s) 3"),
        ({"due": ""}, "no due in row(s) 3"),
        ({"due": None}, "no due in row(s) 3"),
        ({"unit_id": " "}, "no unit_id in row(s) 3"),
        ({"entered_on": ""}, "no entered_on in row(s) 3"),
        ({"due": "soon"}, "'soon' under due in row 3"),
        ({"due": "2012-08-01"}, "row(s) 3 are due before"),
        ({"state": "maybe"}, "'maybe' under state in row 3"),
        ({"cost": "a lot"}, "actions:3: 'a lot' is no amount"),
        ({"expected": "much"}, "actions:3: 'much' is no amount"),
    ],
)
def test_what_cannot_be_followed_up_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        actions(ROW, ROW | change)
    assert said in str(refused.value)
    assert refused.value.text("zh") != str(refused.value)


def test_an_unknown_driver_a_code_twice_and_a_missing_column_are_refused() -> None:
    with pytest.raises(UnknownName, match="activity_rate"):
        actions(ROW | {"kpi": "activity_rat"})
    with pytest.raises(PlanRefused, match="stands twice"):
        actions(ROW | {"action_id": "1"}, ROW | {"action_id": "1"})
    with pytest.raises(PlanRefused, match="lacks the column owner"):
        ledger.checked(pd.DataFrame([ROW]).drop(columns="owner"))


@pytest.mark.parametrize("column", ["owner", "due"])
def test_a_book_whose_action_has_no_owner_or_due_date_is_refused(
    tmp_path: Path, column: str
) -> None:
    book = district(
        tmp_path / "b", {"action_id": "1"} | ROW, {"action_id": "2"} | ROW | {column: ""}
    )
    with pytest.raises(BookRefused):
        open_book(book)
    found = [f for f in check_book(book) if f.severity == "error"]
    assert [(f.rule, f.table, f.column, f.rows[0]["line"]) for f in found] == [
        ("missing_value", "actions", column, 3)
    ]


def test_a_book_says_what_else_is_wrong_with_its_actions(tmp_path: Path) -> None:
    book = district(tmp_path / "b", {"action_id": "1"} | ROW | {"due": "2012-08-01"})
    assert [f.rule for f in check_book(book) if f.severity == "error"] == ["due_before_decided"]


# ---- a plain file that Excel edits


def test_the_ledger_does_not_touch_the_numbers_of_the_book(tmp_path: Path) -> None:
    assert open_book(DISTRICT).fingerprint == "64438ccd6ff7"
    book = open_book(district(tmp_path / "b", {"action_id": "1"} | ROW))
    one, other = (
        kpi.measure(b, by="district", period="2012-09") for b in (book, open_book(DISTRICT))
    )
    pd.testing.assert_frame_equal(one, other)
    assert ledger.held(book)["what"].tolist() == ["supervisors write first"]
    assert len(ledger.held(book, "D1/02")) == 0
    assert len(ledger.held(book, "D1")) == 1


def test_actions_come_back_from_excel_and_csv(tmp_path: Path) -> None:
    made = actions(ROW, ROW | {"due": "2012-10-10", "cost": "1,200.5", "done_on": "2012-10-09"})
    made.to_csv(tmp_path / "a.csv", index=False)
    pd.testing.assert_frame_equal(ledger.read(tmp_path / "a.csv"), made)
    book = openpyxl.Workbook()
    book.active.title = "actions"
    book.active.append([f"{name}\nfor people" for name in made.columns])
    for row in made.itertuples(index=False):
        book.active.append([None if v is None or v == "" or v != v else v for v in row])
    book.active.append([None] * 3)
    book.save(tmp_path / "a.xlsx")
    pd.testing.assert_frame_equal(ledger.read(tmp_path / "a.xlsx"), made)


def test_the_place_in_the_file_is_named(tmp_path: Path) -> None:
    pd.DataFrame([ROW, ROW | {"owner": ""}]).to_csv(tmp_path / "ours.csv", index=False)
    with pytest.raises(PlanRefused, match=r"ours\.csv has no owner in row\(s\) 3"):
        ledger.read(tmp_path / "ours.csv")
    with pytest.raises(PlanRefused, match="cannot be read"):
        ledger.read(tmp_path / "nowhere.xlsx")


def test_a_meeting_adds_actions_and_they_get_codes() -> None:
    first = actions(ROW)
    assert first["action_id"].tolist() == ["20120903-monthly_kpi-1"]
    more = ledger.add(first, [ROW, ROW | {"meeting": ""}])
    assert sorted(more["action_id"]) == [
        "20120903-1", "20120903-monthly_kpi-1", "20120903-monthly_kpi-2",
    ]  # fmt: skip
    with pytest.raises(PlanRefused, match=r"new actions has no owner in row\(s\) 2"):
        ledger.add(first, [ROW, ROW | {"owner": None}])


def test_a_masked_copy_keeps_the_ledger_but_neither_its_words_nor_its_people(
    tmp_path: Path,
) -> None:
    book = district(tmp_path / "b", {"action_id": "1"} | ROW | {"note": "secret"})
    made = mask(book, tmp_path / "masked", seed=1)
    held = ledger.held(open_book(made.path))
    assert held[["kpi", "expected", "what", "note"]].values.tolist() == [
        ["activity_rate", 0.1, "", ""]
    ]
    assert held["unit_id"].tolist() == [made.units["D1/01"]]
    assert held["owner"].tolist() == [made.people["M01"]]
    assert made.people["M01"] != "M01"
    text = (made.path / "actions.csv").read_text(encoding="utf-8")
    assert "secret" not in text
    assert "supervisors" not in text


# ---- how they stand


@pytest.mark.parametrize(
    ("change", "today", "standing", "days"),
    [
        ({}, "2012-09-20", "open", 8),
        ({}, "2012-09-28", "open", 0),
        ({}, "2012-09-29", "overdue", -1),
        ({"done_on": "2012-09-27"}, "2012-10-31", "done", 1),
        ({"done_on": "2012-09-30"}, "2012-10-31", "done_late", -2),
        ({"done_on": "2012-09-30"}, "2012-09-29", "overdue", -1),
        ({"state": "done"}, "2012-09-29", "done", -1),
        ({"state": "dropped"}, "2012-10-31", "dropped", -33),
    ],
)
def test_how_an_action_stands(change: dict[str, str], today: str, standing: str, days: int) -> None:
    found = ledger.status(actions(ROW | change), dt.date.fromisoformat(today))
    assert found[["standing", "days"]].values.tolist() == [[standing, days]]


def test_the_overdue_come_first_and_the_future_is_not_known() -> None:
    made = actions(ROW | {"done_on": "2012-09-10"}, ROW | {"due": "2012-09-30"}, ROW,
                   ROW | {"entered_on": "2012-10-08", "due": "2012-10-09"})  # fmt: skip
    found = ledger.status(made, dt.date(2012, 9, 29))
    assert found["standing"].tolist() == ["overdue", "open", "done"]


# ---- where to look


def test_windows_are_whole_months_and_peers_have_no_action_of_their_own() -> None:
    book = open_book(DISTRICT)
    made = actions(
        ROW | {"action_id": "a"},
        ROW | {"action_id": "b", "unit_id": "D1/03"},
        ROW | {"action_id": "c", "kpi": "cases", "started_on": "2012-09-01"},
        ROW | {"action_id": "d", "unit_id": "D1"},
        ROW | {"action_id": "e", "kpi": ""},
        ROW | {"action_id": "f", "state": "dropped"},
    )
    found = ledger.windows(book, made, until="2012-10").set_index("action_id")
    assert found.index.tolist() == ["a", "b", "c", "d"]
    assert found.loc["a", "before"] == (
        "2012-03",
        "2012-04",
        "2012-05",
        "2012-06",
        "2012-07",
        "2012-08",
    )
    assert found.loc["a", "after"] == ("2012-10",)  # September is of both sides
    assert found.loc["a", "peers"] == ("D1/02", "D1/04", "D1/05", "D1/06")
    assert found.loc["c", "after"] == ("2012-09", "2012-10")
    assert found.loc["c", "peers"] == ("D1/02", "D1/03", "D1/04", "D1/05", "D1/06")
    assert found.loc["d", "peers"] == ()
    early = ledger.windows(book, made, until="2012-09").set_index("action_id")
    assert early.loc["a", "after"] == ()
    assert early.loc["c", "after"] == ("2012-09",)
    with pytest.raises(UnknownName, match="D1/09"):
        ledger.windows(book, actions(ROW | {"unit_id": "D1/09"}), until="2012-10")


# ---- whether it worked


def effect_of(book: Path, until: str) -> pd.DataFrame:
    opened = open_book(book)
    return action_effect(opened, ledger.windows(opened, ledger.held(opened), until=until))


def test_an_action_of_the_september_pack_shows_in_the_october_report(tmp_path: Path) -> None:
    plain = district(tmp_path / "plain", {"action_id": "1"} | ROW)
    assert effect_of(plain, "2012-09")["state"].tolist() == ["too_early"]
    roster = pd.read_csv(DISTRICT / "agents.csv", dtype=str)
    sold = pd.read_csv(DISTRICT / "policies.csv", dtype=str)
    october = set(sold.loc[sold["submitted_on"].str.startswith("2012-10"), "agent_id"])
    own = roster[(roster["department"] == "01") & roster["left_on"].isna()]
    idle = [a for a in own["agent_id"] if a not in october][:15]
    header = list(sold.columns)
    rows = []
    for number, agent in enumerate(idle):
        cell = {"policy_id": f"X{number}", "agent_id": agent, "submitted_on": "2012-10-12"}
        cell |= {"premium": "5000", "standard_premium": "5000", "fyc": "500"}
        rows.append([cell.get(name, "") for name in header])
    worked = district(tmp_path / "worked", {"action_id": "1"} | ROW, more=tuple(rows))
    before, after = (effect_of(book, "2012-10").iloc[0] for book in (plain, worked))
    heads = kpi.measure(open_book(plain), ["headcount_average"], by="department", period="2012-10")
    people = heads.set_index("unit").loc["D1/01", "value"]
    assert after["effect"] - before["effect"] == pytest.approx(len(idle) / people)
    assert before["state"] == "unclear"
    assert before["low"] < 0 < before["high"]
    assert after["state"] == "better"
    assert after["low"] > 0
    assert (after["months_before"], after["months_after"], after["against"]) == (6, 1, "peers")


@pytest.mark.parametrize("code", ["activity_rate", "premium_submitted"])
def test_the_interval_is_that_of_a_regression_on_the_gap(code: str) -> None:
    book = open_book(DISTRICT)
    made = actions(ROW | {"kpi": code, "entered_on": "2012-06-11", "due": "2012-06-12"})
    window = ledger.windows(book, made, until="2012-10")
    found = action_effect(book, window, level=0.9).iloc[0]
    months = [*window["before"][0], *window["after"][0]]
    assert len(months) == 6 + 4
    table = kpi.measure(book, [code], by="department", period=months).set_index(["period", "unit"])
    gap = []
    ratio = code == "activity_rate"
    column = "numerator" if ratio else "value"
    for month in months:
        rest = table.loc[month].drop("D1/01")
        own = table.loc[(month, "D1/01")]
        pooled = rest[column].sum() / (rest["denominator"].sum() if ratio else 1)
        gap.append((own["value"], pooled))
    own, pooled = np.array(gap).T
    share = 1.0 if ratio else own[:6].sum() / pooled[:6].sum()
    fit = sm.OLS(own - share * pooled, sm.add_constant(np.r_[np.zeros(6), np.ones(4)])).fit()
    assert found["effect"] == pytest.approx(fit.params[1])
    np.testing.assert_allclose([found["low"], found["high"]], fit.conf_int(0.1)[1])


def test_a_book_where_nothing_happened_is_seldom_called_changed() -> None:
    # Every department against the others at every start of a month: about one in ten is wrong.
    book = open_book(DISTRICT)
    states = []
    for start in ("2012-05-01", "2012-06-01", "2012-07-01", "2012-08-01"):
        on = {"entered_on": start, "due": start}
        for row in (ROW | on | {"unit_id": f"D1/0{i}"} for i in range(1, 7)):
            window = ledger.windows(book, actions(row), until=start[:7])
            states += action_effect(book, window)["state"].tolist()
    assert len(states) == 24
    assert sum(state in {"better", "worse"} for state in states) <= 6


def test_what_cannot_be_judged_says_why(tmp_path: Path) -> None:
    book = open_book(DISTRICT)
    few = ledger.windows(book, actions(ROW), until="2012-10", before=2)
    assert action_effect(book, few)["state"].tolist() == ["too_few_months"]
    whole = ledger.windows(book, actions(ROW | {"unit_id": "D1"}), until="2012-10")
    found = action_effect(book, whole).iloc[0]
    assert found["against"] == "own_past"
    small = ledger.windows(book, actions(ROW), until="2012-10")
    assert action_effect(book, small, least_people=50.0)["state"].tolist() == ["too_small"]
    recorded = actions(ROW | {"kpi": "attendance_rate"})
    nothing = action_effect(book, ledger.windows(book, recorded, until="2012-10")).iloc[0]
    assert nothing["state"] == "unknown"
    assert np.isnan(nothing["effect"])


def test_windows_without_a_column_are_refused() -> None:
    windows = ledger.windows(open_book(DISTRICT), actions(ROW), until="2012-10")
    with pytest.raises(PerfkitError, match="lack the column peers"):
        action_effect(open_book(DISTRICT), windows.drop(columns="peers"))


def test_every_state_has_its_words() -> None:
    from perfkit.explain.effect import STATES

    for lang in words.LANGS:
        assert set(STATES) == set(words.table("ledger.state", lang))
        assert set(ledger.STANDING) == set(words.table("ledger.standing", lang))
