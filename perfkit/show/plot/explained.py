"""Charts of why a number moved, and of what chance alone would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from perfkit import words
from perfkit.show import comparison, label
from perfkit.show.plot.look import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    blank,
    canvas,
    finish,
    halo,
    kept,
    measure_axis,
    title_or,
)
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["waterfall"]


def waterfall(
    frame: pd.DataFrame,
    *,
    kpi: str,
    lang: str,
    ends: tuple[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the way from one number to another, driver by driver.

    Parameters
    ----------
    frame : DataFrame
        Columns step, value: the first and the last row are the two numbers, those between are
        the effects that lead from one to the other. [unit of `kpi`]
    kpi : str
        What is explained.
    lang : {"zh", "en"}
        The reader's language.
    ends : tuple of str, optional
        What the two numbers are called, such as two periods; before and after otherwise.
    names : mapping, optional
        Name of a step that the words do not hold.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        Every bar carries its number, effects with their sign. A small figure that says so where
        no value is known.

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    if comparison.lacks(frame, ("step", "value"), "waterfall", ["value"]):
        return blank(frame, [kpi], lang, title, ax)
    unit, name = label.unit_of(kpi), label.kpi_name(kpi, lang)
    drawn = kept(frame, "step", "value").reset_index(drop=True).assign(kpi=kpi)
    last = len(drawn) - 1
    whole = drawn.index.isin([0, last])
    running = drawn["value"].where(drawn.index < last, 0.0).cumsum()
    top = drawn["value"].where(whole, running)
    foot = (top - drawn["value"]).where(~whole, 0.0)
    ax = canvas(ax, lang, 4.4)
    gains = drawn["value"] >= 0
    colors = [BLUE if w else GREEN if g else ORANGE for w, g in zip(whole, gains, strict=True)]
    ax.bar(drawn.index, top - foot, bottom=foot, color=colors, edgecolor=colors,
           lw=1.2, width=0.62)  # fmt: skip
    for row in range(last):
        ax.plot([row + 0.31, row + 0.69], [top[row]] * 2, color=GREY, lw=1.0)
    reach = pd.concat([top, foot])
    measure_axis(ax.yaxis, reach, unit, lang, name)
    high, low = max(float(reach.max()), 0.0), min(float(reach.min()), 0.0)
    room = 0.12 * ((high - low) or 1.0)
    ax.set_ylim(low - (room if low < 0 else 0), high + room)
    ax.axhline(0, color=GREY, lw=0.8)
    for row, value in enumerate(drawn["value"]):
        text = words.number(value, unit, lang, signed=not whole[row])
        ax.annotate(text, (row, max(top[row], foot[row])), (0, 4), textcoords="offset points",
                    ha="center", va="bottom", color=INK, path_effects=halo())  # fmt: skip
    said = [step_name(str(step), lang, names) for step in drawn["step"]]
    if ends:
        said[0], said[-1] = (label.period_name(e, lang, short=True) for e in ends)
    ax.set_xticks(drawn.index.tolist(), [wrap(text, 96 // len(said)) for text in said],
                  fontsize="small" if len(said) > 6 else None)  # fmt: skip
    ax.tick_params(axis="x", labelcolor=INK)
    return finish(ax, drawn, title_or(title, "waterfall", lang, kpi=name))


def step_name(step: str, lang: str, names: Mapping[str, str] | None = None) -> str:
    """Name a driver: as the caller does, as a KPI, or as the words do.

    Parameters
    ----------
    step : str
        The driver.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Driver → name, which goes before.

    Examples
    --------
    >>> step_name("activity_rate", "en"), step_name("unexplained", "en")
    ('activity rate', 'not explained')
    """
    if names and step in names:
        return names[step]
    return label.said(f"explain.factor.{step}", lang, label.kpi_name(step, lang))
