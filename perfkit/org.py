"""The unit tree: levels, and unit ids as paths from the book's root down.

A path keeps two units of the same name apart (``D1/03/02`` is group 02 of department 03).
Who belonged where on a day is in the engine's spells, made from the tables agents and moves.
"""

from __future__ import annotations

from collections.abc import Iterable

from perfkit.errors import PerfkitError, UnknownName

__all__ = [
    "LEVELS",
    "UNIT_LEVELS",
    "at_level",
    "check_level",
    "level_of",
    "levels_from",
    "parent",
    "within",
]

LEVELS: tuple[str, ...] = ("branch", "district", "department", "group", "agent")
UNIT_LEVELS: tuple[str, ...] = LEVELS[:-1]


def levels_from(root: str) -> tuple[str, ...]:
    """List the levels from a book's root down to the agent.

    Raises
    ------
    UnknownName
        `root` is no level.

    Examples
    --------
    >>> levels_from("district")
    ('district', 'department', 'group', 'agent')
    """
    if root not in UNIT_LEVELS:
        raise UnknownName(kind="level", name=root, allowed=UNIT_LEVELS)
    return LEVELS[LEVELS.index(root) :]


def check_level(level: str, root: str) -> str:
    """Pass a level on when the book has it.

    Raises
    ------
    UnknownName
        There is no such level.
    PerfkitError
        The level lies above the book's root.

    Examples
    --------
    >>> check_level("group", "district")
    'group'
    """
    if level not in LEVELS:
        raise UnknownName(kind="level", name=level, allowed=levels_from(root))
    if level not in levels_from(root):
        raise PerfkitError(
            "level_above_root", level=level, root=root, allowed=", ".join(levels_from(root))
        )
    return level


def parent(unit: str) -> str | None:
    """Give the unit one level up; None for the root.

    Examples
    --------
    >>> parent("D1/03"), parent("D1")
    ('D1', None)
    """
    return unit.rpartition("/")[0] or None


def level_of(unit: str, root: str) -> str:
    """Tell the level of a unit id in a book with that root.

    Raises
    ------
    PerfkitError
        The id is deeper than the tree.

    Examples
    --------
    >>> level_of("D1/03", "district")
    'department'
    """
    depth = unit.count("/")
    levels = [level for level in levels_from(root) if level != "agent"]
    if depth >= len(levels):
        raise PerfkitError("not_a_unit_path", unit=unit, root=root)
    return levels[depth]


def at_level(unit: str, level: str, root: str) -> str:
    """Cut a unit id down to its ancestor at a level.

    Examples
    --------
    >>> at_level("D1/03/02", "department", "district")
    'D1/03'
    """
    depth = levels_from(root).index(check_level(level, root)) + 1
    return "/".join(unit.split("/")[:depth])


def within(units: Iterable[str], unit: str) -> list[str]:
    """Keep a unit and all below it.

    Examples
    --------
    >>> within(["D1/01", "D1/01/02", "D1/011"], "D1/01")
    ['D1/01', 'D1/01/02']
    """
    return [u for u in units if u == unit or u.startswith(unit + "/")]
