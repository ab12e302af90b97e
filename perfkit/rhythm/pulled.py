"""Pulled forward or added: whether a strong first part made the whole, or only came earlier.

A first part above its target says nothing of the month: what follows may be missing what came
early. So the first part is laid beside the rest of the month and the month after it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import outlook
from perfkit.errors import PerfkitError
from perfkit.rhythm.laid import whole_of
from perfkit.rhythm.month import following
from perfkit.rhythm.monthplan import Nodes
from perfkit.rhythm.nodeplan import PREMIUM
from perfkit.rhythm.past import history

__all__ = ["VERDICTS", "judge", "judge_month", "judge_nodes"]

VERDICTS = ("added", "pulled_forward", "borrowed", "short", "late", "unknown")


def _verdict(first: float, whole: float, after: float) -> str:
    """Name what happened, from the three attainments; NaN: not known yet."""
    if math.isnan(first) or math.isnan(whole):
        return "unknown"
    if first < 1:
        return "late" if whole >= 1 else "short"
    if whole < 1:
        return "pulled_forward"
    return "borrowed" if after < 1 else "added"


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare the first part of a month with the whole month and the one after it.

    Parameters
    ----------
    frame : DataFrame
        One row a month or KPI: first_target, first_actual (at the node), whole_target,
        whole_actual, and where known after_target, after_actual (of the month that follows).
        [any one unit a row] A target may as well be what is usual: the mean of earlier months.
        Other columns are kept.

    Returns
    -------
    DataFrame
        The frame with first_attainment, whole_attainment, after_attainment [rates]; excess: first
        part above its target; shortfall: the rest of the month below its own (whole less first);
        moved: the part of the shortfall that the excess explains; lost: what it does not [as the
        row]; verdict:

        added
            the first part and the whole reached their targets, the next month too or not known;
        pulled_forward
            the first part did, the whole did not: business came earlier, not more;
        borrowed
            both did, the next month did not: it came out of the next month;
        late
            the first part did not, the whole did;
        short
            neither did;
        unknown
            the month is not over.

    Raises
    ------
    PerfkitError
        A target is not above zero; the rows are named.

    Notes
    -----
    Source: district deck 2012, sections 26-30: September was at 109 % of its second node and ended
    at 62 % of its target. Months differ anyway: one month is a hint, not a proof.

    Examples
    --------
    >>> month = pd.DataFrame(
    ...     {
    ...         "first_target": [10.0],
    ...         "first_actual": [12.0],
    ...         "whole_target": [30.0],
    ...         "whole_actual": [20.0],
    ...     }
    ... )
    >>> judge(month)[["excess", "shortfall", "moved", "lost", "verdict"]].values.tolist()
    [[2.0, 12.0, 2.0, 10.0, 'pulled_forward']]
    """
    out = frame.copy()
    for part in ("first", "whole", "after"):
        for side in ("target", "actual"):
            name = f"{part}_{side}"
            out[name] = out[name].astype(float) if name in out else np.nan
        target = out[f"{part}_target"]
        if (bad := target <= 0).any():
            rows = ", ".join(str(i + 1) for i in np.flatnonzero(bad.to_numpy())[:3])
            raise PerfkitError("node_not_above_zero", rows=rows, column=f"{part}_target")
        out[f"{part}_attainment"] = out[f"{part}_actual"] / target
    out["excess"] = (out["first_actual"] - out["first_target"]).clip(lower=0.0)
    rest_target = out["whole_target"] - out["first_target"]
    rest_actual = out["whole_actual"] - out["first_actual"]
    out["shortfall"] = (rest_target - rest_actual).clip(lower=0.0)
    out["moved"] = out[["excess", "shortfall"]].min(axis=1, skipna=False)
    out["lost"] = out["shortfall"] - out["moved"]
    parts = out[[f"{part}_attainment" for part in ("first", "whole", "after")]].to_numpy(float)
    return out.assign(verdict=[_verdict(*row) for row in parts])


