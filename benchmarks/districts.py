"""Made-up districts for trying forecasts on: months of premium and how each month fills up.

One generator, committed, so that every method is judged on the same districts. Three kinds, 500
districts each: a steady rhythm with two years of history, an unsteady one with two years, and an
unsteady one with one year. The month after the history is the one to be forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED = 20120911
EACH = 500
NODES = 5  # the last one is the month's end
# Of each kind: past months, spread of the months' totals (log), and how firmly a month keeps to
# the district's own rhythm (the larger, the firmer).
KINDS = {
    "steady, 24 months": (24, 0.25, 60.0),
    "unsteady, 24 months": (24, 0.18, 6.0),
    "unsteady, 12 months": (12, 0.22, 6.0),
}


@dataclass(frozen=True)
class District:
    """One district: months by nodes, what was in hand; the last row is the month to forecast."""

    kind: str
    hand: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """What each month came to."""
        return self.hand[:, -1]


def districts(each: int = EACH, seed: int = SEED) -> list[District]:
    """Draw the districts, the same every time.

    Parameters
    ----------
    each : int
        How many of each kind. [districts]
    seed : int
        Where the drawing begins.
    """
    rng = np.random.default_rng(seed)
    out = []
    for kind, (months, spread, firm) in KINDS.items():
        for _ in range(each):
            level = 60.0 * np.exp(rng.normal(0, 0.5))
            rhythm = rng.dirichlet(np.array([2.0, 3.0, 3.0, 4.0, 6.0]))
            rhythm = 0.7 * rhythm + 0.3 / NODES
            totals = level * np.exp(rng.normal(-(spread**2) / 2, spread, months + 1))
            parts = np.array([rng.dirichlet(firm * rhythm) for _ in totals])
            hand = np.cumsum(parts * totals[:, None], axis=1)
            out.append(District(kind, hand))
    return out
