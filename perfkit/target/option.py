"""Ways to a premium: each driver alone, those that can move together, and what bounds allow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from perfkit.target.coherent import DRIVERS, coherent, reached

__all__ = ["OPTIONS", "driver_options"]

OPTIONS = ("now", *DRIVERS, "together", "within_caps")


def driver_options(
    target: float, history: Mapping[str, float], *, cap: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Lay the ways to a premium beside each other.

    Parameters
    ----------
    target : float
        Premium of a month. [yuan]
    history : mapping of str to float
        Where the `DRIVERS` stand. [persons, rate, policies an active agent, yuan]
    cap : mapping of str to float, optional
        The most that each driver can be; left out or NaN is none. [as history]

    Returns
    -------
    DataFrame
        By option: the `DRIVERS`; premium (their product) and short (target less premium) [yuan];
        stretch (by what those that move are multiplied) [ratio]; most (what the caps allow; NaN
        for the other options) [yuan]; bound (the drivers on a bound, apart by a comma). Options:
        ``now``; each driver alone; ``together``: all but headcount, alike, as one month recruits
        nobody who sells; ``within_caps``: the same within the caps, where there are any. An
        activity rate ends at 1. [persons, rate, policies an active agent, yuan]

    Raises
    ------
    UnknownName
        A driver is unknown or missing.
    TargetError
        The target or a driver is not above zero.

    Notes
    -----
    Source: district deck 2012, section 28 (the November exercise); `coherent` for the method.

    Examples
    --------
    >>> past = dict(zip(DRIVERS, [100, 0.25, 1.0, 4_000], strict=True))
    >>> found = driver_options(200_000.0, past)
    >>> found["activity_rate"].round(3).tolist(), float(found.loc["together", "stretch"].round(3))
    ([0.25, 0.25, 0.5, 0.25, 0.25, 0.315], 1.26)
    """
    moving = {name: [name] for name in DRIVERS} | {"together": list(DRIVERS[1:])}
    if cap is not None:
        moving["within_caps"] = list(DRIVERS[1:])
    given = pd.Series(dict(history), dtype=float)
    most = None if cap is None else pd.Series(dict(cap), dtype=float)
    past = given.reindex(list(DRIVERS))
    rows = [_now(past, target)]
    for name, free in moving.items():
        ease = pd.Series(0.0, index=list(DRIVERS)).where(~past.index.isin(free), 1.0)
        frame = given.to_frame(name).T
        bounds = most if name == "within_caps" else None
        wanted = pd.Series({name: target})
        rows.append(coherent(wanted, frame, ease=ease, cap=bounds, strict=False))
    out = pd.concat(rows).rename_axis("option")
    out["bound"] = out["bound"].map(reached)
    out["most"] = out["most"].where(out.index == "within_caps")
    return out[[*DRIVERS, "premium", "short", "stretch", "most", "bound"]]


def _now(past: pd.Series[float], target: float) -> pd.DataFrame:
    """Give the drivers as they stand as a first option."""
    premium = float(past.to_numpy(float).prod())
    row = past.to_dict() | {"premium": premium, "short": target - premium, "stretch": 1.0}
    return pd.DataFrame([row | {"most": premium, "bound": ""}], index=["now"])
