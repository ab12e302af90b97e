"""The audit of a plan: the printed branch plan of 2005, made plans with known misprints, Excel."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path

import plans
import pytest

from perfkit import bundle, cli, moneyline, target, words
from perfkit.errors import PerfkitError, UnknownName
from perfkit.target.audit import Audit

ROOT = Path(__file__).resolve().parents[1]
BRANCH = ROOT / "data" / "branch_2005"
KEYS = [
    "kind", "relation", "table", "cell", "printed", "expected", "unit", "repair", "zh", "en",
]  # fmt: skip


@pytest.fixture(scope="module")
def branch() -> Audit:
    return target.audit("branch_2005")


def _records(audit: Audit, kind: str) -> list[dict[str, object]]:
    return [one.record() for one in audit.found if one.kind == kind]


def _seen(audit: Audit, kind: str) -> list[tuple[object, ...]]:
    return [(r["table"], r["cell"], r["printed"], r["expected"]) for r in _records(audit, kind)]


# --- the branch plan of 2005 as it is printed

MISPRINTS = [
    # slide 23: 1,800 × 5,000 × 12 + 1,200 × 1,000 × 12 is the printed total, 1,800 + 1,200 = 3,000
    ("urban_rural", "headcount_persons[rural]", 1800, 1200, "persons", "one_digit"),
    # slide 25: 57 % of 700; with 184 and 117 it makes the month
    ("month_schedule", "hq_10k_yuan[02]", 389, 399, "10k_yuan", "one_digit"),
    ("month_schedule", "hq_10k_yuan[06]", 389, 399, "10k_yuan", "one_digit"),
    ("month_schedule", "hq_10k_yuan[07]", 389, 399, "10k_yuan", "one_digit"),
    ("month_schedule", "hq_10k_yuan[11]", 389, 399, "10k_yuan", "one_digit"),
    # slide 26: the class above begins at 10
    ("group_classes", "label[size_small]", "<15", "<10", "", ""),
    # slides 30 and 33: 30,000 × 4, and 5 × 300 × 12, which with 2,000 makes the stated 20,000
    ("budget_lines", "stated_yuan[S2A1M2L2]", 12000, 120000, "yuan", "times_ten"),
    ("budget_lines", "stated_yuan[S3A3M1L1]", 1800, 18000, "yuan", "times_ten"),
]


def test_the_eight_misprints_of_the_branch_plan(branch: Audit) -> None:
    found = [
        (r["table"], r["cell"], r["printed"], r["expected"], r["unit"], r["repair"])
        for r in _records(branch, "misprint")
    ]
    assert found == MISPRINTS


def test_the_swapped_digits_that_nothing_proves_are_open(branch: Audit) -> None:
    cell = "own_premium_from_1_year_yuan_per_month[2005Q2]"
    assert _seen(branch, "open") == [("group_growth", cell, 5430, 5403)]
    assert _records(branch, "open")[0]["repair"] == "digits_swapped"


# What the plan says twice, differently: stated, and what the other view gives (slides 16-33).
TENSIONS = {
    "two_totals": [(12060, 12240)],
    "platform_of_tiers": [(3400, 3350)],
    "high_performers": [(25, 5)],
    "contribution_2001_2003": [(12, 15.5636), (22.4, 30.3828), (65.6, 54.0536)],
    "contribution_2003h1": [(12, 11.292), (22.4, 27.6851), (65.6, 61.0229)],
    "markets_make_target": [(10000, 10110)],
    "markets_make_platform": [(3000, 3050)],
    "yinnan_year": [(1070, 959)],  # 2,740 for the four markets against 2,629 in the schedule
    "urban_markets_productivity": [(5000, 3571.4286)],
    "urban_markets_share": [(60, 80.3279)],
    "club_reaches_its_share": [(25, 20.8333)],
    "schedule_meets_platform": [(3400, 3197.7)],  # 2,612.5 standard × 12,240 / 10,000
    "mean_of_classes": [(26455, 27238.0952), (26263, 28212.1212), (23530, 29235.2941),
                        (23810, 30200)],
    "classes_make_premium": [(2500, 2574), (2600, 2793), (2400, 2982), (2500, 3171)],
    "groups_make_headcount": [(3130, 3150), (3210, 3300), (3290, 3400), (3320, 3500)],
    "groups_made_headcount": [(3000, 3026.05)],  # 3,046.05 + 180 - 200
    "own_premium_mean": [(5000, 5100.75), (6000, 6357.5), (8500, 8750)],
    "own_premium_mean_of_three": [(4453, 4478.6667)],
    "past_recruiting_activity": [(20, 21.6667)],
    "recruiting_activity_of_groups": [(20, 20.6349), (30, 28.5714), (50, 45.4545),
                                      (70, 61.7647), (80, 68.5714)],
    "boxes_for_all_groups": [(200, 315)],
    "training_for_all_supervisors": [(300, 315)],
    "review_meetings": [(4, 24)],
    "contests_in_every_month": [(12, 9)],
}  # fmt: skip
ROUNDED = {
    "regions_make_month": 3,
    "yinbei_share": 3,
    "yinbei_year": 1,
    "groups_made_premium": 1,
    "mean_of_past_classes": 1,
}


def test_the_tensions_of_the_branch_plan(branch: Audit) -> None:
    found: dict[str, list[tuple[object, object]]] = {}
    for r in _records(branch, "tension"):
        pair = (r["printed"], round(float(str(r["expected"])), 4))
        found.setdefault(str(r["relation"]), []).append(pair)
    assert found == TENSIONS
    assert sum(map(len, TENSIONS.values())) == 43


def test_what_only_rounding_takes_away_is_never_more(branch: Audit) -> None:
    found = Counter(str(r["relation"]) for r in _records(branch, "rounding"))
    assert found == ROUNDED


def test_what_holds_is_not_reported(branch: Audit) -> None:
    """The headcount rolls in all months, productivity is rounded up, and so on: nothing is said."""
    said = {name for one in branch.found for name in one.relation}
    holding = {
        "headcount_rolls", "month_premium_per_head", "month_share", "months_make_year",
        "shares_make_year", "yinnan_share", "tier_premium", "tier_share", "tiers_make_premium",
        "tiers_make_headcount", "tiers_are_the_target", "platform_makes_total",
        "platform_of_areas", "urban_and_rural_are_all", "market_premium_per_head",
        "quarter_of_schedule", "groups_make_premium", "recruiting_activity", "round_makes_year",
        "contest_money", "incentive_of_target", "sites_make_quota", "one_price_a_set",
        "tenure_classes", "urban_share_of_headcount",
    }  # fmt: skip
    declared = {str(one["id"]) for one in branch.plan.declared}
    assert holding <= declared
    assert not said & holding
    own = [r for r in _records(branch, "tension") if r["relation"] == "own_premium_mean"]
    assert not [r for r in own if "2005Q3" in str(r["cell"])]  # 7,500 exactly
    assert not branch.unread


def test_every_relation_of_the_plan_file_was_computed(branch: Audit) -> None:
    # By hand: 12 in each of seven rows of the schedule but the roll's 11, 40 money lines, ...
    assert branch.checked == 231


# --- the tables


def _table(name: str) -> list[dict[str, str]]:
    with (BRANCH / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_forty_money_lines_of_which_two_are_wrong_by_ten() -> None:
    formulas, wrong, total = 0, [], Decimal(0)
    for row in _table("budget_lines"):
        lines = [
            moneyline.read(f"{row[f'formula_{x}']}={row['stated_yuan']}") for x in ("zh", "en")
        ]
        assert lines[0].computed == lines[1].computed
        formulas += moneyline.read(row["formula_zh"]).is_formula
        if not lines[0].holds:
            wrong.append((row["line_id"], lines[0].computed / Decimal(row["stated_yuan"])))
        if row["counted"] == "yes":
            total += lines[0].computed
    assert len(_table("budget_lines")) == 40
    # Ours have a sign to work out; the plan's own count of 20 takes in the plain venue of S1A1M1.
    assert formulas == 19
    assert wrong == [("S2A1M2L2", 10), ("S3A3M1L1", 10)]
    assert total == 2_824_400


def test_figures_stand_as_printed() -> None:
    schedule = {row["month"]: row for row in _table("month_schedule")}
    assert [schedule[m]["hq_10k_yuan"] for m in ("02", "06", "07", "11")] == ["389"] * 4
    assert sum(int(row["standard_premium_10k_yuan"]) for row in schedule.values()) == 10_000
    assert sum(int(row["recruits_persons"]) for row in schedule.values()) == 1_930
    assert sum(int(row["leavers_persons"]) for row in schedule.values()) == 1_630
    assert sum(int(row["staff_persons"]) for row in _table("staff_additions")) == 19
    assert _table("group_growth")[0]["own_premium_below_1_year_yuan_per_month"] == ""
    assert len(_table("measures")) == 45
    assert len(_table("customer_service")) == 28


def test_measures_money_and_staff_belong_together() -> None:
    measures = {row["measure_id"] for row in _table("measures")}
    actions = {row["action_id"] for row in _table("actions")}
    for name in ("budget_lines", "budget_totals", "staff_additions"):
        assert {row["measure_id"] for row in _table(name)} <= measures
    assert {row["action_id"] for row in _table("measures")} == actions
    assert {row["strategy_id"] for row in _table("actions")} == {"S1", "S2", "S3"}


def test_every_file_is_a_table_and_every_text_is_there_in_both_languages() -> None:
    plan = target.read_folder(BRANCH)
    assert {path.name for path in BRANCH.glob("*.csv")} == {t.file for t in plan.tables.values()}
    for table in plan.tables.values():
        for column in (c for c in table.header if c.endswith("_en")):
            other = column.removesuffix("_en") + "_zh"
            assert other in table.header
            assert all(bool(row[column]) is bool(row[other]) for row in table.rows), table.name


def test_no_figure_of_the_plan_stands_in_the_package() -> None:
    plan = target.read_folder(BRANCH)
    values = {int(c.value) for c in plan.cells.values() if c.value and c.value.denominator == 1}
    distinctive = {v for v in values if v > 1_000 and v % 100} | {96_000, 400_000, 40_800, 142_000}
    assert {26_455, 39_545, 16_270} <= distinctive
    seen = []
    for path in sorted((ROOT / "perfkit").rglob("*")):
        if path.suffix in {".py", ".toml"} and "_bundle" not in path.parts:
            text = re.sub(r"(?<=\d)[,_](?=\d{3})", "", path.read_text(encoding="utf-8"))
            numbers = {int(n) for n in re.findall(r"(?<![\w.])\d{4,9}(?![\w])", text)}
            seen += [(path.name, n) for n in numbers & distinctive if not 2001 <= n <= 2026]
    assert seen == []


# --- made plans


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[plans.Made, Audit]]:
    """Make 200 plans with no, one, two or three misprints, and audit them."""
    folder = tmp_path_factory.mktemp("plans")
    out = []
    for seed in range(200):
        plan = plans.planted(seed, seed % 4)
        out.append((plan, target.audit(plans.write(plan, folder / str(seed)))))
    return out


def test_nothing_is_found_in_a_consistent_plan(made: list[tuple[plans.Made, Audit]]) -> None:
    clean = [audit for plan, audit in made if not plan.planted]
    assert len(clean) == 50
    assert all(audit.checked == 13 + 5 + 11 + 12 + 12 + 5 + 1 for audit in clean)
    assert not [one.record() for audit in clean for one in audit.found]


def test_every_misprint_is_named_with_its_cell_and_its_true_figure(
    made: list[tuple[plans.Made, Audit]],
) -> None:
    for plan, audit in made:
        found = {
            one.cell.id: (one.record()["printed"], one.record()["expected"]) for one in audit.found
        }
        assert found == plan.planted
        assert {one.kind for one in audit.found} <= {"misprint", "open"}


def test_nearly_all_are_proved(made: list[tuple[plans.Made, Audit]]) -> None:
    """Where three misprints stand at the corners of a rectangle, a fourth repair does as well."""
    kinds = Counter(one.kind for _, audit in made for one in audit.found)
    assert sum(kinds.values()) == 300
    assert kinds["open"] <= 6


def test_the_repair_says_how_it_was_misprinted(made: list[tuple[plans.Made, Audit]]) -> None:
    kinds = Counter(one.repair for _, audit in made for one in audit.found)
    assert set(kinds) == {"times_ten", "digits_swapped", "digit_dropped"}
    assert all(count > 40 for count in kinds.values())


def test_one_relation_alone_proves_nothing(tmp_path: Path) -> None:
    """Recruits and leavers stand in one relation only: which is wrong, nobody can tell."""
    plan = plans.consistent(7)
    key = ("force", "05", "recruits")
    plan.figures[key] += 3
    (one,) = target.audit(plans.write(plan, tmp_path)).found
    assert (one.kind, one.relation) == ("open", ("roll",))
    named = {one.cell.id, *one.others}
    assert {("force", "recruits[05]"), ("force", "leavers[05]")} <= named
    assert "leavers" in one.text("en")


def test_a_broken_chain_inside_a_money_line_is_open(tmp_path: Path) -> None:
    plan = plans.consistent(3)
    plan.lines["L1"] = "96000+4000=100001×4=400004"
    plan.figures["budget", "L1", "stated"] = 400_004
    plan.figures["budget", "all", "stated"] = sum(
        plan.figures["budget", f"L{at}", "stated"] for at in range(1, 6)
    )
    (one,) = target.audit(plans.write(plan, tmp_path)).found
    assert (one.kind, one.cell.id) == ("open", ("budget", "formula[L1]"))
    assert (one.printed, one.expected) == (100_001, 100_000)


def test_an_empty_cell_is_neither_wrong_nor_passed_over(tmp_path: Path) -> None:
    folder = plans.write(plans.consistent(1), tmp_path)
    text = (folder / "force.csv").read_text(encoding="utf-8").splitlines()
    cells = text[3].split(",")
    cells[3] = ""  # the headcount of March: its own roll, the next one, its productivity
    text[3] = ",".join(cells)
    (folder / "force.csv").write_text("\n".join(text), encoding="utf-8")
    found = target.audit(folder)
    assert not found.found
    assert [why for _, why, _ in found.unread] == ["empty"] * 3
    assert "force.headcount[03]" in found.left_out("en")


@pytest.mark.parametrize(
    ("labels", "kind", "expected"),
    [
        (["≥15", "≥10", "<15"], "misprint", "<10"),
        (["≥15", "≥10", "<10"], None, None),
        (["≥5", "≥3", "≥1", "<1"], None, None),
        ([">=15", ">=20", "<20"], "open", ""),
        (["≥15", "about ten", "<10"], "open", ""),
    ],
)
def test_class_labels(
    tmp_path: Path, labels: list[str], kind: str | None, expected: str | None
) -> None:
    folder = plans.write(plans.consistent(2), tmp_path)
    rows = "".join(f"c{at},{label}\n" for at, label in enumerate(labels))
    (folder / "classes.csv").write_text(f"id,label\n{rows}", encoding="utf-8")
    table = '[tables.classes]\nfile = "classes.csv"\nkey = ["id"]\nen = "C"\nzh = "组"\n'
    table += 'columns.label = { en = "limits", zh = "界限" }\n'
    rule = '[[relations]]\nid = "disjoint"\nkind = "label"\nlabels = "classes[*].label"\n'
    rule += 'en = "they neither overlap nor leave a gap"\nzh = "不重不漏"\n'
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    (folder / "plan.toml").write_text(text + table + rule, encoding="utf-8")
    found = [(one.kind, one.expected) for one in target.audit(folder).found]
    assert found == ([] if kind is None else [(kind, expected)])


# --- Excel

SHEET: dict[str, plans.Saved | tuple[str, plans.Saved]] = {
    "A1": "unit", "B1": "first", "C1": "second", "D1": "total",
    "A2": "east", "B2": 399, "C2": 184, "D2": ("SUM(B2:C2)", 583),
    "A3": "west", "B3": 570, "C3": 263, "D3": ("B3+C3", 833),
    "A4": "all", "B4": ("SUM(B2:B3)", 969), "C4": ("SUM($C$2:C3)", 447),
    "D4": ("SUM(D2:D3)", 1416), "E4": ("ROUNDUP(D4/7,0)", 203), "E2": ("D2/D$4", 583 / 1416),
}  # fmt: skip


def test_a_workbook_in_order_has_no_contradiction(tmp_path: Path) -> None:
    found = target.audit(plans.workbook(tmp_path / "ok.xlsx", {"Plan": SHEET}))
    assert not found.found
    assert found.checked == 7
    assert not found.unread


def test_a_misprint_in_a_workbook_is_named_by_sheet_and_cell(tmp_path: Path) -> None:
    path = plans.workbook(tmp_path / "plan.xlsx", {"Plan": SHEET | {"B2": 389}})
    (one,) = target.audit(path).found
    assert (one.kind, one.cell.id, one.printed, one.expected) == (
        "misprint",
        ("Plan", "B2"),
        389,
        399,
    )
    assert set(one.relation) == {"Plan!D2", "Plan!B4"}
    assert "=SUM(B2:C2)" in one.text("en")


def test_a_saved_result_that_its_formula_does_not_give(tmp_path: Path) -> None:
    cells = SHEET | {"D4": ("SUM(D2:D3)", 1461), "E4": ("ROUNDUP(D4/7,0)", 203)}
    found = target.audit(plans.workbook(tmp_path / "plan.xlsx", {"Plan": cells})).found
    assert [(one.kind, one.cell.id[1], one.expected) for one in found] == [("misprint", "D4", 1416)]


def test_formulas_across_sheets_and_rounded_results(tmp_path: Path) -> None:
    sheets: dict[str, dict[str, plans.Saved | tuple[str, plans.Saved]]] = {
        "Year": {"A1": ("SUM('Q 1'!A1:A3)/3", 3.33), "A2": ("Q2!A1*2", 10)},
        "Q 1": {"A1": 2, "A2": 3, "A3": 5},
        "Q2": {"A1": 5},
    }
    found = target.audit(plans.workbook(tmp_path / "plan.xlsx", sheets)).found
    assert [(one.kind, one.cell.id) for one in found] == [("rounding", ("Year", "A1"))]


def test_formulas_that_are_not_read_are_named(tmp_path: Path) -> None:
    cells: dict[str, plans.Saved | tuple[str, plans.Saved]] = {
        "A1": 1, "A2": ("VLOOKUP(A1,B1:C9,2)", 4), "A3": ("A1+1", None), "A4": ("A1^2", 1),
        "A5": ("A1&A2", "14"), "A6": ("A1+A7", 5), "A7": "text", "A8": ("__import__(A1)", 1),
        "A9": ("A1*2", 2), "A10": ("SUM(A1,A7,B1)", 1),
    }  # fmt: skip
    found = target.audit(plans.workbook(tmp_path / "plan.xlsx", {"P": cells}))
    assert not found.found
    assert found.checked == 2
    unread = {cell: why for cell, why, _ in found.unread}
    assert unread == {
        "P!A2": "no_function", "P!A3": "not_saved", "P!A4": "stray", "P!A5": "text",
        "P!A6": "text", "P!A8": "no_operand",
    }  # fmt: skip
    for lang in words.LANGS:
        assert "P!A2" in found.left_out(lang)


def test_empty_cells_count_for_nothing_and_rows_stay_beside_their_rows(tmp_path: Path) -> None:
    cells: dict[str, plans.Saved | tuple[str, plans.Saved]] = {
        "A1": 4, "A3": 6, "B1": 10, "B2": 10, "B4": 10, "A4": 1,
        "C1": ("AVERAGE(A1:A3)", 5), "C2": ("AVERAGE(A1,A2,A3)", 5), "C3": ("A1+A2", 4),
        "C4": ("SUMPRODUCT(A1:A4,B1:B4)", 50), "C5": ("MIN(A1:A4)", 1), "C6": ("-A1*-2%", 0.08),
        "C7": ("SUMPRODUCT(A1:A2*B1:B2)", 40),
    }  # fmt: skip
    found = target.audit(plans.workbook(tmp_path / "plan.xlsx", {"P": cells}))
    assert not found.found
    assert not found.unread
    assert found.checked == 7


def test_a_workbook_without_formulas_says_nothing_of_what_must_hold(tmp_path: Path) -> None:
    path = plans.workbook(tmp_path / "plan.xlsx", {"P": {"A1": 1}})
    with pytest.raises(PerfkitError, match="no formula"):
        target.audit(path)
    (tmp_path / "broken.xlsx").write_bytes(b"no zip")
    with pytest.raises(PerfkitError, match=r"broken\.xlsx cannot be read"):
        target.audit(tmp_path / "broken.xlsx")


# --- what is refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "made"', "name = ", "plan.toml cannot be read"),
        ('file = "force.csv"', 'file = "forces.csv"', r"forces\.csv, named in plan\.toml, cannot"),
        ('file = "force.csv"', 'file = "../force.csv"', "own folder"),
        ('key = ["line"]', 'key = ["lines"]', r"column 'lines'.*Did you mean 'line'"),
        ('unit = "wan"', 'unit = "wam"', r"unit 'wam'.*Did you mean 'wan'"),
        ('kind = "sum"', 'kind = "sun"', r"relations\[1\] rows.*kind 'sun'.*'sum'"),
        ('whole = "total"', 'hole = "total"', r"relations\[1\] rows lacks 'whole'"),
        ('each = "premium"', 'each = "premiums"', r"table 'premiums'.*Did you mean 'premium'"),
        ('parts = ["D1"', 'parts = ["D9"', r"relations\[1\] rows names the column 'D9'"),
        ('parts = ["D1"', 'parts = ["D1 +"', r"character 9 \(','\): something that is no number"),
        ('parts = ["D1"', 'parts = ["__import__(1)"', "a function that is not read"),
        ("premium[year].D1", "premium[years].D1", r"row 'years'.*Did you mean 'year'"),
        ("premium[year].D1", "premium[month!=year].D1", "must be one cell"),
        ('rule = "up"', 'rule = "ceil"', r"'ceil'.*Known: up, down, nearest"),
        ('id = "roll"', 'id = "rows"', "same id 'rows'"),
        ('zh = "合计相符"', "tolerance = -1\nzh = 'x'", "tolerance = -1, which does not fit"),
    ],
)
def test_a_broken_plan_file_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = plans.write(plans.consistent(1), tmp_path)
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "plan.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PerfkitError, match=said) as caught:
        target.audit(folder)
    assert caught.value.text("zh") != caught.value.text("en")
    assert cli.main(["audit", str(folder), "--lang", "en"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("force.csv", ",", ";", r"force\.csv, line 2: 5 cells? for|line 2"),
        ("premium.csv", "\n01,", "\n01,many,", r"premium\.csv, line 2: 7 cells for 6 columns"),
        ("premium.csv", "\n02,", "\n01,", r"premium\.csv, line 3: the same key stands in line 2"),
        ("budget.csv", "元/天", "元/光年", r"budget\.csv:2: .*unknown unit at character"),
        ("budget.csv", "元/天×", "元/天×__import__('os')×", r"budget\.csv:2: .*needs a number"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    folder = plans.write(plans.consistent(1), tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PerfkitError, match=said):
        target.audit(folder)


def test_a_word_where_a_number_is_needed(tmp_path: Path) -> None:
    folder = plans.write(plans.consistent(1), tmp_path)
    text = (folder / "premium.csv").read_text(encoding="utf-8").splitlines()
    text[2] = text[2].replace(text[2].split(",")[1], "much", 1)
    (folder / "premium.csv").write_text("\n".join(text), encoding="utf-8")
    with pytest.raises(PerfkitError, match=r"needs a number in D1; premium\.csv:3 has 'much'"):
        target.audit(folder)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'branch_2005'"):
        bundle.plan_path("branch_2004")
    with pytest.raises(PerfkitError, match="is no plan"):
        bundle.plan_path(tmp_path)


# --- the command line


def test_json_has_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "branch_2005", "--format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [list(record) for record in records] == [KEYS] * 61
    assert Counter(r["kind"] for r in records) == {
        "misprint": 8, "open": 1, "tension": 43, "rounding": 9,
    }  # fmt: skip
    for record in records:
        label = record["table"] == "group_classes"
        numbers = isinstance(record["printed"], int | float)
        assert numbers is not label
        assert type(record["expected"]) is str if label else numbers
        assert record["zh"] != record["en"]
        assert re.search(r"[\u4e00-\u9fff]", record["zh"])
        assert not re.search(r"[\u4e00-\u9fff]", record["en"])


@pytest.mark.parametrize("lang", words.LANGS)
def test_text_names_the_place_both_figures_and_the_count(
    lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", str(BRANCH), "--lang", lang]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert len(lines) == 62
    assert all(part in lines[0] for part in ("urban_rural.csv:3", "1,800", "1,200"))
    assert lines[0].startswith(f"[{words.text('audit.kind.misprint', lang)}]")
    assert "231" in lines[-1]
    assert said.err == ""


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["audit", "--help"])
    assert "Example: perfkit audit branch_2005 --format json" in capsys.readouterr().out


def test_a_copy_elsewhere_says_the_same(tmp_path: Path) -> None:
    shutil.copytree(BRANCH, tmp_path / "plan")
    there, here = target.audit(tmp_path / "plan"), target.audit("branch_2005")
    assert [one.record() for one in there.found] == [one.record() for one in here.found]
