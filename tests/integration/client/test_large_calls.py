"""Calls of any size: what is one step, and what is known when one of several steps fails."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting
from tiktok_events import AsyncClient, Client, OutboxUnavailable
from tiktok_events.outbox.append import SCRIPT_BYTES
from worker.local.embedded import EmbeddedServer

EVENT_BYTES = 50_000
OF_A_SCRIPT = SCRIPT_BYTES // EVENT_BYTES
TIMEOUT_S = 0.4


def events(count: int, pixel: str = "C0A") -> list[Any]:
    """As many, each of the same size."""
    return [
        {
            "event": "Lead",
            "event_source_id": pixel,
            "event_id": f"{pixel}-{number}",
            "page": {"url": "u" * EVENT_BYTES},
        }
        for number in range(count)
    ]


def waiting(redis: Redis, pixel: str) -> int:
    """How many events stand in an outbox."""
    return int(redis.hget(keys.state(f"web:{pixel}"), "waiting") or 0)


@contextmanager
def watched(look: Callable[[], int]) -> Iterator[set[int]]:
    """What somebody sees who looks on."""
    seen: set[int] = set()
    done = threading.Event()

    def look_on() -> None:
        while not done.is_set():
            seen.add(look())

    onlooker = threading.Thread(target=look_on)
    onlooker.start()
    try:
        yield seen
    finally:
        done.set()
        onlooker.join()


@contextmanager
def slowed_down(redis: Redis, steps_at_full_speed: int = 0, pause_ms: int = 150) -> Iterator[None]:
    """The server rests before each step, but for the first ones."""

    def steps() -> int:
        statistics: Any = redis.info("commandstats")
        return int(statistics.get("cmdstat_evalsha", {"calls": 0})["calls"])

    done = threading.Event()
    base = steps() + steps_at_full_speed

    def rest() -> None:
        paused_at = -1
        while not done.is_set():
            if base <= (now := steps()) != paused_at:
                redis.client_pause(pause_ms, all=False)
                paused_at = now

    if not steps_at_full_speed:
        redis.client_pause(pause_ms, all=False)
    resting = threading.Thread(target=rest)
    resting.start()
    try:
        yield
    finally:
        done.set()
        resting.join()
        redis.client_unpause()


def test_up_to_a_mebibyte_a_call_is_one_step(redis: Redis, redis_url: str) -> None:
    """Somebody who looks on sees all of it or nothing, whatever it goes to."""
    half = OF_A_SCRIPT // 2 - 1
    with Client(redis_url) as client:
        client.track_many(events(1, "C0OTHER"))
        with watched(lambda: int(redis.hget(keys.counters, "accepted") or 0)) as seen:
            client.track_many([*events(half, "C0A"), *events(half, "C0B")])
    assert seen <= {1, 1 + 2 * half}
    assert (waiting(redis, "C0A"), waiting(redis, "C0B")) == (half, half)


def test_in_a_larger_call_a_destination_is_one_step_if_it_fits(
    redis: Redis, redis_url: str
) -> None:
    """And no transaction holds up others."""
    most = OF_A_SCRIPT - 1
    redis.config_resetstat()
    pairs = zip(events(most, "C0A"), events(most, "C0B"), strict=True)
    with Client(redis_url) as client, watched(lambda: waiting(redis, "C0B")) as seen:
        ids = client.track_many([*events(5 * most, "C0C"), *chain.from_iterable(pairs)])
    assert seen <= {0, most}
    found = [*ids_waiting(redis, "web:C0A"), *ids_waiting(redis, "web:C0B")]
    assert sorted(ids[5 * most :]) == sorted(found)
    assert ids_waiting(redis, "web:C0C") == ids[: 5 * most]
    statistics: Any = redis.info("commandstats")
    assert "cmdstat_multi" not in statistics


def test_work_that_takes_longer_than_a_call_may_be_silent(redis: Redis, redis_url: str) -> None:
    """The time is over when nothing was answered for so long, not when there is much to do."""
    with Client(redis_url, redis_timeout_s=TIMEOUT_S) as client, slowed_down(redis):
        began = time.monotonic()
        ids = client.track_many(events(12 * OF_A_SCRIPT))
        took_s = time.monotonic() - began
    assert took_s > TIMEOUT_S
    assert ids == ids_waiting(redis, "web:C0A")


def test_others_are_served_between_the_steps(redis: Redis, redis_url: str) -> None:
    """A call of a single event waits for one step of a large call, not for all."""
    with Client(redis_url, redis_timeout_s=5) as client, slowed_down(redis, pause_ms=50):
        client.track({"event": "Lead", "event_source_id": "C0B"})
        large = threading.Thread(target=client.track_many, args=(events(8 * OF_A_SCRIPT),))
        large.start()
        while not waiting(redis, "C0A"):
            assert large.is_alive()
        client.track({"event": "Lead", "event_source_id": "C0B"})
        assert large.is_alive()
        large.join()
    assert waiting(redis, "C0A") == 8 * OF_A_SCRIPT


@pytest.fixture
def small() -> Iterator[tuple[str, Redis]]:
    """A server that is soon full, and knows the script."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        with Client(server.url) as client:
            client.track_many(events(1, "C0OTHER"))
        memory: Any = redis.info("memory")
        redis.config_set("maxmemory", memory["used_memory"] + 4 * SCRIPT_BYTES)
        yield server.url, redis


