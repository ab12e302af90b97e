"""How sure a rate of few can be, and how many months it takes to see a change."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError

__all__ = ["chance_to_see", "months_to_see", "wilson", "with_interval"]


def _normal(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))


def wilson(count: float, of: float, *, level: float = 0.95) -> tuple[float, float]:
    """Give Wilson's interval of a share.

    Parameters
    ----------
    count, of : float
        How many of how many. [members] An average headcount need not be whole.
    level : float, default 0.95
        Of the interval. [rate]

    Returns
    -------
    tuple of float
        Low and high end, within 0-1; NaN where nobody is counted, and where more are counted
        than there are, since that is no share. [rate]

    Examples
    --------
    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    if not of > 0 or not 0 <= count <= of:
        return math.nan, math.nan
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, of, alpha=1 - level, method="wilson")
    return max(float(low), 0.0), min(float(high), 1.0)


def with_interval(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Set Wilson's interval beside every rate that counts members of a group.

    Parameters
    ----------
    frame : DataFrame
        What `kpi.measure` gives: numerator and denominator are read. [members]
    level : float, default 0.95
        Of the interval. [rate]

    Returns
    -------
    DataFrame
        The same with low and high. [rate]

    Examples
    --------
    >>> rate = pd.DataFrame({"numerator": [1.0], "denominator": [12.0]})
    >>> with_interval(rate)[["low", "high"]].round(4).values.tolist()
    [[0.0149, 0.3539]]
    """
    pairs = zip(frame["numerator"], frame["denominator"], strict=True)
    ends = np.array([wilson(n, d, level=level) for n, d in pairs]).reshape(-1, 2)
    return frame.assign(low=ends[:, 0], high=ends[:, 1])


def months_to_see(
    difference: float, spread: float, *, level: float = 0.95, power: float = 0.8
) -> int:
    """Count the months a side needs before a difference of means would show.

    Parameters
    ----------
    difference : float
        What should be seen. [any unit]
    spread : float
        Standard deviation from month to month. [the same unit]
    level, power : float
        Of the two-sided test, and the chance to see the difference when it is there. [rate]

    Returns
    -------
    int
        [months] by the usual normal approximation, rounded up.

    Raises
    ------
    ReconcileError
        The difference is zero or a number is missing: no number of months would do.

    Examples
    --------
    >>> months_to_see(12.7, 20.0)
    39
    """
    if not abs(difference) > 0 or not spread > 0:
        raise ReconcileError("no_difference", difference=difference, spread=spread)
    z = _normal(0.5 + level / 2) + _normal(power)
    return math.ceil(2 * (z * spread / difference) ** 2)


def chance_to_see(difference: float, spread: float, months: int, *, level: float = 0.95) -> float:
    """Give the chance that a difference of means shows after so many months on each side.

    Parameters
    ----------
    difference : float
        What is really there. [any unit]
    spread : float
        Standard deviation from month to month. [the same unit]
    months : int
        On each side. [months]
    level : float, default 0.95
        Of the two-sided test. [rate]

    Returns
    -------
    float
        The power, by the usual normal approximation; the other face of `months_to_see`. [rate]

    Raises
    ------
    ReconcileError
        There is no spread, or no month.

    Examples
    --------
    >>> round(chance_to_see(12.7, 20.0, 39), 2), round(chance_to_see(12.7, 20.0, 3), 2)
    (0.8, 0.12)
    """
    if not spread > 0 or months < 1 or math.isnan(difference):
        raise ReconcileError("no_difference", difference=difference, spread=spread)
    from scipy.special import ndtr

    z, shift = _normal(0.5 + level / 2), abs(difference) / spread * math.sqrt(months / 2)
    return float(ndtr(shift - z) + ndtr(-shift - z))
