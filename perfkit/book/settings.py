"""What book.toml says: the root level, the extract's day, ranks, rules, thresholds, words."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit import org
from perfkit.book import source
from perfkit.book.standards import Standard, read_standards
from perfkit.errors import PerfkitError

__all__ = ["ALARMS", "Settings", "read_alarms", "read_settings"]

RULES = {
    "calendar": ("month",),
    "active": ("cases>=1", "premium>0"),
    "stage": ("submitted", "issued"),
}
ALARMS = {
    "yellow": 0.95,
    "red": 0.998,
    "false_discovery": 0.05,
    "landing_yellow": 0.2,
    "landing_red": 0.05,
    "min_points": 8,
    "firm_points": 16,
}
SECTIONS = (
    *("name", "root", "as_of", "currency"),
    *("title", "ranks", "rules", "thresholds", "variants", "units", "roster_from", "roles"),
    *("first_week_day", "tables", "database", "alarms", "standards"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A book's own settings.

    Attributes
    ----------
    name, root, as_of : str, str, date
        The book's name, the highest level of its unit ids, and the day of the extract.
    title : mapping
        Its name by language.
    ranks : mapping of str to bool
        Every rank code, and whether it leads people.
    rules : mapping of str to str
        calendar (month), active (cases>=1, premium>0), stage (submitted, issued).
    thresholds : mapping of str to float
        Amounts that definitions name. [yuan]
    variants : mapping of str to str
        The variant of a KPI that this book uses by default.
    units : mapping
        Words for unit ids, by language.
    roster_from : date or None
        The first day from which the agents table holds everybody who joined, those who left
        included; None for the first day of the facts. Earlier joiners are in no cohort.
    roles : mapping of str to tuple of str
        The ranks of a role that definitions name, such as quasi_supervisor; a role not listed is
        the rank of that code. Ranks stand from low to high.
    first_week_day : int
        The day of the month of the first checkpoint. [day of the month]
    tables, database : mapping
        How their files and their database become the tables of the contract (``book.mapping``).
    alarms : mapping of str to float
        yellow, red: how much of chance lies within the limits; false_discovery: the share of
        false ones among the red ones; landing_yellow, landing_red: the chance to reach a target
        below which it is in danger [rate]; min_points, firm_points: how many earlier periods
        limits need, and from how many on they are no longer provisional. [periods]
    standards : tuple of Standard
        Assessment standards of units, with the days they hold.
    """

    name: str
    root: str
    as_of: dt.date
    title: Mapping[str, str]
    ranks: Mapping[str, bool]
    rules: Mapping[str, str]
    thresholds: Mapping[str, float]
    variants: Mapping[str, str]
    units: Mapping[str, Mapping[str, str]]
    roster_from: dt.date | None = None
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first_week_day: int = 7
    tables: Mapping[str, Any] = field(default_factory=dict)
    database: Mapping[str, Any] = field(default_factory=dict)
    alarms: Mapping[str, float] = field(default_factory=lambda: dict(ALARMS))
    standards: tuple[Standard, ...] = ()

    def ranks_of(self, role: str) -> tuple[str, ...]:
        """List the ranks of a role: ``"leading"``, one of [roles], or a rank; none if unknown."""
        if role == "leading":
            return tuple(self.leading_ranks)
        return self.roles.get(role, (role,) if role in self.ranks else ())

    @property
    def leading_ranks(self) -> list[str]:
        """The ranks that lead people: supervisors in the wide sense."""
        return [rank for rank, leads in self.ranks.items() if leads]


def _must(read: Mapping[str, Any], name: str, path: Path) -> Any:
    if name not in read:
        raise PerfkitError("missing_setting", path=path, name=name)
    return read[name]


def _refuse(path: Path, name: str, value: object, allowed: str) -> PerfkitError:
    return PerfkitError("bad_setting", path=path, name=name, value=value, allowed=allowed)


