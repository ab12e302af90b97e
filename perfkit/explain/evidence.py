"""How far a count, share or amount lies from what a unit's past and its sisters let expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from perfkit.errors import ReconcileError
from perfkit.explain.credibility import credibility

__all__ = ["FORMS", "Grid", "against_usual", "standing_share", "tail"]

Grid = np.ndarray[tuple[int, int], np.dtype[np.float64]]
FORMS = ("share", "count", "amount")
LEAST_WINDOWS = 8
FADES = (1.0, 0.8, 0.5, 0.2)
WARM_UP = 1  # windows before the first that can be foretold
CERTAIN = 1e-12


def _grid(values: Any) -> Grid:
    return np.asarray(values, np.float64)


def _wide(row: Any, like: Grid) -> Grid:
    return _grid(np.broadcast_to(row, like.shape))


@dataclass(frozen=True, slots=True)
class _Usual:
    """How each unit's usual rate is told from windows: its own mean drawn towards that of all."""

    pull: float  # what has to be known of a unit until its own mean counts half
    alike: bool  # units differ no more than chance lets them

    def rates(self, over: Grid, under: Grid, fade: float) -> Grid:
        """Give what each unit's rate was thought to be before each window, and after the last.

        A window counts `fade` times what the one after it counts.
        """
        count = over.shape[1]
        ago = np.arange(count + 1)[None, :] - 1 - np.arange(count)[:, None]
        weight = np.where(ago >= 0, fade ** np.maximum(ago, 0), 0.0)
        done, of = over @ weight, under @ weight
        own = np.divide(done, of, out=np.zeros_like(done), where=of > 0)
        sums = of.sum(axis=0)
        pooled = np.divide(done.sum(axis=0), sums, out=np.zeros_like(sums), where=sums > 0)
        if self.alike:
            return _wide(pooled, own)
        trust = of / (of + self.pull)
        known = trust.sum(axis=0)
        common = np.divide((trust * own).sum(axis=0), known, out=pooled, where=known > 0)
        return _grid(common + trust * (own - common))


def _usual(over: Grid, under: Grid) -> _Usual:
    units = np.repeat(np.arange(len(over)), over.shape[1])
    weight = under.ravel()
    value = np.divide(over.ravel(), weight, out=np.full(len(weight), np.nan), where=weight > 0)
    found = credibility(pd.DataFrame({"unit": units, "value": value, "weight": weight})).iloc[0]
    between = float(found["between"])
    return _Usual(float(found["within"]) / between if between else 0.0, between == 0)


def _expected(over: Grid, under: Grid, rate: Grid) -> Grid:
    """Give what each window lets one expect: the usual, moved as the other units moved together."""
    want = under * rate
    others, wanted = over.sum(axis=0) - over, want.sum(axis=0) - want
    return _grid(want * np.divide(others, wanted, out=np.ones_like(over), where=wanted > 0))


def _chance(want: Grid, under: Grid, rate: Grid, form: str) -> Grid:
    """Give the variance of a window up to a factor: of shares, of counts, of sums of amounts."""
    if form == "share":
        return _grid(want * np.clip(1 - want / np.where(under > 0, under, 1.0), 0.01, 1.0))
    return want if form == "count" else _grid(want * rate)


def _windows(values: Grid, length: int) -> Grid:
    """Add whole windows up, back from the end; what is left over at the beginning is dropped."""
    count = values.shape[1] // length
    kept = values[:, values.shape[1] - count * length :]
    return _grid(kept.reshape(len(values), count, length).sum(axis=2))


