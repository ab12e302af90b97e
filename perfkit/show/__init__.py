"""Frames in, display out: `table` for numbers and sentences, `plot` for charts.

`write_form` is the way back: a workbook to fill; `write_targets`, targets to change.

A workbook that a report brings along is attached (`attach_targets`).

Nothing here computes: every figure arrives in a frame of `kpi` and leaves as it came.
"""

from perfkit.show import annual, plot, quarter, table
from perfkit.show.attach import attach_targets
from perfkit.show.form import write_form
from perfkit.show.targets import pack_targets, write_targets

__all__ = [
    "annual",
    "attach_targets",
    "pack_targets",
    "plot",
    "quarter",
    "table",
    "write_form",
    "write_targets",
]
