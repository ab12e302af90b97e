"""Places on an axis and words beside it: steps, line breaks, labels that keep apart."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from perfkit import words
from perfkit.show import label

__all__ = ["Scale", "scale", "spread", "wrap"]


class Scale(NamedTuple):
    """How an axis writes a quantity: what one step of the axis is, and its word."""

    step: float
    word: str

    def tick(self, value: float) -> str:
        """Write one tick: no exponent, no offset, no float dust.

        Examples
        --------
        >>> Scale(1.0, "yuan").tick(200000.0), Scale(0.01, "%").tick(0.1 + 0.2)
        ('200,000', '30')
        """
        return f"{round(value / self.step, 6) + 0.0:,.10g}".replace("-", "−")


_WAN = 10_000.0


def scale(values: Iterable[float], unit: str, lang: str) -> Scale:
    """Choose how an axis writes a quantity, by the largest value on it.

    Parameters
    ----------
    values : iterable of float
        What is drawn. [`unit`]
    unit : str
        As for `words.number`.
    lang : {"zh", "en"}
        The reader's language.

    Examples
    --------
    >>> scale([123_000.0], "yuan", "en")
    Scale(step=1.0, word='yuan')
    >>> scale([0.37], "rate", "en")
    Scale(step=0.01, word='%')
    """
    if unit in {"rate", "points"}:
        return Scale(0.01, words.text(f"unit.{unit}", lang))
    sizes = [abs(v) for v in values if not math.isnan(v)]
    word = label.said(f"unit.{unit}", lang, "")
    if unit == "yuan" and lang == "zh" and sizes and max(sizes) >= _WAN:
        return Scale(_WAN, words.text("number.wan", lang) + word)
    return Scale(1.0, word)


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, width: int) -> str:
    r"""Break a long name into lines; a Chinese character is two letters wide.

    Parameters
    ----------
    text : str
        A name on one line.
    width : int
        The room in one line. [letters]

    Examples
    --------
    >>> wrap("supervisor activity rate", 12)
    'supervisor\nactivity\nrate'
    >>> len(wrap(chr(0x6D3B) * 6, 8).splitlines())
    2
    """
    lines, glue = [""], ""
    for piece in re.findall(r" |[!-~]+|[^ !-~]", text):
        if piece == " ":
            glue = " " if lines[-1] else ""
        elif lines[-1] and _cells(lines[-1] + glue + piece) > width:
            lines.append(piece)
            glue = ""
        else:
            lines[-1] += glue + piece
            glue = ""
    return "\n".join(lines)


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move labels apart so that none covers another, keeping their order.

    Parameters
    ----------
    places : sequence of float
        Where the labels belong. [axis units]
    gap : float
        The least distance between two labels. [axis units]

    Returns
    -------
    list of float
        In the order given; untouched where there is room.

    Examples
    --------
    >>> spread([1.0, 5.0], 1.0)
    [1.0, 5.0]
    >>> spread([2.0, 2.0], 1.0)
    [1.5, 2.5]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    blocks: list[list[float]] = []  # sum of wished starts, size
    for rank, i in enumerate(order):
        blocks.append([places[i] - rank * gap, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1][0] += last[0]
            blocks[-1][1] += last[1]
    flat = [total / size for total, size in blocks for _ in range(int(size))]
    out = [0.0] * len(places)
    for rank, i in enumerate(order):
        out[i] = flat[rank] + rank * gap
    return out
