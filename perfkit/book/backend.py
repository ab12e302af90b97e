"""Where facts are added up: DuckDB embedded by default, or Polars, pandas or Spark frames.

A backend adds the three things Narwhals lacks: bring a small table to the facts, keep an
intermediate, carry a small result home.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Protocol

import narwhals as nw
import pandas as pd

from perfkit.errors import UnknownName

__all__ = ["ENGINES", "Backend", "Frame", "backend", "frame", "rows"]

Frame = nw.LazyFrame[Any]
Arrays = dict[str, Any]
Small = Mapping[str, Any]


class Backend(Protocol):
    """What an engine adds to Narwhals."""

    name: str

    def small(self, columns: Small) -> Frame:
        """Bring a small table to where the facts are."""

    def keep(self, frame: Frame) -> Frame:
        """Compute an intermediate once."""

    def hold(self, frame: Frame) -> Frame:
        """Compute what is small once, and keep it as long as the book is open."""

    def home(self, frame: Frame) -> pd.DataFrame:
        """Carry a small result home."""

    def arrays(self, frame: Frame) -> Arrays:
        """Carry whole numbers home, a column an array: no cell of them is empty."""

    def forget(self) -> None:
        """Drop what was kept."""


def _lazy(native: Any) -> Frame:
    found: Frame = nw.from_native(native).lazy()
    return found


class DuckBackend:
    """DuckDB, embedded: no server, spills to disk when memory is short."""

    name = "duckdb"

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._count, self._held = itertools.count(), itertools.count()

    def small(self, columns: Small) -> Frame:
        """Bring a small table to where the facts are: a real one, so that joins know its keys."""
        import pyarrow as pa

        return self.keep(_lazy(self.connection.from_arrow(pa.table(dict(columns)))))

    def keep(self, frame: Frame) -> Frame:
        """Compute an intermediate once, in a table of the connection's own memory."""
        return self._made(frame, f"kept_{next(self._count)}")

    def hold(self, frame: Frame) -> Frame:
        """Compute what is small once, and keep it as long as the book is open."""
        return self._made(frame, f"held_{next(self._held)}")

    def _made(self, frame: Frame, name: str) -> Frame:
        nw.to_native(frame).create(name)
        return _lazy(self.connection.table(name))

    def home(self, frame: Frame) -> pd.DataFrame:
        """Carry a small result home."""
        found: pd.DataFrame = nw.to_native(frame).df()
        return found

    def arrays(self, frame: Frame) -> Arrays:
        """Carry whole numbers home, a column an array."""
        found: Arrays = nw.to_native(frame).fetchnumpy()
        return found

    def forget(self) -> None:
        """Drop what was kept."""
        for index in range(next(self._count)):
            self.connection.execute(f"DROP TABLE IF EXISTS kept_{index}")
        self._count = itertools.count()


class FrameBackend:
    """Frames in this process: pandas or Polars."""

    def __init__(self, name: str) -> None:
        self.name = name

    def small(self, columns: Small) -> Frame:
        """Bring a small table to where the facts are."""
        if self.name == "polars":
            import polars as pl

            return nw.from_native(pl.DataFrame(dict(columns)).lazy())
        return nw.from_native(pd.DataFrame(dict(columns))).lazy()

    def keep(self, frame: Frame) -> Frame:
        """Compute an intermediate once."""
        return frame.collect().lazy()

    def hold(self, frame: Frame) -> Frame:
        """Compute what is small once."""
        return self.keep(frame)

    def home(self, frame: Frame) -> pd.DataFrame:
        """Carry a small result home."""
        return frame.collect().to_pandas()

    def arrays(self, frame: Frame) -> Arrays:
        """Carry whole numbers home, a column an array."""
        found = frame.collect()
        return {name: found[name].to_numpy() for name in found.columns}

    def forget(self) -> None:
        """Nothing is kept outside the frames."""


class SparkBackend:
    """Spark, where one machine cannot hold the facts: the extra ``spark``, and Java."""

    name = "spark"

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def small(self, columns: Small) -> Frame:
        """Bring a small table to where the facts are."""
        import pyarrow as pa

        return _lazy(_spark().createDataFrame(pa.table(dict(columns))))

    def keep(self, frame: Frame) -> Frame:
        """Compute an intermediate once."""
        native: Any = nw.to_native(frame)
        self._kept.append(native.cache())
        return _lazy(self._kept[-1])

    def hold(self, frame: Frame) -> Frame:
        """Compute what is small once, and keep it as long as the book is open."""
        native: Any = nw.to_native(frame)
        return _lazy(native.cache())

    def home(self, frame: Frame) -> pd.DataFrame:
        """Carry a small result home."""
        native: Any = nw.to_native(frame)
        found: pd.DataFrame = native.toArrow().to_pandas()
        return found

    def arrays(self, frame: Frame) -> Arrays:
        """Carry whole numbers home, a column an array."""
        native: Any = nw.to_native(frame)
        found = native.toArrow()
        return {name: found.column(name).to_numpy() for name in found.column_names}

    def forget(self) -> None:
        """Drop what was kept."""
        while self._kept:
            self._kept.pop().unpersist()


def _spark() -> Any:
    """Give the session that runs, or start a small one on this machine."""
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    builder = SparkSession.builder.appName("perfkit").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.shuffle.partitions", "4").getOrCreate()


ENGINES = ("duckdb", "polars", "pandas", "spark")


def backend(name: str, connection: Any = None) -> Backend:
    """Choose where the adding up happens.

    Raises
    ------
    UnknownName
        There is no such engine.

    Examples
    --------
    >>> backend("polars").name
    'polars'
    """
    if name not in ENGINES:
        raise UnknownName(kind="engine", name=name, allowed=ENGINES)
    if name == "spark":
        return SparkBackend()
    return DuckBackend(connection) if name == "duckdb" else FrameBackend(name)


def frame(connection: Any, table: str, name: str) -> Frame:
    """Give a typed table of the connection as a frame of the engine chosen.

    Raises
    ------
    UnknownName
        There is no such engine.
    """
    relation = connection.table(table)
    if backend(name, connection).name == "polars":
        return _lazy(relation.pl())
    if name == "spark":
        return _lazy(_spark().createDataFrame(relation.to_arrow_table()))
    return _lazy(relation.df() if name == "pandas" else relation)


def rows(connection: Any, table: str) -> int:
    """Count a table's rows. [rows]"""
    return int(connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchall()[0][0])
