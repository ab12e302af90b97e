"""Every engine gives the same numbers, and they are those of loops written from the definitions.

The loops below know nothing of the engine: they ask of each agent and each day where the agent
was, as the design says it, and add up in whole fen.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import books
import numpy as np
import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import Book, open_book
from perfkit.errors import UnknownName

ENGINES = ("duckdb", "polars", "pandas")
LEVELS = ("branch", "district", "department", "group", "agent")
DAY = dt.timedelta(days=1)
FAR = dt.date.max
PERIODS = {
    "2011-03": (dt.date(2011, 3, 1), dt.date(2011, 3, 31)),
    "2012-02": (dt.date(2012, 2, 1), dt.date(2012, 2, 29)),
    "2012Q1": (dt.date(2012, 1, 1), dt.date(2012, 3, 31)),
    "2012-05:ytd": (dt.date(2012, 1, 1), dt.date(2012, 5, 31)),
    "2011": (dt.date(2011, 1, 1), dt.date(2011, 12, 31)),
    "2012-03@11": (dt.date(2012, 3, 1), dt.date(2012, 3, 11)),
    "2012-02:business": (dt.date(2012, 1, 26), dt.date(2012, 2, 25)),
    "2012-02-10..2012-03-28": (dt.date(2012, 2, 10), dt.date(2012, 3, 28)),
    "2012-04-17": (dt.date(2012, 4, 17), dt.date(2012, 4, 17)),
}
SETTINGS = books.SETTINGS.replace('root = "district"', 'root = "branch"').replace(
    "agent = false\nsupervisor = true\n",
    "trainee = false\nagent = false\nquasi_supervisor = false\nsupervisor = true\n"
    "senior_supervisor = true\ndepartment_manager = true\n",
)
RANKS = ["trainee", "agent", "quasi_supervisor", "supervisor", "senior_supervisor",
         "department_manager"]  # fmt: skip
LEADING = set(RANKS[3:])
LARGE, TEN_K, EFFECTIVE, HIGH, NEAR_HIGH = 5000000, 1000000, 500000, 1300000, 660000  # fen


# --- a random book


@dataclass
class Agent:
    code: str
    first: tuple[tuple[str, ...], str]  # unit and rank on the first day
    joined: dt.date
    left: dt.date
    moves: list[tuple[dt.date, tuple[str, ...], str]] = field(default_factory=list)
    segment: str = "urban"
    confirmed: dt.date | None = None
    licensed: dt.date | None = None
    recruiter: str = ""

    def at(self, day: dt.date) -> tuple[tuple[str, ...], str]:
        """Say unit and rank on a day; outside the stay those of its nearest end."""
        now = self.first
        for on, unit, rank in self.moves:
            if self.joined < on < self.left and on <= day:
                now = (unit, rank)
        return now

    def in_force(self, day: dt.date) -> bool:
        return self.joined <= day < self.left

    def place(self, day: dt.date, depth: int) -> str:
        if depth == len(LEVELS):
            return "/".join((*self.at(day)[0], self.code))
        return "/".join(self.at(day)[0][:depth])


@dataclass
class Policy:
    code: str
    agent: Agent
    submitted: dt.date
    issued: dt.date | None
    cancelled: dt.date | None
    premium: int  # fen, as the next two
    standard: int | None
    fyc: int | None


@dataclass
class Day:
    agent: Agent
    on: dt.date
    attended: int | None
    visits: int | None
    prospects: int | None


@dataclass
class Candidate:
    recruiter: Agent
    listed: dt.date | None
    seminar: dt.date | None
    signed: dt.date | None
    dropped: dt.date | None


@dataclass
class World:
    agents: list[Agent]
    policies: list[Policy]
    days: list[Day] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)


def draw(seed: int = 7) -> World:
    """Draw 250 agents, about 180 moves and 3,000 policies, thresholds hit exactly now and then."""
    rng = np.random.default_rng(seed)
    codes = [("B", f"D{d}", f"{p:02d}", f"{g}") for d in "12" for p in range(3) for g in range(3)]
    start, end = dt.date(2010, 6, 1), dt.date(2012, 6, 30)

    def unit() -> tuple[str, ...]:
        return codes[rng.integers(len(codes))]

    def rank() -> str:
        return str(rng.choice(["trainee", "agent", "agent", "agent", "supervisor", *RANKS[2:]]))

    def day(first: dt.date, last: dt.date) -> dt.date:
        return first + int(rng.integers((last - first).days + 1)) * DAY

    agents = []
    for number in range(250):
        joined = day(start, end - 30 * DAY)
        left = day(joined + DAY, joined + 500 * DAY) if rng.random() < 0.5 else FAR
        agent = Agent(f"A{number:03d}", (unit(), rank()), joined, min(left, FAR))
        on = joined
        while rng.random() < 0.45 and on < end - 3 * DAY:
            on = day(on + DAY, end - DAY)
            same = rng.random() < 0.4
            agent.moves.append((on, agent.at(on)[0] if same else unit(), rank()))
        agents.append(agent)
    policies = []
    sizes = [EFFECTIVE, EFFECTIVE - 1, NEAR_HIGH, NEAR_HIGH - 1, TEN_K, HIGH, HIGH - 1]
    sizes += [LARGE, LARGE + 1, 1, 0, -20000]
    for number in range(3000):
        agent = agents[int(rng.integers(200))]  # the last fifty never write
        first = max(agent.joined, dt.date(2011, 1, 1))
        last = max(min(agent.left - DAY, end), first)
        submitted = day(first, last)
        if rng.random() < 0.02:
            submitted = day(dt.date(2011, 1, 1), end)
        issued = submitted + int(rng.integers(15)) * DAY if rng.random() < 0.9 else None
        cancelled = issued + int(rng.integers(10)) * DAY if issued and rng.random() < 0.1 else None
        size = int(rng.lognormal(12.8, 1.2)) if rng.random() < 0.8 else int(rng.choice(sizes))
        standard = size // 2 if rng.random() < 0.9 else None
        fyc = size // 10 if rng.random() < 0.8 else None
        policies.append(
            Policy(f"P{number}", agent, submitted, issued, cancelled, size, standard, fyc)
        )
    whole = World(agents, policies)
    enrich(whole, np.random.default_rng(seed + 1), day)
    return whole


def enrich(w: World, rng: np.random.Generator, day: Callable[..., dt.date]) -> None:
    """Draw licences, conversions, recruiters, daily records and candidates."""
    end = dt.date(2012, 6, 30)

    def maybe(value: Any, share: float) -> Any:
        return value if rng.random() < share else None

    for number, a in enumerate(w.agents):
        a.segment = "urban" if rng.random() < 0.7 else "rural"
        near = a.joined + int(rng.integers(-30, 200)) * DAY
        a.confirmed, a.licensed = maybe(near, 0.7), maybe(near - 40 * DAY, 0.8)
        other = w.agents[int(rng.integers(len(w.agents)))]
        same = [b for b in w.agents if b.at(a.joined)[0] == a.first[0] and b is not a]
        other = same[int(rng.integers(len(same)))] if same and number % 2 else other
        a.recruiter = maybe(other.code, 0.8) or ""
    taken = set()
    for _ in range(1500):
        agent, on = w.agents[int(rng.integers(250))], day(dt.date(2011, 3, 1), end)
        if (agent.code, on) not in taken:
            taken.add((agent.code, on))
            counts = (maybe(int(rng.integers(top)), 0.8) for top in (2, 9, 60))
            w.days.append(Day(agent, on, *counts))
    for _ in range(300):
        first = day(dt.date(2010, 9, 1), end - 60 * DAY)
        later = [maybe(day(first, first + 90 * DAY), 0.5) for _ in range(3)]
        recruiter = w.agents[int(rng.integers(250))]
        w.candidates.append(Candidate(recruiter, maybe(first, 0.7), *later))


def yuan(fen: int | None) -> str:
    return "" if fen is None else f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def iso(day: dt.date | None) -> str:
    return "" if day is None or day == FAR else day.isoformat()


def save(world: World, folder: Path, suffix: str = ".csv") -> Path:
    """Write the world as a book."""
    levels = list(LEVELS[:-1])
    agents = [["agent_id", *levels, "rank", "joined_on", "left_on", "segment", "confirmed_on",
               "licensed_on", "recruiter_id"]]  # fmt: skip
    moves = [["agent_id", "on", *levels, "rank"]]
    for a in world.agents:
        known = [a.segment, iso(a.confirmed), iso(a.licensed), a.recruiter]
        agents.append([a.code, *a.first[0], a.first[1], iso(a.joined), iso(a.left), *known])
        moves += [[a.code, iso(on), *unit, rank] for on, unit, rank in a.moves]
    policies = [
        ["policy_id", "agent_id", "submitted_on", "issued_on", "cancelled_on", "premium",
         "standard_premium", "fyc", "lapsed_on"]
    ]  # fmt: skip
    policies += [
        [p.code, p.agent.code, iso(p.submitted), iso(p.issued), iso(p.cancelled),
         yuan(p.premium), yuan(p.standard), yuan(p.fyc), ""]
        for p in world.policies
    ]  # fmt: skip
    tables: dict[str, str | books.Table] = {
        "agents": agents,
        "moves": moves,
        "policies": policies,
        "daily": [["agent_id", "date", "attended", "visits", "prospects", "new_prospects",
                   "events"]]
        + [[d.agent.code, iso(d.on), *("" if n is None else str(n) for n in
            (d.attended, d.visits, d.prospects, d.visits, d.attended))] for d in world.days],
        "recruits": [["candidate_id", "recruiter_id", "listed_on", "seminar_on", "class_on",
                      "signed_on", "licensed_on", "dropped_on"]]
        + [[f"C{i}", c.recruiter.code, iso(c.listed), iso(c.seminar), "", iso(c.signed),
            iso(c.signed), iso(c.dropped)] for i, c in enumerate(world.candidates)],
        "targets": books.table("unit_id period kpi version value\nB 2012-02 premium_issued plan 9"),
    }  # fmt: skip
    return books.write(folder, tables, SETTINGS, suffix)


@functools.cache
def world() -> World:
    return draw()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Book]:
    folder = save(world(), tmp_path_factory.mktemp("random"))
    return {name: open_book(folder, engine_name=name) for name in ENGINES}


# --- the definitions, as loops


def cut(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date, float]]:
    """Up to 31 days are one piece; longer spans are cut at month ends, by share of the month."""
    if (last - first).days < 31:
        return [(first, last, 1.0)]
    out = []
    while first <= last:
        following = (first.replace(day=1) + 32 * DAY).replace(day=1)
        end = min(following - DAY, last)
        month = (following - first.replace(day=1)).days
        out.append((first, end, ((end - first).days + 1) / month))
        first = end + DAY
    return out


Sums = dict[tuple[str, str], int]


class Naive:
    """The numbers of one level and span."""

    def __init__(self, w: World, level: str, first: dt.date, last: dt.date) -> None:
        self.depth, self.first, self.last = LEVELS.index(level) + 1, first, last
        self.world, self.pieces = w, cut(first, last)

    @functools.cache  # noqa: B019
    def heads(self, day: dt.date, *, leading: bool = False) -> Counter[str]:
        return Counter(
            a.place(day, self.depth)
            for a in self.world.agents
            if a.in_force(day) and (not leading or a.at(day)[1] in LEADING)
        )

    def rows(
        self, date: str, first: dt.date | None = None, last: dt.date | None = None
    ) -> list[tuple[str, Policy]]:
        """List the policies of a span with the place they counted in on that day."""
        first, last = first or self.first, last or self.last
        return [
            (p.agent.place(day, self.depth), p)
            for p in self.world.policies
            if (day := getattr(p, date)) and first <= day <= last
        ]

    def total(self, date: str, amount: str) -> Counter[str]:
        out: Counter[str] = Counter()
        for place, p in self.rows(date):
            out[place] += 1 if amount == "count" else getattr(p, amount) or 0
        return out

    def average(self) -> dict[str, float]:
        out: dict[str, float] = defaultdict(float)
        whole = sum(weight for *_, weight in self.pieces)
        for first, last, weight in self.pieces:
            for counted in (self.heads(first - DAY), self.heads(last)):
                for place, n in counted.items():
                    out[place] += n / 2 * weight / whole
        return out

    def writers(self) -> dict[str, set[str]]:
        out: dict[str, set[str]] = defaultdict(set)
        for place, p in self.rows("submitted"):
            out[place].add(p.agent.code)
        return out

    def band(self, least: int, below: float = math.inf) -> tuple[dict[str, float], Counter[str]]:
        """Give the mean number of agents a month in a band, and their premium of those months."""
        mean: dict[str, float] = defaultdict(float)
        premium: Counter[str] = Counter()
        if len(self.pieces) > 1 and min(weight for *_, weight in self.pieces) < 1:
            # A month's amount cannot be asked of half a month.
            return defaultdict(lambda: math.nan), defaultdict(lambda: math.nan)
        whole = sum(weight for *_, weight in self.pieces)
        for first, last, weight in self.pieces:
            own: Counter[tuple[str, str]] = Counter()
            for place, p in self.rows("submitted", first, last):
                own[place, p.agent.code] += p.premium
            for (place, _), amount in own.items():
                if least <= amount < below:
                    mean[place] += weight / whole
                    premium[place] += amount
        return mean, premium

    def moved(self) -> tuple[Counter[str], Counter[str]]:
        def within(day: dt.date) -> bool:
            return self.first <= day <= self.last

        came = Counter(a.place(a.joined, self.depth) for a in self.world.agents if within(a.joined))
        went = Counter(
            a.place(a.left - DAY, self.depth) for a in self.world.agents if within(a.left)
        )
        return came, went

    def led(self) -> Counter[str]:
        """Count who leads on the last day and wrote anywhere in the span, where they lead."""
        wrote = {p.agent.code for _, p in self.rows("submitted")}
        return Counter(
            a.place(self.last, self.depth)
            for a in self.world.agents
            if a.in_force(self.last) and a.at(self.last)[1] in LEADING and a.code in wrote
        )

    def large(self) -> dict[str, tuple[int, int, int, int]]:
        """Give count and premium of large policies, and their writers and all they wrote."""
        count: Counter[str] = Counter()
        amount: Counter[str] = Counter()
        who: dict[str, set[str]] = defaultdict(set)
        for place, p in self.rows("submitted"):
            if p.premium > LARGE:
                count[place] += 1
                amount[place] += p.premium
                who[place].add(p.agent.code)
        theirs: Counter[str] = Counter()
        for place, p in self.rows("submitted"):
            if p.agent.code in who[place]:
                theirs[place] += p.premium
        return {u: (count[u], amount[u], len(who[u]), theirs[u]) for u in who}

    def matured(self) -> set[str]:
        """List where a cohort matures: the numbers themselves are worked out in test_cohort."""

        def within(day: dt.date, months: int) -> bool:
            index = day.year * 12 + day.month - 1 + months
            first = dt.date(index // 12, index % 12 + 1, 1)
            length = ((first + 32 * DAY).replace(day=1) - first).days
            return self.first <= first + min(day.day, length) * DAY - DAY <= self.last

        joined = {
            a.place(a.joined, self.depth)
            for a in self.world.agents
            if any(within(a.joined, months) for months in (3, 7, 13))
        }
        return joined | {
            p.agent.place(p.issued, self.depth)
            for p in self.world.policies
            if p.issued and any(within(p.issued, months) for months in (14, 26))
        }

    @functools.cached_property
    def counted(self) -> dict[str, Counter[str]]:  # noqa: C901
        """Count what happens on days and what holds on the last day, by name and place."""
        out: dict[str, Counter[str]] = defaultdict(Counter)
        by_code = {a.code: a for a in self.world.agents}

        def add(name: str, agent: Agent, on: dt.date | None, n: int | None = 1) -> None:
            if on and n is not None and self.first <= on <= self.last:
                out[name][agent.place(on, self.depth)] += n

        for d in self.world.days:
            add("agent_days", d.agent, d.on, None if d.attended is None else 1)
            add("attended", d.agent, d.on, d.attended)
            add("visits", d.agent, d.on, d.visits)
            add("lists", d.agent, d.on, None if d.prospects is None else 1)
            add("prospects", d.agent, d.on, d.prospects)
        for c in self.world.candidates:
            for name in ("seminar", "signed"):
                add(name, c.recruiter, getattr(c, name))
            known = c.listed or c.seminar
            gone = min(c.signed or FAR, c.dropped or FAR)
            if known and known <= self.last < gone:
                out["open"][c.recruiter.place(self.last, self.depth)] += 1
        founded: dict[tuple[str, ...], dt.date] = {}
        for a in self.world.agents:
            stays = [(a.joined, *a.first), *(m for m in a.moves if a.joined < m[0] < a.left)]
            for on, unit, _ in stays:
                founded[unit] = min(on, founded.get(unit, FAR))
        new_groups = {}
        for a in self.world.agents:
            now = a.first[1]
            for on, unit, rank in (m for m in a.moves if a.joined < m[0] < a.left):
                if RANKS.index(rank) > RANKS.index(now):
                    add("promotions", a, on)
                    add(f"promotions_{rank}", a, on)
                    if rank in LEADING and founded[unit] == on:
                        new_groups[unit] = min(new_groups.get(unit, a.code), a.code)
                now = rank
            recruiter = by_code.get(a.recruiter)
            kind = "unassigned"
            if recruiter:
                same = recruiter.at(a.joined)[0] == a.first[0]
                kind = "direct" if same else "indirect"
            add(kind, a, a.joined)
            for name in ("confirmed", "licensed"):
                begun = getattr(a, name)
                for when, day in (("opening", self.first - DAY), ("closing", self.last)):
                    if a.in_force(day) and begun and begun <= day:
                        out[f"{name}_{when}"][a.place(day, self.depth)] += 1
            if a.in_force(self.last):
                out[a.segment][a.place(self.last, self.depth)] += 1
                out[f"rank_{a.at(self.last)[1]}"][a.place(self.last, self.depth)] += 1
            if a.in_force(self.first - DAY):
                rank, place = a.at(self.first - DAY)[1], a.place(self.first - DAY, self.depth)
                out[f"opening_{rank}"][place] += 1
        for unit, code in new_groups.items():
            add("groups_promoted", by_code[code], founded[unit])
        for p in self.world.policies:
            if p.submitted:
                rank = p.agent.at(p.submitted)[1]
                add(f"fyc_{rank}", p.agent, p.submitted, p.fyc or 0)
                add("led", p.agent, p.submitted, p.premium if rank in LEADING else 0)
                add("early", p.agent, p.submitted, p.premium if p.submitted.day <= 7 else 0)
        return out

    @functools.cache  # noqa: B019
    def groups(self, day: dt.date, least: int = 1, below: float = math.inf) -> Counter[str]:
        """Count the groups with so many people, at each place."""
        heads = Counter("/".join(a.at(day)[0]) for a in self.world.agents if a.in_force(day))
        held = [unit for unit, n in heads.items() if least <= n < below]
        return Counter("/".join(unit.split("/")[: self.depth]) for unit in held)

    def months(self, count: Callable[[dt.date], Counter[str]], u: str) -> tuple[float, float]:
        """Sum the monthly averages of a count, and their mean."""
        each = [
            (count(first - DAY)[u] + count(last)[u]) / 2 * weight
            for first, last, weight in self.pieces
        ]
        return sum(each), sum(each) / sum(weight for *_, weight in self.pieces)

    @functools.cached_property
    def recruiting(self) -> tuple[dict[str, float], dict[str, float]]:
        """Give who leads at a month's end and recruited in it, and who leads: monthly means."""
        wrote: dict[str, float] = defaultdict(float)
        led: dict[str, float] = defaultdict(float)
        whole = sum(weight for *_, weight in self.pieces)
        for first, last, weight in self.pieces:
            did = {a.recruiter for a in self.world.agents if first <= a.joined <= last}
            for a in self.world.agents:
                if a.in_force(last) and a.at(last)[1] in LEADING:
                    led[a.place(last, self.depth)] += weight / whole
                    if a.code in did:
                        wrote[a.place(last, self.depth)] += weight / whole
        if len(self.pieces) > 1 and min(weight for *_, weight in self.pieces) < 1:
            # Nobody can be asked for a month's recruiting of half a month.
            wrote = defaultdict(lambda: math.nan)
        return wrote, led

    def more(
        self, u: str, premium: int, heads: float, leaders: int, closing: int
    ) -> dict[str, float]:
        """Give the KPIs of views, states and units."""
        c = self.counted
        recruiting, led = self.recruiting
        lead_months, _ = self.months(functools.partial(self.heads, leading=True), u)
        opened = c["confirmed_opening"][u]
        row: dict[str, float] = {
            "attendance_rate": over(c["attended"][u], c["agent_days"][u]),
            "visits": c["visits"][u],
            "prospects_per_agent": over(c["prospects"][u], c["lists"][u]),
            "candidates_open": c["open"][u],
            "seminar_attendance": c["seminar"][u],
            "candidates_signed": c["signed"][u],
            "recruits_direct": c["direct"][u],
            "recruits_indirect": c["indirect"][u],
            "recruits_unassigned": c["unassigned"][u],
            "supervisors_recruiting": recruiting[u],
            "supervisor_recruiting_rate": over(recruiting[u], led[u]),
            "licensed_share": over(c["licensed_closing"][u], closing),
            "regular_agents": c["confirmed_closing"][u],
            "regular_agent_growth_rate": over(c["confirmed_closing"][u] - opened, opened),
            "urban_share": over(c["urban"][u], closing),
            "rural_share": over(c["rural"][u], closing),
            "quasi_supervisors": c["rank_quasi_supervisor"][u],
            "quasi_supervisor_change": c["rank_quasi_supervisor"][u]
            - c["opening_quasi_supervisor"][u],
            "promotions": c["promotions"][u],
            "groups_promoted": c["groups_promoted"][u],
            "first_week_share": over(c["early"][u], premium),
            "supervisor_own_premium": over(c["led"][u] / 100, lead_months),
        }
        for rank in RANKS:
            row[f"headcount_{rank}"] = c[f"rank_{rank}"][u]
            row[f"fyc_{rank}"] = c[f"fyc_{rank}"][u] / 100
        for rank in RANKS[3:]:
            row[f"promotions_{rank}"] = c[f"promotions_{rank}"][u]
        if self.depth < len(LEVELS):
            months, mean = self.months(self.groups, u)
            row |= {
                "groups": self.groups(self.last)[u],
                "group_change": self.groups(self.last)[u] - self.groups(self.first - DAY)[u],
                "groups_15_up": self.groups(self.last, 15)[u],
                "groups_10_to_14": self.groups(self.last, 10, 15)[u],
                "groups_under_10": self.groups(self.last, 1, 10)[u],
                "mean_group_headcount": over(heads, mean),
                "group_mean_premium": over(premium / 100, months),
            }
        del row["headcount_quasi_supervisor"], row["fyc_quasi_supervisor"]
        return row

    def busy(self) -> set[str]:
        """List where anything was recorded, or somebody recruited, also after leaving."""
        by_code = {a.code: a for a in self.world.agents}
        happened = [(d.agent, d.on) for d in self.world.days]
        for c in self.world.candidates:
            happened += [(c.recruiter, on) for on in (c.seminar, c.signed) if on]
        happened += [(by_code[a.recruiter], a.joined) for a in self.world.agents if a.recruiter]
        found = {a.place(on, self.depth) for a, on in happened if self.first <= on <= self.last}
        return found | {u for u, n in self.counted["open"].items() if n}

    def places(self) -> set[str]:
        """List where anybody was in force, a cohort matures or anything was written or booked."""
        found = self.matured() | self.busy()
        found |= {u for date in ("submitted", "issued", "cancelled") for u, _ in self.rows(date)}
        day = self.first - DAY
        while day <= self.last:
            found |= set(self.heads(day))
            day += DAY
        return found

    def table(self) -> dict[tuple[str, str], float]:
        """Give every KPI of every place."""
        opening, closing = self.heads(self.first - DAY), self.heads(self.last)
        average, (came, went) = self.average(), self.moved()
        leaders, led = self.heads(self.last, leading=True), self.led()
        writers, large = self.writers(), self.large()
        cases, premium = self.total("submitted", "count"), self.total("submitted", "premium")
        issued, cancelled = self.total("issued", "premium"), self.total("cancelled", "premium")
        standard = self.total("submitted", "standard")
        standard_issued = self.total("issued", "standard")
        fyc = self.total("submitted", "fyc")
        bands = {
            "ten_k": self.band(TEN_K),
            "effective": self.band(EFFECTIVE),
            "tier_high": self.band(HIGH),
            "tier_near_high": self.band(NEAR_HIGH, HIGH),
            "tier_ordinary": self.band(1, NEAR_HIGH),
        }
        out = {}
        for u in self.places():
            active, heads = len(writers[u]), average[u]
            many, big, who, theirs = large.get(u, (0, 0, 0, 0))
            row = {
                "headcount_opening": opening[u],
                "headcount_closing": closing[u],
                "headcount_average": heads,
                "recruits": came[u],
                "leavers": went[u],
                "headcount_net_growth": came[u] - went[u],
                "transfers_net": closing[u] - opening[u] - came[u] + went[u],
                "recruit_rate": over(came[u], opening[u]),
                "attrition_rate": over(went[u], opening[u]),
                "supervisors": leaders[u],
                "supervisors_active": led[u],
                "supervisor_activity_rate": over(led[u], leaders[u]),
                "active_agents": active,
                "activity_rate": over(active, heads),
                "cases": cases[u],
                "cases_per_active": over(cases[u], active),
                "cases_per_head": over(cases[u], heads),
                "average_case_size": over(premium[u] / 100, cases[u]),
                "premium_submitted": premium[u] / 100,
                "premium_issued": issued[u] / 100,
                "premium_cancelled": cancelled[u] / 100,
                "premium_net": (issued[u] - cancelled[u]) / 100,
                "standard_premium_submitted": standard[u] / 100,
                "standard_premium_issued": standard_issued[u] / 100,
                "fyc": fyc[u] / 100,
                "premium_per_head": over(premium[u] / 100, heads),
                "premium_per_active": over(premium[u] / 100, active),
                "tier_high_premium_share": over(bands["tier_high"][1][u], premium[u]),
                "large_policy_count": many,
                "large_policy_premium": big / 100,
                "large_policy_share": over(big, premium[u]),
                "large_writers": who,
                "large_writer_premium_share": over(theirs, premium[u]),
                "cooling_off_share": over(cancelled[u], issued[u]),
            }
            row |= self.more(u, premium[u], heads, leaders[u], closing[u])
            for name, (mean, _) in bands.items():
                row[f"{name}_agents"] = mean[u]
                row[f"{name}_share"] = over(mean[u], heads)
            out |= {(u, code): float(value) for code, value in row.items()}
        return out


