"""What a season brought, from large policies and from the others, beside what it was to bring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from perfkit import kpi as numbers
from perfkit import org
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError
from perfkit.rhythm.season import PARTS

__all__ = ["attained", "beside", "came"]

PREMIUM, LARGE = "premium_submitted", "large_policy_premium"


def came(
    book: Book, months: Sequence[str], *, unit: str, day: dt.date | None = None
) -> pd.DataFrame:
    """Give what the months of a season brought: from large policies, from the others, in all.

    Parameters
    ----------
    book : Book
        One with policies; large is what its threshold large_policy says.
    months : sequence of str
        The season's.
    unit : str
        Whose season.
    day : date, optional
        How far it is looked at; the season's end otherwise. Months that have not begun have nothing
        yet.

    Returns
    -------
    DataFrame
        month; large, other, whole [yuan]; and the season as a last row, month empty. NaN is not
        known.

    Raises
    ------
    PerfkitError
        book.toml has no threshold large_policy.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> came(open_book("district_one"), ["2012-01", "2012-03"], unit="D1")["large"].tolist()
    [205000.0, 155000.0, 360000.0]
    """
    by = org.level_of(unit, book.root)
    rows: list[list[object]] = []
    for code in months:
        month = spans.parse(code)
        last = month.last if day is None else min(month.last, day)
        found = dict.fromkeys((PREMIUM, LARGE), 0.0)
        if last >= month.first:
            span = spans.span(month.first, last)
            seen = numbers.measure(book, list(found), by=by, period=span, unit=unit)
            own = seen[seen["unit"] == unit]
            found = dict(zip(own["kpi"], own["value"].astype(float), strict=True))
        rows.append([month.code, found[LARGE], found[PREMIUM] - found[LARGE], found[PREMIUM]])
    out = pd.DataFrame(rows, columns=["month", *PARTS, "whole"])
    total = out[[*PARTS, "whole"]].sum(skipna=False).to_frame().T.assign(month="")
    return pd.concat([out, total], ignore_index=True)


def attained(parts: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Lay a season's target beside what came.

    Parameters
    ----------
    parts : DataFrame
        What `season.split` gives.
    found : DataFrame
        What `came` gives, of as many months in the same order: those of the season, or of another
        one such as that of the year before.

    Returns
    -------
    DataFrame
        month; large, other, target [yuan]; large_actual, other_actual, actual [yuan]; attainment
        (actual over target) and large_attainment [rate], NaN over nothing. The season as a last
        row, month empty.

    Raises
    ------
    PerfkitError
        The two have not as many months.

    Examples
    --------
    >>> from perfkit.rhythm.season import split
    >>> parts = split(400.0, 100.0, ["2013-01"])
    >>> before = pd.DataFrame({"large": [50.0] * 2, "other": [150.0] * 2, "whole": [200.0] * 2})
    >>> attained(parts, before)["attainment"].tolist()
    [0.5, 0.5]
    """
    if len(parts) != len(found):
        raise PerfkitError("season_months", target=len(parts) - 1, found=len(found) - 1)
    out = parts.reset_index(drop=True)
    names = {"large": "large_actual", "other": "other_actual", "whole": "actual"}
    out = out.join(found[list(names)].reset_index(drop=True).rename(columns=names))
    out["attainment"] = out["actual"] / out["target"].where(out["target"] > 0)
    out["large_attainment"] = out["large_actual"] / out["large"].where(out["large"] > 0)
    return out


def beside(parts: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Lay targets and what came below each other month by month, by where they come from.

    Parameters
    ----------
    parts, found : DataFrame
        As for `attained`; the seasons' last rows are left out.

    Returns
    -------
    DataFrame
        row (the month and ``actual`` or ``target``, apart by a colon; what came stands above its
        target), part (``large`` or ``other``), value [yuan].

    Examples
    --------
    >>> from perfkit.rhythm.season import split
    >>> parts = split(400.0, 100.0, ["2013-01"])
    >>> before = pd.DataFrame({"month": ["2012-01", ""], "large": [50.0] * 2, "other": [150.0] * 2})
    >>> beside(parts, before)["row"].tolist()
    ['2012-01:actual', '2012-01:actual', '2013-01:target', '2013-01:target']
    """
    kept = [frame[frame["month"] != ""].to_dict("records") for frame in (parts, found)]
    rows = [
        [f"{month['month']}:{kind}", part, float(month[part])]
        for target, actual in zip(*kept, strict=True)
        for kind, month in (("actual", actual), ("target", target))
        for part in PARTS
    ]
    return pd.DataFrame(rows, columns=["row", "part", "value"])
