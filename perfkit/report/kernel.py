"""The kernel a report runs in: alone in its folder, silent, and gone when the run ends.

Imported only when a run starts, for it needs jupyter_client and papermill.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import site
import sys
import weakref
from pathlib import Path
from typing import Any, ClassVar, Final

from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

import perfkit
from perfkit.report import inkernel
from perfkit.show.attach import FOLDER

__all__ = ["ENGINE", "ReportEngine", "ReportKernel", "environment", "kill_all"]

_LOG = logging.getLogger("perfkit.report.kernel")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False

ENGINE: Final = "perfkit"
LONGEST_SOCKET: Final = 96  # the system allows about 104 bytes, numbers included


class ReportKernel(AsyncKernelManager):
    """A kernel with its own profile, the runner's perfkit and a log instead of a terminal."""

    started: ClassVar[weakref.WeakSet[ReportKernel]] = weakref.WeakSet()

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start it in its folder; what it writes outside of cells goes to a log file there."""
        folder = Path(kwargs["cwd"])
        kwargs["env"] = environment(dict(kwargs.get("env") or os.environ), folder)
        sockets = str(folder / "k")
        if sys.platform != "win32" and len(sockets.encode()) < LONGEST_SOCKET:
            # Sockets of the file system: no port to guess, none but this user can connect.
            self.transport, self.ip = "ipc", sockets
        else:
            self.transport_encryption = "auto"
        ReportKernel.started.add(self)
        with (folder / "kernel.log").open("ab") as log:
            await super().start_kernel(stdout=log, stderr=log, **kwargs)


class ReportEngine(Engine):  # type: ignore[misc]
    """papermill's cells one by one, silent, handing out the notebook also when the run fails."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        seen: list[Any],
        start_timeout: float,
        execution_timeout: float,
        folder: Path,
        **_: Any,
    ) -> Any:
        """Run the cells, remembering the notebook that is being filled."""
        seen.append(nb_man)
        client = PapermillNotebookClient(
            nb_man,
            kernel_name=kernel_name,
            kernel_manager_class=ReportKernel,
            extra_arguments=[f"--IPKernelApp.extensions={inkernel.__name__}"],
            resources={"metadata": {"path": str(folder)}},
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            log=_LOG,
        )
        try:
            return client.execute()
        finally:
            _close_loop()


def _close_loop() -> None:
    """Close the event loop that the run has made for its thread."""
    with contextlib.suppress(RuntimeError):
        loop = asyncio.get_event_loop()
        if not loop.is_running():
            loop.close()


papermill_engines.register(ENGINE, ReportEngine)


def environment(given: dict[str, str], folder: Path) -> dict[str, str]:
    """Give the environment of a kernel: the same for every run, without the user's profile.

    Parameters
    ----------
    given : dict
        The runner's environment.
    folder : Path
        The kernel's folder.

    Returns
    -------
    dict

    Examples
    --------
    >>> environment({"LANG": "C.UTF-8"}, Path("/tmp/x"))["PYTHONHASHSEED"]
    '0'
    """
    env = {**given, "IPYTHONDIR": str(folder / "ipython"), "PYTHONHASHSEED": "0"}
    env["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    env[FOLDER] = str(folder / inkernel.ATTACHED)
    home = str(Path(perfkit.__file__).resolve().parent.parent)
    if home not in site.getsitepackages():
        env["PYTHONPATH"] = os.pathsep.join(p for p in (home, given.get("PYTHONPATH", "")) if p)
    return env


def kill_all() -> None:
    """End every kernel of this process at once; for a run that is told to stop."""
    for kernel in list(ReportKernel.started):
        pid = getattr(kernel.provisioner, "pid", None)
        if pid is None or not kernel.has_kernel:
            continue
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                os.kill(pid, signal.SIGTERM)
            else:
                os.killpg(os.getpgid(pid), signal.SIGKILL)
