"""What must hold between the cells of a plan: each declared relation, compiled row by row.

Every kind becomes one thing: a result cell, an exact formula over other cells, how the result is
rounded, and how much may be missing. Amounts are compared in the plan's own unit of the result.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from perfkit import moneyline, words
from perfkit.errors import PerfkitError
from perfkit.target.expression import (
    CellId,
    Expression,
    Many,
    Node,
    Num,
    Ref,
    cells_of,
    evaluate,
    parse,
    rounded,
)
from perfkit.target.planfile import Plan, Table, number, refuse

__all__ = ["KINDS", "Chain", "Classes", "Relation", "Values", "compile_plan", "compiler"]

BREACHES = ("misprint", "tension", "open")
RULES = ("up", "down", "nearest")
COMMON = {"id", "kind", "each", "where", "tolerance", "rule", "step", "breach", *words.LANGS}
KINDS = {
    "sum": {"whole", "parts"},
    "product": {"whole", "factors"},
    "share": {"share", "part", "whole"},
    "roll_forward": {"stock", "plus", "minus", "opening"},
    "rounding": {"value", "of"},
    "equality": {"cell", "equals"},
    "budget": {"stated", "line"},
    "label": {"labels"},
}
OPTIONAL = {"opening"}
LISTS = {"parts", "factors", "plus", "minus"}
AMOUNTS = {"tolerance", "step"}
REFERENCE = re.compile(r"(?:(\w+)\[([^\]]*)\]\.)?(\w+)(\[previous\])?")

Values = Callable[[CellId], Fraction | None]


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation at one place.

    Attributes
    ----------
    id, kind : str
        Which declared relation, and of which kind.
    result : tuple of str
        The cell that the formula should give.
    size : Fraction
        How many of the common unit the result's own unit is.
    formula : Node
        What it should come to. [common unit]
    rule, step : str, Fraction
        How the result is rounded (``up``, ``down``, ``nearest``, or not at all). [own unit]
    tolerance : Fraction
        What may be missing and is then called rounding. [own unit]
    silent : Fraction
        What the printed digits cannot show. [own unit]
    breach : str
        What a breach is: a misprint to be found, a tension, or open.
    said : mapping
        The relation in words, by language.
    """

    id: str
    kind: str
    result: CellId
    size: Fraction
    formula: Node
    rule: str = ""
    step: Fraction = Fraction(1)
    tolerance: Fraction = Fraction(0)
    silent: Fraction = Fraction(0)
    breach: str = "misprint"
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> tuple[CellId, ...]:
        """Every cell of the relation, the result first."""
        return tuple(dict.fromkeys((self.result, *cells_of(self.formula))))

    def exact(self, of: Values) -> Fraction | None:
        """Compute what the formula comes to, not rounded. [own unit of the result]"""
        found = evaluate(self.formula, of)
        return None if found is None else found / self.size

    def expected(self, of: Values) -> Fraction | None:
        """Compute what should be printed. [own unit of the result]"""
        found = self.exact(of)
        return rounded(found, self.rule, self.step) if found is not None and self.rule else found

    def gap(self, of: Values) -> Fraction | None:
        """Take expected from printed; None where a cell is empty. [own unit of the result]"""
        expected, printed = self.expected(of), of(self.result)
        return None if expected is None or printed is None else printed - expected

    def holds(self, of: Values) -> bool:
        """Say whether nothing but rounding is missing; True where it cannot be computed."""
        gap = self.gap(of)
        return gap is None or abs(gap) <= max(self.tolerance, self.silent)


@dataclass(frozen=True, slots=True)
class Classes:
    """Labels of classes from the top down, which must neither overlap nor leave a gap."""

    id: str
    labels: tuple[CellId, ...]
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chain:
    """A money line whose own equals signs do not hold: the first step that fails. [yuan]"""

    id: str
    cell: CellId
    printed: Fraction
    expected: Fraction
    said: Mapping[str, str]


