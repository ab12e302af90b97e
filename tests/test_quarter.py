"""The quarterly review: what moved, whether it is noise, the form, alarms, questions, bad input."""

from __future__ import annotations

import ast
import datetime as dt
import json
import math
import re
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from books import SETTINGS, tiny
from matplotlib import pyplot as plt

from perfkit import bundle, explain, kpi, outlook, plan, report, words
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, ReconcileError
from perfkit.explain.alarm import EVIDENCE
from perfkit.explain.moved import Cause, Lead
from perfkit.show import quarter, table

SOURCE = table.Source("2012Q3", "3fa9c2d1")
CHAIN = "premium_submitted.monthly"
SPAN = spans.parse("2012Q3")


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


def frame(values: list[float], code: str = "cases", unit: str = "D1") -> pd.DataFrame:
    codes = [
        f"2010Q{1 + q}" if q < 4 else f"{2010 + q // 4}Q{1 + q % 4}" for q in range(len(values))
    ]
    return pd.DataFrame({"unit": unit, "kpi": code, "period": codes, "value": values})


# --- is it noise?


def test_a_change_is_held_against_the_unit_s_own_moving_range() -> None:
    # Eight quarters that step by 4: sigma 4 / 1.128, of a difference sqrt 2 times as much.
    past = [100.0, 104, 100, 104, 100, 104, 100, 104]
    spread = math.sqrt(2) * 4 / 1.128
    for now, verdict in (
        (108.0, "noise"),
        (104 + 2 * spread, "unusual"),
        (104 - 4 * spread, "rare"),
    ):
        whole = frame([*past, now])
        row = explain.usual_change(whole, period="2012Q1", against="2011Q4").iloc[0]
        assert row["verdict"] == verdict
        assert row["usual"] == 4
        assert row["yellow"] == pytest.approx(1.959964 * spread)
        assert row["red"] == pytest.approx(3.090232 * spread)
        assert row["change"] == pytest.approx(now - 104)


def test_a_rate_has_the_spread_of_chance_at_least() -> None:
    # 30 of 100 every quarter never moved; chance moves it by sqrt(.3 x .7 / 100) anyway.
    whole = frame([0.3] * 8 + [0.4], "activity_rate").assign(denominator=100.0)
    whole["numerator"] = whole["value"] * 100
    row = explain.usual_change(whole, period="2012Q1", against="2011Q4").iloc[0]
    assert row["usual"] == 0
    assert row["yellow"] == pytest.approx(1.959964 * math.sqrt(2 * 0.21 / 100))
    assert row["verdict"] == "noise"


def test_of_many_units_a_rare_change_must_survive_the_control() -> None:
    past = [100.0, 104, 100, 104, 100, 104, 100, 104]
    spread = math.sqrt(2) * 4 / 1.128
    one = frame([*past, 104 + 3.2 * spread])
    others = [frame([*past, 104.0], unit=f"D1/{i}") for i in range(60)]
    seen = explain.usual_change(pd.concat([one, *others]), period="2012Q1", against="2011Q4")
    assert seen.set_index("unit")["verdict"].value_counts().to_dict() == {"noise": 60, "unusual": 1}
    alone = explain.usual_change(one, period="2012Q1", against="2011Q4")
    assert alone["verdict"].tolist() == ["rare"]


def test_without_a_past_or_a_value_nothing_is_said() -> None:
    few = explain.usual_change(frame([1.0, 2, 3]), period="2010Q3", against="2010Q2").iloc[0]
    assert (few["verdict"], few["change"], few["periods"]) == ("unknown", 1, 2)
    lost = frame([1.0, 2, 1, 2, 1, 2, 1, 2, math.nan])
    seen = explain.usual_change(lost, period="2012Q1", against="2011Q4").iloc[0]
    assert (seen["verdict"], seen["usual"]) == ("unknown", 1)
    still = explain.usual_change(frame([5.0] * 9), period="2012Q1", against="2011Q4").iloc[0]
    assert (still["verdict"], still["yellow"]) == ("noise", 0)
    jump = explain.usual_change(frame([5.0] * 8 + [6.0]), period="2012Q1", against="2011Q4").iloc[0]
    assert jump["verdict"] == "rare"
    with pytest.raises(ReconcileError, match="twice"):
        explain.usual_change(pd.concat([lost, lost]), period="2012Q1", against="2011Q4")
    growth = frame([-0.1, 0.1] * 4 + [0.0], "regular_agent_growth_rate")
    growth = growth.assign(numerator=growth["value"] * 50, denominator=50.0)
    seen = explain.usual_change(growth, period="2012Q1", against="2011Q4").iloc[0]
    assert (seen["verdict"], seen["usual"]) == ("noise", pytest.approx(0.2))


