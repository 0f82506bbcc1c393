"""Calls in a group: each keeps its own end, its own error and its own answer."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting
from tiktok_events import AsyncClient, Client, OutboxUnavailable
from tiktok_events.outbox.async_lane import AsyncLane
from tiktok_events.outbox.lane import Lane
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port

CALLS = 24
PRODUCER = Path(__file__).with_name("grouped_producer.py")
FIRST: dict[str, Any] = {"event": "Lead", "event_source_id": "C0FIRST", "event_id": "first"}


def event(number: int, pixel: str = "C0PIXEL") -> Any:
    """One of many."""
    return {"event": "Lead", "event_source_id": pixel, "event_id": f"e{number}"}


@pytest.fixture
def client(redis: Redis, redis_url: str) -> Iterator[Client]:
    """With a connection; the server knows its script."""
    with Client(redis_url, redis_timeout_s=5) as client:
        client.track(FIRST)
        yield client


def tracks(client: Client) -> list[Callable[[], str]]:
    """Calls of many events."""
    return [partial(client.track, event(number)) for number in range(CALLS)]


def lane(client: Client) -> Lane:
    """The way to its server."""
    found = client._appender._lanes
    assert isinstance(found, Lane)
    return found


def async_lane(client: AsyncClient) -> AsyncLane:
    """That of the loop that runs."""
    found = client._appender._lanes(asyncio.get_running_loop())
    assert isinstance(found, AsyncLane)
    return found


def in_line(client: Client, calls: int) -> bool:
    """Whether so many wait for their turn."""
    return len(lane(client)._turns._line) == calls


def until(happened: Callable[[], bool]) -> None:
    """Wait for it."""
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.001)


def in_one_group(
    client: Client, redis: Redis, calls: Sequence[Callable[[], Any]]
) -> list[Future[Any]]:
    """Make calls while another is under way, so that one group carries them; when all are over."""
    with ThreadPoolExecutor(len(calls) + 1) as pool:
        redis.client_pause(60_000, all=False)
        lead = pool.submit(client.track, FIRST)
        until(lambda: lane(client)._turns._leader is not None)
        futures = [pool.submit(call) for call in calls]
        until(lambda: in_line(client, len(calls)))
        redis.client_unpause()
        lead.result()
    return futures


def test_a_group_is_one_script(client: Client, redis: Redis) -> None:
    """In blocks of many events: that is what makes it cheap."""
    ids = [one.result() for one in in_one_group(client, redis, tracks(client))]
    assert sorted(ids) == sorted(ids_waiting(redis, "web:C0PIXEL"))
    assert redis.xlen(keys.outbox("web:C0PIXEL")) == 1


def test_an_error_belongs_to_the_call_that_has_it(client: Client, redis: Redis) -> None:
    """Somebody else's key stands where the outbox of one of them should be."""
    redis.set(keys.outbox("web:C0TAKEN"), "taken")
    calls = [*tracks(client), lambda: client.track(event(0, "C0TAKEN"))]
    *good, bad = in_one_group(client, redis, calls)
    failure: Any = bad.exception()
    assert isinstance(failure, OutboxUnavailable)
    assert (failure.accepted, failure.in_doubt) == ({}, {})
    assert {one.result() for one in good} == set(ids_waiting(redis, "web:C0PIXEL"))


def test_delays_and_cancellations_are_carried_among_others(client: Client, redis: Redis) -> None:
    """Each gets the answer of its own script."""
    client.track(event(100), delay=60)
    answers = in_one_group(
        client,
        redis,
        [
            lambda: client.track(event(1)),
            lambda: client.cancel("e100", event_source_id="C0PIXEL"),
            lambda: client.cancel("none", event_source_id="C0PIXEL"),
            lambda: client.track(event(2), delay=60),
            lambda: client.track_many([event(3), event(4)]),
        ],
    )
    assert [one.result() for one in answers] == ["e1", True, False, "e2", ["e3", "e4"]]
    assert redis.zcard(keys.delayed) == 1


def test_a_group_is_taught_a_script_that_the_server_forgot(client: Client, redis: Redis) -> None:
    """After a restart each event stands there once."""
    redis.script_flush()
    ids = [one.result() for one in in_one_group(client, redis, tracks(client))]
    assert sorted(ids) == sorted(ids_waiting(redis, "web:C0PIXEL"))


def test_after_silence_each_call_knows_whether_it_is_in(redis: Redis, redis_url: str) -> None:
    """The one that was under way is in doubt; those that waited behind it are not in."""
    with Client(redis_url, redis_timeout_s=0.5) as client, ThreadPoolExecutor(CALLS) as pool:
        client.track(FIRST)
        redis.client_pause(60_000, all=False)
        lead = pool.submit(client.track, FIRST)
        until(lambda: lane(client)._turns._leader is not None)
        others = [pool.submit(client.track, event(n)) for n in range(CALLS - 1)]
        failures: list[Any] = [one.exception() for one in (lead, *others)]
        redis.client_unpause()
    assert [one.in_doubt for one in failures] == [{"web:C0FIRST": 1}, *[{}] * (CALLS - 1)]
    assert ids_waiting(redis, "web:C0PIXEL") == []


