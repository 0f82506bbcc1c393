"""What a careful pace sees of a real outbox."""

from __future__ import annotations

from redis import Redis

from tests.builders.stores import store_of
from tiktok_events import Client
from worker.files.pace import Waiting, waiting_in
from worker.outbox.claim import Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import TokenLimit

PIXEL = "web:C0PIXEL"


def test_claims_show_while_they_last(redis: Redis, redis_url: str) -> None:
    """Before the first claim there is no group to ask; a claim counts as waiting."""
    look = waiting_in(store_of(redis))
    before = look([PIXEL, "web:OTHER"])
    with Client(redis_url) as client:
        client.track({"event": "Lead", "event_source_id": "C0PIXEL"})
    appended = look([PIXEL])
    outbox = Outbox(store_of(redis), consumer="c", lease_ms=60_000)
    (claim,) = outbox.claim([Want(PIXEL, 1, 1, TokenLimit("token", 10))])
    (block,) = claim.blocks
    claimed = look([PIXEL])
    assert before == [Waiting(), Waiting()]
    assert appended == [Waiting(1)]
    assert claimed == [Waiting(1, (block.id.encode(), block.id.encode()))]
