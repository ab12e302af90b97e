"""How a cell that others wrote becomes one the contract can type, in SQL, and the signs of it.

Nothing is guessed: what is taken is written in one way only, or book.toml says which way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from perfkit.book import names, schema
from perfkit.book.mapping import TableMap

__all__ = [
    "SENTINELS",
    "YUAN",
    "Sign",
    "Way",
    "evidence",
    "later",
    "literal",
    "mended",
    "odd",
    "signs",
    "way_of",
    "wide",
    "with_unit",
]

SPACES = "\t\n\r\x0b\x0c \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
BLANKS = "".join(chr(c) for c in (9, 10, 11, 12, 13, 32, 0x85, 0xA0, 0x1680, 0x2028, 0x2029,
                                  0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B)))  # fmt: skip
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff"
WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
NARROW = "".join(map(chr, range(0x21, 0x7F)))
WIDE_CODES = "".join(c for c, n in zip(WIDE, NARROW, strict=True) if n.isalnum())
NARROW_CODES = "".join(n for n in NARROW if n.isalnum())
# Days that programs write where there is none; the last two are a sheet's serial 0.
SENTINELS = ("9999-12-31", "9999-01-01", "2999-12-31", "1900-01-01", "1899-12-30", "1899-12-31",
             "0001-01-01", "0000-00-00", "1900-01-00")  # fmt: skip
EPOCHS = {1900: "1899-12-30", 1904: "1904-01-01"}
TIME = r"(?:[T ]\s*(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
BRACKETS, NEGATIVE = r"^\((.*)\)$", r"-\1"
ISO = r"^\d{4}-\d{2}-\d{2}"
COMPACT = r"^((?:19|20|99)\d{2})([01]\d)([0-3]\d)$"
MONTH, COMPACT_MONTH = r"^\d{4}-\d{2}$", r"^((?:19|20)\d{2})(0[1-9]|1[0-2])$"
TURNED = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + TIME
SERIAL = r"^[1-7]\d{4}(?:\.\d+)?$"
YUANS = "".join(names.mark("money")[:3])
YUAN = YUANS[0]
THOUSANDS = r"^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
ROUNDED = r"^\d(?:\.\d+)?[eE]\+\d+$"
COMMA = r"^[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$"


def literal(text: str) -> str:
    """Write a text as SQL wants it."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Way:
    """How a column is written, as far as it must be known.

    Attributes
    ----------
    dates : str
        dmy or mdy where days are written so; empty when they are not.
    decimal : str
        The decimal mark.
    scale : int
        How many yuan the unit of an amount is. [yuan]
    epoch : int
        Where serial days begin.
    width : int
        The least length of a code.
    values : mapping of str to str
        Their codes to ours.
    wide : bool
        Whether any cell holds full-width signs, or blanks other than the usual one.
    """

    dates: str = ""
    decimal: str = "."
    scale: int = 1
    epoch: int = 1900
    width: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    wide: bool = True

    @property
    def changes(self) -> bool:
        """Whether even a clean cell is to be changed."""
        return bool(self.scale != 1 or self.width or self.values or self.decimal != ".")


@dataclass(frozen=True, slots=True)
class Sign:
    """Something odd about cells of a column: the rule, and which cells."""

    severity: str
    rule: str
    column: str
    condition: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def _day(part: str) -> str:
    return str(names.mark("day")[part])


def _ymd() -> str:
    year, month, day = (_day(p) for p in ("year", "month", "day"))
    return rf"^(\d{{4}})\s*[-/.{year}]\s*(\d{{1,2}})\s*[-/.{month}]\s*(\d{{1,2}})\s*[{day}]?" + TIME


def _ym() -> str:
    year, month, end = (_day(p) for p in ("year", "month", "of_month"))
    return rf"^(\d{{4}})\s*[-/.{year}]\s*(\d{{1,2}})\s*(?:[{month}][{end}]?)?$"


def wide(text: str) -> str:
    """Write that a cell holds full-width signs, or blanks other than the usual one."""
    return _like(text, f"[{WIDE[0]}-{WIDE[-1]}{UNSEEN}{SPACES.replace(' ', '')}]")