# --- what moved, by driver and unit


class Moved:
    """One change of the bundled district, taken apart."""

    def __init__(self, book: Book, period: str, against: str, unit: str = "D1") -> None:
        span, links = spans.parse(period), explain.chain(CHAIN)
        level, below, _ = explain.review_levels(book, unit)
        then = kpi.held_against(book, span)[against]
        how = {"by": below, "unit": unit, "period": span, "against": against}
        self.effects, self.why = explain.attributed(book, CHAIN, **how)
        seen = kpi.measure(
            book, links.kpis(), by=[level, below], unit=unit, variants=links.variants,
            period=kpi.trailing(book, span, 13),
        )  # fmt: skip
        self.drivers = explain.factor_history(seen, links)
        ends = {"unit": unit, "period": span.code, "against": then}
        self.moves = explain.driver_moves(self.effects, self.drivers, links, **ends)
        self.units = explain.by_unit(self.effects, whole=unit)
        self.lead = explain.lead(self.moves)


def test_the_third_quarter_rose_by_activity_and_may_be_noise(book: Book) -> None:
    found = Moved(book, "2012Q3", "previous")
    whole = found.moves.set_index("factor")
    assert whole.loc["premium_submitted", ["before", "after"]].tolist() == [1_326_100, 1_742_300]
    effects = whole["effect"].round(0).to_dict()
    assert effects == {
        "premium_submitted": 416_200,
        "headcount_average": 192_526,
        "activity_rate": 669_098,
        "cases_per_active": -59_394,
        "average_case_size": -386_031,
    }
    # The activity of a mean month: 36 and 65 who wrote, of 146.2 and 165.3.
    assert whole.loc["activity_rate", "before"] == pytest.approx(36 / 146.1667, abs=1e-6)
    assert whole.loc["activity_rate", "after"] == pytest.approx(65 / 165.3333, abs=1e-6)
    led = found.lead
    assert led is not None
    assert led.main is not None
    assert led.counter is not None
    assert (led.main.factor, led.counter.factor) == ("activity_rate", "average_case_size")
    assert (led.verdict, led.growth) == ("noise", pytest.approx(416_200 / 1_326_100))
    assert 416_200 < led.limit < 460_000
    beyond = whole["verdict"].isin(["unusual", "rare"])
    assert whole.index[beyond].tolist() == ["headcount_average", "activity_rate"]


@pytest.mark.parametrize("against", ["previous", "year_ago"])
@pytest.mark.parametrize(
    ("period", "unit"), [("2012Q3", "D1"), ("2012Q1", "D1/03"), ("2012Q4", "D1")]
)
def test_units_and_drivers_add_up_exactly(book: Book, period: str, unit: str, against: str) -> None:
    found = Moved(book, period, against, unit)
    units = found.units
    drivers = list(units.columns[5:])
    assert units["unit"].iloc[0] == unit
    assert units[drivers].sum(axis=1).to_numpy() == pytest.approx(
        units["change"].to_numpy(), abs=1e-6
    )
    parts, whole = units.iloc[1:][["before", "after", "change", *drivers]].sum(), units.iloc[0]
    for name, value in parts.items():
        assert value == pytest.approx(whole[str(name)], abs=1e-6)
    assert found.moves["effect"].iloc[1:].sum() == pytest.approx(whole["change"], abs=1e-6)
    # Each driver's way is that of the unit: it multiplies to the premium on both sides.
    for end in ("before", "after"):
        assert found.moves[end].iloc[1:].prod() == pytest.approx(whole[end])


def test_units_that_come_and_go_are_marked() -> None:
    before = pd.DataFrame({"heads": [10.0, 5], "premium": [100.0, 30]}, index=["D1/1", "D1/2"])
    after = pd.DataFrame({"heads": [8.0, 4], "premium": [90.0, 40]}, index=["D1/1", "D1/3"])
    effects = explain.decompose(before, after, {"heads": "heads", "size": "premium"})
    units = explain.by_unit(effects, whole="D1").set_index("unit")
    assert units["state"].to_dict() == {
        "D1": "stayed", "D1/1": "stayed", "D1/2": "left", "D1/3": "entered",
    }  # fmt: skip
    assert units.loc["D1", ["before", "after", "change"]].tolist() == [130, 130, 0]
    for lang in words.LANGS:
        page = quarter.effects(
            units.reset_index(), kpi="premium_submitted", lang=lang, source=SOURCE
        )
        assert words.text("quarter.effects.left", lang) in page.html


