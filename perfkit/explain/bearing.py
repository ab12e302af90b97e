"""The numbers that bear on the questions of the decision flow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.explain.gapflow import Flow, Walk, gap_flow
from perfkit.kpi import answerable, compare
from perfkit.period import Period

__all__ = ["bearing", "bearings"]


def bearing(
    book: Book, question: str, *, by: str, period: str | Period, unit: str, flow: Flow | None = None
) -> pd.DataFrame:
    """Give the numbers that bear on a question, beside those before and a year ago.

    Parameters
    ----------
    book : Book
        Where the facts are.
    question : str
        Which box.
    by, period, unit : str, str or Period, str
        The unit's level, the days, and the unit.
    flow : Flow, optional
        As for `walk`.

    Returns
    -------
    DataFrame
        As `kpi.compare`, the KPIs of the question only; one that the book cannot answer is a row
        with NaN. Empty for a question that only people can answer. [the KPI's unit]

    Raises
    ------
    UnknownName
        There is no such box or unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> found = bearing(b, "10", by="department", period="2012-09", unit="D1/05")
    >>> found["kpi"].tolist(), bool(found["value"].isna().iloc[0])
    (['attendance_rate', 'first_week_share', 'supervisor_activity_rate'], True)
    """
    chosen = flow or gap_flow()
    if question not in chosen.steps:
        raise UnknownName(kind="question", name=question, allowed=list(chosen.steps))
    codes = list(chosen.steps[question].kpis)
    here = answerable(book, codes)
    if not here:
        nothing = {"value": np.nan, "previous": np.nan, "year_ago": np.nan}
        return pd.DataFrame({"unit": unit, "kpi": codes}).assign(**nothing)
    found = compare(book, here, by=by, period=period, unit=unit)
    own = found[found["unit"] == unit].set_index("kpi").reindex(codes).rename_axis("kpi")
    return own.reset_index().assign(unit=unit)


def bearings(
    book: Book, walked: Walk, *, by: str, period: str | Period, unit: str, lang: str,
    flow: Flow | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Give the numbers that bear on every question of a walk.

    Parameters
    ----------
    book : Book
        Where the facts are.
    walked : Walk
        What `walk` gives.
    by, period, unit : str, str or Period, str
        As for `bearing`.
    lang : {"zh", "en"}
        The reader's language.
    flow : Flow, optional
        As for `walk`.

    Returns
    -------
    DataFrame
        question, kpi, value, previous, year_ago, answer: one row a KPI, one without numbers for a
        question that only people can answer. [the KPI's unit]

    Raises
    ------
    UnknownName
        There is no such unit.
    """
    chosen = flow or gap_flow()
    told = walked.frame(chosen, lang).set_index("node")
    asked = [c for c in walked.path if chosen.steps[c].kind == "decision"]
    parts = []
    for code in asked:
        found = bearing(book, code, by=by, period=period, unit=unit, flow=chosen)
        found = found if len(found) else pd.DataFrame({"kpi": [""]})
        said = {name: str(told.loc[code, name]) for name in ("text", "answer")}
        parts.append(found.assign(question=said["text"], answer=said["answer"]))
    columns = ["question", "kpi", "value", "previous", "year_ago", "answer"]
    out = pd.concat(parts, ignore_index=True).reindex(columns=columns)
    return out.astype(dict.fromkeys(columns[2:5], float))
