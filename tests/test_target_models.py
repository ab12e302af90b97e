"""Seasons, models of the force and views of one target: worked figures and oracles."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import TargetError, UnknownName

WAN = 10_000
WEIGHTS_2012 = pd.Series(
    [0.12, 0.065, 0.077, 0.075, 0.08, 0.09, 0.085, 0.08, 0.092, 0.085, 0.085, 0.066],
    index=range(1, 13),
)


# --- season ---------------------------------------------------------------------------------


def year(code: int, values: list[float]) -> pd.Series:
    return pd.Series(values, index=[f"{code}-{m:02d}" for m in range(1, 13)])


def test_weights_add_up_to_one_in_any_order() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        got = target.closed(pd.Series(rng.lognormal(size=12)))
        assert got.sum() == got[::-1].sum() == sum(rng.permutation(got)) == 1
        assert sum(map(Fraction, got)) == 1
    assert target.closed(pd.Series([0.0, 1, 1, 1])).iloc[0] == 0


def test_history_is_pooled_and_says_its_years_and_spread() -> None:
    # 2010: 12 in all, January 1; 2011: 24 in all, January 6. Pooled 7 of 36.
    both = pd.concat([year(2010, [1.0] * 12), year(2011, [6.0, *[18 / 11] * 11])])
    got = target.from_history(both)
    assert got.loc[1, "weight"] == pytest.approx(7 / 36)
    assert got["weight"].sum() == 1
    assert got["years"].unique().tolist() == [2]
    assert got.loc[1, ["low", "high"]].tolist() == pytest.approx([1 / 12, 1 / 4])
    assert got.loc[1, "spread"] == pytest.approx((1 / 4 - 1 / 12) / math.sqrt(2))
    last = target.from_history(both, last=1)
    assert last.loc[1, "weight"] == pytest.approx(1 / 4)
    assert math.isnan(last.loc[1, "spread"])


def test_a_campaign_lifts_its_months_and_presses_the_others() -> None:
    got = target.from_calendar(pd.Series({1: 2.0, 12: 1.5}))
    # 10 + 2 + 1.5 = 13.5
    assert got.loc[[1, 2, 12], "weight"].tolist() == pytest.approx([2 / 13.5, 1 / 13.5, 1.5 / 13.5])
    assert got["weight"].sum() == 1
    assert got.loc[2, "factor"] == 1


def test_spring_festival_moves_with_its_selling_days() -> None:
    """20 a day in January of 10 selling days, 10 a day in February of 20; next year the reverse."""
    past = year(2011, [200.0, 200.0, *[300.0] * 10])
    days = year(2011, [10.0, 20.0, *[30.0] * 10])
    planned = pd.Series([20.0, 10.0, *[30.0] * 10], index=range(1, 13))
    got = target.on_selling_days(past, days, planned)
    # 20 x 20 + 10 x 10 + 10 x 300
    assert got.loc[[1, 2, 3], "weight"].tolist() == pytest.approx(
        [400 / 3500, 100 / 3500, 300 / 3500]
    )
    assert got["weight"].sum() == 1
    same = target.on_selling_days(past, days, days.set_axis(range(1, 13)))
    assert same["weight"].tolist() == pytest.approx(target.shares(past).loc[2011].tolist())


def test_a_plans_row_is_taken_as_printed_or_refused() -> None:
    got = target.from_plan(WEIGHTS_2012, printed=0.001)
    assert got["weight"].sum() == 1
    assert got["weight"].tolist() == pytest.approx(WEIGHTS_2012.tolist(), abs=1e-15)
    off = WEIGHTS_2012.copy()
    off[1] = 0.127  # 0.7 points over; twelve values printed to 0.1 % explain 0.6
    with pytest.raises(TargetError, match=r"add up to 1\.007, \+0\.007 from 1"):
        target.from_plan(off, printed=0.001)
    assert target.from_plan(off, printed=0.001, normalise=True)["weight"].sum() == 1
    off[1] = 0.125
    assert target.from_plan(off, printed=0.001)["weight"].sum() == 1


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: target.from_history(year(2011, [1.0] * 12).iloc[1:]), "short_year"),
        (lambda: target.from_history(pd.Series(dtype=float)), "short_year"),
        (lambda: target.from_history(year(2011, [np.nan, *[1.0] * 11])), "missing"),
        (lambda: target.from_history(year(2011, [-1.0, *[1.0] * 11])), "negative"),
        (lambda: target.from_history(year(2011, [0.0] * 12)), "no_weight"),
        (lambda: target.from_history(pd.Series({"2011Q1": 1.0})), "not_months"),
        (lambda: target.from_history(year(2011, [1.0] * 12), last=2), "too_few_years"),
        (lambda: target.closed(pd.Series({1: 0.0})), "no_weight"),
        (lambda: target.closed(pd.Series({1: np.nan, 2: 1.0})), "missing"),
        (lambda: target.closed(pd.Series([1.0, 1.0], index=[1, 1])), "twice"),
        (lambda: target.from_calendar(pd.Series({1: np.nan})), "missing"),
        (
            lambda: target.on_selling_days(
                year(2011, [1.0] * 12), year(2011, [0.0, *[1.0] * 11]), WEIGHTS_2012
            ),
            "no_days",
        ),
    ],
)
def test_weights_that_cannot_be_made_are_refused(call, key: str) -> None:
    with pytest.raises(TargetError) as caught:
        call()
    assert caught.value.key == f"target.{key}"
    assert caught.value.text("zh")


# --- models of the force: branch plan 2005 ------------------------------------------------------

TIERS = pd.DataFrame(
    {"headcount": [150, 750, 2100], "productivity": [13_000, 6_600, 1_500]},
    index=["high", "near_high", "ordinary"],
)
PAST_MIX = pd.Series({"high": 0.021, "near_high": 0.10, "ordinary": 0.879})


def test_the_tier_model_and_the_historical_mix() -> None:
    """Slides 20 and 21: 2,340 + 5,940 + 3,780 = 12,060 in 万; with the old mix about 8,105."""
    got = target.model(TIERS)
    assert (got["premium"] / WAN).tolist() == [2340, 5940, 3780]
    assert got["premium"].sum() == 12_060 * WAN
    assert got["head_share"].tolist() == pytest.approx([0.05, 0.25, 0.70])
    old = target.at_mix(TIERS, PAST_MIX)
    assert old["premium"].sum() / WAN == pytest.approx(8105.4)
    assert old["headcount"].sum() == 3000


def test_a_plan_beside_its_history() -> None:
    """Slides 21 and 22."""
    past = pd.DataFrame(
        {
            "head_share": PAST_MIX,
            "premium_share": [0.12, 0.224, 0.656],
            "productivity": [16_270, 6_670, 1_350],
        },
        index=TIERS.index,
    )
    got = target.compare(target.model(TIERS), past)
    assert got.loc[("high", "head_share"), "ratio"] == pytest.approx(0.05 / 0.021)
    assert got.loc[("high", "productivity"), "change"] == -3_270
    assert got.loc[("near_high", "premium_share"), "plan"] == pytest.approx(5940 / 12_060)


def test_inverses_give_back_what_went_in() -> None:
    full = target.model(TIERS)
    assert target.heads_for(full["premium"], full["productivity"]).tolist() == [150, 750, 2100]
    assert target.productivity_for(full["premium"], full["headcount"]).tolist() == [
        13_000,
        6_600,
        1_500,
    ]
    # 940 more in 万: 154 people from 1,500 to 6,600, or 122.4 from 6,600 to 13,000.
    assert math.ceil(target.heads_to_move(940 * WAN, 1_500, 6_600)) == 154
    assert target.heads_to_move(940 * WAN, 6_600, 13_000) == pytest.approx(122.4, abs=0.05)
    assert math.isnan(target.heads_to_move(1.0, 5, 5))


def test_town_country_markets_and_groups_are_the_same_model() -> None:
    """Slides 23, 24 and 26."""
    areas = pd.DataFrame({"headcount": [1800, 1200], "productivity": [5_000, 1_000]})
    assert target.model(areas)["premium"].sum() == 12_240 * WAN
    markets = pd.DataFrame(
        {
            "headcount": [1400, *[350] * 3, *[150] * 4],
            "cases_per_head": 2.0,
            "average_case_size": [2000, *[1500] * 3, *[1000] * 4],
            "productivity": [4000, *[3000] * 3, *[2000] * 4],
        }
    )
    assert target.model(markets)["premium"].sum() == 11_940 * WAN
    groups = pd.DataFrame(
        {"groups": [44, 55, 216], "productivity": [39_545, 23_607, 13_407]},
        index=["ge_15", "10_to_14", "lt_10"],
    )
    got = target.model(groups, heads="groups")
    assert got["premium"].sum() / WAN == pytest.approx(7121.1, abs=0.05)
    quarter = groups.assign(groups=[50, 60, 205], productivity=[50_000, 33_000, 20_000])
    assert target.model(quarter, heads="groups", months=3)["premium"].sum() == 2574 * WAN


def test_views_of_two_measures_are_never_subtracted() -> None:
    """The five totals of 2005, in 万: premium of three models, standard premium of two plans."""
    views = pd.DataFrame(
        {
            "measure": ["premium"] * 3 + ["standard_premium"] * 2,
            "value": [12_060.0, 12_240.0, 11_940.0, 10_110.0, 10_000.0],
        },
        index=["tiers", "areas", "markets", "market_plan", "months"],
    )
    got = target.gaps(views, against="tiers")
    assert got["gap"].tolist()[:3] == [0, 180, -120]
    assert got["gap"].isna().tolist()[3:] == [True, True]
    assert got["gap_rate"].isna().tolist()[3:] == [True, True]
    assert got.loc["months", "ratio"] == pytest.approx(0.829, abs=0.0005)
    assert got["measure"].tolist() == views["measure"].tolist()
    back = target.gaps(views, against="months")
    assert back.loc["market_plan", "gap"] == 110
    with pytest.raises(UnknownName, match="premum"):
        target.gaps(views.assign(measure="premum"), against="tiers")


REPORTED = pd.Series(
    [100.0, 45, 60, 20, 22, 18, 25, 13],
    index=["T", "T/A", "T/B", "T/A/1", "T/A/2", "T/B/1", "T/B/2", "T/B/3"],
)


@pytest.mark.parametrize(
    ("variance", "expected"),
    [
        ("equal", [101.2414, 43.1724, 58.069, 20.5862, 22.5862, 18.6897, 25.6897, 13.6897]),
        ("leaves", [101, 43.3, 57.7, 20.65, 22.65, 18.5667, 25.5667, 13.5667]),
    ],
)
def test_reconciling_on_request_is_weighted_least_squares(
    variance: str, expected: list[float]
) -> None:
    """The figures of MinTrace (ols, wls_struct) of a forecasting library."""
    got = target.reconcile(REPORTED, variance=variance)
    assert got["reconciled"].tolist() == pytest.approx(expected, abs=6e-5)
    assert got["moved"].tolist() == pytest.approx((got["reconciled"] - REPORTED).tolist())
    done = got["reconciled"]
    assert done["T"] == pytest.approx(done[["T/A", "T/B"]].sum())


def test_reconciling_leaves_what_agrees_and_fills_what_follows() -> None:
    agreed = pd.Series({"T": 10.0, "T/1": 4.0, "T/2": np.nan})
    assert target.reconcile(agreed)["reconciled"].tolist() == pytest.approx([10, 4, 6])
    with pytest.raises(TargetError, match="do not determine"):
        target.reconcile(pd.Series({"T": 10.0, "T/1": np.nan, "T/2": np.nan}))
    with pytest.raises(TargetError, match="variance are not above zero"):
        target.reconcile(agreed, variance=pd.Series({"T": 0.0, "T/1": 1.0, "T/2": 1.0}))
    with pytest.raises(UnknownName, match="leafs"):
        target.reconcile(agreed, variance="leafs")
    with pytest.raises(UnknownName, match="T/3"):
        target.reconcile(pd.Series({"T": 1.0, "T/3/1": 1.0}))


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: target.at_mix(TIERS, PAST_MIX * 0.9), "plan_sum"),
        (lambda: target.at_mix(TIERS, PAST_MIX.iloc[:2]), "missing"),
        (lambda: target.model(TIERS.assign(headcount=-1)), "negative"),
        (lambda: target.model(pd.concat([TIERS, TIERS])), "twice"),
        (
            lambda: target.model(TIERS.assign(cases_per_head=2.0, average_case_size=1_000)),
            "productivity",
        ),
        (lambda: target.heads_to_move(1.0, 6, 5), "not_a_rise"),
    ],
)
def test_models_that_contradict_themselves_are_refused(call, key: str) -> None:
    with pytest.raises(TargetError) as caught:
        call()
    assert caught.value.key == f"target.{key}"


def test_a_class_of_which_something_is_unknown_has_no_premium() -> None:
    got = target.model(TIERS.assign(productivity=[np.nan, 1, 1]))
    assert got["premium"].isna().tolist() == [True, False, False]
    assert got["premium_share"].isna().all()
