"""The outbox's scripts, on a real server: append, take, claim, settle."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from tests.builders.claims import (
    LIMIT,
    OTHER,
    PIXEL,
    claim,
    counter,
    delivered,
    events,
    ids,
    take,
)
from tests.builders.stores import broker_keys, keys
from tiktok_events.outbox.keys import GROUP
from worker.outbox.claim import Rest, Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settlement


def test_appended_events_are_waiting_and_counted(redis: Redis, append: Any) -> None:
    """`accepted` and `waiting` grow by the events, and the destination is due."""
    append(*events(3), *events(2, OTHER))
    assert counter(redis, "accepted") == 5
    assert redis.hget(keys.state(PIXEL.key), "waiting") == b"3"
    assert redis.zcard(keys.ready) == 2


def test_a_destination_is_due_after_the_linger(append: Any, outbox: Outbox) -> None:
    """Nothing is taken before, and the wait is told."""
    append(*events(1), linger_ms=700)
    taken = take(outbox)
    assert taken.destinations == []
    assert taken.wait_ms is not None
    assert 0 < taken.wait_ms <= 700


def test_a_taken_destination_is_not_offered_to_another(
    append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """Taking pushes it one lease ahead."""
    append(*events(1))
    assert take(outbox).destinations == [PIXEL.key]
    assert take(rival).destinations == []


def test_new_events_make_a_taken_destination_due_at_once(
    append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """The lease is only for what was there."""
    append(*events(1))
    take(outbox)
    claim(outbox)
    append(*events(1, first=1))
    assert take(rival).destinations == [PIXEL.key]
    assert ids(claim(rival)) == ["e1"]


def test_a_claim_fills_a_request_and_tells_of_more(append: Any, outbox: Outbox) -> None:
    """Blocks of 100 fill 1,000 to the event, singles too."""
    append(*events(1100))
    first = claim(outbox)
    assert (sum(block.events for block in first.blocks), first.rest) == (1000, Rest.MORE)
    second = claim(outbox)
    assert (sum(block.events for block in second.blocks), second.rest) == (100, Rest.NOTHING)


@pytest.mark.parametrize("wanted", [1, 7, 250, 1000])
def test_a_claim_of_single_events_is_exact(append: Any, outbox: Outbox, wanted: int) -> None:
    """A thousand blocks of one are claimed to the number that is wanted."""
    for number in range(0, 1000, 50):
        for event in events(50, first=number):
            append(event)
    claimed = claim(outbox, wanted=wanted)
    assert len(claimed.blocks) == wanted
    assert ids(claimed) == [f"e{i}" for i in range(wanted)]


def test_a_claim_stops_at_the_bytes(append: Any, outbox: Outbox) -> None:
    """Not much more is claimed than a request may hold."""
    append(*events(5000))
    (claimed,) = outbox.claim([Want(PIXEL.key, 1000, 2_000, LIMIT)])
    assert sum(len(block.payload) for block in claimed.blocks) >= 2_000
    assert len(claimed.blocks) <= 10


def test_a_parked_destination_is_not_due(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Its events wait, new ones too, and are counted as waiting."""
    append(*events(1))
    claimed = claim(outbox)
    settlement = Settlement(claimed.destination, 0, LIMIT, park="credential: revoked")
    settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    outbox.settle(settlement)
    append(*events(1, first=1))
    assert take(outbox).destinations == []
    assert redis.hmget(keys.state(PIXEL.key), "parked", "waiting") == [b"credential: revoked", b"2"]


def test_a_server_that_lost_its_data_does_not_stop_a_worker(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Settling finds its claim lost, claiming makes a new group."""
    append(*events(1))
    claimed = claim(outbox)
    redis.flushall()
    assert outbox.settle(delivered(claimed)).lost == 1
    assert claim(outbox).blocks == []
    append(*events(1, first=1))
    assert ids(claim(outbox)) == ["e1"]


def test_a_lost_group_is_made_anew_from_the_start(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """A group from `$` would skip what stands in the stream."""
    append(*events(2))
    claim(outbox)
    redis.xgroup_destroy(keys.outbox(PIXEL.key), GROUP)
    assert ids(claim(outbox)) == ["e0", "e1"]


def test_a_clock_that_jumped_back_loses_nothing(redis: Redis, append: Any, outbox: Outbox) -> None:
    """A stream whose newest id lies in the future still takes events, in order."""
    redis.xadd(keys.outbox(PIXEL.key), {"n": 1, "b": '[{"event_id": "old"}]'}, id="9999999999999-0")
    append(*events(2))
    append(*events(1, first=2))
    assert ids(claim(outbox)) == ["old", "e0", "e1", "e2"]


def test_the_bell_rings_once_while_nobody_is_awake(redis: Redis, append: Any) -> None:
    """One message hangs in the doorbell's queue, however many events come."""
    for number in range(20):
        append(*events(1, first=number))
    assert redis.llen(broker_keys.doorbell) == 1


def test_no_bell_while_somebody_is_awake(redis: Redis, append: Any, outbox: Outbox) -> None:
    """A deliver task that looks anyway needs none."""
    outbox.take(1, patience_ms=1000, stay=True)
    append(*events(1))
    assert redis.llen(broker_keys.doorbell) == 0


def test_falling_asleep_and_the_last_look_are_one_step(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Whoever finds nothing is asleep for the very next event."""
    outbox.take(1, patience_ms=1000, stay=True)
    assert not outbox.take(1, patience_ms=1000, stay=False).awake
    append(*events(1))
    assert redis.llen(broker_keys.doorbell) == 1


def test_a_lost_bell_is_rung_again_when_work_is_due(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """The doorbell step finds it; with a bell hanging or somebody awake it stays quiet."""
    assert not outbox.ring()
    append(*events(1))
    assert not outbox.ring()
    redis.delete(broker_keys.doorbell)
    assert outbox.ring()
    assert redis.llen(broker_keys.doorbell) == 1


def test_a_busy_destination_is_offered_again_soon(append: Any, outbox: Outbox) -> None:
    """Not after a lease, and never later than it was due."""
    append(*events(1))
    take(outbox)
    outbox.defer(PIXEL.key, 40)
    wait_ms = take(outbox).wait_ms
    assert wait_ms is not None
    assert wait_ms <= 40
