"""Commands about plans."""

from __future__ import annotations

import argparse
import json

from perfkit import words
from perfkit.cli.speak import Commands, say

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


def add_plans(commands: Commands) -> None:
    """Add audit."""
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
