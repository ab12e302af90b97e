"""What stands on a form: each kind of part, filled in as far as the book knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit import kpi, org, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.plan.budget import read_lines, roll_up
from perfkit.plan.meeting import meeting
from perfkit.plan.pack import action_blocks, minutes_page, unit_blocks
from perfkit.plan.page import Block, blank, block
from perfkit.plan.rows import text_of
from perfkit.plan.systems import evidence, scorecard

__all__ = ["KINDS", "blocks"]

NUMBERS = ("target", "value", "attainment", "previous", "year_ago")


def blocks(
    book: Book, parts: Sequence[Mapping[str, Any]], *, unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Make the tables of a form.

    Parameters
    ----------
    book : Book
        Where numbers, targets, budget, actions and calendar are.
    parts : sequence of mapping
        As forms.toml has them.
    unit, span, lang : str, Period, str
        Whose, of when, in which language.

    Returns
    -------
    list of Block

    Raises
    ------
    UnknownName
        There is no such unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> made = blocks(
    ...     open_book("district_one"),
    ...     [{"kind": "indicators", "kpis": ["premium_issued"]}],
    ...     unit="D1",
    ...     span=spans.parse("2012-09"),
    ...     lang="en",
    ... )
    >>> float(made[0].table["value"].iloc[0])
    628900.0
    """
    known = kpi.units(book)
    if unit not in known:
        raise UnknownName(kind="unit", name=unit, allowed=known)
    return [one for part in parts for one in _MADE[part["kind"]](book, part, unit, span, lang)]


