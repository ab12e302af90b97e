"""How a unit did: business, headcount and money from the first node to the year, and what grew."""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.explain.attribution import attribute
from perfkit.explain.chain import chain
from perfkit.explain.driver import steps
from perfkit.kpi import answerable, check_period, compare, grid, kpi
from perfkit.kpi.catalogue import measures
from perfkit.kpi.relative import last_year
from perfkit.period import Period

__all__ = ["BLOCKS", "HORIZONS", "evaluate", "horizons", "increments", "with_shares"]

HORIZONS = ("node", "month", "quarter", "half", "year")
BLOCKS = ("business", "headcount", "rank", "tenure", "money")
OTHER = "other"  # people of none of the ranks shown
SPENT, BUDGET = "cost_spent", "cost_budget"
COLUMNS = ["unit", "block", "kpi", "horizon", "period", "value", "variant", "target",
           "attainment", "year_ago", "change_year_ago", "growth_year_ago", "opening", "change",
           "share"]  # fmt: skip
_DAY = dt.timedelta(days=1)
_WHOLE = "headcount_closing"


@functools.cache
def _read() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, str]]:
    """Read which KPIs each block shows, and in which variants."""
    path = Path(__file__).with_name("evaluation.toml")
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    held = {name: tuple(kpi(code).code for code in read[name]) for name in BLOCKS[:-1]}
    chosen = {kpi(code).as_variant(name).code: name for code, name in read["variants"].items()}
    return MappingProxyType(held | {"money": (SPENT, BUDGET)}), MappingProxyType(chosen)


def _named(first: dt.date, last: dt.date) -> Period:
    """Give days that begin with a month under the plainest code that says them."""
    year, month, end = f"{first:%Y}", f"{first:%Y-%m}", f"{last:%Y-%m}"
    part = f"{month}@{last.day:02d}" if month == end else f"{month}..{end}"
    quarter, half = (first.month + 2) // 3, 1 + (first.month > 6)
    codes = [year, f"{year}H{half}", f"{year}Q{quarter}", month, f"{end}:ytd", part]
    same = (one for one in map(spans.parse, codes) if (one.first, one.last) == (first, last))
    return next(same, spans.span(first, last))


