"""Charts of the case studies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.plot.look import (
    BLUE,
    GREY,
    INK,
    blank,
    finish,
    kept,
    limits,
    measure_axis,
    say,
    style,
)
from perfkit.show.plot.place import spread, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["before_after"]


def before_after(
    frame: pd.DataFrame,
    *,
    lang: str,
    units: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw every observation before and after a change, one panel a measure.

    Parameters
    ----------
    frame : DataFrame
        Columns kpi, phase (``before`` or ``after``), period, value. [unit of the kpi]
        Panels stand in the order of the frame.
    lang : {"zh", "en"}
        The reader's language.
    units : mapping, optional
        Unit of measure of a `kpi` that the catalogue does not hold.
    names : mapping, optional
        Name of a `kpi` that the words do not hold.
    title : str, optional
        The question that the chart answers.

    Returns
    -------
    Figure
        Each dot is labelled with its month and value: with a handful of dots the reader
        can judge the scatter, which an average would hide. A small figure that says so
        where no value is known.

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    style(lang)
    from matplotlib import pyplot as plt

    columns = ("kpi", "phase", "period", "value")
    if comparison.lacks(frame, columns, "before_after", ["value"]):
        none, ax = plt.subplots(figsize=(8.4, 1.1 if title else 0.7))
        blank(frame, None, lang, title, ax)
        return none
    panels = frame["kpi"].unique().tolist()
    across = min(len(panels), 3) or 1
    down = -(-len(panels) // across) or 1
    figure, axes = plt.subplots(down, across, figsize=(8.4, 3.9 * down), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_visible(False)
    for ax, code in zip(axes.flat, panels, strict=False):
        unit = (units or {}).get(code, label.unit_of(code))
        part = kept(frame[frame["kpi"] == code], *columns)
        _panel(ax, part, unit, lang)
        finish(ax, part, "")
        name = wrap(say("kpi", code, lang, names), 26)
        ax.set_title(name, fontsize="medium", color=INK, pad=26)
    text = title if title is not None else words.text("chart.title.before_after", lang)
    figure.suptitle(wrap(text, 76), x=0.01, ha="left", fontsize=14.0)
    return figure


def _panel(ax: Axes, part: pd.DataFrame, unit: str, lang: str) -> None:
    measure_axis(ax.yaxis, part["value"], unit, lang, "")
    ax.set_ylim(*limits(part["value"], 0.15))
    places = {"before": 0.0, "after": 1.3}
    for phase, at in places.items():
        dots = part[(part["phase"] == phase) & part["value"].notna()]
        fill = BLUE if phase == "after" else "white"
        ax.plot([at] * len(dots), dots["value"], "o", ms=9, mfc=fill, mec=BLUE, mew=1.8)
        low, high = ax.get_ylim()
        free = spread(dots["value"].tolist(), (high - low) * 0.075)
        for month, value, y in zip(dots["period"], dots["value"], free, strict=True):
            said = words.text(
                "chart.dot",
                lang,
                period=label.period_name(month, lang, short=True),
                value=words.number(value, unit, lang),
            )
            ax.annotate(said, (at + 0.13, y), va="center", fontsize="small", color=INK)
    ax.set_xticks([*places.values()], [words.text(f"chart.phase.{p}", lang) for p in places])
    ax.tick_params(axis="x", labelcolor=INK)
    ax.axvline(1.08, color=GREY, lw=0.8, ls=(0, (2, 3)))
    ax.grid(visible=False)
    ax.set_xlim(-0.2, 2.35)
