"""Working and selling days: published counts, the weeks of the grids, weights from history."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from perfkit import workdays
from perfkit.errors import PerfkitError

# Counted from the State Council's notices and checked day by day against a second package.
BY_YEAR = [252, 251, 251, 249, 251, 250, 250, 250, 249, 250, 250, 249, 250, 249, 250, 250, 249]
BY_YEAR += [250, 249, 249, 251, 248, 248]


@pytest.mark.parametrize(("year", "days"), list(enumerate(BY_YEAR, 2004)))
def test_working_days_of_a_year(year: int, days: int) -> None:
    assert workdays.working_days(dt.date(year, 1, 1), dt.date(year, 12, 31)) == days


def types(first: str, last: str) -> list[str]:
    return list(
        workdays.day_types(dt.date.fromisoformat(first), dt.date.fromisoformat(last))["day_type"]
    )


def test_the_last_saturday_of_september_2012_is_worked_and_the_next_days_are_holidays() -> None:
    assert types("2012-09-28", "2012-10-08") == [
        "workday", "make_up", *["holiday"] * 8, "workday",
    ]  # fmt: skip


def test_the_last_saturday_of_2005_is_worked() -> None:
    assert types("2005-12-31", "2005-12-31") == ["make_up"]


def test_a_weekend_beside_a_holiday_is_part_of_it_and_another_is_not() -> None:
    # 22 June 2012 is a Friday off; 16 and 17 June are a plain weekend.
    assert types("2012-06-16", "2012-06-24") == [
        "weekend", "weekend", *["workday"] * 4, *["holiday"] * 3,
    ]  # fmt: skip


def test_a_year_without_a_notice_is_said_and_still_counted() -> None:
    year = workdays.known_until() + 1
    first, last = dt.date(year - 1, 12, 31), dt.date(year, 1, 1)
    assert workdays.unannounced(first, last) == [year]
    assert workdays.day_types(first, last)["announced"].tolist() == [True, False]


def test_selling_days_follow_their_weights() -> None:
    first, last = dt.date(2012, 9, 1), dt.date(2012, 9, 30)
    plain = workdays.selling_days(first, last).set_index("date")
    assert plain["selling_day"].iloc[-1] == 21
    assert plain.loc[dt.date(2012, 9, 11), "elapsed"] == pytest.approx(7 / 21)
    half = workdays.WORKING | {"weekend": 0.5}
    # Plain weekend days are the 1st, 2nd, 8th, 9th, 15th, 16th, 22nd and 23rd: the 29th is worked,
    # the 30th is a holiday.
    weighed = workdays.selling_days(first, last, half)
    assert weighed["selling_day"].iloc[-1] == 21 + 8 * 0.5


def test_a_span_without_a_selling_day_has_no_share() -> None:
    assert workdays.selling_days(dt.date(2012, 10, 1), dt.date(2012, 10, 5))["elapsed"].isna().all()


def test_the_office_counts_a_week_to_the_month_it_ends_in() -> None:
    september = workdays.weeks(dt.date(2012, 9, 1), dt.date(2012, 9, 30))
    assert september["first"].iloc[0] == dt.date(2012, 8, 26)
    assert september["last"].iloc[-1] == dt.date(2012, 9, 29)
    november = workdays.weeks(dt.date(2012, 11, 1), dt.date(2012, 11, 30), starts=0)
    assert november[["first", "last"]].iloc[[0, -1]].to_numpy().tolist() == [
        [dt.date(2012, 10, 29), dt.date(2012, 11, 4)],
        [dt.date(2012, 11, 19), dt.date(2012, 11, 25)],
    ]
    assert september["working_days"].tolist() == [5, 5, 5, 5, 6]


def test_the_weeks_of_the_months_tile_the_year() -> None:
    ends = pd.date_range("2012-01-01", periods=12, freq="ME").date
    parts = [workdays.weeks(end.replace(day=1), end, starts=0) for end in ends]
    days = [d for part in parts for a, b in zip(part["first"], part["last"], strict=True)
            for d in pd.date_range(a, b).date]  # fmt: skip
    assert len(days) == len(set(days))
    assert sorted(days) == list(pd.date_range(days[0], days[-1]).date)


def test_weights_are_means_over_that_of_a_workday() -> None:
    days = pd.date_range("2012-08-27", "2012-10-07").date
    worth = {"workday": 8.0, "make_up": 6.0, "weekend": 2.0, "holiday": 1.0}
    kinds = workdays.day_types(days[0], days[-1])["day_type"]
    learned = workdays.learn_weights(pd.Series(kinds.map(worth).to_numpy(), index=days))
    assert learned["weight"].to_dict() == {
        "workday": 1, "make_up": 1, "weekend": 0.25, "holiday": 0.125,
    }  # fmt: skip
    # One make-up day is too few to learn from: it takes a workday's weight, and says so.
    assert learned["learned"].to_dict()["make_up"] is False
    assert learned.loc["make_up", "days"] == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: workdays.working_days(dt.date(2012, 9, 2), dt.date(2012, 9, 1)), "2012-09-02"),
        (lambda: workdays.weeks(dt.date(2012, 9, 1), dt.date(2012, 9, 2), starts=7), "7"),
        (
            lambda: workdays.selling_days(
                dt.date(2012, 9, 1), dt.date(2012, 9, 2), {"workday": 1.0, "weekend": -1.0}
            ),
            "make_up",
        ),
        (
            lambda: workdays.learn_weights(pd.Series([1.0], index=[dt.date(2012, 9, 3)])),
            "1 workday",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(call, said: str) -> None:
    with pytest.raises(PerfkitError) as refused:
        call()
    assert said in refused.value.text("en")
    assert refused.value.text("zh")
