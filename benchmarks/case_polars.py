"""Hand-written Polars: one lazy pass to agent and month, then small tables, levels and spans."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import task

NEVER = dt.date(2200, 1, 1)
MONEY = ("premium", "standard_premium", "fyc")


def _spells(book: Path) -> pl.DataFrame:
    agents = pl.read_parquet(book / "agents.parquet").with_columns(
        pl.col("left_on").fill_null(NEVER)
    )
    columns = ["agent_id", *task.levels(book), "since", "joined_on", "left_on"]
    first = agents.with_columns(since=pl.col("joined_on")).select(columns)
    later = pl.read_parquet(book / "moves.parquet").rename({"on": "since"})
    later = later.select("agent_id", *task.levels(book), "since").join(
        agents.select("agent_id", "joined_on", "left_on"), on="agent_id"
    )
    later = later.filter(pl.col("since").is_between("joined_on", "left_on", closed="none"))
    chain = pl.concat([first, later.select(columns)]).sort("agent_id", "since")
    return chain.with_columns(
        until=pl.coalesce(pl.col("since").shift(-1).over("agent_id"), pl.col("left_on")),
        is_first=pl.col("since") == pl.col("joined_on"),
    ).with_columns(is_last=pl.col("until") == pl.col("left_on"))


def _cells(book: Path) -> dict[str, pl.DataFrame]:
    rows = pl.scan_parquet(book / "policies.parquet")
    fen = [(pl.col(c) * 100).round().cast(pl.Int64) for c in MONEY]
    large = pl.col("premium") > task.LARGE
    ask = {
        "submitted_on": [
            fen[0].sum().alias("premium_submitted"),
            fen[1].sum().alias("standard_premium_submitted"),
            pl.len().alias("cases"),
            large.sum().alias("large_policy_count"),
            fen[0].filter(large).sum().alias("large_policy_premium"),
        ],
        "issued_on": [
            fen[0].sum().alias("premium_issued"),
            fen[1].sum().alias("standard_premium_issued"),
            fen[2].sum().alias("fyc"),
        ],
        "cancelled_on": [fen[0].sum().alias("premium_cancelled")],
    }
    frames = [
        rows.filter(pl.col(d).is_not_null())
        .group_by("agent_id", pl.col(d).dt.truncate("1mo").alias("month"))
        .agg(aggs)
        for d, aggs in ask.items()
    ]
    return dict(zip(ask, pl.collect_all(frames), strict=True))


def _spans() -> pl.DataFrame:
    found = [
        (code, month)
        for code, (first, last) in task.periods().items()
        for month in pl.date_range(first, last, "1mo", eager=True)
    ]
    return pl.DataFrame(found, schema=["period", "month"], orient="row")


def _heads(chain: pl.DataFrame, days: list[dt.date], keys: list[str], name: str) -> pl.DataFrame:
    into = chain.group_by(*keys, pl.col("since").alias("day")).agg(n=pl.len().cast(pl.Int64))
    out = chain.group_by(*keys, pl.col("until").alias("day")).agg(n=-pl.len().cast(pl.Int64))
    change = pl.concat([into, out]).group_by(*keys, "day").agg(pl.col("n").sum()).sort(*keys, "day")
    change = change.with_columns(pl.col("n").cum_sum().over(keys)).sort("day")
    asked = chain.select(keys).unique().join(pl.DataFrame({"day": sorted(set(days))}), how="cross")
    found = asked.sort("day").join_asof(change, on="day", by=keys, check_sortedness=False)
    return found.select(*keys, "day", pl.col("n").fill_null(0).alias(name))


def _moved(chain: pl.DataFrame, which: str, day: str, keys: list[str], name: str) -> pl.DataFrame:
    rows = chain.filter(pl.col(which)).with_columns(month=pl.col(day).dt.truncate("1mo"))
    return rows.join(_spans(), on="month").group_by(*keys, "period").agg(pl.len().alias(name))


def run(book: str, _: object) -> Any:
    """Compute all levels."""
    chain, levels = _spells(Path(book)), task.levels(book)
    seats = chain.select("agent_id", *levels, pl.col("since")).sort("since")
    cells = {
        day: cell.sort("month").join_asof(
            seats.with_columns(month=pl.col("since").dt.month_start()).sort("month"),
            on="month", by="agent_id", check_sortedness=False,
        )
        for day, cell in _cells(Path(book)).items()
    }  # fmt: skip
    small = {
        day: cell.group_by(*levels, "month").agg(pl.selectors.numeric().sum())
        for day, cell in cells.items()
    }
    active = cells["submitted_on"].select("agent_id", *levels, "month")
    parts = [_level(chain, small, active, levels[:d]) for d in range(1, len(levels) + 1)]
    return pl.concat(parts).to_pandas()


def _active(active: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Count each agent once a unit and period: by their first month in the quarter, in the year."""
    month, year = pl.col("month"), pl.col("month").dt.year()
    own = active.with_columns(
        year=year, quarter=pl.format("{}Q{}", year, month.dt.quarter()),
        code=month.dt.strftime("%Y-%m"),
    )  # fmt: skip
    seats = ["agent_id", *keys]
    count = pl.len().alias("active_agents")
    by_month = own.group_by(*keys, period="code").agg(count)
    quarters = own.group_by(*seats, "quarter").agg().group_by(*keys, period="quarter").agg(count)
    first = own.group_by(*seats, "year").agg(month.min()).group_by(*keys, "month").agg(count)
    spans = _spans().filter(pl.col("period").str.ends_with(":ytd"))
    to_date = first.join(spans, on="month").group_by(*keys, "period")
    parts = [by_month, quarters, to_date.agg(pl.col("active_agents").sum())]
    return pl.concat([p.with_columns(pl.col("active_agents").cast(pl.Int64)) for p in parts])


