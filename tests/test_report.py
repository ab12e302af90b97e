"""The room report: strict parameters, honest runs, whole publication, pages that stand alone."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import psutil
import pytest

from perfkit import period as spans
from perfkit import words
from perfkit.errors import (
    BadPeriod,
    BookRefused,
    Locked,
    ParameterError,
    PerfkitError,
    RunFailed,
    UnknownName,
)
from perfkit.report import (
    exchange,
    execute,
    index,
    kind,
    lock,
    manifest,
    notebook,
    page,
    publish,
    still,
    versions,
)
from perfkit.report import published as list_published
from perfkit.report import run as run_report

PARAMETERS = """\
book: str = "tiny"  # the facts
period: str = "2012-09"  # what time
unit: str = "甲区"  # unit id
lang: str = "zh"  # language of the reader
top: int = 5
share: float = 0.5
quick: bool = False
codes: list[str] = ["01", "02"]
note: str | None = None
"""
BOOK = """\
name = "tiny"
root = "district"
as_of = 2012-10-31
currency = "CNY"
[title]
zh = "小册"
en = "Tiny"
[units."甲区/一部"]
zh = "第一部"
en = "First department"
"""
OBSERVATIONS = """\
unit_id,start,end,measure,value,basis
甲区,2012-09-01,2012-09-30,premium_issued,700,printed
甲区/一部,2012-09-01,2012-09-30,premium_issued,300,printed
甲区/二部,2012-09-01,2012-09-30,premium_issued,400,printed
"""
SAY = "print(unit, period, lang)"
slow = pytest.mark.slow


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand outside the checkout, beside the tiny book."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "book.toml").write_text(BOOK, encoding="utf-8")
    (folder / "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def code(source: str, *tags: str) -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def prose(source: str, *tags: str) -> Any:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)})


def make(
    *cells: Any, parameters: str = PARAMETERS, name: str = "review", periods: Any = None
) -> Path:
    """Write a notebook: two titles, the parameters cell, then the cells."""
    made = nbformat.v4.new_notebook(
        cells=[
            prose("# 复盘", "zh"),
            prose("# Review", "en"),
            code(parameters, "parameters"),
            *(code(c) if isinstance(c, str) else c for c in cells),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    if periods is not None:
        made.metadata["perfkit"] = {"periods": periods}
    path = Path(f"{name}.ipynb").resolve()
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def reports(out: str = "reports") -> dict[str, str]:
    """Give the hash of every published file by its path."""
    root = Path(out)
    return {
        p.relative_to(root).as_posix(): manifest.sha256(p.read_bytes())
        for p in root.glob("2*/**/*")
        if p.is_file()
    }


def entry(where: str = "2012-09/review", **wanted: Any) -> dict[str, Any]:
    found = manifest.entries(Path("reports", where))
    (one,) = [e for e in found if all(e[k] == v for k, v in wanted.items())]
    return one


def run(path: str | Path, **options: Any) -> Any:
    """Run for one reader, for speed, where a test is not about two."""
    return run_report(path, **{"lang": "en", **options})


@pytest.fixture
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any new process, and so any kernel, be an error."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(execute, "run", refuse)


# --- parameters -------------------------------------------------------------------------------


def test_the_cell_is_read_without_running_it() -> None:
    found = notebook.read(make()).parameters
    assert list(found) == re.findall(r"^(\w+):", PARAMETERS, re.MULTILINE)
    assert found["unit"] == notebook.Parameter(
        "unit", kind.Kind("str"), needed=False, default="甲区", help="unit id"
    )
    assert str(found["codes"].kind) == "list[str]"
    assert str(found["note"].kind) == "str | None"


def test_types_come_from_defaults_where_none_is_written() -> None:
    found = notebook.declared(
        'a = 1\nb = "x"\nc = [1.5]\nd = True\n"a remark"\ne: Optional[int] = 3'
    )
    kinds = {name: str(one.kind) for name, one in found.items()}
    assert kinds == {"a": "int", "b": "str", "c": "list[float]", "d": "bool", "e": "int | None"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import os", 1),
        ("a: int = 1\nb: int = a + 1", 2),
        ('a: int = "x"', 1),
        ("a: dict = {}", 1),
        ("a: list[list[str]] = []", 1),
        ("a = 1, 2", 1),
        ("a = b = 1", 1),
        ("a: str = open('x')", 1),
        ("%matplotlib inline", 1),
        ("a: int =", 1),
        ("a = [1, 'x']", 1),
    ],
)
def test_a_parameters_cell_holds_literals_only(source: str, line: int) -> None:
    with pytest.raises(PerfkitError) as error:
        notebook.declared(source, "x.ipynb")
    assert error.value.key == "report.parameters_cell"
    assert error.value.facts["line"] == line
    assert "x.ipynb" in str(error.value)


@pytest.mark.parametrize(
    ("name", "given", "bound"),
    [
        ("unit", "01", "01"),
        ("unit", "1E5", "1E5"),
        ("unit", " 甲 区 ", " 甲 区 "),
        ("unit", "", ""),
        ("unit", dt.date(2012, 9, 30), "2012-09-30"),
        ("unit", dt.datetime(2012, 9, 30), "2012-09-30"),
        ("unit", dt.datetime(2012, 9, 30, 8, 5), "2012-09-30T08:05:00"),
        ("top", "7", 7),
        ("top", " -7 ", -7),
        ("top", 7, 7),
        ("share", "0.25", 0.25),
        ("share", "1e-3", 0.001),
        ("share", 1, 1.0),
        ("quick", "true", True),
        ("quick", "False", False),
        ("quick", True, True),
        ("codes", "01,02", ["01", "02"]),
        ("codes", '["01", "a,b"]', ["01", "a,b"]),
        ("codes", "", []),
        ("codes", ("03",), ["03"]),
        ("note", "None", None),
        ("note", None, None),
        ("note", "x", "x"),
    ],
)
def test_values_are_read_by_the_declared_type(name: str, given: object, bound: object) -> None:
    cell = notebook.read(make()).parameters
    found = notebook.bind(cell, {name: given})[name]
    assert found == bound
    assert type(found) is type(bound)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("unit", 1),
        ("unit", None),
        ("unit", ["D1"]),
        ("top", "abc"),
        ("top", "1.5"),
        ("top", ""),
        ("top", "1_000"),
        ("top", True),
        ("top", 1.0),
        ("top", None),
        ("share", "nan"),
        ("share", float("inf")),
        ("share", "1,5"),
        ("share", True),
        ("quick", "yes"),
        ("quick", "1"),
        ("quick", 1),
        ("codes", "[1, 2]"),
        ("codes", "[01]"),
        ("codes", '["a"'),
        ("codes", "[__import__('os')]"),
        ("codes", [1]),
        ("codes", {"a": 1}),
        ("note", 3),
    ],
)
def test_values_of_another_type_are_refused(name: str, given: object) -> None:
    cell = notebook.read(make()).parameters
    with pytest.raises(ParameterError) as error:
        notebook.bind(cell, {name: given})
    for lang in words.LANGS:
        said = error.value.text(lang)
        assert name in said
        assert repr(given) in said
    assert str(cell[name].kind) in str(error.value)


@pytest.mark.parametrize("text", ["unit", "=x", " =x"])
def test_a_parameter_is_name_and_value(text: str) -> None:
    with pytest.raises(ParameterError, match="NAME=VALUE"):
        notebook.assignments([text])


def test_a_parameter_is_given_once() -> None:
    assert notebook.assignments(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    with pytest.raises(ParameterError, match="more than once"):
        notebook.assignments(["a=1", "a=2"])
    with pytest.raises(ParameterError, match="more than once"):
        run(make(), unit="甲区", parameters={"unit": "甲区"})


NEEDS = 'lang: str = "en"\nunit: str\nmonths: int\n'


@pytest.mark.usefixtures("_no_process")
@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"parameters": {"unti": "x"}}, UnknownName, "'unit'"),
        ({"parameters": {"zzz": "x"}}, UnknownName, "book, period, unit, lang"),
        ({"parameters": {"top": "x"}}, ParameterError, "int"),
        ({"period": "2012-13"}, BadPeriod, "2012-13"),
        ({"period": "september"}, BadPeriod, "september"),
        ({"period": "1999-01"}, PerfkitError, "1999-01"),
        ({"unit": "甲区/一"}, UnknownName, "'甲区/一部'"),
        ({"unit": "D9"}, UnknownName, "甲区/二部"),
        ({"parameters": {"unit": "D9"}}, UnknownName, "甲区/二部"),
        ({"each": "departmnt"}, UnknownName, "'department'"),
        ({"each": "branch"}, PerfkitError, "district"),
        ({"each": "department", "unit": "甲区"}, ParameterError, "not both"),
        ({"lang": "fr"}, UnknownName, "zh, en, both"),
        ({"lang": None, "parameters": {"lang": "ch"}}, UnknownName, "'zh'"),
        ({"each": "agent"}, ParameterError, "district, department"),
        ({"each": "group"}, UnknownName, "district, department"),
        ({"each": "department", "period": "2012-10"}, ParameterError, "2012-10"),
        ({"jobs": -1}, ParameterError, "-1"),
        ({"book": "distrct_one"}, UnknownName, "'district_one'"),
        ({"book": "empty"}, PerfkitError, "book.toml"),
        ({"book": "broken"}, BookRefused, "broken"),
    ],
)
def test_a_bad_request_is_refused_before_any_kernel(
    options: dict[str, Any], error: type[PerfkitError], named: str
) -> None:
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken/book.toml").write_text(BOOK.replace("tiny", "broken"), encoding="utf-8")
    with pytest.raises(error) as refused:
        run(make(SAY), **options)
    assert named in str(refused.value)
    assert refused.value.exit_code == 2
    assert all(refused.value.text(lang) for lang in words.LANGS)
    assert not Path("reports").exists()


@pytest.mark.usefixtures("_no_process")
def test_missing_values_are_all_named() -> None:
    with pytest.raises(ParameterError, match=r"unit, months\."):
        run(make(SAY, parameters=NEEDS))


@pytest.mark.usefixtures("_no_process")
@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("not json", "no notebook"),
        ("[]", "no notebook"),
        ('{"cells": []}', "0 cells"),
        ('{"cells": 3}', "no notebook"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused(content: str, named: str) -> None:
    Path("x.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(PerfkitError, match=named):
        run("x.ipynb")


@pytest.mark.usefixtures("_no_process")
def test_notebooks_have_one_parameters_cell_and_text_for_the_standard_ones() -> None:
    with pytest.raises(PerfkitError, match="2 cells"):
        run(make(code("a: int = 1", "parameters")))
    with pytest.raises(PerfkitError, match="'unit' must be declared as str"):
        run(make(parameters='lang: str = "en"\nunit: int = 1'))
    with pytest.raises(UnknownName, match="lang"):
        run(make(parameters="top: int = 1"))
    with pytest.raises(UnknownName, match="monthly_reveiw"):
        run("monthly_reveiw")


def test_the_command_refuses_within_two_seconds_and_loads_nothing_heavy() -> None:
    make(SAY)
    script = (
        "import sys\nfrom perfkit.cli import main\n"
        "rc = main(['run', 'review.ipynb', '-p', 'unti=x'])\n"
        "assert not {'papermill', 'pandas', 'nbformat', 'duckdb'} & set(sys.modules)\n"
        "sys.exit(rc)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False
    )
    assert time.perf_counter() - start < 2
    assert done.returncode == 2, done.stderr
    assert "'unit'" in done.stderr
    assert done.stdout == ""
    assert not Path("reports").exists()


# --- what a notebook is for -------------------------------------------------------------------


def test_every_kind_of_period_has_an_example_and_words() -> None:
    for name, code in notebook.PERIODS.items():
        assert spans.parse(code).kind == name
    for lang in words.LANGS:
        assert set(words.table("report.kind", lang)) == set(notebook.PERIODS)


@pytest.mark.usefixtures("_no_process")
@pytest.mark.parametrize("asked", ["2012", "2012Q3", "2012-09-11", "2012-09-01..2012-09-30"])
def test_a_period_of_another_kind_is_refused(asked: str) -> None:
    path = make(SAY, periods=["month", "node", "business"])
    with pytest.raises(notebook.PeriodKind) as refused:
        run(path, period=asked)
    assert refused.value.exit_code == 2
    for lang in words.LANGS:
        said = refused.value.text(lang)
        assert asked in said
        for name in ("month", "node", "business"):
            assert words.text(f"report.kind.{name}", lang) in said
        assert "--period 2012-09" in said
        assert "2012-09@11" in said
    assert not Path("reports").exists()


def test_a_period_of_an_allowed_kind_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "run", _not_run)
    path = make(SAY, periods=["month", "node"])
    for asked in ("2012-09", "2012-09@30"):
        assert run(path, period=asked).exit_code == 0
    kept = json.loads(Path("reports/2012-09/review/甲区.en.ipynb").read_text(encoding="utf-8"))
    assert kept["metadata"]["perfkit"]["periods"] == ["month", "node"]
    assert notebook.read(Path("reports/2012-09/review/甲区.en.ipynb")).periods == ("month", "node")


@pytest.mark.parametrize("written", ["month", ["months"], [1], [["month"]], {"month": 1}])
def test_a_kind_of_period_that_there_is_not_is_refused(written: Any) -> None:
    with pytest.raises(PerfkitError, match="half, quarter, month"):
        run(make(SAY, periods=written))


def test_normalising_a_notebook_for_the_repository_keeps_what_it_is_for() -> None:
    path = make(SAY, periods=["month"])
    keys = "metadata.language_info metadata.papermill cell.metadata.papermill"
    strip = ["nbstripout", "--keep-output", "--keep-id", "--extra-keys", keys, str(path)]
    subprocess.run([sys.executable, "-m", *strip], check=True)
    assert notebook.read(path).periods == ("month",)


# --- which units ------------------------------------------------------------------------------


FORCE = """\
agent_id,district,department,group,rank,joined_on,left_on
a1,D1,01,01,agent,2011-01-01,
a2,D1,02,01,agent,2011-01-01,2012-03-15
a3,D1,03,01,agent,2012-09-20,
"""
SOLD = """\
policy_id,agent_id,product,submitted_on,issued_on,premium
p1,a1,life,2011-02-03,2011-02-05,1000
"""


@pytest.mark.parametrize(
    ("asked", "living"),
    [
        ("2012-09", ["D1/01", "D1/03"]),
        ("2012-03", ["D1/01", "D1/02"]),
        ("2012-05", ["D1/01"]),
        ("2012", ["D1/01", "D1/02", "D1/03"]),
    ],
)
def test_each_takes_the_units_that_live_in_the_period(asked: str, living: list[str]) -> None:
    from perfkit.book import open_book
    from perfkit.report import units

    _force()
    assert list(units.each_of(open_book("force"), "department", spans.parse(asked))) == living


def _force() -> None:
    Path("force").mkdir()
    text = BOOK.split("[units", 1)[0].replace("tiny", "force") + "[ranks]\nagent = false\n"
    Path("force/book.toml").write_text(text, encoding="utf-8")
    Path("force/agents.csv").write_text(FORCE, encoding="utf-8")
    Path("force/policies.csv").write_text(SOLD, encoding="utf-8")


def test_each_needs_a_book() -> None:
    path = make(SAY, parameters='lang: str = "en"\nunit: str = "x"')
    with pytest.raises(ParameterError, match="--unit"):
        run(path, each="department")


# --- whose report stands there ----------------------------------------------------------------


def _copy(where: str, name: str) -> None:
    """Copy the tiny book, under a name of its own."""
    Path(where).mkdir(parents=True)
    text = BOOK.replace('"tiny"', f'"{name}"')
    Path(where, "book.toml").write_text(text, encoding="utf-8")
    Path(where, "observations.csv").write_text(OBSERVATIONS, encoding="utf-8")


def test_a_report_of_another_book_is_replaced_only_by_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execute, "run", _not_run)
    path = make(SAY)
    _copy("other", "other")
    run(path)
    before = reports()
    with pytest.raises(PerfkitError, match=r"'tiny'.*'other'.*--out.*--force") as refused:
        run(path, book="other", lang="both")
    assert refused.value.exit_code == 2
    assert reports() == before
    assert run(path, book="other", unit="甲区/一部").exit_code == 0
    assert run(path, book="other", out="elsewhere").exit_code == 0
    assert len(run(path, book="other", force=True).published) == 1
    assert entry(unit="甲区")["book"] == "other"


def test_a_report_of_another_notebook_of_the_same_name_is_replaced_only_by_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execute, "run", _not_run)
    path = make(SAY)
    run(path)
    before = reports()
    Path("copy").mkdir()
    copied = Path("copy/review.ipynb")
    copied.write_bytes(path.read_bytes())
    assert len(run(copied).up_to_date) == 1  # the same notebook, wherever it lies
    copied.write_text(path.read_text(encoding="utf-8").replace(SAY, "1"), encoding="utf-8")
    with pytest.raises(PerfkitError, match=r"review\.ipynb;.*copy/review\.ipynb") as refused:
        run(copied)
    assert refused.value.exit_code == 2
    assert reports() == before
    assert len(run(copied, force=True).published) == 1
    assert entry(unit="甲区")["notebook_file"] == "copy/review.ipynb"


# --- places and data --------------------------------------------------------------------------


@slow
def test_no_place_of_this_machine_is_published(elsewhere: Path) -> None:
    say = "from pathlib import Path\nprint(f'在{book}，', Path(book).is_dir(), Path.cwd())"
    path = make(say, "import warnings; warnings.warn('odd')")
    _copy("a b/小", "tiny")
    assert run(path, book="a b/小").exit_code == 0
    first = reports()
    for file in Path("reports/2012-09/review").iterdir():
        text = file.read_text(encoding="utf-8")
        assert str(elsewhere) not in text
        assert json.dumps(str(elsewhere))[1:-1] not in text
        assert "a b/" not in text
        assert "ipykernel_" not in text
    assert "在tiny， True" in Path("reports/2012-09/review/甲区.en.html").read_text("utf-8")
    kept = notebook.read(Path("reports/2012-09/review/甲区.en.ipynb"))
    assert json.loads(kept.content)["metadata"]["perfkit"]["parameters"]["book"] == "tiny"
    assert entry(unit="甲区")["parameters"]["book"] == "tiny"
    assert len(run(path, book="tiny").up_to_date) == 1
    run(path, book="tiny", force=True)
    assert {k: v for k, v in reports().items() if "run.json" not in k} == {
        k: v for k, v in first.items() if "run.json" not in k
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<b>/b</b> a/b /b/x '/b'", "<b>mine</b> a/b mine/x 'mine'"),
        ("/bc /b-c //b file:///b", "/bc /b-c //b file://mine"),
        ("来自/b的", "来自mine的"),
    ],
)
def test_only_a_whole_path_is_replaced(text: str, told: str) -> None:
    shown = code("1")
    shown.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]
    made = nbformat.v4.new_notebook(cells=[shown])
    done = still.normalised(made, {}, {"/b": "mine"})
    assert done.cells[0].outputs[0].text == told


@pytest.mark.parametrize("how", ["other", "gone"])
def test_data_that_change_during_the_run_are_a_failure(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(*args: Any, **options: Any) -> execute.Executed:
        file = Path("tiny/observations.csv")
        if how == "gone":
            file.unlink(missing_ok=True)
        else:
            file.write_text(OBSERVATIONS.replace("700", "701"), encoding="utf-8")
        return _not_run(*args, **options)

    monkeypatch.setattr(execute, "run", changing)
    result = run(make(SAY))
    assert result.exit_code == 1
    assert result.failed[0].failure.reason == "data_changed"
    assert "changed during the run" in result.failed[0].failure.text("en")
    assert not reports()


def test_the_versions_hold_all_that_makes_page_and_numbers() -> None:
    wanted = {"pandas", "mistune", "pyarrow", "scipy", "fonttools", "jinja2", "nbformat", "zhplot"}
    assert wanted <= set(versions.installed())
    suffixes = {p.suffix for p in Path(versions.__file__).parents[1].rglob("*") if p.is_file()}
    assert suffixes - {".pyc", ".typed"} <= versions.SOURCES | {""}
    assert {".toml", ".j2", ".css"} <= versions.SOURCES


# --- language ---------------------------------------------------------------------------------


def test_the_other_language_is_dropped_and_the_file_left_alone() -> None:
    cells = [prose("a", "zh"), prose("b", "en"), prose("c"), code("d", "zh")]
    both = nbformat.v4.new_notebook(cells=cells)
    assert [c.source for c in execute.in_language(both, "en").cells] == ["b", "c", "d"]
    assert [c.source for c in execute.in_language(both, "zh").cells] == ["a", "c", "d"]
    assert len(both.cells) == 4


@slow
def test_one_notebook_gives_two_pages_with_the_same_numbers() -> None:
    path = make(prose("## 数字", "zh"), prose("## Numbers", "en"), SAY, "print(40 + 2)")
    result = run(path, lang="both", unit="甲区/一部")
    assert result.exit_code == 0
    assert [(o.state, o.lang) for o in result.outcomes] == [
        ("published", "zh"),
        ("published", "en"),
    ]
    zh, en = (o.path.read_text(encoding="utf-8") for o in result.outcomes)
    assert '<html lang="zh-Hans">' in zh
    assert '<html lang="en">' in en
    for text, own, other in ((zh, "数字", "Numbers"), (en, "Numbers", "数字")):
        assert own in text
        assert other not in text
        assert "42" in text
    assert "甲区/一部 2012-09 zh" in zh
    assert "甲区/一部 2012-09 en" in en
    assert "第一部 (甲区/一部)" in zh
    assert "First department (甲区/一部)" in en
    assert "小册" in zh
    assert "Tiny" in en
    names = sorted(p.name for p in Path("reports/2012-09/review").iterdir())
    stem = "甲区-一部"
    assert names == [
        "run.json",
        *(f"{stem}.{lang}.{ending}" for lang in ("en", "zh") for ending in ("html", "ipynb")),
    ]


# --- a run --------------------------------------------------------------------------------------


@slow
def test_run_json_holds_what_went_in_and_came_out() -> None:
    run(make(SAY), unit="甲区", parameters={"top": "7", "codes": "01"})
    one = entry(unit="甲区", lang="en")
    assert one["parameters"]["top"] == 7
    assert one["parameters"]["codes"] == ["01"]
    assert one["parameters"]["unit"] == "甲区"
    assert one["notebook_sha256"] == manifest.sha256(Path("review.ipynb").read_bytes())
    assert len(one["data"]) >= 12
    assert one["versions"]["perfkit"] == "0.1.0"
    assert {"python", "pandas", "papermill"} <= set(one["versions"])
    assert one["counts"]["observations"] == {"in": 3, "refused": 0}
    assert isinstance(one["findings"], list)
    assert one["seconds"]["run"] > 0
    for ending in ("html", "ipynb"):
        content = Path("reports/2012-09/review", one["files"][ending]["name"]).read_bytes()
        assert one["files"][ending]["sha256"] == manifest.sha256(content)
        assert one["files"][ending]["bytes"] == len(content)
    assert "Tiny" in Path("reports/2012-09/review/甲区.en.html").read_text(encoding="utf-8")


@slow
def test_a_second_run_of_the_same_is_up_to_date_and_force_gives_the_same_bytes() -> None:
    path = make(
        SAY, "object()", "import pandas as pd; pd.DataFrame({'a': [1]}).style", "{'b', 'a'}"
    )
    assert len(run(path).published) == 1
    before, stamp = reports(), Path("reports/2012-09/review/run.json").stat().st_mtime_ns
    again = run(path)
    assert len(again.up_to_date) == 1
    assert Path("reports/2012-09/review/run.json").stat().st_mtime_ns == stamp
    assert len(run(path, force=True).published) == 1
    after = reports()
    assert {k: v for k, v in after.items() if "run.json" not in k} == {
        k: v for k, v in before.items() if "run.json" not in k
    }


@slow
@pytest.mark.parametrize("what", ["notebook", "parameter", "data", "code", "package", "damage"])
def test_what_changed_is_made_anew(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(SAY)
    monkeypatch.setattr(execute, "run", _not_run)
    run(path)
    options: dict[str, Any] = {}
    if what == "notebook":
        make(SAY, "1")
    elif what == "parameter":
        options = {"parameters": {"top": 6}}
    elif what == "data":
        changed = OBSERVATIONS.replace("700", "701")
        Path("tiny/observations.csv").write_text(changed, encoding="utf-8")
    elif what == "code":
        monkeypatch.setattr(versions, "source_sha256", lambda: "other")
    elif what == "package":
        newer = {**versions.installed(), "mistune": "99"}
        monkeypatch.setattr(versions, "installed", lambda: newer)
    else:
        Path("reports/2012-09/review/甲区.en.html").write_text("", encoding="utf-8")
    assert len(run(path, **options).published) == 1


def _not_run(source: Any, parameters: Any, *, folder: Path, timeout: float) -> execute.Executed:
    """Stand in for a kernel where a test is about what happens around it."""
    return execute.Executed(source, 0.0, None)


@slow
@pytest.mark.parametrize(
    ("cells", "reason", "said"),
    [
        (["1 / 0", "1"], "cell_failed", "ZeroDivisionError"),
        (["1 / 0"], "cell_failed", "ZeroDivisionError"),
        (["def (", "1"], "cell_failed", "SyntaxError"),
        (["import sys; sys.exit(0)", "1"], "cell_exited", "SystemExit"),
        (["import sys; sys.exit(0)"], "cell_exited", "SystemExit"),
        (["raise KeyboardInterrupt"], "cell_exited", "KeyboardInterrupt"),
        (["import os; os._exit(0)", "1"], "kernel_died", "died"),
        (["import os; os.kill(os.getpid(), 9)"], "kernel_died", "died"),
        (["import time; time.sleep(60)", "1"], "cell_timeout", "2 seconds"),
    ],
)
def test_a_run_that_breaks_is_a_failure_and_publishes_nothing(
    cells: list[str], reason: str, said: str
) -> None:
    result = run(make(SAY, *cells), timeout=2)
    assert result.exit_code == 1
    (failed,) = result.failed
    assert failed.failure.reason == reason
    assert failed.failure.cell == 5  # title, parameters, their values, what is said, then this
    assert said in failed.failure.text("en")
    assert not reports()
    kept = json.loads(Path("reports/failed/2012-09/review/甲区.en.json").read_text("utf-8"))
    assert kept["reason"] == reason
    assert kept["said"]["zh"] == failed.failure.text("zh")
    assert failed.path == Path("reports/failed/2012-09/review/甲区.en.ipynb").resolve()
    assert "甲区 2012-09 en" in failed.path.read_text(encoding="utf-8")


@slow
def test_an_error_of_perfkit_is_said_in_the_readers_language() -> None:
    path = make("from perfkit import bundle\nbundle.book_path('no such book')")
    result = run(path, lang="both")
    assert len(result.failed) == 2
    wrong = UnknownName(kind="book", name="no such book", allowed=["x"])
    for outcome in result.failed:
        for lang in words.LANGS:
            said = outcome.failure.text(lang)
            assert wrong.text(lang).split("'")[0] in said
            assert "no such book" in said


@slow
def test_a_failure_keeps_the_earlier_report_and_is_forgotten_when_mended() -> None:
    path = make(SAY)
    run(path)
    before = reports()
    make(SAY, "1 / 0")
    assert run(path).exit_code == 1
    assert reports() == before
    text = Path("reports/index.html").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    assert "failed/2012-09/review/%E7%94%B2%E5%8C%BA.en.ipynb" in text
    make(SAY)
    assert run(path).exit_code == 0
    assert not Path("reports/failed").exists()
    assert "ZeroDivisionError" not in Path("reports/index.html").read_text(encoding="utf-8")


@slow
def test_a_failing_unit_stops_no_other() -> None:
    seen: list[tuple[str, int, int]] = []
    path = make("assert unit != '甲区/一部', 'no'")
    result = run(
        path, each="department", progress=lambda o, done, total: seen.append((o.state, done, total))
    )
    assert {o.unit: o.state for o in result.outcomes} == {
        "甲区/一部": "failed",
        "甲区/二部": "published",
    }
    assert result.exit_code == 1
    assert sorted(s[0] for s in seen) == ["failed", "made"]
    assert [s[1:] for s in seen] == [(1, 2), (2, 2)]
    assert {e["unit"] for e in manifest.entries(Path("reports/2012-09/review"))} == {"甲区/二部"}


@slow
def test_the_kernel_stands_alone(elsewhere: Path, capfd: pytest.CaptureFixture[str]) -> None:
    cell = (
        "import os, perfkit\nfrom pathlib import Path\n"
        "print('here', Path.cwd().name, len(list(Path.cwd().glob('*.ipynb'))))\n"
        "print('home', os.environ['IPYTHONDIR'].startswith(str(Path.cwd())))\n"
        "print('at', perfkit.__file__)\nos.system('echo to the terminal >&2')\nPath('x').touch()"
    )
    result = run(make(cell))
    text = result.published[0].path.read_text(encoding="utf-8")
    assert re.search(r"here perfkit-\w+ 0", text)
    assert "home True" in text
    assert sys.modules["perfkit"].__file__ in text
    assert sorted(p.name for p in elsewhere.iterdir()) == ["reports", "review.ipynb", "tiny"]
    assert capfd.readouterr() == ("", "")


@slow
def test_a_book_beside_the_caller_is_found_by_the_kernel() -> None:
    path = make("from pathlib import Path\nprint('book', Path(book).is_dir(), Path(book).name)")
    result = run(path, book="tiny")
    assert "book True tiny" in result.published[0].path.read_text(encoding="utf-8")


@slow
def test_a_notebook_without_book_period_and_unit_is_undated() -> None:
    path = make("print(lang)", parameters='lang: str = "zh"', name="case")
    result = run(path, lang="both")
    assert sorted(o.path.name for o in result.published) == ["all.en.html", "all.zh.html"]
    assert result.published[0].path.parent == Path("reports/undated/case").resolve()
    with pytest.raises(UnknownName, match="period"):
        run(path, period="2012-09")
    text = Path("reports/index.html").read_text(encoding="utf-8")
    assert words.text("report.index.undated", "zh") in text


def _command(*options: str) -> subprocess.Popen[str]:
    # A run in the background inherits that key presses are ignored; ours is to hear them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(
        [sys.executable, "-m", "perfkit.cli", "run", "review.ipynb", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={
            **os.environ,
            "PYTHONPATH": str(Path(execute.__file__).parents[2]),
            "TMPDIR": str(Path.cwd()),  # too long a path for sockets, so the kernel is on TCP
        },
    )


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _kernels(of: int) -> list[psutil.Process]:
    return psutil.Process(of).children(recursive=True)


@pytest.fixture
def started(elsewhere: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a run that publishes once, and then one that takes long and says when it is there."""
    run(make(SAY))
    flag = elsewhere / "flag"
    make(f"open({str(flag)!r}, 'w').close()\nimport time\ntime.sleep(60)")
    process = _command("--lang", "both")
    try:
        _until(flag.exists)
        yield process
    finally:
        process.kill()
        process.communicate()


@slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_terminated_means_143_and_nothing_half(started: subprocess.Popen[str]) -> None:
    before = reports()
    kernels = _kernels(started.pid)
    assert kernels
    started.send_signal(signal.SIGTERM)
    _, said = started.communicate(timeout=20)
    assert started.returncode == 143, said
    assert "Traceback" not in said
    assert reports() == before
    assert not Path("reports/failed").exists()
    _until(lambda: not any(k.is_running() for k in kernels))


@slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_key_press_means_130_and_nothing_half(started: subprocess.Popen[str]) -> None:
    before = reports()
    kernels = _kernels(started.pid)
    assert kernels
    started.send_signal(signal.SIGINT)
    out, said = started.communicate(timeout=20)
    assert started.returncode == 130, said
    assert "Traceback" not in said
    assert out == ""
    assert reports() == before
    assert not Path("reports/failed").exists()
    assert not Path("reports", exchange.STAGE).exists()
    _until(lambda: not any(k.is_running() for k in kernels))


@slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_second_run_is_refused_until_the_first_is_gone_even_killed(
    started: subprocess.Popen[str],
) -> None:
    make(SAY)
    with pytest.raises(Locked) as error:
        run("review.ipynb")
    assert error.value.exit_code == 3
    assert str(started.pid) in str(error.value)
    second = _command("--lang", "en")
    _, said = second.communicate(timeout=20)
    assert second.returncode == 3, said
    kernels = _kernels(started.pid)
    started.kill()
    started.wait()
    assert run("review.ipynb", force=True).exit_code == 0
    _until(lambda: not any(k.is_running() for k in kernels))


