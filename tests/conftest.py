"""What every test may use: a real server, a clean database, the profiles of Hypothesis."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

from tests.builders.environment import SHARDS
from tests.looks import VIEWS
from worker.local.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine is not a failure. The blob repeats a failure found elsewhere.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only a conftest at the top may add options."""
    # Known before any module is imported that names keys, and to the processes of a run.
    for word in sys.argv:
        if word.startswith("--shards="):
            os.environ[SHARDS] = word.partition("=")[2]
    group = parser.getgroup("tiktok-events")
    group.addoption("--server-program", type=Path, help="run this Redis or Valkey server")
    group.addoption("--chaos-table", type=Path, help="write the table of the chaos suite there")
    group.addoption("--chaos-outage-s", type=float, default=20.0, help="how long its outage lasts")
    group.addoption("--chaos-cut-s", type=float, default=20.0, help="how long its cut lasts")
    group.addoption("--shards", default="1", help="so many shards, in all processes of a run")
    group.addoption(
        "--differential-events", type=int, default=4_000, help="mutated events to be compared"
    )


@pytest.fixture(autouse=True, scope="module")
def _leaks_are_seen() -> Iterator[None]:
    """A socket, file or process left open fails the module that left it, not a later one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """The real server of this test run. A test that kills one starts its own."""
    with EmbeddedServer(program=pytestconfig.getoption("server_program")) as embedded:
        yield embedded


@pytest.fixture(autouse=True, scope="session")
def _views_end() -> Iterator[None]:
    """The process that looks while scenarios run ends with the run."""
    yield
    VIEWS.close()


@pytest.fixture
def redis(server: EmbeddedServer) -> Iterator[Redis]:
    """A client of an empty database; values are bytes."""
    with Redis.from_url(server.url, decode_responses=False, protocol=2) as client:
        client.flushall()
        yield client


@pytest.fixture
def redis_url(redis: Redis, server: EmbeddedServer) -> str:
    """The URL of the empty database, for the code that makes its own client."""
    return server.url
