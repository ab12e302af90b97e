"""Drivers of a change: published decompositions, the deck's months, random trees, bad input."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from books import tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit import explain
from perfkit.book import open_book
from perfkit.errors import PerfkitError, ReconcileError, UnknownName
from perfkit.explain.product import lmdi, shapley

# The test data of the R package LMDIR 0.1.14: two subcategories, three factors, four years.
YEARS = {
    1971: [[1, 10, 2], [4, 5, 3]],
    1972: [[4, 5, 3], [5, 6, 4]],
    1973: [[8, 2, 4], [5, 7, 5]],
    1974: [[10, 1, 5], [6, 8, 6]],
}
YEARLY = [
    (1971, (69.79006598, -9.455125793, 39.66505981), (1.761117821, 0.926191306, 1.379410116)),
    (1972, (42.96021467, -34.31902656, 50.3588119), (1.229284572, 0.847970248, 1.273773912)),
    (1973, (54.01064234, -9.021284671, 54.01064234), (1.208140223, 0.968911503, 1.208140223)),
]


def matrix(year: int) -> np.ndarray[Any, Any]:
    return np.array(YEARS[year], dtype=float)


def chained(factors: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Turn factors into the levels of a chain."""
    levels = np.cumprod(factors, axis=1)
    units = [f"u{i}" for i in range(len(levels))]
    return pd.DataFrame(levels, index=units, columns=[f"l{k}" for k in range(levels.shape[1])])


def names(count: int) -> dict[str, str]:
    return {f"f{k}": f"l{k}" for k in range(count)}


@pytest.mark.parametrize(("year", "added", "multiplied"), YEARLY)
def test_lmdir(year: int, added: tuple[float, ...], multiplied: tuple[float, ...]) -> None:
    found = lmdi(matrix(year), matrix(year + 1))
    assert found.sum(axis=0) == pytest.approx(added, abs=5e-8)
    told = explain.decompose(chained(matrix(year)), chained(matrix(year + 1)), names(3))
    assert explain.by_factor(told)["effect"].to_numpy() == pytest.approx(added, abs=5e-8)
    assert explain.growth_factors(told).to_numpy() == pytest.approx(multiplied, abs=5e-9)


def test_lmdir_unit_by_unit_and_with_zeros() -> None:
    found = lmdi(matrix(1971), matrix(1972))
    assert found[0] == pytest.approx([50.47438029, -25.23719014, 14.76280986], abs=5e-8)
    assert found[1] == pytest.approx([19.31568569, 15.78206435, 24.90224996], abs=5e-8)
    start, end = matrix(1971), matrix(1972)
    start[0, 0] = 0
    assert lmdi(start, end)[0].tolist() == [60, 0, 0]
    start, end = matrix(1971), matrix(1972)
    end[1, 2] = 0
    assert lmdi(start, end)[1].tolist() == [0, 0, -60]
    # Two independent zeros share; LMDIR would give each of them the whole.
    assert lmdi(np.array([[0.0, 0.0, 2.0]]), np.array([[3.0, 5.0, 2.0]])).tolist() == [[15, 15, 0]]


def test_shapley_by_hand_and_against_every_order() -> None:
    found = shapley(matrix(1971), matrix(1972)).sum(axis=0)
    assert found == pytest.approx([223 / 3, -50 / 3, 127 / 3])
    rng = np.random.default_rng(5)
    start, end = rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    orders = np.zeros_like(start)
    for order in itertools.permutations(range(4)):
        now = start.copy()
        for k in order:
            was = now.prod(axis=1)
            now[:, k] = end[:, k]
            orders[:, k] += now.prod(axis=1) - was
    assert shapley(start, end) == pytest.approx(orders / math.factorial(4), abs=1e-12)


def test_angs_two_sectors() -> None:
    # Activity, structure, intensity: energy 30, 20 -> 80, 16; output 10, 40 -> 40, 40.
    def sides(energy: list[float], output: list[float]) -> np.ndarray[Any, Any]:
        q, e = np.array(output), np.array(energy)
        return np.column_stack([np.full(2, q.sum()), q / q.sum(), e / q])

    found = lmdi(sides([30, 20], [10, 40]), sides([80, 16], [40, 40])).sum(axis=0)
    assert found == pytest.approx([32.3846, 38.2849, -24.6695], abs=5e-5)


CHAIN = {"heads": "heads", "rate": "active", "per": "cases", "size": "premium"}


