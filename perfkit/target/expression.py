"""Arithmetic of a plan's relations: read into a small tree, evaluated exactly, never as code.

The same grammar reads a relation of plan.toml and an Excel formula: numbers, references,
``+ - * /``, brackets, and the functions below. What a reference means is the caller's business.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["FUNCTIONS", "Blank", "Call", "CellId", "Chain", "Expression", "Many", "Node", "Num"]
__all__ += ["Ref", "cells_of", "evaluate", "parse", "rounded", "walk"]

MAX_LENGTH = 8192
MAX_DEPTH = 40

CellId = tuple[str, str]
Value = Fraction | list[Fraction | None]  # None: a cell that counts for nothing


class Expression(ValueError):
    """An expression that cannot be read: what, and at which character."""

    def __init__(self, why: str, found: str, place: int) -> None:
        super().__init__(why)
        self.why, self.found, self.place = why, found, place


@dataclass(frozen=True, slots=True)
class Num:
    """A number written in the expression."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Ref:
    """One cell; `size` turns its own unit into the common one (10k yuan: 10,000)."""

    cell: CellId
    size: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Blank:
    """A cell without a number: nothing to a function, 0 in arithmetic; `text` is what it holds."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """Several cells: a column, or a range."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Terms with their signs, or factors with their powers (1 or -1)."""

    times: bool
    parts: tuple[tuple[int, Node], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    name: str
    args: tuple[Node, ...]


Node = Num | Ref | Blank | Many | Chain | Call


def rounded(value: Fraction, rule: str, step: Fraction) -> Fraction:
    """Round to a multiple of `step`: ``up`` and ``down`` by size, ``nearest`` half away from zero.

    Raises
    ------
    KeyError
        No such rule.

    Examples
    --------
    >>> rounded(Fraction(5, 2), "nearest", Fraction(1)), rounded(Fraction(-5, 2), "up", Fraction(1))
    (Fraction(3, 1), Fraction(-3, 1))
    """
    size = abs(value) / step
    whole = {
        "up": lambda: math.ceil(size),
        "down": lambda: math.floor(size),
        "nearest": lambda: math.floor(size + Fraction(1, 2)),
    }[rule]()
    return (1 if value >= 0 else -1) * whole * step


def _flat(values: list[Value]) -> list[Fraction]:
    return [x for v in values for x in (v if isinstance(v, list) else [v]) if x is not None]


def _product(values: list[Fraction]) -> Fraction:
    return math.prod(values, start=Fraction(1))


def _round(rule: str) -> Callable[[list[Fraction]], Fraction]:
    def call(values: list[Fraction]) -> Fraction:
        digits = int(values[1]) if len(values) > 1 else 0
        if abs(digits) > 15:
            raise ZeroDivisionError
        return rounded(values[0], rule, Fraction(10) ** -digits)

    return call


FUNCTIONS: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda v: sum(v, Fraction(0)),
    "sumproduct": lambda v: sum(v, Fraction(0)),
    "mean": lambda v: sum(v, Fraction(0)) / len(v),
    "average": lambda v: sum(v, Fraction(0)) / len(v),
    "product": _product,
    "min": min,
    "max": max,
    "abs": lambda v: abs(v[0]),
    "count": lambda v: Fraction(len(v)),
    "round": _round("nearest"),
    "roundup": _round("up"),
    "rounddown": _round("down"),
}


def _pair(left: Value, right: Value, by: Callable[[Fraction, Fraction], Fraction]) -> Value:
    """Join two values; lists of equal length go row by row, one value goes with every row."""
    if not isinstance(left, list) and not isinstance(right, list):
        return by(left, right)
    size = len(left if isinstance(left, list) else right)  # type: ignore[arg-type]
    pairs = zip(
        left if isinstance(left, list) else [left] * size,
        right if isinstance(right, list) else [right] * size,
        strict=True,
    )
    return [by(a or Fraction(0), b or Fraction(0)) for a, b in pairs]


def _chained(node: Chain, of: Callable[[CellId], Fraction]) -> Value:
    total: Value = Fraction(1 if node.times else 0)
    for power, part in node.parts:
        join = (
            (operator.mul if power > 0 else operator.truediv)
            if node.times
            else (operator.add if power > 0 else operator.sub)
        )
        total = _pair(total, _value(part, of), join)
    return total


def _value(node: Node, of: Callable[[CellId], Fraction]) -> Value:
    if isinstance(node, Num):
        return node.value
    if isinstance(node, Ref):
        return of(node.cell) * node.size
    if isinstance(node, Blank):
        return Fraction(0)
    if isinstance(node, Many):
        # Expression by expression, so that rows stay beside their rows.
        return [
            None if isinstance(item, Blank) else value
            for item in node.items
            for value in _listed(_value(item, of))
        ]
    if isinstance(node, Chain):
        return _chained(node, of)
    args = [_value(arg, of) for arg in node.args]
    if node.name == "sumproduct":
        args = [functools.reduce(lambda a, b: _pair(a, b, operator.mul), args)]
    return FUNCTIONS[node.name](_flat(args))


def _listed(value: Value) -> list[Fraction | None]:
    return value if isinstance(value, list) else [value]


