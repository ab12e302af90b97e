"""The budget of a plan: money lines worked out, held against what is stated, added up exactly.

A table of budget lines has one row a line: line_id; strategy, action and measure it pays for;
months (apart by blanks); payer; item; formula (a money line); stated (the amount written beside
it); counted ("no" for a part of another line); kind ("plan" or "extra", asked for afterwards) and
state of an extra one. Only line_id, formula and stated must be there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from perfkit import moneyline
from perfkit import period as spans
from perfkit.errors import BadPeriod, PerfkitError, ReconcileError, UnknownName
from perfkit.plan.rows import (
    PlanRefused,
    exact,
    fen,
    need,
    once,
    one_of,
    split,
    text_of,
)

__all__ = [
    "BY",
    "against_totals",
    "extra_requests",
    "read_lines",
    "roll_up",
    "summary",
]

BY = ("strategy", "action", "measure", "month", "payer")
TEXTS = ("strategy", "action", "measure", "months", "payer", "item", "counted", "kind", "state")
KINDS = ("plan", "extra")
STATES = ("asked", "approved", "refused")
BASES = ("formula", "part", "amount", "none")


def _prepared(lines: pd.DataFrame) -> pd.DataFrame:
    """Bring the texts of a budget into one form, and refuse what is none."""
    need(lines, ("line_id", "formula", "stated"), "budget")
    once(lines, "line_id", "budget")
    out = pd.DataFrame({"line_id": lines["line_id"].map(text_of)}, index=lines.index)
    for column in TEXTS:
        out[column] = lines[column].map(text_of) if column in lines else ""
    out["counted"] = out["counted"].replace("", "yes")
    out["kind"] = out["kind"].replace("", KINDS[0])
    extra = out["kind"] == KINDS[1]
    out["state"] = out["state"].mask(extra & (out["state"] == ""), STATES[0])
    one_of(out, "counted", ("yes", "no"), "budget")
    one_of(out, "kind", KINDS, "budget")
    one_of(out, "state", ("", *STATES), "budget")
    for line, months in zip(out["line_id"], out["months"], strict=True):
        for month in months.split():
            _month(month, line)
    return out


def _month(text: str, line: str) -> None:
    try:
        is_month = spans.parse(text).kind == "month"
    except BadPeriod:
        is_month = False
    if not is_month:
        raise PlanRefused("month", place=line, value=text)


def _worked_out(record: Mapping[Any, Any]) -> dict[str, Any]:
    """Work out one line and hold it against what is stated."""
    place, text = str(record["line_id"]), text_of(record["formula"])
    stated, computed, holds, is_formula = exact(record["stated"], place), None, True, False
    if text:
        try:
            line = moneyline.read(text)
        except PerfkitError as error:
            raise PlanRefused("money_line", place=place, error=error) from error
        last = line.steps[-1]
        told = len(line.steps) > 1 and not last.operations
        computed = fen(line.computed if told else last.value, place)
        is_formula, holds = line.is_formula, line.holds
        stated = last.value if stated is None and (told or not is_formula) else stated
        steps = tuple(step.value for step in line.steps)
    else:
        steps = ()
    if computed is not None and stated is not None:
        holds = holds and computed == stated
    accepted = computed if computed is not None else stated
    basis = "formula" if is_formula else "none" if accepted is None else "amount"
    return {"stated": stated, "computed": computed, "accepted": accepted, "basis": basis,
            "holds": holds, "steps": steps}  # fmt: skip


def _parts(out: pd.DataFrame) -> pd.DataFrame:
    """Hold the parts of a counted line against a step of it: the whole counts them, they do not."""
    for _, own in out.groupby("measure", sort=False):
        parts = own[own["counted"] == "no"]
        steps = set(itertools.chain.from_iterable(own.loc[own["counted"] == "yes", "steps"]))
        if parts.empty or not own["measure"].iloc[0]:
            continue
        made = parts["accepted"].map(lambda a: a or Decimal(0)).sum() in steps
        plain = parts.index[parts["basis"] == "amount"]
        out.loc[plain, "basis"] = "part"
        out.loc[plain, "holds"] = made
    return out


def read_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Work out every money line, step by step, and hold it against the amount stated.

    Parameters
    ----------
    lines : DataFrame
        line_id, formula and stated; and where known strategy, action, measure, months, payer, item,
        counted, kind and state. [yuan]

    Returns
    -------
    DataFrame
        The same rows with texts in one form, and: stated, computed and accepted [yuan]; basis:
        ``formula`` (something to work out), ``part`` (a plain amount that another line of the
        measure counts, held against a step of it), ``amount`` (a plain amount: nothing to hold it
        against), ``none`` (no money written); holds; times (computed over stated, NaN where they
        agree or one is missing) [ratio]; counts (in the sums: a part does not, nor an extra request
        that is not approved). A formula is believed before the amount beside it.

    Raises
    ------
    PlanRefused
        A column is missing, a line stands twice, a money line cannot be read (with its place and
        what stands there), an amount is not of whole fen, a month is none.

    Notes
    -----
    Source: branch plan 2005, slides 28-33.

    Examples
    --------
    >>> found = read_lines(
    ...     pd.DataFrame(
    ...         {"line_id": ["L1"], "formula": ["5 yuan x 300 persons x 12"], "stated": [1800]}
    ...     )
    ... )
    >>> found[["accepted", "holds", "times"]].values.tolist()
    [[18000.0, False, 10.0]]
    """
    out = _prepared(lines)
    source = lines.assign(line_id=out["line_id"])[["line_id", "formula", "stated"]]
    out["formula"] = lines["formula"].map(text_of)
    found = [_worked_out(record) for record in source.to_dict("records")]
    for column in ("stated", "computed", "accepted", "basis", "holds", "steps"):
        values = [one[column] for one in found]
        out[column] = pd.Series(values, index=out.index, dtype=object)
    out = _parts(out)
    for column in ("stated", "computed", "accepted"):
        out[column] = out[column].map(lambda a: np.nan if a is None else float(a)).astype(float)
    out["holds"] = out["holds"].astype(bool)
    off = out["computed"] != out["stated"]
    out["times"] = (out["computed"] / out["stated"].where(out["stated"] != 0)).where(off)
    approved = (out["kind"] == KINDS[0]) | (out["state"] == "approved")
    out["counts"] = (out["counted"] == "yes") & approved
    return out.drop(columns="steps").reset_index(drop=True)


