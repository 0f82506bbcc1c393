"""Erasure while workers claim, settle, die and wake up."""

from __future__ import annotations

import time
from typing import Any, Final, cast

import pytest

from tests.builders.replays import replay_letter
from tests.builders.stores import keys, store_of
from worker.attempts.history import Attempt, History
from worker.letters.dead_letters import DeadLetters
from worker.operations.erasure_found import Found
from worker.outbox.claimed_block import OpenBlock

KEY: Final = "web:C0ERASE00PIXEL000000"
JO, AL = "jo@example.com", "al@example.com"


def opened(claim: Any) -> OpenBlock:
    """The only block of a claim, as its worker opens it."""
    (claimed,) = claim.blocks
    return OpenBlock.of(claimed, lease_ends=0.0)


def test_a_block_that_is_being_sent_is_not_touched(shop: Any) -> None:
    """It is reported after a lease of looking, and its holder settles it as if nothing was."""
    shop.track(JO, AL)
    claim = shop.claim()
    found = shop.erase()
    (holder,) = found.holders
    assert (found.being_sent, found.total, found.complete) == (1, 0, False)
    assert (holder.worker, holder.destination, holder.events) == ("one", KEY, 1)
    assert 0 < holder.until - time.time() < 61
    assert shop.settle(claim, delivered=True).lost == 0
    assert shop.counted() == (0, 0, 0, 0)


def test_what_comes_back_from_a_claim_is_erased(shop: Any) -> None:
    """The command looks again until the worker has let go."""
    shop.track(JO, AL)
    claim = shop.claim()
    assert shop.erase(lambda: shop.settle(claim)) == Found(waiting=1)
    assert shop.blocks() == [["al/1"]]


@pytest.mark.parametrize("ambiguous", [False, True])
def test_what_a_block_has_met_stays_with_the_others(shop: Any, ambiguous: bool) -> None:  # noqa: FBT001 — because pytest hands it over
    """When they were accepted, each attempt, and whether one was ambiguous."""
    shop.track(JO, AL)
    claim = shop.claim()
    block = opened(claim)
    attempt = Attempt(1.0, "ambiguous" if ambiguous else "transient", None, 5, None)
    block.left([0, 1], block.history.after(attempt))
    shop.settle(claim, block)
    assert shop.erase() == Found(waiting=1)
    (attempts,) = cast("list[bytes]", shop.redis.hvals(keys.attempts(KEY)))
    assert History.read(attempts, 0.0) == History(
        block.claimed.accepted_at,
        attempts=1,
        ambiguous_since=attempt.at if ambiguous else None,
        log=(attempt.as_dict(),),
    )


def test_a_block_that_was_never_tried_keeps_when_it_was_accepted(shop: Any) -> None:
    """Its new place in the outbox does not make it younger."""
    shop.track(JO, AL)
    ((entry_id, _),) = shop.redis.xrange(keys.outbox(KEY))
    shop.erase()
    accepted_at = int(entry_id.partition(b"-")[0]) / 1000
    assert opened(shop.claim()).history == History(accepted_at)


def test_a_block_whose_worker_died_stays_ambiguous(shop: Any) -> None:
    """The others' events may have been sent, and that is not forgotten."""
    shop.track(JO, AL)
    shop.outlive(shop.claim())
    assert shop.erase() == Found(waiting=1)
    assert opened(shop.claim()).history.ambiguous


def test_what_comes_back_in_another_block_is_erased(shop: Any) -> None:
    """A search for the bad event of a batch has taken the block apart."""
    shop.track(AL, JO, AL)
    claim = shop.claim()
    block = opened(claim)
    block.delivered()
    block.left([1], group=1)
    block.left([2], group=2)
    assert shop.erase(lambda: shop.settle(claim, block)) == Found(waiting=1)
    assert shop.blocks() == [["al/2"]]


def test_what_dies_in_a_claim_is_erased_too(shop: Any) -> None:
    """The letters are looked through after the claims have ended."""
    shop.track(JO, AL)
    claim = shop.claim()
    block = opened(claim)
    for index, body in enumerate(block.events):
        block.dead(index, shop.letter(body))
    assert shop.erase(lambda: shop.settle(claim, block)) == Found(dead_letters=1)
    assert [letter.event_id for letter in DeadLetters(store_of(shop.redis))] == ["al/1"]


def test_no_replay_moves_a_letter_past_an_erasure(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that would leave after the outboxes were looked through stays, and is erased."""
    shop.track(JO)
    shop.bury(JO)
    letters = type("Letters", (DeadLetters,), {"__iter__": replaying(DeadLetters.__iter__)})
    monkeypatch.setattr("worker.operations.erasure.DeadLetters", letters)
    assert shop.erase() == Found(waiting=1, dead_letters=1)
    assert shop.counted() == (0, 1, 0, 0)


def replaying(listing: Any) -> Any:
    """A listing before which somebody tries to replay every letter."""

    def replay_all(letters: DeadLetters) -> Any:
        for letter in list(listing(letters)):
            assert not replay_letter(letters._store.redis, letter.id)
        return listing(letters)

    return replay_all


def test_a_worker_that_wakes_up_changes_nothing_of_what_is_left(shop: Any) -> None:
    """Its claim is lost with the block; the others' events are sent by somebody else."""
    shop.track(JO, AL)
    claim = shop.claim()
    shop.outlive(claim)
    shop.erase()
    assert shop.settle(claim, delivered=True).lost == 1
    assert shop.blocks() == [["al/1"]]
    assert shop.counted() == (1, 1, 0, 0)


def test_an_emptied_outbox_leaves_no_state_behind(shop: Any) -> None:
    """Also of a destination that is on its way back from an outage."""
    shop.track(JO)
    shop.redis.hset(keys.state(KEY), mapping={"taken_at": 1, "recovered_at": 1, "ramp_next": 1})
    assert shop.erase() == Found(waiting=1)
    assert not shop.redis.exists(keys.state(KEY))
