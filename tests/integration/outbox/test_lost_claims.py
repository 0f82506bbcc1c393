"""A server that has lost its data, or a group, while claims were held."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis

from tests.builders.claims import LIMIT, PIXEL, claim
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.outbox import Appender
from worker.outbox.claim import Claim
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import LeftPart, MixedBlock, Outcome, Settlement

STREAM = keys.outbox(PIXEL.key)

Loss = Callable[[Redis], object]


def lose_data(redis: Redis) -> None:
    """As a failover to a replica that had got nothing yet."""
    redis.flushall()


def lose_group(redis: Redis) -> None:
    """The blocks stay; who holds them is gone."""
    redis.xgroup_destroy(STREAM, GROUP)


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker process."""
    append(redis)
    return Outbox(store_of(redis), consumer="one", lease_ms=60_000)


def append(redis: Redis) -> None:
    """Two events, each in a block."""
    for body in (b"{}", b"[]"):
        Appender(redis, linger_ms=0, rings=False, shards=SHARDS).append(
            [PreparedEvent(PIXEL, "e", body)]
        )


def of(claimed: Claim) -> Settlement:
    """A settlement with a block delivered, or of what a test adds."""
    return Settlement(PIXEL.key, claimed.failures, LIMIT, outcome=Outcome.HEALTHY)


def done(claimed: Claim) -> Settlement:
    """All delivered."""
    settlement = of(claimed)
    settlement.done = [(block.id, block.claims, block.events) for block in claimed.blocks]
    return settlement


def again(claimed: Claim) -> Settlement:
    """None of it."""
    settlement = of(claimed)
    settlement.again = [(block.id, block.claims, "{}", False) for block in claimed.blocks]
    settlement.outcome, settlement.delay_ms = Outcome.FAILING, 0
    return settlement


def mixed(claimed: Claim) -> Settlement:
    """What is left goes back."""
    settlement = of(claimed)
    settlement.mixed = [
        MixedBlock(block.id, block.claims, 0, [], [LeftPart(1, b"[{}]", "{}")])
        for block in claimed.blocks
    ]
    return settlement


@pytest.mark.parametrize("loss", [lose_data, lose_group])
@pytest.mark.parametrize("end", [done, again, mixed])
def test_a_claim_that_vanished_is_settled_as_lost(
    redis: Redis, outbox: Outbox, loss: Loss, end: Callable[[Claim], Settlement]
) -> None:
    """Nothing is raised, and nothing comes from it."""
    claimed = claim(outbox)
    loss(redis)
    before = redis.xlen(STREAM)
    assert outbox.settle(end(claimed)).lost == 2
    assert redis.xlen(STREAM) == before
    assert redis.hget(keys.counters, "delivered") is None


def test_blocks_without_a_group_are_claimed_again(redis: Redis, outbox: Outbox) -> None:
    """All of them, from the first one on."""
    first = claim(outbox)
    lose_group(redis)
    second = claim(outbox)
    assert [block.id for block in second.blocks] == [block.id for block in first.blocks]
    assert outbox.settle(done(second)).lost == 0
    assert redis.exists(STREAM) == 0


def test_what_is_accepted_after_a_loss_is_delivered(redis: Redis, outbox: Outbox) -> None:
    """A new outbox, a new group."""
    claim(outbox)
    lose_data(redis)
    append(redis)
    assert outbox.take(16, patience_ms=1000, stay=False).destinations == [PIXEL.key]
    assert outbox.settle(done(claim(outbox))).lost == 0
    assert redis.hget(keys.counters, "delivered") == b"2"
