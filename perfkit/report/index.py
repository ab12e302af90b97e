"""One page that leads to every dated report, and says which runs failed and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from perfkit import words
from perfkit.errors import RunFailed
from perfkit.report import page, publish

__all__ = ["FILE", "write"]

FILE: Final = "index.html"
LABELS: Final = (
    "title",
    "period",
    "notebook",
    "unit",
    "read",
    "data",
    "made",
    "failed",
    "failed_note",
    "reason",
    "notebook_file",
    "none",
    "undated",
)

Entry = Mapping[str, Any]


def write(out: Path) -> Path:
    """Write the index of a reports' folder.

    Parameters
    ----------
    out : Path
        The reports' folder; every link in the index is relative to it.

    Returns
    -------
    Path
        ``<out>/index.html``

    Raises
    ------
    RunFailed
        It cannot be written; the earlier one stays.
    """
    entries, failed = publish.published(out), publish.failures(out)
    label = {name: both(f"report.index.{name}") for name in LABELS}
    label["count"] = both("report.index.count", count=len(entries))
    text = page.render(
        "index.html.j2",
        css=page.css(label["title"]),
        label=label,
        periods=_periods(entries, label["undated"]),
        failed=[_failed_row(entry) for entry in failed],
    )
    path = out / FILE
    try:
        publish.write(path, text.encode())
    except OSError as error:
        raise RunFailed("report.no_space", path=str(path), why=error.strerror) from error
    return path


def both(key: str, **facts: object) -> str:
    """Say something in every language, side by side.

    Examples
    --------
    >>> both("report.index.title").endswith("Reports")
    True
    """
    return " · ".join(dict.fromkeys(words.text(key, lang, **facts) for lang in words.LANGS))


def _periods(entries: Sequence[Entry], undated: str) -> list[dict[str, Any]]:
    """Group by period, the newest first; a row is a unit with its languages side by side."""
    out: dict[str, dict[tuple[str, str], list[Entry]]] = {}
    for entry in sorted(entries, key=lambda e: (e["notebook"], e["unit"] or "")):
        rows = out.setdefault(entry["period"] or "", {})
        rows.setdefault((entry["folder"], entry["unit"] or ""), []).append(entry)
    return [
        {"name": name or undated, "rows": [_row(group) for group in out[name].values()]}
        for name in sorted(out, reverse=True)
    ]


def _in_order(group: Sequence[Entry]) -> list[Entry]:
    return sorted(group, key=lambda e: words.LANGS.index(e["lang"]))


def _row(group: Sequence[Entry]) -> dict[str, Any]:
    group = _in_order(group)
    links = [
        {
            "href": quote(f"{e['folder']}/{e['files']['html']['name']}"),
            "lang": e["lang"],
            "text": words.text(f"report.lang.{e['lang']}", e["lang"]),
        }
        for e in group
    ]
    return {
        "title": _joined(e["title"] for e in group),
        "unit": _unit(group),
        "links": links,
        "data": _joined((e["data"] or "")[:12] for e in group),
        "made": _minute(max(e["made"] for e in group)),
    }


def _joined(texts: Any) -> str:
    return " · ".join(dict.fromkeys(text for text in texts if text))


def _unit(group: Sequence[Entry]) -> str:
    unit = group[0]["unit"] or ""
    names = _joined(e["unit_name"] for e in group)
    return names if names == unit else f"{names} ({unit})"


def _minute(stamp: str) -> str:
    """Shorten a time stamp to the minute.

    Examples
    --------
    >>> _minute("2012-10-01T06:30:12+00:00")
    '2012-10-01 06:30 UTC'
    """
    return stamp[:16].replace("T", " ") + " UTC"


def _failed_row(entry: Entry) -> dict[str, Any]:
    return {
        "period": entry["period"] or "",
        "title": entry["title"],
        "unit": _unit([entry]),
        "reasons": [entry["said"][lang] for lang in words.LANGS],
        "href": quote(f"{entry['folder']}/{entry['file']}"),
        "text": words.text(f"report.lang.{entry['lang']}", entry["lang"]),
        "made": _minute(entry["made"]),
    }
