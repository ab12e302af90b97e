"""What ``perfkit run`` does with its words: check them, run, and say what became of each report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from perfkit import words
from perfkit.report import notebook
from perfkit.report.runner import Outcome, RunResult, run

__all__ = ["run_command"]


def run_command(args: Any, say: Callable[[str], None]) -> int:
    """Run a notebook as the command line asks.

    Parameters
    ----------
    args : Namespace
        notebook, book, period, unit, each, lang, jobs, out, parameter and force.
    say : callable
        Talks to the person.

    Returns
    -------
    int
        0 when everything is done or up to date, 1 when something failed.
    """
    given = notebook.assignments(args.parameter)
    reader = words.LANGS[0] if args.lang == words.LANGS[0] else "en"

    def progress(outcome: Outcome, done: int, total: int) -> None:
        say(f"[{done}/{total}] {said(outcome, reader)}")

    result = run(
        args.notebook,
        book=args.book,
        period=args.period,
        unit=args.unit,
        each=args.each,
        lang=None if "lang" in given else args.lang,
        out=args.out,
        parameters=given,
        force=args.force,
        jobs=args.jobs or None,
        progress=progress,
    )
    say(total(result, reader))
    sys.stdout.write(f"{_near(result.index)}\n")
    return result.exit_code


def said(outcome: Outcome, lang: str) -> str:
    """Say what became of one report.

    Parameters
    ----------
    outcome : Outcome
        From a run.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    str
    """
    return words.text(
        f"report.said.{outcome.state}",
        lang,
        path=_near(outcome.path),
        unit=outcome.unit or "",
        of=words.text(f"report.lang.{outcome.lang}", lang),
        why=outcome.failure.text(lang) if outcome.failure else "",
    )


def total(result: RunResult, lang: str) -> str:
    """Say how many reports were published, were up to date, and failed.

    Examples
    --------
    >>> total(RunResult((), Path("index.html")), "en")
    '0 published, 0 up to date, 0 failed'
    """
    states = ("published", "up_to_date", "failed")
    counts = {state: len(getattr(result, state)) for state in states}
    return words.text("report.said.total", lang, **counts)


def _near(path: Path) -> str:
    """Write a path from here where it lies below, else in full."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
