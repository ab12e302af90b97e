"""Node plans: what must be in hand on which day, by hand or from a month's target and a curve."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import period as spans
from perfkit import workdays
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName

__all__ = [
    "KPIS",
    "PREMIUM",
    "RATES",
    "WRITERS",
    "checked",
    "entered",
    "nothing",
    "path",
    "plan",
    "share_at",
    "together",
    "with_writers",
]

PREMIUM = "premium_submitted"
RATES = ("activity_rate", "supervisor_activity_rate")
KPIS = (PREMIUM, *RATES)
# Who must have written by a node, as the KPI that counts them.
WRITERS = ("headcount_department_manager", "supervisors", "headcount_closing")
SHOWN = 3

Weights = Mapping[str, float] | None


def _rows(bad: Iterable[bool]) -> str:
    """Name the first rows that are bad, counted from 1."""
    places = [str(i + 1) for i, is_bad in enumerate(bad) if is_bad]
    more = f" … ({len(places)})" if len(places) > SHOWN else ""
    return ", ".join(places[:SHOWN]) + more


def _check_days(days: Sequence[dt.date], month: spans.Period) -> None:
    """Every node lies in its month, and later than the one before."""
    outside = [not month.first <= day <= month.last for day in days]
    if any(outside):
        raise PerfkitError("node_outside", rows=_rows(outside), month=month.code)
    falls = [False, *(after <= day for day, after in itertools.pairwise(days))]
    if any(falls):
        raise PerfkitError("node_falls", rows=_rows(falls), column="date", month=month.code)


def checked(frame: pd.DataFrame, month: str) -> pd.DataFrame:
    """Check a node plan, and give it in full.

    Parameters
    ----------
    frame : DataFrame
        date (dates), and any of the KPIs premium_submitted [yuan], activity_rate,
        supervisor_activity_rate [rates], cumulative; must_write: who must have written, as the KPI
        that counts them (``headcount_department_manager``, ``supervisors``, ``headcount_closing``).
        An empty value is no entry.
    month : str
        The nodes' month.

    Returns
    -------
    DataFrame
        node (from 1), date, the three KPIs, must_write; what the frame lacks is empty.

    Raises
    ------
    PerfkitError
        A node lies outside the month, days or a KPI do not rise, a target is not above zero, a rate
        is above one; the rows are named, the first is 1.
    UnknownName
        must_write names nobody known.

    Notes
    -----
    Source: district deck 2012, sections 29-30.

    Examples
    --------
    >>> nodes = pd.DataFrame(
    ...     {"date": [dt.date(2012, 9, 4), dt.date(2012, 9, 11)], "activity_rate": [0.1, 0.2]}
    ... )
    >>> checked(nodes, "2012-09")["node"].tolist()
    [1, 2]
    """
    span = spans.parse(month)
    out = frame.reset_index(drop=True)
    if out.empty:
        raise PerfkitError("no_nodes", month=span.code)
    _check_days(out["date"].tolist(), span)
    for code in KPIS:
        values = out[code].astype(float) if code in out else pd.Series(np.nan, index=out.index)
        if (low := values <= 0).any():
            raise PerfkitError("node_not_above_zero", rows=_rows(low), column=code)
        if code in RATES and (high := values > 1).any():
            raise PerfkitError("node_above_one", rows=_rows(high), column=code)
        if (falls := values < values.ffill().shift()).any():
            raise PerfkitError("node_falls", rows=_rows(falls), column=code, month=span.code)
        out[code] = values
    out["must_write"] = out["must_write"].fillna("") if "must_write" in out else ""
    for name in out["must_write"]:
        if name and name not in WRITERS:
            raise UnknownName(kind="kpi", name=name, allowed=WRITERS)
    return out.assign(node=range(1, len(out) + 1))[["node", "date", *KPIS, "must_write"]]


def plan(
    month: str,
    days: Sequence[dt.date],
    targets: Mapping[str, float],
    *,
    curves: Mapping[str, pd.DataFrame] | None = None,
    until: dt.date | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Make a node plan of a month's targets.

    Parameters
    ----------
    month : str
        Which.
    days : sequence of date
        The nodes' days, rising.
    targets : mapping of str to float
        The whole month's, by KPI: premium_submitted [yuan], activity_rate,
        supervisor_activity_rate [rates].
    curves : mapping of str to DataFrame, optional
        By KPI, how a month fills up: elapsed and share, as `pace.usual` gives them; even pace
        otherwise.
    until : date, optional
        The day of the month by which the targets are due; curves are read as if the month ended on
        it. The month's last day otherwise.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        What `checked` gives. A node on the last selling day has the whole target.

    Raises
    ------
    UnknownName
        A target is of no KPI that nodes have.
    PerfkitError
        As `checked`; a node lies after the day the targets are due; or a target is not above zero.

    Examples
    --------
    >>> days = [dt.date(2012, 9, 11), dt.date(2012, 9, 29)]
    >>> plan("2012-09", days, {"premium_submitted": 300_000.0})["premium_submitted"].tolist()
    [100000.0, 300000.0]
    """
    span = spans.parse(month)
    due = span if until is None else spans.span(span.first, min(until, span.last))
    counted = workdays.selling_days(due.first, due.last, weights).set_index("date")["elapsed"]
    _check_days(list(days), due)
    at = np.array([float(counted[day]) for day in days])
    frame = pd.DataFrame({"date": pd.Series(list(days), dtype=object)})
    for code, target in targets.items():
        if code not in KPIS:
            raise UnknownName(kind="kpi", name=code, allowed=KPIS)
        if not target > 0:
            raise PerfkitError("target_not_above_zero", kpi=code, month=span.code, value=target)
        curve = (curves or {}).get(code)
        frame[code] = target * (at if curve is None else share_at(curve, at))
        # Before the first selling day nothing can be asked for.
        frame[code] = frame[code].where(frame[code] > 0)
    return checked(frame, month)


