"""Targets on drivers, what is left of a year, and how a target is set: worked figures, oracles."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import TargetError, UnknownName

WAN = 10_000
DRIVERS = list(target.DRIVERS)
HEADS, ACTIVE, CASES, SIZE = DRIVERS
WEIGHTS_2012 = pd.Series(
    [0.12, 0.065, 0.077, 0.075, 0.08, 0.09, 0.085, 0.08, 0.092, 0.085, 0.085, 0.066],
    index=range(1, 13),
)
# District deck 2012, section 30: 176 people, 30 %, 7,500 yuan; 1.2 policies an active agent.
NOVEMBER = pd.DataFrame([[176, 0.30, 1.2, 7_500]], index=["D1"], columns=DRIVERS)
KEPT = pd.Series({HEADS: 176.0})


def drivers(value: float, **more: object) -> pd.Series:
    """November's drivers for one target, headcount kept."""
    arguments: dict = {"floor": KEPT, "cap": KEPT, **more}
    return target.coherent(pd.Series({"D1": value}), NOVEMBER, **arguments).loc["D1"]


# --- targets on drivers -----------------------------------------------------------------------


def test_three_drivers_stretch_alike_to_the_target() -> None:
    got = drivers(73.3 * WAN)
    assert got["stretch"] == pytest.approx(1.155, abs=0.0005)
    assert got[ACTIVE] == pytest.approx(0.347, abs=0.0005)
    assert got[CASES] == pytest.approx(1.39, abs=0.005)
    assert got[SIZE] == pytest.approx(0.87 * WAN, abs=50)
    assert math.prod(got[DRIVERS]) == got["premium"] == pytest.approx(73.3 * WAN, rel=1e-15)
    assert got["short"] == 0
    assert got["bound"] == f"{HEADS}:fixed"


@pytest.mark.parametrize(("cases", "needed"), [(1.0, 0.555), (1.2, 0.463), (1.5, 0.370)])
def test_one_free_driver_is_a_division(cases: float, needed: float) -> None:
    kept = pd.Series({HEADS: 176.0, CASES: cases, SIZE: 7_500.0})
    got = drivers(73.3 * WAN, floor=kept, cap=kept)
    assert got[ACTIVE] == pytest.approx(needed, abs=0.0005)


CAPS = pd.Series({HEADS: 176.0, ACTIVE: 0.40, CASES: 1.3, SIZE: 9_000.0})


def test_a_cap_that_binds_leaves_its_part_to_the_others() -> None:
    got = drivers(73.3 * WAN, cap=CAPS)
    assert got[CASES] == 1.3
    # 733,000 / (176 x 1.3) over 0.3 x 7,500, shared by the two that are free
    free = math.sqrt(73.3 * WAN / (176 * 1.3) / (0.3 * 7_500))
    assert got[ACTIVE] == pytest.approx(0.3 * free)
    assert got[SIZE] == pytest.approx(7_500 * free)
    assert got["bound"] == f"{HEADS}:fixed, {CASES}:cap"


def test_out_of_reach_says_the_most_and_what_stops_it() -> None:
    with pytest.raises(TargetError) as caught:
        drivers(100 * WAN, cap=CAPS)
    facts = caught.value.facts
    assert facts["most"] == pytest.approx(82.368 * WAN)  # 82.4
    assert facts["by"] == pytest.approx(17.632 * WAN)
    assert facts["bound"] == f"{HEADS}:fixed, {ACTIVE}:cap, {CASES}:cap, {SIZE}:cap"
    assert "D1" in caught.value.text("zh")
    got = drivers(100 * WAN, cap=CAPS, strict=False)
    assert [got["premium"], got["most"]] == pytest.approx([82.368 * WAN] * 2)
    assert got["short"] == pytest.approx(17.632 * WAN)
    assert got[[ACTIVE, CASES, SIZE]].tolist() == [0.40, 1.3, 9_000]


def test_too_little_is_out_of_reach_as_well() -> None:
    floors = pd.Series({HEADS: 176.0, ACTIVE: 0.3, CASES: 1.2, SIZE: 7_500.0})
    got = drivers(40 * WAN, floor=floors, strict=False)
    assert [got["premium"], got["least"]] == pytest.approx([47.52 * WAN] * 2)
    assert got["short"] == pytest.approx(-7.52 * WAN)


