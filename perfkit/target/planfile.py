"""A plan as it is printed: its tables with every cell, its units, and what must hold between them.

A plan is a folder with a ``plan.toml`` and one CSV a table. Cells keep the figure as printed and
the plan's own unit; nothing is corrected here.
"""

from __future__ import annotations

import csv
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from perfkit import words
from perfkit.errors import PerfkitError, nearest
from perfkit.target.expression import CellId

__all__ = ["Cell", "Column", "Plan", "Table", "Unit", "number", "read_folder", "refuse"]

NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
MAX_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the plan: how many of the common unit it is, and its words."""

    size: Fraction
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a plan's table: its unit (or the column that holds it) and its words."""

    name: str
    unit: str = ""
    unit_from: str = ""
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed figure or label.

    Attributes
    ----------
    id : tuple of str
        The table and the cell's name in it, such as ``("month_schedule", "hq_10k_yuan[02]")``.
    printed : str
        As printed.
    value : Fraction or None
        The number, None for an empty cell or a text. [unit]
    unit : str
        The plan's own unit.
    step : Fraction
        The last printed digit of its column. [unit]
    place : str
        File and line, or sheet and cell.
    row : mapping
        What its row is called, by language.
    """

    id: CellId
    printed: str
    value: Fraction | None
    unit: str
    step: Fraction
    place: str
    row: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the plan, row by row, as text."""

    name: str
    file: str
    title: Mapping[str, str]
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    row_title: Mapping[str, str] = field(default_factory=dict)

    def row_name(self, row: Mapping[str, str], lang: str) -> str:
        """Name a row for people: by its words where the table has some, else by its key."""
        column = self.row_title.get(lang)
        return (row[column] if column else "") or ", ".join(row[k] for k in self.key)

    def cell(self, row: Mapping[str, str], column: str) -> CellId:
        """Name the cell of a row and column."""
        return self.name, f"{column}[{', '.join(row[k] for k in self.key)}]"

    def unit_of(self, row: Mapping[str, str], column: str) -> str:
        """Give the plan's own unit of a cell."""
        known = self.columns.get(column)
        if known is None:
            return ""
        return row.get(known.unit_from, "") if known.unit_from else known.unit


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan's tables and cells, and the relations it declares, not yet compiled.

    Attributes
    ----------
    name : str
        Its short name.
    title : mapping
        Its name, by language.
    units : mapping
        Unit code to `Unit`.
    tables : mapping
        Table name to `Table`.
    cells : mapping
        Every cell by its id.
    declared : tuple of mapping
        The relations as plan.toml declares them.
    path : str
        Where they stand, for messages.
    views : tuple of mapping
        The views of the target that plan.toml declares.
    months : mapping
        Which table and column holds the months' weights; empty for none.
    """

    name: str
    title: Mapping[str, str]
    units: Mapping[str, Unit]
    tables: Mapping[str, Table]
    cells: Mapping[CellId, Cell]
    declared: tuple[Mapping[str, Any], ...]
    path: str
    views: tuple[Mapping[str, Any], ...] = ()
    months: Mapping[str, str] = field(default_factory=dict)


def refuse(key: str, *, name: str = "", allowed: Any = (), **facts: Any) -> PerfkitError:
    """Make the error of a plan that cannot be read, with the nearest known name."""
    known = [str(one) for one in allowed]
    near = nearest(name, known) if known else None
    return _PlanRefused("plan." + key, name=name, allowed=known, near=near, **facts)


class _PlanRefused(PerfkitError, ValueError):
    """A plan that cannot be read: the file, the place, and the way out."""

    def text(self, lang: str) -> str:
        facts = dict(self.facts)
        near = facts.pop("near", None)
        facts["nearest"] = words.text("errors.nearest", lang, nearest=near) if near else ""
        facts["allowed"] = ", ".join(facts["allowed"][:30]) or "–"
        if kind := facts.get("what"):
            facts["what"] = words.text(f"audit.what.{kind}", lang)
        if words.has(f"audit.why.{facts.get('why')}", lang):
            facts["why"] = words.text(f"audit.why.{facts['why']}", lang)
        if isinstance(inner := facts.get("error"), PerfkitError):
            facts["error"] = inner.text(lang)
        return words.text(f"errors.{self.key}", lang, **facts)


def number(text: str) -> Fraction | None:
    """Read a printed number, thousands separators included; None where there is none.

    Examples
    --------
    >>> number("1,250"), number("1.25"), number("-")
    (Fraction(1250, 1), Fraction(5, 4), None)
    """
    plain = text.strip()
    if not NUMBER.fullmatch(plain) or sum(c.isdigit() for c in plain) > MAX_DIGITS:
        return None
    return Fraction(plain.replace(",", ""))


def decimals(text: str) -> int:
    """Count the decimals a number is printed with.

    Examples
    --------
    >>> decimals("1.25"), decimals("1,250")
    (2, 0)
    """
    return len(text.partition(".")[2]) if NUMBER.fullmatch(text.strip()) else 0


def _settings(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise refuse("bad_toml", path=path, why=str(error)) from error


def _need(found: Mapping[str, Any], name: str, kind: type, where: str, path: Path) -> Any:
    """Take a setting that must be there and of its kind."""
    value = found.get(name)
    if not isinstance(value, kind):
        raise refuse("setting", path=path, where=where, name=name)
    return value


def _part(
    found: Mapping[str, Any], name: str, allowed: set[str], where: str, path: Path
) -> Mapping[str, Any]:
    """Take a table of settings, of which none may be unknown."""
    told: Mapping[str, Any] = _need(found, name, dict, where, path)
    for one in told:
        if one not in allowed:
            inside = f"{where}.{name}".lstrip(".")
            raise refuse(
                "unknown",
                path=path,
                where=inside,
                what="setting",
                name=one,
                allowed=sorted(allowed),
            )
    return told


def _texts(found: Mapping[str, Any], name: str, where: str, path: Path) -> tuple[str, ...]:
    """Take a list of texts."""
    values = _need(found, name, list, where, path)
    if not all(isinstance(one, str) for one in values):
        raise refuse("setting", path=path, where=where, name=name)
    return tuple(values)


def _title(found: Mapping[str, Any], where: str, path: Path) -> dict[str, str]:
    if not isinstance(found, dict):
        raise refuse("setting", path=path, where=where, name="row_title")
    return {lang: _need(found, lang, str, where, path) for lang in words.LANGS}


def _rows(path: Path, plan: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Read a CSV whole: every row has a cell for every column, and a line to be found by."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = tuple(next(reader, ()))
            rows = []
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise refuse("ragged", path=path, line=reader.line_num, count=len(cells),
                                 columns=len(header))  # fmt: skip
                row = {n: c.strip() for n, c in zip(header, cells, strict=True)}
                rows.append(row | {"": str(reader.line_num)})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse("unreadable", path=path, plan=plan.name, why=str(error)) from error
    if len(set(header)) != len(header) or "" in header:
        raise refuse("header", path=path)
    return header, rows


def _columns(found: Mapping[str, Any], where: str, path: Path) -> dict[str, Column]:
    """Take the columns that hold figures or labels."""
    columns = {}
    inside = f"{where}.columns"
    told = _need(found, "columns", dict, where, path)
    for name in told:
        one = _part(told, name, {"unit", "unit_from", *words.LANGS}, inside, path)
        unit = _need({"unit": ""} | dict(one), "unit", str, f"{inside}.{name}", path)
        held = _need({"unit_from": ""} | dict(one), "unit_from", str, f"{inside}.{name}", path)
        columns[name] = Column(name, unit, held, _title(one, f"{inside}.{name}", path))
    return columns


def _table(tables: Mapping[str, Any], name: str, path: Path) -> Table:
    where = f"tables.{name}"
    allowed = {"file", "key", "columns", "row_title", *words.LANGS}
    found = _part(tables, name, allowed, "tables", path)
    file = _need(found, "file", str, where, path)
    if Path(file).name != file:
        raise refuse("outside", path=path, where=where, name=file)
    header, rows = _rows(path.parent / file, path)
    columns = _columns(found, where, path)
    key = _texts(found, "key", where, path)
    titles = _title(found["row_title"], where, path) if "row_title" in found else {}
    held = (c.unit_from for c in columns.values() if c.unit_from)
    for column in (*key, *titles.values(), *columns, *held):
        if column not in header:
            raise refuse(
                "unknown", path=path, where=where, what="column", name=column, allowed=header
            )
    title = _title(found, where, path)
    table = Table(name, file, title, key, columns, header, tuple(rows), titles)
    seen: dict[CellId, str] = {}
    for row in rows:
        first = seen.setdefault(table.cell(row, ""), row[""])
        if first != row[""]:
            raise refuse("twice", path=path.parent / file, line=row[""], first=first)
    return table


def _cells(table: Table) -> Iterator[Cell]:
    for column in table.header:
        known = table.columns.get(column)
        finest = max((decimals(row[column]) for row in table.rows), default=0)
        for row in table.rows:
            text = row[column]
            places = decimals(text) if known and known.unit_from else finest
            yield Cell(
                table.cell(row, column),
                text,
                number(text),
                table.unit_of(row, column),
                Fraction(1, 10**places),
                f"{table.file}:{row['']}",
                {lang: table.row_name(row, lang) for lang in words.LANGS},
            )


def read_folder(folder: Path) -> Plan:
    """Read a plan's folder.

    Parameters
    ----------
    folder : Path
        It holds plan.toml and the tables' files.

    Returns
    -------
    Plan

    Raises
    ------
    PerfkitError
        plan.toml or a table cannot be read, or a name does not fit, with its place.

    Examples
    --------
    >>> from perfkit import bundle
    >>> plan = read_folder(bundle.plan_path("branch_2005"))
    >>> plan.cells["urban_rural", "headcount_persons[rural]"].unit
    'persons'
    """
    path = folder / "plan.toml"
    allowed = {"name", "title", "units", "tables", "relations", "views", "months"}
    found = _part({"plan": _settings(path)}, "plan", allowed, "", path)
    units = _units(_need(found, "units", dict, "plan.toml", path), path)
    told = _need(found, "tables", dict, "plan.toml", path)
    tables = {name: _table(told, name, path) for name in told}
    for table in tables.values():
        for row, column in itertools.product(table.rows, table.columns):
            unit = table.unit_of(row, column)
            if unit and unit not in units:
                where = f"tables.{table.name}.{column}"
                raise refuse(
                    "unknown", path=path, where=where, what="unit", name=unit, allowed=units
                )
    cells = {cell.id: cell for table in tables.values() for cell in _cells(table)}
    declared = tuple(_need(found, "relations", list, "plan.toml", path))
    title = _title(_need(found, "title", dict, "plan.toml", path), "title", path)
    name = _need(found, "name", str, "plan.toml", path)
    views = tuple(_need({"views": []} | dict(found), "views", list, "plan.toml", path))
    months = _part({"months": {}} | dict(found), "months", {"table", "column"}, "", path)
    return Plan(name, title, units, tables, cells, declared, str(path), views, months)


def _units(told: Mapping[str, Any], path: Path) -> dict[str, Unit]:
    units = {}
    for code in told:
        one = _part(told, code, {"size", *words.LANGS}, "units", path)
        size = number(str(one.get("size", 1)))
        if not size or size < 0:
            raise refuse("setting", path=path, where=f"units.{code}", name="size")
        units[code] = Unit(size, _title(one, f"units.{code}", path))
    return units
