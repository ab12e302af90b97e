"""Commands about the state of a book: what is wrong, what it was, a masked copy, a form to fill."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from perfkit import words
from perfkit.cli.speak import BOOK, Commands, progress, say

__all__ = ["add_books"]


def _check(args: argparse.Namespace) -> int:
    from perfkit import kpi
    from perfkit.book import check_book, open_book

    findings = check_book(args.book, progress=progress(args.lang))
    if not any(f.severity == "error" for f in findings):
        book = open_book(args.book)
        findings = [*findings, *kpi.check_codes(book)]
        if args.reconcile:
            findings += kpi.reconcile_findings(kpi.reconcile(book))
        if args.against:
            findings += kpi.restated_since(book, Path(args.against))
    if args.format == "json":
        print(json.dumps([f.record() for f in findings], ensure_ascii=False, indent=1))
    else:
        for found in findings:
            print(
                f"[{words.text(f'severity.{found.severity}', args.lang)}] {found.text(args.lang)}"
            )
            print(f"    {found.fix(args.lang)}")
        print(words.text("cli.checked", args.lang, count=len(findings)))
    return 2 if any(f.severity == "error" for f in findings) else 0


def _snapshot(args: argparse.Namespace) -> int:
    from perfkit.book.snapshot import take

    made, written = take(args.book, Path(args.out), force=args.force)
    say(words.text(f"cli.snapshot_{'taken' if written else 'there'}", args.lang, path=made))
    return 0


def _mask(args: argparse.Namespace) -> int:
    from perfkit.book.mask import mask

    made = mask(args.book, Path(args.out), seed=args.seed)
    facts = {"path": made.path, "days": made.kept_days, "left_out": made.said_left_out}
    say(words.text("cli.masked", args.lang, **facts))
    return 0


def _template(args: argparse.Namespace) -> int:
    import datetime as dt

    from perfkit import kpi, show

    out = Path(args.out)
    made = kpi.form(args.lang, book=args.book, as_of=dt.datetime.now(tz=dt.UTC).date())
    said = "template" if show.write_form(made, out) else "template_only"
    say(words.text(f"cli.{said}", args.lang, path=out, folder=out.absolute().parent))
    return 0


def _init(args: argparse.Namespace) -> int:
    from perfkit.book.propose import write_proposal

    folder = Path(args.folder)
    made = write_proposal(folder, args.lang)
    print(folder / "book.toml")
    found = ", ".join(f"{table} ({', '.join(t.files)})" for table, t in made.tables.items())
    say(words.text("init.found", args.lang, tables=found))
    for decision in made.decisions:
        say(f"- {decision}")
    say(words.text("init.next", args.lang, count=len(made.decisions), path=folder))
    return 0


def add_books(commands: Commands) -> None:
    """Add init, check, snapshot, mask and template."""
    init = commands.add(
        "init", _init, "propose a book.toml for a folder of your own files", "my_folder"
    )
    init.add_argument("folder", metavar="DIR", help="a folder of CSV, Excel or Parquet files")

    check = commands.add("check", _check, "list what is wrong or odd in a book", "district_one")
    check.add_argument("book", metavar="BOOK", help=BOOK)
    check.add_argument("--format", choices=("text", "json"), default="text")
    reconcile = "also hold the roll-forward, control totals and targets against each other"
    check.add_argument("--reconcile", action="store_true", help=reconcile)
    against = "also list what was restated since a snapshot"
    check.add_argument("--against", metavar="SNAPSHOT", help=against)

    snapshot = commands.add(
        "snapshot",
        _snapshot,
        "keep the state of a book, so that a later restatement shows",
        "my_book --out snapshots",
    )
    snapshot.add_argument("book", metavar="BOOK", help=BOOK)
    snapshot.add_argument("--out", default="snapshots", metavar="DIR")
    snapshot.add_argument(
        "--force", action="store_true", help="replace a snapshot of the same day, of other data"
    )

    mask = commands.add(
        "mask",
        _mask,
        "write a copy for training: other codes, names and days, the same KPIs",
        "my_book training_book",
    )
    mask.add_argument("book", metavar="BOOK", help=BOOK)
    mask.add_argument("out", metavar="OUT", help="a new or empty folder")
    mask.add_argument(
        "--seed", type=int, metavar="N", help="mask alike again; whoever knows it can undo it"
    )

    template = commands.add(
        "template", _template, "write an Excel workbook to fill by hand", "my_book/book.xlsx"
    )
    template.add_argument("out", metavar="OUT.xlsx", help="a new file, in the book's own folder")
    template.add_argument(
        "--book", default="district_one", help="whose root, ranks and rules to start from"
    )
