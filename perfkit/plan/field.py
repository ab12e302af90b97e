"""Field work: groups by size, supervisors' own work, pre-sales tracking, career seminars."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from perfkit import kpi
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import ReconcileError, UnknownName
from perfkit.plan.rows import PlanRefused, need, text_of

__all__ = ["CLASSES", "group_classes", "pre_sales", "seminars", "supervisor_work"]

CLASSES = ("groups_15_up", "groups_10_to_14", "groups_under_10")
SUPERVISORS = ("supervisors", "supervisor_own_premium", "supervisors_recruiting",
               "supervisor_recruiting_rate", "supervisor_activity_rate")  # fmt: skip
CARDS = ("surveys", "family_cards", "analyses")


def group_classes(book: Book, *, by: str, period: str | spans.Period) -> pd.DataFrame:
    """Count the groups of each size class: 15 and more, 10 to 14, below 10.

    Parameters
    ----------
    book : Book
        Where the facts are.
    by, period : str, str or Period
        The level, and the days; groups are counted at their end.

    Returns
    -------
    DataFrame
        unit, groups_15_up, groups_10_to_14, groups_under_10, groups [groups], large_share (of 15
        and more) [rate] and mean_group_headcount [persons].

    Raises
    ------
    ReconcileError
        The classes do not make the groups.

    Notes
    -----
    Source of the classes: branch plan 2005, slide 26.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = group_classes(open_book("district_one"), by="district", period="2012-09").iloc[0]
    >>> bool(found[list(CLASSES)].sum() == found["groups"])
    True
    """
    codes = [*CLASSES, "groups", "mean_group_headcount"]
    out = kpi.grid(book, codes, by=by, period=period).reset_index()
    out = out[["unit", *codes]].rename_axis(columns=None)
    parts = out[list(CLASSES)].sum(axis=1, skipna=False)
    known = parts.notna() & out["groups"].notna()
    if (parts[known] != out.loc[known, "groups"]).any():
        at = int(np.flatnonzero((parts != out["groups"]) & known)[0])
        raise ReconcileError(
            "planning.groups", place=out["unit"].iloc[at], parts=parts.iloc[at],
            whole=out["groups"].iloc[at],
        )  # fmt: skip
    out["large_share"] = out[CLASSES[0]] / out["groups"].where(out["groups"] > 0)
    return out


def supervisor_work(book: Book, *, by: str, period: str | spans.Period) -> pd.DataFrame:
    """Lay out what supervisors do themselves: their own production, and who recruits.

    Parameters
    ----------
    book : Book
        Where the facts are.
    by, period : str, str or Period
        The level, and the days.

    Returns
    -------
    DataFrame
        unit, supervisors [persons], supervisor_own_premium [yuan], supervisors_recruiting
        [persons], supervisor_recruiting_rate and supervisor_activity_rate [rate].

    Notes
    -----
    Source: branch plan 2005, slide 26.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = supervisor_work(open_book("district_one"), by="district", period="2012-09")
    >>> float(found["supervisors"].iloc[0])
    28.0
    """
    out = kpi.grid(book, list(SUPERVISORS), by=by, period=period).reset_index()
    return out[["unit", *SUPERVISORS]].rename_axis(columns=None)


def pre_sales(tracked: pd.DataFrame, *, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Rate how far units work through their prospects: survey, family file card, analysis.

    Parameters
    ----------
    tracked : DataFrame
        unit, period, prospects (that should have been worked on), surveys, family_cards and
        analyses (that were made). [persons, pieces]
    weights : mapping, optional
        Of the three, summing to 1; even otherwise. [rate]

    Returns
    -------
    DataFrame
        unit, period, the three as shares of the prospects (at most 1), rating (weighed) [rate],
        behind (the mean of the period less the rating; the largest first: who is to be helped)
        [rate] and place (1 is best). Without prospects NaN.

    Raises
    ------
    PlanRefused
        A column is missing, a count is negative, or weights do not sum to 1.

    Notes
    -----
    Source: branch plan 2005, slide 30: units are rated each month, those furthest off are helped.

    Examples
    --------
    >>> row = {"unit": "D1", "period": "2012-09", "prospects": 10, "surveys": 10}
    >>> found = pre_sales(pd.DataFrame([row | {"family_cards": 5, "analyses": 0}]))
    >>> round(float(found["rating"].iloc[0]), 3)
    0.5
    """
    need(tracked, ("unit", "period", "prospects", *CARDS), "pre-sales")
    shares = dict.fromkeys(CARDS, 1 / len(CARDS)) if weights is None else dict(weights)
    total = math.fsum(shares.values())
    if set(shares) != set(CARDS) or min(shares.values()) < 0 or abs(total - 1) > 1e-9:
        raise PlanRefused("weights", place=", ".join(CARDS), total=f"{total:.6g}")
    numbers = tracked[["prospects", *CARDS]].astype(float)
    if (numbers < 0).to_numpy().any():
        row = int(np.argwhere((numbers < 0).to_numpy())[0][0]) + 2
        raise PlanRefused("negative", table="pre-sales", row=row)
    base = numbers["prospects"].where(numbers["prospects"] > 0)
    out = tracked[["unit", "period"]].copy()
    for card in CARDS:
        out[card] = (numbers[card] / base).clip(upper=1)
    out["rating"] = sum(out[card] * weight for card, weight in shares.items())
    by_period = out.groupby("period")["rating"]
    out["behind"] = by_period.transform("mean") - out["rating"]
    out["place"] = by_period.rank(ascending=False, method="min")
    return out.sort_values(["period", "behind"], ascending=[True, False], ignore_index=True)


