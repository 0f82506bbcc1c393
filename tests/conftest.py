"""What every test may use: a real server, a clean database, the profiles of Hypothesis."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from redis import Redis

from worker.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# No deadline: a busy machine is not a failure. The blob repeats a failure found elsewhere.
settings.register_profile("home", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=False)
settings.load_profile("ci" if "CI" in os.environ else "home")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only a conftest at the top may add options."""
    group = parser.getgroup("tiktok-events")
    group.addoption("--server-program", type=Path, help="run this Redis or Valkey server")
    group.addoption("--chaos-table", type=Path, help="write the table of the chaos suite there")
    group.addoption("--chaos-outage-s", type=float, default=20.0, help="how long its outage lasts")
    group.addoption("--chaos-cut-s", type=float, default=20.0, help="how long its cut lasts")


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
