"""The mark of a block that our client has closed: a worker looks for personal data without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.claims import PIXEL, claim, failed, take
from tests.builders.nowhere import nowhere
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from tiktok_events.outbox.blocks import CLOSED
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settlement, TokenLimit

EVENT: dict[str, Any] = {"event": "Purchase", "page": {"url": "https://shop.example/"}}


@pytest.fixture
def client(redis_url: str) -> Any:
    """Whose events are due at once."""
    with Client(redis_url, event_source_id=PIXEL.event_source_id, linger_ms=0) as client:
        yield client


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """As a worker has it."""
    return Outbox(store_of(redis), consumer="c", lease_ms=60_000)


def claimed(outbox: Outbox) -> list[ClaimedBlock]:
    """What is due."""
    take(outbox)
    return claim(outbox).blocks


def test_calls_of_the_client_leave_marked_blocks(client: Client, outbox: Outbox) -> None:
    """Of one event, of many, and of more than one script carries."""
    client.track(EVENT)
    client.track_many([EVENT] * 150)
    client.track_many([EVENT | {"properties": {"description": "x" * 9_000}}] * 130)
    blocks = claimed(outbox)
    assert sum(block.events for block in blocks) >= 151
    assert {block.mark for block in blocks} == {CLOSED.encode()}


def test_a_block_of_another_producer_has_no_mark(redis: Redis, outbox: Outbox) -> None:
    """Nor has one with a field of its own in the place of the mark."""
    redis.xadd(keys.outbox(PIXEL.key), {"n": 1, "b": "[{}]"}, id="1-1")
    redis.xadd(keys.outbox(PIXEL.key), {"n": 1, "b": "[{}]", "x": CLOSED}, id="1-2")
    redis.zadd(keys.ready, {PIXEL.key: 0})
    assert [block.is_closed for block in claimed(outbox)] == [False, False]


def test_what_is_left_of_a_block_has_no_mark(client: Client, outbox: Outbox) -> None:
    """A worker has written it anew."""
    client.track_many([EVENT] * 3)
    (first,) = claimed(outbox)
    block = OpenBlock.of(first, lease_ends=0.0)
    block.take_apart()
    settlement = Settlement(PIXEL.key, 0, TokenLimit("t", 1_000.0))
    block.settle_into(settlement)
    outbox.settle(settlement)
    assert [(one.events, one.is_closed) for one in claimed(outbox)] == [(1, False)] * 3


def test_what_was_spooled_has_no_mark(redis_url: str, outbox: Outbox, tmp_path: Path) -> None:
    """The file lay on a disk, where it can be changed."""
    settings: dict[str, Any] = {
        "event_source_id": PIXEL.event_source_id,
        "on_failure": "spool",
        "spool_file": str(tmp_path / "spool"),
    }
    with Client(nowhere(), **settings) as away:
        away.track(EVENT)
    with Client(redis_url, **settings, linger_ms=0) as client:
        client.flush()
    assert [block.is_closed for block in claimed(outbox)] == [False]


def test_a_block_that_failed_keeps_its_mark(client: Client, outbox: Outbox) -> None:
    """It stands where it stood, unchanged."""
    client.track(EVENT)
    take(outbox)
    outbox.settle(failed(claim(outbox)))
    assert [block.is_closed for block in claimed(outbox)] == [True]
