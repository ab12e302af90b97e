"""The periods asked for, cut into pieces, and these into atoms that no day shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from perfkit.kpi.service import EPOCH
from perfkit.period import Period, Piece, pieces

__all__ = ["Range", "Spans"]

Range = tuple[int, int]  # the first atom, and the first one after the last


@dataclass(frozen=True, slots=True)
class Spans:
    """Periods, pieces and atoms.

    Attributes
    ----------
    periods : tuple of Period
        What was asked for.
    pieces : tuple of Piece
        What monthly quantities are measured over; shared where they are the same.
    members : tuple of tuple of int
        The pieces of every period.
    atoms : tuple of (int, int)
        First and last day of stretches that no piece cuts. [day numbers]
    """

    periods: tuple[Period, ...]
    pieces: tuple[Piece, ...]
    members: tuple[tuple[int, ...], ...]
    atoms: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, periods: Sequence[Period]) -> Spans:
        """Cut periods."""
        index: dict[Piece, int] = {}
        members = []
        for period in periods:
            cut = pieces(period)
            members.append(tuple(index.setdefault(piece, len(index)) for piece in cut))
        return cls(tuple(periods), tuple(index), tuple(members), _atoms(tuple(index)))

    def days(self, first_days: int) -> dict[str, npt.NDArray[np.int32]]:
        """List every day asked for with its atom, and whether it is early in its month."""
        lengths = [last - first + 1 for first, last in self.atoms]
        days = np.concatenate([np.arange(first, last + 1) for first, last in self.atoms])
        stamps = (days - EPOCH).astype("datetime64[D]")
        before = stamps - stamps.astype("datetime64[M]").astype("datetime64[D]")
        return {
            "day": days.astype(np.int32),
            "atom": np.repeat(np.arange(len(lengths)), lengths).astype(np.int32),
            "early": (before.astype(np.int64) < first_days).astype(np.int32),
        }

    def _range(self, first: int, last: int) -> Range:
        starts = [start for start, _ in self.atoms]
        return int(np.searchsorted(starts, first)), int(np.searchsorted(starts, last, "right"))

    def piece_ranges(self) -> list[Range]:
        """Say which atoms make up each piece."""
        return [self._range(p.first.toordinal(), p.last.toordinal()) for p in self.pieces]

    def span_ranges(self) -> list[Range]:
        """Say which atoms make up each period."""
        return [self._range(p.first.toordinal(), p.last.toordinal()) for p in self.periods]

    def added(self, by_atom: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Add up atoms (first axis) to periods."""
        total = np.zeros((len(self.atoms) + 1, *by_atom.shape[1:]))
        np.cumsum(by_atom, axis=0, out=total[1:])
        ranges = np.array(self.span_ranges())
        return np.asarray(total[ranges[:, 1]] - total[ranges[:, 0]])

    def atom_of(self, days: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Find the atom of each day; -1 for one in none."""
        firsts, lasts = np.array(self.atoms).T
        at = np.searchsorted(firsts, days, side="right") - 1
        return np.where((at >= 0) & (days <= lasts[at]), at, -1)

    def broken(self) -> list[int]:
        """List the periods of several pieces that are not all whole months.

        A month's amount cannot be asked of half a month, so what is counted per month has no
        answer there.
        """
        weights = [[self.pieces[p].weight for p in member] for member in self.members]
        return [i for i, w in enumerate(weights) if len(w) > 1 and min(w) < 1]

    def weights(self, number: int) -> list[tuple[int, float]]:
        """List the pieces of a period with the share of it each weighs."""
        member = self.members[number]
        whole = sum(self.pieces[i].weight for i in member)
        return [(i, self.pieces[i].weight / whole) for i in member]


def _atoms(cut: Sequence[Piece]) -> tuple[tuple[int, int], ...]:
    edges = sorted({e for p in cut for e in (p.first.toordinal(), p.last.toordinal() + 1)})
    depth = np.zeros(len(edges), dtype=np.int64)
    np.add.at(depth, np.searchsorted(edges, [p.first.toordinal() for p in cut]), 1)
    np.add.at(depth, np.searchsorted(edges, [p.last.toordinal() + 1 for p in cut]), -1)
    inside = np.cumsum(depth) > 0
    both = zip(edges[:-1], edges[1:], inside[:-1], strict=True)
    return tuple((first, end - 1) for first, end, used in both if used)
