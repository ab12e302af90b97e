"""Words on the command line become calls; nothing is computed here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from perfkit import words
from perfkit.cli.books import add_books
from perfkit.cli.facts import add_facts
from perfkit.cli.plans import add_plans
from perfkit.cli.reports import add_reports
from perfkit.cli.speak import Commands, say
from perfkit.errors import PerfkitError

__all__ = ["main"]

INTERRUPTED = 130  # as a shell counts a key press


def _parser() -> argparse.ArgumentParser:
    commands = Commands()
    add_books(commands)
    add_facts(commands)
    add_plans(commands)
    add_reports(commands)
    return commands.parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``perfkit``.

    Returns
    -------
    int
        0 done or up to date, 1 something failed and the rest is published, 2 usage or refused
        input, 3 another run holds the lock, 130 interrupted, 143 terminated.
    """
    args = _parser().parse_args(argv)
    try:
        return int(args.call(args))
    except PerfkitError as error:
        langs = words.LANGS if args.lang == "both" else (args.lang,)
        for lang in langs:
            say(error.text(lang))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
