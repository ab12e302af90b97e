"""How quick targets are: a table with bounds and exact rounding, a tree, a long flat table.

    python benchmarks/target.py [rounds]

Prints the median seconds and what they are of the same table without rounding (for the tree: of
adding its leaves up again). Read the ratios: seconds are those of this machine, now.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from perfkit import target

UNITS, MONTHS, SPREAD = 300, 12, 0.5
TREE = (10, 6, 50)  # districts, departments in each, groups in each of these


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """Time a piece of work several times, after once to warm up."""
    work()
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def table(step: int | None) -> Callable[[], pd.DataFrame]:
    """Lay out units by months with seasons of their own, a floor and a cap on every cell."""
    rng = np.random.default_rng(1)
    units = pd.Series(rng.lognormal(size=UNITS), index=[f"U{i:03d}" for i in range(UNITS)])
    months = pd.Series(rng.uniform(0.5, 1.5, MONTHS), index=range(1, MONTHS + 1))
    total = 10_000_000
    even = np.outer(units / units.sum(), months / months.sum()) * total
    frames = {
        "shape": even * rng.lognormal(0, SPREAD, even.shape),
        "floor": even * rng.uniform(0, 0.8, even.shape),
        "cap": even * rng.uniform(1.2, 2, even.shape),
    }
    laid = {k: pd.DataFrame(v, index=units.index, columns=months.index) for k, v in frames.items()}

    def work() -> pd.DataFrame:
        got = target.apportion(total, units, months, step=step, **laid)
        assert step is None or got.to_numpy().sum() == total
        return got

    return work


def tree() -> tuple[pd.DataFrame, pd.Series]:
    """Lay out a branch of 3,000 groups and its month targets."""
    rng = np.random.default_rng(2)
    weights = {}
    for i in range(TREE[0]):
        weights[f"B/{i:02d}"] = rng.lognormal()
        for j in range(TREE[1]):
            weights[f"B/{i:02d}/{j}"] = rng.lognormal()
            weights |= {f"B/{i:02d}/{j}/{k:02d}": rng.lognormal() for k in range(TREE[2])}
    months = pd.Series(rng.uniform(0.5, 1.5, MONTHS), index=range(1, MONTHS + 1))
    return target.split(100_000_000, months).to_frame("B").T, pd.Series(weights)


def flat(units: int, *, alike: bool) -> Callable[[], pd.DataFrame]:
    """Lay out thousands of units beside each other, without a tree."""
    rng = np.random.default_rng(3)
    sizes = np.ones(units) if alike else rng.lognormal(size=units)
    weights = pd.Series(sizes, index=[f"U{i:05d}" for i in range(units)])
    months = pd.Series(rng.uniform(0.5, 1.5, MONTHS), index=range(1, MONTHS + 1))
    return lambda: target.apportion(100_000_007, weights, months)


def main(rounds: int) -> None:
    """Print them."""
    rounded, plain = median_seconds(table(1), rounds), median_seconds(table(None), rounds)
    print(
        f"{UNITS} units x {MONTHS}, bounds, exact: {rounded:.2f} s, {rounded / plain:.1f} x plain"
    )
    top, weights = tree()
    down = median_seconds(lambda: target.down(top, weights), rounds)
    done = target.down(top, weights)
    leaves = done[done.index.str.count("/") == len(TREE)]
    back = median_seconds(lambda: target.up(leaves), rounds)
    print(f"{len(leaves):,} units x {MONTHS} down a tree: {down:.2f} s, {down / back:.1f} x up")
    for alike, said in ((False, "of every size"), (True, "all alike")):
        took = median_seconds(flat(3_000, alike=alike), rounds)
        print(f"3,000 units x {MONTHS} flat, {said}: {took:.2f} s, {took / down:.1f} x tree")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
