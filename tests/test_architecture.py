"""The house rules, held by a test: layers, owners of packages, sizes, no stray prints."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import perfkit

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "perfkit"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "_bundle" not in p.parts)
ANYWHERE = {"numpy", "pandas"}
MAX_LINES = 400
MAX_BODY = 45


def _table(heading: str) -> list[list[str]]:
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


LAYERS = {room: int(layer) for layer, room, _ in _table("Rooms")}
OWNERS = {row[0]: row[1].split(", ") for row in _table("Third-party packages")}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            yield node.module or ""
            if node.module == "perfkit":
                yield from (f"perfkit.{alias.name}" for alias in node.names)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _id(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_the_table_names_exactly_the_rooms_there_are() -> None:
    rooms = {_room(p) for p in MODULES} - {"__init__", "_bundle"}
    assert rooms == set(LAYERS)
    assert set(perfkit.__all__) == rooms - {"cli"}


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_imports_point_down(path: Path) -> None:
    own = _room(path)
    for name in _imports(_parsed(path)):
        parts = name.split(".")
        if parts[0] == "perfkit" and len(parts) > 1 and parts[1] in LAYERS and parts[1] != own:
            assert LAYERS[parts[1]] < LAYERS[own], f"{own} imports {parts[1]}"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_each_package_is_used_by_its_owner_only(path: Path) -> None:
    for name in _imports(_parsed(path)):
        package = name.split(".")[0]
        if package in {"perfkit", "__future__"} | ANYWHERE | set(sys.stdlib_module_names):
            continue
        assert _room(path) in OWNERS.get(package, []), f"{package} belongs to {OWNERS.get(package)}"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_rooms_stay_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_LINES
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1
                assert length <= MAX_BODY, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_chinese_lives_in_words_and_definitions_not_in_code(path: Path) -> None:
    found = re.findall(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8").replace("万", ""))
    assert not found


@pytest.mark.parametrize("path", [p for p in MODULES if _room(p) != "cli"], ids=_id)
def test_only_the_command_line_prints(path: Path) -> None:
    calls = [n for n in ast.walk(_parsed(path)) if isinstance(n, ast.Call)]
    assert not [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_public_functions_say_what_they_do(path: Path) -> None:
    for node in _parsed(path).body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public:
            assert ast.get_docstring(node), f"{node.name} has no docstring"  # type: ignore[arg-type]


def test_show_computes_nothing_of_its_own_and_opens_no_book() -> None:
    for path in (p for p in MODULES if _room(p) == "show"):
        rooms = {n.split(".")[1] for n in _imports(_parsed(path)) if n.startswith("perfkit.")}
        assert rooms <= {"words", "errors", "period", "org", "workbook", "kpi", "show"}
