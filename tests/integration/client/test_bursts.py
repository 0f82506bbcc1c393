"""A burst is not an outage: a call waits for a connection as long as it may take."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import ConnectionPool, Redis

from tiktok_events import AsyncClient, Client, OutboxUnavailable
from tiktok_events.connection.circuit import Circuit
from tiktok_events.connection.line import Line
from tiktok_events.connection.room import MOST_CONNECTIONS, ConnectionsBusy
from tiktok_events.outbox import keys
from tiktok_events.outbox.wire import written

EVENT: Any = {"event": "Lead", "event_source_id": "C0PIXEL"}
PING = [written(("PING",))]
SPARE = 2
"""Connections of the test itself."""


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def connections_made(redis: Redis) -> int:
    """How many the server has ever accepted."""
    made: int = redis.info("stats")["total_connections_received"]
    return made


def test_a_thousand_coroutines_are_all_heard(redis: Redis, redis_url: str) -> None:
    """Over a bounded number of connections."""
    before = connections_made(redis)

    async def burst() -> list[str]:
        async with AsyncClient(redis_url, redis_timeout_s=30) as client:
            return await asyncio.gather(*(client.track(EVENT) for _ in range(1_000)))

    assert len(set(asyncio.run(burst()))) == 1_000
    assert int(redis.hget(keys.COUNTERS, "accepted") or 0) == 1_000
    assert connections_made(redis) - before <= MOST_CONNECTIONS + SPARE


def test_hundreds_of_threads_are_all_heard(redis: Redis, redis_url: str) -> None:
    """Over a bounded number of connections."""
    before, threads = connections_made(redis), 300
    together = threading.Barrier(threads)

    def track(client: Client) -> str:
        together.wait()
        return client.track(EVENT)

    with Client(redis_url, redis_timeout_s=30) as client, ThreadPoolExecutor(threads) as pool:
        ids = list(pool.map(track, [client] * threads))
    assert len(set(ids)) == threads
    assert connections_made(redis) - before <= MOST_CONNECTIONS + SPARE


def test_nobody_waits_longer_than_a_call_may_take(silent: str) -> None:
    """Neither for the server, nor for those who wait for it."""
    calls = MOST_CONNECTIONS * 2
    with (
        Client(silent, redis_timeout_s=0.5, on_failure="raise") as client,
        ThreadPoolExecutor(calls) as pool,
    ):
        began = time.monotonic()
        results = [pool.submit(client.track, EVENT) for _ in range(calls)]
        assert all(isinstance(one.exception(), OutboxUnavailable) for one in results)
        assert time.monotonic() - began < 5


def test_no_coroutine_waits_longer_than_a_call_may_take(silent: str) -> None:
    """Neither for the server, nor for those who wait for it."""

    async def burst() -> list[Any]:
        async with AsyncClient(silent, redis_timeout_s=0.5, on_failure="raise") as client:
            calls = (client.track(EVENT) for _ in range(MOST_CONNECTIONS * 2))
            return await asyncio.gather(*calls, return_exceptions=True)

    began = time.monotonic()
    assert all(isinstance(one, OutboxUnavailable) for one in asyncio.run(burst()))
    assert time.monotonic() - began < 5


def test_a_wait_for_a_connection_says_nothing_of_redis() -> None:
    """The next call is not kept from asking it."""
    circuit = Circuit()
    with pytest.raises(ConnectionsBusy), circuit.guarding():
        raise ConnectionsBusy
    with circuit.guarding():
        pass


def test_a_child_has_the_connections_that_its_parents_threads_hold(redis_url: str) -> None:
    """They would never come back in it."""
    pool = ConnectionPool.from_url(redis_url, max_connections=1)
    line = Line(pool, 5.0)
    place = line._room.enter(line.end())
    with pytest.raises(ConnectionsBusy):
        line.exchange(PING, time.monotonic() + 1.55)
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if line.exchange(PING, line.end()) == [b"PONG"] else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    place.put(None)
    assert line.exchange(PING, line.end()) == [b"PONG"]
    line.close()
