"""Do agents without a sale leave sooner? The hazard of leaving by month, as an association."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.errors import ReconcileError, UnknownName
from perfkit.kpi import grid
from perfkit.kpi.measure import known_part
from perfkit.period import Period, months, parse

__all__ = ["agent_months", "leaving_hazard"]

FEWEST_LEAVERS = 10


def agent_months(book: Book, *, period: str | Period, unit: str | None = None) -> pd.DataFrame:
    """Lay out who was there in which month, sold nothing, and left in the next.

    Parameters
    ----------
    book : Book
        Where the facts are.
    period : str or Period
        Which months; only whole ones inside the facts are looked at.
    unit : str, optional
        Only agents of this unit and those below it.

    Returns
    -------
    DataFrame
        agent, period, month (months seen so far, from 0), idle: no policy in the month, left:
        in the month after; one row an agent and month in force at its end. [0 or 1]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = agent_months(open_book("district_one"), period="2012-01..2012-06")
    >>> sorted(found["idle"].unique().tolist())
    [0.0, 1.0]
    """
    known = known_part(book, parse(period))
    whole = [m for m in months(known) if known.first <= m.first and m.last <= known.last]
    asked = ["headcount_closing", "cases", "leavers"]
    found = grid(book, asked, by="agent", period=whole, unit=unit)
    found["agent"] = found["unit"].str.rsplit("/", n=1).str[-1]
    sums = found.groupby(["agent", "period"], sort=True)[asked].sum().reset_index()
    place = {one.code: i for i, one in enumerate(whole)}
    sums["at"] = sums["period"].map(place)
    left = sums.loc[sums["leavers"] > 0, ["agent", "at"]].assign(at=lambda f: f["at"] - 1, left=1.0)
    out = sums[(sums["headcount_closing"] > 0) & (sums["at"] < len(whole) - 1)]
    out = out.merge(left, on=["agent", "at"], how="left").fillna({"left": 0.0})
    out["month"] = (out["at"] - out.groupby("agent")["at"].transform("min")).astype(float)
    idle = (out["cases"] == 0).astype(float)
    return out.assign(idle=idle)[["agent", "period", "month", "idle", "left"]]


def leaving_hazard(
    frame: pd.DataFrame, *, covariates: Sequence[str] = ("idle", "month"), level: float = 0.95
) -> pd.DataFrame:
    """Hold the chance of leaving next month against what is known of an agent this month.

    Parameters
    ----------
    frame : DataFrame
        What `agent_months` gives, or more columns: agent, left [0 or 1] and the covariates.
    covariates : sequence of str, default ("idle", "month")
        What to hold it against. [any numbers]
    level : float, default 0.95
        Of the intervals. [rate]

    Returns
    -------
    DataFrame
        term (constant and the covariates), coefficient, error, ratio: by how much one more of it
        multiplies the hazard, low, high, p, agent_months, leavers.
        An association: agents without a sale differ in more than that.

    Raises
    ------
    UnknownName
        A column is missing.
    ReconcileError
        There are too few leavers, or a covariate never varies.

    Notes
    -----
    Discrete-time hazard: binomial GLM with the complementary log-log link, so that the ratio is
    that of the hazards; errors clustered by agent, since an agent's months are not independent.

    Examples
    --------
    >>> rows = [(f"a{i}", i % 2, float(i % 10 < 1 + 3 * (i % 2))) for i in range(400)]
    >>> frame = pd.DataFrame(rows, columns=["agent", "idle", "left"])
    >>> found = leaving_hazard(frame, covariates=["idle"]).set_index("term")
    >>> round(float(found.loc["idle", "ratio"]), 2)
    2.29
    """
    for column in ("agent", "left", *covariates):
        if column not in frame:
            raise UnknownName(kind="column", name=column, allowed=list(frame.columns))
    known = frame.dropna(subset=["left", *covariates])
    leavers = int(known["left"].sum())
    still = [c for c in covariates if known[c].nunique() < 2]
    if leavers < FEWEST_LEAVERS or leavers == len(known) or still:
        raise ReconcileError(
            "no_hazard", leavers=leavers, least=FEWEST_LEAVERS, still=", ".join(still) or "–"
        )
    found = _fit(known, list(covariates))
    names = ["constant", *covariates]
    ends = np.asarray(found.conf_int(alpha=1 - level))
    return pd.DataFrame(
        {
            "term": names,
            "coefficient": np.asarray(found.params),
            "error": np.asarray(found.bse),
            "ratio": np.exp(np.asarray(found.params)),
            "low": np.exp(ends[:, 0]),
            "high": np.exp(ends[:, 1]),
            "p": np.asarray(found.pvalues),
            "agent_months": float(len(known)),
            "leavers": float(leavers),
        }
    )


def _fit(known: pd.DataFrame, covariates: list[str]) -> Any:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.families.links import CLogLog
    from statsmodels.genmod.generalized_linear_model import GLM

    codes = pd.factorize(known["agent"])[0]
    rows = np.column_stack([np.ones(len(known)), known[covariates].to_numpy(float)])
    model = GLM(known["left"].to_numpy(float), rows, family=Binomial(link=CLogLog()))
    return model.fit(cov_type="cluster", cov_kwds={"groups": codes})
