"""Behind one address another server becomes the master; the old one lives on as a replica."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.chaos.wire import HOST, Wire
from tiktok_events import AsyncClient, Client
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port
from worker.runtime.engine import connect
from worker.settings import Settings

EVENT: dict[str, Any] = {"event": "Purchase", "page": {"url": "https://shop.example/thanks"}}


@pytest.fixture
def heir(redis: Redis, server: EmbeddedServer) -> Redis:
    """The new master: the server of the run, empty."""
    return redis


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The address; it leads to a server that will be demoted."""
    with EmbeddedServer() as old, Wire(old.port) as wire:
        yield wire


def fail_over(wire: Wire, server: EmbeddedServer) -> None:
    """Connections that there are stay with the old server."""
    with Redis.from_url(wire.url) as old:
        old.replicaof(HOST, free_port())
    wire.lead_to(server.port)


def test_a_client_finds_the_new_master(wire: Wire, heir: Redis, server: EmbeddedServer) -> None:
    """It leaves the connection on which a write was refused; the caller notices nothing."""
    with Client(wire.url, event_source_id="C0PIXEL") as client:
        client.track(EVENT)
        fail_over(wire, server)
        client.track(EVENT)
    assert heir.hget(keys.counters, "accepted") == b"1"


def test_a_worker_finds_the_new_master(wire: Wire, heir: Redis, server: EmbeddedServer) -> None:
    """Its connections do the same."""
    with connect(Settings(redis_url=wire.url)) as store:
        redis = store.redis
        redis.set("before", 1)
        fail_over(wire, server)
        redis.set("after", 1)
    assert (heir.get("before"), heir.get("after")) == (None, b"1")


def test_an_async_client_finds_the_new_master(
    wire: Wire, heir: Redis, server: EmbeddedServer
) -> None:
    """Its connections do the same; in a transaction, too."""
    large = {**EVENT, "properties": {"description": "d" * 400_000}}

    async def tracked() -> None:
        async with AsyncClient(
            wire.url, event_source_id="C0PIXEL", max_event_bytes=500_000
        ) as client:
            await client.track(EVENT)
            fail_over(wire, server)
            await client.track_many([large] * 20)

    asyncio.run(tracked())
    assert heir.hget(keys.counters, "accepted") == b"20"
