"""The level and the slope of a series before and after an action, where there are points enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError

__all__ = ["segmented"]

LEAST = 8
LONG = 24  # from so many points on, errors allow for months that hang together


def segmented(
    values: Sequence[float],
    after: Sequence[bool],
    *,
    times: Sequence[float] | None = None,
    slope: bool = False,
    of: Sequence[float] | None = None,
    least: int = LEAST,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fit a line with a step where the action began.

    Parameters
    ----------
    values : sequence of float
        One a period, oldest first; missing ones are left out. [any one unit]
    after : sequence of bool
        Whether the period lies after the action.
    times : sequence of float, optional
        When, as for periods that are not next to each other; 0, 1, 2... otherwise. [periods]
    slope : bool, default False
        Let the slope change as well.
    of : sequence of float, optional
        The values are shares of so many: fitted by their odds, with the spread that the data
        show rather than that of chance. [members]
    least : int, default 8
        How many points it takes on each side; with seasons twelve. [periods]
    level : float, default 0.95
        Of the intervals. [rate]

    Returns
    -------
    DataFrame
        term (constant, time, step, and slope), estimate, error, low, high, p, points. [as the
        values; of shares the log of the odds] time is a trend that would be there anyway: the
        step is what it does not explain.

    Raises
    ------
    ReconcileError
        A side has fewer points: a line through a handful extends to impossible values.

    Notes
    -----
    Least squares, t intervals; from 24 points on errors after Newey and West with three lags.
    Shares: quasi-binomial, with Pearson's dispersion and t intervals.

    Examples
    --------
    >>> before, after = [10.0, 11, 10, 11, 10, 11, 10, 11], [20.0, 21, 20, 21, 20, 21, 20, 21]
    >>> found = segmented(before + after, [False] * 8 + [True] * 8).set_index("term")
    >>> round(float(found.loc["step", "estimate"]), 1)
    9.5
    """
    known = np.isfinite(np.asarray(values, float))
    y, later = np.asarray(values, float)[known], np.asarray(after, float)[known]
    when = np.arange(len(known), dtype=float) if times is None else np.asarray(times, float)
    when = when[known]
    sides = (int((later == 0).sum()), int((later == 1).sum()))
    if min(sides) < least:
        raise ReconcileError("few_each_side", before=sides[0], after=sides[1], least=least)
    columns = {"constant": np.ones_like(y), "time": when, "step": later}
    if slope:
        columns["slope"] = later * (when - when[later == 1].min())
    rows = np.column_stack(list(columns.values()))
    if len(y) <= rows.shape[1]:
        raise ReconcileError("few_points", count=len(y), least=rows.shape[1] + 1)
    size = None if of is None else np.asarray(of, float)[known]
    found = _fit(y, rows, size)
    ends = np.asarray(found.conf_int(alpha=1 - level))
    return pd.DataFrame(
        {
            "term": list(columns),
            "estimate": np.asarray(found.params),
            "error": np.asarray(found.bse),
            "low": ends[:, 0],
            "high": ends[:, 1],
            "p": np.asarray(found.pvalues),
            "points": len(y),
        }
    )


def _fit(y: np.ndarray, rows: np.ndarray, size: np.ndarray | None) -> Any:
    if size is not None:
        from statsmodels.genmod.families import Binomial
        from statsmodels.genmod.generalized_linear_model import GLM

        model = GLM(y, rows, family=Binomial(), var_weights=size)
        return model.fit(scale="X2", use_t=True)
    from statsmodels.regression.linear_model import OLS

    model = OLS(y, rows)
    if len(y) >= LONG:
        return model.fit(cov_type="HAC", cov_kwds={"maxlags": 3}, use_t=True)
    return model.fit()
