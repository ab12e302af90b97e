"""Run one notebook in a kernel of its own, and tell honestly how it ended.

papermill calls a run good when a cell leaves by ``sys.exit(0)``, and marks every cell of a
dead kernel as completed; here a run is good only when each code cell ran to its end without
an error.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from perfkit import words
from perfkit.errors import PerfkitError
from perfkit.report import inkernel

__all__ = [
    "Executed",
    "Failure",
    "data_changed",
    "failure",
    "in_language",
    "kill_all",
    "load",
    "run",
    "unpaged",
]

START_TIMEOUT: Final = 120  # a kernel's first start on a busy machine [s]
KERNEL: Final = "python3"
ENDINGS: Final = ("xlsx", "ics")  # of files that may be published beside a page

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run did not end well.

    Attributes
    ----------
    reason : str
        Which sentence of ``errors`` in the words files.
    cell : int or None
        The cell, counted from 1 as in the file that was run.
    said : mapping of str to str
        What happened, in every language.
    """

    reason: str
    cell: int | None
    said: Mapping[str, str]

    def text(self, lang: str) -> str:
        """Say it in the reader's language."""
        return self.said[lang]


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook after its run.

    Attributes
    ----------
    notebook : NotebookNode
        With the outputs as far as it came.
    seconds : float
        How long the run took. [s]
    failure : Failure or None
        None when every cell ran to its end.
    attached : mapping of str to bytes
        The files that the notebook brings along, by ending.
    """

    notebook: Any
    seconds: float
    failure: Failure | None
    attached: Mapping[str, bytes] = field(default_factory=dict)


def in_language(notebook: Any, lang: str) -> Any:
    """Drop the prose cells of the other languages.

    Parameters
    ----------
    notebook : NotebookNode or dict
        Its prose cells are tagged with their language; untagged ones serve all.
    lang : {"zh", "en"}
        The language to keep.

    Returns
    -------
    NotebookNode or dict
        A copy.

    Examples
    --------
    >>> prose = [{"cell_type": "markdown", "metadata": {"tags": [t]}} for t in words.LANGS]
    >>> [c["metadata"]["tags"] for c in in_language({"cells": prose}, "en")["cells"]]
    [['en']]
    """
    others = set(words.LANGS) - {lang}
    out = copy.deepcopy(notebook)
    out["cells"] = [
        cell
        for cell in out["cells"]
        if cell["cell_type"] == "code" or not others & set(cell["metadata"].get("tags", []))
    ]
    return out


@contextlib.contextmanager
def _quick_imports() -> Iterator[None]:
    """Leave out a grammar compiler that takes a second and checks only internationalised links."""
    name = "rfc3987_syntax"
    unseen = name not in sys.modules
    if unseen:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if unseen:
            del sys.modules[name]


def load() -> None:
    """Import what a run needs; once, before threads start."""
    with _quick_imports():
        for name in ("papermill", "nbconvert", "perfkit.report.kernel"):
            importlib.import_module(name)
    # papermill warns of parameters that it cannot read, such as ``str | None``; ours are checked.
    logging.getLogger("papermill").addHandler(logging.NullHandler())


def run(notebook: Any, parameters: Mapping[str, Any], *, folder: Path, timeout: float) -> Executed:
    """Run a notebook with papermill.

    Parameters
    ----------
    notebook : NotebookNode
        What to run; not changed.
    parameters : mapping
        Checked values, JSON only.
    folder : Path
        An empty folder; the kernel's working folder.
    timeout : float
        The longest a cell may take. [s]

    Returns
    -------
    Executed
        Also when it failed; nothing is raised for an error in the notebook.
    """
    load()
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import remove_error_markers

    from perfkit.report import kernel

    seen: list[Any] = []
    error: Exception | None = None
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            copy.deepcopy(notebook),
            None,
            dict(parameters),
            engine_name=kernel.ENGINE,
            kernel_name=KERNEL,
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            start_timeout=START_TIMEOUT,
            execution_timeout=timeout,
            folder=folder,
            seen=seen,
        )
    except PapermillExecutionError:
        pass  # the notebook itself tells which cell, and why
    except Exception as raised:
        error = raised
    seconds = time.perf_counter() - start
    done = remove_error_markers(seen[0].nb) if seen else notebook
    ended = failure(done, error, folder=folder, timeout=timeout)
    return Executed(done, seconds, ended, _attached(folder))


def _attached(folder: Path) -> dict[str, bytes]:
    """Take the files that a notebook has attached, if any: of each ending the first by name."""
    found: dict[str, bytes] = {}
    for path in sorted((folder / inkernel.ATTACHED).glob("*")):
        ending = path.suffix.removeprefix(".")
        if ending in ENDINGS and ending not in found:
            found[ending] = path.read_bytes()
    return found


def failure(
    notebook: Any, error: Exception | None, *, folder: Path, timeout: float
) -> Failure | None:
    """Judge a run: None only when each code cell ran to its end without an error.

    Parameters
    ----------
    notebook : NotebookNode
        After the run.
    error : Exception or None
        What ended the run from outside the notebook.
    folder : Path
        The kernel's folder, which may hold perfkit's own words for the error.
    timeout : float
        The longest a cell may take. [s]

    Returns
    -------
    Failure or None
    """
    cells = [(n, c) for n, c in enumerate(notebook["cells"], 1) if c["cell_type"] == "code"]
    if error is not None:
        return _broken(error, _last_started(cells), timeout)
    for number, cell in cells:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return _cell_failure(number, output, folder)
    unfinished = [n for n, c in cells if c["source"].strip() and not _complete(c)]
    if unfinished:
        return _failure("cell_unfinished", unfinished[0])
    return None


def _complete(cell: Mapping[str, Any]) -> bool:
    status = cell["metadata"].get("papermill", {}).get("status")
    return status == "completed" and cell.get("execution_count") is not None


def _last_started(cells: list[tuple[int, Any]]) -> int | None:
    """Find the cell that was running when the kernel went away."""
    started = [n for n, c in cells if c["metadata"].get("papermill", {}).get("start_time")]
    return started[-1] if started else None


def _failure(reason: str, cell: int | None, **facts: Mapping[str, str] | str | float) -> Failure:
    """Say a reason in every language; a fact that is a mapping holds its words by language."""
    said = {}
    for lang in words.LANGS:
        spoken = {k: v[lang] if isinstance(v, Mapping) else v for k, v in facts.items()}
        said[lang] = words.text(f"errors.report.{reason}", lang, cell=cell, **spoken)
    return Failure(reason, cell, said)


def _cell_failure(number: int, output: Mapping[str, Any], folder: Path) -> Failure:
    name, value = output["ename"], _COLOUR.sub("", output["evalue"])
    plain = f"{name}: {value}" if value else name
    if name in {"SystemExit", "KeyboardInterrupt"}:
        return _failure("cell_exited", number, error=plain)
    file = folder / inkernel.FILE
    if file.exists():
        said = json.loads(file.read_text(encoding="utf-8"))
        return _failure("cell_failed", number, error=said)
    return _failure("cell_failed", number, error=plain)


def _broken(error: Exception, cell: int | None, timeout: float) -> Failure:
    """Tell a dead kernel, a cell that took too long and anything else apart."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    if isinstance(error, CellTimeoutError):
        return _failure("cell_timeout", cell, seconds=f"{timeout:g}")
    if isinstance(error, DeadKernelError):
        return _failure("kernel_died", cell)
    return _failure("kernel_lost", cell, error=f"{type(error).__name__}: {error}")


def unpaged(error: Exception) -> Failure:
    """Say that a notebook ran, but its page could not be written.

    Examples
    --------
    >>> unpaged(ValueError("x")).text("en")
    'The page could not be written: ValueError: x'
    """
    if isinstance(error, PerfkitError):
        return _failure("page_failed", None, error=inkernel.said(error))
    return _failure("page_failed", None, error=f"{type(error).__name__}: {error}")


def data_changed(book: str) -> Failure:
    """Say that a report's numbers come from data that changed on the way.

    Examples
    --------
    >>> data_changed("mine").reason
    'data_changed'
    """
    return _failure("data_changed", None, book=book)


def kill_all() -> None:
    """End every kernel of this process."""
    from perfkit.report import kernel

    kernel.kill_all()
