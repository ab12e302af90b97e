"""Chinese and English are equals: same keys, same places, same numbers."""

from __future__ import annotations

import math
import string

import pytest

from perfkit import kpi, words


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_hold_the_same_keys() -> None:
    assert words.keys("zh") == words.keys("en")
    assert len(words.keys("en")) > 150


def test_a_sentence_has_the_same_places_in_both_languages() -> None:
    differing = {
        key
        for key in words.keys("en")
        if _places(words.text(key, "en")) != _places(words.text(key, "zh"))
    }
    assert not differing


def test_every_kpi_has_its_two_words_variants_and_unit() -> None:
    for lang in words.LANGS:
        for one in kpi.catalogue().values():
            assert one.name(lang)
            assert words.has(f"family.{one.family}", lang)
            assert words.has(f"unit.{one.unit}", lang)
            assert all(words.has(f"variant.{name}", lang) for name in one.names)


def test_no_two_kpis_share_a_name() -> None:
    for lang in words.LANGS:
        names = [one.name(lang) for one in kpi.catalogue().values()]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (716_000, "yuan", "71.6万", "716,000"),
        (9_999.4, "yuan", "9,999", "9,999"),
        (9_999.5, "yuan", "1.0万", "10,000"),
        (-287_000, "yuan", "-28.7万", "-287,000"),
        (123_400_000, "yuan", "1.23亿", "123,400,000"),
        (0, "yuan", "0", "0"),
        (0.41, "rate", "41.0%", "41.0%"),
        (0.052, "points", "5.2个百分点", "5.2 pp"),
        (57, "persons", "57", "57"),
        (151.5, "persons", "151.5", "151.5"),
        (1.4141, "policies", "1.41", "1.41"),
        (math.nan, "yuan", "–", "–"),
        (None, "rate", "–", "–"),
    ],
)
def test_numbers_are_written_as_the_reader_expects(
    value: float | None, unit: str, zh: str, en: str
) -> None:
    assert words.number(value, unit, "zh") == zh
    assert words.number(value, unit, "en") == en


def test_a_sign_is_shown_on_request() -> None:
    assert words.number(12_000, "yuan", "zh", signed=True) == "+1.2万"
    assert words.number(-3, "persons", "en", signed=True) == "-3"


def test_a_missing_key_or_fact_is_an_error_not_an_empty_text() -> None:
    with pytest.raises(KeyError):
        words.text("errors.no_such_sentence", "en")
    with pytest.raises(KeyError):
        words.text("errors.unreadable", "en", path="x")
    with pytest.raises(KeyError):
        words.text("level.branch", "fr")
