"""Driver targets of every unit and month: exact products, bounds, sums, the workbook."""

from __future__ import annotations

import io
import math

import numpy as np
import openpyxl
import pandas as pd
import pytest

from perfkit import show, target
from perfkit.book import Book, open_book
from perfkit.errors import TargetError, UnknownName
from perfkit.target import DRIVERS

CODE = "premium_issued"
OWN = {"unit": "D1", "period": "2013", "code": CODE}
MONTHS = [f"2013-{m:02d}" for m in range(1, 13)]
UNITS = ["D1", *(f"D1/{n:02d}" for n in range(1, 7))]


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


@pytest.fixture(scope="module")
def asked(book: Book) -> dict[str, pd.DataFrame]:
    season = pd.Series([12.0, 6.5, 7.7, 7.5, 8, 9, 8.5, 8, 9.2, 8.5, 8.5, 6.6], index=MONTHS)
    split = {"total": 7_260_000, "months": season, "code": CODE, "step": 1_000}
    plan = target.headcount_months(book, unit="D1", period="2013", growth=0.1)
    units = target.headcount_units(book, unit="D1", plan=plan)
    return {
        "targets": target.by_month_and_unit(book, unit="D1", **split),
        "heads": target.headcount_by_month(plan, units),
    }


def found(book: Book, asked: dict[str, pd.DataFrame], **bounds: object) -> pd.DataFrame:
    return target.driver_targets(book, **OWN, **asked, **bounds)  # type: ignore[arg-type]


def test_every_product_is_the_target_of_its_unit_and_month(book: Book, asked) -> None:
    got = found(book, asked)
    assert got.index.tolist() == [(unit, month) for unit in UNITS for month in MONTHS]
    product = got[list(DRIVERS)].prod(axis=1)
    wanted = asked["targets"].loc[UNITS, MONTHS].to_numpy().ravel()
    assert product.to_numpy() == pytest.approx(wanted, rel=1e-12)
    assert (got["short"] == 0).all()
    heads = asked["heads"].loc[UNITS, MONTHS].to_numpy().ravel()
    assert got["headcount_average"].to_numpy() == pytest.approx(heads)


def test_a_department_month_by_hand(book: Book, asked) -> None:
    past = target.recent(book, **OWN).loc["D1/01"]
    row = found(book, asked).loc[("D1/01", "2013-01")]
    # 171,000 of 31.17 heads; the other three are stretched by the cube root of what is missing.
    free = [past[name] for name in DRIVERS[1:]]
    stretch = (171_000 / row["headcount_average"] / math.prod(free)) ** (1 / 3)
    assert row["stretch"] == pytest.approx(stretch)
    assert row[list(DRIVERS[1:])].tolist() == pytest.approx([x * stretch for x in free])


def test_the_district_is_the_sum_of_its_departments(book: Book, asked) -> None:
    for bounds in ({}, {"cap": {"activity_rate": 0.35}}):
        got = found(book, asked, **bounds)
        made = got[list(DRIVERS)].astype(float).cumprod(axis=1)
        sums = made.drop(index="D1", level="unit").groupby(level="month").sum()
        assert made.loc["D1"].to_numpy() == pytest.approx(sums.to_numpy(), rel=1e-12)
        for name in ("target", "premium", "short"):
            parts = got[name].drop(index="D1", level="unit").groupby(level="month").sum()
            assert got.loc["D1", name].to_numpy() == pytest.approx(parts.to_numpy())


def test_what_cannot_be_reached_says_the_most_and_the_bound(book: Book, asked) -> None:
    caps = {"activity_rate": 0.4, "cases_per_active": 1.6, "average_case_size": 8_000.0}
    got = found(book, asked, cap=caps)
    row = got.loc[("D1/01", "2013-01")]
    most = row["headcount_average"] * 0.4 * 1.6 * 8_000
    assert row["most"] == row["premium"] == pytest.approx(most)
    assert row["short"] == pytest.approx(171_000 - most)
    assert row["bound"] == "activity_rate:cap, cases_per_active:cap, average_case_size:cap"
    later = got.loc[("D1/01", "2013-03")]
    # Case size is held at 8,000, so activity and cases take up the rest.
    assert (later["bound"], later["short"]) == ("average_case_size:cap", 0)
    assert later[list(DRIVERS)].prod() == pytest.approx(later["target"])
    whole = got.loc[("D1", "2013-01")]
    assert "activity_rate:cap" in whole["bound"]
    assert whole["short"] > 0
    assert (got["premium"] + got["short"]).to_numpy() == pytest.approx(got["target"].to_numpy())
    year = target.driver_year(got, target.recent(book, **OWN))
    assert year.loc["D1/01", "short_months"] == 1
    assert year.loc["D1/01", "short"] == pytest.approx(row["short"] / 12)


