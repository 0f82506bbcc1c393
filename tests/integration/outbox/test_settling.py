"""Claims that end: delivered, failed, mixed, handed back."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, cast

from redis import Redis

from tests.builders.claims import (
    LIMIT,
    PIXEL,
    claim,
    counter,
    delivered,
    events,
    failed,
    ids,
    take,
)
from tests.builders.figures import fold_all
from tests.builders.stores import keys, store_of
from tiktok_events.event.destination import Destination
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.record import Record
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import BuriedEvent, LeftPart, MixedBlock, Outcome, Settlement
from worker.reporting.stored import text_of


def test_delivered_blocks_leave_nothing_behind(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Stream, state, attempts and ready entry are gone: an idle destination costs nothing."""
    append(*events(150))
    take(outbox)
    assert outbox.settle(delivered(claim(outbox))).lost == 0
    assert counter(redis, "delivered") == 150
    fold_all(redis)
    left = {keys.counters, keys.sequence, keys.awake, keys.limit("digest")}
    there = set(map(text_of, cast("list[bytes]", redis.keys(f"{keys.prefix}*"))))
    assert {key for key in there if ":figures:" not in key and ":receipts:" not in key} == left


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


def test_a_mixed_block_buries_its_dead_and_keeps_what_is_left(
    redis: Redis, append: Any, outbox: Outbox
) -> None:
    """Delivered, dead and left add up; parts come back as blocks of their own."""
    append(*events(10))
    claimed = claim(outbox)
    block = claimed.blocks[0]
    settlement = Settlement(claimed.destination, 0, LIMIT)
    letter = replace(dead_letter(), log=[], replays=[], edits=[])
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
    (found,) = DeadLetters(store_of(redis))
    assert found == replace(letter, id="2-3", kind=Record.of(letter).kind.digest)
    assert take(outbox).destinations == [PIXEL.key]
    again = claim(outbox)
    assert ids(again) == ["l1", "l2", "l3"]
    assert History.read(again.blocks[1].attempts, 0).suspect


def test_letters_of_blocks_with_one_number_all_stay(redis: Redis, outbox: Outbox) -> None:
    """Another producer that lets the server choose the ids gives many blocks one number."""
    destinations = [Destination("web", code) for code in ("C0A", "C0B")]
    for destination, milliseconds in itertools.product(destinations, (1, 2, 3)):
        block: dict[Any, Any] = {"n": 1, "b": b'[{"event_id": "e"}]'}
        redis.xadd(keys.outbox(destination.key), block, id=f"{milliseconds}-0")
    for destination in destinations:
        settlement = Settlement(destination.key, 0, LIMIT)
        for one in claim(outbox, destination).blocks:
            dead = [BuriedEvent("0", Record.of(dead_letter()))]
            settlement.mixed.append(MixedBlock(one.id, one.claims, 0, dead, []))
        assert outbox.settle(settlement).lost == 0
    assert (counter(redis, "dead:rejected"), redis.hlen(keys.dead)) == (6, 6)


def test_many_dead_are_buried_in_steps(redis: Redis, append: Any, outbox: Outbox) -> None:
    """No script of them holds up the server for long; the destination is judged once."""
    append(*events(1_000))
    claimed = claim(outbox)
    settlement = Settlement(claimed.destination, 0, LIMIT, outcome=Outcome.FAILING, delay_ms=60_000)
    settlement.mixed = [
        MixedBlock(
            block.id,
            block.claims,
            delivered=0,
            dead=[BuriedEvent(str(place), Record.of(dead_letter())) for place in range(100)],
            left=[],
        )
        for block in claimed.blocks
    ]
    redis.config_resetstat()
    assert outbox.settle(settlement).lost == 0
    statistics: Any = redis.info("commandstats")
    assert statistics["cmdstat_evalsha"]["calls"] == 5
    assert (counter(redis, "dead:rejected"), redis.hlen(keys.dead)) == (1_000, 1_000)
    assert redis.xlen(keys.outbox(PIXEL.key)) == 0


def dead_letter() -> DeadLetter:
    """One that the API refused."""
    return DeadLetter.of(
        {"event_id": "e3"},
        destination=PIXEL.key,
        reason=Reason.REJECTED,
        message="refused",
        history=History(1.0),
        died_at=9.0,
        expires_at=99.0,
    )


def test_what_was_handed_back_is_due_at_once(append: Any, outbox: Outbox, rival: Outbox) -> None:
    """A worker that shuts down does not let others wait for its lease."""
    append(*events(3))
    take(outbox)
    claimed = claim(outbox)
    settlement = Settlement(claimed.destination, 0, LIMIT)
    settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    outbox.settle(settlement)
    assert take(rival).destinations == [PIXEL.key]
    again = claim(rival)
    assert (again.blocks[0].claims, again.blocks[0].attempts) == (1, b"")


def test_ten_thousand_claims_settle_in_one_step(redis: Redis, append: Any, outbox: Outbox) -> None:
    """Lua's stack bounds how many arguments a call may unpack; settling goes in parts."""
    for number in range(0, 10_000, 1000):
        with redis.pipeline() as pipe:
            for event in events(1000, first=number):
                pipe.xadd(keys.outbox(PIXEL.key), {"n": 1, "b": b"[" + event.body + b"]"})
            pipe.execute()
    settlement = Settlement(PIXEL.key, 0, LIMIT)
    for _ in range(10):
        settlement.done += delivered(claim(outbox)).done
    assert outbox.settle(settlement).lost == 0
    assert counter(redis, "delivered") == 10_000
