"""The data contract: one place, both languages, and a dictionary that is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfkit import words
from perfkit.book import schema
from perfkit.errors import UnknownName

ROOT = Path(__file__).resolve().parents[1]
TYPES = {"text", "date", "yuan", "count", "number"}


def test_the_dictionary_beside_the_data_is_current() -> None:
    written = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert written.endswith("<!-- dictionary -->\n\n" + schema.dictionary())


def test_every_table_has_its_key_among_columns_that_must_be_filled() -> None:
    for table in schema.tables().values():
        assert set(table.key) <= set(table.needed)


def test_every_column_has_a_type_and_words_in_both_languages() -> None:
    for table in schema.tables().values():
        assert table.en
        assert table.zh
        for column in table.columns.values():
            assert column.type in TYPES
            assert column.en
            assert column.zh
            assert words.has(f"unit.{column.type}", "zh")


def test_one_name_has_one_type_everywhere() -> None:
    seen: dict[str, set[str]] = {}
    for table in schema.tables().values():
        for column in table.columns.values():
            seen.setdefault(column.name, set()).add(column.type)
    assert not {name: types for name, types in seen.items() if len(types) > 1}


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="policies"):
        schema.table("polices")