def test_a_group_waits_for_the_disk_once() -> None:
    """And each of its calls knows that its event is there."""
    with EmbeddedServer(appendfsync="always") as server, Redis.from_url(server.url) as redis:
        with Client(server.url, durability="fsync", redis_timeout_s=5) as client:
            client.track(FIRST)
            redis.config_resetstat()
            ids = [one.result() for one in in_one_group(client, redis, tracks(client))]
        statistics: Any = redis.info("commandstats")
        assert len(ids) == CALLS
        assert statistics["cmdstat_waitaof"]["calls"] == 2  # the one under way, and the group


def test_nobody_is_refused_by_a_server_that_is_back(redis: Redis, redis_url: str) -> None:
    """The first call after the pause asks for all that come with it."""
    with Client(redis_url, redis_timeout_s=0.1) as client, ThreadPoolExecutor(CALLS) as pool:
        client.track(FIRST)
        redis.client_pause(60_000, all=False)
        with pytest.raises(OutboxUnavailable):
            client.track(FIRST)
        redis.client_unpause()
        until(lambda: lane(client).circuit._clock() >= lane(client).circuit._probe_at)
        together = threading.Barrier(CALLS)

        def track(number: int) -> str:
            together.wait()
            return client.track(event(number))

        assert len(set(pool.map(track, range(CALLS)))) == CALLS


def test_a_killed_producer_owes_nothing(redis: Redis, redis_url: str) -> None:
    """What its threads were told to be in the outbox is there."""
    with subprocess.Popen([sys.executable, PRODUCER, redis_url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(2_000)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    returned = {line.decode().strip() for line in told if line.endswith(b"\n")}
    assert len(returned) >= 2_000
    assert returned <= set(ids_waiting(redis, "web:C0PIXEL"))


# --- coroutines ----------------------------------------------------------------------------


def test_who_is_cancelled_harms_nobody_else(redis: Redis, redis_url: str) -> None:
    """Neither the first call of a group, nor one in its midst, nor the one under way."""

    async def burst() -> list[Any]:
        async with AsyncClient(redis_url, redis_timeout_s=5) as client:
            await client.track(FIRST)
            tasks = [asyncio.create_task(client.track(event(n))) for n in range(CALLS)]
            await asyncio.sleep(0)
            for number in (0, 1, CALLS // 2):
                tasks[number].cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(burst())
    cancelled = {n for n, one in enumerate(results) if isinstance(one, asyncio.CancelledError)}
    assert cancelled == {0, 1, CALLS // 2}
    waiting = ids_waiting(redis, "web:C0PIXEL")
    assert {f"e{n}" for n in range(CALLS)} - {f"e{n}" for n in cancelled} <= set(waiting)
    assert len(waiting) == len(set(waiting))


def test_who_is_cancelled_in_a_group_under_way_harms_nobody_else(
    redis: Redis, redis_url: str
) -> None:
    """The task that carries the group belongs to none of its calls."""

    async def burst() -> list[Any]:
        async with AsyncClient(redis_url, redis_timeout_s=5) as client:
            await client.track(FIRST)
            redis.client_pause(60_000, all=False)
            lead = asyncio.create_task(client.track(FIRST))
            await asyncio.sleep(0)
            tasks = [asyncio.create_task(client.track(event(n))) for n in range(CALLS)]
            await asyncio.sleep(0)
            lead.cancel()  # now the others are carried by a task of their own
            for _ in range(20):
                await asyncio.sleep(0)
            tasks[0].cancel()
            redis.client_unpause()
            return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = asyncio.run(burst())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [f"e{n}" for n in range(1, CALLS)]


def test_a_loop_that_ends_leaves_nothing_hanging(redis: Redis, redis_url: str) -> None:
    """Calls under way end with it, and the client works in the next loop."""
    client = AsyncClient(redis_url, redis_timeout_s=5)

    async def abandon() -> None:
        await client.track(FIRST)
        tasks = [asyncio.create_task(client.track(event(n))) for n in range(CALLS)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()

    async def again() -> str:
        async with client:
            return await client.track(event(100))

    asyncio.run(abandon())
    assert asyncio.run(again()) == ids_waiting(redis, "web:C0PIXEL")[-1]


def test_an_async_error_belongs_to_the_call_that_has_it(redis: Redis, redis_url: str) -> None:
    """As in a group of threads."""
    redis.set(keys.outbox("web:C0TAKEN"), "taken")

    async def burst() -> list[Any]:
        async with AsyncClient(redis_url) as client:
            calls = [client.track(event(n)) for n in range(CALLS)]
            bad = client.track(event(0, "C0TAKEN"))
            return await asyncio.gather(*calls, bad, return_exceptions=True)

    *good, bad = asyncio.run(burst())
    assert isinstance(bad, OutboxUnavailable)
    assert set(good) == set(ids_waiting(redis, "web:C0PIXEL"))


def test_while_nobody_answers_those_who_wait_are_told_soon(tmp_path: Path) -> None:
    """A probe that hangs holds up others for a moment only."""
    with EmbeddedServer(tmp_path, port=free_port()) as server, Redis.from_url(server.url) as redis:

        async def burst() -> float:
            async with AsyncClient(server.url, redis_timeout_s=2) as client:
                await client.track(FIRST)
                redis.client_pause(60_000, all=False)
                async_lane(client).circuit._probe_at = 0.001  # it was away until now
                probe = asyncio.create_task(client.track(FIRST))
                await asyncio.sleep(0)
                began = time.monotonic()
                with pytest.raises(OutboxUnavailable, match="asked again"):
                    await client.track(event(1))
                took_s = time.monotonic() - began
                redis.client_unpause()
                await probe
                return took_s

        assert asyncio.run(burst()) < 1
