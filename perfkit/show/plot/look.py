"""The visual language of every chart: font, colours, axes, pictures."""

from __future__ import annotations

import functools
import importlib.util
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import words
from perfkit.errors import PerfkitError
from perfkit.show import label
from perfkit.show.html import fingerprint

__all__ = [
    "Picture",
    "figure_data",
    "font_file",
    "picture",
    "style",
]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, ORANGE, GREEN, SKY = "#0072b2", "#d55e00", "#009e73", "#56b4e9"
CYCLE = (BLUE, ORANGE, GREEN, "#cc79a7", SKY, "#8c6d00")
MARKS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), "-.", "-", (0, (5, 2)))
_DPI = 144
_DATA = "_perfkit_data"


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
        "savefig.dpi": float(_DPI),
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
    """Take the axes given, or make a figure of its own in our style. [height: inches]"""
    if ax is not None:
        return ax
    style(lang)
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(8.4, height))[1]


def finish(ax: Axes, data: pd.DataFrame, title: str) -> Axes:
    """Set the title clear of the key and the axis, and keep the numbers for `figure_data`."""
    above = ax.get_legend() is not None or bool(ax.get_ylabel())
    ax.set_title(label.wrap(title, 76), loc="left", pad=30 if above else 12)
    ax.tick_params(length=0)
    setattr(ax, "_perfkit_data", data.reset_index(drop=True))  # noqa: B010
    return ax


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
    """Write an axis in the reader's units, with the unit in its label."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    chosen = label.scale(values.tolist(), unit, lang)
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
    """Take the title given, or the usual question of the chart."""
    return title if title is not None else words.text(f"chart.title.{chart}", lang, **facts)


def say(column: str, value: str, lang: str, names: Mapping[str, str] | None) -> str:
    """Name a value of a column: a unit, a month, a KPI, or the word it is."""
    return names[value] if names and value in names else label.say_code(column, value, lang)


def end_labels(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Name each line (its last value, its words, its colour) at the right edge."""
    if not ends:
        return
    low, high = ax.get_ylim()
    tall = max(text.count("\n") + 1 for _, text, _ in ends)
    free = label.spread([value for value, _, _ in ends], (high - low) * 0.075 * tall)
    for (_, text, color), y in zip(ends, free, strict=True):
        ax.annotate(text, (1.015, y), xycoords=("axes fraction", "data"), va="center", color=color)


def figure_data(drawn: Axes | Figure) -> pd.DataFrame:
    """Give back the numbers that a chart shows.

    Parameters
    ----------
    drawn : Axes or Figure
        What a chart of this room returned.

    Returns
    -------
    DataFrame
        A copy; panels of a figure stand one below the other.

    Raises
    ------
    PerfkitError
        The chart was not drawn by this room.
    """
    axes: Any = drawn.axes
    all_axes: list[Any] = axes if isinstance(axes, list) else [drawn]
    parts: list[pd.DataFrame] = [getattr(ax, _DATA) for ax in all_axes if hasattr(ax, _DATA)]
    if not parts:
        raise PerfkitError("show.no_data")
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as a picture: shows itself in a notebook, with words for those who cannot see it.

    Attributes
    ----------
    png : bytes
        The picture.
    alt : str
        Its title, the number of values and a fingerprint of them.
    width : int
        How wide to show it. [CSS pixels]
    """

    png: bytes
    alt: str
    width: int

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        return self.png, {"width": self.width, "alt": self.alt}

    def __repr__(self) -> str:
        return self.alt


def picture(drawn: Axes | Figure, *, lang: str) -> Picture:
    """Turn a chart into a picture and close its figure.

    The last line of a notebook cell: it leaves the picture and one line of text that
    changes when a drawn number does, so that a check of the notebook sees it.

    Parameters
    ----------
    drawn : Axes or Figure
        What a chart of this room returned.
    lang : {"zh", "en"}
        The reader's language.
    """
    from matplotlib import pyplot as plt
    from matplotlib.figure import Figure as Drawn

    data = figure_data(drawn)
    figure = drawn if isinstance(drawn, Drawn) else drawn.get_figure(root=True)
    if figure is None:
        raise PerfkitError("show.no_data")
    mark = fingerprint(data)
    title = figure.get_suptitle() or figure.axes[0].get_title(loc="left")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    plt.close(figure)
    alt = words.text("chart.alt", lang, title=" ".join(title.split()), rows=len(data), mark=mark)
    return Picture(file.getvalue(), alt, round(figure.get_figwidth() * 96))
