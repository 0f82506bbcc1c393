"""The outbox's scripts, on a real server: append, take, claim, settle."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from tests.builders.leases import expire_leases
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox import keys
from tiktok_events.outbox.outbox import Appender
from worker.attempts.history import Attempt, History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.record import Record
from worker.outbox.outbox import Claim, Outbox, Rest, Taken, Want
from worker.outbox.settlement import BuriedEvent, LeftPart, MixedBlock, Outcome, Settlement, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

PIXEL = Destination("web", "C0PIXEL")
OTHER = Destination("web", "C0OTHER")
LEASE_MS = 60_000
TURNS = Turns("digest", 1000.0)


def events(count: int, destination: Destination = PIXEL, first: int = 0) -> list[PreparedEvent]:
    """Prepared events, numbered."""
    return [
        PreparedEvent(destination, f"e{i}", json.dumps({"event_id": f"e{i}"}).encode())
        for i in range(first, first + count)
    ]


@pytest.fixture
def append(redis: Redis) -> Callable[..., None]:
    """What a producer does."""

    def appended(*batch: PreparedEvent, linger_ms: int = 0) -> None:
        Appender(redis, linger_ms=linger_ms, rings=True).append(batch)

    return appended


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    """A worker process."""
    return Outbox(redis, consumer="one", lease_ms=LEASE_MS)


@pytest.fixture
def rival(redis: Redis) -> Outbox:
    """Another one."""
    return Outbox(redis, consumer="two", lease_ms=LEASE_MS)


def take(outbox: Outbox, limit: int = 16) -> Taken:
    """Take what is due, then fall asleep."""
    return outbox.take(limit, patience_ms=1000, stay=False)


def claim(outbox: Outbox, destination: Destination = PIXEL, *, wanted: int = 1000) -> Claim:
    """Claim a destination's blocks."""
    return outbox.claim([Want(destination.key, wanted, 1_000_000, TURNS)])[0]


def ids(claimed: Claim) -> list[str]:
    """Event ids, in order."""
    return [event["event_id"] for block in claimed.blocks for event in json.loads(block.payload)]


def delivered(claimed: Claim, **changes: Any) -> Settlement:
    """All of a claim was accepted."""
    settlement = Settlement(claimed.destination, claimed.failures, TURNS, outcome=Outcome.HEALTHY)
    settlement.done = [(block.id, block.claims, block.events) for block in claimed.blocks]
    for name, value in changes.items():
        setattr(settlement, name, value)
    return settlement


def failed(claimed: Claim, delay_ms: int = 0) -> Settlement:
    """None of it was."""
    attempt = Attempt(1.0, "transient", 50002, 10, None)
    history = History(1.0).after(attempt).write()
    return Settlement(
        claimed.destination,
        claimed.failures,
        TURNS,
        again=[(block.id, block.claims, history, False) for block in claimed.blocks],
        outcome=Outcome.FAILING,
        delay_ms=delay_ms,
    )


def counter(redis: Redis, name: str) -> int:
    """One of the counters."""
    return int(redis.hget(keys.COUNTERS, name) or 0)


def test_appended_events_are_waiting_and_counted(redis: Redis, append: Any) -> None:
    """`accepted` and `waiting` grow by the events, and the destination is due."""
    append(*events(3), *events(2, OTHER))
    assert counter(redis, "accepted") == 5
    assert redis.hget(keys.state(PIXEL.key), "waiting") == b"3"
    assert redis.zcard(keys.READY) == 2


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
    (claimed,) = outbox.claim([Want(PIXEL.key, 1000, 2_000, TURNS)])
    assert sum(len(block.payload) for block in claimed.blocks) >= 2_000
    assert len(claimed.blocks) <= 10


