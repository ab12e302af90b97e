"""The same facts out of every source give the same KPI tables; what cannot be read says why."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import books
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perfkit import bundle, cli, kpi
from perfkit.book import Book, check_book, open_book, postgres, schema
from perfkit.errors import PerfkitError

DISTRICT = bundle.book_path("district_one")
TABLES = ("agents", "moves", "policies", "targets")
PERIODS = ["2012-03", "2012Q2", "2012-09@11", "2012"]


def rows_of(table: str) -> books.Table:
    with (DISTRICT / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def emptied(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(DISTRICT / "book.toml", folder)
    return folder


def say(folder: Path, text: str) -> None:
    with (folder / "book.toml").open("a", encoding="utf-8") as stream:
        stream.write(text)


def frames(book: Book) -> list[pd.DataFrame]:
    found = [kpi.measure(book, by=by, period=PERIODS) for by in ("district", "department", "agent")]
    return [*found, kpi.measure(book, by="group", period="2012-03", org_as="now")]


@pytest.fixture(scope="module")
def expected() -> list[pd.DataFrame]:
    return frames(open_book("district_one"))


def as_gb18030(folder: Path) -> None:
    """Chinese headers, semicolons, CRLF, slashes in dates, thousands marks, a title."""
    chinese = {
        "agent_id": "工号", "district": "营业区", "department": "营业部", "group": "营业组",
        "rank": "职级", "joined_on": "入司日期", "left_on": "离司日期", "policy_id": "保单号",
        "submitted_on": "预收日", "issued_on": "承保日", "premium": "保费（元）", "on": "生效日期",
        "fyc": "首年佣金", "standard_premium": "标保", "cancelled_on": "犹豫期退保日",
        "value": "目标值", "recruiter_id": "增员人",
    }  # fmt: skip
    for table in TABLES:
        spec = schema.table(table).columns
        header, *rows = rows_of(table)
        kinds = [spec[name].type for name in header]
        text = "某营业区\r\n" + ";".join(chinese.get(name, name) for name in header) + "\r\n"
        for row in rows:
            cells = [
                cell.replace("-", "/") if kind == "date" else
                f"{float(cell):,.2f}" if kind == "yuan" and cell else f" {cell}\u3000"
                for kind, cell in zip(kinds, row, strict=True)
            ]  # fmt: skip
            text += ";".join(cells) + "\r\n"
        (folder / f"{table}.csv").write_bytes(text.encode("gb18030"))


def typed(table: str) -> tuple[list[str], list[list[Any]]]:
    spec = schema.table(table).columns
    header, *rows = rows_of(table)
    make: dict[str, Callable[[str], Any]] = {
        "text": str, "date": dt.date.fromisoformat, "yuan": float, "count": int, "number": float,
    }  # fmt: skip
    made = [[make[spec[header[i]].type] if c else None for i, c in enumerate(r)] for r in rows]
    return header, [
        [fit(c) if fit else None for fit, c in zip(fits, row, strict=True)]
        for fits, row in zip(made, rows, strict=True)
    ]


def as_excel(folder: Path) -> None:
    """One workbook, a sheet a table, the header in the third line, a hidden sheet beside."""
    workbook = openpyxl.Workbook()
    workbook.create_sheet("old").sheet_state = "hidden"
    for table in TABLES:
        page = workbook.create_sheet(table)
        header, rows = typed(table)
        page.append(["District one"])
        page.append([])
        page.append(header)
        for row in rows:
            page.append(row)
        say(folder, f'\n[tables.{table}]\nfile = "all.xlsx"\nsheet = "{table}"\n')
    workbook.save(folder / "all.xlsx")


def arrow(table: str) -> pa.Table:
    header, rows = typed(table)
    kinds = {"text": pa.string(), "date": pa.date32(), "yuan": pa.float64(), "count": pa.int64(),
             "number": pa.float64()}  # fmt: skip
    spec = schema.table(table).columns
    columns = zip(*rows, strict=True)
    made = [
        pa.array(values, kinds[spec[name].type])
        for name, values in zip(header, columns, strict=True)
    ]
    return pa.table(made, names=header)


def as_parquet(folder: Path) -> None:
    for table in TABLES:
        whole = arrow(table)
        (folder / f"{table}.parquet").mkdir()
        half = len(whole) // 2
        for number, part in enumerate((whole[:half], whole[half:])):
            pq.write_table(part, folder / f"{table}.parquet" / f"{number}.parquet")


def as_two_files(folder: Path) -> None:
    """Policies by year, a UTF-16 file and a tab-separated one; the others as they are."""
    for table in TABLES:
        shutil.copy(DISTRICT / f"{table}.csv", folder)
    (folder / "policies.csv").unlink()
    header, *rows = rows_of("policies")
    halves = {"utf-16": rows[: len(rows) // 2], "utf-8": rows[len(rows) // 2 :]}
    for encoding, part in halves.items():
        text = "".join("\t".join(row) + "\n" for row in [header, *part])
        (folder / f"policies_{encoding}.tsv").write_bytes(text.encode(encoding))
    say(folder, '\n[tables.policies]\nfiles = ["policies_utf-16.tsv", "policies_utf-8.tsv"]\n')


@pytest.mark.parametrize("write", [as_gb18030, as_excel, as_parquet, as_two_files])
def test_the_same_facts_give_the_same_tables(
    tmp_path: Path, expected: list[pd.DataFrame], write: Callable[[Path], None]
) -> None:
    folder = emptied(tmp_path / "b")
    write(folder)
    book = open_book(folder)
    for one, other in zip(frames(book), expected, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert book.left_out == {}


# --- PostgreSQL


def execute(url: str, *statements: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def filled(url: str, name: str) -> None:
    """Copy the district into a schema of its own, with types an office's database has."""
    from adbc_driver_postgresql import dbapi

    execute(url, f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}")
    with dbapi.connect(url) as connection:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.adbc_ingest(table, arrow(table), db_schema_name=name)
            for column in ("premium", "standard_premium", "fyc"):
                cursor.execute(f"ALTER TABLE {name}.policies ALTER {column} TYPE numeric(14, 2)")
            cursor.execute(f"ALTER TABLE {name}.policies ADD secret text DEFAULT 'x'")
            cursor.execute(f"ALTER TABLE {name}.policies RENAME submitted_on TO 预收日")
        connection.commit()


