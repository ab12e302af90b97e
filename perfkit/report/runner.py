"""Run a notebook for units and languages, and publish what came of it in one step."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from perfkit.errors import ParameterError, PerfkitError
from perfkit.report import entry, exchange, execute, index, lock, manifest, publish, versions
from perfkit.report.execute import Failure
from perfkit.report.order import BOTH, Order, Plan, plan
from perfkit.report.page import page, title_of
from perfkit.report.still import normalised

if TYPE_CHECKING:
    from perfkit.book import Book

__all__ = ["Outcome", "Progress", "RunResult", "run"]

TERMINATED: Final = 143
CELL_TIMEOUT: Final = 900.0  # the longest a cell may take [s]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report.

    Attributes
    ----------
    state : str
        published, up_to_date or failed; made while it waits for the others of its run.
    unit : str or None
        The unit it is about.
    lang : str
        zh or en.
    path : Path
        The page; of a failed run the notebook as far as it came.
    failure : Failure or None
        Why it failed.
    """

    state: str
    unit: str | None
    lang: str
    path: Path
    failure: Failure | None = None


Progress = Callable[[Outcome, int, int], None]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run.

    Attributes
    ----------
    outcomes : tuple of Outcome
        One a unit and language, in the order they were asked for.
    index : Path
        The page that lists every report.
    """

    outcomes: tuple[Outcome, ...]
    index: Path

    def _of(self, state: str) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.state == state)

    @property
    def published(self) -> tuple[Outcome, ...]:
        """The reports made now."""
        return self._of("published")

    @property
    def up_to_date(self) -> tuple[Outcome, ...]:
        """The reports that were there already, from the same inputs."""
        return self._of("up_to_date")

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The reports that could not be made."""
        return self._of("failed")

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, else 1."""
        return 1 if self.failed else 0


def run(
    notebook: str | Path,
    *,
    book: str | Path | None = None,
    period: str | None = None,
    unit: str | None = None,
    each: str | None = None,
    lang: str | None = BOTH,
    out: str | Path = "reports",
    parameters: Mapping[str, object] | None = None,
    force: bool = False,
    jobs: int | None = None,
    timeout: float = CELL_TIMEOUT,
    progress: Progress | None = None,
) -> RunResult:
    """Run a notebook into dated reports.

    Parameters
    ----------
    notebook : str or Path
        A bundled name such as ``"monthly_review"``, or an ``.ipynb`` file.
    book, period, unit : str, optional
        The standard parameters; the notebook's own values where not given.
    each : str, optional
        A level such as ``"department"``: one report for each of its units.
    lang : {"zh", "en", "both"}, default "both"
        The readers' languages; None leaves the notebook's own.
    out : str or Path, default "reports"
        The reports' folder.
    parameters : mapping, optional
        The notebook's other parameters, texts or Python values.
    force : bool, default False
        Run also what is up to date, and replace what another book or notebook has published.
    jobs : int, optional
        How many kernels at once; 0 or without it two, or one on a machine with one processor.
    timeout : float
        The longest a cell may take. [s]
    progress : callable, optional
        Called with each outcome, how many are done, and how many there are.

    Returns
    -------
    RunResult
        Reports that failed are in it; they stop no other.

    Raises
    ------
    PerfkitError
        The request is refused, before any kernel starts (exit code 2).
    RunFailed
        Nothing could be published (exit code 1).
    Locked
        Another run holds the reports' folder (exit code 3).
    """
    if jobs is not None and jobs < 0:
        raise ParameterError("report.jobs", jobs=jobs)
    standard = {
        "book": None if book is None else str(book),
        "period": period,
        "unit": unit,
        "lang": lang,
    }
    made = plan(notebook, standard=standard, each=each, parameters=parameters)
    where = Path(out).resolve()
    with terminable(), lock.hold(where):
        exchange.mend(where)
        return _Run(made, where, jobs, timeout, progress).all(force=force)


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Turn a request to terminate into an exit with code 143 that clears up on its way.

    A key press (Ctrl-C) stays what it is, KeyboardInterrupt; a second one does not disturb
    the clearing up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(TERMINATED)

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, stop)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        before[signal.SIGINT] = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A report that could not be made: its notebook as far as it came, and why."""

    notebook: Any
    failure: Failure


