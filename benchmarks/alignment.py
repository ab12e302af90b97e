"""At which point past months are laid beside a running one: the same selling day, or the same part.

Run it with the package installed: ``python benchmarks/alignment.py`` (about a minute). On sample
books and the bundled district it forecasts every month from the twelve before it, on several days,
and prints the root mean square error in percent of a mean month and how often the 80 % interval
held. ``--write`` keeps that under results/. It ends with 1 if the same part is the worse.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from perfkit import kpi, outlook, rhythm
from perfkit import period as spans
from perfkit.book import Book, open_book
from perfkit.cli import main as perfkit

DAYS = (4, 8, 12, 16, 20, 24, 28)
PAST = 12
LEAST = 8
CODE = "premium_submitted"
WAYS = {"same selling day": "selling_day", "same part of the month": "elapsed"}
RESULTS = Path(__file__).with_name("results") / "alignment.md"


def followed(book: Book) -> pd.DataFrame:
    """Follow every whole month of a book's root day by day."""
    first = f"{book.facts_from:%Y-%m}"
    months = spans.months(spans.parse(f"{first}..{book.as_of:%Y-%m}"))
    whole = [m.code for m in months if book.facts_from <= m.first and m.last <= book.as_of]
    return rhythm.pace.follow(book, whole, unit=kpi.units(book)[0], by=book.root, kpis=[CODE])


def tries(seen: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Forecast each month on each day both ways."""
    parts = {str(month): part for month, part in seen.groupby("month", sort=False)}
    totals = {month: float(part["value"].iloc[-1]) for month, part in parts.items()}
    names = list(parts)
    for place in range(LEAST, len(names)):
        own, past = parts[names[place]], names[max(0, place - PAST) : place]
        mean = sum(totals[m] for m in past) / len(past)
        for day in DAYS:
            now = own[[d.day <= day for d in own["date"]]].iloc[-1]
            for way, column in WAYS.items():
                near = {m: parts[m][parts[m][column] <= now[column] + 1e-9] for m in past}
                hands = [float(n["value"].iloc[-1]) if len(n) else 0.0 for n in near.values()]
                history = pd.DataFrame({"hand": hands, "total": [totals[m] for m in past]})
                found = outlook.land(history, float(now["value"]))
                came = totals[names[place]]
                error = (found.expected - came) / mean
                held = found.low <= came <= found.high
                yield {"way": way, "day": day, "error": error**2, "held": held}


def books(folder: Path) -> Iterator[Book]:
    """Give the bundled district and six samples."""
    yield open_book("district_one")
    for seed in range(1, 7):
        out = folder / str(seed)
        size = ["--agents", "300", "--policies", "4000", "--months", "36"]
        perfkit(["sample", str(out), *size, "--seed", str(seed)])
        yield open_book(out)


def main() -> int:
    """Run it, print it, and say whether the same part is the better."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for book in books(Path(folder)) for row in tries(followed(book))]
    found = pd.DataFrame(rows).groupby(["day", "way"])
    table = pd.DataFrame(
        {"error": found["error"].mean() ** 0.5 * 100, "held": found["held"].mean()}
    )
    heads = " | ".join(f"{way}: error, held" for way in WAYS)
    lines = ["# At which point past months are laid beside a running one", ""]
    lines += [f"| day | {heads} |", "|---|---|---|"]
    for day in DAYS:
        cells = [table.loc[(day, way)] for way in WAYS]
        said = " | ".join(f"{cell['error']:.1f}, {cell['held']:.2f}" for cell in cells)
        lines.append(f"| {day} | {said} |")
    months = len(rows) // len(DAYS) // len(WAYS)
    lines += ["", f"{months} months of seven books; error in % of a mean month."]
    print("\n".join(lines))
    if "--write" in sys.argv:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wide = table["error"].unstack()
    before, after = WAYS
    return int((wide[after] > wide[before]).any())


if __name__ == "__main__":
    sys.exit(main())