def evaluate(node: Node, of: Callable[[CellId], Fraction | None]) -> Fraction | None:
    """Work a tree out exactly.

    Parameters
    ----------
    node : Node
        What `parse` made.
    of : callable
        The value of a cell, None where it is empty.

    Returns
    -------
    Fraction or None
        None where a cell is empty, a divisor is zero, or the result is no single number.

    Examples
    --------
    >>> tree = parse("a * 2 + 1", lambda name, at: Ref(("t", name)))
    >>> evaluate(tree, lambda cell: Fraction(5))
    Fraction(11, 1)
    """

    def known(cell: CellId) -> Fraction:
        found = of(cell)
        if found is None:
            raise ZeroDivisionError
        return found

    try:
        value = _value(node, known)
    except (ZeroDivisionError, ValueError, IndexError):
        return None
    if isinstance(value, list):
        return value[0] if len(value) == 1 else None
    return value


def walk(node: Node) -> Iterator[Node]:
    """Go through a tree, from the top and in order.

    Examples
    --------
    >>> tree = parse("a / 2", lambda name, at: Ref(("t", name)))
    >>> [type(one).__name__ for one in walk(tree)]
    ['Chain', 'Ref', 'Num']
    """
    yield node
    inner: tuple[Node, ...] = ()
    if isinstance(node, Many):
        inner = node.items
    elif isinstance(node, Call):
        inner = node.args
    elif isinstance(node, Chain):
        inner = tuple(part for _, part in node.parts)
    for one in inner:
        yield from walk(one)


def cells_of(node: Node) -> Iterator[CellId]:
    """List the cells a tree reads, in order, repeats included.

    Examples
    --------
    >>> list(cells_of(parse("a / b", lambda name, at: Ref(("t", name)))))
    [('t', 'a'), ('t', 'b')]
    """
    return (one.cell for one in walk(node) if isinstance(one, Ref))


NUMBER = r"\d+(?:\.\d+)?(?:[eE][-+]?\d{1,2})?%?(?![\w!$:])"
PLAN_REF = r"[^\W\d]\w*(?:\[[^\]]*\])?(?:\.[^\W\d]\w*)?"


class _Parser:
    def __init__(self, text: str, leaf: Callable[[str, int], Node], ref: str) -> None:
        if len(text) > MAX_LENGTH:
            raise Expression("too_long", "", MAX_LENGTH + 1)
        pattern = rf"\s*(?:(?P<num>{NUMBER})|(?P<ref>{ref})|(?P<sign>.))"
        found = re.finditer(pattern, text.rstrip(), re.DOTALL)
        self.tokens = [
            (m.lastgroup or "", m[m.lastgroup or 0], m.start(m.lastgroup or 0)) for m in found
        ]
        self.tokens.append(("end", "", len(text)))
        self.leaf, self.at, self.depth = leaf, 0, 0

    def refuse(self, why: str) -> Expression:
        _, found, place = self.tokens[self.at]
        return Expression(why, found, place + 1)

    def take(self, signs: str) -> str:
        kind, found, _ = self.tokens[self.at]
        if kind == "sign" and found in signs:
            self.at += 1
            return found
        return ""

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse("too_deep")
        parts = [(1, self.product())]
        while sign := self.take("+-"):
            parts.append((1 if sign == "+" else -1, self.product()))
        self.depth -= 1
        return parts[0][1] if len(parts) == 1 else Chain(False, tuple(parts))

    def product(self) -> Node:
        parts = [(1, self.signed())]
        while found := self.take("*/"):
            parts.append((1 if found == "*" else -1, self.signed()))
        return parts[0][1] if len(parts) == 1 else Chain(True, tuple(parts))

    def signed(self) -> Node:
        sign = 1
        while found := self.take("+-"):
            sign = -sign if found == "-" else sign
        node = self.operand()
        return node if sign > 0 else Chain(True, ((1, node), (1, Num(Fraction(-1)))))

    def operand(self) -> Node:
        kind, found, place = self.tokens[self.at]
        if self.take("("):
            inner = self.sum()
            if not self.take(")"):
                raise self.refuse("unclosed")
            return inner
        if kind == "num":
            self.at += 1
            number = Fraction(found.rstrip("%"))
            return Num(number / 100 if found.endswith("%") else number)
        if kind != "ref":
            raise self.refuse("no_operand")
        self.at += 1
        if self.tokens[self.at][1] == "(":
            return self.call(found, place)
        return self.leaf(found, place + 1)

    def call(self, name: str, place: int) -> Node:
        if name.lower() not in FUNCTIONS:
            raise Expression("no_function", name, place + 1)
        self.take("(")
        args = [self.sum()]
        while self.take(",;"):
            args.append(self.sum())
        if not self.take(")"):
            raise self.refuse("unclosed")
        numbers = tuple(arg for arg in args if not isinstance(arg, Blank))
        return Call(name.lower(), numbers or tuple(args))


def parse(text: str, leaf: Callable[[str, int], Node], ref: str = PLAN_REF) -> Node:
    """Read an expression.

    Parameters
    ----------
    text : str
        Without a leading equals sign.
    leaf : callable
        Turns a reference and its place (from 1) into a node.
    ref : str, optional
        The pattern of a reference.

    Returns
    -------
    Node

    Raises
    ------
    Expression
        Too long, too deep, an unknown function, a missing number or bracket, with its place.

    Examples
    --------
    >>> parse("2 * 3", lambda name, at: Num(Fraction(0)))
    Chain(times=True, parts=((1, Num(value=Fraction(2, 1))), (1, Num(value=Fraction(3, 1)))))
    """
    parser = _Parser(text, leaf, ref)
    tree = parser.sum()
    if parser.tokens[parser.at][0] != "end":
        raise parser.refuse("stray")
    return tree
