"""The data contract: every table and column of a book, read from schema.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from perfkit.errors import UnknownName

__all__ = ["Column", "Table", "dictionary", "table", "tables"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract.

    Attributes
    ----------
    name : str
        Its only name, everywhere.
    type : str
        text, date, yuan (money with at most two decimals), count (whole number) or number.
    need : bool
        Whether a value may not be missing.
    en, zh : str
        What it holds.
    allowed : tuple of str
        The values it may take; empty means any.
    month : bool
        Of a date: any day of a month stands for the month, and becomes its first day.
    """

    name: str
    type: str
    need: bool
    en: str
    zh: str
    allowed: tuple[str, ...] = ()
    month: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the contract: its key and its columns by name."""

    name: str
    key: tuple[str, ...]
    en: str
    zh: str
    columns: Mapping[str, Column]

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that must be there, with a value in every row."""
        return tuple(c.name for c in self.columns.values() if c.need)


@functools.cache
def tables() -> Mapping[str, Table]:
    """Give every table of the contract by name.

    Examples
    --------
    >>> tables()["policies"].key
    ('policy_id',)
    """
    path = Path(__file__).with_name("schema.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({name: _table(name, body) for name, body in read.items()})


def _table(name: str, body: dict[str, Any]) -> Table:
    return Table(
        name=name,
        key=tuple(body["key"]),
        en=str(body["en"]),
        zh=str(body["zh"]),
        columns=MappingProxyType({c: _column(c, spec) for c, spec in body["columns"].items()}),
    )


def _column(name: str, spec: dict[str, Any]) -> Column:
    return Column(
        name=name,
        type=str(spec["type"]),
        need=bool(spec["need"]),
        en=str(spec["en"]),
        zh=str(spec["zh"]),
        allowed=tuple(spec.get("allowed", ())),
        month=bool(spec.get("month", False)),
    )


def table(name: str) -> Table:
    """Give one table of the contract.

    Raises
    ------
    UnknownName
        There is no such table.

    Examples
    --------
    >>> table("policies").columns["premium"].type
    'yuan'
    """
    if name not in tables():
        raise UnknownName(kind="table", name=name, allowed=list(tables()))
    return tables()[name]


def dictionary() -> str:
    """Write the data dictionary of the README beside the data, in both languages.

    Returns
    -------
    str
        Markdown, one section a table.

    Examples
    --------
    >>> dictionary().splitlines()[0]
    '### agents'
    """
    lines: list[str] = []
    for one in tables().values():
        lines += [f"### {one.name}", "", f"{one.en} · {one.zh}", ""]
        lines += [f"Key: {', '.join(f'`{k}`' for k in one.key)}", ""]
        lines += ["| column | type | needed | en | zh |", "|---|---|---|---|---|"]
        for c in one.columns.values():
            allowed = f" ({' / '.join(c.allowed)})" if c.allowed else ""
            need = "yes" if c.need else ""
            kind = "month" if c.month else c.type
            lines.append(f"| `{c.name}` | {kind}{allowed} | {need} | {c.en} | {c.zh} |")
        lines.append("")
    return "\n".join(lines)
