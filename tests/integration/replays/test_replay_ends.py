"""A replay ends with what became of each letter: noted in the step that ends its event."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from worker.attempts.history import History
from worker.cli.dead import replay_watch
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.outbox.claim import Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import Settlement, TokenLimit
from worker.replays.ends import LISTED, End, letters_of
from worker.runtime.presence import Presence

PIXEL = "web:C0PIXEL"
LIMIT = TokenLimit("token", 1000.0)


def settle(redis: Redis, end: Callable[[OpenBlock], None], *, claims: int = 1_000) -> None:
    """Claim what waits, end each event, and settle, as a worker does."""
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    (claim,) = outbox.claim([Want(PIXEL, claims, 10**8, LIMIT)])
    settlement = Settlement(PIXEL, 0, LIMIT)
    for claimed in claim.blocks:
        block = OpenBlock.of(claimed, lease_ends=time.monotonic() + 60)
        end(block)
        block.settle_into(settlement)
    outbox.settle(settlement)


def deliver(block: OpenBlock) -> None:
    """Every event of a block is accepted."""
    block.delivered(block.size)


def bury(block: OpenBlock) -> None:
    """Every event of a block is refused once more."""
    for index, body in enumerate(block.events):
        letter = DeadLetter.of(
            body,
            destination=PIXEL,
            reason=Reason.REJECTED,
            message="refused once more",
            history=block.history,
            died_at=time.time(),
            expires_at=time.time() + 3600,
        )
        block.dead(index, letter)


def test_each_end_is_counted_and_known(ward: Any, redis: Redis) -> None:
    """Delivered, dead again under another id, and still waiting."""
    ids = ward.bury(3, worth={"value": 2.5, "currency": "EUR", "order_id": "A-1"})
    number = ward.ask()
    assert ward.turn(number).waiting == 3
    settle(redis, deliver, claims=1)
    settle(redis, bury, claims=1)
    replay = ward.get(number)
    assert (replay.delivered, replay.died, replay.waiting) == (1, {"rejected": 1}, 1)
    (died, waiting, delivered) = letters_of(store_of(redis), number)
    assert [died.end, waiting.end, delivered.end] == [End.DIED, End.WAITING, End.DELIVERED]
    assert sorted(one.id for one in (died, waiting, delivered)) == sorted(ids)
    assert (died.order_id, died.value, died.currency) == ("A-1", 2.5, "EUR")
    (shown,) = ward.json("replays", "show", str(number))
    assert shown["died_again"] == {"rejected": 1}
    assert [one["end"] for one in shown["letters"]] == ["died", "waiting", "delivered"]
    again = ward.letters.get(died.died_as)
    assert (again.message, died.reason) == ("refused once more", "rejected")


def test_what_is_due_again_waits(ward: Any, redis: Redis) -> None:
    """A failed attempt is no end, nor is it when the event comes back as a block of its own."""
    ward.bury()
    number = ward.ask()
    ward.turn(number)
    settle(redis, lambda block: block.left([0], block.history))
    settle(redis, OpenBlock.take_apart)
    assert ward.get(number).waiting == 1
    settle(redis, deliver)
    assert (ward.get(number).delivered, ward.get(number).waiting) == (1, 0)


def test_an_event_counts_for_its_last_replay(ward: Any, redis: Redis) -> None:
    """What died again and was replayed again is delivered for the second one only."""
    ward.bury()
    for number, end in ((ward.ask(), bury), (None, deliver)):
        asked = number or ward.ask()
        ward.turn(asked)
        settle(redis, end)
    assert [ward.get(number).died for number in (1, 2)] == [{"rejected": 1}, {}]
    assert [ward.get(number).delivered for number in (1, 2)] == [0, 1]


def test_a_lost_claim_ends_nothing(ward: Any, redis: Redis) -> None:
    """Only whoever holds the block says what became of its event."""
    ward.bury()
    number = ward.ask()
    ward.turn(number)
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    (claim,) = outbox.claim([Want(PIXEL, 10, 10**6, LIMIT)])
    block = OpenBlock.of(claim.blocks[0], lease_ends=0.0)
    deliver(block)
    settlement = Settlement(PIXEL, 0, LIMIT)
    block.settle_into(settlement)
    Outbox(store_of(redis), consumer="two", lease_ms=60_000).settle(settlement)
    assert ward.get(number).waiting == 1


def test_an_erased_event_is_said_to_be(ward: Any, redis: Redis) -> None:
    """It is not waiting any more, and was not delivered."""
    digest, now = sha256(b"jo@example.com").hexdigest(), time.time()
    body = {"event": "Lead", "event_id": "e", "event_time": int(now), "user": {"email": [digest]}}
    DeadLetters(store_of(redis)).bury(
        DeadLetter.of(
            body,
            destination=PIXEL,
            reason=Reason.REJECTED,
            message="refused",
            history=History(now),
            died_at=now - 30,
            expires_at=now + 3600,
        )
    )
    number = ward.ask()
    ward.turn(number)
    assert ward.run("erase", "--email", "jo@example.com", "--yes").exit_code == 0
    replay = ward.get(number)
    assert (replay.erased, replay.waiting) == (1, 0)
    assert [one.end for one in letters_of(store_of(redis), number)] == [End.ERASED]


def test_so_many_letters_are_known_one_by_one(ward: Any, redis: Redis) -> None:
    """All are counted; memory does not grow with a replay of a million."""
    ward.bury(LISTED + 5)
    number = ward.ask()
    while not ward.turn(number).ended:
        settle(redis, deliver)
        ward.let_pass(number, 10.0)
    settle(redis, deliver)
    assert (ward.get(number).delivered, len(letters_of(store_of(redis), number))) == (
        LISTED + 5,
        LISTED,
    )


def test_junk_among_the_letters_is_passed_over(ward: Any, redis: Redis) -> None:
    """Another program wrote there: it is shown as nothing, and nothing breaks."""
    junk: Sequence[Any] = (b"", b"x", b"delivered", b"died 1 x\n[1]", b"waiting\n{}", b"\xff\n[]")
    redis.hset(keys.replay_letters(7), mapping={str(n): one for n, one in enumerate(junk)})
    assert letters_of(store_of(redis), 7) == []


# --- the command ----------------------------------------------------------------


@pytest.fixture
def a_worker_is_there(redis: Redis) -> None:
    """As far as commands can see."""
    Presence(store_of(redis)).say()


def test_the_command_waits_for_the_ends(
    ward: Any, redis: Redis, at_work: None, a_worker_is_there: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells each letter's, and its exit code says that one died again."""
    ids = ward.bury(2, worth={"value": 9.99, "currency": "EUR", "order_id": "A-1"})
    ends = iter([deliver, bury])
    look = replay_watch._reason_not_to_wait

    def settle_one(*given: Any) -> str | None:
        settle(redis, next(ends), claims=1)
        return look(*given)

    monkeypatch.setattr(replay_watch, "_reason_not_to_wait", settle_one)
    result = ward.run("dead", "replay", *ids, "--yes")
    assert result.exit_code == 1
    parts = ["2 replayed", "1 delivered", "1 died again: rejected", "A-1", "9.99 EUR"]
    assert parts == [part for part in parts if part in result.stdout]
    assert "refused once more" in result.stdout
    again = ward.run("replays", "show", "1").stdout
    assert "dead again, rejected" in again
    assert "refused once more" in again


