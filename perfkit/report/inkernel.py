"""Loaded into a report's kernel: leaves perfkit's own errors where the runner finds them.

A kernel tells its runner only the class and the English text of an error. The facts are
written to a file in the kernel's folder, so that the reader gets it in the report's language.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from perfkit import words
from perfkit.errors import PerfkitError

__all__ = ["ATTACHED", "FILE", "load_ipython_extension", "said"]

FILE = "perfkit-error.json"
ATTACHED = "attached"  # the folder for what a notebook brings along


def said(error: PerfkitError) -> dict[str, str]:
    """Say an error in every language.

    Examples
    --------
    >>> said(PerfkitError("no_book_toml", path="x"))["en"]
    'The folder x holds no book.toml, so it is not a book.'
    """
    return {lang: error.text(lang) for lang in words.LANGS}


def load_ipython_extension(shell: Any) -> None:
    """Watch for perfkit's errors; the kernel starts in its own folder.

    Parameters
    ----------
    shell : InteractiveShell
        The kernel's shell.
    """
    file = Path.cwd() / FILE

    def keep(result: Any) -> None:
        error = result.error_in_exec
        if isinstance(error, PerfkitError):
            file.write_text(json.dumps(said(error), ensure_ascii=False), encoding="utf-8")

    shell.events.register("post_run_cell", keep)
