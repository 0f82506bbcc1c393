"""Each event of a claimed block ends once; then the block can be settled."""

from __future__ import annotations

import gc
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders.letters import letter
from worker.attempts.history import Attempt, History
from worker.delivery.prepare import Outgoing
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.settlement import MixedBlock, Settlement, TokenLimit

BEFORE = History(1.5, attempts=2, log=({"at": 1.0, "verdict": "transient"},))
TRANSIENT = Attempt(10.0, "transient", 50002, 120, "r1")
AMBIGUOUS = Attempt(11.0, "ambiguous", None, 10_000, None)
FAILED, DOUBTED = BEFORE.after(TRANSIENT), BEFORE.after(AMBIGUOUS)


def block(events: int = 4, history: History | None = BEFORE) -> OpenBlock:
    """A claimed block with numbered events."""
    payload = orjson.dumps([{"event_id": f"e{number}"} for number in range(events)])
    attempts = b"" if history is None else history.write().encode()
    claimed = ClaimedBlock("1500-7", 1, events, payload, attempts)
    return OpenBlock.of(claimed, lease_ends=100.0)


def settled(one: OpenBlock) -> Settlement:
    """The settlement that only this block is in."""
    settlement = Settlement("web:P", 0, TokenLimit("digest", 1000.0))
    one.settle_into(settlement)
    return settlement


def mixed(one: OpenBlock) -> MixedBlock:
    """The only entry of a settlement of a block that ended in several ways."""
    settlement = settled(one)
    assert (settlement.done, settlement.again) == ([], [])
    (entry,) = settlement.mixed
    return entry


def history_of(document: Any) -> History:
    """As the next claim will read it."""
    return History.read(document.encode(), accepted_at=99.0)


def ids_of(payload: bytes) -> list[str]:
    """The events of a part."""
    return [event["event_id"] for event in orjson.loads(payload)]


def test_a_block_that_was_never_tried_begins_with_its_acceptance() -> None:
    """The time stands in the block's id."""
    assert History(1.5) == block(history=None).history


def test_a_block_is_closed_when_its_last_event_has_ended() -> None:
    """However the events end, each counts once."""
    one = block()
    states = [one.closed]
    one.delivered()
    one.dead(1, letter())
    states.append(one.closed)
    one.left([2, 3], FAILED)
    assert [*states, one.closed] == [False, False, True]


def test_a_block_that_was_delivered_whole_is_done() -> None:
    """Its id, its fence and its events."""
    one = block()
    one.delivered(3)
    one.delivered()
    assert settled(one).done == [("1500-7", 1, 4)]


def test_a_block_that_is_left_whole_comes_back_as_it_is() -> None:
    """With one attempt more, and its payload untouched."""
    one = block()
    one.left([0, 1, 2, 3], FAILED)
    ((id_, claims, attempts, _),) = settled(one).again
    assert (id_, claims) == ("1500-7", 1)
    assert history_of(attempts) == FAILED


def test_a_block_that_was_not_even_tried_keeps_its_history() -> None:
    """Nothing is written that did not happen."""
    one = block()
    one.left([0, 1, 2, 3])
    assert settled(one).again == [("1500-7", 1, None, False)]


def test_a_block_that_two_requests_carried_comes_back_as_two() -> None:
    """Each with what its own request met: only one of them may have been accepted."""
    one = block()
    one.left([0, 1], DOUBTED)
    one.left([2, 3], FAILED)
    first, second = mixed(one).left
    assert (ids_of(first.payload), ids_of(second.payload)) == (["e0", "e1"], ["e2", "e3"])
    assert [history_of(first.attempts), history_of(second.attempts)] == [DOUBTED, FAILED]


def test_events_that_met_the_same_stay_together() -> None:
    """Handed back in two steps, the block is what it was."""
    one = block()
    one.left([2, 3])
    one.left([0, 1])
    assert settled(one).again == [("1500-7", 1, None, False)]


def test_a_group_does_not_take_another_groups_history() -> None:
    """Of one block in two batches, each of which was searched."""
    one = block()
    one.left([0, 1], DOUBTED, group=1)
    one.left([2, 3], FAILED, group=1)
    first, second = (history_of(part.attempts) for part in mixed(one).left)
    assert (first.ambiguous, second.ambiguous) == (True, False)


