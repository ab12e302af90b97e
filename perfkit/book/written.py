"""Writing folders whole or not at all, and the few lines of TOML that a book needs."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from perfkit.errors import PerfkitError

__all__ = ["free", "safe", "settings", "toml", "toml_tables", "whole"]

_UNSAFE = re.compile(r"[/\\:*?\"<>|\x00-\x1f]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def safe(name: str) -> str:
    """Write a name so that it can name a folder on any system.

    Examples
    --------
    >>> safe("D1/03"), safe("..")
    ('D1-03', '-')
    """
    return _UNSAFE.sub("-", name).strip(". ") or "-"


def free(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises
    ------
    PerfkitError
        It is not empty, or it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise PerfkitError("sample_not_a_folder", path=folder)
    if folder.exists() and any(folder.iterdir()):
        raise PerfkitError("sample_exists", path=folder)


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Fill a folder beside its place and move it there when it is complete.

    A folder that stands there goes only then, and comes back when the move fails.

    Parameters
    ----------
    target : Path
        Where the folder is to be.

    Yields
    ------
    Path
        The empty folder to fill.

    Raises
    ------
    PerfkitError
        The disk refuses; what stood there stands there still.
    """
    beside = target.absolute().with_name(f".{target.absolute().name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        yield beside
        _put(beside, target)
    except OSError as error:
        raise PerfkitError("not_written", path=target, why=error.strerror or error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _put(new: Path, target: Path) -> None:
    old = new.with_name(f"{new.name}.old")
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def toml(value: object) -> str:
    """Write a value as TOML.

    Examples
    --------
    >>> toml("a"), toml(True), toml(50000.0), len(toml('"')), len(toml(chr(10)))
    ('"a"', 'true', '50000', 4, 8)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float | dt.date):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return '"' + "".join(_escaped(c) for c in str(value)) + '"'


def _escaped(character: str) -> str:
    if ord(character) < 32 or ord(character) == 127:
        return f"\\u{ord(character):04x}"
    return _ESCAPES.get(character, character)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else toml(name)


def toml_tables(head: Mapping[str, object], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a TOML file: plain values first, then its tables, then the tables in these.

    Parameters
    ----------
    head : mapping
        Plain values; None is left out.
    tables : mapping of mappings
        Each a table of plain values, or of tables of them.

    Returns
    -------
    str

    Examples
    --------
    >>> print(toml_tables({"name": "x"}, {"units": {"D1/1": {"en": "one"}}}), end="")
    name = "x"
    <BLANKLINE>
    [units."D1/1"]
    en = "one"
    """
    lines = [f"{_key(k)} = {toml(v)}" for k, v in head.items() if v is not None]
    for name, table in tables.items():
        inner = {k: v for k, v in table.items() if isinstance(v, Mapping)}
        plain = {k: v for k, v in table.items() if k not in inner}
        if plain:
            lines += ["", f"[{_key(name)}]", *(f"{_key(k)} = {toml(v)}" for k, v in plain.items())]
        for key, own in inner.items():
            lines += ["", f"[{_key(name)}.{_key(key)}]"]
            lines += [f"{_key(k)} = {toml(v)}" for k, v in own.items()]
    return "\n".join(lines) + "\n"


def settings(read: Mapping[str, Any]) -> str:
    """Write what was read from a book.toml, its comments left out.

    Parameters
    ----------
    read : mapping
        As `perfkit.book.source.read_settings` gives it.

    Returns
    -------
    str

    Examples
    --------
    >>> print(settings({"name": "x", "rules": {"stage": "issued"}}), end="")
    name = "x"
    <BLANKLINE>
    [rules]
    stage = "issued"
    """
    tables = {k: v for k, v in read.items() if isinstance(v, Mapping)}
    return toml_tables({k: v for k, v in read.items() if k not in tables}, tables)