def test_a_driver_on_its_bound_is_named_whatever_its_logarithm(book: Book, asked) -> None:
    # 0.35 does not come back from its logarithm to the last digit.
    row = found(book, asked, cap=pd.Series({"activity_rate": 0.35})).loc[("D1/04", "2013-01")]
    assert (row["activity_rate"], row["bound"], row["short"]) == (0.35, "activity_rate:cap", 0)


def test_bounds_of_one_unit_only(book: Book, asked) -> None:
    cap = pd.DataFrame({"activity_rate": [0.25]}, index=["D1/02"])
    floor = pd.DataFrame({"cases_per_active": [2.0]}, index=["D1/03"])
    got = found(book, asked, cap=cap, floor=floor)
    assert got.loc["D1/02", "activity_rate"].max() == 0.25
    assert got.loc["D1/03", "cases_per_active"].min() >= 2.0
    free = found(book, asked)
    pd.testing.assert_frame_equal(got.loc["D1/04"], free.loc["D1/04"])


def test_months_without_a_target_or_heads_have_no_drivers(book: Book, asked) -> None:
    targets, heads = asked["targets"].copy(), asked["heads"].copy()
    targets.loc["D1/01", "2013-02"] = np.nan
    targets.loc["D1/02", "2013-03"] = 0.0
    heads.loc["D1/03", "2013-04"] = 0.0
    got = found(book, {"targets": targets, "heads": heads})
    lost = got[got["premium"].isna()].index.tolist()
    assert lost == [("D1/01", "2013-02"), ("D1/02", "2013-03"), ("D1/03", "2013-04")]
    # The departments no longer make up the district, which then has drivers of its own.
    assert got.loc["D1", "premium"].tolist() == pytest.approx(targets.loc["D1"].tolist())
    assert not got.loc["D1", "bound"].any()


def test_the_year_is_the_sum_of_its_months(book: Book, asked) -> None:
    got = found(book, asked)
    past = target.recent(book, **OWN)
    year = target.driver_year(got, past)
    made = got[list(DRIVERS)].astype(float).cumprod(axis=1).groupby(level="unit").mean()
    assert year[list(DRIVERS)].cumprod(axis=1).to_numpy() == pytest.approx(made.to_numpy())
    assert year["premium"].to_numpy() == pytest.approx(asked["targets"].sum(axis=1).to_numpy() / 12)
    assert year["now_activity_rate"].tolist() == past["activity_rate"].tolist()
    assert (year["short_months"] == 0).all()
    assert target.driver_year(got.iloc[:0], past).empty


def test_bad_bounds_are_named(book: Book, asked) -> None:
    with pytest.raises(UnknownName, match="headcount_average"):
        found(book, asked, cap={"headcount_average": 10})
    with pytest.raises(UnknownName, match="D1/09"):
        found(book, asked, cap=pd.DataFrame({"activity_rate": [0.3]}, index=["D1/09"]))
    with pytest.raises(TargetError):
        found(book, asked, floor={"activity_rate": 0.5}, cap={"activity_rate": 0.4})
    with pytest.raises(TargetError):
        found(book, asked, cap={"activity_rate": -0.1})


def test_a_book_without_people_has_none(asked) -> None:
    got = target.driver_targets(open_book("cases"), **OWN, **asked)
    assert got.empty
    assert got["activity_rate"].unstack("month").empty


def test_the_workbook_holds_every_unit_and_month_as_a_live_product(book: Book, asked) -> None:
    got = found(book, asked, cap={"activity_rate": 0.35})
    sheet = target.proposal(book, asked["targets"], code=CODE, period="2013")
    names = book.unit_names("zh")
    for lang in ("zh", "en"):
        packed = show.pack_targets(sheet, lang=lang, names=names, drivers=got)
        assert packed == show.pack_targets(sheet, lang=lang, names=names, drivers=got)
        formulas, saved = (
            openpyxl.load_workbook(io.BytesIO(packed), data_only=only)["drivers"]
            for only in (False, True)
        )
        assert (formulas.max_row, formulas.max_column) == (1 + 7 * 12, 11)
        assert formulas["H2"].value == "=D2*E2*F2*G2"
        for row, ((unit, month), one) in enumerate(got.iterrows(), 2):
            cells = [cell.value for cell in saved[row]]
            assert cells[:3] == [unit, names.get(unit, unit), month]
            assert cells[3:10] == pytest.approx(
                [one[c] for c in (*DRIVERS, "premium", "target", "short")]
            )
            assert math.prod(cells[3:7]) == pytest.approx(cells[7])
        # District, January: the cap of activity holds departments.
        assert saved["K2"].value
        assert formulas.protection.sheet
    plain = openpyxl.load_workbook(io.BytesIO(show.pack_targets(sheet, lang="en")))
    assert plain.sheetnames == ["readme", "targets"]
