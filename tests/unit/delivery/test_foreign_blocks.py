"""What a producer that is not ours has written raw goes no further than to a worker."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from tiktok_events.event.destination import Destination
from tiktok_events.event.match_keys import hash_text
from tiktok_events.event.remarks import REMARKS
from worker.attempts.history import History
from worker.delivery.closing import Closing
from worker.delivery.prepare import Outgoing, Preparer
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.settlement import Settlement, TokenLimit
from worker.settings import Settings

ANN = "ann@example.com"
NOW = float(int(time.time()))
PLAIN: dict[str, Any] = {
    "event": "Purchase",
    "event_id": "7",
    "event_time": int(NOW),
    "page": {"url": "https://shop.example/"},
}
PREPARER = Preparer(Destination("web", "P"), Settings())


def ended(block: OpenBlock) -> list[Outgoing]:
    """What of a block can be sent; the rest has ended in it."""
    return PREPARER.prepare(block, now=NOW).end_in(block)


def block_of(*events: dict[str, Any], claims: int = 1, mark: bytes = b"") -> OpenBlock:
    """A block as a worker claims it."""
    payload = orjson.dumps(events)
    claimed = ClaimedBlock(f"{NOW:.0f}000-1", claims, len(events), payload, b"", mark)
    return OpenBlock(claimed, History(NOW), lease_ends=NOW + 60)


def sent(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """The events as they go to the API."""
    return [orjson.loads(one.encoded) for one in ended(block_of(*events))]


@pytest.mark.parametrize(
    "raw",
    [
        {"user": {"email": ANN}},
        {"user": {"Email": ANN, "ttclid": "E.C.P.1"}},
        {"email": ANN},
        {"properties": {"email": ANN}},
        {"properties": {"description": f"for {ANN}"}},
        {"page": {"url": f"https://shop.example/?e={ANN}"}},
        {"context": {"user": {"email": ANN}}},
    ],
)
def test_it_is_not_sent_raw(raw: dict[str, Any]) -> None:
    """It is hashed, or left out; the conversion goes."""
    (event,) = sent({**PLAIN, **raw})

    assert ANN not in orjson.dumps(event).decode()


def test_a_raw_match_key_is_hashed() -> None:
    """As our client would have done it."""
    assert sent({**PLAIN, "user": {"email": ANN}})[0]["user"] == {"email": hash_text(ANN)}


def test_it_does_not_die_raw() -> None:
    """A dead letter holds what would have been sent, also when it is made later."""
    block = block_of({**PLAIN, "event": "", "user": {"email": ANN}}, {**PLAIN, "email": ANN})
    (outgoing,) = ended(block)
    settlement = Settlement("web:P", 0, TokenLimit("t", 1.0))
    body = outgoing.body
    block.delivered()
    block.settle_into(settlement)

    assert b"email" in settlement.plan()
    assert ANN not in f"{body}{settlement.plan().decode()}"


def test_remarks_are_not_sent_but_counted_once() -> None:
    """When an event is tried for the first time."""
    event = {**PLAIN, REMARKS: {"user.email": "junk", "user.phone": "left_out:phone:national"}}
    first, again = block_of(event, event), block_of(event, claims=2)
    sent_events = [orjson.loads(one.encoded) for one in ended(first)]
    ended(again)

    assert sent_events == [PLAIN, PLAIN]
    assert first.remarked == {"junk": 2, "left_out:phone:national": 2}
    assert again.remarked == {}


def test_the_counters_reach_the_settlement() -> None:
    """Beside those of the answers."""
    block = block_of({**PLAIN, REMARKS: {"user.email": "junk"}})
    settlement = Settlement("web:P", 0, TokenLimit("t", 1.0))
    ended(block)
    block.delivered()
    block.settle_into(settlement)

    assert settlement.remarked == {"junk": 1}


def test_a_key_passes_by_the_settings_of_its_own_check() -> None:
    """Not by those of another one in the same process."""
    event = {"event": "Lead", "event_time": 1_767_225_600, "event_id": "1", "user": {"tier": "x"}}
    lets_pass = Closing(Settings.load({}, user_keys="tier"), "web").check(event)[1]
    keeps_out = Closing(Settings.load({}), "web").check(event)[1]
    assert (lets_pass.event["user"], keeps_out.event["user"]) == ({"tier": "x"}, {})


@pytest.mark.parametrize(
    ("mark", "looks"), [(b"", True), (b"0", True), (b"11", True), (b"1", False)]
)
def test_only_the_mark_of_these_rules_is_trusted(mark: bytes, *, looks: bool) -> None:
    """A block with it holds no address, so that none is looked for."""
    event = PLAIN | {"page": {"url": f"https://shop.example/?e={ANN}"}}
    (one,) = ended(block_of(event, mark=mark))
    assert (ANN.encode() not in one.encoded) == looks


@pytest.mark.parametrize(
    "raw", [{"user": {"Email": ANN}}, {"user": {"email": ANN}}, {"properties": {"email": ANN}}]
)
def test_keys_are_looked_at_in_spite_of_the_mark(raw: dict[str, Any]) -> None:
    """The check of every event tells of them, at no cost."""
    assert all(ANN.encode() not in one.encoded for one in ended(block_of(PLAIN | raw, mark=b"1")))