def test_what_cannot_be_taken_apart_is_said_not_shown(book: Book) -> None:
    for period, against, key in (
        ("2009Q4", "previous", "driver_missing"),
        ("2012Q3", "target", "no_target"),
    ):
        found = Moved(book, period, against)
        assert found.why is not None
        assert found.why.key == key
        assert found.lead is None
        assert found.moves.empty
        assert found.units.empty
        assert explain.steps(found.effects).empty
        for lang in words.LANGS:
            said = quarter.refusal(found.why, lang=lang).markdown
            assert said
            assert "[" not in said
    # The plan knows premium issued, but none of its drivers: a gap with nothing to share it.
    how = {"by": "department", "unit": "D1", "period": SPAN, "against": "target"}
    _, why = explain.attributed(book, "premium_issued", **how)
    assert why is not None
    assert why.key == "plan_alone"
    with pytest.raises(PerfkitError, match="premuim"):
        explain.attributed(book, "premuim", by="department", period=SPAN)


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_headline_says_what_why_and_whether_it_is_noise(book: Book, lang: str) -> None:
    found = Moved(book, "2012Q3", "previous")
    how: dict[str, Any] = {"kpi": "premium_submitted", "unit": "D1", "ends": ("2012Q2", "2012Q3")}
    said = quarter.headline(found.lead, found.moves, lang=lang, **how).markdown
    change = words.number(416_200, "yuan", lang, signed=True)
    for part in (
        change,
        "+31.4%",
        "24.6% → 39.3%",
        words.number(-386_030.52, "yuan", lang, signed=True),
    ):
        assert part in said
    assert words.text("quarter.lead.noise", lang).split("**")[1] in said
    assert said.index("24.6%") < said.index("7,710")
    still = Lead(5.0, 5.0, 0.0, 0.0, 1.0, 2.0, "noise", None, None)
    same = quarter.headline(still, found.moves, lang=lang, **how).markdown
    assert "**" in same
    assert words.text("quarter.lead.noise", lang).split("**")[1] not in same
    below = Lead(-5.0, -9.0, -4.0, math.nan, math.nan, math.nan, "unknown", None, None)
    said = quarter.headline(below, found.moves, lang=lang, **how).markdown
    assert not re.search(r"nan|–%|\(–\)|（–）", said)
    none = quarter.headline(None, found.moves, lang=lang, **how).markdown
    assert none == ""


# --- the form


def test_the_form_grades_by_plan_then_by_noise(book: Book) -> None:
    codes = [
        "premium_issued",
        "activity_rate",
        "attrition_rate",
        "supervisors",
        "headcount_opening",
    ]
    both: dict[str, Any] = {"by": ["district", "department"], "unit": "D1"}
    meant = {"activity_rate": "monthly_mean"}
    compared = kpi.compare(book, codes, period=SPAN, variants=meant, **both)
    past = kpi.trailing(book, SPAN, 13)
    seen = kpi.measure(book, codes, period=past, variants=meant, **both)
    usual = explain.usual_change(seen, period="2012Q3", against="2012Q2")
    form = explain.assessment(compared, usual).set_index(["unit", "kpi"])
    own = form.loc["D1"]
    assert own.loc["premium_issued", ["target", "value", "gap"]].tolist() == [
        1_696_200, 1_811_200, 115_000,
    ]  # fmt: skip
    assert own.loc["premium_issued", "attainment"] == pytest.approx(1_811_200 / 1_696_200)
    assert own["grade"].to_dict() == {
        "premium_issued": "reached",
        "activity_rate": "better",
        "attrition_rate": "usual",
        "supervisors": "better",
        "headcount_opening": "moved",
    }
    planned = form.xs("premium_issued", level="kpi")["grade"].to_dict()
    assert [u for u, grade in planned.items() if grade == "short"] == ["D1/01", "D1/02"]
    assert form.loc[("D1/05", "supervisors"), "grade"] == "worse"
    assert len(form) == 7 * len(codes)


