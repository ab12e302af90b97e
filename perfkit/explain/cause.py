"""What the facts say for and against each cause of a unit's shortfall: ranked, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import org, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.explain.chart import STANDING, CauseChart, Evidence, cause_chart, term
from perfkit.explain.evidence import Grid, against_usual, standing_share
from perfkit.explain.shortfall import whole_months
from perfkit.kpi import answerable, measure
from perfkit.period import Period

__all__ = ["COLUMNS", "causes", "in_words", "judge", "weigh"]

COLUMNS = ["unit", "period", "evidence", "nodes", "verdict", "reason", "rank", "side", "months",
           "value", "expected", "of", "strength", "p", "carried", "carried_low", "carried_high",
           "windows", "lacks"]  # fmt: skip
CARRIED = ["carried", "carried_low", "carried_high"]
POINTS, AGAINST, SILENT = "points_to", "speaks_against", "cannot_tell"
PREMIUM = "premium_submitted"
HEADS = "headcount_average"


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything measured: by (KPI, column), units x months, oldest month first."""

    units: list[str]
    months: list[str]
    grids: Mapping[tuple[str, str], Grid]

    def of(self, terms: Sequence[str]) -> Grid:
        """Add the terms up."""
        parts = [(sign, self.grids[code, column]) for sign, code, column in map(term, terms)]
        return np.asarray(np.sum([sign * grid for sign, grid in parts], axis=0), float)

    def lacks(self, terms: Sequence[str]) -> str:
        """Name the first KPI that nobody can answer, or that no month of is known."""
        for _, code, column in map(term, terms):
            grid = self.grids.get((code, column))
            if grid is None or not np.isfinite(grid).any():
                return code
        return ""


def _measured(book: Book, chart: CauseChart, by: str, months: Sequence[Period]) -> _Facts:
    wanted = [t for one in chart.evidence.values() for t in one.terms()]
    codes = dict.fromkeys([PREMIUM, HEADS, *(term(t)[1] for t in wanted)])
    here = answerable(book, list(codes))
    chosen = {k: v for one in chart.evidence.values() for k, v in one.variants.items() if k in here}
    found = measure(book, here, by=by, period=months, variants=chosen)
    names = [month.code for month in months]
    order = list(dict.fromkeys(found["unit"]))
    row = pd.Index(order).get_indexer(pd.Index(found["unit"]))
    month = pd.Index(names).get_indexer(pd.Index(found["period"]))
    grids = {}
    for code in here:
        own = (found["kpi"] == code).to_numpy()
        for column in ("value", "numerator", "denominator"):
            grid = np.full((len(order), len(names)), np.nan)
            grid[row[own], month[own]] = found[column].to_numpy(float)[own]
            known = np.isfinite(grid).any(axis=0)  # what is known of nobody is not zero
            grids[code, column] = np.where(known, np.nan_to_num(grid), np.nan)
    return _Facts(order, names, grids)


def causes(
    book: Book,
    *,
    by: str,
    period: str | Period,
    unit: str | None = None,
    chart: CauseChart | None = None,
) -> pd.DataFrame:
    """Test every cause that the charts declare evidence for, for each unit of a level.

    Parameters
    ----------
    book : Book
        Where the facts are.
    by : str
        The level: its units are held against their own past and against each other.
    period : str or Period
        The months to explain; whole ones.
    unit : str, optional
        Judge only this unit, or the units below it; its sisters still count as such. Fewer
        causes tested at once need less to be pointed at.
    chart : CauseChart, optional
        The office's own charts; those of perfkit otherwise.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a unit and evidence, best first: verdict (points_to, speaks_against,
        cannot_tell) with its reason (beyond_chance, immaterial, better_than_usual,
        within_chance, no_facts, few_periods); value and expected of what is counted, of what;
        strength: how far on the bad side, as a normal deviate [sd]; p: the chance of so much
        without a cause [rate];
        carried: premium that went with it, at its usual worth, with its interval [yuan], NaN where
        nothing says how much; windows: the earlier ones that the spread rests on; lacks: the KPI
        that the book cannot answer.

    Raises
    ------
    UnknownName
        No such unit or level.
    ReconcileError
        The period is not of whole months that the book knows.

    Notes
    -----
    District deck 2012, sections 33-37 (charts); `evidence.against_usual` for the test. A cause is
    pointed at when its p is below 1 - (1 - false_alarms)^(1 / tests) (Šidák 1967). It is the
    charts' words for what moved: what moved it is for people to find out.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> book = open_book("district_one")
    >>> found = causes(book, by="department", period="2012-09..2012-10", unit="D1/05")
    >>> found.set_index("evidence")[["verdict", "reason", "lacks"]].loc["attendance"].tolist()
    ['cannot_tell', 'no_facts', 'attendance_rate']
    """
    return judge(weigh(book, by=by, period=period, chart=chart), unit=unit, chart=chart)


