"""Frames in, display out: `table` for numbers and sentences, `plot` for charts.

`write_form` is the way back: a workbook to fill; `write_targets`, targets to change.

Nothing here computes: every figure arrives in a frame of `kpi` and leaves as it came.
"""

from perfkit.show import plot, table
from perfkit.show.form import write_form
from perfkit.show.targets import pack_targets, write_targets

__all__ = ["pack_targets", "plot", "table", "write_form", "write_targets"]
