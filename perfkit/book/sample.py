"""Sample books: seeded, of any size, or calibrated so that their KPIs are given figures.

A calibration is a data file beside the book; without one a plan is drawn from the seed.
Either way the same code turns the plan into people and policies. Nothing here is real.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from perfkit.book.sample_business import Policies, build_policies
from perfkit.book.sample_draw import draw_plan
from perfkit.book.sample_force import build_force, headcounts
from perfkit.book.sample_people import Force
from perfkit.book.sample_plan import NEVER, RANKS, Plan, read_plan
from perfkit.errors import PerfkitError

__all__ = ["make_tables", "write_sample"]

FORMATS = ("csv", "parquet")
SIZES = {"agents": 180, "policies": 2400, "months": 37, "seed": 1}
SUPERVISOR_FROM = RANKS.index("supervisor")


def write_sample(
    out: str | Path,
    *,
    agents: int | None = None,
    policies: int | None = None,
    months: int | None = None,
    seed: int | None = None,
    calibration: str | Path | None = None,
    file_format: str = "csv",
) -> Path:
    """Write a synthetic book.

    Parameters
    ----------
    out : str or Path
        The folder; made when it is not there.
    agents, policies : int, optional
        Rows of the tables agents and policies; 180 and 2,400. [persons, policies]
    months : int, optional
        Months up to October 2012; 37. [months]
    seed : int, optional
        Same seed and sizes, same bytes; 1, or the calibration's.
    calibration : str or Path, optional
        A file with the figures the book must come out as; it fixes the sizes.
    file_format : str
        csv or parquet (for large books).

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    PerfkitError
        A size is too small, sizes stand beside a calibration, the plan cannot be met, or the
        folder already holds a book.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_sample(Path(folder) / "new", agents=20, policies=30, months=2, seed=5)
    ...     sorted(path.name for path in made.iterdir())
    ['agents.csv', 'book.toml', 'moves.csv', 'policies.csv', 'targets.csv']
    """
    sizes = {"agents": agents, "policies": policies, "months": months}
    if file_format not in FORMATS:
        raise PerfkitError("sample_format", value=file_format, allowed=", ".join(FORMATS))
    folder = Path(out)
    _free(folder, Path(calibration) if calibration is not None else None)
    if calibration is not None:
        if any(size is not None for size in sizes.values()):
            raise PerfkitError("sample_sizes_fixed", path=calibration)
        plan = read_plan(Path(calibration))
    else:
        given = {name: size for name, size in (sizes | {"seed": seed}).items() if size is not None}
        plan = draw_plan(**(SIZES | given))
    tables = make_tables(plan, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        _save(table, folder / f"{name}.{file_format}")
    (folder / "book.toml").write_bytes(_book_toml(plan).encode())
    return folder


def _free(folder: Path, calibration: Path | None) -> None:
    """Refuse to write among other files, unless they are the calibration's own."""
    if folder.exists() and not folder.is_dir():
        raise PerfkitError("sample_not_a_folder", path=folder)
    own = calibration is not None and calibration.resolve().parent == folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not own:
        raise PerfkitError("sample_exists", path=folder)


def make_tables(plan: Plan, *, seed: int | None = None) -> dict[str, pa.Table]:
    """Turn a plan into the tables of a book.

    Parameters
    ----------
    plan : Plan
        What must come out.
    seed : int, optional
        Instead of the plan's own.

    Returns
    -------
    dict of str to Table
        agents, moves, policies and targets, sorted. [money in yuan]

    Raises
    ------
    PerfkitError
        The plan cannot be met.

    Examples
    --------
    >>> tables = make_tables(draw_plan(agents=20, policies=30, months=2, seed=5))
    >>> {name: table.num_rows for name, table in tables.items() if name != "moves"}
    {'agents': 20, 'policies': 30, 'targets': 24}
    """
    streams = np.random.SeedSequence(plan.seed if seed is None else seed).spawn(2)
    rngs = [np.random.default_rng(stream) for stream in streams]
    force = build_force(plan, rngs[0])
    policies = build_policies(plan, force, rngs[1])
    codes, order = _codes(plan, force)
    return {
        "agents": _agents(plan, force, codes).take(pa.array(order)),
        "moves": _moves(plan, force, codes, order),
        "policies": _policies(plan, policies, codes),
        "targets": _targets(plan, force),
    }


def _numbered(letter: str, numbers: npt.NDArray[np.int64], digits: int) -> pa.Array:
    text = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(pa.scalar(letter), text, pa.scalar(""))


def _codes(plan: Plan, force: Force) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """Give everybody a code by the order of joining; named persons keep their own."""
    order = np.argsort(force.joined, kind="stable")
    number = np.empty(order.size, dtype=np.int64)
    number[order] = np.arange(1, order.size + 1)
    codes = _numbered("A", number, max(4, len(str(order.size))))
    names = pa.array([person.code for person in plan.people] or [""])
    named = pa.array(np.maximum(force.named, 0))
    return pc.if_else(pa.array(force.named >= 0), names.take(named), codes), order


def _dates(days: npt.NDArray[np.int64]) -> pa.Array:
    whole = pa.array(np.minimum(days, NEVER).astype(np.int32), mask=days == NEVER)
    return whole.cast(pa.date32())


