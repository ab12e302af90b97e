"""The months of a year, several series side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from perfkit import words
from perfkit.show import label
from perfkit.show.plot.look import (
    CYCLE,
    DASHES,
    MARKS,
    blank,
    canvas,
    end_labels,
    finish,
    limits,
    measure_axis,
)
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["year"]


def year(
    frame: pd.DataFrame,
    *,
    lang: str,
    unit: str,
    title: str,
    key: str = "annual.series",
    ax: Axes | None = None,
) -> Axes:
    """Draw the months of a year: one line a column, named at its end.

    Parameters
    ----------
    frame : DataFrame
        Twelve rows, January to December; one column a series. NaN is not known. [`unit`]
    lang : {"zh", "en"}
        The reader's language.
    unit : str
        Unit of measure, as for `words.number`.
    title : str
        The question that the chart answers.
    key : str, default "annual.series"
        Where the series' names stand in the words.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A small figure that says so where no value is known.
    """
    known = frame.dropna(axis=1, how="all")
    if known.empty:
        return blank(frame, None, lang, title, ax)
    ax = canvas(ax, lang)
    ends = []
    for place, name in enumerate(known.columns):
        values = known[name].astype(float).to_numpy()
        look = place % len(CYCLE)
        ax.plot(range(1, 13), values, color=CYCLE[look], marker=MARKS[look], ls=DASHES[look],
                lw=2.2, ms=6, mec="white")  # fmt: skip
        said = label.said(f"{key}.{name}", lang, str(name))
        last = known[name].dropna().iloc[-1]
        ends.append((float(last), wrap(said, 20), CYCLE[look]))
    every = pd.Series(known.to_numpy(float).ravel()).dropna()
    measure_axis(ax.yaxis, every, unit, lang, "")
    months = [words.text(f"chart.month.m{month:02d}", lang) for month in range(1, 13)]
    ax.set_xticks(range(1, 13), months)
    ax.set_xlim(0.6, 12.4)
    ax.set_ylim(*limits(every, 0.12))
    end_labels(ax, ends)
    return finish(ax, known.reset_index(), title)
