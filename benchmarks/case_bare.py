"""The lower bound: one scan of the columns needed, one group-by agent and month."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb


def run(book: str, _: object) -> Any:
    """Add up by agent and month, and keep the table in the engine."""
    path = Path(book) / "policies.parquet"
    connection = duckdb.connect()
    connection.execute(
        f"""
        CREATE TABLE bare AS
        SELECT agent_id, date_trunc('month', submitted_on) AS month, count(*) AS cases,
               sum(premium) AS premium, sum(standard_premium) AS standard_premium,
               sum(fyc) AS fyc, count(issued_on) AS issued, count(cancelled_on) AS cancelled
        FROM read_parquet('{path}') GROUP BY ALL
        """
    )
    (count,) = connection.execute("SELECT count(*) FROM bare").fetchone() or (0,)
    return range(count)
