"""Why it moved, and whether it means anything."""

from perfkit.explain.alarm import (
    backtest,
    plan_status,
    raise_once,
    watch_history,
    watch_landing,
    watch_units,
)
from perfkit.explain.assess import assess, at_risk
from perfkit.explain.attribution import attribute
from perfkit.explain.before_after import before_after, node_share, phases
from perfkit.explain.chain import Chain, chain, chains
from perfkit.explain.concentration import concentration, lorenz, set_apart, without_large
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
from perfkit.explain.effect import action_effect
from perfkit.explain.evaluation import evaluate, horizons, increments
from perfkit.explain.interval import chance_to_see, months_to_see, wilson, with_interval
from perfkit.explain.leaving import agent_months, leaving_hazard
from perfkit.explain.rank import same_days, standing
from perfkit.explain.rule import Rule, save_rule, try_rule
from perfkit.explain.segmented import segmented
from perfkit.explain.tradeoff import break_even, frontier, month_risk, simulate_month

__all__ = [
    "UNEXPLAINED",
    "Chain",
    "Rule",
    "action_effect",
    "agent_months",
    "assess",
    "at_risk",
    "attribute",
    "backtest",
    "before_after",
    "break_even",
    "by_factor",
    "chain",
    "chains",
    "chance_to_see",
    "concentration",
    "credibility",
    "decompose",
    "difference_of_rates",
    "evaluate",
    "frontier",
    "funnel",
    "funnel_limits",
    "funnel_lines",
    "growth_factors",
    "horizons",
    "increments",
    "league",
    "leaving_hazard",
    "lorenz",
    "month_risk",
    "months_to_see",
    "node_share",
    "p_prime",
    "paired_difference",
    "phases",
    "plan_status",
    "raise_once",
    "roll_up",
    "same_days",
    "save_rule",
    "segmented",
    "set_apart",
    "simulate_month",
    "standing",
    "steps",
    "try_rule",
    "watch_history",
    "watch_landing",
    "watch_units",
    "wilson",
    "with_interval",
    "without_large",
    "xmr",
]
