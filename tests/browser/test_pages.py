"""The published pages as a reader's browser shows them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import MISSING_GLYPHS, OVERFLOW, Chromium, Page
from conftest import engine

pytestmark = pytest.mark.needs("chromium")

PAGES = [
    "index.html",
    "2012-09/monthly_review/D1.zh.html",
    "2012-09/monthly_review/D1.en.html",
]
REPORTS = PAGES[1:]
TEXT = "document.title + document.body.innerText"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = engine("chromium")
    assert program is not None
    with Chromium(program, tmp_path_factory.mktemp("chromium")) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def pages(browser: Chromium, published: Path) -> dict[str, Page]:
    """Open every page once; with PERFKIT_SHOTS=<folder> leave a picture of each there."""
    opened = {name: browser.open((published / name).as_uri()) for name in PAGES}
    if shots := os.environ.get("PERFKIT_SHOTS"):
        for name, page in opened.items():
            page.screenshot(Path(shots) / (name.replace("/", "-") + ".png"))
    return opened


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, pages: dict[str, Page]) -> Page:
    return pages[request.param]


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest, pages: dict[str, Page]) -> Page:
    return pages[request.param]


def pictures(page: Page) -> list[int]:
    """Widths of the pictures of a page, 0 where one is not drawn [px]."""
    return page.evaluate("[...document.images].map((i) => i.complete ? i.naturalWidth : 0)")


def test_every_page_is_looked_at(published: Path):
    assert {p.relative_to(published).as_posix() for p in published.rglob("*.html")} == set(PAGES)


def test_console_is_silent(page: Page):
    assert page.complaints == []


def test_page_is_self_contained(page: Page):
    assert page.fetched == []


def test_no_character_lacks_a_glyph(page: Page):
    text = page.evaluate(TEXT)
    assert len(text) > 50
    assert "\N{REPLACEMENT CHARACTER}" not in text
    assert page.evaluate(MISSING_GLYPHS) == []


def test_nothing_sticks_out_at_1280_pixels(page: Page):
    assert page.evaluate(OVERFLOW) == []


def test_every_picture_is_drawn(report: Page):
    widths = pictures(report)
    assert widths, "a report has charts"
    assert all(width > 0 for width in widths)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_says_its_language(pages: dict[str, Page], lang: str):
    said = pages[f"2012-09/monthly_review/D1.{lang}.html"].evaluate("document.documentElement.lang")
    assert said.split("-")[0] == lang


def test_code_is_hidden(report: Page):
    text = report.evaluate("document.body.innerText")
    assert not re.search(r"(?m)^\s*(import |from \w+ import |In \[)", text)


def test_report_prints_as_pdf(report: Page):
    pdf = report.pdf()
    assert pdf.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 30


def test_index_leads_to_the_reports(pages: dict[str, Page], published: Path):
    links = set(pages["index.html"].evaluate("[...document.links].map((a) => a.href)"))
    assert {(published / name).as_uri() for name in REPORTS} <= links


# A check that never fails proves nothing: each is shown a page with the fault.


@pytest.fixture(scope="module")
def faulty(browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Page:
    body = (
        "<p>业绩 \N{EGYPTIAN HIEROGLYPH A001}</p>"
        '<div style="width: 2000px">wide</div>'
        '<img src="nowhere.png"><script>console.error("x")</script>'
    )
    path = tmp_path_factory.mktemp("faulty") / "page.html"
    path.write_text(f'<meta charset="utf-8"><body>{body}</body>', encoding="utf-8")
    return browser.open(path.as_uri())


def test_check_sees_missing_glyphs_where_a_page_carries_no_font(faulty: Page):
    assert faulty.evaluate(MISSING_GLYPHS) == ["业", "绩", "\N{EGYPTIAN HIEROGLYPH A001}"]


def test_check_sees_a_wide_box(faulty: Page):
    assert any("div" in line for line in faulty.evaluate(OVERFLOW))


def test_check_sees_a_console_error(faulty: Page):
    assert any("error" in line for line in faulty.complaints)


def test_check_sees_a_fetch_and_its_failure(faulty: Page):
    assert [url.rsplit("/", 1)[-1] for url in faulty.fetched] == ["nowhere.png"]
    assert pictures(faulty) == [0]
