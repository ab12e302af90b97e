"""The budget of branch plan 2005, line by line; roll-ups that make the whole; hostile lines."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import bundle, explain, words
from perfkit.book import open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.plan import budget, printed, rows, spend

PLAN = "branch_2005"
DISTRICT = bundle.book_path("district_one")


@pytest.fixture(scope="module", params=words.LANGS)
def read(request: pytest.FixtureRequest) -> pd.DataFrame:
    return budget.read_lines(printed.plan_lines(PLAN, lang=request.param))


def lines(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"line_id": ["L1"], "formula": [""], "stated": [""]} | columns)


# ---- branch plan 2005


def test_forty_lines_twenty_checked_eighteen_right_two_wrong_by_ten(read: pd.DataFrame) -> None:
    found = budget.summary(read)
    assert found.to_dict() == {
        "lines": 40,
        "checked": 20,
        "right": 18,
        "wrong": 2,
        "plain": 20,
        "unpriced": 0,
        "stated": 2_700_200,
        "accepted": 2_824_400,
    }
    wrong = read[~read["holds"]].set_index("line_id")["times"].to_dict()
    assert wrong == {"S2A1M2L2": 10, "S3A3M1L1": 10}


def test_the_twentieth_is_the_plain_venue_that_the_running_chain_counts(read: pd.DataFrame) -> None:
    # 19 lines have a sign to work out. The venue of S1A1M1 (4,000) has none, but the chain
    # 96000+4000=100000x4=400000 of its whole counts it with the board: so it is held as well.
    own = read.set_index("line_id")
    assert (own["basis"] == "formula").sum() == 19
    assert own[own["basis"] == "part"].index.tolist() == ["S1A1M1L2"]
    assert own.loc["S1A1M1L3", ["computed", "stated", "holds"]].tolist() == [400_000, 400_000, True]
    assert not own.loc[["S1A1M1L1", "S1A1M1L2"], "counts"].any()


def test_a_part_that_its_whole_does_not_count_is_seen() -> None:
    changed = printed.plan_lines(PLAN, lang="zh")
    changed.loc[changed["line_id"] == "S1A1M1L2", ["formula", "stated"]] = ["5000元", "5000"]
    found = budget.read_lines(changed).set_index("line_id")
    assert not found.loc["S1A1M1L2", "holds"]
    assert budget.summary(found.reset_index())["wrong"] == 3


def test_stated_totals_hold_only_with_the_corrected_line(read: pd.DataFrame) -> None:
    found = budget.against_totals(read, printed.plan_totals(PLAN)).set_index("measure")
    assert len(found) == 6
    assert found["holds"].all()
    assert found.loc["S3A3M1", ["stated", "as_stated"]].tolist() == [20_000, 3_800]


@pytest.mark.parametrize(("by", "count"), [("strategy", 3), ("action", 10), ("measure", 26),
                                           ("month", 14), ("payer", 1)])  # fmt: skip
def test_roll_ups_make_the_whole(read: pd.DataFrame, by: str, count: int) -> None:
    found = budget.roll_up(read, by)
    assert (found["amount"] * 100).round().astype(int).sum() == 282_440_000
    assert found["share"].sum() == pytest.approx(1)
    assert len(found) == count, found


def test_months_as_the_plan_has_them(read: pd.DataFrame) -> None:
    found = budget.roll_up(read, "month").set_index("month")["amount"]
    # May: an eighth... of what runs all year, a quarter of the salon, and the doubling month.
    year = (60_000 + 77_000 + 73_000 + 40_000 + 200_000 + 140_000) / 12
    assert found["2005-05"] == pytest.approx(year + (80_000 + 120_000) / 4 + 150_000, abs=0.1)
    assert found[""] == 142_000 + 236_000 + 130_000 + 76_000 + 40_800 + 81_600 + 20_000


def test_nineteen_added_posts_have_no_price(read: pd.DataFrame) -> None:
    measures = rows.plan_table(PLAN, "measures")
    posts = rows.plan_table(PLAN, "staff_additions")
    found = spend.unpriced(
        read,
        measures.rename(columns={"measure_id": "measure", "measure_en": "name"}),
        posts.rename(
            columns={"measure_id": "measure", "post_en": "name", "staff_persons": "persons"}
        ),
    )
    assert found.loc[found["kind"] == "post", "persons"].sum() == 19
    # 45 measures: 26 have money, 9 ask for posts, 10 have neither.
    assert found["kind"].value_counts().to_dict() == {"post": 9, "measure": 10}


# ---- what is refused


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("1+" * 5000 + "1", "too long"),
        ("(" * 50 + "1" + ")" * 50, "too many brackets"),
        ("__import__('os')", "needs a number at character 1"),
        ("3 + __import__('os').getcwd()", "needs a number at character 5"),
        ("20人×5光年", "unknown unit at character 6"),
        ("9**9**9", "needs a number at character 3"),
        ("4 x 5 yuan; 6", "goes on with '; 6' at character 11"),
        ("5/0", "divides by zero"),
    ],
)
def test_hostile_lines_are_refused_with_their_place(formula: str, said: str) -> None:
    with pytest.raises(rows.PlanRefused, match=r"^L1: ") as refused:
        budget.read_lines(lines(formula=[formula]))
    assert said in str(refused.value)
    assert refused.value.text("zh").startswith("L1：")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stated": ["many"]}, "'many' is no amount"),
        ({"stated": ["nan1"]}, "is no amount"),
        ({"stated": ["0.001"]}, "not of whole fen"),
        ({"formula": ["10/3"]}, "not of whole fen"),
        ({"stated": ["1e30"]}, "too much for a budget"),
        ({"months": ["2005-13"]}, "is no month"),
        ({"months": ["2005"]}, "is no month"),
        ({"counted": ["maybe"]}, "Write one of: yes, no"),
        ({"kind": ["more"]}, "Write one of: plan, extra"),
        ({"line_id": [""]}, "has no line_id in row(s) 2"),
    ],
)
def test_bad_entries_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(rows.PlanRefused) as refused:
        budget.read_lines(lines(**change))
    assert said in str(refused.value)
    assert refused.value.text("zh") != refused.value.text("en")


def test_a_line_twice_a_missing_column_and_an_unknown_roll_up_are_refused() -> None:
    with pytest.raises(rows.PlanRefused, match="L1 stands twice"):
        budget.read_lines(pd.concat([lines(), lines()]))
    with pytest.raises(rows.PlanRefused, match="lacks the column formula"):
        budget.read_lines(lines().drop(columns="formula"))
    with pytest.raises(UnknownName, match="strategy"):
        budget.roll_up(budget.read_lines(lines(stated=["5"])), "strateg")


# ---- money that is written in other ways


@pytest.mark.parametrize(
    ("formula", "stated", "accepted", "basis", "holds"),
    [
        ("", "", None, "none", True),
        ("", "1,200.50", 1200.5, "amount", True),
        ("20人×50元×3=3000元", "", 3000, "formula", True),
        ("20人×50元×3=3000元", "3000", 3000, "formula", True),
        ("20人×50元×3=300元", "", 3000, "formula", False),
        ("20人×50元×3=3000元", "300", 3000, "formula", False),
        ("4000元", "5000", 4000, "amount", False),
        ("20+5=25×3", "75", 75, "formula", True),
        ("20+5=26×3", "78", 78, "formula", False),
    ],
)
def test_a_formula_is_believed_before_the_amount(
    formula: str, stated: str, accepted: float | None, basis: str, holds: bool
) -> None:
    found = budget.read_lines(lines(formula=[formula], stated=[stated])).iloc[0]
    assert (None if pd.isna(found["accepted"]) else found["accepted"]) == accepted
    assert (found["basis"], bool(found["holds"])) == (basis, holds)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals(0, 10**7, places=2),
            st.lists(st.integers(1, 12), max_size=12, unique=True),
            st.sampled_from(["", "branch", "district"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_budget_adds_up_by_month_and_payer_to_the_fen(
    entries: list[tuple[Decimal, list[int], str]],
) -> None:
    frame = pd.DataFrame(
        {
            "line_id": [f"L{i}" for i in range(len(entries))],
            "formula": "",
            "stated": [str(amount) for amount, _, _ in entries],
            "months": [" ".join(f"2005-{m:02d}" for m in months) for _, months, _ in entries],
            "payer": [payer for _, _, payer in entries],
        }
    )
    read = budget.read_lines(frame)
    whole = sum(amount for amount, _, _ in entries)
    for by in ("month", "payer", "strategy"):
        parts = sum(
            Decimal(repr(a)).quantize(Decimal("0.01")) for a in budget.roll_up(read, by)["amount"]
        )
        assert parts == whole


# ---- afterwards


def _asked() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "line_id": ["L1", "L2", "L3", "L4", "L5"],
            "action": ["A", "A", "A", "A", "B"],
            "payer": ["branch", "district", "district", "district", "branch"],
            "formula": ["", "10人×5元", "", "", ""],
            "stated": ["100", "50", "30", "7", "40"],
            "kind": ["", "extra", "extra", "extra", "plan"],
            "state": ["", "approved", "", "refused", ""],
        }
    )
    return budget.read_lines(frame)


def test_extra_requests_count_when_they_are_approved() -> None:
    read = _asked()
    assert budget.extra_requests(read).values.tolist() == [["A", 100, 30, 50, 7, 0.5]]
    assert budget.summary(read)["accepted"] == 190
    by = budget.roll_up(read, "payer").set_index("payer")["amount"].to_dict()
    assert by == {"branch": 140, "district": 50}


def test_spending_beside_the_budget() -> None:
    spent = pd.DataFrame(
        {
            "line_id": ["L1", "L1", "L5", "L3"],
            "on": [
                dt.date(2012, 9, 3),
                dt.date(2012, 10, 2),
                dt.date(2012, 9, 9),
                dt.date(2012, 9, 9),
            ],
            "amount": [60.5, 60, 10, 1],
        }
    )
    found = spend.spend(_asked(), spent).set_index("action")
    assert found.loc["A", ["budget", "spent", "left"]].tolist() == [150, 121.5, 28.5]
    assert found.loc["B", ["spent", "share", "over"]].tolist() == [10, 0.25, False]
    until = spend.spend(_asked(), spent, until=dt.date(2012, 9, 30), by="line_id")
    assert until.set_index("line_id")["spent"].to_dict() == {
        "L1": 60.5,
        "L2": 0,
        "L3": 1,
        "L4": 0,
        "L5": 10,
    }
    assert bool(until.set_index("line_id").loc["L3", "over"])  # asked for, not approved, yet spent
    with pytest.raises(UnknownName, match="L9"):
        spend.spend(_asked(), spent.assign(line_id="L9"))
    with pytest.raises(rows.PlanRefused, match="no amount in row"):
        spend.spend(_asked(), spent.assign(amount=None))


def test_cost_per_result_and_none_without_a_result() -> None:
    found = spend.cost_per_result(_asked(), pd.Series({"A": 3.0, "B": 0.0})).set_index("action")
    assert found.loc["A", "cost"] == 50
    assert pd.isna(found.loc["B", "cost"])
    with pytest.raises(UnknownName):
        spend.cost_per_result(_asked(), pd.Series({"C": 3.0}))


def test_inputs_stay_as_they_are() -> None:
    frame = lines(stated=["5"])
    before = frame.copy()
    assert isinstance(budget.read_lines(frame), pd.DataFrame)
    pd.testing.assert_frame_equal(frame, before)


def test_errors_speak_both_languages() -> None:
    for lang in words.LANGS:
        assert "L1" in PerfkitError("planning.month", place="L1", value="x").text(lang)


def test_a_book_s_budget_and_spending_are_its_units_money(tmp_path: Path) -> None:
    book = tmp_path / "book"
    shutil.copytree(DISTRICT, book)
    (book / "budget.csv").write_text(
        "line_id,unit_id,months,formula,stated\n"
        "L1,,2012-07 2012-08,,100.01\nL2,D1/03,2012-09,3 persons x 20 yuan,60\n",
        encoding="utf-8",
    )
    (book / "spending.csv").write_text(
        "entry_id,line_id,on,amount\nE1,L1,2012-07-02,40\nE2,L2,2012-09-03,70.5\n",
        encoding="utf-8",
    )
    whole = spend.money(open_book(book), unit="D1")
    assert whole["budget"].set_index("month")["amount"].to_dict() == {
        "2012-07": 50.01, "2012-08": 50.0, "2012-09": 60.0
    }  # fmt: skip
    assert whole["spending"]["amount"].tolist() == [40.0, 70.5]
    part = spend.money(open_book(book), unit="D1/03")
    assert part["budget"]["amount"].tolist() == [60.0]
    assert part["spending"]["line_id"].tolist() == ["L2"]
    done = explain.evaluate(open_book(book), unit="D1", period="2012Q3", **whole)
    row = done[(done["block"] == "money") & (done["horizon"] == "quarter")].iloc[0]
    assert (row["value"], row["target"]) == (110.5, 160.01)
