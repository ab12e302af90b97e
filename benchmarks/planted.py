"""Invented districts: in one department a known cause lowers the premium of the last two months.

Shares nothing with perfkit: numpy draws, csv out. What is drawn is like district_one: six
departments, three years, its calendar, cases per head, sizes, large policies, noise from month to
month; attendance and visits, which district_one has not, are invented. Every cause loses the same
share of the expected premium; how, is written at each (a stop of recruiting loses some 13 % at
least). Nothing here was changed to suit a diagnosis.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

FIRST, LAST = (2009, 10), (2012, 10)
LATE = 2  # months a cause lasts
DEPARTMENTS = 6
JOIN, LEAVE = 0.055, 0.04  # of a month's force
SUPERVISORS, THEIR_RATE = 0.15, 1.8
CASES = 0.47  # a head and month, of somebody settled
RAMP = (0.35, 0.45, 0.55, 0.7, 0.85)  # of the settled rate in the first months
AGENT, SHARED, OWN = 0.55, 0.22, 0.17  # spread of logarithms: people, months of all, months of one
SIZE, SIZE_SD, SIZE_AGENT = 4500.0, 0.69, 0.4  # yuan
LARGE, LARGE_MEAN = 0.0107, 74_500.0  # share of policies, yuan
OPENING = 0.23  # of a month's cases on its first seven days
PRESENT, PRESENT_SD, PRESENT_UNIT = 0.78, 0.10, 0.03
VISITS, VISITS_SD = 2.2, 0.35
DAILY_MONTHS = 12
DEPENDS = 0.40  # premium that large policies bring where a department lives on them
SURGE = 0.40  # newcomers over the force
STOPPED = 6  # months without a recruit
PRODUCTS = (
    ("WL20", 20, 0.35, 1.0),
    ("EN10", 10, 0.25, 1.0),
    ("AN05", 5, 0.12, 0.8),
    ("AN03", 3, 0.06, 0.6),
)
SHARES = (0.28, 0.44, 0.21, 0.07)


@dataclass
class Force:
    """People by month: who is there, what each is expected to write, and what was planted."""

    rng: np.random.Generator
    months: list[tuple[int, int]]
    unit: np.ndarray
    leads: np.ndarray
    joined: np.ndarray  # month number, below 0 before the first
    left: np.ndarray  # month number at the start of which somebody is gone
    skill: np.ndarray
    taste: np.ndarray
    present: np.ndarray
    effort: np.ndarray
    hit: int = 0
    attend: float = 1.0
    opening_kept: float = 1.0
    size: float = 1.0
    large: np.ndarray = field(default_factory=lambda: np.zeros(0))
    large_kept: float = 1.0
    scale: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def late(self) -> slice:
        """The months of the cause."""
        return slice(len(self.months) - LATE, None)

    def rates(self) -> np.ndarray:
        """Cases expected of each head in each month."""
        t = np.arange(len(self.months))
        age = t[None, :] - self.joined[:, None]
        there = (age >= 0) & (t[None, :] < self.left[:, None])
        ramp = np.array([*RAMP, 1.0])[np.clip(age, 0, len(RAMP))]
        ramp[self.leads] = 1.0
        level = CASES * self.skill * np.where(self.leads, THEIR_RATE, 1.0)
        return there * ramp * level[:, None] * self.scale


def _months() -> list[tuple[int, int]]:
    return [(y, m) for y in range(FIRST[0], LAST[0] + 1) for m in range(1, 13)
            if FIRST <= (y, m) <= LAST]  # fmt: skip


def _spread(rng: np.random.Generator, sd: float, shape: object) -> np.ndarray:
    return np.exp(rng.normal(-sd * sd / 2, sd, shape))


def _people(rng: np.random.Generator, heads: int, count: int) -> tuple[np.ndarray, ...]:
    unit, leads, joined, left = [], [], [], []
    for u in range(DEPARTMENTS):
        here = round(heads * rng.uniform(0.8, 1.2) * 0.85)
        start = [(-int(rng.integers(1, 30)), rng.random() < SUPERVISORS) for _ in range(here)]
        force = [[j, s] for j, s in start]
        for t in range(count):
            stay = []
            for j, s in force:
                risk = LEAVE * (0.3 if s else 1.6 if t - j < 8 else 0.9)
                if rng.random() < risk and t:
                    unit.append(u), leads.append(s), joined.append(j), left.append(t)
                else:
                    stay.append([j, s])
            want = heads / max(len(stay), 1)
            new = rng.poisson(JOIN * heads * min(want, 1.3))
            lead = max(0, round(SUPERVISORS * len(stay)) - sum(s for _, s in stay))
            for one in stay:  # somebody settled is promoted before the first month instead of later
                if lead and not one[1] and t - one[0] > 12 and t < count - 14:
                    one[1], lead = True, lead - 1
            force = stay + [[t, False] for _ in range(new)]
        for j, s in force:
            unit.append(u), leads.append(s), joined.append(j), left.append(count + 9)
    return np.array(unit), np.array(leads), np.array(joined), np.array(left)


def _force(seed: int, heads: int) -> Force:
    rng = np.random.default_rng([2012, seed])
    months = _months()
    unit, leads, joined, left = _people(rng, heads, len(months))
    size = len(unit)
    shared = _spread(rng, SHARED, len(months))
    own = _spread(rng, OWN, (DEPARTMENTS, len(months)))
    force = Force(
        rng, months, unit, leads, joined, left,
        skill=_spread(rng, AGENT, size), taste=_spread(rng, SIZE_AGENT, size),
        present=np.clip(rng.normal(PRESENT, PRESENT_SD, size), 0.3, 0.98),
        effort=_spread(rng, VISITS_SD, size),
    )  # fmt: skip
    force.hit = int(rng.integers(DEPARTMENTS))
    force.scale = (shared * own)[unit]
    force.large = np.full(size, LARGE)
    return force


def _thin(force: Force, who: np.ndarray, share: float) -> float:
    """Take `share` of the department's late cases from some people; give what is left over."""
    rates, mine = force.rates()[:, force.late], force.unit == force.hit
    theirs = rates[who & mine].sum() / rates[mine].sum()
    cut = min(share / theirs, 1.0) if theirs else 0.0
    late = np.zeros(force.scale.shape, bool)
    late[:, force.late] = True
    force.scale[late & (who & mine)[:, None]] *= 1 - cut
    return (share - cut * theirs) / (1 - cut * theirs)


