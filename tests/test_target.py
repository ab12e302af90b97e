"""Targets to units and months: the plans' tables, published oracles, exact sums, bad entries."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import TargetError, UnknownName
from perfkit.target.cells import cells
from perfkit.target.fit import fit
from perfkit.target.level import level
from perfkit.target.whole import round_shares, round_table

WAN = 10_000
MONTHS = [f"2005-{m:02d}" for m in range(1, 13)]
# Branch plan 2005, slide 25: the months in 万, and the regions' shares; its two misprints mended.
MONTHS_2005 = pd.Series([1000, 700, 800, 900, 1000, 700, 700, 800, 900, 1000, 700, 800], MONTHS)
REGIONS_2005 = pd.Series({"HQ": 57.0, "south": 26.3, "north": 16.7})
# District deck 2012, section 25: the year's weights in %, months 1 to 12.
WEIGHTS_2012 = pd.Series(
    [12.0, 6.5, 7.7, 7.5, 8.0, 9.0, 8.5, 8.0, 9.2, 8.5, 8.5, 6.6], index=range(1, 13)
)


def plan_2005() -> pd.DataFrame:
    return target.apportion(10_000 * WAN, REGIONS_2005, MONTHS_2005, step=WAN) / WAN


# --- the plans' own tables ------------------------------------------------------------------


def test_the_months_and_regions_of_2005_add_up_both_ways() -> None:
    got = plan_2005()
    assert got["2005-02"].to_dict() == {"HQ": 399, "south": 184, "north": 117}  # 389 is printed
    assert got.sum(axis=1).to_dict() == {"HQ": 5700, "south": 2630, "north": 1670}
    assert got.sum().to_dict() == MONTHS_2005.to_dict()
    assert got.to_numpy().sum() == 10_000
    exact = np.outer(REGIONS_2005 / 100, MONTHS_2005)
    assert (np.abs(got.to_numpy() - exact) < 1).all()


def test_rounding_each_month_by_itself_would_break_the_regions() -> None:
    by_month = [target.split(m * WAN, REGIONS_2005, step=WAN) / WAN for m in MONTHS_2005]
    assert sum(by_month).to_dict() == {"HQ": 5700, "south": 2629, "north": 1671}


def test_660_by_the_weights_of_2012_in_whole_wan() -> None:
    weights = target.from_plan(WEIGHTS_2012 / 100, printed=0.001)["weight"]
    got = target.split(660 * WAN, weights, step=WAN) / WAN
    assert got.tolist() == [79, 43, 51, 49, 53, 59, 56, 53, 61, 56, 56, 44]
    assert got.sum() == 660
    assert weights.loc[:10].sum() == pytest.approx(0.849, abs=1e-12)
    assert got.loc[:10].sum() == 560  # what the deck expects by the end of October


def test_660_between_bounds_is_the_published_optimum() -> None:
    weights = WEIGHTS_2012 / 100
    same = dict.fromkeys(range(1, 13))
    floor, cap = pd.Series(same | dict.fromkeys(same, 45.0)), pd.Series(dict.fromkeys(same, 70.0))
    got = target.split(660, weights, floor=floor, cap=cap, step=None)
    expected = [70, 45, 51.4, 50.07, 53.4, 60.08, 56.74, 53.4, 61.42, 56.74, 56.74, 45]
    assert got.tolist() == pytest.approx(expected, abs=0.006)
    assert got[3] / weights[3] == pytest.approx(667.5567, abs=5e-5)


def test_the_opening_season_keeps_its_large_policies() -> None:
    """District deck 2012, section 24: 150 of 230 must come from policies of high premium."""
    whole = pd.Series({"large": 1.0, "other": 1.0})
    got = target.split(230 * WAN, whole, hold=pd.Series({"large": 150.0 * WAN}), step=WAN)
    assert got.to_dict() == {"large": 150 * WAN, "other": 80 * WAN}


# --- against other programs -----------------------------------------------------------------


def test_without_bounds_it_is_proportional_fitting() -> None:
    """R's loglin on the table of the encyclopaedia's article on proportional fitting."""
    seed = pd.DataFrame(
        [[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]],
        index=list("abcd"),
        columns=list("wxyz"),
    )
    rows = pd.Series([150, 300, 400, 150], index=seed.index)
    columns = pd.Series([200, 300, 400, 100], index=seed.columns)
    expected = [
        [64.55851, 46.23246, 35.38430, 3.824732],
        [49.96792, 68.15935, 156.49855, 25.374180],
        [56.72194, 144.42823, 145.08248, 53.767349],
        [28.75163, 41.17996, 63.03467, 17.033738],
    ]
    got = target.table(seed, rows, columns, step=None)
    assert got.to_numpy() == pytest.approx(np.array(expected), abs=6e-6)


def test_between_bounds_it_is_the_least_kullback_leibler_distance() -> None:
    from scipy.optimize import minimize

    rng = np.random.default_rng(5)
    weights = rng.uniform(1, 9, (3, 4))
    rows, columns = np.array([30.0, 40.0, 50.0]), np.array([20.0, 45.0, 25.0, 30.0])
    low, high = np.full((3, 4), 4.0), np.full((3, 4), 18.0)
    table = cells(
        pd.DataFrame(weights),
        floor=pd.DataFrame(low),
        cap=pd.DataFrame(high),
        step=None,
    )
    got = fit(table, rows, columns, whole=False)
    assert ((got == 4).any(), (got == 18).any()) == (True, True)  # the bounds do bind

    def distance(x: np.ndarray) -> float:
        return float((x * np.log(x / weights.ravel()) - x).sum())

    sums = [
        {"type": "eq", "fun": lambda x, i=i: x.reshape(3, 4)[i].sum() - rows[i]} for i in range(3)
    ] + [
        {"type": "eq", "fun": lambda x, j=j: x.reshape(3, 4)[:, j].sum() - columns[j]}
        for j in range(3)
    ]
    best = minimize(
        distance,
        np.outer(rows, columns).ravel() / 120,
        method="SLSQP",
        constraints=sums,
        bounds=[(4, 18)] * 12,
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert got.ravel() == pytest.approx(best.x, abs=1e-5)


def test_rounding_a_table_moves_it_the_least_of_all_ways() -> None:
    rng = np.random.default_rng(3)
    rows, columns = np.array([4.0, 5.0, 6.0]), np.array([7.0, 3.0, 5.0])
    for _ in range(20):
        exact = fit(cells(pd.DataFrame(rng.uniform(0.1, 1, (3, 3))), step=None), rows, columns)
        got = round_table(exact, rows, columns)
        ways = []
        for up in itertools.product([0, 1], repeat=9):
            z = np.floor(exact) + np.array(up).reshape(3, 3)
            if (z.sum(axis=1) == rows).all() and (z.sum(axis=0) == columns).all():
                ways.append(np.abs(z - exact).sum())
        assert np.abs(got - exact).sum() == pytest.approx(min(ways), abs=1e-4)


# --- what is promised -----------------------------------------------------------------------


def test_equal_remainders_go_to_the_earlier_code_whatever_the_order() -> None:
    weights = pd.Series({"b": 1.0, "a": 1.0, "c": 1.0})
    assert target.split(4, weights).to_dict() == {"b": 1, "a": 2, "c": 1}
    units, months = pd.Series({"b": 1.0, "a": 1.0}), pd.Series({"y": 1.0, "x": 1.0})
    got = target.apportion(2, units, months)
    assert got.index.tolist() == ["b", "a"]
    assert got.loc["a", "x"] == got.loc["b", "y"] == 1


def test_equal_remainders_stay_in_order_however_many() -> None:
    # Shares of 1.25 for every fifth, 1.5 for the others: 18 steps go to the first of these.
    shares = [1.25 if i % 5 == 0 else 1.5 for i in range(40)]
    got = target.split(58, pd.Series(shares, index=[f"{i:02d}" for i in range(40)]))
    later = [2 if share == 1.5 else 1 for share in shares[:23]]
    assert got.tolist() == later + [1] * 17


def test_billions_are_as_exact_as_hundreds() -> None:
    half = 10**12 / 2
    got = target.split(10**12, TWO, floor=pd.Series({"a": half + 3}))
    assert got.to_dict() == {"a": half + 3, "b": half - 3}
    with pytest.raises(TargetError, match="between two rounding steps"):
        target.split(10**12 + 0.25, TWO)


def test_a_row_on_its_bounds_has_a_factor_that_explains_it() -> None:
    """Otherwise the months would be scaled by a factor that means nothing."""
    slope, low, high = np.array([[1.0, 2.0]]), np.array([[2.0, 3.0]]), np.array([[9.0, 9.0]])
    for whole in (5.0, 18.0):
        x, factor = level(0 * slope, slope, low, high, np.array([whole]))
        assert x.sum() == whole
        assert np.clip(factor * slope, low, high).tolist() == x.tolist()


def test_months_sort_as_numbers() -> None:
    months = pd.Series(1.0, index=range(12, 0, -1))
    got = target.split(13, months)
    assert got[1] == 2
    assert got.index.tolist() == list(range(12, 0, -1))


def test_what_is_held_needs_no_weight_and_no_weight_is_no_entry() -> None:
    got = target.split(10, pd.Series({"a": np.nan, "b": 1.0}), hold=pd.Series({"a": 4.0}))
    assert got.to_dict() == {"a": 4, "b": 6}
    units = pd.Series({"a": np.nan, "b": 1.0})
    got = target.apportion(10, units, pd.Series({"x": 1.0, "y": 1.0}), shape=TABLE)
    assert got.loc["a"].isna().all()
    assert got.loc["b"].tolist() == [5, 5]


def test_what_is_held_stays_and_the_rest_moves_around_it() -> None:
    units, months = pd.Series({"a": 1.0, "b": 1.0}), pd.Series({"01": 1.0, "02": 1.0})
    hold = pd.DataFrame({"01": [0.0]}, index=["a"])
    got = target.apportion(40, units, months, hold=hold)
    assert got.to_numpy().tolist() == [[0, 20], [20, 0]]
    # Held at nothing is not the same as no entry.
    shape = pd.DataFrame({"01": [np.nan, 1.0], "02": [1.0, 1.0]}, index=["a", "b"])
    assert np.isnan(target.apportion(40, units, months, shape=shape).loc["a", "01"])


def test_floors_and_caps_move_inwards_to_the_rounding_step() -> None:
    weights = pd.Series({"a": 1.0, "b": 1.0, "c": 1.0})
    got = target.split(
        90, weights, floor=pd.Series({"a": 41.0}), cap=pd.Series({"b": 19.0}), step=10
    )
    assert got.to_dict() == {"a": 50, "b": 10, "c": 30}


def test_inputs_stay_as_they_are() -> None:
    units, months = REGIONS_2005.copy(), MONTHS_2005.copy()
    floor = pd.DataFrame(1.0, index=units.index, columns=months.index)
    before = floor.copy()
    target.apportion(10_000, units, months, floor=floor)
    pd.testing.assert_frame_equal(floor, before)
    pd.testing.assert_series_equal(units, REGIONS_2005)
    pd.testing.assert_series_equal(months, MONTHS_2005)


def test_totals_that_force_a_weighted_cell_onto_its_bound_are_still_met() -> None:
    """Proportional fitting alone never arrives: the answer has a zero where a weight is."""
    weights = pd.DataFrame([[1.0, 1.0], [0.0, 1.0]], index=["a", "b"], columns=["x", "y"])
    units, months = pd.Series({"a": 5, "b": 5}), pd.Series({"x": 5, "y": 5})
    assert target.table(weights, units, months).to_numpy().tolist() == [[5, 0], [0, 5]]


# --- entries that cannot be -----------------------------------------------------------------

TWO = pd.Series({"a": 1.0, "b": 1.0})
TABLE = pd.DataFrame(1.0, index=["a", "b"], columns=["x", "y"])


@pytest.mark.parametrize(
    ("call", "key", "said"),
    [
        (lambda: target.split(10, pd.Series({"a": -1.0, "b": 1.0})), "negative", "weight"),
        (lambda: target.split(10, TWO * 0), "no_weight", "10"),
        (lambda: target.split(10, TWO * np.nan), "no_weight", "10"),
        (lambda: target.split(10, pd.Series([1.0, 2.0], index=["a", "a"])), "twice", "a"),
        (lambda: target.split(-1, TWO), "negative", "total"),
        (lambda: target.split(np.nan, TWO), "missing", "total"),
        (lambda: target.split(15, TWO, step=10), "between_steps", "15"),
        (lambda: target.split(10, TWO, step=0), "bad_step", "0"),
        (lambda: target.split(10, TWO, hold=pd.Series({"a": 3.5})), "between_steps", "3.5"),
        (lambda: target.split(10, TWO, floor=TWO * 6), "floors_above_total", "12, 2 more"),
        (lambda: target.split(10, TWO, cap=TWO * 4), "caps_below_total", "8, 2 less"),
        (
            lambda: target.apportion(
                10, TWO * [0, 1], pd.Series({"x": 1.0, "y": 1.0}), shape=TABLE, cap=TABLE[1:] * 3
            ),
            "caps_below_total",
            "6, 4 less",
        ),
        (
            lambda: target.split(10, TWO, floor=TWO * 4, cap=TWO * 3),
            "floor_above_cap",
            "a, b.",
        ),
        (
            lambda: target.split(9, pd.Series({"a": 1.0, "b": np.nan}), floor=TWO),
            "floor_without_entry",
            ": b.",
        ),
        (lambda: target.table(TABLE, TWO * 5, pd.Series({"x": 4, "y": 5})), "margins", "10"),
        (lambda: target.table(TABLE, pd.Series({"a": 5}), TWO), "missing", "total"),
        (
            lambda: target.table(
                TABLE, TWO * 5, pd.Series({"x": 8, "y": 2}), floor=TABLE.iloc[:1] * 3
            ),
            "floors_above_total",
            "a",
        ),
    ],
)
def test_entries_that_contradict_themselves_are_refused(call, key: str, said: str) -> None:
    with pytest.raises(TargetError) as caught:
        call()
    assert caught.value.key == f"target.{key}"
    assert said in caught.value.text("en")
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: target.split(10, TWO, floor=pd.Series({"c": 1.0})), "c"),
        (lambda: target.table(TABLE, TWO, TWO.rename({"a": "x", "b": "z"})), "z"),
    ],
)
def test_a_unit_that_is_not_there_is_named(call, name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        call()
    assert caught.value.facts["name"] == name


def test_amounts_in_an_error_are_amounts_not_steps() -> None:
    with pytest.raises(TargetError) as caught:
        target.split(10 * WAN, TWO, cap=TWO * 4 * WAN, step=WAN)
    assert caught.value.facts["by"] == 2 * WAN
    assert caught.value.facts["total"] == 10 * WAN


def test_totals_that_leave_no_freedom_at_all_are_met() -> None:
    """Of the 18 of a and b, z takes 10: x and y must take the 8 that their caps allow."""
    weights = pd.DataFrame(1.0, index=["a", "b", "c"], columns=["x", "y", "z"])
    cap = pd.DataFrame(2.0, index=["a", "b"], columns=["x", "y"])
    units, months = pd.Series({"a": 9, "b": 9, "c": 12}), pd.Series({"x": 10, "y": 10, "z": 10})
    got = target.table(weights, units, months, cap=cap)
    assert got.to_numpy().tolist() == [[2, 2, 5], [2, 2, 5], [6, 6, 0]]


def test_a_contradiction_is_found_and_measured() -> None:
    weights = pd.DataFrame(1.0, index=["a", "b", "c"], columns=["x", "y", "z"])
    cap = pd.DataFrame(1.0, index=["a", "b"], columns=["x", "y"])
    floor = pd.DataFrame({"z": [1.0]}, index=["c"])
    units, months = pd.Series({"a": 7, "b": 7, "c": 16}), pd.Series({"x": 10, "y": 10, "z": 10})
    with pytest.raises(TargetError) as caught:
        target.table(weights, units, months, cap=cap, floor=floor)
    facts = caught.value.facts
    # a and b need 14; z gives them 10 less the floor of c, 5 are left for x and y.
    assert caught.value.key == "target.conflict"
    assert (facts["units"], facts["months"]) == ("a, b", "x, y")
    assert (facts["needed"], facts["allowed"], facts["by"]) == (5, 4, 1)


def test_shares_that_are_no_whole_are_not_rounded_to_one() -> None:
    with pytest.raises(TargetError, match="cannot be rounded"):
        round_shares(np.array([1.0, 2.0]), 5)
    with pytest.raises(TargetError, match="cannot be rounded"):
        round_table(np.array([[1.0, 2.0]]), np.array([4.0]), np.array([1.0, 2.0]))
