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
from perfkit.explain.bearing import bearing, bearings
from perfkit.explain.before_after import before_after, node_share, phases
from perfkit.explain.cause import causes, in_words, judge, weigh
from perfkit.explain.chain import Chain, chain, chains
from perfkit.explain.chart import CauseChart, cause_chart, read_causes
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
from perfkit.explain.gapflow import (
    Flow,
    Walk,
    answers,
    gap_flow,
    mermaid,
    read_flow,
    walk,
)
from perfkit.explain.interval import chance_to_see, months_to_see, wilson, with_interval
from perfkit.explain.leaving import agent_months, leaving_hazard
from perfkit.explain.rank import same_days, standing
from perfkit.explain.remedy import checklist, remedies
from perfkit.explain.segmented import segmented
from perfkit.explain.shortfall import shortfall, shortfall_drivers
from perfkit.explain.stocktake import (
    advice_in_words,
    guidance_pack,
    needs_guidance,
    stocktake,
)
from perfkit.explain.tradeoff import break_even, frontier, month_risk, simulate_month

__all__ = [
    "UNEXPLAINED",
    "CauseChart",
    "Chain",
    "Flow",
    "Walk",
    "advice_in_words",
    "agent_months",
    "answers",
    "assess",
    "at_risk",
    "attribute",
    "backtest",
    "bearing",
    "bearings",
    "before_after",
    "break_even",
    "by_factor",
    "cause_chart",
    "causes",
    "chain",
    "chains",
    "chance_to_see",
    "checklist",
    "concentration",
    "credibility",
    "decompose",
    "difference_of_rates",
    "frontier",
    "funnel",
    "funnel_limits",
    "funnel_lines",
    "gap_flow",
    "growth_factors",
    "guidance_pack",
    "in_words",
    "judge",
    "league",
    "leaving_hazard",
    "lorenz",
    "mermaid",
    "month_risk",
    "months_to_see",
    "needs_guidance",
    "node_share",
    "p_prime",
    "paired_difference",
    "phases",
    "plan_status",
    "raise_once",
    "read_causes",
    "read_flow",
    "remedies",
    "roll_up",
    "same_days",
    "segmented",
    "set_apart",
    "shortfall",
    "shortfall_drivers",
    "simulate_month",
    "standing",
    "steps",
    "stocktake",
    "walk",
    "watch_history",
    "watch_landing",
    "watch_units",
    "weigh",
    "wilson",
    "with_interval",
    "without_large",
    "xmr",
]
