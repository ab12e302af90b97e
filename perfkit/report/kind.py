"""The types a notebook's parameter may be declared with, and values read by them.

JSON values only: text, whole number, number, yes or no, and lists of them. A text is read by
the declared type and never by how it looks, so a code such as ``01`` stays a code.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from numbers import Integral, Real
from typing import Any, Final

__all__ = ["Kind", "check", "of_annotation", "of_value", "parse"]

PLAIN: Final = ("str", "int", "float", "bool")

_WHOLE = re.compile(r"[+-]?\d+")
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """The type a parameter is declared with.

    Attributes
    ----------
    name : str
        str, int, float, bool or list.
    item : str
        What a list holds: str, int, float or bool; empty for the others.
    empty : bool
        Whether None is allowed too.

    Examples
    --------
    >>> str(Kind("list", "int", empty=True))
    'list[int] | None'
    """

    name: str
    item: str = ""
    empty: bool = False

    def __str__(self) -> str:
        """Write the type as an annotation."""
        body = f"list[{self.item}]" if self.name == "list" else self.name
        return f"{body} | None" if self.empty else body


def of_annotation(node: ast.expr) -> Kind:
    """Understand an annotation.

    Raises
    ------
    ValueError
        A type that no parameter can have.

    Examples
    --------
    >>> of_annotation(ast.parse("list[str] | None", mode="eval").body)
    Kind(name='list', item='str', empty=True)
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return of_annotation(ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Name) and node.id in PLAIN:
        return Kind(node.id)
    if isinstance(node, ast.Name) and node.id == "list":
        return Kind("list", "str")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [s for s in (node.left, node.right) if ast.unparse(s) != "None"]
        if len(sides) == 1:
            return _or_none(of_annotation(sides[0]))
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = of_annotation(node.slice)
        if node.value.id == "list" and inner.name in PLAIN and not inner.empty:
            return Kind("list", inner.name)
        if node.value.id == "Optional":
            return _or_none(inner)
    raise ValueError(ast.unparse(node))


def _or_none(kind: Kind) -> Kind:
    return Kind(kind.name, kind.item, empty=True)


def of_value(value: object) -> Kind:
    """Take the type of a parameter without annotation from its default.

    Raises
    ------
    ValueError
        A value of no such type, or a list of mixed ones.

    Examples
    --------
    >>> str(of_value([1, 2])), str(of_value(None))
    ('list[int]', 'str | None')
    """
    if value is None:
        return Kind("str", empty=True)
    if isinstance(value, list):
        items = {type(v).__name__ for v in value} or {"str"}
        if len(items) == 1 and items <= set(PLAIN):
            return Kind("list", items.pop())
    elif type(value).__name__ in PLAIN:
        return Kind(type(value).__name__)
    raise ValueError(value)


def parse(text: str, kind: Kind) -> Any:
    """Read a text as the declared type.

    Parameters
    ----------
    text : str
        What stands on the command line. A list is written ``a,b`` or ``["a", "b"]``.
    kind : Kind
        The declared type.

    Returns
    -------
    str, int, float, bool, list or None

    Raises
    ------
    ValueError, TypeError, SyntaxError
        The text is no such value.

    Examples
    --------
    >>> parse("01", Kind("str")), parse("01", Kind("int")), parse("01,02", Kind("list", "str"))
    ('01', 1, ['01', '02'])
    """
    bare = text.strip()
    if kind.empty and bare in {"", "None", "null"} and (bare or kind.name != "str"):
        return None
    if kind.name == "list":
        if bare.startswith("["):
            return check(ast.literal_eval(bare), kind)
        return [_plain(part.strip(), kind.item) for part in bare.split(",") if part.strip()]
    return _plain(text, kind.name)


def _plain(text: str, name: str) -> str | int | float | bool:
    """Read one value; text is kept as it stands, blanks included."""
    bare = text.strip()
    if name == "str":
        return text
    if name == "int" and _WHOLE.fullmatch(bare):
        return int(bare)
    if name == "float" and _REAL.fullmatch(bare):
        return check(float(bare), Kind("float"))  # type: ignore[no-any-return]
    if name == "bool" and bare.casefold() in {"true", "false"}:
        return bare.casefold() == "true"
    raise ValueError(text)


def check(value: object, kind: Kind) -> Any:
    """Check a Python value against the declared type and give its JSON form.

    Parameters
    ----------
    value : object
        A value; dates become ISO text where text is declared.
    kind : Kind
        The declared type.

    Returns
    -------
    str, int, float, bool, list or None

    Raises
    ------
    TypeError
        The value is of another type, or a number that is not finite.

    Examples
    --------
    >>> check(date(2012, 9, 30), Kind("str")), check(3, Kind("float"))
    ('2012-09-30', 3.0)
    """
    if value is None and kind.empty:
        return None
    if kind.name == "list":
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise TypeError(value)
        return [check(v, Kind(kind.item)) for v in value]
    is_bool = isinstance(value, bool)
    if kind.name == "bool" and is_bool:
        return value
    if kind.name == "str" and isinstance(value, str | date):
        return value if isinstance(value, str) else _iso(value)
    if kind.name == "int" and isinstance(value, Integral) and not is_bool:
        return int(value)
    if kind.name == "float" and isinstance(value, Real) and not is_bool and math.isfinite(value):
        return float(value)
    raise TypeError(value)


def _iso(day: date) -> str:
    """Write a day as ISO text; a clock time is kept where there is one."""
    if isinstance(day, datetime) and not (day.hour or day.minute or day.second):
        return day.date().isoformat()
    return day.isoformat()