def tail(value: float, want: float, variance: float, *, of: float, form: str) -> float:
    """Give the chance of so low a value (mid-p: half of the value's own chance).

    Parameters
    ----------
    value, want : float
        What came, and what was expected. [one unit]
    variance : float
        Of what came about what was expected. [its square]
    of : float
        Of how many, for a share. [members]
    form : {"share", "count", "amount"}
        Binomial, Poisson or gamma, stretched to the variance.

    Returns
    -------
    float
        [rate]; NaN where nothing was expected.

    Examples
    --------
    >>> round(tail(0, 5.0, 5.0, of=0, form="count"), 4)  # exp(-5) / 2
    0.0034
    >>> round(tail(6, 6.0, 6.0, of=0, form="amount"), 3)
    0.554
    """
    from scipy.special import betainc, gammainc, gammaincc

    if not want > 0 or not variance > 0:
        return float("nan")
    if form == "amount":
        return float(gammainc(want**2 / variance, max(value, 0.0) * want / variance))
    if form == "count":
        wide = variance / want
        ends = [value / wide, value / wide - 1]
        found = [gammaincc(end + 1, want / wide) if end > -1 else 0.0 for end in ends]
        return float(np.mean(found))
    share = min(want / of, 1 - CERTAIN)
    wide = max(variance / (of * share * (1 - share)), CERTAIN)
    size = of / wide
    ends = [value / wide, value / wide - 1]
    found = [
        1.0 if end >= size else betainc(size - end, end + 1, 1 - share) if end > -1 else 0.0
        for end in ends
    ]
    return float(np.mean(found))


def _score(low: float, free: int) -> float:
    """Give the normal deviate of a chance, paler where few windows told the spread (Student)."""
    from scipy.special import ndtri, stdtr

    if not np.isfinite(low):
        return float("nan")
    return float(ndtri(stdtr(free, ndtri(min(max(low, CERTAIN), 1 - CERTAIN)))))


def against_usual(over: Grid, under: Grid, *, length: int, form: str) -> pd.DataFrame:
    """Hold the last months of every unit against its own past, net of what its sisters share.

    Parameters
    ----------
    over, under : array of units x months
        What is counted, of what, oldest month first, of units of one level. [any one unit each]
    length : int
        How many months at the end are looked at. [months]
    form : {"share", "count", "amount"}
        Some of a group, events among heads, or a sum of amounts over their number or money.

    Returns
    -------
    DataFrame
        One row a unit: value, expected, spread (standard deviation of value about expected)
        [as over], low: chance of so low a value [rate], score: the same as a normal deviate,
        negative where low [sd], windows: earlier ones of all units that the spread rests on,
        note: few_periods where it cannot be judged.

    Raises
    ------
    ReconcileError
        The form is none of the three.

    Notes
    -----
    Expected: the unit's usual rate (Bühlmann and Straub 1970) times what it is counted of, times
    how its sisters stand to their own usual in the same months: season, holidays and campaigns
    that all share cancel. Spread: that of chance times the factor by which earlier windows of the
    same length, of all units, scattered more (never less, for shares and counts; McCullagh and
    Nelder 1989, section 4.5). With few sisters, what befalls one looks like the opposite at the
    others.

    Examples
    --------
    >>> over = np.array([[8.0, 9, 7, 8, 9, 7, 8, 9, 2], *[[8.0, 7, 9, 8, 7, 9, 8, 7, 8]] * 5])
    >>> found = against_usual(over, np.full((6, 9), 20.0), length=1, form="share")
    >>> found["score"].round(1).tolist()[:2]
    [-2.7, 0.6]
    """
    if form not in FORMS:
        raise ReconcileError(
            "chart.one_of",
            place="against_usual",
            field="form",
            value=form,
            allowed=", ".join(FORMS),
        )
    known = np.asarray(np.isfinite(over + under).all(axis=0))
    now = known[-length:].all() and len(known) > length
    past = known.copy()
    past[-length:] = False
    first, second = (_windows(part[:, past], length) for part in (over, under))
    if (
        not now
        or first.shape[1] < 2
        or first[:, WARM_UP:].size < LEAST_WINDOWS
        or not first.sum() > 0
    ):
        return _unknown(len(over), over[:, -length:].sum(axis=1) if now else None)
    rates, wide, free = _foretold(first, second, form)
    value, of = over[:, -length:].sum(axis=1), under[:, -length:].sum(axis=1)
    rate = rates[:, -1:]
    want = _expected(value[:, None], of[:, None], rate)
    variance = wide * _chance(want, of[:, None], rate, form)
    low = [
        tail(v, w, s, of=o, form=form)
        for v, w, s, o in zip(value, want[:, 0], variance[:, 0], of, strict=True)
    ]
    return pd.DataFrame(
        {
            "value": value,
            "expected": want[:, 0],
            "spread": np.sqrt(variance[:, 0]),
            "low": low,
            "score": [_score(one, free) for one in low],
            "windows": free,
            "note": np.where(np.isfinite(low), "", "few_periods"),
        }
    )


