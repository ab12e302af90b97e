"""Who is in the force of a sample book, and the days on which units and ranks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from perfkit.book.sample_plan import NEVER, Event, Month, Plan, Span, Units, refusal
from perfkit.errors import PerfkitError

__all__ = ["MANAGER", "SENIOR", "SUPERVISOR", "Force", "change", "choose", "log", "reseat"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SUPERVISOR, SENIOR, MANAGER = 2, 3, 4


@dataclass(slots=True)
class Force:
    """Everybody who was ever in the force, one entry a person in the order of joining.

    Attributes
    ----------
    joined, left, confirmed, licensed : array
        Days; NEVER where it did not come. [day number]
    recruiter : array
        The recruiter's number, -1 from outside.
    group, rank : array
        On the first day at first, on the last in the end; `first_group` keeps the first.
    named : array
        The number of the plan's named person, -1 for the others.
    moves : list of array
        Blocks of rows (agent, on, group, rank).
    leading : list of array
        For every span of the plan in order: who leads people on its last day.
    """

    joined: Ints
    left: Ints
    confirmed: Ints
    licensed: Ints
    recruiter: Ints
    group: Ints
    rank: Ints
    named: Ints
    first_group: Ints
    first_rank: Ints
    drive: npt.NDArray[np.float64]
    will_confirm: Bools
    demoted: Bools
    urban: Bools
    size: int = 0
    moves: list[Ints] = field(default_factory=list)
    leading: list[Bools] = field(default_factory=list)

    def alive(self, on: int) -> Bools:
        """Who is in force at the end of a day."""
        return (self.joined <= on) & (self.left > on)


def choose(rng: np.random.Generator, weight: npt.ArrayLike, count: int, what: str) -> Ints:
    """Draw distinct places with chances in proportion to their weights.

    Raises
    ------
    PerfkitError
        Fewer places than wanted have a weight.

    Examples
    --------
    >>> choose(np.random.default_rng(1), [0.0, 1.0, 0.0, 2.0], 2, "agents").tolist()
    [1, 3]
    """
    given = np.asarray(weight, dtype=np.float64)
    places = np.flatnonzero(given > 0)
    if count < 0 or count > places.size:
        raise refusal(what, count, int(places.size))
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    keys = rng.standard_exponential(places.size) / given[places]
    return np.sort(places[np.argpartition(keys, count - 1)[:count]]).astype(np.int64)


def log(force: Force, who: Ints, on: Ints | int, rank: Ints | int) -> None:
    """Write down the unit and rank of some people from a day on.

    Parameters
    ----------
    force : Force
        Its moves grow by a row a person, with the group they are in now.
    who : array
        Whose. [numbers]
    on, rank : array or int
        From when, and the rank. [day number, rank number]
    """
    columns = (who, np.broadcast_to(on, who.shape), force.group[who])
    force.moves.append(np.stack([*columns, np.broadcast_to(rank, who.shape)], axis=1))


def change(
    force: Force,
    plan: Plan,
    month: Month,
    events: Sequence[Event],
    entered: Ints,
    rng: np.random.Generator,
) -> None:
    """Take a month's changes of unit and rank day by day, and look at the end of each span.

    Parameters
    ----------
    force : Force
        Its units, ranks and moves are carried on to the end of the month.
    plan, month : Plan, Month
    events : sequence of Event
        The month's changes of supervisors.
    entered : array
        Who comes in from outside with a rank. [numbers]
    rng : Generator

    Raises
    ------
    PerfkitError
        Nobody is there for a change, or the supervisors of a span do not come out.
    """
    steps = [(on, i, r) for i, p in enumerate(plan.people) for on, r in p.steps]
    dates = {month.first, *(e.on for e in events), *(on for on, _, _ in steps)}
    dates |= {span.last for span in month.spans}
    for on in sorted(d for d in dates if month.first <= d <= month.last):
        group, rank = force.group.copy(), force.rank.copy()
        if on == month.first > plan.first:
            _transfer(force, plan, month, rng)
        for event in (e for e in events if e.on == on):
            _event(force, plan, month, event, rng)
        for _, number, new in (s for s in steps if s[0] == on):
            _step(force, plan.units, np.flatnonzero(force.named == number), new)
        reseat(force, plan.units, on)
        changed = (group != force.group) | (rank != force.rank)
        who = np.flatnonzero(changed & force.alive(on) & (force.joined < on))
        log(force, who, on, force.rank[who])
        fresh = entered[force.joined[entered] == on]
        force.first_group[fresh] = force.group[fresh]
        force.leading += [_leading(force, span) for span in month.spans if span.last == on]


def _leading(force: Force, span: Span) -> Bools:
    """Who leads people on a span's last day; the plan's number must come out."""
    leads = force.alive(span.last) & (force.rank >= SUPERVISOR)
    if span.supervisors not in (None, int(leads.sum())):
        raise refusal("supervisors", span.supervisors, int(leads.sum()))
    return leads


def _transfer(force: Force, plan: Plan, month: Month, rng: np.random.Generator) -> None:
    """Move a few people who do not lead to a group of another department."""
    here = force.alive(month.first) & (force.rank < SUPERVISOR) & (force.named < 0)
    confirming = (force.confirmed >= month.first) & (force.confirmed <= month.last)
    free = here & ~confirming & (force.left == NEVER) & (force.joined < month.first - 90)
    count = int(here.sum() * plan.shape["force"]["transfer"] + rng.random())
    department = plan.units.department
    if department[-1] == 0 or not free.any():
        return
    who = choose(rng, free, min(count, int(free.sum())), "transfers")
    there = (department[force.group[who]] + rng.integers(1, department[-1] + 1, who.size)) % (
        department[-1] + 1
    )
    force.group[who] = plan.units.first_group[there] + rng.integers(
        0, np.bincount(department)[there]
    )


def _event(force: Force, plan: Plan, month: Month, event: Event, rng: np.random.Generator) -> None:
    """Choose whom one of the plan's changes of supervisors meets, and let it happen."""
    on, rank = event.on, force.rank
    here = force.alive(on) & (force.joined < on) & (force.named < 0)
    settled = force.joined < on - 75
    if event.kind == "exit_manager":
        home = plan.units.department[force.group] == event.department
        gone = choose(rng, here & home & (rank == MANAGER), event.count, "managers_leaving")
        force.left[gone] = on
    elif event.kind in ("exit", "demote"):
        weight = here * (rank == SUPERVISOR) * np.where(settled, 1.0, 1e-6)
        who = choose(rng, weight, event.count, "supervisors_leaving")
        if event.kind == "exit":
            force.left[who] = on
        force.rank[who] = 1 if event.kind == "demote" else force.rank[who]
        force.demoted[who] = True
    elif event.kind == "promote":
        free = here & (rank < SUPERVISOR) & (force.left == NEVER) & ~force.demoted
        ripe = (rank == 1) & (force.confirmed < month.first) & (force.joined < on - 180)
        who = choose(rng, free * np.where(ripe, force.drive, 1e-9), event.count, "promotions")
        _step(force, plan.units, who, SUPERVISOR)
        force.confirmed[who] = np.minimum(force.confirmed[who], on)
    elif event.kind == "promote_senior":
        weight = here * (rank == SUPERVISOR) * np.where(settled, 1.0, 1e-6)
        who = choose(rng, weight, event.count, "promotions")
        _step(force, plan.units, who, SENIOR)
    elif event.kind != "enter":
        raise PerfkitError("sample_event", kind=event.kind)


