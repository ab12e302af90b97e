"""The office's rules: which events come when, and which months belong to which season."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit.book import schema
from perfkit.errors import PerfkitError, UnknownName

__all__ = ["WEEKDAYS", "Rule", "Rules", "Season", "Small", "read_rules"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FORMS = ("", "one_in_one_out", "two_in_two_out", "three_in_three_out")
MOST_OF_MONTH = 23
NEAR_NODE = 5  # working days


@dataclass(frozen=True, slots=True)
class Rule:
    """One event that comes again: its type, words, whom it takes, and when."""

    code: str
    type: str
    names: Mapping[str, str]
    who: str
    when: Mapping[str, Any]
    months: tuple[int, ...]
    holiday: str
    form: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class Season:
    """A big rhythm: its words and its months of the year."""

    code: str
    names: Mapping[str, str]
    months: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Small:
    """A small rhythm: working days of every month, counted from 1, or from -1 backward."""

    code: str
    names: Mapping[str, str]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of an office."""

    week_starts: int
    events: tuple[Rule, ...]
    seasons: tuple[Season, ...]
    small: tuple[Small, ...]


def _refuse(path: Path, name: str, value: object, allowed: str) -> PerfkitError:
    return PerfkitError("bad_rule", path=path.name, name=name, value=value, allowed=allowed)


def _names(body: Mapping[str, Any], path: Path, name: str) -> Mapping[str, str]:
    for lang in ("en", "zh"):
        if not isinstance(body.get(lang), str):
            raise _refuse(path, f"{name}.{lang}", body.get(lang), '"…"')
    return {lang: str(body[lang]) for lang in ("en", "zh")}


def _whole(body: Mapping[str, Any], key: str, allowed: range, path: Path, name: str) -> list[int]:
    """Read a list of whole numbers; zero is never one."""
    found = body.get(key, [])
    good = isinstance(found, list) and all(type(n) is int and n in allowed and n for n in found)
    if not good:
        said = f"[{allowed.start} … {allowed.stop - 1}]"
        raise _refuse(path, f"{name}.{key}", found, said)
    return list(found)


def _check_when(when: Any, codes: Mapping[str, Any], path: Path, name: str) -> Mapping[str, Any]:
    where, days = f"{name}.when", range(-MOST_OF_MONTH, MOST_OF_MONTH + 1)
    if not isinstance(when, dict):
        raise _refuse(path, where, when, "{ weekday | working_day | after | node }")
    if when.get("weekday") in WEEKDAYS and set(when) <= {"weekday", "nth"}:
        _whole(when, "nth", range(1, 6), path, where)
    elif set(when) == {"working_day"}:
        _whole(when, "working_day", days, path, where)
    elif set(when) == {"node"} and _is_around(when["node"]):
        pass
    elif set(when) == {"after", "days"} and _can_follow(codes.get(when["after"], {}).get("when")):
        _whole(when, "days", range(1, 32), path, where)
    else:
        said = f"weekday ({', '.join(WEEKDAYS)}) | working_day | after | node"
        raise _refuse(path, where, when, said)
    return when


def _can_follow(when: Any) -> bool:
    """Tell an event that others may follow: one with days of its own in the month."""
    return isinstance(when, dict) and not {"after", "node"} & set(when)


def _is_around(days: Any) -> bool:
    """Tell a list of working days around a node: 0 is the node's own day, 1 the next one."""
    return (
        isinstance(days, list)
        and bool(days)
        and all(type(n) is int and abs(n) <= NEAR_NODE for n in days)
    )


def _rule(code: str, codes: Mapping[str, Any], path: Path) -> Rule:
    body, name = codes[code], f"events.{code}"
    types = schema.table("calendar").columns["type"].allowed
    if body.get("type") not in types:
        raise UnknownName(kind="event_type", name=body.get("type"), allowed=types)
    for key, allowed in (("holiday", ("move", "skip")), ("form", FORMS)):
        if body.get(key, allowed[0]) not in allowed:
            raise _refuse(path, f"{name}.{key}", body[key], ", ".join(allowed))
    return Rule(
        code=code,
        type=str(body["type"]),
        names=_names(body, path, name),
        who=str(body.get("who", "")),
        when=_check_when(body.get("when"), codes, path, name),
        months=tuple(_whole(body, "months", range(1, 13), path, name)),
        holiday=str(body.get("holiday", "move")),
        form=str(body.get("form", "")),
        starts_at=str(body.get("starts_at", "")),
        ends_at=str(body.get("ends_at", "")),
    )


def _small(code: str, body: Mapping[str, Any], path: Path) -> Small:
    name = f"small.{code}"
    days = _whole(body, "working_days", range(-MOST_OF_MONTH, MOST_OF_MONTH + 1), path, name)
    if len(days) != 2 or days[0] > days[1] or (days[0] > 0) != (days[1] > 0):
        raise _refuse(path, f"{name}.working_days", days, "[1, 5], [-3, -1]")
    return Small(code, _names(body, path, name), days[0], days[1])


@functools.cache
def read_rules(folder: Path | None = None) -> Rules:
    """Read the office's rules.

    Parameters
    ----------
    folder : Path, optional
        A book's folder, which may hold a rhythm.toml; perfkit's own rules otherwise.

    Returns
    -------
    Rules

    Raises
    ------
    PerfkitError
        The file is no TOML, or a rule does not fit; it is named.
    UnknownName
        An event has a type that calendars do not know.

    Examples
    --------
    >>> [season.code for season in read_rules().seasons][:2]
    ['opening', 'april_may']
    """
    own = folder / "rhythm.toml" if folder else None
    path = own if own and own.is_file() else Path(__file__).with_name("rules.toml")
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PerfkitError("unreadable", path=path, why=error) from error
    starts = read.get("week_starts", WEEKDAYS[-1])
    if starts not in WEEKDAYS:
        raise _refuse(path, "week_starts", starts, ", ".join(WEEKDAYS))
    events, seasons, small = (read.get(key, {}) for key in ("events", "seasons", "small"))
    return Rules(
        week_starts=WEEKDAYS.index(starts),
        events=tuple(_rule(code, events, path) for code in events),
        seasons=tuple(
            Season(
                code,
                _names(body, path, f"seasons.{code}"),
                tuple(_whole(body, "months", range(1, 13), path, f"seasons.{code}")),
            )
            for code, body in seasons.items()
        ),
        small=tuple(_small(code, body, path) for code, body in small.items()),
    )
