"""Frames in, display out: `table` for numbers and sentences, `plot` for charts.

`write_form` is the way back: a workbook to fill; `write_targets`, targets to change.

What a report brings along is attached (`attach_targets`, `attach_calendar`). The pages of a pack (a
meeting's material, a form) become sections (`page_section`) and sheets (`pack_pages`).

Nothing here computes: every figure arrives in a frame of `kpi` and leaves as it came.
"""

from perfkit.show import annual, calendar, pacing, plot, quarter, table
from perfkit.show.attach import attach_calendar, attach_targets
from perfkit.show.evaluation import evaluation
from perfkit.show.form import write_form
from perfkit.show.page import pack_pages, page_section
from perfkit.show.targets import pack_targets, write_targets

__all__ = [
    "annual",
    "attach_calendar",
    "attach_targets",
    "calendar",
    "evaluation",
    "pacing",
    "pack_pages",
    "pack_targets",
    "page_section",
    "plot",
    "quarter",
    "table",
    "write_form",
    "write_targets",
]
