"""A claimed block becomes what can be sent; every other event is dead with its reason."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from structlog.testing import capture_logs

from tiktok_events.event.destination import Destination
from worker.attempts.history import DEDUPLICATION_S, Attempt, History
from worker.delivery.closing import encoded
from worker.delivery.prepare import Outgoing, Preparer
from worker.delivery.remarks import Remarks
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.settlement import Settlement, TokenLimit
from worker.settings import Settings

NOW = 1_795_000_000.0
DAY = 86_400
SETTINGS = Settings(redis_url="redis://127.0.0.1:1/0", window_days_web=7.0)
PREPARER = Preparer(Destination("web", "C0PIXEL"), SETTINGS)


def event(**changes: Any) -> dict[str, Any]:
    """A good event, with changes."""
    good = {
        "event": "Purchase",
        "event_id": "e1",
        "event_time": int(NOW) - 60,
        "page": {"url": "https://shop.example/"},
        "user": {"email": "a" * 64},
    }
    return good | changes


def opened(*events: Any, claims: int = 1, history: History | None = None) -> OpenBlock:
    """A claimed block of these events."""
    attempts = history.write().encode() if history else b""
    payload = json.dumps(events).encode()
    return OpenBlock.of(
        ClaimedBlock(f"{int(NOW - 60) * 1000}-7", claims, len(events), payload, attempts),
        lease_ends=0.0,
    )


def prepared(block: OpenBlock) -> list[Outgoing]:
    """What of it can be sent; the others end as dead."""
    return PREPARER.prepare(block, now=NOW).end_in(block)


def letters(block: OpenBlock) -> list[dict[str, Any]]:
    """The dead letters of a closed block."""
    settlement = Settlement("web:C0PIXEL", 0, TokenLimit("digest", 1.0))
    block.settle_into(settlement)
    return [
        json.loads(dead.record.stored.partition("\n")[2])
        for mixed in settlement.mixed
        for dead in mixed.dead
    ]


def doubtful(age_s: float, *, replays: tuple[float, ...] = ()) -> History:
    """Of an event whose first attempt, so long ago, may have been accepted."""
    attempt = Attempt(NOW - age_s, "ambiguous", None, 10, None)
    history = History(NOW - age_s, replays=replays)
    return history.after(attempt)


def test_a_good_event_is_sent_as_it_is() -> None:
    """Checked, encoded, with the end of its window."""
    (outgoing,) = prepared(opened(event()))
    assert json.loads(outgoing.encoded) == event()
    assert outgoing.expires_at == NOW - 60 + 7 * DAY


def test_to_prepare_changes_nothing() -> None:
    """Whoever claimed the block ends its events."""
    block = opened(event(), event(properties={"value": "x"}))
    first, second = (PREPARER.prepare(block, now=NOW) for _ in range(2))
    assert first.dead == second.dead
    assert [one.encoded for one in first.sendable] == [one.encoded for one in second.sendable]
    assert (block.open, block.size) == (2, 2)


def test_a_block_that_was_let_go_keeps_the_bytes_alone() -> None:
    """Decoded events take no memory while they wait; one that dies is decoded anew."""
    block = opened(event(), event(event_id="e2"))
    decoded = block.events
    first, second = prepared(block)
    block.let_go()
    assert decoded is not block.events
    assert [first.body, second.body] == decoded


def test_an_encoded_event_takes_the_memory_of_its_bytes() -> None:
    """And not that of the encoder's buffer: sixteen thousand of them may wait for answers."""
    body = event(user={"email": "a" * 64, "user_agent": "x" * 600})
    size = len(encoded(body))
    tracemalloc.start()
    kept = [encoded(body) for _ in range(100)]
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [json.loads(one) for one in kept] == [body] * 100
    assert memory < 100 * (size + 100)


def test_an_invalid_event_dies_alone() -> None:
    """With the path and what is allowed; its neighbours are sent."""
    block = opened(event(), event(properties={"value": "x"}), event())
    assert [outgoing.index for outgoing in prepared(block)] == [0, 2]
    block.delivered(2)
    (letter,) = letters(block)
    assert (letter["reason"], letter["path"]) == ("invalid", "properties.value")
    assert "number" in letter["message"]


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}])
def test_an_event_that_is_none_dies_too(odd: object) -> None:
    """Whatever a producer put into a block."""
    block = opened(odd)
    assert prepared(block) == []
    assert letters(block)[0]["reason"] == "invalid"


