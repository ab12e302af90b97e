"""How much of the whole hangs on a few: top shares, Gini, the effective number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.errors import ReconcileError
from perfkit.kpi import grid
from perfkit.period import Period

__all__ = ["concentration", "lorenz", "set_apart", "without_large"]


def concentration(values: pd.Series[float], *, top: int = 3) -> pd.Series[float]:
    """Measure how concentrated amounts are.

    Parameters
    ----------
    values : Series
        One amount an agent or policy; those with none belong in it only if they are meant.
        [any one unit, not negative]
    top : int, default 3
        How many of the largest to set apart. [members]

    Returns
    -------
    Series
        count [members], total, top_total [as values], top_share [rate], gini [0 equal, towards
        1 one has all], effective_number [members: as many equal ones would be as concentrated],
        mean, mean_without_top [as values]. Shares, gini and effective_number are NaN where the
        total is zero or an amount is negative or missing: a share of such a whole means nothing.

    Notes
    -----
    Gini is the sum of (2i - n - 1) x_i over n times the total, with x rising; the effective
    number is one over the sum of squared shares (Herfindahl-Hirschman).

    Examples
    --------
    >>> concentration(pd.Series([1.0, 2, 3, 4, 5]), top=1).round(4).to_dict()["gini"]
    0.2667
    """
    ranked = np.sort(values.to_numpy(float))
    size, total = len(ranked), float(ranked.sum())
    largest = float(ranked[max(size - top, 0) :].sum())
    rest = size - min(top, size)
    rank = np.arange(1, size + 1)
    whole = total if total > 0 and (ranked >= 0).all() else np.nan
    shares = ranked / whole
    return pd.Series(
        {
            "count": float(size),
            "total": total,
            "top_total": largest,
            "top_share": largest / whole,
            "gini": float(((2 * rank - size - 1) * shares).sum() / size) if size else np.nan,
            "effective_number": float(1 / (shares**2).sum()) if size else np.nan,
            "mean": total / size if size else np.nan,
            "mean_without_top": (total - largest) / rest if rest else np.nan,
        }
    )


def set_apart(total: float, count: float, top_total: float, top_count: float) -> pd.Series[float]:
    """Set a few large ones apart when only sums are known, as in an aggregated book.

    Parameters
    ----------
    total, top_total : float
        The whole, and what the few bring. [any one unit]
    count, top_count : float
        How many there are, and how many of them are the few. [members]

    Returns
    -------
    Series
        top_share, top_count_share [rate], mean, mean_top, mean_without_top [as total]. NaN where
        there is nothing to divide by.

    Raises
    ------
    ReconcileError
        The few are more, or bring more, than the whole.

    Examples
    --------
    >>> float(set_apart(1_000, 10, 400, 2)["mean_without_top"])
    75.0
    """
    if top_total > total or top_count > count:
        raise ReconcileError("parts_do_not_add_up", what="top", parts=top_total, whole=total)
    parts = {
        "top_share": (top_total, total),
        "top_count_share": (top_count, count),
        "mean": (total, count),
        "mean_top": (top_total, top_count),
        "mean_without_top": (total - top_total, count - top_count),
    }
    return pd.Series({name: a / b if b else np.nan for name, (a, b) in parts.items()})


def lorenz(values: pd.Series[float]) -> pd.DataFrame:
    """Say what share of the whole the smallest so many bring.

    Parameters
    ----------
    values : Series
        One amount an agent or policy; those with none belong in it only if they are meant.
        [any one unit, not negative]

    Returns
    -------
    DataFrame
        members, total: the share of the members, from the smallest up, and what they bring of
        the whole, from (0, 0) to (1, 1). [rate]

    Raises
    ------
    ReconcileError
        An amount is negative or missing, or the total is zero: shares of it mean nothing.

    Examples
    --------
    >>> lorenz(pd.Series([3.0, 1.0]))["total"].tolist()
    [0.0, 0.25, 1.0]
    """
    ranked = np.sort(values.to_numpy(float))
    if not (ranked >= 0).all() or not ranked.sum() > 0:
        bad = int((~(ranked >= 0)).sum())
        raise ReconcileError("no_shares", count=bad, total=float(ranked.sum()))
    reached = np.concatenate([[0.0], ranked.cumsum() / ranked.sum()])
    return pd.DataFrame({"members": np.linspace(0, 1, len(reached)), "total": reached})


def without_large(
    book: Book, *, by: str | Sequence[str], period: str | Period, unit: str | None = None
) -> pd.DataFrame:
    """Lay productivity with and without the large policies side by side.

    Parameters
    ----------
    book : Book
        Where the facts are; its threshold says what a large policy is.
    by : str or a sequence of them
        The level; several share one pass over the facts.
    period : str or Period
        Which days.
    unit : str, optional
        Only this unit and those below it.

    Returns
    -------
    DataFrame
        unit, period, premium, large_premium [yuan], large_share [rate], cases, large_cases
        [policies], per_head, per_head_without, per_active, per_active_without, case_size,
        case_size_without [yuan]. People stay in the base when their policy is left out, so the
        last pairs differ by that policy alone. NaN where there is nothing to divide by.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = without_large(open_book("district_one"), by="district", period="2012-02").iloc[0]
    >>> bool(found["per_active_without"] < found["per_active"])
    True
    """
    names = {"premium_submitted": "premium", "large_policy_premium": "large_premium",
             "cases": "cases", "large_policy_count": "large_cases"}  # fmt: skip
    people = ["headcount_average", "active_agents"]
    variants = {"large_policy_premium": "submitted", "large_policy_count": "submitted"}
    found = grid(book, [*names, *people], by=by, period=period, unit=unit, variants=variants)
    out = found[["unit", "period"]].join(found[list(names)].rename(columns=names))
    rest, cases = out["premium"] - out["large_premium"], out["cases"] - out["large_cases"]
    heads, active = (found[code].where(found[code] != 0) for code in people)
    out["large_share"] = out["large_premium"] / out["premium"].where(out["premium"] > 0)
    for name, base in (("per_head", heads), ("per_active", active)):
        out[name], out[f"{name}_without"] = out["premium"] / base, rest / base
    out["case_size"] = out["premium"] / out["cases"].where(out["cases"] > 0)
    return out.assign(case_size_without=rest / cases.where(cases > 0))
