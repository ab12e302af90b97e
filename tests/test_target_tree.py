"""Targets down the tree of units and back up: every level exact, bounds known at the top."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from perfkit import target
from perfkit.errors import TargetError, UnknownName

WAN = 10_000
MONTHS = pd.Series([12, 6.5, 7.7, 7.5, 8, 9, 8.5, 8, 9.2, 8.5, 8.5, 6.6], index=range(1, 13))
TABLE = pd.DataFrame(1.0, index=["a", "b"], columns=["x", "y"])


def test_a_tree_goes_down_and_comes_up_again() -> None:
    tops = target.split(101 * WAN, MONTHS, step=WAN).to_frame("B").T
    weights = pd.Series({"B/2": 2.0, "B/1": 1.0, "B/1/a": 1.0, "B/1/b": 3.0, "B/2/c": 1.0})
    got = target.down(tops, weights, step=WAN)
    assert got.index.tolist() == ["B", *weights.index]
    assert (got.loc[["B/1", "B/2"]].sum() == got.loc["B"]).all()
    assert (got.loc[["B/1/a", "B/1/b"]].sum() == got.loc["B/1"]).all()
    assert (got % WAN == 0).all().all()
    leaves = got.loc[["B/1/a", "B/1/b", "B/2/c"]]
    pd.testing.assert_frame_equal(target.up(leaves).loc[got.index], got)


def test_no_entry_is_not_zero_on_the_way_down_and_up() -> None:
    top = pd.DataFrame({"01": [10.0], "02": [20.0], "03": [np.nan]}, index=["B"])
    weights = pd.Series({"B/1": 1.0, "B/2": 0.0, "B/3": np.nan, "B/3/x": 1.0, "B/1/a": 1.0})
    got = target.down(top, weights)
    assert got.loc["B/1"].tolist()[:2] == got.loc["B/1/a"].tolist()[:2] == [10, 20]
    assert got.loc["B/2"].tolist()[:2] == [0, 0]
    assert got.loc[["B/3", "B/3/x"]].isna().all().all()
    assert got["03"].isna().all()
    up = target.up(got.loc[["B/1/a", "B/2", "B/3/x"]])
    assert up.loc["B"].tolist()[:2] == [10, 20]
    assert up.loc["B/3"].isna().all()


def test_bounds_deep_in_the_tree_are_known_at_its_top() -> None:
    top = pd.DataFrame({"01": [10.0], "02": [10.0]}, index=["B"])
    weights = pd.Series({"B/1": 1.0, "B/2": 9.0, "B/1/a": 1.0, "B/1/b": 1.0, "B/2/c": 1.0})
    floor = pd.DataFrame({"01": [4.0, 3.0]}, index=["B/1/a", "B/1/b"])
    got = target.down(top, weights, floor=floor)
    assert got.loc["B/1", "01"] == 7  # 1 by weight
    assert got.loc[["B/1/a", "B/1/b"], "01"].tolist() == [4, 3]


def test_a_unit_with_a_season_of_its_own() -> None:
    top = pd.DataFrame({"01": [50.0], "02": [50.0]}, index=["B"])
    weights = pd.Series({"B/1": 1.0, "B/2": 1.0, "B/2/a": 1.0, "B/2/b": 1.0})
    shape = pd.DataFrame({"01": [np.nan], "02": [1.0]}, index=["B/1"])  # opens in month 02
    got = target.down(top, weights, shape=shape)
    assert np.isnan(got.loc["B/1", "01"])
    assert got.loc["B/1", "02"] == 50
    assert got.loc["B/2"].tolist() == [50, 0]
    assert got.loc[["B/2/a", "B/2/b"], "01"].tolist() == [25, 25]


def test_a_season_bends_to_what_its_brothers_leave() -> None:
    weights = pd.Series({"B/1": 1.0, "B/2": 1.0})
    even = pd.DataFrame({"01": [50.0], "02": [50.0]}, index=["B"])
    got = target.down(even, weights, shape=pd.DataFrame({"01": [3.0], "02": [1.0]}, index=["B/1"]))
    # Odds of 3 kept with all totals 50: a / (50 - a) is the root of 3, a = 31.7.
    assert got.loc[["B/1", "B/2"]].to_numpy().tolist() == [[32, 18], [18, 32]]
    uneven = pd.DataFrame({"01": [80.0], "02": [20.0]}, index=["B"])
    flat = pd.DataFrame({"01": [1.0], "02": [1.0]}, index=["B/1"])
    got = target.down(uneven, weights, shape=flat)
    # B/2 would follow 80 to 20: 3 a^2 + 10 a = 4000, a = 34.9.
    assert got.loc[["B/1", "B/2"]].to_numpy().tolist() == [[35, 15], [45, 5]]


def test_a_parent_can_be_held_and_its_children_share_it() -> None:
    top = pd.DataFrame({"01": [50.0], "02": [50.0]}, index=["B"])
    weights = pd.Series({"B/1": 1.0, "B/2": 1.0, "B/1/a": 1.0, "B/1/b": 2.0})
    got = target.down(top, weights, hold=pd.DataFrame({"01": [6.0]}, index=["B/1"]))
    assert got.loc["B/1"].tolist() == [6, 44]
    assert got.loc[["B/1/a", "B/1/b"], "01"].tolist() == [2, 4]


def test_a_unit_that_comes_twice_in_a_tree_is_refused() -> None:
    with pytest.raises(TargetError, match="twice: a"):
        target.down(TABLE, pd.Series({"a": 1.0}))
    with pytest.raises(TargetError, match="twice"):
        target.up(pd.DataFrame({"x": [1.0, 2.0]}, index=["a/1", "a/1"]))


def test_a_parent_that_its_children_do_not_make_is_refused() -> None:
    frame = pd.DataFrame({"x": [5.0, 2.0, 2.0]}, index=["a", "a/1", "a/2"])
    with pytest.raises(TargetError, match=r"a x: the units below add up to 4, .* has 5"):
        target.up(frame)


def test_a_top_that_its_tree_cannot_take_is_refused() -> None:
    top = pd.DataFrame({"x": [10.0]}, index=["B"])
    weights = pd.Series({"B/1": 1.0, "B/2": 1.0})
    cap = pd.DataFrame({"x": [4.0, 4.0]}, index=["B/1", "B/2"])
    with pytest.raises(TargetError, match=r"B x: caps.*2 less"):
        target.down(top, weights, cap=cap)
    floor = pd.DataFrame({"x": [4.0, 4.0]}, index=["B/1", "B/2"])
    with pytest.raises(TargetError, match="counting all units below"):
        target.down(top, weights, floor=floor, cap=pd.DataFrame({"x": [7.0]}, index=["B"]))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: target.down(TABLE, pd.Series({"a/1/2": 1.0})), "a/1"),
        (lambda: target.down(TABLE, pd.Series({"c/1": 1.0})), "c"),
        (
            lambda: target.down(
                TABLE,
                pd.Series({"a/1": 1.0, "b/1": 1.0}),
                floor=pd.DataFrame({"x": [1]}, index=["a/2"]),
            ),
            "a/2",
        ),
    ],
)
def test_a_unit_whose_place_is_not_known_is_named(call, name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        call()
    assert caught.value.facts["name"] == name