def test_delivered_blocks_leave_nothing_behind(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Stream, state, attempts and ready entry are gone: an idle destination costs nothing."""
    append(*events(150))
    take(outbox)
    assert outbox.settle(delivered(claim(outbox))).lost == 0
    assert counter(redis, "delivered") == 150
    left = {keys.COUNTERS, keys.SEQUENCE, keys.AWAKE, keys.limit("digest")}
    assert set(redis.keys("{tiktok_events:0}:*")) == {key.encode() for key in left}


def test_a_failed_block_waits_for_its_back_off(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """It stays in place, with its history, and new events do not shorten the wait."""
    append(*events(2))
    take(outbox)
    outbox.settle(failed(claim(outbox), delay_ms=900))
    append(*events(1, first=2))
    assert take(rival).destinations == []
    assert claim(rival).blocks == []
    redis.hset(keys.state(PIXEL.key), "not_before", 0)
    again = claim(rival)
    assert ids(again) == ["e0", "e1", "e2"]
    assert (again.failures, again.blocks[0].claims) == (1, 1)
    assert History.read(again.blocks[0].attempts, 0).attempts == 1


def test_one_probe_goes_first_after_a_failure(
    redis: Redis, append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """While it is out nobody else claims; when it succeeds the rest is due at once."""
    append(*events(300))
    outbox.settle(failed(claim(outbox, wanted=100)))
    probe = claim(outbox, wanted=100)
    assert len(probe.blocks) == 1
    assert take(rival).destinations == []
    assert claim(rival).blocks == []
    outbox.settle(delivered(probe))
    assert take(rival).destinations == [PIXEL.key]
    assert sum(block.events for block in claim(rival).blocks) == 200


def test_a_probe_that_sent_nothing_is_not_waited_for(
    append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """All its events were invalid, say: the next probe need not wait for the lease."""
    append(*events(300))
    outbox.settle(failed(claim(outbox, wanted=100)))
    probe = claim(outbox, wanted=100)
    outbox.settle(delivered(probe, outcome=Outcome.NONE))
    assert take(rival).destinations == [PIXEL.key]
    assert len(claim(rival, wanted=100).blocks) == 1


def test_a_success_from_before_the_failure_does_not_end_its_back_off(
    append: Any, outbox: Outbox, rival: Outbox
) -> None:
    """Two requests were under way, one was throttled: the other's success says nothing new."""
    append(*events(200))
    first, second = claim(outbox, wanted=100), claim(rival, wanted=100)
    outbox.settle(failed(first, delay_ms=900))
    rival.settle(delivered(second))
    assert claim(outbox).blocks == []


def test_failures_of_one_round_count_once(append: Any, outbox: Outbox, rival: Outbox) -> None:
    """Sixteen requests that fail together are one failure of the destination."""
    append(*events(200))
    first, second = claim(outbox, wanted=100), claim(rival, wanted=100)
    outbox.settle(failed(first))
    rival.settle(failed(second))
    assert claim(outbox).failures == 1


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


def test_a_mixed_block_buries_its_dead_and_keeps_what_is_left(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Delivered, dead and left add up; parts come back as blocks of their own."""
    append(*events(10))
    claimed = claim(outbox)
    block = claimed.blocks[0]
    settlement = Settlement(claimed.destination, 0, TURNS)
    letter = DeadLetter.of(
        {"event_id": "e3"},
        destination=PIXEL.key,
        reason=Reason.REJECTED,
        message="refused",
        history=History(1.0),
        died_at=9.0,
        expires_at=99.0,
    )
    letter = replace(letter, log=[], replays=[], edits=[])
    settlement.mixed = [
        MixedBlock(
            block.id,
            block.claims,
            delivered=6,
            dead=[BuriedEvent("3", Record.of(letter))],
            left=[
                LeftPart(2, b'[{"event_id": "l1"}, {"event_id": "l2"}]', History(1.0).write()),
                LeftPart(1, b'[{"event_id": "l3"}]', History(1.0, suspect=True).write()),
            ],
        )
    ]
    assert outbox.settle(settlement).lost == 0
    assert (counter(redis, "delivered"), counter(redis, "dead:rejected")) == (6, 1)
    assert redis.hget(keys.state(PIXEL.key), "waiting") == b"3"
    number = block.id.partition("-")[2]
    found = DeadLetters(redis).get(f"{number}-3")
    assert found == replace(letter, id=f"{number}-3", kind=Record.of(letter).kind.digest)
    assert take(outbox).destinations == [PIXEL.key]
    again = claim(outbox)
    assert ids(again) == ["l1", "l2", "l3"]
    assert History.read(again.blocks[1].attempts, 0).suspect


def test_what_was_handed_back_is_due_at_once(append: Any, outbox: Outbox, rival: Outbox) -> None:
    """A worker that shuts down does not let others wait for its lease."""
    append(*events(3))
    take(outbox)
    claimed = claim(outbox)
    settlement = Settlement(claimed.destination, 0, TURNS)
    settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    outbox.settle(settlement)
    assert take(rival).destinations == [PIXEL.key]
    again = claim(rival)
    assert (again.blocks[0].claims, again.blocks[0].attempts) == (1, b"")


def test_a_parked_destination_is_not_due(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Its events wait, new ones too, and are counted as waiting."""
    append(*events(1))
    claimed = claim(outbox)
    settlement = Settlement(claimed.destination, 0, TURNS, park="credential: revoked")
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
    redis.xgroup_destroy(keys.outbox(PIXEL.key), keys.GROUP)
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
    assert redis.llen(keys.DOORBELL) == 1


def test_no_bell_while_somebody_is_awake(redis: Redis, append: Any, outbox: Outbox) -> None:
    """A deliver task that looks anyway needs none."""
    outbox.take(1, patience_ms=1000, stay=True)
    append(*events(1))
    assert redis.llen(keys.DOORBELL) == 0


def test_falling_asleep_and_the_last_look_are_one_step(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Whoever finds nothing is asleep for the very next event."""
    outbox.take(1, patience_ms=1000, stay=True)
    assert not outbox.take(1, patience_ms=1000, stay=False).awake
    append(*events(1))
    assert redis.llen(keys.DOORBELL) == 1


def test_a_lost_bell_is_rung_again_when_work_is_due(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """The doorbell step finds it; with a bell hanging or somebody awake it stays quiet."""
    assert not outbox.ring()
    append(*events(1))
    assert not outbox.ring()
    redis.delete(keys.DOORBELL)
    assert outbox.ring()
    assert redis.llen(keys.DOORBELL) == 1


def test_a_busy_destination_is_offered_again_soon(append: Any, outbox: Outbox) -> None:
    """Not after a lease, and never later than it was due."""
    append(*events(1))
    take(outbox)
    outbox.defer(PIXEL.key, 40)
    wait_ms = take(outbox).wait_ms
    assert wait_ms is not None
    assert wait_ms <= 40


def test_ten_thousand_claims_settle_in_one_step(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Lua's stack bounds how many arguments a call may unpack; settling goes in parts."""
    for number in range(0, 10_000, 1000):
        with redis.pipeline() as pipe:
            for event in events(1000, first=number):
                pipe.xadd(keys.outbox(PIXEL.key), {"n": 1, "b": b"[" + event.body + b"]"})
            pipe.execute()
    settlement = Settlement(PIXEL.key, 0, TURNS)
    for _ in range(10):
        settlement.done += delivered(claim(outbox)).done
    assert outbox.settle(settlement).lost == 0
    assert counter(redis, "delivered") == 10_000


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
