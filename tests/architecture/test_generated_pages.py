"""The pages that are made from the code are what the code makes today."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields
from pathlib import Path

import pytest

from worker.settings import Settings

ROOT = Path(__file__).parents[2]
PREFIX = "TIKTOK_EVENTS_"


@pytest.mark.parametrize("path", ["docs/reference/settings.md", ".env.example"])
def test_a_page_is_what_the_code_makes(path: str) -> None:
    """After a change of a setting, `make docs` writes it again."""
    pages = runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]
    assert (ROOT / path).read_text() == pages[path]()


def test_the_page_has_every_setting_with_its_bounds_and_default() -> None:
    """A row says what a value means, what is allowed, and what is taken when there is none."""
    page = (ROOT / "docs/reference/settings.md").read_text()
    for one in fields(Settings):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{one.name.upper()}` "))
        _, _, default, meaning, _ = re.split(r"(?<!\\)\|", row)
        assert " Must be" in meaning
        assert bool(default.strip()) == (one.default is not None)


def test_the_example_changes_nothing() -> None:
    """Read as it is, `.env.example` gives the defaults."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line.startswith(PREFIX))
    assert Settings.load(variables) == Settings()
    assert PREFIX + "HEARTBEAT_FILE" not in variables  # an empty one would undo the image's own