def weigh(
    book: Book, *, by: str, period: str | Period, chart: CauseChart | None = None
) -> pd.DataFrame:
    """Do the testing of `causes` for all units of a level, without verdict and rank.

    Takes what `causes` takes, gives its columns and raises what it raises.
    """
    chart = chart or cause_chart()
    months, count = whole_months(book, period, int(chart.verdict["history"]))
    facts = _measured(book, chart, by, months)
    code = spans.parse(period).code
    parts = [_tested(facts, one, count, chart) for one in chart.evidence.values()]
    out = pd.concat(parts, ignore_index=True).assign(
        period=code, verdict="", reason="", rank=np.nan
    )
    out.attrs["material"] = dict(zip(facts.units, _usual_premium(facts, count), strict=True))
    return out[COLUMNS]


def _usual_premium(facts: _Facts, count: int) -> np.ndarray:
    return _usual(facts.of([PREMIUM]), count)


def _usual(grid: Grid, count: int) -> np.ndarray:
    """Give the mean of the months before, times the months looked at."""
    past = grid[:, :-count]
    known = past[:, np.isfinite(past).all(axis=0)]
    return known.mean(axis=1) * count if known.shape[1] else np.full(len(grid), np.nan)


def _tested(facts: _Facts, one: Evidence, count: int, chart: CauseChart) -> pd.DataFrame:
    """Test one piece of evidence for every unit."""
    blank = {"unit": facts.units, "evidence": one.code, "nodes": " ".join(one.nodes),
             "side": one.side}  # fmt: skip
    out = pd.DataFrame(blank)
    lacks = facts.lacks(one.terms())
    length = count + one.months_before
    if lacks:
        empty = [
            "value",
            "expected",
            "of",
            "strength",
            "p",
            "carried",
            "carried_low",
            "carried_high",
        ]
        return out.assign(**dict.fromkeys(empty, np.nan), months=length, windows=0, lacks=lacks)
    over, under = facts.of(one.of), facts.of(one.per)
    if one.form == STANDING:
        found, of = (
            standing_share(over[:, :-count], under[:, :-count]),
            under[:, :-count].sum(axis=1),
        )
    else:
        found = against_usual(over, under, length=length, form=one.form)
        of = under[:, -length:].sum(axis=1)
    worse = found["score"] * (1 if one.side == "high" else -1)
    carried = _carried(facts, one, found, of, count, chart)
    if one.form == STANDING:  # who stands on large policies is not short of premium while they come
        worse = worse.where(~(carried[0] >= 0), np.minimum(-worse, 0.0))
    return out.assign(
        value=found["value"], expected=found["expected"], of=of, strength=worse, p=_above(worse),
        carried=carried[0], carried_low=carried[1], carried_high=carried[2], months=length,
        windows=found["windows"], lacks="",
    )  # fmt: skip


def _above(score: pd.Series[float]) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(-score.to_numpy(float)), float)