def horizons(book: Book, period: str | Period, *, node: int | None = None) -> dict[str, Period]:
    """Cut the node, month, quarter, half year and year in which a period ends, as far as known.

    Parameters
    ----------
    book : Book
        Where the facts are; days after its as_of are left out.
    period : str or Period
        What is evaluated: a month, a quarter, a year …
    node : int, optional
        The day of the month that ends the first week; the book's first_week_day otherwise.
        [day of the month]

    Returns
    -------
    dict of str to Period
        By `HORIZONS`: each from its first day to the last known day of the period.

    Raises
    ------
    PerfkitError
        The period lies wholly outside the book's facts.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = horizons(open_book("district_one"), "2012-09", node=11)
    >>> [one.code for one in found.values()]
    ['2012-09@11', '2012-09', '2012Q3', '2012Q3', '2012-09:ytd']
    """
    last = min(check_period(book, period).last, book.as_of)
    month = last.replace(day=1)
    day = book.settings.first_week_day if node is None else node
    ends = {"node": min(month + (day - 1) * _DAY, last)}
    begins = {
        "node": month,
        "month": month,
        "quarter": month.replace(month=3 * ((month.month - 1) // 3) + 1),
        "half": month.replace(month=6 * ((month.month - 1) // 6) + 1),
        "year": month.replace(month=1),
    }
    return {name: _named(begins[name], ends.get(name, last)) for name in HORIZONS}


def _is_stock(code: str) -> bool:
    """Say whether a KPI is people or units on the last day."""
    one = kpi(code)
    kinds = {(measures()[t.measure].kind, measures()[t.measure].at) for t in one.numerator}
    return not one.denominator and kinds <= {("stock", "closing"), ("units", "closing")}


def evaluate(
    book: Book,
    *,
    unit: str,
    period: str | Period,
    node: int | None = None,
    spending: pd.DataFrame | None = None,
    budget: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Lay out how a unit did at the node, month, quarter, half year and year, in one table.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit : str
        The unit.
    period : str or Period
        What is evaluated; its last known day ends the longer spans (`horizons`).
    node : int, optional
        As for `horizons`. [day of the month]
    spending : DataFrame, optional
        Money spent by the unit: on (the day, a date), amount [yuan]; one row an entry.
    budget : DataFrame, optional
        Its budget: month (``2012-09``), amount [yuan]; one row a month. A month without a row has
        none. Without both frames the book's observations cost_spent and cost_budget are taken.

    Returns
    -------
    DataFrame
        unit, block (`BLOCKS`), kpi, horizon (`HORIZONS`), period, value, variant, target,
        attainment [rate], year_ago, change_year_ago, growth_year_ago [rate]; of people on the last
        day opening (before the span began) and change since, and of ranks and years of service
        share of the headcount [rate]. [the KPI's unit] Money: value is spent, target the budget of
        the same days (NaN where the days are no whole months). A KPI that the book cannot answer
        has no rows, nor has money that nobody entered.

    Raises
    ------
    PerfkitError
        The period lies wholly outside the book's facts.
    UnknownName
        There is no such unit.
    ReconcileError
        The bands of service do not add up to the headcount, or the ranks come to more.

    Notes
    -----
    Source: district deck 2012, sections 25-26: "evaluate the result": business by node, month,
    quarter, half year and year; headcount, total and structure; finance. Targets are those of
    the same days: of a year to date the months that are over.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = evaluate(open_book("district_one"), unit="D1", period="2012-09", node=11)
    >>> months = found[(found["kpi"] == "headcount_closing") & (found["horizon"] == "year")]
    >>> months[["value", "opening", "change"]].values.tolist()
    [[176.0, 127.0, 49.0]]
    """
    asked = horizons(book, period, node=node)
    blocks, _ = _read()
    held = {name: answerable(book, codes) for name, codes in blocks.items()}
    if spending is not None or budget is not None:
        held["money"] = []
        money = [_from_frames(name, span, spending, budget) for name, span in asked.items()]
    else:
        money = []
    once = {span.code: span for span in asked.values()}
    opening = _openings(book, unit, once, [c for own in held.values() for c in own])
    over = {code: _over(book, unit, span, held, opening.get(code)) for code, span in once.items()}
    parts = [over[span.code].assign(horizon=name) for name, span in asked.items()]
    out = pd.concat([*parts, *money], ignore_index=True).assign(unit=unit)
    codes = list(dict.fromkeys([*(c for own in held.values() for c in own), OTHER, SPENT]))
    places = {"block": list(BLOCKS), "kpi": codes, "horizon": list(HORIZONS)}
    keys = pd.DataFrame({name: out[name].map(order.index) for name, order in places.items()})
    kept = keys.sort_values(list(places), kind="stable").index
    return out.reindex(columns=COLUMNS).loc[kept].reset_index(drop=True)


def _openings(
    book: Book, unit: str, asked: Mapping[str, Period], codes: list[str]
) -> dict[str, pd.Series[float]]:
    """Count people and units on the eve of every span, by its code."""
    stocks = [code for code in codes if _is_stock(code)]
    if not stocks:
        return {}
    days = {code: spans.span(span.first - _DAY, span.first - _DAY) for code, span in asked.items()}
    eves = list({day.code: day for day in days.values()}.values())
    found = grid(book, stocks, by=org.level_of(unit, book.root), period=eves, unit=unit)
    own = found[found["unit"] == unit].set_index("period")[stocks].astype(float)
    rows = {str(day): row for day, row in own.iterrows()}
    return {code: rows[day.code] for code, day in days.items() if day.code in rows}


def _over(
    book: Book, unit: str, span: Period, held: Mapping[str, list[str]],
    opening: pd.Series[float] | None,
) -> pd.DataFrame:  # fmt: skip
    """Measure all blocks over one span."""
    block_of = {code: name for name, codes in held.items() for code in codes}
    level, codes = org.level_of(unit, book.root), list(block_of)
    variants = {code: name for code, name in _read()[1].items() if code in block_of}
    found = compare(book, codes, by=level, period=span, unit=unit, variants=variants)
    out = found[found["unit"] == unit].set_index("kpi")
    out = out.assign(block=pd.Series(block_of), opening=np.nan, share=np.nan)
    if opening is not None:
        out["opening"] = opening.reindex(out.index)
    out["change"] = out["value"] - out["opening"]
    out = _with_money(with_shares(out))
    return out.assign(period=span.code).rename_axis("kpi").reset_index()


def with_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Set beside ranks and years of service their share of the headcount; the parts make it.

    Parameters
    ----------
    rows : DataFrame
        By KPI: block, value, opening, year_ago. [persons]

    Returns
    -------
    DataFrame
        With share [rate], and a row for people of ranks that none of the rows holds.

    Raises
    ------
    ReconcileError
        The years of service do not make the headcount, or the ranks come to more.

    Examples
    --------
    >>> index = ["headcount_closing", "headcount_agent"]
    >>> rows = pd.DataFrame({"block": ["headcount", "rank"], "value": [4.0, 3.0]}, index=index)
    >>> with_shares(rows.assign(opening=3.0, year_ago=3.0))["share"].tolist()
    [nan, 0.75, 0.25]
    """
    if _WHOLE not in rows.index:
        return rows
    whole, out = rows.loc[_WHOLE, ["value", "opening", "year_ago"]].astype(float), rows
    for block in ("rank", "tenure"):
        parts = rows.loc[rows["block"] == block, whole.index]
        if parts.empty:
            continue
        rest = whole - parts.sum(skipna=False)
        all_bands = block == "tenure" and len(parts) == len(_read()[0][block])
        if (rest < 0).any() or (all_bands and (rest > 0).any()):
            all_of, left = whole.to_dict()["value"], rest.to_dict()["value"]
            raise ReconcileError(
                "parts_do_not_add_up", what=block, parts=all_of - left, whole=all_of
            )
        if block == "rank" and (rest > 0).any():
            more = rest.to_dict() | {"block": block, "change": rest["value"] - rest["opening"]}
            out = pd.concat([out, pd.DataFrame([more], index=[OTHER])])
    inside = out["block"].isin(["rank", "tenure"]) & (whole["value"] > 0)
    return out.assign(share=(out["value"] / whole["value"]).where(inside))


def _with_money(rows: pd.DataFrame) -> pd.DataFrame:
    """Lay what was spent beside the budget, in one row; none where neither is known."""
    money = rows["block"] == "money"
    if not money.any():
        return rows
    spent = rows.reindex([SPENT]).assign(block="money", share=np.nan)
    known = rows.loc[money, "value"].reindex([SPENT, BUDGET])
    spent["target"] = known[BUDGET]
    spent["attainment"] = known[SPENT] / known[BUDGET] if known[BUDGET] > 0 else np.nan
    return pd.concat([rows[~money], *([spent] if known.notna().any() else [])])


def _added(frame: pd.DataFrame | None, inside: pd.Series[bool]) -> float:
    """Add amounts up to the fen. [yuan]"""
    if frame is None:
        return np.nan
    return float((frame.loc[inside, "amount"].astype(float) * 100).round().sum(skipna=False) / 100)


def _from_frames(
    horizon: str, span: Period, spending: pd.DataFrame | None, budget: pd.DataFrame | None
) -> pd.DataFrame:
    """Add up what was spent in a span, and the budget of its months where they are whole."""
    spent = aim = np.nan
    if spending is not None:
        spent = _added(spending, spending["on"].map(lambda day: span.first <= day <= span.last))
    months = spans.months(span)
    if budget is not None and (months[0].first, months[-1].last) == (span.first, span.last):
        aim = _added(budget, budget["month"].isin([m.code for m in months]))
    row = {"block": "money", "kpi": SPENT, "horizon": horizon, "period": span.code, "value": spent}
    row |= {"target": aim, "attainment": spent / aim if aim > 0 else np.nan}
    return pd.DataFrame([row])


def increments(
    book: Book,
    *,
    unit: str,
    period: str | Period,
    node: int | None = None,
    code: str = "premium_submitted.monthly",
) -> pd.DataFrame:
    """Split what each span brought into stock and increment: a year ago, and what drivers added.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit : str
        The unit.
    period : str or Period
        What is evaluated; its last known day ends the longer spans (`horizons`).
    node : int, optional
        As for `horizons`. [day of the month]
    code : str, default "premium_submitted.monthly"
        The chain of drivers (see `chains`).

    Returns
    -------
    DataFrame
        unit, kpi (what is split), horizon, period, part (stock, the drivers in the order of the
        chain, increment, whole), value: stock is what the force of a year ago brought in the same
        days; the drivers add up to the increment, and stock and increment to the whole, exactly.
        [of the chain] Spans whose year ago, or a driver of it, the book does not know are left
        out.

    Raises
    ------
    PerfkitError
        The period lies wholly outside the book's facts.
    UnknownName
        There is no such unit or chain.

    Notes
    -----
    Source: district deck 2012, sections 23 and 24: results are stock and increment. Worked out at
    the lowest units (`attribute`).

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = increments(open_book("district_one"), unit="D1", period="2012-09", node=11)
    >>> year = found[found["horizon"] == "year"].set_index("part")["value"]
    >>> year[["stock", "increment", "whole"]].round().tolist()
    [4305600.0, 787300.0, 5092900.0]
    """
    links = chain(code)
    columns = ["unit", "kpi", "horizon", "period", "part", "value"]
    rows: list[list[object]] = []
    able = answerable(book, links.kpis()) == links.kpis()
    level = org.level_of(unit, book.root)
    lowest = book.levels[-1] if book.has("agents") and level != "agent" else level
    for name, span in horizons(book, period, node=node).items() if able else ():
        if last_year(book, span).first < book.facts_from:
            continue
        try:
            found = attribute(book, code, by=lowest, period=span, against="year_ago", unit=unit)
        except ReconcileError as error:
            if error.key != "driver_missing":
                raise
            continue
        way = steps(found).set_index("step")["value"]
        start, end = float(way["before"]), float(way["after"])
        parts = {"stock": start, **way.iloc[1:-1], "increment": end - start, "whole": end}
        told = [unit, links.whole, name, span.code]
        rows += [[*told, part, float(value)] for part, value in parts.items()]
    return pd.DataFrame(rows, columns=columns)
