"""Forecasts of a year: published series, coverage on simulated districts, bad input."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from perfkit import outlook
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