def _carried(
    facts: _Facts, one: Evidence, found: pd.DataFrame, of: np.ndarray, count: int, chart: CauseChart
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say what premium went with it: what usually goes through it, times how far it moved."""
    from scipy.special import ndtri

    away = (found["value"] - found["expected"]).to_numpy(float)
    reach = float(ndtri(0.5 + chart.verdict["certainty"] / 2)) * found["spread"].to_numpy(float)
    nothing = np.full(len(away), np.nan)
    if one.form == STANDING:
        now = facts.of([one.of_premium])[:, -count:].sum(axis=1)
        short = now - _usual(facts.of([one.of_premium]), count)
        return short, nothing, nothing
    if one.heads:
        a_head = _usual_premium(facts, count) / (_usual(facts.of([HEADS]), count) / count)
        worth = one.heads * a_head
    elif one.of_premium:
        through = _usual(facts.of([one.of_premium]), count)
        expected = found["expected"].to_numpy(float)
        worth = through / np.where(expected > 0, expected, np.nan)
        worth = worth * (expected / of if one.scaled else 1.0)
    else:
        return nothing, nothing, nothing
    ends = np.sort(np.stack([worth * (away - reach), worth * (away + reach)]), axis=0)
    return worth * away, ends[0], ends[1]


def judge(
    found: pd.DataFrame, *, unit: str | None = None, chart: CauseChart | None = None
) -> pd.DataFrame:
    """Say of what `weigh` found what points where, and rank it.

    Parameters
    ----------
    found : DataFrame
        What `weigh` gives.
    unit : str, optional
        Only this unit, or those below it.
    chart : CauseChart, optional
        As for `causes`.

    Returns
    -------
    DataFrame
        As `causes`; rank counts within a unit, what could not be tested has none.

    Raises
    ------
    UnknownName
        There is no such unit.
    """
    limits = (chart or cause_chart()).verdict
    usual = found.attrs["material"]
    names = list(dict.fromkeys(found["unit"]))
    out = found if unit is None else found[found["unit"].isin(org.within(names, unit))]
    if out.empty:
        raise UnknownName(kind="unit", name=unit, allowed=names)
    tests = max(int(out["p"].notna().sum()), 1)
    bound = 1 - (1 - limits["false_alarms"]) ** (1 / tests)
    worst = out["carried_low"] / out["unit"].map(usual)
    points = out["p"] < bound
    harmless = worst > -limits["material"]
    better = out["p"] > limits["certainty"]
    unknown = out["p"].isna()
    verdict = np.select([unknown, points, harmless | better], [SILENT, POINTS, AGAINST], SILENT)
    reason = np.select(
        [out["lacks"] != "", unknown, points, harmless, better],
        ["no_facts", "few_periods", "beyond_chance", "immaterial", "better_than_usual"],
        "within_chance",
    )
    out = out.assign(verdict=verdict, reason=reason)
    out["rank"] = out.groupby("unit")["strength"].rank(ascending=False, method="first")
    return out.sort_values(["unit", "rank"], kind="stable", ignore_index=True)


def in_words(found: pd.DataFrame, *, lang: str, chart: CauseChart | None = None) -> pd.DataFrame:
    """Say of one unit what `causes` found, for readers.

    Parameters
    ----------
    found : DataFrame
        What `causes` gives.
    lang : {"zh", "en"}
        The reader's language.
    chart : CauseChart, optional
        As for `causes`.

    Returns
    -------
    DataFrame
        cause, verdict, reason: in words; moved: what came over what was expected, less one [rate];
        strength [sd]; carried, carried_low, carried_high [yuan]; ask: the question to ask.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> how = {"by": "department", "period": "2012-09..2012-10", "unit": "D1/05"}
    >>> told = in_words(causes(open_book("district_one"), **how), lang="en")
    >>> told.loc[0, ["cause", "verdict"]].tolist()
    ['dependence on large policies', 'the data cannot tell']
    """
    evidence = (chart or cause_chart()).evidence
    return pd.DataFrame(
        {
            "cause": [evidence[code].names[lang] for code in found["evidence"]],
            "verdict": [words.text(f"cause.verdict.{code}", lang) for code in found["verdict"]],
            "reason": [words.text(f"cause.reason.{code}", lang) for code in found["reason"]],
            "moved": found["value"] / found["expected"] - 1,
            "strength": found["strength"],
            **{name: found[name] for name in CARRIED},
            "ask": [evidence[code].ask[lang] for code in found["evidence"]],
        }
    )
