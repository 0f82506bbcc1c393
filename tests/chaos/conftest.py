"""Keeps the evidence of every scenario, and prints the table when all have run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.cluster import Cluster
from tests.chaos.failovers import FAILOVERS
from tests.chaos.invariants import Evidence
from tests.chaos.scenarios import SCENARIOS, cut, outage
from tests.chaos.sentinels import Sentinels
from tests.chaos.table import markdown, server_name, text_lines, title

ROWS = pytest.StashKey[list[Evidence]]()
SERVER = pytest.StashKey[str]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each scenario; how long outage and cut last are options."""
    if "scenario" in metafunc.fixturenames:
        option = metafunc.config.getoption
        timed = [outage(option("chaos_outage_s")), cut(option("chaos_cut_s"))]
        # Failovers are played with what Valkey 9 has for them.
        failovers = [] if option("server_program") else FAILOVERS
        scenarios = [*SCENARIOS, *timed, *failovers]
        metafunc.parametrize("scenario", scenarios, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="session")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sentinels]:
    """A primary, a replica in step with it, and three Sentinels; a test leaves them so."""
    with Sentinels(tmp_path_factory.mktemp("sentinels")) as servers:
        yield servers


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three primaries, and a replica of the outbox's; a test leaves them so."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


@pytest.fixture
def keep(pytestconfig: pytest.Config) -> Any:
    """Keeps the evidence of a scenario, and what its server says of itself, for the table."""

    def keep_one(evidence: Evidence, server: dict[str, Any]) -> None:
        pytestconfig.stash.setdefault(ROWS, []).append(evidence)
        pytestconfig.stash[SERVER] = server_name(server)

    return keep_one


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table; write it where the option says."""
    rows = config.stash.get(ROWS, [])
    if not rows:
        return
    heading = title(config.stash[SERVER])
    terminalreporter.section(heading)
    for line in text_lines(rows):
        terminalreporter.write_line(line)
    if (path := config.getoption("chaos_table")) is not None:
        Path(path).write_text(markdown(rows, heading))
