"""A KPI beside the period before, a year ago and its target: the row of every scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.book import Book
from perfkit.kpi.catalogue import kpi
from perfkit.kpi.entered import planned, targets
from perfkit.kpi.measure import measure
from perfkit.kpi.relative import as_long, last_year
from perfkit.period import Period

__all__ = ["compare"]

_KEYS = ["unit", "kpi"]


def _against(frame: pd.DataFrame, other: pd.DataFrame, name: str) -> pd.DataFrame:
    """Set another period's values beside, with the difference and, for amounts, the growth."""
    held = other.set_index(_KEYS)["value"].rename(name)
    out = frame.join(held, on=_KEYS)
    out[f"change_{name}"] = out["value"] - out[name]
    base = out[name].where(out[name] > 0)
    growth = out["value"] / base - 1
    out[f"growth_{name}"] = growth.mask(out["kpi"].map(lambda code: kpi(code).unit == "rate"))
    return out


def _aimed(
    book: Book, frame: pd.DataFrame, levels: Sequence[str], span: Period, version: str
) -> pd.DataFrame:
    """Set a version of the targets beside, and how much of it is reached."""
    mark = "" if version == "plan" else f"_{version}"
    known = planned(book, version)
    asked = [(code, level) for code in frame["kpi"].unique() if code in known for level in levels]
    found = [targets(book, c, by=level, period=span, version=version) for c, level in asked]
    entered = pd.concat(found) if found else pd.DataFrame(columns=[*_KEYS, "target"])
    held = entered.set_index(_KEYS)["target"].astype(float).rename(f"target{mark}")
    out = frame.join(held, on=_KEYS)
    aim = out[f"target{mark}"]
    out[f"attainment{mark}"] = out["value"] / aim.where(aim != 0)
    return out


def compare(
    book: Book,
    kpis: Sequence[str],
    *,
    by: str | Sequence[str],
    period: str | Period,
    unit: str | None = None,
    versions: Sequence[str] = ("plan",),
    variants: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Lay KPIs beside the period before, the same period a year ago, and targets by version.

    While a period is running, the one before is cut to the same number of days and the year
    before to the same dates; one that the book knows only in part is not compared with.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        Which, in the order wanted.
    by : str or a sequence of them
        The level; several share one pass over the facts.
    period : str or Period
        Which days.
    unit : str, optional
        Only this unit and those below it.
    versions : sequence of str, default ("plan",)
        Which targets; another than the plan keeps its name in the column (``target_stretch``).
    variants : mapping, optional
        As for `measure`.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, value, variant, previous, change_previous, growth_previous,
        year_ago, change_year_ago, growth_year_ago, target, attainment, and target_<version>,
        attainment_<version>. [the KPI's unit; a change of a rate is a difference of rates;
        growth and attainment are rates] NaN where undefined or unknown.

    Raises
    ------
    UnknownName
        No such KPI, level, unit or variant.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> row = compare(b, ["premium_issued"], by="district", period="2012-09").iloc[0]
    >>> bool(row["attainment"] == row["value"] / row["target"])
    True
    """
    now = spans.parse(period)
    before, year_ago = as_long(book, now, spans.previous(now)), last_year(book, now)
    asked = list({s.code: s for s in (now, before, year_ago)}.values())
    found = measure(book, kpis, by=by, period=asked, unit=unit, variants=variants)
    findings = found.attrs["findings"]
    keep = ["unit", "level", "period", "kpi", "value", "variant"]
    out = found.loc[found["period"] == now.code, keep]
    for name, span in (("previous", before), ("year_ago", year_ago)):
        other = found[found["period"] == span.code]
        if span.first < book.facts_from:  # known only in part, so nothing to compare with
            other = other.assign(value=np.nan)
        out = _against(out, other, name)
    levels = [by] if isinstance(by, str) else list(by)
    for version in versions:
        out = _aimed(book, out, levels, now, version)
    out = out.reset_index(drop=True).replace([np.inf, -np.inf], np.nan)
    out.attrs["findings"] = findings
    return out
