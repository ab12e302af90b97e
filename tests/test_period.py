"""Periods: every form, its days, the one before, the year before, and its pieces."""

from __future__ import annotations

import calendar
import itertools
from datetime import date, timedelta

import pytest

from perfkit import period
from perfkit.errors import BadPeriod


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("2012", "year", "2012-01-01", "2012-12-31"),
        ("2012H1", "half", "2012-01-01", "2012-06-30"),
        ("2012H2", "half", "2012-07-01", "2012-12-31"),
        ("2012Q1", "quarter", "2012-01-01", "2012-03-31"),
        ("2012Q4", "quarter", "2012-10-01", "2012-12-31"),
        ("2012-02", "month", "2012-02-01", "2012-02-29"),
        ("2012-W36", "week", "2012-09-03", "2012-09-09"),
        ("2020-W53", "week", "2020-12-28", "2021-01-03"),
        ("2012-09-11", "day", "2012-09-11", "2012-09-11"),
        ("2012-09@11", "node", "2012-09-01", "2012-09-11"),
        ("2012-09@4", "node", "2012-09-01", "2012-09-04"),
        ("2012-09:ytd", "ytd", "2012-01-01", "2012-09-30"),
        ("2012-09:business", "business", "2012-08-26", "2012-09-25"),
        ("2012-01:business", "business", "2012-01-01", "2012-01-25"),
        ("2012-12:business", "business", "2012-11-26", "2012-12-31"),
        ("2011-01..2011-09", "range", "2011-01-01", "2011-09-30"),
        ("2012-03-01..2012-03-09", "range", "2012-03-01", "2012-03-09"),
    ],
)
def test_every_form_is_read(text: str, kind: str, first: str, last: str) -> None:
    found = period.parse(text)
    assert (found.kind, str(found.first), str(found.last), found.code) == (kind, first, last, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12-09",
        "2012-9",
        "2012-13",
        "2012-00",
        "2012Q5",
        "2012H3",
        "2012-W54",
        "2013-W53",
        "2012-W00",
        "2012-02-30",
        "2012-02@30",
        "2012-02@0",
        "2012-09-02..2012-09-01",
        "2012-09..2012-08",
        "2012-09..2012-09-30",
        "2012-09 ",
        "2012/09",
        "0000",
        "Sept 2012",
        "٢٠١٢",
        "2012-09:YTD",
        None,
        201209,
    ],
)
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(BadPeriod):
        period.parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "before", "year_before"),
    [
        ("2012", "2011", "2011"),
        ("2012H1", "2011H2", "2011H1"),
        ("2012Q1", "2011Q4", "2011Q1"),
        ("2012-01", "2011-12", "2011-01"),
        ("2012-03@31", "2012-02@29", "2011-03@31"),
        ("2012-W01", "2011-W52", "2011-W01"),
        ("2020-W53", "2020-W52", "2019-W52"),
        ("2012-03-01", "2012-02-29", "2011-03-01"),
        ("2012-02-29", "2012-02-28", "2011-02-28"),
        ("2012-09:ytd", "2011-09:ytd", "2011-09:ytd"),
        ("2012-01:business", "2011-12:business", "2011-01:business"),
        ("2011-01..2011-09", "2010-04-01..2010-12-31", "2010-01-01..2010-09-30"),
    ],
)
def test_the_spans_it_is_compared_with(text: str, before: str, year_before: str) -> None:
    assert period.previous(period.parse(text)).code == before
    assert period.year_ago(period.parse(text)).code == year_before


def test_a_span_of_any_code_can_be_read_back() -> None:
    for text in ("2012", "2012H1", "2012Q3", "2012-09", "2012-W36", "2012-09@11", "2012-09:ytd"):
        for moved in (period.previous(period.parse(text)), period.year_ago(period.parse(text))):
            assert period.parse(moved.code) == moved


def test_the_same_days_have_the_same_pieces_however_they_are_written() -> None:
    assert period.pieces(period.parse("2012-09:business")) == period.pieces(
        period.parse("2012-08-26..2012-09-25")
    )


def test_business_months_tile_the_years_and_each_is_one_piece() -> None:
    """The year begins on 1 January and ends on 31 December; between, the 26th to the 25th."""
    day = date(2000, 1, 1)
    for year in range(2000, 2041):
        for month in range(1, 13):
            found = period.parse(f"{year}-{month:02d}:business")
            assert found.first == day, found.code
            assert (found.last.month, found.last.year) == (month, year)
            assert found.last.day == (31 if month == 12 else 25)
            (piece,) = period.pieces(found)
            assert (piece.first, piece.last, piece.weight) == (found.first, found.last, 1.0)
            before = period.previous(found)
            assert before.last == found.first - timedelta(days=1)
            assert period.year_ago(found).code == f"{year - 1}-{month:02d}:business"
            day = found.last + timedelta(days=1)
    assert day == date(2041, 1, 1)


def test_no_day_at_a_months_end_is_dropped_by_an_offset() -> None:
    """Months, previous and a year ago of any day and month between 2000 and 2040 tile."""
    day = date(2000, 1, 1)
    months = []
    while day < date(2041, 1, 1):
        months.append(period.parse(f"{day:%Y-%m}"))
        day = months[-1].last + timedelta(days=1)
    for before, after in itertools.pairwise(months):
        assert before.last + timedelta(days=1) == after.first
        assert period.previous(after) == before
    for whole in months:
        for last in range(28, whole.days + 1):
            part = period.parse(f"{whole.code}@{last}")
            ago = period.year_ago(part)
            length = calendar.monthrange(ago.last.year, ago.last.month)[1]
            # a month up to its last day is compared with the whole month
            assert ago.last.day == (length if last == whole.days else min(last, length))
            assert ago.first.day == 1


def test_pieces_of_a_longer_span_weigh_their_share_of_a_month() -> None:
    # 15 January to 20 February 2012: 17 of 31 days, 20 of 29 days.
    found = period.pieces(period.parse("2012-01-15..2012-02-20"))
    assert [(p.first, p.last) for p in found] == [
        (date(2012, 1, 15), date(2012, 1, 31)),
        (date(2012, 2, 1), date(2012, 2, 20)),
    ]
    assert [p.weight for p in found] == [17 / 31, 20 / 29]


def test_pieces_cover_every_day_once() -> None:
    whole = period.parse("2011-11-20..2012-03-05")
    found = period.pieces(whole)
    days = [d for p in found for d in range(p.first.toordinal(), p.last.toordinal() + 1)]
    assert days == list(range(whole.first.toordinal(), whole.last.toordinal() + 1))
