"""Landing: the deck's months by hand, least squares of another package, edges, coverage."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perfkit.errors import PerfkitError, UnknownName
from perfkit.outlook import land, since_break

# The deck's months: in hand at the first node, whole month. [10,000 yuan]
MONTHS = pd.DataFrame(
    {"hand": [7.7, 7.1, 3.0, 34.5, 43.7], "total": [71.6, 26.8, 59.0, 76.8, 53.6]},
    index=["2012-03", "2012-04", "2012-05", "2012-07", "2012-09"],
)


@pytest.mark.parametrize(
    ("past", "hand", "expected", "low", "high"),
    [(3, 34.5, 81.0, 34.5, 132.4), (4, 43.7, 89.2, 53.7, 124.6), (5, 28.7, 67.1, 28.7, 105.9)],
)
def test_the_decks_months_land_by_their_mean_remainder(
    past: int, hand: float, expected: float, low: float, high: float
) -> None:
    # Before July: 63.9, 19.7 and 56.0 came after the node, 46.5 on average.
    found = land(MONTHS.head(past), hand)
    assert (found.expected, found.low, found.high) == pytest.approx((expected, low, high), abs=0.1)
    assert (found.method, found.months) == ("mean", past)


def test_the_plain_slope_is_that_of_least_squares() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    hand = rng.uniform(5, 20, 12)
    past = pd.DataFrame({"hand": hand, "total": hand + 40 - 0.4 * hand + rng.normal(0, 5, 12)})
    found = land(past, 9.0, method="regression")
    fitted = sm.OLS(past["total"] - past["hand"], sm.add_constant(past["hand"])).fit()
    guess = fitted.get_prediction(np.array([[1.0, 9.0]]))
    low, high = guess.conf_int(obs=True, alpha=0.2)[0]
    assert found.expected == pytest.approx(9 + guess.predicted_mean[0])
    assert (found.low, found.high) == pytest.approx((9 + low, 9 + high))


def test_the_shrunk_slope_lies_between_none_and_the_plain_one() -> None:
    rng = np.random.default_rng(5)
    hand = rng.uniform(5, 20, 8)
    past = pd.DataFrame({"hand": hand, "total": 60 + rng.normal(0, 12, 8)})
    none, drawn, plain = (
        land(past, 22.0, method=m).expected for m in ("mean", "shrunk", "regression")
    )
    assert min(none, plain) < drawn < max(none, plain)


def test_a_month_that_always_comes_to_the_same_lands_there() -> None:
    hand = np.array([1.0, 9, 4, 6, 2, 8, 5])
    found = land(pd.DataFrame({"hand": hand, "total": 50.0}), 7.0)
    assert (found.expected, found.low, found.high) == pytest.approx((50, 50, 50))
    assert found.chance(49.9) > 0.99
    assert found.chance(50.1) < 0.01


def test_the_chance_falls_with_the_target_and_is_half_at_the_middle() -> None:
    found = land(MONTHS, 28.7)
    chances = [found.chance(target) for target in (20, 28.7, 50, 67.1, 80, 200)]
    assert chances == sorted(chances, reverse=True)
    assert chances[:2] == [1, 1]
    assert chances[3] == pytest.approx(0.5, abs=0.01)
    assert math.isnan(found.chance(math.nan))


def test_the_chance_is_that_of_the_interval() -> None:
    found = land(MONTHS.head(4), 43.7)
    assert found.chance(found.high) == pytest.approx(0.1)
    assert found.chance(found.low) == pytest.approx(0.9)


def test_a_break_of_regime_restarts_the_history() -> None:
    assert since_break(MONTHS, ["2012-07"]).index.tolist() == ["2012-07", "2012-09"]
    assert since_break(MONTHS, ["2012-04", "2012-07"]).index.tolist() == ["2012-07", "2012-09"]
    assert len(since_break(MONTHS, [])) == 5
    # After July only two months are left: 42.3 and 9.9 came after their nodes.
    found = land(since_break(MONTHS, ["2012-07"]), 28.7)
    assert found.expected == pytest.approx(28.7 + (42.3 + 9.9) / 2)


@pytest.mark.parametrize("seed", range(40))
def test_nothing_lies_below_what_is_in_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    held, rest = rng.uniform(0, 100, (2, rng.integers(2, 30))) * rng.integers(0, 2, 2)[:, None]
    hand = rng.uniform(0, 200)
    found = land(pd.DataFrame({"hand": held, "total": held + rest}), hand)
    assert hand <= found.low <= found.expected <= found.high


def test_a_month_without_history_is_refused_with_the_way_out() -> None:
    gaps = MONTHS.assign(total=[math.nan] * 4 + [53.6])
    for past, known in ((MONTHS.head(0), 0), (gaps, 1)):
        with pytest.raises(PerfkitError, match=f"^{known} past month"):
            land(past, 10.0)
    with pytest.raises(PerfkitError, match="in hand is nan"):
        land(MONTHS, math.nan)
    with pytest.raises(UnknownName, match="'shrunk'"):
        land(MONTHS, 1.0, method="shrunken")


def test_the_intervals_hold_what_they_promise_and_no_method_is_better() -> None:
    """A part of what benchmarks/pacing.py shows on all districts."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    try:
        import pacing
    finally:
        sys.path.pop(0)
    found = pacing.summary(pacing.table(pacing.districts(each=60)))
    whole = found[(found["kind"] == "all") & (found["node"] == "all")].iloc[0]
    assert 0.75 <= whole["coverage"] <= 0.85
    others = ["prior mean", "share so far", "Bornhuetter-Ferguson", "Benktander", "mean remainder"]
    assert (whole[others] > whole[pacing.OURS]).all()
    # The committed result is of all districts, and holds for every method.
    text = pacing.RESULTS.read_text(encoding="utf-8")
    last = next(line for line in text.splitlines() if line.startswith("| all | all |"))
    *errors, covered = (float(cell.strip(" *")) for cell in last.strip("|").split("|")[2:])
    assert errors[-1] == min(errors)
    assert 0.75 <= covered <= 0.85
