"""The visual language of every chart: font, colours, axes, labels."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import words
from perfkit.errors import PerfkitError
from perfkit.show import comparison, label
from perfkit.show.plot.place import scale, spread, wrap

__all__ = ["font_file", "style"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, ORANGE, GREEN, SKY = "#0072b2", "#d55e00", "#009e73", "#56b4e9"
CYCLE = (BLUE, ORANGE, GREEN, "#cc79a7", SKY, "#8c6d00")
MARKS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), "-.", "-", (0, (5, 2)))
DPI = 144
DATA = "_perfkit_data"


def font_file() -> Path:
    """Find the Chinese font that comes with the package zhplot, without importing it.

    Importing zhplot would change matplotlib's settings on the way.

    Raises
    ------
    PerfkitError
        zhplot is not installed, or has no such file.

    Examples
    --------
    >>> font_file().name
    'NotoSansSC-Regular.ttf'
    """
    found = importlib.util.find_spec("zhplot")
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / "fonts" / "NotoSansSC-Regular.ttf"
        if path.is_file():
            return path
    raise PerfkitError("show.no_font")


@functools.cache
def _family() -> str:
    """Register the font once and give its name."""
    from matplotlib import font_manager

    path = str(font_file())
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


def style(lang: str) -> dict[str, Any]:
    """Set the visual language of every chart that follows.

    The theme of seaborn comes first, because it resets the font; ours goes last. A chart
    that makes its own figure calls this itself.

    Parameters
    ----------
    lang : {"zh", "en"}
        The reader's language. Both use a font that holds Chinese, since unit names may.

    Returns
    -------
    dict
        The settings of matplotlib that were set.

    Raises
    ------
    KeyError
        No such language.
    PerfkitError
        The Chinese font is missing.

    Examples
    --------
    >>> style("zh")["font.family"][0]
    'Noto Sans SC'
    """
    import matplotlib as mpl
    import seaborn as sns
    from cycler import cycler

    if lang not in words.LANGS:
        raise KeyError(lang)
    ours: dict[str, Any] = {
        "font.family": [_family(), "DejaVu Sans"],
        "font.size": 11.0 if lang == "zh" else 10.5,
        "axes.unicode_minus": True,
        "axes.formatter.useoffset": False,
        "axes.prop_cycle": cycler(color=list(CYCLE)),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": GREY,
        "axes.labelcolor": GREY,
        "axes.titlelocation": "left",
        "axes.titlesize": 14.0,
        "axes.titlecolor": INK,
        "axes.grid": False,
        "grid.color": "#e6e6e6",
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "legend.frameon": False,
        "figure.figsize": (8.4, 4.2),
        "figure.dpi": 96.0,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.09,
        "figure.constrained_layout.h_pad": 0.09,
        "savefig.dpi": float(DPI),
        "savefig.bbox": None,
        "figure.facecolor": "white",
    }
    sns.set_theme(style="white", context="notebook")
    for name, value in ours.items():
        mpl.rcParams[name] = value  # type: ignore[index]
    _no_tight_redraw()
    return ours


def _no_tight_redraw() -> None:
    """Inside a notebook, show figures as laid out rather than cropped by a second drawing."""
    found = sys.modules.get("IPython")
    shell = found.get_ipython() if found else None
    if shell is not None:
        shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": None}


def canvas(ax: Axes | None, lang: str, height: float = 4.2) -> Axes:
    """Take the axes given, or make a figure of its own in our style.

    Parameters
    ----------
    ax : Axes or None
        Where to draw.
    lang : {"zh", "en"}
        The reader's language.
    height : float, default 4.2
        Of a figure of its own. [inches]
    """
    if ax is not None:
        return ax
    style(lang)
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(8.4, height))[1]


def finish(ax: Axes, data: pd.DataFrame, title: str) -> Axes:
    """Set the title clear of the key and the axis, and keep the numbers for `figure_data`.

    Parameters
    ----------
    ax : Axes
        What was drawn.
    data : DataFrame
        The numbers drawn.
    title : str
        The question that the chart answers.
    """
    above = ax.get_legend() is not None or bool(ax.get_ylabel())
    ax.set_title(wrap(title, 76), loc="left", pad=30 if above else 12)
    ax.tick_params(length=0)
    setattr(ax, DATA, data.reset_index(drop=True))
    return ax


def kept(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Take the columns that a chart draws, with the variant where it is known.

    Examples
    --------
    >>> frame = pd.DataFrame({"value": [1.0], "variant": ["issued"], "note": ["x"]})
    >>> list(kept(frame, "unit", "value").columns)
    ['value', 'variant']
    """
    asked = dict.fromkeys((*columns, "variant"))
    return frame[[column for column in asked if column in frame]]


