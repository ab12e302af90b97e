"""The policies of a sample book: who wrote what on which day, adding up to the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.book.sample_people import Force, choose
from perfkit.book.sample_plan import NEVER, Plan, Span, Window, add_months, located, refusal

__all__ = ["Policies", "build_policies", "fit_total"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Policies:
    """Every policy, sorted by day of submission and agent.

    Attributes
    ----------
    agent, product : array
        Numbers into the force and into the plan's products.
    submitted, issued, cancelled, lapsed : array
        Days; NEVER where it did not come. [day number]
    premium : array
        [yuan]
    factor : array
        Standard premium over premium.
    large, free : array
        Planned one by one; of days whose premium may give way.
    """

    agent: Ints
    product: Ints
    submitted: Ints
    issued: Ints
    cancelled: Ints
    lapsed: Ints
    premium: Ints
    factor: Floats
    large: Bools
    free: Bools

    def take(self, places: Ints) -> Policies:
        """Give the policies at some places, in that order."""
        return Policies(*(getattr(self, name)[places] for name in self.__slots__))


@dataclass(slots=True)
class _Month:
    """What one month has so far: who is active, and who of them wrote large policies."""

    active: Bools
    large: Bools


def fit_total(weights: npt.ArrayLike, total: int, low: int, high: int, step: int) -> Ints:
    """Turn weights into whole amounts between bounds that add up to a total.

    Parameters
    ----------
    weights : array_like
        Positive, any scale.
    total, low, high, step : int
        The sum, the bounds of one amount, and what amounts are multiples of; what the total
        has beyond a multiple goes onto one amount. [yuan]

    Returns
    -------
    array
        [yuan]

    Raises
    ------
    PerfkitError
        The total lies outside what the bounds allow.

    Examples
    --------
    >>> fit_total([1.0, 2.0, 3.0], 10_050, 500, 6000, 100).tolist()
    [1700, 3300, 5050]
    """
    given = np.asarray(weights, dtype=np.float64)
    n = given.size
    odd = total % step
    bottom, top = -(-low // step), (high - odd) // step
    units = (total - odd) // step
    if not bottom * n <= units <= top * n or (n == 0 and odd):
        possible = f"{n * low:,}-{n * high:,}"
        raise refusal("premium", total, possible)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    ideal = _scaled(given, units, bottom, top)
    whole = np.clip(np.floor(ideal + 1e-9), bottom, top).astype(np.int64)
    while (missing := units - int(whole.sum())) != 0:
        sign = 1 if missing > 0 else -1
        room = np.flatnonzero(whole < top if sign > 0 else whole > bottom)
        first = room[np.argsort(-sign * (ideal[room] - whole[room]), kind="stable")]
        whole[first[: abs(missing)]] += sign
    out = whole * step
    out[int(np.argmax(out))] += odd
    return out


def _scaled(given: Floats, units: int, bottom: int, top: int) -> Floats:
    """Scale weights so that they add up within bounds, by halving the scale's interval."""
    low, high = 0.0, (top + 1.0) / max(float(given.min()), 1e-12)
    scale = units / float(given.sum())
    for _ in range(60):
        amount = float(np.clip(given * scale, bottom, top).sum())
        if abs(amount - units) < 0.5:
            break
        low, high = (scale, high) if amount < units else (low, scale)
        scale = (low + high) / 2
    return np.clip(given * scale, bottom, top)


def build_policies(plan: Plan, force: Force, rng: np.random.Generator) -> Policies:
    """Let a force write what its plan says.

    Parameters
    ----------
    plan : Plan
        Premium, policies, active agents and supervisors of every span; the windows' totals.
    force : Force
        The people, with who led on the last day of each span.
    rng : Generator
        What is not planned is drawn from it.

    Returns
    -------
    Policies

    Raises
    ------
    PerfkitError
        The plan cannot be met, e.g. it wants fewer policies than active agents.

    Examples
    --------
    >>> from perfkit.book.sample_draw import draw_plan
    >>> from perfkit.book.sample_force import build_force
    >>> plan = draw_plan(agents=40, policies=60, months=3, seed=1)
    >>> force = build_force(plan, np.random.default_rng(1))
    >>> policies = build_policies(plan, force, np.random.default_rng(2))
    >>> (
    ...     policies.agent.size,
    ...     int(policies.premium.sum()) == sum(month.spans[-1].premium for month in plan.months),
    ... )
    (60, True)
    """
    leading = iter(force.leading)
    parts: list[Policies] = []
    for month in plan.months:
        none = np.zeros(force.joined.size, dtype=np.bool_)
        so_far = _Month(none, none.copy())
        start, before = month.first, Span(month.first - 1, 0, 0, 0, 0)
        for span in month.spans:
            with located(month.first, span.last):
                people = (so_far, next(leading))
                parts.append(_span(plan, force, (start, before, span), people, rng))
            start, before = span.last + 1, span
    all_parts = Policies(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in Policies.__slots__)
    )
    _flow(plan, all_parts, rng)
    _fit_windows(plan, all_parts)
    _after(plan, force, all_parts, rng)
    return all_parts.take(np.lexsort((all_parts.agent, all_parts.submitted)))