def judge_month(
    seen: pd.DataFrame,
    *,
    month: str,
    first: dt.date,
    first_target: float = math.nan,
    target: float = math.nan,
    after_target: float = math.nan,
    breaks: Sequence[str] = (),
) -> pd.DataFrame:
    """Judge a month's premium against its plan, and every KPI followed against what is usual.

    Parameters
    ----------
    seen : DataFrame
        What `pace.follow` gives for the months before it, the month, and where known the one
        after; of one unit.
    month : str
        Which.
    first : date
        The last day of its first part, such as that of its second node.
    first_target, target, after_target : float
        What the plan asks of premium submitted by then, of the whole month, and of the month
        after; NaN where it does not. [yuan]
    breaks : sequence of str, optional
        First months of new regimes; the months before the last one are not usual any more.

    Returns
    -------
    DataFrame
        basis ("plan" or "usual": the mean of the months before, at the same part of them), kpi,
        months: how many are usual [months], and what `judge` gives. No row where neither a plan
        nor two months are known.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> months = [f"2012-{m:02d}" for m in range(1, 11)]
    >>> seen = pace.follow(open_book("district_one"), months, unit="D1", by="district")
    >>> asked = {"first_target": 300_000.0, "target": 900_000.0}
    >>> found = judge_month(seen, month="2012-09", first=dt.date(2012, 9, 11), **asked)
    >>> found[found["kpi"] == "premium_submitted"]["verdict"].tolist()
    ['pulled_forward', 'pulled_forward']
    """
    rows = []
    for code in dict.fromkeys(seen["kpi"]):
        own = seen[seen["kpi"] == code]
        actual = _actual(own, month, first)
        if code == PREMIUM and first_target > 0 and target > 0:
            asked = (first_target, target, after_target)
            rows.append({"basis": "plan", "kpi": code, "months": np.nan} | _row(asked, actual))
        here = own[(own["month"] == month) & (own["date"] == first)]
        if here.empty:
            continue
        past = history(own, code, month=month, elapsed=float(here["elapsed"].iloc[0]))
        past = outlook.since_break(past, breaks)
        if len(past) > 1 and (past.sum() > 0).all():
            hand, total = past["hand"].mean(), past["total"].mean()
            told = {"basis": "usual", "kpi": code, "months": float(len(past))}
            rows.append(told | _row((hand, total, total), actual))
    out = pd.DataFrame(rows, columns=["basis", "kpi", "months", *_NAMES])
    if "variant" in seen:
        of = dict(zip(seen["kpi"], seen["variant"], strict=True))
        out.insert(2, "variant", out["kpi"].map(of))
    return judge(out)


_NAMES = [f"{part}_{side}" for part in ("first", "whole", "after") for side in ("target", "actual")]


def _actual(own: pd.DataFrame, month: str, first: dt.date) -> tuple[float, float, float]:
    """Give what the first part, the month and the one after came to; NaN where not known yet."""
    here, after = own[own["month"] == month], own[own["month"] == following(month).code]
    at = here.loc[here["date"] == first, "value"]
    ends = [whole_of(part) if len(part) else math.nan for part in (here, after)]
    return (float(at.iloc[0]) if len(at) else math.nan, *ends)  # type: ignore[return-value]


def _row(
    targets: tuple[float, float, float], actual: tuple[float, float, float]
) -> dict[str, float]:
    pairs = zip(targets, actual, strict=True)
    return dict(zip(_NAMES, (number for pair in pairs for number in pair), strict=True))


THIRD = 1 / 3


def judge_nodes(
    seen: pd.DataFrame,
    nodes: Nodes,
    *,
    month: str,
    place: int,
    after: Nodes | None = None,
    breaks: Sequence[str] = (),
) -> pd.DataFrame:
    """Judge a month by one of its nodes.

    Parameters
    ----------
    seen, month, breaks
        As for `judge_month`.
    nodes : Nodes
        The month's; without that node its first third of selling days is the first part.
    place : int
        Which node ends the first part, from 1.
    after : Nodes, optional
        Those of the month after it; a target that is not of premium submitted says nothing.

    Returns
    -------
    DataFrame
        What `judge_month` gives.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm import pace
    >>> from perfkit.rhythm.monthplan import nodes_of
    >>> b, months = open_book("district_one"), [f"2012-{m:02d}" for m in range(1, 11)]
    >>> seen = pace.follow(b, months, unit="D1", by="district")
    >>> nodes = nodes_of(b, unit="D1", month="2012-09", working_days=[])
    >>> found = judge_nodes(seen, nodes, month="2012-09", place=2)
    >>> found["verdict"].iloc[0], found["basis"].iloc[0]
    ('pulled_forward', 'plan')
    """
    asked = nodes.plan[nodes.plan["node"] == place]
    first_target, target = math.nan, nodes.target
    if len(asked):
        first = asked["date"].iloc[0]
        first_target = float(asked[PREMIUM].iloc[0])
    else:
        here = seen[(seen["month"] == month) & (seen["elapsed"] >= THIRD)]
        own = here if len(here) else seen[seen["month"] == month]
        if own.empty:
            return judge(pd.DataFrame(columns=["basis", "kpi", "months", *_NAMES]))
        first = own["date"].iloc[0]
    known = after is not None and after.basis in {"entered", "given", "version"}
    return judge_month(
        seen,
        month=month,
        first=first,
        first_target=first_target,
        target=target,
        after_target=after.target if after is not None and known else math.nan,
        breaks=breaks,
    )
