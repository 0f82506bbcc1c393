"""What a worker held that died, or slept through its lease."""

from __future__ import annotations

from typing import Any

from redis import Redis

from tests.builders.claims import LEASE_MS, PIXEL, claim, counter, delivered, events, failed, ids
from tests.builders.leases import expire_leases
from worker.outbox.claim import Rest
from worker.outbox.outbox import Outbox


def test_a_dead_worker_is_followed_after_its_lease(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """Another claims the same block; the number of claims tells that one died."""
    append(*events(5))
    claim(outbox)
    assert claim(rival).blocks == []
    expire_leases(redis, PIXEL.key, idle_ms=LEASE_MS)
    again = claim(rival)
    assert (ids(again), again.blocks[0].claims) == ([f"e{i}" for i in range(5)], 2)


def test_a_worker_that_slept_through_its_lease_settles_nothing(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """Fencing: the block is another's now, or another claim of its own."""
    append(*events(5))
    slept = claim(outbox)
    expire_leases(redis, PIXEL.key, idle_ms=LEASE_MS)
    newer = claim(rival)
    assert outbox.settle(delivered(slept)).lost == 1
    assert counter(redis, "delivered") == 0
    assert rival.settle(delivered(newer)).lost == 0
    assert counter(redis, "delivered") == 5
    assert rival.settle(delivered(newer)).lost == 1
    assert counter(redis, "delivered") == 5


def test_the_same_worker_is_fenced_from_its_own_older_claim(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Two threads of a process may hold two claims of one block."""
    append(*events(1))
    older = claim(outbox)
    expire_leases(redis, PIXEL.key, idle_ms=LEASE_MS)
    newer = claim(outbox)
    assert outbox.settle(delivered(older)).lost == 1
    assert outbox.settle(delivered(newer)).lost == 0


def die_holding(outbox: Outbox, redis: Redis, times: int) -> None:
    """Claim what there is and die, several times over."""
    for _ in range(times):
        claim(outbox)
        expire_leases(redis, PIXEL.key, idle_ms=LEASE_MS)


def test_everything_a_dead_worker_held_is_found_at_once(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """A thousand blocks of one do not come back by the dozen."""
    for event in events(600):
        append(event)
    die_holding(outbox, redis, 1)
    assert ids(claim(rival)) == [f"e{i}" for i in range(600)]


def test_a_block_that_keeps_dying_is_claimed_alone(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """The next death speaks against nobody else, and nobody waits for it."""
    for event in events(3):
        append(event)
    die_holding(outbox, redis, 3)
    append(*events(1, first=3))
    alone = claim(rival)
    assert (ids(alone), alone.blocks[0].claims, alone.rest) == (["e0"], 4, Rest.MORE)
    assert [ids(claim(rival)) for _ in range(3)] == [["e1"], ["e2"], ["e3"]]


def test_a_settled_attempt_clears_the_deaths(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Only claims that died in a row count, not retries."""
    append(*events(1))
    die_holding(outbox, redis, 2)
    outbox.settle(failed(claim(outbox)))
    assert claim(outbox).blocks[0].claims == 1
