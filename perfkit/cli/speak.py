"""How the command line speaks: data to stdout, talk to stderr, every command in both languages."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from perfkit import words

__all__ = ["BOOK", "Commands", "aligned", "progress", "say", "say_json"]

PATIENCE = 1.0  # reading shorter than this goes without a word [seconds]
BOOK = "a bundled book, or a folder with a book.toml"


def say(text: str) -> None:
    """Talk to the person, away from the data on stdout."""
    print(text, file=sys.stderr)


def _lang_default() -> str:
    chosen = os.environ.get("PERFKIT_LANG") or os.environ.get("LANG", "")
    return "zh" if chosen.startswith("zh") else "en"


def _clean(value: Any) -> Any:
    """Make a value fit for JSON: undefined is null, whole counts stay numbers."""
    if isinstance(value, float):
        return None if math.isnan(value) else (int(value) if value.is_integer() else value)
    return value


def say_json(records: Sequence[dict[str, Any]]) -> None:
    """Print records; what is undefined is null."""
    clean = [{k: _clean(v) for k, v in record.items()} for record in records]
    print(json.dumps(clean, ensure_ascii=False, indent=1))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lay text out in columns: the first to the left, numbers to the right."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (w - _width(cell)) if i < 2 else " " * (w - _width(cell)) + cell
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


class Commands:
    """The commands, each with its call, its help and an example."""

    first = ""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="perfkit",
            description="The planning office's workbook for a life-insurance agency force.",
            epilog="Exit codes: 0 done, 1 something failed, 2 usage or refused input, "
            "3 another run holds the lock, 130 interrupted, 143 terminated.",
        )
        self._all = self.parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def group(self, name: str, about: str) -> Commands:
        """Open a group of commands that share their first word."""
        inner = Commands.__new__(Commands)
        inner.parser = self._all.add_parser(name, help=about, description=about)
        inner._all = inner.parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        inner.first = f"{self.first}{name} "
        return inner

    def add(
        self, name: str, call: Callable[[Any], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        """Add a command; every one of them speaks both languages."""
        sub = self._all.add_parser(
            name,
            help=about,
            description=about,
            epilog=f"Example: perfkit {self.first}{name} {example}",
        )
        sub.set_defaults(call=call)
        sub.add_argument(
            "--lang",
            default=_lang_default(),
            choices=(*words.LANGS, "both") if name == "run" else words.LANGS,
            help="language of what you read (PERFKIT_LANG or LANG decide otherwise)",
        )
        return sub


def progress(lang: str) -> Callable[[str, int, int], None] | None:
    """Give a line for a terminal that says which table is being read, once it takes long."""
    if not sys.stderr.isatty():
        return None
    begun = time.monotonic()

    def tell(table: str, done: int, of: int) -> None:
        if time.monotonic() - begun > PATIENCE:
            bar = "#" * done + "-" * (of - done)
            said = words.text("cli.reading", lang, table=table)
            print(f"\r\x1b[K[{bar}] {said}", end="" if done < of else "\n", file=sys.stderr)

    return tell
