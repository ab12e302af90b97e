"""The district deck's months, explained: in 10,000 yuan to two decimals."""

from __future__ import annotations

import pandas as pd
import pytest

from perfkit import explain
from perfkit.book import open_book

HOW = "premium_submitted.printed"


def effects(since: str, until: str) -> list[float]:
    book = open_book("cases")
    told = explain.attribute(book, HOW, by="district", period=until, against=since)
    return [round(effect / 10_000, 2) for effect in told["effect"]]


@pytest.mark.parametrize(
    ("since", "until", "change", "headcount", "activity", "per_active"),
    [
        ("2012-03", "2012-07", 5.2, 9.78, 25.73, -30.31),
        ("2012-05", "2012-07", 17.8, 2.80, 62.44, -47.44),
        ("2012-03", "2012-04", -44.8, 0.56, -19.04, -26.32),
        ("2012-07", "2012-09", -23.2, -0.46, -23.97, 1.23),
    ],
)
def test_the_deck_s_months(
    since: str, until: str, change: float, headcount: float, activity: float, per_active: float
) -> None:
    found = effects(since, until)
    assert found == [headcount, activity, per_active]
    assert sum(found) == pytest.approx(change, abs=0.011)


def test_february_to_march_is_two_opposite_effects() -> None:
    levels = {"active_agents": "active_agents", "premium_per_active": "premium"}
    february = pd.DataFrame({"active_agents": [33.0], "premium": [71.0]}, index=["SN/D1"])
    march = pd.DataFrame({"active_agents": [57.0], "premium": [71.6]}, index=["SN/D1"])
    found = explain.decompose(february, march, levels)["effect"]
    assert found.round(2).tolist() == [38.97, -38.37]


def test_september_against_its_plan() -> None:
    heads = 63 / 0.40
    factors = {"headcount": "heads", "activity_rate": "active", "premium_per_active": "premium"}
    plan = pd.DataFrame({"heads": [heads], "active": [heads * 0.5], "premium": [86.0]}, index=["D"])
    came = pd.DataFrame({"heads": [heads], "active": [63.0], "premium": [53.6]}, index=["D"])
    found = explain.decompose(plan, came, factors)["effect"]
    assert found.round(2).tolist() == [0.0, -15.29, -17.11]
