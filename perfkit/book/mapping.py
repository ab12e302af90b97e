"""What book.toml says about files that are not ours: [tables.<name>], from their names to ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.book import names, schema
from perfkit.errors import PerfkitError, UnknownName

__all__ = ["DATES", "Hierarchy", "Status", "TableMap", "table_maps"]

DATES = ("ymd", "dmy", "mdy")
ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16", "latin-1", "cp1252")
DELIMITERS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
EPOCHS = (1900, 1904)
TEXTS = {
    "encoding": ENCODINGS,
    "delimiter": DELIMITERS,
    "decimal": DECIMALS,
    "dates": DATES,
    "unit": None,
    "relation": None,
}
PARTS = ("columns", "values", "units", "widths", "constants", "hierarchy", "status")


@dataclass(frozen=True, slots=True)
class Status:
    """A status and a date where the contract has a date for each: which status fills which."""

    column: str
    on: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Who is above whom, instead of a column for every level.

    Attributes
    ----------
    file : str
        A table of units; empty where the agents name their own manager.
    unit, parent : str
        In the table of units: a unit's code, and the code of the unit above.
    agent_unit : str
        In the agents' file: the code of the agent's own unit.
    manager : str
        In the agents' file: the agent above.
    leads : mapping of str to str
        For managers: which rank leads which level.
    """

    file: str = ""
    unit: str = ""
    parent: str = ""
    agent_unit: str = ""
    manager: str = ""
    leads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableMap:
    """How one table of theirs becomes one of ours.

    Attributes
    ----------
    table : str
        Our table.
    files : tuple of str
        Names or patterns, relative to the book's folder; empty for the contract's own file.
    relation : str
        A table or view of the database, instead of files.
    sheets : tuple of str
        Names or patterns of the sheets of a workbook; empty means: look.
    encoding, delimiter, decimal, dates, unit : str
        What need not be found out; empty means: look.
    header_row : int
        The line of the header, as the program shows it; 0 means: look.
    epoch : int
        Where serial days begin, 1900 or 1904; 0 means: as the workbook says.
    columns : mapping of str to str
        Our column to their header.
    values : mapping of str to mapping
        By our column, their value to ours.
    units, widths : mapping
        By our column: the unit of an amount, the width codes are filled up to with zeros.
    constants : mapping of str to str
        Columns that their file lacks because they never change.
    """

    table: str
    files: tuple[str, ...] = ()
    relation: str = ""
    sheets: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    dates: str = ""
    unit: str = ""
    header_row: int = 0
    epoch: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    hierarchy: Hierarchy | None = None
    status: Status | None = None

    @property
    def changes(self) -> bool:
        """Whether anything but the place of the file is said."""
        return self != TableMap(self.table, files=self.files, relation=self.relation)

    @property
    def extras(self) -> frozenset[str]:
        """Their columns that are none of ours, but from which ours are made."""
        named: list[str] = []
        if self.status:
            named += [self.status.column, self.status.on]
        if self.hierarchy:
            named += [self.hierarchy.agent_unit, self.hierarchy.manager]
        return frozenset(name for name in named if name)


