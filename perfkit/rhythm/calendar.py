"""The work calendar: events of a month or a year, from the book or the office's rules, by days."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from perfkit import org, words, workdays
from perfkit import period as spans
from perfkit.book import Book, schema
from perfkit.rhythm.event import COLUMNS, checked, in_order
from perfkit.rhythm.exchange import marks, merge, read
from perfkit.rhythm.rules import WEEKDAYS, Rule, Rules

__all__ = [
    "COLUMNS",
    "checked",
    "choices",
    "filled",
    "generate",
    "grid",
    "held",
    "joined",
    "marks",
    "merge",
    "of_nodes",
    "read",
    "window",
    "within",
]

_DAY = dt.timedelta(days=1)


def held(book: Book, unit: str | None = None) -> pd.DataFrame:
    """Give the events that the book holds, of a unit, those above and those below it.

    Returns
    -------
    DataFrame
        What `checked` gives; empty where the book has no table calendar.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> len(held(open_book("district_one")))
    34
    """
    if not book.has("calendar"):
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    events = checked(book.home("calendar"))
    return events if unit is None else events[events["unit_id"].map(lambda u: _near(u, unit))]


def choices() -> dict[str, tuple[str, ...]]:
    """Give the columns of events with the values that each allows, for a workbook's lists.

    Examples
    --------
    >>> choices()["sure"]
    ('high', 'medium', 'low')
    """
    columns = schema.table("calendar").columns.values()
    return {column.name: tuple(column.allowed) for column in columns if column.allowed}


def _near(one: str, other: str) -> bool:
    """Tell two units of which one holds the other."""
    return bool(org.within([one], other) or org.within([other], one))


def window(
    period: str | spans.Period, rules: Rules, *, through: dt.date | None = None
) -> tuple[dt.date, dt.date]:
    """Give the days a calendar of a period shows: of a month, the office's weeks; else the period.

    Parameters
    ----------
    period : str or Period
        Which.
    rules : Rules
        Which weekday a week begins with.
    through : date, optional
        A day that must be shown too, such as the month's last node: the weeks up to it are.

    Examples
    --------
    >>> from perfkit.rhythm.rules import read_rules
    >>> [day.isoformat() for day in window("2012-09", read_rules())]
    ['2012-08-26', '2012-09-29']
    """
    span = spans.parse(period)
    if span.kind != "month":
        return span.first, span.last
    weeks = workdays.weeks(span.first, span.last, starts=rules.week_starts)
    first, last = weeks["first"].iloc[0], weeks["last"].iloc[-1]
    while through is not None and last < min(through, span.last):
        last += 7 * _DAY
    return first, last


def joined(*parts: pd.DataFrame) -> pd.DataFrame:
    """Put events of several sources together; an event that stands in two is that of the first.

    Parameters
    ----------
    *parts : DataFrame
        What `checked` gives; empty ones do no harm.

    Returns
    -------
    DataFrame
        What `checked` gives.

    Examples
    --------
    >>> one = checked(pd.DataFrame({"unit_id": ["D1"], "start": ["2012-09-04"], "type": ["node"]}))
    >>> len(joined(one, one))
    1
    """
    kept = [part for part in parts if len(part)]
    if not kept:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    return in_order(pd.concat(kept, ignore_index=True).drop_duplicates("event_id"))


def within(events: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Keep the events that touch a span."""
    ends = [e or s for s, e in zip(events["start"], events["end"], strict=True)]
    kept = [s <= last and e >= first for s, e in zip(events["start"], ends, strict=True)]
    return events.loc[np.array(kept, dtype=bool)].reset_index(drop=True)


# --- from rules


def _is_off(day: dt.date) -> bool:
    return workdays.working_days(day, day) == 0


def _on(rule: Rule, month: spans.Period) -> list[dt.date]:
    """List a rule's days in a month, before holidays are looked at."""
    days = [month.first + i * _DAY for i in range(month.days)]
    when = rule.when
    if "weekday" in when:
        found = [d for d in days if d.weekday() == WEEKDAYS.index(when["weekday"])]
        nth = when.get("nth", range(1, 6))
        return [d for place, d in enumerate(found, 1) if place in nth]
    worked = [d for d in days if not _is_off(d)]
    places = [n - 1 if n > 0 else n for n in when["working_day"]]
    return [worked[i] for i in places if -len(worked) <= i < len(worked)]


