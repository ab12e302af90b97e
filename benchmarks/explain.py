"""How long the attribution of a change takes beside one pass of arithmetic over the same numbers.

``python benchmarks/explain.py [UNITS]`` draws two sides of a force of so many lowest units (100,000
without it) and four drivers, and prints the medians and their ratio.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from perfkit import explain

FACTORS = {"headcount": "heads", "activity": "active", "per_active": "cases", "size": "premium"}
ROUNDS = 7


def force(units: int, seed: int) -> pd.DataFrame:
    """Draw the levels of every unit; some have nobody, some no sale."""
    rng = np.random.default_rng(seed)
    heads = rng.poisson(8, units).astype(float)
    active = rng.binomial(heads.astype(int), 0.35).astype(float)
    cases = active * rng.uniform(1, 2, units)
    index = [f"B/{i // 2000:03d}/{i // 40:05d}/{i:06d}" for i in range(units)]
    levels = {"heads": heads, "active": active, "cases": cases, "premium": cases * 5_000}
    return pd.DataFrame(levels, index=index)


def median(task: Callable[[], object]) -> float:
    """Time a task. [seconds]"""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print the medians."""
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    before, after = force(units, 1), force(units, 2)
    mix = ["district", "department", "group"]

    def bare() -> object:
        first, second = before.to_numpy(), after.to_numpy()
        with np.errstate(all="ignore"):
            return np.log(second[:, 1:] / second[:, :-1]) - np.log(first[:, 1:] / first[:, :-1])

    floor = median(bare)
    plain = median(lambda: explain.steps(explain.decompose(before, after, FACTORS)))
    mixed = median(lambda: explain.steps(explain.decompose(before, after, FACTORS, mix=mix)))
    print(f"{units:,} units x {len(FACTORS)} drivers, medians of {ROUNDS}")
    print(f"bare logarithms   {floor:.3f} s")
    print(f"attribution       {plain:.3f} s  x{plain / floor:.0f}")
    print(f"  with the mix    {mixed:.3f} s  x{mixed / floor:.0f}")


if __name__ == "__main__":
    main()
