"""The pages that are made from the code are what the code makes today."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from worker.cli.main import COMMANDS
from worker.delivery.destinations import ALLOWED, OVERRIDABLE
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
PREFIX = "TIKTOK_EVENTS_"


GENERATED = ("docs/reference/commands.md", "docs/reference/settings.md", ".env.example")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a process of its own has written them: a command that was run here keeps traces."""
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([sys.executable, str(ROOT / "docs/generate.py"), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("path", GENERATED)
def test_a_page_is_what_the_code_makes(made: Path, path: str) -> None:
    """After a change of a setting or a help text, `make docs` writes it again."""
    assert (ROOT / path).read_text() == (made / path).read_text()


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


def test_the_page_has_every_limit_that_a_destination_may_have() -> None:
    """The section on the destinations file names all of them, and its example is valid."""
    page = (ROOT / "docs/reference/settings.md").read_text()
    section = page.partition("## The destinations file\n")[2]
    assert set(OVERRIDABLE) <= set(re.findall(r"`([a-z_]+)`", section))
    (example,) = re.findall(r"^```toml\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    (table,) = tomllib.loads(example)["destinations"]
    assert set(table) <= ALLOWED


def test_the_page_has_every_command() -> None:
    """Groups and their commands have a section each."""
    page = (ROOT / "docs/reference/commands.md").read_text()
    sections = set(re.findall(r"^## tiktok-events (.+)$", page, re.MULTILINE))
    assert set(COMMANDS) <= sections
    assert {"dead edit", "replays pause", "destinations resume", "spool flush"} <= sections
