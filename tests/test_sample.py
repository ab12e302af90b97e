"""The sample generator: same seed same bytes, any size, what the plan says, refusals."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from perfkit import book
from perfkit.book.sample import make_tables, write_sample
from perfkit.book.sample_draw import draw_plan
from perfkit.book.sample_plan import RANKS, Plan, read_plan
from perfkit.errors import PerfkitError

DISTRICT = Path(__file__).parents[1] / "data" / "district_one"
FILES = ("agents.csv", "book.toml", "moves.csv", "policies.csv", "targets.csv")
SMALL = (
    {"agents": 20, "policies": 40, "months": 1},
    {"agents": 60, "policies": 300, "months": 14},
    {"agents": 400, "policies": 900, "months": 5},
)
CALIBRATION = """
seed = 3
[units]
root = "district"
code = "X"
groups = [2, 1]
[opening]
headcount = {opening}
supervisors = {supervisors}
seniors = 0
[[people]]
code = "N1"
joined_on = 2020-01-05
department = 2
steps = [[2020-02-01, "supervisor"]]
[[windows]]
first = 2020-01-01
last = 2020-02-29
measure = "premium"
total = {issued}
[target]
year = 2020
total = 1000
weights = [1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
[[months]]
month = "2020-01"
closing = 21
recruits = 3
[[months.spans]]
to = 10
premium = 40000
cases = 6
active = 4
supervisors_active = 1
[[months.spans]]
to = 31
premium = 210000
cases = 20
active = 11
supervisors_active = 2
large = [60000]
free = true
[[months]]
month = "2020-02"
closing = 22
recruits = 3
spans = [{{ to = 29, premium = 90000, cases = {cases}, active = 9, supervisors_active = 3 }}]
"""


def calibrated(folder: Path, **changed: object) -> Path:
    facts = {"opening": 20, "supervisors": 4, "issued": 250000, "cases": 15} | changed
    path = folder / "calibration.toml"
    path.write_text(CALIBRATION.format(**facts), encoding="utf-8")
    return path


def facts(plan: Plan) -> duckdb.DuckDBPyConnection:
    """Put a plan's tables into an engine, with a spell for every unit and rank held."""
    connection = duckdb.connect()
    for name, table in make_tables(plan).items():
        connection.register(f"arrow_{name}", table)
        connection.execute(f"CREATE TABLE {name} AS FROM arrow_{name}")
    connection.execute("""
        CREATE TABLE spells AS
        WITH held AS (
            SELECT agent_id, joined_on AS start, department, "group", rank FROM agents
            UNION ALL SELECT agent_id, "on", department, "group", rank FROM moves)
        SELECT held.*, least(
            lead(start) OVER (PARTITION BY agent_id ORDER BY start), a.left_on) AS stop
        FROM held JOIN agents a USING (agent_id)""")
    return connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    return connection.execute(query).fetchone()[0]


def date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def leading(alias: str = "s") -> str:
    return f"{alias}.rank IN {RANKS[2:]}"


def test_the_committed_book_is_what_the_code_makes(tmp_path: Path) -> None:
    made = write_sample(tmp_path / "again", calibration=DISTRICT / "calibration.toml")
    assert sorted(path.name for path in made.iterdir()) == list(FILES)
    for name in FILES:
        assert (made / name).read_bytes() == (DISTRICT / name).read_bytes(), name


@pytest.mark.parametrize("sizes", SMALL)
def test_same_seed_same_bytes_other_seed_other_book(tmp_path: Path, sizes: dict[str, int]) -> None:
    first, second, other = (
        write_sample(tmp_path / name, seed=seed, **sizes)
        for name, seed in (("a", 4), ("b", 4), ("c", 5))
    )
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert (first / "policies.csv").read_bytes() != (other / "policies.csv").read_bytes()
    assert (first / "agents.csv").read_bytes() != (other / "agents.csv").read_bytes()


@pytest.mark.parametrize(
    ("agents", "policies", "months"),
    [(2, 1, 1), (3, 5, 3), (12, 12, 12), (20, 40, 1), (20, 400, 13), (57, 900, 24), (180, 700, 37),
     (30, 6000, 2), (900, 1500, 6)],
)  # fmt: skip
def test_any_size_comes_out_as_its_plan_says(agents: int, policies: int, months: int) -> None:
    for seed in range(10):
        plan = draw_plan(agents=agents, policies=policies, months=months, seed=seed)
        connection = facts(plan)
        assert one(connection, "SELECT count(*) FROM agents") == agents
        assert one(connection, "SELECT count(*) FROM policies") == policies
        check_plan(plan, connection)
        check_people(plan, connection)


def check_plan(plan: Plan, connection: duckdb.DuckDBPyConnection) -> None:
    """Hold every planned figure against the facts."""
    large = plan.shape["book"]["thresholds"]["large_policy"]
    for month in plan.months:
        first, planned = date(month.first), []
        for span in month.spans:
            planned += span.large
            found = connection.execute(f"""
                SELECT sum(premium), count(*), count(DISTINCT agent_id),
                    count(DISTINCT agent_id) FILTER (agent_id IN (
                        SELECT agent_id FROM spells s WHERE {leading()} AND start <= $last
                        AND (stop IS NULL OR stop > $last))),
                    coalesce(sum(premium) FILTER (premium > {large}), 0)
                FROM policies WHERE submitted_on BETWEEN $first AND $last""",
                {"first": first, "last": date(span.last)},
            ).fetchone()  # fmt: skip
            assert found[0] == span.premium or span.free
            assert found[1:4] == (span.cases, span.active, span.supervisors_active)
            assert found[4] == sum(planned)
        closing = connection.execute(
            "SELECT count(*) FROM agents WHERE joined_on <= $1 AND (left_on > $1) IS NOT FALSE",
            [date(month.last)],
        ).fetchone()
        assert closing == (month.closing,)


def check_people(plan: Plan, connection: duckdb.DuckDBPyConnection) -> None:
    """Hold what is true of every book."""
    as_of, low = date(plan.last), plan.shape["size"]["low"]
    wrong = {
        "outside the force": """SELECT count(*) FROM policies JOIN agents USING (agent_id)
            WHERE submitted_on < joined_on OR submitted_on >= left_on
            OR submitted_on < licensed_on""",
        "recruited by somebody gone": """SELECT count(*) FROM agents a
            JOIN agents r ON r.agent_id = a.recruiter_id
            WHERE r.joined_on > a.joined_on OR r.left_on <= a.joined_on""",
        "moved outside": """SELECT count(*) FROM moves JOIN agents USING (agent_id)
            WHERE "on" <= joined_on OR "on" >= left_on""",
        "agent twice": "SELECT count(*) - count(DISTINCT agent_id) FROM agents",
        "policy twice": "SELECT count(*) - count(DISTINCT policy_id) FROM policies",
        "move twice": 'SELECT count(*) - count(DISTINCT (agent_id, "on")) FROM moves',
        "later than as_of": f"""SELECT count(*) FROM policies WHERE greatest(submitted_on,
            issued_on, cancelled_on, lapsed_on) > '{as_of}'""",
        "people later than as_of": f"""SELECT count(*) FROM agents
            WHERE greatest(joined_on, left_on, confirmed_on, licensed_on) > '{as_of}'""",
        "out of order": """SELECT count(*) FROM policies
            WHERE issued_on < submitted_on OR issued_on > submitted_on + 15
            OR cancelled_on <= issued_on OR cancelled_on > issued_on + 15
            OR lapsed_on <= issued_on""",
        "too small": f"SELECT count(*) FROM policies WHERE premium < {low}",
        "standard above premium": """SELECT count(*) FROM policies
            WHERE standard_premium > premium OR standard_premium <= 0 OR fyc <= 0""",
        "confirmed without a move": f"""SELECT count(*) FROM agents a WHERE rank = 'trainee'
            AND (confirmed_on IS NOT NULL) != exists(
                FROM moves s WHERE s.agent_id = a.agent_id AND (rank = 'agent' OR {leading()}))""",
        "department without a manager": """SELECT count(DISTINCT department) - count(DISTINCT
            department) FILTER (rank = 'department_manager' AND stop IS NULL) FROM spells""",
    }
    for what, query in wrong.items():
        assert one(connection, query) == 0, (what, plan.seed)
    assert one(connection, "SELECT min(joined_on) FROM agents") < date(plan.first)


def test_supervisors_never_outnumber_the_people_and_groups_are_led() -> None:
    for seed, agents in itertools.product(range(10), (40, 150)):
        plan = draw_plan(agents=agents, policies=300, months=25, seed=seed)
        groups = facts(plan).execute(f"""
            SELECT d, s.department, s."group", count(*) AS people,
                count(*) FILTER ({leading()}) AS leaders
            FROM generate_series(DATE '{date(plan.first)}', DATE '{date(plan.last)}',
                INTERVAL 7 DAY) AS t(d)
            JOIN spells s ON s.start <= d AND (s.stop > d) IS NOT FALSE
            GROUP BY ALL""").df()  # fmt: skip
        assert (groups["leaders"] >= 1).all()
        days = groups.groupby("d")[["people", "leaders"]].sum()
        assert (days["leaders"] <= days["people"]).all()


def test_a_big_force_has_a_branch_above_its_districts(tmp_path: Path) -> None:
    made = write_sample(tmp_path / "b", agents=2000, policies=5000, months=3, seed=2)
    agents = pd.read_csv(made / "agents.csv", dtype=str)
    assert list(agents.columns[:5]) == ["agent_id", "branch", "district", "department", "group"]
    assert agents["district"].nunique() > 1
    assert [f.rule for f in book.check_book(made) if f.severity != "note"] == []


@pytest.mark.parametrize("sizes", SMALL)
def test_a_sample_is_a_clean_book(tmp_path: Path, sizes: dict[str, int]) -> None:
    made = write_sample(tmp_path / "made", seed=9, **sizes)
    assert [f.rule for f in book.check_book(made) if f.severity != "note"] == []


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    sizes = SMALL[1]
    csv = write_sample(tmp_path / "csv", seed=1, **sizes)
    parquet = write_sample(tmp_path / "parquet", seed=1, file_format="parquet", **sizes)
    for name in ("agents", "moves", "policies", "targets"):
        columns = duckdb.sql(f"DESCRIBE FROM '{parquet}/{name}.parquet'").fetchall()
        types = {column[0]: column[1] for column in columns}
        text = duckdb.sql(f"FROM read_csv('{csv}/{name}.csv', columns = {types}, header = true)")
        binary = duckdb.sql(f"FROM '{parquet}/{name}.parquet'")
        assert text.fetchall() == binary.fetchall(), name


def test_parts_of_a_target_add_up_to_it(tmp_path: Path) -> None:
    made = write_sample(tmp_path / "t", agents=300, policies=500, months=4, seed=3)
    targets = pd.read_csv(made / "targets.csv")
    whole = targets[~targets["unit_id"].str.contains("/")].set_index("period")["value"]
    parts = targets[targets["unit_id"].str.contains("/")].groupby("period")["value"].sum()
    assert parts.to_dict() == whole.to_dict()
    assert len(whole) == 12


def test_a_calibration_comes_out_exactly(tmp_path: Path) -> None:
    plan = read_plan(calibrated(tmp_path))
    connection = facts(plan)
    check_plan(plan, connection)
    issued = one(connection, "SELECT sum(premium) FROM policies WHERE issued_on IS NOT NULL")
    assert issued == 250000
    assert connection.execute("FROM moves WHERE agent_id = 'N1'").fetchall() == [
        ("N1", dt.date(2020, 2, 1), "X", "02", "01", "supervisor")
    ]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"supervisors": 21}, "supervisors"),
        ({"supervisors": 1}, "supervisors"),
        ({"cases": 8}, "further_policies"),
        ({"opening": 8, "supervisors": 2}, "leavers"),
        ({"issued": 9_000_000}, "premium"),
    ],
)
def test_a_calibration_that_cannot_be_met_is_refused(
    tmp_path: Path, changed: dict[str, int], what: str
) -> None:
    with pytest.raises(PerfkitError) as refused:
        make_tables(read_plan(calibrated(tmp_path, **changed)))
    assert (refused.value.key, refused.value.facts["what"]) == ("sample_plan", what)
    assert refused.value.facts["where"].startswith(("2019-12-31", "2020-0"))


