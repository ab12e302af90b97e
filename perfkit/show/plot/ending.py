"""The end of a chart: its numbers given back, and its picture."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import words
from perfkit.errors import PerfkitError
from perfkit.show import comparison
from perfkit.show.comparison import Source
from perfkit.show.html import fingerprint
from perfkit.show.plot.look import DATA, DPI, GREY
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Picture", "figure_data", "picture"]


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
    parts: list[pd.DataFrame] = [getattr(ax, DATA) for ax in all_axes if hasattr(ax, DATA)]
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


def picture(drawn: Axes | Figure, *, lang: str, source: Source | None = None) -> Picture:
    """Turn a chart into a picture and close its figure.

    The last line of a notebook cell: it leaves the picture and one line of text that
    changes when a drawn number does, so that a check of the notebook sees it.

    Parameters
    ----------
    drawn : Axes or Figure
        What a chart of this room returned.
    lang : {"zh", "en"}
        The reader's language.
    source : Source, optional
        What the line at the foot says, with the variant where the numbers drawn have few.

    Returns
    -------
    Picture

    Raises
    ------
    PerfkitError
        The chart was not drawn by this room.
    """
    from matplotlib import pyplot as plt
    from matplotlib.figure import Figure as Drawn

    data = figure_data(drawn)
    figure = drawn if isinstance(drawn, Drawn) else drawn.get_figure(root=True)
    if figure is None:
        raise PerfkitError("show.no_data")
    if source is not None:
        _foot(figure, data, source, lang)
    first = figure.axes[0]
    title = figure.get_suptitle() or first.get_title(loc="left")
    title = title or next((text.get_text() for text in first.texts), "")
    mark = fingerprint(data)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    plt.close(figure)
    alt = words.text("chart.alt", lang, title=" ".join(title.split()), rows=len(data), mark=mark)
    return Picture(file.getvalue(), alt, round(figure.get_figwidth() * 96))


_FEW = 3  # so many variants are named at the foot of a chart
_SMALL = 8.5


def _foot(figure: Figure, data: pd.DataFrame, source: Source, lang: str) -> None:
    """Write below the chart where its numbers come from; the figure grows by the line."""
    many = "variant" in data and data["variant"].nunique() > _FEW
    shown = data.drop(columns="variant") if many else data
    room = int(figure.get_figwidth() * 14.5)
    said = wrap(comparison.source_line(shown, source, lang), room)
    figure.set_figheight(figure.get_figheight() + 0.2 * (said.count("\n") + 1))
    figure.supxlabel(said, x=0.012, ha="left", fontsize=_SMALL, color=GREY)
