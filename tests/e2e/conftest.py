"""What the end-to-end tests share: a fake of the Events API, and real worker processes.

The fake knows nothing of the project: not its schemas, not its match keys, not its sandbox.
It answers what a test tells it to, and keeps every request as it came.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from redis import Redis

from tests.builders.fake_api import POLL_S, FakeApi
from tests.builders.workers import Worker, Workers
from tiktok_events.outbox import keys

Found = TypeVar("Found")


@pytest.fixture(scope="session")
def new_fake_api() -> type[FakeApi]:
    """For a module that shares one fake between its tests; a context manager."""
    return FakeApi


@pytest.fixture(scope="session")
def new_workers() -> type[Workers]:
    """For a module that shares workers between its tests; a context manager."""
    return Workers


@pytest.fixture
def fake_api() -> Iterator[FakeApi]:
    """The fake of this test."""
    with FakeApi() as api:
        yield api


@pytest.fixture
def start_worker(
    fake_api: FakeApi, redis_url: str, tmp_path: Path
) -> Iterator[Callable[..., Worker]]:
    """Starts workers on the empty database and the fake: `start_worker(LEASE_S="8")`."""
    with Workers(tmp_path, REDIS_URL=redis_url, API_URL=fake_api.url) as workers:
        yield workers.start


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    """`wait_until(condition, timeout_s)`: the condition's first true value."""

    def wait(condition: Callable[[], Found], timeout_s: float = 20.0) -> Found:
        ends = time.monotonic() + timeout_s
        while not (found := condition()):
            assert time.monotonic() < ends, f"not within {timeout_s:g} s"
            time.sleep(POLL_S)
        return found

    return wait


@pytest.fixture(scope="session")
def counters() -> Callable[[Redis], dict[str, int]]:
    """`counters(redis)`: what was counted since the database was empty."""

    def read(redis: Redis) -> dict[str, int]:
        counted: Any = redis.hgetall(keys.COUNTERS)
        return {name.decode(): int(value) for name, value in counted.items()}

    return read
