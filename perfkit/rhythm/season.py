"""Season campaigns: a target that is split by where it comes from and over linked months.

A season's target has a part that only large policies can bring. Who wrote one in the months before
is who is spoken with first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from perfkit import kpi as numbers
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.rhythm.rules import Rules

__all__ = ["large_writers", "months_of", "split"]


def months_of(rules: Rules, code: str, year: int) -> list[str]:
    """List the months of a season.

    Parameters
    ----------
    rules : Rules
        What `read_rules` gives.
    code : str
        The season.
    year : int
        Of its months.

    Returns
    -------
    list of str
        Codes of months.

    Raises
    ------
    UnknownName
        There is no such season.

    Examples
    --------
    >>> from perfkit.rhythm.rules import read_rules
    >>> months_of(read_rules(), "april_may", 2012)
    ['2012-04', '2012-05']
    """
    known = {season.code: season for season in rules.seasons}
    if code not in known:
        raise UnknownName(kind="season", name=code, allowed=list(known))
    return [f"{year}-{month:02d}" for month in known[code].months]


def _whole(amount: float, shares: np.ndarray) -> np.ndarray:
    """Split whole yuan by shares; the yuan left over go to the largest remainders."""
    exact = amount * shares / shares.sum()
    out: np.ndarray = np.floor(exact + 1e-9)
    left = round(amount - float(out.sum()))
    out[np.argsort(-(exact - out), kind="stable")[:left]] += 1
    return out


def split(
    target: float, large: float, months: Sequence[str], weights: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Split a season's target: what large policies must bring and the rest, over linked months.

    Parameters
    ----------
    target, large : float
        The whole, and the part that must come from large policies; whole yuan. [yuan]
    months : sequence of str
        The season's.
    weights : mapping of str to float, optional
        By month; equal ones otherwise. [any scale]

    Returns
    -------
    DataFrame
        month; large, other, target [yuan]; and the season as a last row, month empty. Rows and
        columns add up to the yuan.

    Raises
    ------
    PerfkitError
        The target is not above zero or no whole yuan, the part is not between zero and it, or a
        month has no weight.

    Notes
    -----
    Source: district deck 2012, section 24 (case 4).

    Examples
    --------
    >>> split(
    ...     300.0, 200.0, ["2012-01", "2012-02"], {"2012-01": 3.0, "2012-02": 1.0}
    ... ).values.tolist()
    [['2012-01', 150.0, 75.0, 225.0], ['2012-02', 50.0, 25.0, 75.0], ['', 200.0, 100.0, 300.0]]
    """
    if not target > 0 or target % 1 or large % 1 or not 0 <= large <= target:
        raise PerfkitError("bad_season", target=target, large=large)
    given = weights or dict.fromkeys(months, 1.0)
    lacking = [m for m in months if not given.get(m, 0) > 0]
    if lacking or not months:
        raise PerfkitError("season_weights", months=", ".join(lacking) or "–")
    shares = np.array([float(given[m]) for m in months])
    out = pd.DataFrame({"month": list(months)})
    out["large"], out["other"] = _whole(large, shares), _whole(target - large, shares)
    out["target"] = out["large"] + out["other"]
    whole = pd.DataFrame([{"month": "", "large": large, "other": target - large, "target": target}])
    return pd.concat([out, whole], ignore_index=True)


def large_writers(book: Book, *, unit: str, day: dt.date, look_back: int = 10) -> pd.DataFrame:
    """List who wrote large policies in the months before a season: whom to speak with first.

    Parameters
    ----------
    book : Book
        One with policies; large is what its threshold large_policy says.
    unit : str
        Whose people.
    day : date
        The day before the season; its month is the last one looked at.
    look_back : int, default 10
        How many months, that of the day among them. [months]

    Returns
    -------
    DataFrame
        unit: where they last wrote one; id: the agent; large_policies [policies], large_premium
        [yuan], share: of the unit's premium of large policies in those months [rate]; most first.

    Raises
    ------
    PerfkitError
        look_back is below one; or book.toml has no threshold large_policy.

    Notes
    -----
    Source: district deck 2012, section 24 (case 4): the writers of the last ten months.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> found = large_writers(open_book("district_one"), unit="D1", day=dt.date(2012, 9, 30))
    >>> round(float(found["share"].sum()), 9)
    1.0
    """
    if look_back < 1:
        raise PerfkitError("look_back", value=look_back)
    last = spans.parse(f"{day:%Y-%m}")
    span = spans.span(spans.trailing(last, look_back)[0].first, day)
    parts = [
        numbers.distribution(book, code, by="agent", period=span, unit=unit).set_index(
            ["unit", "id"]
        )
        for code in ("large_policy_premium_submitted", "large_policies")
    ]
    premium, count = (part["value"] for part in parts)
    whole = float(premium.sum())
    out = pd.DataFrame({"large_policies": count.reindex(premium.index), "large_premium": premium})
    out = out.assign(share=out["large_premium"] / whole if whole else np.nan).reset_index()
    out = out.sort_values(["large_premium", "id"], ascending=[False, True], ignore_index=True)
    return out[["unit", "id", "large_policies", "large_premium", "share"]]
