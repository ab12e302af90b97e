"""How much of the whole hangs on a few: top shares, Gini, the effective number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError

__all__ = ["concentration", "set_apart"]


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
