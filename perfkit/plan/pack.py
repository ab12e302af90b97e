"""Meeting packs: agenda, material, attendance, actions so far, decisions, all on a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from perfkit import kpi, org, words
from perfkit import period as spans
from perfkit.book import Book
from perfkit.plan import ledger
from perfkit.plan.meeting import Meeting, focus_table, meeting
from perfkit.plan.page import Block, Page, blank, block, known_period

__all__ = ["action_blocks", "minutes_page", "pack", "unit_blocks"]

COUNTED = {"supervisors": "supervisors", "department_managers": "headcount_department_manager"}
ALONE = ("district_manager", "department_manager")
LEAST_ROWS = 6
MOST_UNITS, MOST_KPIS = 60, 6
ENTRY = ["what", "owner", "due", "unit_id", "kpi", "expected", "cost"]


def pack(
    book: Book,
    code: str,
    *,
    unit: str,
    period: str | spans.Period,
    lang: str,
    effects: pd.DataFrame | None = None,
    today: dt.date | None = None,
) -> Page:
    """Make the pack of a meeting.

    Parameters
    ----------
    book : Book
        Where numbers and actions are.
    code : str
        The meeting.
    unit : str
        Whose meeting; its own rows and those of the units below it only.
    period : str or Period
        What it looks at.
    lang : {"zh", "en"}
        The reader's language.
    effects : DataFrame, optional
        What `perfkit.explain.action_effect` gives, for the actions of before.
    today : date, optional
        How actions stand on this day; the last day of the period that the book knows otherwise.

    Returns
    -------
    Page
        Blocks: agenda [minutes], attendance, focus (its KPIs computed, with the question to ask),
        units (the first KPIs by unit below), guidance (of a guided meeting), actions (how they
        stand, with their effect where it is given), decisions and new_actions (to be filled).

    Raises
    ------
    UnknownName
        No such meeting or unit.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> made = pack(b, "monthly_kpi", unit="D1", period="2012-09", lang="en")
    >>> [one.code for one in made.blocks]
    ['agenda', 'attendance', 'focus', 'units', 'actions', 'decisions', 'new_actions']
    """
    held, span = meeting(code), spans.parse(period)
    now = today or min(span.last, book.as_of)
    blocks = [_agenda(held, lang), _attendance(book, held, unit, span, lang)]
    blocks += _focus(book, held, unit, span, lang)
    first = [code for one in held.focus for code in one.kpis[:1]][:MOST_KPIS]
    blocks += unit_blocks(book, first, unit=unit, period=span, lang=lang)
    if held.guidance:
        items = [one[lang] for one in held.guidance]
        blocks.append(block("guidance", blank("item", "said", first=items), lang))
    blocks += action_blocks(book, unit, now, lang, effects)
    blocks.append(block("decisions", blank("decision", "owner", "due"), lang, rows=LEAST_ROWS))
    blocks.append(_entries(held.code, lang))
    cycles = [words.text(f"meeting.cycle.{one}", lang) for one in held.cycles]
    line = words.text(
        "meeting.line",
        lang,
        unit=book.unit_name(unit, lang),
        period=known_period(book, span, lang),
        cycle=words.text("table.list", lang).join(cycles),
        minutes=held.minutes,
    )
    basis = words.text(f"meeting.basis.{held.basis}", lang)
    return Page(code, held.names[lang], (line, basis), tuple(blocks), span.code)


def _agenda(held: Meeting, lang: str) -> Block:
    begins = np.cumsum([0, *(item.minutes for item in held.agenda)])[:-1]
    table = pd.DataFrame(
        {
            "item": [f"{n}. {item.names[lang]}" for n, item in enumerate(held.agenda, 1)],
            "about": [item.about[lang] for item in held.agenda],
            "at": [_clock(int(at), item.minutes) for at, item in
                   zip(begins, held.agenda, strict=True)],
            "minutes": [float(i.minutes) if i.minutes else np.nan for i in held.agenda],
        }
    )  # fmt: skip
    return block("agenda", table, lang, units={"minutes": "count"})


def _clock(at: int, minutes: int) -> str:
    """Say when an item begins, from the start of the meeting; work outside it has no time."""
    return f"{at // 60}:{at % 60:02d}" if minutes else ""


def _attendance(book: Book, held: Meeting, unit: str, span: spans.Period, lang: str) -> Block:
    """List who comes, how many the book counts, and room for who came."""
    level = org.level_of(unit, book.root)
    asked = [COUNTED[role] for role in held.attend if role in COUNTED]
    counts: dict[str, float] = {}
    if asked and kpi.answerable(book, asked):
        found = kpi.measure(book, asked, by=level, period=span, unit=unit)
        counts = dict(zip(found["kpi"], found["value"], strict=True))
    expected = [
        1.0 if role in ALONE else counts.get(COUNTED.get(role, ""), np.nan) for role in held.attend
    ]
    table = pd.DataFrame(
        {
            "role": [words.text(f"meeting.role.{role}", lang) for role in held.attend],
            "expected_persons": pd.Series(expected, dtype=float),
            "present": "",
            "absent": "",
        }
    )
    return block("attendance", table, lang, units={"expected_persons": "count"})


def _focus(book: Book, held: Meeting, unit: str, span: spans.Period, lang: str) -> list[Block]:
    level = org.level_of(unit, book.root)
    found = focus_table(book, held.code, by=level, period=span, unit=unit, lang=lang)
    if found.empty:
        return []
    units = dict.fromkeys(("value", "previous", "year_ago"), "kpi")
    return [block("focus", found, lang, units=units)]


def unit_blocks(
    book: Book, kpis: Sequence[str], *, unit: str, period: str | spans.Period, lang: str
) -> list[Block]:
    """Lay KPIs out by the units right below a unit.

    Parameters
    ----------
    book : Book
        Where the facts are.
    kpis : sequence of str
        Which; those the book cannot answer are left out.
    unit, period, lang : str, str or Period, str
        Whose units, of when, in which language.

    Returns
    -------
    list of Block
        One, or none: without units below, without KPIs, or with too many units for a page. [the
        KPI's unit]

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> b = open_book("district_one")
    >>> made = unit_blocks(b, ["cases"], unit="D1", period="2012-09", lang="en")
    >>> len(made[0].table)
    6
    """
    below, here = book.below(unit), set(kpi.computable(book))
    codes = [code for code in dict.fromkeys(kpis) if code in here]
    if below == "agent" or not codes:
        return []
    found = kpi.measure(book, codes, by=below, period=period, unit=unit)
    if found["unit"].nunique() > MOST_UNITS:
        return []
    table = found.pivot_table(index="unit", columns="kpi", values="value", sort=False, dropna=False)
    table = table.reindex(columns=codes).rename_axis(columns=None).reset_index()
    table["unit"] = [book.unit_name(str(u), lang) for u in table["unit"]]
    heads = {"unit": words.text("pack.column.unit", lang)}
    heads |= {code: kpi.kpi(code).name(lang) for code in codes}
    units = {code: kpi.kpi(code).unit for code in codes}
    return [Block("units", words.text("pack.block.units", lang), table, heads, units)]


def action_blocks(
    book: Book, unit: str, today: dt.date, lang: str, effects: pd.DataFrame | None = None
) -> list[Block]:
    """Show the actions of a unit: how they stand, and what each did where that is known.

    Parameters
    ----------
    book : Book
        Whose ledger.
    unit, today, lang : str, date, str
        Whose actions, on which day, in which language.
    effects : DataFrame, optional
        What `perfkit.explain.action_effect` gives.

    Returns
    -------
    list of Block
        actions: action_id, what, unit, owner, due, standing and days [days]; and with effects a
        second, effects: action_id, kpi, effect, low, high [the KPI's unit a month] and state, of
        the same actions.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> made = action_blocks(open_book("district_one"), "D1", dt.date(2012, 10, 31), "en")
    >>> len(made[0].table), made[0].note
    (0, 'The ledger holds no action of this unit.')
    """
    found = ledger.status(ledger.held(book, unit), today)
    table = found[["action_id", "what", "unit_id", "owner", "due", "standing", "days"]].copy()
    table["unit_id"] = [book.unit_name(str(own), lang) for own in found["unit_id"]]
    table["due"] = [day.isoformat() for day in found["due"]]
    table["standing"] = [words.text(f"ledger.standing.{s}", lang) for s in found["standing"]]
    table["days"] = table["days"].astype(float)
    none = words.text("ledger.note.none", lang) if table.empty else ""
    out = [block("actions", table, lang, units={"days": "count"}, note=none)]
    if effects is None or table.empty:
        return out
    own = effects[effects["action_id"].isin(table["action_id"])]
    shown = own[["action_id", "kpi", "effect", "low", "high", "state"]].reset_index(drop=True)
    shown["state"] = [words.text(f"ledger.state.{s}", lang) for s in shown["state"]]
    units = dict.fromkeys(("effect", "low", "high"), "change")
    note = words.text("ledger.note.effects", lang)
    return [*out, block("effects", shown, lang, units=units, note=note)] if len(shown) else out


def _entries(code: str, lang: str) -> Block:
    """Leave room for new actions, in the ledger's own columns."""
    return block(
        "new_actions",
        blank(*ENTRY),
        lang,
        rows=LEAST_ROWS,
        note=words.text("ledger.note.entry", lang, meeting=code),
    )


def minutes_page(code: str, *, unit_name: str, period: str, lang: str) -> Page:
    """Make the template of a meeting's minutes: who came, what was said of each item, what follows.

    Parameters
    ----------
    code : str
        The meeting.
    unit_name, period, lang : str
        Whose, of when, in which language.

    Returns
    -------
    Page

    Raises
    ------
    UnknownName
        There is no such meeting.

    Examples
    --------
    >>> made = minutes_page("weekly_office", unit_name="D1", period="2012-W36", lang="en")
    >>> [one.code for one in made.blocks]
    ['attendance', 'items', 'decisions', 'new_actions']
    """
    held = meeting(code)
    roles = [words.text(f"meeting.role.{role}", lang) for role in held.attend]
    items = [item.names[lang] for item in held.agenda]
    blocks = (
        block("attendance", blank("role", "present", "absent", first=roles), lang),
        block("items", blank("item", "said", "support", first=items), lang),
        block("decisions", blank("decision", "owner", "due"), lang, rows=LEAST_ROWS),
        _entries(code, lang),
    )
    title = words.text("meeting.minutes_of", lang, name=held.names[lang])
    line = words.text("meeting.minutes_line", lang, unit=unit_name, period=period)
    return Page(f"minutes_{code}", title, (line,), blocks, period)
