"""Words on the command line become calls; nothing is computed here."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from perfkit import words
from perfkit.errors import PerfkitError

__all__ = ["main"]

INTERRUPTED = 130  # as a shell counts a key press


def _say(text: str) -> None:
    """Talk to the person, away from the data on stdout."""
    print(text, file=sys.stderr)


def _lang_default() -> str:
    chosen = os.environ.get("PERFKIT_LANG") or os.environ.get("LANG", "")
    return "zh" if chosen.startswith("zh") else "en"


def _clean(value: Any) -> Any:
    """Make a value fit for JSON: undefined is null, whole counts stay numbers."""
    if isinstance(value, float):
        return None if math.isnan(value) else (int(value) if value.is_integer() else value)
    return value


def _json(records: Sequence[dict[str, Any]]) -> None:
    clean = [{k: _clean(v) for k, v in record.items()} for record in records]
    print(json.dumps(clean, ensure_ascii=False, indent=1))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Lay text out in columns: the first to the left, numbers to the right."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (w - _width(cell)) if i < 2 else " " * (w - _width(cell)) + cell
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _check(args: argparse.Namespace) -> int:
    from perfkit import kpi
    from perfkit.book import check_book, open_book

    findings = check_book(args.book)
    if not any(f.severity == "error" for f in findings):
        findings = [*findings, *kpi.check_codes(open_book(args.book))]
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


def _variants(pairs: Sequence[str]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise PerfkitError("not_a_pair", written=pair)
        out[name] = value
    return out


def _kpi(args: argparse.Namespace) -> int:
    from perfkit import kpi, org
    from perfkit.book import open_book

    book = open_book(args.book)
    by = args.by or (org.level_of(args.unit, book.root) if args.unit else book.root)
    period = kpi.check_period(book, args.period)
    if period.first < book.facts_from or period.last > book.as_of:
        facts = {"period": period.code, "first": book.facts_from, "last": book.as_of}
        _say(words.text("cli.partial", args.lang, **facts))
    found = kpi.measure(
        book,
        args.kpi,
        by=by,
        period=period,
        unit=args.unit,
        variants=_variants(args.variant),
        org_as=args.org,
    )
    for finding in [*book.findings, *found.attrs["findings"]]:
        _say(finding.text(args.lang))
        if finding.rule == "not_computable":
            _say(finding.fix(args.lang))
    if found.empty and args.unit:
        raise PerfkitError("nothing_of_unit", unit=args.unit, level=by, period=period.code)
    if args.format == "csv":
        print(found.to_csv(index=False), end="")
    elif args.format == "json":
        _json(
            [{str(k): v for k, v in row.items()} for row in found.astype(object).to_dict("records")]
        )
    else:
        _print_kpis(book, found, args.lang)
    return 0


def _print_kpis(book: Any, found: Any, lang: str) -> None:
    from perfkit import kpi

    wide = found.pivot(index="kpi", columns="unit", values="value").reindex(found["kpi"].unique())
    names = found.drop_duplicates("kpi").set_index("kpi")["variant"]
    head = ["", words.text("cli.variant", lang), *(book.unit_name(u, lang) for u in wide)]
    rows = [head]
    for code, values in wide.iterrows():
        one = kpi.kpi(str(code))
        variant = words.text(f"variant.{names[code]}", lang)
        cells = [words.number(float(v), one.unit, lang) for v in values]
        rows.append([f"{one.name(lang)} ({words.text(f'unit.{one.unit}', lang)})", variant, *cells])
    print(_aligned(rows))
    print(
        words.text(
            "cli.kpi_source", lang, book=book.title(lang), data=book.fingerprint, as_of=book.as_of
        )
    )


def _glossary(args: argparse.Namespace) -> int:
    from perfkit import kpi

    if args.format == "json":
        _json(kpi.glossary())
        return 0
    for one in kpi.glossary():
        print(f"{one['code']}  {one['zh']} / {one['en']}")
        print(f"    = {one['formula']}  [{one['unit']}]  ({', '.join(one['variants'])})")
        print(f"    {one['source']}")
    return 0


def _run(args: argparse.Namespace) -> int:
    from perfkit.report import run_command

    return run_command(args, _say)


def _reports(args: argparse.Namespace) -> int:
    from perfkit.report import published

    for line in published(Path(args.out)):
        print(line)
    return 0


def _sample(args: argparse.Namespace) -> int:
    from perfkit.book.sample import write_sample

    made = write_sample(
        Path(args.out),
        agents=args.agents,
        policies=args.policies,
        months=args.months,
        seed=args.seed,
        file_format=args.format,
    )
    _say(words.text("cli.sampled", args.lang, path=made))
    return 0


def _calendar(args: argparse.Namespace) -> int:
    from perfkit.report.calendar import calendar_command

    return calendar_command(args, _say)


class _Commands:
    """The commands, each with its call, its help and an example."""

    def __init__(self) -> None:
        self.parser = argparse.ArgumentParser(
            prog="perfkit",
            description="The planning office's workbook for a life-insurance agency force.",
            epilog="Exit codes: 0 done, 1 something failed, 2 usage or refused input, "
            "3 another run holds the lock, 130 interrupted, 143 terminated.",
        )
        self._all = self.parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        self, name: str, call: Callable[[Any], int], about: str, example: str
    ) -> argparse.ArgumentParser:
        """Add a command; every one of them speaks both languages."""
        sub = self._all.add_parser(
            name, help=about, description=about, epilog=f"Example: perfkit {name} {example}"
        )
        sub.set_defaults(call=call)
        sub.add_argument(
            "--lang",
            default=_lang_default(),
            choices=(*words.LANGS, "both") if name == "run" else words.LANGS,
            help="language of what you read (PERFKIT_LANG or LANG decide otherwise)",
        )
        return sub


BOOK = "a bundled book, or a folder with a book.toml"


def _add_facts(commands: _Commands) -> None:
    check = commands.add("check", _check, "list what is wrong or odd in a book", "district_one")
    check.add_argument("book", metavar="BOOK", help=BOOK)
    check.add_argument("--format", choices=("text", "json"), default="text")

    kpi = commands.add(
        "kpi",
        _kpi,
        "compute KPIs of units over a period",
        "district_one --period 2012-09 --by department --kpi activity_rate",
    )
    kpi.add_argument("book", metavar="BOOK", help=BOOK)
    kpi.add_argument("--period", required=True, help="2012, 2012Q3, 2012-09, 2012-09@11, A..B ...")
    kpi.add_argument("--by", metavar="LEVEL", help="branch, district, department, group or agent")
    kpi.add_argument("--unit", metavar="UNIT", help="only this unit and those below it")
    kpi.add_argument("--kpi", action="append", metavar="CODE", help="repeatable; default: all")
    kpi.add_argument("--variant", action="append", default=[], metavar="KPI=NAME")
    kpi.add_argument(
        "--org", choices=("was", "now"), default="was", help="units as they were, or as now"
    )
    kpi.add_argument("--format", choices=("text", "csv", "json"), default="text")

    glossary = commands.add(
        "glossary", _glossary, "list every KPI with its definition", "--format json"
    )
    glossary.add_argument("--format", choices=("text", "json"), default="text")

    sample = commands.add(
        "sample",
        _sample,
        "write a made-up book of any size",
        "my_book --agents 500 --policies 5000 --months 24 --seed 7",
    )
    sample.add_argument("out", metavar="OUT", help="a new or empty folder")
    sample.add_argument("--agents", type=int, default=200, metavar="N")
    sample.add_argument("--policies", type=int, default=3000, metavar="N")
    sample.add_argument("--months", type=int, default=24, metavar="N")
    sample.add_argument("--seed", type=int, default=1, metavar="S")
    sample.add_argument("--format", choices=("csv", "parquet"), default="csv")


def _add_reports(commands: _Commands) -> None:
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


def _add_calendar(commands: _Commands) -> None:
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


def _parser() -> argparse.ArgumentParser:
    commands = _Commands()
    _add_facts(commands)
    _add_calendar(commands)
    _add_reports(commands)
    return commands.parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after ``perfkit``.

    Returns
    -------
    int
        0 done or up to date, 1 something failed and the rest is published, 2 usage or refused
        input, 3 another run holds the lock, 130 interrupted, 143 terminated.
    """
    args = _parser().parse_args(argv)
    try:
        return int(args.call(args))
    except PerfkitError as error:
        langs = words.LANGS if args.lang == "both" else (args.lang,)
        for lang in langs:
            _say(error.text(lang))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