def low_attendance(force: Force, loss: float) -> None:
    """Everybody comes less often, and sells in proportion to the days they come."""
    force.attend = 1 - loss


def late_first_week(force: Force, loss: float) -> None:
    """Lose what the first week would have brought; where that is not enough, later days too."""
    cut = min(loss / OPENING, 1.0)
    force.opening_kept = 1 - cut
    rest = (loss - cut * OPENING) / (1 - cut * OPENING)
    _thin(force, np.ones(len(force.unit), bool), rest)


def idle_supervisors(force: Force, loss: float) -> None:
    """Those who lead stop selling; where that is not enough, their people sell less."""
    rest = _thin(force, force.leads, loss)
    _thin(force, ~force.leads, rest)


def newcomer_surge(force: Force, loss: float) -> None:
    """Many join within three months; who was there before coaches them and sells less."""
    count, mine = len(force.months), force.unit == force.hit
    before = force.rates()[mine][:, force.late].sum()
    there = mine & (force.left >= count)
    new = round(SURGE * there.sum())
    rng = force.rng
    joined = rng.integers(count - 3, count - 1, new)
    _append(force, new, joined)
    grown = (force.unit == force.hit) & (np.arange(len(force.unit)) >= len(mine))
    rates = force.rates()[:, force.late]
    want = before * (1 - loss) - rates[grown].sum()
    veterans = (force.unit == force.hit) & ~grown
    keep = max(want, 0.0) / rates[veterans].sum()
    _thin(force, veterans, (1 - keep) * rates[veterans].sum() / rates[veterans | grown].sum())


