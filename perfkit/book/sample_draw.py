"""A plan for a sample book of any size, drawn from a seed instead of read from a calibration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.book.sample_plan import (
    Event,
    Month,
    Plan,
    Span,
    Target,
    Units,
    add_months,
    day,
    shape,
    tree,
)
from perfkit.errors import PerfkitError

__all__ = ["draw_plan"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Draw = Mapping[str, Any]
END = dt.date(2012, 10, 1)  # the month that every drawn book ends with


def draw_plan(*, agents: int, policies: int, months: int, seed: int) -> Plan:
    """Draw a plan whose book has so many people, policies and months.

    Parameters
    ----------
    agents : int
        People who are ever in the force: the rows of the table agents. [persons]
    policies : int
        The rows of the table policies, at least one a month. [policies]
    months : int
        Calendar months up to October 2012. [months]
    seed : int
        Same seed, same plan.

    Returns
    -------
    Plan

    Raises
    ------
    PerfkitError
        A size is below its least.

    Examples
    --------
    >>> plan = draw_plan(agents=60, policies=200, months=12, seed=7)
    >>> plan.opening + sum(month.recruits for month in plan.months)
    60
    >>> sum(month.spans[-1].cases for month in plan.months)
    200
    """
    for what, value, least in (("months", months, 1), ("agents", agents, 2), ("seed", seed, 0)):
        if value < least:
            raise PerfkitError("sample_size", what=what, value=value, least=least)
    if policies < months:
        raise PerfkitError("sample_size", what="policies", value=policies, least=months)
    if months > 12 * 40:
        raise PerfkitError("sample_size_above", what="months", value=months, most=12 * 40)
    rng = np.random.default_rng([seed, agents, policies, months])
    own = shape()
    first = add_months(np.full(months + 1, day(END)), np.arange(1 - months, 2))
    recruits, closings = _headcounts(agents, months, own["draw"], rng)
    opening = agents - int(recruits.sum())
    units, supervisors = _units(opening, int(closings.min()), own["draw"], rng)
    leavers = np.r_[opening, closings[:-1]] + recruits - closings
    heads = (closings, leavers)
    events, leads = _supervisors(units, supervisors, heads, first, own["draw"], rng)
    others = np.maximum(closings - recruits - leads, 0)
    business = _business(_cases(policies, months, own["draw"], rng), others, leads, first, own, rng)
    return Plan(
        seed=seed,
        units=units,
        opening=opening,
        supervisors=supervisors,
        seniors=(supervisors - units.first_group.size) // 5,
        months=tuple(
            Month(int(start), int(then) - 1, int(closing), int(joined), spans)
            for start, then, closing, joined, spans in zip(
                first[:-1], first[1:], closings, recruits, business, strict=True
            )
        ),
        events=events,
        people=(),
        windows=(),
        target=_target(business, first, own["draw"], rng),
        shape=own,
    )


def _between(bounds: list[float], rng: np.random.Generator, count: int) -> Floats:
    return bounds[0] + (bounds[1] - bounds[0]) * rng.random(count)


def _split(total: int, weights: Floats, least: int = 0) -> Ints:
    """Split a whole number by weights, largest remainders first, at least so many each."""
    ideal = (total - least * weights.size) * weights / weights.sum()
    whole: Ints = np.floor(ideal).astype(np.int64)
    order = np.argsort(whole - ideal, kind="stable")
    whole[order[: total - least * weights.size - int(whole.sum())]] += 1
    return np.asarray(whole + least)


def _headcounts(
    agents: int, months: int, draw: Draw, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Draw the recruits and the closing headcount of every month. [persons]"""
    rate = _between(draw["recruit_rate"], rng, months)
    opening = max(1, int(agents / (1 + rate.sum())))
    recruits = _split(agents - opening, rate)
    closings, stock = np.zeros(months, dtype=np.int64), opening
    wanted = recruits * _between(draw["leave_rate"], rng, months)
    owed = 0.0
    for month in range(months):
        owed += float(wanted[month])
        leavers = min(int(owed), stock // 4)
        owed -= leavers
        stock += int(recruits[month]) - leavers
        closings[month] = stock
    return recruits, closings


def _units(opening: int, least: int, draw: Draw, rng: np.random.Generator) -> tuple[Units, int]:
    """Draw departments, groups and supervisors to suit the force."""
    departments = max(1, opening // draw["person_per_department"])
    share = float(_between(draw["supervisor_share"], rng, 1)[0])
    supervisors = max(departments, int(min(opening, least) * share))
    groups = _split(max(departments, int(supervisors * draw["group_share"])), np.ones(departments))
    districts = draw["departments_per_district"]
    if departments <= districts:
        return tree("district", "D1", groups.tolist()), supervisors
    return tree("branch", "B1", groups.tolist(), districts), supervisors


def _supervisors(
    units: Units,
    opening: int,
    heads: tuple[Ints, Ints],
    first: Ints,
    draw: Draw,
    rng: np.random.Generator,
) -> tuple[tuple[Event, ...], Ints]:
    """Draw who leads more or no longer: the events, and the supervisors at each month's end.

    `heads` are the closing headcounts and the leavers of the months. Never fewer lead than at
    first, so that every group keeps its leader.
    """
    closings, leavers = heads
    stock, ratio = opening, opening / max(1, int(closings[0]))
    plain = opening - units.first_group.size
    plain -= plain // 5
    events: list[Event] = []
    leads = np.zeros(closings.size, dtype=np.int64)
    for month, closing in enumerate(closings.tolist()):
        goal = min(max(opening, int(closing * ratio)), max(opening, closing // 2))
        drawn = rng.random(3) + draw["supervisor_turnover"] * stock * np.array([1.0, 1.0, 0.3])
        exits, demoted, seniors = np.minimum(drawn.astype(np.int64), plain // 4).tolist()
        exits = min(exits, int(leavers[month]))
        promoted = max(0, goal - stock + exits + demoted)
        stock += promoted - exits - demoted
        plain += promoted - exits - demoted - seniors
        counts = {"exit": exits, "demote": demoted, "promote": promoted, "promote_senior": seniors}
        events += [Event(int(first[month]), kind, n) for kind, n in counts.items() if n]
        leads[month] = stock
    return tuple(events), leads


def _cases(policies: int, months: int, draw: Draw, rng: np.random.Generator) -> Ints:
    """Spread the policies over the months: growth by the year, and a season."""
    growth = 1 + float(_between(draw["growth"], rng, 1)[0])
    season = np.exp(draw["season"] * rng.standard_normal(12))
    weights = growth ** (np.arange(months) / 12) * season[np.arange(months) % 12]
    return _split(policies, weights, least=1)


def _business(
    cases: Ints, others: Ints, leads: Ints, first: Ints, own: Draw, rng: np.random.Generator
) -> list[tuple[Span, ...]]:
    """Draw every month's spans: a checkpoint in the first half, and the whole month."""
    out = []
    for month in range(cases.size):
        people = (int(others[month]), int(leads[month]))
        whole = _whole(int(cases[month]), people, own["draw"], rng)
        marks = [(int(first[month + 1]) - 1, whole)]
        on, some = _checkpoint(int(first[month]), whole, own["draw"], rng)
        if some[1] and whole[1] >= 4:
            marks.insert(0, (on, some))
        out.append(_priced(marks, own, rng))
    return out


def _whole(
    cases: int, people: tuple[int, int], draw: Draw, rng: np.random.Generator
) -> tuple[int, int, int]:
    """Draw a month's policies, active agents and active supervisors."""
    others, leads = people
    wanted = int(cases / float(_between(draw["cases_per_active"], rng, 1)[0]))
    share = float(_between(draw["supervisor_activity"], rng, 1)[0])
    supervisors = min(int(leads * share), max(1, wanted // 2))
    rest = min(max(0, wanted - supervisors), int(others * draw["activity_cap"]))
    supervisors = max(supervisors, 1) if rest == 0 else supervisors
    return cases, supervisors + rest, supervisors


def _checkpoint(
    first: int, whole: tuple[int, int, int], draw: Draw, rng: np.random.Generator
) -> tuple[int, tuple[int, int, int]]:
    """Draw what is in hand on a day of the month's first half."""
    on = first - 1 + int(rng.integers(draw["checkpoint_day"][0], draw["checkpoint_day"][1] + 1))
    share = float(_between(draw["checkpoint_share"], rng, 1)[0])
    cases, active, supervisors = whole
    few = int(supervisors * share)
    some = few + int((active - supervisors) * share)
    return on, (min(max(some, int(cases * share)), cases - active + some), some, few)


def _priced(
    marks: list[tuple[int, tuple[int, int, int]]], own: Draw, rng: np.random.Generator
) -> tuple[Span, ...]:
    """Draw large policies and premium for a month's spans."""
    draw, size = own["draw"], own["size"]
    spans: list[Span] = []
    before = (0, 0, 0)
    premium = 0
    for on, (cases, active, supervisors) in marks:
        new, count = active - before[1], cases - before[0]
        large = min(int(rng.random() + draw["large_share"] * count), new // 2)
        drawn = np.exp(np.abs(draw["large_sigma"] * rng.standard_normal(large)))
        amounts = own["book"]["thresholds"]["large_policy"] * draw["large_from"] * drawn
        rounded = (amounts // size["step"]).astype(np.int64) * size["step"]
        mean = float(_between(draw["mean_size"], rng, 1)[0])
        plain = int((count - large) * mean) // size["step"] * size["step"]
        premium += plain + int(rounded.sum())
        spans.append(
            Span(
                on,
                premium,
                cases,
                active,
                supervisors,
                tilt=float(rng.normal()),
                large=tuple(rounded.tolist()),
                writers=tuple(range(large)),
            )
        )
        before = (cases, active, supervisors)
    return tuple(spans)


def _target(
    business: list[tuple[Span, ...]], first: Ints, draw: Draw, rng: np.random.Generator
) -> Target:
    """Draw the target of the last year from what the plan expects of it."""
    year = first[:-1].astype("datetime64[D]").astype("datetime64[Y]")
    premium = np.array([spans[-1].premium for spans in business], dtype=np.float64)
    last = premium[year == year[-1]]
    growth = float(_between(draw["target_growth"], rng, 1)[0])
    total = int(last.mean() * 12 * growth) // 1000 * 1000
    weights = np.round(np.exp(draw["season"] * rng.standard_normal(12)) * 100 / 12, 1)
    return Target(year=END.year, total=total, weights=tuple(weights.tolist()))