def test_an_arrow_points_the_way_it_went_and_its_tone_says_whether_that_is_good() -> None:
    nan = float("nan")
    row = {"unit": "D1", "period": "2012Q3", "target": nan, "attainment": nan, "gap": nan}
    row |= {"value": 0.1, "change_year_ago": nan, "limit": 0.02, "verdict": "rare"}
    form = pd.DataFrame(
        [
            row | {"kpi": "cooling_off_share", "change_previous": -0.05, "grade": "better"},
            row | {"kpi": "attrition_rate", "change_previous": 0.05, "grade": "worse"},
            row | {"kpi": "urban_share", "change_previous": -0.05, "grade": "moved"},
            row | {"kpi": "activity_rate", "change_previous": 0.01, "verdict": "noise",
                   "grade": "usual"},
        ]
    )  # fmt: skip
    for shown in (
        quarter.form(form, unit="D1", lang="en", source=SOURCE).html,
        quarter.form_by_unit(form, lang="en", source=SOURCE).html,
    ):
        assert 'pk-good">▼ ' in shown
        assert 'pk-bad">△ ' in shown
        assert 'pk-context">↓ ' in shown
        assert 'pk-context">+1.0 pp' in shown


def test_one_pass_compares_several_levels_as_one_each(book: Book) -> None:
    codes = ["premium_issued", "activity_rate"]
    both = kpi.compare(book, codes, by=["district", "department"], period=SPAN)
    parts = [
        kpi.compare(book, codes, by=level, period=SPAN) for level in ("district", "department")
    ]
    pd.testing.assert_frame_equal(both, pd.concat(parts, ignore_index=True))


def test_newcomers_have_intervals_and_the_immature_stand_apart(book: Book) -> None:
    codes = ["confirmation_3m", "retention_13m"]
    found = explain.newcomers(book, codes, by="district", period="2012Q3").set_index("kpi")
    assert found[["cohort", "kept", "immature"]].to_numpy().tolist() == [[41, 9, 0], [22, 10, 0]]
    low, high = explain.wilson(9, 41)
    assert found.loc["confirmation_3m", ["low", "high"]].tolist() == pytest.approx([low, high])
    running = explain.newcomers(book, codes, by="district", period="2012Q4").set_index("kpi")
    assert running.loc["confirmation_3m", "immature"] > 0
    assert explain.newcomers(open_book("cases"), codes, by="branch", period="2012Q3").empty


def test_heads_roll_forward_or_refuse(book: Book) -> None:
    codes = explain.SECTIONS["people"][:5]
    own = kpi.measure(book, codes, by="department", period=SPAN, unit="D1/02")
    steps = explain.headcount_steps(own)
    assert steps["value"].tolist() == [23, 11, -3, -1, 30]
    with pytest.raises(ReconcileError, match="headcount"):
        explain.headcount_steps(own.assign(value=1.0))
    assert explain.headcount_steps(own.iloc[1:]).empty


# --- alarms


def test_following_a_past_is_watching_and_raising_it_month_by_month(book: Book) -> None:
    months = kpi.whole_months(book, SPAN, 36)
    assert [months[0].code, months[-1].code, len(months)] == ["2009-10", "2012-09", 36]
    codes = ["premium_submitted", "attrition_rate"]
    seen = kpi.measure(book, codes, by="department", period=months[-20:])
    followed, last = explain.follow(seen), None
    for one in months[-20:]:
        watched = explain.watch_history(seen, period=one.code)
        last = explain.raise_once(watched, last)
        here = followed[followed["period"] == one.code].reset_index(drop=True)
        pd.testing.assert_frame_equal(here[watched.columns], watched)
        known = here[here["since"].notna()].set_index(["unit", "kpi"])[["since", "new"]]
        wanted = last.set_index(["unit", "kpi"])[["since", "new"]]
        assert known.sort_index().to_dict() == wanted.sort_index().to_dict()
    assert followed["new"].sum() > 0
    tried = explain.backtest(seen)
    assert tried["raised"].sum() == followed["new"].sum()


def test_rows_keep_the_order_of_the_frame() -> None:
    one = pd.concat([frame([1.0] * 9, code, unit) for code in ("fyc", "cases") for unit in "ba"])
    seen = explain.watch_history(one, period="2012Q1")
    assert seen[["kpi", "unit"]].to_numpy().tolist() == [
        ["fyc", "b"], ["fyc", "a"], ["cases", "b"], ["cases", "a"],
    ]  # fmt: skip


