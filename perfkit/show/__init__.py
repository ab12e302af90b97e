"""Frames in, display out: `table` for numbers and sentences, `plot` for charts.

`write_form` is the way back: a workbook to fill.

Nothing here computes: every figure arrives in a frame of `kpi` and leaves as it came.
"""

from perfkit.show import plot, table
from perfkit.show.form import write_form

__all__ = ["plot", "table", "write_form"]
