"""How long opening takes, and how much memory: a long CSV, a long sheet, each in its own process.

`python benchmarks/load.py [ROWS_CSV ROWS_EXCEL]` writes the books into a scratch folder, opens each
in a fresh process and prints seconds and the peak of memory beside a bare read of the same file.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = """
name = "long"
root = "district"
as_of = 2012-12-31
[ranks]
agent = false
"""
HEADER = ["policy_id", "agent_id", "product", "submitted_on", "issued_on", "premium", "fyc"]
OPEN = """
import json, re, sys, time
begun = time.perf_counter()
{body}
# The process's own peak: what getrusage says includes the parent it was forked from.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
seconds = round(time.perf_counter() - begun, 2)
print(json.dumps({{"seconds": seconds, "mb": peak // 1024, "rows": n}}))
"""
BODIES = {
    "perfkit": "from perfkit.book import open_book\nn = open_book(sys.argv[1]).counts['policies']",
    "bare csv": "import duckdb\n"
    "c = duckdb.connect()\n"
    "c.execute(f\"CREATE TABLE t AS SELECT * FROM read_csv('{sys.argv[1]}/policies.csv')\")\n"
    "n = c.execute('SELECT COUNT(*) FROM t').fetchall()[0][0]",
    "bare sheet": "import python_calamine\n"
    "w = python_calamine.CalamineWorkbook.from_path(f'{sys.argv[1]}/policies.xlsx')\n"
    "n = len(w.get_sheet_by_index(0).to_python()) - 1",
}


def rows(number: int) -> list[list[object]]:
    """Draw policies of 200 agents."""
    draw = random.Random(7)
    first = dt.date(2012, 1, 1)
    out: list[list[object]] = []
    for i in range(number):
        day = first + dt.timedelta(days=draw.randrange(360))
        premium = draw.randrange(500, 20000)
        agent = f"A{draw.randrange(200):04d}"
        issued = day + dt.timedelta(days=3)
        out.append([f"P{i:08d}", agent, f"X{i % 9}", day, issued, premium, premium // 10])
    return out


def book(folder: Path) -> Path:
    """Write a book without its policies."""
    folder.mkdir()
    (folder / "book.toml").write_text(SETTINGS, encoding="utf-8")
    with (folder / "agents.csv").open("w", encoding="utf-8") as stream:
        stream.write("agent_id,district,department,rank,joined_on\n")
        stream.writelines(f"A{i:04d},D1,{i % 7:02d},agent,2010-01-01\n" for i in range(200))
    return folder


def timed(name: str, folder: Path) -> dict[str, float]:
    """Run one body in a fresh process."""
    code = OPEN.format(body=BODIES[name])
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, check=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(csv_rows: int, sheet_rows: int) -> None:
    """Write, open, print."""
    import openpyxl

    with tempfile.TemporaryDirectory() as scratch:
        plain, odd = book(Path(scratch, "csv")), book(Path(scratch, "gb18030"))
        sheet = book(Path(scratch, "sheet"))
        with (plain / "policies.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(rows(csv_rows))
        text = (plain / "policies.csv").read_text(encoding="utf-8")
        text = (
            text.replace("premium", "\u4fdd\u8d39").replace("2012-", "2012/").replace("\n", "\r\n")
        )
        (odd / "policies.csv").write_bytes(text.encode("gb18030"))
        workbook = openpyxl.Workbook(write_only=True)
        page = workbook.create_sheet("policies")
        page.append(HEADER)
        for row in rows(sheet_rows):
            page.append(row)
        workbook.save(sheet / "policies.xlsx")
        for label, name, folder in (
            (f"{csv_rows:,} rows of CSV, bare", "bare csv", plain),
            (f"{csv_rows:,} rows of CSV", "perfkit", plain),
            (f"{csv_rows:,} rows of GB18030, CRLF, slashes", "perfkit", odd),
            (f"{sheet_rows:,} rows of Excel, bare", "bare sheet", sheet),
            (f"{sheet_rows:,} rows of Excel", "perfkit", sheet),
        ):
            found = timed(name, folder)
            assert found["rows"] == (csv_rows if "CSV" in label or "GB" in label else sheet_rows)
            print(f"{label:45s} {found['seconds']:6.2f} s  {found['mb']:6.0f} MB")


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] or [1_000_000, 200_000]
    main(*sizes)
