"""Which KPIs each level answers for, from the company down to the person: a data file, checked."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from perfkit import kpi
from perfkit.errors import UnknownName
from perfkit.target.entry import once

__all__ = ["Duty", "duties", "levels", "post_of"]

BASES = ("stated", "proposal")
CYCLES = ("annual", "quarterly", "monthly", "weekly", "gap")


@dataclass(frozen=True, slots=True)
class Duty:
    """A KPI that a level answers for: stated in the source or our proposal, and where."""

    kpi: str
    basis: str
    cycle: str
    source: str


def _duty(level: str, read: Mapping[str, Any]) -> Duty:
    for name, allowed in (("basis", BASES), ("cycle", CYCLES)):
        if read[name] not in allowed:
            raise UnknownName(kind="setting", name=f"{level}: {read[name]}", allowed=allowed)
    return Duty(kpi.kpi(read["kpi"]).code, read["basis"], read["cycle"], read["source"])


@functools.cache
def _read() -> Mapping[str, Mapping[str, Any]]:
    text = Path(__file__).with_name("cascade.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@functools.cache
def levels() -> Mapping[str, tuple[Duty, ...]]:
    """Give what every level answers for, from the company down.

    Returns
    -------
    mapping of str to tuple of Duty
        company, unit, department, group, and the posts: department_manager, supervisor, agent,
        trainee.

    Raises
    ------
    UnknownName
        The data file names a KPI, basis or cycle that there is not.

    Notes
    -----
    Source: district deck 2012, sections 15 to 19 and 33; branch plan 2005, slides 16 to 18.

    Examples
    --------
    >>> levels()["trainee"][0].kpi, levels()["trainee"][0].basis
    ('attendance_rate', 'proposal')
    """
    found = {name: tuple(_duty(name, one) for one in own["kpis"]) for name, own in _read().items()}
    for name, own in found.items():
        once(pd.Index([duty.kpi for duty in own], name=name), "column")
    return MappingProxyType(found)


def duties(level: str | None = None) -> pd.DataFrame:
    """List what levels answer for.

    Parameters
    ----------
    level : str, optional
        One of `levels`; all of them otherwise.

    Returns
    -------
    DataFrame
        level, kpi, basis (stated or proposal), cycle and source; one row a level and KPI.

    Raises
    ------
    UnknownName
        There is no such level.

    Examples
    --------
    >>> duties("group")["basis"].unique().tolist()
    ['proposal']
    """
    if level is not None and level not in levels():
        raise UnknownName(kind="level", name=level, allowed=list(levels()))
    rows = [
        (name, one.kpi, one.basis, one.cycle, one.source)
        for name, own in levels().items()
        for one in own
        if level in (None, name)
    ]
    return pd.DataFrame(rows, columns=["level", "kpi", "basis", "cycle", "source"])


def post_of(rank: str) -> str:
    """Tell the post of a rank; the rank itself where the data file has no post for it.

    Examples
    --------
    >>> post_of("senior_supervisor"), post_of("guest")
    ('supervisor', 'guest')
    """
    found = (name for name, own in _read().items() if rank in own.get("ranks", ()))
    return next(found, rank)
