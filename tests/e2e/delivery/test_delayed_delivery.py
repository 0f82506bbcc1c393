"""A worker sends what was delayed once its time has come, and nothing that was cancelled."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from redis import Redis

from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.operations.status import read_figures

HOUR = timedelta(hours=1)


def pass_an_hour(redis: Redis) -> None:
    """All times move into the past."""
    held: Any = redis.zrange(keys.delayed, 0, -1)
    for key in held:
        redis.zincrby(keys.delayed, -3_600_000, key)


def test_a_delayed_event_is_delivered_unless_cancelled(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """Workers die and start while it is delayed; its time stays that of the call."""
    lead: dict[str, Any] = {
        "event": "Lead",
        "page": {"url": "https://shop.example/"},
        "user": {"ip": "8.8.4.4"},
    }
    with Client(redis_url, event_source_id="C0HELD00PIXEL0000000") as client:
        start_worker().kill()
        for event_id in ("kept", "cancelled", "later"):
            client.track(lead | {"event_id": event_id}, delay=HOUR)
        pass_an_hour(redis)
        assert client.cancel("cancelled") is True
        client.track(lead | {"event_id": "later"}, delay=HOUR)
        before = int(time.time())
        start_worker()
        (request,) = wait_until(fake_api.requests)
        assert client.cancel("kept") is False
    (event,) = request.document["data"]
    assert event["event_id"] == "kept"
    assert before - 60 < event["event_time"] <= before
    wait_until(lambda: read_figures(store_of(redis)).count("delivered"))
    figures = read_figures(store_of(redis))
    assert (figures.delayed, figures.count("cancelled"), figures.unaccounted) == (1, 2, 0)
