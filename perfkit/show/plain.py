"""Any frame as a table: one row a row, one column a column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet

__all__ = ["effects", "findings", "heads", "table"]


def table(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    units: Mapping[str, str] | None = None,
    heads: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str = "",
) -> Display:
    """Show any frame: one row a row, one column a column.

    Parameters
    ----------
    frame : DataFrame
        What to show, in its order.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    units : mapping, optional
        Column → unit of measure, as for `words.number`; other numbers are counts. ``kpi``:
        the unit of the row's KPI; ``change``: a difference in it, with its sign; ``day``: dates
        without their year.
    heads : mapping, optional
        Column → heading, where the words have none or another is wanted.
    names : mapping, optional
        Unit id → name, for the column ``unit``.
    title : str, default ""
        Above the table.

    Returns
    -------
    Display
        Where a row has a kpi, the columns of a comparison are written in its unit. One quiet
        line where there is no row, or a column ``value`` and no known number.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["D1", "D2"], "value": [float("nan"), 3.0]})
    >>> shown = table(frame, lang="en", source=Source("2012-09", "3fa9c2d1"))
    >>> '<th scope="row">D1</th><td class="pk-num">–</td>' in shown.html
    True
    >>> table(frame.head(0), lang="en", source=Source("2012-09", "3fa9c2d1"))
    Table: This book has nothing to show here. · 0 rows · ...
    """
    held = frame.select_dtypes("number").columns.union(["value"]) if "value" in frame else None
    if frame.empty or (held is not None and comparison.lacks(frame, (), "table", list(held))):
        return quiet(comparison.nothing(frame, None, lang), frame, lang=lang, title=title)
    units, columns = units or {}, [str(c) for c in frame.columns]
    numeric = [pd.api.types.is_numeric_dtype(frame[c]) for c in frame.columns]
    named = [(heads or {}).get(c) or label.said(f"table.column.{c}", lang, c) for c in columns]
    tops = [
        Head(name, of=_unit_word(units.get(column, ""), lang), numeric=number)
        for name, column, number in zip(named, columns, numeric, strict=True)
    ]
    rows = []
    for record in frame.to_dict("records"):
        cells = (
            Cell(_number(record, str(column), units, lang))
            if number
            else Cell(_text(str(column), record[column], units, lang, names))
            for column, number in zip(record, numeric, strict=True)
        )
        rows.append(Row(tuple(cells)))
    return display(title, grid(tops, rows), comparison.notes(frame, source, lang), frame, lang)


def _unit_word(unit: str, lang: str) -> str:
    plain = unit in {"", "rate", "ratio", "count", "day", "kpi", "change"}
    return "" if plain else label.said(f"unit.{unit}", lang, unit)


def _number(record: Mapping[Any, Any], column: str, units: Mapping[str, str], lang: str) -> str:
    """Write a number in its column's unit, or in that of the KPI of its row."""
    value, unit = record[column], units.get(column, "")
    code = str(record.get("kpi", ""))
    if unit == "change":
        return comparison.written("change_", code, value, lang)
    if unit == "kpi" or (not unit and code and comparison.is_number(column)):
        return comparison.written("value" if unit else column, code, value, lang)
    return words.number(value, unit or "count", lang)


def _text(
    column: str,
    value: object,
    units: Mapping[str, str],
    lang: str,
    names: Mapping[str, str] | None,
) -> str:
    if value is None or value is pd.NaT or value != value:
        return "–"
    if isinstance(value, dt.date) and units.get(column) == "day":
        return label.day_name(value, lang)
    if isinstance(value, int | float):
        return words.number(value, "count", lang)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    text = str(value)
    if column == "unit":
        return label.unit_name(text, names)
    return label.say_code(column, text, lang)


_EFFECT = {
    "mean_before": "kpi",
    "mean_after": "kpi",
    "difference": "change",
    "low": "change",
    "high": "change",
    "p": "rate",
    "least_p": "rate",
}


def effects(
    frame: pd.DataFrame,
    *,
    lang: str,
    source: Source,
    heads: Mapping[str, str] | None = None,
    title: str = "",
) -> Display:
    """Show what changed between two phases, every number in the unit of its KPI.

    Parameters
    ----------
    frame : DataFrame
        Columns kpi, mean_before, mean_after, difference, low, high [the KPI's unit], p,
        least_p [rate], and any others.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    heads : mapping, optional
        Column → heading.
    title : str, default ""
        Above the table.

    Returns
    -------
    Display
        One quiet line where no number is known.

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    if comparison.lacks(frame, ("kpi", *_EFFECT), "effects", list(_EFFECT)):
        return quiet(comparison.nothing(frame, None, lang), frame, lang=lang, title=title)
    return table(frame, lang=lang, source=source, units=_EFFECT, heads=heads, title=title)


def heads(key: str, lang: str) -> dict[str, str]:
    """Give the headings (or names) that stand under one key of the words files.

    Examples
    --------
    >>> heads("direction", "en")["up"]
    'higher is better'
    """
    return {str(k): str(v) for k, v in words.table(key, lang).items()}


class Finding(Protocol):
    """What the check of a book found, as `findings` reads it."""

    @property
    def severity(self) -> str:
        """Give error, warning or note."""

    @property
    def table(self) -> str:
        """Give the table it was found in."""

    @property
    def count(self) -> int:
        """Give how many rows it concerns. [rows]"""

    def text(self, lang: str) -> str:
        """Say what was found."""

    def fix(self, lang: str) -> str:
        """Say what to do."""


def findings(findings: Iterable[Finding], *, lang: str, source: Source) -> Display:
    """Show what the check of a book found, and the way out of each.

    Parameters
    ----------
    findings : iterable of Finding
        As the book gives them; rows keep their order.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.

    Returns
    -------
    Display
        One quiet line where the check found nothing.

    Examples
    --------
    >>> findings([], lang="en", source=Source("2012-09", "3fa9c2d1"))
    Table: The check of the book found nothing. · 0 rows · ...
    """
    rows = [
        (one.severity, one.table or "–", one.count, one.text(lang), one.fix(lang))
        for one in findings
    ]
    frame = pd.DataFrame(rows, columns=["severity", "table", "count", "what", "way_out"])
    if frame.empty:
        return quiet(words.text("table.no_findings", lang), frame, lang=lang)
    title = words.text("table.findings", lang)
    return table(frame, lang=lang, source=source, title=title)
