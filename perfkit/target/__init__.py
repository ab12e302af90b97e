"""What should be: seasons, targets down to units and months, models, drivers, what is left.

Beside them the audit of a plan. All of it takes numbers and gives numbers: facts come from kpi,
entries from a planner.
"""

from perfkit.target.annual import (
    against_actual,
    by_month_and_unit,
    derivation,
    increments,
    month_weights,
    season,
)
from perfkit.target.apportion import apportion, split, table
from perfkit.target.audit import Audit, Contradiction, audit
from perfkit.target.cascade import added_up, by_kind, cascade, cascade_amount, holders
from perfkit.target.coherent import DRIVERS, coherent
from perfkit.target.driverplan import driver_targets, driver_year
from perfkit.target.duty import duties
from perfkit.target.exchange import Taken, export, proposal, take_over
from perfkit.target.filled import SheetRefused, changes, read_sheet
from perfkit.target.forceplan import headcount_by_month, headcount_months, headcount_units
from perfkit.target.headcount import (
    closing_after,
    ramp_up,
    recruits_for,
    recruits_needed,
    roll_forward,
    steady_headcount,
    steady_recruits,
)
from perfkit.target.lastyear import BOXES, last_month, recent, swot, work_analysis
from perfkit.target.option import OPTIONS, driver_options
from perfkit.target.planfile import Plan, read_folder
from perfkit.target.planview import Beside, beside, plan_season, plan_views
from perfkit.target.rank import Fates, fates, project, stationary, steady_ranks
from perfkit.target.registerfile import read_register, write_register
from perfkit.target.replan import replan, run_rate, to_date
from perfkit.target.season import (
    closed,
    from_calendar,
    from_history,
    from_plan,
    on_selling_days,
    shares,
)
from perfkit.target.setting import base_of, from_growth, reports, stock_and_increment
from perfkit.target.sheet import Sheet, lay
from perfkit.target.standard import decisions, department_formulas, minimum_standards, plan_paths
from perfkit.target.submission import move, register, standing
from perfkit.target.tier import at_mix, compare, heads_for, heads_to_move, model, productivity_for
from perfkit.target.tree import down, up
from perfkit.target.view import gaps, reconcile, to_first

__all__ = [
    "BOXES",
    "DRIVERS",
    "OPTIONS",
    "Audit",
    "Beside",
    "Contradiction",
    "Fates",
    "Plan",
    "Sheet",
    "SheetRefused",
    "Taken",
    "added_up",
    "against_actual",
    "apportion",
    "at_mix",
    "audit",
    "base_of",
    "beside",
    "by_kind",
    "by_month_and_unit",
    "cascade",
    "cascade_amount",
    "changes",
    "closed",
    "closing_after",
    "coherent",
    "compare",
    "decisions",
    "department_formulas",
    "derivation",
    "down",
    "driver_options",
    "driver_targets",
    "driver_year",
    "duties",
    "export",
    "fates",
    "from_calendar",
    "from_growth",
    "from_history",
    "from_plan",
    "gaps",
    "headcount_by_month",
    "headcount_months",
    "headcount_units",
    "heads_for",
    "heads_to_move",
    "holders",
    "increments",
    "last_month",
    "lay",
    "minimum_standards",
    "model",
    "month_weights",
    "move",
    "on_selling_days",
    "plan_paths",
    "plan_season",
    "plan_views",
    "productivity_for",
    "project",
    "proposal",
    "ramp_up",
    "read_folder",
    "read_register",
    "read_sheet",
    "recent",
    "reconcile",
    "recruits_for",
    "recruits_needed",
    "register",
    "replan",
    "reports",
    "roll_forward",
    "run_rate",
    "season",
    "shares",
    "split",
    "standing",
    "stationary",
    "steady_headcount",
    "steady_ranks",
    "steady_recruits",
    "stock_and_increment",
    "swot",
    "table",
    "take_over",
    "to_date",
    "to_first",
    "up",
    "work_analysis",
    "write_register",
]