@pytest.mark.parametrize("text", ["seed = ", "seed = 1", "[units]\nroot = 4", "seed = 'x'"])
def test_a_broken_calibration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PerfkitError) as refused:
        write_sample(tmp_path / "out", calibration=path)
    assert refused.value.key == "sample_calibration"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ({"agents": 0}, "sample_size"),
        ({"agents": -5}, "sample_size"),
        ({"policies": 0}, "sample_size"),
        ({"policies": 3, "months": 4}, "sample_size"),
        ({"months": 0}, "sample_size"),
        ({"months": 5000, "policies": 9000}, "sample_size_above"),
        ({"seed": -1}, "sample_size"),
        ({"file_format": "xlsx"}, "sample_format"),
        ({"agents": 5, "calibration": DISTRICT / "calibration.toml"}, "sample_sizes_fixed"),
        ({"calibration": DISTRICT / "nothing.toml"}, "sample_calibration"),
    ],
)
def test_bad_requests_are_refused_and_nothing_is_written(
    tmp_path: Path, asked: dict[str, object], key: str
) -> None:
    with pytest.raises(PerfkitError) as refused:
        write_sample(tmp_path / "out", **asked)
    assert refused.value.key == key
    assert not (tmp_path / "out").exists()


def test_a_book_is_never_written_over(tmp_path: Path) -> None:
    made = write_sample(tmp_path / "made", **SMALL[0])
    before = (made / "policies.csv").read_bytes()
    with pytest.raises(PerfkitError) as refused:
        write_sample(made, seed=77, **SMALL[0])
    assert refused.value.key == "sample_exists"
    assert (made / "policies.csv").read_bytes() == before
    with pytest.raises(PerfkitError) as refused:
        write_sample(made / "policies.csv", **SMALL[0])
    assert refused.value.key == "sample_not_a_folder"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_refusal_can_be_said(lang: str) -> None:
    for key, facts in {
        "sample_size": {"what": "agents", "value": 0, "least": 2},
        "sample_size_above": {"what": "months", "value": 5000, "most": 480},
        "sample_format": {"value": "xlsx", "allowed": "csv, parquet"},
        "sample_sizes_fixed": {"path": "x"},
        "sample_calibration": {"path": "x", "why": "no 'units'"},
        "sample_plan": {"where": "x", "what": "supervisors", "wanted": 21, "possible": 20},
        "sample_event": {"kind": "promot"},
        "sample_exists": {"path": "x"},
        "sample_not_a_folder": {"path": "x"},
    }.items():
        assert str(facts.get("value", facts.get("path", facts.get("where", "")))) in PerfkitError(
            key, **facts
        ).text(lang)


@pytest.mark.full
def test_a_million_policies(tmp_path: Path) -> None:
    made = write_sample(
        tmp_path / "m", agents=30_000, policies=1_000_000, seed=1, file_format="parquet"
    )
    rows = duckdb.sql(f"SELECT count(*), count(DISTINCT policy_id) FROM '{made}/policies.parquet'")
    assert rows.fetchall() == [(1_000_000, 1_000_000)]