def from_database(folder: Path, name: str, tables: tuple[str, ...] = TABLES) -> Path:
    emptied(folder)
    say(folder, '\n[database]\nurl_env = "PERFKIT_TEST_DATABASE"\n')
    for table in tables:
        say(folder, f'\n[tables.{table}]\nrelation = "{name}.{table}"\n')
    return folder


@pytest.mark.needs("postgres")
def test_a_database_gives_the_same_tables(
    tmp_path: Path,
    expected: list[pd.DataFrame],
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PERFKIT_TEST_DATABASE", postgres)
    filled(postgres, "office")
    folder = from_database(tmp_path / "b", "office")
    book = open_book(folder)
    for one, other in zip(frames(book), expected, strict=True):
        pd.testing.assert_frame_equal(one, other)
    notes = {f.rule: f for f in book.findings}
    assert notes["unused_columns"].facts["names"] == "secret"
    assert not [f for f in book.findings if f.severity != "note"]

    # The fingerprint is of the rows, whatever their order; a changed row changes it.
    execute(postgres, "UPDATE office.policies SET product = product WHERE premium > 9000")
    assert open_book(folder).fingerprint == book.fingerprint
    execute(
        postgres, "UPDATE office.policies SET premium = premium + 1 WHERE policy_id = 'P000001'"
    )
    assert open_book(folder).fingerprint != book.fingerprint


@pytest.mark.needs("postgres")
def test_rows_of_a_database_are_checked_like_any_other(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERFKIT_TEST_DATABASE", postgres)
    filled(postgres, "odd")
    execute(
        postgres,
        "ALTER TABLE odd.policies ALTER issued_on TYPE timestamptz USING issued_on + time '09:30'",
        "INSERT INTO odd.policies (policy_id, agent_id, 预收日, premium) "
        "VALUES ('X1', 'nobody', '2012-03-01', 12.34)",
    )
    folder = from_database(tmp_path / "b", "odd")
    found = {f.rule: f for f in check_book(folder)}
    assert found["unknown_agent"].facts["premium"] == "12.34"
    assert found["unknown_agent"].rows[0]["file"] == "odd.policies"
    assert found["time_zone"].column == found["time_cut"].column == "issued_on"
    book = open_book(folder)
    assert book.left_out == {"policies": {"unknown_agent": 1}}
    account = book.account().set_index("table")
    assert account.loc["policies", "rows_read"] == book.counts["policies"] + 1

    folder = from_database(tmp_path / "c", "odd", ("agents", "policies"))
    execute(postgres, "DROP TABLE odd.policies")
    (one,) = [f for f in check_book(folder) if f.severity == "error"]
    assert (one.rule, one.facts["relation"]) == ("no_relation", "odd.policies")


@pytest.mark.needs("postgres")
def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    folder = emptied(tmp_path / "b")
    secret = "hunter2"
    say(folder, f'\n[database]\nurl = "postgresql://u:{secret}@127.0.0.1:1/x"\n')
    say(folder, '\n[tables.agents]\nrelation = "a"\n[tables.policies]\nrelation = "p"\n')
    with pytest.raises(PerfkitError) as caught:
        check_book(folder)
    assert caught.value.key == "no_database"
    for lang in ("en", "zh"):
        assert secret not in caught.value.text(lang)
        assert "127.0.0.1" in caught.value.text(lang)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://u:hun@ter2@127.0.0.1:1/x", "host name"),
        ("postgresql://u:hun/ter2@127.0.0.1:1/x", "port"),
        ("host=127.0.0.1 password=hun ter2 port=1", "connection info string"),
    ],
)
def test_no_part_of_an_unescaped_password_is_said(tmp_path: Path, url: str, named: str) -> None:
    pytest.importorskip("adbc_driver_postgresql")
    folder = emptied(tmp_path / "b")
    say(folder, f'\n[database]\nurl = "{url}"\n')
    say(folder, '[tables.agents]\nrelation = "a"\n[tables.policies]\nrelation = "p"\n')
    with pytest.raises(PerfkitError) as caught:
        check_book(folder)
    said = caught.value.text("en")
    assert named in said
    assert "hun" not in said
    assert "ter2" not in said


