"""Which departments need the district's guidance, why, and what it brings along."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from perfkit import org, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.explain import graph
from perfkit.explain.alarm import watch_history, watch_units
from perfkit.explain.assess import assess, at_risk
from perfkit.explain.cause import judge, weigh
from perfkit.explain.chart import cause_chart
from perfkit.explain.credibility import credibility
from perfkit.explain.remedy import remedies
from perfkit.explain.shortfall import shortfall, whole_months
from perfkit.kpi import answerable, compare, grid, measure, targets
from perfkit.period import Period

__all__ = [
    "Item",
    "advice_in_words",
    "guidance_items",
    "guidance_pack",
    "needs_guidance",
    "read_guidance",
    "stocktake",
]

FILLS = ("", "kpi", "gap", "example", "question", "remedy", "standard", "plan")
PREMIUM, ACTIVITY, A_HEAD = "premium_submitted", "activity_rate", "premium_per_head"
SHOWN = (PREMIUM, "headcount_closing", ACTIVITY, "cases_per_active", "average_case_size",
         "first_week_share", "attrition_rate")  # fmt: skip
TESTS = ["unit", "test", "kpi", "value", "expected", "low", "high", "p", "level", "weak"]
Rows = list[list[object]]
FIRM = 0.5  # credibility from which a unit's own mean says more than that of all


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the district brings: its name by language and what fills it."""

    code: str
    fill: str
    names: Mapping[str, str]


