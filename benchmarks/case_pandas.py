"""Idiomatic pandas, as a planner would write it: place each policy, then loop and group."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import task

NEVER = pd.Timestamp("2200-01-01")


def _spells(book: Path) -> pd.DataFrame:
    columns = ["agent_id", *task.levels(book)]
    agents = pd.read_parquet(book / "agents.parquet")
    agents["left_on"] = pd.to_datetime(agents["left_on"]).fillna(NEVER)
    first = agents[columns].assign(since=pd.to_datetime(agents["joined_on"]))
    moves = pd.read_parquet(book / "moves.parquet")
    later = moves[columns].assign(since=pd.to_datetime(moves["on"]))
    chain = pd.concat([first, later]).merge(agents[["agent_id", "joined_on", "left_on"]])
    chain["joined_on"] = pd.to_datetime(chain["joined_on"])
    keep = (chain["since"] == chain["joined_on"]) | (
        (chain["since"] > chain["joined_on"]) & (chain["since"] < chain["left_on"])
    )
    chain = chain[keep].sort_values(["agent_id", "since"])
    chain["until"] = chain.groupby("agent_id")["since"].shift(-1).fillna(chain["left_on"])
    chain["is_first"] = chain["since"] == chain["joined_on"]
    chain["is_last"] = chain["until"] == chain["left_on"]
    return chain


def _placed(
    policies: pd.DataFrame, chain: pd.DataFrame, day: str, levels: list[str]
) -> pd.DataFrame:
    rows = policies.dropna(subset=[day]).copy()
    rows["day"] = pd.to_datetime(rows[day])
    rows = rows.sort_values("day")
    seats = chain[["agent_id", *levels, "since"]].sort_values("since")
    seats["since"] = seats["since"].astype(rows["day"].dtype)
    return pd.merge_asof(rows, seats, left_on="day", right_on="since", by="agent_id")


def _heads(chain: pd.DataFrame, day: pd.Timestamp, keys: list[str]) -> pd.Series:
    here = chain[(chain["since"] <= day) & (day < chain["until"])]
    return here.groupby(keys).size()


def run(book: str, _: object) -> Any:
    """Loop over periods and levels."""
    folder, levels = Path(book), task.levels(book)
    chain = _spells(folder)
    policies = pd.read_parquet(folder / "policies.parquet")
    policies["large"] = policies["premium"] > task.LARGE
    policies["large_premium"] = policies["premium"].where(policies["large"], 0)
    days = {
        d: _placed(policies, chain, d, levels)
        for d in ("submitted_on", "issued_on", "cancelled_on")
    }
    parts = []
    for code, (a, b) in task.periods().items():
        first, last = pd.Timestamp(a), pd.Timestamp(b)
        now = {d: t[(t["day"] >= first) & (t["day"] <= last)] for d, t in days.items()}
        for depth, level in enumerate(levels, 1):
            frame = _table(chain, now, levels[:depth], first, last).reset_index()
            frame["unit"] = frame[levels[:depth]].agg("/".join, axis=1)
            parts.append(frame.assign(level=level, period=code))
    return pd.concat(parts)[["level", "unit", "period", *task.KPIS]]


def _table(
    chain: pd.DataFrame,
    now: dict[str, pd.DataFrame],
    keys: list[str],
    first: pd.Timestamp,
    last: pd.Timestamp,
) -> pd.DataFrame:
    submitted = now["submitted_on"].groupby(keys)
    issued = now["issued_on"].groupby(keys)
    day = pd.Timedelta(days=1)
    ends = pd.date_range(first, last, freq="ME")
    means = [(_heads(chain, e.replace(day=1) - day, keys), _heads(chain, e, keys)) for e in ends]
    average = sum(x.add(y, fill_value=0).mul(0.5) for x, y in means[:1])
    for x, y in means[1:]:
        average = average.add(x.add(y, fill_value=0).mul(0.5), fill_value=0)
    came = chain[chain["is_first"] & chain["since"].between(first, last)]
    went = chain[chain["is_last"] & chain["until"].between(first, last)]
    out = pd.DataFrame(
        {
            "premium_submitted": submitted["premium"].sum(),
            "standard_premium_submitted": submitted["standard_premium"].sum(),
            "cases": submitted.size(),
            "large_policy_count": submitted["large"].sum(),
            "large_policy_premium": submitted["large_premium"].sum(),
            "active_agents": submitted["agent_id"].nunique(),
            "premium_issued": issued["premium"].sum(),
            "standard_premium_issued": issued["standard_premium"].sum(),
            "fyc": issued["fyc"].sum(),
            "premium_cancelled": now["cancelled_on"].groupby(keys)["premium"].sum(),
            "headcount_opening": _heads(chain, first - day, keys),
            "headcount_closing": _heads(chain, last, keys),
            "headcount_average": average / len(ends),
            "recruits": came.groupby(keys).size(),
            "leavers": went.groupby(keys).size(),
        }
    ).fillna(0)
    return _rates(out)


def _rates(out: pd.DataFrame) -> pd.DataFrame:
    def over(top: str, bottom: str) -> pd.Series:
        return out[top] / out[bottom].where(out[bottom] != 0)

    out["premium_net"] = out["premium_issued"] - out["premium_cancelled"]
    out["headcount_net_growth"] = out["recruits"] - out["leavers"]
    out["large_policy_share"] = over("large_policy_premium", "premium_submitted")
    out["average_case_size"] = over("premium_submitted", "cases")
    out["cooling_off_share"] = over("premium_cancelled", "premium_issued")
    out["attrition_rate"] = over("leavers", "headcount_opening")
    out["activity_rate"] = over("active_agents", "headcount_average")
    out["cases_per_active"] = over("cases", "active_agents")
    out["cases_per_head"] = over("cases", "headcount_average")
    out["premium_per_head"] = over("premium_submitted", "headcount_average")
    out["premium_per_active"] = over("premium_submitted", "active_agents")
    return out