class _Compiler:
    """Compiles the relations of one plan; knows where it is, for messages."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.where = ""
        self.chains: list[Chain] = []

    def refuse(self, key: str, **facts: Any) -> PerfkitError:
        return refuse(key, path=self.plan.path, where=self.where, **facts)

    def table(self, name: str) -> Table:
        if name not in self.plan.tables:
            raise self.refuse("unknown", what="table", name=name, allowed=self.plan.tables)
        return self.plan.tables[name]

    def filled(self, text: str, table: Table | None, row: Mapping[str, str]) -> str:
        """Put the current row's words into {column} places."""

        def word(match: re.Match[str]) -> str:
            self.column(table, match[1])
            return row[match[1]]

        return re.sub(r"\{(\w+)\}", word, text)

    def column(self, table: Table | None, name: str) -> None:
        known = table.header if table else ()
        if name not in known:
            raise self.refuse("unknown", what="column", name=name, allowed=known)

    def rows(self, table: Table, chosen: str) -> list[Mapping[str, str]]:
        """Choose rows: ``*``, a key, or conditions such as ``region=yinnan, kind!=total``."""
        if chosen.strip() in {"*", ""}:
            return list(table.rows)
        parts = [part.strip() for part in chosen.split(",")]
        if not any("=" in part for part in parts):
            found = [row for row in table.rows if [row[k] for k in table.key] == parts]
            if not found:
                keys = [", ".join(row[k] for k in table.key) for row in table.rows]
                raise self.refuse("unknown", what="row", name=", ".join(parts), allowed=keys)
            return found
        rows = list(table.rows)
        for part in parts:
            name, _, value = part.partition("=")
            wanted = not name.endswith("!")
            column = name.rstrip("!").strip()
            self.column(table, column)
            rows = [row for row in rows if (row[column] == value.strip()) is wanted]
        if not rows:
            raise self.refuse("no_rows", name=chosen)
        return rows

    def ref(self, table: Table, row: Mapping[str, str], column: str) -> Ref:
        self.column(table, column)
        cell = self.plan.cells[table.cell(row, column)]
        if cell.value is None and cell.printed:
            raise self.refuse("not_a_number", place=cell.place, name=column, value=cell.printed)
        unit = self.plan.units.get(cell.unit)
        return Ref(cell.id, unit.size if unit else Fraction(1))

    def node(self, text: str, each: Table | None, at: int) -> Node:
        """Compile an expression, in the row `at` of the table `each`."""
        row = each.rows[at] if each else {}

        def leaf(found: str, place: int) -> Node:
            match = REFERENCE.fullmatch(found)
            if not match:
                raise Expression("no_operand", found, place)
            name, chosen, column, previous = match.groups()
            if name is None:
                if each is None:
                    raise self.refuse("no_each", name=found)
                return self.ref(each, each.rows[at - 1] if previous else row, column)
            table = self.table(name)
            rows = self.rows(table, chosen)
            refs = tuple(self.ref(table, one, column) for one in rows)
            single = "=" not in chosen and chosen.strip() not in {"*", ""}
            return refs[0] if single else Many(refs)

        try:
            return parse(self.filled(text, each, row), leaf)
        except Expression as error:
            facts = {"why": error.why, "found": error.found, "place": error.place}
            raise self.refuse("expression", text=text, **facts) from error

    def single(self, text: str, each: Table | None, at: int) -> Ref:
        node = self.node(text, each, at)
        if not isinstance(node, Ref):
            raise self.refuse("no_single_cell", name=text)
        return node

    def places(self, told: Mapping[str, Any]) -> Iterator[tuple[Table | None, int]]:
        """List where a relation holds: once, or at every (chosen) row of its table."""
        if "each" not in told:
            yield None, 0
            return
        table = self.table(told["each"])
        chosen = self.rows(table, told.get("where", "*"))
        for at, row in enumerate(table.rows):
            if any(row is one for one in chosen):
                yield table, at


