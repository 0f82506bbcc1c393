"""A worker sends what stands packed like anything else, and buries what cannot be unpacked."""

from __future__ import annotations

import zlib
from typing import Any, Final

from redis import Redis

from tiktok_events import Client
from tiktok_events.outbox import keys
from tiktok_events.outbox.packing_dictionary import DICTIONARY
from worker.letters.dead_letters import DeadLetters

PIXEL: Final = "C0PACKED0PIXEL000000"
KEY: Final = f"web:{PIXEL}"
TIME: Final = 1_795_384_568


def _lead(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "event": "Lead",
        "event_id": f"e{number}",
        "user": {"email": "jo@example.com"},
        "page": {"url": f"https://shop.example/thanks?{'q' * 500}"},
        **changes,
    }


def _bomb() -> bytes:
    """Twenty megabytes of blanks that claim to be a kilobyte."""
    stream = zlib.compressobj(9, zdict=DICTIONARY)
    small = stream.compress(b" " * 20_000_000) + stream.flush()
    return b"zlib 1000 %d %d\n" % (TIME, TIME) + small


def _left(redis: Redis) -> int:
    return int(redis.hget(keys.state(KEY), "waiting") or 0)


def test_packed_and_plain_blocks_are_delivered_in_order(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """Each event once, in the order of acceptance, and the outbox is empty then."""
    with (
        Client(redis_url, event_source_id=PIXEL, compression="zlib") as packing,
        Client(redis_url, event_source_id=PIXEL, compression="none") as plain,
    ):
        sizes = [1, 100, 7, 1, 30, 2, 250, 1] * 2
        first = 0
        for place, size in enumerate(sizes):
            events = [_lead(number) for number in range(first, first + size)]
            (packing if place % 2 else plain).track_many(events)
            first += size
    start_worker(1, MAX_IN_FLIGHT="1")
    wait_until(lambda: sum(len(request.ids) for request in fake_api.accepted()) >= first)
    wait_until(lambda: not redis.exists(keys.outbox(KEY)))
    arrived = [event_id for request in fake_api.requests() for event_id in request.ids]
    assert arrived == [f"e{number}" for number in range(first)]


def test_what_cannot_be_unpacked_harms_nothing_else(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """A damaged block and a bomb end as letters; the packed events around them arrive."""
    with Client(redis_url, event_source_id=PIXEL, compression="zlib") as client:
        client.track_many([_lead(1), _lead(2)])
        for payload in (b"zlib 1000 %d %d\n<damaged>" % (TIME, TIME), _bomb()):
            seconds, us = redis.time()
            place = f"{seconds * 1000 + us // 1000}-{redis.incr(keys.SEQUENCE)}"
            redis.xadd(keys.outbox(KEY), {"n": "3 zlib", "b": payload}, id=place)
            redis.hincrby(keys.state(KEY), "waiting", 3)
            redis.hincrby(keys.COUNTERS, "accepted", 3)
        client.track_many([_lead(3), _lead(4, event=""), _lead(5)])
    start_worker(1)
    wait_until(lambda: not redis.exists(keys.outbox(KEY)))
    arrived = [event_id for request in fake_api.requests() for event_id in request.ids]
    assert arrived == ["e1", "e2", "e3", "e5"]
    letters = list(DeadLetters(redis))
    assert sorted(str(letter.event_id) for letter in letters) == ["None"] * 6 + ["e4"]
    assert {letter.reason for letter in letters} == {"invalid"}
    assert _left(redis) == 0


def test_the_search_for_a_refused_event_goes_through_packed_blocks(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, wait_until: Any
) -> None:
    """One of a packed block is refused, others are put back while the API fails; all end once."""
    answered = {"failed": False}

    def answer(request: Any) -> Any:
        if "e50" in request.ids:
            return 200, {}, {"code": 40002, "message": "refused", "request_id": "r"}
        if "e80" in request.ids and not answered["failed"]:
            answered["failed"] = True
            return 200, {}, {"code": 50000, "message": "later", "request_id": "r"}
        return 200, {}, {"code": 0, "message": "OK", "request_id": "r", "data": {}}

    fake_api.answers[PIXEL] = answer
    with Client(redis_url, event_source_id=PIXEL, compression="zlib") as client:
        client.track_many([_lead(number) for number in range(100)])
    start_worker(1, RETRY_BASE_S="0.05")
    wait_until(lambda: not redis.exists(keys.outbox(KEY)))
    arrived = sorted(event_id for one in fake_api.accepted() for event_id in one.ids)
    assert arrived == sorted(f"e{number}" for number in range(100) if number != 50)
    assert [letter.event_id for letter in DeadLetters(redis)] == ["e50"]
    assert answered["failed"]
