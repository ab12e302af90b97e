"""Why it moved, and whether it means anything: concentration, intervals, before and after."""

from perfkit.explain.before_after import before_after, node_share, phases
from perfkit.explain.concentration import concentration, set_apart
from perfkit.explain.interval import months_to_see, wilson, with_interval

__all__ = [
    "before_after",
    "concentration",
    "months_to_see",
    "node_share",
    "phases",
    "set_apart",
    "wilson",
    "with_interval",
]