def _labels(labels: Iterable[str], places: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(list(labels), pa.string()).take(pa.array(places))


def _units(plan: Plan, group: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
    return {level: _labels(codes, group) for level, codes in plan.units.codes.items()}


def _agents(plan: Plan, force: Force, codes: pa.Array) -> pa.Table:
    recruited = force.recruiter >= 0
    recruiter = pa.array(np.maximum(force.recruiter, 0))
    return pa.table(
        {
            "agent_id": codes,
            **_units(plan, force.first_group),
            "rank": _labels(RANKS, force.first_rank),
            "segment": _labels(("rural", "urban"), force.urban.astype(np.int64)),
            "joined_on": _dates(force.joined),
            "confirmed_on": _dates(force.confirmed),
            "left_on": _dates(force.left),
            "licensed_on": _dates(force.licensed),
            "recruiter_id": pc.if_else(
                pa.array(recruited), codes.take(recruiter), pa.scalar(None, pa.string())
            ),
        }
    )


def _moves(plan: Plan, force: Force, codes: pa.Array, order: npt.NDArray[np.int64]) -> pa.Table:
    rows = np.concatenate([np.zeros((0, 4), dtype=np.int64), *force.moves])
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    rows = rows[np.lexsort((place[rows[:, 0]], rows[:, 1]))]
    return pa.table(
        {
            "agent_id": codes.take(pa.array(rows[:, 0])),
            "on": _dates(rows[:, 1]),
            **_units(plan, rows[:, 2]),
            "rank": _labels(RANKS, rows[:, 3]),
        }
    )


def _policies(plan: Plan, policies: Policies, codes: pa.Array) -> pa.Table:
    products = plan.shape["products"]
    rate = np.array([float(product["fyc"]) for product in products])
    number = np.arange(1, policies.agent.size + 1)
    return pa.table(
        {
            "policy_id": _numbered("P", number, max(6, len(str(number.size)))),
            "agent_id": codes.take(pa.array(policies.agent)),
            "product": _labels((p["code"] for p in products), policies.product),
            "pay_years": np.array([p["pay_years"] for p in products])[policies.product],
            "submitted_on": _dates(policies.submitted),
            "issued_on": _dates(policies.issued),
            "premium": policies.premium,
            "standard_premium": _fen(policies.premium * policies.factor),
            "fyc": _fen(policies.premium * rate[policies.product]),
            "cancelled_on": _dates(policies.cancelled),
            "lapsed_on": _dates(policies.lapsed),
        }
    )


def _fen(amount: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Round money to fen."""
    return np.asarray(np.round(np.round(amount * 100, 4)) / 100)


def _apportioned(total: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Split whole yuan by weights, largest remainders first."""
    ideal = total * weights / weights.sum()
    parts = np.asarray(np.floor(ideal), dtype=np.int64)
    parts[np.argsort(parts - ideal, kind="stable")[: total - int(parts.sum())]] += 1
    return parts


def _targets(plan: Plan, force: Force) -> pa.Table:
    """Apportion the year by month weights, and each month by the departments' headcount.

    A department's weight is the mean of its last two closings known when the month begins.
    """
    target, rows = plan.target, []
    root, parts = plan.units.paths(departments=False)[0], plan.units.paths(departments=True)
    ends = [plan.first - 1, *(month.last for month in plan.months)]
    heads = headcounts(force, plan.units, ends)
    by_month = _apportioned(target.total, np.asarray(target.weights, dtype=np.float64))
    for number, total in enumerate(by_month.tolist(), start=1):
        first = (dt.date(target.year, number, 1) - dt.date(1970, 1, 1)).days
        known = max(1, sum(end < first for end in ends))
        weights = heads[max(0, known - 2) : known].mean(axis=0)
        values = [total, *_apportioned(total, weights).tolist()]
        rows += [
            (unit, f"{target.year}-{number:02d}", "premium_issued", "plan", value, "approved")
            for unit, value in zip([root, *parts], values, strict=True)
        ]
    names = ("unit_id", "period", "kpi", "version", "value", "state")
    rows += [tuple(row[name] for name in names) for row in target.rows]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    values = pa.array([float(value) for value in columns[4]], pa.float64())
    return pa.table(
        {
            name: values if name == "value" else pa.array(column, pa.string())
            for name, column in zip(names, columns, strict=True)
        }
    )


def _save(table: pa.Table, path: Path) -> None:
    """Write a table whole or not at all: beside its place first."""
    beside = path.with_name(f".{path.name}.new")
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, beside, compression="zstd")
    else:
        style = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
        with beside.open("wb") as stream:
            stream.write((",".join(table.column_names) + "\n").encode())
            pyarrow.csv.write_csv(table, stream, style)
    beside.replace(path)


def _book_toml(plan: Plan) -> str:
    """Write the settings of the book: its name, ranks, rules, thresholds and words."""
    book: dict[str, Any] = dict(plan.shape["book"]) | dict(plan.book)
    as_of = dt.date(1970, 1, 1) + dt.timedelta(days=plan.last)
    head = {
        "name": book["name"],
        "root": plan.units.root,
        "as_of": as_of,
        "currency": book["currency"],
    }
    ranks = {rank: number >= SUPERVISOR_FROM for number, rank in enumerate(RANKS)}
    tables = {"title": book["title"], "ranks": ranks, "rules": book["rules"]}
    tables["thresholds"] = book["thresholds"]
    tables |= {f'units."{unit}"': words for unit, words in book.get("units", {}).items()}
    parts = ["# Written by `perfkit sample`; synthetic.", *_lines(head)]
    for name, table in tables.items():
        parts += ["", f"[{name}]", *_lines(table)]
    return "\n".join(parts) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {_toml(value)}" for name, value in table.items()]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
