"""What holds of any book: parts make their whole, order and names mean nothing, inputs stay."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path

import books
import numpy as np
import pandas as pd
import pytest

from perfkit import kpi, org
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.book.sample import write_sample

SETTINGS = books.SETTINGS.replace(
    "supervisor = true\n",
    "supervisor = true\nsenior_supervisor = true\ndepartment_manager = true\n",
).replace("agent = false\n", "trainee = false\nagent = false\nquasi_supervisor = false\n")

# Plain sums of flows and movements, and stocks on a day: what a whole has, its parts have.
FLOWS = [
    "recruits",
    "leavers",
    "headcount_net_growth",
    "cases",
    "premium_submitted",
    "premium_issued",
    "premium_cancelled",
    "premium_net",
    "standard_premium_submitted",
    "standard_premium_issued",
    "fyc",
    "large_policy_count",
    "large_policy_premium",
    "fyc_trainee",
    "fyc_agent",
    "fyc_supervisor",
    "fyc_senior_supervisor",
    "fyc_department_manager",
    "visits",
    "new_prospects",
    "events_attended",
    "seminar_and_class_attendance",
    "seminar_attendance",
    "class_attendance",
    "candidates_signed",
    "candidates_licensed",
    "recruits_direct",
    "recruits_indirect",
    "recruits_unassigned",
    "promotions",
    "promotions_supervisor",
    "promotions_senior_supervisor",
    "promotions_department_manager",
    "groups_promoted",
]
STOCKS = ["headcount_opening", "headcount_closing", "headcount_average", "supervisors"]
STOCKS += ["regular_agents", "candidates_open", "quasi_supervisors", "headcount_supervisor"]
PERIODS = ["2011-10", "2012-02", "2012Q1", "2012-05:ytd", "2012-02-10..2012-03-28", "2011"]


def tables() -> dict[str, books.Table]:
    """Draw a district of four departments: 60 agents, their moves and 600 policies."""
    rng = np.random.default_rng(11)

    def day(low: int, high: int) -> str:
        stamp = pd.Timestamp("2011-01-01") + pd.Timedelta(days=int(rng.integers(low, high)))
        return f"{stamp:%Y-%m-%d}"

    def place() -> list[str]:
        return ["D1", f"0{rng.integers(1, 5)}", f"{rng.integers(1, 4)}"]

    def rank() -> str:
        if rng.random() < 0.6:
            return "agent"
        others = ["trainee", "quasi_supervisor", "supervisor", "senior_supervisor"]
        return str(rng.choice([*others, "department_manager"]))

    agents = [["agent_id", "district", "department", "group", "rank", "joined_on", "left_on",
               "confirmed_on", "recruiter_id"]]  # fmt: skip
    moves = [["agent_id", "on", "district", "department", "group", "rank"]]
    for i in range(60):
        left = day(300, 540) if rng.random() < 0.3 else ""
        known = [day(200, 500), f"A{rng.integers(60)}" if i % 3 else ""]
        agents.append([f"A{i}", *place(), rank(), day(0, 300), left, *known])
        moves += [[f"A{i}", day(n, n + 100), *place(), rank()] for n in (300, 400)]
    policies = [
        ["policy_id", "agent_id", "submitted_on", "issued_on", "premium", "standard_premium",
         "fyc", "cancelled_on"]
    ]  # fmt: skip
    for i in range(600):
        n = int(rng.integers(0, 520))
        issued = day(n, n + 10) if rng.random() < 0.9 else ""
        cancelled = day(n + 10, n + 20) if issued and rng.random() < 0.1 else ""
        premium = int(rng.lognormal(8.5, 1.2) * 100) / 100
        row = [f"P{i}", f"A{rng.integers(50)}", day(n, n + 1), issued]
        policies.append(
            [*row, f"{premium:.2f}", f"{premium / 2:.2f}", f"{premium / 10:.2f}", cancelled]
        )
    policies = [p for p in policies if not p[3] or p[3] == "issued_on" or p[3] >= p[2]]
    return {"agents": agents, "moves": moves, "policies": policies, **activity(rng, day)}


def activity(rng: np.random.Generator, day: Callable[[int, int], str]) -> dict[str, books.Table]:
    """Draw daily records and candidates."""
    columns = ["attended", "visits", "prospects", "new_prospects", "events"]
    daily = [["agent_id", "date", *columns]]
    daily += [
        [f"A{i}", day(n, n + 1), *(str(rng.integers(2)) for _ in columns)]
        for i in range(60)
        for n in range(i, 520, 17)
    ]
    recruits = [["candidate_id", "recruiter_id", "listed_on", "seminar_on", "class_on",
                 "signed_on", "licensed_on", "dropped_on"]]  # fmt: skip
    for i in range(90):
        dates = [day(n, n + 60) if rng.random() < 0.7 else "" for n in range(0, 360, 60)]
        recruits.append([f"C{i}", f"A{rng.integers(60)}", *dates])
    return {"daily": daily, "recruits": recruits}


@pytest.fixture(scope="module")
def facts() -> dict[str, books.Table]:
    return tables()


@pytest.fixture(scope="module")
def book(facts: dict[str, books.Table], tmp_path_factory: pytest.TempPathFactory) -> Book:
    return open_book(books.write(tmp_path_factory.mktemp("b"), facts, SETTINGS))


def wide(found: pd.DataFrame) -> pd.DataFrame:
    return found.pivot(index=["unit", "period"], columns="kpi", values="value")


def test_the_lists_of_this_file_hold_every_additive_kpi() -> None:
    """A plain sum of additive measures of the catalogue is tested here, whatever its name."""
    additive = [
        code
        for code, one in kpi.catalogue().items()
        if not (one.denominator or one.relation or one.recorded)
        and all(kpi.measures()[m].additive for m in one.measures())
    ]
    assert sorted(FLOWS) == sorted(additive)


@pytest.mark.parametrize("fine", ["department", "group", "agent"])
def test_parts_add_up_to_their_whole(book: Book, fine: str) -> None:
    codes = [*FLOWS, *STOCKS, "transfers_net"]
    parts = wide(kpi.measure(book, codes, by=fine, period=PERIODS)).reset_index()
    for coarse in org.levels_from("district")[: org.levels_from("district").index(fine)]:
        whole = wide(kpi.measure(book, codes, by=coarse, period=PERIODS))
        place = parts["unit"].map(lambda u, to=coarse: org.at_level(u, to, "district"))
        summed = parts.assign(unit=place).groupby(["unit", "period"])[list(whole)].sum()
        pd.testing.assert_frame_equal(
            summed.loc[whole.index], whole, check_names=False, rtol=1e-12, atol=1e-9
        )
        assert whole["premium_submitted"].sum() > 0


def test_agents_of_today_add_up_to_every_level_of_today(book: Book) -> None:
    """In today's organisation each agent has one place, so agents add up everywhere."""
    codes = [*FLOWS, *STOCKS, "active_agents", "ten_k_agents", "supervisors_active"]
    agents = wide(kpi.measure(book, codes, by="agent", period=PERIODS, org_as="now")).reset_index()
    for coarse in ("group", "department", "district"):
        whole = wide(kpi.measure(book, codes, by=coarse, period=PERIODS, org_as="now"))
        place = agents["unit"].map(lambda u, to=coarse: org.at_level(u, to, "district"))
        grouped = agents.assign(unit=place).groupby(["unit", "period"])[list(whole)]
        summed = grouped.sum(min_count=1)
        pd.testing.assert_frame_equal(
            summed.loc[whole.index], whole, check_names=False, rtol=1e-12, atol=1e-9
        )


