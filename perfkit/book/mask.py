"""A copy of a book for training: other codes and names, other days within the month, same KPIs.

Codes of people, policies, units and products are replaced by random letters, the same
everywhere, so that moves, recruiters, targets and observations still fit. Words for units and
the book's title are replaced by plain ones. Amounts, ranks, periods and the days of policies
stay, so every KPI of a month, quarter or year stays at every unit level (translated by
`Masked.units`). Days of joining, confirming, leaving and licensing move as `perfkit.book.mask_days`
says. Text that nothing needs (the source of control totals, columns that are not ours) is left
out. Whoever has the original can match the amounts: this is for training, not for publication.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from perfkit import org, words
from perfkit.book import Book, open_book, schema, source, written
from perfkit.book.mask_days import moved_days

__all__ = ["Masked", "mask"]

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels: no words come about
NAME = "masked"
TRIES = 200
VERSIONS = ("plan", "stretch", "nodes")  # of targets, which notebooks ask for by name
LEFT_OUT = {
    ("control", "source"),
    ("actions", "what"),
    ("actions", "note"),
    ("budget", "payer"),
    ("budget", "item"),
    ("spending", "note"),
}
_PEOPLE = ("agent_id", "recruiter_id", "candidate_id", "owner")


@dataclass(frozen=True, slots=True)
class Masked:
    """What became of a book.

    Attributes
    ----------
    path : Path
        The copy's folder.
    units : mapping of str to str
        The new id of every unit. Not written anywhere: it undoes the masking.
    people : mapping of str to str
        The new code of everybody. Not written anywhere either.
    kept_days : int
        How many days of joining, confirming, leaving and licensing had no other place. [rows]
    left_out : tuple of str
        Columns that were left out, as ``table.column``.
    """

    path: Path
    units: Mapping[str, str]
    people: Mapping[str, str]
    kept_days: int
    left_out: tuple[str, ...]

    @property
    def said_left_out(self) -> str:
        """The columns that were left out, in one line."""
        return ", ".join(self.left_out) or "–"


def mask(book: str | Path, out: Path, *, seed: int | None = None) -> Masked:
    """Write a copy of a book for training.

    Parameters
    ----------
    book : str or Path
        A bundled name or a folder.
    out : Path
        A new or empty folder.
    seed : int, optional
        The same seed masks the same book in the same way, so whoever knows it and the original's
        codes can undo it; without it nobody can.

    Returns
    -------
    Masked

    Raises
    ------
    PerfkitError
        The folder holds something, or cannot be written.
    BookRefused
        The book has errors.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = mask("cases", Path(folder) / "copy", seed=1)
    ...     b = open_book(made.path)
    >>> b.name, len(made.units), "SN" in made.units.values()
    ('masked', 2, False)
    """
    written.free(out)
    opened = open_book(book)
    rng = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
    tables = {name: _home(opened, name) for name in opened.tables}
    levels = opened.levels if opened.has("agents") else org.UNIT_LEVELS
    known = _Known.of(opened, tables, levels)
    codes = known.codes(rng)
    kept = 0
    if "agents" in tables:
        tables["agents"], kept = moved_days(opened, tables, rng)
    masked = {name: codes.table(name, frame) for name, frame in tables.items()}
    settings = _settings(opened, codes)
    with written.whole(out) as folder:
        for name, frame in masked.items():
            _write(frame, name, folder)
        (folder / "book.toml").write_text(settings, encoding="utf-8")
        if out.exists():
            out.rmdir()  # refused where something came into it meanwhile
    return Masked(out, codes.units, codes.people, kept, _left_out(opened))


def _home(book: Book, table: str) -> pd.DataFrame:
    """Carry a table home as it is in the engine: days as numbers, money in fen."""
    columns = [c for c in schema.table(table).columns if c in book.columns[table]]
    return book.backend.home(book.tables[table].select(columns))


def _left_out(book: Book) -> tuple[str, ...]:
    ours = {t: set(schema.table(t).columns) for t in book.tables}
    strange = {(t, c) for t in book.tables for c in book.columns[t] - ours[t]}
    said = {(t, c) for t, c in LEFT_OUT if t in book.tables and c in book.columns[t]}
    return tuple(sorted(f"{t}.{c}" for t, c in strange | said))


@dataclass(frozen=True, slots=True)
class _Codes:
    """What replaces what."""

    levels: Sequence[str]
    units: Mapping[str, str]
    above: Mapping[str, str]
    people: Mapping[str, str]
    policies: Mapping[str, str]
    products: Mapping[str, str]

    def unit(self, path: str) -> str:
        """Translate a unit id; one deeper than the units ends in somebody's code."""
        parts = path.split("/")
        own = self.units["/".join(parts[: len(self.levels)])]
        return "/".join([own, *(self.people[part] for part in parts[len(self.levels) :])])

    def table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Translate a table, and put its rows into the order of the new codes."""
        plain = {
            **dict.fromkeys(_PEOPLE, self.people),
            "policy_id": self.policies,
            "product": self.products,
        }
        out = frame.drop(columns=[c for t, c in LEFT_OUT if t == name and c in frame])
        for column, codes in plain.items():
            if column in out:
                out[column] = out[column].map(codes)
        if "version" in out:
            out["version"] = out["version"].map(_versions(out["version"]))
        if "unit_id" in out:
            out["unit_id"] = [self.unit(path) for path in out["unit_id"]]
        places = [level for level in self.levels if level in out]
        if places:
            paths = _paths(out, places).map(self.units).str.split("/")
            for i, level in enumerate(places):
                out[level] = paths.str[i]
        for level in org.UNIT_LEVELS:
            if level in out and level not in places:
                out[level] = out[level].map(self.above)
        return out.sort_values(list(schema.table(name).key), ignore_index=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """Every code that the book holds, by what it stands for."""

    levels: Sequence[str]
    units: set[str]
    above: set[str]
    people: set[str]
    policies: set[str]
    products: set[str]
    taken: set[str]

    @classmethod
    def of(cls, book: Book, tables: Mapping[str, pd.DataFrame], levels: Sequence[str]) -> _Known:
        frames = tables.values()
        paths = set(book.settings.units)
        for frame in frames:
            if "unit_id" in frame:
                paths |= set(frame["unit_id"])
            own = [level for level in levels if level in frame]
            if own:
                paths |= set(_paths(frame[own].drop_duplicates(), own))
        depth = len(levels)
        parts = [path.split("/") for path in paths]
        units = {"/".join(p[:n]) for p in parts for n in range(1, min(len(p), depth) + 1)}
        people = _values(frames, _PEOPLE) | {code for p in parts for code in p[depth:]}
        others = [level for level in org.UNIT_LEVELS if level not in levels]
        above = _values(frames, others)
        policies = _values(frames, ["policy_id"])
        products = _values(frames, ["product"])
        texts = {part for p in parts for part in p} | above | products | people | policies
        taken = {text.upper() for text in texts if set(text.upper()) <= set(LETTERS)}
        return cls(levels, units, above, people, policies, products, taken)

    def codes(self, rng: np.random.Generator) -> _Codes:
        """Draw the new codes: letters only, none of which contains an old one."""
        people = _drawn(self.people, self.taken, rng)
        return _Codes(
            self.levels,
            self._paths(rng),
            _drawn(self.above, self.taken, rng, 2),
            people,
            _drawn(self.policies, self.taken, rng),
            _drawn(self.products, self.taken, rng, 3),
        )

    def _paths(self, rng: np.random.Generator) -> dict[str, str]:
        """Give every unit a new path below its parent's."""
        out: dict[str, str] = {}
        children: dict[str, list[str]] = {}
        for unit in sorted(self.units, key=lambda u: (u.count("/"), u)):
            children.setdefault(org.parent(unit) or "", []).append(unit)
        for parent, own in children.items():
            drawn = _drawn(own, self.taken, rng, 2)
            over = f"{out[parent]}/" if parent else ""
            out |= {unit: over + drawn[unit] for unit in own}
        return out