def over(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan


# --- the tests


def test_the_random_book_holds_what_it_is_meant_to_try(opened: dict[str, Book]) -> None:
    book = opened["duckdb"]
    assert {f.rule for f in book.findings} == {
        "outside_contract",
        "negative_premium",
        "zero_premium",
        "move_outside",
        "after_as_of",
        "empty_amount",
    }
    assert book.counts["agents"] == 250
    assert book.counts["policies"] == 3000
    assert book.counts["moves"] > 100
    assert {p.premium for p in world().policies} >= {LARGE, LARGE + 1, TEN_K, HIGH, 0}


@pytest.mark.parametrize("by", LEVELS)
def test_every_engine_gives_exactly_the_same_frame(opened: dict[str, Book], by: str) -> None:
    one, two, three = (kpi.measure(opened[e], by=by, period=list(PERIODS)) for e in ENGINES)
    recorded = {code for code, k in kpi.catalogue().items() if k.recorded}
    assert set(one["kpi"]) == set(kpi.catalogue()) - recorded
    assert one["value"].notna().mean() > 0.3
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    pd.testing.assert_frame_equal(one, three, check_exact=True)


def test_engines_agree_on_variants_the_present_organisation_curves_and_rows(
    opened: dict[str, Book],
) -> None:
    issued = {c: "issued" for c, one in kpi.catalogue().items() if "issued" in one.names}
    first = opened["duckdb"]
    for other in (opened["polars"], opened["pandas"]):
        for asked in ({"variants": issued}, {"org_as": "now"}):
            frames = [
                kpi.measure(b, by="department", period=list(PERIODS)[:4], **asked)
                for b in (first, other)
            ]
            pd.testing.assert_frame_equal(*frames, check_exact=True)
        curves = [
            kpi.curve(b, ["active_agents", "premium_submitted"], by="district", period="2012-03")
            for b in (first, other)
        ]
        pd.testing.assert_frame_equal(*curves, check_exact=True)
        for by in ("policy", "agent"):
            rows = [
                kpi.distribution(b, "premium_submitted", by=by, period="2012-03")
                for b in (first, other)
            ]
            assert len(rows[0]) > 50
            pd.testing.assert_frame_equal(*rows, check_exact=True)
        assert kpi.units(other) == kpi.units(first)
        assert other.facts_from == first.facts_from


@pytest.mark.parametrize("by", LEVELS)
def test_every_number_is_that_of_a_plain_loop(opened: dict[str, Book], by: str) -> None:
    got = kpi.measure(opened["duckdb"], by=by, period=list(PERIODS))
    for period, own in got.groupby("period"):
        keys = zip(own["unit"], own["kpi"], strict=True)
        found = dict(zip(keys, own["value"], strict=True))
        expected = Naive(world(), by, *PERIODS[str(period)]).table()
        assert {u for u, _ in found} == {u for u, _ in expected}, period
        wrong = {
            key: (found[key], value)
            for key, value in expected.items()
            if found[key] != pytest.approx(value, rel=1e-11, abs=1e-12, nan_ok=True)
        }
        assert wrong == {}, period
        # The loops know every measure; a KPI made of them later is worked out in test_kpi.
        assert set(expected) <= set(found), period


@pytest.mark.needs("spark")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("by", LEVELS)
def test_spark_gives_the_same_frame(opened: dict[str, Book], by: str) -> None:
    spark = open_book(opened["duckdb"].path, engine_name="spark")
    one, two = (kpi.measure(b, by=by, period=list(PERIODS)) for b in (opened["duckdb"], spark))
    assert len(one) > 100
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_the_file_format_changes_no_number(
    opened: dict[str, Book], suffix: str, tmp_path: Path
) -> None:
    other = open_book(save(world(), tmp_path / "b", suffix))
    frames = [kpi.measure(b, by="group", period="2012Q1") for b in (opened["duckdb"], other)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Known: duckdb, polars, pandas"):
        open_book(books.tiny(tmp_path / "b"), engine_name="oracle")