def test_a_parked_destination_is_named(
    ward: Any, redis: Redis, at_work: None, a_worker_is_there: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went back there waits for a person: the command does not wait with it."""
    ward.bury()
    park, seen = Parking(store_of(redis)), replay_watch._until_all_have_ended

    def parked_meanwhile(*given: Any) -> Any:
        park.park(PIXEL)
        return seen(*given)

    monkeypatch.setattr(replay_watch, "_until_all_have_ended", parked_meanwhile)
    result = ward.run("dead", "replay", "--all", "--yes")
    assert result.exit_code == 0
    assert f"1 event still waits for {PIXEL}: parked." in result.stdout


def test_it_says_before_that_letters_will_die_again(ward: Any) -> None:
    """And why, and how to repair them; the question says how many."""
    ward.bury(2, dated=False)
    ward.bury(1)
    result = ward.run("dead", "replay", "--all", given="n\n")
    parts = [
        "2 will die again before they are sent: they are not repaired",
        "2 event_time: ",
        "1 will probably be refused again",
        "1 refused",
        "dead import --replace",
        "Replay 3 dead letters, of which 2 will die again?",
    ]
    assert parts == [part for part in parts if part in result.stderr]
    assert max(map(len, result.stderr.splitlines())) <= 100
    (report,) = ward.json("dead", "replay", "--all", "--dry-run")
    assert list(report["will_die"].values()) == [2]


def test_an_edited_letter_is_not_said_to_be_refused_again(ward: Any) -> None:
    """Somebody has changed what the API had refused."""
    ward.bury()
    done = ward.run("dead", "edit", "--all", "--set", "properties.currency=EUR", "--yes")
    assert done.exit_code == 0
    result = ward.run("dead", "replay", "--all", given="n\n")
    assert "again" not in result.stderr