def _span(
    plan: Plan,
    force: Force,
    days: tuple[int, Span, Span],
    people: tuple[_Month, Bools],
    rng: np.random.Generator,
) -> Policies:
    """Write the policies of the days from the span before to the end of this one."""
    start, before, span = days
    so_far, leads = people
    low = np.maximum(np.maximum(force.joined, force.licensed), start)
    high = np.minimum(force.left - 1, span.last)
    able = low <= high
    new = _activate(force, (before, span), (so_far.active, leads), able, rng)
    writers = _large_writers(span, new, rng)
    so_far.active[new] = True
    so_far.large[writers] = True
    first = np.setdiff1d(new, writers)
    pool = np.flatnonzero(so_far.active & ~so_far.large & able)
    again = _again(force, pool, span.cases - before.cases - len(span.large) - first.size, rng)
    agent = np.concatenate([writers, first, again])
    plain = span.premium - before.premium - sum(span.large)
    sizes = _sizes(plan, force, agent[writers.size :], plain, rng)
    never = np.full(agent.size, NEVER, dtype=np.int64)
    return Policies(
        agent=agent,
        product=_products(plan, agent.size, rng),
        submitted=_when(plan, (start, span), low[agent], high[agent], rng),
        issued=never,
        cancelled=never.copy(),
        lapsed=never.copy(),
        premium=np.concatenate([np.asarray(span.large, dtype=np.int64), sizes]),
        factor=np.ones(agent.size),
        large=np.arange(agent.size) < writers.size,
        free=np.full(agent.size, span.free),
    )


def _activate(
    force: Force,
    spans: tuple[Span, Span],
    people: tuple[Bools, Bools],
    able: Bools,
    rng: np.random.Generator,
) -> Ints:
    """Choose who writes for the first time in the month, so that the span's numbers come out."""
    (before, span), (active, leads) = spans, people
    supervisors = span.supervisors_active - int((active & leads).sum())
    others = span.active - before.active - supervisors
    weight = np.where(able & ~active, force.drive, 0.0)
    return np.concatenate(
        [
            choose(rng, np.where(leads, weight, 0.0), supervisors, "supervisors_active"),
            choose(rng, np.where(leads, 0.0, weight), others, "active_agents"),
        ]
    )


def _large_writers(span: Span, new: Ints, rng: np.random.Generator) -> Ints:
    """Give each large policy its writer, somebody new to the month."""
    numbers = np.asarray(span.writers, dtype=np.int64)
    count = int(numbers.max()) + 1 if numbers.size else 0
    if count > new.size:
        raise refusal("large_writers", count, int(new.size))
    return rng.permutation(new)[:count][numbers] if count else new[:0]


