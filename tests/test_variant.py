"""The bridge: two numbers under one name, and the named steps between them."""

from __future__ import annotations

import itertools

import pytest

from perfkit import kpi
from perfkit.book import open_book
from perfkit.errors import UnknownName


@pytest.fixture(scope="module")
def book():
    return open_book("district_one")


def test_every_declared_pair_adds_up_in_every_department(book) -> None:
    codes = ["activity_rate", "attrition_rate", "average_case_size", "cooling_off_share"]
    for code in codes:
        names = [n for n in kpi.kpi(code).names if n != "printed"]
        for a, b in itertools.pairwise(names):
            steps = kpi.bridge(book, code, a, b, by="department", period="2012-09")
            ends = [
                kpi.measure(
                    book, [code], by="department", period="2012-09", variants={code: name}
                ).set_index("unit")["value"]
                for name in (a, b)
            ]
            told = steps.groupby("unit")["change"].sum(min_count=1)
            assert (ends[0] + told - ends[1]).abs().max() == pytest.approx(0, abs=1e-6)
            assert {"numerator", "denominator"} >= set(steps["step"])


def test_activity_of_september_worked_out(book) -> None:
    # 63 active of 172.5 on average (169 to open, 176 to close): over the closing headcount it
    # falls by 63/172.5 - 63/176.
    steps = kpi.bridge(
        book, "activity_rate", "submitted", "closing", by="district", period="2012-09"
    )
    (step,) = steps.to_dict("records")
    assert (step["step"], step["unit"]) == ("denominator", "D1")
    assert step["change"] == pytest.approx(63 / 176 - 63 / 172.5)


def test_both_parts_change_one_after_the_other(book) -> None:
    steps = kpi.bridge(
        book, "average_case_size", "submitted", "issued", by="district", period="2012-08"
    )
    assert steps["step"].tolist() == ["numerator", "denominator"]
    assert steps["after"].iloc[0] == steps["before"].iloc[1]


def test_the_organisation_is_a_step_of_its_own(book) -> None:
    steps = kpi.bridge(
        book,
        "cases",
        "submitted",
        "submitted",
        by="department",
        period="2012",
        org_as=("was", "now"),
    )
    assert set(steps["step"]) == {"organisation"}
    # Nobody is lost between departments: what one gains another loses.
    assert steps["change"].sum() == 0
    assert steps["change"].abs().sum() > 0


def test_an_undeclared_variant_is_refused(book) -> None:
    with pytest.raises(UnknownName, match="opening"):
        kpi.bridge(book, "activity_rate", "submitted", "opning", by="district", period="2012-09")
