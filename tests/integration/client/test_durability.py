"""`DURABILITY=fsync`: a call ends when the server's append-only file is on its disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.claims import counter
from tiktok_events import AsyncClient, Client, DurabilityUnsupported, OutboxUnavailable
from worker.local.embedded import EmbeddedServer

EVENT: dict[str, Any] = {"event": "Purchase", "event_source_id": "PIXEL1"}


@pytest.fixture(scope="module")
def own() -> Iterator[EmbeddedServer]:
    """A server whose disk the tests decide about."""
    with EmbeddedServer(appendfsync="always") as server:
        yield server


@pytest.fixture
def durable(own: EmbeddedServer) -> Iterator[Redis]:
    """The server, empty, synced with every write; it knows the script already."""
    with Client(own.url) as client:
        client.track(EVENT)
    with Redis.from_url(own.url, protocol=2) as redis:
        redis.flushall()
        redis.config_set("appendfsync", "always")
        redis.config_resetstat()
        yield redis


def waits(redis: Redis) -> int:
    """How often the server was asked about its disk."""
    statistics: Any = redis.info("commandstats")
    return int(statistics.get("cmdstat_waitaof", {"calls": 0})["calls"])


def test_each_call_waits_for_the_disk(own: EmbeddedServer, durable: Redis) -> None:
    """And a large one with each of its scripts; the first asks once more, whether it can be had."""
    large = EVENT | {"page": {"url": "u" * 50_000}}
    with Client(own.url, durability="fsync") as client:
        client.track(EVENT)
        client.track_many([large] * 20)
        assert (waits(durable), counter(durable, "accepted")) == (3, 21)
        client.track_many([large] * 40)
    assert (waits(durable), counter(durable, "accepted")) == (5, 61)


def test_holding_and_cancelling_wait_too(own: EmbeddedServer, durable: Redis) -> None:
    """The answer of the script stands before that of the disk; taught first or not."""
    durable.script_flush()
    with Client(own.url, durability="fsync", event_source_id="PIXEL1") as client:
        client.track(EVENT | {"event_id": "e"}, delay=60)
        assert [client.cancel("e"), client.cancel("e")] == [True, False]
    assert waits(durable) == 1 + 3 + 2  # the first look, the calls, those that were to teach


def test_an_async_call_waits_too(own: EmbeddedServer, durable: Redis) -> None:
    """In the same way."""

    async def run() -> None:
        async with AsyncClient(own.url, durability="fsync") as client:
            await client.track(EVENT)
            await client.track(EVENT)

    asyncio.run(run())
    assert (waits(durable), counter(durable, "accepted")) == (3, 2)


def test_without_it_nobody_asks(own: EmbeddedServer, durable: Redis) -> None:
    """It costs, so it is a choice."""
    with Client(own.url) as client:
        client.track(EVENT)
    assert (waits(durable), counter(durable, "accepted")) == (0, 1)


def test_a_disk_that_is_not_synced_in_time_is_unavailable(
    own: EmbeddedServer, durable: Redis
) -> None:
    """The event is appended, but that is not what was asked for."""
    with Client(own.url, durability="fsync", redis_timeout_s=0.2) as client:
        client.track(EVENT)
        durable.config_set("appendfsync", "no")
        with pytest.raises(OutboxUnavailable):
            client.track(EVENT)
    assert counter(durable, "accepted") == 2


@pytest.mark.parametrize("on_failure", ["raise", "drop"])
def test_a_server_that_cannot_tell_is_a_clear_error_at_the_first_use(
    own: EmbeddedServer, durable: Redis, on_failure: str
) -> None:
    """It names the version that can, whatever becomes of events in an outage."""
    durable.acl_setuser(
        "old", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-waitaof"]
    )
    url = own.url.replace("redis://", "redis://old:@")
    with Client(url, durability="fsync", on_failure=on_failure) as client:
        for _ in range(2):
            with pytest.raises(DurabilityUnsupported, match=r"Redis 7\.2 or later, or Valkey"):
                client.track(EVENT)
        assert client.dropped == 0
    assert counter(durable, "accepted") == 0


def test_a_server_without_an_append_only_file_is_a_clear_error() -> None:
    """There is no file that could be on disk."""
    with EmbeddedServer() as server, Redis.from_url(server.url) as redis:
        redis.config_set("appendonly", "no")
        with (
            Client(server.url, durability="fsync") as client,
            pytest.raises(DurabilityUnsupported, match="`appendonly yes`"),
        ):
            client.track(EVENT)