@slow
def test_the_command_says_what_became_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    from perfkit.cli import main

    make("assert lang == 'en'")
    assert main(["run", "review.ipynb", "--lang", "both", "--unit", "甲区/一部"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == str(Path("reports", "index.html"))
    assert "1 published, 0 up to date, 1 failed" in err
    assert "AssertionError" in err
    assert main(["run", "review.ipynb", "-p", "lang=en", "-p", "unit=甲区/一部"]) == 0
    assert "up to date" in capsys.readouterr().err
    assert main(["reports"]) == 0
    assert capsys.readouterr().out.splitlines() == ["reports/2012-09/review/甲区-一部.en.html"]


# --- the page -----------------------------------------------------------------------------------


@pytest.fixture
def made() -> str:
    """Write a page from a notebook with everything that tends to go wrong."""
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    png += "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    style = "<style>.a{color:red}</style>"
    row = "<tr>" + "<td>1</td>" * 14 + "</tr>"
    shown = [
        nbformat.v4.new_output("display_data", {"image/png": png}),
        nbformat.v4.new_output("display_data", {"text/html": f"{style}<table>{row}</table>"}),
        nbformat.v4.new_output("display_data", {"text/html": f"{style}<p>again</p>"}),
        nbformat.v4.new_output("stream", name="stdout", text="<script>alert(1)</script>"),
    ]
    secret = code("secret_code = 1")
    secret.outputs = shown
    cells = [
        prose("# Title & <i>more</i>"),
        prose("## Same\n\n[source](https://example.org/x)"),
        secret,
        prose("## Same\n\n### Below"),
    ]
    facts = [page.Fact("Unit", '<b>"x"</b>'), page.Fact("Period", "2012-09")]
    done = still.normalised(nbformat.v4.new_notebook(cells=cells), {})
    return page.page(done, lang="en", facts=facts, versions="perfkit 0")


def test_the_page_loads_and_runs_nothing(made: str) -> None:
    assert not re.findall(r"(?:src|srcset|data|poster)\s*=\s*[\"']?(?:https?:)?//", made)
    assert not re.findall(r"<(?:script|link|iframe|object)\b", made)
    assert not re.findall(r"url\(|@import", made)
    assert "default-src 'none'" in made
    assert re.findall(r"https?://[^\"<]+", made) == ["https://example.org/x"]
    assert "MathJax" not in made
    assert "require" not in made


def test_the_page_shows_no_code_and_keeps_each_heading_reachable(made: str) -> None:
    assert "secret_code" not in made
    assert made.count("<h1>") == 1
    assert re.findall(r'<h[23] id="(s\d)">', made) == ["s1", "s2", "s3"]
    assert re.findall(r'<a href="#(s\d)">', made) == ["s1", "s2", "s3"]
    assert made.count("color:red") == 1


def test_the_page_escapes_what_is_text(made: str) -> None:
    assert "<b>&#34;x&#34;</b>" not in made
    assert "&lt;b&gt;&#34;x&#34;&lt;/b&gt;" in made
    assert "&lt;script&gt;alert(1)" in made


def test_pictures_have_words_and_wide_tables_fit_the_paper(made: str) -> None:
    assert re.search(r'<img alt="Figure 1: Same"', made)
    assert '<div class="table crowded short"><table>' in made
    assert "@page" in made
    assert "size: A4" in made


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<img src="https://a/b.png">', ["https://a/b.png"]),
        ("<img src=//a/b.png>", ["//a/b.png"]),
        ('<link rel="stylesheet" href="http://a/b.css">', ["http://a/b.css"]),
        ("<style>a{background:url('https://a/b')}</style>", ["https://a/b"]),
        ("<style>@import 'https://a/b.css'</style>", ["https://a/b.css"]),
        ("<script>1</script>", ["<script>"]),
        ('<iframe src="https://a"></iframe>', ["https://a"]),
        ('<a href="https://a">x</a>', []),
        ('<img src="data:image/png;base64,AA">', []),
        ("the text src=https://a", []),
    ],
)
def test_what_comes_fromelsewhere_is_found(html: str, found: list[str]) -> None:
    assert page.foreign(html) == found


