"""Remedies: coaching, the five-step training cycle, accompanying; each with its checklist."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from perfkit.errors import UnknownName
from perfkit.explain import graph

__all__ = ["Remedy", "checklist", "read_remedies", "remedies"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be done about a cause: its name, when it fits, its steps by language.

    ``proposal`` says that the source lost the steps and these are ours.
    """

    code: str
    names: Mapping[str, str]
    when: Mapping[str, str]
    steps: tuple[Mapping[str, str], ...]
    proposal: bool


def read_remedies(path: Path) -> Mapping[str, Remedy]:
    """Read and check a file of remedies.

    Raises
    ------
    PerfkitError
        A remedy lacks a field or a step its words: with the place.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    out = {}
    for code, body in read.items():
        place = f"{path.name} [{code}]"
        graph.required(body, ["en", "zh", "when_en", "when_zh", "steps"], place)
        for number, step in enumerate(body["steps"], 1):
            graph.required(step, ["en", "zh"], f"{place} {number}")
        out[code] = Remedy(
            code, {"en": body["en"], "zh": body["zh"]},
            {"en": body["when_en"], "zh": body["when_zh"]},
            tuple(MappingProxyType(step) for step in body["steps"]),
            bool(body.get("proposal", False)),
        )  # fmt: skip
    return MappingProxyType(out)


@functools.cache
def remedies() -> Mapping[str, Remedy]:
    """Give every remedy by code.

    Examples
    --------
    >>> [step["code"] for step in remedies()["training"].steps]
    ['prepare', 'explain', 'show', 'observe', 'supervise']
    """
    return read_remedies(Path(__file__).with_name("remedies.toml"))


def checklist(code: str, *, lang: str) -> pd.DataFrame:
    """Lay a remedy out as a list to tick off.

    Parameters
    ----------
    code : str
        Which remedy.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    DataFrame
        step (1, 2 …), text, done_on, by: the last two empty, to be filled by hand.

    Raises
    ------
    UnknownName
        There is no such remedy.

    Examples
    --------
    >>> len(checklist("coaching", lang="en"))
    12
    """
    if code not in remedies():
        raise UnknownName(kind="remedy", name=code, allowed=list(remedies()))
    steps = remedies()[code].steps
    rows = [[number, step[lang], "", ""] for number, step in enumerate(steps, 1)]
    return pd.DataFrame(rows, columns=["step", "text", "done_on", "by"])
