"""A running worker takes back what is held of whoever has withdrawn consent."""

from __future__ import annotations

from typing import Any

from redis import Redis

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
