"""What holds of any target, tried on many: exact sums, bounds, nearness, order, no side effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perfkit import target
from perfkit.errors import TargetError
from perfkit.target.cells import cells
from perfkit.target.fit import fit
from perfkit.target.whole import round_table

SLOW = settings(deadline=None, max_examples=60, derandomize=True)
weight = st.one_of(st.just(0.0), st.floats(0.001, 1_000))
total = st.integers(0, 10**7)


def series(values: list[float], mark: str) -> pd.Series:
    return pd.Series(values, index=[f"{mark}{i:02d}" for i in range(len(values))], dtype=float)


weights = st.lists(weight, min_size=1, max_size=8).filter(lambda w: sum(w) > 0)


@st.composite
def bounded(draw: st.DrawFn) -> tuple[pd.Series, pd.Series, pd.Series, int]:
    """Weights, floors, caps and a total that they leave room for."""
    values = series(draw(weights), "u")
    size = len(values)
    floor = series(draw(st.lists(st.integers(0, 50), min_size=size, max_size=size)), "u")
    room = series(draw(st.lists(st.integers(0, 90), min_size=size, max_size=size)), "u")
    room[values == 0] = 0
    value = draw(st.integers(int(floor.sum()), int((floor + room).sum())))
    return values, floor, floor + room, value


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Weights, floors and caps of a small table."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    size = shape[0] * shape[1]

    def laid(values: list[float]) -> pd.DataFrame:
        return pd.DataFrame(
            np.array(values, dtype=float).reshape(shape),
            index=[f"u{i}" for i in range(shape[0])],
            columns=[f"m{j}" for j in range(shape[1])],
        )

    drawn = laid(draw(st.lists(weight, min_size=size, max_size=size)))
    low = laid(draw(st.lists(st.integers(0, 6), min_size=size, max_size=size)))
    room = laid(draw(st.lists(st.integers(0, 12), min_size=size, max_size=size)))
    return drawn, low, low + room


@SLOW
@given(bounded())
def test_parts_are_exact_within_bounds_and_near(drawn) -> None:
    values, floor, cap, whole = drawn
    before = [x.copy() for x in (values, floor, cap)]
    got = target.split(whole, values, floor=floor, cap=cap)
    exact = target.split(whole, values, floor=floor, cap=cap, step=None)
    assert got.sum() == whole
    assert exact.sum() == pytest.approx(whole, abs=1e-6)
    assert ((got >= floor) & (got <= cap) & (got == got.round())).all()
    assert ((exact >= floor) & (exact <= cap)).all()
    assert (got - exact).abs().max() < 1
    for now, then in zip((values, floor, cap), before, strict=True):
        pd.testing.assert_series_equal(now, then)


@SLOW
@given(bounded(), st.integers(1, 40))
def test_a_larger_total_lowers_a_part_by_one_step_at_the_most(drawn, more: int) -> None:
    """No share falls when the total grows; each is rounded by less than a step."""
    values, floor, cap, whole = drawn
    assume(whole + more <= cap.sum())
    less = target.split(whole, values, floor=floor, cap=cap)
    exact = target.split(whole, values, floor=floor, cap=cap, step=None)
    grown = target.split(whole + more, values, floor=floor, cap=cap)
    finer = target.split(whole + more, values, floor=floor, cap=cap, step=None)
    assert (finer >= exact - 1e-6).all()
    assert (grown >= less - 1).all()


@SLOW
@given(total, weights, weights, st.sampled_from([1, 100, 10_000]))
def test_units_and_months_are_exact_and_near(whole, units, months, step: int) -> None:
    by_unit, by_month = series(units, "u"), series(months, "m")
    got = target.apportion(whole * step, by_unit, by_month, step=step)
    assert got.to_numpy().sum() == whole * step
    assert (got % step == 0).all().all()
    assert (got >= 0).all().all()
    rows, columns = got.sum(axis=1), got.sum()
    shares = (by_unit / by_unit.sum(), by_month / by_month.sum())
    for sums, share in zip((rows, columns), shares, strict=True):
        assert ((sums - share * whole * step).abs() < step * (1 + 1e-6)).all()
    if whole:
        exact = np.outer(rows, columns) / (whole * step)
        assert (np.abs(got.to_numpy() - exact) < step).all()


@SLOW
@given(total, st.integers(1, 1_000), weights, weights)
def test_a_larger_total_lowers_a_cell_by_few_steps(whole, more: int, units, months) -> None:
    """Less than 2 + 2 (u + w) + 2 / T steps, with the shares u and w; see `apportion`."""
    assume(whole > 0)
    by_unit, by_month = series(units, "u"), series(months, "m")
    less = target.apportion(whole, by_unit, by_month)
    grown = target.apportion(whole + more, by_unit, by_month)
    u, w = by_unit / by_unit.sum(), by_month / by_month.sum()
    most = 2 + 2 * (u.to_numpy()[:, None] + w.to_numpy()) + 2 / whole
    assert ((less - grown).to_numpy() < most).all()


@SLOW
@given(tables(), st.randoms(use_true_random=False))
def test_a_table_between_bounds_is_exact_near_and_blind_to_order(drawn, random) -> None:
    values, low, high = drawn
    high = high.where(values > 0, low)
    # A whole table within the bounds: its sums can be met.
    inside = low + (high - low).map(lambda room: random.randint(0, int(room)))
    rows, columns = inside.sum(axis=1), inside.sum()
    got = target.table(values, rows, columns, floor=low, cap=high)
    assert (got.sum(axis=1) == rows).all()
    assert (got.sum() == columns).all()
    assert ((got >= low) & (got <= high)).all().all()
    exact = fit(cells(values, floor=low, cap=high), rows.to_numpy(), columns.to_numpy())
    assert (np.abs(got.to_numpy() - exact) < 1).all()
    units = random.sample(list(values.index), len(values))
    months = random.sample(list(values.columns), values.shape[1])
    turned = values.loc[units, months]
    again = target.table(turned, rows[units], columns[months], floor=low.loc[units], cap=high)
    pd.testing.assert_frame_equal(again.loc[values.index, values.columns], got)


@SLOW
@given(tables(), st.integers(0, 10**6))
def test_a_table_is_refused_exactly_when_there_is_none(drawn, seed: int) -> None:
    """Against another program: an integer programme finds a table, or there is none."""
    from scipy.optimize import LinearConstraint, milp

    values, low, high = drawn
    n, m = values.shape
    rng = np.random.default_rng(seed)
    cap = high
    high = high.where(values > 0, low)  # a cell of weight 0 takes no more than its floor
    room = high - low
    rows = low.sum(axis=1) + rng.integers(0, room.sum(axis=1) + 1)
    columns = low.sum() + rng.multinomial(int((rows - low.sum(axis=1)).sum()), [1 / m] * m)
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    totals = np.concatenate([rows, columns])
    found = milp(
        np.zeros(n * m),
        constraints=LinearConstraint(sums, totals, totals),
        bounds=(low.to_numpy().ravel(), high.to_numpy().ravel()),
        integrality=np.ones(n * m),
    )
    if found.success:
        got = target.table(values, rows, columns, floor=low, cap=cap)
        assert (got.sum() == columns).all()
        assert (got <= high).all(axis=None)
        return
    with pytest.raises(TargetError) as caught:
        target.table(values, rows, columns, floor=low, cap=cap)
    assert caught.value.facts["by"] >= 1 - 1e-6  # whole bounds and totals miss by whole steps


@SLOW
@given(tables(), st.integers(0, 10**6))
def test_no_rounding_of_a_table_is_nearer(drawn, seed: int) -> None:
    """Against another program: a linear programme over the remainders finds no less distance."""
    from scipy.optimize import linprog

    values = drawn[0].to_numpy() + 0.5
    rng = np.random.default_rng(seed)
    n, m = values.shape
    rows = rng.integers(1, 30, n).astype(float)
    columns = rng.multinomial(int(rows.sum()), [1 / m] * m).astype(float)
    assume((columns > 0).all())
    exact = fit(cells(pd.DataFrame(values)), rows, columns)
    got = round_table(exact, rows, columns)
    assert (got.sum(axis=1) == rows).all()
    assert (got.sum(axis=0) == columns).all()
    assert (np.abs(got - exact) < 1).all()
    base = np.floor(exact + 1e-6)
    rest = np.clip(exact - base, 0, None)
    sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    left = np.concatenate([rows - base.sum(axis=1), columns - base.sum(axis=0)])
    room = np.column_stack([np.zeros(n * m), (rest > 1e-6).astype(float).ravel()])
    best = linprog((1 - 2 * rest).ravel(), A_eq=sums, b_eq=left, bounds=room)
    assert best.status == 0
    moved = ((1 - 2 * rest) * (got - base)).sum()
    assert moved == pytest.approx(best.fun, abs=1e-3)  # equal remainders count as equal


@pytest.mark.parametrize("kind", ["of every size", "all alike"])
def test_thousands_of_units_in_one_flat_table(kind: str) -> None:
    """Three thousand units by twelve months: every sum exact, every cell less than one off."""
    rng = np.random.default_rng(7)
    sizes = rng.lognormal(size=3_000) if kind == "of every size" else np.ones(3_000)
    units = pd.Series(sizes, index=[f"U{i:04d}" for i in range(3_000)])
    months = pd.Series(rng.uniform(0.5, 1.5, 12), index=range(1, 13))
    whole = 100_000_007
    got = target.apportion(whole, units, months)
    assert got.to_numpy().sum() == whole
    exact = np.outer(got.sum(axis=1), got.sum()) / whole
    assert (np.abs(got.to_numpy() - exact) < 1).all()
    # Alike units: the same total and months, give or take one.
    if kind == "all alike":
        assert (got.sum(axis=1).max() - got.sum(axis=1).min()) <= 1


@SLOW
@given(total, weights, st.lists(st.lists(weight, min_size=1, max_size=4), min_size=1, max_size=4))
def test_every_level_of_a_tree_makes_the_one_above(whole, months, tree) -> None:
    top = target.split(whole, series(months, "m")).to_frame("B").T
    values = {}
    for i, below in enumerate(tree):
        assume(sum(below) > 0)
        values[f"B/{i}"] = 1.0 + i
        values |= {f"B/{i}/{j}": w for j, w in enumerate(below)}
    got = target.down(top, pd.Series(values))
    leaves = got[got.index.str.count("/") == 2]
    pd.testing.assert_frame_equal(target.up(leaves).loc[got.index], got)
    assert (got >= 0).all().all()


@SLOW
@given(
    st.floats(1e3, 1e8),
    st.lists(st.floats(0.5, 2), min_size=4, max_size=4),
    st.lists(st.one_of(st.none(), st.floats(0.3, 0.9)), min_size=4, max_size=4),
    st.lists(st.one_of(st.none(), st.floats(1.1, 3)), min_size=4, max_size=4),
)
def test_drivers_multiply_to_the_target_within_bounds(whole, spread, lows, highs) -> None:
    names = list(target.DRIVERS)
    past = pd.DataFrame([np.array([100, 0.25, 1.2, 6_000]) * spread], ["D1"], names)
    floor = past * pd.Series(lows, names, dtype=float)
    cap = past * pd.Series(highs, names, dtype=float)
    got = target.coherent(pd.Series({"D1": whole}), past, floor=floor, cap=cap, strict=False)
    row, x = got.loc["D1"], got.loc[["D1"], names]
    assert (x >= floor.fillna(0)).all(axis=None)
    assert (x <= cap.fillna(np.inf)).all(axis=None)
    assert row["activity_rate"] <= 1
    assert row["premium"] + row["short"] == pytest.approx(whole, rel=1e-12)
    if row["least"] <= whole <= row["most"]:
        assert row["short"] == 0
        assert row["premium"] == pytest.approx(whole, rel=1e-12)
    else:
        nearest = row["least"] if whole < row["least"] else row["most"]
        assert row["premium"] == pytest.approx(nearest, rel=1e-12)


@SLOW
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 300)), min_size=1, max_size=24))
def test_a_headcount_closes_exactly_and_goes_back(moves) -> None:
    recruits, leavers = (series(list(x), "m") for x in zip(*moves, strict=True))
    opening = 10_000
    got = target.roll_forward(opening, recruits, leavers)
    assert (got["opening"] + got["recruits"] - got["leavers"] == got["closing"]).all()
    assert got["closing"].iloc[-1] == opening + recruits.sum() - leavers.sum()
    back = target.recruits_for(opening, got["closing"], leavers)
    assert back.tolist() == recruits.tolist()


@SLOW
@given(weights.filter(lambda w: len(w) > 1 and sum(w[1:]) > 0), st.integers(0, 10**6), st.data())
def test_what_is_done_and_what_is_left_make_the_year(values, whole, data) -> None:
    plan = series(values, "m")
    closed = data.draw(st.integers(0, len(plan) - 1))
    assume(plan.iloc[closed:].sum() > 0)
    actual = plan.iloc[:closed] * 0 + data.draw(st.integers(0, 1_000))
    got = target.replan(whole, actual, plan)
    done = float(actual.sum())
    assert got["outcome"].sum() == pytest.approx(max(whole, done), rel=1e-9, abs=1e-6)
    step = target.replan(whole, actual, plan, step=100)["outcome"].sum()
    assert max(whole, done) <= step < max(whole, done) + 100
