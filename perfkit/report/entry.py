"""What run.json and the page's header say of one report, and where the report came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfkit import bundle, words
from perfkit.errors import PerfkitError
from perfkit.report import manifest, versions
from perfkit.report.order import Order, Plan
from perfkit.report.page import Fact

if TYPE_CHECKING:
    from perfkit.book import Book

__all__ = ["describe", "header", "origin", "refuse_other"]


def header(made: Plan, order: Order) -> list[Fact]:
    """Fill the page's header: unit, period, book and data."""
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


def describe(made: Plan, order: Order, title: str, *, origin: str) -> dict[str, Any]:
    """Write down what goes into one report.

    Parameters
    ----------
    made : Plan
        The run.
    order : Order
        The report.
    title : str
        Its first heading.
    origin : str
        Which notebook file it came from.

    Returns
    -------
    dict
        JSON values only, and no path of this machine.
    """
    book = made.book
    return {
        "notebook": made.notebook.name,
        "notebook_file": origin,
        "title": title or made.notebook.name,
        "period": made.period.code if made.period else None,
        "unit": order.unit,
        "unit_name": book.unit_name(order.unit, order.lang) if book and order.unit else order.unit,
        "lang": order.lang,
        "parameters": dict(order.shown),
        "key": order.key,
        "notebook_sha256": made.notebook.sha256,
        "book": book.name if book else None,
        "data": book.fingerprint if book else None,
        "as_of": book.as_of.isoformat() if book else None,
        "versions": dict(versions.made_with()),
        "source_sha256": versions.source_sha256(),
        "tools_sha256": versions.tools_sha256(),
        "counts": _counts(book) if book else {},
        "findings": [f.record() for f in book.findings] if book else [],
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }


def _counts(book: Book) -> dict[str, dict[str, int]]:
    """Count by table the rows that the numbers rest on, and those that were left out. [rows]"""
    account = book.account()
    left = dict(zip(account["table"], account["rows_left_out"], strict=True))
    return {name: {"in": n, "refused": int(left.get(name, 0))} for name, n in book.counts.items()}


def origin(notebook: Path, out: Path) -> str:
    """Name a notebook's file without a path of this machine.

    Parameters
    ----------
    notebook : Path
        The file.
    out : Path
        The reports' folder, resolved.

    Returns
    -------
    str
        ``perfkit:<name>`` for a bundled one, the path beside the reports' folder, or else the
        folder's and the file's name with a mark of the whole path.

    Examples
    --------
    >>> origin(bundle.notebook_path("monthly_review"), Path("/srv/reports"))
    'perfkit:monthly_review'
    """
    real = notebook.resolve()
    for name in bundle.notebooks():
        if bundle.notebook_path(name).resolve() == real:
            return f"perfkit:{name}"
    if real.is_relative_to(out.parent):
        return real.relative_to(out.parent).as_posix()
    return f"{real.parent.name}/{real.name} [{manifest.sha256(str(real).encode())[:6]}]"


def refuse_other(
    made: Plan, target: Path, before: Sequence[Mapping[str, Any]], *, origin: str
) -> None:
    """Refuse to replace a report of another book, or of another notebook of the same name.

    Parameters
    ----------
    made : Plan
        The run.
    target : Path
        Where it would publish.
    before : sequence of mapping
        What is published there.
    origin : str
        Which notebook file the run is of.

    Raises
    ------
    PerfkitError
        Both are named, and the ways out.
    """
    there = {e["files"]["html"]["name"]: e for e in before}
    for order in made.orders:
        entry = there.get(f"{order.stem}.html")
        if entry is None:
            continue
        path = str(target / f"{order.stem}.html")
        book = made.book.name if made.book else None
        if entry.get("book", book) != book:
            raise PerfkitError("report.other_book", path=path, before=entry["book"], now=book)
        same = entry.get("notebook_sha256") == made.notebook.sha256
        file = entry.get("notebook_file", origin)
        if file != origin and not same:
            raise PerfkitError("report.other_notebook", path=path, before=file, now=origin)