def test_nobody_is_more_than_all_active() -> None:
    got = target.coherent(
        pd.Series({"D1": 3_000 * WAN}), NOVEMBER, floor=KEPT, cap=KEPT, strict=False
    )
    assert got.loc["D1", ACTIVE] == 1
    assert got.loc["D1", "short"] == 0  # the others take it all


def test_ease_moves_a_driver_more_or_not_at_all() -> None:
    ease = pd.Series({HEADS: 0.0, ACTIVE: 2.0, SIZE: 0.0})
    got = target.coherent(pd.Series({"D1": 8 * 47.52 * WAN}), NOVEMBER * [1, 0.5, 1, 2], ease=ease)
    # cases x 2, activity x 2 ** 2
    assert got.loc["D1", DRIVERS].tolist() == pytest.approx([176, 0.6, 2.4, 15_000])
    assert got.loc["D1", "stretch"] == pytest.approx(2)


def test_it_is_the_nearest_in_logs_within_bounds() -> None:
    from scipy.optimize import minimize

    rng = np.random.default_rng(4)
    for _ in range(10):
        past = np.array([100, 0.3, 1.2, 6_000]) * rng.uniform(0.7, 1.3, 4)
        low, high = past * rng.uniform(0.6, 1, 4), past * rng.uniform(1, 1.6, 4)
        ease = rng.uniform(0.5, 2, 4)
        share = rng.uniform(0.1, 0.9)
        wanted = float(np.exp(share * np.log(high.prod()) + (1 - share) * np.log(low.prod())))
        frames = [pd.DataFrame([x], index=["D1"], columns=DRIVERS) for x in (past, low, high)]
        got = target.coherent(
            pd.Series({"D1": wanted}),
            frames[0],
            floor=frames[1],
            cap=frames[2],
            ease=pd.Series(ease, DRIVERS),
        )
        start = np.log(past)
        best = minimize(
            lambda x, start=start, ease=ease: (((x - start) ** 2) / ease).sum(),
            start,
            method="SLSQP",
            bounds=list(zip(np.log(low), np.log(high), strict=True)),
            constraints={"type": "eq", "fun": lambda x, w=wanted: x.sum() - np.log(w)},
            options={"ftol": 1e-15, "maxiter": 300},
        )
        found = got.loc["D1", DRIVERS].astype(float)
        assert np.log(found).tolist() == pytest.approx(best.x.tolist(), abs=1e-6)
        assert found.prod() == pytest.approx(wanted, rel=1e-14)


def test_every_unit_and_month_for_itself_and_unknown_rows_stay_unknown() -> None:
    rows = pd.MultiIndex.from_product([["D1", "D2"], ["2012-11", "2012-12"]])
    past = pd.DataFrame([[100, 0.3, 1.2, 6_000]] * 4, index=rows, columns=DRIVERS, dtype=float)
    past.loc[("D2", "2012-12"), CASES] = np.nan
    wanted = pd.Series([30.0 * WAN, 20.0 * WAN, np.nan, 20.0 * WAN], index=rows)
    got = target.coherent(wanted, past)
    assert got["premium"].tolist()[:2] == pytest.approx([30 * WAN, 20 * WAN], rel=1e-15)
    assert got.iloc[2:][[*DRIVERS, "premium", "short", "stretch"]].isna().all().all()


@pytest.mark.parametrize(
    ("wanted", "past", "more", "key"),
    [
        (0.0, NOVEMBER, {}, "not_above_zero"),
        (-1.0, NOVEMBER, {}, "negative"),
        (1.0, NOVEMBER * [1, 0, 1, 1], {}, "not_above_zero"),
        (1.0, NOVEMBER, {"floor": KEPT * 2, "cap": KEPT}, "floor_above_cap"),
        (1.0, NOVEMBER, {"cap": KEPT * 0}, "not_above_zero"),
        (1.0, NOVEMBER, {"ease": KEPT * -1}, "negative"),
    ],
)
def test_drivers_that_cannot_be_are_refused(wanted, past, more, key: str) -> None:
    with pytest.raises(TargetError) as caught:
        target.coherent(pd.Series({"D1": wanted}), past, **more)
    assert caught.value.key == f"target.{key}"


