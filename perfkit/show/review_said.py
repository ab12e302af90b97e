"""What a quarterly review says in words: the headline, a refusal, the questions with evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from perfkit import period, words
from perfkit.errors import PerfkitError
from perfkit.show import label
from perfkit.show.html import Cell, Display, Head, Row, display, grid, quiet
from perfkit.show.plot.explained import step_name
from perfkit.show.prose import Prose, sentence

__all__ = ["ends_of", "factor_unit", "headline", "questions", "refusal"]


def _said(key: str, lang: str, **facts: object) -> str:
    return words.text(f"quarter.{key}", lang, **facts)


class Caused(Protocol):
    """One driver of a change, as `perfkit.explain.Cause` gives it."""

    @property
    def factor(self) -> str: ...
    @property
    def before(self) -> float: ...
    @property
    def after(self) -> float: ...
    @property
    def effect(self) -> float: ...


class Led(Protocol):
    """What a headline says, as `perfkit.explain.Lead` gives it."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def change(self) -> float: ...
    @property
    def growth(self) -> float: ...
    @property
    def usual(self) -> float: ...
    @property
    def limit(self) -> float: ...
    @property
    def verdict(self) -> str: ...
    @property
    def main(self) -> Caused | None: ...
    @property
    def counter(self) -> Caused | None: ...


def factor_unit(factor: str) -> str:
    """Give the unit of measure of a driver; one that is no KPI is a plain ratio.

    Examples
    --------
    >>> factor_unit("activity_rate"), factor_unit("standard_ratio")
    ('rate', 'ratio')
    """
    known = words.has(f"kpi.{factor}.name", "en")
    return label.unit_of(factor) if known else {"headcount_implied": "persons"}.get(factor, "ratio")


def headline(
    led: Led | None,
    moved: pd.DataFrame,
    *,
    kpi: str,
    unit: str,
    ends: tuple[str, str],
    lang: str,
    names: Mapping[str, str] | None = None,
    why: PerfkitError | None = None,
) -> Prose:
    """Say in a few sentences what moved, why, and whether it is noise.

    Parameters
    ----------
    led : Lead or None
        The change and what led it; None where nothing could be attributed.
    moved : DataFrame
        factor and verdict of every driver, the whole first.
    kpi, unit : str
        What moved, and whose.
    ends : tuple of str
        The two periods.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    why : PerfkitError, optional
        Why nothing could be attributed.

    Returns
    -------
    Prose
        Without a change to tell of, why there is none.
    """
    if led is None or math.isnan(led.change):
        return refusal(why, lang=lang)
    of = label.unit_of(kpi)
    first, second = ends_of(*ends, lang=lang).values()
    amount = "end_yuan" if of == "yuan" else "end"
    change = words.number(led.change, of, lang, signed=True)
    facts = {"unit": label.unit_name(unit, names), "kpi": label.kpi_name(kpi, lang),
             "first": first, "second": second,
             "end": _said(f"lead.{amount}", lang, end=words.number(led.end, of, lang))}  # fmt: skip
    if not any(digit in "123456789" for digit in change):
        return Prose(_said("lead.same", lang, **facts))
    growth = words.number(led.growth, "rate", lang, signed=True)
    grown = "" if math.isnan(led.growth) else _said("lead.growth", lang, growth=growth)
    out = [_said("lead.change", lang, **facts, change=change, growth=grown)]
    for name, cause in (("main", led.main), ("counter", led.counter)):
        if cause is not None:
            out.append(_cause(name, cause, of, lang))
    numbers = {"usual": led.usual, "limit": led.limit}
    limits = {name: words.number(value, of, lang) for name, value in numbers.items()}
    out.append(_said(f"lead.{led.verdict}", lang, **limits))
    beyond = moved.iloc[1:][moved.iloc[1:]["verdict"].isin(["unusual", "rare"])]["factor"]
    if len(beyond):
        said = words.text("table.list", lang).join(step_name(str(f), lang) for f in beyond)
        out.append(_said("lead.beyond", lang, drivers=said))
    return Prose(_said("lead.join", lang).join(out))


