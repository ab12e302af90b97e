"""A notebook as it is published: nothing in it that differs between two runs or two machines."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["normalised"]

KEPT: Final = ("kernelspec", "language_info", "title")
OWN: Final = ("periods", "ahead")  # what an author says to perfkit about the notebook

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_STYLER = re.compile(r'id="T_([0-9a-z]{5})"')
_CELL_FILE = re.compile(r"[^\s\"'<>]*ipykernel_\d+[/\\]\d+\.py")

Rewrite = Callable[[str], str]


def normalised(
    notebook: Any, parameters: Mapping[str, Any], places: Mapping[str, str] | None = None
) -> Any:
    """Take out what differs between two runs of the same: times, addresses, places, made-up ids.

    Parameters
    ----------
    notebook : NotebookNode
        After its run.
    parameters : mapping
        Kept in the metadata, beside what its author says to perfkit there.
    places : mapping of str to str, optional
        Folders of this machine, and what is written instead.

    Returns
    -------
    NotebookNode
        A copy, ready to be published.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "metadata": {"papermill": {"duration": 1}}, "id": "q"}
    >>> normalised({"cells": [{**cell, "source": ""}], "metadata": {}}, {})["cells"][0]["id"]
    'cell-001'
    """
    out = copy.deepcopy(notebook)
    said = out["metadata"].get("perfkit") or {}
    own = {name: said[name] for name in OWN if name in said}
    out["metadata"] = {k: v for k, v in out["metadata"].items() if k in KEPT}
    out["metadata"]["perfkit"] = {**own, "parameters": dict(parameters)}
    placed = _placed(places or {})
    styles: dict[str, str] = {}
    for number, cell in enumerate(out["cells"], 1):
        cell["id"] = f"cell-{number:03d}"
        for name in ("papermill", "execution", "ExecuteTime", "collapsed"):
            cell["metadata"].pop(name, None)
        cell["source"] = placed(cell["source"])
        for output in cell.get("outputs", []):
            _put(output, placed)
            _still(output, styles)
    return out


def _written(text: str) -> list[str]:
    """List the ways a text is written: plain, as a literal, as papermill does it, in HTML."""
    escaped = text.encode("unicode_escape").decode().replace('"', '\\"')
    return [text, repr(text)[1:-1], escaped, html.escape(text)]


def _placed(places: Mapping[str, str]) -> Rewrite:
    """Make what replaces whole paths, so that a short one is not found within another word."""
    pairs: dict[str, str] = {}
    for place, name in places.items():
        pairs |= dict(zip(_written(place), _written(name), strict=True))
    if not pairs:
        return lambda text: text
    longest = sorted(pairs, key=len, reverse=True)
    either = "|".join(re.escape(one) for one in longest)
    found = re.compile(rf"(?:(?<=file://)|(?<![\w<./\\-]))(?:{either})(?![\w-])", re.ASCII)
    return lambda text: found.sub(lambda match: pairs[match[0]], text)


def _put(output: Any, placed: Rewrite) -> None:
    """Replace paths in one output's texts, in place."""
    for name in ("text", "evalue"):
        if isinstance(output.get(name), str):
            output[name] = _CELL_FILE.sub("cell.py", placed(output[name]))
    if "traceback" in output:
        output["traceback"] = [placed(line) for line in output["traceback"]]
    data = output.get("data", {})
    for kind, value in data.items():
        if isinstance(value, str) and (kind.startswith("text/") or kind.endswith("xml")):
            data[kind] = placed(value)


def _still(output: Any, styles: dict[str, str]) -> None:
    """Replace object addresses and Styler's random ids in one output, in place."""
    data = output.get("data", {})
    if isinstance(plain := data.get("text/plain"), str):
        data["text/plain"] = _ADDRESS.sub(" at 0x…", plain)
    if isinstance(output.get("text"), str):
        output["text"] = _ADDRESS.sub(" at 0x…", output["text"])
    if isinstance(page := data.get("text/html"), str):
        for found in dict.fromkeys(_STYLER.findall(page)):
            name = styles.setdefault(found, f"{len(styles) + 1:05d}")
            page = page.replace(f"T_{found}", f"T_{name}")
        data["text/html"] = page
