"""Charts kept as data: what every chart must keep to, and the refusal that names the place."""

from __future__ import annotations

import graphlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from perfkit.errors import PerfkitError, nearest

__all__ = ["acyclic", "known", "one_of", "required", "unique"]


def required(body: Mapping[str, Any], fields: Sequence[str], place: str) -> None:
    """Refuse an entry that lacks a field.

    Raises
    ------
    PerfkitError
        With the place and the field.

    Examples
    --------
    >>> required({"id": "1"}, ["id"], "node 1")
    """
    for field in fields:
        if body.get(field) in (None, "", []):
            raise PerfkitError("chart.lacks", place=place, field=field)


def unique(ids: Iterable[str], place: str) -> None:
    """Refuse ids that come twice.

    Raises
    ------
    PerfkitError
        With the ids.

    Examples
    --------
    >>> unique(["a", "b"], "chart")
    """
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise PerfkitError("chart.twice", place=place, names=", ".join(twice))


def known(name: str, allowed: Iterable[str], place: str, field: str) -> str:
    """Pass a name on that exists.

    Raises
    ------
    PerfkitError
        With the place and the nearest name.

    Examples
    --------
    >>> known("a", ["a", "b"], "node b", "under")
    'a'
    """
    names = list(allowed)
    if name not in names:
        near = nearest(str(name), names) or "–"
        raise PerfkitError("chart.dangling", place=place, field=field, name=name, near=near)
    return name


def one_of(value: object, allowed: Sequence[str], place: str, field: str) -> None:
    """Refuse a value that is none of those allowed.

    Raises
    ------
    PerfkitError
        With the place and those allowed.

    Examples
    --------
    >>> one_of("low", ["low", "high"], "evidence.visits", "side")
    """
    if value not in allowed:
        facts = {"place": place, "field": field, "value": value, "allowed": ", ".join(allowed)}
        raise PerfkitError("chart.one_of", **facts)


def acyclic(above: Mapping[str, Iterable[str]], place: str) -> list[str]:
    """Order nodes so that each comes after those it hangs on.

    Parameters
    ----------
    above : mapping
        Node → those it hangs on.
    place : str
        Which chart.

    Raises
    ------
    PerfkitError
        Some lead back to themselves; they are named.

    Examples
    --------
    >>> acyclic({"b": ["a"], "a": []}, "chart")
    ['a', 'b']
    """
    try:
        return list(graphlib.TopologicalSorter(above).static_order())
    except graphlib.CycleError as error:
        names = " → ".join(reversed(error.args[1]))
        raise PerfkitError("chart.cycle", place=place, names=names) from error
