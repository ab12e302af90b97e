"""Headcount and ranks forward and back: the plan's own roll-forward, textbooks, draws."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import TargetError

MONTHS = [f"2005-{m:02d}" for m in range(1, 13)]

# --- headcount ------------------------------------------------------------------------------

RECRUITS = pd.Series([180, 150, 200, 150, 200, 100, 150, 200, 150, 100, 200, 150], MONTHS)
LEAVERS = pd.Series([200, 120, 100, 150, 100, 120, 150, 150, 120, 150, 150, 120], MONTHS)
CLOSING = pd.Series(
    [3000, 3030, 3130, 3130, 3230, 3210, 3210, 3260, 3290, 3240, 3290, 3320], MONTHS
)


def test_the_roll_forward_of_2005_is_exact_in_all_twelve_months() -> None:
    got = target.roll_forward(3020, RECRUITS, LEAVERS, closing=CLOSING)
    assert got["closing"].tolist() == CLOSING.tolist()
    assert got["opening"].tolist() == [3020, *CLOSING.tolist()[:-1]]
    assert got["net_growth"].sum() == 300
    assert got["attrition_rate"].mean() == pytest.approx(0.043, abs=0.0005)
    assert target.recruits_for(3020, CLOSING, LEAVERS).tolist() == RECRUITS.tolist()


def test_a_closing_that_does_not_follow_is_named() -> None:
    wrong = CLOSING.astype(float)
    wrong["2005-05"] = 3320.0
    with pytest.raises(TargetError, match=r"2005-05: .* closing of 3,230, stated is 3,320 \(1"):
        target.roll_forward(3020, RECRUITS, LEAVERS, closing=wrong)
    wrong["2005-05"] = np.nan
    target.roll_forward(3020, RECRUITS, LEAVERS, closing=wrong)


def test_a_missing_month_leaves_the_later_ones_unknown() -> None:
    got = target.roll_forward(10, pd.Series([1, np.nan, 1], list("abc")), pd.Series(0, list("abc")))
    assert got["closing"].tolist()[0] == 11
    assert got["closing"].isna().tolist() == [False, True, True]


def test_rates_forward_back_and_at_rest() -> None:
    # 3020 heads, 4.3 % attrition; by hand for two months: 3020 -> 3020 x .957 + 160 = 3050.14
    assert target.closing_after(3020, 160, 0.043, months=1) == pytest.approx(3050.14)
    once = target.closing_after(3050.14, 160, 0.043, months=1)
    assert target.closing_after(3020, 160, 0.043, months=2) == pytest.approx(once)
    need = target.recruits_needed(3020, 3320, 0.043, months=12)
    assert target.closing_after(3020, need, 0.043, months=12) == pytest.approx(3320)
    # The published inverse: (H_T - H_0 (1-q)^T) q / (1 - (1-q)^T)
    kept = 0.957**12
    assert need == pytest.approx((3320 - 3020 * kept) * 0.043 / (1 - kept))
    assert target.recruits_needed(100, 112, 0, months=12) == 1
    assert target.steady_headcount(129.0, 0.043) == pytest.approx(3000)
    assert target.steady_recruits(3000, 0.043) == pytest.approx(129)
    assert math.isnan(target.steady_headcount(10, 0))


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: target.roll_forward(10, RECRUITS, LEAVERS), "negative"),
        (lambda: target.roll_forward(3020, RECRUITS, LEAVERS.iloc[1:]), "missing"),
        (lambda: target.roll_forward(3020, RECRUITS, -LEAVERS), "negative"),
        (lambda: target.recruits_for(3020, CLOSING - 2000, LEAVERS), "closing_too_low"),
        (lambda: target.closing_after(10, 1, 4.3, months=2), "not_a_rate"),
        (lambda: target.ramp_up(RECRUITS, pd.Series([1.0]), pd.Series([1.0])), "missing"),
        (
            lambda: target.ramp_up(RECRUITS.iloc[:1], pd.Series([2.0]), pd.Series([1.0])),
            "not_a_rate",
        ),
    ],
)
def test_headcounts_that_cannot_be_are_refused(call, key: str) -> None:
    with pytest.raises(TargetError) as caught:
        call()
    assert caught.value.key == f"target.{key}"


def test_newcomers_ramp_up_by_cohort() -> None:
    recruits = pd.Series([10, 0, 20], ["01", "02", "03"])
    got = target.ramp_up(recruits, pd.Series([1, 0.8, 0.5]), pd.Series([100.0, 1_000, 2_000]))
    # 01: 10 x 100 | 02: 8 x 1000 | 03: 5 x 2000 + 20 x 100
    assert got.groupby("month")["premium"].sum().to_dict() == {
        "01": 1_000,
        "02": 8_000,
        "03": 12_000,
    }
    assert got.groupby("month")["headcount"].sum().to_dict() == {"01": 10, "02": 8, "03": 25}
    assert len(got) == 6


# --- ranks ----------------------------------------------------------------------------------


def square(rows: list[list[float]], names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=names, columns=names)


def test_a_drunkards_walk() -> None:
    """Grinstead & Snell, Introduction to Probability, section 11.2."""
    walk = [[1, 0, 0, 0, 0], [0.5, 0, 0.5, 0, 0], [0, 0.5, 0, 0.5, 0], [0, 0, 0.5, 0, 0.5]]
    got = target.fates(square([*walk, [0, 0, 0, 0, 1]], list("01234")))
    assert got.visits.to_numpy() == pytest.approx(
        np.array([[1.5, 1, 0.5], [1, 2, 1], [0.5, 1, 1.5]])
    )
    assert got.stay.tolist() == pytest.approx([3, 4, 3])
    assert got.ends.to_numpy() == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]))


def test_the_weather_of_oz() -> None:
    """Grinstead & Snell, section 11.3."""
    oz = square([[0.5, 0.25, 0.25], [0.5, 0, 0.5], [0.25, 0.25, 0.5]], ["rain", "nice", "snow"])
    assert target.stationary(oz).tolist() == pytest.approx([0.4, 0.2, 0.4])


FLOW = square(
    [[0.93, 0.01, 0], [0.02, 0.95, 0.01], [0, 0, 0.99]], ["agent", "supervisor", "manager"]
)
OPENING = pd.Series({"agent": 148.0, "supervisor": 24.0, "manager": 4.0})
JOINS = pd.DataFrame({"agent": [12.0] * 12}, index=MONTHS)


def test_ranks_move_by_their_rates() -> None:
    got = target.project(OPENING, FLOW, JOINS).set_index(["month", "rank"])["headcount"]
    # January: 148 x .93 + 24 x .02 + 12 agents, 148 x .01 + 24 x .95 supervisors, .24 + 3.96
    assert got["2005-01"].tolist() == pytest.approx([150.12, 24.28, 4.2, 178.6])
    first = pd.Series(got["2005-01"].iloc[:3])
    again = target.project(first, FLOW, JOINS.iloc[1:]).set_index(["month", "rank"])["headcount"]
    assert got["2005-12"].tolist() == pytest.approx(again["2005-12"].tolist())
    total = got.xs("total", level="rank")
    parts = got.drop("total", level="rank").groupby(level="month").sum()
    assert total.tolist() == pytest.approx(parts.tolist())


def test_the_interval_is_that_of_people_drawn_one_by_one() -> None:
    got = target.project(OPENING, FLOW, JOINS).set_index(["month", "rank"]).loc["2005-12"]
    rng = np.random.default_rng(9)
    rates = np.column_stack([FLOW.to_numpy(), 1 - FLOW.sum(axis=1)])
    ends = []
    for _ in range(4_000):
        heads = OPENING.to_numpy(int)
        for _month in MONTHS:
            moved = sum(rng.multinomial(n, row) for n, row in zip(heads, rates, strict=True))
            heads = moved[:3] + np.array([12, 0, 0])
        ends.append([*heads, heads.sum()])
    drawn = np.array(ends)
    assert got["headcount"].to_numpy() == pytest.approx(drawn.mean(axis=0), rel=0.02)
    width = (got["high"] - got["low"]).to_numpy()
    assert width == pytest.approx(2 * 1.96 * drawn.std(axis=0), rel=0.06)
    inside = (drawn[:, 3] >= got.loc["total", "low"]) & (drawn[:, 3] <= got.loc["total", "high"])
    assert inside.mean() == pytest.approx(0.95, abs=0.015)


def test_ranks_settle_where_as_many_leave_as_join() -> None:
    steady = target.steady_ranks(FLOW, pd.Series({"agent": 12.0}))
    for _, month in target.project(steady, FLOW, JOINS).groupby("month"):
        assert month["headcount"].tolist()[:3] == pytest.approx(steady.tolist())
    # Who joins a month is who leaves: 12 = .06 agents + .02 supervisors + .01 managers.
    assert (steady * (1 - FLOW.sum(axis=1))).sum() == pytest.approx(12)


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: target.project(OPENING, FLOW * 2, JOINS), "row_sum"),
        (lambda: target.project(OPENING.iloc[:2], FLOW, JOINS), "missing"),
        (lambda: target.project(OPENING, FLOW.iloc[:2], JOINS), "missing"),
        (lambda: target.project(OPENING, FLOW.replace(0, np.nan), JOINS), "missing"),
        (lambda: target.project(OPENING, FLOW - 0.01, JOINS), "negative"),
        (lambda: target.stationary(FLOW), "row_sum"),
        (lambda: target.stationary(square([[1, 0], [0, 1]], ["a", "b"])), "never_leaves"),
        (lambda: target.fates(square([[0, 1], [1, 0]], ["a", "b"])), "never_leaves"),
        (lambda: target.steady_ranks(square([[1]], ["a"]), pd.Series({"a": 1})), "never_leaves"),
    ],
)
def test_rates_that_cannot_be_are_refused(call, key: str) -> None:
    with pytest.raises(TargetError) as caught:
        call()
    assert caught.value.key == f"target.{key}"