def _moved(rule: Rule, day: dt.date) -> dt.date | None:
    """Put an event that falls on a holiday on the next working day, or leave it out."""
    kind = workdays.day_types(day, day)["day_type"].iloc[0]
    if kind != "holiday":
        return day
    if rule.holiday == "skip":
        return None
    while _is_off(day):
        day += _DAY
    return day


def _around(rule: Rule, nodes: pd.DataFrame) -> list[dt.date]:
    """List a rule's days around the nodes, counted in working days; 0 is the node's own day."""
    found = [_shifted(day, n) for day in nodes["date"] for n in rule.when["node"]]
    return [day for day in found if not rule.months or day.month in rule.months]


def _shifted(day: dt.date, working_days: int) -> dt.date:
    step = _DAY if working_days > 0 else -_DAY
    for _ in range(abs(working_days)):
        day += step
        while _is_off(day):
            day += step
    return day


def _row(rule: Rule, day: dt.date, unit: str) -> dict[str, object]:
    return {
        "event_id": f"{day:%Y%m%d}-{rule.code}",
        "unit_id": unit,
        "start": day,
        "starts_at": rule.starts_at,
        "ends_at": rule.ends_at,
        "type": rule.type,
        "title_en": rule.names["en"],
        "title_zh": rule.names["zh"],
        "who": rule.who,
        "form": rule.form,
    }


