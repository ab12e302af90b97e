"""The register of the round as a plain file: every step and version of every plan stays in it.

A CSV file (UTF-8) that a spreadsheet opens, one row a step. A file only ever grows: what stands in
it is the beginning of what is written, or nothing is written.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from pathlib import Path

import pandas as pd

from perfkit.errors import PerfkitError, TargetError
from perfkit.target.submission import COLUMNS, NEXT, STATES, register

__all__ = ["read_register", "write_register"]

HEAD = 1  # line of the headers


def _refuse(path: Path, row: int, column: str, value: object, allowed: str) -> TargetError:
    return TargetError(
        "register_row", path=path, row=row, column=column, value=value, allowed=allowed
    )


def read_register(path: Path) -> pd.DataFrame:
    """Read the register of the round.

    Parameters
    ----------
    path : Path
        A CSV file as `write_register` writes it; one that is not there yet is an empty register.

    Returns
    -------
    DataFrame
        What `register` and `move` give: holder, version, state, on, by, note.

    Raises
    ------
    PerfkitError
        The file cannot be read.
    TargetError
        A column is missing or not known, a cell does not fit, or a step does not follow the one
        before it: the row is named as a spreadsheet counts it.

    Examples
    --------
    >>> read_register(Path("not_there_yet.csv")).empty
    True
    """
    if not path.exists():
        return register()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PerfkitError("unreadable", path=path, why=error) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if wrong := set(COLUMNS) ^ set(reader.fieldnames or ()):
        facts = {"columns": ", ".join(sorted(wrong)), "wanted": ", ".join(COLUMNS)}
        raise TargetError("register_column", path=path, **facts)
    rows = [_row(one, path, place) for place, one in enumerate(reader, HEAD + 1)]
    _check_order(rows, path)
    return pd.DataFrame(rows, columns=list(COLUMNS)) if rows else register()


def _row(one: dict[str, str | None], path: Path, row: int) -> list[object]:
    """Read one step."""
    cells = {name: (one[name] or "").strip() for name in COLUMNS}
    if not cells["holder"]:
        raise _refuse(path, row, "holder", "", "D1/01")
    if cells["state"] not in STATES:
        raise _refuse(path, row, "state", cells["state"], ", ".join(STATES))
    if not cells["version"].isdecimal() or int(cells["version"]) < 1:
        raise _refuse(path, row, "version", cells["version"], "1, 2, 3")
    try:
        on = dt.date.fromisoformat(cells["on"])
    except ValueError as error:
        raise _refuse(path, row, "on", cells["on"], "2005-02-18") from error
    version = int(cells["version"])
    return [cells["holder"], version, cells["state"], on, cells["by"], cells["note"]]


def _check_order(rows: list[list[object]], path: Path) -> None:
    """Refuse a step that cannot follow the one before it of the same holder."""
    stands: dict[object, tuple[str, int, object]] = {}
    for row, (holder, version, state, on, *_) in enumerate(rows, HEAD + 1):
        before, last, since = stands.get(holder, ("", 0, dt.date.min))
        if state not in NEXT[before]:
            raise _refuse(path, row, "state", state, ", ".join(NEXT[before]))
        if version != last + (state == "draft"):
            raise _refuse(path, row, "version", version, str(last + (state == "draft")))
        if on < since:  # type: ignore[operator]
            raise _refuse(path, row, "on", on, f">= {since}")
        stands[holder] = (str(state), int(str(version)), on)


def _plain(cell: object) -> object:
    """Trim text, as reading does."""
    return cell.strip() if isinstance(cell, str) else cell


def write_register(steps: pd.DataFrame, path: Path) -> int:
    """Write the register of the round; what stands in the file stays.

    Parameters
    ----------
    steps : DataFrame
        What `register` and `move` give.
    path : Path
        A CSV file, there or not.

    Returns
    -------
    int
        How many steps were added. [steps]

    Raises
    ------
    PerfkitError
        The file cannot be read or written; what stood there is untouched.
    TargetError
        The file holds a step that the register does not have in that place: somebody wrote to it
        meanwhile, or the register has lost a step. The first such row is named.

    Examples
    --------
    >>> import tempfile
    >>> from perfkit.target.submission import move
    >>> done = move(register(), "D1", "draft", on=dt.date(2005, 2, 18), by="x", above={"D1": ""})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_register(done, Path(folder) / "register.csv")
    1
    """
    held = read_register(path)
    there = [list(row) for row in held.itertuples(index=False)]
    mine = [[_plain(cell) for cell in row] for row in steps[list(COLUMNS)].itertuples(index=False)]
    for row, one in enumerate(there):
        if row >= len(mine) or mine[row] != one:
            said = f"{one[0]} {one[1]} {one[2]} {one[3]}"
            raise TargetError("register_moved_on", path=path, row=row + HEAD + 1, step=said)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(mine)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(out.getvalue(), encoding="utf-8-sig", newline="")
        beside.replace(path)
    except OSError as error:
        raise PerfkitError("not_written", path=path, why=error.strerror or error) from error
    finally:
        beside.unlink(missing_ok=True)
    return len(mine) - len(there)