class _Reader:
    """Reads one [tables.<name>]; every mistake is named with its place."""

    def __init__(self, path: Path, table: str, body: Any) -> None:
        self.path, self.table = path, table
        if not isinstance(body, Mapping):
            raise self.refuse("", body, f"[tables.{table}]")
        self.body = body

    def refuse(self, name: str, value: object, allowed: str) -> PerfkitError:
        where = f"tables.{self.table}" + (f".{name}" if name else "")
        return PerfkitError("bad_setting", path=self.path, name=where, value=value, allowed=allowed)

    def text(self, name: str, allowed: Sequence[str] | None) -> str:
        value = self.body.get(name, "")
        fits = isinstance(value, str) and (not value or allowed is None or value in allowed)
        if not fits:
            raise self.refuse(name, value, ", ".join(map(repr, allowed)) if allowed else '"…"')
        return str(value)

    def whole(self, name: str, allowed: Sequence[int] = ()) -> int:
        value = self.body.get(name, 0)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < 0 or (allowed and value and value not in allowed):
            raise self.refuse(name, value, ", ".join(map(str, allowed)) or "1, 2, 3 …")
        return int(value)

    def part(self, name: str, kind: type = str, ours: bool = True) -> dict[str, Any]:
        found = self.body.get(name, {})
        if not isinstance(found, Mapping):
            raise self.refuse(name, found, f"[tables.{self.table}.{name}]")
        columns = list(schema.table(self.table).columns)
        for key, value in found.items():
            if ours and key not in columns:
                raise UnknownName(kind="column", name=key, allowed=columns)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise self.refuse(f"{name}.{key}", value, '"…"' if kind is str else "1, 2, 3 …")
        return dict(found)

    def listed(self, name: str, other: str = "", example: str = "…") -> tuple[str, ...]:
        value = self.body.get(name, self.body.get(other, ()))
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(f, str) for f in listed):
            raise self.refuse(name, value, f'"{example}", ["…", "…"]')
        return tuple(text for text in listed if text)

    def scales(self) -> dict[str, str]:
        units = self.part("units")
        for key, unit in [("unit", self.body.get("unit", "")), *units.items()]:
            if unit and names.scale_of(str(unit)) is None:
                raise self.refuse(key, unit, names.units())
        return units

    def hierarchy(self) -> Hierarchy | None:
        if "hierarchy" not in self.body:
            return None
        body = {**self.part("hierarchy", object, ours=False)}
        leads = body.pop("leads", {})
        fields = ("file", "unit", "parent", "agent_unit", "manager")
        for key, value in body.items():
            if key not in fields or not isinstance(value, str):
                raise self.refuse(f"hierarchy.{key}", value, ", ".join((*fields, "leads")))
        by_units = {"file", "unit", "parent", "agent_unit"} == set(body)
        if not by_units and not ({"manager"} == set(body) and leads):
            allowed = "file + unit + parent + agent_unit, manager + leads"
            raise self.refuse("hierarchy", ", ".join(body), allowed)
        return Hierarchy(**body, leads=dict(leads))

    def status(self) -> Status | None:
        if "status" not in self.body:
            return None
        body = self.part("status", object, ours=False)
        dates = [c.name for c in schema.table(self.table).columns.values() if c.type == "date"]
        if set(body) != {"column", "on", "values"} or not isinstance(body["values"], Mapping):
            raise self.refuse("status", ", ".join(body), "column + on + values")
        for value, ours in body["values"].items():
            if ours and ours not in dates:
                raise self.refuse(f"status.values.{value}", ours, ", ".join(['""', *dates]))
        return Status(str(body["column"]), str(body["on"]), dict(body["values"]))

    def read(self) -> TableMap:
        allowed = ("file", "files", "sheet", "header_row", "epoch", *TEXTS, *PARTS)
        for name, value in self.body.items():
            if name not in allowed:
                raise self.refuse(name, value, ", ".join(allowed))
        texts = {name: self.text(name, choices) for name, choices in TEXTS.items()}
        values = self.part("values", Mapping)
        return TableMap(
            self.table,
            files=self.listed("file", "files", "….csv"),
            sheets=self.listed("sheet"),
            header_row=self.whole("header_row"),
            epoch=self.whole("epoch", EPOCHS),
            columns=self.part("columns"),
            values={c: {str(k): str(v) for k, v in m.items()} for c, m in values.items()},
            units=self.scales(),
            widths=self.part("widths", int),
            constants=self.part("constants"),
            hierarchy=self.hierarchy(),
            status=self.status(),
            **texts,
        )


def table_maps(read: Mapping[str, Any], path: Path) -> dict[str, TableMap]:
    """Read the mapping of a book.

    Parameters
    ----------
    read : mapping
        book.toml.
    path : Path
        Where it lies, to be named.

    Returns
    -------
    dict of str to TableMap
        By our table; only the tables book.toml says something about.

    Raises
    ------
    UnknownName
        A table or column is none of ours.
    PerfkitError
        A setting is of the wrong type, or not among the allowed ones.

    Examples
    --------
    >>> read = {"tables": {"agents": {"file": "roster.csv", "columns": {"agent_id": "No."}}}}
    >>> table_maps(read, Path("book.toml"))["agents"].columns
    {'agent_id': 'No.'}
    """
    tables = read.get("tables", {})
    if not isinstance(tables, Mapping):
        allowed = "[tables.agents]"
        raise PerfkitError("bad_setting", path=path, name="tables", value=tables, allowed=allowed)
    for name in tables:
        schema.table(name)
    return {name: _Reader(path, name, body).read() for name, body in tables.items()}