def summary(read: pd.DataFrame) -> pd.Series[float]:
    """Count what the lines are and what they come to.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.

    Returns
    -------
    Series
        lines, checked (with something to hold them against), right, wrong, plain, unpriced
        [count]; stated and accepted, of the lines that count [yuan].

    Examples
    --------
    >>> from perfkit.plan.printed import plan_lines
    >>> found = summary(read_lines(plan_lines("branch_2005", lang="zh")))
    >>> found[["lines", "checked", "right", "wrong", "plain"]].astype(int).tolist()
    [40, 20, 18, 2, 20]
    """
    checked = read["basis"].isin(["formula", "part"])
    own = read[read["counts"]]
    return pd.Series(
        {
            "lines": len(read),
            "checked": checked.sum(),
            "right": (checked & read["holds"]).sum(),
            "wrong": (checked & ~read["holds"]).sum(),
            "plain": (read["basis"] == "amount").sum(),
            "unpriced": (read["basis"] == "none").sum(),
            "stated": _fen(own["stated"]).sum() / 100,
            "accepted": _fen(own["accepted"]).sum() / 100,
        },
        dtype=float,
    )


def _fen(yuan: pd.Series[float]) -> pd.Series[int]:
    """Write amounts in fen, whole numbers; none is 0."""
    return (yuan.fillna(0) * 100).round().astype("int64")


