"""Plans for the tests of the audit: made consistent, misprinted on purpose, written to disk.

Plain code on whole numbers. It shares nothing with the audit: the figures are added up here, and
what a relation breaks is known from how the figures were made.
"""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

UNITS = ["D1", "D2", "D3", "D4"]
MONTHS = [f"{m:02d}" for m in range(1, 13)]
KINDS = ("dropped", "swapped", "tenfold")
SAID = 'en = "it adds up"\nzh = "合计相符"\n'


@dataclass
class Made:
    """A made plan: every figure by table and cell, and the misprints put into it."""

    figures: dict[tuple[str, str, str], int]  # (table, row, column) -> as printed
    lines: dict[str, str]
    planted: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def consistent(seed: int) -> Made:
    """Make a plan whose every relation holds."""
    rng = random.Random(seed)
    f: dict[tuple[str, str, str], int] = {}
    for month in MONTHS:
        for unit in UNITS:
            f["premium", month, unit] = rng.randint(100, 4_999)
        f["premium", month, "total"] = sum(f["premium", month, u] for u in UNITS)
    for column in [*UNITS, "total"]:
        f["premium", "year", column] = sum(f["premium", m, column] for m in MONTHS)
    heads = rng.randint(900, 1_500)
    for month in MONTHS:
        joined, left = rng.randint(101, 199), rng.randint(51, 99)
        heads += joined - left
        row = {"recruits": joined, "leavers": left, "headcount": heads}
        row["premium"] = f["premium", month, "total"]
        row["per_head"] = -(-row["premium"] * 10_000 // heads)  # rounded up
        f.update({("force", month, column): value for column, value in row.items()})
    lines = {}
    for at in range(1, 6):
        persons, price, times = rng.randint(11, 99), rng.randint(11, 99), rng.randint(2, 9)
        lines[f"L{at}"] = f"{persons}人×{price}元/天×{times}"
        f["budget", f"L{at}", "stated"] = persons * price * times
    f["budget", "all", "stated"] = sum(f["budget", line, "stated"] for line in lines)
    lines["all"] = "+".join(str(f["budget", f"L{at}", "stated"]) for at in range(1, 6))
    return Made(f, lines)


def misprint(rng: random.Random, value: int) -> int | None:
    """Misprint a figure as people do; None where that leaves it as it is."""
    text, kind = str(value), rng.choice(KINDS)
    at = rng.randrange(len(text) - 1)
    if kind == "tenfold":
        return value * 10 if rng.random() < 0.5 or value % 10 else value // 10
    if kind == "dropped":
        text = text[:at] + text[at + 1 :]
    else:
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    found = int(text)
    return None if found == value or text[0] == "0" else found


def planted(seed: int, count: int, *, crossed: bool = True) -> Made:
    """Make a plan with `count` misprints, at cells that two relations cross, or at any."""
    made, rng = consistent(seed), random.Random(f"plant {seed}")
    lone = {"recruits", "leavers"}
    cells = [key for key in made.figures if not (crossed and key[2] in lone)]
    while len(made.planted) < count:
        table, row, column = key = rng.choice(cells)
        wrong = misprint(rng, made.figures[key])
        if wrong is None or (table, f"{column}[{row}]") in made.planted:
            continue
        made.planted[table, f"{column}[{row}]"] = (wrong, made.figures[key])
        made.figures[key] = wrong
    return made


def _relation(name: str, kind: str, **told: str | list[str]) -> str:
    quoted = {
        key: f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')
        for key, value in told.items()
    }
    body = "".join(f"{key} = {value}\n" for key, value in quoted.items())
    return f'\n[[relations]]\nid = "{name}"\nkind = "{kind}"\n{body}{SAID}'


def _relations() -> str:
    columns = [*UNITS, "total"]
    out = _relation("rows", "sum", each="premium", whole="total", parts=UNITS)
    for column in columns:
        whole, parts = f"premium[year].{column}", [f"premium[month!=year].{column}"]
        out += _relation(f"year_{column}", "sum", whole=whole, parts=parts)
    stock = {"stock": "headcount", "plus": ["recruits"], "minus": ["leavers"]}
    out += _relation("roll", "roll_forward", each="force", **stock)
    of = "premium / headcount"
    out += _relation("per_head", "rounding", each="force", rule="up", value="per_head", of=of)
    same = {"cell": "premium", "equals": "premium[{month}].total"}
    out += _relation("same", "equality", each="force", **same)
    money = {"where": "line!=all", "stated": "stated", "line": "formula"}
    out += _relation("money", "budget", each="budget", **money)
    parts = ["budget[line!=all].stated"]
    return out + _relation("all", "sum", whole="budget[all].stated", parts=parts)


def write(made: Made, folder: Path) -> Path:
    """Write a made plan as a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = 'name = "made"\n[title]\nen = "Made"\nzh = "样例"\n[units]\n'
    text += 'wan = { size = 10000, en = "wan", zh = "万元" }\n'
    text += 'yuan = { en = "yuan", zh = "元" }\npersons = { en = "persons", zh = "人" }\n'
    for table, key in (("premium", "month"), ("force", "month"), ("budget", "line")):
        rows = list(dict.fromkeys(r for t, r, _ in made.figures if t == table))
        columns = list(dict.fromkeys(c for t, _, c in made.figures if t == table))
        lined = table == "budget"
        lines = [",".join([key, *columns, *(["formula"] if lined else [])])]
        for row in rows:
            cells = [str(made.figures[table, row, column]) for column in columns]
            lines.append(",".join([row, *cells, *([made.lines[row]] if lined else [])]))
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        text += f'[tables.{table}]\nfile = "{table}.csv"\nkey = ["{key}"]\nen = "T"\nzh = "表"\n'
        for column in columns:
            unit = "wan" if table == "premium" or column == "premium" else "yuan"
            unit = "persons" if column in {"headcount", "recruits", "leavers"} else unit
            text += f'columns.{column} = {{ unit = "{unit}", en = "{column}", zh = "{column}" }}\n'
    (folder / "plan.toml").write_text(text + _relations(), encoding="utf-8")
    return folder


# --- an Excel file as a spreadsheet program saves it: formulas with their results beside them

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

Saved = int | float | str | None


def _xml(place: str, content: Saved | tuple[str, Saved]) -> str:
    formula, value = content if isinstance(content, tuple) else (None, content)
    written = f"<f>{escape(formula)}</f>" if formula else ""
    if isinstance(value, str):
        kind = "str" if formula else "inlineStr"
        text = f"<v>{escape(value)}</v>" if formula else f"<is><t>{escape(value)}</t></is>"
        return f'<c r="{place}" t="{kind}">{written}{text}</c>'
    return f'<c r="{place}">{written}{"" if value is None else f"<v>{value!r}</v>"}</c>'


def workbook(path: Path, sheets: dict[str, dict[str, Saved | tuple[str, Saved]]]) -> Path:
    """Write cells (a value, or a formula and its saved result) as an .xlsx file."""
    types = f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
    types += '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension='
    types += '"xml" ContentType="application/xml"/>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types += f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
    names, links = "", ""
    with zipfile.ZipFile(path, "w") as out:
        for at, (name, cells) in enumerate(sheets.items(), 1):
            part = f"/xl/worksheets/sheet{at}.xml"
            types += f'<Override PartName="{part}" ContentType="{kind}.worksheet+xml"/>'
            names += f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>'
            links += f'<Relationship Id="rId{at}" Type="{OFFICE}/worksheet" Target="{part}"/>'
            rows: dict[int, list[str]] = {}
            for place, content in cells.items():
                row = int("".join(c for c in place if c.isdigit()))
                rows.setdefault(row, []).append(_xml(place, content))
            body = "".join(f'<row r="{r}">{"".join(rows[r])}</row>' for r in sorted(rows))
            sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
            out.writestr(part[1:], sheet)
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
        out.writestr("xl/workbook.xml", book)
        top = f'<Relationships xmlns="{PACKAGE}/relationships">'
        out.writestr("xl/_rels/workbook.xml.rels", f"{top}{links}</Relationships>")
        first = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        out.writestr("_rels/.rels", f"{top}{first}</Relationships>")
        out.writestr("[Content_Types].xml", f"{types}</Types>")
    return path
