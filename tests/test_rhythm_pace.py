"""Pace: the deck's months at their printed checkpoints, edges, a month laid beside others."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm import pace

NODES = ["2012-03@09", "2012-04@12", "2012-05@07", "2012-07@11", "2012-09@11"]


@pytest.fixture(scope="module")
def deck() -> pd.DataFrame:
    periods = [*NODES, *[node[:7] for node in NODES]]
    frame = kpi.measure(open_book("cases"), list(pace.KPIS), by="district", period=periods)
    return pace.points(frame)


def found(deck: pd.DataFrame, code: str) -> pd.DataFrame:
    return pace.shape(deck[deck["kpi"] == code]).set_index("month")


# Worked by hand: March has 7 of 23 working days by the 9th, 7.7 of 71.6; and so on.
@pytest.mark.parametrize(
    ("month", "days", "of", "share", "active", "back", "pace_", "late"),
    [
        ("2012-03", 7, 23, 0.108, 0.07, 0.197, 0.35, True),
        ("2012-04", 7, 19, 0.265, 0.47, 0.103, 0.72, True),
        ("2012-05", 4, 22, 0.051, 0.11, 0.131, 0.28, True),
        ("2012-07", 8, 22, 0.449, 0.47, -0.086, 1.24, False),
        ("2012-09", 7, 21, 0.815, 0.59, -0.482, 2.45, False),
    ],
)
def test_the_decks_months_at_their_checkpoints(
    deck: pd.DataFrame, month: str, days: int, of: int, share: float, active: float, back: float,
    pace_: float, late: bool,
) -> None:  # fmt: skip
    row = found(deck, "premium_submitted").loc[month]
    assert row["elapsed"] == pytest.approx(days / of)
    assert row["share"] == pytest.approx(share, abs=0.0005)
    assert row["back_loading"] == pytest.approx(back, abs=0.0005)
    assert row["even_pace"] == pytest.approx(pace_, abs=0.006)
    assert bool(row["is_late"]) is late
    assert found(deck, "active_agents").loc[month, "share"] == pytest.approx(active, abs=0.005)


def test_supervisors_have_a_pace_of_their_own(deck: pd.DataFrame) -> None:
    # March: 1 of 13; July: 22 of 26.
    shares = found(deck, "supervisors_active")["share"]
    assert shares[["2012-03", "2012-07"]].tolist() == pytest.approx([1 / 13, 22 / 26])


def frame(values: dict[str, float], code: str = "cases") -> pd.DataFrame:
    rows = [["D1", code, period, value] for period, value in values.items()]
    return pd.DataFrame(rows, columns=["unit", "kpi", "period", "value"])


@pytest.mark.parametrize(
    ("share_on_the_first", "expected"), [(1.0, -1 + 1 / 21), (None, 0.0), (0.0, 1 - 1 / 21)]
)
def test_back_loading_runs_from_all_at_once_to_all_at_the_end(
    share_on_the_first: float | None, expected: float
) -> None:
    days = {f"2012-09@{day:02d}": 0.0 for day in range(1, 30)} | {"2012-09": 100.0}
    for code in days:
        if code == "2012-09":
            continue
        worked = pace.points(frame({code: 0.0})).iloc[0]["elapsed"]
        # All on the first working day (Monday the 3rd), evenly, or all on the last (the 29th).
        even = 100 * worked
        first = 100.0 * (worked > 0) if share_on_the_first else 100.0 * (worked == 1)
        days[code] = even if share_on_the_first is None else first
    row = pace.shape(pace.points(frame(days))).iloc[0]
    assert row["back_loading"] == pytest.approx(expected)


def test_a_month_that_runs_or_came_to_nothing_has_no_shape() -> None:
    running = pace.shape(pace.points(frame({"2012-09@11": 5.0}))).iloc[0]
    nothing = pace.shape(pace.points(frame({"2012-09@11": 0.0, "2012-09": 0.0}))).iloc[0]
    for row in (running, nothing):
        assert row[["whole", "share", "even_pace", "back_loading"]].isna().sum() >= 3
        assert not row["is_late"]


def test_the_node_asked_for_is_the_last_point_up_to_it() -> None:
    seen = pace.points(frame({"2012-09@04": 1.0, "2012-09@11": 4.0, "2012-09": 8.0}))
    assert pace.shape(seen, node=12).iloc[0]["share"] == 0.5
    with pytest.raises(PerfkitError, match="2012-09: nothing is known at 3"):
        pace.shape(seen, node=3)


def test_months_are_compared_at_the_same_selling_day() -> None:
    b = open_book("district_one")
    months = ["2011-09", "2012-06", "2012-07", "2012-08", "2012-09"]
    seen = pace.follow(b, months, unit="D1", by="district", kpis=["premium_submitted"])
    row = pace.beside(seen, month="2012-09", day=dt.date(2012, 9, 11), past=2)
    assert row["beside"].tolist() == ["now", "past", "past", "year_ago"]
    # The 7th working days: 11 September, 9 August, 10 July, and of 2011 Friday 9 September, with
    # the weekend and the Mid-Autumn holiday on Monday the 12th that count nothing.
    assert row["selling_day"].eq(7).all()
    assert [day.isoformat() for day in row["date"]] == [
        "2012-09-11", "2012-08-09", "2012-07-10", "2011-09-12",
    ]  # fmt: skip
    assert row["hand"].iloc[0] == 437_000
    past = kpi.measure(b, ["premium_submitted"], by="district", period="2012-07@10")["value"]
    assert row["hand"].iloc[2] == past.iloc[0]
    assert row["ratio"].iloc[2] == pytest.approx(437_000 / past.iloc[0])


def test_past_months_become_a_history_at_the_same_part_of_them() -> None:
    b = open_book("district_one")
    seen = pace.follow(b, ["2012-07", "2012-08", "2012-09", "2012-10"], unit="D1", by="district")
    past = pace.history(seen, "premium_submitted", month="2012-09", elapsed=7 / 21)
    assert past.index.tolist() == ["2012-07", "2012-08"]
    assert past.loc["2012-07", "total"] == 768_000
    # A third of July's 22 working days: the 7th, 10 July; of August's 23: the 7th, 9 August.
    spans = ["2012-07@10", "2012-08@09"]
    hands = kpi.measure(b, ["premium_submitted"], by="district", period=spans)["value"].tolist()
    assert past["hand"].tolist() == hands
    over = pace.history(seen, "premium_submitted", month="2012-09", elapsed=1.0)
    assert over["hand"].tolist() == over["total"].tolist()
    with pytest.raises(UnknownName, match="premium_submitted"):
        pace.history(seen, "premium_submited", month="2012-09", elapsed=0.5)


def test_a_month_of_which_nothing_near_is_known_is_no_history() -> None:
    seen = frame({"2012-07@02": 1.0, "2012-07": 9.0, "2012-08@09": 3.0, "2012-08": 8.0})
    past = pace.history(pace.points(seen), "cases", month="2012-09", elapsed=7 / 21)
    assert past.index.tolist() == ["2012-08"]


def test_business_months_are_followed_from_the_26th() -> None:
    b = open_book("district_one")
    months = ["2012-08:business", "2012-09:business"]
    seen = pace.follow(b, months, unit="D1", by="district", kpis=["premium_submitted"])
    assert seen["month"].drop_duplicates().tolist() == months
    assert seen["date"].iloc[[0, -1]].tolist() == [dt.date(2012, 7, 26), dt.date(2012, 9, 25)]
    whole = kpi.measure(b, ["premium_submitted"], by="district", period=months)["value"].tolist()
    shape = pace.shape(seen)
    assert shape["whole"].tolist() == whole
    day = dt.date(2012, 9, 11)
    both = pace.beside(seen, month=months[1], day=day, past=1)
    assert both["beside"].tolist() == ["now", "past"]
    at = kpi.measure(b, ["premium_submitted"], by="district", period=f"2012-08-26..{day}")["value"]
    assert both["hand"].iloc[0] == at.item()


def test_a_book_of_observations_has_the_days_it_knows() -> None:
    b = open_book("cases")
    seen = pace.follow(b, ["2012-03"], unit="SN/D1", by="district", kpis=["premium_submitted"])
    assert seen["date"].tolist() == [dt.date(2012, 3, 9), dt.date(2012, 3, 31)]


def test_days_add_up_to_their_month() -> None:
    b = open_book("district_one")
    seen = pace.follow(b, ["2012-08", "2012-09"], unit="D1", by="district")
    days = pace.daily(seen, "premium_submitted")
    assert len(days) == 61
    assert days.loc[dt.date(2012, 9, 1) : dt.date(2012, 9, 11)].sum() == 437_000


def test_the_usual_curve_pools_months_before_it_divides() -> None:
    seen = frame({"2012-07@11": 10.0, "2012-07": 100.0, "2012-09@11": 80.0, "2012-09": 100.0})
    both = pace.usual(pace.points(seen), "cases")
    assert both["months"].eq(2).all()
    assert both["share"].is_monotonic_increasing
    # At 0.35 of the days: July is on its way from 0 to .1 at 8/22, September past .8 at 7/21.
    at = float(both.loc[np.isclose(both["elapsed"], 0.35), "share"].iloc[0])
    july = 0.1 * 0.35 / (8 / 22)
    september = 0.8 + 0.2 * (0.35 - 1 / 3) / (2 / 3)
    assert at == pytest.approx((july + september) / 2)
    july_only = pace.usual(pace.points(seen), "cases", months=["2012-07"])
    assert july_only["months"].eq(1).all()


def test_no_whole_month_is_no_history() -> None:
    with pytest.raises(PerfkitError, match="0 past month"):
        pace.usual(pace.points(frame({"2012-09@11": 5.0})), "cases")