def roll_up(read: pd.DataFrame, by: str) -> pd.DataFrame:
    """Add the budget up by strategy, action, measure, month or payer; the parts make the whole.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.
    by : {"strategy", "action", "measure", "month", "payer"}
        What to add up by. A line of several months is spread evenly, to the fen.

    Returns
    -------
    DataFrame
        `by` (empty text: not said), amount, share (of the whole), lines and unpriced (lines
        without money). [yuan, rate, count]

    Raises
    ------
    UnknownName
        There is no such way to add up.
    ReconcileError
        The parts do not make the whole.

    Examples
    --------
    >>> from perfkit.plan.printed import plan_lines
    >>> found = roll_up(read_lines(plan_lines("branch_2005", lang="en")), "strategy")
    >>> found[["strategy", "amount"]].values.tolist()
    [['S1', 606000.0], ['S2', 1998400.0], ['S3', 220000.0]]
    """
    if by not in BY:
        raise UnknownName(kind="column", name=by, allowed=BY)
    own = read[read["counts"]]
    cells: list[tuple[str, int, bool]] = []
    for record, whole in zip(own.to_dict("records"), _fen(own["accepted"]), strict=True):
        keys = record["months"].split() or [""] if by == "month" else [record[by]]
        none = record["basis"] == "none"
        cells += [
            (k, part, none) for k, part in zip(keys, split(int(whole), len(keys)), strict=True)
        ]
    table = pd.DataFrame(cells, columns=[by, "fen", "unpriced"])
    out = table.groupby(by).agg(
        fen=("fen", "sum"), lines=("fen", "size"), unpriced=("unpriced", "sum")
    )
    whole = int(_fen(own["accepted"]).sum())
    if int(out["fen"].sum()) != whole:
        raise ReconcileError(
            "planning.parts", by=by, parts=out["fen"].sum() / 100, whole=whole / 100
        )
    out["amount"] = out["fen"] / 100
    out["share"] = out["fen"] / whole if whole else np.nan
    return out.reset_index()[[by, "amount", "share", "lines", "unpriced"]]


def against_totals(read: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Hold the totals a plan states beside its measures against the lines under them.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.
    totals : DataFrame
        measure and stated. [yuan]

    Returns
    -------
    DataFrame
        measure, stated (the total), as_stated (the lines as they are written), accepted (the lines
        as they come to), difference (accepted less the total) and holds. [yuan]

    Raises
    ------
    UnknownName
        A total is stated for a measure without lines.

    Examples
    --------
    >>> from perfkit.plan.printed import plan_lines, plan_totals
    >>> read = read_lines(plan_lines("branch_2005", lang="en"))
    >>> bool(against_totals(read, plan_totals("branch_2005"))["holds"].all())
    True
    """
    need(totals, ("measure", "stated"), "budget totals")
    own = read[read["counts"]]
    sums = own.assign(a=_fen(own["accepted"]), s=_fen(own["stated"])).groupby("measure")[["a", "s"]]
    found = sums.sum()
    for measure in totals["measure"]:
        if measure not in found.index:
            raise UnknownName(kind="measure", name=measure, allowed=list(found.index))
    held = found.loc[totals["measure"]].reset_index(drop=True)
    stated = totals["stated"].reset_index(drop=True).astype(float)
    difference = held["a"] - _fen(stated)
    return pd.DataFrame(
        {
            "measure": totals["measure"].to_numpy(),
            "stated": stated,
            "as_stated": held["s"] / 100,
            "accepted": held["a"] / 100,
            "difference": difference / 100,
            "holds": difference == 0,
        }
    )


def extra_requests(read: pd.DataFrame) -> pd.DataFrame:
    """Lay what was asked for afterwards beside what was planned, by action.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.

    Returns
    -------
    DataFrame
        action, planned, asked (still open), approved, refused, and more (approved over planned).
        One row an action with a request. [yuan, rate]

    Notes
    -----
    Source: district deck 2012, sections 13 and 14: extra expense is reviewed and carried out.

    Examples
    --------
    >>> lines = pd.DataFrame(
    ...     {
    ...         "line_id": ["L1", "L2"],
    ...         "action": "A",
    ...         "formula": ["", ""],
    ...         "stated": [100, 20],
    ...         "kind": ["plan", "extra"],
    ...         "state": ["", "approved"],
    ...     }
    ... )
    >>> extra_requests(read_lines(lines))[["planned", "approved", "more"]].values.tolist()
    [[100.0, 20.0, 0.2]]
    """
    own = read[read["counted"] == "yes"]
    column = own["state"].where(own["kind"] == KINDS[1], "planned")
    table = own.assign(state=column, fen=_fen(own["accepted"]))
    sums = table.pivot_table(index="action", columns="state", values="fen", aggfunc="sum")
    out = sums.reindex(columns=["planned", *STATES]).fillna(0) / 100
    asked = own.loc[own["kind"] == KINDS[1], "action"].unique()
    out = out.loc[[action for action in out.index if action in asked]]
    out["more"] = out["approved"] / out["planned"].where(out["planned"] > 0)
    return out.rename_axis(columns=None).reset_index()
