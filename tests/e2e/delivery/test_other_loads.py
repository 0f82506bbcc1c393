"""Events that come one by one, and a backlog."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import Any

from tests.builders.events import pageview
from tests.builders.wait import wait_until
from tests.e2e.delivery.wire_format import Event
from tiktok_events import Client


def _pageview(number: int, pixel: int = 0) -> Event:
    return pageview(f"view-{number}", f"C0CHEAP0PIXEL000000{pixel}")


def test_events_that_come_one_by_one_all_arrive(
    redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """Fifty a second, for three seconds."""
    start_worker()
    begin = time.monotonic()
    with Client(redis_url) as client:
        for number in range(150):
            wait_until(lambda due=begin + number / 50: time.monotonic() >= due)
            client.track(_pageview(number))
    wait_until(lambda: sum(len(r.ids) for r in fake_api.accepted()) >= 150)
    arrived = Counter(event_id for request in fake_api.accepted() for event_id in request.ids)
    assert arrived == Counter(f"view-{number}" for number in range(150))


def _enqueue_backlog(redis_url: str, events: list[Event]) -> None:
    """In slices that no request and no block fits."""
    sizes = itertools.cycle((1, 37, 999, 2_503, 4_001))
    with Client(redis_url) as client:
        left = iter(events)
        while part := list(itertools.islice(left, next(sizes))):
            client.track_many(part)


def test_a_backlog_fills_its_requests_to_the_brim(
    redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """At most 1.02 requests per 1,000 events, of one process; each more adds one a pixel.

    The API is slow, so that the worker runs out of room for requests all the time.
    """
    views = [_pageview(number, pixel=number % 4) for number in range(52_000)]
    _enqueue_backlog(redis_url, views)
    fake_api.latency_s = 0.15
    start_worker(concurrency=1)
    wait_until(lambda: sum(len(r.ids) for r in fake_api.accepted()) >= len(views), 60)
    assert len(fake_api.requests()) <= 1.02 * len(views) / 1000
