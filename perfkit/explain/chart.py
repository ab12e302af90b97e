"""Cause charts: from a low KPI to the step that fails and its causes, as planners keep them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from perfkit.explain import graph
from perfkit.explain.evidence import FORMS
from perfkit.explain.remedy import remedies
from perfkit.kpi import kpi

__all__ = ["CauseChart", "Evidence", "Node", "cause_chart", "read_causes"]

KINDS = ("kpi", "failing_step", "cause_group", "cause")
NATURES = ("will", "skill", "resource", "environment")
SIDES = ("low", "high")
STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Node:
    """One box of a cause chart.

    Attributes
    ----------
    code, under : str
        Its id, and the box above (empty at the top).
    kind : {"kpi", "failing_step", "cause_group", "cause"}
    names : mapping of str to str
        By language.
    kpi, nature, remedy : str
        The KPI that stands for it; for a cause its nature and remedy, which are proposals.
    proposal, unsure : bool
        Ours, because the source lost the page; printed, but its place in the chart is a guess.
    """

    code: str
    under: str
    kind: str
    names: Mapping[str, str]
    kpi: str = ""
    nature: str = ""
    remedy: str = ""
    proposal: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the facts of a book can say for or against some boxes (see causes.toml)."""

    code: str
    nodes: tuple[str, ...]
    of: tuple[str, ...]
    per: tuple[str, ...]
    form: str
    side: str
    names: Mapping[str, str]
    ask: Mapping[str, str]
    months_before: int = 0
    of_premium: str = ""
    scaled: bool = False
    heads: int = 0
    variants: Mapping[str, str] = field(default_factory=dict)

    def terms(self) -> list[str]:
        """List every term it counts."""
        return [*self.of, *self.per, *([self.of_premium] if self.of_premium else [])]


@dataclass(frozen=True, slots=True)
class CauseChart:
    """All charts, the evidence for them, and when something is pointed at."""

    nodes: Mapping[str, Node]
    evidence: Mapping[str, Evidence]
    verdict: Mapping[str, float]

    def below(self, code: str) -> list[Node]:
        """List what hangs directly under a node."""
        return [node for node in self.nodes.values() if node.under == code]

    def frame(self, lang: str) -> pd.DataFrame:
        """Lay the charts out: node, under, depth, kind, name, nature, remedy, proposal, unsure."""
        rows = [
            [n.code, n.under, n.code.count("."), n.kind, n.names[lang], n.nature, n.remedy,
             n.proposal, n.unsure]
            for n in self.nodes.values()
        ]  # fmt: skip
        columns = ["node", "under", "depth", "kind", "name", "nature", "remedy", "proposal",
                   "unsure"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def term(text: str) -> tuple[int, str, str]:
    """Read ``-large_policy_count`` or ``visits_rate.numerator``: sign, KPI, column.

    Examples
    --------
    >>> term("-cases"), term("attendance_rate.numerator")
    ((-1, 'cases', 'value'), (1, 'attendance_rate', 'numerator'))
    """
    code, _, column = text.lstrip("-").partition(".")
    return (-1 if text.startswith("-") else 1), code, column or "value"


def _node(body: Mapping[str, Any], place: str) -> Node:
    graph.required(body, ["id", "kind", "en", "zh"], place)
    graph.one_of(body["kind"], KINDS, place, "kind")
    if body["kind"] == "cause":
        graph.one_of(body.get("nature"), NATURES, place, "nature")
        graph.known(body.get("remedy", ""), remedies(), place, "remedy")
    if body.get("kpi"):
        kpi(body["kpi"])
    return Node(
        body["id"], body.get("under", ""), body["kind"], {"en": body["en"], "zh": body["zh"]},
        body.get("kpi", ""), body.get("nature", ""), body.get("remedy", ""),
        bool(body.get("proposal", False)), bool(body.get("unsure", False)),
    )  # fmt: skip


def _evidence(code: str, body: Mapping[str, Any], nodes: Mapping[str, Node], path: str) -> Evidence:
    place = f"{path} [evidence.{code}]"
    fields = ["nodes", "of", "per", "form", "side", "en", "zh", "ask_en", "ask_zh"]
    graph.required(body, fields, place)
    graph.one_of(body["form"], [*FORMS, STANDING], place, "form")
    graph.one_of(body["side"], SIDES, place, "side")
    for name in body["nodes"]:
        graph.known(name, nodes, place, "nodes")
    one = Evidence(
        code, tuple(body["nodes"]), tuple(body["of"]), tuple(body["per"]), body["form"],
        body["side"], {"en": body["en"], "zh": body["zh"]},
        {"en": body["ask_en"], "zh": body["ask_zh"]}, body.get("months_before", 0),
        body.get("of_premium", ""), body.get("scaled", False), body.get("heads", 0),
        body.get("variants", {}),
    )  # fmt: skip
    for text in one.terms():
        _, name, column = term(text)
        kpi(name)
        graph.one_of(column, ("value", "numerator", "denominator"), place, text)
    return one


def read_causes(path: Path) -> CauseChart:
    """Read and check a file of cause charts.

    Parameters
    ----------
    path : Path
        Shaped as causes.toml says at its head.

    Returns
    -------
    CauseChart

    Raises
    ------
    PerfkitError
        An id comes twice, a node hangs on one that is not there or on itself, a field is
        missing or holds a word that is not allowed: with the place.
    UnknownName
        A KPI that the catalogue does not hold.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    graph.required(read, ["node", "evidence", "verdict"], path.name)
    place = f"{path.name} [[node]]"
    listed = [
        _node(body, f"{place} {body.get('id') or number}")
        for number, body in enumerate(read["node"], 1)
    ]
    graph.unique([node.code for node in listed], place)
    nodes = {node.code: node for node in listed}
    for node in listed:
        if node.under:
            graph.known(node.under, nodes, f"{place} {node.code}", "under")
    graph.acyclic({n.code: [n.under] if n.under else [] for n in listed}, path.name)
    found = {
        code: _evidence(code, body, nodes, path.name) for code, body in read["evidence"].items()
    }
    return CauseChart(
        MappingProxyType(nodes), MappingProxyType(found), MappingProxyType(read["verdict"])
    )


@functools.cache
def cause_chart() -> CauseChart:
    """Give the cause charts that come with perfkit.

    Examples
    --------
    >>> [node.names["en"] for node in cause_chart().below("D")]
    ['Too few policies per head', 'Policies are small']
    """
    return read_causes(Path(__file__).with_name("causes.toml"))
