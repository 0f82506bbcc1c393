"""Receipts: what a settlement writes down about each event, and what is found of it."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from tests.builders.claims import PIXEL, claim
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.outbox import Appender
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.receipt import End, Ended, Flag, digest_of, row_of
from worker.outbox.receipt_lists import PAGE, Receipt, ReceiptLists
from worker.outbox.settlement import NO_TOKEN, Settlement

REQUEST = "202611302115380102030405060708ABCD"


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker process."""
    return Outbox(store_of(redis), consumer="one", lease_ms=60_000)


def ended(*event_ids: str, name: str = "Purchase") -> Ended:
    """Events that one request delivered four seconds after their acceptance."""
    digests = [digest_of(one) for one in event_ids]
    names = [name] * len(digests)
    return Ended(End.DELIVERED, 1_000.0, 996.0, REQUEST, 2, Flag.AMBIGUOUS, digests, names)


def settle(redis: Redis, outbox: Outbox, *blocks: Ended) -> int:
    """Deliver blocks of these events, one by one; returns how many claims were lost."""
    appender = Appender(redis, linger_ms=0, rings=False, shards=SHARDS)
    lost = 0
    for some in blocks:
        body = b",".join(b"{}" for _ in some.digests)
        appender.append([PreparedEvent(PIXEL, "e", body)])
        lost += _settle(outbox, some)
    return lost


def _settle(outbox: Outbox, some: Ended) -> int:
    settlement = Settlement(PIXEL.key, 0, NO_TOKEN)
    for claimed in claim(outbox).blocks:
        block = OpenBlock.of(claimed, lease_ends=0.0)
        block.delivered(block.size, ended=[some])
        block.settle_into(settlement)
    return outbox.settle(settlement).lost


def receipts(redis: Redis) -> ReceiptLists:
    """All of them."""
    return ReceiptLists(store_of(redis))


def test_a_receipt_tells_what_became_of_an_event(redis: Redis, outbox: Outbox) -> None:
    """Where it went, when it ended and how, and by which request."""
    settle(redis, outbox, ended("order-1"))
    assert receipts(redis).find(["order-1", "order-2"]) == {
        "order-1": [
            Receipt(PIXEL.key, "Purchase", End.DELIVERED, 1_000, 996, 2, REQUEST, Flag.AMBIGUOUS)
        ]
    }


@pytest.mark.parametrize("together", [1, 300])
def test_each_of_many_events_is_found(redis: Redis, outbox: Outbox, together: int) -> None:
    """One by one, and all in one pass; by names of their own."""
    ids = [f"order-{number}" for number in range(300)]
    parts = [ids[first : first + together] for first in range(0, len(ids), together)]
    settle(redis, outbox, *(ended(*part, name="Own name") for part in parts))
    found = receipts(redis).find(ids)
    assert {one: [it.event for it in some] for one, some in found.items()} == {
        one: ["Own name"] for one in ids
    }
    assert [*receipts(redis).find(["order-7"])] == ["order-7"]
    assert sum(1 for _ in receipts(redis)) == 300


def test_a_list_is_read_to_its_end(redis: Redis, outbox: Outbox) -> None:
    """However many settlements an hour had."""
    settle(redis, outbox, *[ended("order-1")] * (PAGE + 1))
    assert len(receipts(redis).find(["order-1"])["order-1"]) == PAGE + 1


def test_receipts_go_when_no_repeat_can_matter(redis: Redis, outbox: Outbox) -> None:
    """Eight days after the hour began, at the latest an hour later."""
    settle(redis, outbox, ended("order-1"))
    (name,) = redis.keys("*receipts:w:*")
    assert 8 * 86_400 - 5 < redis.ttl(name) <= 8 * 86_400


def test_nothing_is_written_where_no_receipts_are_wanted(redis: Redis) -> None:
    """RECEIPTS=off."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000, receipts=False)
    settle(redis, outbox, ended("order-1"))
    assert redis.keys("*receipts*") == []


def test_what_a_zombie_settles_has_no_receipt(redis: Redis, outbox: Outbox) -> None:
    """The rest of its settlement does: it is planned again without what was lost."""
    appender = Appender(redis, linger_ms=0, rings=False, shards=SHARDS)
    for _ in range(2):
        appender.append([PreparedEvent(PIXEL, "e", b"{}")])
    claimed = claim(outbox)
    settlement = Settlement(PIXEL.key, claimed.failures, NO_TOKEN)
    for number, block in enumerate(claimed.blocks):
        opened = OpenBlock.of(block, lease_ends=0.0)
        opened.delivered(ended=[ended(f"order-{number}")])
        opened.settle_into(settlement)
    settlement.counters = {"requests": 1}
    redis.xack(keys.outbox(PIXEL.key), "workers", claimed.blocks[0].id)
    assert outbox.settle(settlement).lost == 1
    assert [*receipts(redis).find(["order-0", "order-1"])] == ["order-1"]
    counted = redis.hmget(keys.counters, "delivered", "requests", "claims_lost")
    assert counted == [b"1", b"1", b"1"]


def test_junk_in_the_place_of_receipts_keeps_no_event_from_ending(
    redis: Redis, outbox: Outbox
) -> None:
    """It is passed over, by those who write and by those who read."""
    first, second = (digest_of(one)[0] >> 4 for one in ("order-1", "order-2"))
    for row in (row_of(PIXEL.key, time.time() + later) for later in (0, 3_600)):
        redis.set(keys.receipts(row, first), "junk")
        redis.rpush(keys.receipts(row, second), b"", b"x", b"\0\x20junk")
        redis.hset(keys.receipt_hours, row, "0")
    assert settle(redis, outbox, ended("order-1", "order-2")) == 0
    assert redis.hget(keys.counters, "delivered") == b"2"
    assert [*receipts(redis).find(["order-1", "order-2"])] == ["order-2"]
