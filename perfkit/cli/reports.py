"""Commands that publish: notebooks, the list of reports, the work calendar."""

from __future__ import annotations

import argparse
from pathlib import Path

from perfkit.cli.speak import BOOK, Commands, say

__all__ = ["add_reports"]


def _run(args: argparse.Namespace) -> int:
    from perfkit.report import run_command

    return run_command(args, say)


def _reports(args: argparse.Namespace) -> int:
    from perfkit.report import published

    for line in published(Path(args.out)):
        print(line)
    return 0


def _calendar(args: argparse.Namespace) -> int:
    from perfkit.report.calendar import calendar_command

    return calendar_command(args, say)


def add_reports(commands: Commands) -> None:
    """Add run, reports and calendar."""
    run = commands.add(
        "run",
        _run,
        "run a notebook into dated reports",
        "monthly_review --book district_one --period 2012-09 --lang both",
    )
    run.add_argument("notebook", metavar="NOTEBOOK", help="a bundled notebook or an .ipynb file")
    run.add_argument("--book", metavar="BOOK", help=f"{BOOK} (default: the notebook's own)")
    run.add_argument("--period", help="default: the notebook's own")
    units = run.add_mutually_exclusive_group()
    units.add_argument("--unit", help="default: the notebook's own, else the book's root")
    units.add_argument("--each", metavar="LEVEL", help="one report for every unit of a level")
    run.add_argument("--jobs", type=int, default=0, metavar="N", help="reports at once")
    run.add_argument("--out", default="reports", metavar="DIR")
    run.add_argument("-p", dest="parameter", action="append", default=[], metavar="NAME=VALUE")
    run.add_argument(
        "--force",
        action="store_true",
        help="make again what is up to date; replace a report of another book",
    )

    reports = commands.add("reports", _reports, "list the published reports", "--out reports")
    reports.add_argument("--out", default="reports", metavar="DIR")

    calendar = commands.add(
        "calendar",
        _calendar,
        "the work calendar of a month, or the rhythm of a year",
        "district_one --period 2012-09 --format xlsx --out september.xlsx",
    )
    calendar.add_argument("book", metavar="BOOK", help=BOOK)
    calendar.add_argument("--period", required=True, help="2012-09: by weeks; 2012: by months")
    calendar.add_argument("--unit", metavar="UNIT", help="default: the book's root")
    calendar.add_argument("--format", choices=("html", "xlsx", "ics", "csv"), default="html")
    calendar.add_argument("--out", metavar="FILE", help="default: stdout (xlsx needs a file)")
    calendar.add_argument(
        "--edited", metavar="FILE", help="an edited .xlsx or .csv; --format csv gives the table"
    )
