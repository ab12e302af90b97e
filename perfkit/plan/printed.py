"""The tables of a printed plan, by the names that this room computes with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd

from perfkit.plan.rows import plan_table

__all__ = ["plan_lines", "plan_totals"]


def plan_lines(plan: str | Path, *, lang: str) -> pd.DataFrame:
    """Give the budget lines of a plan's folder with what each pays for.

    Parameters
    ----------
    plan : str or Path
        A bundled plan, or a folder with budget_lines, measures and actions.
    lang : {"zh", "en"}
        Whose money lines and items.

    Returns
    -------
    DataFrame
        What `read_lines` takes. [yuan]

    Raises
    ------
    PlanRefused
        A table or column is missing.

    Examples
    --------
    >>> plan_lines("branch_2005", lang="en")["strategy"].value_counts().to_dict()
    {'S2': 23, 'S3': 11, 'S1': 6}
    """
    columns = ["line_id", "measure_id", f"formula_{lang}", f"item_{lang}", "stated_yuan", "counted"]
    lines = plan_table(plan, "budget_lines", columns)[columns]
    measures = plan_table(plan, "measures", ["measure_id", "action_id", "months"])
    actions = plan_table(plan, "actions", ["action_id", "strategy_id"])
    found = lines.merge(
        measures[["measure_id", "action_id", "months"]], on="measure_id", how="left"
    )
    found = found.merge(actions[["action_id", "strategy_id"]], on="action_id", how="left")
    names = {
        "measure_id": "measure",
        "action_id": "action",
        "strategy_id": "strategy",
        f"formula_{lang}": "formula",
        f"item_{lang}": "item",
        "stated_yuan": "stated",
    }
    return found.rename(columns=names).fillna("")


def plan_totals(plan: str | Path) -> pd.DataFrame:
    """Give the totals that a plan states beside its measures.

    Returns
    -------
    DataFrame
        measure and stated. [yuan]

    Examples
    --------
    >>> float(plan_totals("branch_2005")["stated"].sum())
    740000.0
    """
    found = plan_table(plan, "budget_totals", ["measure_id", "stated_10k_yuan"])
    stated = [float(Decimal(text) * 10_000) for text in found["stated_10k_yuan"]]
    return pd.DataFrame({"measure": found["measure_id"], "stated": stated})
