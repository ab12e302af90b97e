"""Assessment standards of the Basic Law, as book.toml lists them with the days they hold."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfkit import org
from perfkit.errors import PerfkitError

__all__ = ["Standard", "read_standards"]

KINDS = ("maintain", "promote")
WINDOWS = (1, 3, 6, 12)
_KEYS = {"name", "level", "kind", "months", "from", "until", "at_least"}


@dataclass(frozen=True, slots=True)
class Standard:
    """What units of a level must reach in a window of months.

    Attributes
    ----------
    name : str
        What it is called.
    level : str
        Of which units: district, department or group.
    kind : str
        maintain (or lose the rank) or promote (to reach the next).
    months : int
        How long a window is; windows tile the calendar year. [months]
    since, until : date, date or None
        The first day it holds, and the first day it no longer does.
    at_least : mapping of str to float
        KPI → what the window must reach. [the KPI's unit]
    """

    name: str
    level: str
    kind: str
    months: int
    since: dt.date
    until: dt.date | None
    at_least: Mapping[str, float]

    def holds(self, day: dt.date) -> bool:
        """Say whether it holds on a day."""
        return self.since <= day and (self.until is None or day < self.until)


def _refuse(path: Path, name: str, value: object, allowed: str) -> PerfkitError:
    return PerfkitError("bad_setting", path=path, name=name, value=value, allowed=allowed)


def _is_day(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 < float(value) < math.inf  # type: ignore[arg-type]


def _standard(body: Any, place: str, path: Path, root: str) -> Standard:
    if not isinstance(body, Mapping):
        raise _refuse(path, place, body, "[[standards]]")
    for name in sorted(_KEYS - {"until"} - set(body)):
        raise PerfkitError("missing_setting", path=path, name=f"{place}.{name}")
    levels = [level for level in org.levels_from(root) if level != "agent"]
    wanted = {
        "level": (body["level"] in levels, ", ".join(levels)),
        "kind": (body["kind"] in KINDS, ", ".join(KINDS)),
        "months": (body["months"] in WINDOWS, ", ".join(map(str, WINDOWS))),
        "from": (_is_day(body["from"]), "2012-01-01"),
        "until": (_is_day(body.get("until", body["from"])), "2013-01-01"),
        "at_least": (isinstance(body["at_least"], Mapping) and bool(body["at_least"]), "{ … }"),
    }
    for name, (fits, allowed) in wanted.items():
        if not fits:
            raise _refuse(path, f"{place}.{name}", body[name], allowed)
    for name in body:
        if name not in _KEYS:
            raise _refuse(path, f"{place}.{name}", body[name], ", ".join(sorted(_KEYS)))
    for code, value in body["at_least"].items():
        if not _is_number(value):
            raise _refuse(path, f"{place}.at_least.{code}", value, "> 0")
    until = body.get("until")
    if until is not None and until <= body["from"]:
        raise _refuse(path, f"{place}.until", until, f"> {body['from']}")
    amounts = {code: float(value) for code, value in body["at_least"].items()}
    return Standard(str(body["name"]), body["level"], body["kind"], int(body["months"]),
                    body["from"], until, amounts)  # fmt: skip


def read_standards(read: object, path: Path, root: str) -> tuple[Standard, ...]:
    """Read and check the list ``[[standards]]``; two of one name never hold on the same day.

    Parameters
    ----------
    read : object
        What book.toml says.
    path : Path
        Where, for messages.
    root : str
        The book's highest level.

    Raises
    ------
    PerfkitError
        A setting is missing, of the wrong type, not among the allowed ones, or overlaps.

    Examples
    --------
    >>> one = {"name": "group", "level": "group", "kind": "maintain", "months": 3}
    >>> one |= {"from": dt.date(2012, 1, 1), "at_least": {"fyc": 9_000}}
    >>> read_standards([one], Path("book.toml"), "district")[0].at_least["fyc"]
    9000.0
    """
    if not isinstance(read, Sequence) or isinstance(read, str):
        raise _refuse(path, "standards", read, "[[standards]]")
    out = [_standard(body, f"standards[{i}]", path, root) for i, body in enumerate(read)]
    for i, one in enumerate(out):
        for other in out[:i]:
            apart = (other.until is not None and other.until <= one.since) or (
                one.until is not None and one.until <= other.since
            )
            if one.name == other.name and not apart:
                raise _refuse(path, f"standards[{i}].from", one.since, f">= {other.until}")
    return tuple(out)
