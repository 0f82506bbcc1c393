"""Requests per second and access token, shared by all workers, on a real server."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.claims import delivered
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.outbox import Appender
from worker.outbox.claim import Claim, Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import TokenLimit

SLOW = TokenLimit("slow", 2.0)
FAST = TokenLimit("fast", 1000.0)


def destinations(count: int) -> list[str]:
    """Keys of some destinations."""
    return [Destination("web", f"C0PIXEL{i}").key for i in range(count)]


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker, with an event waiting at each of ten destinations."""
    Appender(redis, linger_ms=0, rings=False, shards=SHARDS).append(
        [PreparedEvent(Destination.from_key(key), "e", b"{}") for key in destinations(10)]
    )
    return Outbox(store_of(redis), consumer="one", lease_ms=60_000)


def claim(outbox: Outbox, destination: str, token_limit: TokenLimit) -> Claim:
    """Claim one destination's event."""
    return outbox.claim([Want(destination, 1, 1000, token_limit)])[0]


def settle(outbox: Outbox, claimed: Claim, limit: TokenLimit, **changes: object) -> None:
    """Its event was delivered."""
    outbox.settle(delivered(claimed, limit=limit, **changes))


def rate(redis: Redis, token_limit: TokenLimit) -> float | None:
    """The lowered rate, if it is lowered."""
    known = redis.hget(keys.limit(token_limit.token_digest), "rate")
    return None if known is None else float(known)


def test_a_token_whose_turn_has_not_come_claims_nothing(redis: Redis, outbox: Outbox) -> None:
    """The destination is due again when it has; other tokens are not held."""
    first, second, third, *_ = destinations(10)
    assert len(claim(outbox, first, SLOW).blocks) == 1
    assert claim(outbox, second, SLOW).blocks == []
    due = redis.zscore(keys.ready, second)
    seconds, microseconds = redis.time()
    assert due is not None
    assert 0 < due - (seconds * 1000 + microseconds / 1000) <= 500
    assert len(claim(outbox, third, FAST).blocks) == 1


def test_a_fast_token_is_not_held(outbox: Outbox) -> None:
    """A thousand requests a second leave room for ten at once."""
    assert [len(claim(outbox, key, FAST).blocks) for key in destinations(10)] == [1] * 10


def test_a_claim_that_found_nothing_costs_no_turn(outbox: Outbox) -> None:
    """Looking is free."""
    first, second, *_ = destinations(10)
    assert claim(outbox, "web:C0EMPTY", SLOW).blocks == []
    assert claim(outbox, "web:C0EMPTY", SLOW).blocks == []
    assert len(claim(outbox, first, SLOW).blocks) == 1
    assert claim(outbox, second, SLOW).blocks == []


def test_requests_beyond_the_first_are_paid_for_later(redis: Redis, outbox: Outbox) -> None:
    """A search for a poison makes many: the token waits for them afterwards."""
    first, second, *_ = destinations(10)
    settle(outbox, claim(outbox, first, FAST), FAST, extra_requests=2_000)
    assert claim(outbox, second, FAST).blocks == []
    due = redis.zscore(keys.ready, second)
    seconds, microseconds = redis.time()
    assert due is not None
    assert 1_000 < due - (seconds * 1000 + microseconds / 1000) <= 2_000


def test_a_throttled_token_is_halved_once_a_second(redis: Redis, outbox: Outbox) -> None:
    """Sixteen answers of one round are one reason to slow down."""
    for key in destinations(5):
        settle(outbox, claim(outbox, key, FAST), FAST, throttled=True)
    assert rate(redis, FAST) == 500.0


def test_a_lowered_rate_comes_back_step_by_step(redis: Redis, outbox: Outbox) -> None:
    """A twentieth of the full rate for each second, then it is forgotten."""
    first, second, third, *_ = destinations(10)
    settle(outbox, claim(outbox, first, FAST), FAST, throttled=True)
    limit = keys.limit(FAST.token_digest)
    changed_at = float(redis.hget(limit, "changed_at") or 0)
    redis.hset(limit, "changed_at", changed_at - 3_000)
    claim(outbox, second, FAST)
    assert rate(redis, FAST) == 650.0
    redis.hset(limit, "changed_at", changed_at - 60_000)
    claim(outbox, third, FAST)
    assert rate(redis, FAST) is None


def test_the_rate_never_falls_to_nothing(redis: Redis, outbox: Outbox) -> None:
    """One request in two seconds always goes: it is how we learn that more may."""
    limit = keys.limit(SLOW.token_digest)
    for key in destinations(3):
        redis.delete(limit)
        redis.hset(limit, mapping={"rate": 0.6, "changed_at": _a_second_ago(redis)})
        settle(outbox, claim(outbox, key, SLOW), SLOW, throttled=True)
        assert rate(redis, SLOW) == 0.5


def _a_second_ago(redis: Redis) -> int:
    seconds, microseconds = redis.time()
    return seconds * 1000 + microseconds // 1000 - 1_000


def test_a_clock_that_jumped_back_does_not_hold_a_token(redis: Redis, outbox: Outbox) -> None:
    """A schedule an hour ahead is no schedule."""
    seconds, _ = redis.time()
    redis.hset(keys.limit(FAST.token_digest), "next_at", (seconds + 3_600) * 1000)
    assert len(claim(outbox, destinations(1)[0], FAST).blocks) == 1
