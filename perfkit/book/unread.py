"""What stops the reading of one file; it becomes a finding of the check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["Place", "Unread"]

Place = tuple[int, str]


class Unread(Exception):
    """A file that cannot be taken.

    Parameters
    ----------
    rule : str
        The rule, as in the words files under ``check`` and ``fix``.
    rows : sequence of (int, str)
        The first lines concerned, as the user sees them, with what stands there.
    count : int
        How many there are. [rows]
    column : str
        The column concerned, where it is one.
    **facts : object
        What else the sentence needs.
    """

    def __init__(
        self, rule: str, rows: Sequence[Place] = (), count: int = 1, column: str = "", **facts: Any
    ) -> None:
        super().__init__(rule)
        self.rule = rule
        self.rows = tuple(rows)
        self.count = max(count, len(self.rows))
        self.column = column
        self.facts = facts
