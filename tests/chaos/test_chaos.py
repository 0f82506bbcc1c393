"""Whatever breaks under load: nothing accepted is lost, and a repeat is the event it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chaos.invariants import broken
from tests.chaos.play import play
from tests.chaos.scenarios import Scenario
from tests.chaos.stage import Stage

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(420)]


def test_the_promises_hold(
    scenario: Scenario, pytestconfig: pytest.Config, tmp_path: Path, keep: Any
) -> None:
    """A scenario is played with real processes, and every invariant is looked at."""
    with Stage(
        tmp_path,
        settings=scenario.settings,
        latency_ms=scenario.latency_ms,
        marked=scenario.marked,
        deadly=scenario.deadly,
        program=pytestconfig.getoption("server_program"),
        wired=scenario.wired,
        spools=scenario.spools,
        servers=scenario.servers,
    ) as stage:
        evidence = play(scenario, stage)
        keep(evidence, stage.redis.info("server"))
    assert broken(evidence) == []
