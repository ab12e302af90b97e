"""The Makefile's set-up, played with a stand-in for Python: what is made, kept, mended."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Writes down what it is asked for, and makes an environment that holds a copy of itself.
STAND_IN = """#!/bin/sh
case "$*" in
  "-c import sys; sys.exit(sys.version_info < (3, 11))") exit ${TOO_OLD:-0} ;;
  "-c "*) exit 0 ;;
  "-m pip --version") [ ! -e "${0%/*}/no-pip" ]; exit ;;
esac
echo "${0##*/} $*" >>"$ASKED"
case "$*" in
  "-m venv .venv") [ -z "$NO_ENSUREPIP" ] || exit 1; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m venv --without-pip .venv")
    mkdir -p .venv/bin; cp "$0" .venv/bin/python; : >.venv/bin/no-pip ;;
  *" install "*) [ -z "$BROKEN" ] ;;
esac
"""
VENV = "base -m venv .venv"
LOCK = "python -m pip install --no-compile --quiet --require-hashes -r requirements.lock"
SELF = "python -m pip install --no-compile --quiet --no-deps --no-build-isolation -e ."


class Office:
    """A checkout in a folder whose name has a space and Chinese characters."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "asked"
        folder.mkdir(parents=True)
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        base = folder.parent / "base"
        base.write_text(STAND_IN, encoding="utf-8")
        base.chmod(0o755)

    def make(self, *words: str, **facts: str) -> tuple[int, list[str], str]:
        """Run make: its exit code, what Python was asked for, and what was said."""
        self.log.write_text("", encoding="utf-8")
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(
            ["make", *words, "PYTHON=../base"],
            cwd=self.folder,
            env=outer | {"ASKED": str(self.log)} | facts,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        asked = self.log.read_text(encoding="utf-8").splitlines()
        return done.returncode, asked, done.stdout + done.stderr


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "企划 office")


def test_first_call_makes_everything_and_the_second_nothing(office: Office):
    assert office.make("setup")[:2] == (0, [VENV, LOCK, SELF])
    started = time.perf_counter()
    assert office.make("setup") == (0, [], ".venv is ready\n")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_list_is_installed_into_the_environment_there_is(office: Office, name: str):
    office.make("setup")
    later = time.time() + 5
    os.utime(office.folder / name, (later, later))
    assert office.make("setup")[:2] == (0, [LOCK, SELF])


def test_a_set_up_that_broke_off_is_made_afresh(office: Office):
    code, asked, _ = office.make("setup", BROKEN="1")
    assert (code, asked) == (2, [VENV, LOCK])
    (office.folder / ".venv/half-unpacked").touch()
    assert office.make("setup")[:2] == (0, [VENV, LOCK, SELF])
    assert not (office.folder / ".venv/half-unpacked").exists()
    assert office.make("setup")[1] == []


def test_an_update_that_broke_off_is_made_afresh(office: Office):
    office.make("setup")
    later = time.time() + 5
    os.utime(office.folder / "requirements.lock", (later, later))
    assert office.make("setup", BROKEN="1")[0] == 2
    assert office.make("setup")[1][0] == VENV


def test_an_environment_without_its_python_is_made_afresh(office: Office):
    office.make("setup")
    (office.folder / ".venv/bin/python").unlink()
    assert office.make("setup")[:2] == (0, [VENV, LOCK, SELF])


def test_a_moved_checkout_is_set_up_again(office: Office):
    office.make("setup")
    office.folder = office.folder.rename(office.folder.with_name("moved"))
    assert office.make("setup")[:2] == (0, [VENV, LOCK, SELF])


def test_python_without_ensurepip_fills_a_bare_environment(office: Office):
    code, asked, _ = office.make("setup", NO_ENSUREPIP="1")
    assert code == 0
    assert asked[:2] == [VENV, "base -m venv --without-pip .venv"]
    bare = "base -m pip --python .venv/bin/python install --no-compile --quiet "
    assert [line.removeprefix(bare) for line in asked[2:]] == [
        "--require-hashes -r requirements.lock",
        "--no-deps --no-build-isolation -e .",
    ]


def test_an_old_python_is_refused_with_a_way_out(office: Office):
    code, asked, said = office.make("setup", TOO_OLD="1")
    assert (code, asked) == (2, [])
    assert "Python 3.11 or newer" in said
    assert "PYTHON=" in said
    assert not (office.folder / ".venv").exists()


def test_clean_leaves_reports_and_data(office: Office):
    for folder in ("reports", "data", "perfkit", "tests"):
        (office.folder / folder).mkdir()
    office.make("setup")
    assert office.make("clean")[0] == 0
    assert not (office.folder / ".venv").exists()
    assert (office.folder / "reports").is_dir()
    assert (office.folder / "data").is_dir()


@pytest.mark.parametrize(("code", "last"), [("0", "reports/index.html"), ("3", "Error 3")])
def test_report_ends_with_the_path_of_the_index(office: Office, code: str, last: str):
    office.make("setup")
    perfkit = office.folder / ".venv/bin/perfkit"
    perfkit.write_text('#!/bin/sh\necho "$@"\nexit "$CODE"\n', encoding="utf-8")
    perfkit.chmod(0o755)
    done, _, said = office.make("report", CODE=code)
    first, *_, end = said.splitlines()
    assert first == "run monthly_review --book district_one --period 2012-09 --lang both"
    assert end.endswith(last)
    assert (done == 0) == (code == "0")
    if code == "0":
        assert end == str(office.folder / "reports/index.html")


def test_every_target_says_what_it_does(office: Office):
    phony = re.search(r"(?m)^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert phony
    for words in (["help"], []):
        said = office.make(*words)[2]
        for target in set(phony[1].split()) - {"FORCE"}:
            assert re.search(rf"(?m)^  make {target} +\S", said), target