def seminars(quotas: pd.DataFrame, turnout: pd.DataFrame, *, ceiling: float) -> pd.DataFrame:
    """Hold the turnout of career seminars against each site's quota and the branch's ceiling.

    Parameters
    ----------
    quotas : DataFrame
        site and quota (places a session). [persons]
    turnout : DataFrame
        site, session (any label, such as a month) and came; and where known signed. [persons]
    ceiling : float
        The most that may come to one session of all sites together. [persons]

    Returns
    -------
    DataFrame
        session, site (``all`` for the session as a whole), quota, came, used (came over quota)
        [rate], over (beyond the quota, or the ceiling) [persons], signed and yield (signed over
        came) [persons, rate]. Sites without an entry have NaN, and so has their session.

    Raises
    ------
    PlanRefused
        A site stands twice, the quotas exceed the ceiling, or a count is negative.
    UnknownName
        A site has no quota.

    Notes
    -----
    Source: branch plan 2005, slide 29: quotas a site, a ceiling for the branch.

    Examples
    --------
    >>> quotas = pd.DataFrame({"site": ["a", "b"], "quota": [60, 40]})
    >>> came = pd.DataFrame({"site": ["a", "b"], "session": "2005-02", "came": [75, 20]})
    >>> seminars(quotas, came, ceiling=100)[["site", "used", "over"]].values.tolist()
    [['a', 1.25, 15.0], ['b', 0.5, 0.0], ['all', 0.95, 0.0]]
    """
    need(quotas, ("site", "quota"), "quotas")
    need(turnout, ("site", "session", "came"), "turnout")
    held = quotas.set_index("site")["quota"].astype(float)
    if held.index.duplicated().any():
        raise PlanRefused("twice", what="site", place=held.index[held.index.duplicated()][0])
    if held.sum() > ceiling:
        raise PlanRefused("over_ceiling", total=f"{held.sum():g}", ceiling=f"{ceiling:g}")
    for site in turnout["site"]:
        if site not in held.index:
            raise UnknownName(kind="site", name=text_of(site), allowed=list(held.index))
    if (turnout["came"].astype(float) < 0).any():
        raise PlanRefused("negative", table="turnout",
                          row=int(np.argmax(turnout["came"].astype(float) < 0)) + 2)  # fmt: skip
    signed = turnout.get("signed", np.nan)
    table = turnout.assign(signed=signed).set_index(["session", "site"])[["came", "signed"]]
    parts = []
    for session in turnout["session"].unique():
        own = table.loc[session].reindex(held.index).astype(float).assign(quota=held)
        own.loc["all"] = [*own[["came", "signed"]].sum(skipna=False), ceiling]
        parts.append(own.rename_axis("site").reset_index().assign(session=session))
    out = pd.concat(parts, ignore_index=True)
    out["used"] = out["came"] / out["quota"].where(out["quota"] > 0)
    out["over"] = (out["came"] - out["quota"]).clip(lower=0)
    out["yield"] = out["signed"] / out["came"].where(out["came"] > 0)
    return pd.DataFrame(
        out[["session", "site", "quota", "came", "used", "over", "signed", "yield"]]
    )
