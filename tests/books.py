"""Write small books from short tables: columns apart by blanks, ``-`` is an empty cell."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfkit.book import schema

SETTINGS = """
name = "tiny"
root = "district"
as_of = 2012-06-30
currency = "CNY"
[title]
en = "Tiny"
zh = "小"
[ranks]
agent = false
supervisor = true
[thresholds]
large_policy = 50000
ten_k = 10000
effective = 5000
tier_high = 13000
tier_near_high = 6600
"""

AGENTS = """
agent_id district department group rank  joined_on  left_on
A1       D1       01         1     agent 2011-01-01 -
A2       D1       02         1     agent 2011-01-01 -
"""

POLICIES = """
policy_id agent_id submitted_on issued_on  premium
P1        A1       2012-01-10   2012-01-12 1000
P2        A2       2012-02-10   2012-02-12 2000.50
"""

Table = list[list[str]]


def table(text: str) -> Table:
    """Read a short table: the header first, empty cells as empty text."""
    lines = [line.split() for line in text.strip().splitlines()]
    return [["" if cell == "-" else cell for cell in line] for line in lines]


def write(
    folder: Path,
    tables: Mapping[str, str | Table],
    settings: str = SETTINGS,
    suffix: str = ".csv",
) -> Path:
    """Write a book's folder: book.toml and one file a table, in one of the three formats."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.toml").write_text(settings, encoding="utf-8")
    for name, content in tables.items():
        rows = table(content) if isinstance(content, str) else content
        _WRITERS[suffix](folder / f"{name}{suffix}", name, rows)
    return folder


def tiny(folder: Path, settings: str = SETTINGS, suffix: str = ".csv", **tables: str) -> Path:
    """Write the smallest book, with tables replaced or added."""
    return write(folder, {"agents": AGENTS, "policies": POLICIES, **tables}, settings, suffix)


def _csv(path: Path, _: str, rows: Table) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _cell(kind: str, text: str) -> Any:
    """Give a cell the type that an office's own program would give it."""
    if not text:
        return None
    if kind == "date":
        return dt.date.fromisoformat(text)
    return float(text) if kind in {"yuan", "number", "count"} else text


def _columns(name: str, rows: Table) -> dict[str, list[Any]]:
    kinds = {c.name: c.type for c in schema.table(name).columns.values()}
    return {
        column: [_cell(kinds.get(column, "text"), row[i]) for row in rows[1:]]
        for i, column in enumerate(rows[0])
    }


def _parquet(path: Path, name: str, rows: Table) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(_columns(name, rows)), path)


def _xlsx(path: Path, name: str, rows: Table) -> None:
    import openpyxl

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(rows[0])
    for row in zip(*_columns(name, rows).values(), strict=True):
        sheet.append(row)
    workbook.save(path)


_WRITERS = {".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx}
