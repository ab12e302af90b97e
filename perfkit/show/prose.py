"""Sentences of a report: a template of the words files, filled with numbers of `kpi`."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

import pandas as pd

from perfkit import kpi, words
from perfkit.period import Period
from perfkit.show import comparison, label

__all__ = ["Prose", "coverage", "facts", "sentence"]


@dataclass(frozen=True, slots=True)
class Prose:
    """A sentence that shows itself as Markdown in a notebook."""

    markdown: str

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


def facts(frame: pd.DataFrame, *, lang: str) -> dict[str, str]:
    """Write every number of a comparison of one unit, ready for `sentence`.

    Parameters
    ----------
    frame : DataFrame
        A comparison frame (see `comparison`) of one unit. [the KPI's unit]
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    dict
        ``{kpi}`` → its value; ``{kpi}_previous``, ``{kpi}_change_previous``,
        ``{kpi}_attainment`` and so on → the other columns. Changes carry their sign. Nothing
        where the frame has no rows.

    Raises
    ------
    PerfkitError
        A column is missing, or the frame holds several units.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"unit": ["D1"], "kpi": ["activity_rate"], "value": [0.37], "change_previous": [-0.02]}
    ... )
    >>> facts(frame, lang="en")
    {'activity_rate': '37.0%', 'activity_rate_change_previous': '-2.0 pp'}
    """
    if frame.empty:
        return {}
    label.require(frame, ("unit", "kpi", "value"), "facts")
    label.one(frame, "unit")
    out = {}
    columns = comparison.known(frame)
    for record in comparison.floats(frame)[["kpi", *columns]].itertuples(index=False):
        code = str(record[0])
        for column, value in zip(columns, record[1:], strict=True):
            name = code if column == "value" else f"{code}_{column}"
            out[name] = comparison.written(column, code, value, lang)
    return out


_MARKUP = re.compile(r"([\\`*_\[\]|~])")


def _plain(text: str) -> str:
    """Keep names from acting as Markdown or HTML."""
    return _MARKUP.sub(r"\\\1", escape(text, quote=False))


_DASH = words.number(None, "count", "en")


def _is_fact(name: str) -> bool:
    """Say whether a name is that of a KPI, or of a column of its comparison."""
    return any(
        name == code
        or (name.startswith(f"{code}_") and comparison.is_number(name[len(code) + 1 :]))
        for code in kpi.catalogue()
    )


def sentence(key: str, *, lang: str, needs: Sequence[str] = (), **given: object) -> Prose:
    """Fill a template of the words files.

    Parameters
    ----------
    key : str
        Dotted path of the template; the template may hold Markdown.
    lang : {"zh", "en"}
        The reader's language.
    needs : sequence of str
        Facts without which the sentence says nothing: where one is missing or unknown, it is
        empty.
    **given : str, int, or (float, str)
        The facts. A pair is a number with its unit of measure, as for `words.number`;
        facts that the template does not name are not used.

    Returns
    -------
    Prose
        A KPI that the template names and nobody gave is a dash.

    Raises
    ------
    KeyError
        There is no such template, or it names a fact that was not given and is no KPI's.

    Examples
    --------
    >>> sentence("chart.top_agent", lang="en", top=3, share=(0.625, "rate"))
    the top 3 agents bring 62.5%
    >>> sentence("chart.top_agent", lang="en", needs=["share"], top=3).markdown
    ''
    """
    said = {}
    for name, fact in given.items():
        if isinstance(fact, tuple):
            value, unit = fact
            said[name] = words.number(value, unit, lang)
        else:
            said[name] = _DASH if fact is None else _plain(str(fact))
    template = words.text(key, lang)
    if any(said.get(name, _DASH) == _DASH for name in needs):
        return Prose("")
    for _, place, _, _ in string.Formatter().parse(template):
        if place and place not in said:
            if not _is_fact(place):
                raise KeyError(f"{key}: {place}")
            said[place] = _DASH
    return Prose(words.text(key, lang, **said))


def coverage(period: Period, first: date, last: date, *, lang: str) -> Prose:
    """Say which days the numbers of a report cover, where they are not all of its period.

    Parameters
    ----------
    period : Period
        The report's.
    first, last : date
        The book's first and last day of facts.
    lang : {"zh", "en"}
        The reader's language.

    Returns
    -------
    Prose
        Empty where the period lies wholly inside; otherwise one bold sentence.

    Examples
    --------
    >>> from perfkit.period import parse
    >>> coverage(parse("2012-09"), date(2012, 1, 1), date(2012, 12, 31), lang="en").markdown
    ''
    >>> said = coverage(parse("2012-09"), date(2012, 1, 1), date(2012, 9, 20), lang="en").markdown
    >>> "only 20 of the 30 days" in said
    True
    """
    start, end = max(period.first, first), min(period.last, last)
    if (start, end) == (period.first, period.last):
        return Prose("")
    name = label.period_name(period.code, lang)
    if end < start:
        return Prose(words.text("table.coverage_none", lang, first=first, last=last, period=name))
    days = (end - start).days + 1
    counted = {"days": days, "whole": period.days, "period": name, "first": start, "last": end}
    return Prose(words.text("table.coverage", lang, **counted))