def _norm(text: str, way: Way) -> str:
    """Write a cell with narrow signs and no blanks around it."""
    if not way.wide:
        return f"TRIM({text})"
    narrow = f"TRANSLATE({text}, {literal(WIDE + UNSEEN)}, {literal(NARROW)})"
    return f"TRIM({narrow}, {literal(BLANKS)})"


def _like(text: str, pattern: str) -> str:
    return f"REGEXP_MATCHES({text}, {literal(pattern)})"


def _part(text: str, pattern: str, group: int) -> str:
    return f"REGEXP_EXTRACT({text}, {literal(pattern)}, {group})"


def _date_of(text: str, pattern: str, order: tuple[int, int, int] = (1, 2, 3)) -> str:
    year, month, day = (_part(text, pattern, group) for group in order)
    return f"{year} || '-' || LPAD({month}, 2, '0') || '-' || LPAD({day}, 2, '0')"


def odd(column: schema.Column, text: str) -> str:
    """Write the cheap test for cells worth a second look.

    Parameters
    ----------
    column : Column
        Of the contract.
    text : str
        The cell as text, in SQL.
    """
    if column.type == "text":
        return _like(text, "[^0-9A-Za-z_/.-]|^[-.]")
    if column.type == "date":
        listed = ", ".join(map(literal, SENTINELS))
        plain = f"{text} LIKE '____-__-__' AND TRY_CAST({text} AS DATE) IS NOT NULL"
        return f"({text} IS NOT NULL AND (NOT ({plain}) OR {text} IN ({listed})))"
    return f"({text} IS NOT NULL AND TRY_CAST({text} AS DOUBLE) IS NULL OR {_dotted(text)})"


def _dotted(text: str) -> str:
    """Find amounts such as 1.000, a thousand where the comma is decimal."""
    return _like(text, r"^[-+]?\d{1,3}(?:\.\d{3})+$")


def _core(text: str, way: Way) -> str:
    """Write an amount without its currency, blanks and brackets; a scale word stays."""
    signs = "|".join(re.escape(m) for m in names.mark("money"))
    bare = f"REGEXP_REPLACE({_norm(text, way)}, {literal(f'{signs}|[{SPACES}]')}, '', 'g')"
    return f"REGEXP_REPLACE({bare}, {literal(BRACKETS)}, {literal(NEGATIVE)})"


def _scales() -> dict[str, int]:
    """Give the words of scale that stand behind an amount, once its currency is gone."""
    plain = [w for w in names.units().split(", ") if not w.isascii() and w[-1] != YUAN]
    return {word: names.scale_of(word) or 1 for word in sorted(plain, key=len, reverse=True)}


def _behind() -> str:
    """Write the pattern of the word of scale behind an amount."""
    return f"({'|'.join(_scales())})$"


def with_unit(text: str, unit: str) -> str:
    """Write an amount with its unit behind it, in SQL, unless it has one of its own."""
    words = {scale: word for word, scale in reversed(_scales().items())} | {1: ""}
    word = words[names.scale_of(unit) or 1] + YUAN
    digits = f"[{WIDE_CODES[:10]}0-9][)\uff09]?[{SPACES}]*$"
    return f"CASE WHEN {_like(text, digits)} THEN {text} || {literal(word)} ELSE {text} END"


def later(text: str, days: int) -> str:
    """Write a serial day so many days later, in SQL; another cell stays as it is."""
    return (
        f"CASE WHEN {_like(text, SERIAL)} THEN CAST(CAST({text} AS DOUBLE) + {days} AS VARCHAR) "
        f"ELSE {text} END"
    )


