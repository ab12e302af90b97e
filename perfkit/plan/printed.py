"""The tables of a printed plan, by the names that this room computes with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd

from perfkit.plan.rows import plan_table

__all__ = ["plan_items", "plan_lines", "plan_totals", "support_items"]


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


def plan_items(plan: str | Path, *, lang: str) -> pd.DataFrame:
    """Give a plan's vision, missions, strategies, actions and measures as items.

    Parameters
    ----------
    plan : str or Path
        A bundled plan, or a folder with planning_system, strategies, actions, measures,
        budget_lines and staff_additions.
    lang : {"zh", "en"}
        Whose words.

    Returns
    -------
    DataFrame
        What `perfkit.plan.strategy.checked` takes. when are months, or how often where the months
        are not stated; resources are budget lines and added posts; control and who are not in the
        tables of a plan.

    Raises
    ------
    PlanRefused
        A table or column is missing.

    Examples
    --------
    >>> from perfkit.plan.strategy import levels
    >>> levels(plan_items("branch_2005", lang="en"))
    {'vision': 1, 'mission': 1, 'goal': 1, 'strategy': 3, 'action': 13, 'measure': 45}
    """
    top = plan_table(plan, "planning_system", ["item_id", "section", f"item_{lang}"])
    own = top[top["section"] == "strategy"][f"item_{lang}"].tolist()
    rows = [
        {"item_id": level, "level": level, "supports": above, "what": text}
        for level, above, text in zip(
            ("vision", "mission", "goal"), ("", "vision", "mission"), own, strict=False
        )
    ]
    rows += [
        {"item_id": one["strategy_id"], "level": "strategy", "supports": "goal",
         "what": one[f"strategy_{lang}"], "output": one[f"goal_{lang}"]}
        for one in plan_table(plan, "strategies", ["strategy_id"]).to_dict("records")
    ]  # fmt: skip
    rows += [
        {"item_id": one["action_id"], "level": "action", "supports": one["strategy_id"],
         "what": one[f"action_{lang}"], "why": one[f"purpose_{lang}"], "output": one["driver"]}
        for one in plan_table(plan, "actions", ["action_id", "strategy_id"]).to_dict("records")
    ]  # fmt: skip
    money = plan_table(plan, "budget_lines", ["measure_id"]).groupby("measure_id")
    posts = plan_table(plan, "staff_additions", ["measure_id"]).groupby("measure_id")
    inputs = money[f"item_{lang}"].agg(", ".join).to_dict()
    inputs |= posts[f"post_{lang}"].agg(", ".join).to_dict()
    for one in plan_table(plan, "measures", ["measure_id", "action_id"]).to_dict("records"):
        often = "" if one["frequency"] == "not_stated" else one["frequency"]
        rows.append({"item_id": one["measure_id"], "level": "measure", "supports": one["action_id"],
                     "what": one[f"measure_{lang}"], "how": one[f"measure_{lang}"],
                     "when": one["months"] or often,
                     "resources": inputs.get(one["measure_id"], "")})  # fmt: skip
    return pd.DataFrame(rows).fillna("")


def support_items(plan: str | Path, *, lang: str) -> pd.DataFrame:
    """Give the plan of a support department (client service) in the same form.

    Parameters
    ----------
    plan : str or Path
        A bundled plan, or a folder with customer_service.
    lang : {"zh", "en"}
        Whose words.

    Returns
    -------
    DataFrame
        What `perfkit.plan.strategy.checked` takes: its blocks are strategies, its rows actions;
        when are the months (``3-12``), empty where they are still to be decided.

    Raises
    ------
    PlanRefused
        The table or a column is missing.

    Examples
    --------
    >>> from perfkit.plan.strategy import levels
    >>> levels(support_items("branch_2005", lang="en"))
    {'strategy': 4, 'action': 28}
    """
    table = plan_table(plan, "customer_service", ["row_id", "first_month", "last_month"])
    blocks = dict(zip(table["row_id"].str[0], table[f"block_{lang}"], strict=True))
    rows = [
        {"item_id": code, "level": "strategy", "supports": "", "what": text}
        for code, text in blocks.items()
    ]
    for one in table.to_dict("records"):
        months = f"{one['first_month']}-{one['last_month']}" if one["first_month"] else ""
        rows.append({"item_id": one["row_id"], "level": "action", "supports": one["row_id"][0],
                     "what": one[f"action_{lang}"], "when": months,
                     "output": one[f"expected_{lang}"]})  # fmt: skip
    return pd.DataFrame(rows).fillna("")
