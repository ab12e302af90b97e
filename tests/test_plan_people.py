"""Promotion, groups, supervisors, seminars and pre-sales; weighted SWOT with its oracles."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from perfkit import kpi, words
from perfkit.book import Book, open_book
from perfkit.errors import UnknownName
from perfkit.plan import field, promotion, rows, swot
from perfkit.plan.rows import PlanRefused

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "branch_2005"


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


# ---- promotion


def printed() -> pd.DataFrame:
    """Read the fifteen promotions of the district deck."""
    with (ROOT / "tests/golden/district_deck_2012.csv").open(encoding="utf-8") as stream:
        found = [r for r in csv.DictReader(stream) if r["figure"].startswith("promotion ")]
    days = [dt.date.fromisoformat(row["span"][-10:]) for row in found]
    ranks = [row["figure"].removeprefix("promotion ") for row in found]
    return pd.DataFrame(
        {"agent_id": [row["value"] for row in found], "rank": ranks, "planned_on": days}
    )


def test_the_fifteen_promotions_of_the_deck_as_a_plan_are_all_met(book: Book) -> None:
    plan = printed()
    assert len(plan) == 15
    found = promotion.planned_against_actual(
        plan, promotion.actual(book, unit="D1", period="2012-01..2012-10")
    )
    assert found["actual"].sum() == found["planned"].sum() == 15
    assert not found["difference"].any()
    assert found.groupby("rank")["actual"].sum().to_dict() == {
        "supervisor": 11, "senior_supervisor": 2, "department_manager": 2,
    }  # fmt: skip


def test_one_planned_in_vain_runs_on(book: Book) -> None:
    more = pd.DataFrame(
        {"agent_id": ["X"], "rank": ["supervisor"], "planned_on": [dt.date(2012, 3, 9)]}
    )
    found = promotion.planned_against_actual(
        pd.concat([printed(), more]), promotion.actual(book, unit="D1", period="2012-01..2012-10")
    )
    own = found[found["rank"] == "supervisor"].set_index("period")["running"]
    assert own["2012-02"] == 0
    assert own["2012-03"] == own["2012-10"] == -1


ASKED = promotion.read_criteria(
    {
        "supervisor": {
            "below": "agent",
            "asks": [
                {"kpi": "cases", "least": 100, "months": 3},
                {"kpi": "activity_rate", "least": 0.3, "months": 1},
            ],
        }
    }
)


def test_gaps_are_what_the_book_lacks_of_the_criterion(book: Book) -> None:
    candidates = pd.DataFrame({"agent_id": ["a"], "unit": ["D1/01"], "rank": ["supervisor"]})
    day = dt.date(2012, 9, 15)
    found = promotion.gaps(book, candidates, day=day, asked=ASKED).set_index("kpi")
    own = kpi.measure(
        book, ["cases"], by="department", period="2012-07-01..2012-09-15", unit="D1/01"
    )
    cases = own["value"].iloc[0]
    assert found.loc["cases", ["value", "gap"]].tolist() == [cases, 100 - cases]
    assert found.loc["cases", "passed"] == pytest.approx((31 + 31 + 15) / 92)
    assert found.loc["cases", "state"] == ("on_pace" if cases >= 100 * 77 / 92 else "at_risk")
    assert found.loc["activity_rate", "state"] in {"met", "at_risk"}  # a rate has no pace


def test_a_person_is_a_candidate_too(book: Book) -> None:
    people = kpi.measure(book, ["fyc"], by="agent", period="2012-08..2012-10")
    best = people.sort_values("value").iloc[-1]
    candidates = pd.DataFrame({"agent_id": ["a"], "unit": [best["unit"]], "rank": ["supervisor"]})
    found = promotion.gaps(book, candidates, day=dt.date(2012, 10, 31)).set_index("kpi")
    assert found.loc["fyc", "value"] == best["value"]
    assert found.loc["fyc", "state"] == "met"


@pytest.mark.parametrize(
    ("planned", "warns", "days"),
    [
        ("2012-08-01", "weekly", -14),
        ("2012-08-20", "weekly", 5),
        ("2012-08-22", "monthly", 7),
        ("2012-08-31", "monthly", 16),
        ("2012-09-30", "quarterly", 46),
        ("2012-10-01", "later", 47),
    ],
)
def test_warnings_by_how_near_the_planned_day_is(planned: str, warns: str, days: int) -> None:
    found = pd.DataFrame(
        {"agent_id": "a", "kpi": ["cases", "fyc"], "gap": [10.0, 5.0], "least": [100.0, 10.0],
         "state": ["on_pace", "at_risk"]}
    )  # fmt: skip
    plan = pd.DataFrame({"agent_id": ["a"], "rank": ["supervisor"]})
    plan["planned_on"] = [dt.date.fromisoformat(planned)]
    row = promotion.warnings(found, plan, dt.date(2012, 8, 15)).iloc[0]
    assert (row["warns"], row["days"], row["lacking"]) == (warns, days, 2)
    assert (row["state"], row["kpi"], row["gap"]) == ("at_risk", "fyc", 5)


@pytest.mark.parametrize(
    "asks",
    [{"least": 0, "months": 3}, {"months": 3}, {"least": 5, "months": 0},
     {"least": float("inf"), "months": 3}, {"least": "5", "months": 3}],
)  # fmt: skip
def test_wrong_criteria_are_refused(asks: dict[str, object]) -> None:
    with pytest.raises(PlanRefused, match="The rank x asks for"):
        promotion.read_criteria({"x": {"below": "agent", "asks": [{"kpi": "fyc"} | asks]}})


def test_unknown_ranks_candidates_and_kpis_are_refused(book: Book, tmp_path: Path) -> None:
    row = pd.DataFrame({"agent_id": ["a"], "unit": ["D1/01"], "rank": ["supervisr"]})
    with pytest.raises(UnknownName, match="supervisor"):
        promotion.gaps(book, row, day=dt.date(2012, 9, 1))
    plan = pd.DataFrame({"agent_id": ["b"], "rank": "x", "planned_on": [dt.date(2012, 9, 1)]})
    found = pd.DataFrame(
        {"agent_id": ["a"], "state": "met", "gap": 0.0, "least": 1.0, "kpi": "fyc"}
    )
    with pytest.raises(UnknownName, match="candidate"):
        promotion.warnings(found, plan, dt.date(2012, 8, 1))
    with pytest.raises(PlanRefused, match="no planned_on in row"):
        promotion.warnings(found, plan.assign(planned_on=None), dt.date(2012, 8, 1))
    with pytest.raises(UnknownName, match="fyc"):
        promotion.read_criteria(
            {"x": {"below": "y", "asks": [{"kpi": "fic", "least": 1, "months": 1}]}}
        )
    with pytest.raises(PlanRefused, match="cannot be read"):
        promotion.criteria(tmp_path / "none.toml")


# ---- groups and supervisors


def test_size_classes_make_the_groups_at_every_level(book: Book) -> None:
    for by in ("district", "department"):
        found = field.group_classes(book, by=by, period="2012-09")
        assert (found[list(field.CLASSES)].sum(axis=1) == found["groups"]).all()
    sizes = kpi.measure(book, ["headcount_closing"], by="group", period="2012-09")["value"]
    sizes = sizes[sizes > 0]
    whole = field.group_classes(book, by="district", period="2012-09").iloc[0]
    counts = [(sizes >= 15).sum(), ((sizes >= 10) & (sizes < 15)).sum(), (sizes < 10).sum()]
    assert whole[list(field.CLASSES)].tolist() == counts
    assert whole["large_share"] == counts[0] / sum(counts)


def test_supervisors_own_work_is_that_of_the_book(book: Book) -> None:
    found = field.supervisor_work(book, by="department", period="2012-09")
    own = kpi.measure(book, ["supervisor_own_premium"], by="department", period="2012-09")
    assert found["supervisor_own_premium"].tolist() == own["value"].tolist()


# ---- seminars and pre-sales


def quotas() -> tuple[pd.DataFrame, float]:
    held = rows.plan_table(BRANCH, "seminar_quotas")
    numbers = held.assign(quota=held["quota_persons_per_session"].astype(float))
    return numbers[numbers["site"] != "branch"], float(numbers["quota"].iloc[-1])


def test_seminar_quotas_of_the_branch_against_turnout() -> None:
    places, ceiling = quotas()
    assert (places["quota"].tolist(), ceiling) == ([100, 60, 40], 200)
    came = pd.DataFrame(
        [("hq", "2005-02", 130, 20), ("yinnan", "2005-02", 50, 10), ("yinbei", "2005-02", 40, 2),
         ("hq", "2005-03", 90, 9), ("yinnan", "2005-03", 60, 6)],
        columns=["site", "session", "came", "signed"],
    )  # fmt: skip
    found = field.seminars(places, came, ceiling=ceiling).set_index(["session", "site"])
    assert found.loc[("2005-02", "hq"), ["used", "over"]].tolist() == [1.3, 30]
    assert found.loc[("2005-02", "all"), ["came", "over"]].tolist() == [220, 20]
    assert found.loc[("2005-02", "yinnan"), "yield"] == 0.2
    assert math.isnan(found.loc[("2005-03", "all"), "came"])  # one site has not reported


def test_wrong_seminars_are_refused() -> None:
    places, ceiling = quotas()
    came = pd.DataFrame({"site": ["hq"], "session": ["a"], "came": [5]})
    with pytest.raises(PlanRefused, match="more than the ceiling of 150"):
        field.seminars(places, came, ceiling=150)
    with pytest.raises(UnknownName, match="yinnan"):
        field.seminars(places, came.assign(site="yinan"), ceiling=ceiling)
    with pytest.raises(PlanRefused, match="negative count in row 2"):
        field.seminars(places, came.assign(came=-1), ceiling=ceiling)


def test_pre_sales_rate_units_and_say_who_is_furthest_behind() -> None:
    tracked = pd.DataFrame(
        {"unit": ["a", "b", "c"], "period": "2012-09", "prospects": [10, 20, 0],
         "surveys": [10, 10, 0], "family_cards": [10, 10, 0], "analyses": [12, 0, 0]}
    )  # fmt: skip
    found = field.pre_sales(tracked).set_index("unit")
    assert found.loc["a", "rating"] == pytest.approx(1)
    assert found.loc["b", "rating"] == pytest.approx(1 / 3)
    assert found.index[0] == "b"
    assert found.loc["b", "place"] == 2
    assert math.isnan(found.loc["c", "rating"])
    heavy = field.pre_sales(tracked, weights={"surveys": 0, "family_cards": 0, "analyses": 1})
    assert heavy.set_index("unit").loc["b", "rating"] == 0
    with pytest.raises(PlanRefused, match="must sum to 1"):
        field.pre_sales(tracked, weights={"surveys": 0.5, "family_cards": 0.5, "analyses": 0.1})
    with pytest.raises(PlanRefused, match="row 3"):
        field.pre_sales(tracked.assign(surveys=[1, -1, 0]))


# ---- weighted SWOT

DRINKS = ["coffee", "wine", "tea", "beer", "sodas", "milk", "water"]
UPPER = [[9, 5, 2, 1, 1, 1 / 2], [1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
         [1 / 3, 1 / 4, 1 / 3, 1 / 9], [1 / 2, 1, 1 / 3], [2, 1 / 2], [1 / 3]]  # fmt: skip


def test_saatys_drinks_have_the_published_weights() -> None:
    weights, found = swot.ahp(swot.pairwise(DRINKS, UPPER))
    published = [0.1775, 0.0191, 0.0418, 0.1164, 0.1896, 0.1288, 0.3268]
    np.testing.assert_allclose(weights, published, atol=5e-5)
    assert found["largest"] == pytest.approx(7.1766, abs=5e-5)
    assert found["ratio"] == pytest.approx(0.0223, abs=5e-5)
    assert found["consistent"] == 1


def test_the_power_iteration_finds_the_largest_eigenvalue() -> None:
    rng = np.random.default_rng(3)
    for size in range(3, 11):
        upper = [list(np.exp(rng.normal(size=n))) for n in range(size - 1, 0, -1)]
        pairs = swot.pairwise([str(i) for i in range(size)], upper)
        values, vectors = np.linalg.eig(pairs.to_numpy())
        at = int(np.argmax(values.real))
        weights, found = swot.ahp(pairs)
        assert found["largest"] == pytest.approx(values[at].real)
        own = np.abs(vectors[:, at].real)
        np.testing.assert_allclose(weights, own / own.sum(), rtol=1e-6)


def test_contradicting_comparisons_are_told() -> None:
    _, found = swot.ahp(swot.pairwise(["a", "b", "c"], [[9, 1 / 9], [9]]))
    assert found["ratio"] > 0.1
    assert found["consistent"] == 0


@pytest.mark.parametrize("upper", [[[1, 2]], [[1, 2], [0]], [[1, -2], [1]], [[1, math.inf], [1]]])
def test_wrong_comparisons_are_refused(upper: list[list[float]]) -> None:
    with pytest.raises(PlanRefused):
        swot.pairwise(["a", "b", "c"], upper)
    with pytest.raises(PlanRefused):
        swot.ahp(pd.DataFrame([[1.0, 2.0], [3.0, 1.0]]))


def factors(**change: object) -> pd.DataFrame:
    out = pd.DataFrame(
        {
            "factor": ["s1", "s2", "w1", "w2", "o1", "o2", "c1"],
            "kind": ["strength"] * 2 + ["weakness"] * 2 + ["opportunity"] * 2 + ["challenge"],
            "weight": [0.3, 0.2, 0.25, 0.25, 0.5, 0.2, 0.3],
            "rating": [4, 3, 1, 2, 4, 2, 1],
        }
    )
    for place, value in change.items():
        column, row = place.rsplit("_", 1)
        out[column] = out[column].astype(object)
        out.loc[int(row), column] = value
    return out


def test_scores_by_hand() -> None:
    found = swot.scores(factors()).set_index("side")["score"]
    assert found["inside"] == pytest.approx(0.3 * 4 + 0.2 * 3 + 0.25 + 0.5)
    assert found["outside"] == pytest.approx(0.5 * 4 + 0.2 * 2 + 0.3)


def test_a_score_near_the_middle_is_no_verdict_and_a_clear_one_is() -> None:
    found = swot.band(factors()).set_index("side")
    assert found.loc["inside", "low"] < 2.5 < found.loc["inside", "high"]
    assert found.loc["inside", "verdict"] == "open"
    sure = swot.band(factors(), sureness=100_000).set_index("side")
    assert sure.loc["outside", "verdict"] == "strong"
    pd.testing.assert_frame_equal(swot.band(factors()), swot.band(factors()))


def test_the_band_is_that_of_a_dirichlet_distribution() -> None:
    # Two factors: the weight of one is Beta(w s, (1 - w) s), so the score's band is known exactly.
    from scipy.stats import beta

    two = pd.DataFrame(
        {"factor": ["a", "b"], "kind": "opportunity", "weight": [0.3, 0.7], "rating": [1, 4]}
    )
    found = swot.band(two, sureness=50, draws=200_000).iloc[0]
    ends = [1 * x + 4 * (1 - x) for x in beta.ppf([0.95, 0.05], 15, 35)]
    np.testing.assert_allclose([found["low"], found["high"]], ends, atol=0.01)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight_0": 0.31}, "weights of inside must sum to 1"),
        ({"weight_0": -0.3, "weight_1": 0.8}, "none may be negative"),
        ({"rating_0": 5}, "scale from 3 to 4"),
        ({"rating_0": 2}, "scale from 3 to 4"),
        ({"rating_2": 3}, "scale from 1 to 2"),
        ({"rating_4": 0}, "scale from 1 to 4"),
        ({"rating_4": 2.5}, "scale from 1 to 4"),
        ({"kind_0": "power"}, "Write one of: strength"),
        ({"factor_0": "s2"}, "stands twice"),
    ],
)
def test_wrong_factors_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(PlanRefused, match=said):
        swot.scores(factors(**change))


def test_strategies_are_placed_by_what_they_join() -> None:
    pairs = list(itertools.product(["s1", "w1"], ["o1", "c1"]))
    own = pd.DataFrame(
        [(f"{a}{b}", a, b) for a, b in pairs], columns=["strategy", "inside", "outside"]
    )
    found = swot.tows(factors(), own).set_index("strategy")
    assert found["cell"].to_dict() == {"s1o1": "SO", "s1c1": "ST", "w1o1": "WO", "w1c1": "WT"}
    assert found["pull"].iloc[0] == found["pull"].max() == 0.15
    with pytest.raises(UnknownName, match="o1"):
        swot.tows(factors(), own.assign(outside="s1"))


def test_errors_speak_both_languages() -> None:
    for lang in words.LANGS:
        assert "5" in PlanRefused("rating", row=2, value="5", low="1", high="4").text(lang)