def evidence(column: schema.Column, text: str, way: Way) -> dict[str, str]:
    """Write what decides between two ways to write a column: conditions over its cells.

    Returns
    -------
    dict of str to str
        For dates turned, dmy and mdy; for amounts comma, dot and either.
    """
    here = _norm(text, way)
    if column.type == "date":
        first, second = (f"CAST({_part(here, TURNED, g)} AS INTEGER) > 12" for g in (1, 2))
        turned = _like(here, TURNED)
        return {
            "turned": turned,
            "dmy": f"CASE WHEN {turned} THEN {first} END",
            "mdy": f"CASE WHEN {turned} THEN {second} END",
        }
    core = _core(text, way)
    end = _behind().replace("$", "?$")
    return {
        "comma": _like(core, rf"^[-+]?(?:\d+|\d{{1,3}}(?:\.\d{{3}})+),(?:\d{{1,2}}|\d{{4,}}){end}")
        + " OR "
        + _like(core, rf"^[-+]?\d{{1,3}}(?:\.\d{{3}})+,\d+{end}"),
        "dot": _like(core, rf"^[-+]?[\d,]*\.(?:\d{{1,2}}|\d{{4,}}){end}")
        + " OR "
        + _like(core, rf"^[-+]?\d{{1,3}}(?:,\d{{3}})+\.\d+{end}")
        + " OR "
        + _like(core, rf"^[-+]?\d{{1,3}}(?:,\d{{3}}){{2,}}{end}"),
        "either": _dotted(core),
    }


def signs(column: schema.Column, text: str, way: Way) -> Iterator[Sign]:
    """List what may be odd about a column's cells, each with the cells it is true of."""
    here, name = _norm(text, way), column.name
    wide = (
        "[\uff01-\uff5e]" if column.type != "text" else "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
    )
    yield Sign("note", "full_width", name, _like(text, wide))
    if column.type == "text":
        around = f"^[{SPACES}]|[{SPACES}]$|[{UNSEEN}]"
        yield Sign("note", "odd_spaces", name, _like(text, around))
        if name.endswith("_id"):
            yield Sign("error", "digits_lost", name, _like(here, ROUNDED))
        yield Sign("note", "formula_text", name, _like(text, r"^\s*[=@]|^[-+][A-Za-z(]"))
        yield Sign("note", "markup", name, _like(text, "<[A-Za-z!/]"))
    elif column.type == "date":
        ymd = _ymd()
        written = f"{_like(here, ymd)} AND NOT {_like(here, ISO)}"
        written += f" OR {_like(here, COMPACT)} OR {_like(here, TURNED)}"
        if column.month:
            months = f"{_like(here, _ym())} AND NOT {_like(here, MONTH)}"
            written += f" OR {months} OR {_like(here, COMPACT_MONTH)}"
        yield Sign("note", "date_written", name, written)
        for pattern in (ymd, TURNED):
            timed = f"REGEXP_REPLACE({_part(here, pattern, 4)}, '[0:.,]', '', 'g') <> ''"
            yield Sign("note", "time_cut", name, timed)
            zoned = f"{_part(here, pattern, 5)} <> ''"
            yield Sign("warning", "time_zone", name, zoned)
        yield Sign("note", "serial_date", name, _like(here, SERIAL), {"epoch": way.epoch})
        if not column.need:
            yield Sign("warning", "sentinel", name, _sentinel(_dated(here, way, column)))
    else:
        core = _core(text, way)
        pattern, rule = (COMMA, "decimal_comma") if way.decimal == "," else (THOUSANDS, "thousands")
        bare = f"REGEXP_REPLACE({core}, {literal(_behind())}, '')"
        yield Sign("note", rule, name, f"CONTAINS({bare}, ',') AND {_like(bare, pattern)}")
        marks = "|".join(re.escape(m) for m in names.mark("money"))
        yield Sign("note", "money_words", name, _like(here, f"{marks}|{_behind()}"))


def _sentinel(day: str) -> str:
    return f"{day} IN ({', '.join(map(literal, SENTINELS))})"