@slow
def test_a_page_that_would_load_something_is_a_failure() -> None:
    path = make("from IPython.display import HTML\nHTML('<img src=\"https://example.org/a.png\">')")
    result = run(path)
    assert result.exit_code == 1
    assert "https://example.org/a.png" in result.failed[0].failure.text("zh")
    assert not reports()


def test_the_page_has_no_clock_time(made: str) -> None:
    assert not re.search(r"\d{2}:\d{2}:\d{2}", made)
    assert str(dt.datetime.now(dt.UTC).year) not in re.sub(r"base64,[^\"]*", "", made)


# --- publishing ---------------------------------------------------------------------------------


def finished(unit: str, text: str = "x", lang: str = "en", period: str = "2012-09") -> publish.Made:
    described = {
        "notebook": "review",
        "title": "Review",
        "period": period,
        "unit": unit,
        "unit_name": unit,
        "lang": lang,
        "data": "d",
        "made": "2012-10-01T00:00:00+00:00",
        "key": text,
    }
    content = {"html": text.encode(), "ipynb": (text * 2).encode()}
    return publish.Made(described, f"{publish.safe(unit)}.{lang}", content)


def test_untouched_reports_are_the_same_files() -> None:
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("a"), finished("b")])
    (out / "2012-09/review/notes.txt").write_text("mine", encoding="utf-8")
    before = (out / "2012-09/review/a.en.html").stat().st_ino
    publish.publish(out, "2012-09/review", [finished("b", "new")])
    folder = out / "2012-09/review"
    assert (folder / "a.en.html").stat().st_ino == before
    assert (folder / "a.en.html").stat().st_nlink == 1
    assert (folder / "b.en.html").read_text() == "new"
    assert (folder / "notes.txt").read_text() == "mine"
    assert [e["unit"] for e in manifest.entries(folder)] == ["a", "b"]
    assert not (out / exchange.STAGE).exists()


