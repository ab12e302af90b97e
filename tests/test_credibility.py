"""Small units: published intervals and credibility, funnels, leagues, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import explain
from perfkit.errors import ReconcileError

# Hachemeister 1975: average claim by state and quarter, with the number of claims.
RATIOS = [
    [1738, 1642, 1794, 2051, 2079, 2234, 2032, 2035, 2115, 2262, 2267, 2517],
    [1364, 1408, 1597, 1444, 1342, 1675, 1470, 1448, 1464, 1831, 1612, 1471],
    [1759, 1685, 1479, 1763, 1674, 2103, 1502, 1622, 1828, 2155, 2233, 2059],
    [1223, 1146, 1010, 1257, 1426, 1532, 1953, 1123, 1343, 1243, 1762, 1306],
    [1456, 1499, 1609, 1741, 1482, 1572, 1606, 1735, 1607, 1573, 1613, 1690],
]
WEIGHTS = [
    [7861, 9251, 8706, 8575, 7917, 8263, 9456, 8003, 7365, 7832, 7849, 9077],
    [1622, 1742, 1523, 1515, 1622, 1602, 1964, 1515, 1527, 1748, 1654, 1861],
    [1147, 1357, 1329, 1204, 998, 1077, 1277, 1218, 896, 1003, 1108, 1121],
    [407, 396, 348, 341, 315, 328, 352, 331, 287, 384, 321, 342],
    [2902, 3172, 3046, 3068, 2693, 2910, 3275, 2697, 2663, 3017, 3242, 3425],
]


def hachemeister() -> pd.DataFrame:
    rows = [
        (f"state {i + 1}", float(value), float(weight))
        for i, (values, weights) in enumerate(zip(RATIOS, WEIGHTS, strict=True))
        for value, weight in zip(values, weights, strict=True)
    ]
    return pd.DataFrame(rows, columns=["unit", "value", "weight"])


def test_hachemeister() -> None:
    # R actuar, cm(): Bühlmann-Straub.
    found = explain.credibility(hachemeister())
    assert found["common"].iloc[0] == pytest.approx(1683.713, abs=5e-4)
    assert found["between"].iloc[0] == pytest.approx(89638.73, abs=5e-3)
    assert found["within"].iloc[0] == pytest.approx(139120026, abs=0.5)
    shares = [0.9847404, 0.9276352, 0.8984754, 0.7279092, 0.9587911]
    assert found["credibility"].to_numpy() == pytest.approx(shares, abs=5e-8)
    premiums = [2055.165, 1523.706, 1793.444, 1442.967, 1603.285]
    assert found["estimate"].to_numpy() == pytest.approx(premiums, abs=5e-4)


def test_a_unit_without_history_gets_the_common_mean() -> None:
    frame = pd.concat(
        [hachemeister(), pd.DataFrame({"unit": ["new"], "value": [np.nan], "weight": [5.0]})]
    )
    found = explain.credibility(frame).set_index("unit")
    assert found.loc["new", ["periods", "credibility"]].tolist() == [0, 0]
    assert found.loc["new", "estimate"] == pytest.approx(1683.713, abs=5e-4)
    assert np.isnan(found.loc["new", "mean"])


def test_units_alike_get_one_estimate() -> None:
    # Means 1.1 and 1.1 with spread inside: nothing between them, so nobody is believed.
    frame = pd.DataFrame(
        {"unit": ["a", "a", "b", "b"], "value": [1.0, 1.2, 0.9, 1.3], "weight": 1.0}
    )
    found = explain.credibility(frame)
    assert found["credibility"].tolist() == [0, 0]
    assert found["estimate"].tolist() == pytest.approx([1.1, 1.1])


def test_one_period_of_rates_uses_chance_and_of_amounts_is_refused() -> None:
    frame = pd.DataFrame({"unit": ["a", "b"], "value": [0.1, 0.5], "weight": [50.0, 50.0]})
    found = explain.credibility(frame, of_rate=True)
    # within .3 x .7; between (100 x .04 - .21) / 50 = .0758; credibility 50 x .0758 / (3.79 + .21).
    assert found["within"].iloc[0] == pytest.approx(0.21)
    assert found["credibility"].tolist() == pytest.approx([0.9475, 0.9475])
    with pytest.raises(ReconcileError, match="one period"):
        explain.credibility(frame)
    with pytest.raises(ReconcileError, match="Nothing"):
        explain.credibility(frame.assign(value=np.nan))
    with pytest.raises(ReconcileError, match="below zero"):
        explain.credibility(frame.assign(weight=-1.0))


@pytest.mark.parametrize(
    ("rates", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((0, 10, 0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombes_differences(rates: tuple[int, ...], low: float, high: float) -> None:
    found = explain.difference_of_rates(*rates)
    assert found[["low", "high"]].tolist() == pytest.approx([low, high], abs=6e-5)


def test_no_difference_of_what_is_no_share() -> None:
    assert explain.difference_of_rates(3, 0, 1, 2).isna().all()
    assert explain.difference_of_rates(3, 2, 1, 2).isna().all()


def test_the_same_people_in_two_months() -> None:
    # Of 9 who changed, 8 or 9 (or 0 or 1) one way: 2 (9 + 1) / 2^9 = 20 / 512.
    found = explain.paired_difference(10, 1, 8, 20)
    assert found["p"] == pytest.approx(20 / 512)
    assert found["difference"] == pytest.approx(7 / 39)
    assert explain.paired_difference(5, 0, 0, 5)["p"] == 1
    assert np.isnan(explain.paired_difference(0, 0, 0, 0)["p"])
    with pytest.raises(ReconcileError):
        explain.paired_difference(-1, 0, 0, 5)


def test_funnel_limits_of_three_sizes() -> None:
    # R qbinom and pbinom, interpolated, at 30 %.
    inner = explain.funnel_limits([12, 60, 176], 0.3)
    assert inner.round(3).to_numpy().tolist() == [[0.013, 0.539], [0.179, 0.411], [0.230, 0.366]]
    outer = explain.funnel_limits([12, 60, 176], 0.3, level=0.998)
    assert outer["high"].round(3).tolist() == [0.705, 0.482, 0.407]
    assert explain.funnel_limits([0], 0.3).isna().all(axis=None)
    assert explain.funnel_limits([10], 0.0).to_numpy().tolist() == [[0, 0]]
    with pytest.raises(ReconcileError, match="rate"):
        explain.funnel_limits([1], float("nan"))


def test_twelve_heads_may_do_what_sixty_may_not() -> None:
    frame = pd.DataFrame(
        {
            "unit": ["small", "large", "none"],
            "numerator": [1.0, 6.0, 0.0],
            "denominator": [12.0, 60.0, 0.0],
        }
    )
    found = explain.funnel(frame, center=0.3).set_index("unit")
    assert found["signal"].to_dict() == {"small": "none", "large": "red", "none": "none"}
    assert np.isnan(found.loc["none", "value"])
    assert explain.funnel(frame)["center"].iloc[0] == pytest.approx(7 / 72)
    with pytest.raises(ReconcileError):
        explain.funnel(frame.iloc[2:])
    assert len(explain.funnel_lines(0.3, 59.5)) == 75


def test_a_league_joins_whom_chance_cannot_part() -> None:
    frame = pd.DataFrame(
        {
            "unit": ["a", "b", "c", "d", "e"],
            "numerator": [15.0, 16.0, 2.0, 1.0, 0.0],
            "denominator": [50.0, 52.0, 50.0, 3.0, 0.0],
        }
    )
    found = explain.league(frame).set_index("unit")
    assert found["tier"].iloc[:4].to_dict() == {"d": 1, "b": 1, "a": 1, "c": 1}
    # d leads but is too small to be told from anybody; c is surely below a and b only.
    assert found.loc["c", ["best_rank", "worst_rank"]].tolist() == [3, 4]
    assert found.loc["d", ["best_rank", "worst_rank"]].tolist() == [1, 4]
    assert np.isnan(found.loc["e", "tier"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=9))
def test_a_place_lies_between_the_best_and_the_worst_it_can_be(rows: list[tuple[int, int]]) -> None:
    sizes = [(min(rows_), max(rows_)) for rows_ in rows]
    frame = pd.DataFrame(sizes, columns=["numerator", "denominator"])
    frame["unit"] = [f"u{i}" for i in range(len(frame))]
    found = explain.league(frame).dropna(subset="value").reset_index(drop=True)
    place = found.index + 1
    assert ((found["best_rank"] <= place) & (place <= found["worst_rank"])).all()
    assert found["tier"].is_monotonic_increasing
