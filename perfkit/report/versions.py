"""What a report is made with: perfkit itself, Python, and the packages beneath them."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import perfkit

__all__ = ["installed", "made_with", "page_versions", "source_sha256", "tools_sha256"]

NAMED: Final = (
    "pandas",
    "numpy",
    "duckdb",
    "narwhals",
    "matplotlib",
    "seaborn",
    "statsmodels",
    "zhplot",
    "papermill",
    "nbconvert",
    "ipykernel",
)
ON_THE_PAGE: Final = ("perfkit", "python", "pandas", "duckdb", "matplotlib", "papermill")
# Tools to work and to test with: they make neither page nor number.
BESIDE: Final = frozenset({"jupyterlab", "nbval"})
SOURCES: Final = frozenset(
    {".py", ".toml", ".j2", ".css", ".html", ".js", ".json", ".csv", ".svg", ".ttf", ".otf"}
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@functools.cache
def source_sha256() -> str:
    """Give the hash of perfkit itself: its code, words, definitions, templates and styles."""
    home = Path(perfkit.__file__).parent
    files = sorted(p for p in home.rglob("*") if p.suffix in SOURCES and "_bundle" not in p.parts)
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.relative_to(home).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@functools.cache
def _font_sha256() -> str:
    """Give the hash of the font that charts and pages are written in."""
    from perfkit.show.plot.look import font_file

    return hashlib.sha256(Path(font_file()).read_bytes()).hexdigest()


@functools.cache
def installed() -> Mapping[str, str]:
    """List what perfkit stands on, directly or not, with its version.

    Returns
    -------
    mapping of str to str
        By normalised name; what another system would need is not there.

    Examples
    --------
    >>> {"pandas", "mistune", "pyarrow", "nbformat"} <= set(installed())
    True
    """
    found: dict[str, str] = {}
    waiting = ["perfkit", *NAMED]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name in BESIDE:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = one.version
        for line in one.requires or ():
            needed = _NAME.match(line)
            if needed and "extra" not in line.partition(";")[2]:
                waiting.append(needed[0])
    return dict(sorted(found.items()))


def made_with() -> Mapping[str, str]:
    """List the versions that run.json names.

    Examples
    --------
    >>> list(made_with())[:2]
    ['perfkit', 'python']
    """
    found = installed()
    own = {"perfkit": perfkit.__version__, "python": platform.python_version()}
    return own | {name: found.get(name, "") for name in NAMED}


def page_versions() -> str:
    """Write the versions as they stand at the foot of a page.

    Examples
    --------
    >>> page_versions().startswith("perfkit 0")
    True
    """
    named = made_with()
    return " · ".join(f"{name} {named[name]}" for name in ON_THE_PAGE)


def tools_sha256() -> str:
    """Give one hash of all that makes page and numbers: sources, font, Python and packages.

    Examples
    --------
    >>> len(tools_sha256())
    64
    """
    parts = [source_sha256(), _font_sha256(), platform.python_version(), dict(installed())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
