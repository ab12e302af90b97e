"""The annual plan: what it looks back on, where its target comes from, and what it asks of whom."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from perfkit import bundle, kpi, plan, report, show, target, words
from perfkit.book import Book, open_book
from perfkit.errors import PerfkitError, TargetError, UnknownName
from perfkit.show import annual, plot, table
from perfkit.target.coherent import DRIVERS

CODE = "premium_issued"
SOURCE = table.Source("2013", "3fa9c2d1")
OWN = {"unit": "D1", "period": "2013"}
LEAST = {"recruiting": 0.6, "confirmation": 0.3, "activity": 0.3}


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book("district_one")


class Planned:
    """One plan of the bundled district, section by section."""

    def __init__(self, book: Book, unit: str = "D1") -> None:
        own = {"unit": unit, "period": "2013"}
        setting = {"code": CODE, "growth": 0.1, "base_is": "last_year_target", "step": 1000}
        self.derived = target.derivation(book, **own, **setting)
        self.weights = target.month_weights(book, **own, code=CODE)
        months = target.season(self.weights, period="2013", prefer="plan")
        total = float(self.derived["amount"]["target"])
        split = {"total": total, "months": months, "code": CODE, "step": 1000}
        self.targets = target.by_month_and_unit(book, unit=unit, **split)
        self.heads = target.headcount_months(book, **own, growth=0.1)
        self.units = target.headcount_units(book, unit=unit, plan=self.heads)
        needed = {"code": CODE, "targets": self.targets}
        needed["heads"] = target.headcount_by_month(self.heads, self.units)
        self.monthly = target.driver_targets(book, **own, **needed)
        past = target.recent(book, **own, code=CODE)
        self.drivers = target.driver_year(self.monthly, past)
        least = {"minimums": LEAST, "heads": self.units}
        self.standards = target.minimum_standards(book, **own, **least)
        self.formulas = target.department_formulas(self.drivers, local_income=2_000)


@pytest.fixture(scope="module")
def planned(book: Book) -> Planned:
    return Planned(book)


# --- last year


def test_the_form_has_the_fourteen_rows_of_the_source_in_their_blocks(book: Book) -> None:
    form = target.work_analysis(book, unit="D1", period="2012")
    assert form["block"].tolist() == ["overall"] * 3 + ["fitness"] * 9 + ["quality"] * 2
    assert form["kpi"].tolist() == [
        "standard_premium_issued",
        "headcount_closing",
        "supervisors",
        "cases_per_head",
        "activity_rate",
        "standard_premium_per_head",
        "effective_share",
        "confirmation_3m",
        "retention_13m",
        "recruit_rate",
        "attrition_rate",
        "regular_agent_growth_rate",
        "cooling_off_share",
        "persistency_13m",
    ]
    own = form.set_index("kpi")
    assert own.loc["headcount_closing", ["value", "year_ago"]].tolist() == [178, 125]
    # Ten months of activity: those who wrote, month by month, over the mean heads of the months.
    months = [f"2012-{m:02d}" for m in range(1, 11)]
    seen = kpi.measure(book, ["active_agents", "headcount_average"], by="district", period=months)
    sums = seen.groupby("kpi")["value"].sum()
    mean = sums["active_agents"] / sums["headcount_average"]
    assert own.loc["activity_rate", "value"] == pytest.approx(mean)
    assert own.loc["activity_rate", "value"] < 1


def test_a_running_leap_year_is_compared_with_the_same_months(book: Book) -> None:
    row = kpi.compare(book, [CODE], by="district", period="2012").iloc[0]
    months = [f"2011-{m:02d}" for m in range(1, 11)]
    sold = kpi.measure(book, [CODE], by="district", period=months)["value"].sum()
    assert row["year_ago"] == sold == 4_652_400


def test_strengths_and_weaknesses_follow_the_good_way_of_each_kpi() -> None:
    nan = float("nan")
    form = pd.DataFrame(
        [
            ("cases_per_head", nan, 0.5),  # up is good
            ("attrition_rate", nan, 0.02),  # up is bad
            ("cooling_off_share", nan, -0.01),  # down is good
            ("headcount_closing", 0.9, 12.0),  # grew, but missed its target
            ("activity_rate", nan, nan),
            ("supervisors", nan, 0.0),
        ],
        columns=["kpi", "attainment", "change_year_ago"],
    )
    found = target.swot(form, {"opportunities": ["x"], "strengths": ["y"]})
    boxes = found.groupby("box", sort=False).apply(lambda f: [*f["kpi"], *f["said"]])
    assert list(boxes.index) == ["strengths", "weaknesses", "opportunities"]
    assert boxes["strengths"] == ["cases_per_head", "cooling_off_share", "", "", "", "y"]
    assert boxes["weaknesses"] == ["attrition_rate", "headcount_closing", "", ""]
    with pytest.raises(UnknownName, match="threats"):
        target.swot(form, {"threats": []})


# --- the target and the months


def test_the_target_and_what_it_is_measured_by(planned: Planned) -> None:
    amount, asks = planned.derived["amount"], planned.derived["asks"]
    assert amount["last_year_target"] == 6_600_000
    assert amount["last_year_to_date"] == 5_600_000
    # Ten months carry 84.9 % of the plan: 5.6 m over it.
    assert amount["last_year_expected"] == pytest.approx(5_600_000 / 0.849)
    # November and December 2011, and ten months of 2012.
    assert amount["run_rate"] == 480_300 + 548_280 + 5_600_000
    # August to October: 8.0, 9.2 and 8.5 % of a year.
    assert amount["run_rate_quarter"] == pytest.approx((440_600 + 628_900 + 540_000) / 0.257)
    assert amount["target"] == 7_260_000
    assert asks["last_year_target"] == pytest.approx(0.1)
    assert asks["run_rate"] == pytest.approx(7_260_000 / 6_628_580 - 1)
    assert np.isnan(asks["target"])


def test_the_target_is_rounded_up_and_may_grow_from_the_expected_result(book: Book) -> None:
    own = {"code": CODE, "growth": 0.1, **OWN}
    up = target.derivation(book, **own, base_is="last_year_actual", step=1000)["amount"]
    assert up["target"] == 7_256_000 >= up["last_year_expected"] * 1.1 > 7_255_000
    with pytest.raises(UnknownName):
        target.derivation(book, **own, base_is="last_year")
    with pytest.raises(TargetError):
        target.derivation(book, **own, base_is="last_year_target", step=0)


def test_months_weigh_by_history_beside_the_plan(planned: Planned, book: Book) -> None:
    weights = planned.weights
    # The branch's printed weights, and two pooled years: 2010 and 2011.
    printed = [12.0, 6.5, 7.7, 7.5, 8.0, 9.0, 8.5, 8.0, 9.2, 8.5, 8.5, 6.6]
    assert (weights["plan"] * 100).round(6).tolist() == printed
    assert weights["history"].sum() == weights["plan"].sum() == 1
    assert weights["years"].unique().tolist() == [2]
    sold = kpi.measure(book, [CODE], by="district", period=["2010", "2011", "2010-01", "2011-01"])
    by_period = sold.set_index("period")["value"]
    january = by_period[["2010-01", "2011-01"]].sum() / by_period[["2010", "2011"]].sum()
    assert weights.loc[1, "history"] == pytest.approx(january)
    assert target.season(weights, period="2013", prefer="history").name == "history"
    beside = weights.assign(beside=1 / 12)
    assert target.season(beside, period="2013", prefer="beside").iloc[0] == pytest.approx(1 / 12)
    assert target.season(weights, period="2013", prefer="beside").name == "plan"
    lost = beside.assign(plan=np.nan, history=np.nan)
    assert target.season(lost, period="2013", prefer="plan").empty
    with pytest.raises(UnknownName, match="histroy"):
        target.season(weights, period="2013", prefer="histroy")


def test_an_earlier_plan_does_not_look_at_later_months(book: Book) -> None:
    own = {"unit": "D1", "period": "2012"}
    weights = target.month_weights(book, **own, code=CODE)
    assert weights["years"].unique().tolist() == [2]
    found = target.derivation(
        book, **own, code=CODE, growth=0.0, base_is="last_year_actual", step=1
    )["amount"]
    assert found["run_rate"] == found["last_year_expected"] == found["target"] == 5_680_980


def test_months_and_units_make_the_target_exactly(planned: Planned) -> None:
    table_, whole = planned.targets, planned.targets.loc["D1"]
    assert table_.shape == (7, 12)
    assert whole.sum() == 7_260_000
    assert (table_.iloc[1:].sum() == whole).all()
    assert (table_ % 1000 == 0).to_numpy().all()
    # 12 % of 7.26 m is 871,200, and whole thousands.
    assert whole["2013-01"] == 871_000


# --- heads and drivers


def test_heads_are_whole_persons_that_reach_the_growth(planned: Planned) -> None:
    heads = planned.heads
    assert (heads[["opening", "recruits", "leavers", "closing"]] % 1 == 0).to_numpy().all()
    assert (heads["closing"] == heads["opening"] + heads["recruits"] - heads["leavers"]).all()
    # 178 now; two months at 12.1 recruits and 5.2 % leavers make 183; a tenth more is 202.
    assert heads.attrs["now"] == 178
    assert (heads["opening"].iloc[0], heads["closing"].iloc[-1]) == (183, 202)
    assert heads["recruits"].max() - heads["recruits"].min() <= 1


def test_the_units_heads_make_the_whole(planned: Planned) -> None:
    units = planned.units
    for name in ("opening", "recruits", "leavers", "closing"):
        assert units[name].iloc[1:].sum() == units[name].iloc[0]
    assert units["average"].iloc[1:].sum() == pytest.approx(units["average"].iloc[0])
    mean = (planned.heads["opening"] + planned.heads["closing"]).mean() / 2
    assert units.loc["D1", "average"] == pytest.approx(mean)


def test_drivers_multiply_to_the_target_with_the_planned_heads(planned: Planned) -> None:
    drivers = planned.drivers
    product = drivers[list(DRIVERS)].prod(axis=1)
    assert product.to_numpy() == pytest.approx(planned.targets.mean(axis=1).to_numpy())
    assert drivers[DRIVERS[0]].to_numpy() == pytest.approx(planned.units["average"].to_numpy())
    moved = [drivers[name] / drivers[f"now_{name}"] for name in DRIVERS[1:]]
    assert np.prod(moved, axis=0) == pytest.approx(drivers["stretch"].to_numpy() ** 3)
    assert (drivers["short"] == 0).all()


def test_stock_is_the_pace_and_stock_and_increment_make_the_target(planned: Planned) -> None:
    parts = target.increments(planned.drivers)
    assert parts.loc["D1", "stock"] == pytest.approx(planned.derived["amount"]["run_rate"])
    assert parts["target"].to_numpy() == pytest.approx(planned.targets.sum(axis=1).to_numpy())
    summed = parts[list(DRIVERS)].sum(axis=1)
    assert (parts["stock"] + summed).to_numpy() == pytest.approx(parts["target"].to_numpy())


# --- standards, formulas, views, decisions


def test_units_below_a_standard_are_found(planned: Planned, book: Book) -> None:
    found = planned.standards.set_index(["unit", "standard"])
    span = "2011-11..2012-10"
    rate = kpi.measure(book, ["confirmation_3m"], by="district", period=span)["value"].iloc[0]
    assert found.loc[("D1", "confirmation"), "value"] == rate < 0.3
    assert found.loc[("D1", "confirmation"), "short"] == pytest.approx(0.3 - rate)
    missed = planned.standards[planned.standards["met"].eq(False)]
    assert missed.groupby("standard")["unit"].agg(list).to_dict() == {
        "activity": ["D1/01"],
        "confirmation": ["D1", "D1/01", "D1/02", "D1/03", "D1/05"],
    }
    still = planned.units.assign(growth=0.0)
    flat = target.minimum_standards(book, **OWN, minimums={}, heads=still)
    assert flat["met"].eq(False).all()
    with pytest.raises(UnknownName, match="sales"):
        target.minimum_standards(book, **OWN, minimums={"sales": 1.0}, heads=still)
    with pytest.raises(TargetError):
        target.minimum_standards(book, **OWN, minimums={"activity": -0.1}, heads=still)


def test_the_two_formulas_of_a_department() -> None:
    one = pd.DataFrame([[100.0, 0.3, 1.2, 8_000.0]], index=["D1"], columns=list(DRIVERS))
    row = target.department_formulas(one, local_income=2_000).loc["D1"]
    # 1.5 x 2,000 x 3 = 9,000 an active agent and month; 1.2 x 8,000 = 9,600.
    assert row[["output", "yardstick", "gap"]].tolist() == [9_600, 9_000, 600]
    assert row["performance"] == 100 * 0.3 * 9_600 * 12
    assert row["performance_at_yardstick"] == 100 * 0.3 * 9_000 * 12
    assert target.department_formulas(one, local_income=0)["yardstick"].isna().all()
    with pytest.raises(TargetError):
        target.department_formulas(one, local_income=-1)


def test_views_of_a_year_name_their_measure(planned: Planned) -> None:
    views = target.plan_paths(planned.derived, planned.drivers, planned.formulas, unit="D1")
    assert views.index[0] == "target"
    gaps = target.to_first(views)
    assert gaps.loc["last_year_target", "gap"] == -660_000
    now = planned.drivers.loc["D1"]
    today = now[[f"now_{name}" for name in DRIVERS[1:]]].prod()
    heads = now[DRIVERS[0]] * today * 12
    assert gaps.loc["headcount", "value"] == pytest.approx(heads)


def test_the_branchs_views_are_its_own_figures() -> None:
    laid = target.beside("branch_2005")
    # Slides 16, 20, 23, 16, 24, 25, 26; the last is 3 months x groups x premium of each class:
    # 25.74 + 27.93 + 29.82 + 31.71 m.
    assert (laid.views["value"] / 1e6).round(6).to_dict() == {
        "target": 100.0,
        "tiers": 120.6,
        "urban_rural": 122.4,
        "platform": 122.4,
        "markets": 101.1,
        "months": 100.0,
        "groups_down": 100.0,
        "groups_up": 115.2,
    }
    gaps = target.to_first(laid.views)
    assert gaps.loc["markets", "gap"] == 1_100_000
    assert np.isnan(gaps.loc["tiers", "gap"])
    assert gaps.loc["tiers", "ratio"] == pytest.approx(1.206)
    assert (laid.season * 100).round(9).tolist() == [10, 7, 8, 9, 10, 7, 7, 8, 9, 10, 7, 8]
    assert laid.audited is not None
    assert sum(one.kind == "misprint" for one in laid.audited.found) == 8
    none = target.beside("")
    assert (none.audited, len(none.views), len(none.season)) == (None, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('measure = "premium"', 'measure = "premum"', "premum"),
        ('of = "plan_targets[total_premium_analysis_1]', 'of = "plan_targets[x]', "views tiers"),
        ('column = "year_share_pct"', 'column = "share"', "months"),
        ('table = "month_schedule"', 'tabel = "month_schedule"', "tabel"),
    ],
)
def test_a_view_that_cannot_be_read_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = tmp_path / "plan"
    shutil.copytree(bundle.plan_path("branch_2005"), folder)
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "plan.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PerfkitError, match=said):
        target.beside(str(folder))


def test_what_is_left_to_decide(planned: Planned) -> None:
    laid = target.beside("branch_2005")
    given = (planned.derived, planned.weights, planned.heads, planned.drivers, planned.standards)
    found = target.decisions(*given, laid.audited, unit="D1")
    assert [one.key for one in found] == [
        "stretch",
        "drivers_down",
        "recruiting",
        "season",
        "standard_confirmation",
        "standard_activity",
        "audit",
    ]
    facts = {one.key: one.facts for one in found}
    assert facts["season"]["month"] == (12, "count")
    assert facts["season"]["count"] == (3, "months")
    assert facts["audit"]["misprints"] == (8, "count")
    none = target.decisions(*given, None, unit="D1")
    assert "audit" not in [one.key for one in none]
    for lang in words.LANGS:
        said = annual.decisions(found, lang=lang, names={"D1/01": "ONE"}).markdown
        assert said.count("\n- ") == len(found) - 1
        assert "ONE" in said
        assert "{" not in said


def test_the_work_year_marks_what_is_ours() -> None:
    aims = pd.Series({f"2013-{m:02d}": 10.0 for m in range(1, 13)})
    found = plan.workyear.work_year("2013", lang="en", targets=aims)
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc[4, "campaigns"] == "April–May link"
    assert found.loc[12, "campaigns"].count("*") == 2
    assert found.loc[7, "meetings"].startswith("quarterly")
    assert plan.workyear.work_year("2013", lang="zh")["target"].isna().all()


# --- a book that lacks something, and how it all looks


def test_a_book_of_observations_and_a_small_unit_say_what_they_lack() -> None:
    cases = Planned(open_book("cases"), "SN/D1")
    assert cases.derived["amount"]["target"] == 7_260_000
    assert cases.derived["amount"].drop(["target", "last_year_target"]).isna().all()
    for frame in (cases.targets, cases.heads, cases.units, cases.drivers):
        assert frame.empty
    assert cases.standards["value"].isna().all()
    group = Planned(open_book("district_one"), "D1/03/01")
    assert group.targets.empty
    assert len(group.heads) == 12
    assert list(group.units.index) == ["D1/03/01"]
    for own in (cases, group):
        for lang in words.LANGS:
            for shown in _shown(own, lang):
                assert shown.html


def _shown(own: Planned, lang: str) -> list[show.annual.Display]:
    """Show everything of a plan."""
    said = {"lang": lang, "source": SOURCE}
    paths = target.plan_paths(own.derived, own.drivers, own.formulas, unit="D1")
    laid = target.beside("branch_2005")
    gap = {"measure": "text", "value": "yuan", "gap": "+yuan"}
    return [
        annual.items(own.derived, "derivation", units={"amount": "yuan", "asks": "+rate"}, **said),
        annual.items(own.weights, "weights", units={"history": "rate", "plan": "rate"}, **said),
        annual.by_month(own.targets.assign(year=own.targets.sum(axis=1)), **said),
        annual.drivers(own.drivers, **said),
        annual.items(target.increments(own.drivers), "increments", units={"stock": "yuan"}, **said),
        annual.standards(own.standards, **said),
        annual.items(own.formulas, "formulas", units={"output": "each"}, **said),
        annual.items(target.to_first(paths), "gaps", units=gap, **said),
        annual.audit(laid.audited, lang=lang),
        annual.audit(None, lang=lang),
        annual.duties(target.duties(), lang=lang),
    ]


def test_what_people_read_has_no_raw_numbers_or_codes(planned: Planned) -> None:
    for lang in words.LANGS:
        for shown in _shown(planned, lang):
            text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", shown.html, flags=re.DOTALL)
            assert not re.search(r"\d\.\d{3,}|\bnan\b|last_year|activity_rate", text), text
    month = annual.by_month(planned.targets, lang="en", source=SOURCE).html
    assert "871" in month
    assert "871,000" not in month
    assert "87.1" in annual.by_month(planned.targets, lang="zh", source=SOURCE).html


def test_the_form_and_the_box_show_in_both_languages(book: Book) -> None:
    form = target.work_analysis(book, unit="D1", period="2012")
    box = target.swot(form, {"challenges": ["<b>one</b>"]})
    for lang in words.LANGS:
        page = annual.analysis_form(form, lang=lang, source=SOURCE).html
        assert page.count('class="pk-family"') == 3
        assert page.count("<tr") == 1 + 14 + 3
        four = annual.swot(box, lang=lang, boxes=target.BOXES).html
        assert "&lt;b&gt;one" in four
        assert words.text("annual.swot.empty", lang) in four


def test_the_months_of_a_year_are_drawn_with_a_name_a_line(planned: Planned) -> None:
    frame = planned.weights[["history", "plan"]].assign(beside=np.nan)
    drawn = plot.year(frame, lang="en", unit="rate", title="x")
    data = plot.figure_data(drawn)
    assert list(data.columns) == ["month", "history", "plan"]
    said = [text.get_text() for text in drawn.texts]
    assert any("history" in text for text in said)
    plot.picture(drawn, lang="en")
    empty = plot.year(frame * np.nan, lang="zh", unit="rate", title="x")
    assert plot.figure_data(empty).empty
    plot.picture(empty, lang="zh")


# --- the report


def test_a_notebook_that_plans_ahead_needs_the_year_before(tmp_path: Path) -> None:
    with pytest.raises(PerfkitError, match="2014"):
        report.run("annual_plan", period="2015", lang="en", out=tmp_path)
    with pytest.raises(PerfkitError, match="2013-09"):
        report.run("monthly_review", period="2013-09", lang="en", out=tmp_path)
    with pytest.raises(PerfkitError, match="2013-01"):
        report.run("annual_plan", period="2013-01", lang="en", out=tmp_path)


def test_nothing_is_written_where_no_report_is_made(
    book: Book, planned: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = target.proposal(book, planned.targets, code=CODE, period="2013")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERFKIT_ATTACH", raising=False)
    said = show.attach_targets(sheet, lang="en")
    assert not list(tmp_path.iterdir())
    assert "7 rows" in str(said)
    none = target.proposal(book, planned.targets.iloc[:0], code=CODE, period="2013")
    assert show.attach_targets(none, lang="en").data.empty


@pytest.mark.slow
def test_the_report_brings_its_workbook_and_the_workbook_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "reports"
    done = report.run("annual_plan", lang="both", out=out)
    assert (done.exit_code, len(done.published)) == (0, 2)
    folder = out / "2013" / "annual_plan"
    kinds = [f"D1.{lang}.{end}" for lang in ("en", "zh") for end in ("html", "ipynb", "xlsx")]
    assert sorted(path.name for path in folder.iterdir()) == [*kinds, "run.json"]
    entries = json.loads((folder / "run.json").read_text(encoding="utf-8"))["reports"]
    assert [entry["files"]["xlsx"]["name"] for entry in entries] == ["D1.en.xlsx", "D1.zh.xlsx"]
    for lang in words.LANGS:
        page = (folder / f"D1.{lang}.html").read_text(encoding="utf-8")
        assert f'<a href="D1.{lang}.xlsx">' in page
        assert words.text("annual.form.title", lang) in page
    assert report.run("annual_plan", lang="both", out=out).up_to_date
    before = (folder / "D1.zh.xlsx").read_bytes()
    assert report.run("annual_plan", lang="zh", out=out, force=True).published
    assert (folder / "D1.zh.xlsx").read_bytes() == before

    mine = tmp_path / "mine"
    shutil.copytree(bundle.book_path("district_one"), mine)
    made = openpyxl.load_workbook(folder / "D1.zh.xlsx")
    made["targets"]["C3"] = 200_000
    made.save(tmp_path / "changed.xlsx")
    taken = target.take_over(tmp_path / "changed.xlsx", open_book(mine))
    assert (taken.version, taken.new) == ("plan", True)
    found = kpi.target_table(open_book(mine), CODE, period="2013")
    assert found.loc["D1/01", "2013-01"] == 200_000
    assert found.loc["D1"].sum() == 7_260_000 + 200_000 - 171_000