def test_months_add_up_to_longer_spans_for_flows(book: Book) -> None:
    for whole in ("2012Q1", "2011", "2012-05:ytd", "2011-11..2012-02"):
        months = [month.code for month in spans.months(spans.parse(whole))]
        by_month = kpi.measure(book, FLOWS, by="department", period=months)
        summed = by_month.groupby(["unit", "kpi"])["value"].sum()
        once = kpi.measure(book, FLOWS, by="department", period=whole)
        once = once.set_index(["unit", "kpi"])["value"].sort_index()
        pd.testing.assert_series_equal(summed, once, rtol=1e-12, atol=1e-9)


def test_days_add_up_to_their_month_for_flows(book: Book) -> None:
    days = [f"2012-02-{d:02d}" for d in range(1, 30)]
    by_day = kpi.measure(book, FLOWS, by="district", period=days).groupby("kpi")["value"].sum()
    once = kpi.measure(book, FLOWS, by="district", period="2012-02").set_index("kpi")["value"]
    assert by_day.to_dict() == pytest.approx(once.to_dict(), rel=1e-12, abs=1e-9)


def test_asking_for_less_or_more_changes_no_number(book: Book) -> None:
    every = kpi.measure(book, by="group", period=PERIODS)
    for code in ("tier_high_premium_share", "supervisor_activity_rate", "leavers"):
        for span in PERIODS[:3]:
            alone = kpi.measure(book, [code], by="group", period=span)
            same = every[(every["kpi"] == code) & (every["period"] == span)]
            # Every KPI together also lists units that only wrote, or only held people.
            same = same[same["unit"].isin(alone["unit"])].reset_index(drop=True)
            pd.testing.assert_frame_equal(alone, same, check_exact=True)