def ends_of(first: str, second: str, *, lang: str) -> dict[str, str]:
    """Name the two ends of a change for a waterfall: periods, or the target.

    Parameters
    ----------
    first, second : str
        The code of a period, or ``target``.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    dict of str to str
        before and after, as a reader calls them.

    Examples
    --------
    >>> ends_of("target", "2012Q3", lang="en")
    {'before': 'target', 'after': 'Q3 2012'}
    >>> ends_of("2012-07-01..2012-07-31", "2012Q4", lang="en")["before"]
    'first 31 days of Q3 2012'
    """
    return {place: _end(end, lang) for place, end in (("before", first), ("after", second))}


def _end(code: str, lang: str) -> str:
    """Name a period, the first days of a quarter, or the target."""
    if code == "target":
        return words.text("chart.series.target", lang)
    found = period.parse(code)
    begun = found.first.day == 1 and found.first.month % 3 == 1
    if found.kind != "range" or not begun:
        return label.period_name(code, lang)
    whole = f"{found.first.year}Q{(found.first.month + 2) // 3}"
    return _said("first_days", lang, quarter=label.period_name(whole, lang), days=found.days)


def _cause(name: str, cause: Caused, of: str, lang: str) -> str:
    """Say what one driver did: its way, and its worth."""
    own = factor_unit(cause.factor)
    facts = {"before": words.number(cause.before, own, lang),
             "after": words.number(cause.after, own, lang)}  # fmt: skip
    known = not (math.isnan(cause.before) or math.isnan(cause.after))
    return _said(
        f"lead.{name}",
        lang,
        driver=step_name(cause.factor, lang),
        effect=words.number(cause.effect, of, lang, signed=True),
        way=_said("lead.way", lang, **facts) if known else "",
    )


def refusal(why: PerfkitError | None, *, lang: str) -> Prose:
    """Say why a change cannot be taken apart; nothing where it could.

    Examples
    --------
    >>> refusal(None, lang="en").markdown
    ''
    """
    if why is None:
        return Prose("")
    known = f"refused_{why.key}"
    if words.has(f"quarter.{known}", lang):
        facts = {k: label.kpi_name(str(v), lang) if k == "kpi" else v for k, v in why.facts.items()}
        return Prose(_said(known, lang, **facts))
    return Prose(_said("refused", lang, why=why.text(lang)))


class Asked(Protocol):
    """A question with its facts, as `perfkit.explain.questions` gives it."""

    @property
    def key(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, str | tuple[float, str]]: ...


def questions(
    found: Sequence[Asked], *, lang: str, names: Mapping[str, str] | None = None
) -> Display:
    """Show what to ask next quarter, each question beside its evidence.

    Parameters
    ----------
    found : sequence of Question
        In their order.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    """
    rows = []
    for one in found:
        facts = _facts(one.facts, lang, names)
        both = [sentence(f"quarter.ask.{one.key}.{part}", lang=lang, **facts).markdown
                for part in ("question", "evidence")]  # fmt: skip
        rows.append(both)
    frame = pd.DataFrame(rows, columns=["question", "evidence"])
    if frame.empty:
        return quiet(_said("none.questions", lang), frame, lang=lang)
    tops = [Head(_said(f"ask.{name}", lang), numeric=False) for name in frame.columns]
    cells = [Row(tuple(Cell(text) for text in row)) for row in rows]
    return display(_said("ask.title", lang), grid(tops, cells), (), frame, lang)


def _facts(
    given: Mapping[str, str | tuple[float, str]], lang: str, names: Mapping[str, str] | None
) -> dict[str, Any]:
    """Put codes into words and numbers into the unit of the KPI they are of."""
    kpi = str(given.get("kpi", ""))
    out: dict[str, Any] = {}
    for name, fact in given.items():
        if isinstance(fact, tuple):
            value, unit = fact
            signed, unit = unit.startswith("+"), unit.removeprefix("+")
            out[name] = words.number(value, factor_unit(kpi) if unit == "kpi" else unit, lang,
                                     signed=signed)  # fmt: skip
        elif name == "kpi":
            out[name] = step_name(fact, lang)
        elif name in {"unit", "units"}:
            ids = fact.split(", ")
            out[name] = words.text("table.list", lang).join(label.unit_name(u, names) for u in ids)
        elif name == "period":
            out[name] = label.period_name(fact, lang)
        else:
            out[name] = label.said(f"alarm.{fact}", lang, fact) if name == "level" else fact
    return out
