"""How quick and how lean perfkit is, beside the bare scan, pandas and Polars, in one run.

Every case runs in a process of its own, in turn, several rounds; the medians and their ratios
are printed and kept in benchmarks/results. The numbers of all candidates must be equal.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import importlib.metadata
import itertools
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CASES = {
    "bare": "case_bare",
    "perfkit": "case_perfkit",
    "perfkit_all": "case_perfkit_all",
    "perfkit_open": "case_perfkit_open",
    "polars": "case_polars",
    "pandas": "case_pandas",
}
SAME = ("perfkit", "polars", "pandas")  # what these compute must be equal
SLOW_ROUNDS = 1  # of idiomatic pandas: it takes minutes
PACKAGES = ("duckdb", "narwhals", "pandas", "polars", "pyarrow", "numpy")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """Give the most memory this program held: Linux counts the parent's into ru_maxrss."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_case(name: str, book: str, out: str) -> None:
    """Run one case in this process and print what it took as JSON."""
    case = importlib.import_module(CASES[name])
    ready = case.prepare(book) if hasattr(case, "prepare") else None
    cpu, clock = _cpu(), time.perf_counter()
    frame = case.run(book, ready)
    took = {
        "wall_s": time.perf_counter() - clock,
        "cpu_s": _cpu() - cpu,
        "process_cpu_s": _cpu(),
        "peak_mb": _peak_mb(),
        "rows": len(frame),
    }
    if name in SAME and out:
        frame.to_parquet(out)
    print(json.dumps(took))


def _start(name: str, book: Path, out: str) -> dict[str, float]:
    words = [sys.executable, __file__, "--case", name, "--book", str(book), "--out", out]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _book(folder: Path, policies: int) -> Path:
    """Make the book of a size where it is not there yet."""
    from perfkit.book.sample import write_sample

    path = folder / f"policies_{policies}"
    if not (path / "book.toml").exists():
        agents = max(policies // 33, 200)  # ten million policies, three hundred thousand agents
        write_sample(path, agents=agents, policies=policies, file_format="parquet")
    return path


def compare(folder: Path) -> int:
    """Hold the numbers of all candidates against perfkit's; give the count of those compared."""
    import pandas as pd

    key = ["level", "unit", "period"]
    first = pd.read_parquet(folder / "perfkit.parquet").set_index(key).sort_index()
    compared = 0
    for name in SAME[1:]:
        path = folder / f"{name}.parquet"
        if not path.exists():
            continue
        other = pd.read_parquet(path).set_index(key)
        assert set(other.index) <= set(first.index), (name, "rows perfkit has not")
        other = other.reindex(first.index)
        for code in other.columns:
            mine, theirs = first[code], other[code]
            # A unit without a fact has no row in the others: it is zero, or has no rate.
            gap = (mine - theirs).abs() > 1e-9 * theirs.abs().clip(lower=1.0)
            gap |= theirs.isna() & mine.fillna(0.0).ne(0.0)
            gap |= mine.isna() & theirs.notna()
            assert not gap.any(), (name, code, first[gap][code].head(), theirs[gap].head())
            compared += len(mine)
    return compared


def measure_size(book: Path, rounds: int, names: list[str]) -> dict[str, Any]:
    """Run all cases of one size in turn; give medians, ratios and how many numbers agreed."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            for name in names:
                if name == "pandas" and number >= SLOW_ROUNDS:
                    continue
                out = str(Path(scratch) / f"{name}.parquet") if name in SAME else ""
                taken[name].append(_start(name, book, out))
                print(f"  {name} {taken[name][-1]}", file=sys.stderr, flush=True)
        agreed = compare(Path(scratch)) if "perfkit" in names else 0
    medians = {
        name: {part: statistics.median(run[part] for run in runs) for part in runs[0]}
        for name, runs in taken.items()
    }
    return {"cases": medians, "ratios": _ratios(medians), "numbers_agreed": agreed}


def _ratios(medians: dict[str, dict[str, float]]) -> dict[str, float]:
    out = {}
    for name, took in medians.items():
        for part in ("cpu_s", "wall_s", "peak_mb"):
            if "bare" in medians and name != "bare":
                out[f"{name} {part} / bare"] = took[part] / medians["bare"][part]
    for name in ("polars", "pandas"):
        if name in medians and "perfkit" in medians:
            for part in ("cpu_s", "wall_s"):
                out[f"{name} {part} / perfkit"] = medians[name][part] / medians["perfkit"][part]
    return {name: round(value, 3) for name, value in out.items()}


def _record(sizes: dict[str, Any], rounds: int) -> dict[str, Any]:
    growth = {}
    numbers = sorted(map(int, sizes))
    for small, large in itertools.pairwise(numbers):
        for name, took in sizes[str(large)]["cases"].items():
            before = sizes[str(small)]["cases"].get(name)
            if before:
                times = {p: round(took[p] / before[p], 2) for p in ("cpu_s", "wall_s", "peak_mb")}
                growth[f"{name} {small} -> {large}"] = times
    return {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M}",
        "rounds": rounds,
        "load_before": [round(x, 2) for x in os.getloadavg()],
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "sizes": sizes,
        "growth": growth,
    }


def _print(record: dict[str, Any]) -> None:
    for size, found in record["sizes"].items():
        print(f"\n{int(size):,} policies (medians of {record['rounds']} rounds)")
        print(f"{'case':14}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'rows':>10}")
        for name, took in found["cases"].items():
            figures = f"{took['cpu_s']:9.2f}{took['wall_s']:9.2f}{took['peak_mb']:9.0f}"
            print(f"{name:14}{figures}{took['rows']:10.0f}")
        for name, value in found["ratios"].items():
            print(f"  {name:40}{value:9.2f}")
        print(f"  {found['numbers_agreed']:,} numbers agreed")
    for name, times in record["growth"].items():
        print(f"growth {name}: " + ", ".join(f"{p} x {v}" for p, v in times.items()))


def main() -> None:
    """Run what is asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--case", choices=CASES)
    asked.add_argument("--book", default="")
    asked.add_argument("--out", default="")
    sizes = os.environ.get("BENCH_SIZES", "1000000 10000000")
    asked.add_argument("--sizes", nargs="+", type=int, default=[int(s) for s in sizes.split()])
    asked.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "3")))
    asked.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    asked.add_argument("--data", default=os.environ.get("BENCH_DATA", "/tmp/perfkit_bench"))
    asked.add_argument("--save", default="", help="name of the file in benchmarks/results")
    given = asked.parse_args()
    if given.case:
        run_case(given.case, given.book, given.out)
        return
    found = {}
    for size in given.sizes:
        book = _book(Path(given.data), size)
        found[str(size)] = measure_size(book, given.rounds, given.only)
    record = _record(found, given.rounds)
    _print(record)
    name = given.save or f"kpi_{record['date'][:10]}"
    path = HERE / "results" / f"{name}.json"
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
