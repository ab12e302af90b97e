"""Which way to forecast where a month lands: the same made-up districts for every method.

Run it with the package installed: ``python benchmarks/pacing.py`` (about a minute). It prints, for
each kind and node, the root mean square error in percent of an average month, and how often the
80 % interval held the truth; ``--write`` keeps that under results/. It ends with 1 if perfkit's
forecast is worse than another method over all districts, or its interval is off.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from districts import KINDS, NODES, SEED, District, districts

from perfkit.outlook import land

LEVEL = 0.8
OURS = "perfkit"
COVERS = (0.75, 0.85)
RESULTS = Path(__file__).with_name("results") / "pacing.md"


def forecasts(one: District, node: int) -> dict[str, float]:
    """Forecast a district's last month at a node by every method, as multiples of money."""
    hand, total, now = one.hand[:-1, node], one.total[:-1], one.hand[-1, node]
    prior, share = total.mean(), hand.sum() / total.sum()
    fergus = now + (1 - share) * prior
    past = pd.DataFrame({"hand": hand, "total": total})
    found = land(past, now, level=LEVEL)
    return {
        "prior mean": max(prior, now),
        "share so far": now / share,
        "Bornhuetter-Ferguson": fergus,
        "Benktander": now + (1 - share) * fergus,
        "remainder regression": land(past, now, level=LEVEL, method="regression").expected,
        "mean remainder": land(past, now, level=LEVEL, method="mean").expected,
        OURS: found.expected,
        "held": float(found.low <= one.total[-1] <= found.high),
    }


def table(many: list[District]) -> pd.DataFrame:
    """Give the squared errors as shares of an average month, one row a district and node."""
    rows = []
    for one in many:
        for node in range(NODES - 1):
            found = forecasts(one, node)
            held, scale = found.pop("held"), one.total[:-1].mean()
            errors = {name: ((v - one.total[-1]) / scale) ** 2 for name, v in found.items()}
            rows.append({"kind": one.kind, "node": node + 1, **errors, "held": held})
    return pd.DataFrame(rows)


def summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Give error [% of an average month] and coverage [rate] by kind and node, and of all."""
    parts = [((kind, str(node)), part) for (kind, node), part in errors.groupby(["kind", "node"])]
    parts += [(("all", str(node)), part) for node, part in errors.groupby("node")]
    parts.append((("all", "all"), errors))
    rows = []
    for (kind, node), part in parts:
        means = part.drop(columns=["kind", "node", "held"]).mean() ** 0.5 * 100
        rows.append({"kind": kind, "node": node, **means, "coverage": part["held"].mean()})
    order = [*KINDS, "all"]
    return pd.DataFrame(rows).sort_values("kind", key=lambda s: s.map(order.index), kind="stable")


def markdown(found: pd.DataFrame, count: int) -> str:
    """Lay the summary out as a table."""
    names = [c for c in found if c not in {"kind", "node", "coverage"}]
    lines = [
        "# Where a month lands",
        "",
        f"{count} made-up districts (`benchmarks/districts.py`, seed {SEED}).",
        "Root mean square error in % of an average month; coverage of the 80 % interval.",
        "",
        f"| kind | node | {' | '.join(names)} | coverage |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for row in found.to_dict("records"):
        best = min(row[name] for name in names)
        cells = [f"**{row[n]:.2f}**" if row[n] == best else f"{row[n]:.2f}" for n in names]
        lines.append(
            f"| {row['kind']} | {row['node']} | {' | '.join(cells)} | {row['coverage']:.3f} |"
        )
    return "\n".join([*lines, ""])


def worse(found: pd.DataFrame) -> list[str]:
    """Name what fails: a method that beats ours over all districts, a coverage that is off."""
    whole = found[(found["kind"] == "all") & (found["node"] == "all")].iloc[0]
    names = [c for c in found if c not in {"kind", "node", "coverage", OURS}]
    out = [name for name in names if whole[name] < whole[OURS]]
    by_node = found[found["kind"] == "all"]["coverage"]
    return out + [f"coverage {c:.3f}" for c in by_node if not COVERS[0] <= c <= COVERS[1]]


def main() -> int:
    """Run it, print it, and say whether it holds."""
    many = districts()
    found = summary(table(many))
    text = markdown(found, len(many))
    print(text)
    if "--write" in sys.argv:
        RESULTS.write_text(text, encoding="utf-8")
    failed = worse(found)
    print("worse than: " + ", ".join(failed) if failed else "holds")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