@pytest.mark.parametrize("link", [True, False])
def test_foreign_files_and_folders_survive(link: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    out = Path("reports").resolve()
    folder = out / "2012-09/review"
    publish.publish(out, "2012-09/review", [finished("a")])
    (folder / "minutes/deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "minutes/deep/run.json").write_text("mine", encoding="utf-8")
    (folder / "minutes/a.en.html").write_text("mine too", encoding="utf-8")
    (folder / ".hidden").write_text("mine", encoding="utf-8")
    (folder / "link").symlink_to("minutes/deep")
    if not link:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    publish.publish(out, "2012-09/review", [finished("a", "new")])
    assert (folder / "a.en.html").read_text() == "new"
    assert (folder / "minutes/deep/run.json").read_text() == "mine"
    assert (folder / "minutes/a.en.html").read_text() == "mine too"
    assert (folder / ".hidden").read_text() == "mine"
    assert (folder / "empty").is_dir()
    assert (folder / "link").readlink() == Path("minutes/deep")
    assert [e["unit"] for e in manifest.entries(folder)] == ["a"]


def _no_links(*_: Any) -> None:
    raise OSError(1, "Operation not permitted")


def test_a_run_told_to_stop_while_it_publishes_leaves_nothing_half(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("a")])
    before = reports()

    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publish, "_write_new", stopped)
    with pytest.raises(KeyboardInterrupt):
        publish.publish(out, "2012-09/review", [finished("a", "new")])
    assert reports() == before
    assert not (out / exchange.STAGE).exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="exchange is a call of Linux")
