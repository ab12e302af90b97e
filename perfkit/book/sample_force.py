"""The people of a sample book: who joined, led, moved and left, month by month."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from perfkit.book.sample_people import MANAGER, SUPERVISOR, Force, change, choose, log, reseat
from perfkit.book.sample_plan import NEVER, Month, Plan, Units, add_months, located, refusal

__all__ = ["build_force", "headcounts"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def build_force(plan: Plan, rng: np.random.Generator) -> Force:
    """Let a plan's force live through its months.

    Parameters
    ----------
    plan : Plan
        Closings, recruits, named persons and supervisors' changes.
    rng : Generator
        What is not planned is drawn from it.

    Returns
    -------
    Force

    Raises
    ------
    PerfkitError
        The plan cannot be met, e.g. it wants more supervisors than people.

    Examples
    --------
    >>> from perfkit.book.sample_draw import draw_plan
    >>> plan = draw_plan(agents=40, policies=60, months=3, seed=1)
    >>> force = build_force(plan, np.random.default_rng(1))
    >>> int(force.alive(plan.last).sum()) == plan.months[-1].closing
    True
    """
    force = _empty(plan.opening + sum(month.recruits for month in plan.months))
    with located(plan.first - 1, plan.first - 1):
        _open(force, plan, rng)
    opening = plan.opening
    for month in plan.months:
        with located(month.first, month.last):
            _live(force, plan, month, opening, rng)
        opening = month.closing
    late = (force.confirmed > plan.last) | (force.confirmed >= force.left)
    force.confirmed[late | (force.rank == 0)] = NEVER
    return force


def _empty(size: int) -> Force:
    def filled(value: int) -> Ints:
        return np.full(size, value, dtype=np.int64)

    return Force(
        joined=filled(NEVER),
        left=filled(NEVER),
        confirmed=filled(NEVER),
        licensed=filled(NEVER),
        recruiter=filled(-1),
        group=filled(0),
        rank=filled(0),
        named=filled(-1),
        first_group=filled(0),
        first_rank=filled(0),
        drive=np.ones(size),
        will_confirm=np.zeros(size, dtype=np.bool_),
        demoted=np.zeros(size, dtype=np.bool_),
        urban=np.zeros(size, dtype=np.bool_),
    )


def _newcomers(force: Force, plan: Plan, joined: Ints, rng: np.random.Generator) -> Ints:
    """Give the next free places to people who join on the given days."""
    shape, n = plan.shape["force"], joined.size
    who = np.arange(force.size, force.size + n)
    force.size += n
    force.joined[who] = joined
    force.will_confirm[who] = rng.random(n) < shape["confirmed"]
    force.confirmed[who] = np.where(
        force.will_confirm[who], add_months(joined, 3) + rng.integers(-3, 11, n), NEVER
    )
    force.licensed[who] = joined - rng.integers(0, 50, n)
    force.urban[who] = rng.random(n) < shape["urban"]
    force.drive[who] = np.exp(plan.shape["size"]["drive"] * rng.standard_normal(n))
    return who


def _name(force: Force, plan: Plan, who: Ints, numbers: Sequence[int]) -> None:
    """Put the plan's named persons on the first of some places; they stay for good."""
    for place, number in zip(who.tolist(), numbers, strict=False):
        person = plan.people[number]
        force.named[place] = number
        force.joined[place] = force.licensed[place] = person.joined
        force.confirmed[place] = add_months(np.array([person.joined]), 3)[0]
        force.will_confirm[place] = True
        homes = np.flatnonzero(plan.units.department == person.department)
        force.group[place] = homes[number % homes.size]


