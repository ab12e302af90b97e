"""Snapshots: the state of a book on the day of its extract, kept so that restatements show.

A snapshot is a book's folder again (Parquet tables and its book.toml) with a snapshot.toml that
says which data it is of. `restated` lists what a later extract says differently about the days
that the snapshot already covered; what merely happened since is not a restatement.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from perfkit import period as spans
from perfkit.book import Book, Finding, open_book, schema, source, written
from perfkit.book.typed import quoted
from perfkit.errors import PerfkitError

__all__ = ["COLUMNS", "open_snapshot", "restated", "restated_findings", "take"]

SAID = "snapshot.toml"
COLUMNS = ["table", "change", "column", "key", "before", "after"]
SHOWN = 5
# The day on which a row came about; targets and control totals stand for their period's last day.
_SINCE = {
    "agents": ("joined_on",),
    "moves": ("on",),
    "policies": ("submitted_on",),
    "agent_months": ("month",),
    "renewals": ("due_on",),
    "daily": ("date",),
    "recruits": ("seminar_on", "signed_on", "licensed_on"),
    "observations": ("end",),
    "calendar": ("start",),
    "actions": ("entered_on",),
    "budget": ("entered_on",),
    "spending": ("on",),
}


def _kept_as(column: schema.Column) -> str:
    """Write a typed cell as a file should hold it: dates and yuan, not numbers of days and fen."""
    name = quoted(column.name)
    return {
        "date": f"CAST(DATE '0001-01-01' + ({name} - 1) AS DATE)",
        "yuan": f"CAST(CAST({name} AS DECIMAL(20, 2)) / 100 AS DECIMAL(20, 2))",
    }.get(column.type, name)


def _laid_out(book: Book, table: str) -> Any:
    """Give a table of a book as it is kept: plain types, unknown columns left out."""
    known = schema.table(table)
    cells = [f"{_kept_as(known.columns[c])} AS {quoted(c)}" for c in _kept(book, table)]
    relation: Any = nw.to_native(book.tables[table])
    return relation.project(", ".join(cells))


def _kept(book: Book, table: str) -> list[str]:
    return [c for c in schema.table(table).columns if c in book.columns[table]]


def take(book: str | Path, out: Path, *, force: bool = False) -> tuple[Path, bool]:
    """Keep the state of a book.

    Parameters
    ----------
    book : str or Path
        A bundled name or a folder.
    out : Path
        Where snapshots are kept; this one goes to ``<name>/<as_of>`` in it.
    force : bool, default False
        Replace a snapshot of the same day that is of other data.

    Returns
    -------
    tuple of Path and bool
        The snapshot's folder, and whether it was written (False: it was there already).

    Raises
    ------
    PerfkitError
        There is another snapshot of that day, a folder that is none, or the disk refuses.
    BookRefused
        The book has errors.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     made, written = take("cases", Path(out))
    ...     sorted(p.name for p in made.iterdir())
    ['book.toml', 'observations.parquet', 'snapshot.toml', 'targets.parquet']
    """
    opened = open_book(book)
    target = out / written.safe(opened.name) / opened.as_of.isoformat()
    if target.exists():
        before = _said(target)
        if before["data"] == opened.fingerprint and before["kept"] == _fingerprint(target):
            return target, False
        if not force:
            raise PerfkitError("snapshot_exists", path=target, as_of=opened.as_of)
    with written.whole(target) as folder:
        _write(opened, folder)
    return target, True


def _write(book: Book, folder: Path) -> None:
    for table in book.tables:
        where = folder / f"{table}.parquet"
        key = ", ".join(map(quoted, schema.table(table).key))
        _laid_out(book, table).order(key).write_parquet(str(where), compression="zstd")
    read = source.read_settings(book.path)
    # the tables lie here in the contract's own names: nothing is left to map
    kept = {name: value for name, value in read.items() if name not in {"tables", "database"}}
    (folder / "book.toml").write_text(written.settings(kept), encoding="utf-8")
    said = {
        "book": book.name,
        "as_of": book.as_of,
        "data": book.fingerprint,
        "kept": _fingerprint(folder),
    }
    text = written.toml_tables(said, {"rows": book.counts})
    (folder / SAID).write_text(text, encoding="utf-8")


def _fingerprint(folder: Path) -> str:
    return source.fingerprint(folder, sorted(folder.glob("*.parquet")))


def _said(folder: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads((folder / SAID).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PerfkitError("not_a_snapshot", path=folder) from error
    if not {"book", "as_of", "data", "kept"} <= set(read):
        raise PerfkitError("not_a_snapshot", path=folder)
    return read


def open_snapshot(folder: Path, now: Book) -> Book:
    """Open a snapshot of a book, to hold the book as it is now against it.

    Parameters
    ----------
    folder : Path
        What `take` wrote.
    now : Book
        The same book, on the same day or later.

    Returns
    -------
    Book

    Raises
    ------
    PerfkitError
        The folder is no snapshot, is damaged, is of another book, or of a later day.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     made, _ = take("cases", Path(out))
    ...     open_snapshot(made, open_book("cases")).name
    'cases'
    """
    said = _said(folder)
    if said["kept"] != _fingerprint(folder):
        raise PerfkitError("snapshot_damaged", path=folder)
    before = open_book(folder)
    if (before.name, before.root) != (now.name, now.root):
        raise PerfkitError("snapshot_of_other", path=folder, before=before.name, now=now.name)
    if before.as_of > now.as_of:
        raise PerfkitError(
            "snapshot_later", path=folder, before=before.as_of, now=now.as_of, book=now.name
        )
    return before


def restated(before: Book, now: Book) -> pd.DataFrame:
    """List what a book says now that its snapshot said otherwise.

    Rows are matched by their table's key. A row is added when it was not there and its day lies
    within the snapshot's as_of; it is changed where a cell differs, except that what came about
    after as_of (a date filled in since, and what was filled in with it) is no restatement.

    Parameters
    ----------
    before, now : Book
        The snapshot and the book, both in the embedded engine.

    Returns
    -------
    DataFrame
        table, change (added, removed, changed), column (empty for whole rows), key, before,
        after: as text, one line a cell.

    Examples
    --------
    >>> b = open_book("cases")
    >>> len(restated(b, b))
    0
    """
    parts = []
    for table in schema.tables():
        if table in before.tables or table in now.tables:
            parts += list(_of_table(before, now, table))
    known = [part for part in parts if len(part)]
    out = pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=COLUMNS)
    return out.reindex(columns=COLUMNS)


def _as_text(columns: Sequence[str]) -> str:
    return ", ".join(f"CAST({quoted(c)} AS VARCHAR) AS {quoted(c)}" for c in columns)


def _differing(before: Book, now: Book, table: str) -> pd.DataFrame:
    """Bring home the rows that differ, both sides' cells as text: before <c>, now <c>."""
    columns = list(schema.table(table).columns)
    sides = {"before": before, "now": now}
    here = {
        side: _kept(book, table) if table in book.tables else [] for side, book in sides.items()
    }
    texts = {
        side: _laid_out(book, table).project(_as_text(here[side]))
        for side, book in sides.items()
        if here[side]
    }
    if len(texts) == 2:
        found = _joined_where_different(texts, now, table, here)
    else:
        ((side, text),) = texts.items()
        found = text.df().add_prefix(f"{side} ")
    return found.reindex(columns=[f"{s} {c}" for s in sides for c in columns])