def test_a_reader_never_misses_a_report() -> None:
    out = Path("reports").resolve()
    folder = out / "2012-09/review"
    units = ["a", "b", "c"]
    publish.publish(out, "2012-09/review", [finished(u, "0") for u in units])
    stop, wrong, reads = threading.Event(), [], [0]

    def read() -> None:
        while not stop.is_set():
            try:
                first = (folder / "run.json").read_bytes()
                content = (folder / "b.en.html").read_bytes()
                last = (folder / "run.json").read_bytes()
            except OSError as error:
                wrong.append(repr(error))
                continue
            reads[0] += 1
            listed = {e["unit"]: e["files"]["html"]["sha256"] for e in json.loads(first)["reports"]}
            if set(listed) != set(units):
                wrong.append("a report is missing")
            if first == last and listed["b"] != manifest.sha256(content):
                wrong.append("the list and the file differ")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(100):
        publish.publish(out, "2012-09/review", [finished(u, f"{number} {u}") for u in units])
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert reads[0] > 100


def test_where_folders_cannot_be_exchanged_two_renames_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "exchange", lambda *_: False)
    out = Path("reports").resolve()
    for text in ("1", "2"):
        publish.publish(out, "2012-09/review", [finished("a", text)])
    assert (out / "2012-09/review/a.en.html").read_text() == "2"
    assert not (out / exchange.STAGE).exists()


