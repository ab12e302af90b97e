"""Charts along the days of a period and along the months."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from perfkit import period, words
from perfkit.errors import PerfkitError
from perfkit.show import comparison, label
from perfkit.show.plot.look import (
    BLUE,
    CYCLE,
    DASHES,
    GREY,
    INK,
    MARKS,
    ORANGE,
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
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curve", "lines"]


def curve(
    frame: pd.DataFrame,
    *,
    lang: str,
    others: Mapping[str, pd.DataFrame] | None = None,
    checkpoints: Sequence[int] = (),
    target: float | None = None,
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how one KPI of one unit adds up within the period, day by day.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, date, kpi, value: cumulative from the first day. [the KPI's unit]
    lang : {"zh", "en"}
        The reader's language.
    others : mapping, optional
        ``previous`` and ``year_ago`` (or any words) → frames of the same form, drawn thin.
    checkpoints : sequence of int
        Days of the period to mark and label. [days, from 1]
    target : float, optional
        Where the period should end. [the KPI's unit]
    names : mapping, optional
        Line → name, where it is not that of the words; the frame itself is ``now``.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        Each line carries its name and its last value at its end: ``previous`` is last month
        where its days and those of the frame begin their months, the period before otherwise.
        A small figure that says so where no value is known.

    Raises
    ------
    PerfkitError
        A column is missing, or the frame holds several units or KPIs.
    """
    columns = ("unit", "date", "kpi", "value")
    parts = {"now": frame, **(others or {})}
    held = {k: p for k, p in parts.items() if not comparison.lacks(p, columns, "curve", ["value"])}
    if not held:
        return blank(frame, None, lang, title, ax)
    drawn = pd.concat([_by_day(part, key) for key, part in held.items()], ignore_index=True)
    code = label.one(drawn, "kpi")
    label.one(drawn, "unit")
    unit, name = label.unit_of(code), label.kpi_name(code, lang)
    named = {key: _series_name(key, held, lang) for key in held} | dict(names or {})
    ax = canvas(ax, lang)
    ends = _day_lines(ax, drawn, named, unit, lang)
    if target is not None:
        ax.axhline(target, color=INK, lw=1.2, ls=(0, (8, 3)))
        said = words.text("chart.series.target", lang)
        ends.append((target, f"{said} {words.number(target, unit, lang)}", INK))
    _day_axis(ax, int(drawn["day"].max()), lang)
    shown = pd.concat([drawn["value"], pd.Series([target or 0.0])])
    measure_axis(ax.yaxis, shown, unit, lang, name)
    ax.set_ylim(*limits(shown, 0.08))
    end_labels(ax, ends)
    _mark_days(ax, drawn[drawn["series"] == "now"], checkpoints, unit, lang)
    rivals = words.text("chart.and", lang).join(named[key] for key in held if key != "now")
    asked = "curve" if rivals else "curve_alone"
    return finish(ax, drawn, title_or(title, asked, lang, kpi=name, others=rivals))


def _series_name(key: str, parts: Mapping[str, pd.DataFrame], lang: str) -> str:
    """Name a line; the period before is last month where the days are those of two months."""
    if key == "previous" and "now" in parts and _is_last_month(parts["now"], parts[key]):
        key = "previous_month"
    return label.said(f"chart.series.{key}", lang, key)


def _is_last_month(now: pd.DataFrame, before: pd.DataFrame) -> bool:
    """Say whether one part begins a month that the other follows, and neither runs past it."""
    days, earlier = pd.to_datetime(now["date"]), pd.to_datetime(before["date"])
    own, other = days.dt.to_period("M").unique(), earlier.dt.to_period("M").unique()
    if len(own) != 1 or len(other) != 1 or own[0] != other[0] + 1:
        return False
    return bool(days.min().day == 1 and earlier.min().day == 1)


def _day_lines(
    ax: Axes, drawn: pd.DataFrame, named: Mapping[str, str], unit: str, lang: str
) -> list[tuple[float, str, str]]:
    """Draw a line a series and give what stands at its end."""
    looks = [(BLUE, 2.8, "-"), (GREY, 1.3, (0, (5, 2))), (ORANGE, 1.3, (0, (1, 1.2)))]
    ends = []
    for place, (key, part) in enumerate(drawn.groupby("series", sort=False)):
        color, width, dash = looks[min(place, 2)]
        known = part.dropna(subset="value")
        ax.plot(part["day"], part["value"], color=color, lw=width, ls=dash, label=str(key),
                drawstyle="steps-post", marker="o" if len(known) == 1 else "")  # fmt: skip
        value = float(known["value"].iloc[-1])
        ends.append((value, f"{named[str(key)]} {words.number(value, unit, lang)}", color))
    return ends


def _by_day(frame: pd.DataFrame, series: str) -> pd.DataFrame:
    days = pd.to_datetime(frame["date"])
    out = kept(frame, "unit", "kpi", "date", "value").assign(series=series)
    return out.assign(day=(days - days.min()).dt.days + 1).sort_values("day")


def _day_axis(ax: Axes, last: int, lang: str) -> None:
    ticks = [d for d in (1, 5, 10, 15, 20, 25, 31) if d <= last] if last <= 31 else None
    if ticks:
        ax.set_xticks(ticks, [str(d) for d in ticks])
    ax.set_xlim(0.5, last + 0.5)
    ax.set_xlabel(words.text("chart.day", lang))


