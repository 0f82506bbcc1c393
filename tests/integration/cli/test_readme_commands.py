"""The README's commands that only look, or ask, do so against a real server as they are typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.builders.commands import tiktok_events

README = (Path(__file__).parents[3] / "README.md").read_text()
ASKED = re.findall(r"^\$ tiktok-events ((?:status|dead) ?.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("typed", ASKED)
def test_a_command_of_the_readme_ends_well(typed: str, redis_url: str) -> None:
    """On a server where nothing has happened yet, too."""
    result = tiktok_events(*shlex.split(typed), REDIS_URL=redis_url)
    assert result.exit_code == 0, result.output
    assert result.output
