"""The contradictions inside a plan: every declared relation checked, every breach with its cell.

Four kinds: a *misprint* (one change of one cell repairs everything it breaks), *rounding* (only
the printed digits are missing), a *tension* (two views of one quantity differ; neither is plainly
wrong) and *open* (wrong, but the printed figures cannot tell where).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from perfkit import bundle, words
from perfkit.target.expression import CellId
from perfkit.target.planfile import Cell, Plan, read_folder
from perfkit.target.relation import Chain, Classes, Relation, compile_plan
from perfkit.target.repair import Doubt, Verdict, find_repairs, pattern
from perfkit.target.workbook import read_workbook

__all__ = ["Audit", "Contradiction", "audit"]

KINDS = ("misprint", "open", "tension", "rounding")
SHOWN = 4
NAMED = 20
CLASS = re.compile(r"(≥|>=|<)\s*(\d+)(.*)")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One contradiction, with its cell and the likely repair.

    Attributes
    ----------
    kind : str
        misprint, rounding, tension or open.
    relation : tuple of str
        The relations it breaks.
    cell : Cell
        Where.
    printed, expected : Fraction or str
        As printed, and what would fit. [unit; a text for a label]
    unit : str
        The plan's own unit.
    repair : str
        How it was most likely misprinted: times_ten, digits_swapped, digit_dropped, one_digit.
    facts : mapping
        What else the sentences need, by language.
    others : tuple of tuple of str
        For what is open: the other cells whose change would do.
    """

    kind: str
    relation: tuple[str, ...]
    cell: Cell
    printed: Fraction | str
    expected: Fraction | str
    unit: str
    repair: str
    facts: Mapping[str, Mapping[str, str]]
    others: tuple[CellId, ...] = ()

    def text(self, lang: str) -> str:
        """Say it in the reader's language."""
        return words.text(f"audit.{self.kind}", lang, **self.facts[lang])

    def record(self) -> dict[str, Any]:
        """Give the stable JSON shape of ``perfkit audit``."""
        return {
            "kind": self.kind,
            "relation": ", ".join(self.relation),
            "table": self.cell.id[0],
            "cell": self.cell.id[1],
            "printed": _plain(self.printed),
            "expected": _plain(self.expected),
            "unit": self.unit,
            "repair": self.repair,
            "zh": self.text("zh"),
            "en": self.text("en"),
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    plan : Plan
        As read.
    found : tuple of Contradiction
        Misprints first, rounding last.
    checked : int
        How many relations were computed.
    unread : tuple of tuple
        What could not be recomputed: the cell, why, and the part of it.
    """

    plan: Plan
    found: tuple[Contradiction, ...]
    checked: int
    unread: tuple[tuple[str, str, str], ...]

    def summary(self, lang: str) -> str:
        """Say how much was checked and how many contradictions of each kind there are."""
        kinds = [one.kind for one in self.found]
        counts = [f"{words.text(f'audit.kind.{kind}', lang)} {kinds.count(kind)}" for kind in KINDS]
        facts = {"plan": self.plan.title[lang], "checked": self.checked, "count": len(kinds)}
        return words.text("audit.checked", lang, kinds=", ".join(counts), **facts)

    def left_out(self, lang: str) -> str:
        """Name what could not be recomputed, and why."""
        shown = [
            f"{cell} ({words.text(f'audit.why.{why}', lang)}{': ' + part if part else ''})"
            for cell, why, part in self.unread[:NAMED]
        ]
        more = len(self.unread) - NAMED
        shown += [words.text("audit.more", lang, count=more)] if more > 0 else []
        return words.text("audit.unread", lang, count=len(self.unread), list="; ".join(shown))


def _plain(value: Fraction | str) -> int | float | str:
    if isinstance(value, str):
        return value
    return value.numerator if value.denominator == 1 else float(value)


def _said(value: Fraction | str, unit: str, plan: Plan, lang: str) -> str:
    """Write a figure as the plan does: its own unit, the digits that matter."""
    if isinstance(value, str):
        return value
    whole = value.denominator == 1
    number = f"{value.numerator:,}" if whole else f"{float(value):,.4f}".rstrip("0").rstrip(".")
    name = plan.units[unit].title[lang] if unit in plan.units else unit
    if not name or name.startswith("%"):
        return number + name
    return words.text("audit.figure", lang, number=number, unit=name)


class _Writer:
    """Turns verdicts into contradictions, with their words."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def where(self, cell: Cell, lang: str) -> str:
        """Name a cell: its table and column in words, its row, and where it stands."""
        table = self.plan.tables.get(cell.id[0])
        if table is None:
            return cell.place
        name = cell.id[1].partition("[")[0]
        column = table.columns.get(name)
        facts = {
            "table": table.title[lang],
            "column": column.title[lang] if column else name,
            "row": cell.row[lang],
            "place": cell.place,
        }
        return words.text("audit.place", lang, **facts)

    def make(
        self,
        kind: str,
        relations: Sequence[Relation | Classes | Chain],
        cell: CellId,
        expected: Fraction | str,
        *,
        printed: Fraction | str | None = None,
        others: Sequence[tuple[CellId, Fraction]] = (),
    ) -> Contradiction:
        """Write one contradiction."""
        one = self.plan.cells[cell]
        shown = printed if printed is not None else one.value
        was = one.printed if shown is None else shown
        repair = ""
        if isinstance(was, Fraction) and isinstance(expected, Fraction) and kind in KINDS[:2]:
            repair = pattern(was, expected)
        facts = {lang: self.words(lang, relations, one, was, expected, repair, others)
                 for lang in words.LANGS}  # fmt: skip
        ids = tuple(dict.fromkeys(r.id for r in relations))
        also = tuple(dict.fromkeys(c for c, _ in others))
        return Contradiction(kind, ids, one, was, expected, one.unit, repair, facts, also)

    def words(
        self,
        lang: str,
        relations: Sequence[Relation | Classes | Chain],
        cell: Cell,
        printed: Fraction | str,
        expected: Fraction | str,
        repair: str,
        others: Sequence[tuple[CellId, Fraction]],
    ) -> dict[str, str]:
        """Gather what the sentences need."""
        also = [
            words.text("audit.other", lang, place=self.where(self.plan.cells[c], lang),
                       value=_said(v, self.plan.cells[c].unit, self.plan, lang))
            for c, v in others[:SHOWN]
        ]  # fmt: skip
        more = words.text("audit.more", lang, count=len(others) - SHOWN)
        also += [more] if len(others) > SHOWN else []
        said = list(dict.fromkeys(r.said[lang] for r in relations))
        return {
            "place": self.where(cell, lang),
            "printed": _said(printed, cell.unit, self.plan, lang),
            "expected": _said(expected, cell.unit, self.plan, lang),
            "repair": words.text(f"audit.repair.{repair}", lang) if repair else "",
            "said": words.text("audit.and", lang).join(said),
            "others": words.text("audit.others", lang, list="; ".join(also)) if also else "",
        }

    def doubt(self, doubt: Doubt, of: Mapping[CellId, Fraction | None]) -> Contradiction:
        """Name the cell of the likeliest single change; the relation's own result otherwise."""
        likely = [
            (c, v) for c, v in doubt.options if pattern(self.plan.cells[c].value or Fraction(0), v)
        ]
        relation = doubt.relation
        cell, value = relation.result, relation.expected(of.get)
        if len(likely) == 1:
            cell, value = likely[0]
        others = [(c, v) for c, v in doubt.options if c != cell]
        return self.make("open", [relation], cell, value or Fraction(0), others=others)


def _limits(labels: Sequence[str]) -> list[tuple[str, int]] | None:
    found = [CLASS.fullmatch(label.strip()) for label in labels]
    return [(m[1], int(m[2])) for m in found if m] if all(found) else None


def _disjoint(limits: Sequence[tuple[str, int]]) -> bool:
    """Say whether classes from the top down share nobody and leave nobody out."""
    lower = [limit for sign, limit in limits[:-1]]
    falling = all(a > b for a, b in itertools.pairwise(lower))
    opened = all(sign != "<" for sign, _ in limits[:-1])
    sign, last = limits[-1]
    closed = last == lower[-1] if sign == "<" and lower else not lower or last < lower[-1]
    return falling and opened and closed


def _labels(writer: _Writer, rule: Classes) -> list[Contradiction]:
    """Check class labels; a single label whose limit alone repairs them is the misprint."""
    labels = [writer.plan.cells[cell].printed for cell in rule.labels]
    limits = _limits(labels)
    if limits is None or len(limits) < 2:
        first = next((i for i, one in enumerate(labels) if not CLASS.fullmatch(one.strip())), 0)
        return [writer.make("open", [rule], rule.labels[first], "", printed=labels[first])]
    if _disjoint(limits):
        return []
    known = sorted({limit for _, limit in limits})
    repairs = [
        (i, other)
        for i, (sign, limit) in enumerate(limits)
        for other in known
        if other != limit and _disjoint([*limits[:i], (sign, other), *limits[i + 1 :]])
    ]
    if len(repairs) != 1:
        return [writer.make("open", [rule], rule.labels[-1], "", printed=labels[-1])]
    at, limit = repairs[0]
    fits = labels[at].replace(str(limits[at][1]), str(limit), 1)
    return [writer.make("misprint", [rule], rule.labels[at], fits, printed=labels[at])]


def _views(writer: _Writer, relations: Sequence[Relation], verdict: Verdict) -> list[Contradiction]:
    """Say what rounding hides, which views differ, and what looks wrong but cannot be proved."""
    of = verdict.values.get
    out = []
    for one in relations:
        gap, expected = one.gap(of), one.expected(of)
        if gap is None or expected is None or abs(gap) <= one.silent:
            continue
        if one.holds(of):
            if one.result not in verdict.misprints:
                out.append(writer.make("rounding", [one], one.result, expected))
        elif one.breach != "misprint":
            out.append(writer.make(one.breach, [one], one.result, expected))
    return out


def audit(plan: str | Path) -> Audit:
    """Find the contradictions inside a plan.

    Parameters
    ----------
    plan : str or Path
        A bundled plan's name, a folder with a plan.toml, or an .xlsx file whose formulas are the
        relations.

    Returns
    -------
    Audit

    Raises
    ------
    PerfkitError
        The plan or its plan.toml cannot be read, with the place.

    Examples
    --------
    >>> found = audit("branch_2005").found
    >>> sum(one.kind == "misprint" for one in found)
    8
    """
    path = bundle.plan_path(plan)
    labels: list[Classes] = []
    chains: list[Chain] = []
    unread: list[tuple[str, str, str]] = []
    if path.is_dir():
        read = read_folder(path)
        relations, labels, chains = compile_plan(read)
    else:
        read, relations, unread = read_workbook(path)
    verdict = find_repairs([one for one in relations if one.breach == "misprint"], read.cells)
    writer = _Writer(read)
    found = [
        writer.make("misprint", broken, cell, value)
        for cell, (value, broken) in verdict.misprints.items()
    ]
    found += [
        writer.make("open", broken, cell, value) for cell, (value, broken) in verdict.likely.items()
    ]
    found += [one for rule in labels for one in _labels(writer, rule)]
    found += [writer.doubt(one, verdict.values) for one in verdict.doubts]
    found += [
        writer.make("open", [one], one.cell, one.expected, printed=one.printed) for one in chains
    ]
    found += _views(writer, relations, verdict)
    order = {cell: at for at, cell in enumerate(read.cells)}
    found.sort(key=lambda one: (KINDS.index(one.kind), order[one.cell.id]))
    of = verdict.values.get
    idle = [one for one in relations if one.gap(of) is None]
    unread += [(f"{one.result[0]}.{one.result[1]}", "empty", one.id) for one in idle]
    return Audit(read, tuple(found), len(relations) - len(idle) + len(labels), tuple(unread))
