"""A masked book gives the same KPIs; nothing of the original's codes and names is left in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import books
import numpy as np
import pandas as pd
import pytest

from perfkit import cli, kpi
from perfkit.book import Book, open_book
from perfkit.book.mask import Masked, mask
from perfkit.book.sample import write_sample
from perfkit.errors import PerfkitError

SETTINGS = """
# Kept by Wang of Yinhe branch
name = "yinhe_2012"
root = "branch"
as_of = 2012-06-17
currency = "CNY"
roster_from = 2011-01-01
[title]
en = "Yinhe branch"
zh = "银河分公司"
[ranks]
agent = false
supervisor = true
[rules]
stage = "issued"
[thresholds]
large_policy = 50000
ten_k = 10000
effective = 5000
tier_high = 13000
tier_near_high = 6600
[units."YH"]
en = "Yinhe"
zh = "银河"
[units."YH/QX"]
en = "Qixing district"
zh = "七星区"
[units."YH/ZZ9/WX01"]
en = "Wuxing"
zh = "五星部"
"""
WORDS = ["Yinhe", "yinhe", "银河", "Qixing", "七星", "Wuxing", "五星", "Wang", "FULI-8", "ledger77"]


def _branch(folder: Path, seed: int = 5) -> Path:
    """Write a branch of three districts; one closes, people come, go and move, cohorts mature."""
    rng = np.random.default_rng(seed)

    def day(low: str, high: str) -> str:
        first, last = (dt.date.fromisoformat(d).toordinal() for d in (low, high))
        return dt.date.fromordinal(int(rng.integers(first, last + 1))).isoformat()

    def place(closed: bool) -> list[str]:
        district = ["QX", "ZZ9", "HG"][rng.integers(2 if closed else 3)]
        return ["YH", district, f"WX0{rng.integers(1, 4)}", f"ZU{rng.integers(1, 3)}"]

    levels = ["branch", "district", "department", "group"]
    agents = [["agent_id", *levels, "rank", "segment", "joined_on", "confirmed_on", "left_on",
               "licensed_on", "recruiter_id"]]  # fmt: skip
    moves = [["agent_id", "on", *levels, "rank"]]
    policies = [["policy_id", "agent_id", "product", "pay_years", "submitted_on", "issued_on",
                 "premium", "standard_premium", "fyc", "cancelled_on", "lapsed_on"]]  # fmt: skip
    for i in range(240):
        home = place(closed=False)
        joined = day("2010-11-01", "2012-06-16")
        later = [day(joined, "2012-08-01") for _ in range(3)]
        confirmed = later[0] if rng.random() < 0.6 else ""
        left = max(later[1], (dt.date.fromisoformat(joined) + dt.timedelta(1)).isoformat())
        left = left if rng.random() < 0.5 else ""
        if i % 7 == 0:  # confirmed and gone on the very day of maturity
            confirmed = f"{int(joined[:4]) + 1}{joined[4:]}".replace("02-29", "02-28")
        recruiter = f"GH{rng.integers(max(i, 1)):05d}" if i else ""
        agents.append([f"GH{i:05d}", *home, "agent", "urban", joined, confirmed, left,
                       day("2010-10-01", joined), recruiter])  # fmt: skip
        moves += [[f"GH{i:05d}", "2012-03-01", *place(closed=True), "agent"]] * (home[1] == "HG")
        on = day("2011-06-01", "2012-02-20")
        moves += [[f"GH{i:05d}", on, *place(closed=False), "supervisor"]] * (rng.random() < 0.3)
        for _ in range(rng.integers(12)):
            submitted = day(joined, min(left or "2012-06-17", "2012-06-17"))
            issued = day(submitted, "2012-06-17")
            gone = [day(issued, "2012-06-17") if rng.random() < p else "" for p in (0.1, 0.3)]
            premium = int(rng.lognormal(8.5, 1.2) * 100) / 100
            policies.append([f"BD-{len(policies):06d}", f"GH{i:05d}", "FULI-8", "10", submitted,
                             issued, f"{premium:.2f}", f"{premium / 2:.2f}", f"{premium / 9:.2f}",
                             *gone])  # fmt: skip
    small = {
        "targets": "unit_id period kpi version value state\n"
        "YH 2012 premium_issued plan 900000 approved\n"
        "YH/QX/WX01 2012-05 premium_issued plan 80000 draft\n"
        "YH/QX/WX01 2012-05 premium_issued QX-second 90000 draft\n"
        "YH/QX/WX01/ZU1/GH00003 2012-05 premium_issued plan 800 draft",
        "control": "unit_id period kpi value source\nYH/QX 2012-05 premium_issued 1.5 ledger77",
        "recruits": "candidate_id recruiter_id signed_on\nCAND1 GH00001 2012-05-02",
        "daily": "agent_id date visits\nGH00001 2012-05-02 3",
        "observations": "unit_id start end measure value basis\n"
        "YH/QX 2012-05-01 2012-05-31 activity_rate_printed 0.41 printed",
        "renewals": "policy_id policy_year due_on paid_on amount_due amount_paid\n"
        "BD-000001 2 2012-05-01 2012-05-03 10.10 10.10",
    }
    tables = {"agents": agents, "moves": moves, "policies": policies, **small}
    return books.write(folder, tables, SETTINGS)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, Masked]:
    root = tmp_path_factory.mktemp("masked")
    book = _branch(root / "book")
    return open_book(book), mask(book, root / "copy", seed=3)


def _months(book: Book) -> list[str]:
    months = [str(m) for m in pd.period_range(book.facts_from, book.as_of, freq="M")]
    years = sorted({m[:4] for m in months})
    return [*months, *(f"{y}Q{q}" for y in years for q in (1, 2, 3, 4)), *years]


def _same(before: Book, after: Book, units: dict[str, str]) -> int:
    """Hold every KPI, in every variant, of every month, quarter and year against its copy."""
    count = 0
    codes = kpi.computable(before)
    assert kpi.computable(after) == codes
    printed = before.has("observations")
    names = {c: [n for n in kpi.kpi(c).names if printed or n != "printed"] for c in codes}
    rounds = [(number, "was") for number in range(max(map(len, names.values())))]
    for number, org_as in [*rounds, (0, "now")]:
        chosen = {c: own[number] for c, own in names.items() if number < len(own)}
        chosen = {c: v for c, v in chosen.items() if v != "printed" or c == "activity_rate"}
        asked = {"by": list(before.levels), "period": _months(before), "org_as": org_as}
        one, other = (kpi.grid(b, list(chosen), variants=chosen, **asked) for b in (before, after))
        one["unit"] = one["unit"].map(units)
        keys = ["unit", "level", "period"]
        one, other = (f.sort_values(keys, ignore_index=True) for f in (one, other))
        # Units add up in another order, so averages may differ in their last binary digit.
        pd.testing.assert_frame_equal(one, other, rtol=1e-12, atol=1e-12)
        count += int(one[list(chosen)].notna().sum().sum())
    return count


def test_every_kpi_of_months_quarters_and_years_is_unchanged(sides: tuple[Book, Masked]) -> None:
    book, made = sides
    assert book.levels == ("branch", "district", "department", "group")
    assert _same(book, open_book(made.path), dict(made.units)) > 50_000


def test_the_sample_district_masked_has_its_own_numbers(tmp_path: Path) -> None:
    made = mask("district_one", tmp_path / "copy", seed=11)
    assert _same(open_book("district_one"), open_book(made.path), dict(made.units)) > 50_000


def test_a_branch_of_the_generator_masked_has_its_own_numbers(tmp_path: Path) -> None:
    made = write_sample(tmp_path / "b", agents=300, policies=1500, months=15, seed=2)
    copy = mask(made, tmp_path / "copy")
    assert _same(open_book(made), open_book(copy.path), dict(copy.units)) > 10_000


def test_days_do_move_and_stay_in_their_month_and_order(sides: tuple[Book, Masked]) -> None:
    book, made = sides
    before, after = book.home("agents"), open_book(made.path).home("agents")
    before = before.assign(agent_id=before["agent_id"].map(made.people)).set_index("agent_id")
    after = after.set_index("agent_id").reindex(before.index)
    moved = 0
    for column in ("joined_on", "confirmed_on", "left_on", "licensed_on"):
        pairs = [
            (a, b)
            for a, b in zip(before[column], after[column], strict=True)
            if not (pd.isna(a) and pd.isna(b))
        ]
        assert all((a.year, a.month) == (b.year, b.month) for a, b in pairs)
        moved += sum(a != b for a, b in pairs)
        stayed = sum(a == b for a, b in pairs) / len(pairs)
        assert stayed < 0.6, column
    assert moved + made.kept_days == sum(
        int(before[c].notna().sum())
        for c in ("joined_on", "confirmed_on", "left_on", "licensed_on")
    )
    rules = {f.rule: f.count for f in book.findings}
    assert {f.rule: f.count for f in open_book(made.path).findings} == rules


def test_survival_is_unchanged(sides: tuple[Book, Masked]) -> None:
    book, made = sides
    one, other = (kpi.survival(b, by="district") for b in (book, open_book(made.path)))
    one["unit"] = one["unit"].map(made.units)
    one, other = (f.sort_values(["unit", "month"], ignore_index=True) for f in (one, other))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_nothing_of_the_original_is_in_any_byte(sides: tuple[Book, Masked]) -> None:
    book, made = sides
    old = set(WORDS) | {book.name}
    for table, columns in {
        "agents": ["agent_id", "branch", "district", "department", "group", "recruiter_id"],
        "policies": ["policy_id", "product"],
        "recruits": ["candidate_id"],
    }.items():
        held = book.home(table)
        old |= {str(v) for c in columns for v in held[c].dropna()}
    assert len(old) > 1000
    for path in made.path.iterdir():
        text = path.read_bytes()
        assert not [word for word in old if word.encode() in text], path.name
        assert not any(word in path.name for word in old)


def test_ids_still_fit_each_other(sides: tuple[Book, Masked]) -> None:
    book, made = sides
    copy = open_book(made.path)
    assert copy.counts == book.counts
    who = copy.home("agents").set_index("agent_id")["recruiter_id"]
    for agent, recruiter in book.home("agents")[["agent_id", "recruiter_id"]].dropna().to_numpy():
        assert who[made.people[agent]] == made.people[recruiter]
    units, person = made.units, made.people["GH00003"]
    assert set(copy.home("targets")["unit_id"]) == {
        units["YH"],
        units["YH/QX/WX01"],
        f"{units['YH/QX/WX01/ZU1']}/{person}",
    }
    assert set(copy.home("targets")["version"]) == {"plan", "plan_2"}
    assert copy.home("control")["unit_id"].tolist() == [units["YH/QX"]]
    assert copy.home("observations")["unit_id"].tolist() == [units["YH/QX"]]
    assert set(copy.settings.units) == {units[u] for u in ("YH", "YH/QX", "YH/ZZ9/WX01")}
    assert made.left_out == ("control.source",)
    assert copy.settings.rules == book.settings.rules
    assert copy.home("renewals")["amount_paid"].tolist() == [10.1]


def test_a_seed_repeats_it_and_without_one_nothing_does(tmp_path: Path) -> None:
    def text(name: str, seed: int | None) -> bytes:
        made = mask("district_one", tmp_path / name, seed=seed)
        return (made.path / "agents.csv").read_bytes()

    assert text("a", 7) == text("b", 7)
    assert len({text("c", 7), text("d", 8), text("e", None), text("f", None)}) == 4


def test_it_writes_into_no_folder_that_holds_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for lang, word in (("zh", "不是空的"), ("en", "not empty")):
        assert cli.main(["mask", "cases", str(tmp_path / "full"), "--lang", lang]) == 2
        assert word in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["mine.txt"]
    with pytest.raises(PerfkitError, match="not a folder"):
        mask("cases", tmp_path / "full" / "mine.txt")
    (tmp_path / "empty").mkdir()
    assert cli.main(["mask", "cases", str(tmp_path / "empty"), "--lang", "en"]) == 0
    said = capsys.readouterr().err
    assert "business months may differ" in said
    assert open_book(tmp_path / "empty").counts == open_book("cases").counts


def test_codes_of_letters_are_not_taken_again(tmp_path: Path) -> None:
    """Old codes of one or two letters leave room; where they leave none, new ones still differ."""
    rows = [f"{c} D {d} 1 agent 2011-01-01 -" for c, d in zip("BCDFGHJK", "ZXWVTSRQ", strict=True)]
    head = "agent_id district department group rank joined_on left_on"
    policies = books.POLICIES.replace("A1", "B").replace("A2", "C")
    book = books.tiny(tmp_path / "b", agents="\n".join([head, *rows]), policies=policies)
    made = mask(book, tmp_path / "copy", seed=1)
    new = {part for unit in made.units.values() for part in unit.split("/")}
    assert not new & set("DZXWVTSRQ1")
    assert not set(made.people.values()) & set("BCDFGHJK")
