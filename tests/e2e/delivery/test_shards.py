"""Eight shards on one server: each event is delivered once, and the sums close."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.fake_api import FakeApi
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.operations.status import Figures, read_figures

SHARDS: Final = Shards(count=8)
PIXELS: Final = [f"C0SHARD{number:03}" for number in range(60)]
EVENTS: Final = 6_000


def event(number: int) -> Any:
    """One for each pixel in turn."""
    return {
        "event": "Lead",
        "event_id": f"e{number}",
        "event_source_id": PIXELS[number % len(PIXELS)],
        "page": {"url": "https://shop.example/"},
    }


def figures(redis: Redis) -> Figures:
    """Over all shards."""
    return read_figures(Store(redis, SHARDS))


def test_everything_is_delivered_once(
    redis: Redis, redis_url: str, fake_api: FakeApi, start_worker: Callable[..., Worker]
) -> None:
    """Single calls, large ones, delayed events; with two processes that take all shards."""
    start_worker(SHARDS="8", ACCESS_TOKEN="T")
    with Client(redis_url, shards=8) as client:
        for first in range(0, EVENTS - 100, 1_000):
            client.track_many(map(event, range(first, min(first + 1_000, EVENTS - 100))))
        for number in range(EVENTS - 100, EVENTS - 10):
            client.track(event(number))
        for number in range(EVENTS - 10, EVENTS):
            client.track(event(number), delay=0.5)
    wait_until(lambda: figures(redis).count("delivered") == EVENTS, 60)
    ids = fake_api.accepted_ids()
    assert (len(ids), set(ids)) == (EVENTS, {f"e{number}" for number in range(EVENTS)})
    assert figures(redis).unaccounted == figures(redis).waiting == 0
    used = [keys for keys in SHARDS if redis.exists(keys.counters)]
    assert len(used) == SHARDS.count


@pytest.mark.parametrize(("producer", "worker"), [("8", "2"), ("1", "8")])
def test_another_number_is_told_and_loses_nothing(
    producer: str,
    worker: str,
    redis: Redis,
    redis_url: str,
    fake_api: FakeApi,
    start_worker: Callable[..., Worker],
) -> None:
    """A worker with another `SHARDS` says so; one with the producer's delivers what is left."""
    with Client(redis_url, shards=int(producer)) as client:
        client.track_many(map(event, range(120)))
    other = start_worker(SHARDS=worker, ACCESS_TOKEN="T", LEASE_S="8", REQUEST_TIMEOUT_S="2")
    wait_until(lambda: other.lines("shards_differ"), 20)
    setting = {"REDIS_URL": redis_url, "ACCESS_TOKEN": "T"}
    told = objects(tiktok_events("doctor", "--json", SHARDS=worker, **setting))
    assert [one["outcome"] for one in told if one["name"] == "shards"] == ["failed"]
    other.terminate()
    start_worker(SHARDS=producer, ACCESS_TOKEN="T")
    wait_until(lambda: len(fake_api.accepted_ids()) >= 120, 30)
    wait_until(lambda: not read_figures(Store(redis, Shards(count=int(producer)))).waiting, 20)
    assert sorted(fake_api.accepted_ids()) == sorted(f"e{number}" for number in range(120))
    told = objects(tiktok_events("doctor", "--json", SHARDS=producer, **setting))
    assert [one["outcome"] for one in told if one["name"] == "shards"] == ["ok"]