def test_a_driver_or_unit_that_is_not_there_is_named() -> None:
    with pytest.raises(UnknownName, match="headcount_averge"):
        drivers(1.0, cap=pd.Series({"headcount_averge": 1.0}))
    with pytest.raises(UnknownName, match="D2"):
        target.coherent(pd.Series({"D2": 1.0}), NOVEMBER)
    with pytest.raises(UnknownName, match=SIZE):
        target.coherent(pd.Series({"D1": 1.0}), NOVEMBER.drop(columns=SIZE))


# --- what is left of a year -------------------------------------------------------------------

DONE = pd.Series([79, 43, 51, 49, 53, 59, 56, 53, 61, 56], index=range(1, 11), dtype=float)


def test_the_last_two_months_of_2012_by_the_same_weights() -> None:
    got = target.replan(660, DONE, WEIGHTS_2012)
    assert got.loc[[11, 12], "target"].tolist() == pytest.approx([56.29, 43.71], abs=0.005)
    assert got["outcome"].sum() == pytest.approx(660, abs=1e-9)
    assert got["target"].isna().sum() == 10
    date = target.to_date(660, DONE, WEIGHTS_2012)
    assert date["plan_share"] == pytest.approx(0.849)
    assert date["plan"] == pytest.approx(560.34)
    assert date["gap"] == pytest.approx(-0.34)
    assert date["left"] == 100


def test_the_rate_that_is_needed_beside_the_rate_so_far() -> None:
    # 560 in 206 working days; 100 in the 22 + 8 to 12 December.
    year = target.run_rate(660, 560, gone=206, ahead=30)
    assert year.round(2).tolist() == [2.72, 3.33, 1.23]
    september = target.run_rate(86, 43.7, gone=7, ahead=14)
    assert september["needed"] == pytest.approx(3.02, abs=0.005)
    assert september["ratio"] == pytest.approx(0.48, abs=0.005)
    assert target.run_rate(10, 0, gone=0, ahead=0).isna().all()


def test_what_is_left_keeps_to_bounds_and_steps() -> None:
    got = target.replan(660 * WAN, DONE * WAN, WEIGHTS_2012, cap=pd.Series({11: 54.5 * WAN}))
    assert got.loc[[11, 12], "target"].tolist() == [54.5 * WAN, 45.5 * WAN]
    got = target.replan(660 * WAN, DONE * WAN + 0.5, WEIGHTS_2012, step=WAN)
    assert got.loc[[11, 12], "target"].tolist() == [56 * WAN, 44 * WAN]
    assert 0 <= got["outcome"].sum() - 660 * WAN < WAN
    with pytest.raises(TargetError, match="10 less"):
        target.replan(660, DONE, WEIGHTS_2012, cap=pd.Series({11: 50.0, 12: 40.0}))
    with pytest.raises(TargetError, match="20 more"):
        target.replan(660, DONE, WEIGHTS_2012, floor=pd.Series({11: 60.0, 12: 60.0}))


def test_a_year_that_is_reached_leaves_floors_or_nothing() -> None:
    assert target.replan(500, DONE, WEIGHTS_2012)["outcome"].sum() == 560
    got = target.replan(500, DONE, WEIGHTS_2012, floor=pd.Series({12: 5.0}))
    assert got.loc[[11, 12], "target"].tolist() == [0, 5]


def test_a_year_that_is_over_and_short_is_refused() -> None:
    whole = pd.Series(50.0, index=range(1, 13))
    assert target.replan(600, whole, WEIGHTS_2012)["target"].isna().all()
    with pytest.raises(TargetError, match="60 less"):
        target.replan(660, whole, WEIGHTS_2012)


def test_a_closed_month_without_its_actual_is_named() -> None:
    with pytest.raises(TargetError, match="actuals are missing: 3"):
        target.replan(660, DONE.drop(3), WEIGHTS_2012)
    with pytest.raises(UnknownName, match="13"):
        target.to_date(660, pd.Series({13: 1.0}), WEIGHTS_2012)


# --- setting --------------------------------------------------------------------------------


