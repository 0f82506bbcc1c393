"""Events, claims and settlements of one destination, as workers make them."""

from __future__ import annotations

import json
from typing import Any

from redis import Redis

from tests.builders.stores import keys
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import PreparedEvent
from worker.attempts.history import Attempt, History
from worker.outbox.claim import Claim, Taken, Want
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Outcome, Settlement, TokenLimit

PIXEL = Destination("web", "C0PIXEL")
OTHER = Destination("web", "C0OTHER")
LEASE_MS = 60_000
LIMIT = TokenLimit("digest", 1000.0)


def events(count: int, destination: Destination = PIXEL, first: int = 0) -> list[PreparedEvent]:
    """Prepared events, numbered."""
    return [
        PreparedEvent(destination, f"e{i}", json.dumps({"event_id": f"e{i}"}).encode())
        for i in range(first, first + count)
    ]


def take(outbox: Outbox, limit: int = 16) -> Taken:
    """Take what is due, then fall asleep."""
    return outbox.take(limit, patience_ms=1000, stay=False)


def claim(
    outbox: Outbox,
    destination: Destination = PIXEL,
    *,
    wanted: int = 1000,
    limit: TokenLimit = LIMIT,
) -> Claim:
    """Claim a destination's blocks."""
    return outbox.claim([Want(destination.key, wanted, 1_000_000, limit)])[0]


def ids(claimed: Claim) -> list[str]:
    """Event ids, in order."""
    return [event["event_id"] for block in claimed.blocks for event in json.loads(block.payload)]


def delivered(claimed: Claim, *, limit: TokenLimit = LIMIT, **changes: Any) -> Settlement:
    """All of a claim was accepted."""
    settlement = Settlement(claimed.destination, claimed.failures, limit, outcome=Outcome.HEALTHY)
    settlement.done = [(block.id, block.claims, block.events) for block in claimed.blocks]
    for name, value in changes.items():
        setattr(settlement, name, value)
    return settlement


def due_again(claimed: Claim, *, limit: TokenLimit = LIMIT, **changes: Any) -> Settlement:
    """A settlement that judges no event, because the destination fails."""
    again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    failing = {"done": [], "again": again, "outcome": Outcome.FAILING}
    return delivered(claimed, limit=limit, **(failing | changes))


def failed(claimed: Claim, delay_ms: int = 0) -> Settlement:
    """A settlement of a failure: every event is due again."""
    attempt = Attempt(1.0, "transient", 50002, 10, None)
    history = History(1.0).after(attempt).write()
    return Settlement(
        claimed.destination,
        claimed.failures,
        LIMIT,
        again=[(block.id, block.claims, history, False) for block in claimed.blocks],
        outcome=Outcome.FAILING,
        delay_ms=delay_ms,
    )


def counter(redis: Redis, name: str) -> int:
    """One of the counters."""
    return int(redis.hget(keys.counters, name) or 0)