def path(
    month: str,
    target: float,
    *,
    unit: str,
    code: str = PREMIUM,
    curve: pd.DataFrame | None = None,
    until: dt.date | None = None,
    weights: Weights = None,
) -> pd.DataFrame:
    """Follow a month's target day by day, as a node plan of its curve would have it.

    Parameters
    ----------
    month : str
        Which.
    target : float
        The whole month's. [the KPI's unit]
    unit : str
        Whose.
    code : str, default premium_submitted
        The KPI.
    curve : DataFrame, optional
        As for `plan`; even pace otherwise.
    until : date, optional
        The day by which it is due; the month's last otherwise.
    weights : mapping, optional
        What a day of each type is worth. [selling days]

    Returns
    -------
    DataFrame
        unit, kpi, date, value: what is to be in hand by the end of the day. [the KPI's unit]

    Examples
    --------
    >>> found = path("2012-09", 210.0, unit="D1")
    >>> round(float(found["value"].iloc[10]), 6), round(float(found["value"].iloc[-1]), 6)
    (70.0, 210.0)
    """
    span = spans.parse(month)
    last = span.last if until is None else min(until, span.last)
    days = workdays.selling_days(span.first, last, weights)
    share = days["elapsed"].to_numpy(float)
    if curve is not None:
        share = share_at(curve, share)
    # Nothing is in hand before the first selling day, whatever the curve begins with.
    share = np.where(days["selling_day"] > 0, share, 0.0)
    return pd.DataFrame({"unit": unit, "kpi": code, "date": days["date"], "value": target * share})


def together(*plans: pd.DataFrame) -> pd.DataFrame:
    """Put the node plans of several months below each other, by their days.

    Parameters
    ----------
    *plans : DataFrame
        What `checked` gives; each stays cumulative from its own month's first day.

    Returns
    -------
    DataFrame
        Their rows by day, the nodes numbered through.

    Raises
    ------
    PerfkitError
        A day has two nodes.

    Examples
    --------
    >>> one = plan("2012-11", [dt.date(2012, 11, 9)], {"premium_submitted": 220.0})
    >>> two = plan("2012-12", [dt.date(2012, 12, 7)], {"premium_submitted": 210.0})
    >>> together(one, two)["node"].tolist()
    [1, 2]
    """
    out = pd.concat(plans, ignore_index=True).sort_values("date", ignore_index=True)
    twice = out["date"].duplicated().tolist()
    if any(twice):
        code = f"{out['date'].iloc[0]}..{out['date'].iloc[-1]}"
        raise PerfkitError("node_falls", rows=_rows(twice), column="date", month=code)
    return out.assign(node=range(1, len(out) + 1))


