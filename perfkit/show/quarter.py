"""A quarterly review for the eye: its form, drivers, lists, sentences and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.comparison import Source
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet
from perfkit.show.plain import heads, table
from perfkit.show.plot.explained import step_name
from perfkit.show.review_form import form, form_by_unit
from perfkit.show.review_said import ends_of, factor_unit, headline, questions, refusal

__all__ = [
    "effects",
    "ends_of",
    "form",
    "form_by_unit",
    "headline",
    "listed",
    "moves",
    "questions",
    "refusal",
]

# The columns of each list, in order: a unit of measure, `kpi` that of the row's KPI, `change` with
# its sign, `each` an amount a head or policy in full yuan, `unit` a unit's name, or where the
# words of its codes stand.
LISTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "newcomers": {"unit": "unit", "kpi": "kpi.{}.name", "kept": "persons", "cohort": "persons",
                      "value": "rate", "low": "rate", "high": "rate", "immature": "persons"},
        "large": {"unit": "unit", "premium": "yuan", "large_cases": "policies",
                  "large_premium": "yuan", "large_share": "rate", "per_active": "each",
                  "per_active_without": "each", "case_size": "each", "case_size_without": "each"},
        "league": {"unit": "unit", "numerator": "persons", "denominator": "persons",
                   "value": "rate", "low": "rate", "high": "rate", "best_rank": "count",
                   "worst_rank": "count", "tier": "count"},
        "best": {"kpi": "kpi.{}.name", "unit": "unit", "mean": "kpi", "estimate": "kpi",
                 "common": "kpi", "credibility": "rate"},
        "alarms": {"level": "alarm.{}", "unit": "unit", "kpi": "kpi.{}.name", "period": "period",
                   "value": "kpi", "low": "kpi", "high": "kpi", "rule": "alarm.{}",
                   "since": "period", "standing": "quarter.standing.{}"},
        "fired": {"rule": "alarm.{}", "kpi": "kpi.{}.name", "scope": "quarter.scope.{}",
                  "units": "count", "tested": "count", "yellow": "count", "red": "count",
                  "raised": "count", "a_year": "count"},
        "plan": {"unit": "unit", "kpi": "kpi.{}.name", "target": "kpi", "value": "kpi",
                 "gap": "change", "status": "alarm.{}"},
        "landing": {"unit": "unit", "reached": "yuan", "landing": "yuan", "low": "yuan",
                    "high": "yuan", "target": "yuan", "chance": "rate", "level": "alarm.{}",
                    "last_year": "yuan", "method": "quarter.method.{}"},
        "standards": {"unit": "unit", "standard": "text", "kind": "assess.{}",
                      "kpi": "kpi.{}.name", "have": "kpi", "need": "kpi", "gap": "kpi",
                      "weeks_left": "count", "status": "assess.{}"},
    }
)  # fmt: skip


def _said(key: str, lang: str, **facts: object) -> str:
    return words.text(f"quarter.{key}", lang, **facts)


def moves(
    frame: pd.DataFrame,
    *,
    kpi: str,
    lang: str,
    source: Source,
    ends: Mapping[str, str] | None = None,
) -> Display:
    """Show each driver's way, what it made, and whether such a move is usual.

    Parameters
    ----------
    frame : DataFrame
        factor, before, after, change, yellow [the driver's unit], effect [of `kpi`], verdict.
    kpi : str
        What is explained.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    ends : mapping, optional
        What before and after are called, as `ends_of` gives.
    """
    title = _said("moves.title", lang)
    if frame.empty:
        return quiet(_said("none.effects", lang), frame, lang=lang, title=title)
    names = ("driver", "before", "after", "change", "limit", "verdict", "effect")
    worded = heads("quarter.moves", lang) | dict(ends or {})
    tops = [Head(worded[n], numeric=n not in {"driver", "verdict"}) for n in names]
    rows = []
    for place, row in enumerate(frame.to_dict("records")):
        own = factor_unit(str(row["factor"]))
        way = [Cell(words.number(float(row[n]), own, lang)) for n in ("before", "after")]
        moved = label.change_unit(own)
        way.append(Cell(words.number(float(row["change"]), moved, lang, signed=True)))
        way.append(Cell(words.number(float(row["yellow"]), moved, lang)))
        beyond = row["verdict"] in {"unusual", "rare"}
        effect = _signed(float(row["effect"]), label.unit_of(kpi), lang)
        said = Cell(_said(f"verdict.{row['verdict']}", lang), effect.mood if beyond else "context")
        first = Cell(step_name(str(row["factor"]), lang), of=_of(own, lang))
        rows.append(Row((first, *way, said, effect), "whole" if place == 0 else ""))
    notes = [_said("moves.note", lang), comparison.source_line(frame, source, lang)]
    return display(title, grid(tops, rows), notes, frame, lang)


def _of(unit: str, lang: str) -> str:
    return "" if unit in {"rate", "ratio"} else label.said(f"unit.{unit}", lang, "")


def _signed(value: float, unit: str, lang: str) -> Cell:
    """Write an effect with its sign; what prints as nothing has no tone."""
    text = words.number(value, unit, lang, signed=True)
    mood = label.tone(value, "up", text)
    return Cell(text, "" if mood == "none" else mood)


def effects(
    frame: pd.DataFrame,
    *,
    kpi: str,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
    ends: Mapping[str, str] | None = None,
) -> Display:
    """Show units down and drivers across: what each made of the change; sums are exact.

    Parameters
    ----------
    frame : DataFrame
        unit, state (stayed, entered, left), before, after, change and a column a driver; the whole
        first. [of `kpi`]
    kpi : str
        What is explained.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    ends : mapping, optional
        What before and after are called, as `ends_of` gives.
    """
    title = _said("effects.title", lang, kpi=label.kpi_name(kpi, lang))
    if frame.empty:
        return quiet(_said("none.effects", lang), frame, lang=lang, title=title)
    unit, plain = label.unit_of(kpi), ("before", "after")
    drivers = [str(c) for c in frame.columns[5:]]
    tops = [Head(words.text("table.column.unit", lang), numeric=False)]
    worded = heads("quarter.moves", lang) | dict(ends or {})
    tops += [Head(worded[n]) for n in (*plain, "change")]
    tops += [Head(step_name(name, lang)) for name in drivers]
    rows = []
    for place, row in enumerate(frame.to_dict("records")):
        state = str(row["state"])
        under = None if state == "stayed" else Cell(_said(f"effects.{state}", lang), "context")
        cells = [Cell(label.unit_name(str(row["unit"]), names), under=under)]
        cells += [Cell(words.number(float(row[n]), unit, lang)) for n in plain]
        cells += [_signed(float(row[n]), unit, lang) for n in ("change", *drivers)]
        rows.append(Row(tuple(cells), "whole" if place == 0 and len(frame) > 1 else ""))
    money = [words.text("table.source_money", lang)] if unit == "yuan" else []
    notes = [_said("effects.note", lang), *money, comparison.source_line(frame, source, lang)]
    return display(title, grid(tops, rows), notes, frame, lang)


def listed(
    frame: pd.DataFrame,
    key: str,
    *,
    lang: str,
    source: Source,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    none: str = "",
    without: Sequence[str] = (),
) -> Display:
    """Show one of the review's lists; its columns stand in `LISTS`, its words under ``quarter``.

    Parameters
    ----------
    frame : DataFrame
        The columns of the list; others are not shown.
    key : str
        Which list, one of `LISTS`.
    lang : {"zh", "en"}
        The reader's language.
    source : Source
        What the caption says.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        In place of the usual one.
    none : str, default ""
        Whose words say that there is nothing; the list's own otherwise.
    without : sequence of str
        Columns that the title already says.

    Returns
    -------
    Display
        One quiet line, in the list's own words, where there is nothing to show.
    """
    if frame.empty:
        return quiet(_said(f"none.{none or key}", lang), frame, lang=lang, title=title)
    columns = {c: kind for c, kind in LISTS[key].items() if c in frame and c not in without}
    coded = {c: kind for c, kind in columns.items()
             if c not in {"kpi", "period"} and ("{}" in kind or kind == "period")}  # fmt: skip
    worded: dict[str, Any] = {
        c: [_word(kind, code, lang) for code in frame[c]] for c, kind in coded.items()
    }
    plain = {"unit", "text", "period"}
    units = {c: "count" if k == "each" else k for c, k in columns.items()
             if "{}" not in k and k not in plain}  # fmt: skip
    worded |= {c: frame[c].round() for c, kind in columns.items() if kind == "each"}
    kpi = label.kpi_name(str(frame["kpi"].iloc[0]), lang) if "kpi" in frame else ""
    return table(frame[list(columns)].assign(**worded), lang=lang, source=source, units=units,
                 names=names, title=title or _said(f"{key}.title", lang, kpi=kpi),
                 heads=heads(f"quarter.{key}", lang))  # fmt: skip


def _word(path: str, code: object, lang: str) -> str:
    if path == "period":
        return label.period_name(str(code), lang)
    return label.said(path.format(str(code)), lang, "–" if code is None else str(code))
