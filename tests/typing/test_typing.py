"""Type checkers help the client's users: they accept what is right and mark what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[1] / ".mypy_cache" / "users"
MARK: Final = "# mistake: "
FILES: Final = ("mistakes.py", "shop.py", "web_mistakes.py", "web_shop.py")

Marked = list[tuple[str, int]]
"""File and line of each error; one line may be marked once."""


def run(*command: str) -> str:
    """What a type checker prints; it may end with 1, for it found errors, but not with more."""
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
    return ended.stdout


def mypy() -> Marked:
    """By mypy, strict, without the settings of this project."""
    found = run(
        *("mypy", "--strict", "--config-file=", f"--cache-dir={CACHE}", "--output=json"),
        *FILES,
    )
    errors = [json.loads(line) for line in found.splitlines()]
    return sorted({(error["file"], error["line"]) for error in errors})


def pyright() -> Marked:
    """By pyright in its standard mode."""
    found = json.loads(run("basedpyright", "--pythonpath", sys.executable, "--outputjson"))
    return sorted(
        {
            (Path(error["file"]).name, error["range"]["start"]["line"] + 1)
            for error in found["generalDiagnostics"]
            if error["severity"] == "error"
        }
    )


def mistakes() -> Marked:
    """The lines that are wrong on purpose."""
    lines = {name: (HERE / name).read_text().splitlines() for name in FILES}
    return sorted(
        (name, number)
        for name, texts in lines.items()
        for number, line in enumerate(texts, 1)
        if MARK in line
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_type_checker_marks_the_mistakes_and_nothing_else(
    checker: Callable[[], Marked],
) -> None:
    """Every line of the shops is right; of the other files, exactly the marked ones are wrong."""
    assert mistakes() == checker()
