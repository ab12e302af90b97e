"""What is written down of every published report, and when two runs are the same.

``run.json`` lies beside the reports of one period and notebook: one entry a unit and language,
with what went in (parameters, data, notebook, versions) and what came out (files and hashes).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from perfkit.errors import PerfkitError
from perfkit.report import versions

__all__ = ["FILE", "entries", "is_current", "key", "sha256", "write"]

FILE: Final = "run.json"
SHAPE: Final = 1
SAID: Final = ("notebook", "title", "period", "unit", "unit_name", "lang", "data", "made")


def sha256(content: bytes) -> str:
    """Give the hash of some bytes.

    Examples
    --------
    >>> sha256(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def key(notebook_sha256: str, parameters: Mapping[str, Any], fingerprint: str) -> str:
    """Give one hash of everything that goes into a report.

    Parameters
    ----------
    notebook_sha256 : str
        Hash of the notebook's file.
    parameters : mapping
        Bound values, the book by its own name: a path says nothing of the data.
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
    parts = [notebook_sha256, dict(parameters), fingerprint, versions.tools_sha256()]
    return sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())


def entries(folder: Path) -> list[dict[str, Any]]:
    """Read what is published in a folder.

    Parameters
    ----------
    folder : Path
        ``<out>/<period>/<notebook>``

    Returns
    -------
    list of dict
        Nothing when there is no run.json.

    Raises
    ------
    PerfkitError
        It is there, but cannot be read as a list of reports.
    """
    path = folder / FILE
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = read["reports"]
        for entry in found:
            _ = [entry[name] for name in SAID], entry["files"]["html"]
            _ = [(file["name"], file["sha256"]) for file in entry["files"].values()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PerfkitError("report.damaged", path=str(path), why=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise PerfkitError("report.damaged", path=str(path), why=why) from error
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
