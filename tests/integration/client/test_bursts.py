"""A burst is not an outage: calls that come at once share a connection, and none is refused."""

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
from redis import Redis

from tests.builders.claims import counter
from tiktok_events import AsyncClient, Client, OutboxUnavailable

EVENT: Any = {"event": "Lead", "event_source_id": "C0PIXEL"}
BURST = 300


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def connections_made(redis: Redis) -> int:
    """How many the server has ever accepted."""
    made: int = redis.info("stats")["total_connections_received"]
    return made


def scripts_run(redis: Redis) -> int:
    """How often a script was called."""
    statistics: Any = redis.info("commandstats")
    return int(statistics.get("cmdstat_evalsha", {"calls": 0})["calls"])


def test_a_thousand_coroutines_are_all_heard(redis: Redis, redis_url: str) -> None:
    """Over one connection, in a handful of scripts."""
    made, run = connections_made(redis), scripts_run(redis)

    async def burst() -> list[str]:
        async with AsyncClient(redis_url) as client:
            return await asyncio.gather(*(client.track(EVENT) for _ in range(1_000)))

    assert len(set(asyncio.run(burst()))) == 1_000
    assert (counter(redis, "accepted"), connections_made(redis) - made) == (1_000, 1)
    assert scripts_run(redis) - run <= 10


def test_hundreds_of_threads_are_all_heard(redis: Redis, redis_url: str) -> None:
    """Over one connection, in fewer scripts than calls."""
    made, run = connections_made(redis), scripts_run(redis)
    together = threading.Barrier(BURST)

    def track(client: Client) -> str:
        together.wait()
        return client.track(EVENT)

    with Client(redis_url, redis_timeout_s=30) as client, ThreadPoolExecutor(BURST) as pool:
        ids = list(pool.map(track, [client] * BURST))
    assert (len(set(ids)), counter(redis, "accepted")) == (BURST, BURST)
    assert connections_made(redis) - made == 1
    assert scripts_run(redis) - run < BURST / 2


def test_nobody_waits_longer_than_a_call_may_take(silent: str) -> None:
    """Neither for the server, nor for those who wait for it."""
    with (
        Client(silent, redis_timeout_s=0.5) as client,
        ThreadPoolExecutor(BURST) as pool,
    ):
        began = time.monotonic()
        results = [pool.submit(client.track, EVENT) for _ in range(BURST)]
        assert all(isinstance(one.exception(), OutboxUnavailable) for one in results)
        assert time.monotonic() - began < 5


def test_no_coroutine_waits_longer_than_a_call_may_take(silent: str) -> None:
    """Neither for the server, nor for those who wait for it."""

    async def burst() -> list[Any]:
        async with AsyncClient(silent, redis_timeout_s=0.5) as client:
            calls = (client.track(EVENT) for _ in range(BURST))
            return await asyncio.gather(*calls, return_exceptions=True)

    began = time.monotonic()
    assert all(isinstance(one, OutboxUnavailable) for one in asyncio.run(burst()))
    assert time.monotonic() - began < 5


def test_children_forked_amid_a_burst_track_too(redis: Redis, redis_url: str) -> None:
    """The threads that were at work are not in them, nor is anything that they held."""
    done = threading.Event()

    def track_on(client: Client) -> int:
        count = 0
        while not done.is_set():
            client.track(EVENT)
            count += 1
        return count

    with Client(redis_url, redis_timeout_s=10) as client, ThreadPoolExecutor(8) as pool:
        busy = [pool.submit(track_on, client) for _ in range(8)]
        children = [_forked(client) for _ in range(30)]
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        done.set()
        counts = [one.result() for one in busy]
    assert ended == [0] * 30
    assert counter(redis, "accepted") == sum(counts) + 30


def _forked(client: Client) -> int:
    child = os.fork()
    if child == 0:
        try:
            client.track(EVENT)
            os._exit(0)
        finally:
            os._exit(1)
    return child