def test_the_quarter_lists_an_alarm_once_at_its_gravest(book: Book) -> None:
    months = [f"2012-{m:02d}" for m in range(1, 13)]
    values = [50.0, 52, 49, 51, 50, 52, 48, 50, 51, 45, 20, 21]
    seen = pd.DataFrame({"unit": "D1", "kpi": "cases", "period": months, "value": values})
    found = explain.alarms_of(explain.follow(seen), pd.DataFrame(columns=EVIDENCE), months[-3:])
    assert found[["period", "level", "since", "standing"]].to_numpy().tolist() == [
        ["2012-11", "red", "2012-10", True],
    ]  # fmt: skip
    row = found.iloc[0]
    assert (row["low"], row["high"]) == (row["red_low"], row["red_high"])
    tried = explain.fired({12: explain.follow(seen)}, unit="D1").iloc[0]
    assert tried[["tested", "yellow", "red", "raised"]].tolist() == [4, 1, 2, 2]
    assert tried["a_year"] == 6


def test_units_are_followed_against_each_other(book: Book) -> None:
    meant, past = {"activity_rate": "monthly_mean"}, kpi.trailing(book, SPAN, 13)
    rates = kpi.measure(book, ["activity_rate"], by="department", period=past, variants=meant)
    followed = explain.follow_units(rates)
    assert followed["period"].nunique() == 12
    last = followed[followed["period"] == "2012Q3"].reset_index(drop=True)
    once = explain.watch_units(rates[rates["period"] == "2012Q3"])
    pd.testing.assert_frame_equal(last[once.columns], once)
    tried = explain.fired({4: followed}, unit="D1")
    assert tried[["rule", "scope", "units", "tested"]].to_numpy().tolist() == [
        ["units", "below", 6, 72]
    ]
    assert explain.follow_units(rates[rates["unit"] == "D1/01"]).empty
    assert explain.fired({4: followed.iloc[:0]}, unit="D1").empty


def test_more_writers_than_heads_are_everybody_and_no_alarm() -> None:
    rows = {"unit": ["a", "b"], "numerator": [12.0, 10.0], "denominator": [10.0, 10.0]}
    both = pd.DataFrame(rows).assign(kpi="activity_rate", period="2012Q3")
    assert explain.watch_units(both)["level"].tolist() == ["none", "none"]
    funnel, lines = explain.funnel_of(both)
    assert funnel["signal"].tolist() == ["none", "none"]
    assert len(lines)
    told = explain.outside(funnel)
    assert (told["count"], told["outside"]) == ((2.0, "count"), (0.0, "count"))
    assert told["expected"][0] == pytest.approx(0.1)


# --- landing, peers, standards


def test_the_year_lands_from_whole_months_of_its_own(book: Book) -> None:
    both: dict[str, Any] = {"by": ["district", "department"], "unit": "D1"}
    found = outlook.year_landings(book, "premium_issued", period="2012Q3", **both).set_index("unit")
    assert found.loc["D1", ["reached", "target", "months_done"]].tolist() == [
        5_060_000,
        6_600_000,
        9,
    ]
    months = kpi.measure(
        book, ["premium_issued"], by="district", period=kpi.whole_months(book, SPAN, 99)
    )
    alone = outlook.year_landing(months["value"].tolist(), months_done=9, target=6_600_000)
    assert found.loc["D1", "landing"] == alone["landing"]
    assert found.loc["D1", "chance"] == alone["chance"]
    assert (found["low"] < found["landing"]).all()
    # Nobody knows January to September of 2009.
    first = outlook.year_landings(book, "premium_issued", period="2009Q4", **both)
    assert set(first["method"]) == {"no_history"}
    assert first["reached"].isna().all()
    assert explain.with_alarm(first).empty
    early = outlook.year_landings(book, "premium_issued", period="2012Q1", **both).iloc[0]
    assert (early["months_done"], early["method"], early["reached"]) == (3, "level", 1_895_100)
    with pytest.raises(ReconcileError):
        outlook.year_landings(book, "activity_rate", period="2012Q3", **both)