def test_a_run_that_died_between_the_renames_is_mended() -> None:
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("a")])
    left = out / exchange.STAGE / "123"
    (left / "new").mkdir(parents=True)
    (left / "target").write_text(str(out / "2012-09/review"), encoding="utf-8")
    (out / "2012-09/review").rename(left / "old")
    exchange.mend(out)
    assert (out / "2012-09/review/a.en.html").read_text() == "x"
    assert not (out / exchange.STAGE).exists()


def test_a_full_disk_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("a")])
    before = reports()

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "_write_new", full)
    with pytest.raises(RunFailed, match="No space left") as error:
        publish.publish(out, "2012-09/review", [finished("a", "new")])
    assert error.value.exit_code == 1
    assert reports() == before
    assert not (out / exchange.STAGE).exists()


def test_two_units_do_not_share_a_file() -> None:
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("D1/03")])
    with pytest.raises(PerfkitError, match="D1-03"):
        publish.publish(out, "2012-09/review", [finished("D1-03")])
    with pytest.raises(PerfkitError, match="same file"):
        publish.publish(out, "2012-10/review", [finished("D1/03"), finished("D1:03")])


@pytest.mark.usefixtures("_no_process")
@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"reports": [1]}', '{"reports": [{"files": 1}]}', "\udcff"]
)
def test_a_damaged_list_is_an_error_with_its_way_out(text: str) -> None:
    assert manifest.entries(Path("none")) == []
    out = Path("reports").resolve()
    publish.publish(out, "2012-09/review", [finished("a")])
    file = out / "2012-09/review/run.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    before = reports()
    for call in (
        lambda: manifest.entries(file.parent),
        lambda: list_published(out),
        lambda: publish.publish(out, "2012-09/review", [finished("b")]),
        lambda: run(make(SAY), force=True),
    ):
        with pytest.raises(PerfkitError, match=re.escape(str(file))) as error:
            call()
        assert error.value.exit_code == 2
        assert "delete" in str(error.value)
    assert reports() == before


