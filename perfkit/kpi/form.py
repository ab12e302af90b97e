"""What a workbook to be filled by hand asks for: the contract's columns, with lists to choose."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit import bundle, org, words
from perfkit.book import schema, written
from perfkit.book.settings import Settings, read_settings
from perfkit.kpi.catalogue import catalogue, measures

__all__ = ["Field", "Form", "Sheet", "form"]

START = "district_one"


@dataclass(frozen=True, slots=True)
class Field:
    """A column to fill.

    Attributes
    ----------
    name, type : str
        As in the contract: text, date, yuan, count or number.
    about, unit : str
        What it holds, and in what, in the reader's language.
    need : bool
        Whether every row must have it.
    choices : str
        The list to choose from; empty where anything may be written.
    example : object
        A cell of the example row; None for an empty one.
    """

    name: str
    type: str
    about: str
    unit: str
    need: bool
    choices: str
    example: Any


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to fill."""

    name: str
    about: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A workbook to fill.

    Attributes
    ----------
    lang : str
        The reader's language.
    readme : tuple of str
        How to fill it, line by line.
    sheets : tuple of Sheet
        Its tables.
    lists : mapping of str to tuple of (str, str)
        The choices of each list: what is written, and what it is called.
    settings : str
        A book.toml to go with it.
    """

    lang: str
    readme: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    lists: dict[str, tuple[tuple[str, str], ...]]
    settings: str


def form(lang: str, *, book: str | Path = START, as_of: dt.date) -> Form:
    """Lay out the workbook to fill.

    Parameters
    ----------
    lang : {"zh", "en"}
        The reader's language.
    book : str or Path, default "district_one"
        Whose root, ranks, rules and thresholds to start from.
    as_of : date
        The day that the book is to be of.

    Returns
    -------
    Form

    Raises
    ------
    UnknownName
        No such book.

    Examples
    --------
    >>> import datetime as dt
    >>> made = form("en", as_of=dt.date(2012, 10, 31))
    >>> [s.name for s in made.sheets]
    ['agents', 'moves', 'policies', 'observations', 'targets', 'control']
    >>> made.sheets[0].fields[1].name
    'district'
    """
    own = read_settings(bundle.book_path(book))
    path = Path(__file__).with_name("form.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = _lists(own, lang, read)
    above = set(org.UNIT_LEVELS) - set(org.levels_from(own.root))
    sheets = tuple(_sheet(name, row, lists, above, lang) for name, row in read.items())
    readme = tuple(words.text("template.readme", lang).splitlines())
    return Form(lang, readme, sheets, lists, _settings(own, as_of))


def _lists(
    own: Settings, lang: str, sheets: Collection[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    leads = {
        flag: words.text(f"template.leads_{str(flag).lower()}", lang) for flag in (True, False)
    }
    names = {code: one.name(lang) for code, one in catalogue().items()}
    out = {
        "rank": tuple((rank, leads[lead]) for rank, lead in own.ranks.items()),
        "kpi": tuple(names.items()),
        "measure": tuple((code, names.get(code, "")) for code in measures()),
    }
    for table in (schema.table(name) for name in sheets):
        for column in table.columns.values():
            if column.allowed:
                named = (words.text(f"template.choice.{a}", lang) for a in column.allowed)
                out[column.name] = tuple(zip(column.allowed, named, strict=True))
    return out


def _sheet(
    name: str, row: dict[str, Any], lists: dict[str, Any], above: set[str], lang: str
) -> Sheet:
    table = schema.table(name)
    levels = set(org.UNIT_LEVELS)
    fields = tuple(
        Field(
            column,
            known.type,
            getattr(known, lang),
            words.text(f"template.unit.{known.type}", lang),
            known.need or column in levels,
            column if column in lists else "",
            None if row[column] == "" else row[column],
        )
        for column, known in table.columns.items()
        if column in row and column not in above
    )
    return Sheet(name, getattr(table, lang), fields)


def _settings(own: Settings, as_of: dt.date) -> str:
    """Write a book.toml to start from: the other book's rules under a new name."""
    head = {"name": "my_book", "root": own.root, "as_of": as_of, "currency": "CNY"}
    title = {lang: words.text("template.title", lang) for lang in words.LANGS}
    tables = {
        "title": title,
        "ranks": own.ranks,
        "rules": own.rules,
        "thresholds": own.thresholds,
        "variants": own.variants,
    }
    return written.toml_tables(head, tables)