def _append(force: Force, new: int, joined: np.ndarray) -> None:
    rng, size = force.rng, len(force.unit)

    def add(old: np.ndarray, more: object) -> np.ndarray:
        return np.concatenate([old, more])  # type: ignore[list-item]

    row = force.scale[force.unit == force.hit][:1]
    force.unit = add(force.unit, np.full(new, force.hit))
    force.leads = add(force.leads, np.zeros(new, bool))
    force.joined, force.left = add(force.joined, joined), add(force.left, np.full(new, 999))
    force.skill = add(force.skill, _spread(rng, AGENT, new))
    force.taste = add(force.taste, _spread(rng, SIZE_AGENT, new))
    force.present = add(force.present, np.clip(rng.normal(PRESENT, PRESENT_SD, new), 0.3, 0.98))
    force.effort = add(force.effort, _spread(rng, VISITS_SD, new))
    force.large = add(force.large, np.full(new, force.large[:size].mean()))
    force.scale = add(force.scale, np.repeat(row, new, axis=0))


def small_cases(force: Force, loss: float) -> None:
    """Every policy is smaller by the same share."""
    force.size = 1 - loss


def large_policy_dependence(force: Force, loss: float) -> None:
    """Large policies always brought much of the premium; now a part of them does not come."""
    mine = force.unit == force.hit
    ordinary = SIZE * np.exp(SIZE_SD**2 / 2)
    odds = DEPENDS / (1 - DEPENDS) * ordinary / LARGE_MEAN
    force.large[mine] = odds / (1 + odds)
    force.large_kept = 1 - loss / DEPENDS


def leavers_wave(force: Force, loss: float) -> None:
    """People leave at the start of the two months, drawn by lot, until the loss is reached."""
    mine = np.flatnonzero((force.unit == force.hit) & (force.left >= len(force.months)))
    rates = force.rates()[:, force.late].sum(axis=1)
    whole, gone = rates[force.unit == force.hit].sum(), 0.0
    for one in force.rng.permutation(mine):
        if force.leads[one] or gone + rates[one] / 2 > loss * whole:
            continue
        gone += rates[one]
        force.left[one] = len(force.months) - LATE


def recruiting_stop(force: Force, loss: float) -> None:
    """Let nobody join for half a year; what the missing would not lose, everybody sells less."""
    mine, count = force.unit == force.hit, len(force.months)
    rates = force.rates()[:, force.late].sum(axis=1)
    never = mine & (force.joined >= count - STOPPED)
    missing = rates[never].sum() / rates[mine].sum()
    force.left[never] = -99
    _thin(force, np.ones(len(force.unit), bool), max(loss - missing, 0.0) / (1 - missing))


CAUSES: dict[str, Callable[[Force, float], None]] = {
    one.__name__: one
    for one in (low_attendance, late_first_week, idle_supervisors, newcomer_surge, small_cases,
                large_policy_dependence, leavers_wave, recruiting_stop)
}  # fmt: skip


def _days(month: tuple[int, int]) -> list[dt.date]:
    return [dt.date(*month, d + 1) for d in range(calendar.monthrange(*month)[1])]


def _weights(days: list[dt.date]) -> np.ndarray:
    """Spread a month's cases over its days: the first week's share, then rising, few on Sundays."""
    w = np.array([0.35 if d.weekday() == 6 else 1.0 for d in days])
    w *= np.array([1.0 if d.day <= 7 else 0.5 + d.day / 31 for d in days])
    early = np.array([d.day <= 7 for d in days])
    w[early] *= OPENING / w[early].sum()
    w[~early] *= (1 - OPENING) / w[~early].sum()
    return w


def _policies(force: Force, came: np.ndarray) -> pd.DataFrame:
    rng, rates = force.rng, force.rates() * came
    parts = []
    for t, month in enumerate(force.months):
        late = t >= len(force.months) - LATE
        count = rng.poisson(rates[:, t])
        who = np.repeat(np.arange(len(count)), count)
        days = _days(month)
        day = rng.choice(len(days), len(who), p=_weights(days))
        hit = late & (force.unit[who] == force.hit)
        large = rng.random(len(who)) < force.large[who]
        plain = SIZE * force.taste[who] * np.exp(rng.normal(0, SIZE_SD, len(who)))
        big = np.maximum(LARGE_MEAN * _spread(rng, 0.3, len(who)), 51_000)
        premium = np.where(large, big, np.clip(plain, 500, 45_000)) * np.where(hit, force.size, 1.0)
        kept = np.where(hit & (day < 7), force.opening_kept, 1.0)
        kept = kept * np.where(hit & large, force.large_kept, 1.0)
        stays = rng.random(len(who)) < kept
        kind = rng.choice(len(PRODUCTS), len(who), p=SHARES)
        part = pd.DataFrame(
            {"who": who, "on": [days[d] for d in day], "premium": premium, "kind": kind}
        )
        parts.append(part[stays])
    out = pd.concat(parts, ignore_index=True)
    out["premium"] = (out["premium"] / 100).round() * 100
    return out


