"""One run at a time in a reports' folder; the lock ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from perfkit.errors import Locked, PerfkitError

__all__ = ["hold"]

FILE: Final = ".lock"


def _take(file: IO[str]) -> None:
    """Lock an open file, or raise OSError when another process has it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def hold(out: Path) -> Iterator[None]:
    """Hold the lock of a reports' folder, which is made when it is not there.

    The system frees the lock when the process that holds it ends, so a killed run leaves none.

    Parameters
    ----------
    out : Path
        The reports' folder.

    Raises
    ------
    Locked
        Another run holds it.
    PerfkitError
        The folder cannot be written.
    """
    path = out / FILE
    try:
        out.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise PerfkitError("report.no_space", path=str(out), why=error.strerror) from error
    with file:
        try:
            _take(file)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise Locked("report.locked", path=str(out), pid=holder) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