def _versions(column: pd.Series[str]) -> dict[str, str]:
    """Give a number to the versions of targets whose names are the owner's own words."""
    own = sorted(set(column) - set(VERSIONS))
    return {name: name for name in VERSIONS} | {name: f"plan_{n}" for n, name in enumerate(own, 2)}


def _values(frames: Iterable[pd.DataFrame], columns: Sequence[str]) -> set[str]:
    return {str(v) for f in frames for c in columns if c in f for v in f[c].dropna().unique()}


def _paths(frame: pd.DataFrame, levels: Sequence[str]) -> pd.Series[str]:
    first, *rest = (frame[level].astype(str) for level in levels)
    for part in rest:
        first = first.str.cat(part, sep="/")
    return first


def _drawn(
    old: Collection[str], taken: Collection[str], rng: np.random.Generator, width: int = 4
) -> dict[str, str]:
    """Give each old code a random one of so many letters, or as many as it takes.

    New codes hold no old one, unless the old ones leave no room for that; then they only differ.
    """
    while len(LETTERS) ** width < 4 * len(old):
        width += 1
    out: dict[str, str] = {}
    used = set(taken)
    pending, tries = sorted(old), 0
    while pending:
        tries += 1
        inside = [text for text in taken if len(text) <= width] if tries < TRIES else []
        picks = rng.integers(0, len(LETTERS), (len(pending), width))
        left = []
        for code, pick in zip(pending, picks, strict=True):
            new = "".join(LETTERS[i] for i in pick)
            if new in used or any(text in new for text in inside):
                left.append(code)
            else:
                used.add(new)
                out[code] = new
        width += tries >= TRIES
        pending = left
    return out