def test_growth_says_what_it_is_on() -> None:
    """Branch plan 2005, slide 16: 10,000 is 22 % on the plan of 2004, which was 8,197."""
    assert target.base_of(10_000, 0.22) == pytest.approx(8_197, abs=0.5)
    got = target.from_growth(pd.Series({"B": 8_197.0}), 0.22, base_is="last_year_target")
    assert got.loc["B", "target"] == pytest.approx(10_000, abs=0.5)
    assert got.loc["B", "base_is"] == "last_year_target"
    with pytest.raises(UnknownName, match="last_year"):
        target.from_growth(pd.Series({"B": 1.0}), 0.22, base_is="last_year")
    with pytest.raises(TargetError, match="growth nan"):
        target.from_growth(pd.Series({"B": 1.0}), math.nan, base_is="last_year_target")


def test_increments_are_the_published_decomposition() -> None:
    """LMDIR's data, first sector, 1971 to 1972; the fourth driver stays as it is."""
    stock = pd.DataFrame([[1, 10, 2, 1]], index=["D1"], columns=DRIVERS)
    planned = pd.DataFrame([[4, 5, 3, 1]], index=["D1"], columns=DRIVERS)
    got = target.stock_and_increment(stock, planned).loc["D1"]
    assert got[DRIVERS].tolist() == pytest.approx([50.47438029, -25.23719014, 14.76280986, 0])
    assert (got["stock"], got["increment"], got["target"]) == pytest.approx((20, 40, 60))


def test_what_todays_force_brings_and_what_growth_must_bring() -> None:
    stock = pd.concat([NOVEMBER, NOVEMBER * [0, 1, 1, 1], NOVEMBER * np.nan]).set_axis(
        ["D1", "new", "unknown"]
    )
    planned = pd.concat([NOVEMBER * [1.1, 1, 1, 1.2]] * 3).set_axis(stock.index)
    got = target.stock_and_increment(stock, planned)
    assert got.loc["D1", [ACTIVE, CASES]].tolist() == [0, 0]
    assert (got["stock"] + got[DRIVERS].sum(axis=1)).tolist()[:2] == pytest.approx(
        got["target"].tolist()[:2]
    )
    # A new unit: all of it from headcount, however its other drivers stand.
    assert got.loc["new", HEADS] == pytest.approx(1.32 * 47.52 * WAN)
    assert got.loc["new", "increment"] == got.loc["new", HEADS]
    assert got.loc["unknown"].isna().all()


def test_stock_and_coherent_targets_fit_together() -> None:
    planned = target.coherent(pd.Series({"D1": 73.3 * WAN}), NOVEMBER)
    got = target.stock_and_increment(NOVEMBER, planned).loc["D1"]
    assert got["target"] == pytest.approx(73.3 * WAN)
    # Equal stretches bring equal parts.
    assert got[DRIVERS].tolist() == pytest.approx([(73.3 - 47.52) / 4 * WAN] * 4)


def test_what_teams_report_beside_what_is_set() -> None:
    set_above = pd.Series({"D1": 100.0, "D1/1": 60.0, "D1/2": 40.0})
    said = pd.Series({"D1/1/a": 30.0, "D1/1/b": 20.0, "D1/2/a": 50.0, "D1/2/b": np.nan})
    got = target.reports(set_above, said)
    assert got["reported"].tolist() == [100, 50, 50]
    assert got["missing"].tolist() == [1, 0, 1]
    assert got.loc["D1/1", ["gap", "gap_rate"]].tolist() == pytest.approx([-10, -1 / 6])
    assert got.loc[["D1", "D1/2"], "gap"].isna().all()
    nobody = target.reports(pd.Series({"D1/2": 40.0}), said.loc[["D1/2/b"]])
    assert nobody["reported"].isna().all()


def test_reports_of_strange_or_double_teams_are_refused() -> None:
    with pytest.raises(UnknownName, match="D2/1"):
        target.reports(pd.Series({"D1": 1.0}), pd.Series({"D1/1": 1.0, "D2/1": 1.0}))
    with pytest.raises(UnknownName, match="D3"):
        target.reports(pd.Series({"D1": 1.0, "D3": 1.0}), pd.Series({"D1/1": 1.0}))
    with pytest.raises(TargetError, match="D1/1"):
        target.reports(pd.Series({"D1": 1.0}), pd.Series({"D1/1": 1.0, "D1/1/a": 1.0}))
    with pytest.raises(TargetError, match="twice"):
        target.reports(pd.Series({"D1": 1.0}), pd.Series([1.0, 1.0], index=["D1/1", "D1/1"]))
