"""Commands about plans."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from perfkit import words
from perfkit.cli.speak import BOOK, Commands, aligned, say, say_json

__all__ = ["add_plans"]


def _audit(args: argparse.Namespace) -> int:
    from perfkit import target

    done = target.audit(args.plan)
    if args.format == "json":
        print(json.dumps([one.record() for one in done.found], ensure_ascii=False, indent=1))
    else:
        for one in done.found:
            print(f"[{words.text(f'audit.kind.{one.kind}', args.lang)}] {one.text(args.lang)}")
        print(done.summary(args.lang))
    if done.unread:
        say(done.left_out(args.lang))
    return 0


def _targets_export(args: argparse.Namespace) -> int:
    from perfkit import show, target
    from perfkit.book import open_book

    book = open_book(args.book)
    sheet = target.export(book, code=args.kpi, period=args.period, version=args.version)
    path = Path(args.out)
    show.write_targets(sheet, path, lang=args.lang, names=book.unit_names(args.lang))
    facts = {"units": len(sheet.rows), "months": len(sheet.months), "book": args.book}
    say(words.text("cli.targets_written", args.lang, path=path, **facts))
    return 0


def _targets_import(args: argparse.Namespace) -> int:
    from perfkit import target
    from perfkit.book import open_book

    out = Path(args.out) if args.out else None
    done = target.take_over(Path(args.file), open_book(args.book), version=args.version, out=out)
    names = list(done.changes.columns)
    rows = [tuple(row) for row in done.changes.itertuples(index=False)]
    if args.format == "json":
        say_json([dict(zip(names, row, strict=True)) for row in rows])
    elif len(done.changes):
        heads = [words.text(f"targets.column.{name}", args.lang) for name in names]
        print(aligned([heads, *([*row[:2], *map(_amount, row[2:])] for row in rows)]))
    what = "same" if not done.version else "new" if done.new else "taken"
    facts = {"version": done.version or done.base, "base": done.base, "folder": done.folder}
    count = len(done.changes)
    say(words.text(f"cli.targets_{what}", args.lang, path=args.file, count=count, **facts))
    return 0


def _amount(value: float) -> str:
    """Write an amount in full: a planner looks for a changed digit."""
    return "–" if value != value else f"{value:,.2f}".removesuffix(".00")


def _add_targets(commands: Commands) -> None:
    """Add targets export and targets import."""
    targets = commands.group("targets", "month targets out to a workbook, and back as a version")
    export = targets.add(
        "export",
        _targets_export,
        "write a book's month targets as a workbook with live sums, to be changed",
        "targets.xlsx --book district_one --period 2012",
    )
    export.add_argument("out", metavar="OUT.xlsx", help="a new file")
    export.add_argument("--book", required=True, metavar="BOOK", help=BOOK)
    export.add_argument("--period", required=True, help="a year, or other whole months")
    export.add_argument("--kpi", default="premium_issued", metavar="CODE")
    export.add_argument("--version", default="plan", metavar="NAME", help="default: plan")
    back = targets.add(
        "import",
        _targets_import,
        "take a changed workbook over as a new version of the book's targets",
        "targets.xlsx --book my_book",
    )
    back.add_argument("file", metavar="FILE", help="the changed .xlsx file")
    back.add_argument("--book", required=True, metavar="BOOK", help=BOOK)
    back.add_argument("--version", metavar="NAME", help="default: the next free, such as plan_v2")
    back.add_argument("--out", metavar="DIR", help="write a copy of the book there instead")
    back.add_argument("--format", choices=("text", "json"), default="text")


def add_plans(commands: Commands) -> None:
    """Add audit and targets."""
    _add_targets(commands)
    audit = commands.add(
        "audit",
        _audit,
        "list the contradictions inside a plan, each with its cell and likely repair",
        "branch_2005 --format json",
    )
    audit.add_argument(
        "plan",
        metavar="PLAN",
        help="a bundled plan, a folder with a plan.toml, or an .xlsx file with formulas",
    )
    audit.add_argument("--format", choices=("text", "json"), default="text")
