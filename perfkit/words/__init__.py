"""Every word a person reads, in Chinese and English, and the number words 万 and %.

One TOML file a language. A key is a dotted path into it; both files hold the
same keys (tests/test_words.py), so a sentence can be said in either language.
"""

from __future__ import annotations

import functools
import math
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["LANGS", "has", "keys", "number", "table", "text"]

LANGS: tuple[str, ...] = ("zh", "en")

_FOLDER = Path(__file__).parent


@functools.cache
def _words(lang: str) -> dict[str, Any]:
    if lang not in LANGS:
        raise KeyError(lang)
    return tomllib.loads((_FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))


def _find(key: str, lang: str) -> Any:
    node: Any = _words(lang)
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            raise KeyError(f"{lang}.{key}")
        node = node[part]
    return node


def text(key: str, lang: str, **facts: object) -> str:
    """Say the sentence or name that `key` stands for.

    Parameters
    ----------
    key : str
        Dotted path into the words file, such as ``"kpi.activity_rate.name"``.
    lang : {"zh", "en"}
        The reader's language.
    **facts : object
        Values for the places in the sentence.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        No such key, or the sentence needs a fact that was not given.

    Examples
    --------
    >>> text("level.department", "en")
    'department'
    """
    found = _find(key, lang)
    if not isinstance(found, str):
        raise KeyError(f"{lang}.{key}")
    return found.format(**facts) if facts else found


def has(key: str, lang: str) -> bool:
    """Say whether `key` leads to a sentence or a table of them.

    Examples
    --------
    >>> has("level.department", "en"), has("level.planet", "en")
    (True, False)
    """
    try:
        _find(key, lang)
    except KeyError:
        return False
    return True


def table(key: str, lang: str) -> dict[str, Any]:
    """Give a copy of one table of the words file.

    Raises
    ------
    KeyError
        No such key, or no such language.

    Examples
    --------
    >>> sorted(table("level", "en"))[:2]
    ['agent', 'branch']
    """
    return dict(_find(key, lang))


def keys(lang: str) -> set[str]:
    """List every dotted key of one language, to compare the two.

    Raises
    ------
    KeyError
        No such language.

    Examples
    --------
    >>> "level.department" in keys("zh")
    True
    """
    out: set[str] = set()

    def walk(node: dict[str, Any], path: str) -> None:
        for name, value in node.items():
            if isinstance(value, dict):
                walk(value, f"{path}{name}.")
            else:
                out.add(f"{path}{name}")

    walk(_words(lang), "")
    return out


_WAN = 10_000.0
_YI = 100_000_000.0


def _money(value: float, lang: str, plus: str) -> str:
    if lang == "en":
        return f"{value:{plus},.0f}"
    size = abs(round(value))
    if size >= _YI:
        return f"{value / _YI:{plus},.2f}{text('number.yi', lang)}"
    if size >= _WAN:
        return f"{value / _WAN:{plus},.1f}{text('number.wan', lang)}"
    return f"{value:{plus},.0f}"


def number(value: float | None, unit: str, lang: str, *, signed: bool = False) -> str:
    """Write a number as the reader of `lang` expects it.

    Rates are kept as 0-1 and money as yuan everywhere else; only here do % and 万 appear.
    What rounds to zero has no sign.

    Parameters
    ----------
    value : float or None
        The quantity. [`unit`] Missing values become a dash.
    unit : str
        ``yuan``, ``rate``, ``points`` (a difference of two rates), ``ratio``, or a counted thing
        (``persons``, ``policies``, ``days``...).
    lang : {"zh", "en"}
        The reader's language.
    signed : bool, default False
        Show a plus sign before gains.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        The number needs a word of a language that is not there.

    Examples
    --------
    >>> number(123_000, "yuan", "en"), number(123_000, "yuan", "zh") == "12.3" + chr(0x4E07)
    ('123,000', True)
    >>> number(0.3704, "rate", "en"), number(float("nan"), "rate", "en")
    ('37.0%', '–')
    >>> number(-0.047, "points", "en", signed=True), number(-0.0001, "points", "en", signed=True)
    ('-4.7 pp', '0.0 pp')
    """
    if value is None or math.isnan(value):
        return "–"
    said = _written(value, unit, lang, "+" if signed else "")
    moved = math.isinf(value) or any(c in "123456789" for c in said)
    return said if moved else said.lstrip("+-")


def _written(value: float, unit: str, lang: str, plus: str) -> str:
    if unit == "yuan":
        return _money(value, lang, plus)
    if unit == "rate":
        return f"{value * 100:{plus},.1f}%"
    if unit == "points":
        return f"{value * 100:{plus},.1f}{text('number.points', lang)}"
    if unit == "ratio" or abs(value - round(value)) > 1e-9:
        return f"{value:{plus},.2f}" if unit in {"ratio", "policies"} else f"{value:{plus},.1f}"
    return f"{value:{plus},.0f}"
