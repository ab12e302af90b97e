"""Waterfall, funnel and the sentence of drivers, in both languages."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from perfkit import explain, words
from perfkit.errors import PerfkitError
from perfkit.show import explained, plot

STEPS = pd.DataFrame(
    {
        "step": ["before", "headcount_implied", "activity_rate", "unexplained", "after"],
        "value": [716_000.0, 97_800.0, -257_300.0, 0.0, 556_500.0],
    }
)
UNITS = pd.DataFrame(
    {"unit": ["D/1", "D/2", "D/3"], "numerator": [3.0, 20, 0], "denominator": [40.0, 40, 0]}
)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("lang", words.LANGS)
def test_a_waterfall_shows_every_number_with_its_sign(lang: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plot.waterfall(STEPS, kpi="premium_submitted", lang=lang)
        ax.figure.canvas.draw()
    said = {text.get_text() for text in ax.texts}
    signed = {words.number(v, "yuan", lang, signed=True) for v in STEPS["value"][1:4]}
    assert signed < said
    reached = [bar.get_y() + bar.get_height() for bar in ax.patches]
    assert reached == pytest.approx([716_000, 813_800, 556_500, 556_500, 556_500])
    assert plot.figure_data(ax)["value"].tolist() == STEPS["value"].tolist()


def test_a_waterfall_through_zero_keeps_its_labels_inside() -> None:
    frame = STEPS.assign(value=[10.0, -30.0, 5.0, 0.0, -15.0])
    ax = plot.waterfall(frame, kpi="premium_net", lang="en")
    low, high = ax.get_ylim()
    assert low < -20
    assert high > 10


@pytest.mark.parametrize("lang", words.LANGS)
def test_a_funnel_marks_whom_chance_does_not_explain(lang: str) -> None:
    frame, lines = explain.funnel(UNITS, center=0.3), explain.funnel_lines(0.3, 40)
    ax = plot.funnel(frame, lines, kpi="activity_rate", lang=lang, names={"D/1": "营业一部"})
    ax.figure.canvas.draw()
    assert any("营业一部" in text.get_text() for text in ax.texts)
    assert plot.figure_data(ax)["signal"].tolist() == ["red", "yellow"]


def test_without_a_number_both_say_so() -> None:
    nothing = STEPS.assign(value=np.nan)
    assert plot.waterfall(nothing, kpi="fyc", lang="en").texts
    blank = plot.funnel(
        explain.funnel(UNITS, center=0.3).iloc[2:],
        explain.funnel_lines(0.3, 5),
        kpi="activity_rate",
        lang="zh",
    )
    assert blank.texts
    assert explained.drivers(nothing, kpi="fyc", lang="en").markdown == ""
    with pytest.raises(PerfkitError, match="step"):
        plot.waterfall(STEPS[["value"]], kpi="fyc", lang="en")


def test_the_sentence_names_the_largest_effect_first_in_both_languages() -> None:
    ends = ("2012-03", "2012-07")
    zh, en = (
        explained.drivers(STEPS, kpi="premium_submitted", lang=lang, ends=ends).markdown
        for lang in ("zh", "en")
    )
    assert zh.index("活动率 -25.7万") < zh.index("推算人力 +9.8万")
    assert en.index("activity rate -257,300") < en.index("headcount, implied +97,800")
