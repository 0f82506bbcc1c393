"""Two thousand destinations, requests that are full by their bytes, and blocks that are no JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from redis import Redis

from tests.builders.events import pageview
from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters

DESTINATIONS: Final = 2_000
LARGE_EVENTS: Final = 120
BATCH_BYTES: Final = 65_536
PIXEL: Final = "C0LARGE00PIXEL000000"
KEY: Final = f"web:{PIXEL}"


def _pageview(pixel: str, event_id: str, url: str = "https://shop.example/") -> dict[str, Any]:
    return pageview(event_id, pixel, page={"url": url})


def _left_behind(redis: Redis) -> set[str]:
    """Keys that stand for work or for a destination."""
    of_destinations = (keys.outbox("*"), keys.state("*"), keys.attempts("*"))
    patterns = (*of_destinations, keys.ready, keys.parked)
    return {key.decode() for pattern in patterns for key in redis.scan_iter(pattern, count=1_000)}


def test_thousands_of_destinations_are_delivered_and_leave_no_key(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """Each gets one request with its event; idle, they cost nothing."""
    pixels = [f"C0CROWD00PIXEL{number:06}" for number in range(DESTINATIONS)]
    with Client(redis_url) as client:
        client.track_many(_pageview(pixel, "only") for pixel in pixels)
    assert len(_left_behind(redis)) == 2 * DESTINATIONS + 1
    start_worker()
    wait_until(lambda: len(fake_api.accepted()) >= DESTINATIONS, 60)
    wait_until(lambda: not _left_behind(redis))
    assert Counter(pixels) == Counter(request.source_id for request in fake_api.requests())


def test_requests_are_full_by_bytes_before_they_are_by_count(
    redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """None is over the limit, though a block alone is; and every event arrives once."""
    url = f"https://shop.example/?{'q' * 1_900}"
    with Client(redis_url) as client:
        ids = client.track_many(_pageview(PIXEL, f"e{n}", url) for n in range(LARGE_EVENTS))
    start_worker(1, BATCH_BYTES=str(BATCH_BYTES))
    wait_until(lambda: sum(len(request.ids) for request in fake_api.accepted()) >= LARGE_EVENTS)
    requests = fake_api.requests()
    assert Counter(ids) == Counter(event_id for one in requests for event_id in one.ids)
    assert max(len(one.body) for one in requests) <= BATCH_BYTES
    assert len(requests) == -(-LARGE_EVENTS // len(requests[0].ids))


def test_blocks_that_are_no_json_end_as_letters_and_harm_nothing_else(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """The events around them arrive once, in order, and the outbox is empty then."""
    with Client(redis_url) as client:
        client.track_many(_pageview(PIXEL, f"e{n}") for n in range(250))
        for payload in (b"[{", b"zlib 1000 1795384568 1795384568\n<not ours>"):
            _append_by_hand(redis, payload, events=3)
        client.track_many(_pageview(PIXEL, f"e{n}") for n in range(250, 257))
        client.track(_pageview(PIXEL, "e257"))
    start_worker(1, MAX_IN_FLIGHT="1")
    wait_until(lambda: not _left_behind(redis))
    arrived = [event_id for request in fake_api.requests() for event_id in request.ids]
    assert arrived == [f"e{n}" for n in range(258)]
    letters = [(letter.event_id, letter.reason) for letter in DeadLetters(store_of(redis))]
    assert letters == [(None, "invalid")] * 6


def _append_by_hand(redis: Redis, payload: bytes, events: int) -> None:
    """A block that none of our producers writes."""
    seconds, us = redis.time()
    place = f"{seconds * 1000 + us // 1000}-{redis.incr(keys.sequence)}"
    redis.xadd(keys.outbox(KEY), {"n": events, "b": payload}, id=place)
    redis.hincrby(keys.state(KEY), "waiting", events)
    redis.hincrby(keys.counters, "accepted", events)
