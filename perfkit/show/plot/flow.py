"""A decision flow as a picture: boxes where the data puts them, arrows with their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import words
from perfkit.show import label
from perfkit.show.plot.look import BLUE, GREEN, GREY, INK, ORANGE, PALE, canvas, finish, title_or
from perfkit.show.plot.place import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["flow"]

WIDE, HIGH = 0.92, 0.31  # half a box, in the units of x and y
LETTERS = 22
_FILL = {"start": "#eaf3fa", "decision": "white", "action": "#eef7f2", "process": "#eaf3fa",
         "end": "#f4f4f4"}  # fmt: skip
_EDGE = {"start": BLUE, "decision": BLUE, "action": GREEN, "process": BLUE, "end": GREY}


def flow(
    nodes: pd.DataFrame,
    edges: pd.DataFrame,
    *,
    lang: str,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a decision flow.

    Parameters
    ----------
    nodes : DataFrame
        node, kind (start, decision, action, process, end), number, text, x, y: y downwards; and,
        where somebody walked through, passed: drawn strongly, the others pale.
    edges : DataFrame
        start, end, text, printed: False is dashed; and passed, as for the boxes.
    lang : {"zh", "en"}
        The reader's language.
    title : str, optional
        The question that the picture answers.
    ax : Axes, optional
        Where to draw; a figure of its own otherwise.

    Returns
    -------
    Axes

    Raises
    ------
    PerfkitError
        A column is missing.
    """
    label.require(nodes, ("node", "kind", "number", "text", "x", "y"), "flow")
    label.require(edges, ("start", "end", "text", "printed"), "flow")
    ax = canvas(ax, lang, 8.6)
    ax.get_figure(root=True).set_figwidth(10.4)  # type: ignore[union-attr]
    at = {
        str(n): (float(x), float(y))
        for n, x, y in nodes[["node", "x", "y"]].itertuples(index=False)
    }
    walked = "passed" in nodes and "passed" in edges
    for row in edges.to_dict("records"):
        strong = not walked or bool(row["passed"])
        ends = at[row["start"]], at[row["end"]]
        _arrow(ax, *ends, str(row["text"]), printed=bool(row["printed"]), strong=strong)
    for row in nodes.to_dict("records"):
        _box(ax, row, at[row["node"]], walked=bool(row["passed"]) if walked else None)
    xs, ys = nodes["x"], nodes["y"]
    ax.set_xlim(xs.min() - WIDE - 0.1, xs.max() + WIDE + 0.1)
    ax.set_ylim(ys.max() + 0.75, ys.min() - 0.45)
    ax.set_axis_off()
    if not edges["printed"].all():
        ax.text(0.0, 0.0, words.text("gapflow.unprinted", lang), transform=ax.transAxes,
                fontsize="small", color=GREY, va="bottom")  # fmt: skip
    drawn = nodes[[c for c in ("node", "text", "x", "y", "passed") if c in nodes]]
    return finish(ax, drawn, title_or(title, "flow", lang))


def _box(ax: Axes, row: Mapping[Any, Any], at: tuple[float, float], *, walked: bool | None) -> None:
    """Draw a box; walked is None where nobody walked."""
    from matplotlib.patches import FancyBboxPatch

    kind, strong = str(row["kind"]), walked is not False
    round_by = 0.28 if kind in {"start", "end"} else 0.06
    edge = ORANGE if walked else _EDGE[kind] if strong else PALE
    ax.add_patch(
        FancyBboxPatch(
            (at[0] - WIDE, at[1] - HIGH),
            2 * WIDE,
            2 * HIGH,
            boxstyle=f"round,pad=0,rounding_size={round_by}",
            facecolor=_FILL[kind] if strong else "white",
            edgecolor=edge,
            lw=2.4 if walked else 1.4,
            zorder=3,
        )
    )
    number = "" if pd.isna(row["number"]) else f"{row['number']:.0f} "
    said = wrap(f"{number}{row['text']}", LETTERS)
    ink = INK if strong else GREY
    ax.text(*at, said, ha="center", va="center", fontsize=9.2, color=ink, zorder=4, linespacing=1.1)


def _rim(at: tuple[float, float], to: tuple[float, float]) -> tuple[float, float]:
    """Find where the line from the middle of a box to another leaves the box."""
    dx, dy = to[0] - at[0], to[1] - at[1]
    reach = min(WIDE / abs(dx) if dx else float("inf"), HIGH / abs(dy) if dy else float("inf"))
    return at[0] + dx * reach, at[1] + dy * reach


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str, *, printed: bool,
    strong: bool,
) -> None:  # fmt: skip
    tail, head = _rim(start, end), _rim(end, start)
    color = INK if strong else PALE
    how = {"arrowstyle": "-|>", "color": color, "lw": 1.2, "shrinkA": 0, "shrinkB": 0,
           "ls": "-" if printed else (0, (4, 2.5)), "mutation_scale": 11}  # fmt: skip
    ax.annotate("", head, tail, arrowprops=how, zorder=2)
    if text:
        part = 0.42
        place = (tail[0] + part * (head[0] - tail[0]), tail[1] + part * (head[1] - tail[1]))
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        said = BLUE if strong else GREY
        ax.text(*place, text, ha="center", va="center", fontsize=9, color=said, zorder=2.5,
                bbox=behind)  # fmt: skip