def blank(
    frame: pd.DataFrame,
    kpis: Sequence[str] | None,
    lang: str,
    title: str | None,
    ax: Axes | None,
) -> Axes:
    """Draw a small figure that says that there is nothing to draw.

    Parameters
    ----------
    frame : DataFrame
        What was to be drawn.
    kpis : sequence of str or None
        What was asked for; the KPIs of the frame otherwise.
    lang : {"zh", "en"}
        The reader's language.
    title : str or None
        The question that the chart was to answer.
    ax : Axes or None
        Where to draw.
    """
    ax = canvas(ax, lang, 1.1 if title else 0.7)
    ax.set_axis_off()
    said = wrap(comparison.nothing(frame, kpis, lang, "chart"), 100)
    ax.text(0.0, 0.5, said, transform=ax.transAxes, va="center", color=GREY)
    return finish(ax, frame.head(0), title or "")


def legend_above(ax: Axes) -> None:
    """Put the key between title and chart, in one line."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=6,
        fontsize="small",
        markerscale=0.75,
        columnspacing=1.4,
        handletextpad=0.5,
        borderaxespad=0.2,
    )


def measure_axis(axis: Any, values: pd.Series, unit: str, lang: str, name: str) -> None:
    """Write an axis in the reader's units, with the unit in its label.

    Parameters
    ----------
    axis : Axis
        Which.
    values : Series
        What is drawn along it. [`unit`]
    unit : str
        Unit of measure, as for `words.number`.
    lang : {"zh", "en"}
        The reader's language.
    name : str
        What the numbers are; only the unit is written where it is empty.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    chosen = scale(values.tolist(), unit, lang)
    steps = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], integer=unit in {"persons", "policies"})
    axis.set_major_locator(steps)
    axis.set_major_formatter(FuncFormatter(lambda v, _: chosen.tick(v)))
    said = words.text("chart.axis", lang, name=name, unit=chosen.word) if chosen.word else name
    axis.set_label_text(said if name else chosen.word)
    if axis.axis_name == "y":  # lying, above the axis: Chinese does not read well on its side
        axis.label.set(rotation=0, ha="left", va="bottom")
        axis.set_label_coords(0.0, 1.015)
    axis.grid(visible=True)
    axis.axes.set_axisbelow(True)


def halo() -> list[Any]:
    """Keep words readable where they cross a line."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground="white")]


def limits(values: pd.Series, room: float) -> tuple[float, float]:
    """Give an axis that starts at zero and leaves room above; whole even without a number."""
    low, high = min(0.0, values.min()), max(0.0, values.max())
    if pd.isna(low) or pd.isna(high) or low == high:
        return 0.0, 1.0
    return low * (1 + room), high * (1 + room)


def title_or(title: str | None, chart: str, lang: str, **facts: object) -> str:
    """Take the title given, or the usual question of the chart.

    Parameters
    ----------
    title : str or None
        The title given.
    chart : str
        Whose question.
    lang : {"zh", "en"}
        The reader's language.
    **facts : object
        The places of the question.
    """
    return title if title is not None else words.text(f"chart.title.{chart}", lang, **facts)


def say(column: str, value: str, lang: str, names: Mapping[str, str] | None) -> str:
    """Name a value of a column: a unit, a month, a KPI, or the word it is.

    Parameters
    ----------
    column : str
        The column.
    value : str
        The value.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping or None
        Value → name, which goes before.
    """
    return names[value] if names and value in names else label.say_code(column, value, lang)


def end_labels(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name each line (its last value, its words, its colour) at the right edge."""
    if not ends:
        return
    low, high = ax.get_ylim()
    tall = max(text.count("\n") + 1 for _, text, _ in ends)
    free = spread([value for value, _, _ in ends], (high - low) * 0.075 * tall)
    for (_, text, color), y in zip(ends, free, strict=True):
        ax.annotate(text, (1.015, y), xycoords=("axes fraction", "data"), va="center", color=color)
