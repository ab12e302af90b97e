"""Opening a book: what is read, what is named as wrong and where, and that nothing is lost."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import books
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perfkit import kpi, words
from perfkit.book import Finding, check_book, open_book
from perfkit.errors import BookRefused, PerfkitError, UnknownName

FORMATS = [".csv", ".parquet", ".xlsx"]

FULL = {
    "agents": """
        agent_id district department group rank       joined_on  confirmed_on left_on    segment
        A1       D1       01         1     supervisor 2010-05-01 2010-08-01   -          urban
        A2       D1       01         2     agent      2011-03-15 -            2012-02-01 rural
        """,
    "moves": """
        agent_id on         district department group rank
        A2       2011-09-01 D1       02         1     supervisor
        """,
    "policies": """
        policy_id agent_id pay_years submitted_on issued_on  premium  standard_premium fyc
        P1        A1       10        2012-01-05   2012-01-09 12345.67 12345.67         123.45
        P2        A2       1         2012-01-06   -          800      80               -
        """,
    "targets": """
        unit_id period  kpi   version value state
        D1      2012-01 cases plan    3.5   approved
        D1/01   2012-02 cases plan    -     draft
        """,
    "observations": """
        unit_id start      end        measure           value basis
        D1      2011-12-31 2011-12-31 headcount_closing 2     printed
        """,
}


def found(folder: Path) -> dict[str, Finding]:
    """Give the findings of a book by rule, when no rule is found twice."""
    findings = check_book(folder)
    rules = [f.rule for f in findings]
    assert len(rules) == len(set(rules)), rules
    return {f.rule: f for f in findings}


def places(finding: Finding) -> list[tuple[str, int, object]]:
    return [(row["file"], row["line"], row["value"]) for row in finding.rows]


def refused(folder: Path) -> Finding:
    """Give the one error for which a book is refused, said in both languages."""
    with pytest.raises(BookRefused) as caught:
        open_book(folder)
    assert caught.value.exit_code == 2
    (one,) = [f for f in caught.value.findings if f.severity == "error"]
    for lang in words.LANGS:
        assert one.text(lang) in caught.value.text(lang)
        assert "{" not in one.text(lang) + one.fix(lang)
    assert one.text("zh") != one.text("en")
    return one


# --- what is read


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_typed_tables(tmp_path: Path, suffix: str) -> None:
    book = open_book(books.write(tmp_path / "b", FULL, suffix=suffix))
    assert book.counts == {
        "agents": 2,
        "moves": 1,
        "policies": 2,
        "targets": 2,
        "observations": 1,
    }
    assert [f.rule for f in book.findings] == ["empty_amount"]
    policies = book.backend.home(book.tables["policies"])
    # Fen, and days counted from 0001-01-01 as Python counts them.
    assert policies["premium"].tolist() == [1234567, 80000]
    assert policies["fyc"].iloc[0] == 12345
    assert policies["fyc"].isna().tolist() == [False, True]
    assert policies["submitted_on"].tolist() == [
        dt.date(2012, 1, 5).toordinal(),
        dt.date(2012, 1, 6).toordinal(),
    ]
    assert policies["pay_years"].tolist() == [10, 1]
    agents = book.backend.home(book.tables["agents"])
    assert agents["department"].tolist() == ["01", "01"]
    assert agents["licensed_on"].isna().all()
    observations = book.home("observations")
    assert observations["start"].tolist() == [dt.date(2011, 12, 31)]
    assert observations["value"].tolist() == [2.0]
    assert book.home("targets")["value"].iloc[0] == 3.5


def test_the_book_says_what_it_is(tmp_path: Path) -> None:
    settings = books.SETTINGS + '[units."D1/01"]\nen = "First"\nzh = "一部"\n'
    book = open_book(books.write(tmp_path / "b", FULL, settings))
    assert (book.name, book.root, book.as_of) == ("tiny", "district", dt.date(2012, 6, 30))
    assert (book.title("en"), book.title("zh")) == ("Tiny", "小")
    assert book.levels == ("district", "department", "group")
    assert book.settings.leading_ranks == ["supervisor"]
    assert (book.unit_name("D1/01", "zh"), book.unit_name("D1/02", "zh")) == ("一部", "D1/02")
    assert (book.threshold("ten_k"), book.facts_from) == (10000.0, dt.date(2012, 1, 1))
    assert book.has("policies", "fyc")
    assert not book.has("agents", "licensed_on")
    assert not book.has("renewals")


def test_levels_are_those_the_agents_table_has(tmp_path: Path) -> None:
    agents = """
        agent_id district department rank  joined_on
        A1       D1       01         agent 2011-01-01
        A2       D1       02         agent 2011-01-01
        """
    book = open_book(books.tiny(tmp_path / "b", agents=agents))
    assert book.levels == ("district", "department")
    with pytest.raises(
        UnknownName, match=r"no level 'group'\..* Known: district, department, agent"
    ):
        kpi.measure(book, ["cases"], by="group", period="2012-01")
    got = kpi.measure(book, ["cases"], by="agent", period="2012-01")
    assert got[["unit", "value"]].values.tolist() == [["D1/01/A1", 1.0], ["D1/02/A2", 0.0]]


def test_a_missing_level_in_the_middle_is_named(tmp_path: Path) -> None:
    agents = "agent_id district group rank joined_on\nA1 D1 1 agent 2011-01-01"
    one = found(books.tiny(tmp_path / "b", agents=agents))["missing_column"]
    assert (one.severity, one.column) == ("error", "department")


def test_only_the_needed_columns_are_enough_and_absent_ones_are_unknown_not_zero(
    tmp_path: Path,
) -> None:
    book = open_book(
        books.tiny(
            tmp_path / "b",
            agents="agent_id district rank joined_on\nA1 D1 agent 2011-01-01",
            policies="policy_id agent_id submitted_on premium\nP1 A1 2012-01-10 1000",
        )
    )
    can = kpi.computable(book)
    assert {"cases", "premium_submitted", "attrition_rate", "ten_k_agents"} <= set(can)
    # Nothing is known of issue, cooling-off, standard premium or commission: not zero.
    unknown = {"premium_issued", "premium_net", "cooling_off_share", "fyc"}
    assert not {*unknown, "standard_premium_submitted"} & set(can)
    with pytest.raises(PerfkitError, match="cannot be computed"):
        kpi.measure(book, ["premium_issued"], by="district", period="2012-01")


def test_an_aggregated_book_opens_with_observations_alone(tmp_path: Path) -> None:
    book = open_book(books.write(tmp_path / "b", {"observations": FULL["observations"]}))
    assert book.counts == {"observations": 1}
    assert book.facts_from == dt.date(2011, 12, 1)
    assert kpi.units(book) == ["D1"]
    assert kpi.computable(book) == ["headcount_opening", "headcount_closing", "headcount_average"]


def test_tables_with_a_header_only_are_empty_tables(tmp_path: Path) -> None:
    headers = {name: text.strip().splitlines()[0] for name, text in FULL.items()}
    for number, suffix in enumerate(FORMATS):
        book = open_book(books.write(tmp_path / str(number), headers, suffix=suffix))
        assert set(book.counts.values()) == {0}
        assert len(kpi.measure(book, by="district", period="2012-01")) == 0


# --- which data these are


def test_the_fingerprint_goes_by_names_and_bytes_only(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "a")
    first = open_book(folder).fingerprint
    moved = tmp_path / "elsewhere" / "b"
    shutil.copytree(folder, moved)
    assert open_book(moved).fingerprint == first
    (moved / "notes.txt").write_text("not a table")
    assert open_book(moved).fingerprint == first
    with (moved / "policies.csv").open("a") as stream:
        stream.write("P3,A1,2012-03-01,,5\n")
    second = open_book(moved).fingerprint
    assert second != first
    (moved / "book.toml").write_text(books.SETTINGS.replace("10000", "20000"), encoding="utf-8")
    assert open_book(moved).fingerprint not in {first, second}
    assert len(first) == 12
    assert int(first, 16) >= 0


# --- files that do not fit


def test_no_book_no_table_two_files(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'district_one'"):
        open_book("distric_one")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PerfkitError, match=r"holds no book\.toml"):
        open_book(tmp_path / "empty")
    with pytest.raises(UnknownName, match="There is no engine 'duckdbb'"):
        open_book(books.tiny(tmp_path / "e"), engine_name="duckdbb")

    nothing = books.write(tmp_path / "n", {"agents": books.AGENTS})
    with pytest.raises(BookRefused, match="neither policies nor agent_months nor observations"):
        open_book(nothing)
    nobody = books.write(tmp_path / "p", {"policies": books.POLICIES})
    with pytest.raises(BookRefused, match="Table agents: its file is missing") as caught:
        open_book(nobody)
    assert "agents.csv" in str(caught.value)
    assert "表 agents" in caught.value.text("zh")

    twice = books.tiny(tmp_path / "t")
    books.tiny(twice, suffix=".xlsx")
    with pytest.raises(PerfkitError, match=r"agents: agents\.csv, agents\.xlsx"):
        open_book(twice)


def text(folder: Path, content: bytes) -> Path:
    """Write a tiny book whose policies are exactly these bytes."""
    books.tiny(folder)
    (folder / "policies.csv").write_bytes(content)
    return folder


HEAD = b"policy_id,agent_id,submitted_on,premium,product\n"
ROW = b"P1,A1,2012-01-10,1000,X\n"


@pytest.mark.parametrize(
    ("content", "rule", "line", "count"),
    [
        (HEAD + ROW + b"P2,A1,2012-01-10\n" + ROW, "ragged", 3, 1),
        (HEAD + ROW + b"P2,A1,2012-01-10,1,X,Y\n", "ragged", 3, 1),
        (HEAD + b"P1,A1,2012-01-10,1,X,Y\n" * 9, "ragged", 2, 9),
        (HEAD + b'P1,A1,2012-01-10,1,"a\nb"\nP2\n', "ragged", 4, 1),
        (HEAD + ROW * 5000 + b"P2,A1\n" + ROW, "ragged", 5002, 1),
        (HEAD + ROW + b'P2,A1,2012-01-10,1,"open\n' + ROW * 3, "open_quote", 3, 1),
        (HEAD + ROW + b'P2,A1,2012-01-10,1,"a"b\n' + ROW, "open_quote", 3, 1),
        (HEAD + b"P1,A1,2012-01-10,1000,X\0Y\n", "no_text", None, 1),
        (HEAD + ROW + b"P1,A1,2012-01-10,1,\xff\xfe\x81\n", "undecodable", 3, 1),
        (b"", "empty_file", None, 1),
        (b"\n  \n", "empty_file", None, 1),
        (HEAD.replace(b"product", b"Premium") + ROW, "doubled_column", 1, 1),
        (b"a,b\n1,2\n", "no_header", 1, 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_text_file_that_is_no_table_is_refused_whole(
    tmp_path: Path, content: bytes, rule: str, line: int | None, count: int
) -> None:
    one = refused(text(tmp_path / "b", content))
    assert (one.rule, one.table, one.count) == (rule, "policies", count)
    assert "policies.csv" in one.text("en")
    assert [row["line"] for row in one.rows[:1]] == ([] if line is None else [line])


@pytest.mark.parametrize(
    "content",
    [
        HEAD + ROW + b"#2,A1,2012-01-11,5,Y",
        b"\xef\xbb\xbf" + HEAD + ROW + b"#2,A1,2012-01-11,5,Y\n",
        (HEAD + ROW + b"#2,A1,2012-01-11,5,Y\n").replace(b"\n", b"\r\n"),
        b"\n\n" + HEAD + b"\n" + ROW + b"\n\n#2,A1,2012-01-11,5,Y\n\n",
        HEAD + b'"P1","A1","2012-01-10","1000","X, ""Y""\nZ"\n#2,A1,2012-01-11,5,Y\n',
        (HEAD + ROW).replace(b"\n", b"\r\n") + b"#2,A1,2012-01-11,5,Y\n",
        (HEAD + ROW + b"#2,A1,2012-01-11,5,Y\n").replace(b"\n", b"\r"),
        (HEAD + ROW + b"#2,A1,2012-01-11,5,Y\n").decode().encode("utf-16"),
        (HEAD + ROW + b"#2,A1,2012-01-11,5,Y\n").decode().encode("utf-16-le"),
        (HEAD + ROW).replace(b"X", "营业部".encode("gbk")) + b"#2,A1,2012-01-11,5,Y\n",
        HEAD + b'P1,A1,2012-01-10,1000,\n#2,A1,2012-01-11,5,a"b\n',
        HEAD.replace(b"\n", b",\n") + b"P1,A1,2012-01-10,1000,X,\n#2,A1,2012-01-11,5,Y,\n",
        HEAD + b" P1 , A1 , 2012-01-10 , 1000 ,X\n#2,A1,2012-01-11,5.00,Y\n",
    ],
)
def test_odd_text_files_lose_no_row(tmp_path: Path, content: bytes) -> None:
    """A byte order mark, CRLF, empty lines, quotes, a code that looks like a comment."""
    book = open_book(text(tmp_path / "b", content))
    home = book.backend.home(book.tables["policies"])
    assert home[["policy_id", "agent_id", "premium"]].values.tolist() == [
        ["P1", "A1", 100000],
        ["#2", "A1", 500],
    ]


def test_lines_are_those_an_editor_shows(tmp_path: Path) -> None:
    rows = b'\nP1,A1,2012-01-10,x,"two\nlines"\n\n\nP2,A1,2012-01-10,y,Z\n'
    one = found(text(tmp_path / "b", b"\n" + HEAD + rows))["bad_value"]
    # 1 empty, 2 header, 3 empty, 4-5 the first row, 6-7 empty, 8 the second row.
    assert places(one) == [("policies.csv", 4, "x"), ("policies.csv", 8, "y")]
    windows = (b"\n" + HEAD + rows).replace(b"\n", b"\r\n")
    assert places(found(text(tmp_path / "w", windows))["bad_value"]) == places(one)


def test_a_damaged_sheet_or_parquet_file_is_named(tmp_path: Path) -> None:
    for suffix in (".xlsx", ".parquet"):
        folder = books.tiny(tmp_path / suffix[1:], suffix=suffix)
        path = folder / f"policies{suffix}"
        path.write_bytes(path.read_bytes()[:-100])
        one = refused(folder)
        assert (one.rule, one.facts["file"]) == ("damaged", path.name)
    (folder / "policies.parquet").unlink()
    (folder / "policies.parquet").mkdir()
    assert refused(folder).rule == "damaged"


def test_a_sheet_may_stand_anywhere_and_keeps_its_line_numbers(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").unlink()
    workbook = openpyxl.Workbook()
    workbook.active.append(["not this one"])
    sheet = workbook.create_sheet("policies")
    sheet.cell(3, 2, " policy_id ")
    for column, name in enumerate(["agent_id", "submitted_on", "premium"], 3):
        sheet.cell(3, column, name)
    for line, premium in ((4, 1000), (6, "many"), (9, 0.1 + 0.2)):
        row = [f"P{line}", "A1", dt.datetime(2012, 1, line), premium]
        for column, value in enumerate(row, 2):
            sheet.cell(line, column, value)
    sheet.cell(9, 6, "a note beside the table")
    workbook.save(folder / "policies.xlsx")
    rules = found(folder)
    assert places(rules["bad_value"]) == [("policies.xlsx", 6, "many")]
    # The cell without a header is not ours; that it is there is said.
    assert (rules["unknown_column"].severity, set(rules)) == (
        "warning",
        {"bad_value", "unknown_column"},
    )
    sheet["E6"] = 20.5
    workbook.save(folder / "policies.xlsx")
    book = open_book(folder)
    home = book.backend.home(book.tables["policies"])
    assert home[["policy_id", "premium"]].values.tolist() == [
        ["P4", 100000],
        ["P6", 2050],
        ["P9", 30],
    ]
    sheet["F3"] = "premium"
    workbook.save(folder / "policies.xlsx")
    one = refused(folder)
    assert (one.rule, one.column) == ("doubled_column", "premium")


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "b")
    (folder / "policies.csv").unlink()
    parts = folder / "policies.parquet"
    for month, more in ((1, {}), (2, {"issued_on": [dt.date(2012, 2, 20)]})):
        part = parts / f"month={month}"
        part.mkdir(parents=True)
        row = {
            "policy_id": [f"P{month}"],
            "agent_id": ["A1"],
            "submitted_on": [dt.date(2012, month, 10)],
            "premium": [1000.0],
            **more,
        }
        pq.write_table(pa.table(row), part / "x.parquet")
    book = open_book(folder)
    assert (book.counts["policies"], book.findings) == (2, ())
    got = kpi.measure(book, ["cases", "premium_issued"], by="district", period="2012")
    assert got["value"].tolist() == [2.0, 1000.0]


# --- every rule of the check


AGENT_HEAD = "agent_id district department group rank  joined_on  left_on    segment\n"
POLICY_HEAD = "policy_id agent_id submitted_on issued_on  premium cancelled_on pay_years\n"
MOVE_HEAD = "agent_id on district department group rank\n"
OBSERVED_HEAD = "unit_id start end measure value basis\n"
TARGET_HEAD = "unit_id period kpi version value state\n"
ONE = "A1 D1 01 1 agent 2011-01-01 - -\nA2 D1 02 1 agent 2011-01-01 - -\n"
P = "P1 A1 2012-01-10 - 1000 - -\n"
TWO = P + "P0 A2 2012-01-11 - 2000 - -\n"

RULES = [
    # table, rows, rule, severity, column, count, [(line, value)]
    ("policies", P + "P2 A1 2012-02-30 - 5 - -\nP3 A1 10/2012 - 5 - -", "bad_value", "error",
     "submitted_on", 2, [(3, "2012-02-30"), (4, "10/2012")]),
    ("policies", P + "P2 A1 infinity - 5 - -\nP3 A1 12012-01-01 - 5 - -", "bad_value", "error",
     "submitted_on", 2, [(3, "infinity"), (4, "12012-01-01")]),
    ("policies", P + "P2 A1 2012-02-01 - 1,00,0 - -", "bad_value", "error", "premium", 1,
     [(3, "1,00,0")]),
    ("policies", P + "P2 A1 2012-02-01 - nan - -", "bad_value", "error", "premium", 1,
     [(3, "nan")]),
    ("policies", P + "P2 A1 2012-02-01 - 5 - 2.5", "bad_value", "warning", "pay_years", 1,
     [(3, "2.5")]),
    ("targets", "D1 2012-01 cases plan many -", "bad_value", "error", "value", 1, [(2, "many")]),
    ("policies", P + "P2 A1 2012-01-10 - 1000.005 - -", "sub_fen", "warning", "premium", 1,
     [(3, "1000.005")]),
    ("policies", P + "P2 A1 - - 5 - -", "missing_value", "warning", "submitted_on", 1, [(3, None)]),
    ("policies", P + "- A1 2012-01-10 - 5 - -", "missing_value", "warning", "policy_id", 1,
     [(3, None)]),
    ("agents", ONE + "A3 D1 - 1 agent 2011-01-01 - -", "missing_value", "error", "department", 1,
     [(4, None)]),
    ("moves", "A1 2012-02-01 D1 01 - agent", "missing_value", "error", "group", 1, [(2, None)]),
    ("agents", ONE + "A3 D1 1/2 1 agent 2011-01-01 - -", "slash_in_code", "error", "department",
     1, [(4, "1/2")]),
    ("agents", ONE + "A3 D1 02 1 agent 2011-01-01 - moon", "unknown_value", "error", "segment",
     1, [(4, "moon")]),
    ("observations", "D1 2012-01-01 2012-01-31 cases 5 guessed", "unknown_value", "error",
     "basis", 1, [(2, "guessed")]),
    ("policies", P + "P2 A1 2012-01-10 - 5 - -\n" + P * 2, "identical_copy", "warning",
     "policy_id", 2, [(2, "P1"), (4, "P1"), (5, "P1")]),
    ("policies", P * 2 + "P2 A1 2012-01-10 - 5 - -\nP1 A1 2012-01-10 - 5 - -", "duplicate_key",
     "error", "policy_id", 1, [(2, "P1"), (3, "P1"), (5, "P1")]),
    ("moves", "A1 2012-02-01 D1 02 1 agent\nA1 2012-02-01 D1 01 1 agent", "duplicate_key",
     "error", "agent_id, on", 1, [(2, "A1"), (3, "A1")]),
    ("policies", P + "P2 A9 2012-01-10 - 5 - -", "unknown_agent", "warning", "agent_id", 1,
     [(3, "A9")]),
    ("moves", "A9 2012-02-01 D1 01 1 agent", "unknown_agent", "error", "agent_id", 1,
     [(2, "A9")]),
    ("agents", ONE + "A3 D1 01 1 boss 2011-01-01 - -", "unknown_rank", "error", "rank", 1,
     [(4, "boss")]),
    ("moves", "A1 2012-02-01 D1 01 1 boss", "unknown_rank", "error", "rank", 1, [(2, "boss")]),
    ("agents", ONE + "A3 D1 01 1 agent 2011-01-01 2011-01-01 -", "left_before_joined", "error",
     "left_on", 1, [(4, "2011-01-01")]),
    ("policies", P + "P2 A1 2012-01-10 2012-01-09 5 - -", "issued_before_submitted", "error",
     "issued_on", 1, [(3, "2012-01-09")]),
    ("policies", P + "P2 A1 2012-01-10 2012-01-12 5 2012-01-11 -", "cancelled_before_issued",
     "error", "cancelled_on", 1, [(3, "2012-01-11")]),
    ("policies", P + "P2 A1 2012-01-10 - -5 - -", "negative_premium", "warning", "premium", 1,
     [(3, "-5")]),
    ("policies", P + "P2 A1 2010-12-31 - 5 - -", "outside_contract", "warning", "submitted_on",
     1, [(3, "2010-12-31")]),
    ("policies", P + "P2 A1 2012-07-01 - 5 - -", "after_as_of", "warning", "submitted_on", 1,
     [(3, "2012-07-01")]),
    ("moves", "A1 2010-12-31 D1 01 1 agent\nA2 2011-01-01 D1 01 1 agent", "move_outside",
     "warning", "on", 2, [(2, "2010-12-31"), (3, "2011-01-01")]),
    ("targets", "D1 2012-01 cases plan 1 -\nD1 2012-13 cases plan 1 -", "bad_period", "error",
     "period", 1, [(3, "2012-13")]),
    ("observations", "D1 2012-01-31 2012-01-01 cases 5 -", "bad_period", "error", "end", 1,
     [(2, "2012-01-01")]),
    ("targets", "D1 2012 cases plan 1 -\nD1/03 2012 cases plan 1 -\nD1/01/1/A1 2012 cases plan 1 -",
     "unknown_unit", "warning", "unit_id", 1, [(3, "D1/03")]),
    ("observations", "D2 2012-01-01 2012-01-31 cases 5 -", "unknown_unit", "warning", "unit_id",
     1, [(2, "D2")]),
]  # fmt: skip
HEADS = {
    "agents": AGENT_HEAD,
    "policies": POLICY_HEAD,
    "moves": MOVE_HEAD,
    "observations": OBSERVED_HEAD,
    "targets": TARGET_HEAD,
}


@pytest.mark.parametrize(
    ("name", "rows", "rule", "severity", "column", "count", "where"),
    RULES,
    ids=[f"{r[2]}-{r[0]}.{r[4]}" for r in RULES],
)
def test_every_rule_counts_and_names_the_places(
    tmp_path: Path,
    name: str,
    rows: str,
    rule: str,
    severity: str,
    column: str,
    count: int,
    where: list[tuple[int, object]],
) -> None:
    tables = {"agents": AGENT_HEAD + ONE, "policies": POLICY_HEAD + TWO, name: HEADS[name] + rows}
    folder = books.write(tmp_path / "b", tables)
    rules = found(folder)
    assert set(rules) == {rule}
    one = rules[rule]
    assert (one.severity, one.table, one.column, one.count) == (severity, name, column, count)
    assert places(one) == [(f"{name}.csv", line, value) for line, value in where]
    for lang, other in (("en", "zh"), ("zh", "en")):
        assert f"{name}.csv:{where[0][0]}" in one.text(lang)
        assert one.text(lang) != one.text(other)
        assert one.fix(lang) != one.fix(other)
        assert "{" not in one.text(lang) + one.fix(lang)
    if severity == "error":
        with pytest.raises(BookRefused, match=f"{name}.csv:{where[0][0]}"):
            open_book(folder)
    else:
        assert [f.rule for f in open_book(folder).findings] == [rule]


def test_the_rules_hold_in_parquet_and_sheets_too(tmp_path: Path) -> None:
    policies = POLICY_HEAD + P + "P2 A9 2012-01-10 2012-01-09 1000.005 - -"
    for suffix, line in ((".xlsx", 3), (".parquet", 2)):
        rules = found(books.tiny(tmp_path / suffix[1:], suffix=suffix, policies=policies))
        assert set(rules) == {"sub_fen", "unknown_agent", "issued_before_submitted"}
        assert places(rules["unknown_agent"]) == [(f"policies{suffix}", line, "A9")]
        assert places(rules["sub_fen"]) == [(f"policies{suffix}", line, "1000.005")]


def test_only_the_first_five_places_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"P{i} A9 2012-01-10 - 5 - -\n" for i in range(8))
    one = found(books.tiny(tmp_path / "b", policies=POLICY_HEAD + rows))["unknown_agent"]
    assert one.count == 8
    assert [row["line"] for row in one.rows] == [2, 3, 4, 5, 6]


def test_a_missing_column_offers_the_nearest_and_an_unknown_one_is_said(tmp_path: Path) -> None:
    policies = "policy_id agent_id submited_on premium\nP1 A1 2012-01-10 1"
    rules = found(books.tiny(tmp_path / "b", policies=policies))
    missing, unknown = rules["missing_column"], rules["unknown_column"]
    assert (missing.severity, missing.column, missing.count) == ("error", "submitted_on", 1)
    assert "Did you mean 'submited_on'?" in missing.fix("en")
    assert "submited_on" in missing.fix("zh")
    assert (unknown.severity, unknown.column) == ("warning", "submited_on")
    assert "submitted_on" in unknown.fix("en")
    with pytest.raises(BookRefused) as caught:
        open_book(tmp_path / "b")
    assert "refused: 1 error(s)" in str(caught.value)
    assert len(caught.value.findings) == 2


def test_every_error_is_named_and_errors_come_first(tmp_path: Path) -> None:
    policies = POLICY_HEAD + P + "P1 A2 2012-01-10 - -5 - -\nP3 A9 2012-01-10 - 5 - -"
    folder = books.tiny(tmp_path / "b", policies=policies)
    assert [f.severity for f in check_book(folder)] == ["error", "warning", "warning"]
    with pytest.raises(BookRefused) as caught:
        open_book(folder)
    for lang in words.LANGS:
        assert "P1" in caught.value.text(lang)


def test_a_record_has_the_stable_shape(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "b", policies=POLICY_HEAD + P + "P2 A9 2012-01-10 - 5 - -")
    (one,) = [f.record() for f in check_book(folder)]
    assert list(one) == [
        "severity", "rule", "table", "column", "count", "rows", "zh", "en", "fix_zh", "fix_en",
    ]  # fmt: skip
    assert one["rows"] == [{"file": "policies.csv", "line": 3, "value": "A9"}]
    assert json.loads(json.dumps(one)) == one
    assert "1 row(s)" in one["en"]
    assert "1" in one["zh"]


# --- book.toml


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "tiny"\n', "", "lacks 'name'"),
        ('root = "district"', "", "lacks 'root'"),
        ("as_of = 2012-06-30", "", "lacks 'as_of'"),
        ("as_of = 2012-06-30", 'as_of = "2012-06-30"', "as_of = '2012-06-30'"),
        ("as_of = 2012-06-30", "as_of = 2012-06-30T00:00:00", "as_of = "),
        ('root = "district"', 'root = "distrct"', "Did you mean 'district'"),
        ('root = "district"', 'root = "agent"', "There is no level 'agent'"),
        ("agent = false", 'agent = "no"', "ranks.agent = 'no'"),
        ("ten_k = 10000", "ten_k = -1", "thresholds.ten_k = -1"),
        ("ten_k = 10000", "ten_k = true", "thresholds.ten_k = True"),
        ("ten_k = 10000", "ten_k = inf", "thresholds.ten_k = inf"),
        ("[ranks]", '[rules]\nactive = "always"\n[ranks]', "allowed: cases>=1, premium>0"),
        ("[ranks]", "[rules]\nactiv = 1\n[ranks]", "rules.activ = 1; allowed: calendar"),
        ("[ranks]", "[variants]\nfyc = 1\n[ranks]", "variants.fyc = 1"),
        ('[title]\nen = "Tiny"\nzh = "小"', "title = 3", "title = 3"),
        ("[ranks]", "x = ", "cannot be read"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in books.SETTINGS
    folder = books.tiny(tmp_path / "b", books.SETTINGS.replace(old, new))
    with pytest.raises(PerfkitError) as caught:
        open_book(folder)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_threshold_nobody_set_is_asked_for_by_name(tmp_path: Path) -> None:
    folder = books.tiny(tmp_path / "b", books.SETTINGS.replace("effective = 5000\n", ""))
    book = open_book(folder)
    assert "effective_share" not in kpi.computable(book)
    assert "ten_k_share" in kpi.computable(book)
    with pytest.raises(PerfkitError, match=r"Missing: book.toml \[thresholds\] effective"):
        kpi.measure(book, ["effective_share"], by="district", period="2012-01")
