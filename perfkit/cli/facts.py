"""Commands about numbers: KPIs, their definitions, a made-up book."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perfkit import words
from perfkit.cli.speak import BOOK, Commands, aligned, progress, say, say_json
from perfkit.errors import PerfkitError

__all__ = ["add_facts"]


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

    book = open_book(args.book, progress=progress(args.lang))
    by = args.by or (org.level_of(args.unit, book.root) if args.unit else book.root)
    period = kpi.check_period(book, args.period)
    if period.first < book.facts_from or period.last > book.as_of:
        facts = {"period": period.code, "first": book.facts_from, "last": book.as_of}
        say(words.text("cli.partial", args.lang, **facts))
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
        say(finding.text(args.lang))
        if finding.rule in {"not_computable", "part_of_month"}:
            say(finding.fix(args.lang))
    if found.empty and args.unit:
        raise PerfkitError("nothing_of_unit", unit=args.unit, level=by, period=period.code)
    if args.format == "csv":
        print(found.to_csv(index=False), end="")
    elif args.format == "json":
        say_json(
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
        base = kpi.catalogue().get(one.as_variant(names[code]).base)
        variant += f" ({base.name(lang)})" if base else ""
        cells = [words.number(float(v), one.unit, lang) for v in values]
        rows.append([f"{one.name(lang)} ({words.text(f'unit.{one.unit}', lang)})", variant, *cells])
    print(aligned(rows))
    print(
        words.text(
            "cli.kpi_source", lang, book=book.title(lang), data=book.fingerprint, as_of=book.as_of
        )
    )


def _glossary(args: argparse.Namespace) -> int:
    from perfkit import kpi

    if args.format == "json":
        say_json(kpi.glossary())
        return 0
    for one in kpi.glossary():
        print(f"{one['code']}  {one['zh']} / {one['en']}")
        print(f"    = {one['formula']}  [{one['unit']}]  ({', '.join(one['variants'])})")
        print(f"    {one['source']}")
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
    say(words.text("cli.sampled", args.lang, path=made))
    return 0


def add_facts(commands: Commands) -> None:
    """Add kpi, glossary and sample."""
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