def test_a_block_that_ended_in_several_ways_is_taken_apart() -> None:
    """Counted, buried by its place in the block, and what is left in the order it had."""
    one = block()
    one.delivered()
    one.dead(2, letter())
    one.left([3, 1], FAILED)
    entry = mixed(one)
    ((suffix, reason),) = [(dead.suffix, dead.record.kind.reason) for dead in entry.dead]
    (part,) = entry.left
    assert (entry.delivered, suffix, reason) == (1, "2", "rejected")
    assert (part.events, ids_of(part.payload)) == (2, ["e1", "e3"])


def test_a_block_of_dead_events_is_taken_apart_too() -> None:
    """Nothing of it is left."""
    one = block(2)
    one.dead(0, letter())
    one.dead(1, letter())
    entry = mixed(one)
    assert (entry.delivered, [dead.suffix for dead in entry.dead], entry.left) == (
        0,
        ["0", "1"],
        [],
    )


def test_parts_under_suspicion_come_back_apart_from_each_other() -> None:
    """The search goes on where it ended."""
    one = block()
    one.left([0, 1], FAILED, group=1)
    one.left([2, 3], group=2)
    first, second = mixed(one).left
    assert (ids_of(first.payload), ids_of(second.payload)) == (["e0", "e1"], ["e2", "e3"])
    assert history_of(first.attempts).suspect
    assert history_of(second.attempts).suspect


def test_a_block_that_is_taken_apart_is_as_many_blocks() -> None:
    """Every event is on its own from then on."""
    one = block()
    one.take_apart()
    assert [(part.events, history_of(part.attempts).suspect) for part in mixed(one).left] == [
        (1, True)
    ] * 4


def test_a_part_has_met_only_its_own_attempt() -> None:
    """What was not in the ambiguous request has not become ambiguous by it."""
    one = block()
    one.left([0, 1], DOUBTED, group=1)
    one.left([2, 3], group=2)
    first, second = (history_of(part.attempts) for part in mixed(one).left)
    assert (first.attempts, first.ambiguous) == (3, True)
    assert (second.attempts, second.ambiguous, second.log) == (2, False, BEFORE.log)


def test_suspicion_lasts_until_an_event_has_ended() -> None:
    """A suspect block that is left whole stays suspect."""
    one = block(history=History(1.5, suspect=True))
    one.left([0, 1, 2, 3], one.history.after(TRANSIENT))
    ((_, _, attempts, _),) = settled(one).again
    assert history_of(attempts).suspect


@given(ends=st.lists(st.sampled_from(["delivered", "dead", "left", "suspect"]), min_size=1))
def test_every_event_is_in_the_settlement_once(ends: list[str]) -> None:
    """Delivered, dead or left: none is lost, none is doubled."""
    one = block(len(ends))
    for index, end in enumerate(ends):
        assert not one.closed
        if end == "delivered":
            one.delivered()
        elif end == "dead":
            one.dead(index, letter())
        else:
            one.left([index], FAILED, group=int(end == "suspect"))
    assert one.closed
    settlement = settled(one)
    found = [len(ends) for _ in settlement.again] + [count for _, _, count in settlement.done]
    for entry in settlement.mixed:
        found += [entry.delivered, len(entry.dead), *(part.events for part in entry.left)]
        assert all(len(ids_of(part.payload)) == part.events for part in entry.left)
    assert len(ends) == sum(found)


@pytest.mark.parametrize("payload", [b"", b"{", b"{}", b"[]", b'"x"'])
def test_a_block_that_is_no_list_of_events_ends_as_so_many_nothings(payload: bytes) -> None:
    """Somebody else's entry must not kill one worker after the other."""
    claimed = ClaimedBlock("1795000000000-7", 1, 3, payload, b"")
    assert OpenBlock.of(claimed, lease_ends=0.0).events == [None, None, None]


def test_a_settled_block_is_freed_without_the_garbage_collector() -> None:
    """A worker has it look rarely: what waits for it is memory that nobody uses."""
    gc.collect()
    before = open_blocks()
    gc.disable()
    try:
        one = block(1)
        one.delivered(counted=(0.1, [Outgoing(one, 0, b"{}", 1.0)]))
        settled(one)
        del one
        after = open_blocks()
    finally:
        gc.enable()

    assert after == before


def open_blocks() -> int:
    """How many there are in this process."""
    return sum(type(each) is OpenBlock for each in gc.get_objects())