def _indicators(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Lay KPIs beside target, the period before and a year ago; what is not known is empty."""
    pairs = [one.partition(":")[::2] for one in part["kpis"]]
    variants = {code: variant for code, variant in pairs if variant}
    here = set(kpi.computable(book))
    codes = [code for code, _ in pairs if code in here]
    level = org.level_of(unit, book.root)
    held: dict[Any, Any] = {}
    if codes:
        found = kpi.compare(book, codes, by=level, period=span, unit=unit, variants=variants)
        held = found[found["unit"] == unit].set_index("kpi").to_dict("index")
    rows = [[code, *(held.get(code, {}).get(n, np.nan) for n in NUMBERS)] for code, _ in pairs]
    table = pd.DataFrame(rows, columns=["kpi", *NUMBERS]).astype(dict.fromkeys(NUMBERS, float))
    units = dict.fromkeys(NUMBERS, "kpi") | {"attainment": "rate"}
    return [block("indicators", table.assign(assessed=""), lang, units=units)]


def _units(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    return unit_blocks(book, part["kpis"], unit=unit, period=span, lang=lang)


def _targets(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Lay the targets of the next period out by month, with room where there is none."""
    code = part["kpi"]
    months = [m.code for m in spans.months(_next(span))]
    found = kpi.target_table(book, code, period=_next(span))
    own = found.loc[unit] if unit in found.index else pd.Series(dtype=float)
    values = own.reindex(months).astype(float)
    table = pd.DataFrame({"month": months, "target": values.to_numpy(), "agreed": ""})
    name = kpi.kpi(code).name(lang)
    title = words.text("form.targets", lang, kpi=name, period=_next(span).code)
    return [block("targets", table, lang, units={"target": kpi.kpi(code).unit}, title=title)]


def _next(span: spans.Period) -> spans.Period:
    """Give the year, quarter, month or week that a plan is for: the one after."""
    day = span.last + dt.timedelta(1)
    if span.kind == "week":
        return spans.parse(f"{day:%G-W%V}")
    if span.kind == "year":
        return spans.parse(f"{day.year}")
    if span.kind == "quarter":
        return spans.parse(f"{day.year}Q{(day.month + 2) // 3}")
    return spans.parse(f"{day:%Y-%m}")


def _budget(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Add the book's budget up by action, with room where there is none."""
    table = pd.DataFrame({"action": pd.Series(dtype=object), "amount": pd.Series(dtype=float)})
    if book.has("budget"):
        lines = book.home("budget")
        for column in ("formula", "stated"):
            if column not in lines:
                lines[column] = ""
        if "unit_id" in lines:
            whose = lines["unit_id"].fillna(unit)
            lines = lines[whose.isin(org.within(whose, unit))]
        if len(lines):
            table = roll_up(read_lines(lines.reset_index(drop=True)), "action")[
                ["action", "amount"]
            ]
    rows = 4 if table.empty else 0
    table = table.assign(formula="", payer="")
    return [block("budget", table, lang, units={"amount": "yuan"}, rows=rows)]


def _actions(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    return action_blocks(book, unit, min(span.last, book.as_of), lang)


def _agenda(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    held = meeting(part["meeting"])
    table = pd.DataFrame(
        {
            "item": [f"{n}. {item.names[lang]}" for n, item in enumerate(held.agenda, 1)],
            "minutes": [float(item.minutes) for item in held.agenda],
            "owner": "",
            "said": "",
        }
    )
    asked = [one.ask[lang] for one in held.focus]
    return [
        block("agenda", table, lang, units={"minutes": "count"}),
        block("questions", blank("ask", "said", first=asked), lang),
    ]


def _minutes(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    name = book.unit_name(unit, lang)
    made = minutes_page(part["meeting"], unit_name=name, period=span.code, lang=lang)
    return list(made.blocks)


def _systems(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Lay the components out with their weight, their evidence, and room for the rating."""
    card = scorecard()
    table = pd.DataFrame(
        {
            "system": [one.system_names[lang] for one in card.components],
            "item": [one.names[lang] for one in card.components],
            "weight": [one.weight * one.system_weight for one in card.components],
            "rating": "",
            "seen": "",
        }
    )
    note = words.text("form.scale", lang, low=f"{card.low:g}", high=f"{card.high:g}")
    found = evidence(book, card, unit=unit, period=span)
    numbers = ["value", "previous", "year_ago"]
    held = found[found["kpi"] != ""].drop_duplicates("kpi")[["kpi", *numbers]]
    units = dict.fromkeys(numbers, "kpi")
    return [
        block("systems", table, lang, units={"weight": "rate"}, note=note),
        block("evidence", held.reset_index(drop=True), lang, units=units),
    ]


def _calendar(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """List the events that the book's calendar holds for the days after, with room for more."""
    ahead = _next(span)
    rows: list[tuple[str, str, str]] = []
    if book.has("calendar"):
        held = book.home("calendar").to_dict("records")
        title = f"title_{lang}"
        for one in sorted(held, key=lambda e: (e["start"], str(e.get("event_id")))):
            near = org.within([one["unit_id"]], unit) or org.within([unit], one["unit_id"])
            if near and ahead.first <= one["start"] <= ahead.last:
                kind = words.text(f"calendar.type.{one['type']}", lang)
                who = text_of(one.get("who")).replace("|", ", ")
                rows.append((one["start"].isoformat(), text_of(one.get(title)) or kind, who))
    table = pd.DataFrame(rows, columns=["date", "event", "who"], dtype=object)
    said = words.text("form.calendar", lang, period=ahead.code)
    return [block("calendar", table, lang, rows=4, title=said)]


def _blank(
    book: Book, part: Mapping[str, Any], unit: str, span: spans.Period, lang: str
) -> list[Block]:
    """Lay out a table to be filled in, with the headings of the form itself."""
    names = [f"c{number}" for number in range(len(part["columns"]))]
    heads = {name: one[lang] for name, one in zip(names, part["columns"], strict=True)}
    first = [one[lang] for one in part.get("first", ())]
    return [Block("blank", part[lang], blank(*names, first=first), heads, {}, int(part["rows"]))]


_Maker = Callable[[Book, Mapping[str, Any], str, spans.Period, str], list[Block]]
_MADE: dict[str, _Maker] = {
    "indicators": _indicators,
    "units": _units,
    "targets": _targets,
    "budget": _budget,
    "actions": _actions,
    "agenda": _agenda,
    "minutes": _minutes,
    "systems": _systems,
    "calendar": _calendar,
    "blank": _blank,
}
KINDS = tuple(_MADE)
