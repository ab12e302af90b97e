"""What a plan leaves to be decided, and what contradicts itself in one laid beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol

import pandas as pd

from perfkit import words
from perfkit.show import label
from perfkit.show.html import Display, display, quiet
from perfkit.show.prose import Prose, sentence

__all__ = ["audit", "decisions"]


class Told(Protocol):
    """A sentence with its facts, as `perfkit.target.decisions` gives it."""

    @property
    def key(self) -> str:
        """Give the sentence of the words."""

    @property
    def facts(self) -> Mapping[str, str | tuple[float, str]]:
        """Give what it needs."""


def decisions(
    found: Sequence[Told],
    *,
    lang: str,
    names: Mapping[str, str] | None = None,
    under: str = "annual.decide",
) -> Prose:
    """Write what is to be decided, one point a question.

    Parameters
    ----------
    found : sequence of Decision
        In their order.
    lang : {"zh", "en"}
        The reader's language.
    names : mapping, optional
        Unit id → name.
    under : str, default "annual.decide"
        Where the sentences stand in the words; ``none`` is said where there is nothing.
    """
    lines = []
    for one in found:
        facts: dict[str, Any] = dict(one.facts)
        if "units" in facts:
            ids = str(facts["units"]).split(", ")
            joined = words.text("table.list", lang)
            facts["units"] = joined.join(label.unit_name(unit, names) for unit in ids)
        if "bound" in facts:
            facts["bound"] = label.say_code("bound", str(facts["bound"]), lang)
        if "month" in facts:
            facts["month"] = words.text(f"chart.month_long.m{int(facts['month'][0]):02d}", lang)
        lines.append(f"- {sentence(f'{under}.{one.key}', lang=lang, **facts).markdown}")
    return Prose("\n".join(lines) or words.text(f"{under}.none", lang))


class Contradicted(Protocol):
    """A contradiction of a plan, as `perfkit.target.audit` gives it."""

    @property
    def kind(self) -> str:
        """Give misprint, open, tension or rounding."""

    def text(self, lang: str) -> str:
        """Say it."""


class Audited(Protocol):
    """An audit's result, as this room reads it."""

    @property
    def found(self) -> Sequence[Contradicted]:
        """Give the contradictions."""

    def summary(self, lang: str) -> str:
        """Say how much was checked."""


def audit(
    done: Audited | None, *, lang: str, kinds: Sequence[str] = ("misprint", "open")
) -> Display:
    """Show what an audit found of some kinds; the summary below counts them all.

    Parameters
    ----------
    done : Audit or None
        The result; None where no plan was given.
    lang : {"zh", "en"}
        The reader's language.
    kinds : sequence of str
        Which are shown one by one.
    """
    columns = ["kind", "what"]
    if done is None:
        return quiet(
            words.text("annual.none.audit", lang), pd.DataFrame(columns=columns), lang=lang
        )
    rows = [(one.kind, one.text(lang)) for one in done.found if one.kind in kinds]
    frame = pd.DataFrame(rows, columns=columns)
    lines = "".join(
        f"<li><b>{escape(words.text(f'audit.kind.{kind}', lang))}</b> {escape(text)}</li>"
        for kind, text in rows
    )
    inside = f'<ol style="margin:.4em 0 0;padding-left:1.2em">{lines}</ol>' if rows else ""
    notes = [done.summary(lang), words.text("annual.audit.note", lang)]
    return display(words.text("annual.audit.title", lang), inside, notes, frame, lang)
