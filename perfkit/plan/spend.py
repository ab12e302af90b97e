"""What became of a budget: money spent, what a result cost, and what nobody has priced."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.book import Book
from perfkit.errors import ReconcileError, UnknownName
from perfkit.plan.budget import BY, read_lines, roll_up
from perfkit.plan.rows import PlanRefused, exact, need, text_of

__all__ = ["cost_per_result", "money", "spend", "unpriced"]


def spend(
    read: pd.DataFrame, spending: pd.DataFrame, *, by: str = "action", until: dt.date | None = None
) -> pd.DataFrame:
    """Lay what was spent beside the budget.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.
    spending : DataFrame
        line_id, on (the day, a date) and amount; several rows a line. [yuan]
    by : {"strategy", "action", "measure", "payer", "line_id"}, default "action"
        What to add up by.
    until : date, optional
        Only what was spent up to this day.

    Returns
    -------
    DataFrame
        `by`, budget, spent, left, share (spent of the budget; NaN without one) and over (more than
        the budget). [yuan, rate]

    Raises
    ------
    UnknownName
        Money was spent on a line that is none, or there is no such way to add up.
    PlanRefused
        An amount or a day is missing.
    ReconcileError
        The parts do not make the whole.

    Examples
    --------
    >>> from perfkit.plan.budget import read_lines
    >>> lines = pd.DataFrame({"line_id": ["L1"], "action": "A", "formula": "", "stated": [100]})
    >>> spent = pd.DataFrame({"line_id": ["L1"], "on": [dt.date(2012, 9, 3)], "amount": [25]})
    >>> spend(read_lines(lines), spent)[["left", "share"]].values.tolist()
    [[75.0, 0.25]]
    """
    ways = ("line_id", *(way for way in BY if way != "month"))
    if by not in ways:
        raise UnknownName(kind="column", name=by, allowed=ways)
    fen = _by_line(read, spending, until)
    own = read[read["counts"]]
    budget = own.groupby(by)["accepted"].agg(lambda a: round(a.fillna(0).sum() * 100))
    keys = read[by].to_numpy() if by != "line_id" else fen.index.to_numpy()
    spent = fen.groupby(keys).sum()
    out = pd.DataFrame({"budget": budget, "spent": spent}).fillna(0)
    if round(out["spent"].sum()) != int(fen.sum()):
        raise ReconcileError(
            "planning.parts", by=by, parts=out["spent"].sum() / 100, whole=int(fen.sum()) / 100
        )
    out["left"] = out["budget"] - out["spent"]
    out = out / 100
    out["share"] = out["spent"] / out["budget"].where(out["budget"] > 0)
    out["over"] = out["left"] < 0
    return out.rename_axis(by).reset_index()


def _by_line(read: pd.DataFrame, spending: pd.DataFrame, until: dt.date | None) -> pd.Series[int]:
    """Add up what was spent on every line, in fen."""
    need(spending, ("line_id", "on", "amount"), "spending")
    known = set(read["line_id"])
    total: dict[str, int] = dict.fromkeys(read["line_id"], 0)
    for row, record in enumerate(spending.to_dict("records"), 2):
        line, on = text_of(record["line_id"]), record["on"]
        if line not in known:
            raise UnknownName(kind="line", name=line, allowed=list(read["line_id"]))
        amount = exact(record["amount"], f"spending:{row}")
        if amount is None or pd.isna(on) or not isinstance(on, dt.date):
            column = "amount" if amount is None else "on"
            raise PlanRefused("empty", table="spending", column=column, rows=row)
        day = on.date() if isinstance(on, dt.datetime) else on
        if until is None or day <= until:
            total[line] += int(amount * 100)
    return pd.Series(total, dtype="int64").rename_axis("line_id")


def cost_per_result(
    read: pd.DataFrame, results: pd.Series[float], *, by: str = "action"
) -> pd.DataFrame:
    """Say what each result costs.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.
    results : Series
        By action (or whatever `by` says), what it brought: recruits, added premium, policies. A
        result of 0 or none has no cost. [any one unit each]
    by : {"strategy", "action", "measure", "payer"}, default "action"
        What the results are of.

    Returns
    -------
    DataFrame
        `by`, amount, result and cost (amount over result). [yuan, as the results, yuan a result]

    Raises
    ------
    UnknownName
        A result is of nothing that has a budget line.

    Examples
    --------
    >>> from perfkit.plan.budget import read_lines
    >>> from perfkit.plan.printed import plan_lines
    >>> read = read_lines(plan_lines("branch_2005", lang="en"))
    >>> cost_per_result(read, pd.Series({"S1A3": 120.0}))["cost"].tolist()
    [500.0]
    """
    found = roll_up(read, by).set_index(by)["amount"]
    for name in results.index:
        if name not in found.index:
            raise UnknownName(kind="line", name=name, allowed=list(found.index))
    out = pd.DataFrame({"amount": found.reindex(results.index), "result": results.astype(float)})
    out["cost"] = out["amount"] / out["result"].where(out["result"] > 0)
    return out.rename_axis(by).reset_index()


def unpriced(read: pd.DataFrame, measures: pd.DataFrame, posts: pd.DataFrame) -> pd.DataFrame:
    """List what the plan asks for without a price: added posts, measures without any line.

    Parameters
    ----------
    read : DataFrame
        What `read_lines` gives.
    measures : DataFrame
        measure and name, every measure of the plan.
    posts : DataFrame
        measure, name and persons: posts to be added. [persons]

    Returns
    -------
    DataFrame
        kind (``post``, ``line`` or ``measure``), measure, name and persons (NaN but for posts). A
        post is unpriced as long as its measure has no line; a measure with posts is not named
        again. [persons]

    Examples
    --------
    >>> from perfkit.plan.budget import read_lines
    >>> lines = pd.DataFrame({"line_id": ["L"], "measure": "M1", "formula": "", "stated": [5]})
    >>> measures = pd.DataFrame({"measure": ["M1", "M2"], "name": ["a", "b"]})
    >>> posts = pd.DataFrame({"measure": ["M2"], "name": ["trainer"], "persons": [9]})
    >>> unpriced(read_lines(lines), measures, posts)[["kind", "name", "persons"]].values.tolist()
    [['post', 'trainer', 9.0]]
    """
    need(measures, ("measure", "name"), "measures")
    need(posts, ("measure", "name", "persons"), "posts")
    priced = set(read.loc[read["counts"] & read["accepted"].notna(), "measure"])
    none = read[read["counts"] & read["accepted"].isna()]
    rows: list[tuple[str, str, str, float]] = [
        ("post", str(m), str(n), float(p))
        for m, n, p in zip(posts["measure"], posts["name"], posts["persons"], strict=True)
        if m not in priced
    ]
    rows += [("line", m, n or i, np.nan) for m, n, i in
             zip(none["measure"], none["item"], none["line_id"], strict=True)]  # fmt: skip
    named = {measure for _, measure, _, _ in rows} | priced
    rows += [("measure", str(m), str(n), np.nan) for m, n in
             zip(measures["measure"], measures["name"], strict=True) if m not in named]  # fmt: skip
    return pd.DataFrame(rows, columns=["kind", "measure", "name", "persons"])


def money(book: Book, *, unit: str) -> dict[str, pd.DataFrame | None]:
    """Give a unit's budget by month and what it spent by day, as far as the book holds them.

    Parameters
    ----------
    book : Book
        Its tables budget and spending; a line without a unit is the whole force's.
    unit : str
        Whose; the units below it are in.

    Returns
    -------
    dict
        spending (on, amount) and budget (month, amount), each None where the book has no such
        table. Lines of no month are in no month. [yuan]

    Raises
    ------
    PlanRefused
        A line cannot be worked out.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> money(open_book("district_one"), unit="D1")
    {'spending': None, 'budget': None}
    """
    if not book.has("budget"):
        return {"spending": None, "budget": None}
    lines = book.home("budget")
    owner = lines["unit_id"].fillna("")
    theirs = owner.isin(org.within(owner, unit))
    if org.level_of(unit, book.root) == book.root:
        theirs |= owner == ""
    own = read_lines(lines[theirs])
    out: dict[str, pd.DataFrame | None] = {"spending": None, "budget": roll_up(own, "month")}
    if book.has("spending"):
        spent = book.home("spending")
        out["spending"] = spent[spent["line_id"].isin(own["line_id"])].reset_index(drop=True)
    return out