def _settings(book: Book, codes: _Codes) -> str:
    """Write a book.toml that says nothing of whose book it is."""
    read = source.read_settings(book.path)
    own = book.settings
    head = {
        "name": NAME,
        "root": own.root,
        "as_of": own.as_of,
        "currency": read.get("currency"),
        "roster_from": own.roster_from,
    }
    title = {lang: words.text("mask.title", lang) for lang in words.LANGS}
    names = {
        codes.unit(unit): {
            lang: words.text(
                "mask.unit",
                lang,
                level=words.text(f"level.{_level(unit, own.root)}", lang),
                code=codes.unit(unit).rpartition("/")[2],
            )
            for lang in words.LANGS
        }
        for unit in own.units
    }
    tables: dict[str, Mapping[str, Any]] = {
        "title": title,
        "ranks": own.ranks,
        "rules": own.rules,
        "thresholds": own.thresholds,
        "variants": own.variants,
        "units": dict(sorted(names.items())),
    }
    return written.toml_tables(head, {k: v for k, v in tables.items() if v})


def _level(unit: str, root: str) -> str:
    return org.levels_from(root)[min(unit.count("/"), len(org.levels_from(root)) - 1)]


def _write(frame: pd.DataFrame, table: str, folder: Path) -> None:
    """Write a table as CSV: days as dates, money in yuan with its fen."""
    out = frame.astype(object).where(frame.notna(), None)
    for column in schema.table(table).columns.values():
        if column.name not in out:
            continue
        if column.type == "date":
            out[column.name] = out[column.name].map(_date, na_action="ignore")
        if column.type == "yuan":
            out[column.name] = out[column.name].map(_yuan, na_action="ignore")
        if column.type == "count":
            out[column.name] = out[column.name].map(int, na_action="ignore")
    out.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")


def _date(day: float) -> str:
    return dt.date.fromordinal(int(day)).isoformat()


def _yuan(fen: float) -> str:
    whole, rest = divmod(abs(int(fen)), 100)
    return f"{'-' if fen < 0 else ''}{whole}" + (f".{rest:02d}" if rest else "")