@pytest.mark.needs("postgres")
def test_what_may_not_be_read_or_breaks_off_is_a_finding(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(postgres, "shut")
    execute(
        postgres,
        "DROP ROLE IF EXISTS guest",
        "CREATE ROLE guest LOGIN",
        "GRANT USAGE ON SCHEMA shut TO guest",
        "GRANT SELECT ON shut.agents TO guest",
    )
    folder = from_database(tmp_path / "b", "shut", ("agents", "policies"))
    monkeypatch.setenv("PERFKIT_TEST_DATABASE", postgres.replace("perfkit@", "guest@"))
    (one,) = [f for f in check_book(folder) if f.severity == "error"]
    assert (one.rule, one.facts["relation"]) == ("no_relation", "shut.policies")
    execute(postgres, "DROP OWNED BY guest", "DROP ROLE guest")
    execute(
        postgres,
        "CREATE VIEW shut.broken AS SELECT policy_id, agent_id, 预收日, "
        "1 / (premium - premium) AS premium FROM shut.policies",
    )
    monkeypatch.setenv("PERFKIT_TEST_DATABASE", postgres)
    text = (folder / "book.toml").read_text(encoding="utf-8")
    (folder / "book.toml").write_text(text.replace("shut.policies", "shut.broken"))
    (one,) = [f for f in check_book(folder) if f.severity == "error"]
    assert (one.rule, one.facts["file"]) == ("relation_unread", "shut.broken")
    assert "division by zero" in one.text("zh")
    assert "{" not in one.text("zh") + one.fix("zh") + one.text("en") + one.fix("en")


@pytest.mark.parametrize(
    ("database", "key"),
    [
        ("", "missing_setting"),
        ("[database]\nurl = 3", "bad_setting"),
        ("[database]\nhost = 'x'", "bad_setting"),
        ("[database]\nurl_env = 'PERFKIT_NOT_SET'", "no_database_url"),
    ],
)
def test_a_database_that_is_not_named_is_asked_for(tmp_path: Path, database: str, key: str) -> None:
    folder = emptied(tmp_path / "b")
    say(folder, f'\n{database}\n[tables.agents]\nrelation = "a"\n')
    say(folder, '\n[tables.policies]\nrelation = "p"\n')
    with pytest.raises(PerfkitError) as caught:
        check_book(folder)
    assert caught.value.key == key


def test_a_missing_driver_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda _: None)
    folder = emptied(tmp_path / "b")
    say(folder, '\n[database]\nurl = "postgresql:///x"\n[tables.agents]\nrelation = "a"\n')
    say(folder, '\n[tables.policies]\nrelation = "p"\n')
    with pytest.raises(PerfkitError, match=r"pip install 'perfkit\[postgres\]'"):
        check_book(folder)


