"""What restated facts did to the numbers: one definition, the book before and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book, Finding, snapshot
from perfkit.kpi.catalogue import kpi
from perfkit.kpi.choose import computable
from perfkit.kpi.measure import grid
from perfkit.kpi.places import units
from perfkit.period import Period

__all__ = ["restated_findings", "restated_kpis", "restated_since"]

HEADLINE = (
    "premium_submitted",
    "premium_issued",
    "premium_net",
    "cases",
    "headcount_closing",
    "recruits",
    "leavers",
    "active_agents",
    "activity_rate",
    "cooling_off_share",
    "retention_13m",
    "persistency_13m",
)
SHOWN = 5
_DEFINING = ("ranks", "rules", "thresholds", "variants", "roster_from")
_KEYS = ["unit", "level", "period"]


def restated_kpis(before: Book, now: Book, kpis: Sequence[str] | None = None) -> pd.DataFrame:
    """Compute KPIs from the facts before and now, by one definition and up to one day.

    Both sides use the settings of the book as it is now (ranks, rules, thresholds, variants),
    and know nothing after the snapshot's as_of; so only the facts make a difference.

    Parameters
    ----------
    before, now : Book
        The snapshot and the book.
    kpis : sequence of str, optional
        Which; without it the headline ones that both sides can answer.

    Returns
    -------
    DataFrame
        unit, level, period, kpi, before, after, change [the KPI's unit]: one row a unit (every
        level but the agent), month and KPI that comes out differently; a change is NaN where one
        side is undefined.

    Raises
    ------
    UnknownName
        No such KPI.
    PerfkitError
        One side has nothing a KPI asked for needs.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> len(restated_kpis(b, b, ["premium_issued"]))
    0
    """
    sides = _alike(before, now)
    here = [set(computable(side)) for side in sides]
    codes = list(kpis) if kpis is not None else [c for c in HEADLINE if all(c in h for h in here)]
    first = min(side.facts_from for side in sides)
    months = spans.months(spans.span(first, before.as_of))
    if any(side.monthly for side in sides):  # a month that is not over grows: no restatement
        months = [month for month in months if month.last <= before.as_of]
    levels = _levels(sides)
    held = [_by_kpi(side, codes, levels, months) for side in sides]
    both = pd.concat(held, axis=1, keys=["before", "after"]).astype(float)
    told = ~np.isclose(both["before"], both["after"], rtol=1e-12, atol=1e-9, equal_nan=True)
    out = both[told].reset_index()
    out["change"] = out["after"] - out["before"]
    order = {code: i for i, code in enumerate(codes)}
    at = {level: i for i, level in enumerate(levels)}
    ranks = out.assign(k=out["kpi"].map(order), at=out["level"].map(at))
    return ranks.sort_values(["k", "at", "unit", "period"], ignore_index=True).drop(
        columns=["k", "at"]
    )


def _by_kpi(
    book: Book, codes: Sequence[str], levels: Sequence[str], months: Sequence[Period]
) -> pd.Series[float]:
    found = grid(book, codes, by=levels, period=months)
    long = found.melt(_KEYS, var_name="kpi").set_index([*_KEYS, "kpi"])
    return long["value"].astype(float)


def _alike(before: Book, now: Book) -> tuple[Book, Book]:
    """Give both books the same settings, as of the earlier day."""
    since = now.settings.roster_from or min(before.facts_from, now.facts_from)
    settings = replace(now.settings, as_of=before.as_of, roster_from=since)
    return replace(before, settings=settings), replace(now, settings=settings)


def _levels(sides: tuple[Book, Book]) -> list[str]:
    if all(side.has("agents") for side in sides):
        return [level for level in sides[0].levels if level in sides[1].levels]
    found = {org.level_of(unit, side.root) for side in sides for unit in units(side)}
    return [level for level in org.UNIT_LEVELS if level in found]


def restated_findings(found: pd.DataFrame, before: Book, now: Book) -> list[Finding]:
    """Say what the restatement did to each KPI, and whether definitions changed as well.

    Parameters
    ----------
    found : DataFrame
        What `restated_kpis` gave.
    before, now : Book
        The snapshot and the book.

    Returns
    -------
    list of Finding
        A warning a KPI: how many units and months, the first five with both values (higher
        levels first). A note where book.toml defines otherwise than the snapshot's did.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> restated_findings(restated_kpis(b, b), b, b)
    []
    """
    out = []
    for code, own in found.groupby("kpi", sort=False):
        rows = own.head(SHOWN).to_dict("records")
        shown = tuple(
            {
                "file": "kpi",
                "line": None,
                "value": f"{row['unit']} {row['period']}: {_said(row['before'])} → "
                f"{_said(row['after'])}",
                "key": f"{row['unit']} {row['period']}",
                "before": None if np.isnan(row["before"]) else row["before"],
                "after": None if np.isnan(row["after"]) else row["after"],
            }
            for row in rows
        )
        facts = {"unit": kpi(str(code)).unit, "as_of": before.as_of}
        out.append(Finding("warning", "restated_kpi", "", str(code), len(own), shown, facts))
    changed = [n for n in _DEFINING if getattr(before.settings, n) != getattr(now.settings, n)]
    return out + [Finding("note", "definition_changed", "", name, 1) for name in changed]


def _said(value: float) -> str:
    return "–" if np.isnan(value) else f"{round(value, 4):.12g}"


def restated_since(now: Book, folder: Path) -> list[Finding]:
    """List what was restated since a snapshot, and what it did to the numbers.

    Parameters
    ----------
    now : Book
        The book.
    folder : Path
        What `perfkit.book.snapshot.take` wrote of it.

    Returns
    -------
    list of Finding

    Raises
    ------
    PerfkitError
        The folder is no snapshot of this book, or of a later day.

    Examples
    --------
    >>> import tempfile
    >>> from perfkit.book import open_book
    >>> with tempfile.TemporaryDirectory() as out:
    ...     made, _ = snapshot.take("cases", Path(out))
    ...     [f.rule for f in restated_since(open_book("cases"), made)]
    ['not_restated']
    """
    before = snapshot.open_snapshot(folder, now)
    rows = snapshot.restated(before, now)
    numbers = restated_kpis(before, now)
    return [
        *snapshot.restated_findings(rows, before),
        *restated_findings(numbers, before, now),
    ]