def _mark_days(ax: Axes, now: pd.DataFrame, days: Sequence[int], unit: str, lang: str) -> None:
    found = now[now["day"].isin(list(days)) & now["value"].notna()]
    for day, value in zip(found["day"], found["value"], strict=True):
        ax.plot([day], [value], "o", ms=8, mfc="white", mec=BLUE, mew=2, zorder=5)
        said = words.text("chart.checkpoint", lang, day=day, value=words.number(value, unit, lang))
        early = day < 0.25 * ax.get_xlim()[1]  # no room at its left
        ax.annotate(said, (day, value), (10, -4) if early else (-8, 7), color=BLUE,
                    textcoords="offset points", ha="left" if early else "right",
                    va="top" if early else "bottom", fontsize="small",
                    path_effects=halo(), zorder=6)  # fmt: skip


def lines(
    frame: pd.DataFrame,
    *,
    lang: str,
    by: str = "kpi",
    names: Mapping[str, str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw KPIs of one unit (or one KPI of several units) over the months.

    Parameters
    ----------
    frame : DataFrame
        Columns unit, period (months), kpi, value. [the KPI's unit] KPIs of one unit of measure.
    lang : {"zh", "en"}
        The reader's language.
    by : {"kpi", "unit"}
        What makes a line.
    names : mapping, optional
        Unit id → name.
    title : str, optional
        The question that the chart answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes
        A month without a value is a gap in the line, not a zero. A small figure that says
        so where no value is known.

    Raises
    ------
    PerfkitError
        A column is missing, a line has a month twice, or the frame mixes units of measure.
    """
    if comparison.lacks(frame, ("unit", "period", "kpi", "value"), "lines", ["value"]):
        return blank(frame, None, lang, title, ax)
    data = kept(frame, "unit", "kpi", "period", "value")
    units = data["kpi"].map(label.unit_of).unique().tolist()
    if len(units) != 1:
        raise PerfkitError("show.mixed_units", found=", ".join(units) or "–")
    unit = str(units[0])
    firsts = data["period"].map(lambda p: period.parse(p).first)
    at = pd.Series([d.year * 12 + d.month - 1 for d in firsts], data.index)
    if pd.concat([data[by], at], axis=1).duplicated().any():
        raise PerfkitError("show.twice", columns=f"{by}, period")
    ax = canvas(ax, lang)
    ends: list[tuple[float, str, str]] = []
    series: list[tuple[dict[int, float], str]] = []
    full = range(int(at.min()), int(at.max()) + 1)
    for place, key in enumerate(data[by].unique()):
        look = place % len(CYCLE)
        part = pd.Series(data["value"].to_numpy(float), at)[(data[by] == key).to_numpy()]
        ax.plot(list(full), part.reindex(full), color=CYCLE[look], marker=MARKS[look],
                ls=DASHES[look], lw=2.2, ms=6, mec="white", label=str(key))  # fmt: skip
        known = part.dropna().sort_index()
        # across a missing month only a hint of a line
        ax.plot(known.index, known, color=CYCLE[look], lw=0.9, ls=(0, (1, 3)), label="_hint")
        said = label.kpi_name(key, lang) if by == "kpi" else label.unit_name(key, names)
        if len(known):
            last = float(known.iloc[-1])
            text = wrap(f"{said} {words.number(last, unit, lang)}", 22)
            ends.append((last, text, CYCLE[look]))
            series.append((known.to_dict(), CYCLE[look]))
    name = label.kpi_name(data["kpi"].iloc[0], lang) if data["kpi"].nunique() == 1 else ""
    measure_axis(ax.yaxis, data["value"], unit, lang, name)
    _month_axis(ax, full, lang)
    ax.set_ylim(*limits(data["value"], 0.12))
    end_labels(ax, ends)
    if len(series) <= 2 and len(full) <= 13:
        _point_labels(ax, series, unit, lang)
    said = words.text("chart.and", lang).join(label.kpi_name(k, lang) for k in data["kpi"].unique())
    return finish(ax, data, title_or(title, "lines", lang, kpi=said))


def _point_labels(
    ax: Axes, series: Sequence[tuple[dict[int, float], str]], unit: str, lang: str
) -> None:
    """Write the values at the points: above a peak, below a trough, else away from the other."""
    near_by = 0.16 * (ax.get_ylim()[1] - ax.get_ylim()[0])
    for place, (points, color) in enumerate(series):
        other = series[1 - place][0] if len(series) == 2 else points
        for month, value in list(points.items())[:-1]:  # the last stands at the edge
            beside = [points[m] for m in (month - 1, month + 1) if m in points]
            above = sum(value >= near for near in beside)
            upper = value >= other.get(month, value)
            close = abs(value - other.get(month, math.inf)) < near_by
            up = upper if close or above == 1 or len(beside) < 2 else above == 2
            ax.annotate(words.number(value, unit, lang), (month, value), (0, 8 if up else -8),
                        textcoords="offset points", ha="center", va="bottom" if up else "top",
                        fontsize="small", color=color, path_effects=halo(), zorder=6)  # fmt: skip


def _month_axis(ax: Axes, months: range, lang: str) -> None:
    """Write the months, the year below each January and the first."""
    step = max(1, -(-len(months) // 14))
    shown = [m for m in months if (m - months[0]) % step == 0]
    texts = []
    for month in shown:
        text = words.text(f"chart.month.m{month % 12 + 1:02d}", lang)
        first = month == shown[0] or (month - step) // 12 != month // 12
        texts.append(f"{text}\n{month // 12}" if first else text)
    ax.set_xticks(shown, texts)
    ax.set_xlim(months[0] - 0.4, months[-1] + 0.4)
