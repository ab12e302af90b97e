"""Any frame as a table: one row a row, one column a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid

__all__ = ["effects", "heads", "table"]


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
        the unit of the row's KPI; ``change``: a difference in it, with its sign.
    heads : mapping, optional
        Column → heading, where the words have none or another is wanted.
    names : mapping, optional
        Unit id → name, for the column ``unit``.
    title : str, default ""
        Above the table.

    Returns
    -------
    Display
        Where a row has a kpi, the columns of a comparison are written in its unit.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["D1"], "value": [float("nan")]})
    >>> shown = table(frame, lang="en", source=Source("2012-09", "3fa9c2d1"))
    >>> '<th scope="row">D1</th><td class="pk-num">–</td>' in shown.html
    True
    """
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
            else Cell(_text(str(column), record[column], lang, names))
            for column, number in zip(record, numeric, strict=True)
        )
        rows.append(Row(tuple(cells)))
    if not rows:
        rows.append(Row((Cell(words.text("table.empty", lang)),)))
    return display(title, grid(tops, rows), comparison.notes(frame, source, lang), frame, lang)


def _unit_word(unit: str, lang: str) -> str:
    plain = unit in {"", "rate", "count", "kpi", "change"}
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


def _text(column: str, value: object, lang: str, names: Mapping[str, str] | None) -> str:
    if value is None or value is pd.NaT or value != value:
        return "–"
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

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    label.require(frame, ("kpi", *_EFFECT), "effects")
    return table(frame, lang=lang, source=source, units=_EFFECT, heads=heads, title=title)


def heads(key: str, lang: str) -> dict[str, str]:
    """Give the headings (or names) that stand under one key of the words files.

    Examples
    --------
    >>> heads("direction", "en")["up"]
    'higher is better'
    """
    return {str(k): str(v) for k, v in words.table(key, lang).items()}
