"""Run a notebook for units and languages, and publish what came of it in one step."""

from __future__ import annotations

import contextlib
import datetime as dt
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
from typing import Any, Final

from perfkit import words
from perfkit.report import exchange, execute, index, lock, manifest, publish
from perfkit.report.execute import Failure
from perfkit.report.order import BOTH, Order, Plan, plan
from perfkit.report.page import Fact, page, title_of

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
        Run also what is up to date.
    jobs : int, optional
        How many kernels at once; by default two, or one on a machine with one processor.
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
    """Turn a request to terminate into an exit with code 143 that clears up on its way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
        self.outcomes: dict[tuple[str | None, str], Outcome] = {}
        self.fresh: list[publish.Made] = []

    def all(self, *, force: bool) -> RunResult:
        """Make what is not up to date, publish it in one step, and renew the index."""
        target = self.out / self.plan.folder
        known = {(e["unit"], e["lang"]): e for e in manifest.entries(target)}
        wanted = []
        for order in self.plan.orders:
            entry = known.get((order.unit, order.lang))
            if not force and entry and manifest.is_current(target, entry, order.key):
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
        still = execute.normalised(done.notebook, order.parameters)
        if done.failure:
            return _Failed(still, done.failure)
        start = time.perf_counter()
        try:
            facts = _facts(self.plan, order)
            html = page(still, lang=order.lang, facts=facts, versions=manifest.page_versions())
        except Exception as error:
            return _Failed(still, execute.unpaged(error))
        entry = _entry(self.plan, order, title_of(still))
        entry["seconds"] = {
            "run": round(done.seconds, 2),
            "page": round(time.perf_counter() - start, 2),
        }
        contents = {"html": html.encode(), "ipynb": _bytes(still)}
        return publish.Made(entry, order.stem, contents)

    def _take(self, order: Order, made: publish.Made | _Failed) -> None:
        """Keep a finished report for publication, or a failed one apart."""
        if isinstance(made, publish.Made):
            self.fresh.append(made)
            self._done(order, "made", self.out / self.plan.folder / f"{order.stem}.html")
            return
        entry = _entry(self.plan, order, title_of(made.notebook))
        why = made.failure
        entry |= {"reason": why.reason, "cell": why.cell, "said": dict(why.said)}
        path = publish.keep_failed(
            self.out,
            self.plan.folder,
            order.stem,
            entry=entry,
            notebook=_bytes(made.notebook),
        )
        self._done(order, "failed", path, made.failure)

    def _done(self, order: Order, state: str, path: Path, failure: Failure | None = None) -> None:
        outcome = Outcome(state, order.unit, order.lang, path, failure)
        self.outcomes[order.unit, order.lang] = outcome
        if self.progress:
            self.progress(outcome, len(self.outcomes), len(self.plan.orders))


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


def _facts(made: Plan, order: Order) -> list[Fact]:
    """Fill the header: unit, period, book and data."""
    facts = []
    if order.unit is not None:
        name = made.book.unit_name(order.unit, order.lang) if made.book else order.unit
        said = name if name == order.unit else f"{name} ({order.unit})"
        facts.append(("unit", said))
    if made.period is not None:
        days = {"first": made.period.first, "last": made.period.last, "days": made.period.days}
        text = words.text("report.days", order.lang, code=made.period.code, **days)
        facts.append(("period", text))
    if made.book is not None:
        facts += [("book", made.book.title(order.lang)), ("data", made.book.fingerprint[:12])]
    return [Fact(words.text(f"report.{name}", order.lang), value) for name, value in facts]


def _entry(made: Plan, order: Order, title: str) -> dict[str, Any]:
    """Write down what goes into one report."""
    book = made.book
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return {
        "notebook": made.notebook.name,
        "title": title or made.notebook.name,
        "period": made.period.code if made.period else None,
        "unit": order.unit,
        "unit_name": book.unit_name(order.unit, order.lang) if book and order.unit else order.unit,
        "lang": order.lang,
        "parameters": dict(order.parameters),
        "key": order.key,
        "notebook_sha256": made.notebook.sha256,
        "book": book.name if book else None,
        "data": book.fingerprint if book else None,
        "as_of": book.as_of.isoformat() if book else None,
        "versions": dict(manifest.made_with()),
        "source_sha256": manifest.source_sha256(),
        "counts": {t: {"in": n, "refused": 0} for t, n in book.counts.items()} if book else {},
        "findings": [f.record() for f in book.findings] if book else [],
        "made": now,
    }