def test_the_best_unit_is_drawn_towards_all_by_its_credibility() -> None:
    months = [f"2012-{m:02d}" for m in range(1, 13)]
    parts = []
    for unit, rate in (("a", 0.2), ("b", 0.2), ("c", 0.6)):
        own = pd.DataFrame({"unit": unit, "kpi": "activity_rate", "period": months, "value": rate})
        own["value"] += [0.02, -0.02] * 6
        parts.append(own.assign(denominator=30.0))
    row = explain.standouts(pd.concat(parts)).iloc[0]
    assert (row["unit"], row["mean"], row["units"]) == ("c", pytest.approx(0.6), 3)
    assert row["common"] < row["estimate"] < row["mean"]
    assert row["credibility"] > 0.95
    alike = [part.assign(value=0.3 + 0.1 * (-1) ** np.arange(12)) for part in parts]
    flat = explain.standouts(pd.concat(alike)).iloc[0]
    assert (flat["credibility"], flat["estimate"]) == (0, pytest.approx(flat["common"]))
    assert explain.standouts(parts[0]).empty
    falls = explain.standouts(pd.concat(parts).assign(kpi="attrition_rate")).iloc[0]
    assert falls["unit"] in {"a", "b"}


def test_large_policies_and_what_one_is_worth(book: Book) -> None:
    found = explain.large_policies(book, by=["district", "department"], period=SPAN, unit="D1")
    own = found.set_index("unit").loc["D1"]
    assert own[["large_cases", "large_premium"]].tolist() == [2, 112_000]
    even = explain.large_in_agents(found, unit="D1")
    # 56,000 over 12,737 an active agent without the two, of 165.3 heads.
    assert even["agents"] == pytest.approx(56_000 / ((1_742_300 - 112_000) / 128))
    assert even["activity_points"] == pytest.approx(even["agents"] / 165.3333, abs=1e-6)
    assert explain.large_in_agents(found, unit="D1/01").isna().all()
    assert explain.large_in_agents(pd.DataFrame(), unit="D1").isna().all()


STANDARD = """
[[standards]]
name = "group maintenance"
level = "group"
kind = "maintain"
months = 3
from = 2010-01-01
at_least = { premium_submitted = 8000 }
"""


def _people(count: int = 12) -> str:
    ranks = ["supervisor"] * 2 + ["agent"] * (count - 2)
    rows = [f"A{i} D1 0{1 + i % 2} {1 + i % 3} {ranks[i]} 2010-0{1 + i % 9}-03 -"
            for i in range(count)]  # fmt: skip
    return "agent_id district department group rank joined_on left_on\n" + "\n".join(rows)


def _policies(premium: Any, since: int = 2010) -> str:
    """Write one policy an agent and month of the premium that a function gives, or none."""
    rows = []
    for year in range(since, 2013):
        for month in range(1, 13):
            for agent in range(12):
                value = premium(year, month, agent)
                if value is not None:
                    day = f"{year}-{month:02d}"
                    rows.append(f"P{len(rows)} A{agent} {day}-10 {day}-12 {value}")
    return "policy_id agent_id submitted_on issued_on premium\n" + "\n".join(rows)


def _book(folder: Path, premium: Any, more: str = "", since: int = 2010) -> str:
    settings = SETTINGS.replace("2012-06-30", "2012-12-31") + more
    return str(tiny(folder, settings, agents=_people(), policies=_policies(premium, since)))


def test_standards_are_looked_up_for_the_unit_and_those_below(tmp_path: Path, book: Book) -> None:
    own = open_book(_book(tmp_path, lambda y, m, a: 1000 + a * 100, STANDARD))
    end = dt.date(2012, 12, 31)
    found = explain.standards_of(own, unit="D1/01", day=end)
    assert found["unit"].tolist() == ["D1/01/1", "D1/01/2", "D1/01/3"]
    risky = explain.at_risk(found)
    # Agents 0 and 6 of the first group: 3 x (1000 + 1600) = 7,800 of 8,000.
    assert risky[["unit", "have", "gap", "status"]].to_numpy().tolist() == [
        ["D1/01/1", 7_800, 200, "missed"],
    ]  # fmt: skip
    assert (
        explain.standards_of(own, unit="D1", day=dt.date(2013, 3, 31))["window"].iloc[0] == "2012Q4"
    )
    assert explain.standards_of(book, unit="D1", day=end).empty


# --- the questions


def _asked(**given: Any) -> list[explain.Question]:
    none = pd.DataFrame()
    frames = dict.fromkeys(
        ("units", "form", "newcomers", "alarms", "landing", "large", "standards", "best"), none
    )
    return explain.questions(**{"led": None, "unit": "D1", **frames, **given})