def _level(
    chain: pl.DataFrame, cells: dict[str, pl.DataFrame], seen: pl.DataFrame, keys: list[str]
) -> pl.DataFrame:
    spans, ends = _spans(), task.periods()
    key = [*keys, "period"]
    small = {
        day: cell.group_by(*keys, "month").agg(pl.selectors.numeric().sum())
        .join(spans, on="month").group_by(key).agg(pl.selectors.numeric().sum())
        for day, cell in cells.items()
    }  # fmt: skip
    active = _active(seen, keys)
    day = dt.timedelta(days=1)
    bounds = pl.DataFrame(
        [(c, a - day, b) for c, (a, b) in ends.items()], schema=["period", "a", "b"], orient="row"
    )
    days = [d for a, b in ends.values() for d in (a - day, b)]
    month = spans.with_columns(a=pl.col("month") - day, b=pl.col("month").dt.month_end())
    heads = _heads(chain, [*days, *month["a"], *month["b"]], keys, "n")
    out = chain.select(keys).unique().join(bounds, how="cross")
    for column, name in (("a", "headcount_opening"), ("b", "headcount_closing")):
        out = out.join(heads.rename({"day": column, "n": name}), on=[*keys, column], how="left")
    mean = chain.select(keys).unique().join(month, how="cross")
    for column in ("a", "b"):
        mean = mean.join(heads.rename({"day": column, "n": f"n_{column}"}), on=[*keys, column])
    half = (pl.col("n_a") + pl.col("n_b")) / 2
    frames = [*small.values(), active, mean.group_by(key).agg(headcount_average=half.mean())]
    frames += [_moved(chain, "is_first", "since", keys, "recruits")]
    frames += [_moved(chain, "is_last", "until", keys, "leavers")]
    for frame in frames:
        out = out.join(frame, on=key, how="left")
    return _rates(out.with_columns(pl.selectors.numeric().fill_null(0)), keys)


def _rates(out: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    def over(top: str, bottom: str) -> pl.Expr:
        below = pl.col(bottom)
        return pl.when(below != 0).then(pl.col(top) / below)

    money = [c for c in out.columns if "premium" in c or c == "fyc"]
    out = out.with_columns(pl.col(c) / 100 for c in money).with_columns(
        premium_net=pl.col("premium_issued") - pl.col("premium_cancelled"),
        headcount_net_growth=pl.col("recruits").cast(pl.Int64) - pl.col("leavers").cast(pl.Int64),
        large_policy_share=over("large_policy_premium", "premium_submitted"),
        average_case_size=over("premium_submitted", "cases"),
        cooling_off_share=over("premium_cancelled", "premium_issued"),
        attrition_rate=over("leavers", "headcount_opening"),
        activity_rate=over("active_agents", "headcount_average"),
        cases_per_active=over("cases", "active_agents"),
        cases_per_head=over("cases", "headcount_average"),
        premium_per_head=over("premium_submitted", "headcount_average"),
        premium_per_active=over("premium_submitted", "active_agents"),
    )
    there = pl.col("headcount_opening") + pl.col("cases") + pl.col("recruits") > 0
    there |= (pl.col("headcount_average") > 0) | (pl.col("premium_issued") > 0)
    there |= (pl.col("premium_cancelled") != 0) | (pl.col("headcount_closing") > 0)
    return out.filter(there).select(
        pl.lit(keys[-1]).alias("level"),
        pl.concat_str(keys, separator="/").alias("unit"),
        "period",
        *(pl.col(c).cast(pl.Float64) for c in task.KPIS),
    )
