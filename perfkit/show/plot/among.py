"""Charts of one period: units beside each other, and what a whole is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from perfkit import words
from perfkit.errors import PerfkitError
from perfkit.show import comparison, label
from perfkit.show.plot.look import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    blank,
    canvas,
    finish,
    kept,
    legend_above,
    limits,
    measure_axis,
    say,
    title_or,
)
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
__all__ = ["bars", "composition", "concentration"]

_REFERENCES = (("target", "|"), ("previous", "o"), ("year_ago", "D"))


def bars(
    frame: pd.DataFrame,
    *,
    lang: str,
    kpi: str | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one KPI by unit against its target, the period before and a year ago.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, kpi, period, value, and where known target, attainment, previous,
        year_ago. [the KPI's unit] One row a unit, top row first; one period.
    lang : {"zh", "en"}
        The reader's language.
    kpi : str, optional
        Which KPI of the frame; needed where it holds several.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        The value of each unit stands at the right edge, with its attainment. A small figure
        that says so where no value is known.

    Raises
    ------
    PerfkitError
        A column is missing, or the frame holds several KPIs or periods.
    UnknownName
        The frame does not hold the KPI asked for.
    """
    asked = None if kpi is None else [kpi]
    held = ["value", *(c for c, _ in _REFERENCES)]
    if comparison.lacks(frame, ("unit", "kpi", "period", "value"), "bars", held):
        return blank(frame, asked, lang, title, ax)
    frame = comparison.select(frame, asked)
    code, when = label.one(frame, "kpi"), label.one(frame, "period")
    unit, name = label.unit_of(code), label.kpi_name(code, lang)
    ax = canvas(ax, lang, 1.7 + 0.46 * len(frame))
    rows = list(range(len(frame)))
    ax.barh(rows, frame["value"].to_numpy(float), height=0.58, color=BLUE, label="_value")
    looks = {"|": (INK, 20.0, 2.6), "o": (GREY, 7.5, 1.6), "D": (ORANGE, 6.5, 1.6)}
    drawn = [c for c, _ in _REFERENCES if c in frame and frame[c].notna().any()]
    for column, mark in _REFERENCES:
        if column in drawn:
            color, size, edge = looks[mark]
            # a white rim keeps the marks readable on the bar
            ax.plot(frame[column].to_numpy(float), rows, mark, ms=size + 2, mew=edge + 2.4,
                    mec="white", mfc="white", label="_rim", zorder=3)  # fmt: skip
            ax.plot(frame[column].to_numpy(float), rows, mark, ms=size, mew=edge, mec=color,
                    mfc="white", label=comparison.head(column, when, lang), zorder=4)  # fmt: skip
    ax.set_yticks(rows, [wrap(label.unit_name(u, names), 16) for u in frame["unit"]])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(len(frame) - 0.45, -0.55)
    ax.spines["left"].set_visible(False)
    shown = pd.concat([frame["value"], *(frame[c] for c in drawn)])
    measure_axis(ax.xaxis, shown, unit, lang, name)
    _right_column(ax, frame, unit, lang)
    if drawn:
        legend_above(ax)
    text = title_or(title, "bars", lang, kpi=name, period=label.period_name(when, lang))
    return finish(ax, kept(frame, "unit", "kpi", "period", "value", *drawn), text)


def _right_column(ax: Axes, frame: pd.DataFrame, unit: str, lang: str) -> None:
    done = frame["attainment"] if "attainment" in frame else pd.Series(float("nan"), frame.index)
    for row, (value, share) in enumerate(zip(frame["value"], done, strict=True)):
        text = words.number(value, unit, lang)
        if not pd.isna(share):
            text = words.text(
                "chart.value_attained", lang, value=text, share=words.number(share, "rate", lang)
            )
        ax.annotate(text, (1.02, row), xycoords=("axes fraction", "data"), va="center", color=INK)


# from dark to light: the order of the parts survives a black-and-white print
_SHADES = ("#08457e", "#3d86c6", "#a6cbe8", "#e4e4e4")
_MANY_SHADES = ("#08306b", "#2171b5", "#6baed6", "#bdd7e7", "#e4e4e4", "#a8a8a8")
_TWO_SHADES = ("#08457e", "#a6cbe8")


