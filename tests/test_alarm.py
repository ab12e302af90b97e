"""Early warning: the handbook's charts, false alarms and detections of simulated departments."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from books import SETTINGS, tiny

from perfkit import explain
from perfkit.book import open_book
from perfkit.book.settings import ALARMS
from perfkit.errors import PerfkitError, ReconcileError

NIST = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
WAFERS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15]
WAFERS += [9, 12, 7, 13, 9, 6]


def test_individuals_chart_of_the_handbook() -> None:
    # NIST/SEMATECH e-Handbook 6.3.2.2.
    found = explain.xmr(NIST)
    assert found["center"] == pytest.approx(50.81)
    assert found["range"] == pytest.approx(1.8778, abs=5e-5)
    assert [found["high"], found["low"]] == pytest.approx([55.8041, 45.8159], abs=5e-5)
    assert found["range_high"] == pytest.approx(3.267 * 1.8778, abs=2e-3)


def test_proportions_chart_of_the_handbook() -> None:
    # 30 wafers of 50 chips: .2313, limits .0524 and .4102 for heads that are independent coins.
    found = explain.p_prime(WAFERS, [50] * 30)
    assert found["center"] == pytest.approx(0.2313, abs=5e-5)
    reach = 3 * np.sqrt(found["center"] * (1 - found["center"]) / 50)
    assert found["center"] - reach == pytest.approx(0.0524, abs=1e-4)
    assert found["center"] + reach == pytest.approx(0.4102, abs=1e-4)


def test_the_deck_s_activity_flags_nothing_once_months_are_no_coins() -> None:
    # Month-end activity 41, 27, 23, 58, 40 %: sigma_z is 4.0, so July is no alarm.
    active = [57, 38, 35, 92, 63]
    heads = [139.0, 140.7, 152.2, 158.6, 157.5]
    found = explain.p_prime(active, heads, least=5)
    assert found["sigma_z"] == pytest.approx(4.0, abs=0.35)
    with pytest.raises(ReconcileError, match="8"):
        explain.p_prime(active, heads)
    with pytest.raises(ReconcileError, match="8"):
        explain.xmr([71.6, 26.8, 59.0, 76.8, 53.6])


def periods(count: int) -> list[str]:
    return [f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(count)]


def department(unit: str, counts: np.ndarray, heads: float) -> pd.DataFrame:
    frame = pd.DataFrame({"unit": unit, "kpi": "activity_rate", "period": periods(len(counts))})
    return frame.assign(numerator=counts, denominator=heads, value=counts / heads)


def departments(counts: np.ndarray, heads: float) -> pd.DataFrame:
    parts = [department(f"D/{i}", own.astype(float), heads) for i, own in enumerate(counts)]
    return pd.concat(parts, ignore_index=True)


def test_six_healthy_departments_raise_few_red_alarms_in_a_year(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(20120911)
    years, red, yellow = 40, 0, 0
    for _ in range(years):
        frame = departments(rng.binomial(50, 0.3, (6, 24)), 50)
        for code in periods(24)[12:]:
            seen = explain.watch_history(frame, period=code)
            red += int(((seen["level"] == "red") & seen["worse"]).sum())
            yellow += int(((seen["level"] == "yellow") & seen["worse"]).sum())
    with capsys.disabled():
        sys.stdout.write(f"\nred {red / years:.2f}, yellow {yellow / years:.2f} a year\n")
    assert red / years <= 1.5
    assert yellow > 0


def detected(heads: int, runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(runs):
        past = rng.binomial(heads, 0.3, 12)
        fallen = rng.binomial(heads, 0.15, 2)
        frame = department("D/1", np.concatenate([past, fallen]).astype(float), heads)
        seen = [explain.watch_history(frame, period=code) for code in periods(14)[12:]]
        hits += any(
            s["level"].iloc[0] in {"yellow", "red"} and s["side"].iloc[0] == "low" for s in seen
        )
    return hits / runs


def test_a_department_that_falls_to_half_is_seen_within_two_months(
    capsys: pytest.CaptureFixture[str],
) -> None:
    large, small = detected(50, 300, 1), detected(29, 300, 2)
    with capsys.disabled():  # 29 heads have no bar, only a figure
        sys.stdout.write(f"\nseen within two months: {large:.0%} of 50 heads, {small:.0%} of 29\n")
    assert large >= 0.8
    assert small < large


def test_rates_get_limits_of_their_own_size_and_evidence() -> None:
    counts = np.array([15, 16, 14, 15, 13, 17, 15, 15, 3.0])
    seen = explain.watch_history(department("D/1", counts, 50), period=periods(9)[8]).iloc[0]
    # center .3, a past no more uneven than chance: .3 - 1.96 x .0648 and .3 - 3.09 x .0648.
    assert seen["center"] == pytest.approx(0.3)
    assert seen["yellow_low"] == pytest.approx(0.3 - 1.959964 * np.sqrt(0.21 / 50))
    assert seen["red_low"] == pytest.approx(0.3 - 3.090232 * np.sqrt(0.21 / 50))
    assert seen[["level", "side", "note"]].tolist() == ["red", "low", "provisional"]
    assert seen[["n", "periods"]].tolist() == [50, 8]


def test_many_units_are_held_to_the_control_of_false_discoveries() -> None:
    counts = np.full((60, 9), 15)
    counts[:, ::2] = 16
    counts[0, 8] = 5  # p about .002: an alarm in one department, chance in sixty
    alone = explain.watch_history(departments(counts[:1], 50), period=periods(9)[8])
    among = explain.watch_history(departments(counts, 50), period=periods(9)[8])
    assert alone["level"].iloc[0] == "red"
    assert among["level"].iloc[0] == "yellow"


def test_the_good_side_is_no_alarm_and_a_falling_kpi_turns_it_round() -> None:
    counts = np.array([15, 16, 14, 15, 13, 17, 15, 15, 35.0])
    frame = department("D/1", counts, 50)
    assert explain.raise_once(explain.watch_history(frame, period=periods(9)[8])).empty
    frame = frame.assign(kpi="attrition_rate")
    assert len(explain.raise_once(explain.watch_history(frame, period=periods(9)[8]))) == 1


def test_without_a_past_or_a_value_it_says_so_and_raises_nothing() -> None:
    frame = department("D/1", np.array([15.0, 0.0]), 50)
    seen = explain.watch_history(frame, period=periods(2)[1])
    assert seen[["level", "note"]].to_numpy().tolist() == [["unknown", "few_points"]]
    lost = department("D/1", np.append(np.full(9, 15.0), np.nan), 50)
    seen = explain.watch_history(lost, period=periods(10)[9])
    assert seen[["level", "note"]].to_numpy().tolist() == [["unknown", "no_value"]]
    assert explain.raise_once(seen).empty
    with pytest.raises(ReconcileError, match="twice"):
        explain.watch_history(pd.concat([lost, lost]), period=periods(10)[9])


def test_nothing_ever_moved() -> None:
    zero = pd.DataFrame({"unit": "D", "kpi": "cases", "period": periods(9), "value": 0.0})
    assert explain.watch_history(zero, period=periods(9)[8])["level"].tolist() == ["none"]
    zero.loc[8, "value"] = -3.0
    seen = explain.watch_history(zero, period=periods(9)[8])
    assert seen[["level", "side"]].to_numpy().tolist() == [["red", "low"]]


def test_an_alarm_is_raised_once_and_again_when_it_gets_worse() -> None:
    values = [50.0, 52, 49, 51, 50, 52, 48, 50, 45, 44.5, 20, 50]
    frame = pd.DataFrame({"unit": "D", "kpi": "cases", "period": periods(12), "value": values})
    last, told = None, []
    for code in periods(12)[8:]:
        last = explain.raise_once(explain.watch_history(frame, period=code), last)
        told.append(last[["level", "since", "new"]].to_numpy().tolist())
    assert told == [
        [["yellow", "2010-09", True]],
        [["yellow", "2010-09", False]],
        [["red", "2010-09", True]],
        [],
    ]
    tried = explain.backtest(frame).iloc[0]
    assert tried[["tested", "yellow", "red", "raised"]].tolist() == [4, 2, 1, 2]
    assert tried["a_year"] == 6


def test_units_against_each_other_and_landings() -> None:
    rows = {"unit": list("abc"), "numerator": [4.0, 30, 0], "denominator": [50.0, 60, 0]}
    frame = pd.DataFrame(rows).assign(kpi="activity_rate", period="2012-09")
    seen = explain.watch_units(frame)
    assert seen["level"].tolist() == ["red", "yellow", "unknown"]
    assert seen["worse"].tolist() == [True, False, False]
    assert explain.watch_units(frame.iloc[2:])["level"].tolist() == ["unknown"]
    landing = pd.DataFrame(
        {"unit": list("abc"), "kpi": "cases", "period": "2012-09", "landing": [5.0, 6.0, np.nan],
         "low": 4.0, "high": 8.0, "target": 7.0, "chance": [0.1, 0.4, np.nan], "periods": 12}
    )  # fmt: skip
    seen = explain.watch_landing(landing)
    assert seen["level"].tolist() == ["yellow", "none", "unknown"]
    assert len(explain.raise_once(seen)) == 1


def test_below_plan_is_a_status_not_an_alarm() -> None:
    frame = pd.DataFrame(
        {"unit": "D", "kpi": ["cases", "attrition_rate", "cases"], "period": "2012-09",
         "value": [60.0, 0.02, np.nan], "target": [86.0, 0.03, 1.0]}
    )  # fmt: skip
    assert explain.plan_status(frame)["status"].tolist() == ["short", "reached", "unknown"]


@pytest.mark.parametrize(
    "line",
    [
        "yellow = 0.999",
        "red = 1",
        "yelow = 0.9",
        "min_points = 1",
        'red = "x"',
        "landing_red = 0.3",
    ],
)
def test_thresholds_come_from_the_book_and_are_checked(tmp_path: Path, line: str) -> None:
    with pytest.raises(PerfkitError, match="alarms"):
        open_book(tiny(tmp_path, SETTINGS + f"[alarms]\n{line}\n"))


def test_a_book_may_set_some_thresholds(tmp_path: Path) -> None:
    book = open_book(tiny(tmp_path, SETTINGS + "[alarms]\nred = 0.99\n"))
    assert book.settings.alarms == {**ALARMS, "red": 0.99}
    assert dict(open_book("district_one").settings.alarms) == ALARMS


def past(values: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"unit": "D", "kpi": "cases", "period": periods(len(values)), "value": values}
    )


def test_a_new_rule_is_tried_on_the_past_before_it_is_kept(tmp_path: Path) -> None:
    more = "[alarms]\n# as the district agreed\nmin_points = 8 # periods\n\n[variants]\n"
    folder = tiny(tmp_path, SETTINGS + more)
    book = open_book(folder)
    frame = past([50.0, 52, 49, 51, 50, 52, 48, 50, 46, 50, 51, 50])
    rule = explain.try_rule(frame, {"yellow": 0.99, "red": 0.999}, alarms=book.settings.alarms)
    told = rule.fired.iloc[0]
    assert told[["tested", "raised", "now_raised"]].tolist() == [4, 0, 1]
    assert told[["a_year", "now_a_year"]].tolist() == [0, 3]
    assert book.settings.alarms == ALARMS  # trying changes nothing
    before = (folder / "book.toml").read_text(encoding="utf-8")
    explain.save_rule(book, rule)
    after = (folder / "book.toml").read_text(encoding="utf-8")
    assert set(after.splitlines()) - set(before.splitlines()) == {"yellow = 0.99", "red = 0.999"}
    assert set(before.splitlines()) <= set(after.splitlines())
    assert open_book(folder).settings.alarms == {**ALARMS, "yellow": 0.99, "red": 0.999}
    back = explain.try_rule(frame, {"yellow": 0.95, "min_points": 6}, alarms=rule.alarms)
    explain.save_rule(open_book(folder), back)
    kept = open_book(folder).settings.alarms
    assert kept == {**ALARMS, "red": 0.999, "min_points": 6}
    assert "min_points = 6 # periods" in (folder / "book.toml").read_text(encoding="utf-8")


def test_a_rule_is_written_where_none_was_and_refused_where_it_cannot_be(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "a")
    frame = past([50.0, 52, 49, 51, 50, 52, 48, 50, 46])
    rule = explain.try_rule(frame, {"red": 0.99})
    explain.save_rule(open_book(folder), rule)
    assert open_book(folder).settings.alarms == {**ALARMS, "red": 0.99}
    for changes in ({"yellow": 0.999}, {"yelow": 0.9}, {"min_points": 1}):
        with pytest.raises(PerfkitError, match="alarms"):
            explain.try_rule(frame, changes)
    with pytest.raises(PerfkitError, match="district_one"):
        explain.save_rule(open_book("district_one"), rule)
    inline = tiny(tmp_path / "b", "alarms = { red = 0.99 }\n" + SETTINGS)
    said = (inline / "book.toml").read_bytes()
    with pytest.raises(PerfkitError, match="alarms"):
        explain.save_rule(open_book(inline), explain.try_rule(frame, {"red": 0.997}))
    assert (inline / "book.toml").read_bytes() == said


def test_a_landing_of_what_should_fall_warns_of_the_other_side() -> None:
    row = {"unit": "D", "kpi": "premium_cancelled", "period": "2012-09", "landing": 9.0}
    row |= {"low": 7.0, "high": 11.0, "target": 5.0, "chance": 0.97, "periods": 20}
    seen = explain.watch_landing(pd.DataFrame([row])).iloc[0]
    assert seen[["level", "side", "worse"]].tolist() == ["red", "high", True]
    below = explain.watch_landing(pd.DataFrame([row | {"landing": 2.0, "chance": 0.02}])).iloc[0]
    assert below[["level", "worse"]].tolist() == ["none", False]
