"""Concentration and before-and-after: published oracles and the district deck's own figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from perfkit import explain
from perfkit.errors import ReconcileError
from perfkit.explain.before_after import compare_groups


def test_gini_and_effective_number_of_known_cases() -> None:
    # Gini(1..5) = 4/15; one of four has all: 3/4; shares .3 .3 .2 .2: HHI .26.
    assert explain.concentration(pd.Series([5.0, 3, 1, 2, 4]))["gini"] == pytest.approx(4 / 15)
    assert explain.concentration(pd.Series([0.0, 0, 0, 1]))["gini"] == pytest.approx(0.75)
    found = explain.concentration(pd.Series([30.0, 20, 30, 20]))
    assert found["effective_number"] == pytest.approx(1 / 0.26)


def test_february_hangs_on_three() -> None:
    # District deck 2012, section 26: 40 of 71 (10k yuan) from 3 of 33; the other 30 bring 31.
    values = pd.Series([400_000 / 3] * 3 + [310_000 / 30] * 30)
    found = explain.concentration(values)
    assert found["top_share"] == pytest.approx(40 / 71)
    assert found["mean"] == pytest.approx(710_000 / 33)
    assert found["mean_without_top"] == pytest.approx(310_000 / 30)
    # With equal amounts inside the two groups these are the least Gini and HHI possible.
    assert found["gini"] == pytest.approx(0.4725, abs=5e-4)
    assert found["effective_number"] == pytest.approx(8.9, abs=0.05)


def test_nothing_is_said_of_negative_missing_or_empty_amounts() -> None:
    found = explain.concentration(pd.Series([1.0, 5, -1]))
    assert (found["count"], found["total"]) == (3, 5)
    assert np.isnan(found[["top_share", "gini", "effective_number"]]).all()
    assert np.isnan(explain.concentration(pd.Series([1.0, np.nan]))["top_share"])
    assert np.isnan(explain.concentration(pd.Series([0.0, 0]))["top_share"])
    assert np.isnan(explain.concentration(pd.Series([], dtype=float))["gini"])


@pytest.mark.parametrize(
    ("before", "after", "difference", "low", "high", "p", "least"),
    [
        ([2.7, 12.8, 2.8], [27, 22, 23], 17.9, 5.7, 30.1, 1 / 20, 1 / 20),
        ([7.7, 7.1, 3.0], [34.5, 43.7, 28.7], 29.7, 13.0, 46.4, 1 / 20, 1 / 20),
        ([3.8, 30.8, 4.2], [84.6, 78.6, 60.7], 61.7, 29.3, 94.1, 1 / 20, 1 / 20),
        ([0.108, 0.265, 0.051], [0.449, 0.815], 0.49, -1.06, 2.05, 1 / 10, 1 / 10),
        ([41, 27, 23], [58, 40], 18.7, -33, 71, 2 / 10, 1 / 10),
        ([71.6, 26.8, 59.0], [76.8, 53.6], 12.7, -44.9, 70.4, 4 / 10, 1 / 10),
    ],
    ids=["first activity", "first premium", "first supervisors", "share", "activity", "premium"],
)
def test_case_five_before_and_after(
    before: list[float],
    after: list[float],
    difference: float,
    low: float,
    high: float,
    p: float,
    least: float,
) -> None:
    # Oracle: exact enumeration and Welch's interval, computed apart from this code.
    found = compare_groups(pd.Series(before), pd.Series(after))
    places = {"difference": difference, "low": low, "high": high}
    for name, value in places.items():
        assert found[name] == pytest.approx(value, abs=0.5 if abs(value) > 30 else 0.06)
    assert found["p"] == pytest.approx(p)
    assert found["least_p"] == pytest.approx(least)


def test_a_group_of_one_has_no_interval_and_an_empty_one_is_refused() -> None:
    found = compare_groups(pd.Series([1.0]), pd.Series([2.0, 3.0]))
    assert np.isnan(found["low"])
    assert found["p"] == pytest.approx(1 / 3)
    with pytest.raises(ReconcileError, match="empty"):
        compare_groups(pd.Series([np.nan]), pd.Series([1.0]))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_figures(count: int, of: int, low: float, high: float) -> None:
    # Newcombe 1998, table I, method 3.
    assert explain.wilson(count, of) == pytest.approx((low, high), abs=6e-5)


def test_wilson_at_the_edges() -> None:
    assert explain.wilson(12, 12)[1] == 1.0
    assert np.isnan(explain.wilson(0, 0)).all()
    assert np.isnan(explain.wilson(3, 2)).all()
    assert np.isnan(explain.wilson(float("nan"), 2)).all()


def test_months_needed_to_see_the_rise_of_case_five() -> None:
    # 2 (1.960 + 0.842)^2 20^2 / 12.7^2 = 38.9 months a side.
    assert explain.months_to_see(12.7, 20.0) == 39
    with pytest.raises(ReconcileError):
        explain.months_to_see(0.0, 20.0)


def test_setting_apart_the_three_of_february() -> None:
    found = explain.set_apart(710_000, 33, 400_000, 3)
    assert found["top_share"] == pytest.approx(400 / 710)
    assert found["mean_without_top"] == pytest.approx(310_000 / 30)
    assert np.isnan(explain.set_apart(10, 2, 10, 2)["mean_without_top"])
    with pytest.raises(ReconcileError):
        explain.set_apart(10, 2, 11, 1)


def test_node_shares_of_the_deck() -> None:
    # Anomalies list: 7.7/71.6 = 10.8 %, 34.5/76.8 = 44.9 %, 43.7/53.6 = 81.5 %.
    frame = pd.DataFrame(
        {
            "kpi": "premium_submitted",
            "period": ["2012-03@09", "2012-03", "2012-07@11", "2012-07", "2012-10@11"],
            "value": [7.7, 71.6, 34.5, 76.8, 28.7],
        }
    )
    found = explain.node_share(frame, "premium_submitted")
    shares = found[found["kpi"] == "node_share"]
    assert shares["value"].round(3).tolist() == [0.108, 0.449]
    assert len(found) == len(frame) + 2


def test_nodes_and_whole_months_are_never_pooled() -> None:
    frame = pd.DataFrame(
        {
            "kpi": "cases",
            "period": ["2012-03@09", "2012-03", "2012-07@11", "2012-07"],
            "value": [1.0, 10.0, 3.0, 30.0],
        }
    )
    told = explain.phases(frame, before=["2012-03@09", "2012-03"], after=["2012-07@11", "2012-07"])
    found = explain.before_after(told).set_index("span")
    assert found["difference"].to_dict() == {"node": 2.0, "month": 20.0}
    assert found["n_before"].to_dict() == {"node": 1.0, "month": 1.0}


def test_a_phase_of_an_unmeasured_period_is_refused() -> None:
    frame = pd.DataFrame({"kpi": "cases", "period": ["2012-03"], "value": [1.0]})
    with pytest.raises(LookupError, match="2012-07"):
        explain.phases(frame, before=["2012-03"], after=["2012-07"])


def test_the_input_is_left_as_it_was() -> None:
    frame = pd.DataFrame(
        {"span": "month", "kpi": "cases", "phase": ["before", "after"], "value": [1.0, 3.0]}
    )
    copy = frame.copy(deep=True)
    explain.before_after(frame)
    pd.testing.assert_frame_equal(frame, copy)


def test_a_handful_of_months_gets_no_line() -> None:
    # Month premium 71.6 26.8 59.0 before, 76.8 53.6 after.
    premium, after, months = (
        [71.6, 26.8, 59.0, 76.8, 53.6],
        [False] * 3 + [True] * 2,
        [3, 4, 5, 7, 9],
    )
    with pytest.raises(ReconcileError, match=r"3 .* 2 .* 8"):
        explain.segmented(premium, after, times=months)
    found = explain.segmented(premium, after, times=months, least=2).set_index("term")
    # Oracle: ordinary least squares in R, 2 degrees of freedom.
    step = found.loc["step"]
    assert step["estimate"] == pytest.approx(48.5, abs=0.1)
    assert step[["low", "high"]].tolist() == pytest.approx([-165, 262], abs=0.6)
    assert step["p"] == pytest.approx(0.43, abs=0.005)


def test_the_only_significant_result_is_the_impossible_one() -> None:
    # Month-end activity 41 27 23 | 58 40: the line before runs to below zero in September.
    found = explain.segmented(
        [41, 27, 23, 58, 40], [False] * 3 + [True] * 2, times=[3, 4, 5, 7, 9], least=2
    ).set_index("term")["estimate"]
    assert found["step"] == pytest.approx(54.7, abs=0.1)
    assert found["constant"] + 9 * found["time"] == pytest.approx(-14.7, abs=0.1)


def test_first_node_activity_by_line_and_by_odds() -> None:
    rates, after = [2.7, 12.8, 2.8, 27, 22, 23], [False] * 3 + [True] * 3
    months = [3, 4, 5, 7, 9, 10]
    step = explain.segmented(rates, after, times=months, least=3).set_index("term").loc["step"]
    assert step["estimate"] == pytest.approx(22.7, abs=0.1)
    assert step[["low", "high"]].tolist() == pytest.approx([-8.7, 54.1], abs=0.1)
    assert step["p"] == pytest.approx(0.105, abs=0.002)


def test_a_real_step_is_found_and_a_new_slope_is_told_apart() -> None:
    rng = np.random.default_rng(4)
    time = np.arange(40)
    later = time >= 20
    values = 50 + 0.2 * time + 6 * later + 0.5 * later * (time - 20) + rng.normal(0, 1, 40)
    found = explain.segmented(values.tolist(), later.tolist(), slope=True).set_index("term")
    assert found.loc["step", "low"] < 6 < found.loc["step", "high"]
    assert found.loc["slope", "low"] < 0.5 < found.loc["slope", "high"]
    heads = np.full(40, 150.0)
    share = rng.binomial(150, np.where(later, 0.4, 0.3)) / heads
    odds = explain.segmented(share.tolist(), later.tolist(), of=heads.tolist()).set_index("term")
    truth = np.log(0.4 / 0.6) - np.log(0.3 / 0.7)
    assert odds.loc["step", "low"] < truth < odds.loc["step", "high"]


def test_many_months_are_split_by_drawing_on_request() -> None:
    before, after = pd.Series(np.arange(14.0)), pd.Series(np.arange(14.0) + 9)
    with pytest.raises(ReconcileError, match="ways"):
        compare_groups(before, after)
    found = compare_groups(before, after, draws=2_000)
    assert found["least_p"] == pytest.approx(1 / 2001)
    assert 0 < found["p"] < 0.01
    assert found["p"] == compare_groups(before, after, draws=2_000)["p"]


def test_the_chance_to_see_a_rise_and_the_months_it_takes_agree() -> None:
    assert explain.chance_to_see(12.7, 20.0, 39) >= 0.8 > explain.chance_to_see(12.7, 20.0, 38)
    # District deck: 18.7 points with that of its months takes 7 a side.
    assert explain.chance_to_see(0.0, 20.0, 39) == pytest.approx(0.05)
    with pytest.raises(ReconcileError):
        explain.chance_to_see(1.0, 0.0, 3)
