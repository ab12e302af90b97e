"""Tables of a plan as frames: read as written, refused with the place of what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from perfkit import bundle, words
from perfkit.errors import PerfkitError, nearest

__all__ = [
    "MOST",
    "PlanRefused",
    "exact",
    "need",
    "once",
    "one_of",
    "plan_table",
    "split",
    "text_of",
]

MOST = 10**13  # yuan; in fen a float still counts them one by one
SHOWN = 3


class PlanRefused(PerfkitError, ValueError):
    """An entry of a plan that does not fit, with its place.

    Examples
    --------
    >>> print(PlanRefused("twice", what="line_id", place="L1"))
    line_id L1 stands twice. Keep one row each.
    """

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(f"planning.{key}", **facts)

    def text(self, lang: str) -> str:
        """Say it, an error inside it in the same language."""
        facts = dict(self.facts)
        inner = facts.get("error")
        if isinstance(inner, PerfkitError):
            facts["error"] = inner.text(lang)
        return words.text(f"errors.{self.key}", lang, **facts)


def text_of(value: object) -> str:
    """Write a cell as text, trimmed; a missing one is empty.

    Examples
    --------
    >>> text_of(" a "), text_of(float("nan"))
    ('a', '')
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    return str(value).strip()


def need(frame: pd.DataFrame, columns: Iterable[str], table: str) -> None:
    """Refuse a frame that lacks a column.

    Raises
    ------
    PlanRefused
        With the table and its columns.
    """
    for column in columns:
        if column not in frame:
            near = nearest(column, map(str, frame.columns))
            raise PlanRefused(
                "column",
                table=table,
                column=column,
                has=", ".join(map(str, frame.columns)) + (f" ({near}?)" if near else ""),
            )


def once(frame: pd.DataFrame, column: str, table: str) -> None:
    """Refuse a key that is missing or stands twice.

    Raises
    ------
    PlanRefused
        With the rows or the key.
    """
    empty = [i for i, v in enumerate(frame[column], 2) if not text_of(v)]
    if empty:
        raise PlanRefused("empty", table=table, column=column, rows=_rows(empty))
    twice = frame[column][frame[column].duplicated()]
    if len(twice):
        raise PlanRefused("twice", what=column, place=twice.iloc[0])


def _rows(places: Sequence[int]) -> str:
    more = f" … ({len(places)})" if len(places) > SHOWN else ""
    return ", ".join(map(str, places[:SHOWN])) + more


def one_of(frame: pd.DataFrame, column: str, allowed: Sequence[str], table: str) -> None:
    """Refuse a cell that is none of the allowed values.

    Raises
    ------
    PlanRefused
        With the row, the nearest and the allowed values.
    """
    for row, value in enumerate(frame[column], 2):
        if value not in allowed:
            raise PlanRefused(
                "value",
                table=table,
                column=column,
                row=row,
                value=value,
                allowed=", ".join(a or "–" for a in allowed),
            )


def exact(value: object, place: str) -> Decimal | None:
    """Read an amount exactly; None where there is none.

    Parameters
    ----------
    value : object
        A number, or a text of one, thousands separators allowed.
    place : str
        Where it stands.

    Raises
    ------
    PlanRefused
        It is no number, not of whole fen, or too large.

    Examples
    --------
    >>> exact("1,200.50", "L1"), exact("", "L1")
    (Decimal('1200.50'), None)
    """
    text = text_of(value).replace(",", "")
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise PlanRefused("amount", place=place, value=text) from error
    if not found.is_finite():
        raise PlanRefused("amount", place=place, value=text)
    return fen(found, place)


def fen(amount: Decimal, place: str) -> Decimal:
    """Give an amount back that is of whole fen, and not too large to add up exactly.

    Raises
    ------
    PlanRefused
        It is neither.

    Examples
    --------
    >>> fen(Decimal("0.25"), "L1")
    Decimal('0.25')
    """
    if abs(amount) >= MOST:
        raise PlanRefused("too_large", place=place, value=f"{amount:.4g}")
    if amount * 100 != int(amount * 100):
        raise PlanRefused("sub_fen", place=place, value=f"{amount:.4f}")
    return amount


def split(fen_whole: int, parts: int) -> list[int]:
    """Split whole fen as evenly as they go; what is left goes to the first parts.

    Examples
    --------
    >>> split(100, 3)
    [34, 33, 33]
    """
    each, left = divmod(fen_whole, parts)
    return [each + (place < left) for place in range(parts)]


def plan_table(plan: str | Path, table: str, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read one table of a plan's folder, every cell as written.

    Parameters
    ----------
    plan : str or Path
        A bundled plan such as ``"branch_2005"``, or a folder.
    table : str
        The file's name without its ending.
    columns : sequence of str, optional
        Which must be there.

    Returns
    -------
    DataFrame
        Texts; an empty cell is an empty text.

    Raises
    ------
    PlanRefused
        The file is not there, cannot be read, or lacks a column.

    Examples
    --------
    >>> len(plan_table("branch_2005", "budget_lines", ["line_id"]))
    40
    """
    path = bundle.plan_path(plan) / f"{table}.csv"
    try:
        found = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise PlanRefused("unreadable", path=path, why=str(error)) from error
    need(found, columns, path.name)
    return found
