"""What the tests share: engines that may be missing, one published report, the last word."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

# Notebooks under tests/ are material of the tests; those to be run lie in notebooks/.
collect_ignore_glob = ["*.ipynb"]

FULL = os.environ.get("PERFKIT_FULL", "0") not in ("", "0")
ENGINES = {
    "chromium": (
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
        "install Debian's package chromium, or Chrome",
    ),
    "libreoffice": (("soffice", "libreoffice"), "install Debian's package libreoffice-calc"),
    "spark": (("java",), "make test-engines brings pyspark and Java"),
    "postgres": (
        ("initdb",),
        "install Debian's package postgresql, and the extra: pip install 'perfkit[postgres]'",
    ),
}
PACKAGES = {"spark": "pyspark", "postgres": "adbc_driver_postgresql"}
# Debian keeps the server's own programs off PATH.
SERVER = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def engine(name: str) -> str | None:
    """Find the program of an engine, None without it; some are a package as well."""
    if name in PACKAGES and importlib.util.find_spec(PACKAGES[name]) is None:
        return None
    commands, _ = ENGINES[name]
    places = os.pathsep.join([os.environ.get("PATH", ""), *map(str, SERVER)])
    return next((found for c in commands if (found := shutil.which(c, path=places))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow whatever starts a kernel or a browser."""
    for item in items:
        starts_kernel = item.path.suffix == ".ipynb" or "published" in getattr(
            item, "fixturenames", ()
        )
        if starts_kernel or item.get_closest_marker("needs"):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what needs a missing engine or is long; with PERFKIT_FULL=1 leave out nothing."""
    if item.get_closest_marker("full") and not FULL:
        pytest.skip("long: PERFKIT_FULL=1 runs it")
    for name in [name for mark in item.iter_markers("needs") for name in mark.args]:
        if engine(name):
            continue
        reason = f"{name} is not on this machine: {ENGINES[name][1]}"
        if FULL:
            pytest.fail(f"{reason} (PERFKIT_FULL=1)", pytrace=False)
        pytest.skip(reason)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which suites were left out, how many tests of them and why."""
    left_out: dict[tuple[str, str], int] = defaultdict(int)
    for report in terminalreporter.stats.get("skipped", []):
        suite = report.nodeid.split("::")[0]
        _, _, reason = report.longrepr
        left_out[suite, reason.removeprefix("Skipped: ")] += 1
    terminalreporter.section("left out", sep="=")
    for (suite, reason), count in sorted(left_out.items()):
        terminalreporter.line(f"{suite} ({count}): {reason}")
    if not left_out:
        terminalreporter.line("nothing")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server of our own on loopback, give its address, and stop it."""
    initdb = engine("postgres")
    assert initdb
    home = Path(tempfile.mkdtemp(prefix="perfkit-pg-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_user: list[str] = []
    if os.getuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *words: str) -> None:
        command = [*as_user, str(Path(initdb).resolve().with_name(program)), *words]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, cwd=home, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr

    data = str(home / "data")
    run("initdb", "-D", data, "-U", "perfkit", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {home} -c fsync=off"
    try:
        run("pg_ctl", "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        yield f"postgresql://perfkit@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the sample district's monthly review, both languages, once for all who read it."""
    out = tmp_path_factory.mktemp("reports")
    perfkit = Path(sys.executable).with_name("perfkit")
    words = "run monthly_review --book district_one --period 2012-09 --lang both --out"
    done = subprocess.run(
        [perfkit, *words.split(), out],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out
