"""Frames in, display out: `table` for numbers and sentences, `plot` for charts.

Nothing here computes: every figure arrives in a frame of `kpi` and leaves as it came.
"""

from perfkit.show import plot, table

__all__ = ["plot", "table"]