def test_the_order_of_rows_and_columns_means_nothing(
    book: Book, facts: dict[str, books.Table], tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    mixed = {}
    for name, (head, *rows) in facts.items():
        columns = rng.permutation(len(head))
        shuffled = [head, *(rows[i] for i in rng.permutation(len(rows)))]
        mixed[name] = [[row[c] for c in columns] for row in shuffled]
    other = open_book(books.write(tmp_path / "b", mixed, SETTINGS))
    assert other.fingerprint != book.fingerprint
    frames = [kpi.measure(b, by="group", period=PERIODS) for b in (book, other)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def test_asking_twice_gives_the_same_frame(book: Book) -> None:
    frames = [kpi.measure(book, by="group", period=PERIODS) for _ in range(2)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.parametrize("engine", ["duckdb", "polars", "pandas"])
def test_no_call_changes_what_it_was_given(
    facts: dict[str, books.Table], tmp_path: Path, engine: str
) -> None:
    held = {"targets": books.table("unit_id period kpi version value\nD1 2012-02 cases plan 9")}
    folder = books.write(tmp_path / "b", {**facts, **held}, SETTINGS)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    book = open_book(folder, engine_name=engine)
    settings = copy.deepcopy(dataclasses.asdict(book.settings))
    before = {name: book.backend.home(table) for name, table in book.tables.items()}
    codes, periods, variants = ["cases", "activity_rate"], ["2012-02"], {"cases": "issued"}

    kpi.measure(book, codes, by="department", period=periods, variants=variants)
    kpi.measure(book, by="agent", period=PERIODS, org_as="now")
    kpi.curve(book, codes, by="district", period="2012-02", variants=variants)
    kpi.distribution(book, "cases", by="agent", period="2012-02")
    assert kpi.targets(book, "cases", by="district", period="2012-02")["target"].tolist() == [9.0]
    kpi.computable(book), kpi.units(book)

    assert (codes, periods, variants) == (
        ["cases", "activity_rate"],
        ["2012-02"],
        {"cases": "issued"},
    )
    assert dataclasses.asdict(book.settings) == settings
    assert set(before) == {"agents", "moves", "policies", "targets", "daily", "recruits"}
    for name, frame in before.items():
        pd.testing.assert_frame_equal(book.backend.home(book.tables[name]), frame)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


def test_nothing_kept_is_left_in_the_engine(book: Book) -> None:
    connection = book.backend.connection  # type: ignore[attr-defined]
    kpi.measure(book, by="agent", period=PERIODS)
    names = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    assert {n for n in names if n.startswith("kept")} == set()


def test_renaming_units_renames_results_only(
    book: Book, facts: dict[str, books.Table], tmp_path: Path
) -> None:
    """The new codes stand in another order, so that nothing can rest on the order of names."""
    new = {"01": "west", "02": "south", "03": "north", "04": "east"}
    renamed = {
        name: [[new.get(cell, cell) for cell in row] for row in rows]
        for name, rows in facts.items()
    }
    other = open_book(books.write(tmp_path / "b", renamed, SETTINGS))
    for by in ("department", "group"):
        was = kpi.measure(book, by=by, period=PERIODS)
        now = kpi.measure(other, by=by, period=PERIODS)
        parts = was["unit"].str.split("/")
        was["unit"] = ["/".join([p[0], new[p[1]], *p[2:]]) for p in parts]
        keys = ["unit", "period", "kpi"]
        pd.testing.assert_frame_equal(
            was.sort_values(keys, ignore_index=True),
            now.sort_values(keys, ignore_index=True),
            check_exact=True,
        )


def test_deleting_a_policy_takes_exactly_its_premium_from_its_month(
    book: Book, facts: dict[str, books.Table], tmp_path: Path
) -> None:
    months = [m.code for m in spans.months(spans.parse("2011-01..2012-06"))]

    def measured(b: Book) -> pd.Series:
        codes = ["premium_submitted", "cases"]
        found = kpi.measure(b, codes, by="district", period=months)
        return found.set_index(["kpi", "period"])["value"]

    before = measured(book)
    head, *rows = facts["policies"]
    for n in (0, len(rows) // 2, len(rows) - 1):
        gone = rows[n]
        left = {**facts, "policies": [head, *rows[:n], *rows[n + 1 :]]}
        other = open_book(books.write(tmp_path / str(n), left, SETTINGS))
        change = (before - measured(other)).round(6)
        change = change[change != 0].to_dict()
        month = gone[2][:7]
        assert change == {
            ("premium_submitted", month): pytest.approx(float(gone[4])),
            ("cases", month): 1.0,
        }


def test_a_closing_is_the_next_opening_at_every_level(book: Book) -> None:
    months = [m.code for m in spans.months(spans.parse("2011-01..2012-06"))]
    for by in ("district", "department", "group", "agent"):
        codes = ["headcount_opening", "headcount_closing", "recruits", "leavers", "transfers_net"]
        held = wide(kpi.measure(book, codes, by=by, period=months)).unstack("period", fill_value=0)
        closing, opening = held["headcount_closing"], held["headcount_opening"]
        pd.testing.assert_frame_equal(
            closing[months[:-1]].set_axis(months[1:], axis=1),
            opening[months[1:]],
            check_names=False,
        )
        flow = held["recruits"] - held["leavers"] + held["transfers_net"]
        pd.testing.assert_frame_equal(opening + flow, closing)


def test_the_identity_of_premium_holds_everywhere(book: Book) -> None:
    """Premium = headcount x activity rate x cases per active agent x average case size."""
    found = wide(kpi.measure(book, by="group", period=PERIODS))
    some = found[(found["cases"] > 0) & (found["headcount_average"] > 0)]
    assert len(some) > 30
    product = (
        some["headcount_average"]
        * some["activity_rate"]
        * some["cases_per_active"]
        * some["average_case_size"]
    )
    assert product.tolist() == pytest.approx(some["premium_submitted"].tolist(), rel=1e-9)


def test_tiers_share_out_who_wrote(book: Book) -> None:
    """Every agent with premium in a month is in exactly one tier of it."""
    codes = ["tier_high_agents", "tier_near_high_agents", "tier_ordinary_agents"]
    mean = {"active_agents": "by_amount"}
    for span in ("2011-10", "2012-02"):
        found = kpi.measure(book, [*codes, "active_agents"], by="group", period=span, variants=mean)
        held = wide(found)
        assert held[codes].sum(axis=1).tolist() == held["active_agents"].tolist()
        assert held["active_agents"].sum() > 5


def test_premium_stands_at_the_unit_of_the_day_in_a_force_of_thousands(tmp_path: Path) -> None:
    """Small numbers fit everywhere; the keys of thousands of agents and days do not."""
    made = write_sample(tmp_path / "b", agents=3000, policies=9000, months=6, seed=5)
    book = open_book(made)
    agents, moves, policies = (
        pd.read_csv(made / f"{name}.csv", dtype=str) for name in ("agents", "moves", "policies")
    )
    levels = list(book.levels)
    first = agents.assign(on=agents["joined_on"])
    spells = pd.concat([first, moves])[["agent_id", "on", *levels]]
    spells["on"] = pd.to_datetime(spells["on"])
    policies["on"] = pd.to_datetime(policies["submitted_on"])
    placed = pd.merge_asof(
        policies.sort_values("on"), spells.sort_values("on"), on="on", by="agent_id"
    )
    early = placed[levels[0]].isna()  # written before the first day: the first unit has it
    home = spells.sort_values("on").drop_duplicates("agent_id").set_index("agent_id")
    for level in levels:
        placed.loc[early, level] = placed.loc[early, "agent_id"].map(home[level])
    placed["unit"] = placed[levels].agg("/".join, axis=1)
    placed["period"] = placed["on"].dt.strftime("%Y-%m")
    expected = placed.groupby(["unit", "period"])["premium"].agg(lambda p: p.astype(float).sum())
    periods = sorted(placed["period"].unique())
    got = kpi.measure(book, ["premium_submitted"], by=levels[-1], period=periods)
    found = got.set_index(["unit", "period"])["value"]
    found = found[found != 0]
    assert len(moves) > 500
    pd.testing.assert_series_equal(found, expected[expected != 0], check_names=False)
    whole = kpi.measure(book, ["premium_submitted"], by="agent", period=periods)
    assert whole["value"].sum() == pytest.approx(expected.sum())
