"""How a unit did at every span: worked by hand on a small book, exact sums, shown in zh and en."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import books
import numpy as np
import pandas as pd
import pytest

from perfkit import explain, show, words
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, ReconcileError, UnknownName
from perfkit.explain.evaluation import HORIZONS, with_shares
from perfkit.show.table import Source

SOURCE = Source("2012-06", "3fa9c2d1")
# On 30 June 2012: A1 5 years and more, A2 and A3 from 1 to 3, A4 in the first; A5 left in May.
AGENTS = """
agent_id district department group rank       joined_on  left_on
A1       D1       01         1     supervisor 2006-01-01 -
A2       D1       01         1     agent      2010-01-01 -
A3       D1       02         1     agent      2011-01-01 -
A4       D1       02         1     quasi      2012-06-05 -
A5       D1       02         1     agent      2011-01-01 2012-05-20
"""
POLICIES = """
policy_id agent_id submitted_on issued_on  premium
P1        A1       2011-06-05   2011-06-06 1000
P2        A2       2011-02-05   2011-02-06 2000
P3        A1       2012-06-05   2012-06-06 1500
P4        A2       2012-06-25   2012-06-26 500
P5        A3       2012-04-05   2012-04-06 3000
P6        A5       2012-01-05   2012-01-06 4000
"""
TARGETS = """
unit_id period  kpi               version value
D1      2012-04 premium_submitted plan    1000
D1      2012-05 premium_submitted plan    1000
D1      2012-06 premium_submitted plan    2000
"""
OBSERVED = """
unit_id start      end        measure     value
D1      2012-06-01 2012-06-30 cost_spent  300
D1      2012-06-01 2012-06-30 cost_budget 400
"""
SETTINGS = books.SETTINGS.replace("agent = false\n", "agent = false\nquasi = false\n")


def small(folder: Path, as_of: str = "2012-06-30", **more: str) -> Book:
    tables = {"agents": AGENTS, "policies": POLICIES, "targets": TARGETS, **more}
    return open_book(books.write(folder, tables, SETTINGS.replace("2012-06-30", as_of)))


def row(found: pd.DataFrame, code: str, horizon: str, block: str = "") -> pd.Series:
    kept = found[(found["kpi"] == code) & (found["horizon"] == horizon)]
    (one,) = kept[kept["block"] == block].index if block else kept.index
    return kept.loc[one]


@pytest.mark.parametrize(
    ("period", "as_of", "codes"),
    [
        ("2012-06", "2012-06-30",
         ["2012-06@07", "2012-06", "2012Q2", "2012H1", "2012H1"]),
        ("2012Q1", "2012-06-30",
         ["2012-03@07", "2012-03", "2012Q1", "2012Q1", "2012Q1"]),
        ("2012-05", "2012-06-30",
         ["2012-05@07", "2012-05", "2012-04..2012-05", "2012-05:ytd", "2012-05:ytd"]),
        ("2012", "2012-06-15",
         ["2012-06@07", "2012-06@15", "2012-04-01..2012-06-15", "2012-01-01..2012-06-15",
          "2012-01-01..2012-06-15"]),
        ("2012-06", "2012-06-03",
         ["2012-06@03", "2012-06@03", "2012-04-01..2012-06-03", "2012-01-01..2012-06-03",
          "2012-01-01..2012-06-03"]),
        ("2011", "2012-06-30",
         ["2011-12@07", "2011-12", "2011Q4", "2011H2", "2011"]),
    ],
)  # fmt: skip
def test_every_span_ends_with_the_period_or_with_what_is_known(
    tmp_path: Path, period: str, as_of: str, codes: list[str]
) -> None:
    found = explain.horizons(small(tmp_path, as_of), period)
    assert list(found) == ["node", "month", "quarter", "half", "year"]
    assert [one.code for one in found.values()] == codes
    assert all(spans.parse(one.code) == one for one in found.values() if one.kind != "range")


def test_business_by_hand_at_every_span(tmp_path: Path) -> None:
    found = explain.evaluate(small(tmp_path), unit="D1", period="2012-06")
    premium = {h: row(found, "premium_submitted", h) for h in HORIZONS}
    assert [premium[h]["value"] for h in HORIZONS] == [1500, 2000, 5000, 9000, 9000]
    assert [premium[h]["year_ago"] for h in ("node", "month", "quarter")] == [1000, 1000, 1000]
    # Half of the year lies before the first fact, 5 February 2011.
    assert np.isnan(premium["year"]["year_ago"])
    assert premium["month"][["target", "attainment"]].tolist() == [2000, 1]
    assert premium["quarter"][["target", "attainment"]].tolist() == [4000, 1.25]
    assert np.isnan([premium[h]["target"] for h in ("node", "half")]).all()
    # January A5, April A3, June A1 and A2: (1 + 0 + 0 + 1 + 0 + 2) / 6 in a mean month.
    active = row(found, "active_agents", "year")
    assert active["value"] == pytest.approx(4 / 6)
    assert active["variant"] == "monthly_mean"


def test_people_on_the_last_day_their_change_and_their_structure(tmp_path: Path) -> None:
    found = explain.evaluate(small(tmp_path), unit="D1", period="2012-06")
    heads = {h: row(found, "headcount_closing", h) for h in ("node", "month", "quarter")}
    # Four before the year's second quarter; A5 goes, A4 comes.
    assert [heads[h]["opening"] for h in heads] == [3, 3, 4]
    assert [heads[h]["change"] for h in heads] == [1, 1, 0]
    bands = ["headcount_under_1y", "headcount_1_to_3y", "headcount_3_to_5y", "headcount_5y_up"]
    assert [row(found, code, "month")["value"] for code in bands] == [1, 2, 0, 1]
    assert [row(found, code, "month")["share"] for code in bands] == [0.25, 0.5, 0, 0.25]
    other = row(found, "other", "month", "rank")  # A4 is of a rank that the table does not show
    assert other[["value", "opening", "change", "share"]].tolist() == [1, 0, 1, 0.25]
    assert np.isnan(row(found, "cases", "month")["change"])


@pytest.mark.parametrize("unit", ["D1", "D1/03", "D1/03/02"])
def test_structure_and_increments_add_up_for_every_unit_and_span(unit: str) -> None:
    book = open_book("district_one")
    found = explain.evaluate(book, unit=unit, period="2012-09")
    for _, own in found.groupby("horizon"):
        whole = own.loc[own["kpi"] == "headcount_closing", ["value", "opening"]].iloc[0]
        for block in ("rank", "tenure"):
            parts = own.loc[own["block"] == block, ["value", "opening"]].sum()
            assert parts.tolist() == whole.tolist()
    told = explain.increments(book, unit=unit, period="2012-09")
    assert set(told["horizon"]) == set(HORIZONS)
    for horizon, own in told.groupby("horizon"):
        parts = own.set_index("part")["value"]
        premium = row(found, "premium_submitted", str(horizon))
        drivers = parts.drop(["stock", "increment", "whole"]).sum()
        assert parts["stock"] == premium["year_ago"]
        assert parts["whole"] == premium["value"]
        assert drivers == pytest.approx(parts["increment"], abs=1e-6)
        assert parts["stock"] + parts["increment"] == pytest.approx(parts["whole"], abs=1e-6)


def test_increments_by_hand_and_only_where_a_year_ago_is_known(tmp_path: Path) -> None:
    told = explain.increments(small(tmp_path), unit="D1/01", period="2012-06")
    assert set(told["horizon"]) == {"node", "month", "quarter"}
    month = told[told["horizon"] == "month"].set_index("part")["value"]
    # Two heads in both Junes; one wrote 1,000, two wrote 1,500 and 500.
    mean = 1000 / np.log(2)
    assert month["stock"] == 1000
    assert month["headcount_average"] == pytest.approx(0)
    assert month["activity_rate"] == pytest.approx(mean * np.log(2))
    assert month["average_case_size"] == pytest.approx(0)
    assert month[["increment", "whole"]].tolist() == [1000, 2000]


def test_money_is_added_up_to_the_fen_and_a_part_of_a_month_has_no_budget(tmp_path: Path) -> None:
    days = [dt.date(2012, 6, 3), dt.date(2012, 6, 30), dt.date(2012, 4, 1), dt.date(2012, 7, 1)]
    spending = pd.DataFrame({"on": days, "amount": [0.1, 0.2, 100.0, 5.0]})
    budget = pd.DataFrame({"month": ["2012-04", "2012-06"], "amount": [50.0, 0.6]})
    kept = spending.copy()
    found = explain.evaluate(
        small(tmp_path), unit="D1", period="2012-06", spending=spending, budget=budget
    )
    money = found[found["block"] == "money"].set_index("horizon")
    assert money["kpi"].unique().tolist() == ["cost_spent"]
    assert money["value"].tolist() == [0.1, 0.3, 100.3, 100.3, 100.3]
    assert money.loc["month", ["target", "attainment"]].tolist() == [0.6, 0.5]
    assert np.isnan(money.loc["node", "target"])
    assert money.loc["quarter", "target"] == 50.6
    pd.testing.assert_frame_equal(spending, kept)
    alone = explain.evaluate(small(tmp_path / "b"), unit="D1", period="2012-06", budget=budget)
    assert np.isnan(row(alone, "cost_spent", "month")["attainment"])


def test_money_from_the_observations_or_no_rows_at_all(tmp_path: Path) -> None:
    book = small(tmp_path / "a", observations=OBSERVED)
    found = explain.evaluate(book, unit="D1", period="2012-06")
    month = row(found, "cost_spent", "month")
    assert month[["value", "target", "attainment"]].tolist() == [300, 400, 0.75]
    # Nobody entered it for the other spans, nor for the department.
    assert found.loc[found["block"] == "money", "horizon"].tolist() == ["month"]
    below = explain.evaluate(book, unit="D1/01", period="2012-06")
    assert "money" not in set(below["block"])
    none = explain.evaluate(small(tmp_path / "b"), unit="D1", period="2012-06")
    assert "money" not in set(none["block"])


def test_a_book_of_observations_shows_what_it_holds() -> None:
    found = explain.evaluate(open_book("cases"), unit="SN/D1", period="2012-07", node=11)
    assert not {"rank", "tenure", "money"} & set(found["block"])
    assert row(found, "premium_submitted", "month")["value"] == 768_000
    assert row(found, "premium_submitted", "node")["value"] == 345_000
    told = explain.increments(open_book("cases"), unit="SN/D1", period="2012-07")
    assert told.empty


def test_what_is_no_unit_or_lies_outside_is_refused(tmp_path: Path) -> None:
    book = small(tmp_path)
    with pytest.raises(UnknownName, match="D1/09"):
        explain.evaluate(book, unit="D1/09", period="2012-06")
    with pytest.raises(PerfkitError, match="2015"):
        explain.evaluate(book, unit="D1", period="2015")


def test_ranks_that_come_to_more_than_the_headcount_are_refused() -> None:
    index = ["headcount_closing", "headcount_agent"]
    rows = pd.DataFrame({"block": ["headcount", "rank"], "value": [3.0, 4.0]}, index=index)
    with pytest.raises(ReconcileError, match="rank"):
        with_shares(rows.assign(opening=3.0, year_ago=np.nan))


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_table_shows_all_of_it_in_both_languages(tmp_path: Path, lang: str) -> None:
    book = small(tmp_path, observations=OBSERVED)
    found = explain.evaluate(book, unit="D1", period="2012-06")
    told = explain.increments(book, unit="D1", period="2012-06")
    page = show.evaluation(found, told, lang=lang, source=SOURCE, names={"D1": "ONE"})
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.html, flags=re.DOTALL)
    for part in ("block.business", "block.headcount", "block.rank", "block.tenure", "other",
                 "part.stock", "part.increment"):  # fmt: skip
        assert words.text(f"evaluation.{part}", lang) in text
    assert "ONE" in text
    assert "75.0%" in text
    assert "125.0%" in text
    assert "nan" not in text.lower()
    # Half a year and a year are the same days here, and share a column.
    both = words.text("table.list", lang).join(
        words.text(f"evaluation.horizon.{name}", lang) for name in ("half", "year")
    )
    assert both in text
    assert page.data["value"].tolist() == found["value"].tolist()


@pytest.mark.parametrize("lang", words.LANGS)
def test_what_is_not_known_is_said_in_words(tmp_path: Path, lang: str) -> None:
    book = small(tmp_path)
    found = explain.evaluate(book, unit="D1", period="2012-06")
    page = show.evaluation(found, found.head(0), lang=lang, source=SOURCE)
    assert words.text("evaluation.none.money", lang) in page.html
    assert words.text("evaluation.none.increment", lang) in page.html
    seen = explain.evaluate(open_book("cases"), unit="SN/D1", period="2012-07")
    page = show.evaluation(seen, lang=lang, source=SOURCE)
    assert words.text("evaluation.none.rank", lang) in page.html
    nothing = show.evaluation(seen.assign(value=np.nan, target=np.nan), lang=lang, source=SOURCE)
    assert "pk-quiet" in nothing.html
    two = pd.concat([found, found.assign(unit="D2")])
    with pytest.raises(PerfkitError):
        show.evaluation(two, lang=lang, source=SOURCE)
