"""While a destination is parked, the clock of its events runs on."""

from __future__ import annotations

import time
from typing import Any, Final

from redis import Redis

from tests.builders.stores import keys, store_of
from tests.builders.wait import wait_until
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.outbox.parking import Parking

PIXEL: Final = "C0PARKED0PIXEL000000"
KEY: Final = f"web:{PIXEL}"
A_WEEK_S: Final = 7 * 86_400


def test_a_worker_buries_what_has_expired_at_a_parked_destination(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any
) -> None:
    """Nobody resumes it, nothing is sent, and what can still be sent waits on."""
    too_old: dict[str, Any] = {
        "event": "Purchase",
        "event_id": "old",
        "event_time": int(time.time()) - A_WEEK_S,
    }
    place: dict[str, Any] = {
        "event_source_id": PIXEL,
        "page": {"url": "https://shop.example/thanks"},
    }
    with Client(redis_url) as client:
        client.track(too_old | place | {"user": {"email": "jo@example.com"}})
        client.track({"event": "Purchase", "user": {"email": "jo@example.com"}} | place)
    assert Parking(store_of(redis)).park(KEY)
    worker = start_worker()
    wait_until(lambda: len(DeadLetters(store_of(redis))))
    (letter,) = DeadLetters(store_of(redis))
    assert (letter.event_id, letter.reason, letter.attempts) == ("old", "expired", 0)
    assert redis.hmget(keys.state(KEY), "waiting", "parked") == [b"1", b"by hand"]
    worker.kill()
    assert fake_api.requests() == []
