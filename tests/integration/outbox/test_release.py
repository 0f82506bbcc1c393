"""Delayed events enter their outboxes when their time has come."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tests.builders.waiting import ids_waiting
from tiktok_events import Client
from worker.operations.status import read_figures
from worker.outbox.delayed import STEP, DelayedEvents
from worker.outbox.parking import Parking

PIXEL = "web:C0PIXEL"
HOUR_S = 3600


def lead(event_id: str, source_id: str = "C0PIXEL") -> dict[str, Any]:
    """An event of a pixel."""
    return {"event": "Lead", "event_id": event_id, "event_source_id": source_id}


def pass_time(redis: Redis, seconds: float) -> None:
    """All times move into the past: for the server, so much of it has passed."""
    held: Any = redis.zrange(keys.delayed, 0, -1)
    for key in held:
        redis.zincrby(keys.delayed, -seconds * 1000, key)


def test_events_are_released_when_they_are_due(redis: Redis, redis_url: str) -> None:
    """In the order of their times; the others stay."""
    with Client(redis_url) as client:
        for event_id, hours in (("c", 3), ("a", 1), ("b", 2), ("d", 4)):
            client.track(lead(event_id), delay=hours * HOUR_S)
    delayed = DelayedEvents(store_of(redis))
    assert delayed.release() == 0
    pass_time(redis, 3.5 * HOUR_S)
    assert delayed.release() == 3
    assert (ids_waiting(redis, PIXEL), len(delayed)) == (["a", "b", "c"], 1)
    assert delayed.release() == 0


def test_each_goes_where_it_belongs_and_is_due_there(redis: Redis, redis_url: str) -> None:
    """One step for several destinations; a worker looks at each of them now."""
    with Client(redis_url) as client:
        for n in range(6):
            client.track(lead(f"e{n}", f"C0P{n % 3}"), delay=HOUR_S)
    pass_time(redis, HOUR_S)
    assert DelayedEvents(store_of(redis)).release() == 6
    assert [ids_waiting(redis, f"web:C0P{n}") for n in range(3)] == [
        ["e0", "e3"],
        ["e1", "e4"],
        ["e2", "e5"],
    ]
    (seconds, _) = redis.time()
    due: Any = redis.zrange(keys.ready, 0, -1, withscores=True)
    assert [at_ms / 1000 <= seconds + 1 for _, at_ms in due] == [True] * 3
    assert read_figures(store_of(redis)).unaccounted == 0


def test_many_are_released_in_blocks_and_steps(redis: Redis, redis_url: str) -> None:
    """A block has a hundred at most; one look goes on until none is due."""
    count = STEP * 2 + 50
    with Client(redis_url) as client:
        for n in range(count):
            client.track(lead(f"e{n:04}"), delay=HOUR_S)
    pass_time(redis, HOUR_S)
    assert DelayedEvents(store_of(redis)).release() == count
    assert ids_waiting(redis, PIXEL) == [f"e{n:04}" for n in range(count)]
    blocks: Any = redis.xrange(keys.outbox(PIXEL))
    sizes = [int(fields[b"n"]) for _, fields in blocks]
    assert sizes == [100] * (count // 100) + [50]
    assert redis.exists(keys.delayed, keys.delayed_events, keys.delayed_ids) == 0


def test_what_is_released_to_a_parked_destination_waits_there(redis: Redis, redis_url: str) -> None:
    """Nothing is sent before a person resumes it."""
    with Client(redis_url) as client:
        client.track(lead("a"), delay=HOUR_S)
    Parking(store_of(redis)).park(PIXEL)
    pass_time(redis, HOUR_S)
    DelayedEvents(store_of(redis)).release()
    assert (ids_waiting(redis, PIXEL), redis.zscore(keys.ready, PIXEL)) == (["a"], None)


def test_a_full_server_releases_all_the_same(redis: Redis, redis_url: str) -> None:
    """What is released is what empties it."""
    with Client(redis_url) as client:
        client.track(lead("a"), delay=HOUR_S)
        client.track(lead("b"), delay=HOUR_S)
        pass_time(redis, HOUR_S)
        redis.config_set("maxmemory", 1)
        try:
            assert client.cancel("b", event_source_id="C0PIXEL") is True
            assert DelayedEvents(store_of(redis)).release() == 1
        finally:
            redis.config_set("maxmemory", 0)
    assert ids_waiting(redis, PIXEL) == ["a"]


@pytest.mark.parametrize("seed", range(3))
def test_cancelling_and_releasing_agree_on_every_event(
    redis: Redis, redis_url: str, seed: int
) -> None:
    """Each is either sent or cancelled, and the answer of `cancel` says which."""
    ids = [f"e{n}" for n in range(600)]
    with Client(redis_url) as client:
        for event_id in ids:
            client.track(lead(event_id), delay=HOUR_S)
        pass_time(redis, HOUR_S)
        cancelled: list[str] = []
        start = threading.Barrier(5)
        shuffled = random.Random(seed).sample(ids, len(ids))

        def cancel(mine: list[str]) -> None:
            start.wait()
            cancelled.extend(one for one in mine if client.cancel(one, event_source_id="C0PIXEL"))

        def release() -> None:
            start.wait()
            delayed = DelayedEvents(store_of(redis))
            while len(delayed):
                for shard, due in delayed.due().items():
                    delayed.move(shard, due[: 5 + seed])

        threads = [threading.Thread(target=cancel, args=(shuffled[n::3],)) for n in range(3)]
        threads += [threading.Thread(target=release) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 0 < len(cancelled) < len(ids)
    assert sorted(ids_waiting(redis, PIXEL) + cancelled) == sorted(ids)
    figures = read_figures(store_of(redis))
    assert (figures.count("cancelled"), figures.unaccounted) == (len(cancelled), 0)
