"""What opening a book costs: every check, the fingerprint."""

from __future__ import annotations

from typing import Any

import perfkit.book


def run(book: str, _: object) -> Any:
    """Open and check."""
    return range(sum(perfkit.book.open_book(book).counts.values()))