def _section(read: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    found = read.get(name, {})
    if not isinstance(found, Mapping):
        raise _refuse(path, name, found, f"[{name}]")
    return found


def _texts(read: Mapping[str, Any], name: str, path: Path) -> Mapping[str, str]:
    found = _section(read, name, path)
    for key, value in found.items():
        if not isinstance(value, str):
            raise _refuse(path, f"{name}.{key}", value, '"…"')
    return found


def _rules(read: Mapping[str, Any], path: Path) -> dict[str, str]:
    out = {name: allowed[0] for name, allowed in RULES.items()}
    for name, value in read.items():
        if name not in RULES:
            raise _refuse(path, f"rules.{name}", value, ", ".join(RULES))
        if value not in RULES[name]:
            raise _refuse(path, f"rules.{name}", value, ", ".join(RULES[name]))
        out[name] = str(value)
    if out["active"] == "premium>0" and out["stage"] == "issued":
        raise _refuse(path, "rules.active", out["active"], "cases>=1 (with stage = issued)")
    return out


def _only_known(read: Mapping[str, Any], path: Path) -> None:
    """Refuse what nothing reads: a misspelt section would be a setting without effect."""
    for name, value in read.items():
        if name not in SECTIONS:
            raise _refuse(path, name, value, ", ".join(SECTIONS))


def _thresholds(read: Mapping[str, Any], path: Path) -> dict[str, float]:
    for name, value in read.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < math.inf:
            raise _refuse(path, f"thresholds.{name}", value, "> 0")
    return {name: float(value) for name, value in read.items()}


def _roles(read: Mapping[str, Any], ranks: Mapping[str, Any], path: Path) -> dict[str, Any]:
    for role, named in read.items():
        if not isinstance(named, list) or not all(rank in ranks for rank in named):
            raise _refuse(path, f"roles.{role}", named, ", ".join(ranks))
    return {role: tuple(named) for role, named in read.items()}


def read_alarms(read: Mapping[str, Any], path: Path) -> dict[str, float]:
    """Lay alarm settings over the usual ones; yellow comes before red.

    Parameters
    ----------
    read : mapping
        What ``[alarms]`` of book.toml says, or is to say.
    path : Path
        Where, for messages.

    Raises
    ------
    PerfkitError
        A setting is unknown, no number, or out of its range.

    Examples
    --------
    >>> read_alarms({"yellow": 0.9}, Path("book.toml"))["yellow"]
    0.9
    """
    for name, value in read.items():
        if name not in ALARMS:
            raise _refuse(path, f"alarms.{name}", value, ", ".join(ALARMS))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name.endswith("_points"):
            if not number or int(value) != value or value < 2:
                raise _refuse(path, f"alarms.{name}", value, "2, 3 …")
        elif not number or not 0 < value < 1:
            raise _refuse(path, f"alarms.{name}", value, "0 < … < 1")
    out = {**ALARMS, **{name: float(value) for name, value in read.items()}}
    for first, second in (("yellow", "red"), ("landing_red", "landing_yellow")):
        if not out[first] < out[second]:
            raise _refuse(path, f"alarms.{first}", out[first], f"< alarms.{second}")
    return out


def _first_week_day(read: Mapping[str, Any], path: Path) -> int:
    day = read.get("first_week_day", 7)
    if isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= 28:
        raise _refuse(path, "first_week_day", day, "1 … 28")
    return day


def read_settings(folder: Path) -> Settings:
    """Read and check book.toml.

    Parameters
    ----------
    folder : Path
        The book's folder.

    Returns
    -------
    Settings

    Raises
    ------
    PerfkitError
        A setting is missing, of the wrong type, or not among the allowed ones.
    UnknownName
        The root is no level.
    """
    read = source.read_settings(folder)
    path = folder / "book.toml"
    _only_known(read, path)
    root = str(_must(read, "root", path))
    org.levels_from(root)
    as_of = _must(read, "as_of", path)
    for name in ("as_of", "roster_from"):
        day = read.get(name, as_of)
        if isinstance(day, dt.datetime) or not isinstance(day, dt.date):
            raise _refuse(path, name, day, "2012-10-31")
    ranks = _section(read, "ranks", path)
    for rank, leads in ranks.items():
        if not isinstance(leads, bool):
            raise _refuse(path, f"ranks.{rank}", leads, "true, false")
    units = _section(read, "units", path)
    return Settings(
        name=str(_must(read, "name", path)),
        root=root,
        as_of=as_of,
        title=_texts(read, "title", path),
        ranks=ranks,
        rules=_rules(_section(read, "rules", path), path),
        thresholds=_thresholds(_section(read, "thresholds", path), path),
        variants=_texts(read, "variants", path),
        units={unit: _texts(units, unit, path) for unit in units},
        roster_from=read.get("roster_from"),
        roles=_roles(_section(read, "roles", path), ranks, path),
        first_week_day=_first_week_day(read, path),
        tables=_section(read, "tables", path),
        database=_section(read, "database", path),
        alarms=read_alarms(_section(read, "alarms", path), path),
        standards=read_standards(read.get("standards", ()), path, root),
    )