def composition(
    frame: pd.DataFrame,
    *,
    rows: str,
    parts: str,
    lang: str,
    unit: str = "rate",
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each row is made of, as bars of parts laid end to end.

    Parameters
    ----------
    frame : DataFrame
        The columns named by `rows` and `parts`, and value. [`unit`] First row on top, first
        part at the left.
    rows, parts : str
        Columns, such as ``unit`` and ``kpi``.
    lang : {"zh", "en"}
        The reader's language.
    unit : str, default "rate"
        Unit of measure of the values.
    names : mapping, optional
        Value of either column → name.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A part too narrow for its number shows none; `figure_data` has it. A small figure
        that says so where no value is known.

    Raises
    ------
    PerfkitError
        A column is missing, or a row has a part twice.
    """
    if comparison.lacks(frame, (rows, parts, "value"), "composition", ["value"]):
        return blank(frame, None, lang, title, ax)
    if frame.duplicated([rows, parts]).any():
        raise PerfkitError("show.twice", columns=f"{rows}, {parts}")
    wide = frame.pivot(index=rows, columns=parts, values="value")
    wide = wide.loc[frame[rows].unique(), frame[parts].unique()]
    ax = canvas(ax, lang, 1.8 + 0.5 * len(wide))
    low, high = _end_to_end(ax, wide, [say(parts, str(p), lang, names) for p in wide.columns])
    ax.set_yticks(range(len(wide)), [wrap(say(rows, str(r), lang, names), 16) for r in wide.index])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(len(wide) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)
    ax.set_xlim(low, max(high, 1.0 if unit == "rate" else 0.0) or float(low == 0.0))
    name = words.text("chart.part", lang) if unit == "rate" else ""
    measure_axis(ax.xaxis, pd.Series([low, high]), unit, lang, name)
    ax.grid(visible=False)
    _part_labels(ax, wide, unit, lang)
    legend_above(ax)
    return finish(ax, kept(frame, rows, parts, "value"), title_or(title, "composition", lang))


def _end_to_end(ax: Axes, wide: pd.DataFrame, said: Sequence[str]) -> tuple[float, float]:
    """Lay parts end to end, those below zero to the left, and give how far both reach."""
    count = wide.shape[1]
    shades = _TWO_SHADES if count == 2 else _SHADES if count <= len(_SHADES) else _MANY_SHADES
    left = right = pd.Series(0.0, wide.index)
    for place, name in enumerate(said):
        part = wide.iloc[:, place].astype(float).fillna(0.0)
        shade, start = shades[place % len(shades)], right.where(part >= 0, left)
        ax.barh(range(len(wide)), part, left=start, height=0.62, color=shade,
                edgecolor="white", lw=1.2, label=name)  # fmt: skip
        left, right = left + part.clip(upper=0.0), right + part.clip(lower=0.0)
    return float(left.min()), float(right.max())


def _part_labels(ax: Axes, wide: pd.DataFrame, unit: str, lang: str) -> None:
    for place, bars_of_part in enumerate(ax.containers):
        for bar, value in zip(bars_of_part, wide.iloc[:, place], strict=True):
            text = words.number(value, unit, lang)
            light = sum(bar.get_facecolor()[:3]) > 2.0
            low, high = ax.get_xlim()
            if abs(bar.get_width()) > (high - low) * 0.013 * len(text):
                middle = bar.get_x() + bar.get_width() / 2
                ax.text(middle, bar.get_y() + bar.get_height() / 2, text, ha="center",
                        va="center", color=INK if light else "white", fontsize="small")  # fmt: skip


def concentration(
    frame: pd.DataFrame,
    *,
    kpi: str,
    lang: str,
    top: int = 3,
    share: float | None = None,
    who: str = "agent",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw every agent or policy from the largest down, the top ones apart.

    Parameters
    ----------
    frame : DataFrame
        Column value, one row an agent or policy. [unit of `kpi`]
    kpi : str
        What the values are.
    lang : {"zh", "en"}
        The reader's language.
    top : int, default 3
        How many to set apart.
    share : float, optional
        What the top ones bring of the whole, to be written beside them. [rate]
    who : {"agent", "policy"}
        What a bar is.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A small figure that says so where no value is known.

    Raises
    ------
    PerfkitError
        The column is missing.
    """
    if comparison.lacks(frame, ("value",), "concentration", ["value"]):
        return blank(frame, [kpi], lang, title, ax)
    unit, name = label.unit_of(kpi), label.kpi_name(kpi, lang)
    ranked = frame.sort_values("value", ascending=False, kind="stable", na_position="last")
    ranked = ranked.reset_index(drop=True).assign(rank=lambda f: f.index + 1, kpi=kpi)
    ax = canvas(ax, lang)
    colors = [ORANGE if rank <= top else SKY for rank in ranked["rank"]]
    ax.bar(ranked["rank"], ranked["value"], color=colors, width=0.82)
    measure_axis(ax.yaxis, ranked["value"], unit, lang, name)
    ax.set_ylim(*limits(ranked["value"], 0.06))
    ax.set_xlim(0.3, max(len(ranked), 8) + 0.7)
    _top_label(ax, ranked["value"].head(top).dropna(), share, unit, lang, f"chart.top_{who}")
    step = 10 * -(-len(ranked) // 150)
    ax.set_xticks([r for r in (1, *range(step, len(ranked) + 1, step)) if r <= len(ranked)])
    ax.set_xlabel(words.text(f"chart.ranked_{who}", lang, count=len(ranked)))
    return finish(ax, ranked, title_or(title, "concentration", lang, kpi=name))


def _top_label(
    ax: Axes, values: pd.Series, share: float | None, unit: str, lang: str, key: str
) -> None:
    """Say beside the top bars what they bring, and each of them where they are few."""
    lines = []
    if share is not None:
        part = words.number(share, "rate", lang)
        lines.append(words.text(key, lang, top=len(values), share=part))
    if 0 < len(values) <= 5:
        each = [words.number(v, unit, lang) for v in values]
        lines.append(words.text("table.list", lang).join(each))
    left, right = ax.get_xlim()
    at = len(values) + 0.5 + 0.02 * (right - left)
    ax.annotate("\n".join(lines), (at, 0.94), xycoords=("data", "axes fraction"), va="top",
                color=ORANGE, fontsize="large", linespacing=1.5)  # fmt: skip
