"""Put a finished folder in the place of a published one in one step.

On Linux the two are exchanged by one call of the kernel, so a reader meets the old folder or
the new one, never none. Elsewhere two renames do it, and a run that died between them is
mended by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Final

__all__ = ["exchange", "mend", "put", "stage"]

STAGE: Final = ".stage"
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_NO_SUCH_CALL: Final = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places at once.

    Parameters
    ----------
    one, other : Path
        Both exist, in the same file system.

    Returns
    -------
    bool
        False where the system cannot do it; then nothing has changed.

    Raises
    ------
    OSError
        The system can, but did not.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    paths = os.fsencode(one), os.fsencode(other)
    if call(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_SUCH_CALL:
        return False
    raise OSError(number, os.strerror(number), str(other))


def stage(out: Path) -> Path:
    """Make an empty folder for what is to be published, in the same file system.

    Parameters
    ----------
    out : Path
        The reports' folder, locked by the caller.

    Returns
    -------
    Path
        ``.stage/<process>/new``
    """
    new = out / STAGE / str(os.getpid()) / "new"
    shutil.rmtree(new.parent, ignore_errors=True)
    new.mkdir(parents=True)
    return new


def put(new: Path, target: Path) -> None:
    """Publish a staged folder at `target`, and remove the one that stood there.

    Parameters
    ----------
    new : Path
        From `stage`, complete.
    target : Path
        Where readers find it; may exist.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        new.rename(target)
    elif not exchange(new, target):
        _rename_pair(new, target)
    _clear(new.parent)


def _rename_pair(new: Path, target: Path) -> None:
    """Move the old one away and the new one in; note where, for a run that dies between."""
    old = new.parent / "old"
    (new.parent / "target").write_text(str(target.resolve()), encoding="utf-8")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise


def mend(out: Path) -> None:
    """Clear what runs that died have left; put back a folder that one had moved away.

    Parameters
    ----------
    out : Path
        The reports' folder, locked by the caller.
    """
    for left in sorted((out / STAGE).glob("*")):
        old, note = left / "old", left / "target"
        if old.is_dir() and note.is_file():
            target = Path(note.read_text(encoding="utf-8"))
            if not target.exists():
                old.rename(target)
        _clear(left)


def _clear(folder: Path) -> None:
    """Remove a stage, and the folder of all stages when it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