def generate(
    period: str | spans.Period, rules: Rules, *, unit: str, nodes: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Make a calendar from the office's rules and a node plan.

    Parameters
    ----------
    period : str or Period
        A month or longer; the events of every month it touches.
    rules : Rules
        What `read_rules` gives.
    unit : str
        Whose calendar.
    nodes : DataFrame, optional
        What `node.checked` gives, of one month or several below each other: every node is an event.

    Returns
    -------
    DataFrame
        What `checked` gives. An event on a holiday is moved to the next working day or left out, as
        its rule says.

    Examples
    --------
    >>> from perfkit.rhythm.rules import read_rules
    >>> found = generate("2012-11", read_rules(), unit="D1")
    >>> found[found["type"] == "reception"]["start"].map(str).tolist()
    ['2012-11-10', '2012-11-24']
    """
    rows: dict[str, dict[str, object]] = {}
    for month in spans.months(spans.parse(period)):
        days: dict[str, list[dt.date]] = {}
        own = [r for r in rules.events if "node" not in r.when]
        here = [r for r in own if not r.months or month.first.month in r.months]
        for rule in sorted(here, key=lambda r: "after" in r.when):
            if "after" in rule.when:
                before = days.get(rule.when["after"], [])
                wanted = [d + n * _DAY for d in before for n in rule.when["days"]]
            else:
                wanted = _on(rule, month)
            days[rule.code] = [d for day in wanted if (d := _moved(rule, day))]
            rows |= {str(r["event_id"]): r for r in (_row(rule, d, unit) for d in days[rule.code])}
    if nodes is not None:
        rows |= _of_nodes(nodes, rules, unit)
    if not rows:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    return checked(pd.DataFrame(list(rows.values())))


def _of_nodes(nodes: pd.DataFrame, rules: Rules, unit: str) -> dict[str, dict[str, object]]:
    """Make an event of every node, and those that the rules put around them."""
    rows = _node_rows(nodes, unit)
    for rule in (r for r in rules.events if "node" in r.when):
        rows += [_row(rule, day, unit) for day in _around(rule, nodes)]
    return {str(row["event_id"]): row for row in rows}


def _node_rows(nodes: pd.DataFrame, unit: str) -> list[dict[str, object]]:
    rows = []
    for node in nodes.to_dict("records"):
        row = {"event_id": f"{node['date']:%Y%m%d}-node", "unit_id": unit, "start": node["date"]}
        titles = {
            f"title_{c}": words.text("calendar.node", c, number=node["node"]) for c in words.LANGS
        }
        rows.append(row | {"type": "node"} | titles)
    return rows


def of_nodes(nodes: pd.DataFrame, *, unit: str) -> pd.DataFrame:
    """Give nodes as events of the work calendar.

    Parameters
    ----------
    nodes : DataFrame
        What `node.checked` gives.
    unit : str
        Whose calendar.

    Returns
    -------
    DataFrame
        What `checked` gives.

    Examples
    --------
    >>> of_nodes(pd.DataFrame({"node": [1], "date": [dt.date(2012, 9, 4)]}), unit="D1")[
    ...     "event_id"
    ... ].item()
    '20120904-node'
    """
    rows = _node_rows(nodes, unit)
    return checked(pd.DataFrame(rows, columns=None if rows else ["unit_id", "start", "type"]))


def filled(
    events: pd.DataFrame,
    period: str | spans.Period,
    rules: Rules,
    *,
    unit: str,
    nodes: pd.DataFrame | None = None,
    through: dt.date | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Give a period's events, and make those of the months that hold none.

    Parameters
    ----------
    events : DataFrame
        What `held` gives.
    period, rules, unit, nodes
        As for `generate`.
    through : date, optional
        As for `window`.

    Returns
    -------
    tuple of DataFrame and list of str
        What `checked` gives, of the period's window; and the months made from the rules.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm.rules import read_rules
    >>> own = held(open_book("district_one"))
    >>> shown, made = filled(own, "2012-09", read_rules(), unit="D1")
    >>> len(shown), made
    (34, [])
    """
    first, last = window(period, rules, through=through)
    parts, made = [within(events, first, last)], []
    for month in spans.months(spans.parse(period)):
        begins, ends = window(month, rules, through=through)
        if len(within(events, begins, ends)):
            continue
        own = generate(spans.span(begins, ends), rules, unit=unit, nodes=nodes)
        own = within(own, max(begins, first), min(ends, last))
        parts.append(own[own["start"] >= begins])
        made.append(month.code)
    kept = [part for part in parts if len(part)]
    out = pd.concat(kept, ignore_index=True) if kept else parts[0]
    return in_order(out.drop_duplicates("event_id")), made


# --- laid out by days


def grid(
    events: pd.DataFrame,
    period: str | spans.Period,
    rules: Rules,
    *,
    through: dt.date | None = None,
) -> pd.DataFrame:
    """Lay events out by days, as a calendar shows them.

    Parameters
    ----------
    events : DataFrame
        What `checked` gives.
    period : str or Period
        A month: the office's weeks. Anything else: whole weeks around it.
    rules : Rules
        Which weekday a week begins with.
    through : date, optional
        As for `window`.

    Returns
    -------
    DataFrame
        week (from 1), date, day_type, inside: whether the day is of the period; and `COLUMNS` of an
        event, empty for a day without one. One row a day and event.

    Examples
    --------
    >>> from perfkit.book import open_book
    >>> from perfkit.rhythm.rules import read_rules
    >>> days = grid(held(open_book("district_one")), "2012-09", read_rules())
    >>> int(days["week"].max()), days["date"].nunique()
    (5, 35)
    """
    span = spans.parse(period)
    first, last = window(span, rules, through=through)
    first -= (first.weekday() - rules.week_starts) % 7 * _DAY
    last += (rules.week_starts - 1 - last.weekday()) % 7 * _DAY
    days = workdays.day_types(first, last)
    shown = within(events, first, last).to_dict("records")
    rows: list[dict[str, object]] = []
    for place, (day, kind) in enumerate(zip(days["date"], days["day_type"], strict=True)):
        top: dict[str, object] = {"week": place // 7 + 1, "date": day, "day_type": kind}
        top["inside"] = span.first <= day <= span.last
        here = [e for e in shown if e["start"] <= day <= (e["end"] or e["start"])]
        events_of_day = [{str(k): v for k, v in e.items()} for e in here]
        rows += [top | e for e in events_of_day or [dict.fromkeys(COLUMNS, "")]]
    return pd.DataFrame(rows)
