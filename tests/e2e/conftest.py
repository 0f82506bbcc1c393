"""What the end-to-end tests share: a fake of the Events API, and real worker processes.

The fake knows nothing of the project: not its schemas, not its match keys, not its sandbox.
It answers what a test tells it to, and keeps every request as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.builders.chromium import Reader, chromium
from tests.builders.fake_api import FakeApi
from tests.builders.workers import Worker, Workers


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


@pytest.fixture(scope="module")
def program() -> Iterator[Browser]:
    """Chromium, which reaches nothing but this machine; started once."""
    with chromium() as found:
        yield found


@pytest.fixture
def browser(program: Browser) -> Iterator[Reader]:
    """The same for each test, without what the one before left in it."""
    reader = Reader(program)
    yield reader
    reader.close()