def _daily(force: Force) -> tuple[pd.DataFrame, np.ndarray]:
    """Who came on which working day of the last year, and everybody's days over the expected."""
    rng, count = force.rng, len(force.months)
    came, parts = np.ones((len(force.unit), count)), []
    for t in range(count - DAILY_MONTHS, count):
        days = [d for d in _days(force.months[t]) if d.weekday() < 6]
        here = np.flatnonzero((force.joined <= t) & (t < force.left))
        sway = rng.normal(0, PRESENT_UNIT, DEPARTMENTS)[force.unit[here]]
        hit = (t >= count - LATE) & (force.unit[here] == force.hit)
        usual = np.clip(force.present[here] + sway, 0.2, 0.99)
        chance = usual * np.where(hit, force.attend, 1.0)
        there = rng.random((len(here), len(days))) < chance[:, None]
        came[here, t] = there.mean(axis=1) / force.present[here]
        visits = rng.poisson(VISITS * force.effort[here][:, None], there.shape) * there
        prospects = rng.poisson(18 * force.effort[here][:, None], there.shape)
        parts.append(pd.DataFrame({
            "agent_id": np.repeat(here, len(days)), "date": np.tile(days, len(here)),
            "attended": there.ravel().astype(int), "visits": visits.ravel(),
            "prospects": prospects.ravel(),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True), came


SETTINGS = """name = "planted"
root = "district"
as_of = 2012-10-31
currency = "CNY"
[title]
en = "Planted"
zh = "Planted"
[ranks]
agent = false
supervisor = true
[thresholds]
large_policy = 50000
ten_k = 10000
effective = 5000
tier_high = 13000
tier_near_high = 6600
"""


def _day_of(rng: np.random.Generator, t: int) -> dt.date:
    month = FIRST[0] * 12 + FIRST[1] - 1 + t
    year, number = divmod(month, 12)
    return dt.date(year, number + 1, int(rng.integers(1, 28)))


def write(folder: Path, *, seed: int, cause: str | None, loss: float = 0.2, heads: int = 29) -> str:
    """Write one book and say which department was hit (drawn, even where nothing is planted)."""
    force = _force(seed, heads)
    if cause:
        CAUSES[cause](force, loss)
    daily, came = _daily(force)
    sold = _policies(force, came)
    ever = force.left > force.joined
    names = np.array([f"A{i:05d}" for i in range(len(force.unit))])
    count = len(force.months)
    agents = pd.DataFrame({
        "agent_id": names, "district": "D1", "department": [f"{u + 1:02d}" for u in force.unit],
        "rank": np.where(force.leads, "supervisor", "agent"),
        "joined_on": [dt.date(*_month(j), 1) for j in force.joined],
        "left_on": [
            dt.date(*_month(end), 1) if end < count else None
            for end in np.clip(force.left, -60, 99)
        ],
    })[ever]  # fmt: skip
    kinds = [PRODUCTS[k] for k in sold["kind"]]
    policies = pd.DataFrame({
        "policy_id": [f"P{i:06d}" for i in range(len(sold))], "agent_id": names[sold["who"]],
        "product": [k[0] for k in kinds], "pay_years": [k[1] for k in kinds],
        "submitted_on": sold["on"], "issued_on": sold["on"], "premium": sold["premium"],
        "standard_premium": [p * k[3] for p, k in zip(sold["premium"], kinds, strict=True)],
        "fyc": [p * k[2] for p, k in zip(sold["premium"], kinds, strict=True)],
    })  # fmt: skip
    daily["agent_id"] = names[daily["agent_id"]]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.toml").write_text(SETTINGS, encoding="utf-8")
    for name, frame in (("agents", agents), ("policies", policies), ("daily", daily)):
        frame.to_csv(folder / f"{name}.csv", index=False)
    return f"D1/{force.hit + 1:02d}"


def _month(t: int) -> tuple[int, int]:
    year, number = divmod(FIRST[0] * 12 + FIRST[1] - 1 + int(t), 12)
    return year, number + 1
