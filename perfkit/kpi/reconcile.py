"""What must agree, held side by side: the roll-forward, control totals, targets and their parts.

Each check gives both sides and their difference, agreed or not, so that one page says how far a
book can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from perfkit import org
from perfkit import period as spans
from perfkit.book import Book, Finding
from perfkit.kpi.catalogue import catalogue
from perfkit.kpi.choose import computable
from perfkit.kpi.measure import measure
from perfkit.kpi.people import People
from perfkit.kpi.places import units
from perfkit.period import Period

__all__ = ["CHECKS", "reconcile", "reconcile_findings"]

CHECKS = {
    "headcount": "agents",
    "control": "control",
    "targets": "targets",
    "target_unit": "targets",
}
COLUMNS = ["check", "unit", "period", "kpi", "left", "right", "difference", "agrees", "version"]
EXACT = 0.005  # half a fen: sums of yuan differ by less only in their last binary digit
_ROLL = ["headcount_opening", "recruits", "leavers", "headcount_closing"]
_KEYS = ["unit", "period", "kpi"]


def reconcile(book: Book) -> pd.DataFrame:
    """Hold what must agree side by side.

    - headcount: opening + recruits - leavers (+ transfers in - out, where the book knows them)
      against closing, by unit and whole month of the facts.
    - control: what the book comes to against the total in the table control, to the last digit
      written there (1234 is agreed to the yuan, 0.41 to the per cent).
    - targets: the sum of the next lower units that have an entry against the unit's own entry,
      by period, KPI and version; ratios are left out, their parts do not add up.
    - target_unit: a target (right) of a unit that the book does not know.

    Parameters
    ----------
    book : Book
        Opened.

    Returns
    -------
    DataFrame
        check, unit, period, kpi, left, right, difference (left - right) [the KPI's unit], agrees
        (missing where a side is unknown), version (of a target). The order is that of the checks.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = reconcile(open_book("district_one"))
    >>> sorted(set(found["check"])), bool(found["agrees"].all())
    (['headcount', 'targets'], True)
    """
    parts = [part for part in (_headcount(book), _control(book), *_targets(book)) if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    out = pd.concat([_judged(part) for part in parts], ignore_index=True)
    return out.reindex(columns=COLUMNS)


def _judged(part: pd.DataFrame) -> pd.DataFrame:
    """Add the difference, and whether it is within what the right side's digits say."""
    right = part["right"].astype(float)
    gap = part["left"].astype(float) - right
    within = gap.abs() <= part["within"] + 1e-9 * right.abs()
    agrees = within.astype("boolean").mask(gap.isna())
    return part.assign(
        difference=gap, agrees=agrees.mask(part["check"] == "target_unit", other=False)
    )


def _levels(book: Book) -> list[str]:
    """List the unit levels that anybody belongs to."""
    if book.has("agents"):
        return list(book.levels)
    found = {org.level_of(unit, book.root) for unit in units(book)}
    return [level for level in org.UNIT_LEVELS if level in found]


def _months(book: Book) -> list[Period]:
    whole = spans.months(spans.span(book.facts_from, book.as_of))
    return [m for m in whole if m.kind == "month" and m.last <= book.as_of]


def _headcount(book: Book) -> pd.DataFrame:
    months = _months(book)
    if not months or not set(_ROLL) <= set(computable(book)):
        return pd.DataFrame(columns=COLUMNS)
    found = measure(book, _ROLL, by=_levels(book), period=months)
    wide = found.pivot(index=["unit", "period"], columns="kpi", values="value")
    left = wide["headcount_opening"] + wide["recruits"] - wide["leavers"]
    if book.has("agents"):
        left = left + _transfers(book, months).reindex(wide.index, fill_value=0)
    sides = pd.DataFrame({"left": left, "right": wide["headcount_closing"]})
    sides = sides.dropna(how="all").reset_index()
    return sides.assign(check="headcount", kpi="headcount_closing", within=EXACT)


def _transfers(book: Book, months: Sequence[Period]) -> pd.Series[float]:
    """Count transfers in less out, each by itself, by unit and month."""
    people = People.of(book, as_now=False)
    later = np.flatnonzero(np.diff(people.agent) == 0) + 1
    firsts = np.array([m.first.toordinal() for m in months])
    month = np.searchsorted(firsts, people.since[later], side="right") - 1
    inside = (month >= 0) & (people.since[later] <= months[-1].last.toordinal())
    rows, month = later[inside], month[inside]
    codes = np.array([m.code for m in months], dtype=object)[month]
    parts = []
    for name in book.levels:
        level = people.level(name, book.root)
        to = level.of_leaf[people.leaf[rows]]
        out_of = level.of_leaf[people.leaf[rows - 1]]
        for place, sign in ((to, 1.0), (out_of, -1.0)):
            unit = np.array(level.places, dtype=object)[place]
            parts.append(pd.DataFrame({"unit": unit, "period": codes, "moved": sign}))
    moved: pd.Series[float] = pd.concat(parts).groupby(["unit", "period"])["moved"].sum()
    return moved


def _written(value: float) -> float:
    """Give half of the last digit a number is written with, at most half of one."""
    if not np.isfinite(value):
        return EXACT
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** min(int(exponent), 0)


def _control(book: Book) -> pd.DataFrame:
    if not book.has("control"):
        return pd.DataFrame(columns=COLUMNS)
    table = book.home("control")
    stated = table.rename(columns={"unit_id": "unit", "value": "right"})
    stated["code"] = [spans.parse(text).code for text in stated["period"]]
    here = [*book.levels, "agent"] if book.has("agents") else org.levels_from(book.root)
    levels = [level for i, level in enumerate(here) if (stated["unit"].str.count("/") == i).any()]
    asked = [code for code in computable(book) if code in set(stated["kpi"])]
    found = measure(book, asked, by=levels, period=list(dict.fromkeys(stated["code"])))
    held = found.set_index(_KEYS)["value"].rename("left")
    out = stated.join(held.astype(float), on=["unit", "code", "kpi"])
    within = [_written(value) for value in out["right"]]
    sides: pd.DataFrame = out[[*_KEYS, "left", "right"]]
    return sides.assign(check="control", within=within)


def _targets(book: Book) -> list[pd.DataFrame]:
    if not book.has("targets"):
        return []
    table = book.home("targets").rename(columns={"unit_id": "unit", "value": "right"})
    table = table[table["right"].notna()]
    return [_parts_of_targets(table), _strange_targets(book, table)]


def _parts_of_targets(table: pd.DataFrame) -> pd.DataFrame:
    """Add up the entries one step below each entry; a step that has none is passed over."""
    sums = {code for code, one in catalogue().items() if not one.denominator}
    rows = []
    keys = ["period", "kpi", "version"]
    for (period, code, version), own in table[table["kpi"].isin(sums)].groupby(keys, sort=True):
        held = dict(zip(own["unit"], own["right"].astype(float), strict=True))
        for unit, left in _sums_below(held).items():
            rows.append([unit, period, code, version, left, held[unit]])
    out = pd.DataFrame(rows, columns=["unit", *keys, "left", "right"])
    return out.assign(check="targets", within=EXACT)


def _sums_below(held: Mapping[str, float]) -> dict[str, float]:
    """Add every entry to the nearest unit above it that has one."""
    out: dict[str, float] = {}
    for unit, value in held.items():
        over = next((above for above in _above(unit)[::-1] if above in held), None)
        if over is not None:
            out[over] = out.get(over, 0.0) + value
    return dict(sorted(out.items()))


def _above(unit: str) -> list[str]:
    parts = unit.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _strange_targets(book: Book, table: pd.DataFrame) -> pd.DataFrame:
    """Find entries of units that nobody and nothing belongs to."""
    known = set(units(book))
    depth = len(book.levels) if book.has("agents") else len(org.UNIT_LEVELS)
    own = table["unit"].map(lambda u: (org.parent(u) or "") if u.count("/") >= depth else u)
    out = table.loc[~own.isin(known), [*_KEYS, "right", "version"]]
    return out.assign(check="target_unit", left=np.nan, within=EXACT)


def reconcile_findings(found: pd.DataFrame, shown: int = 5) -> list[Finding]:
    """Say what agrees and what does not, check by check.

    Parameters
    ----------
    found : DataFrame
        What `reconcile` gave.
    shown : int, default 5
        How many of those that differ are named, the widest apart first.

    Returns
    -------
    list of Finding
        A warning for what differs, a note for what cannot be compared, and one for what agrees.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> [f.rule for f in reconcile_findings(reconcile(open_book("district_one")))]
    ['reconcile_agrees', 'reconcile_agrees']
    """
    out = []
    for check, table in CHECKS.items():
        own = found[found["check"] == check]
        agrees = own["agrees"].astype("boolean")
        differing, unknown = own[~agrees.fillna(value=True)], own[agrees.isna()]
        order = differing["difference"].abs().sort_values(ascending=False, kind="stable").index
        for severity, rule, rows in (
            ("warning", f"reconcile_{check}", differing.loc[order]),
            ("note", "reconcile_unknown", unknown),
        ):
            if len(rows):
                places = tuple(_row(row, table) for row in rows.head(shown).to_dict("records"))
                facts = {"check": check}
                out.append(Finding(severity, rule, table, check, len(rows), places, facts))
        if agrees.fillna(value=False).any():
            count, facts = int(agrees.sum()), {"check": check}
            out.append(Finding("note", "reconcile_agrees", table, check, count, (), facts))
    return sorted(out, key=lambda f: ("warning", "note").index(f.severity))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{round(value, 4):.12g}"


def _row(row: Mapping[Any, Any], table: str) -> dict[str, Any]:
    sides = {name: float(str(row[name])) for name in ("left", "right", "difference")}
    said = " ".join(str(row[name]) for name in _KEYS)
    version = f" {row['version']}" if isinstance(row["version"], str) else ""
    text = (
        f"{said}{version}: {_number(sides['left'])} / {_number(sides['right'])} "
        f"({_number(sides['difference'])})"
    )
    return {"file": table, "line": None, "value": text}
