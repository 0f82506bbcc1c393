"""Two thousand destinations with an event each, and events that fill a request by their bytes."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from redis import Redis

from tiktok_events import Client
from tiktok_events.outbox import keys

DESTINATIONS: Final = 2_000
LARGE_EVENTS: Final = 120
BATCH_BYTES: Final = 65_536
PIXEL: Final = "C0LARGE00PIXEL000000"


def _pageview(pixel: str, event_id: str, url: str = "https://shop.example/") -> dict[str, Any]:
    return {
        "event": "Pageview",
        "event_source_id": pixel,
        "event_id": event_id,
        "user": {"external_id": "user-7"},
        "page": {"url": url},
    }


def _left_behind(redis: Redis) -> set[str]:
    """Keys that stand for work or for a destination."""
    of_destinations = (keys.outbox("*"), keys.state("*"), keys.attempts("*"))
    patterns = (*of_destinations, keys.READY, keys.PARKED)
    return {key.decode() for pattern in patterns for key in redis.scan_iter(pattern, count=1_000)}


def test_thousands_of_destinations_are_delivered_and_leave_no_key(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
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
    redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
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