def read_guidance(path: Path) -> tuple[Item, ...]:
    """Read and check the file of guidance items.

    Raises
    ------
    PerfkitError
        An item lacks a field, has an unknown fill or comes twice: with the place.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    graph.required(read, ["item"], path.name)
    out = []
    for number, body in enumerate(read["item"], 1):
        place = f"{path.name} [[item]] {body.get('code') or number}"
        graph.required(body, ["code", "en", "zh"], place)
        graph.one_of(body.get("fill", ""), FILLS, place, "fill")
        names = {"en": body["en"], "zh": body["zh"]}
        out.append(Item(body["code"], body.get("fill", ""), names))
    graph.unique([item.code for item in out], path.name)
    return tuple(out)


@functools.cache
def guidance_items() -> tuple[Item, ...]:
    """Give the eleven items in order.

    Examples
    --------
    >>> len(guidance_items()), guidance_items()[0].code
    (11, 'kpi')
    """
    return read_guidance(Path(__file__).with_name("guidance.toml"))


def stocktake(book: Book, *, by: str, period: str | Period) -> pd.DataFrame:
    """Hold every unit of a level against its past and its sisters, beyond what chance does.

    Parameters
    ----------
    book : Book
        Where the facts are.
    by : str
        The level.
    period : str or Period
        Whole months.

    Returns
    -------
    DataFrame
        One row a unit and test: unit, test, kpi, value, expected, low, high [the KPI's unit], p
        [rate], level (red: beyond chance with all units tested at once; yellow: were it the only
        one; none, unknown), weak: red or yellow on the bad side. The tests: own_usual (premium
        against its usual, net of the sisters), among_units (activity in the funnel), own_past
        (activity of the last month against its chart), standing (premium per head of all months
        known, drawn towards the mean of all by its credibility, under it by more than a tenth).

    Raises
    ------
    UnknownName
        No such level.
    ReconcileError
        The period is not of whole months that the book knows.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = stocktake(open_book("district_one"), by="department", period="2012-09..2012-10")
    >>> found.loc[found["weak"], ["unit", "test"]].values.tolist()
    [['D1/05', 'own_usual']]
    """
    alarms = book.settings.alarms
    months, count = whole_months(book, period)
    usual = shortfall(book, by=by, period=period).assign(test="own_usual", kpi=PREMIUM)
    bound = 1 - (1 - alarms["false_discovery"]) ** (1 / max(int(usual["p"].notna().sum()), 1))
    conditions = [usual["p"].isna(), usual["p"] < bound, usual["beyond"]]
    usual["level"] = np.select(conditions, ["unknown", "red", "yellow"], "none")
    usual["weak"] = usual["level"].isin(["yellow", "red"])
    rates = measure(book, [ACTIVITY], by=by, period=months)
    now = rates[rates["period"].isin([month.code for month in months[-count:]])]
    sums = now.groupby("unit", sort=False)[["numerator", "denominator"]].sum().reset_index()
    pooled = sums.assign(kpi=ACTIVITY, period=spans.parse(period).code)
    last = watch_history(rates, period=months[-1].code, alarms=alarms)
    parts = [
        usual,
        _alarmed(watch_units(pooled, alarms=alarms), "among_units"),
        _alarmed(last, "own_past"),
        _standing(book, by, months),
    ]
    return pd.concat([part[TESTS] for part in parts], ignore_index=True)


def _alarmed(evidence: pd.DataFrame, test: str) -> pd.DataFrame:
    out = evidence.rename(
        columns={"center": "expected", "yellow_low": "low", "yellow_high": "high"}
    )
    grave = out["level"].isin(["yellow", "red"]) & out["worse"].astype(bool)
    return out.assign(test=test, weak=grave)


def _standing(book: Book, by: str, months: list[Period]) -> pd.DataFrame:
    """Draw each unit's premium per head towards that of all, and see who still stands low."""
    wide = grid(book, [A_HEAD, "headcount_average"], by=by, period=months)
    frame = pd.DataFrame(
        {"unit": wide["unit"], "value": wide[A_HEAD], "weight": wide["headcount_average"]}
    )
    found = credibility(frame)
    low = found["estimate"] < (1 - cause_chart().verdict["material"]) * found["common"]
    weak = low & (found["credibility"] > FIRM)
    return found.assign(
        test="standing", kpi=A_HEAD, value=found["estimate"], expected=found["common"], low=np.nan,
        high=np.nan, p=np.nan, level=np.where(weak, "yellow", "none"), weak=weak,
    )  # fmt: skip


def needs_guidance(found: pd.DataFrame) -> pd.DataFrame:
    """Sum a stock-taking up by unit.

    Parameters
    ----------
    found : DataFrame
        What `stocktake` gives.

    Returns
    -------
    DataFrame
        unit, advice (guide: a test is red; watch: one is yellow; none), tests: how many said so,
        reasons: which, in order; those that need it most first.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["a", "b", "b"], "test": ["x", "x", "y"]})
    >>> frame = frame.assign(weak=[False, True, True], level=["none", "red", "yellow"])
    >>> needs_guidance(frame).values.tolist()
    [['b', 'guide', 2, 'x y'], ['a', 'none', 0, '']]
    """
    rows = []
    for unit, part in found.groupby("unit", sort=False):
        weak = part[part["weak"].astype(bool)]
        advice = "guide" if (weak["level"] == "red").any() else "watch" if len(weak) else "none"
        rows.append([unit, advice, len(weak), " ".join(weak["test"])])
    out = pd.DataFrame(rows, columns=["unit", "advice", "tests", "reasons"])
    grave = out["advice"].map({"guide": 0, "watch": 1, "none": 2}) - out["tests"] / 100
    return out.loc[grave.sort_values(kind="stable").index].reset_index(drop=True)


def advice_in_words(found: pd.DataFrame, *, lang: str) -> pd.DataFrame:
    """Say for readers what `needs_guidance` found.

    Parameters
    ----------
    found : DataFrame
        What `needs_guidance` gives.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    DataFrame
        unit, advice, reasons: the last two in words.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["b"], "advice": ["watch"], "reasons": ["own_past"]})
    >>> advice_in_words(frame, lang="en").values.tolist()
    [['b', 'watch', 'activity under its own past']]
    """
    glue = words.text("table.list", lang)
    said = [
        glue.join(words.text(f"performance_gap.test.{test}", lang) for test in reasons.split())
        for reasons in found["reasons"]
    ]
    advice = [words.text(f"performance_gap.advice.{code}", lang) for code in found["advice"]]
    return found[["unit"]].assign(advice=advice, reasons=said)


def guidance_pack(
    book: Book, unit: str, *, by: str, period: str | Period, lang: str
) -> pd.DataFrame:
    """Fill in what is known of the eleven items of guidance for a unit.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit, by : str
        Whom the district guides, and of which level.
    period : str or Period
        Whole months.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    DataFrame
        no, item, kpi, known, value, beside [the KPI's unit], unit, remedy: one row a known fact,
        and one for an item that people must fill in. known says what else the row is (a question, a
        cause, the month of a plan); beside is the period before (kpi), the expected (gap), the
        unit's own (example), the standard; unit is the sister that is the example.

    Raises
    ------
    UnknownName
        No such unit or level.
    ReconcileError
        The period is not of whole months that the book knows.
    """
    filled = {
        "kpi": _kpis, "gap": _gap, "example": _examples, "question": _questions,
        "remedy": _remedies, "standard": _standards, "plan": _plan,
    }  # fmt: skip
    rows: Rows = []
    for number, item in enumerate(guidance_items(), 1):
        known = filled[item.fill](book, unit, by, spans.parse(period), lang) if item.fill else []
        rows += [[number, item.names[lang], *row] for row in known or [_row()]]
    columns = ["no", "item", "kpi", "known", "value", "beside", "unit", "remedy"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "beside": float})


