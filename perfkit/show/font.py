"""The font that a page carries along, so that Chinese is read where no Chinese font is."""

from __future__ import annotations

import base64
import io

from perfkit.show.plot.look import font_file

__all__ = ["page_font"]

# Below this, every system has the characters.
_FIRST_OF_OURS = 0x2000


def page_font(text: str) -> str:
    """Cut the bundled Chinese font down to the characters of a page.

    Parameters
    ----------
    text : str
        All that the page may show.

    Returns
    -------
    str
        A WOFF font as a data URI; empty when the page needs none. The same text gives the same
        bytes.

    Examples
    --------
    >>> page_font("plain")
    ''
    >>> page_font(chr(0x4E07))[:20]
    'data:font/woff;base6'
    """
    wanted = sorted({ord(c) for c in text if ord(c) >= _FIRST_OF_OURS})
    if not wanted:
        return ""
    from fontTools import subset

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.name_IDs = []
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"]
    options.recalc_timestamp = False
    held = io.BytesIO()
    with subset.load_font(str(font_file()), options, lazy=True) as font:
        cut = subset.Subsetter(options)
        cut.populate(unicodes=wanted)
        cut.subset(font)
        font.flavor = "woff"
        font.save(held)
    return "data:font/woff;base64," + base64.b64encode(held.getvalue()).decode("ascii")
