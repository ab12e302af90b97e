"""A notebook's parameters, read without running it and bound before any kernel starts.

The cell tagged ``parameters`` is the notebook's contract: one literal a line, its type as
annotation, its meaning as trailing comment. A name it does not hold, a value of another type
or a missing one is refused here, where it costs milliseconds, and not in a finished report
about the wrong department. Nothing heavy is imported.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from perfkit import words
from perfkit.errors import ParameterError, PerfkitError, UnknownName
from perfkit.period import Period
from perfkit.report import kind as kinds
from perfkit.report.kind import Kind

__all__ = [
    "Notebook",
    "Parameter",
    "PeriodKind",
    "assignments",
    "bind",
    "check_kind",
    "declared",
    "read",
]

TAG: Final = "parameters"
EXAMPLES: Final = {"str": "D1/01", "int": "5", "float": "0.25", "bool": "true"}
# The kinds of period, each with an example.
PERIODS: Final = {
    "year": "2012",
    "half": "2012H1",
    "quarter": "2012Q3",
    "month": "2012-09",
    "week": "2012-W36",
    "day": "2012-09-11",
    "node": "2012-09@11",
    "ytd": "2012-09:ytd",
    "business": "2012-09:business",
    "range": "2012-03..2012-05",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of the parameters cell.

    Attributes
    ----------
    name : str
        What the notebook calls it.
    kind : Kind
        Its declared type.
    needed : bool
        True when the cell gives no value, so the caller must.
    default : object
        The literal in the cell; None when there is none.
    help : str
        The trailing comment.
    """

    name: str
    kind: Kind
    needed: bool
    default: Any
    help: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """What is known of a notebook before it runs.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        The file's name without its ending; names the report.
    content : bytes
        The file as read, so that what was hashed is what is run.
    parameters : mapping of str to Parameter
        In the order of the cell.
    periods : tuple of str
        The kinds of period it is for; empty for every kind.
    ahead : bool
        Whether it plans its period: the book must hold facts of the period before.
    """

    path: Path
    name: str
    content: bytes
    parameters: Mapping[str, Parameter]
    periods: tuple[str, ...] = ()
    ahead: bool = False

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hashlib.sha256(self.content).hexdigest()


def read(path: Path) -> Notebook:
    """Read a notebook's parameters.

    Parameters
    ----------
    path : Path
        An ``.ipynb`` file with exactly one code cell tagged ``parameters``.

    Returns
    -------
    Notebook

    Raises
    ------
    PerfkitError
        The file is no notebook, its parameters cell is missing, double, or holds anything but
        literals, or it names a kind of period that there is not.
    """
    try:
        content = path.read_bytes()
        whole = json.loads(content)
        cells = whole["cells"]
        sources = [_source(c) for c in cells if TAG in c.get("metadata", {}).get("tags", [])]
        said = whole.get("metadata", {}).get("perfkit", {})
        periods, ahead = said.get("periods", []), said.get("ahead", False) is True
    except OSError as error:
        raise PerfkitError("unreadable", path=str(path), why=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PerfkitError("report.notebook_unreadable", path=str(path), why=str(error)) from error
    if len(sources) != 1:
        raise PerfkitError("report.notebook_cells", path=str(path), count=len(sources))
    parameters = MappingProxyType(declared(sources[0], path.name))
    return Notebook(path, path.stem, content, parameters, _kinds(periods, path), ahead)


def _kinds(periods: object, path: Path) -> tuple[str, ...]:
    """Check the kinds of period that a notebook says it is for."""
    if not isinstance(periods, list) or not all(one in list(PERIODS) for one in periods):
        known = ", ".join(PERIODS)
        raise PerfkitError("report.notebook_periods", path=str(path), why=periods, allowed=known)
    return tuple(periods)


def _source(cell: Mapping[str, Any]) -> str:
    """Join a cell's text, which the format keeps as one string or as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def declared(source: str, where: str = "") -> dict[str, Parameter]:
    """Read the parameters out of the source of a parameters cell.

    Parameters
    ----------
    source : str
        Assignments of literals, with or without annotation.
    where : str
        The notebook's name, for the error.

    Returns
    -------
    dict of str to Parameter

    Raises
    ------
    PerfkitError
        A line that is no such assignment, or whose value does not fit its annotation.

    Examples
    --------
    >>> found = declared('unit: str = "D1"  # unit id' + chr(10) + "top: int = 5")
    >>> found["unit"].help, str(found["top"].kind), found["top"].default
    ('unit id', 'int', 5)
    """
    try:
        lines = ast.parse(source).body
        helps = _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        line = getattr(error, "lineno", None) or 1
        raise PerfkitError(
            "report.parameters_cell", path=where, line=line, why=str(error)
        ) from error
    out: dict[str, Parameter] = {}
    for line in lines:
        try:
            one = _parameter(line, helps.get(line.end_lineno or 0, ""))
        except (ValueError, TypeError) as error:
            said = ast.unparse(line)
            raise PerfkitError(
                "report.parameters_cell", path=where, line=line.lineno, why=said
            ) from error
        if one is not None:
            out[one.name] = one
    return out


def _comments(source: str) -> dict[int, str]:
    """Find the comment of each line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT}


