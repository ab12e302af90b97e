"""What a unit's own past lets one expect: limits for amounts and for rates over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError
from perfkit.kpi import catalogue

__all__ = ["Array", "is_rate", "p_prime", "survive", "two_sided", "xmr", "z_of"]

Array = np.ndarray[tuple[int], np.dtype[np.float64]]
D2 = 1.128  # the mean range of two draws over their standard deviation, as the tables print it
REACH = 3.0
UNEVEN = 0.05


def z_of(level: float) -> float:
    """Give the reach of limits that hold so much of chance between them. [standard deviations]

    Examples
    --------
    >>> round(z_of(0.95), 2)
    1.96
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def two_sided(z: float) -> float:
    """Give the chance of lying at least so far away, on either side. [rate]

    Examples
    --------
    >>> round(two_sided(1.96), 3)
    0.05
    """
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def survive(chances: np.ndarray, share: float) -> np.ndarray:
    """Say which of several small chances survive the control of false discoveries.

    Examples
    --------
    >>> survive(np.array([0.001, 0.04, 0.9]), 0.05).tolist()
    [True, False, False]
    """
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(chances, alpha=share, method="fdr_bh")[0])


def is_rate(frame: pd.DataFrame) -> bool:
    """Say whether a KPI's rows count some of a group: known parts, no more than the whole.

    Examples
    --------
    >>> row = {"kpi": ["activity_rate"], "numerator": [3.0], "denominator": [10.0]}
    >>> is_rate(pd.DataFrame(row)), is_rate(pd.DataFrame(row | {"kpi": ["cases"]}))
    (True, False)
    """
    if not {"numerator", "denominator"} <= set(frame.columns):
        return False
    code = str(frame["kpi"].iloc[0])
    known = frame.dropna(subset=["numerator", "denominator"])
    shares = known["numerator"].ge(0) & (known["numerator"] <= known["denominator"])
    return code in catalogue() and catalogue()[code].unit == "rate" and bool(shares.all())


def _moving_range(values: Array) -> float:
    return float(np.abs(np.diff(values)).mean())


def xmr(values: Sequence[float], *, least: int = 8) -> pd.Series[float]:
    """Give the limits of a chart of single values and moving ranges.

    Parameters
    ----------
    values : sequence of float
        One amount a period, oldest first; missing ones are left out. [any one unit]
    least : int, default 8
        How many it takes. [periods]

    Returns
    -------
    Series
        periods, center, range (mean of the moving ranges), sigma (range over 1.128), low, high
        (three sigma), range_high (upper limit of the ranges). [as the values]

    Raises
    ------
    ReconcileError
        There are fewer values: limits of so few are silent or wild.

    Notes
    -----
    NIST/SEMATECH e-Handbook, section 6.3.2.2. The moving range is blind to slow drift, so a
    trend widens the limits less than the standard deviation would.

    Examples
    --------
    >>> round(float(xmr([1, 2, 1, 2, 1, 2, 1, 2])["high"]), 2)
    4.16
    """
    given = np.asarray(values, float)
    known = given[np.isfinite(given)]
    if len(known) < least:
        raise ReconcileError("few_points", count=len(known), least=least)
    span = _moving_range(known)
    center, sigma = float(known.mean()), span / D2
    return pd.Series(
        {
            "periods": float(len(known)),
            "center": center,
            "range": span,
            "sigma": sigma,
            "low": center - REACH * sigma,
            "high": center + REACH * sigma,
            "range_high": span * (1 + REACH * 0.8525 / D2),
        }
    )


def _beyond_chance(scores: Array) -> bool:
    """Say whether scores scatter more than chance lets them once in twenty times."""
    from scipy.special import chdtrc

    return bool(chdtrc(len(scores) - 1, float((scores**2).sum())) < UNEVEN)


def p_prime(
    counts: Sequence[float], of: Sequence[float], *, least: int = 8, chance_at_least: bool = False
) -> pd.Series[float]:
    """Give what a rate does over time beyond the chance of single heads (Laney's p').

    Parameters
    ----------
    counts, of : sequence of float
        How many of how many, one a period, oldest first; periods without anybody are left out.
        [members]
    least : int, default 8
        How many periods it takes. [periods]
    chance_at_least : bool, default False
        Take the spread for that of chance, unless it is surely larger (chi square, 1 in 20): of
        a dozen months sigma_z is known so badly that to use it always would hide real falls.

    Returns
    -------
    Series
        periods, center [rate], sigma_z: the spread from period to period over that of chance
        alone. The limits of a period of n heads are center ± 3 sigma_z sqrt(center (1 - center)
        / n); with sigma_z = 1 they are those of the plain p chart.

    Raises
    ------
    ReconcileError
        There are fewer periods.

    Notes
    -----
    Laney 2002, "Improved control charts for attributes". A rate of 0 or 1 throughout has no
    spread; sigma_z is then 1.

    Examples
    --------
    >>> found = p_prime([3, 5, 4, 6, 4, 5, 3, 5], [10.0] * 8)
    >>> round(float(found["center"]), 4), round(float(found["sigma_z"]), 2)
    (0.4375, 0.97)
    """
    count, size = np.asarray(counts, float), np.asarray(of, float)
    known = np.isfinite(count) & (size > 0)
    count, size = count[known], size[known]
    if len(count) < least:
        raise ReconcileError("few_points", count=len(count), least=least)
    center = float(count.sum() / size.sum())
    chance = np.sqrt(center * (1 - center) / size) if 0 < center < 1 else np.zeros_like(size)
    spread = 1.0
    if chance.all():
        spread = _moving_range((count / size - center) / chance) / D2
    if chance_at_least and not (chance.all() and _beyond_chance((count / size - center) / chance)):
        spread = 1.0
    elif chance_at_least:
        spread = max(spread, 1.0)
    return pd.Series({"periods": float(len(count)), "center": center, "sigma_z": spread})