def _dated(here: str, way: Way, column: schema.Column) -> str:
    """Write a day as 2012-09-30, however it came; what is none stays as it is.

    A month alone is its first day, in a column of months.
    """
    cases = [
        (_like(here, _ymd()), _date_of(here, _ymd())),
        (_like(here, COMPACT), _date_of(here, COMPACT)),
    ]
    if way.dates in {"dmy", "mdy"}:
        order = (3, 2, 1) if way.dates == "dmy" else (3, 1, 2)
        cases.append((_like(here, TURNED), _date_of(here, TURNED, order)))
    for pattern in (_ym(), COMPACT_MONTH) if column.month else ():
        first = f"{_part(here, pattern, 1)} || '-' || LPAD({_part(here, pattern, 2)}, 2, '0')"
        cases.append((_like(here, pattern), f"{first} || '-01'"))
    serial = f"CAST(FLOOR(TRY_CAST({here} AS DOUBLE)) AS INTEGER)"
    since = f"CAST(DATE '{EPOCHS[way.epoch]}' + {serial} AS VARCHAR)"
    cases.append((_like(here, SERIAL), since))
    whens = " ".join(f"WHEN {condition} THEN {value}" for condition, value in cases)
    return f"(CASE {whens} ELSE {here} END)"


def _number(text: str, way: Way) -> str:
    """Write an amount in yuan with a decimal point; what is none stays as it came."""
    core = _core(text, way)
    bare = f"REGEXP_REPLACE({core}, {literal(_behind())}, '')"
    whens = " ".join(f"WHEN {literal(w)} THEN {scale}" for w, scale in _scales().items())
    # A cell that names its unit is in that one, also where the column is in another.
    plain = _like(_norm(text, way), f"[{YUANS}][)]?$")
    own = f"CASE WHEN {plain} THEN 1 ELSE {way.scale} END"
    scale = f"(CASE {_part(core, _behind(), 1)} {whens} ELSE {own} END)"
    if way.decimal == ",":
        plain = f"REPLACE(REPLACE({bare}, '.', ''), ',', '.')"
        plain = f"CASE WHEN {_like(bare, COMMA)} THEN {plain} END"
    else:
        plain = f"CASE WHEN {_like(bare, THOUSANDS)} THEN REPLACE({bare}, ',', '') ELSE {bare} END"
    number = f"TRY_CAST({plain} AS DECIMAL(30, 8)) * {scale}"
    return f"COALESCE(RTRIM(RTRIM(CAST({number} AS VARCHAR), '0'), '.'), {text})"


def mended(column: schema.Column, text: str, way: Way) -> str:
    """Write a cell as the contract's own, in SQL; what cannot be mended stays as it came.

    Parameters
    ----------
    column : Column
        Of the contract.
    text : str
        The cell as text, in SQL.
    way : Way
        How the column is written.
    """
    if column.type == "text":
        drop = literal(WIDE_CODES + UNSEEN)
        made = f"TRIM(TRANSLATE({text}, {drop}, {literal(NARROW_CODES)}), {literal(BLANKS)})"
        made = made if way.wide else f"TRIM({text})"
        if way.width:
            short = f"LENGTH({made}) BETWEEN 1 AND {way.width - 1}"
            made = f"CASE WHEN {short} THEN LPAD({made}, {way.width}, '0') ELSE {made} END"
        if way.values:
            whens = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in way.values.items())
            made = f"CASE {made} {whens} ELSE {made} END"
        return f"NULLIF({made}, '')"
    if column.type == "date":
        day = _dated(_norm(text, way), way, column)
        open_end = f"WHEN {_sentinel(day)} THEN NULL " if not column.need else ""
        return f"CASE {open_end}ELSE NULLIF({day}, '') END" if open_end else f"NULLIF({day}, '')"
    return f"NULLIF({_number(text, way)}, '')"


def way_of(told: TableMap, column: str, *, header_unit: str = "", epoch: int = 1900) -> Way:
    """Lay out what book.toml and the header say of a column."""
    spec = schema.table(told.table).columns[column]
    unit = told.units.get(column) or header_unit or told.unit
    return Way(
        dates=told.dates,
        decimal=told.decimal or ".",
        scale=(names.scale_of(unit) or 1) if unit and spec.type == "yuan" else 1,
        epoch=told.epoch or epoch,
        width=told.widths.get(column, 0),
        values=told.values.get(column, {}),
    )