def test_every_question_comes_from_something_found() -> None:
    assert _asked() == []
    main = Cause("activity_rate", 0.3, 0.2, -90.0)
    led = Lead(100.0, 10.0, -90.0, -0.9, 5.0, 9.0, "rare", main, None)
    units = pd.DataFrame(
        {"unit": ["D1", "D1/1", "D1/2"], "state": "stayed", "before": 1.0, "after": 1.0,
         "change": [-90.0, 10, -100], "activity_rate": [-80.0, 0, -80], "size": [-10.0, 10, -20]}
    )  # fmt: skip
    form = pd.DataFrame(
        {"unit": ["D1", "D1/1", "D1/2"], "kpi": "premium_issued",
         "grade": ["worse", "short", "short"], "previous": 5.0, "value": 3.0, "limit": 1.0,
         "gap": [np.nan, -2, -3]}
    )  # fmt: skip
    newcomers = pd.DataFrame(
        {"unit": "D1", "kpi": ["confirmation_3m", "retention_3m"], "kept": [1.0, 9], "cohort": 20.0,
         "high": [0.24, 0.66]}
    )  # fmt: skip
    landing = pd.DataFrame(
        {"unit": ["D1", "D1/1", "D1/2"], "kpi": "premium_issued", "chance": [0.4, 0.1, 0.9],
         "landing": 5.0, "low": 4.0, "high": 6.0, "target": 7.0}
    )  # fmt: skip
    best = pd.DataFrame(
        {"kpi": ["activity_rate", "recruit_rate"], "unit": ["D1/1", "D1/2"], "mean": 0.4,
         "estimate": 0.3, "common": 0.2, "credibility": [0.2, 0.7]}
    )  # fmt: skip
    found = _asked(led=led, units=units, form=form, newcomers=newcomers, landing=landing, best=best)
    assert [one.key for one in found] == [
        "fallen", "unit", "worse", "short", "newcomers", "landing", "landing_units", "best",
    ]  # fmt: skip
    facts = {one.key: one.facts for one in found}
    assert (facts["unit"]["unit"], facts["unit"]["kpi"]) == ("D1/2", "activity_rate")
    assert (facts["short"]["units"], facts["short"]["gap"]) == ("D1/1, D1/2", (5.0, "kpi"))
    assert facts["newcomers"]["kpi"] == "confirmation_3m"
    assert facts["landing_units"]["units"] == "D1/1"
    assert facts["best"]["unit"] == "D1/2"
    unsure = _asked(best=best.assign(credibility=0.1))
    assert [one.key for one in unsure] == ["best_unsure"]
    for lang in words.LANGS:
        shown = quarter.questions([*found, *unsure], lang=lang, names={"D1/2": "TWO"})
        assert shown.data.shape == (9, 2)
        text = " ".join(shown.data.to_numpy().ravel())
        assert "TWO" in text
        assert not re.search(r"[{}]|\bnan\b|[a-z]_[a-z]", text)
        assert quarter.questions([], lang=lang).data.empty


def test_every_question_has_its_words_and_every_list_its_columns() -> None:
    keys = {"risen", "fallen", "against", "unit", "worse", "short", "newcomers", "alarm", "landing",
            "landing_units", "large", "standard", "best", "best_unsure"}  # fmt: skip
    for lang in words.LANGS:
        asked = words.table("quarter.ask", lang)
        assert keys == {key for key, value in asked.items() if isinstance(value, dict)}
        for name in quarter.LISTS:
            shown = quarter.listed(pd.DataFrame(), name, lang=lang, source=SOURCE)
            assert escape(words.text(f"quarter.none.{name}", lang)) in shown.html
            assert set(words.table(f"quarter.{name}", lang)) <= {"title", *quarter.LISTS[name]}


def test_the_meeting_looks_at_the_focus_of_the_source() -> None:
    focus = plan.meeting.meetings()["quarterly_review"].focus
    assert len(focus) == 9
    assert focus[0].names["en"] == "KPI of the quarter"
    assert "licensed_share" in [code for one in focus for code in one.kpis]


# --- the notebook itself, on books that are hard


NOTEBOOK = json.loads(bundle.notebook_path("quarterly_review").read_text(encoding="utf-8"))


