"""Landing: the deck's months by hand, least squares of another package, edges, coverage."""

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
from perfkit.errors import PerfkitError, ReconcileError, UnknownName
from perfkit.outlook import land, landing_backtest, since_break

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


def test_what_was_cancelled_later_lets_a_month_end_below_what_is_in_hand() -> None:
    past = pd.DataFrame({"hand": [50.0, 60.0, 55.0], "total": [48.0, 57.0, 54.0]})
    found = land(past, 52.0)
    assert found.expected == pytest.approx(50.0)
    assert found.low < 50.0
    assert found.chance(52.0) < 0.5


def test_a_plan_that_must_enter_gives_what_usually_still_comes_of_it() -> None:
    # March to May: 17.8 of 157.4 in hand; of a plan of 86 the rest still comes.
    found = land(MONTHS.head(3), 34.5, plan=86.0)
    assert found.expected == pytest.approx(34.5 + (1 - 17.8 / 157.4) * 86)
    assert found.method == "plan"
    assert found.scale == land(MONTHS.head(3), 34.5).scale


def test_months_without_anything_land_at_nothing() -> None:
    found = land(pd.DataFrame({"hand": [0.0] * 8, "total": [0.0] * 8}), 0.0)
    assert (found.expected, found.low, found.high, found.chance(1.0)) == (0, 0, 0, 0)
    tried = landing_backtest(MONTHS.head(2))
    assert tried["tried"] == 0
    assert np.isnan(tried["covered"])


def district(rng: np.random.Generator, months: int) -> pd.DataFrame:
    """Draw months of a district: agents write a few times, some early, some late."""
    rows = []
    for _ in range(months):
        active = rng.binomial(150, rng.beta(12, 26))
        sizes = rng.gamma(1.2, 8_000, active)
        early = rng.random(active) < rng.beta(4, 10)
        rows.append([sizes[early].sum(), sizes.sum()])
    return pd.DataFrame(rows, columns=["hand", "total"])


@pytest.mark.parametrize("months", [5, 12, 24])
def test_eighty_per_cent_intervals_hold_eighty_per_cent_of_the_months(
    months: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(20121011 + months)
    inside = []
    for _ in range(600):
        drawn = district(rng, months + 1)
        last = drawn.iloc[-1]
        found = land(drawn.iloc[:-1], float(last["hand"]))
        inside.append(found.low <= last["total"] <= found.high)
    with capsys.disabled():
        sys.stdout.write(f"\n{months} months: {np.mean(inside):.1%} of held-out months inside\n")
    assert 0.75 <= np.mean(inside) <= 0.85


def test_the_backtest_of_a_unit_holds_what_its_intervals_promise() -> None:
    # The same on every unit's own past: the coverage it is told with.
    rng = np.random.default_rng(80)
    found = [landing_backtest(district(rng, 24)) for _ in range(40)]
    assert {int(one["tried"]) for one in found} == {18}
    assert 0.75 <= np.mean([one["covered"] for one in found]) <= 0.85


def test_it_beats_what_is_in_hand_over_its_usual_share() -> None:
    rng = np.random.default_rng(5)
    ours, shares = [], []
    for _ in range(200):
        drawn = district(rng, 25)
        past, last = drawn.iloc[:-1], drawn.iloc[-1]
        usual = past["hand"].sum() / past["total"].sum()
        shares.append(last["hand"] / usual - last["total"])
        ours.append(land(past, float(last["hand"])).expected - last["total"])
    assert np.mean(np.square(ours)) < 0.25 * np.mean(np.square(shares))


def test_months_of_the_sample_district() -> None:
    book = open_book("district_one")
    found = outlook.month_landing(
        book, "premium_issued", by="department", period="2012-09", day=11
    ).set_index("unit")
    reached = kpi.grid(book, ["premium_issued"], by="department", period="2012-09@11")
    assert found["reached"].to_dict() == reached.set_index("unit")["premium_issued"].to_dict()
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


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        # 1 September 2012 is a Saturday: nothing before the first working day, which in June and
        # August is the first. On the 11th 7 of 21 are over: of May's 22, June's 20, July's 22 and
        # August's 23 that is 7.33, 6.67, 7.33 and 7.67 days. Then the whole month.
        (1, ["2012-05@01", "", "2012-07@01", ""]),
        (11, ["2012-05@10", "2012-06@10", "2012-07@10", "2012-08@09"]),
        (30, ["2012-05", "2012-06", "2012-07", "2012-08"]),
    ],
)
def test_months_are_laid_beside_each_other_at_the_same_part(day: int, ends: list[str]) -> None:
    book, code = open_book("district_one"), "premium_issued"
    found = outlook.month_landing(
        book, code, by="district", period="2012-09", day=day, since="2012-05"
    ).iloc[0]
    months = [f"2012-{m:02d}" for m in range(5, 10)]
    asked = dict.fromkeys([*months, *filter(None, ends), f"2012-09@{day:02d}"])
    seen = kpi.grid(book, [code], by="district", period=list(asked)).set_index("period")[code]
    hands = [seen[end] if end else 0.0 for end in ends]
    past = pd.DataFrame({"hand": hands, "total": seen[months[:-1]].tolist()})
    told = land(past, float(seen[f"2012-09@{day:02d}"]))
    assert found[["landing", "low", "high"]].tolist() == [told.expected, told.low, told.high]
    if day == 30:
        assert told.low == told.high == told.hand == seen["2012-09"]


def test_a_young_book_says_that_it_has_no_history(tmp_path: Path) -> None:
    found = outlook.month_landing(
        open_book(tiny(tmp_path)), "cases", by="department", period="2012-02", day=11
    )
    assert set(found["method"]) == {"no_history"}
    assert found["reached"].tolist() == [0, 1]


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
