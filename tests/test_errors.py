"""Errors say what is wrong and the way out, in the reader's language, and survive processes."""

from __future__ import annotations

import pickle

import pytest

from perfkit import errors


def test_the_nearest_name_is_offered_in_both_languages() -> None:
    error = errors.UnknownName(kind="kpi", name="activty_rate", allowed=["activity_rate", "cases"])
    assert "Did you mean 'activity_rate'?" in error.text("en")
    assert "是否想写 'activity_rate'?" in error.text("zh")
    assert "指标" in error.text("zh")


def test_nothing_is_offered_when_nothing_is_near() -> None:
    error = errors.UnknownName(kind="unit", name="zzz", allowed=["D1"])
    assert "Did you mean" not in str(error)
    assert "Known: D1" in str(error)


def test_a_long_list_is_cut_and_counted() -> None:
    error = errors.UnknownName(kind="unit", name="x", allowed=[f"D1/{i:03d}" for i in range(100)])
    assert "(100)" in str(error)
    assert "D1/099" not in str(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.PerfkitError("usage", why="x"), 2),
        (errors.BadPeriod("x"), 2),
        (errors.RunFailed("usage", why="x"), 1),
        (errors.Locked("usage", why="x"), 3),
    ],
)
def test_each_error_knows_its_exit_code(error: errors.PerfkitError, code: int) -> None:
    assert error.exit_code == code


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownName(kind="kpi", name="a", allowed=["ab"]),
        errors.BadPeriod("2012-13", why="date"),
        errors.PerfkitError("unreadable", path="p", why="w"),
    ],
)
def test_errors_cross_processes_unchanged(error: errors.PerfkitError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert back.text("zh") == error.text("zh")


def test_braces_in_what_was_written_do_no_harm() -> None:
    assert "{x}" in str(errors.BadPeriod("{x}"))
    assert "{0}" in str(errors.UnknownName(kind="unit", name="{0}", allowed=["{1}"]))