# --- moments


@pytest.mark.parametrize(("zone", "day"), [("Asia/Shanghai", 11), ("UTC", 10)])
def test_a_moment_is_a_day_of_its_own_zone_and_no_machine_moves_it(
    tmp_path: Path, zone: str, day: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").unlink()
    moment = dt.datetime(2012, 1, 10, 23, 30, tzinfo=dt.UTC)
    columns = {
        "policy_id": ["P1"],
        "agent_id": ["A1"],
        "submitted_on": pa.array([moment], pa.timestamp("us", zone)),
        "premium": [1000.0],
    }
    pq.write_table(pa.table(columns), folder / "policies.parquet")
    for machine in ("Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", machine)
        book = open_book(folder)
        days = book.backend.home(book.tables["policies"])["submitted_on"].tolist()
        assert days == [dt.date(2012, 1, day).toordinal()]
        (one,) = [f for f in book.findings if f.rule == "time_zone"]
        assert (one.severity, one.column, one.count) == ("warning", "submitted_on", 1)


# --- rows left out


def test_rows_left_out_add_up_by_reason_and_change_no_number(tmp_path: Path) -> None:
    clean = open_book(books.tiny(tmp_path / "a"))
    policies = books.POLICIES + (
        "P1 A1 2012-01-10 2012-01-12 1000\nP1 A1 2012-01-10 2012-01-12 1000\n"
        "P3 A9 2012-02-10 - 7\nP4 A1 - - 7\nP5 A9 2012-02-10 - -\n"
    )
    for suffix in (".csv", ".xlsx", ".parquet"):
        book = open_book(books.tiny(tmp_path / suffix[1:], suffix=suffix, policies=policies))
        assert book.left_out == {
            "policies": {"missing_value": 2, "identical_copy": 2, "unknown_agent": 1}
        }
        assert book.counts["policies"] == 2
        account = book.account().set_index("table").loc["policies"]
        assert (account["rows_read"], account["rows_left_out"]) == (7, 5)
        for one, other in zip(
            (kpi.measure(b, by="district", period="2012") for b in (book, clean)),
            (kpi.measure(clean, by="district", period="2012"),) * 2,
            strict=True,
        ):
            pd.testing.assert_frame_equal(one, other)


# --- a line while it takes long


def test_a_terminal_is_told_what_is_read_and_data_stay_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(books.tiny(tmp_path / "b"))
    words = ["kpi", folder, "--period", "2012-01", "--kpi", "cases", "--format", "csv"]
    assert cli.main(words) == 0
    quiet = capsys.readouterr()
    assert quiet.err == ""
    monkeypatch.setattr(cli.speak.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(cli.speak, "PATIENCE", -1.0)
    assert cli.main([*words, "--lang", "zh"]) == 0
    told = capsys.readouterr()
    assert told.out == quiet.out
    assert "[--] 正在读取 agents" in told.err
    assert "[#-] 正在读取 policies" in told.err
    assert told.err.endswith("\n")
