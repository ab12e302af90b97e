"""How much of a change each driver, each unit and the mix of units made; the parts add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError, UnknownName
from perfkit.explain.product import Matrix, lmdi, shapley

__all__ = ["COLUMNS", "UNEXPLAINED", "by_factor", "decompose", "growth_factors", "roll_up", "steps"]

COLUMNS = ["unit", "state", "method", "factor", "factor_before", "factor_after", "effect",
           "value_before", "value_after"]  # fmt: skip
UNEXPLAINED = "unexplained"
EXACT = 1e-9


def decompose(
    before: pd.DataFrame,
    after: pd.DataFrame,
    factors: Mapping[str, str],
    *,
    mix: Sequence[str] = (),
) -> pd.DataFrame:
    """Share the change of a number among its drivers, unit by unit.

    Parameters
    ----------
    before, after : DataFrame
        One row a unit (the index, lowest units only), one column a level of the chain. A unit
        that stands in one of them only entered or left. [each level's own]
    factors : mapping of str to str
        Factor → the column of its level, in order; a factor is its level over the one before.
    mix : sequence of str, optional
        Names of the unit levels below the common root, as deep as the unit ids: the first level
        is split into its total and each unit's share of the unit above (``mix_<name>``).

    Returns
    -------
    DataFrame
        unit, state (stayed, entered, left), method (lmdi, shapley, zero, broken), factor,
        factor_before, factor_after [of the factor; NaN where there is nothing to divide by],
        effect, value_before, value_after [of the last level]. One row a unit and factor.

    Raises
    ------
    ReconcileError
        A level is missing or unknown, a unit comes twice, a unit id is not as deep as `mix`, or
        the effects do not add up.

    Notes
    -----
    LMDI by unit; Shapley where a level is negative (net of cooling-off). A value of zero on one
    side owes the whole change to the first level that is zero there: a new unit's to its
    headcount (to the mix when that is split), that of one without a sale before to activity.
    A level above zero over one of zero (a policy of a unit without anybody) explains nothing:
    its change is the factor ``unexplained``.

    Examples
    --------
    >>> before = pd.DataFrame({"heads": [10.0], "premium": [100.0]}, index=["a"])
    >>> after = pd.DataFrame({"heads": [20.0], "premium": [100.0]}, index=["a"])
    >>> found = decompose(before, after, {"heads": "heads", "per_head": "premium"})
    >>> found["effect"].round(2).tolist()
    [69.31, -69.31]
    """
    names = list(factors)
    first, second, units = _aligned(before, after, list(factors.values()))
    states = _states(first, second)
    if mix:
        first, second = (_with_shares(levels, units, len(mix)) for levels in (first, second))
        names = [names[0], *(f"mix_{level}" for level in mix), *names[1:]]
    effects, methods = _effects(first, second)
    if not effects[:, -1].any():
        effects = effects[:, :-1]
    else:
        names = [*names, UNEXPLAINED]
    _add_up(effects, first[:, -1], second[:, -1])
    return _long(units, names, states, methods, effects, first, second)


def _aligned(
    before: pd.DataFrame, after: pd.DataFrame, levels: list[str]
) -> tuple[Matrix, Matrix, pd.Index[str]]:
    """Lay both sides over the same units; who is not there has nothing."""
    for frame in (before, after):
        lost = [level for level in levels if level not in frame]
        if lost:
            raise UnknownName(kind="column", name=lost[0], allowed=list(frame.columns))
        if frame.index.has_duplicates:
            twice = frame.index[frame.index.duplicated()].unique()
            raise ReconcileError("unit_twice", count=len(twice), first=list(twice[:3]))
    units = before.index.union(after.index)
    sides = []
    for frame in (before, after):
        known = frame[levels].to_numpy(float)
        unknown = ~np.isfinite(known).all(axis=1)
        if unknown.any():
            first = frame.index[unknown][:3].tolist()
            raise ReconcileError("driver_missing", count=int(unknown.sum()), first=first)
        out = np.zeros((len(units), len(levels)))
        out[units.get_indexer(frame.index)] = known
        sides.append(out)
    return sides[0], sides[1], units


def _states(first: Matrix, second: Matrix) -> np.ndarray:
    here, there = first.any(axis=1), second.any(axis=1)
    return np.select([~here & there, here & ~there], ["entered", "left"], "stayed")


def _with_shares(levels: Matrix, units: pd.Index[str], depth: int) -> Matrix:
    """Put the first level's sums of every unit above before it, from the root down."""
    paths = units.tolist()
    roots = {path.rsplit("/", depth)[0] for path in paths}
    if any(path.count("/") < depth for path in paths) or len(roots) > 1:
        raise ReconcileError("unit_depth", depth=depth, first=paths[:3])
    above = []
    for below in range(depth, 0, -1):
        codes, _ = pd.factorize(np.array([path.rsplit("/", below)[0] for path in paths], object))
        above.append(np.bincount(codes, weights=levels[:, 0])[codes] if paths else levels[:, 0])
    return np.column_stack([*above, levels])


def _ratios(levels: Matrix) -> Matrix:
    over = np.column_stack([np.ones(len(levels)), levels[:, :-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        return levels / over


def _effects(first: Matrix, second: Matrix) -> tuple[Matrix, np.ndarray]:
    """Share each unit's change out; the last column holds what nothing explains."""
    units, count = first.shape
    before, after = _ratios(first), _ratios(second)
    start, end = first[:, -1], second[:, -1]
    broken = np.isinf(before).any(axis=1) | np.isinf(after).any(axis=1)
    negative = (first < 0).any(axis=1) | (second < 0).any(axis=1)
    zero = ~broken & ((start == 0) | (end == 0))
    out = np.zeros((units, count + 1))
    out[broken, -1] = (end - start)[broken]
    empty = np.where((start == 0)[:, None], first, second) == 0
    rows = np.flatnonzero(zero)
    out[rows, empty.argmax(axis=1)[rows]] = (end - start)[rows]
    plain, signed = ~broken & ~zero & ~negative, ~broken & ~zero & negative
    out[plain, :-1] = lmdi(before[plain], after[plain])
    out[signed, :-1] = shapley(before[signed], after[signed])
    return out, np.select([broken, zero, signed], ["broken", "zero", "shapley"], "lmdi")


def _add_up(effects: Matrix, start: np.ndarray, end: np.ndarray) -> None:
    parts, whole = effects.sum(axis=1), end - start
    size = np.abs(start) + np.abs(end) + np.abs(effects).sum(axis=1)
    if (np.abs(parts - whole) > EXACT * np.maximum(size, 1.0)).any():
        raise ReconcileError(
            "parts_do_not_add_up", what="drivers", parts=parts.sum(), whole=whole.sum()
        )


def _long(
    units: pd.Index[str], names: list[str], states: np.ndarray, methods: np.ndarray,
    effects: Matrix, first: Matrix, second: Matrix,
) -> pd.DataFrame:  # fmt: skip
    """Lay the table out: one row a unit and factor."""
    count = len(names)
    blank = np.full((len(units), count - first.shape[1]), np.nan)
    before, after = (
        np.column_stack([np.where(np.isinf(r), np.nan, r), blank])
        for r in (_ratios(first), _ratios(second))
    )
    columns = {
        "unit": np.repeat(units.to_numpy(object), count),
        "state": _repeated(states, count),
        "method": _repeated(methods, count),
        "factor": _coded(np.tile(np.arange(count), len(units)), names),
        "factor_before": before.ravel(),
        "factor_after": after.ravel(),
        "effect": effects.ravel(),
        "value_before": np.repeat(first[:, -1], count),
        "value_after": np.repeat(second[:, -1], count),
    }
    return pd.DataFrame(columns)[COLUMNS]


def _coded(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(codes.astype(np.int64), pd.Index(list(names)))


def _repeated(values: np.ndarray, count: int) -> pd.Categorical[str]:
    kinds, codes = np.unique(values, return_inverse=True)
    return _coded(np.repeat(codes, count), kinds.tolist())


def by_factor(effects: pd.DataFrame) -> pd.DataFrame:
    """Add the effects of all units up, driver by driver, those who entered or left apart.

    Parameters
    ----------
    effects : DataFrame
        What `decompose` gives.

    Returns
    -------
    DataFrame
        factor, effect, of which stayed, entered, left; in the order of the chain.
        [of the last level]

    Examples
    --------
    >>> a = pd.DataFrame({"heads": [10.0], "premium": [100.0]}, index=["a"])
    >>> b = pd.DataFrame({"heads": [5.0], "premium": [15.0]}, index=["b"])
    >>> found = by_factor(decompose(a, b, {"heads": "heads", "per_head": "premium"}))
    >>> found.values.tolist()
    [['heads', -85.0, 0.0, 15.0, -100.0], ['per_head', 0.0, 0.0, 0.0, 0.0]]
    """
    sums = effects.groupby(["factor", "state"], observed=False)["effect"].sum()
    wide = sums.unstack("state").reindex(index=effects["factor"].cat.categories)
    wide = wide.reindex(columns=["stayed", "entered", "left"]).fillna(0.0).astype(float)
    out = wide.assign(effect=wide.sum(axis=1)).rename_axis("factor").reset_index()
    out.columns.name = None
    return out.astype({"factor": str})[["factor", "effect", "stayed", "entered", "left"]]


def roll_up(effects: pd.DataFrame, depth: int) -> pd.DataFrame:
    """Add the effects up to the units that have so many parts in their path.

    Parameters
    ----------
    effects : DataFrame
        What `decompose` gives.
    depth : int
        1 for the root (``D1``), 2 for ``D1/03`` and so on. [levels]

    Returns
    -------
    DataFrame
        unit, factor, effect, value_before, value_after; a sum of sums, so every level tells
        the same story. [of the last level]

    Examples
    --------
    >>> a = pd.DataFrame({"premium": [1.0, 2.0]}, index=["D1/01", "D1/02"])
    >>> b = pd.DataFrame({"premium": [3.0, 3.0]}, index=["D1/01", "D1/02"])
    >>> roll_up(decompose(a, b, {"premium": "premium"}), 1).values.tolist()
    [['D1', 'premium', 3.0, 3.0, 6.0]]
    """
    above = effects["unit"].str.split("/").str[:depth].str.join("/")
    sums = ["effect", "value_before", "value_after"]
    keys = [above.rename("unit"), effects["factor"]]
    out = effects.groupby(keys, observed=True)[sums].sum().reset_index()
    return out.astype({"factor": str})


def growth_factors(effects: pd.DataFrame) -> pd.Series[float]:
    """Say by how much each driver multiplied the whole.

    Parameters
    ----------
    effects : DataFrame
        What `decompose` gives.

    Returns
    -------
    Series
        By factor; their product is the growth of the whole. NaN where the whole is not above
        zero on both sides. [ratio]

    Notes
    -----
    The exponential of the effect over the logarithmic mean of the totals (Vartia-I 1976).

    Examples
    --------
    >>> a = pd.DataFrame({"heads": [10.0], "premium": [100.0]}, index=["a"])
    >>> b = pd.DataFrame({"heads": [20.0], "premium": [100.0]}, index=["a"])
    >>> found = decompose(a, b, {"heads": "heads", "per_head": "premium"})
    >>> growth_factors(found).round(3).tolist()
    [2.0, 0.5]
    """
    sums = by_factor(effects).set_index("factor")["effect"]
    start, end = _totals(effects)
    if not (start > 0 and end > 0):
        return sums * np.nan
    mean = start if start == end else (end - start) / np.log(end / start)
    return (sums / mean).map(np.exp)


def _totals(effects: pd.DataFrame) -> tuple[float, float]:
    once = effects[effects["factor"] == effects["factor"].iloc[0]] if len(effects) else effects
    return float(once["value_before"].sum()), float(once["value_after"].sum())


def steps(effects: pd.DataFrame) -> pd.DataFrame:
    """Lay out the way from the first number to the second, driver by driver.

    Parameters
    ----------
    effects : DataFrame
        What `decompose` or `attribute` gives.

    Returns
    -------
    DataFrame
        step (before, the factors, after), value: the two totals and the effects between them; no
        row for a frame without drivers. [of the last level]

    Raises
    ------
    ReconcileError
        The steps do not lead from the first to the second.

    Examples
    --------
    >>> a = pd.DataFrame({"premium": [1.0]}, index=["D1"])
    >>> b = pd.DataFrame({"premium": [3.0]}, index=["D1"])
    >>> steps(decompose(a, b, {"premium": "premium"})).values.tolist()
    [['before', 1.0], ['premium', 2.0], ['after', 3.0]]
    """
    if "factor" not in effects:
        return pd.DataFrame({"step": pd.Series(dtype=object), "value": pd.Series(dtype=float)})
    start, end = _totals(effects)
    sums = by_factor(effects)
    size = max(abs(start), abs(end), float(effects["effect"].abs().sum()), 1.0)
    if abs(start + sums["effect"].sum() - end) > EXACT * size:
        raise ReconcileError(
            "parts_do_not_add_up", what="drivers", parts=sums["effect"].sum(), whole=end - start
        )
    names = ["before", *sums["factor"], "after"]
    return pd.DataFrame({"step": names, "value": [start, *sums["effect"], end]})
