"""A running worker takes back what is held of whoever has withdrawn consent."""

from __future__ import annotations

from typing import Any

from redis import Redis

from tests.builders.counters import counters
from tests.builders.fake_api import FakeApi
from tests.builders.stores import SHARDS, keys
from tests.builders.wait import wait_until
from tiktok_events import Client


def test_a_worker_takes_back_what_was_asked_for(
    redis: Redis, redis_url: str, start_worker: Any
) -> None:
    """One call of the application is enough; what is held of others stays."""
    start_worker()
    with Client(redis_url, event_source_id="C0PIXEL") as client:
        for name in ("jo", "ann"):
            event: dict[str, Any] = {"event": "Lead", "user": {"email": f"{name}@example.com"}}
            client.track(event | {"event_id": name}, delay=3600)
        client.withdraw({"email": "jo@example.com"})
        wait_until(lambda: not redis.exists(SHARDS.installation.withdrawals))
        assert redis.zcard(keys.delayed) == 1
        assert client.cancel("ann") is True


def test_what_was_taken_back_before_a_worker_started_is_not_delivered(
    redis: Redis, redis_url: str, fake_api: FakeApi, start_worker: Any
) -> None:
    """The first thing a worker does is to erase it; what waits of others arrives."""
    with Client(redis_url, event_source_id="C0PIXEL", linger_ms=0) as client:
        for name in ("jo", "ann"):
            event: dict[str, Any] = {"event": "Lead", "user": {"email": f"{name}@example.com"}}
            client.track(event | {"event_id": name})
        client.withdraw({"email": "jo@example.com"})
    start_worker()
    wait_until(lambda: counters(redis).get("delivered") == 1)
    assert [request.ids for request in fake_api.requests()] == [["ann"]]
    assert not redis.exists(SHARDS.installation.withdrawals)
