"""Why it moved, and whether it means anything."""

from perfkit.explain.alarm import (
    backtest,
    plan_status,
    raise_once,
    watch_history,
    watch_landing,
    watch_units,
)
from perfkit.explain.attribution import attribute
from perfkit.explain.before_after import before_after, node_share, phases
from perfkit.explain.chain import Chain, chain, chains
from perfkit.explain.concentration import concentration, set_apart
from perfkit.explain.control import p_prime, xmr
from perfkit.explain.credibility import (
    credibility,
    difference_of_rates,
    funnel,
    funnel_limits,
    funnel_lines,
    league,
    paired_difference,
)
from perfkit.explain.driver import (
    UNEXPLAINED,
    by_factor,
    decompose,
    growth_factors,
    roll_up,
    steps,
)
from perfkit.explain.interval import months_to_see, wilson, with_interval

__all__ = [
    "UNEXPLAINED",
    "Chain",
    "attribute",
    "backtest",
    "before_after",
    "by_factor",
    "chain",
    "chains",
    "concentration",
    "credibility",
    "decompose",
    "difference_of_rates",
    "funnel",
    "funnel_limits",
    "funnel_lines",
    "growth_factors",
    "league",
    "months_to_see",
    "node_share",
    "p_prime",
    "paired_difference",
    "phases",
    "plan_status",
    "raise_once",
    "roll_up",
    "set_apart",
    "steps",
    "watch_history",
    "watch_landing",
    "watch_units",
    "wilson",
    "with_interval",
    "xmr",
]
