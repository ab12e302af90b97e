"""The performance-gap decision flow: twelve steps from a gap to what is done about it."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from perfkit import words
from perfkit.errors import PerfkitError, UnknownName
from perfkit.explain import graph
from perfkit.explain.remedy import remedies
from perfkit.kpi import kpi

__all__ = ["Edge", "Flow", "Step", "Walk", "answers", "gap_flow", "mermaid",
           "read_flow", "walk"]  # fmt: skip

KINDS = ("start", "decision", "action", "process", "end")
ANSWERS = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Step:
    """One box: its words, its place in the picture, the numbers that bear on it, its checklist."""

    code: str
    kind: str
    names: Mapping[str, str]
    ask: Mapping[str, str]
    x: float
    y: float
    number: int | None
    kpis: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow; answer is yes or no out of a question, printed whether the source labels it."""

    start: str
    end: str
    answer: str
    names: Mapping[str, str]
    printed: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """The whole flow."""

    steps: Mapping[str, Step]
    edges: tuple[Edge, ...]

    @property
    def start(self) -> str:
        """Where it begins."""
        return next(code for code, step in self.steps.items() if step.kind == "start")

    def after(self, code: str, answer: str = "") -> list[str]:
        """List where a box leads, by the answer for a question."""
        return [e.end for e in self.edges if e.start == code and (not answer or e.answer == answer)]

    def nodes_frame(self, lang: str, walked: Walk | None = None) -> pd.DataFrame:
        """Lay the boxes out: node, kind, number, text, x, y; with a walk, passed."""
        rows = [[s.code, s.kind, s.number, s.names[lang], s.x, s.y] for s in self.steps.values()]
        out = pd.DataFrame(rows, columns=["node", "kind", "number", "text", "x", "y"])
        out = out.astype({"number": float, "x": float, "y": float})
        return out if walked is None else out.assign(passed=out["node"].isin(walked.path))

    def edges_frame(self, lang: str, walked: Walk | None = None) -> pd.DataFrame:
        """Lay the arrows out: start, end, answer, text, printed; with a walk, passed."""
        rows = [[e.start, e.end, e.answer, e.names[lang], e.printed] for e in self.edges]
        out = pd.DataFrame(rows, columns=["start", "end", "answer", "text", "printed"])
        return out if walked is None else out.assign(passed=[walked.took(e) for e in self.edges])


@dataclass(frozen=True, slots=True)
class Walk:
    """How far some answers lead: a value, so that a step back is an answer less.

    Attributes
    ----------
    path : tuple of str
        The boxes passed, in order.
    question : str
        What is to be answered next; empty at the end.
    answered : mapping of str to str
        Question → answer, those on the path.
    actions : tuple of str
        What the path says should be done; the last step chooses among them.
    end : str
        Where it ended; empty while a question is open.
    unused : tuple of str
        Answers to questions that this path does not ask.
    """

    path: tuple[str, ...]
    question: str
    answered: Mapping[str, str]
    actions: tuple[str, ...]
    end: str
    unused: tuple[str, ...]

    def took(self, edge: Edge) -> bool:
        """Say whether the path goes along an arrow."""
        here = {edge.start, edge.end} <= set(self.path)
        return here and edge.answer in ("", self.answered.get(edge.start))

    def frame(self, flow: Flow, lang: str) -> pd.DataFrame:
        """Lay the path out: number (of the box), node, kind, text, answer, ask, remedy."""
        rows = []
        for code in self.path:
            step, answer = flow.steps[code], self.answered.get(code, "")
            said = [e.names[lang] for e in flow.edges if e.start == code and e.answer == answer]
            rows.append(
                [step.number, code, step.kind, step.names[lang], said[0] if answer else "",
                 step.ask[lang], step.remedy]
            )  # fmt: skip
        columns = ["number", "node", "kind", "text", "answer", "ask", "remedy"]
        return pd.DataFrame(rows, columns=columns).astype({"number": float})


