"""Money lines: exact, step by step, both languages; nothing but the grammar is understood."""

from __future__ import annotations

from decimal import Decimal

import pytest

from perfkit import moneyline, words
from perfkit.errors import PerfkitError


@pytest.mark.parametrize(
    ("text", "computed", "stated", "holds"),
    [
        # Worked by hand; the shapes are those of branch plan 2005, slides 28-33.
        ("300人/季×80元/天×4=96000", "96000", "96000", True),
        ("300 persons/quarter x 80 yuan/day x 4 = 96,000", "96000", "96000", True),
        ("30000元/次×4=12000", "120000", "12000", False),
        ("5元/本×300人×12=1800", "18000", "1800", False),
        ("96000+4000=100000×4=400000", "400000", "400000", True),
        ("96000+4000=100001×4=400004", "400004", "400004", False),
        ("(96,000 + 4,000) x 4", "400000", None, True),
        ("7.7万+7.3万", "150000", None, True),
        ("1亿元×2‰=20万元", "200000", "200000", True),
        ("100,000,000 yuan x 2 per mille", "200000", None, True),
        ("３００００元／次×４", "120000", None, True),
        ("③96000", "96000", None, True),
        ("食宿费：50人×80元/天×2天×4=32000元", "32000", "32000", True),
        ("4,000 yuan", "4000", None, True),
        ("3百万-1千×2", "2998000", None, True),
        ("10÷4", "2.5", None, True),
        ("0.1+0.2=0.3", "0.3", "0.3", True),
    ],
)
def test_lines_are_worked_out_exactly(
    text: str, computed: str, stated: str | None, holds: bool
) -> None:
    line = moneyline.read(text)
    assert line.computed == Decimal(computed)
    assert line.stated == (None if stated is None else Decimal(stated))
    assert line.holds is holds


def test_the_label_and_the_left_over_units_are_told() -> None:
    assert moneyline.read("车费:500元/月×12月").label == "车费"
    assert dict(moneyline.read("500元/月×12月").units) == {"yuan": 1}
    left = {"person": 1, "quarter": -1, "yuan": 1, "day": -1}
    assert dict(moneyline.read("300人/季×80元/天×4=96000").units) == left


def test_a_plain_amount_is_no_formula() -> None:
    assert not moneyline.read("杂费:2000元").is_formula
    assert moneyline.read("5x3").is_formula


def test_a_long_product_stays_exact() -> None:
    line = moneyline.read("×".join(["99999999999999"] * 20))
    assert line.computed == Decimal(99_999_999_999_999**20)


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        ("1+" * 5000 + "1", "too_long", 401),
        ("(" * 5000 + "1+1" + ")" * 5000, "too_long", 401),
        ("(" * 30 + "1+1" + ")" * 30, "too_deep", 21),
        ("__import__('os').system('x')", "no_number", 1),
        ("5×__import__('os')", "no_number", 3),
        ("9**9", "no_number", 3),
        ("5只×3", "unknown_unit", 2),
        ("80元/光年×4", "unknown_unit", 5),
        ("5 furlongs", "unknown_unit", 3),
        ("3 3", "unknown_unit", 3),
        ("(3", "unclosed", 3),
        ("3)", "stray", 2),
        ("5÷0", "by_zero", 2),
        ("", "no_number", 1),
        ("3+", "no_number", 3),
        ("1,23", "no_number", 1),
        ("1.2.3", "no_number", 1),
        ("1e9", "unknown_unit", 2),
        ("1" * 16, "too_long_number", 1),
        ("5=", "no_number", 3),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, key: str, place: int) -> None:
    with pytest.raises(PerfkitError) as caught:
        moneyline.read(text)
    assert caught.value.key == f"moneyline.{key}"
    assert caught.value.facts["place"] == place
    assert all(str(place) in caught.value.text(lang) for lang in words.LANGS)


def test_no_spelling_means_two_things() -> None:
    for group in ("scales", "units"):
        spellings = [
            spelling
            for lang in words.LANGS
            for text in words.table(f"moneyline.{group}", lang).values()
            for spelling in text.split("|")
        ]
        assert len(spellings) == len(set(spellings)) + (group == "scales")  # % is in both
