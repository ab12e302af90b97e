"""What the files of one table say differently: units of amounts, the first serial day, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from perfkit.book import mend, names, schema
from perfkit.book.check import SHOWN, Finding
from perfkit.book.excel import Sheet
from perfkit.book.mapping import TableMap
from perfkit.book.source import Part
from perfkit.book.typed import quoted

__all__ = ["USUAL", "Scan", "differing", "hidden", "lacking", "own_way", "units", "unread"]

LATE, USUAL = 1904, 1900
BETWEEN = 1462  # days from one epoch to the other [days]


@dataclass(frozen=True, slots=True)
class Scan:
    """One file or sheet of a table, opened.

    Attributes
    ----------
    sql : str
        What to select from.
    header : tuple of str
        Its columns.
    columns : mapping of str to str
        Our column to its header.
    part : Part
        Where it lies.
    units : mapping of str to str
        The units that its header names, by our column.
    epoch : int
        Where its serial days begin.
    """

    sql: str
    header: tuple[str, ...]
    columns: Mapping[str, str]
    part: Part
    units: Mapping[str, str] = field(default_factory=dict)
    epoch: int = USUAL


def units(scan: Scan, told: TableMap) -> tuple[dict[str, str], list[Finding]]:
    """Give the units of amounts that a header names, or the lines above it, which is said."""
    spec = schema.table(told.table).columns
    money = [ours for ours in scan.columns if ours in spec and spec[ours].type == "yuan"]
    out = {ours: names.split_unit(scan.columns[ours])[1] for ours in money}
    out = {ours: unit for ours, unit in out.items() if names.scale_of(unit)}
    unit = "" if told.unit else scan.part.unit
    above = [ours for ours in money if unit and ours not in {*out, *told.units}]
    if not above:
        return out, []
    facts = {"file": scan.part.label, "unit": unit, "names": ", ".join(above)}
    said = Finding("note", "unit_above", told.table, "", len(above), (), facts)
    return out | dict.fromkeys(above, unit), [said]


def differing(scans: Sequence[Scan], told: TableMap) -> dict[str, list[str]]:
    """Give the unit in every file for the amounts whose files do not agree on it."""
    out: dict[str, list[str]] = {}
    for column in sorted({column for scan in scans for column in scan.units}):
        units = [scan.units.get(column, "") for scan in scans]
        own = [names.scale_of(unit or told.unit or mend.YUAN) for unit in units]
        if column not in told.units and len(set(own)) > 1:
            out[column] = units
    return out


def own_way(scan: Scan, scans: Sequence[Scan], told: TableMap) -> dict[str, str]:
    """Write the cells of a file in the way of all, in SQL, by our column.

    An amount gets its own file's unit behind it, a serial day the epoch of the others.
    """
    out = {}
    for column in differing(scans, told):
        cell = f"CAST({quoted(scan.columns.get(column, ''))} AS VARCHAR)"
        if unit := scan.units.get(column) or told.unit or mend.YUAN:
            out[column] = mend.with_unit(cell, unit)
    if not told.epoch and scan.epoch == LATE and any(other.epoch != LATE for other in scans):
        days = (c.name for c in schema.table(told.table).columns.values() if c.type == "date")
        for column in days:
            cell = f"CAST({quoted(scan.columns.get(column, ''))} AS VARCHAR)"
            out[column] = mend.later(cell, BETWEEN)
    return {column: made for column, made in out.items() if column in scan.columns}


def lacking(scans: Sequence[Scan], told: TableMap) -> Iterator[Finding]:
    """Name the columns that some files of a table have and others lack."""
    spec = schema.table(told.table).columns
    every = {column for scan in scans for column in scan.columns}
    for column in (name for name in spec if name in every):
        for scan in scans:
            if column not in scan.columns:
                facts = {"file": scan.part.label, "found": ", ".join(scan.header)}
                severity = "error" if spec[column].need else "warning"
                yield Finding(severity, "column_not_in", told.table, column, 1, (), facts)
    for column, units in differing(scans, told).items():
        said = ", ".join(
            f"{s.part.label}: {u or told.unit or mend.YUAN}"
            for s, u in zip(scans, units, strict=True)
        )
        yield Finding("warning", "file_units", told.table, column, len(scans), (), {"units": said})


def _some(places: Sequence[str]) -> str:
    return ", ".join(places[:SHOWN]) + (" …" if len(places) > SHOWN else "")


def hidden(table: str, path: Path, found: Sequence[Sheet]) -> Iterator[Finding]:
    """Say what is hidden of a workbook: sheets that are not read, and what is read all the same."""
    read = [sheet.name for sheet in found]
    sheets = [place for what, place in found[0].hidden if what == "sheet"]
    said = [("hidden_read", [name]) for name in read if name in sheets]
    said += [("hidden_sheet", [name for name in sheets if name not in read])]
    for kind in ("column", "row"):
        places = [
            f"{sheet.name}!{place}" if len(found) > 1 else place
            for sheet in found
            for what, place in sheet.hidden
            if what == kind
        ]
        said.append((f"hidden_{kind}", places))
    for rule, places in said:
        if places:
            facts = {"file": path.name, "what": _some(places)}
            yield Finding("warning", rule, table, "", len(places), (), facts)


def unread(taken: Sequence[tuple[TableMap, Sequence[Part]]]) -> Iterator[Finding]:
    """Name the sheets with rows that no table takes, of workbooks that tables are taken from."""
    read = {(part.path, part.sheet) for _, parts in taken for part in parts}
    for told, parts in taken:
        for path in dict.fromkeys(part.path for part in parts):
            if not told.files and path.stem != told.table:
                continue  # a whole book in one workbook, whose strange sheets are named elsewhere
            others = [name for part in parts if part.path == path for name in part.others]
            left = [name for name in dict.fromkeys(others) if (path, name) not in read]
            if left:
                facts = {"file": path.name, "what": _some(left)}
                yield Finding("warning", "other_sheet", told.table, "", len(left), (), facts)
