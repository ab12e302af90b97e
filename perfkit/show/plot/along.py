"""Charts of a month's rhythm: pace by selling day, where it lands, and the weeks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import period, words
from perfkit.show import comparison, label
from perfkit.show.plot.look import (
    BLUE,
    DASHES,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    SKY,
    blank,
    canvas,
    end_labels,
    finish,
    halo,
    kept,
    limits,
    measure_axis,
    title_or,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["landing", "pace", "weeks"]

FEW = 4  # so few points are marked
LOOKS: Sequence[tuple[str, Any]] = ((GREY, DASHES[1]), (SKY, DASHES[2]), (GREEN, DASHES[3]))


def pace(
    frame: pd.DataFrame,
    *,
    lang: str,
    kpi: str,
    month: str,
    others: Sequence[str] = (),
    nodes: pd.DataFrame | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how a month fills up by selling day, beside others.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.pace.follow` gives.
    lang : {"zh", "en"}
        The reader's language.
    kpi : str
        Which.
    month : str
        The one drawn strong.
    others : sequence of str
        Months drawn thin, as far as the frame holds them; a year ago is dotted.
    nodes : DataFrame, optional
        selling_day and value of the node plan: diamonds. [selling days, the KPI's unit]
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        Each line is named at its end. A small figure that says so where nothing is known.
    """
    own = frame[(frame["kpi"] == kpi) & frame["month"].isin([month, *others])]
    if comparison.lacks(own[own["month"] == month], ("kpi", "value"), "pace", ["value"]):
        return blank(frame, [kpi], lang, title, ax)
    from matplotlib.ticker import MaxNLocator

    # a weekend adds to the selling day before it: one point a selling day
    data = own.drop_duplicates(["month", "selling_day"], keep="last")
    data = kept(data, "unit", "kpi", "month", "selling_day", "value")
    ax = canvas(ax, lang)
    unit, name = label.unit_of(kpi), label.kpi_name(kpi, lang)
    ends = []
    held = [m for m in others if (data["month"] == m).any() and m != month]
    year_ago = period.year_ago(period.parse(month)).code
    plain = [m for m in held if m != year_ago]
    for code in [*held, month]:
        part = data[data["month"] == code]
        color, dash = (BLUE, "-") if code == month else (ORANGE, DASHES[2])
        if code in plain:
            color, dash = LOOKS[plain.index(code) % len(LOOKS)]
        days, values = [0.0, *part["selling_day"]], [0.0, *part["value"]]
        wide, few = (2.8, 4) if code == month else (1.4, 3), len(part) < FEW
        ax.plot(days, values, color=color, lw=wide[0], ls=dash, zorder=wide[1],
                marker="o" if few else "", ms=4)  # fmt: skip
        said = label.period_name(code, lang, short=code != year_ago)
        ends.append((values[-1], f"{said} {words.number(values[-1], unit, lang)}", color))
    ax.set_xlim(0, float(data["selling_day"].max()) + 0.5)
    aims = _node_marks(ax, nodes, unit, lang)
    every = pd.concat([data["value"], pd.Series(aims, dtype=float)], ignore_index=True)
    measure_axis(ax.yaxis, every, unit, lang, name)
    ax.set_ylim(*limits(every, 0.1))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.set_xlabel(words.text("chart.selling_day", lang))
    end_labels(ax, ends)
    return finish(ax, data, title_or(title, "pace", lang, kpi=name))


def _node_marks(ax: Axes, nodes: pd.DataFrame | None, unit: str, lang: str) -> list[float]:
    """Mark what the node plan asks for, each with its amount."""
    known = None if nodes is None else nodes.dropna(subset="value")
    if known is None or known.empty:
        return []
    for day, value in zip(known["selling_day"], known["value"], strict=True):
        ax.plot([day], [value], "D", ms=8, mfc="white", mec=INK, mew=1.6, zorder=5)
        said = words.text("chart.node_target", lang, value=words.number(value, unit, lang))
        early = day < 0.25 * ax.get_xlim()[1]  # no room at its left
        ax.annotate(said, (day, value), (9, -5) if early else (-9, 5), color=INK, zorder=6,
                    textcoords="offset points", ha="left" if early else "right",
                    va="top" if early else "bottom", fontsize="small",
                    path_effects=halo())  # fmt: skip
    return [float(v) for v in known["value"]]


