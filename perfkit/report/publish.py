"""Publish whole folders: a reader finds the reports of before or those of now, never half.

The folder ``<period>/<notebook>`` is the unit. A run stages a copy of it in which untouched
reports are hard links, adds its own, writes ``run.json`` last and exchanges the two folders.
Runs that failed go to ``failed/`` with their reason; what is published stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from perfkit.errors import PerfkitError, RunFailed
from perfkit.report import exchange, manifest

__all__ = ["Made", "failures", "forget", "keep_failed", "publish", "published", "safe", "write"]

FAILED: Final = "failed"
_UNSAFE = re.compile(r"[/\\:*?\"<>|\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Made:
    """A finished report, not yet published.

    Attributes
    ----------
    entry : dict
        What run.json will say of it; ``files`` is filled in when it is written.
    stem : str
        Its files' name without ending.
    contents : mapping of str to bytes
        Its files by ending (``html``, ``ipynb``).
    """

    entry: dict[str, Any]
    stem: str
    contents: Mapping[str, bytes]


def safe(name: str) -> str:
    """Write a unit id or period so that it can name a file on any system.

    Examples
    --------
    >>> safe("D1/03"), safe("2012-09:ytd"), safe("2012-03-01..2012-03-09")
    ('D1-03', '2012-09-ytd', '2012-03-01..2012-03-09')
    """
    return _UNSAFE.sub("-", name).strip(". ") or "-"


def write(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old one or the new one whole.

    Parameters
    ----------
    path : Path
        Its folder exists.
    content : bytes
        All of it.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_new(beside, content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write_new(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def publish(out: Path, folder: str, made: Sequence[Made]) -> None:
    """Publish finished reports beside those that are there already.

    Parameters
    ----------
    out : Path
        The reports' folder, locked by the caller.
    folder : str
        ``<period>/<notebook>``
    made : sequence of Made
        Each takes the place of the earlier report of its unit and language.

    Raises
    ------
    PerfkitError
        Two units would be written to the same file, or the folder's run.json is damaged.
    RunFailed
        The disk is full or cannot be written; nothing has changed.
    """
    target = out / folder
    mine = {(m.entry["unit"], m.entry["lang"]) for m in made}
    before = manifest.entries(target)
    kept = [e for e in before if (e["unit"], e["lang"]) not in mine]
    replaced = [e for e in before if (e["unit"], e["lang"]) in mine]
    _refuse_same_file(kept, made)
    try:
        new = exchange.stage(out)
        _link(target, new, without={f["name"] for e in replaced for f in e["files"].values()})
        added = [_add(new, one) for one in made]
        _write_new(new / manifest.FILE, manifest.write(folder, kept + added))
        exchange.put(new, target)
    except OSError as error:
        exchange.mend(out)
        why = error.strerror or str(error)
        raise RunFailed("report.no_space", path=str(target), why=why) from error
    except BaseException:  # told to stop: what is staged goes, what is published stays
        exchange.mend(out)
        raise


def _refuse_same_file(kept: Sequence[Mapping[str, Any]], made: Sequence[Made]) -> None:
    """Two ids such as ``D1/03`` and ``D1-03`` may not share a file."""
    units = {file["name"]: e["unit"] for e in kept for file in e["files"].values()}
    for one in made:
        for ending in one.contents:
            name, unit = f"{one.stem}.{ending}", one.entry["unit"]
            if units.setdefault(name, unit) != unit:
                raise PerfkitError("report.same_file", first=units[name], second=unit, file=name)


def _link(source: Path, new: Path, *, without: set[str]) -> None:
    """Bring over what is not replaced, foreign files and folders too: a second name, or a copy."""
    if not source.is_dir():
        return
    for path in sorted(source.iterdir()):
        if path.name in without or path.name == manifest.FILE:
            continue
        if path.is_symlink():
            (new / path.name).symlink_to(path.readlink())
        elif path.is_dir():
            shutil.copytree(path, new / path.name, symlinks=True, copy_function=_same)
        else:
            _same(path, new / path.name)


def _same(path: str | Path, new: str | Path) -> None:
    """Give a file a second name; copy it where the file system has no such thing."""
    try:
        Path(new).hardlink_to(path)
    except OSError:
        shutil.copy2(path, new)


def _add(new: Path, one: Made) -> dict[str, Any]:
    """Write the files of one report into the staged folder and give its entry."""
    files = {}
    for ending, content in one.contents.items():
        path = new / f"{one.stem}.{ending}"
        path.unlink(missing_ok=True)
        _write_new(path, content)
        files[ending] = {
            "name": path.name,
            "sha256": manifest.sha256(content),
            "bytes": len(content),
        }
    return {**one.entry, "files": files}


def keep_failed(
    out: Path, folder: str, stem: str, *, entry: Mapping[str, Any], notebook: bytes
) -> Path:
    """Keep a run that failed, with its reason, away from what is published.

    Parameters
    ----------
    out : Path
        The reports' folder.
    folder : str
        ``<period>/<notebook>``
    stem : str
        The files' name without ending.
    entry : mapping
        What failed and why.
    notebook : bytes
        The notebook as far as it came.

    Returns
    -------
    Path
        The notebook's file.
    """
    where = out / FAILED / folder
    path = where / f"{stem}.ipynb"
    try:
        where.mkdir(parents=True, exist_ok=True)
        write(path, notebook)
        text = json.dumps({**entry, "file": path.name}, ensure_ascii=False, indent=1)
        write(where / f"{stem}.json", (text + "\n").encode())
    except OSError as error:
        raise RunFailed("report.no_space", path=str(path), why=error.strerror) from error
    return path


def forget(out: Path, folder: str, stem: str) -> None:
    """Drop an earlier failure of a report that is now published."""
    where = out / FAILED / folder
    for ending in ("json", "ipynb"):
        (where / f"{stem}.{ending}").unlink(missing_ok=True)
    for empty in (where, where.parent, where.parent.parent):
        with contextlib.suppress(OSError):
            empty.rmdir()


def published(out: Path) -> list[dict[str, Any]]:
    """List every published report, the newest period first.

    Parameters
    ----------
    out : Path
        The reports' folder.

    Returns
    -------
    list of dict
        The entries of all run.json files, each with its ``folder``.

    Examples
    --------
    >>> published(Path("no such folder"))
    []
    """
    found = []
    for path in sorted(out.glob(f"*/*/{manifest.FILE}"), reverse=True):
        folder = path.parent.relative_to(out).as_posix()
        if not folder.startswith((f"{FAILED}/", f"{exchange.STAGE}/")):
            found += [{**entry, "folder": folder} for entry in manifest.entries(path.parent)]
    return found


def failures(out: Path) -> list[dict[str, Any]]:
    """List the runs that failed and have not succeeded since.

    Parameters
    ----------
    out : Path
        The reports' folder.

    Returns
    -------
    list of dict
        Each with its ``folder`` below ``failed/``.
    """
    found = []
    for path in sorted((out / FAILED).glob("*/*/*.json"), reverse=True):
        with contextlib.suppress(OSError, ValueError):
            entry = json.loads(path.read_text(encoding="utf-8"))
            folder = path.parent.relative_to(out).as_posix()
            if isinstance(entry, dict):
                found.append({**entry, "folder": folder})
    return found
