"""Money lines of a budget, such as 20 persons × 50 yuan × 3 = 3,000: read and worked out exactly.

A line is numbers with their unit, joined by + - × ÷ and brackets, with an optional label before a
colon. Nothing is evaluated as code: the grammar knows numbers, the units and scales of the words
files (``moneyline``), and nothing else. Length and depth are limited.
"""

from __future__ import annotations

import decimal
import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from perfkit import words
from perfkit.errors import PerfkitError

__all__ = ["MoneyLine", "Step", "read"]

MAX_LENGTH = 400
MAX_DEPTH = 20
MAX_DIGITS = 15
DIGITS = 4 * MAX_LENGTH  # a line this short cannot need more to stay exact

_BULLETS = re.compile("[\u2460-\u2473]")  # circled 1-20: folding would make them digits
_SIGNS = str.maketrans({"×": "*", "✕": "*", "÷": "/", "−": "-", "–": "-"})
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d.,]*\d)")
_SCALES = {
    "percent": Decimal("0.01"),
    "per_mille": Decimal("0.001"),
    "hundred": Decimal(100),
    "thousand": Decimal(1_000),
    "ten_thousand": Decimal(10_000),
    "million": Decimal(1_000_000),
    "hundred_million": Decimal(100_000_000),
}
_TIMES = re.compile(r"[xX](?=[\s(]*\d)")


@dataclass(frozen=True, slots=True)
class Step:
    """One side of an equals sign.

    Attributes
    ----------
    text : str
        As written, folded to plain digits and signs.
    value : Decimal
        What it comes to. [yuan, or what its units leave]
    opens : Decimal
        Its first number: a running chain goes on from the step before with it. [as `value`]
    units : dict
        The units left over, each with its power: 80 yuan a day leaves yuan 1, day -1.
    operations : int
        How many signs there are to work out.
    """

    text: str
    value: Decimal
    opens: Decimal
    operations: int
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """A money line, worked out.

    Attributes
    ----------
    label : str
        What stands before the colon.
    steps : tuple of Step
        The parts between equals signs, in order.
    """

    label: str
    steps: tuple[Step, ...]

    @property
    def computed(self) -> Decimal:
        """What the last formula comes to. [yuan]"""
        return self.steps[-2 if self.stated is not None else -1].value

    @property
    def stated(self) -> Decimal | None:
        """The amount after the last equals sign, None without one. [yuan]"""
        return self.steps[-1].value if len(self.steps) > 1 else None

    @property
    def is_formula(self) -> bool:
        """Say whether there is anything to work out; a plain amount has nothing."""
        return any(step.operations for step in self.steps)

    @property
    def holds(self) -> bool:
        """Say whether every equals sign is right, a running chain step by step."""
        pairs = zip(self.steps, self.steps[1:], strict=False)
        return all(left.value in {right.value, right.opens} for left, right in pairs)

    @property
    def units(self) -> Mapping[str, int]:
        """The units left over; other than yuan and counted heads they are a hint. [powers]"""
        return self.steps[-2 if self.stated is not None else -1].units


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Decimal
    units: Mapping[str, int]


@functools.cache
def _vocabulary(group: str) -> dict[str, str]:
    """Map every spelling, in either language, to its code; longest first."""
    found = {
        spelling: code
        for lang in words.LANGS
        for code, spellings in words.table(f"moneyline.{group}", lang).items()
        for spelling in spellings.split("|")
    }
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _context() -> decimal.Context:
    """Compute exactly; only a division may have to be cut."""
    return decimal.Context(prec=DIGITS, traps=[decimal.InvalidOperation, decimal.DivisionByZero])