def share_at(curve: pd.DataFrame, elapsed: Sequence[float] | np.ndarray) -> np.ndarray:
    """Read a rising curve without overshooting between its points.

    Parameters
    ----------
    curve : DataFrame
        elapsed and share, from 0 to 1. [rates]
    elapsed : sequence of float
        Where. [rate]

    Examples
    --------
    >>> share_at(pd.DataFrame({"elapsed": [0.0, 1.0], "share": [0.0, 1.0]}), [0.25]).tolist()
    [0.25]
    """
    from scipy.interpolate import PchipInterpolator

    read = PchipInterpolator(curve["elapsed"].to_numpy(float), curve["share"].to_numpy(float))
    at = np.asarray(elapsed, dtype=float)
    share: np.ndarray = np.clip(np.asarray(read(at), dtype=float), 0.0, 1.0)
    return share


def nothing() -> pd.DataFrame:
    """Give a node plan without a node.

    Examples
    --------
    >>> len(nothing())
    0
    """
    return pd.DataFrame(columns=["node", "date", *KPIS, "must_write"])


def with_writers(plan: pd.DataFrame, must_write: Sequence[str]) -> pd.DataFrame:
    """Say who must have written by each node, where a plan does not.

    Parameters
    ----------
    plan : DataFrame
        What `checked` gives.
    must_write : sequence of str
        For the first node, the second, …; empty for nobody. Further ones are not used.

    Returns
    -------
    DataFrame
        What `checked` gives.

    Raises
    ------
    UnknownName
        Somebody unknown must write.

    Examples
    --------
    >>> nodes = checked(pd.DataFrame({"date": [dt.date(2012, 9, 4)]}), "2012-09")
    >>> with_writers(nodes, ["supervisors"])["must_write"].tolist()
    ['supervisors']
    """
    for name in must_write:
        if name and name not in WRITERS:
            raise UnknownName(kind="kpi", name=name, allowed=WRITERS)
    named = [*must_write, *[""] * len(plan)][: len(plan)]
    own = plan["must_write"].astype(object)
    return plan.assign(must_write=own.where(own != "", pd.Series(named, plan.index, dtype=object)))


def entered(book: Book, unit: str, month: str, *, version: str = "nodes") -> pd.DataFrame:
    """Read a node plan from the book's targets: entries of nodes such as ``2012-09@11``.

    Those of a business month are spans from its first day, ``2012-08-26..2012-09-11``.

    Parameters
    ----------
    book : Book
        Holds the table targets.
    unit, month : str
        Whose and when.
    version : str, default "nodes"
        Which plan.

    Returns
    -------
    DataFrame
        What `checked` gives.

    Raises
    ------
    PerfkitError
        There are no nodes of the month; or as `checked`.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> entered(open_book("district_one"), "D1", "2012-09")["date"].iloc[1].isoformat()
    '2012-09-11'
    """
    table = book.home("targets") if book.has("targets") else pd.DataFrame({"unit_id": []})
    if table.empty:
        raise PerfkitError("no_nodes", month=month)
    kept = table[(table["unit_id"] == unit) & (table["version"] == version)]
    whole = spans.parse(month)
    parsed = [spans.parse(str(code)) for code in kept["period"]]
    here = np.array([_is_node(p, whole) for p in parsed], dtype=bool)
    kept, days = kept[here], [p.last for p, is_here in zip(parsed, here, strict=True) if is_here]
    wide = kept.assign(date=pd.Series(days, index=kept.index, dtype=object))
    wide = wide[wide["kpi"].isin(KPIS)].pivot(index="date", columns="kpi", values="value")
    return checked(wide.reset_index().rename_axis(columns=None), month)


def _is_node(entry: spans.Period, month: spans.Period) -> bool:
    """Tell an entry that counts from a month's first day to a day of it."""
    of_kind = entry.kind in {"node", "range"}
    return of_kind and entry.first == month.first and entry.last <= month.last