def _step(force: Force, units: Units, who: Ints, rank: int) -> None:
    """Give some people a rank; a department's manager leads its first group."""
    force.rank[who] = rank
    if rank == MANAGER:
        force.group[who] = units.first_group[units.department[force.group[who]]]


def reseat(force: Force, units: Units, on: int) -> None:
    """Send spare supervisors to groups that nobody leads, of their own department first.

    Parameters
    ----------
    force : Force
        The groups of the supervisors sent change; named persons stay where they are.
    units : Units
    on : int
        [day number]
    """
    leads = force.alive(on) & (force.rank >= SUPERVISOR)
    if not leads.any():
        return
    who = np.flatnonzero(leads)
    who = who[
        np.lexsort((force.joined[who], -force.rank[who], force.named[who] < 0, force.group[who]))
    ]
    second = np.r_[False, force.group[who][1:] == force.group[who][:-1]]
    spare = who[second & (force.rank[who] < MANAGER) & (force.named[who] < 0)]
    spare = spare[np.argsort(force.rank[spare], kind="stable")]
    empty = np.flatnonzero(np.bincount(force.group[who], minlength=units.department.size) == 0)
    for near in (True, False):
        there, home = units.department[empty], units.department[force.group[spare]]
        if not near:
            there, home = np.zeros_like(there), np.zeros_like(home)
        left, right = _pair(there, home)
        force.group[spare[right]] = empty[left]
        spare = np.delete(spare, right)
        empty = np.delete(empty, left)


def _pair(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Pair entries of equal value one to one: the places in each of the two lists."""
    places = [np.argsort(side, kind="stable") for side in (left, right)]
    keys = []
    for side, place in zip((left, right), places, strict=True):
        ordered = side[place]
        nth = np.arange(side.size) - np.searchsorted(ordered, ordered)
        keys.append(ordered * (left.size + right.size + 1) + nth)
    _, a, b = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
    return places[0][a].astype(np.int64), places[1][b].astype(np.int64)
