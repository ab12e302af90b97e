"""The set-up: one list of dependencies, a lock that covers it, a wheel that has what it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
DEV = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
CARD = [
    "jupyterlab",
    "pandas",
    "matplotlib",
    "seaborn",
    "statsmodels",
    "openpyxl",
    "papermill",
    "nbval",
]
CONDA_NAMES = {"python-duckdb": "duckdb"}
NOT_OURS = {"python", "pip"}  # what conda's environment needs beside the dependencies

LOCK_LINE = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9A-Za-z.+!-]*)(?: ; [^/:]+)? \\"
    r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
)
# Spelt in parts, so that this file passes its own check.
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted",
    "ana" + "conda.org",
    "npm" + "js",
    "debian" + ".org",
]
PLACES = re.compile(r"(?<![\w.~-])/(?:home|Users|root|work)/\w|[A-Z]:\\Users")
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(?:gh[pousr]_|AKIA)[0-9A-Za-z]{16}")


def files() -> list[Path]:
    """List what is or will be in the repository, without git what is not ignored by name."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is not a git checkout")
    names = [name for name in listed.stdout.decode("utf-8").split("\0") if name]
    return [path for name in names if (path := ROOT / name).is_file()]


def conda_requirements() -> dict[str, Requirement]:
    """Read the names and ranges of environment.yml, pip's part included."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8").split("dependencies:")[1]
    lines = re.findall(r"(?m)^ +- ([^:#\n]+?)(?: +#.*)?$", text)
    found = {r.name: r for r in map(Requirement, lines)}
    return {CONDA_NAMES.get(name, name): requirement for name, requirement in found.items()}


def locked() -> dict[str, list[str]]:
    """Read the versions of the lock, one a package and platform."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        match = LOCK_LINE.fullmatch(line)
        assert match, f"not a pinned package, a marker or a hash: {line}"
        if match["name"]:
            found.setdefault(match["name"], []).append(match["version"])
    return found


# --- one list of dependencies ---------------------------------------------------------------


def test_the_eight_packages_of_the_design_are_there():
    assert set(CARD) <= {r.name for r in DEPENDENCIES}


def test_conda_has_the_same_names_and_ranges():
    conda = conda_requirements()
    # conda-forge keeps the underscore of jupyter_client, the index of Python packages does not.
    ours = {canonicalize_name(n): r.specifier for n, r in conda.items() if n not in NOT_OURS}
    assert ours == {canonicalize_name(r.name): r.specifier for r in DEPENDENCIES}
    assert str(conda["python"].specifier) == PROJECT["requires-python"]


@pytest.mark.parametrize("requirement", DEPENDENCIES + DEV, ids=lambda r: r.name)
def test_installed_version_is_in_the_range(requirement: Requirement):
    assert requirement.specifier.contains(metadata.version(requirement.name))


@pytest.mark.parametrize("requirement", DEPENDENCIES + DEV, ids=lambda r: r.name)
def test_lock_covers_the_dependency(requirement: Requirement):
    versions = locked()[canonicalize_name(requirement.name)]
    assert all(requirement.specifier.contains(version) for version in versions)


def test_every_locked_package_has_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.split(r"(?m)^(?=\S)", text)[1:]
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)


# --- what the repository may not hold -------------------------------------------------------


def test_no_machine_path_registry_or_secret_in_any_file():
    found = []
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {host}" for host in REGISTRIES if host in text]
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in PLACES.finditer(text)]
        found += [f"{path.relative_to(ROOT)}: a secret" for _ in SECRETS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("name", ["pyproject.toml", "environment.yml", "requirements.lock"])
def test_no_address_or_index_option_in_the_lists_of_packages(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"--?(?:extra-)?index|find-links|trusted-host", text)


# --- the wheel ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel once, from the lock's own build tool, and list what is in it."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    ("folder", "inside"),
    [
        ("perfkit", "perfkit"),
        ("data", "perfkit/_bundle/data"),
        ("notebooks", "perfkit/_bundle/notebooks"),
    ],
)
def test_wheel_holds_every_file_of(folder: str, inside: str, wheel: set[str]):
    expected = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in files()
        if path.is_relative_to(ROOT / folder)
    }
    assert expected
    assert expected <= wheel


@pytest.mark.parametrize(
    "name",
    [
        "perfkit/py.typed",
        "perfkit/words/zh.toml",
        "perfkit/_bundle/data/district_one/book.toml",
        "perfkit/_bundle/data/cases/book.toml",
        "perfkit/_bundle/data/branch_2005/plan.toml",
        "perfkit/_bundle/notebooks/monthly_review.ipynb",
        "perfkit/_bundle/notebooks/cases/activity_vs_large_policies.ipynb",
    ],
)
def test_wheel_holds(name: str, wheel: set[str]):
    assert name in wheel


def test_wheel_holds_nothing_else(wheel: set[str]):
    tops = {name.split("/")[0] for name in wheel}
    assert tops == {"perfkit", f"perfkit-{PROJECT['version']}.dist-info"}
    assert not [
        name for name in wheel if re.search(r"__pycache__|checkpoints|/data/(raw|scratch)/", name)
    ]


# --- the tests' own rules -------------------------------------------------------------------

PROBE = """
import pytest

@pytest.mark.needs("chromium")
def test_page():
    pass

@pytest.mark.full
def test_long():
    pass
"""


@pytest.mark.parametrize(
    ("full", "code", "said"),
    [
        (
            "0",
            0,
            [
                "2 skipped",
                "test_probe.py (1): chromium is not on this machine",
                "test_probe.py (1): long",
            ],
        ),
        ("1", 1, ["1 passed", "1 error", "chromium is not on this machine", "PERFKIT_FULL=1"]),
    ],
)
def test_a_missing_engine_is_told_and_fails_the_full_run(
    tmp_path: Path, full: str, code: int, said: list[str]
):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_probe.py").write_text(PROBE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--rootdir", ".", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PATH": str(tmp_path), "PERFKIT_FULL": full},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    for words in said:
        assert words in done.stdout