def review(**parameters: str) -> str:
    """Run the notebook's cells in this process and give the text that a reader sees."""
    names: dict[str, Any] = {}
    seen = []
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            names |= parameters
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            for way in ("_repr_html_", "_repr_markdown_", "_repr_png_"):
                made = getattr(shown, way, lambda: None)()
                seen.append(made if isinstance(made, str) else "")
    plt.close("all")
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", "\n".join(seen), flags=re.DOTALL)


def _is_clean(text: str) -> bool:
    found = re.findall(r"\bnan\b|\binf\b|\bNone\b|\d\.\d{4,}|\*\*–", text)
    return not found


HARD = {
    "all zero": (lambda y, m, a: 0, 2010),
    "below zero": (lambda y, m, a: -900 if (y, m) >= (2012, 10) else 1000 + a, 2010),
    "always the same": (lambda y, m, a: 1000, 2010),
    "one month": (lambda y, m, a: 1000 if m == 12 else None, 2012),
    "idle at last": (lambda y, m, a: 1000 if (y, m) < (2012, 10) else None, 2010),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "lang"), list(zip(HARD, ["zh", "en", "zh", "en", "zh"], strict=True))
)
def test_the_review_of_a_hard_book_states_its_fallback(
    tmp_path: Path, name: str, lang: str
) -> None:
    premium, since = HARD[name]
    where = _book(tmp_path, premium, since=since)
    text = review(book=where, period="2012Q4", lang=lang)
    assert _is_clean(text)
    assert words.text("quarter.none.standards", lang) in text
    if name == "one month":
        assert words.text("quarter.none.landing", lang) in text
        assert words.text("quarter.none.alarms_unknown", lang) in text
    if name == "below zero":
        assert words.number(-32_400, "yuan", lang) in text
    if name == "all zero":
        assert words.text("quarter.lead.same", lang).rsplit("}", 1)[1] in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "given",
    [
        {"unit": "D1/03", "lang": "zh"},
        {"unit": "D1/03/01", "lang": "en"},
        {"period": "2012Q1", "lang": "en"},
        {"period": "2012Q4", "lang": "zh"},
        {"period": "2009Q4", "unit": "D1/03", "lang": "en"},
        {"book": "cases", "unit": "SN/D1", "lang": "zh"},
        {"beside": "target", "measure": "premium_issued", "lang": "en"},
    ],
    ids=str,
)
def test_the_review_of_other_units_and_periods_omits_in_words(given: dict[str, str]) -> None:
    text = review(**given)
    assert _is_clean(text)
    assert len(text) > 2_000
    refused = words.text("quarter.refused_driver_missing", given["lang"]).split("{")[0]
    assert (refused in text) == (given.get("period") == "2009Q4" or "book" in given)


@pytest.mark.slow
def test_warnings_of_standards_are_listed_and_asked_about(tmp_path: Path) -> None:
    where = _book(tmp_path, lambda y, m, a: 1000 + a * 100, STANDARD)
    text = review(book=where, period="2012Q4", lang="zh")
    assert words.text("quarter.none.standards", "zh") not in text
    assert text.count("group maintenance") == 2
    assert words.text("assess.missed", "zh") in text
    easy = _book(tmp_path / "easy", lambda y, m, a: 10_000, STANDARD)
    assert words.text("quarter.none.standards_met", "en") in review(
        book=easy, period="2012Q4", lang="en"
    )


def test_another_kind_of_period_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(PerfkitError, match="2012Q3"):
        report.run("quarterly_review", period="2012-09", lang="en", out=tmp_path)
    with pytest.raises(PerfkitError, match="2014Q1"):
        report.run("quarterly_review", period="2014Q1", lang="en", out=tmp_path)


@pytest.mark.slow
def test_the_report_tells_the_quarter_in_both_languages(tmp_path: Path) -> None:
    done = report.run("quarterly_review", lang="both", out=tmp_path)
    assert (done.exit_code, len(done.published)) == (0, 2)
    for lang in words.LANGS:
        page = (tmp_path / "2012Q3" / "quarterly_review" / f"D1.{lang}.html").read_text(
            encoding="utf-8"
        )
        assert words.number(669_098, "yuan", lang, signed=True) in page
        for name in ("form", "league", "alarms", "fired", "plan", "best", "ask"):
            assert words.text(f"quarter.{name}.title", lang).split("{")[0] in page
        assert page.count("<img") == 6