def test_a_call_that_is_refused_midway_says_what_is_in(small: tuple[str, Redis]) -> None:
    """By destination, the first of each; nothing is in doubt."""
    url, redis = small
    call = [*events(3, "C0B"), *events(10 * OF_A_SCRIPT, "C0A")]
    with (
        Client(url) as client,
        pytest.raises(
            OutboxUnavailable, match=r"full.* of the call are in the outbox\)"
        ) as failure,
    ):
        client.track_many(call)
    inside = ids_waiting(redis, "web:C0A")
    assert failure.value.accepted == {"web:C0B": 3, "web:C0A": len(inside)}
    assert inside == [f"C0A-{number}" for number in range(len(inside))]
    assert (0 < len(inside) < 10 * OF_A_SCRIPT, failure.value.in_doubt) == (True, {})


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_call_that_meets_silence_midway_says_what_is_in_doubt(
    redis: Redis, redis_url: str, *, asynchronous: bool
) -> None:
    """One step of it; what follows is not in."""

    def tracked() -> None:
        with Client(redis_url, redis_timeout_s=TIMEOUT_S) as client:
            client.track_many(events(8 * OF_A_SCRIPT))

    async def tracked_async() -> None:
        async with AsyncClient(redis_url, redis_timeout_s=TIMEOUT_S) as client:
            await client.track_many(events(8 * OF_A_SCRIPT))

    with slowed_down(redis, 2, pause_ms=60_000), pytest.raises(OutboxUnavailable) as failure:
        asyncio.run(tracked_async()) if asynchronous else tracked()
    accepted = failure.value.accepted["web:C0A"]
    assert 0 < accepted <= waiting(redis, "C0A") <= accepted + OF_A_SCRIPT
    assert 0 < failure.value.in_doubt["web:C0A"] <= OF_A_SCRIPT


def test_only_what_is_not_in_is_spooled(small: tuple[str, Redis], tmp_path: Path) -> None:
    """Nothing is twice, and nothing is lost."""
    url, redis = small
    with Client(
        url, on_failure="spool", spool_file=tmp_path / "spool.sqlite", redis_timeout_s=5
    ) as client:
        ids = client.track_many(events(10 * OF_A_SCRIPT))
        inside = len(ids_waiting(redis, "web:C0A"))
        redis.config_set("maxmemory", 0)
        assert client.flush() == len(ids) - inside
    assert ids == ids_waiting(redis, "web:C0A")


def test_only_what_is_not_in_is_dropped(small: tuple[str, Redis]) -> None:
    """And counted."""
    url, redis = small
    with Client(url, on_failure="drop") as client:
        client.track_many(events(10 * OF_A_SCRIPT))
        assert client.dropped == 10 * OF_A_SCRIPT - waiting(redis, "C0A")


def test_each_block_is_whole(redis: Redis, redis_url: str) -> None:
    """Cut between events, not within."""
    with Client(redis_url) as client:
        client.track_many(events(3 * OF_A_SCRIPT))
    entries: Any = redis.xrange(keys.outbox("web:C0A"))
    assert all(len(orjson.loads(entry[b"b"])) == int(entry[b"n"]) for _, entry in entries)