def _again(force: Force, pool: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Draw who writes one more policy, the driven oftener."""
    if count < 0 or (count and not pool.size):
        raise refusal("further_policies", count, 0)
    if not count:
        return pool[:0]
    total = np.cumsum(np.sqrt(force.drive[pool]))
    drawn = np.searchsorted(total, rng.random(count) * total[-1], "right")
    return np.asarray(pool[drawn])


def _sizes(plan: Plan, force: Force, agent: Ints, total: int, rng: np.random.Generator) -> Ints:
    """Draw the premium of policies that are not large; they add up to a total. [yuan]"""
    size: Mapping[str, Any] = plan.shape["size"]
    noise = np.exp(size["sigma"] * rng.standard_normal(agent.size))
    weights = noise * np.sqrt(force.drive[agent])
    return fit_total(weights, total, size["low"], size["high"], size["step"])


def _products(plan: Plan, count: int, rng: np.random.Generator) -> Ints:
    share = np.cumsum([product["share"] for product in plan.shape["products"]])
    drawn = np.searchsorted(share / share[-1], rng.random(count), "right")
    return np.minimum(drawn, share.size - 1).astype(np.int64)


def _when(
    plan: Plan, days: tuple[int, Span], low: Ints, high: Ints, rng: np.random.Generator
) -> Ints:
    """Draw each policy's day between two of its own, by the span's tilt; Sundays are thin."""
    start, span = days
    every = np.arange(start, span.last + 1)
    weight = np.exp(span.tilt * (every - start + 0.5) / every.size)
    weight = weight * np.where((every + 4) % 7 == 0, plan.shape["flow"]["sunday"], 1.0)
    total = np.r_[0.0, np.cumsum(weight)]
    bottom, top = total[low - start], total[high - start + 1]
    drawn = np.searchsorted(total, bottom + (top - bottom) * rng.random(low.size), "right") - 1
    return np.asarray(np.clip(drawn + start, low, high), dtype=np.int64)


def _flow(plan: Plan, policies: Policies, rng: np.random.Generator) -> None:
    """Issue what is issued by the last day, and give each policy its conversion factor."""
    flow, n = plan.shape["flow"], policies.agent.size
    weight = np.cumsum(np.asarray(flow["lag"], dtype=np.float64))
    lag = np.searchsorted(weight, rng.random(n) * weight[-1], "right")
    issued = policies.submitted + lag
    month = policies.submitted.astype("datetime64[D]").astype("datetime64[M]") + 1
    month_end = month.astype("datetime64[D]").astype(np.int64) - 1
    soon = policies.submitted + np.minimum(lag, flow["large_lag"])
    issued = np.where(policies.large, np.minimum(soon, month_end), issued)
    refused = (rng.random(n) < flow["unissued"]) & ~policies.large
    policies.issued[:] = np.where(refused | (issued > plan.last), NEVER, issued)
    years = np.array([product["pay_years"] for product in plan.shape["products"]])
    for table in plan.shape["factors"]:
        by_product = np.array([float(table["by_pay_years"][str(y)]) for y in years])
        since = np.datetime64(table["from"]).astype("datetime64[D]").astype(np.int64)
        late = policies.submitted >= since
        policies.factor[late] = by_product[policies.product[late]]


def _fit_windows(plan: Plan, policies: Policies) -> None:
    """Change the premium of days that may give way until every window's total is met."""
    fixed = policies.large | ~policies.free
    for window in plan.windows:
        inside = (policies.issued >= window.first) & (policies.issued <= window.last)
        inside &= policies.issued != NEVER
        with located(window.first, window.last):
            _fit_window(plan, policies, window, inside, fixed)
        fixed |= inside


def _fit_window(
    plan: Plan, policies: Policies, window: Window, inside: Bools, fixed: Bools
) -> None:
    standard = window.measure == "standard_premium"
    value = policies.premium * (policies.factor if standard else 1.0)
    missing = window.total - round(float(value[inside].sum()))
    movable = np.flatnonzero(inside & ~fixed & ((policies.factor == 1.0) | (not standard)))
    size = plan.shape["size"]
    premium = policies.premium[movable]
    policies.premium[movable] = fit_total(
        premium, int(premium.sum()) + missing, size["low"], size["high"], size["step"]
    )


def _after(plan: Plan, force: Force, policies: Policies, rng: np.random.Generator) -> None:
    """Cancel some policies within cooling-off, and let some lapse later."""
    flow, n = plan.shape["flow"], policies.agent.size
    issued = policies.issued != NEVER
    start = np.where(issued, policies.issued, plan.last)
    cancelled = start + rng.integers(1, flow["cooling_off_days"] + 1, n)
    off = issued & ~policies.large & (rng.random(n) < flow["cooling_off"])
    off &= cancelled <= plan.last
    policies.cancelled[off] = cancelled[off]
    years = np.array([product["pay_years"] for product in plan.shape["products"]])
    running = issued & ~off & (years[policies.product] > 1)
    for months in (13, 25):
        due = add_months(start, months)
        orphan = np.where(force.left[policies.agent] <= due, 1.6, 1.0)
        lapses = running & (rng.random(n) < flow[f"lapse_{months}"] * orphan)
        running &= ~lapses
        lapses &= due <= plan.last
        policies.lapsed[lapses] = due[lapses]