def _step(body: Mapping[str, Any], place: str) -> Step:
    graph.required(body, ["id", "kind", "en", "zh", "x", "y"], place)
    graph.one_of(body["kind"], KINDS, place, "kind")
    remedy = body.get("remedy", "")
    if remedy:
        graph.known(remedy, remedies(), place, "remedy")
    return Step(
        body["id"], body["kind"], {"en": body["en"], "zh": body["zh"]},
        {"en": body.get("ask_en", ""), "zh": body.get("ask_zh", "")},
        float(body["x"]), float(body["y"]), body.get("number"),
        tuple(kpi(code).code for code in body.get("kpis", [])), remedy,
    )  # fmt: skip


def _edge(body: Mapping[str, Any], place: str) -> Edge:
    graph.required(body, ["from", "to"], place)
    answer = body.get("answer", "")
    if answer:
        graph.one_of(answer, ANSWERS, place, "answer")
    said = {
        lang: body.get(lang) or (words.text(f"gapflow.{answer}", lang) if answer else "")
        for lang in words.LANGS
    }
    return Edge(body["from"], body["to"], answer, said, bool(body.get("printed", True)))


def read_flow(path: Path) -> Flow:
    """Read and check a file with a decision flow.

    Raises
    ------
    PerfkitError
        With the place: an id that comes twice, an arrow from or to nowhere, a circle, not just
        one start, a question without exactly the two answers yes and no, a box that nothing
        leads to, one that leads nowhere and is no end, an end that leads on.
    UnknownName
        A KPI that the catalogue does not hold.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    graph.required(read, ["node", "edge"], path.name)
    listed = [
        _step(body, f"{path.name} [[node]] {body.get('id') or number}")
        for number, body in enumerate(read["node"], 1)
    ]
    graph.unique([step.code for step in listed], f"{path.name} [[node]]")
    steps = {step.code: step for step in listed}
    edges = []
    for number, body in enumerate(read["edge"], 1):
        place = f"{path.name} [[edge]] {number}"
        edges.append(_edge(body, place))
        for field in ("from", "to"):
            graph.known(body[field], steps, place, field)
    flow = Flow(MappingProxyType(steps), tuple(edges))
    _check(flow, path.name)
    return flow


def _check(flow: Flow, place: str) -> None:
    """Refuse a flow that somebody could get lost in."""
    above: dict[str, list[str]] = {code: [] for code in flow.steps}
    for edge in flow.edges:
        above[edge.end].append(edge.start)
    order = graph.acyclic(above, place)
    starts = [code for code, step in flow.steps.items() if step.kind == "start"]
    if len(starts) != 1:
        raise PerfkitError("chart.one_start", place=place, count=len(starts))
    for code, step in flow.steps.items():
        answers = [edge.answer for edge in flow.edges if edge.start == code]
        if step.kind == "end" and answers:
            raise PerfkitError("chart.ends", place=place, name=code)
        if step.kind != "end" and not answers:
            raise PerfkitError("chart.no_end", place=place, name=code)
        wanted = set(ANSWERS) if step.kind == "decision" else {""}
        if answers and set(answers) != wanted:
            found = ", ".join(sorted(a or "–" for a in set(answers)))
            raise PerfkitError("chart.answers", place=place, name=code, found=found)
    _forks(flow, place)
    reached = {starts[0]}
    for code in order:
        if code in reached:
            reached.update(flow.after(code))
    lost = [code for code in flow.steps if code not in reached]
    if lost:
        raise PerfkitError("chart.unreached", place=place, names=", ".join(lost))


def _forks(flow: Flow, place: str) -> None:
    """Several boxes after one answer are done side by side: they must meet again."""
    for code in flow.steps:
        for answer in (*ANSWERS, ""):
            side = [e.end for e in flow.edges if e.start == code and e.answer == answer]
            meet = {tuple(flow.after(end)) for end in side}
            if len(side) > 1 and (len(meet) > 1 or len(next(iter(meet))) != 1):
                raise PerfkitError("chart.fork", place=place, name=code, names=", ".join(side))


@functools.cache
def gap_flow() -> Flow:
    """Give the flow that comes with perfkit.

    Examples
    --------
    >>> len(gap_flow().steps), len(gap_flow().edges)
    (24, 32)
    """
    return read_flow(Path(__file__).with_name("gapflow.toml"))


def answers(given: Sequence[str]) -> dict[str, str]:
    """Read answers as a notebook's parameters hold them.

    Parameters
    ----------
    given : sequence of str
        ``"2=yes"``: a question and its answer.

    Raises
    ------
    PerfkitError
        One is not written so, or a question is answered twice.

    Examples
    --------
    >>> answers(["2=yes", "3=no"])
    {'2': 'yes', '3': 'no'}
    """
    for one in given:
        if one.count("=") != 1:
            raise PerfkitError("chart.answer_form", written=one)
    pairs = [one.split("=") for one in given]
    graph.unique([question.strip() for question, _ in pairs], "answers")
    return {question.strip(): answer.strip() for question, answer in pairs}


def walk(given: Mapping[str, str], flow: Flow | None = None) -> Walk:
    """Follow the flow as far as the answers lead.

    Parameters
    ----------
    given : mapping of str to str
        Question → "yes" or "no". The third question is answered yes for a missing skill, no
        where the will is.
    flow : Flow, optional
        The office's own; that of perfkit otherwise.

    Returns
    -------
    Walk

    Raises
    ------
    UnknownName
        There is no such question, or the answer is neither.

    Examples
    --------
    >>> walk({"2": "yes"}).question
    '3'
    >>> walk({"2": "no"}).end
    'ignore'
    >>> here = walk({"2": "yes", "3": "yes", "4": "no", "6": "yes", "7": "yes"})
    >>> here.actions, here.end
    (('formal_training', 'change_job', 'ojt'), 'implement')
    """
    chosen = flow or gap_flow()
    asked = [code for code, step in chosen.steps.items() if step.kind == "decision"]
    for code, answer in given.items():
        if code not in asked:
            raise UnknownName(kind="question", name=code, allowed=asked)
        if answer not in ANSWERS:
            raise UnknownName(kind="answer", name=answer, allowed=ANSWERS)
    path, here, open_at = [chosen.start], [chosen.start], ""
    while here:
        code = here[-1]
        if chosen.steps[code].kind == "decision" and code not in given:
            open_at = code
            break
        here = list(dict.fromkeys(n for c in here for n in chosen.after(c, given.get(c, ""))))
        path += here
    answered = {code: given[code] for code in path if code in given}
    kinds = {code: chosen.steps[code].kind for code in path}
    return Walk(
        tuple(path), open_at, answered, tuple(c for c in path if kinds[c] == "action"),
        next((c for c in path if kinds[c] == "end"), ""),
        tuple(code for code in given if code not in answered),
    )  # fmt: skip


def mermaid(flow: Flow, lang: str) -> str:
    """Write the flow as Mermaid text, which JupyterLab draws by itself.

    Parameters
    ----------
    flow : Flow
        Which.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> mermaid(gap_flow(), "en").splitlines()[1]
    '  n1["1 Say what is done and what should be done"]'
    """
    forms = {"decision": ("{", "}"), "end": ("([", "])")}
    lines = ["flowchart TD"]
    for step in flow.steps.values():
        left, right = forms.get(step.kind, ("[", "]"))
        said = f"{step.number} {step.names[lang]}" if step.number else step.names[lang]
        lines.append(f'  n{step.code}{left}"{said}"{right}')
    for edge in flow.edges:
        said = f"|{edge.names[lang]}|" if edge.answer else ""
        lines.append(f"  n{edge.start} -->{said} n{edge.end}")
    return "\n".join(lines)
