"""A server at its memory limit: it refuses new events, and the workers empty it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client, OutboxUnavailable
from worker.local.embedded import EmbeddedServer
from worker.outbox.claim import Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement, TokenLimit

LIMIT = TokenLimit("digest", 1000.0)
EVENT: dict[str, Any] = {"event": "Purchase", "properties": {"description": "x" * 1000}}


@pytest.fixture
def full() -> Iterator[Redis]:
    """A server of its own, with an outbox filled to the limit."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 3_000_000)
        with Client(server.url, event_source_id="C0PIXEL", linger_ms=0) as client:
            with pytest.raises(OutboxUnavailable, match="is full: "):
                _fill(client)
            yield redis


def _fill(client: Client) -> None:
    for _ in range(100):
        client.track_many([EVENT] * 100)


def test_a_full_server_can_be_emptied(full: Redis) -> None:
    """Taking, claiming and settling must not need memory that only they can free."""
    outbox = Outbox(store_of(full), consumer="one", lease_ms=60_000)
    accepted = int(full.hget(keys.counters, "accepted") or 0)
    delivered = 0
    while destinations := outbox.take(16, patience_ms=1000, stay=False).destinations:
        for claim in outbox.claim([Want(name, 1000, 10_000_000, LIMIT) for name in destinations]):
            settlement = Settlement(
                claim.destination, claim.failures, LIMIT, outcome=Outcome.HEALTHY
            )
            settlement.done = [(block.id, block.claims, block.events) for block in claim.blocks]
            outbox.settle(settlement)
            delivered += sum(block.events for block in claim.blocks)
    assert delivered == accepted
    assert full.hget(keys.counters, "delivered") == str(accepted).encode()


def test_a_full_server_can_hand_back_and_bury(full: Redis) -> None:
    """A back-off is written too: what failed is not claimed again at once."""
    outbox = Outbox(store_of(full), consumer="one", lease_ms=60_000)
    (name,) = outbox.take(16, patience_ms=1000, stay=False).destinations
    want = Want(name, 100, 10_000_000, LIMIT)
    (claim,) = outbox.claim([want])
    settlement = Settlement(name, 0, LIMIT, outcome=Outcome.FAILING, delay_ms=60_000)
    settlement.again = [(block.id, block.claims, "{}", False) for block in claim.blocks]
    assert outbox.settle(settlement).lost == 0
    assert outbox.claim([want])[0].blocks == []
