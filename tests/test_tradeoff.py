"""Concentration, month risk, break-even and the hazard of leaving: published and hand-worked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from perfkit import explain
from perfkit.book import open_book
from perfkit.errors import ReconcileError, UnknownName


def part(name: str, draw: str, count: float, mean: float, cv: float, chance: float = 1.0):  # type: ignore[no-untyped-def]
    return {"part": name, "draw": draw, "count": count, "chance": chance, "mean": mean, "cv": cv}


FEBRUARY = pd.DataFrame(
    [
        part("large", "poisson", 3, 13.33, 0.5),
        part("ordinary", "binomial", 139, 1.033, 0.8, 30 / 139),
    ]
)
JULY = pd.DataFrame([part("ordinary", "binomial", 159, 76.8 / 92, 0.8, 92 / 159)])


def test_february_is_three_large_policies_and_july_is_not() -> None:
    found = explain.month_risk(FEBRUARY).set_index("part")
    assert found.loc["all", "mean"] == pytest.approx(71.0, abs=0.05)
    assert found.loc["all", "sd"] == pytest.approx(26.7, abs=0.05)
    assert found.loc["all", "cv"] == pytest.approx(0.38, abs=0.005)
    assert found.loc["large", "variance_share"] == pytest.approx(0.94, abs=0.005)
    july = explain.month_risk(JULY).iloc[-1]
    assert july[["mean", "sd"]].tolist() == pytest.approx([76.8, 8.2], abs=0.05)


def test_the_simulation_agrees_with_the_closed_form_and_repeats() -> None:
    found = explain.simulate_month(FEBRUARY, seed=3, target=60)
    assert found["mean"] == pytest.approx(71.0, abs=0.6)
    assert found["sd"] == pytest.approx(26.7, abs=0.6)
    assert [found["q05"], found["q95"]] == pytest.approx([33, 120], abs=2)
    assert found["chance"] == pytest.approx(0.62, abs=0.015)
    again = explain.simulate_month(FEBRUARY, seed=3, target=60)
    pd.testing.assert_series_equal(found, again)
    assert explain.simulate_month(JULY, seed=3, target=60)["chance"] == pytest.approx(
        0.99, abs=0.01
    )


def test_compound_poisson_gamma() -> None:
    # R actuar, Panjer's recursion with steps of a half: Poisson(10), Gamma(2, 1).
    rows = pd.DataFrame([part("all", "poisson", 10, 2, 0.5**0.5)])
    found = explain.simulate_month(rows, seed=8, runs=200_000)
    names = ["q25", "q50", "q75", "q90", "q95", "q99"]
    assert found[names].tolist() == pytest.approx([14.5, 19.5, 25, 30.5, 34, 41], abs=0.5)


def test_one_large_policy_in_ordinary_agents() -> None:
    assert explain.break_even(133_333, 10_333, 139)["agents"] == pytest.approx(12.9, abs=0.01)
    assert explain.break_even(133_333, 8_350, 159)["agents"] == pytest.approx(16.0, abs=0.05)
    # Replacing February's 400,000 takes 39 more active agents: 28 points of activity.
    found = explain.break_even(400_000, 10_333, 139)
    assert found.tolist() == pytest.approx([38.7, 0.28], abs=0.02)
    assert explain.break_even(1.0, 0.0, 0.0).isna().all()


def test_the_frontier_trades_activity_for_risk() -> None:
    found = explain.frontier(700_000, 139, large=133_333, ordinary=10_333, most=6)
    assert found["activity_rate"].is_monotonic_decreasing
    assert found["cv"].iloc[:6].is_monotonic_increasing
    brings = found["large_policies"] * 133_333 + found["active_agents"] * 10_333
    assert brings.iloc[:6].to_numpy() == pytest.approx(700_000)
    assert found["activity_rate"].iloc[6] == 0
    assert not explain.frontier(700_000, 30, large=1e5, ordinary=1e4)["possible"].iloc[0]
    with pytest.raises(ReconcileError):
        explain.frontier(0, 1, large=1, ordinary=1)


def test_bad_parts_are_refused() -> None:
    with pytest.raises(ReconcileError, match="large"):
        explain.month_risk(FEBRUARY.assign(mean=-1.0))
    with pytest.raises(ReconcileError):
        explain.simulate_month(FEBRUARY.assign(chance=1.5), seed=1)
    with pytest.raises(UnknownName, match="poison"):
        explain.month_risk(FEBRUARY.assign(draw="poison"))
    with pytest.raises(UnknownName, match="cv"):
        explain.month_risk(FEBRUARY.drop(columns="cv"))
    nothing = explain.month_risk(FEBRUARY.assign(count=0))
    assert nothing["mean"].tolist() == [0, 0, 0]
    assert nothing["cv"].isna().all()


def test_lorenz_runs_from_nothing_to_all() -> None:
    found = explain.lorenz(pd.Series([1.0, 2, 3, 4, 5]))
    area = float(np.trapezoid(found["total"], found["members"]))
    assert 1 - 2 * area == pytest.approx(4 / 15)
    for bad in ([1.0, -1.0, 3.0], [0.0, 0.0], [np.nan, 1.0]):
        with pytest.raises(ReconcileError):
            explain.lorenz(pd.Series(bad))


def test_february_with_and_without_the_large_policies() -> None:
    found = explain.without_large(open_book("district_one"), by="district", period="2012-02")
    row = found.iloc[0]
    # The deck: 400,000 of 710,000 from 3 of 33 writers.
    assert row["large_share"] == pytest.approx(400 / 710, abs=1e-9)
    assert row["per_active"] == pytest.approx(710_000 / 33)
    assert row["per_active_without"] == pytest.approx(310_000 / 33)
    assert row["case_size_without"] < row["case_size"]


def test_a_hazard_ratio_of_two_groups_by_hand() -> None:
    # 10 % against 20 % a month: log(1 - .2) / log(1 - .1) = 2.1179.
    left = [1.0] * 10 + [0.0] * 90 + [1.0] * 20 + [0.0] * 80
    frame = pd.DataFrame({"agent": range(200), "idle": [0.0] * 100 + [1.0] * 100, "left": left})
    found = explain.leaving_hazard(frame, covariates=["idle"]).set_index("term")
    assert found.loc["idle", "ratio"] == pytest.approx(np.log(0.8) / np.log(0.9), rel=1e-6)
    assert found.loc["constant", "coefficient"] == pytest.approx(np.log(-np.log(0.9)), rel=1e-6)
    assert found.loc["idle", "low"] < 1 + 1.2 < found.loc["idle", "high"]
    with pytest.raises(ReconcileError, match="idle"):
        explain.leaving_hazard(frame.assign(idle=0.0), covariates=["idle"])
    with pytest.raises(ReconcileError, match="0 leaver"):
        explain.leaving_hazard(frame.assign(left=0.0), covariates=["idle"])
    with pytest.raises(UnknownName, match="idle"):
        explain.leaving_hazard(frame.rename(columns={"idle": "lazy"}), covariates=["idle"])


def test_agents_of_the_sample_district_month_by_month() -> None:
    book = open_book("district_one")
    found = explain.agent_months(book, period="2011-06..2012-10")
    assert not found.duplicated(["agent", "period"]).any()
    assert found.loc[found["left"] == 1, "agent"].is_unique
    assert found["period"].max() == "2012-09"
