"""The rules of CONTRIBUTING that a machine can hold: sizes, entries, rooms, pages that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = ("worker", "tasks", "schemas", "client", "bench")
TOP: Final = (*PRODUCT, "tests", "docs", "examples")
MODULE_LINES: Final = 300
FUNCTION_LINES: Final = 25
ENTRIES: Final = {"worker": 16, "client/tiktok_events": 16, "bench": 14}
NO_ENTRIES: Final = {"__init__.py", "__pycache__", "py.typed"}
ENVIRONMENTS: Final = {".venv", "build", "dist", "node_modules"}
KINDS: Final = ("*.md", "*.py", "*.lua")
PLACE: Final = re.compile(rf"`((?:{'|'.join(TOP)})/[\w./-]+\w)`")


def files(pattern: str, *folders: str) -> Iterator[Path]:
    """Files of the repository below these folders, without what is built there."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if not ENVIRONMENTS & set(path.relative_to(ROOT).parts):
                yield path


def shown(path: Path) -> str:
    """A path as an error names it."""
    return str(path.relative_to(ROOT))


def test_no_module_is_longer_than_300_lines() -> None:
    """Tests too: what is longer tells more than one story."""
    lengths = {shown(path): path.read_text().count("\n") for path in files("*.py", *TOP)}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_longer_than_25_lines() -> None:
    """Its docstring does not count."""
    assert [found for path in files("*.py", *PRODUCT) for found in long_functions(path)] == []


def long_functions(path: Path) -> Iterator[str]:
    """Functions of a module whose body is too long, as `path:line name`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > FUNCTION_LINES:
                yield f"{shown(path)}:{node.lineno} {node.name}"


@pytest.mark.parametrize(("folder", "most"), ENTRIES.items())
def test_a_package_has_few_entries(folder: str, most: int) -> None:
    """A newcomer reads all of their names before opening one."""
    entries = {path.name for path in (ROOT / folder).iterdir()} - NO_ENTRIES
    assert len(entries) <= most, sorted(entries)


def test_every_room_says_what_it_is_for() -> None:
    """In its docstring, with what it may import."""
    rooms = files("__init__.py", "worker", "client", "bench")
    told = {shown(room): ast.get_docstring(ast.parse(room.read_text())) or "" for room in rooms}
    assert [room for room, words in told.items() if not re.search(r"\b[Ii]mports?\b", words)] == []


def test_files_that_are_named_exist() -> None:
    """In documents, docstrings, scripts: a path in backticks that begins with a folder of ours."""
    pages = [
        *ROOT.glob("*.md"),
        *(page for kind in ("md", "py", "lua") for page in files(f"*.{kind}", *TOP)),
    ]
    missing = {
        f"{shown(page)}: {name}"
        for page in pages
        for name in PLACE.findall(page.read_text())
        if not (ROOT / name).exists()
    }
    assert missing == set()