def _joined_where_different(
    texts: Mapping[str, Any], now: Book, table: str, here: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Let the engine of the book match the rows by key and keep those that differ."""
    connection: Any = getattr(now.backend, "connection")  # noqa: B009 - only the embedded one has it
    before = connection.from_arrow(texts["before"].to_arrow_table()).set_alias("before")
    key = " AND ".join(f"before.{quoted(k)} = now.{quoted(k)}" for k in schema.table(table).key)
    both = before.join(texts["now"].set_alias("now"), key, how="outer")
    columns = dict.fromkeys([*here["before"], *here["now"]])
    same = " AND ".join(_same(c, here) for c in columns)
    cells = [f"{s}.{quoted(c)} AS {quoted(f'{s} {c}')}" for s in here for c in here[s]]
    found: pd.DataFrame = both.filter(f"NOT ({same})").project(", ".join(cells)).df()
    return found


def _same(column: str, here: Mapping[str, Sequence[str]]) -> str:
    name = quoted(column)
    one, other = (f"{s}.{name}" if column in here[s] else "NULL" for s in ("before", "now"))
    return f"{one} IS NOT DISTINCT FROM {other}"


def _of_table(before: Book, now: Book, table: str) -> Iterator[pd.DataFrame]:
    """List what was added, removed and changed in one table."""
    rows = _differing(before, now, table).astype(object).fillna("")
    key = schema.table(table).key
    rows = rows.sort_values([f"{s} {k}" for k in key for s in ("now", "before")], ignore_index=True)
    last = before.as_of.isoformat()
    there = {s: rows[f"{s} {key[0]}"] != "" for s in ("before", "now")}
    covered = {s: _day(rows, table, s) <= last for s in there}
    if table not in _SINCE:  # what is planned or stated ahead is stated all the same
        covered["before"] = there["before"]
    added = rows[~there["before"] & covered["now"]]
    removed = rows[~there["now"] & covered["before"]]
    for change, own, side in (("added", added, "now"), ("removed", removed, "before")):
        sides = {"before": "", "after": ""}
        part = pd.DataFrame({"table": table, "change": change, "column": "", **sides}, own.index)
        part["after" if side == "now" else "before"] = _row_of(own, table, side)
        yield part.assign(key=_key_of(own, key, side))
    both = rows[there["before"] & there["now"] & (covered["before"] | covered["now"])]
    yield from _changed(both, table, last)


def _changed(rows: pd.DataFrame, table: str, last: str) -> Iterator[pd.DataFrame]:
    """List the cells that differ, but for what came about after the snapshot's day."""
    known = schema.table(table)
    happened = pd.Series(data=False, index=rows.index)
    later = {}
    for column in (c.name for c in known.columns.values() if c.type == "date"):
        one, other = rows[f"before {column}"], rows[f"now {column}"]
        ahead = (other == "") | (other > last)
        later[column] = ((one == "") | (one > last)) & ahead
        happened |= (one == "") & (other > last)
    named = _key_of(rows, known.key, "now")
    for column in (c for c in known.columns if c not in known.key):
        one, other = rows[f"before {column}"], rows[f"now {column}"]
        since = later[column] if column in later else (one == "") & happened
        own = (one != other) & ~since
        cells = {"key": named[own], "before": one[own], "after": other[own]}
        yield pd.DataFrame({"table": table, "change": "changed", "column": column, **cells})


def _day(rows: pd.DataFrame, table: str, side: str) -> pd.Series[Any]:
    """Tell the day each row came about, as ISO text; empty where nothing says it."""
    if table == "agent_months":  # a month is covered once it is over: until then it grows
        months = rows[f"{side} month"].astype(str).str[:7]
        ends = {m: spans.parse(m).last.isoformat() for m in set(months) - {""}}
        return months.map(ends).astype(object).fillna("")
    if table in _SINCE:
        columns = rows[[f"{side} {c}" for c in _SINCE[table]]]
        return columns.replace("", None).bfill(axis=1).iloc[:, 0].astype(object).fillna("")
    days = {t: spans.parse(t).last.isoformat() for t in set(rows[f"{side} period"]) - {""}}
    return rows[f"{side} period"].map(days).astype(object).fillna("")


def _key_of(rows: pd.DataFrame, key: Sequence[str], side: str) -> pd.Series[Any]:
    return _joined(rows, [f"{side} {k}" for k in key])


def _row_of(rows: pd.DataFrame, table: str, side: str) -> pd.Series[Any]:
    """Write what a whole row says beside its key."""
    known = schema.table(table)
    return _joined(rows, [f"{side} {c}" for c in known.columns if c not in known.key])


def _joined(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series[Any]:
    texts = [" ".join(str(c) for c in row if c != "") for row in rows[list(columns)].to_numpy()]
    return pd.Series(texts, index=rows.index, dtype=object)


def restated_findings(found: pd.DataFrame, before: Book) -> list[Finding]:
    """Count what was restated by table, change and column, with the first five of each.

    Parameters
    ----------
    found : DataFrame
        What `restated` gave.
    before : Book
        The snapshot.

    Returns
    -------
    list of Finding
        A warning a table, change and column (its rows also hold key, before and after); a note
        when nothing was restated.

    Examples
    --------
    >>> b = open_book("cases")
    >>> [f.rule for f in restated_findings(restated(b, b), b)]
    ['not_restated']
    """
    facts = {"as_of": before.as_of}
    if found.empty:
        return [Finding("note", "not_restated", "", "", 1, (), facts)]
    out = []
    for (table, change, column), own in found.groupby(["table", "change", "column"], sort=False):
        shown = tuple(_place(str(table), row) for row in own.head(SHOWN).to_dict("records"))
        rule = f"restated_{change}"
        out.append(Finding("warning", rule, str(table), str(column), len(own), shown, facts))
    return out


def _place(table: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    sides = " → ".join(str(row[s]) or "–" for s in ("before", "after"))
    said = {"key": row["key"], "before": row["before"], "after": row["after"]}
    return {"file": table, "line": None, "value": f"{row['key']}: {sides}", **said}