def test_the_lock_is_for_one_and_ends_with_it() -> None:
    out = Path("reports").resolve()
    with lock.hold(out), pytest.raises(Locked, match=str(os.getpid())), lock.hold(out):
        pass
    with lock.hold(out):
        pass


def test_a_folder_that_cannot_be_made_is_said() -> None:
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(PerfkitError, match="file"), lock.hold(Path("file/reports")):
        pass


# --- the index ----------------------------------------------------------------------------------


def test_the_index_lists_everything_in_both_languages_and_every_link_leads_somewhere() -> None:
    out = Path("reports").resolve()
    for period in ("2012-08", "2012-09"):
        for name in ("review", "plan"):
            made = [finished("甲 区/一#部", lang=lang, period=period) for lang in words.LANGS]
            publish.publish(out, f"{period}/{name}", made)
    text = index.write(out).read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#]+)"', text)
    assert len(links) == 8
    for link in links:
        assert (out / unquote(link)).is_file()
    for lang in words.LANGS:
        for name in ("title", "notebook", "unit", "read", "data", "made"):
            assert words.text(f"report.index.{name}", lang) in text
    assert text.index("2012-09") < text.index("2012-08")
    assert page.foreign(text) == []
    assert len(list_published(out)) == 8


def test_an_empty_index_says_how_to_make_a_report() -> None:
    Path("reports").mkdir()
    text = index.write(Path("reports").resolve()).read_text(encoding="utf-8")
    for lang in words.LANGS:
        assert words.text("report.index.none", lang) in text