class _Reader:
    """One pass over one side of an equals sign: a recursive descent over characters."""

    def __init__(self, line: str, start: int, end: int) -> None:
        self.line, self.at, self.end = line, start, end
        self.depth = self.operations = 0
        self.opens: Decimal | None = None
        self.context = _context()

    def refuse(self, why: str, at: int | None = None) -> PerfkitError:
        place = self.at if at is None else at
        found = self.line[place : place + 12].strip()
        return PerfkitError("moneyline." + why, text=self.line[:60], place=place + 1, found=found)

    def peek(self) -> str:
        while self.at < self.end and self.line[self.at].isspace():
            self.at += 1
        if self.at >= self.end:
            return ""
        return "*" if _TIMES.match(self.line, self.at, self.end) else self.line[self.at]

    def sum(self) -> _Amount:
        total = self.product()
        while (sign := self.peek()) in {"+", "-"}:
            self.at += 1
            self.operations += 1
            right = self.product()
            joined = self.context.add if sign == "+" else self.context.subtract
            total = _Amount(joined(total.value, right.value), total.units)
        return total

    def product(self) -> _Amount:
        total = self.operand()
        while (sign := self.peek()) in {"*", "/"}:
            at = self.at
            self.at += 1
            self.operations += 1
            right = self.operand()
            power = 1 if sign == "*" else -1
            if power < 0 and not right.value:
                raise self.refuse("by_zero", at)
            joined = self.context.multiply if power > 0 else self.context.divide
            units = dict(total.units)
            for unit, count in right.units.items():
                units[unit] = units.get(unit, 0) + power * count
            total = _Amount(joined(total.value, right.value), units)
        return total

    def operand(self) -> _Amount:
        sign = self.peek()
        if sign == "(":
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self.refuse("too_deep")
            self.at += 1
            inner = self.sum()
            if self.peek() != ")":
                raise self.refuse("unclosed")
            self.at += 1
            self.depth -= 1
            return _Amount(inner.value, self.per(self.unit(dict(inner.units))))
        return self.number()

    def number(self) -> _Amount:
        self.peek()
        match = _NUMBER.match(self.line, self.at, self.end)
        if not match:
            raise self.refuse("no_number")
        digits = match[0].replace(",", "")
        if len(digits) > MAX_DIGITS:
            raise self.refuse("too_long_number")
        self.at = match.end()
        value = Decimal(digits)
        for _ in range(2):  # one scale on another, and no tower of them
            if scale := self.word("scales"):
                value = self.context.multiply(value, Decimal(_SCALES[scale]))
        if self.opens is None:
            self.opens = value
        return _Amount(value, self.per(self.unit({})))

    def word(self, group: str) -> str | None:
        """Take one word of the vocabulary; a Latin one must end where a word ends."""
        self.peek()
        for spelling, code in _vocabulary(group).items():
            if not self.line.startswith(spelling, self.at, self.end):
                continue
            stop = self.at + len(spelling)
            after = self.line[stop] if stop < self.end else " "
            if spelling[-1].isascii() and spelling[-1].isalpha() and after.isalpha():
                continue
            self.at = stop
            return code
        return None

    def unit(self, units: dict[str, int]) -> dict[str, int]:
        if _TIMES.match(self.line, self.at, self.end):
            return units
        if code := self.word("units"):
            units[code] = units.get(code, 0) + 1
        elif (after := self.peek()) and after not in "+-*/()":
            raise self.refuse("unknown_unit")
        return units

    def per(self, units: dict[str, int]) -> dict[str, int]:
        """Read '/' before a unit as "per"; before a number it divides."""
        while self.peek() == "/":
            at = self.at
            self.at += 1
            after = self.peek()
            if after.isdigit() or after == "(":
                self.at = at
                break
            code = self.word("units")
            if code is None:
                raise self.refuse("unknown_unit")
            units[code] = units.get(code, 0) - 1
        return units


def _step(line: str, start: int, end: int) -> Step:
    reader = _Reader(line, start, end)
    found = reader.sum()
    if reader.peek():
        raise reader.refuse("stray")
    left = {unit: power for unit, power in found.units.items() if power}
    opens = found.value if reader.opens is None else reader.opens
    return Step(line[start:end].strip(), found.value, opens, reader.operations, left)


def _label(line: str) -> int:
    """Find where the amount begins: after a label of words and its colon."""
    head, colon, _ = line.partition(":")
    named = colon and head.strip() and not head.strip()[0].isdigit()
    plain = all(c.isalpha() or c.isdigit() or c in " .-&()'" for c in head)
    return len(head) + 1 if named and plain else 0


def read(text: str) -> MoneyLine:
    """Read a money line and work it out exactly.

    Thousands separators, full-width digits, circled numbers before a line, ``×`` or ``x``, the
    scales and units of both languages are understood. ``/`` is "per" before a unit and a
    division before a number. Equals signs are followed step by step: in
    ``20+5=25×3=75`` the second step goes on from the first one's result.

    Parameters
    ----------
    text : str
        The line.

    Returns
    -------
    MoneyLine

    Raises
    ------
    PerfkitError
        Too long or too deep, an unknown unit or word, a missing number or bracket, a division
        by zero: each with its place. Source: branch plan 2005, slides 28-33.

    Examples
    --------
    >>> line = read("20 persons/quarter x 50 yuan/day x 3 = 3,000 yuan")
    >>> line.computed, line.stated, line.holds
    (Decimal('3000'), Decimal('3000'), True)
    >>> read("20+5=25×3=75").holds, read("5×20×3=30").holds
    (True, False)
    """
    if len(text) > MAX_LENGTH:
        facts = {"text": text[:60], "place": MAX_LENGTH + 1, "most": MAX_LENGTH}
        raise PerfkitError("moneyline.too_long", **facts)
    line = unicodedata.normalize("NFKC", _BULLETS.sub(" ", text)).translate(_SIGNS)
    start, steps = _label(line), []
    for part in line[start:].split("="):
        steps.append(_step(line, start, start + len(part)))
        start += len(part) + 1
    return MoneyLine(line[: _label(line)].rstrip(": ").strip(), tuple(steps))
