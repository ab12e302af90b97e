"""Before and after an action, honestly: an exact permutation test first, then an interval."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit.errors import ReconcileError, UnknownName

__all__ = ["before_after", "compare_groups", "node_share", "phases"]

MOST_SPLITS = 200_000


def _split_p(before: np.ndarray, after: np.ndarray, draws: int | None) -> tuple[float, float]:
    """Ask of every way to call some values "after": how many show at least this rise?

    The least p that a sample can give is one over the number of ways. Drawn splits count the
    one that came as well, so that p is never nil.
    """
    both = np.concatenate([before, after])
    ways = math.comb(len(both), len(after))
    least = after.sum() - 1e-9 * max(1.0, float(np.abs(both).sum()))
    if ways <= MOST_SPLITS:
        sums = np.array([sum(c) for c in itertools.combinations(both, len(after))])
        return float((sums >= least).mean()), 1 / ways
    if draws is None:
        raise ReconcileError("too_many_splits", ways=ways, most=MOST_SPLITS)
    rng = np.random.default_rng(len(both))
    drawn = rng.permuted(np.tile(both, (draws, 1)), axis=1)[:, : len(after)].sum(axis=1)
    return float((1 + (drawn >= least).sum()) / (1 + draws)), 1 / (1 + draws)


def _welch(before: np.ndarray, after: np.ndarray, level: float) -> tuple[float, float]:
    """Give the interval of the difference of means without assuming equal spread."""
    from scipy.special import stdtrit

    sizes, spreads = (len(before), len(after)), (before.var(ddof=1), after.var(ddof=1))
    parts = np.array([s / n for s, n in zip(spreads, sizes, strict=True)])
    error = math.sqrt(parts.sum())
    freedom = parts.sum() ** 2 / sum(p**2 / (n - 1) for p, n in zip(parts, sizes, strict=True))
    reach = float(stdtrit(freedom, 0.5 + level / 2)) * error
    difference = after.mean() - before.mean()
    return difference - reach, difference + reach


def compare_groups(
    before: pd.Series[float],
    after: pd.Series[float],
    *,
    level: float = 0.95,
    draws: int | None = None,
) -> pd.Series[float]:
    """Compare two small groups of values.

    Parameters
    ----------
    before, after : Series
        The values of each group; missing ones are left out and not counted.
        [any one unit]
    level : float, default 0.95
        Of the interval. [rate]
    draws : int, optional
        Where there are too many ways to split, try so many drawn ones (always the same) instead
        of refusing.

    Returns
    -------
    Series
        n_before, n_after, mean_before, mean_after, difference, low, high [as the values]; p and
        least_p: the share of all ways to split the values that show at least this rise, and the
        least share such few values can show. low and high are NaN for groups of one or without
        spread.

    Raises
    ------
    ReconcileError
        A group is empty, or there are too many ways to split.

    Notes
    -----
    One-sided: the action was meant to raise. Welch's interval assumes values drawn apart from
    each other; months of one district are not quite that.

    Examples
    --------
    >>> found = compare_groups(pd.Series([1.0, 2.0, 3.0]), pd.Series([11.0, 12.0, 13.0]))
    >>> round(float(found["difference"]), 1), float(found["p"])
    (10.0, 0.05)
    """
    first, second = before.dropna().to_numpy(float), after.dropna().to_numpy(float)
    if not len(first) or not len(second):
        raise ReconcileError("empty_group", before=len(first), after=len(second))
    chance, least = _split_p(first, second, draws)
    spread = len(first) > 1 and len(second) > 1 and first.var() + second.var() > 0
    low, high = _welch(first, second, level) if spread else (math.nan, math.nan)
    return pd.Series(
        {
            "n_before": float(len(first)),
            "n_after": float(len(second)),
            "mean_before": first.mean(),
            "mean_after": second.mean(),
            "difference": second.mean() - first.mean(),
            "low": low,
            "high": high,
            "p": chance,
            "least_p": least,
        }
    )


def before_after(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Compare the two phases of every KPI in a frame.

    Parameters
    ----------
    frame : DataFrame
        What `phases` gives: span, kpi, phase ("before" or "after"), value. [the KPI's unit]
    level : float, default 0.95
        Of the interval. [rate]

    Returns
    -------
    DataFrame
        span, kpi and the columns of `compare_groups`, one row a span and KPI in the order of the
        frame.

    Raises
    ------
    ReconcileError
        A KPI has no value in one of the phases.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"span": "month", "kpi": "cases", "phase": ["before", "after"], "value": [1.0, 3.0]}
    ... )
    >>> before_after(frame)["difference"].tolist()
    [2.0]
    """
    rows = []
    for (span, code), part in frame.groupby(["span", "kpi"], sort=False):
        values = [part.loc[part["phase"] == phase, "value"] for phase in ("before", "after")]
        found = compare_groups(*values, level=level)
        rows.append({"span": span, "kpi": code, **{str(k): v for k, v in found.items()}})
    return pd.DataFrame(rows)


def phases(frame: pd.DataFrame, *, before: Sequence[str], after: Sequence[str]) -> pd.DataFrame:
    """Say of every measured period whether it lies before or after the action.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives.
    before, after : sequence of str
        The periods of each phase.

    Returns
    -------
    DataFrame
        span (the kind of period: node, month...), kpi, phase, period, value; periods of neither
        phase are left out. Nodes and their whole months are kept apart, because a node is a part
        of its month. [the KPI's unit]

    Raises
    ------
    UnknownName
        A period of a phase was not measured.

    Examples
    --------
    >>> frame = pd.DataFrame({"kpi": "cases", "period": ["2012-03", "2012-07"], "value": [1.0, 2]})
    >>> phases(frame, before=["2012-03"], after=["2012-07"])["phase"].tolist()
    ['before', 'after']
    """
    which = dict.fromkeys(before, "before") | dict.fromkeys(after, "after")
    measured = list(dict.fromkeys(frame["period"]))
    for code in which:
        if code not in measured:
            raise UnknownName(kind="period", name=code, allowed=measured)
    kinds = {code: spans.parse(code).kind for code in measured}
    out = frame.assign(phase=frame["period"].map(which), span=frame["period"].map(kinds))
    out = out.dropna(subset="phase")
    return out[["span", "kpi", "phase", "period", "value"]].reset_index(drop=True)


def node_share(frame: pd.DataFrame, code: str) -> pd.DataFrame:
    """Add how much of each month was in hand at its node.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives for nodes (``2012-03@09``) and for their whole months, of one
        unit.
    code : str
        The KPI, one that adds up over days.

    Returns
    -------
    DataFrame
        kpi, period, value of the frame, and below them rows of the kpi "node_share". [rate]
        Nodes whose month was not measured have none; a month of zero gives NaN.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"kpi": "cases", "period": ["2012-03@09", "2012-03"], "value": [1.0, 4.0]}
    ... )
    >>> node_share(frame, "cases").tail(1).values.tolist()
    [['node_share', '2012-03@09', 0.25]]
    """
    held = frame[frame["kpi"] == code].set_index("period")["value"]
    nodes = [p for p in held.index if spans.parse(p).kind == "node"]
    pairs = [(node, spans.months(spans.parse(node))[0].code) for node in nodes]
    known = [(node, held[node], held[month]) for node, month in pairs if month in held.index]
    values = [at / whole if whole else np.nan for _, at, whole in known]
    share = {"kpi": "node_share", "period": [n for n, *_ in known], "value": values}
    columns = ["kpi", "period", "value"]
    return pd.concat([frame[columns], pd.DataFrame(share)], ignore_index=True)
