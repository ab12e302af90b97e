"""The five operating systems: weights sum to 1, ratings on the scale, composite and diagnosis."""

from __future__ import annotations

import copy
import math
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from perfkit import kpi
from perfkit.book import open_book
from perfkit.errors import UnknownName
from perfkit.plan import systems
from perfkit.plan.rows import PlanRefused

FILE = Path(systems.__file__).with_name("systems.toml")
BODY: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
CARD = systems.scorecard()
DAILY = ("systems", "training", "components", "daily")


def rated(values: dict[str, float], default: float = 3.0, period: str = "2012-09") -> pd.DataFrame:
    rows = [("U", period, c.code, values.get(c.code, default)) for c in CARD.components]
    return pd.DataFrame(rows, columns=list(systems.RATINGS))


def changed(*path: str, to: object) -> dict[str, Any]:
    body = copy.deepcopy(BODY)
    inside = body
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = to
    return body


def test_five_systems_nineteen_components_as_the_source_has_them() -> None:
    counts = pd.Series([one.system for one in CARD.components]).value_counts(sort=False)
    assert counts.to_dict() == {
        "recruiting": 4, "training": 3, "sales_support": 3, "daily_management": 5, "performance": 4,
    }  # fmt: skip
    assert math.isclose(math.fsum(c.weight * c.system_weight for c in CARD.components), 1)


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("systems", "recruiting", "weight"), 0.26, "weights of systems must sum to 1"),
        (
            ("systems", "training", "components", "daily", "weight"),
            0.3,
            "systems.training must sum",
        ),
        ((*DAILY, "weight"), "x", "is no amount"),
        ((*DAILY, "weight"), float("nan"), "is no amount"),
        (("scale", "weak"), 4.5, "must rise"),
        (("systems", "training", "office"), "moon", "moon"),
        (
            ("systems", "training", "components", "daily", "evidence"),
            ["activity_rat"],
            "activity_rate",
        ),
    ],
)
def test_a_wrong_data_file_is_refused(path: tuple[str, ...], to: object, said: str) -> None:
    with pytest.raises((PlanRefused, UnknownName), match=said):
        systems.read_scorecard(changed(*path, to=to))


def test_negative_weights_that_sum_to_one_are_refused() -> None:
    body = changed("systems", "recruiting", "weight", to=-0.05)
    body["systems"]["training"]["weight"] = 0.5
    with pytest.raises(PlanRefused, match="none may be negative"):
        systems.read_scorecard(body)


def test_an_office_uses_its_own_file(tmp_path: Path) -> None:
    own = tmp_path / "systems.toml"
    own.write_text(
        FILE.read_text(encoding="utf-8").replace("high = 5", "high = 10"), encoding="utf-8"
    )
    assert systems.scorecard(own).high == 10
    with pytest.raises(PlanRefused, match="cannot be read"):
        systems.scorecard(tmp_path / "nothing.toml")


@pytest.mark.parametrize("rating", [0.9, 5.1, -1, float("inf")])
def test_a_rating_off_the_scale_is_refused_with_its_row(rating: float) -> None:
    with pytest.raises(PlanRefused, match="Row 3: the rating"):
        systems.composite(CARD, rated({CARD.components[1].code: rating}))


def test_an_unknown_component_and_one_twice_are_refused() -> None:
    with pytest.raises(UnknownName, match=r"recruiting\.selection"):
        systems.composite(CARD, rated({}).replace("recruiting.selection", "recruiting.selektion"))
    with pytest.raises(PlanRefused, match="stands twice"):
        systems.composite(CARD, pd.concat([rated({}), rated({}).head(1)]))


def test_the_composite_is_worked_out_by_hand() -> None:
    found = systems.composite(CARD, rated({"recruiting.selection": 5, "training.daily": 1}))
    scores = found.set_index("system")["score"]
    assert scores["recruiting"] == pytest.approx(3 + 0.3 * 2)
    assert scores["training"] == pytest.approx(3 - 0.35 * 2)
    assert scores["whole"] == pytest.approx(3 + 0.25 * 0.6 - 0.2 * 0.7)


def test_what_is_unrated_leaves_the_score_open() -> None:
    found = systems.composite(CARD, rated({"training.daily": math.nan})).set_index("system")
    assert math.isnan(found.loc["training", "score"])
    assert math.isnan(found.loc["whole", "score"])
    assert found.loc["training", "rated"] == pytest.approx(0.65)
    assert found.loc["whole", "rated"] == pytest.approx(1 - 0.2 * 0.35)
    assert found.loc["recruiting", "score"] == pytest.approx(3)


def test_the_trend_follows_time_whatever_the_order_of_rows() -> None:
    table = pd.concat(
        [rated({}, 4.0, "2012-09"), rated({}, 2.0, "2012-07"), rated({}, 2.5, "2012-08")]
    )
    whole = systems.composite(CARD, table).query("system == 'whole'").set_index("period")["change"]
    assert whole["2012-08"] == pytest.approx(0.5)
    assert whole["2012-09"] == pytest.approx(1.5)
    assert math.isnan(whole["2012-07"])


def test_the_diagnosis_names_what_costs_most() -> None:
    table = pd.concat(
        [
            rated({"training.daily": 3.0}, 4.0, "2012-07"),
            rated({"training.daily": 1.0}, 4.0, "2012-09"),
            rated({}, 1.0, "2012-10"),  # of another quarter
        ]
    )
    found = systems.diagnosis(CARD, table, period="2012Q3")
    first = found.iloc[0]
    assert (first["component"], first["state"], first["months"]) == ("training.daily", "weak", 2)
    assert (first["mean"], first["trend"]) == (2.0, -2.0)
    assert first["costs"] == pytest.approx(0.2 * 0.35 * 3)
    whole = systems.composite(CARD, rated({"training.daily": 2.0}, 4.0)).iloc[-1]["score"]
    assert found["costs"].sum() == pytest.approx(CARD.high - whole)
    assert set(found["state"]) == {"weak", "strong"}


def test_evidence_takes_its_numbers_from_the_book() -> None:
    book = open_book("district_one")
    found = systems.evidence(book, CARD, unit="D1/02", period="2012-09")
    own = kpi.measure(book, ["activity_rate"], by="department", period="2012-09", unit="D1/02")
    held = found[found["component"] == "training.daily"].set_index("kpi")["value"]
    assert held["activity_rate"] == own["value"].iloc[0]
    assert found.loc[found["kpi"] == "attendance_rate", "value"].isna().all()
    assert set(found["component"]) == {c.code for c in CARD.components}
    with pytest.raises(UnknownName, match="D1/02"):
        systems.evidence(book, CARD, unit="D1/002", period="2012-09")
