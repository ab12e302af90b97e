"""Weak departments: named beyond chance only, and what the district brings them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError
from perfkit.explain import guidance_pack, needs_guidance, stocktake
from perfkit.explain.stocktake import guidance_items, read_guidance

SPAN = "2012-09..2012-10"


@pytest.fixture(scope="module")
def district() -> Book:
    return open_book("district_one")


@pytest.fixture(scope="module")
def found(district: Book) -> pd.DataFrame:
    return stocktake(district, by="department", period=SPAN)


def test_four_tests_a_department(found: pd.DataFrame) -> None:
    assert len(found) == 6 * 4
    assert found["test"].unique().tolist() == ["own_usual", "among_units", "own_past", "standing"]


def test_the_department_far_under_its_usual_is_watched_not_condemned(found: pd.DataFrame) -> None:
    # 61,500 of some 215,000 expected: one chance in sixty, and there are six departments.
    row = found.query("unit == 'D1/05' and test == 'own_usual'").iloc[0]
    assert row["value"] == 61_500
    assert (row["level"], bool(row["weak"])) == ("yellow", True)
    said = needs_guidance(found)
    assert said.iloc[0][["unit", "advice", "reasons"]].tolist() == ["D1/05", "watch", "own_usual"]
    assert (said["advice"] == "none").sum() == 5


def test_a_red_test_asks_for_guidance(found: pd.DataFrame) -> None:
    worse = found.copy()
    worse.loc[worse.index[4], "level"] = "red"
    assert needs_guidance(worse).iloc[0]["advice"] == "guide"


def test_the_pack_has_the_eleven_items_and_what_is_known(district: Book) -> None:
    pack = guidance_pack(district, "D1/05", by="department", period=SPAN, lang="en")
    assert pack["no"].drop_duplicates().tolist() == list(range(1, 12))
    kpis = pack[pack["no"] == 1].set_index("kpi")
    assert kpis.loc["premium_submitted", ["value", "beside"]].tolist() == [13_900, 47_600]
    by_hand = pack[(pack["known"] == "") & (pack["kpi"] == "")]["no"].tolist()
    assert by_hand == [4, 5, 8, 9, 11]  # nobody wrote standards into this book
    plan = pack[pack["no"] == 10].iloc[0]
    assert (plan["kpi"], plan["known"]) == ("premium_issued", "2012-11")
    remedy = pack[pack["no"] == 7]["remedy"]
    assert remedy.str.len().min() > 0
    best = pack[(pack["no"] == 3) & (pack["kpi"] == "activity_rate")].iloc[0]
    assert best["unit"] == "D1/06"
    assert best["value"] > best["beside"]


def test_both_languages_hold_the_same_facts(district: Book) -> None:
    packs = [
        guidance_pack(district, "D1/05", by="department", period=SPAN, lang=lang)
        for lang in ("zh", "en")
    ]
    same = ["no", "kpi", "value", "beside", "unit"]
    pd.testing.assert_frame_equal(packs[0][same], packs[1][same])


def test_items_that_cannot_be_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "guidance.toml"
    path.write_text('[[item]]\ncode = "a"\nen = "A"\nzh = "A"\nfill = "b"\n', encoding="utf-8")
    with pytest.raises(PerfkitError, match=r"\[\[item\]\] a: fill is 'b'"):
        read_guidance(path)
    assert len(guidance_items()) == 11
