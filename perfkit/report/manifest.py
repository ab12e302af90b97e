"""What is written down of every published report, and when two runs are the same.

``run.json`` lies beside the reports of one period and notebook: one entry a unit and language,
with what went in (parameters, data, notebook, versions) and what came out (files and hashes).
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import perfkit

__all__ = [
    "FILE",
    "entries",
    "is_current",
    "key",
    "made_with",
    "page_versions",
    "sha256",
    "source_sha256",
    "write",
]

FILE: Final = "run.json"
SHAPE: Final = 1
LIBRARIES: Final = (
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
SOURCES: Final = frozenset({".py", ".toml", ".j2", ".css"})


def sha256(content: bytes) -> str:
    """Give the hash of some bytes.

    Examples
    --------
    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


@functools.cache
def source_sha256() -> str:
    """Give the hash of perfkit itself: its code, words, definitions and templates."""
    home = Path(perfkit.__file__).parent
    files = sorted(p for p in home.rglob("*") if p.suffix in SOURCES and "_bundle" not in p.parts)
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.relative_to(home).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@functools.cache
def made_with() -> Mapping[str, str]:
    """List the versions that a report depends on.

    Examples
    --------
    >>> list(made_with())[:2]
    ['perfkit', 'python']
    """
    out = {"perfkit": perfkit.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            out[name] = ""
    return out


def page_versions() -> str:
    """Write the versions as they stand at the foot of a page.

    Examples
    --------
    >>> page_versions().startswith("perfkit 0")
    True
    """
    return " · ".join(f"{name} {made_with()[name]}" for name in ON_THE_PAGE)


def key(notebook_sha256: str, parameters: Mapping[str, Any], fingerprint: str) -> str:
    """Give one hash of everything that goes into a report.

    Parameters
    ----------
    notebook_sha256 : str
        Hash of the notebook's file.
    parameters : mapping
        Bound values.
    fingerprint : str
        Which data.

    Returns
    -------
    str

    Examples
    --------
    >>> key("n", {"unit": "D1"}, "f") == key("n", {"unit": "D1/01"}, "f")
    False
    """
    parts = [notebook_sha256, dict(parameters), fingerprint, source_sha256(), dict(made_with())]
    return sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())


def entries(folder: Path) -> list[dict[str, Any]]:
    """Read what is published in a folder; nothing when nothing is, or the list is damaged.

    Parameters
    ----------
    folder : Path
        ``<out>/<period>/<notebook>``

    Returns
    -------
    list of dict
    """
    try:
        read = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = [e for e in read["reports"] if isinstance(e["files"], dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return found


def write(folder_name: str, reports: list[dict[str, Any]]) -> bytes:
    """Write the list of a folder's reports, by unit and language.

    Parameters
    ----------
    folder_name : str
        ``<period>/<notebook>``
    reports : list of dict
        One entry a unit and language.

    Returns
    -------
    bytes
        JSON.
    """
    listed = sorted(reports, key=lambda e: (e["unit"] or "", e["lang"]))
    body = {"shape": SHAPE, "folder": folder_name, "reports": listed}
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()


def is_current(folder: Path, entry: Mapping[str, Any], wanted: str) -> bool:
    """Say whether a published report came from exactly these inputs and is still whole.

    Parameters
    ----------
    folder : Path
        Where it lies.
    entry : mapping
        Its entry.
    wanted : str
        The `key` of the run that asks.

    Returns
    -------
    bool
    """
    if entry.get("key") != wanted:
        return False
    try:
        return all(
            sha256((folder / file["name"]).read_bytes()) == file["sha256"]
            for file in entry["files"].values()
        )
    except OSError:
        return False