def _foretold(over: Grid, under: Grid, form: str) -> tuple[Grid, float, int]:
    """Choose how fast the past fades by how well each window was foretold from those before it.

    Gives the rates, by how much windows scattered more than by chance, and the degrees of freedom.
    """
    usual = _usual(over, under)
    tried = [
        (*_stretch(over, under, rates[:, :-1], form), rates)
        for rates in (usual.rates(over, under, fade) for fade in FADES)
    ]
    squares, count, rates = min(tried, key=lambda one: one[0])
    free = max(count - len(FADES), 1)  # every way tried costs one
    return rates, squares / free if form == "amount" else max(squares / free, 1.0), free


def _stretch(over: Grid, under: Grid, rate: Grid, form: str) -> tuple[float, int]:
    """Add up squared distances of windows from what was expected before them, over chance's."""
    told = slice(WARM_UP, None)
    rate, over, under = rate[:, told], over[:, told], under[:, told]
    want = _expected(over, under, rate)
    chance = _chance(want, under, rate, form)
    fine = chance > 0
    return float(((over - want)[fine] ** 2 / chance[fine]).sum()), int(fine.sum())


def standing_share(over: Grid, under: Grid) -> pd.DataFrame:
    """Hold each unit's rate over all months against that of its sisters.

    Parameters
    ----------
    over, under : array of units x months
        What is counted, of what. [events, any unit]

    Returns
    -------
    DataFrame
        As `against_usual`; value and expected are sums over all months known, score is positive
        where the unit stands above its sisters.

    Examples
    --------
    >>> over = np.array([[4.0] * 9, [1.0] * 9, [1.0] * 9])
    >>> bool(standing_share(over, np.full((3, 9), 20.0))["score"].iloc[0] > 3)
    True
    """
    known = np.asarray(np.isfinite(over + under).all(axis=0))
    over, under = over[:, known], under[:, known]
    if len(over) < 2 or over.size < LEAST_WINDOWS or not over.sum() > 0:
        return _unknown(len(over), None)
    rate = np.divide(over.sum(axis=1), under.sum(axis=1))[:, None]
    squares, count = _stretch(over, under, np.broadcast_to(rate, over.shape), "count")
    free = max(count - len(over), 1)
    wide = max(squares / free, 1.0)
    value, of = over.sum(axis=1), under.sum(axis=1)
    others, base = value.sum() - value, of.sum() - of
    want = of * others / base
    variance = wide * want * (1 + of / base)
    low = [
        tail(v, w, s, of=o, form="count")
        for v, w, s, o in zip(value, want, variance, of, strict=True)
    ]
    return pd.DataFrame(
        {
            "value": value,
            "expected": want,
            "spread": np.sqrt(variance),
            "low": low,
            "score": [_score(one, free) for one in low],
            "windows": free,
            "note": np.where(np.isfinite(low), "", "few_periods"),
        }
    )


def _unknown(count: int, value: np.ndarray | None) -> pd.DataFrame:
    nothing = dict.fromkeys(("value", "expected", "spread", "low", "score"), np.nan)
    out = pd.DataFrame([nothing] * count).assign(windows=0, note="few_periods")
    return out if value is None else out.assign(value=value)
