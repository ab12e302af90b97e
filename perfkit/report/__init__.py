"""Run notebooks into dated reports, and publish them whole.

Nothing heavy is imported before a request has been checked, so a mistyped parameter is refused
at once.
"""

from __future__ import annotations

from pathlib import Path

from perfkit.report.command import run_command
from perfkit.report.runner import Outcome, RunResult, run

__all__ = ["Outcome", "RunResult", "published", "run", "run_command"]


def published(out: str | Path = "reports") -> list[str]:
    """List the pages of every published report, the newest period first.

    Parameters
    ----------
    out : str or Path, default "reports"
        The reports' folder.

    Returns
    -------
    list of str
        Paths, `out` included.

    Examples
    --------
    >>> published("no such folder")
    []
    """
    from perfkit.report import publish

    entries = publish.published(Path(out))
    return [str(Path(out, e["folder"], e["files"]["html"]["name"])) for e in entries]