def _text(told: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Write a declared kind as its result and its formula."""
    if kind == "sum":
        return told["whole"], f"sum({', '.join(map(str, told['parts']))})"
    if kind == "product":
        return told["whole"], " * ".join(f"({one})" for one in told["factors"])
    if kind == "share":
        return told["share"], f"({told['part']}) / ({told['whole']})"
    if kind == "rounding":
        return told["value"], told["of"]
    if kind == "equality":
        return told["cell"], told["equals"]
    stock = told["stock"]
    moved = "".join(f" + ({one})" for one in told["plus"])
    return stock, f"{stock}[previous]{moved}" + "".join(f" - ({one})" for one in told["minus"])


def _amount(compiler: _Compiler, told: Mapping[str, Any], name: str) -> Fraction:
    value = number(str(told.get(name, 1 if name == "step" else 0)))
    if value is None or value < 0 or (name == "step" and not value):
        raise compiler.refuse("setting_value", name=name, value=told.get(name))
    return value


def _budget(compiler: _Compiler, told: Mapping[str, Any], table: Table | None, at: int) -> Node:
    """Work out the money line of a row; the amount is in the common unit."""
    if table is None:
        raise compiler.refuse("no_each", name=told["line"])
    row = table.rows[at]
    compiler.column(table, told["line"])
    try:
        line = moneyline.read(row[told["line"]])
    except PerfkitError as error:
        place = f"{table.file}:{row['']}"
        raise compiler.refuse("money_line", place=place, error=error) from error
    for left, right in itertools.pairwise(line.steps):
        if left.value not in {right.value, right.opens}:
            printed, expected = Fraction(right.opens), Fraction(left.value)
            cell, said = table.cell(row, told["line"]), {lang: told[lang] for lang in words.LANGS}
            compiler.chains.append(Chain(told["id"], cell, printed, expected, said))
            break
    return Num(Fraction(line.steps[-1].value))


def _instance(
    compiler: _Compiler, told: Mapping[str, Any], table: Table | None, at: int
) -> Relation | None:
    kind = told["kind"]
    if kind == "budget":
        result = compiler.single(told["stated"], table, at)
        formula = _budget(compiler, told, table, at)
    else:
        left, right = _text(told, kind)
        if kind == "roll_forward" and at == 0:
            if "opening" not in told:
                return None
            right = right.replace(f"{left}[previous]", f"({told['opening']})", 1)
        result, formula = compiler.single(left, table, at), compiler.node(right, table, at)
    rule = told.get("rule", "")
    cell = compiler.plan.cells[result.cell]
    return Relation(
        told["id"],
        kind,
        result.cell,
        result.size,
        formula,
        rule=rule,
        step=_amount(compiler, told, "step"),
        tolerance=_amount(compiler, told, "tolerance"),
        silent=Fraction(0) if rule else cell.step / 2,
        breach=told.get("breach", "misprint"),
        said={lang: told[lang] for lang in words.LANGS},
    )


def _checked(compiler: _Compiler, told: Any, at: int) -> Mapping[str, Any]:
    """Hold a declaration to what its kind needs, before anything is compiled."""
    compiler.where = f"relations[{at}]"
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        raise compiler.refuse("setting_missing", name="id")
    compiler.where = f"relations[{at}] {told['id']}"
    kind = str(told.get("kind"))
    if kind not in KINDS:
        raise compiler.refuse("unknown", what="kind", name=kind, allowed=KINDS)
    needed = (KINDS[kind] - OPTIONAL) | set(words.LANGS)
    needed |= {"rule"} if kind == "rounding" else set()
    for name in sorted(needed - set(told)):
        raise compiler.refuse("setting_missing", name=name)
    known = COMMON | KINDS[kind]
    for name in sorted(set(told) - known):
        raise compiler.refuse("unknown", what="setting", name=name, allowed=sorted(known))
    for name, value in told.items():
        kinds = list if name in LISTS else (str, int, float) if name in AMOUNTS else str
        if not isinstance(value, kinds) or (name in LISTS - {"minus"} and not value):
            raise compiler.refuse("setting_value", name=name, value=value)
    for name, allowed in (("breach", BREACHES), ("rule", RULES)):
        if name in told and told[name] not in allowed:
            raise compiler.refuse("unknown", what="setting", name=str(told[name]), allowed=allowed)
    return told


def compiler(plan: Plan) -> _Compiler:
    """Give what compiles expressions over a plan's cells."""
    return _Compiler(plan)


def compile_plan(plan: Plan) -> tuple[list[Relation], list[Classes], list[Chain]]:
    """Compile every relation a plan declares, one a row where it holds for each row.

    Parameters
    ----------
    plan : Plan
        As read.

    Returns
    -------
    tuple of list
        The relations, the rules for labels, and the money lines that break off in themselves.

    Raises
    ------
    PerfkitError
        A relation names what is not there or cannot be read, with its place in plan.toml.

    Examples
    --------
    >>> from perfkit import bundle
    >>> from perfkit.target.planfile import read_folder
    >>> relations, classes, chains = compile_plan(read_folder(bundle.plan_path("branch_2005")))
    >>> len(classes), len(chains)
    (2, 0)
    """
    compiler, relations, classes = _Compiler(plan), [], []
    seen: set[str] = set()
    for at, raw in enumerate(plan.declared, 1):
        told = _checked(compiler, raw, at)
        if told["id"] in seen:
            raise compiler.refuse("same_id", name=told["id"])
        seen.add(told["id"])
        if told["kind"] == "label":
            match = REFERENCE.fullmatch(told["labels"])
            if not match or match[1] is None:
                raise compiler.refuse("no_single_cell", name=told["labels"])
            table = compiler.table(match[1])
            compiler.column(table, match[3])
            cells = tuple(table.cell(row, match[3]) for row in compiler.rows(table, match[2]))
            classes.append(Classes(told["id"], cells, {lang: told[lang] for lang in words.LANGS}))
            continue
        found = [_instance(compiler, told, *place) for place in compiler.places(told)]
        relations += [one for one in found if one is not None]
    return relations, classes, compiler.chains