@pytest.mark.parametrize(
    ("age_s", "reasons"),
    [(60, []), (7 * DAY - 60, []), (7 * DAY - 5, ["expired"]), (8 * DAY, ["expired"])],
)
def test_an_event_too_late_for_one_attempt_is_expired_before_it_is_sent(
    age_s: int, reasons: list[str]
) -> None:
    """An attempt that could end after the deadline is not begun."""
    block = opened(event(event_time=int(NOW) - age_s), event())
    sent = prepared(block)
    block.delivered(len(sent))
    assert [letter["reason"] for letter in letters(block)] == reasons


@pytest.mark.parametrize("event_time", ["yesterday", None, True, {}, "2026-11-17 10:00"])
def test_a_time_that_cannot_be_read_can_be_repaired_until_the_window_closes(
    event_time: Any,
) -> None:
    """The event happened before it was accepted: only from then on is it certainly too old."""
    block = opened(event(event_time=event_time))
    assert not prepared(block)
    (letter,) = letters(block)
    assert (letter["reason"], letter["path"]) == ("invalid", "event_time")
    assert letter["expires_at"] == NOW - 60 + 7 * DAY


@pytest.mark.parametrize(
    ("history", "reasons"),
    [
        (doubtful(DEDUPLICATION_S - 10), []),
        (doubtful(DEDUPLICATION_S + 10), ["exhausted"]),
        (doubtful(DEDUPLICATION_S + 10, replays=(NOW - 5,)), []),
        (doubtful(DEDUPLICATION_S + 10, replays=(NOW - DEDUPLICATION_S,)), ["exhausted"]),
    ],
)
def test_what_tiktok_could_count_twice_needs_a_person(history: History, reasons: list[str]) -> None:
    """An ambiguous event is repeated by itself for 48 hours; then a replay is the yes."""
    block = opened(event(), history=history)
    prepared(block)
    if not block.closed:
        block.delivered()
    assert [letter["reason"] for letter in letters(block)] == reasons


def test_an_event_whose_worker_died_is_ambiguous() -> None:
    """It may have been sent before the death."""
    assert opened(event(), claims=2).history.ambiguous
    assert not opened(event(), claims=1).history.ambiguous


def test_a_deadly_event_dies() -> None:
    """Rather than taking workers with it for ever."""
    block = opened(event(), claims=6)
    block.dead(0, PREPARER.crash_loop(block, now=NOW))
    (letter,) = letters(block)
    assert (letter["reason"], letter["ambiguous"]) == ("crash_loop", True)
    assert letter["message"].startswith("5 workers")


def test_a_remark_is_made_once() -> None:
    """A million events with the same slip are one line."""
    remarks = Remarks()
    with capture_logs() as logs:
        for _ in range(3):
            found = PREPARER.prepare(opened(event(event="purchase")), now=NOW)
            remarks.note("web:C0PIXEL", found.warnings)
    assert [(line["event"], line["path"]) for line in logs] == [("event_remark", "event")]
    assert "Purchase" in logs[0]["message"]


def test_whoever_cannot_judge_ends_nothing_by_its_age() -> None:
    """What is too old is postponed by a lease, untried; what is in time goes, junk still dies."""
    old = event(event_id="old", event_time=int(NOW) - 8 * DAY)
    block = opened(event(), old, event(event_id=""))
    preparer = Preparer(PREPARER.destination, SETTINGS, judges=False)
    (outgoing,) = preparer.prepare(block, now=NOW).end_in(block)
    assert outgoing.index == 0
    block.delivered()
    settlement = Settlement("web:C0PIXEL", 0, TokenLimit("digest", 1.0))
    block.settle_into(settlement)
    (mixed,) = settlement.mixed
    assert [json.loads(part.payload) for part in mixed.left] == [[old]]
    assert [dead.record.kind.reason for dead in mixed.dead] == ["invalid"]


@pytest.mark.parametrize("ago_s", [60, DEDUPLICATION_S + 60])
def test_whoever_cannot_judge_lets_doubtful_events_wait(ago_s: float) -> None:
    """It cannot tell whether TikTok would count one more attempt as another conversion."""
    history = History(NOW - ago_s, ambiguous_since=NOW - ago_s)
    block = opened(event(), event(event_id="e2"), history=history)
    preparer = Preparer(PREPARER.destination, SETTINGS, judges=False)
    assert preparer.prepare(block, now=NOW).end_in(block) == []
    settlement = Settlement("web:C0PIXEL", 0, TokenLimit("digest", 1.0))
    block.settle_into(settlement)
    assert settlement.again == [(block.claimed.id, 1, None, True)]
    assert not settlement.mixed
