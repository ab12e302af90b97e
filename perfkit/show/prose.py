"""Sentences of a report: a template of the words files, filled with numbers of `kpi`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label

__all__ = ["Prose", "facts", "sentence"]


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
        ``{kpi}_attainment`` and so on → the other columns. Changes carry their sign.

    Raises
    ------
    PerfkitError
        A column is missing, or the frame holds several units.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"unit": ["D1"], "kpi": ["activity_rate"], "value": [0.41], "change_previous": [-0.02]}
    ... )
    >>> facts(frame, lang="en")
    {'activity_rate': '41.0%', 'activity_rate_change_previous': '-2.0 pp'}
    """
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


def sentence(key: str, *, lang: str, **given: object) -> Prose:
    """Fill a template of the words files.

    Parameters
    ----------
    key : str
        Dotted path of the template; the template may hold Markdown.
    lang : {"zh", "en"}
        The reader's language.
    **given : str, int, or (float, str)
        The facts. A pair is a number with its unit of measure, as for `words.number`;
        facts that the template does not name are not used.

    Returns
    -------
    Prose

    Raises
    ------
    KeyError
        There is no such template, or it names a fact that was not given.

    Examples
    --------
    >>> sentence("chart.top_agent", lang="en", top=3, share=(0.5634, "rate"))
    the top 3 agents bring 56.3%
    """
    said = {}
    for name, fact in given.items():
        if isinstance(fact, tuple):
            value, unit = fact
            said[name] = words.number(value, unit, lang)
        else:
            said[name] = _plain(str(fact))
    return Prose(words.text(key, lang, **said))
