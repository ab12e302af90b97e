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
    end_labels,
    finish,
    halo,
    kept,
    measure_axis,
    title_or,
)
from perfkit.show.plot.place import spread, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["funnel", "waterfall"]


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


def funnel(
    frame: pd.DataFrame,
    lines: pd.DataFrame,
    *,
    kpi: str,
    lang: str,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each unit's rate over its size, between the limits of chance.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, denominator [members], value, center [rate], signal (red, yellow, none).
    lines : DataFrame
        Columns denominator, yellow_low, yellow_high, red_low, red_high: the limits by size.
    kpi : str
        What the rate is.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        Units within the limits are dots, outside the inner ones triangles, outside the outer
        ones filled diamonds; those outside carry their name and rate, all do where they are few.
        A small figure that says so where no rate is known.

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    columns = ("unit", "denominator", "value", "center", "signal")
    if comparison.lacks(frame, columns, "funnel", ["value"]):
        return blank(frame, [kpi], lang, title, ax)
    label.require(lines, ("denominator", "yellow_low", "red_high"), "funnel")
    drawn = kept(frame.dropna(subset="value"), *columns).assign(kpi=kpi)
    ax = canvas(ax, lang, 4.6)
    ends = []
    for level, color, dash in (("yellow", GREY, (0, (5, 2))), ("red", INK, "-")):
        for end in ("low", "high"):
            limit = lines[f"{level}_{end}"]
            ax.plot(lines["denominator"], limit, color=color, lw=1.2, ls=dash)
        ends.append((float(limit.iloc[-1]), words.text(f"chart.funnel_{level}", lang), color))
    center = float(drawn["center"].iloc[0])
    said = words.text("chart.funnel_center", lang, value=words.number(center, "rate", lang))
    ax.axhline(center, color=BLUE, lw=1.4, ls=(0, (1, 1.2)))
    ends.append((center, said, BLUE))
    for signal, mark, color in (("none", "o", BLUE), ("yellow", "^", ORANGE), ("red", "D", ORANGE)):
        part = drawn[drawn["signal"] == signal]
        fill = color if signal == "red" else "white"
        ax.plot(part["denominator"], part["value"], mark, ms=7.5, mec=color, mfc=fill, mew=1.8,
                zorder=5)  # fmt: skip
    measure_axis(ax.yaxis, drawn["value"], "rate", lang, label.kpi_name(kpi, lang))
    top = max(float(drawn["value"].max()), float(lines["red_high"].iloc[-1]))
    ax.set_ylim(0, min(1.0, 1.08 * top) or 1.0)
    ax.set_xlim(0, float(lines["denominator"].max()))
    ax.locator_params(axis="x", integer=True)
    ax.set_xlabel(words.text("chart.funnel_size", lang))
    _name_points(ax, drawn, names, lang)
    end_labels(ax, ends)
    name = label.kpi_name(kpi, lang)
    return finish(ax, drawn, title_or(title, "funnel", lang, kpi=name))


_NAMED = 12  # so many units carry their names, more only those outside the limits


def _name_points(ax: Axes, drawn: pd.DataFrame, names: Mapping[str, str] | None, lang: str) -> None:
    """Write each unit's name and rate beside its dot, clear of the others."""
    told = drawn if len(drawn) <= _NAMED else drawn[drawn["signal"] != "none"]
    low, high = ax.get_ylim()
    right = ax.get_xlim()[1]
    free = spread(told["value"].tolist(), (high - low) * 0.05)
    points = zip(told["unit"], told["denominator"], told["value"], free, strict=True)
    for unit, size, rate, y in points:
        text = f"{label.unit_name(unit, names)} {words.number(rate, 'rate', lang)}"
        at = (size + right * 0.014, y)
        ax.annotate(text, at, va="center", ha="left", fontsize="small", color=INK,
                    path_effects=halo(), zorder=4)  # fmt: skip