def _row(
    code: str = "", known: str = "", value: float = np.nan, beside: float = np.nan, unit: str = "",
    remedy: str = "",
) -> list[object]:  # fmt: skip
    return [code, known, value, beside, unit, remedy]


def _kpis(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    last = spans.months(span)[-1]
    found = compare(book, answerable(book, SHOWN), by=by, period=last, unit=unit)
    own = found[found["unit"] == unit]
    return [_row(c, "", v, b) for c, v, b in own[["kpi", "value", "previous"]].to_numpy()]


def _gap(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    one = shortfall(book, by=by, period=span, unit=unit).iloc[0]
    return [_row(PREMIUM, "", one["value"], one["expected"])]


def _examples(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    """Name, of each rate, the sister that is best at it."""
    codes = answerable(book, [ACTIVITY, "cases_per_active", "average_case_size"])
    wide = grid(book, codes, by=by, period=span).set_index("unit")
    rows: Rows = []
    for code in codes:
        best = str(wide[code].idxmax())
        if best != unit:
            rows.append(_row(code, "", wide[code].max(), wide[code][unit], best))
    return rows


def _pointing(book: Book, unit: str, by: str, span: Period) -> pd.DataFrame:
    found = judge(weigh(book, by=by, period=span), unit=unit)
    tested = found[found["strength"] > 0]
    return tested[tested["verdict"] != "speaks_against"].head(3)


def _questions(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    evidence = cause_chart().evidence
    codes = _pointing(book, unit, by, span)["evidence"]
    return [_row("", evidence[code].ask[lang]) for code in codes]


def _remedies(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    """List causes that the charts hang under what stands out, with their remedies."""
    nodes = cause_chart().nodes.values()
    tops = [named.split()[0] for named in _pointing(book, unit, by, span)["nodes"]]
    rows: Rows = [
        _row("", node.names[lang], remedy=remedies()[node.remedy].names[lang])
        for top in tops
        for node in nodes
        if node.remedy and node.code.startswith(f"{top}.")
    ]
    return rows[:6]


def _standards(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    if not any(one.level == by and one.holds(span.last) for one in book.settings.standards):
        return []
    found = at_risk(assess(book, by=by, day=span.last))
    own = found[found["unit"].isin(org.within(found["unit"].tolist(), unit))]
    told = own[["kpi", "standard", "have", "need"]].to_numpy()
    return [_row(c, standard, h, n) for c, standard, h, n in told]


def _plan(book: Book, unit: str, by: str, span: Period, lang: str) -> Rows:
    """Say which target of the coming month is there already."""
    if not book.has("targets"):
        return []
    coming = spans.parse(f"{spans.months(span)[-1].last + pd.Timedelta(days=1):%Y-%m}")
    rows: Rows = []
    for code in (PREMIUM, "premium_issued"):
        found = targets(book, code, by=by, period=coming, version="plan").set_index("unit")
        if unit in found.index and pd.notna(found["target"][unit]):
            rows.append(_row(code, coming.code, found["target"][unit]))
    return rows
