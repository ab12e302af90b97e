"""Who does what, with which money, and what became of it."""

from perfkit.plan import (
    budget,
    field,
    forms,
    ledger,
    meeting,
    pack,
    printed,
    promotion,
    rows,
    spend,
    strategy,
    swot,
    systems,
    workyear,
)

__all__ = [
    "budget",
    "field",
    "forms",
    "ledger",
    "meeting",
    "pack",
    "printed",
    "promotion",
    "rows",
    "spend",
    "strategy",
    "swot",
    "systems",
    "workyear",
]
