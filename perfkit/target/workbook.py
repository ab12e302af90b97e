"""An Excel plan: its formulas are the relations, the figures saved beside them are as printed.

A formula is read, never run: sums, products, quotients, means and roundings of cells. Any other
formula is named, so that nobody takes it for checked.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from perfkit import words, workbook
from perfkit.target.expression import (
    Blank,
    Call,
    CellId,
    Expression,
    Many,
    Node,
    Num,
    Ref,
    parse,
    walk,
)
from perfkit.target.planfile import Cell, Plan, refuse
from perfkit.target.relation import Relation

__all__ = ["read_workbook"]

SHEET = r"(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!"
CELL = r"\$?[A-Za-z]{1,3}\$?\d{1,7}"
REF = rf"(?:{SHEET})?{CELL}(?::{CELL})?(?![\w(.])|[A-Za-z][\w.]*(?=\()"
PLACE = re.compile(
    r"(?:(?P<sheet>'(?:[^']|'')+'|[^!]+)!)?(?P<from>[A-Z]+\d+)(?::(?P<to>[A-Z]+\d+))?"
)
ROUNDINGS = {"round": "nearest", "roundup": "up", "rounddown": "down"}
MOST_BYTES = 200_000_000  # unpacked
MOST_CELLS = 100_000  # in one range
EQUAL = Fraction(1, 10**9)  # programs save sixteen digits, of which the last may differ


@dataclass(frozen=True, slots=True)
class _Sheets:
    """Both readings of a workbook: what is saved, and the formulas."""

    saved: Any
    formulas: Any

    def value(self, sheet: str, place: str) -> Any:
        return self.saved[sheet][place].value


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(Decimal(repr(value)))


def _open(path: Path) -> _Sheets:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise refuse("too_large", path=path)
        saved = workbook.read(path, formulas=False)
        return _Sheets(saved, workbook.read(path, formulas=True))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise refuse("workbook", path=path, why=str(error) or type(error).__name__) from error


def _cell(sheets: _Sheets, sheet: str, place: str) -> Cell:
    saved = sheets.value(sheet, place)
    value = _number(saved)
    text = "" if saved is None else str(saved)
    digits = len(format(Decimal(text), "f").partition(".")[2]) if value is not None else 0
    return Cell((sheet, place), text, value, "", Fraction(1, 10**digits), f"{sheet}!{place}")


class _Sheet:
    """Reads the formulas of one sheet; collects the cells they name."""

    def __init__(self, sheets: _Sheets, sheet: str, cells: dict[CellId, Cell]) -> None:
        self.sheets, self.sheet, self.cells = sheets, sheet, cells

    def named(self, sheet: str, place: str) -> Cell:
        return self.cells.setdefault((sheet, place), _cell(self.sheets, sheet, place))

    def leaf(self, text: str, at: int) -> Node:
        match = PLACE.fullmatch(_without(text))
        if not match:
            raise Expression("no_operand", text, at)
        sheet = (match["sheet"] or self.sheet).strip("'").replace("''", "'")
        if sheet not in self.sheets.saved.sheetnames:
            raise Expression("no_sheet", text, at)
        if match["to"]:
            return Many(tuple(self.inside(sheet, f"{match['from']}:{match['to']}", text, at)))
        cell = self.named(sheet, match["from"])
        return Ref(cell.id) if cell.value is not None else Blank(text if cell.printed else "")

    def inside(self, sheet: str, span: str, text: str, at: int) -> Iterator[Node]:
        """Name the numbers of a range; empty cells and texts count for nothing, as in Excel."""
        left, top, right, bottom = workbook.bounds(span)
        if (right - left + 1) * (bottom - top + 1) > MOST_CELLS:
            raise Expression("too_long", text, at)
        for row in self.sheets.saved[sheet][span]:
            for one in row:
                cell = self.named(sheet, one.coordinate)
                yield Ref(cell.id) if cell.value is not None else Blank()

    def relation(self, place: str, formula: str) -> Relation:
        """Read one formula; an outermost rounding becomes the relation's rule.

        Raises
        ------
        Expression
            It is more than sums, products and roundings, or nothing is saved beside it.
        """
        cell = self.named(self.sheet, place)
        if cell.value is None:
            raise Expression("not_saved" if not cell.printed else "text", cell.printed, 1)
        tree, rule, step = parse(formula[1:], self.leaf, REF), "", Fraction(1)
        for one in walk(tree):
            if isinstance(one, Blank) and one.text:
                raise Expression("text", one.text, 1)
        if isinstance(tree, Call) and tree.name in ROUNDINGS:
            digits = tree.args[1] if len(tree.args) > 1 else Num(Fraction(0))
            if isinstance(digits, Num) and abs(digits.value) <= 15:
                rule, step = ROUNDINGS[tree.name], Fraction(10) ** -int(digits.value)
                tree = tree.args[0]
        silent = max(Fraction(1), abs(cell.value)) * EQUAL
        said = dict.fromkeys(words.LANGS, formula)
        half = Fraction(0) if rule else cell.step / 2
        return Relation(f"{self.sheet}!{place}", "formula", cell.id, Fraction(1), tree, rule=rule,
                        step=step, tolerance=half, silent=silent, said=said)  # fmt: skip


def _without(text: str) -> str:
    """Take the dollar signs out of the cells, not out of the sheet's name."""
    sheet, mark, place = text.rpartition("!")
    return f"{sheet}{mark}{place.replace('$', '').upper()}"


def read_workbook(path: Path) -> tuple[Plan, list[Relation], list[tuple[str, str, str]]]:
    """Read an Excel plan: its cells, its formulas as relations, and those that cannot be read.

    Parameters
    ----------
    path : Path
        An .xlsx or .xlsm file.

    Returns
    -------
    tuple
        The plan, its relations, and for each formula that was not recomputed: the cell, why
        (a word of ``audit.why``), and the part of it.

    Raises
    ------
    PerfkitError
        The file is no workbook, or holds no formula.
    """
    sheets = _open(path)
    cells: dict[CellId, Cell] = {}
    relations: list[Relation] = []
    unread: list[tuple[str, str, str]] = []
    for page in sheets.formulas.worksheets:
        reader = _Sheet(sheets, page.title, cells)
        for row in page.iter_rows():
            for one in row:
                if one.data_type != "f":
                    continue
                try:
                    text = one.value if isinstance(one.value, str) else ""
                    relations.append(reader.relation(one.coordinate, text))
                except Expression as error:
                    unread.append((f"{page.title}!{one.coordinate}", error.why, error.found))
    if not relations and not unread:
        raise refuse("no_formula", path=path)
    plan = Plan(path.stem, {"zh": path.name, "en": path.name}, {}, {}, cells, (), str(path))
    return plan, relations, unread
