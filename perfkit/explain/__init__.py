"""Why it moved, and whether it means anything."""

from perfkit.explain.alarm import (
    plan_status,
    raise_once,
    watch_history,
    watch_landing,
    watch_units,
)
from perfkit.explain.asked import Question, questions
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
from perfkit.explain.effect import action_effect
from perfkit.explain.evaluation import evaluate, horizons, increments
from perfkit.explain.follow import (
    alarms_of,
    backtest,
    fired,
    follow,
    follow_units,
    raised_within,
    tally,
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
from perfkit.explain.moved import (
    Cause,
    Lead,
    by_unit,
    driver_moves,
    factor_history,
    lead,
    usual_change,
)
from perfkit.explain.peers import (
    funnel_of,
    large_in_agents,
    large_policies,
    league_of,
    outside,
    standouts,
    with_alarm,
)
from perfkit.explain.quarter import (
    SECTIONS,
    assessment,
    attributed,
    headcount_steps,
    newcomers,
    review_levels,
    standards_of,
)
from perfkit.explain.rank import same_days, standing
from perfkit.explain.remedy import checklist, remedies
from perfkit.explain.rule import Rule, save_rule, try_rule
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
    "SECTIONS",
    "UNEXPLAINED",
    "Cause",
    "CauseChart",
    "Chain",
    "Flow",
    "Lead",
    "Question",
    "Rule",
    "Walk",
    "action_effect",
    "advice_in_words",
    "agent_months",
    "alarms_of",
    "answers",
    "assess",
    "assessment",
    "at_risk",
    "attribute",
    "attributed",
    "backtest",
    "bearing",
    "bearings",
    "before_after",
    "break_even",
    "by_factor",
    "by_unit",
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
    "driver_moves",
    "evaluate",
    "factor_history",
    "fired",
    "follow",
    "follow_units",
    "frontier",
    "funnel",
    "funnel_limits",
    "funnel_lines",
    "funnel_of",
    "gap_flow",
    "growth_factors",
    "guidance_pack",
    "headcount_steps",
    "horizons",
    "in_words",
    "increments",
    "judge",
    "large_in_agents",
    "large_policies",
    "lead",
    "league",
    "league_of",
    "leaving_hazard",
    "lorenz",
    "mermaid",
    "month_risk",
    "months_to_see",
    "needs_guidance",
    "newcomers",
    "node_share",
    "outside",
    "p_prime",
    "paired_difference",
    "phases",
    "plan_status",
    "questions",
    "raise_once",
    "raised_within",
    "read_causes",
    "read_flow",
    "remedies",
    "review_levels",
    "roll_up",
    "same_days",
    "save_rule",
    "segmented",
    "set_apart",
    "shortfall",
    "shortfall_drivers",
    "simulate_month",
    "standards_of",
    "standing",
    "standouts",
    "steps",
    "stocktake",
    "tally",
    "try_rule",
    "usual_change",
    "walk",
    "watch_history",
    "watch_landing",
    "watch_units",
    "weigh",
    "wilson",
    "with_alarm",
    "with_interval",
    "without_large",
    "xmr",
]
