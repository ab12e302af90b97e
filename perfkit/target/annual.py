"""The numbers of an annual plan: its target and what it grows from, months, units, drivers.

Every function answers with an empty frame where the book lacks what it needs, so that the rest of
the plan still comes.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.target.apportion import apportion, split
from perfkit.target.coherent import DRIVERS
from perfkit.target.entry import check_step
from perfkit.target.lastyear import known_months, own_values
from perfkit.target.season import closed, from_history
from perfkit.target.setting import BASES, from_growth, stock_and_increment

__all__ = [
    "SEASONS",
    "against_actual",
    "by_month_and_unit",
    "derivation",
    "increments",
    "month_weights",
    "season",
]

SEASONS = ("plan", "history", "beside")
MONTHS = list(range(1, 13))


def month_weights(book: Book, *, unit: str, period: str, code: str) -> pd.DataFrame:
    """Lay the months' weights from history beside those of the plan of the year before.

    Parameters
    ----------
    book : Book
        Where facts and targets are.
    unit : str
        Whose months.
    period : str
        The year to plan.
    code : str
        The KPI of the target.

    Returns
    -------
    DataFrame
        One row a month, 1 to 12: history (pooled over the whole years the book knows), years (how
        many), low and high (of the years' own), plan (weights of the targets entered for the year
        before) and difference (plan less history). NaN where the book does not say. [rate; count]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = month_weights(
    ...     open_book("district_one"), unit="D1", period="2013", code="premium_issued"
    ... )
    >>> float(found.loc[1, "plan"].round(3)), int(found.loc[1, "years"])
    (0.12, 2)
    """
    out = pd.DataFrame(np.nan, index=pd.Index(MONTHS, name="month"),
                       columns=["history", "years", "low", "high", "plan"])  # fmt: skip
    first = book.facts_from.year + (book.facts_from.timetuple().tm_yday > 1)
    last = book.as_of.year - (book.as_of < spans.parse(str(book.as_of.year)).last)
    last = min(last, spans.parse(period).first.year - 1)
    if first <= last and kpi.answerable(book, [code]):
        codes = [f"{year}-{month:02d}" for year in range(first, last + 1) for month in MONTHS]
        sold = own_values(book, unit, [code], codes)[code].reindex(codes)
        if sold.notna().all() and (sold.groupby(sold.index.str[:4]).sum() > 0).all():
            past = from_history(sold).rename(columns={"weight": "history"})
            out[["history", "years", "low", "high"]] = past[["history", "years", "low", "high"]]
    before = spans.previous(spans.parse(period))
    entered = kpi.target_table(book, code, period=before)
    if unit in entered.index and entered.loc[unit].notna().all() and entered.loc[unit].sum() > 0:
        out["plan"] = closed(entered.T[unit]).to_numpy()
    return out.assign(difference=out["plan"] - out["history"])


def season(weights: pd.DataFrame, *, period: str, prefer: str) -> pd.Series[float]:
    """Choose the month weights to plan with.

    Parameters
    ----------
    weights : DataFrame
        What `month_weights` gives, and under ``beside`` those of another plan where there is one.
    period : str
        The year to plan.
    prefer : {"plan", "history", "beside"}
        Which; where they are not known, last year's plan or history. Another plan's weights are
        only taken when they are asked for.

    Returns
    -------
    Series
        By month code, adding up to exactly 1; its name says which it is. Empty where none is
        known. [rate]

    Raises
    ------
    UnknownName
        There is no such source of weights.

    Examples
    --------
    >>> even = pd.DataFrame({"plan": 1 / 12, "history": float("nan")}, index=range(1, 13))
    >>> season(even, period="2013", prefer="history").name
    'plan'
    """
    if prefer not in SEASONS:
        raise UnknownName(kind="setting", name=prefer, allowed=SEASONS)
    for name in dict.fromkeys((prefer, *SEASONS[:2])):
        if name in weights and weights[name].notna().all():
            months = [month.code for month in spans.months(spans.parse(period))]
            return closed(pd.Series(weights[name].to_numpy(float), index=months)).rename(name)
    return pd.Series(np.empty(0), name="")


def derivation(
    book: Book,
    *,
    unit: str,
    period: str,
    code: str,
    growth: float,
    base_is: str,
    step: int = 1,
) -> pd.DataFrame:
    """Set the year's target by growth, beside what it could be measured by.

    Parameters
    ----------
    book : Book
        Where facts and targets are.
    unit, period, code : str
        Whose target, of which year and KPI.
    growth : float
        On the base. [rate]
    base_is : {"last_year_target", "last_year_actual"}
        What it grows from. A year that is not over counts as it is expected to end.
    step : int, default 1
        The target is rounded up to a multiple of it. [yuan]

    Returns
    -------
    DataFrame
        By item: amount and asks (how much more the target is, as a rate of it; NaN for itself). The
        items: last_year_target, last_year_to_date, last_year_expected (to date over the plan's
        share of those months, or of history's), run_rate (the last twelve whole months),
        run_rate_quarter (the last three over their share of a year) and target. NaN where the book
        does not say.
        [yuan, rate]

    Raises
    ------
    UnknownName
        `base_is` is none of the two.
    TargetError
        Growth or step is impossible.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = derivation(
    ...     open_book("district_one"),
    ...     unit="D1",
    ...     period="2013",
    ...     code="premium_issued",
    ...     growth=0.1,
    ...     base_is="last_year_target",
    ...     step=1000,
    ... )
    >>> round(float(found.loc["last_year_target", "asks"]), 6)
    0.1
    """
    check_step(step)
    last = spans.previous(spans.parse(period))
    held = kpi.targets(book, code, by=org.level_of(unit, book.root), period=last)
    entered = held.loc[held["unit"] == unit, "target"]
    amounts = {"last_year_target": float(entered.iloc[0]) if len(entered) else math.nan}
    weights = month_weights(book, unit=unit, period=period, code=code)
    used = season(weights, period=last.code, prefer="plan")
    amounts |= _paces(book, unit, code, last, used)
    base = amounts[base_is if base_is == BASES[1] else "last_year_expected"]
    set_by = from_growth(pd.Series({unit: base}), growth, base_is=base_is)["target"].iloc[0]
    amounts["target"] = math.ceil(set_by / step - 1e-9) * step if pd.notna(set_by) else math.nan
    out = pd.DataFrame({"amount": pd.Series(amounts)}).rename_axis("item")
    asks = amounts["target"] / out["amount"].where(out["amount"] > 0) - 1
    return out.assign(asks=asks.where(out.index != "target"))


def _paces(
    book: Book, unit: str, code: str, last: spans.Period, weights: pd.Series[float]
) -> dict[str, float]:
    """Measure the year before to date, where it will end, and the pace of the last months."""
    names = ("last_year_to_date", "last_year_expected", "run_rate", "run_rate_quarter")
    months = known_months(book, 12, before=f"{last.first.year + 1}")
    if not kpi.answerable(book, [code]) or not months:
        return dict.fromkeys(names, math.nan)
    sold = own_values(book, unit, [code], months)[code].reindex([m.code for m in months])
    inside = [m.code for m in months if last.first <= m.first and m.last <= last.last]
    to_date = float(sold[inside].sum(min_count=1)) if inside else math.nan
    share = float(weights.reindex(inside).sum()) if len(weights) else math.nan
    expected = to_date if len(inside) == len(MONTHS) else to_date / share if share else math.nan
    by_number = dict(zip((code[-2:] for code in weights.index), weights, strict=True))
    quarter = sum(by_number.get(m.code[-2:], math.nan) for m in months[-3:])
    whole = float(sold.sum(skipna=False)) if len(sold) == len(MONTHS) else math.nan
    near = float(sold[-3:].sum(skipna=False)) / quarter if quarter else math.nan
    return dict(zip(names, (to_date, expected, whole, near), strict=True))


def by_month_and_unit(
    book: Book, *, unit: str, total: float, months: pd.Series[float], code: str, step: int = 1
) -> pd.DataFrame:
    """Split the year's target among the units right below and the months, exactly.

    Parameters
    ----------
    book : Book
        Where the units' premium of the last twelve months is: it weighs the units.
    unit : str
        The unit whose target it is.
    total : float
        The target; a multiple of the step. [yuan]
    months : Series
        Weights by month code. [any scale]
    code : str
        The KPI.
    step : int, default 1
        Every cell is a multiple of it. [yuan]

    Returns
    -------
    DataFrame
        The unit and below it the units that make it up, by months. A unit without units below it
        stands alone. Empty without target or months. [yuan]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> even = pd.Series(1.0, index=[f"2013-{m:02d}" for m in range(1, 13)])
    >>> got = by_month_and_unit(
    ...     open_book("district_one"),
    ...     unit="D1",
    ...     total=6_000_000,
    ...     months=even,
    ...     code="premium_issued",
    ...     step=1000,
    ... )
    >>> got.shape, float(got.loc["D1"].sum()), float(got.iloc[1:].sum().sum())
    ((7, 12), 6000000.0, 6000000.0)
    """
    if not len(months) or math.isnan(total):
        return pd.DataFrame(index=pd.Index([], name="unit"), columns=months.index, dtype=float)
    weights = _unit_weights(book, unit, code, str(months.index[0]))
    if weights.empty:
        alone = split(total, months, step=step)
        return alone.to_frame(unit).T.rename_axis("unit")
    parts = apportion(total, weights, months, step=step)
    whole = parts.sum().to_frame(unit).T
    return pd.concat([whole, parts]).rename_axis("unit")


def against_actual(book: Book, *, unit: str, code: str, targets: pd.DataFrame) -> pd.DataFrame:
    """Lay a unit's month targets beside what the same months brought last.

    Parameters
    ----------
    book : Book
        Where the facts are.
    unit, code : str
        Whose, and which KPI.
    targets : DataFrame
        Units by month codes. [yuan]

    Returns
    -------
    DataFrame
        By month, 1 to 12: target and actual (of the last twelve whole months before). NaN is not
        known. [yuan]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> even = pd.DataFrame(1.0, index=["D1"], columns=[f"2013-{m:02d}" for m in range(1, 13)])
    >>> b = open_book("district_one")
    >>> got = against_actual(b, unit="D1", code="premium_issued", targets=even)
    >>> float(got.loc[9, "actual"])
    628900.0
    """
    out = pd.DataFrame(np.nan, index=pd.Index(MONTHS, name="month"), columns=["target", "actual"])
    if unit not in targets.index:
        return out
    out["target"] = targets.T[unit].to_numpy(float)
    past = known_months(book, 12, before=str(targets.columns[0]))
    if past and kpi.answerable(book, [code]):
        sold = own_values(book, unit, [code], past)[code]
        found = {int(str(month)[5:7]): float(value) for month, value in sold.items()}
        out["actual"] = out.index.map(found).astype(float)
    return out


def _unit_weights(book: Book, unit: str, code: str, first: str) -> pd.Series[float]:
    """Weigh the units right below by what they brought in the last whole months."""
    below, months = book.below(unit), known_months(book, 12, before=first)
    if below == "agent" or not months or not kpi.answerable(book, [code]):
        return pd.Series(np.empty(0))
    found = kpi.measure(book, [code], by=below, period=months, unit=unit)
    sold = found.groupby("unit")["value"].sum(min_count=1)
    return sold[sold > 0].clip(lower=0)


def increments(drivers: pd.DataFrame) -> pd.DataFrame:
    """Split a year's target into what today's force brings and what each driver must add.

    Parameters
    ----------
    drivers : DataFrame
        What `driver_year` gives.

    Returns
    -------
    DataFrame
        By unit: stock (today's drivers, twelve months), one column a driver (what its change
        brings), increment and target. [yuan]

    Notes
    -----
    Source: district deck 2012, sections 23 and 24: stock and increment.
    """
    planned = drivers[list(DRIVERS)]
    now = drivers[[f"now_{name}" for name in DRIVERS]].set_axis(list(DRIVERS), axis=1)
    return stock_and_increment(now, planned) * len(MONTHS)