def force(**units: list[float]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(units, orient="index", columns=list(CHAIN.values()), dtype=float)


def test_new_closed_and_idle_units_owe_their_change_to_the_first_zero() -> None:
    before = force(closed=[10, 4, 5, 30], idle=[10, 0, 0, 0], same=[5, 2, 2, 8])
    after = force(new=[5, 2, 3, 15], idle=[12, 3, 4, 7], same=[5, 2, 2, 8])
    told = explain.decompose(before, after, CHAIN)
    wide = told.pivot(index="unit", columns="factor", values="effect")[list(CHAIN)]
    assert wide.loc["new"].tolist() == [15, 0, 0, 0]
    assert wide.loc["closed"].tolist() == [-30, 0, 0, 0]
    assert wide.loc["idle"].tolist() == [0, 7, 0, 0]
    assert wide.loc["same"].tolist() == [0, 0, 0, 0]
    states = told.drop_duplicates("unit").set_index("unit")["state"].astype(str).to_dict()
    assert states == {"closed": "left", "idle": "stayed", "new": "entered", "same": "stayed"}
    sums = explain.by_factor(told).set_index("factor")
    assert sums.loc["heads"].tolist() == [-15, 0, 15, -30]


def test_a_negative_premium_falls_back_to_shapley_and_says_so() -> None:
    told = explain.decompose(force(a=[10, 5, 5, 20]), force(a=[10, 4, 4, -8]), CHAIN)
    assert set(told["method"]) == {"shapley"}
    assert told["effect"].sum() == pytest.approx(-28, abs=1e-12)
    # 10 heads, one case each; rate .5 -> .4 and size 4 -> -2: the mean of both orders.
    assert told["effect"].tolist() == pytest.approx([0, -1 * (4 - 2) / 2, 0, -6 * 4.5])
    assert not np.isnan(explain.steps(told)["value"]).any()


def test_premium_of_a_unit_without_anybody_stays_unexplained() -> None:
    told = explain.decompose(force(a=[10, 5, 5, 20]), force(a=[0, 1, 1, 8]), CHAIN)
    assert told.loc[told["effect"] != 0, "factor"].tolist() == [explain.UNEXPLAINED]
    assert set(told["method"]) == {"broken"}
    assert explain.steps(told)["value"].tolist() == [20, 0, 0, 0, 0, -12, 8]


def test_all_zero_and_no_units() -> None:
    nothing = force(a=[0, 0, 0, 0])
    told = explain.decompose(nothing, nothing, CHAIN)
    assert told["effect"].tolist() == [0, 0, 0, 0]
    assert explain.growth_factors(told).isna().all()
    empty = explain.decompose(nothing.iloc[:0], nothing.iloc[:0], CHAIN)
    assert explain.steps(empty)["value"].tolist() == [0] * 6


def test_what_is_missing_is_refused_with_its_place() -> None:
    good = force(a=[10, 5, 5, 20], b=[1, 1, 1, 1])
    with pytest.raises(ReconcileError, match=r"1 .*\['b'\]"):
        explain.decompose(good, good.assign(cases=[5, np.nan]), CHAIN)
    with pytest.raises(UnknownName, match="cases"):
        explain.decompose(good, good.drop(columns="cases"), CHAIN)
    with pytest.raises(ReconcileError, match="twice"):
        explain.decompose(good, pd.concat([good, good]), CHAIN)
    with pytest.raises(ReconcileError, match="below zero"):
        lmdi(np.array([[-1.0]]), np.array([[1.0]]))
    with pytest.raises(ReconcileError, match="13"):
        shapley(np.ones((1, 13)), np.ones((1, 13)))


def test_mix_splits_headcount_into_total_and_shares_by_hand() -> None:
    # 10 + 10 heads with 1 and 3 a head -> 5 + 15: nobody came, the better unit grew.
    before = pd.DataFrame({"heads": [10.0, 10], "premium": [10.0, 30]}, index=["D/1", "D/2"])
    after = pd.DataFrame({"heads": [5.0, 15], "premium": [5.0, 45]}, index=["D/1", "D/2"])
    told = explain.decompose(before, after, {"heads": "heads", "per": "premium"}, mix=["group"])
    sums = explain.by_factor(told).set_index("factor")["effect"]
    assert sums.index.tolist() == ["heads", "mix_group", "per"]
    assert sums.to_numpy() == pytest.approx([0, 10, 0], abs=1e-12)
    plain = explain.decompose(before, after, {"heads": "heads", "per": "premium"})
    assert sums["heads"] + sums["mix_group"] == pytest.approx(
        explain.by_factor(plain).set_index("factor").loc["heads", "effect"]
    )
    with pytest.raises(ReconcileError, match="3"):
        explain.decompose(before, after, {"heads": "heads"}, mix=["a", "b", "c"])


@st.composite
def trees(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw two sides of a tree with entries, exits, idle units and negative premiums."""
    count = draw(st.integers(1, 12))
    level = st.one_of(st.just(0.0), st.floats(0.01, 1e6))
    sides = []
    for _ in range(2):
        rows = {}
        for i in range(count):
            if draw(st.booleans()) or draw(st.booleans()):
                row = [draw(level) for _ in range(4)]
                row[3] *= draw(st.sampled_from([1, 1, 1, -1]))
                rows[f"D/{i % 3}/{i}"] = row
        sides.append(force(**rows) if rows else force(x=[1, 1, 1, 1]).iloc[:0])
    return sides[0], sides[1]


@settings(max_examples=150, deadline=None)
@given(trees(), st.booleans())
def test_sums_are_exact_over_any_tree(
    sides: tuple[pd.DataFrame, pd.DataFrame], mixed: bool
) -> None:
    before, after = sides
    mix = ["department", "group"] if mixed and len(before.index.union(after.index)) else []
    told = explain.decompose(before, after, CHAIN, mix=mix)
    change = after["premium"].sum() - before["premium"].sum()
    # opposite effects may be far larger than the premiums they lead to
    size = max(1.0, float(told["effect"].abs().sum()))
    assert not told["effect"].isna().any()
    assert told["effect"].sum() == pytest.approx(change, abs=1e-9 * size)
    for depth in (1, 2, 3):
        up = explain.roll_up(told, depth)
        assert up["effect"].sum() == pytest.approx(change, abs=1e-9 * size)
    back = explain.decompose(after, before, CHAIN, mix=mix)
    assert back["effect"].to_numpy() == pytest.approx(-told["effect"].to_numpy(), abs=1e-8 * size)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0.01, 100.0)] * 8), min_size=1, max_size=8))
def test_lmdi_and_shapley_agree_on_the_total(rows: list[tuple[float, ...]]) -> None:
    sides = np.array(rows)
    start, end = sides[:, :4], sides[:, 4:]
    change = end.prod(axis=1) - start.prod(axis=1)
    size = end.prod(axis=1) + start.prod(axis=1)
    for method in (lmdi, shapley):
        assert (np.abs(method(start, end).sum(axis=1) - change) <= 1e-9 * size).all()


def test_a_product_that_all_but_vanishes_still_adds_up() -> None:
    start, end = np.array([[3.0, 13, 17, 29]]), np.array([[1.0, 1, 0.01, 0.01]])
    change = float(end.prod() - start.prod())
    assert float(lmdi(start, end).sum()) == pytest.approx(change, rel=1e-13)
    close = np.nextafter(start, 100)
    change = float(close.prod() - start.prod())
    assert float(lmdi(start, close).sum()) == pytest.approx(change, abs=1e-13 * 19_227)


def test_the_drivers_of_the_sample_district_add_up_at_every_level() -> None:
    book = open_book("district_one")
    for code in ("premium_submitted", "premium_issued", "supervisors_active"):
        for mix in (False, True):
            told = explain.attribute(
                book, code, by="group", period="2012-07", against="2012-03", mix=mix
            )
            whole = explain.attribute(
                book, code, by="district", period="2012-07", against="2012-03"
            )
            ends = explain.steps(whole)["value"].iloc[[0, -1]].tolist()
            assert explain.steps(told)["value"].iloc[[0, -1]].tolist() == pytest.approx(ends)


def test_against_a_running_period_a_sister_and_the_plan() -> None:
    book = open_book("district_one")
    how = {"by": "department", "period": "2012-09"}
    sister = explain.attribute(book, unit="D1/01", sister="D1/02", **how)  # type: ignore[arg-type]
    assert sister["unit"].unique().tolist() == ["D1/01"]
    aimed = explain.attribute(book, "premium_issued", against="target", unit="D1/01", **how)  # type: ignore[arg-type]
    assert [f.column for f in aimed.attrs["findings"]]
    moved = aimed.groupby("factor", observed=True)["effect"].sum()
    assert moved["headcount_average"] == 0
    with pytest.raises(PerfkitError, match="D1/01"):
        explain.attribute(book, sister="D1/01", **how)  # type: ignore[arg-type]
    with pytest.raises(ReconcileError, match="premium_submitted"):
        explain.attribute(book, against="target", by="group", period="2012-09")
    with pytest.raises(UnknownName, match="premium_submitted"):
        explain.attribute(book, "premium_submited", **how)  # type: ignore[arg-type]


def test_a_running_month_is_held_against_as_many_days(tmp_path: Path) -> None:
    policies = """
policy_id agent_id submitted_on issued_on  premium
P1        A1       2012-05-10   2012-05-12 1000
P2        A2       2012-05-28   2012-05-29 2000
P3        A2       2012-06-05   2012-06-06 500
"""
    settings_ = (tiny(tmp_path, policies=policies) / "book.toml").read_text(encoding="utf-8")
    folder = tiny(tmp_path, settings_.replace("2012-06-30", "2012-06-15"), policies=policies)
    told = explain.attribute(open_book(folder), by="district", period="2012-06")
    assert told["value_before"].iloc[0] == 1000