def _parameter(line: ast.stmt, note: str) -> Parameter | None:
    """Read one line; a text standing alone is a comment, all else is refused by ValueError."""
    if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
        return None
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
        kind, name, value = kinds.of_annotation(line.annotation), line.target.id, line.value
        if value is None:
            return Parameter(name, kind, needed=True, default=None, help=note)
        default = kinds.check(ast.literal_eval(value), kind)
        return Parameter(name, kind, needed=False, default=default, help=note)
    if isinstance(line, ast.Assign) and len(line.targets) == 1:
        target = line.targets[0]
        if isinstance(target, ast.Name):
            default = ast.literal_eval(line.value)
            kind = kinds.of_value(default)
            return Parameter(target.id, kind, needed=False, default=default, help=note)
    raise ValueError


class PeriodKind(ParameterError):
    """A period of a kind that the notebook is not for; the kinds it is for are named."""

    def text(self, lang: str) -> str:
        """Say it with the kinds named in the reader's language, each with an example."""

        def named(kind: str) -> str:
            return words.text(f"report.kind.{kind}", lang)

        allowed: tuple[str, ...] = self.facts["allowed"]
        return words.text(
            "errors.report.period_kind",
            lang,
            name=self.facts["name"],
            period=self.facts["period"],
            kind=named(self.facts["kind"]),
            allowed=", ".join(f"{named(kind)} ({PERIODS[kind]})" for kind in allowed),
            example=PERIODS[allowed[0]],
        )


def check_kind(notebook: Notebook, when: Period) -> None:
    """Refuse a period of a kind that a notebook is not for.

    Parameters
    ----------
    notebook : Notebook
        Says in its metadata (``perfkit.periods``) which kinds it is for.
    when : Period
        What is asked for.

    Raises
    ------
    PeriodKind
        The kinds it is for are named, each with an example.
    """
    if notebook.periods and when.kind not in notebook.periods:
        raise PeriodKind(
            "report.period_kind",
            name=notebook.name,
            period=when.code,
            kind=when.kind,
            allowed=notebook.periods,
        )


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """Split the ``NAME=VALUE`` texts of a command line.

    Raises
    ------
    ParameterError
        A text without ``=`` or name, or a name given twice.

    Examples
    --------
    >>> assignments(["unit=01", "note=a=b"])
    {'unit': '01', 'note': 'a=b'}
    """
    out: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not name:
            raise ParameterError("report.parameter_form", text=text)
        if name in out:
            raise ParameterError("report.parameter_twice", name=name)
        out[name] = value
    return out


def bind(parameters: Mapping[str, Parameter], given: Mapping[str, object]) -> dict[str, Any]:
    """Give every parameter its value, strictly.

    Parameters
    ----------
    parameters : mapping of str to Parameter
        What the notebook declares.
    given : mapping of str to object
        Texts of a command line, or Python values. A text is read by the declared type, so that
        a code such as ``01`` stays text where text is declared; a date becomes ISO text.

    Returns
    -------
    dict of str to object
        A value for every declared parameter, in the declared order; JSON values only.

    Raises
    ------
    UnknownName
        A name the notebook does not declare; the nearest one is offered.
    ParameterError
        A value of another type, or a needed parameter without value.

    Examples
    --------
    >>> cell = declared('unit: str = "D1"' + chr(10) + "top: int = 5")
    >>> bind(cell, {"unit": "01"})
    {'unit': '01', 'top': 5}
    >>> bind(cell, {"unti": "01"})
    Traceback (most recent call last):
        ...
    perfkit.errors.UnknownName: There is no parameter 'unti'. Did you mean 'unit'? ...
    """
    for name in given:
        if name not in parameters:
            raise UnknownName(kind="parameter", name=name, allowed=list(parameters))
    missing = [p.name for p in parameters.values() if p.needed and p.name not in given]
    if missing:
        raise ParameterError("report.parameter_missing", names=", ".join(missing))
    return {
        p.name: _value(p, given[p.name]) if p.name in given else p.default
        for p in parameters.values()
    }


def _value(parameter: Parameter, given: object) -> Any:
    """Read a text by the declared type; check any other value against it."""
    kind = parameter.kind
    try:
        return kinds.parse(given, kind) if isinstance(given, str) else kinds.check(given, kind)
    except (ValueError, TypeError, SyntaxError) as error:
        raise ParameterError(
            "report.parameter_type",
            name=parameter.name,
            value=repr(given),
            type=str(kind),
            example=EXAMPLES[kind.item or kind.name],
        ) from error
