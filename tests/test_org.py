"""Unit ids are paths, so that two units of one name stay two."""

from __future__ import annotations

import pytest

from perfkit import org
from perfkit.errors import PerfkitError, UnknownName


def test_levels_start_at_the_books_root() -> None:
    assert org.levels_from("branch") == org.LEVELS
    assert org.levels_from("group") == ("group", "agent")
    with pytest.raises(UnknownName, match="district"):
        org.levels_from("distrit")


def test_a_level_above_the_root_is_refused_and_the_others_named() -> None:
    with pytest.raises(PerfkitError, match="above") as caught:
        org.check_level("branch", "district")
    assert "department" in str(caught.value)
    assert "营业区" not in caught.value.text("en")


@pytest.mark.parametrize(
    ("unit", "level", "found"),
    [
        ("SN/D1/03/02", "branch", "SN"),
        ("SN/D1/03/02", "department", "SN/D1/03"),
        ("SN/D1", "group", "SN/D1"),
    ],
)
def test_a_unit_is_cut_at_a_level(unit: str, level: str, found: str) -> None:
    assert org.at_level(unit, level, "branch") == found


def test_a_unit_id_deeper_than_agents_is_none() -> None:
    with pytest.raises(PerfkitError):
        org.level_of("a/b/c/d/e/f", "branch")


def test_within_goes_by_path_not_by_letters() -> None:
    assert org.within(["D1", "D1/1", "D1/11", "D1/1/x"], "D1/1") == ["D1/1", "D1/1/x"]
