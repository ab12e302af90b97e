"""Landings and forecasts: coverage on simulated districts, published series, bad input."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from books import tiny

from perfkit import kpi, outlook
from perfkit.book import open_book
from perfkit.errors import PerfkitError, ReconcileError

# Box and Jenkins, series G: airline passengers by month, thousands, 1949-1960.
AIRLINE = [
    *(112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118),
    *(115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140),
    *(145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166),
    *(171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194),
    *(196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201),
    *(204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229),
    *(242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278),
    *(284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306),
    *(315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336),
    *(340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337),
    *(360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405),
    *(417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432),
]
DECK = pd.DataFrame(
    {"reached": [7.7, 7.1, 3.0, 34.5, 43.7], "total": [71.6, 26.8, 59.0, 76.8, 53.6]}
)


def district(rng: np.random.Generator, months: int) -> pd.DataFrame:
    """Draw months of a district: agents write a few times, some early, some late."""
    rows = []
    for _ in range(months):
        active = rng.binomial(150, rng.beta(12, 26))
        sizes = rng.gamma(1.2, 8_000, active)
        early = rng.random(active) < rng.beta(4, 10)
        rows.append([sizes[early].sum(), sizes.sum()])
    return pd.DataFrame(rows, columns=["reached", "total"])


@pytest.mark.parametrize("months", [5, 12, 24])
def test_eighty_per_cent_intervals_hold_eighty_per_cent_of_the_months(
    months: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(20121011 + months)
    inside = []
    for _ in range(600):
        drawn = district(rng, months + 1)
        last = drawn.iloc[-1]
        found = outlook.landing(drawn.iloc[:-1], float(last["reached"]))
        inside.append(found["low"] <= last["total"] <= found["high"])
    with capsys.disabled():
        sys.stdout.write(f"\n{months} months: {np.mean(inside):.1%} of held-out months inside\n")
    assert 0.75 <= np.mean(inside) <= 0.85


def test_it_beats_what_is_in_hand_over_its_usual_share() -> None:
    rng = np.random.default_rng(5)
    ours, shares = [], []
    for _ in range(200):
        drawn = district(rng, 25)
        past, last = drawn.iloc[:-1], drawn.iloc[-1]
        usual = past["reached"].sum() / past["total"].sum()
        shares.append(last["reached"] / usual - last["total"])
        ours.append(outlook.landing(past, float(last["reached"]))["landing"] - last["total"])
    assert np.mean(np.square(ours)) < 0.25 * np.mean(np.square(shares))


def test_the_decks_months_are_landed_by_the_mean_of_the_rest() -> None:
    # July on the 11th from March, April, May: 81.0, 80 % from 34.5 (in hand) to 132.4.
    july = outlook.landing(DECK.iloc[:3], 34.5)
    assert july["landing"] == pytest.approx(81.0, abs=0.05)
    assert [july["low"], july["high"]] == pytest.approx([34.5, 132.4], abs=0.1)
    assert july["method"] == "mean_rest"
    # Not 305, which the usual share would make of it.
    september = outlook.landing(DECK.iloc[:4], 43.7)
    ends = september[["landing", "low", "high"]].tolist()
    assert ends == pytest.approx([89.2, 53.7, 124.6], abs=0.1)
    october = outlook.landing(DECK, 28.7)
    assert october["landing"] == pytest.approx(67.1, abs=0.05)
    assert october["high"] == pytest.approx(105.9, abs=0.1)


def test_the_regression_by_hand() -> None:
    # The rest is 40 - reached / 2 exactly: no spread, so the landing is exact.
    reached = np.array([10.0, 12, 14, 16, 18, 20])
    past = pd.DataFrame({"reached": reached, "total": 40 + reached / 2})
    found = outlook.landing(past, 30.0, target=55.0)
    assert found["method"] == "regression"
    assert found["landing"] == pytest.approx(55.0)
    over = outlook.landing(past, 30.0, target=29.0)
    assert over["chance"] == 1


def test_chance_and_plan() -> None:
    middle = outlook.landing(DECK.iloc[:4], 43.7)["landing"]
    assert outlook.landing(DECK.iloc[:4], 43.7, target=middle)["chance"] == pytest.approx(0.5)
    low = outlook.landing(DECK.iloc[:4], 43.7)["low"]
    assert outlook.landing(DECK.iloc[:4], 43.7, target=low)["chance"] == pytest.approx(0.9)
    # March to May: 17.8 of 157.4 in hand; of a plan of 86 the rest still comes.
    planned = outlook.landing(DECK.iloc[:3], 34.5, prior=86.0)
    assert planned["landing"] == pytest.approx(34.5 + (1 - 17.8 / 157.4) * 86)
    assert planned["method"] == "plan"


def test_what_was_cancelled_later_lets_a_month_end_below_what_is_in_hand() -> None:
    past = pd.DataFrame({"reached": [50.0, 60.0, 55.0], "total": [48.0, 57.0, 54.0]})
    found = outlook.landing(past, 52.0)
    assert found["landing"] == pytest.approx(50.0)
    assert found["low"] < 50.0


def test_without_months_nothing_is_foreseen() -> None:
    with pytest.raises(ReconcileError, match="1 point"):
        outlook.landing(DECK.iloc[:1], 1.0)
    with pytest.raises(ReconcileError):
        outlook.landing(DECK, math.nan)
    zero = pd.DataFrame({"reached": [0.0] * 8, "total": [0.0] * 8})
    found = outlook.landing(zero, 0.0, target=1.0)
    assert found[["landing", "low", "high", "chance"]].tolist() == [0, 0, 0, 0]
    tried = outlook.landing_backtest(DECK.iloc[:2])
    assert tried["tried"] == 0
    assert np.isnan(tried["covered"])


def test_months_of_the_sample_district() -> None:
    book = open_book("district_one")
    found = outlook.month_landing(
        book, "premium_issued", by="department", period="2012-09", day=11
    ).set_index("unit")
    node = kpi.grid(book, ["premium_issued"], by="department", period="2012-09@11")
    assert found["reached"].to_dict() == node.set_index("unit")["premium_issued"].to_dict()
    assert (found["low"] <= found["landing"]).all()
    assert found["chance"].between(0, 1).all()
    assert (found["periods"] >= 6).all()
    short = outlook.month_landing(
        book, "premium_issued", by="district", period="2012-09", day=11, since="2012-08"
    )
    assert short["method"].tolist() == ["no_history"]
    with pytest.raises(ReconcileError, match="activity_rate"):
        outlook.month_landing(book, "activity_rate", by="district", period="2012-09")
    with pytest.raises(ReconcileError, match="2012Q3"):
        outlook.month_landing(book, "cases", by="district", period="2012Q3")
    with pytest.raises(ReconcileError, match="31"):
        outlook.month_landing(book, "cases", by="district", period="2012-09", day=31)


def test_a_young_book_says_that_it_has_no_history(tmp_path: Path) -> None:
    found = outlook.month_landing(
        open_book(tiny(tmp_path)), "cases", by="department", period="2012-02", day=11
    )
    assert set(found["method"]) == {"no_history"}
    assert found["reached"].tolist() == [0, 1]


def test_the_airline_model_of_the_library_is_the_published_one() -> None:
    # R arima, log of the series, (0,1,1)(0,1,1)12: -.4018, -.5569, likelihood 244.70.
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    found = SARIMAX(
        np.log(AIRLINE), order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), simple_differencing=True
    ).fit(disp=False)
    assert found.params[:2] == pytest.approx([-0.4018, -0.5569], abs=2e-4)
    assert found.llf == pytest.approx(244.696, abs=2e-3)


def test_the_last_year_of_the_airline_is_foreseen_and_beats_the_year_before() -> None:
    found = outlook.forecast(AIRLINE[:-12])
    came = sum(AIRLINE[-12:])
    assert found["method"] == "ets"
    assert abs(found["total"] - came) < abs(found["last_year"] - came)
    assert found["low"] <= came <= found["high"]
    tried = outlook.forecast_backtest(AIRLINE).set_index("method")
    assert tried.loc["forecast", "error"] < tried.loc["last_year", "error"]


def test_year_landing_of_the_airline_after_nine_months() -> None:
    found = outlook.year_landing(AIRLINE[:-3], months_done=9, target=5_714)
    assert found["reached"] == sum(AIRLINE[-12:-3])
    assert found["landing"] == pytest.approx(sum(AIRLINE[-12:]), rel=0.02)
    assert 0.05 < found["chance"] < 0.95
    over = outlook.year_landing(AIRLINE, months_done=12, target=5_714)
    assert over[["landing", "low", "chance"]].tolist() == [5_714, 5_714, 1]


def test_few_or_empty_months_get_a_level() -> None:
    found = outlook.forecast([50.0, 70, 60, 60], ahead=2, target=120)
    # sd 8.165, t(3) at 90 % 1.638: 120 +- 1.638 x 8.165 x sqrt(2 + 4 / 4).
    assert found["high"] - 120 == pytest.approx(1.6377 * 8.1650 * math.sqrt(3), abs=2e-3)
    assert found["chance"] == pytest.approx(0.5)
    assert outlook.forecast([0.0] * 40, target=1.0)[["total", "low", "chance"]].tolist() == [
        0,
        0,
        0,
    ]
    assert outlook.forecast([*AIRLINE[:40], -1.0])["method"] == "level"
    for bad in ([1.0, math.nan, 2.0], [1.0, 2.0]):
        with pytest.raises(PerfkitError):
            outlook.forecast(bad)
    with pytest.raises(ReconcileError, match="13"):
        outlook.forecast(AIRLINE, ahead=13)
    with pytest.raises(ReconcileError):
        outlook.forecast_backtest(AIRLINE[:36])


@pytest.mark.parametrize("jump", [0.0, 0.1], ids=["stable", "jumping"])
def test_yearly_intervals_hold_on_simulated_districts(
    jump: float, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(9)
    season = np.log(1 + 0.5 * np.sin(np.arange(12) / 12 * 2 * np.pi))
    inside = []
    for _ in range(100):
        growth = np.repeat(np.cumsum(rng.normal(jump / 2, jump, 5)), 12)
        months = np.exp(10 + np.tile(season, 5) + growth + rng.normal(0, 0.15, 60))
        found = outlook.forecast(months[:48].tolist())
        inside.append(found["low"] <= months[48:].sum() <= found["high"])
    with capsys.disabled():
        sys.stdout.write(f"\nyears with jumps of {jump:.0%}: {np.mean(inside):.0%} inside\n")
    assert 0.65 <= np.mean(inside) <= 0.92
