"""A server that answers but refuses to write ends no worker, and loses no event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.wait import wait_until
from tiktok_events import Client, Page
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import HOST, free_port

PAGE: Page = {"url": "https://shop.example/thanks"}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """One that may be spoilt."""
    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def admin(server: EmbeddedServer) -> Iterator[Redis]:
    """Past the workers."""
    with Redis.from_url(server.url, protocol=2) as client:
        yield client


def track(server: EmbeddedServer, event_id: str) -> None:
    """Hand one event over."""
    with Client(server.url, event_source_id="C0PIXEL") as client:
        client.track({"event": "Purchase", "event_id": event_id, "page": PAGE})


def test_a_worker_outlives_a_demoted_server(
    server: EmbeddedServer, admin: Redis, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """As in a failover: its main process says so once, and delivers when it is promoted."""
    worker = start_worker(REDIS_URL=server.url)
    wait_until(lambda: worker.lines("worker_ready"))
    admin.replicaof(HOST, free_port())
    wait_until(lambda: worker.lines("redis_unavailable"))
    admin.replicaof("NO", "ONE")
    track(server, "after")
    wait_until(lambda: worker.lines("redis_is_back"))
    wait_until(fake_api.accepted)
    assert len(worker.lines("redis_unavailable")) == 1
    assert worker.terminate() == 0


def test_a_worker_starts_on_a_replica_and_waits(
    server: EmbeddedServer, admin: Redis, fake_api: Any, start_worker: Callable[..., Any]
) -> None:
    """It can be deployed during a failover."""
    track(server, "before")
    admin.replicaof(HOST, free_port())
    worker = start_worker(REDIS_URL=server.url)
    wait_until(lambda: worker.lines("redis_unavailable"))
    admin.replicaof("NO", "ONE")
    wait_until(fake_api.accepted)
    assert worker.terminate() == 0


def test_a_worker_that_waits_for_its_server_ends_when_told(
    server: EmbeddedServer, admin: Redis, start_worker: Callable[..., Any]
) -> None:
    """A SIGTERM is heard while nothing can be done."""
    admin.replicaof(HOST, free_port())
    worker = start_worker(REDIS_URL=server.url)
    wait_until(lambda: worker.lines("redis_unavailable"))
    assert worker.terminate() == 0