def _open(force: Force, plan: Plan, rng: np.random.Generator) -> None:
    """Set up the force on the eve of the first month, with its ranks so far."""
    n, eve = plan.opening, plan.first - 1
    managers = plan.units.first_group.size
    if not managers <= plan.supervisors <= n:
        raise refusal("supervisors", plan.supervisors, f"{managers}-{n}")
    months = _tenures(plan, rng)
    joined = add_months(np.full(n, eve, dtype=np.int64), -months) - rng.integers(0, 28, n)
    who = _newcomers(force, plan, joined, rng)
    early = [i for i, p in enumerate(plan.people) if p.joined <= eve]
    led = [i for i in early if any(r >= SUPERVISOR for on, r in plan.people[i].steps if on <= eve)]
    _name(force, plan, who[managers + plan.seniors : plan.supervisors], led)
    _name(force, plan, who[plan.supervisors :], [i for i in early if i not in led])
    leads = who[: plan.supervisors]
    force.rank[leads] = np.where(leads < managers, MANAGER, SUPERVISOR)
    force.will_confirm[leads] = True
    force.confirmed[leads] = add_months(force.joined[leads], 3)
    force.group[who] = np.where(force.named[who] < 0, _seats(plan, rng), force.group[who])
    reseat(force, plan.units, eve)
    force.first_group[who] = force.group[who]
    _past(force, plan, who)


def _tenures(plan: Plan, rng: np.random.Generator) -> Ints:
    """Draw how long the opening force has been there: managers longest. [months]"""
    drawn = np.floor(rng.standard_exponential(plan.opening) * plan.shape["force"]["tenure"])
    managers = plan.units.first_group.size
    ranks = np.arange(plan.opening)
    low = np.select(
        [ranks < managers, ranks < managers + plan.seniors, ranks < plan.supervisors],
        [48.0, 30.0, 16.0],
        0.0,
    )
    months = np.minimum(low + drawn * np.where(low > 0, 0.6, 1.0), 140)
    return np.asarray(months, dtype=np.int64)


def _seats(plan: Plan, rng: np.random.Generator) -> Ints:
    """Give each of the opening force a group: managers their own, leaders one each, then all."""
    units, n = plan.units, plan.opening
    groups = units.department.size
    others = np.setdiff1d(np.arange(groups), units.first_group)
    rest = n - min(n, groups)
    seats = np.concatenate([units.first_group, others])[:n]
    return np.concatenate([seats, rng.permutation(np.arange(rest) % groups)]).astype(np.int64)


def _past(force: Force, plan: Plan, who: Ints) -> None:
    """Write down the ranks reached before the first month."""
    sure = who[(force.confirmed[who] < plan.first)]
    log(force, sure, force.confirmed[sure], 1)
    force.rank[sure] = 1
    order = np.arange(who.size)
    managers = plan.units.first_group.size
    steps = ((plan.supervisors, 12), (managers + plan.seniors, 24), (managers, 40))
    for rank, (below, after) in enumerate(steps, start=SUPERVISOR):
        up = who[(order < below) & (force.named[who] < 0)]
        month = add_months(force.joined[up], after).astype("datetime64[D]").astype("datetime64[M]")
        log(force, up, month.astype("datetime64[D]").astype(np.int64), rank)
        force.rank[up] = rank
    for place in who[force.named[who] >= 0].tolist():
        for on, rank in plan.people[int(force.named[place])].steps:
            if on < plan.first:
                log(force, np.array([place]), on, rank)
                force.rank[place] = rank


def _live(force: Force, plan: Plan, month: Month, opening: int, rng: np.random.Generator) -> None:
    """Let the force live through one month: leavers, changes by day, newcomers, confirmations."""
    events = [e for e in plan.events if month.first <= e.on <= month.last]
    exits = sum(e.count for e in events if e.kind in ("exit", "exit_manager"))
    enters = [e.on for e in events if e.kind == "enter" for _ in range(e.count)]
    leavers = opening + month.recruits - month.closing - exits
    _leave(force, plan, month, leavers, rng)
    named = [i for i, p in enumerate(plan.people) if month.first <= p.joined <= month.last]
    plain = month.recruits - len(named) - len(enters)
    if plain < 0:
        raise refusal("recruits", len(named) + len(enters), month.recruits)
    entered = _enter(force, plan, enters, rng)
    change(force, plan, month, events, entered, rng)
    stay = np.flatnonzero(force.alive(month.first - 1) & (force.left > month.last))
    days = np.sort(rng.integers(month.first, month.last + 1, plain + len(named)))
    who = _newcomers(force, plan, days, rng)
    _name(force, plan, who, named)
    _recruit(force, plan, month, who, stay, rng)
    _confirm(force, month)