def landing(
    frame: pd.DataFrame,
    *,
    lang: str,
    kpi: str,
    actual: float = float("nan"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where the month would end, as it could be known day by day.

    Parameters
    ----------
    frame : DataFrame
        What `rhythm.node.landings` gives.
    lang : {"zh", "en"}
        The reader's language.
    kpi : str
        Which.
    actual : float
        What it came to; NaN while it runs. [the KPI's unit]
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A dot and its interval a day, what is in hand as a bar, the target as a line.
    """
    columns = ("day", "hand", "expected", "low", "high", "target")
    if comparison.lacks(frame, columns, "landing", ["expected"]):
        return blank(frame, [kpi], lang, title, ax)
    ax = canvas(ax, lang)
    unit, name = label.unit_of(kpi), label.kpi_name(kpi, lang)
    places = range(len(frame))
    ax.bar(places, frame["hand"], width=0.42, color=PALE, zorder=2)
    reach = [frame["expected"] - frame["low"], frame["high"] - frame["expected"]]
    ax.errorbar(places, frame["expected"], yerr=reach, fmt="o", ms=7, color=BLUE, capsize=5,
                lw=2, zorder=4)  # fmt: skip
    for at, value in zip(places, frame["expected"], strict=True):
        if value == actual:  # named at the end of its line
            continue
        ax.annotate(words.number(value, unit, lang), (at, value), (9, 0), color=BLUE, va="center",
                    textcoords="offset points", fontsize="small", path_effects=halo())  # fmt: skip
    target = float(frame["target"].iloc[0])
    ends = [(float(frame["hand"].iloc[-1]), words.text("chart.series.hand", lang), GREY)]
    for value, key, color in ((target, "target", INK), (actual, "actual", ORANGE)):
        if pd.notna(value):
            ax.axhline(value, color=color, lw=1.4, ls=(0, (8, 3)), zorder=3)
            said = words.text(f"chart.series.{key}", lang)
            ends.append((value, f"{said} {words.number(value, unit, lang)}", color))
    every = pd.concat([frame["high"], frame["hand"], pd.Series([target, actual])]).dropna()
    measure_axis(ax.yaxis, every, unit, lang, name)
    ax.set_ylim(*limits(every, 0.08))
    days = [words.text("calendar.month_day", lang, month=d.month, day=d.day) for d in frame["day"]]
    ax.set_xticks(list(places), days)
    ax.set_xlim(-0.6, len(frame) - 0.4)
    if pd.notna(actual):  # a month that is over: what it came to says what is in hand
        ends = ends[1:]
    end_labels(ax, ends)
    return finish(ax, frame[list(columns)], title_or(title, "landing", lang, kpi=name))


def weeks(
    frame: pd.DataFrame,
    *,
    lang: str,
    kpi: str,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw weeks side by side, the last one strong.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, period (spans of days, in order), kpi, value. [the KPI's unit]
    lang : {"zh", "en"}
        The reader's language.
    kpi : str
        Which.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A bar a week with its value above and its days below.
    """
    own = frame[frame["kpi"] == kpi]
    if comparison.lacks(own, ("unit", "period", "kpi", "value"), "weeks", ["value"]):
        return blank(frame, [kpi], lang, title, ax)
    ax = canvas(ax, lang, 2.9)
    unit, name = label.unit_of(kpi), label.kpi_name(kpi, lang)
    places = range(len(own))
    colors = [BLUE if at == len(own) - 1 else "#a9c7de" for at in places]
    ax.bar(places, own["value"], width=0.62, color=colors, zorder=2)
    for at, value in zip(places, own["value"], strict=True):
        ax.annotate(words.number(value, unit, lang), (at, value), (0, 4), ha="center",
                    textcoords="offset points", fontsize="small")  # fmt: skip
    texts = []
    for code in own["period"]:
        days = (period.parse(code).first, period.parse(code).last)
        texts.append("–".join(words.text("calendar.month_day", lang, month=d.month, day=d.day)
                              for d in days))  # fmt: skip
    ax.set_xticks(list(places), texts)
    ax.tick_params(axis="x", labelsize="small")
    measure_axis(ax.yaxis, own["value"], unit, lang, name)
    ax.set_ylim(*limits(own["value"], 0.15))
    return finish(ax, kept(own, "unit", "period", "kpi", "value"), title_or(title, "weeks", lang,
                  kpi=name))  # fmt: skip
