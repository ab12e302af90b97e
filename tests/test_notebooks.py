"""The notebooks: how many, how they are built, that they run, and what a new KPI costs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from perfkit import bundle, report, words

ROOT = Path(__file__).resolve().parents[1]
COUNT = 4
NAMES = bundle.notebooks()
MAX_LINES = 12


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(bundle.notebook_path(request.param), as_version=4)


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_as_many_notebooks_as_we_think() -> None:
    assert len(NAMES) == COUNT


def test_one_cell_holds_the_parameters_as_typed_literals(
    notebook: nbformat.NotebookNode,
) -> None:
    (cell,) = [cell for cell in notebook.cells if "parameters" in _tags(cell)]
    names = re.findall(r"(?m)^(\w+): [\w\[\]]+ = ", cell.source)
    assert {"book", "period", "unit", "lang"} <= set(names)
    assert len(names) == len(re.findall(r"(?m)^\w+", cell.source))
    assert cell.source.count("  # ") == len(names)


def test_cells_are_thin(notebook: nbformat.NotebookNode) -> None:
    for cell in _code(notebook):
        assert not re.search(r"(?m)^\s*(def|for|while|class|if|import (?!perfkit))\b", cell.source)
        assert set(re.findall(r"(?m)^from (\w+)", cell.source)) <= {"perfkit"}
        if "parameters" not in _tags(cell):
            assert len(cell.source.splitlines()) <= MAX_LINES, cell.source


def test_prose_stands_in_both_languages_side_by_side(notebook: nbformat.NotebookNode) -> None:
    prose = [_tags(cell) for cell in notebook.cells if cell.cell_type == "markdown"]
    assert prose == [["zh"], ["en"]] * (len(prose) // 2)
    for cell in notebook.cells:
        if _tags(cell) == ["en"]:
            assert not re.search(r"[\u4e00-\u9fff]", cell.source)
        if _tags(cell) == ["zh"]:
            assert re.search(r"[\u4e00-\u9fff]", cell.source)


def test_committed_outputs_are_whole_and_without_trace_of_a_run(
    notebook: nbformat.NotebookNode,
) -> None:
    code = _code(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds == {"execute_result"}
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "perfkit"}


def test_every_chart_says_what_was_drawn(notebook: nbformat.NotebookNode) -> None:
    drawn = [o.data for c in _code(notebook) for o in c.outputs if "image/png" in o.data]
    assert drawn
    for data in drawn:
        assert re.search(r"[0-9a-f]{8}", data["text/plain"])


@pytest.mark.slow
def test_the_case_is_published_in_both_languages(tmp_path: Path) -> None:
    done = report.run("cases/activity_vs_large_policies", lang="both", out=tmp_path)
    assert (done.exit_code, len(done.published)) == (0, 2)
    (folder,) = tmp_path.glob("2012/*")
    for lang in words.LANGS:
        page = (folder / f"SN-D1.{lang}.html").read_text(encoding="utf-8")
        assert "56.3%" in page
        assert words.text("span.node", lang) in page


@pytest.mark.slow
def test_monthly_review_has_all_its_parts(published: Path) -> None:
    folder = published / "2012-09" / "monthly_review"
    found = sorted(path.name for path in folder.iterdir())
    assert found == ["D1.en.html", "D1.en.ipynb", "D1.zh.html", "D1.zh.ipynb", "run.json"]
    page = (folder / "D1.en.html").read_text(encoding="utf-8")
    # Plan of the month, and the stretch target by name beside it.
    for figure in ("607,200", "860,000", "536,000", "89.3%"):
        assert figure in page
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    entries = record["reports"] if "reports" in record else record["entries"]
    assert len(entries) == 2


def _checkout(tmp_path: Path) -> Path:
    """Copy what a contributor would edit."""
    for name in ("perfkit", "notebooks", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _perfkit(checkout: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "perfkit.cli", *argv],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_new_kpi_is_one_entry_and_its_two_words(tmp_path: Path) -> None:
    # The example is the one that CONTRIBUTING.md prints.
    checkout = _checkout(tmp_path)
    example = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    form = r"```toml\n# perfkit/kpi[^\n]*\n(.*?)\n# perfkit/words[^\n]*\n(.*?)```"
    entry, word = re.findall(form, example, re.DOTALL)[0]
    code = re.search(r"\[kpis\.(\w+)\]", entry)[1]  # type: ignore[index]
    with (checkout / "perfkit/kpi/catalogue.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + entry)
    names = {"en": re.search(r'name = "(.*)"', word)[1], "zh": "主管人均保费"}  # type: ignore[index]
    for lang, name in names.items():
        with (checkout / f"perfkit/words/{lang}.toml").open("a", encoding="utf-8") as file:
            file.write(f'\n[kpi.{code}]\nname = "{name}"\n')
    argv = ["kpi", "district_one", "--period", "2012-03", "--kpi", code, "--format", "json"]
    (found,) = json.loads(_perfkit(checkout, *argv))
    assert found["value"] == pytest.approx(716_000 / 26)
    listed = {
        one["code"]: one for one in json.loads(_perfkit(checkout, "glossary", "--format=json"))
    }
    assert (listed[code]["en"], listed[code]["zh"]) == (names["en"], names["zh"])
    _perfkit(checkout, "run", "monthly_review", "--lang", "both", "--out", str(tmp_path / "out"))
    for lang, name in names.items():
        page = tmp_path / "out" / "2012-09" / "monthly_review" / f"D1.{lang}.html"
        assert name in page.read_text(encoding="utf-8")
