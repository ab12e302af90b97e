"""A finished notebook as one page: no code, nothing loaded from elsewhere, fit for paper.

The body is nbconvert's ``basic``; the frame around it, its style and the contents list are
perfkit's own. The page holds no clock time, so the same inputs give the same bytes.
"""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from perfkit import words
from perfkit.errors import RunFailed

__all__ = ["Fact", "Heading", "foreign", "headings", "page", "render", "title_of"]

TAGS: Final = {"zh": "zh-Hans", "en": "en"}
CROWD: Final = ((19, " crowded turned"), (13, " crowded"), (9, " many"), (0, ""))  # from n columns
SHORT: Final = 24  # a table that is kept on one sheet [rows]

_HEADING = re.compile(r"<h([1-4])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_TABLE = re.compile(r"(?:<div class=\"pk-scroll\">)?<table\b.*?</table>(?:</div>)?", re.DOTALL)
_STYLE = re.compile(r"<style\b.*?</style>\n?", re.DOTALL)
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<t[hd]\b([^>]*)>")
_SPAN = re.compile(r"colspan=\"?(\d+)")
_MARKUP = re.compile(r"<[^>]+>")
_FOREIGN = re.compile(
    r"<(?!a\b)[a-z][^>]*?\b(?:src|href|srcset|data|poster)\s*=\s*[\"']?\s*"
    r"((?:https?:)?//[^\"'\s>]+)|(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<script\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the header: what it is called and what it says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the contents list."""

    level: int
    anchor: str
    text: str


def title_of(notebook: Any) -> str:
    """Find the notebook's title: its first heading of the first level.

    Parameters
    ----------
    notebook : NotebookNode or dict
        In one language already.

    Returns
    -------
    str
        Empty when there is none.

    Examples
    --------
    >>> cell = {"cell_type": "markdown", "source": "# Monthly review" + chr(10) + "text"}
    >>> title_of({"cells": [cell]})
    'Monthly review'
    """
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            found = re.search(r"^# +(.+?)\s*$", cell["source"], re.MULTILINE)
            if found:
                return found[1]
    return ""


def headings(body: str) -> tuple[str, list[Heading]]:
    """Give every heading an anchor of its own, and take the page's title out of the body.

    Parameters
    ----------
    body : str
        HTML.

    Returns
    -------
    body : str
        HTML without its first heading of level 1.
    contents : list of Heading
        The headings of levels 2 and 3.

    Examples
    --------
    >>> headings('<h1>Title</h1><h2 id="x">Premium</h2>')[0]
    '<h2 id="s1">Premium</h2>'
    """
    found: list[Heading] = []
    titles = 0

    def anchored(match: re.Match[str]) -> str:
        nonlocal titles
        level, inside = int(match[1]), match[2]
        if level == 1:
            titles += 1
            return "" if titles == 1 else f"<h2>{inside}</h2>"
        text = html.unescape(_MARKUP.sub("", inside)).strip()
        found.append(Heading(level, f"s{len(found) + 1}", text))
        return f'<h{level} id="{found[-1].anchor}">{inside}</h{level}>'

    out = _HEADING.sub(anchored, body)
    return out, [h for h in found if h.level <= 3]


def foreign(page: str) -> list[str]:
    """List what a page would load from elsewhere, or run; links to follow are none of these.

    Examples
    --------
    >>> foreign('<img src="https://example.org/a.png"><a href="https://example.org">x</a>')
    ['https://example.org/a.png']
    """
    loaded = [one or other for one, other in _FOREIGN.findall(page)]
    return sorted({*loaded, *_SCRIPT.findall(page)})


def _columns(table: str) -> int:
    """Count the columns of a table by its widest row. [columns]"""
    widest = 0
    for row in _ROW.findall(table):
        spans = (_SPAN.search(attributes) for attributes in _CELL.findall(row))
        widest = max(widest, sum(int(s[1]) if s else 1 for s in spans))
    return widest


def _framed(body: str) -> str:
    """Put every table in a frame that scrolls on a screen and shrinks or turns on paper."""

    def frame(match: re.Match[str]) -> str:
        count = _columns(match[0])
        kind = next(name for least, name in CROWD if count >= least)
        kind += " short" if len(_ROW.findall(match[0])) <= SHORT else ""
        return f'<div class="table{kind}">{match[0]}</div>'

    return _TABLE.sub(frame, body)


def _described(notebook: Any, lang: str) -> Any:
    """Give pictures without alternative text one: the heading they stand under."""
    out = copy.deepcopy(notebook)
    under, number = title_of(out), 0
    for cell in out["cells"]:
        if cell["cell_type"] == "markdown":
            lines = re.findall(r"^#{1,4} +(.+?)\s*$", cell["source"], re.MULTILINE)
            under = lines[-1] if lines else under
        for output in cell.get("outputs", []):
            for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                number += 1
                said = words.text("report.figure", lang, number=number, of=under)
                output["metadata"].setdefault(kind, {}).setdefault("alt", said)
    return out


def _body(notebook: Any) -> str:
    """Let nbconvert write the cells, without code and prompts."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body: str = exporter.from_notebook_node(notebook)[0]
    return _once(body)


def _once(body: str) -> str:
    """Keep the first of equal style blocks; every table brings its own."""
    seen: set[str] = set()

    def first(match: re.Match[str]) -> str:
        again = match[0] in seen
        seen.add(match[0])
        return "" if again else match[0]

    return _STYLE.sub(first, body)


def render(template: str, **facts: Any) -> str:
    """Fill in a template of this room; every text is escaped unless the template calls it safe.

    Parameters
    ----------
    template : str
        A file of this folder.
    **facts : object
        What it needs.

    Returns
    -------
    str
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    return _with_font(environment.get_template(template).render(**facts) + "\n")


def _with_font(page: str) -> str:
    """Let a page carry the Chinese characters it shows, for readers without a Chinese font."""
    from perfkit.show.font import page_font

    font = page_font(page)
    face = f'@font-face {{ font-family: "perfkit page"; src: url("{font}") format("woff"); }}'
    return page.replace("/* page font */", face if font else "", 1)


def css(running: str) -> str:
    """Give the page's style, with the line that runs along the foot of printed pages.

    Examples
    --------
    >>> "D1 · 2012-09" in css("D1 · 2012-09")
    True
    """
    text = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    quoted = json.dumps(running, ensure_ascii=False).replace("<", "\\3c ")
    return text.replace("{{ running }}", quoted)


def page(
    notebook: Any,
    *,
    lang: str,
    facts: Sequence[Fact],
    versions: str,
    beside: Sequence[str] = (),
) -> str:
    """Write the page of a finished notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Run, in one language, normalised.
    lang : {"zh", "en"}
        The reader's language.
    facts : sequence of Fact
        The header's lines; the first two also stand in the browser's title.
    versions : str
        What it was made with.
    beside : sequence of str
        Files that lie beside the page, to be named and linked in its header.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    RunFailed
        The page would load something from elsewhere, or run a script.
    """
    title = title_of(notebook)
    body, contents = headings(_body(_described(notebook, lang)))
    running = " · ".join([title, *(fact.value for fact in facts[:2])])
    out = render(
        "page.html.j2",
        tag=TAGS[lang],
        title=title,
        facts=facts,
        beside=[
            (words.text(f"report.beside.{name.rpartition('.')[2]}", lang), name, quote(name))
            for name in beside
        ],
        css=css(running),
        contents=contents,
        contents_label=words.text("report.contents", lang),
        body=_framed(body),
        versions_label=words.text("report.versions", lang),
        versions=versions,
    )
    if found := foreign(out):
        raise RunFailed("report.not_self_contained", what=", ".join(found))
    return out