def _leave(force: Force, plan: Plan, month: Month, count: int, rng: np.random.Generator) -> None:
    """Let some of the people who do not lead leave on a day of the month."""
    shape = plan.shape["force"]
    tenure = (month.first - force.joined) / 30.44
    place = np.searchsorted(np.asarray(shape["hazard_from"]), np.maximum(tenure, 0), "right") - 1
    weight = np.asarray(shape["hazard"], dtype=np.float64)[place]
    doubtful = ~force.will_confirm & (tenure >= 3)
    weight = weight * np.where(doubtful, shape["hazard_unconfirmed"], 1.0)
    weight = weight * np.where(force.demoted, shape["hazard_demoted"], 1.0)
    free = force.alive(month.first - 1) & (force.rank < SUPERVISOR) & (force.named < 0)
    gone = choose(rng, np.where(free, weight, 0.0), count, "leavers")
    force.left[gone] = rng.integers(month.first + 1, month.last + 1, count)


def _enter(force: Force, plan: Plan, days: Sequence[int], rng: np.random.Generator) -> Ints:
    """Take in people who come from outside with the rank of supervisor."""
    who = _newcomers(force, plan, np.array(sorted(days), dtype=np.int64), rng)
    force.rank[who] = force.first_rank[who] = SUPERVISOR
    force.confirmed[who] = force.joined[who]
    force.will_confirm[who] = True
    force.group[who] = rng.integers(0, plan.units.department.size, who.size)
    return who


def _recruit(
    force: Force, plan: Plan, month: Month, who: Ints, stay: Ints, rng: np.random.Generator
) -> None:
    """Give newcomers a recruiter who stays the month, the recruiter's group, and a licence day."""
    shape, n = plan.shape["force"], who.size
    plain = force.named[who] < 0
    weight = np.where(force.rank[stay] >= SUPERVISOR, shape["recruiting_supervisor"], 1.0)
    if stay.size:
        total = np.cumsum(weight)
        by = stay[np.searchsorted(total, rng.random(n) * total[-1], "right")]
        inside = rng.random(n) >= shape["outside"]
        home = plan.units.department[force.group[by]] == plan.units.department[force.group[who]]
        force.recruiter[who] = np.where(inside & (plain | home), by, -1)
    members = np.bincount(force.group[stay], minlength=plan.units.department.size)
    room = np.cumsum(1.0 / (1.0 + members) ** 2)
    outside = np.searchsorted(room, rng.random(n) * room[-1], "right")
    group = np.where(force.recruiter[who] >= 0, force.group[force.recruiter[who]], outside)
    force.group[who] = np.where(plain, group, force.group[who])
    force.first_group[who] = force.group[who]
    late = plain & (rng.random(n) < shape["late_licence"])
    day = force.joined[who] + rng.integers(1, 20, n)
    force.licensed[who] = np.where(late, np.minimum(day, month.last), force.licensed[who])


def _confirm(force: Force, month: Month) -> None:
    """Make regular agents of the trainees whose day has come."""
    due = (force.confirmed >= month.first) & (force.confirmed <= month.last)
    who = np.flatnonzero(due & (force.rank == 0) & (force.left > force.confirmed))
    force.rank[who] = 1
    log(force, who, force.confirmed[who], 1)


def headcounts(force: Force, units: Units, days: Sequence[int]) -> npt.NDArray[np.float64]:
    """Count each department's people at the end of some days.

    Parameters
    ----------
    force : Force
    units : Units
    days : sequence of int
        [day number]

    Returns
    -------
    array
        One row a day, one column a department. [persons]
    """
    moves = np.concatenate([np.zeros((0, 4), dtype=np.int64), *force.moves])
    moves = moves[np.argsort(moves[:, 1], kind="stable")]
    out = []
    for on in days:
        group = force.first_group.copy()
        until = moves[moves[:, 1] <= on]
        group[until[:, 0]] = until[:, 2]
        department = units.department[group[force.alive(on)]]
        out.append(np.bincount(department, minlength=int(units.department[-1]) + 1))
    return np.asarray(out, dtype=np.float64)
