"""What the tests of delivery share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.builders.parked import PIXEL, Parked
from tiktok_events import Client
from tiktok_events_sandbox import Sandbox
from worker.settings import Settings


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture
def parked(redis: Redis, redis_url: str) -> Iterator[Parked]:
    """An empty destination that is not parked yet."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        yield Parked(redis, client)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An API without faults so far."""
    with Sandbox(keep_events=1_000) as sandbox:
        yield sandbox


@pytest.fixture
def settings(redis_url: str, sandbox: Sandbox) -> Settings:
    """Of a worker that sends to the sandbox."""
    return Settings.load({}, redis_url=redis_url, api_url=sandbox.url, access_token="token")
