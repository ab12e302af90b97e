"""What others call our tables, columns and units: names.toml, in both scripts."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from perfkit.book import schema

__all__ = [
    "column_of",
    "folded",
    "known_headers",
    "mark",
    "ours",
    "scale_of",
    "split_unit",
    "table_of",
    "unit_above",
    "units",
    "value_of",
    "values",
]


@functools.cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


def mark(name: str) -> Any:
    """Give a group of signs: totals, money, day, broken or common."""
    return _read()["marks"][name]


def folded(name: str) -> str:
    """Write a name as it is compared: width, case, blanks and marks do not count.

    Examples
    --------
    >>> folded(" Agent_ID "), folded("Policy No.")
    ('agentid', 'policyno')
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", plain)


@functools.cache
def ours(table: str) -> Mapping[str, str]:
    """Give our column for every folded name it goes by in a table."""
    columns = schema.table(table).columns
    known = {folded(name): name for name in columns}
    groups = (_read()["columns"].get(table, {}), _read()["columns"]["any"])
    for group in groups:
        for column, others in group.items():
            if column in columns:
                for other in others:
                    known.setdefault(folded(other), column)
    return known


@functools.cache
def _tables() -> Mapping[str, str]:
    known = {folded(name): name for name in schema.tables()}
    for table, others in _read()["tables"].items():
        known |= {folded(other): table for other in others}
    return known


def table_of(name: str) -> str | None:
    """Tell which table a file or sheet is, by its name; None when it goes by none.

    Examples
    --------
    >>> table_of("Policies 2012"), table_of("notes")
    ('policies', None)
    """
    bare = re.sub(r"\d+", "", folded(name))
    return _tables().get(bare)


def split_unit(header: str) -> tuple[str, str]:
    """Part a header from the unit in brackets behind it.

    Examples
    --------
    >>> split_unit("premium (wan)")
    ('premium', 'wan')
    """
    plain = unicodedata.normalize("NFKC", header).strip()
    found = re.fullmatch(r"(.+?)\s*[(\[]([^()\[\]]*)[)\]]", plain)
    return (found[1], found[2].strip()) if found else (header, "")


def column_of(table: str, header: str) -> str | None:
    """Tell which of our columns a header means; None when it is none we know.

    Examples
    --------
    >>> column_of("policies", "Policy No."), column_of("policies", "colour")
    ('policy_id', None)
    """
    known = ours(table)
    base, unit = split_unit(header)
    found = known.get(folded(header))
    if found is None and unit and scale_of(unit) is not None:
        found = known.get(folded(base))
    return found


def scale_of(unit: str) -> int | None:
    """Tell how many yuan a unit of money is; None when it is none we know. [yuan]

    Examples
    --------
    >>> scale_of("wan"), scale_of("kg")
    (10000, None)
    """
    found: int | None = _read()["scales"].get(unit.strip().casefold())
    return found


def unit_above(cells: Iterable[str]) -> str:
    """Find the unit of money that is said above a header; empty when none is.

    Examples
    --------
    >>> unit_above(["New business", "(unit: wan)"]), unit_above(["Unit: north"])
    ('wan', '')
    """
    said = "|".join(mark("unit"))
    for cell in cells:
        plain = unicodedata.normalize("NFKC", cell)
        for found in re.finditer(rf"(?i)(?:{said})\s*:\s*([^()\[\]]+)", plain):
            for unit in re.split(r"[\s,;/\u3001]+", found[1].strip()):
                if scale_of(unit):
                    return unit
    return ""


def units() -> str:
    """List the units of money that are known."""
    return ", ".join(_read()["scales"])


def values(column: str, allowed: Sequence[str]) -> dict[str, str]:
    """Give their values of a column, each with ours, as far as ours is allowed."""
    groups = _read()["values"].get(column, {})
    return {other: ours for ours, others in groups.items() if ours in allowed for other in others}


def value_of(column: str, value: str) -> str | None:
    """Tell which of our codes a value means, for ranks and segments."""
    for code, others in _read()["values"].get(column, {}).items():
        if folded(value) in {folded(code), *map(folded, others)}:
            return str(code)
    return None


def known_headers(table: str, row: Sequence[str]) -> int:
    """Count the cells of a row that are headers we know. [columns]"""
    return sum(bool(cell) and column_of(table, cell) is not None for cell in row)
