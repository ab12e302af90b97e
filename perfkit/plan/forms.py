"""The forms of the office, one page each, filled in as far as the book knows."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from perfkit import kpi, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.errors import UnknownName
from perfkit.plan import formpart
from perfkit.plan.meeting import meeting
from perfkit.plan.page import Page, known_period
from perfkit.plan.rows import PlanRefused

__all__ = ["CYCLES", "Form", "cycle_forms", "form_page", "forms", "forms_pack", "span_of"]

CYCLES = ("annual", "quarterly", "monthly", "weekly")
OTHER = ("daily", "half_yearly", "stage", "occasion", "gap", "training", "prospect", "standing")
STEPS = range(1, 6)
OWNERS = ("unit", "district", "office", "department", "group", "supervisor", "agent")
BASES = ("stated", "proposal")


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    Attributes
    ----------
    code, cycle : str
        Its code, and how often it is filled in.
    step : int
        Of its cycle, 1 to 5; 0 for a form beside the cycles.
    names : mapping
        By language.
    owner, basis : str
        Who keeps it; whether the source names it (``stated``) or it is our proposal.
    parts : tuple of mapping
        What stands on it, in order.
    """

    code: str
    cycle: str
    step: int
    names: Mapping[str, str]
    owner: str
    basis: str
    parts: tuple[Mapping[str, Any], ...]


def read_form(code: str, body: Mapping[str, Any]) -> Form:
    """Check one entry of the data file.

    Raises
    ------
    UnknownName
        A cycle, owner, basis, kind of part, KPI, variant or meeting is none.
    PlanRefused
        The step is none, or the form has nothing on it.

    Examples
    --------
    >>> body = {"cycle": "weekly", "owner": "unit", "step": 7}
    >>> read_form("x", body)
    Traceback (most recent call last):
    ...
    perfkit.plan.rows.PlanRefused: The form x has step 7. Write 1 to 5, or leave it out.
    """
    allowed = (*CYCLES, *OTHER)
    cycle, owner = _known(body["cycle"], allowed), _known(body["owner"], OWNERS)
    step = body.get("step", 0)
    if step not in (0, *STEPS):
        raise PlanRefused("step", place=code, value=step)
    if not body.get("parts"):
        raise PlanRefused("no_parts", place=code)
    for part in body["parts"]:
        _known(part["kind"], formpart.KINDS)
        for one in (*part.get("kpis", ()), *([part["kpi"]] if "kpi" in part else [])):
            name, _, variant = one.partition(":")
            known = kpi.kpi(name)
            if variant and variant not in known.names:
                raise UnknownName(kind="variant", name=variant, allowed=list(known.names))
        if "meeting" in part:
            meeting(part["meeting"])
    names = {lang: str(body[lang]) for lang in words.LANGS}
    basis = _known(body["basis"], BASES)
    return Form(code, cycle, step, names, owner, basis, tuple(body["parts"]))


def _known(name: str, allowed: Sequence[str]) -> str:
    if name not in allowed:
        raise UnknownName(kind="setting", name=name, allowed=allowed)
    return name


@functools.cache
def forms() -> Mapping[str, Form]:
    """Give every form by code: those of the cycles in their order, then the others.

    Raises
    ------
    UnknownName, PlanRefused
        As `read_form`.

    Examples
    --------
    >>> len(forms()), len(cycle_forms())
    (47, 24)
    """
    text = Path(__file__).with_name("forms.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    return MappingProxyType({code: read_form(code, body) for code, body in read.items()})


def cycle_forms() -> list[str]:
    """List the forms of the four cycles, in the order of cycles and steps.

    Examples
    --------
    >>> cycle_forms()[0]
    'annual_analysis'
    """
    return [code for code, one in forms().items() if one.step]


def span_of(form: Form, period: str | spans.Period, book: Book) -> spans.Period:
    """Choose the span a form looks at: the year, quarter, month or week that a period ends in.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> span_of(forms()["quarterly_plan"], "2012-09", b).code
    '2012Q3'
    """
    asked = spans.parse(period)
    last = min(asked.last, book.as_of)
    year, week, _ = last.isocalendar()
    return spans.parse(
        {
            "annual": f"{last.year}",
            "quarterly": f"{last.year}Q{(last.month + 2) // 3}",
            "weekly": f"{year}-W{week:02d}",
        }.get(form.cycle, f"{last:%Y-%m}")
    )


def form_page(book: Book, code: str, *, unit: str, period: str | spans.Period, lang: str) -> Page:
    """Make one form, filled in as far as the book knows.

    Parameters
    ----------
    book : Book
        Where numbers, targets, budget, actions and calendar are.
    code : str
        The form.
    unit, period, lang : str
        Whose, of when (the form takes the year, quarter, month or week that the period ends in),
        in which language.

    Returns
    -------
    Page

    Raises
    ------
    UnknownName
        No such form or unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> made = form_page(
    ...     open_book("district_one"), "monthly_talk", unit="D1", period="2012-09", lang="en"
    ... )
    >>> made.blocks[0].table["c0"].tolist()[0]
    'what went well'
    """
    if code not in forms():
        raise UnknownName(kind="form", name=code, allowed=list(forms()))
    held = forms()[code]
    span = span_of(held, period, book)
    blocks = formpart.blocks(book, held.parts, unit=unit, span=span, lang=lang)
    place = f"{held.cycle}.{held.step}" if held.step else held.cycle
    line = words.text(
        "form.line",
        lang,
        unit=book.unit_name(unit, lang),
        period=known_period(book, span, lang),
        owner=words.text(f"form.owner.{held.owner}", lang),
        cycle=words.text(f"form.cycle.{held.cycle}", lang),
        step=words.text(f"form.step.{held.step}", lang),
    )
    basis = words.text(f"form.basis.{held.basis}", lang)
    return Page(f"{place}.{code}", held.names[lang], (line, basis), tuple(blocks), span.code)


def forms_pack(
    book: Book,
    *,
    unit: str,
    period: str | spans.Period,
    lang: str,
    codes: Sequence[str] | None = None,
) -> list[Page]:
    """Make a pack of forms.

    Parameters
    ----------
    book, unit, period, lang
        As `form_page`.
    codes : sequence of str, optional
        Which, in order; all of them otherwise.

    Returns
    -------
    list of Page
        To be written by `perfkit.show.pack_pages`, a sheet a form.

    Raises
    ------
    UnknownName
        No such form or unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> len(forms_pack(b, unit="D1", period="2012-09", lang="en", codes=["weekly_talk"]))
    1
    """
    chosen = list(forms()) if codes is None else codes
    return [form_page(book, code, unit=unit, period=period, lang=lang) for code in chosen]
