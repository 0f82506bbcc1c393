"""The README's commands that only look, or ask, do so against a real server as they are typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.builders.commands import tiktok_events

README = (Path(__file__).parents[3] / "README.md").read_text()
ASKED = re.findall(r"^\$ tiktok-events ((?:status|dead|figures) ?.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("typed", ASKED)
def test_a_command_of_the_readme_ends_well(typed: str, redis_url: str) -> None:
    """On a server where nothing has happened yet, too."""
    result = tiktok_events(*shlex.split(typed), REDIS_URL=redis_url)
    assert result.exit_code == 0, result.output
    assert result.output


def test_an_order_that_was_never_accepted_is_not_found(redis_url: str) -> None:
    """As the README asks for one; the exit code tells scripts."""
    (typed,) = re.findall(r"^\$ tiktok-events (trace .*)$", README, re.MULTILINE)
    result = tiktok_events(*shlex.split(typed), REDIS_URL=redis_url)
    assert (result.exit_code, "not found" in result.output) == (1, True)