class _Run:
    """One run under way: its plan, where it publishes, and what is done so far."""

    def __init__(
        self, made: Plan, out: Path, jobs: int | None, timeout: float, progress: Progress | None
    ) -> None:
        self.plan = made
        self.out = out
        self.jobs = jobs or min(2, os.cpu_count() or 1)
        self.timeout = timeout
        self.progress = progress
        self.origin = entry.origin(made.notebook.path, out)
        self.outcomes: dict[tuple[str | None, str], Outcome] = {}
        self.fresh: list[publish.Made] = []

    def all(self, *, force: bool) -> RunResult:
        """Make what is not up to date, publish it in one step, and renew the index."""
        target = self.out / self.plan.folder
        publish.published(self.out)  # a damaged list is refused before anything runs
        before = manifest.entries(target)
        if not force:
            entry.refuse_other(self.plan, target, before, origin=self.origin)
        known = {(e["unit"], e["lang"]): e for e in before}
        wanted = []
        for order in self.plan.orders:
            there = known.get((order.unit, order.lang))
            if not force and there and manifest.is_current(target, there, order.key):
                self._done(order, "up_to_date", target / f"{order.stem}.html")
            else:
                wanted.append(order)
        with contextlib.closing(_each(wanted, self._make, self.jobs)) as finished:
            for order, result in finished:
                self._take(order, result)
        if self.fresh:
            publish.publish(self.out, self.plan.folder, self.fresh)
            made = {k: o for k, o in self.outcomes.items() if o.state == "made"}
            self.outcomes |= {k: replace(o, state="published") for k, o in made.items()}
        for order in self.plan.orders:
            if self.outcomes[order.unit, order.lang].state != "failed":
                publish.forget(self.out, self.plan.folder, order.stem)
        path = index.write(self.out)
        return RunResult(tuple(self.outcomes[o.unit, o.lang] for o in self.plan.orders), path)

    def _make(self, order: Order) -> publish.Made | _Failed:
        """Run one notebook and write its page; in a thread of its own."""
        source = execute.in_language(_node(self.plan.notebook.content), order.lang)
        with tempfile.TemporaryDirectory(prefix="perfkit-", ignore_cleanup_errors=True) as work:
            done = execute.run(source, order.parameters, folder=Path(work), timeout=self.timeout)
            places = {work: "…", str(Path(work).resolve()): "…"} | _place(self.plan.book)
        still = normalised(done.notebook, order.shown, places)
        if failure := done.failure or _moved(self.plan.book):
            return _Failed(still, failure)
        start = time.perf_counter()
        try:
            facts = entry.header(self.plan, order)
            beside = [f"{order.stem}.{ending}" for ending in done.attached]
            made = versions.page_versions()
            html = page(still, lang=order.lang, facts=facts, versions=made, beside=beside)
        except Exception as error:
            return _Failed(still, execute.unpaged(error))
        said = self._describe(order, still)
        said["seconds"] = {
            "run": round(done.seconds, 2),
            "page": round(time.perf_counter() - start, 2),
        }
        contents = {"html": html.encode(), "ipynb": _bytes(still), **done.attached}
        return publish.Made(said, order.stem, contents)

    def _describe(self, order: Order, notebook: Any) -> dict[str, Any]:
        return entry.describe(self.plan, order, title_of(notebook), origin=self.origin)

    def _take(self, order: Order, made: publish.Made | _Failed) -> None:
        """Keep a finished report for publication, or a failed one apart."""
        if isinstance(made, publish.Made):
            self.fresh.append(made)
            self._done(order, "made", self.out / self.plan.folder / f"{order.stem}.html")
            return
        said, why = self._describe(order, made.notebook), made.failure
        said |= {"reason": why.reason, "cell": why.cell, "said": dict(why.said)}
        path = publish.keep_failed(
            self.out,
            self.plan.folder,
            order.stem,
            entry=said,
            notebook=_bytes(made.notebook),
        )
        self._done(order, "failed", path, made.failure)

    def _done(self, order: Order, state: str, path: Path, failure: Failure | None = None) -> None:
        outcome = Outcome(state, order.unit, order.lang, path, failure)
        self.outcomes[order.unit, order.lang] = outcome
        if self.progress:
            self.progress(outcome, len(self.outcomes), len(self.plan.orders))


def _place(book: Book | None) -> dict[str, str]:
    """Say what is published instead of the place of a book's folder."""
    if book is None:
        return {}
    return {str(path): book.name for path in (book.path, book.path.resolve())}


def _moved(book: Book | None) -> Failure | None:
    """Say so when a book's files are no longer those that the run was checked with."""
    if book is None:
        return None
    from perfkit.book import source

    try:
        now = source.fingerprint(book.path, book.files, book.marks)
    except (OSError, PerfkitError):
        now = ""
    return None if now == book.fingerprint else execute.data_changed(book.name)


def _each(
    orders: Sequence[Order], make: Callable[[Order], Any], jobs: int
) -> Generator[tuple[Order, Any], None, None]:
    """Make reports in threads (the work is in their kernels); on the way out end every kernel."""
    if not orders:
        return
    execute.load()
    pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="perfkit")
    waiting: dict[Future[Any], Order] = {pool.submit(make, order): order for order in orders}
    try:
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                yield waiting.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        while running := [future for future in waiting if not future.done()]:
            execute.kill_all()
            wait(running, timeout=0.1)
        pool.shutdown()


def _node(content: bytes) -> Any:
    """Read a notebook for a run; older ones get the cell ids that the format now asks for."""
    import nbformat

    read = json.loads(content)
    for number, cell in enumerate(read["cells"], 1):
        cell.setdefault("id", f"cell-{number:03d}")
        cell.setdefault("metadata", {})
        if isinstance(cell["source"], list):
            cell["source"] = "".join(cell["source"])
    read["nbformat"], read["nbformat_minor"] = 4, max(5, read.get("nbformat_minor", 5))
    return nbformat.from_dict(read)  # type: ignore[no-untyped-call]


def _bytes(notebook: Any) -> bytes:
    import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return (text.rstrip("\n") + "\n").encode()
