"""The page on troubleshooting has everything that the code can show to somebody in trouble."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tiktok_events import errors
from worker.letters.letter import Reason
from worker.runtime.stall import EXIT_STATUS

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/operate/troubleshooting.md").read_text()
LOUD: Final = frozenset({"warning", "error", "critical", "exception"})
"""Methods of a logger whose lines somebody should understand."""


def calls(*folders: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the modules of some folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path, node


def text(node: ast.AST) -> str | None:
    """The value of a literal string."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def levels(function: ast.expr) -> Iterator[str]:
    """The logger's methods that a call may use; there are two in a conditional expression."""
    if isinstance(function, ast.IfExp):
        yield from levels(function.body)
        yield from levels(function.orelse)
    elif isinstance(function, ast.Attribute) and "log" in ast.unparse(function.value).lower():
        yield function.attr


def logged(*folders: str) -> set[str]:
    """Names of the events that are logged as a warning or an error."""
    found = set()
    for path, call in calls(*folders):
        if LOUD & {*levels(call.func)} and path.name not in {"log.py", "outage.py"}:
            names = {one for node in ast.walk(call.args[0]) if (one := text(node)) is not None}
            assert names, f"{path}:{call.lineno} names no event"
            found |= names
        elif isinstance(call.func, ast.Name) and call.func.id == "Outage":
            found.add(str(text(call.args[0])))
    return found


def alarming_checks() -> set[str]:
    """Names of the doctor's checks that may warn or fail."""
    return {
        name
        for folder in ("worker/cli/doctor", "worker/runtime")
        for path in sorted((ROOT / folder).glob("*.py"))
        for name in _names_of_checks(ast.parse(path.read_text()))
    }


def _names_of_checks(module: ast.Module) -> Iterator[str]:
    known = _strings(module)
    for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
        names = known | _strings(function)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if _is_alarming(call):
                name = text(call.args[0]) or names.get(ast.unparse(call.args[0]))
                if name is not None:  # else an argument: its callers give a literal
                    yield name
            elif isinstance(call.func, ast.Name) and call.func.id == "on_a_cluster":
                yield str(text(call.args[0]))


def _is_alarming(call: ast.Call) -> bool:
    """Whether it makes a check that did not end well."""
    named = isinstance(call.func, ast.Name) and call.func.id == "Check"
    return named and ast.unparse(call.args[1]) != "Outcome.OK"


def _strings(scope: ast.AST) -> dict[str, str]:
    """Names that a scope gives to literal strings, alone or in a tuple."""
    found: dict[str, str] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            targets, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = node.target, node.value
        else:
            continue
        pairs = [(targets, value)]
        if isinstance(targets, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(targets.elts, value.elts, strict=True))
        found |= {ast.unparse(name): one for name, node in pairs if (one := text(node)) is not None}
    return found


def rows(heading: str) -> set[str]:
    """First cells of the tables under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {cell.strip("` ") for cell in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)}


def test_every_loud_event_of_the_worker_is_explained() -> None:
    """Each warning and each error that a worker can log has a row, and no row is left over."""
    assert rows("The worker's log") - {"event"} == logged("worker", "tasks")


@pytest.mark.parametrize("sentence", sorted(logged("client/tiktok_events")))
def test_every_loud_line_of_the_client_is_explained(sentence: str) -> None:
    """So does each sentence that the client can log; what it fills in is left out."""
    words = re.split(r"\s*\(?%s", sentence.removesuffix(": taken as no"))[0].rstrip(": ")
    assert f"`{words}`" in PAGE


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_death_is_explained(reason: str) -> None:
    """A letter's reason leads to what can be done."""
    assert reason in rows("`dead list`")


def test_every_check_of_the_doctor_is_explained() -> None:
    """Each check that may warn or fail has a row, and no row is left over."""
    assert rows("doctor") - {"check"} == alarming_checks()


@pytest.mark.parametrize(
    "name", [name for name, kind in vars(errors).items() if isinstance(kind, type)]
)
def test_every_error_of_the_client_is_explained(name: str) -> None:
    """All that a producer can meet."""
    assert name == "TikTokEventsError" or f"`{name}" in PAGE


def test_the_exit_status_of_a_stall_is_explained() -> None:
    """Orchestrators show the number only."""
    assert str(EXIT_STATUS) in rows("Exit codes")
