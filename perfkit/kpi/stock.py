"""Headcounts of any day from the small table of daily changes, by running sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from perfkit import org
from perfkit.kpi.catalogue import Measure
from perfkit.period import Period, Piece, pieces

__all__ = ["Spans", "Stocks", "UnitStocks"]


@dataclass(frozen=True, slots=True)
class Spans:
    """The periods asked for, cut into pieces that are shared where they are the same."""

    periods: tuple[Period, ...]
    pieces: tuple[Piece, ...]
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, periods: Sequence[Period]) -> Spans:
        """Cut periods into pieces."""
        index: dict[Piece, int] = {}
        members = []
        for period in periods:
            cut = pieces(period)
            members.append(tuple(index.setdefault(piece, len(index)) for piece in cut))
        return cls(tuple(periods), tuple(index), tuple(members))

    def pairs(self) -> dict[str, list[int]]:
        """List which piece belongs to which span."""
        both = [(p, s) for s, member in enumerate(self.members) for p in member]
        return {"piece": [p for p, _ in both], "span": [s for _, s in both]}

    def days(self) -> dict[str, list[int]]:
        """List every day asked for with its piece; a day may stand in several."""
        out: dict[str, list[int]] = {"day": [], "piece": []}
        for number, piece in enumerate(self.pieces):
            days = range(piece.first.toordinal(), piece.last.toordinal() + 1)
            out["day"] += days
            out["piece"] += [number] * len(days)
        return out


class Stocks:
    """Headcounts on any day, from the small table of changes.

    Parameters
    ----------
    spans : Spans
        The periods asked for.
    places : DataFrame
        unit, place: the place every unit belongs to.
    ranks_of : callable
        The ranks of a role.
    events : DataFrame
        unit, rank, day, change, came, joined, left. [persons]
    """

    def __init__(
        self,
        spans: Spans,
        places: pd.DataFrame,
        ranks_of: Callable[[str], Sequence[str]],
        events: pd.DataFrame,
    ) -> None:
        self._spans = spans
        self._units = places
        self._places = pd.Index(places["place"].unique(), name="place")
        self._ranks_of = ranks_of
        self._events = events.merge(places, on="unit")

    def _running(self, column: str, days: Sequence[int], ranks: str = "") -> pd.DataFrame:
        """Add up the changes until the end of each day: one row a place, one column a day."""
        return self._summed(column, days, ranks, self._places, "place")

    def _summed(
        self, column: str, days: Sequence[int], ranks: str, among: pd.Index, key: str
    ) -> pd.DataFrame:
        asked = np.unique(np.asarray(days, dtype=np.int64))
        rows = self._events
        if ranks:
            rows = rows[rows["rank"].isin(self._ranks_of(ranks))]
        at = np.searchsorted(asked, rows["day"].to_numpy(dtype=np.int64), side="left")
        table = np.zeros((len(among), len(asked) + 1))
        np.add.at(table, (among.get_indexer(pd.Index(rows[key])), at), rows[column].to_numpy())
        running = table.cumsum(axis=1)[:, :-1]
        return pd.DataFrame(running, index=among, columns=asked)

    def _openings(self) -> list[int]:
        return [period.first.toordinal() - 1 for period in self._spans.periods]

    def _closings(self) -> list[int]:
        return [period.last.toordinal() for period in self._spans.periods]

    def _long(self, columns: Sequence[pd.Series[float]]) -> pd.Series[float]:
        """Stand columns, one a span, under each other."""
        values = np.concatenate([column.to_numpy() for column in columns])
        numbers = np.repeat(np.arange(len(columns)), len(self._places))
        places = np.tile(self._places.to_numpy(), len(columns))
        index = pd.MultiIndex.from_arrays([places, numbers], names=["place", "span"])
        return pd.Series(values, index=index)

    def _moved(self, column: str, ranks: str) -> pd.Series[float]:
        days = [*self._openings(), *self._closings()]
        run = self._running(column, days, ranks)
        ends = zip(self._openings(), self._closings(), strict=True)
        return self._long([run[b] - run[a] for a, b in ends])

    def _by_month(self, measure: Measure) -> pd.Series[float]:
        """Take the mean of the months, or their sum, of averages or of month-ends."""
        edges = [(p.first.toordinal() - 1, p.last.toordinal()) for p in self._spans.pieces]
        run = self._running("change", [day for edge in edges for day in edge], measure.ranks)
        of_average = measure.at == "average"
        out = []
        for member in self._spans.members:
            weights = [self._spans.pieces[i].weight for i in member]
            ends = [run[edges[i][1]] for i in member]
            opened = [run[edges[i][0]] for i in member]
            each = [(a + b) / 2 for a, b in zip(opened, ends, strict=True)] if of_average else ends
            summed = (pd.concat(each, axis=1) * weights).sum(axis=1)
            out.append(summed if measure.per == "months" else summed / sum(weights))
        return self._long(out)

    def _stock(self, measure: Measure) -> pd.Series[float]:
        if measure.at == "average" or measure.per != "span":
            return self._by_month(measure)
        days = self._openings() if measure.at == "opening" else self._closings()
        run = self._running("change", days, measure.ranks)
        return self._long([run[day] for day in days])

    def values(self, wanted: Sequence[Measure]) -> pd.DataFrame:
        """Give stocks of every place and span, present or not."""
        return pd.DataFrame({m.code: self._stock(m) for m in wanted})

    def frame(self, wanted: Sequence[Measure]) -> pd.DataFrame:
        """Give the stocks and movements asked for."""
        out = {m.code: self._stock(m) for m in wanted if m.kind == "stock" and not m.has_state}
        out |= {m.code: self._moved(m.of, m.ranks) for m in wanted if m.kind == "movement"}
        frame = pd.DataFrame(out)
        if out:
            frame = frame.loc[frame.index.isin(self.present())]
        return frame

    def present(self) -> pd.MultiIndex:
        """List the places that had anybody in force at some time in the span."""
        run = self._running("change", self._openings())
        opened = self._long([run[day] for day in self._openings()])
        came = self._moved("came", "")
        index = came.index[(opened + came) > 0]
        assert isinstance(index, pd.MultiIndex)  # noqa: S101
        return index


class UnitStocks(Stocks):
    """Units of a level on any day, counted where the people in them lie in a band.

    A unit without anybody in force is no unit; below the level there are none to count.
    """

    def __init__(self, stocks: Stocks, measure: Measure, root: str) -> None:
        events, places = stocks._events, stocks._units
        depth = org.levels_from(root).index(measure.level) + 1
        super().__init__(stocks._spans, places, stocks._ranks_of, events.drop(columns="place"))
        self._counted = self._events["unit"].str.split("/").str[:depth].str.join("/")
        self._events = self._events.assign(counted=self._counted)
        above = self._events[["counted", "place"]].drop_duplicates()
        self._above = above.set_index("counted")["place"].sort_index()
        self._is_below = bool((self._above.str.count("/") >= depth).any())
        self._least = max(int(measure.at_least), 1)
        self._below = np.inf if measure.below is None else float(measure.below)

    def _running(self, column: str, days: Sequence[int], ranks: str = "") -> pd.DataFrame:
        """Count the units on each day: one row a place, one column a day."""
        if self._is_below:
            asked = np.unique(np.asarray(days, dtype=np.int64))
            return pd.DataFrame(np.nan, index=self._places, columns=asked)
        heads = self._summed(column, days, ranks, self._above.index, "counted")
        counted = ((heads >= self._least) & (heads < self._below)).astype(float)
        return counted.groupby(self._above.to_numpy()).sum().reindex(self._places, fill_value=0.0)
