"""Displays: the numbers as given, in both languages, judged by direction, without a tofu box."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import perfkit
from perfkit import period, words
from perfkit.errors import PerfkitError, UnknownName
from perfkit.show import comparison, html, label, plot, table
from perfkit.show.plot import place

SOURCE = table.Source("2012-09", "3fa9c2d1")
NAMES = {"D1": "本部一区", "D1/01": "营业一部", "D1/02": "营业二部"}
NAN = float("nan")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def compared(unit: str = "D1") -> pd.DataFrame:
    """One row a direction: up, down, context, and one without any reference."""
    return pd.DataFrame(
        {
            "unit": unit,
            "level": "district",
            "period": "2012-09",
            "kpi": ["premium_issued", "leavers", "large_policy_share", "activity_rate"],
            "value": [716_000.0, 9.0, 0.23, NAN],
            "variant": ["issued", "standard", "submitted", "submitted"],
            "previous": [700_000.0, 12.0, 0.20, 0.41],
            "change_previous": [16_000.0, -3.0, 0.03, NAN],
            "year_ago": [816_000.0, 6.0, 0.23, NAN],
            "change_year_ago": [-100_000.0, 3.0, 0.0, NAN],
            "target": [800_000.0, NAN, NAN, NAN],
            "attainment": [0.895, NAN, NAN, NAN],
            "target_stretch": [860_000.0, NAN, NAN, NAN],
            "attainment_stretch": [0.8326, NAN, NAN, NAN],
        }
    )


def by_department() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": ["D1/01", "D1/02"],
            "period": "2012-09",
            "kpi": "premium_submitted",
            "value": [152_000.0, NAN],
            "previous": [130_000.0, 40_000.0],
            "year_ago": [90_000.0, 30_000.0],
            "target": [140_000.0, 60_000.0],
            "attainment": [152 / 140, NAN],
        }
    )


def cumulative(first: str = "2012-09-01", days: int = 30) -> pd.DataFrame:
    dates = pd.date_range(first, periods=days)
    values = np.arange(1, days + 1) * 10_000.0
    return pd.DataFrame({"unit": "D1", "date": dates, "kpi": "premium_submitted", "value": values})


def months() -> pd.DataFrame:
    periods = ["2012-03", "2012-04", "2012-05", "2012-07", "2012-09"]
    rates = {
        "activity_rate": [0.41, 0.27, 0.23, 0.58, 0.40],
        "supervisor_activity_rate": [0.5, 0.556, 0.577, 0.87, 0.893],
    }
    return pd.concat(
        [
            pd.DataFrame({"unit": "D1", "period": periods, "kpi": code, "value": values})
            for code, values in rates.items()
        ],
        ignore_index=True,
    )


def tiers() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": ["D1/01", "D1/01", "D1/02", "D1/02"],
            "kpi": ["tier_high_share", "tier_ordinary_share"] * 2,
            "value": [0.1, 0.35, 0.05, NAN],
        }
    )


def february() -> pd.DataFrame:
    ids = [f"A{place}" for place in range(33)]
    values = [10_000.0] * 30 + [150_000.0, 130_000.0, 120_000.0]
    return pd.DataFrame({"unit": "D1", "id": ids, "value": values})


def case() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kpi": ["activity_rate"] * 3 + ["premium_submitted"] * 2,
            "phase": ["before", "before", "after", "before", "after"],
            "period": ["2012-03", "2012-04", "2012-07", "2012-03", "2012-07"],
            "value": [0.41, 0.27, 0.58, 716_000.0, 768_000.0],
        }
    )


Drawer = Callable[[str], Axes | Figure]
CHARTS: dict[str, tuple[Drawer, Callable[[], pd.DataFrame]]] = {
    "bars": (lambda lang: plot.bars(by_department(), lang=lang, names=NAMES), by_department),
    "curve": (
        lambda lang: plot.curve(
            cumulative(),
            lang=lang,
            others={"previous": cumulative("2012-08-01", 31)},
            checkpoints=[11],
            target=607_200.0,
        ),
        lambda: pd.concat([cumulative(), cumulative("2012-08-01", 31)]),
    ),
    "lines": (lambda lang: plot.lines(months(), lang=lang), months),
    "composition": (
        lambda lang: plot.composition(tiers(), rows="unit", parts="kpi", lang=lang, names=NAMES),
        tiers,
    ),
    "concentration": (
        lambda lang: plot.concentration(
            february(), kpi="premium_submitted", lang=lang, share=0.571, title="保费来自谁？"
        ),
        lambda: february().sort_values("value", ascending=False, kind="stable"),
    ),
    "before_after": (lambda lang: plot.before_after(case(), lang=lang), case),
}


def words_on(drawn: Axes | Figure) -> list[str]:
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    return [t.get_text() for t in figure.findobj(Text) if t.get_text()]


# --- words of the displays


@pytest.mark.parametrize(
    ("lang", "money", "rate", "change"),
    [("zh", "71.6万", "41.0%", "+3.0个百分点"), ("en", "716,000", "41.0%", "+3.0 pp")],
)
def test_numbers_are_written_for_the_reader(lang: str, money: str, rate: str, change: str) -> None:
    page = table.scorecard(compared(), lang=lang, source=SOURCE).html
    assert money in page
    assert rate in page
    assert change in page


def test_both_languages_have_the_words_of_every_display() -> None:
    folder = Path(words.__file__).parent
    tables = [tomllib.loads((folder / f"{lang}.toml").read_text("utf-8")) for lang in words.LANGS]
    for room in ("chart", "table"):
        keys = [{k for k in words.keys(lang) if k.startswith(f"{room}.")} for lang in words.LANGS]
        assert keys[0] == keys[1]
        assert all(room in one for one in tables)


def test_months_and_nodes_are_named_and_other_periods_keep_their_code() -> None:
    assert label.period_name("2012-09", "zh") == "2012年9月"
    assert label.period_name("2012-09", "en") == "September 2012"
    assert label.period_name("2012-09@11", "zh") == "2012年9月1–11日"
    assert label.period_name("2012-09@11", "zh", short=True) == "9月11日"
    assert label.period_name("2012-09:ytd", "zh") == "2012-09:ytd"


def test_the_axis_of_money_is_in_wan_for_chinese_readers_only() -> None:
    assert place.scale([716_000.0, NAN], "yuan", "zh") == (10_000.0, "万元")
    assert place.scale([9_999.0], "yuan", "zh") == (1.0, "元")
    assert place.scale([716_000.0], "yuan", "en") == (1.0, "yuan")
    assert place.Scale(10_000.0, "万元").tick(-25_000.0) == "−2.5"


def test_labels_move_apart_and_keep_their_order() -> None:
    free = place.spread([2.8, 2.7, 27.0], 4.0)
    assert free[2] == 27.0
    assert free[0] - free[1] == pytest.approx(4.0)
    assert (free[0] + free[1]) / 2 == pytest.approx(2.75)
    assert place.spread([], 1.0) == []


# --- direction


@pytest.mark.parametrize(
    ("way", "change", "mood", "arrow"),
    [
        ("up", 3.0, "good", "▲"),
        ("up", -3.0, "bad", "▽"),
        ("down", -3.0, "good", "▼"),
        ("down", 3.0, "bad", "△"),
        ("context", 3.0, "context", "↑"),
        ("context", -3.0, "context", "↓"),
        ("up", NAN, "none", ""),
    ],
)
def test_a_change_is_judged_by_direction_and_readable_without_colour(
    way: str, change: float, mood: str, arrow: str
) -> None:
    assert label.tone(change, way, "3") == mood
    assert label.arrow(change, mood) == arrow


def test_the_scorecard_colours_by_direction() -> None:
    page = table.scorecard(compared(), lang="en", source=SOURCE).html
    assert '<span class="pk-good">▲ +16,000</span>' in page  # premium up
    assert '<span class="pk-bad">▽ -100,000</span>' in page
    assert '<span class="pk-good">▼ -3</span>' in page  # fewer leavers
    assert '<span class="pk-bad">△ +3</span>' in page
    assert '<span class="pk-context">↑ +3.0 pp</span>' in page  # large policies: neither
    assert '<td class="pk-num">0.0 pp</td>' in page  # no change, no sign, no arrow


def test_attainment_is_judged_for_the_plan_and_only_shown_for_other_versions() -> None:
    page = table.scorecard(compared(), lang="en", source=SOURCE).html
    assert '<span class="pk-bad">89.5%</span>' in page
    assert ">83.3%<span" in page
    met = compared().assign(attainment=1.02)
    assert "✓ 102.0%" in table.scorecard(met, lang="en", source=SOURCE).html
    over = comparison.cell("attainment", "leavers", 1.2, "en")
    assert over.mood == "bad"  # more leavers than planned
    assert over.bar is None


# --- tables


def test_missing_is_a_dash_and_a_column_without_a_number_is_left_out() -> None:
    page = table.scorecard(compared(), lang="en", source=SOURCE).html
    row = page[page.index("activity rate") :]
    assert row[: row.index("</tr>")].count(">–<") == 8
    bare = compared().drop(columns=["target_stretch"]).assign(target=NAN, attainment=NAN)
    page = table.scorecard(bare, lang="en", source=SOURCE).html
    assert ">target<" not in page


def test_every_table_says_variant_period_money_unit_and_fingerprint() -> None:
    frame = compared()
    shown = [
        table.scorecard(frame, lang="zh", source=SOURCE, names=NAMES),
        table.by_unit(frame, lang="zh", source=SOURCE, names=NAMES),
        table.headline(frame, lang="zh", source=SOURCE),
        table.table(frame, lang="zh", source=SOURCE),
    ]
    for one in shown:
        for said in ("期间 2012-09", "口径：", "金额单位：元", "3fa9c2d1"):
            assert said in one.html
    plain = table.table(pd.DataFrame({"rule": ["x"]}), lang="zh", source=SOURCE).html
    assert "金额" not in plain
    assert "3fa9c2d1" in plain


def test_families_stand_in_the_order_of_the_catalogue() -> None:
    page = table.scorecard(compared(), lang="en", source=SOURCE).html
    places = [page.index(f">{words.text(f'family.{f}', 'en')}<") for f in
              ("production", "activity", "manpower", "concentration")]  # fmt: skip
    assert places == sorted(places)


def test_departments_below_each_other_with_their_whole_set_off() -> None:
    frame = pd.concat([compared("D1"), compared("D1/01")], ignore_index=True)
    page = table.by_unit(
        frame, lang="zh", source=SOURCE, names=NAMES, change="change_previous"
    ).html
    assert page.count('<tr class="pk-whole">') == 1
    assert '<tr class="pk-whole"><th scope="row">本部一区</th>' in page
    assert '<span class="pk-under pk-good">▲ +1.6万</span>' in page
    assert "每格下方小字：较上月" in page


def test_growth_stands_small_below_its_change() -> None:
    frame = compared().assign(growth_previous=[16 / 700, -0.25, NAN, NAN])
    page = table.scorecard(frame, lang="zh", source=SOURCE)
    assert '▲ +1.6万</span><span class="pk-under pk-good">+2.3%</span>' in page.html
    assert '▼ -3</span><span class="pk-under pk-good">-25.0%</span>' in page.html
    assert "环比" not in page.html
    assert "growth_previous" in page.data


def test_periods_below_each_other() -> None:
    frame = pd.DataFrame(
        {
            "unit": "D1",
            "period": ["2012-03@09", "2012-03", "2012-03"],
            "kpi": ["activity_rate", "activity_rate", "cases"],
            "value": [0.027, 0.41, 62.0],
            "variant": "printed",
        }
    )
    page = table.by_period(frame, lang="zh", source=SOURCE, names=NAMES).html
    assert '<th scope="row">2012年3月1–9日</th><td class="pk-num">2.7%</td>' in page
    assert page.count('<td class="pk-num">–</td>') == 1  # no cases at the node
    assert "本部一区" in page
    assert words.text("variant.printed", "zh") in page


def test_effects_are_written_in_the_unit_of_each_kpi() -> None:
    row = {"mean_before": 0.061, "mean_after": 0.24, "difference": 0.179, "low": 0.057}
    money = {"mean_before": 59_333.0, "mean_after": 356_333.0, "difference": 297_000.0}
    frame = pd.DataFrame(
        [
            {"kpi": "activity_rate", **row, "high": 0.301, "p": 0.05, "least_p": 0.05},
            {
                "kpi": "premium_submitted",
                **money,
                "low": NAN,
                "high": NAN,
                "p": 0.4,
                "least_p": 0.1,
            },
        ]
    )
    heads = {"p": "随机也会如此"}
    page = table.effects(frame, lang="zh", source=SOURCE, heads=heads).html
    for said in ("+17.9个百分点", "24.0%", "5.0%", "+29.7万", "40.0%", "随机也会如此"):
        assert said in page


def test_headings_come_from_the_words() -> None:
    assert table.heads("direction", "zh") == words.table("direction", "zh")


def test_a_unit_without_a_kpi_shows_a_dash() -> None:
    frame = pd.concat([compared("D1"), compared("D1/01").head(1)], ignore_index=True)
    page = table.by_unit(frame, lang="en", source=SOURCE, change="change_previous").html
    row = page[page.index(">D1/01<") :]
    assert row[: row.index("</tr>")].count('<td class="pk-num">–</td>') == 3


def test_the_headline_names_the_stretch_target_beside_the_plan() -> None:
    page = table.headline(compared().head(1), lang="en", source=SOURCE, title="September").html
    assert "<b>716,000</b>" in page
    assert "89.5% of plan 800,000" in page
    assert "83.3% of stretch 860,000" in page
    assert "▽ -100,000 against a year ago" in page


def test_whole_numbers_are_as_good_as_floats() -> None:
    whole = compared().head(1).astype({"value": int, "change_previous": int})
    assert "▲ +16,000" in table.headline(whole, lang="en", source=SOURCE).html
    assert "716,000" in table.scorecard(whole, lang="en", source=SOURCE).html


def test_kpis_are_chosen_and_ordered_by_name() -> None:
    page = table.headline(compared(), lang="en", source=SOURCE, kpis=["leavers", "premium_issued"])
    assert page.data["kpi"].tolist() == ["leavers", "premium_issued"]
    assert "activity rate" not in page.html
    ax = plot.bars(pd.concat([compared("D1/01"), compared("D1/02")]), lang="en", kpi="leavers")
    assert [bar.get_width() for bar in ax.patches] == [9.0, 9.0]
    with pytest.raises(UnknownName, match="Did you mean 'leavers'"):
        table.scorecard(compared(), lang="en", source=SOURCE, kpis=["leaver"])


def test_a_comparison_shown_as_it_is_keeps_each_kpis_unit() -> None:
    page = table.table(compared(), lang="zh", source=SOURCE).html
    for said in ("71.6万", "23.0%", "+3.0个百分点", "89.5%"):
        assert said in page


def test_any_frame_can_be_shown_dates_codes_and_gaps_included() -> None:
    frame = pd.DataFrame(
        {
            "severity": ["warning", "note"],
            "on": pd.to_datetime(["2012-09-01", None]),
            "share": [0.5, NAN],
            "count": [3, 1200],
        }
    )
    page = table.table(frame, lang="zh", source=SOURCE, units={"share": "rate"}).html
    for said in ("警告", "2012-09-01", "50.0%", "1,200", ">–<"):
        assert said in page
    assert (
        words.text("table.nothing", "zh")
        in table.table(frame.head(0), lang="zh", source=SOURCE).html
    )


def test_markup_in_names_is_shown_not_run() -> None:
    evil = "<script>alert(1)</script>"
    frame = compared("D1/01")
    pages = [
        table.scorecard(frame, lang="en", source=SOURCE, names={"D1/01": evil}),
        table.by_unit(frame, lang="en", source=SOURCE, names={"D1/01": evil}),
        table.headline(frame, lang="en", source=SOURCE, title=evil),
        table.table(frame.assign(note=evil), lang="en", source=SOURCE, title=evil),
        table.table(frame.rename(columns={"level": evil}), lang="en", source=SOURCE),
        table.scorecard(frame, lang="en", source=table.Source(evil, evil)),
    ]
    for one in pages:
        assert "<script" not in one.html
        assert "&lt;script&gt;" in one.html
    said = table.sentence("chart.top_agent", lang="en", top=evil, share="*x*")
    assert said._repr_markdown_() == (
        r"the top &lt;script&gt;alert(1)&lt;/script&gt; agents bring \*x\*"
    )


def test_two_renderings_are_equal_and_inputs_untouched() -> None:
    frame = compared()
    before = frame.copy(deep=True)
    pages = [table.scorecard(frame, lang="zh", source=SOURCE) for _ in range(2)]
    assert pages[0].html == pages[1].html
    assert repr(pages[0]) == repr(pages[1])
    table.by_unit(frame, lang="zh", source=SOURCE, change="change_previous")
    table.headline(frame, lang="zh", source=SOURCE)
    table.facts(frame, lang="zh")
    pd.testing.assert_frame_equal(frame, before)


def test_the_line_of_text_changes_with_a_number() -> None:
    moved = compared().assign(value=[716_001.0, 9.0, 0.23, NAN])
    one, other = (table.scorecard(f, lang="en", source=SOURCE) for f in (compared(), moved))
    assert repr(one) != repr(other)
    assert one._repr_html_() == one.html
    assert one.data["value"].tolist()[:3] == [716_000.0, 9.0, 0.23]


def test_the_page_is_self_contained() -> None:
    page = table.scorecard(compared(), lang="en", source=SOURCE).html
    assert html.css() in page
    assert "http" not in page
    assert "url(" not in page


def test_sentences_take_their_numbers_from_the_frame() -> None:
    facts = table.facts(compared(), lang="zh")
    assert facts["premium_issued"] == "71.6万"
    assert facts["premium_issued_change_year_ago"] == "-10.0万"
    assert facts["premium_issued_attainment_stretch"] == "83.3%"
    assert facts["activity_rate"] == "–"
    with pytest.raises(KeyError):
        table.sentence("chart.top_agent", lang="zh", top=3)


# --- refusals


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f: table.scorecard(f.drop(columns="value"), lang="en", source=SOURCE), "value"),
        (
            lambda f: table.scorecard(pd.concat([f, compared("D2")]), lang="en", source=SOURCE),
            "D1, D2",
        ),
        (lambda f: table.by_unit(pd.concat([f, f]), lang="en", source=SOURCE), "unit, kpi"),
        (lambda f: table.facts(f.drop(columns="unit"), lang="en"), "unit"),
        (lambda f: plot.lines(pd.concat([months(), months()]), lang="en"), "kpi, period"),
        (lambda f: plot.bars(f, lang="en"), "kpi"),
        (lambda f: plot.lines(f, lang="en"), "yuan, persons, rate"),
        (lambda f: plot.curve(f, lang="en"), "date"),
        (
            lambda f: plot.composition(pd.concat([f, f]), rows="unit", parts="kpi", lang="en"),
            "unit, kpi",
        ),
        (lambda f: plot.figure_data(plt.figure()), "perfkit.show.plot"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_with_a_reason(
    call: Callable[[pd.DataFrame], object], said: str
) -> None:
    with pytest.raises(PerfkitError) as caught:
        call(compared())
    assert said in str(caught.value)
    assert caught.value.text("zh")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(KeyError):
        plot.style("fr")


# --- charts


@pytest.mark.parametrize("lang", words.LANGS)
@pytest.mark.parametrize("name", CHARTS)
def test_no_chart_misses_a_glyph_or_a_label(name: str, lang: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        drawn = CHARTS[name][0](lang)
        said = words_on(drawn)
        picture = plot.picture(drawn, lang=lang)
    assert picture.png.startswith(b"\x89PNG")
    assert not any("e+" in text or "0000000" in text for text in said)
    measured = [t for t in said if "%" in t or "元" in t or "yuan" in t]
    assert measured  # the unit stands on the axis
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", CHARTS)
def test_every_text_is_set_in_the_font_of_zhplot(name: str) -> None:
    drawn = CHARTS[name][0]("zh")
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None
    files = {
        str(font_manager.findfont(text.get_fontproperties()))
        for text in figure.findobj(Text)
        if text.get_text()
    }
    assert files == {str(plot.font_file())}


@pytest.mark.parametrize("name", CHARTS)
def test_the_drawn_numbers_come_back(name: str) -> None:
    draw, numbers = CHARTS[name]
    back = plot.figure_data(draw("en"))
    expected = numbers()["value"].reset_index(drop=True)
    pd.testing.assert_series_equal(back["value"], expected, check_names=False)


def test_the_bars_are_as_long_as_the_numbers() -> None:
    ax = plot.bars(by_department(), lang="zh", names=NAMES)
    drawn = [bar.get_width() for bar in ax.patches]
    np.testing.assert_array_equal(drawn, by_department()["value"])
    target = next(line for line in ax.lines if line.get_label() == "目标")
    np.testing.assert_array_equal(target.get_xdata(), by_department()["target"])
    assert "15.2万（达成 108.6%）" in words_on(ax)
    assert "–" in words_on(ax)
    assert "预收保费（万元）" in words_on(ax)


def test_the_curve_marks_its_checkpoint_and_stops_where_facts_stop() -> None:
    frame = cumulative().assign(value=lambda f: f["value"].where(f["date"] <= "2012-09-20"))
    ax = plot.curve(frame, lang="zh", checkpoints=[11, 25])
    said = words_on(ax)
    assert "第11日 11.0万" in said
    assert not any("第25日" in text for text in said)
    assert "本期 20.0万" in said


def test_a_missing_month_is_a_gap() -> None:
    ax = plot.lines(months(), lang="en")
    line = next(one for one in ax.lines if one.get_label() == "activity_rate")
    assert len(line.get_xdata()) == 7  # March to September
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).sum() == 2  # June, August


def test_parts_are_laid_end_to_end() -> None:
    ax = plot.composition(tiers(), rows="unit", parts="kpi", lang="en")
    first, second = ax.containers
    assert first[0].get_width() == pytest.approx(0.1)
    assert second[0].get_x() == pytest.approx(0.1)
    assert ax.get_xlim() == (0.0, 1.0)  # the part that is none of them stays visible


def test_concentration_says_what_it_was_given_and_computes_nothing() -> None:
    ax = plot.concentration(february(), kpi="premium_submitted", lang="zh", share=0.571)
    said = words_on(ax)
    assert any(text.startswith("前3人贡献57.1%") for text in said)
    silent = words_on(plot.concentration(february(), kpi="premium_submitted", lang="zh"))
    assert not any("贡献" in text and "%" in text for text in silent)


def test_every_observation_before_and_after_is_labelled() -> None:
    said = words_on(plot.before_after(case(), lang="zh"))
    for text in ("3月 41.0%", "4月 27.0%", "7月 58.0%", "3月 71.6万", "7月 76.8万", "之前", "之后"):
        assert text in said


def test_a_chart_draws_where_it_is_told() -> None:
    plot.style("en")
    own = plt.subplots()[1]
    assert plot.bars(by_department(), lang="en", ax=own) is own


@pytest.mark.parametrize("name", ["bars", "curve", "lines", "composition", "concentration"])
def test_all_missing_draws_an_empty_chart(name: str) -> None:
    draw = {
        "bars": lambda: plot.bars(by_department().assign(value=NAN, target=NAN), lang="zh"),
        "curve": lambda: plot.curve(cumulative().assign(value=NAN), lang="zh"),
        "lines": lambda: plot.lines(months().assign(value=NAN), lang="zh"),
        "composition": lambda: plot.composition(
            tiers().assign(value=NAN), rows="unit", parts="kpi", lang="zh"
        ),
        "concentration": lambda: plot.concentration(
            february().assign(value=NAN), kpi="fyc", lang="zh"
        ),
    }[name]
    assert plot.picture(draw(), lang="zh").png


def test_charts_leave_their_frames_alone() -> None:
    frames = [by_department(), cumulative(), months(), february(), case()]
    copies = [frame.copy(deep=True) for frame in frames]
    plot.bars(frames[0], lang="zh")
    plot.curve(frames[1], lang="zh")
    plot.lines(frames[2], lang="zh")
    plot.concentration(frames[3], kpi="fyc", lang="zh")
    plot.before_after(frames[4], lang="zh")
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_a_picture_is_the_same_twice_and_its_words_follow_the_numbers() -> None:
    one, two = (plot.picture(plot.bars(by_department(), lang="zh"), lang="zh") for _ in range(2))
    assert one == two
    moved = by_department().assign(value=[152_001.0, NAN])
    other = plot.picture(plot.bars(moved, lang="zh"), lang="zh")
    assert repr(other) != repr(one)
    png, facts = one._repr_png_()
    assert png == one.png
    assert facts == {"width": one.width, "alt": one.alt}


def test_a_dollar_sign_in_a_name_is_no_formula() -> None:
    ax = plot.bars(by_department(), lang="en", names={"D1/01": r"$\frac$ & $x$"})
    assert any("frac" in text for text in words_on(ax))


def test_importing_show_loads_no_drawing_library_and_style_never_imports_zhplot() -> None:
    code = (
        "import sys; from perfkit.show import plot, table;"
        "early = {'matplotlib', 'seaborn', 'zhplot'} & set(sys.modules); assert not early, early;"
        "plot.style('zh'); assert 'zhplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# --- nothing to show

Shower = Callable[[pd.DataFrame], table.Display]
TABLES: dict[str, Shower] = {
    "headline": lambda f: table.headline(f, lang="zh", source=SOURCE),
    "scorecard": lambda f: table.scorecard(f, lang="zh", source=SOURCE),
    "by_unit": lambda f: table.by_unit(f, lang="zh", source=SOURCE, change="change_previous"),
    "by_period": lambda f: table.by_period(f, lang="zh", source=SOURCE),
    "table": lambda f: table.table(f, lang="zh", source=SOURCE),
    "effects": lambda f: table.effects(f, lang="zh", source=SOURCE),
}
EFFECT = ("mean_before", "mean_after", "difference", "low", "high", "p", "least_p")


def unknown(frame: pd.DataFrame) -> pd.DataFrame:
    """Blank every number of a frame."""
    return frame.assign(**dict.fromkeys(frame.select_dtypes("number"), NAN))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_nothing_is_one_quiet_line(name: str) -> None:
    frame = compared()
    if name == "effects":
        frame = frame[["kpi"]].assign(**dict.fromkeys(EFFECT, 1.0))
    said = words.text("table.nothing", "zh")
    for none in (frame.head(0), pd.DataFrame()):
        shown = TABLES[name](none)
        assert f'<div class="pk-quiet">{said}</div>' in shown.html
        assert said in repr(shown)
        assert shown.data.empty
    page = TABLES[name](unknown(frame)).html
    assert "<table" not in page
    assert "需要：承保保费、" in page  # the KPIs it would take


def test_the_kpis_that_were_asked_for_are_named_where_there_is_nothing() -> None:
    none = compared().head(0)
    asked = {"lang": "en", "source": SOURCE, "kpis": ["fyc"], "title": "Commission"}
    for show in (table.headline, table.scorecard, table.by_unit, table.by_period):
        shown = show(none, **asked)
        assert "it would take: first-year commission." in shown.html
        assert "Commission" in shown.html
    many = [f"K{place}" for place in range(20)]
    assert comparison.nothing(none, many, "en").endswith("K7 ….")


def test_one_unknown_kpi_beside_known_ones_is_still_a_dash() -> None:
    page = table.headline(compared(), lang="en", source=SOURCE).html
    assert "<b>–</b>" in page
    aimed = compared().tail(1).assign(target=0.4)  # a plan, but no value yet
    assert "<table" in table.scorecard(aimed, lang="en", source=SOURCE).html


NOTHING: dict[str, Callable[[pd.DataFrame], Axes | Figure]] = {
    "bars": lambda f: plot.bars(f, lang="zh", kpi="premium_submitted"),
    "curve": lambda f: plot.curve(f, lang="zh", others={"previous": f}, target=5.0),
    "lines": lambda f: plot.lines(f, lang="zh"),
    "composition": lambda f: plot.composition(f, rows="unit", parts="kpi", lang="zh"),
    "concentration": lambda f: plot.concentration(f, kpi="premium_submitted", lang="zh"),
    "before_after": lambda f: plot.before_after(f, lang="zh"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_chart_of_nothing_is_a_small_figure_that_says_so(name: str) -> None:
    numbers = CHARTS[name][1]()
    for none in (numbers.head(0), pd.DataFrame(), unknown(numbers)):
        drawn = NOTHING[name](none)
        said = words_on(drawn)
        figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
        assert figure is not None
        assert figure.get_figheight() < 1.5
        assert any(text.startswith("本数据册在此无可绘制的内容") for text in said)
        shown = plot.picture(drawn, lang="zh", source=SOURCE)
        assert "本数据册" in shown.alt
        assert " 0 个数值" in shown.alt
    drawn = NOTHING[name](unknown(numbers))
    code = next(iter(numbers.get("kpi", ["premium_submitted"])))
    kpi = label.kpi_name(code, "zh")
    assert any("需要：" in text and kpi in text.replace("\n", "") for text in words_on(drawn))


def test_little_is_drawn_as_well() -> None:
    little = [
        plot.curve(cumulative(days=1), lang="zh", checkpoints=[1]),
        plot.curve(cumulative(), lang="zh", others={"previous": cumulative().head(0)}),
        plot.lines(months().head(1), lang="zh"),
        plot.bars(by_department().head(1), lang="zh"),
        plot.concentration(february().head(1), kpi="premium_submitted", lang="zh", share=1.0),
        plot.composition(tiers().head(1), rows="unit", parts="kpi", lang="zh"),
        plot.before_after(case().head(1), lang="zh"),
        plot.before_after(case().assign(value=[NAN] * 3 + [1.0, 2.0]), lang="zh"),
    ]
    for drawn in little:
        assert plot.picture(drawn, lang="zh", source=SOURCE).png


def test_negative_values_are_drawn_below_zero() -> None:
    def down(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(value=-frame["value"])

    bars = plot.bars(down(by_department()).drop(columns="attainment"), lang="zh")
    assert bars.get_xlim()[0] < -152_000
    for draw, frame in ((plot.curve, cumulative()), (plot.lines, months())):
        low, high = draw(down(frame), lang="zh").get_ylim()
        assert low < -frame["value"].max()
        assert high == 0.0
    parts = plot.composition(down(tiers()), rows="unit", parts="kpi", lang="zh")
    assert parts.get_xlim()[0] == pytest.approx(-0.45)
    mixed = plot.composition(
        tiers().assign(value=[0.3, -0.2, 0.1, 0.4]), rows="unit", parts="kpi", lang="zh"
    )
    assert mixed.get_xlim() == (-0.2, 1.0)
    assert mixed.containers[1][0].get_x() == 0.0  # a part below zero covers none above
    assert plot.concentration(down(february()), kpi="fyc", lang="zh").get_ylim()[0] < -150_000
    panel = plot.before_after(down(case()), lang="zh").axes[0]
    places = [t.xy[1] for t in panel.texts if hasattr(t, "xy")]
    assert len(set(places)) == len(places)  # the labels still keep apart


# --- sentences


def test_a_sentence_without_what_it_needs_is_empty() -> None:
    facts = table.facts(compared(), lang="en")
    assert table.facts(compared().head(0), lang="en") == {}
    assert table.facts(pd.DataFrame(), lang="en") == {}
    said = table.sentence(
        "chart.top_agent", lang="en", needs=("share",), top=3, share=(0.5, "rate")
    )
    assert said.markdown == "the top 3 agents bring 50.0%"
    for share in ((NAN, "rate"), (None, "rate"), "–", None):
        got = table.sentence("chart.top_agent", lang="en", needs=("share",), top=3, share=share)
        assert got == table.Prose("")
    known = table.sentence("table.nothing", lang="en", needs=["premium_issued_target"], **facts)
    assert known.markdown
    for need in ("activity_rate", "premium_issued_nothing", "fyc_target"):
        assert table.sentence("table.nothing", lang="en", needs=[need], **facts).markdown == ""


def test_a_kpi_that_nobody_gave_is_a_dash_and_any_other_fact_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = words.text
    made = {"made.up": "{unit}: {fyc} ({fyc_change_previous}), {cases}"}

    def text(key: str, lang: str, **facts: object) -> str:
        return (
            made[key].format(**facts) if facts and key in made else made.get(key) or real(key, lang)
        )

    monkeypatch.setattr(words, "text", text)
    said = table.sentence("made.up", lang="en", unit="D1", cases="7")
    assert said.markdown == "D1: – (–), 7"
    with pytest.raises(KeyError, match="unit"):
        table.sentence("made.up", lang="en", cases="7")


def test_coverage_says_which_days_the_numbers_cover() -> None:
    month, first, last = period.parse("2012-09"), date(2012, 1, 1), date(2012, 9, 20)
    assert table.coverage(month, first, date(2012, 9, 30), lang="zh").markdown == ""
    zh = table.coverage(month, first, last, lang="zh").markdown
    en = table.coverage(month, first, last, lang="en").markdown
    for said in (zh, en):
        assert said.startswith("**")
        assert said.endswith("**")
        assert "2012-09-01" in said
        assert "2012-09-20" in said
    assert "共30天，数据只覆盖其中20天" in zh
    assert "only 20 of the 30 days of September 2012" in en
    late = table.coverage(month, date(2012, 9, 11), date(2013, 1, 1), lang="en").markdown
    assert "only 20 of the 30 days" in late
    assert "no day of September" in table.coverage(month, first, first, lang="en").markdown


@dataclass(frozen=True)
class Found:
    severity: str
    table: str
    count: int

    def text(self, lang: str) -> str:
        return f"<b>{lang}</b>: two agents"

    def fix(self, lang: str) -> str:
        return f"{lang}: keep one"


def test_findings_are_a_table_with_the_way_out() -> None:
    shown = table.findings(
        [Found("warning", "agents", 2), Found("note", "", 1)], lang="zh", source=SOURCE
    )
    for said in ("警告", "提示", "agents", "&lt;b&gt;zh", "zh: keep one", "处理办法", "3fa9c2d1"):
        assert said in shown.html
    assert shown.data["count"].tolist() == [2, 1]
    none = table.findings([], lang="zh", source=SOURCE)
    assert words.text("table.no_findings", "zh") in none.html
    assert "<table" not in none.html


# --- numbers and headings


@pytest.mark.parametrize("lang", words.LANGS)
@pytest.mark.parametrize("unit", ["yuan", "rate", "points", "ratio", "policies", "persons"])
def test_zero_has_no_sign(unit: str, lang: str) -> None:
    for value in (-0.0, 0.0, -0.0001, 0.0001, -1e-12):
        for signed in (True, False):
            said = words.number(value, unit, lang, signed=signed)
            assert said[0] == "0", said
    assert words.number(-0.4, "yuan", lang, signed=True) == "0"
    assert words.number(float("-inf"), "yuan", "en") == "-inf"
    assert place.Scale(1.0, "").tick(-1e-9) == "0"


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        ("2012-09", "上月", "last month"),
        ("2012-09@11", "上月", "last month"),
        ("2012Q3", "上季", "last quarter"),
        ("2012H1", "上期", "period before"),
        ("2012-09-01..2012-09-09", "上期", "period before"),
        ("2012-09:business", "上期", "period before"),
    ],
)
def test_the_period_before_is_last_month_for_months_and_nodes_only(
    when: str, zh: str, en: str
) -> None:
    frame = by_department().assign(period=when)
    for lang, said in (("zh", zh), ("en", en)):
        assert comparison.head("previous", when, lang) == said
        assert said in words_on(plot.bars(frame, lang=lang))


@pytest.mark.parametrize(
    ("before", "days", "said"),
    [
        ("2012-08-01", 31, "last month"),
        ("2012-08-01", 11, "last month"),
        ("2012-08-23", 9, "period before"),
        ("2012-07-01", 31, "period before"),
    ],
)
def test_the_curve_names_the_period_before_by_its_days(before: str, days: int, said: str) -> None:
    other = {"previous": cumulative(before, days), "year_ago": cumulative("2011-09-01")}
    ax = plot.curve(cumulative(), lang="en", others=other)
    assert ax.get_title(loc="left").startswith(f"Are we ahead of {said} and last year?")
    assert any(text.startswith(f"{said} ") for text in words_on(ax))
    alone = plot.curve(cumulative(), lang="zh")
    assert "上" not in alone.get_title(loc="left")
    assert any(text.startswith("本期 ") for text in words_on(alone))


def test_an_unknown_growth_leaves_no_line_below_its_change() -> None:
    for growth in (NAN, float("inf")):
        frame = compared().head(1).assign(growth_previous=growth)
        assert '"pk-under' not in table.scorecard(frame, lang="zh", source=SOURCE).html
    frame = compared().assign(growth_previous=[0.1, NAN, NAN, NAN])
    page = table.by_unit(frame, lang="zh", source=SOURCE, change="growth_previous").html
    assert page.count('"pk-under') == 1


# --- the foot of a chart


@pytest.mark.parametrize("lang", words.LANGS)
@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_says_where_its_numbers_come_from(
    name: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = CHARTS[name][0](lang)
    drawn = CHARTS[name][0](lang)
    monkeypatch.setattr(plt, "close", lambda figure: None)
    one, two = plot.picture(plain, lang=lang), plot.picture(drawn, lang=lang, source=SOURCE)
    assert repr(one) == repr(two)
    assert one.png != two.png
    figure = drawn if isinstance(drawn, Figure) else drawn.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    foot = next(t for t in figure.texts if "3fa9c2d1" in t.get_text())
    assert "2012-09" in foot.get_text()
    box = foot.get_window_extent()
    assert box.y0 >= 0
    assert box.x1 <= figure.bbox.x1
    for ax in figure.axes:
        around = ax.get_tightbbox()
        assert around is None or box.y1 < around.y0


def test_the_foot_names_the_variant_where_there_are_few() -> None:
    given = {
        "bars": plot.bars(by_department().assign(variant="submitted"), lang="zh"),
        "curve": plot.curve(cumulative().assign(variant="submitted"), lang="zh"),
        "lines": plot.lines(months().assign(variant="submitted"), lang="zh"),
        "composition": plot.composition(
            tiers().assign(variant="submitted"), rows="unit", parts="kpi", lang="zh"
        ),
        "concentration": plot.concentration(
            february().assign(variant="submitted"), kpi="fyc", lang="zh"
        ),
        "before_after": plot.before_after(case().assign(variant="submitted"), lang="zh"),
    }
    for drawn in given.values():
        data = plot.figure_data(drawn)
        assert data["variant"].unique().tolist() == ["submitted"]
        said = comparison.source_line(data, SOURCE, "zh")
        assert said == "期间 2012-09 · 口径：预收 · 数据 3fa9c2d1"


# --- the documentation of the room


def test_public_functions_document_their_parameters_and_refusals() -> None:
    root = Path(perfkit.__file__).parent
    for path in [*(root / "show").rglob("*.py"), root / "words" / "__init__.py"]:
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            said = ast.get_docstring(node) or ""
            given = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
            if len(given) >= 3:
                assert "\nParameters\n" in said, f"{path.name}: {node.name}"
            if any(isinstance(part, ast.Raise) for part in ast.walk(node)):
                assert "\nRaises\n" in said, f"{path.name}: {node.name}"
