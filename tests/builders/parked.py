"""A destination that is parked, with events of any age."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.delivery.expiry import Sweep
from worker.letters.dead_letters import DeadLetters
from worker.outbox.claim import Claim, Want
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import Settled, Settlement, TokenLimit
from worker.settings import Settings

PIXEL: Final = "C0EXPIRY0PIXEL000000"
KEY: Final = f"web:{PIXEL}"
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
LIMIT: Final = TokenLimit("digest", 10_000.0)
SETTINGS: Final = Settings.load({})


def purchase(event_id: str, *, age_s: float = 0, **changes: Any) -> dict[str, Any]:
    """A valid event of an age."""
    return {
        "event": "Purchase",
        "event_id": event_id,
        "event_time": int(time.time() - age_s),
        "user": {"email": "jo@example.com"},
        "page": {"url": f"https://shop.example/thanks?{'q' * 300}"},
        **changes,
    }


class Parked:
    """A destination, and a process that may sweep it once it is parked."""

    def __init__(self, redis: Redis, client: Client) -> None:
        self.redis = redis
        self.client = client
        self.outbox = Outbox(store_of(redis), consumer="sweeper", lease_ms=60_000)
        self.sweep = Sweep(store_of(redis), self.outbox, SETTINGS)

    def track(self, *ids: str, age_s: float = 0, **changes: Any) -> None:
        """Enqueue events as one block."""
        self.client.track_many([purchase(one, age_s=age_s, **changes) for one in ids])

    def park(self) -> None:
        """From now on."""
        assert Parking(store_of(self.redis)).park(KEY)

    def run(self) -> int:
        """Sweep until nothing more is found."""
        return self.sweep.run(lambda: True)

    def dead(self) -> dict[str | None, str]:
        """Reasons by event id."""
        return {letter.event_id: letter.reason for letter in DeadLetters(store_of(self.redis))}

    def claim(self) -> Claim:
        """Claim all of it, as another process."""
        outbox = Outbox(store_of(self.redis), consumer="other", lease_ms=60_000)
        return outbox.claim([Want(KEY, 100_000, 100_000_000, LIMIT)])[0]

    def ids_after_resume(self) -> list[str]:
        """The ids that a worker claims after the probe, in the order of claiming."""
        assert Parking(store_of(self.redis)).resume(KEY)
        self.redis.hdel(keys.state(KEY), "failures")
        payloads = [block.payload for block in self.claim().blocks]
        return [event["event_id"] for payload in payloads for event in orjson.loads(payload)]


def park_by_answer(
    redis: Redis, key: str, notice: Mapping[str, Any] | None = None
) -> tuple[Outbox, Settled]:
    """A destination where an event waits is parked by the answer to its request.

    Args:
        redis: of the outbox.
        key: of the destination.
        notice: the announcement to be made.
    """
    outbox = Outbox(store_of(redis), consumer="one", lease_ms=60_000)
    token_limit = TokenLimit("old", 10.0)
    (claim,) = outbox.claim([Want(key, 1, 1_000, token_limit)])
    settlement = Settlement(key, 0, token_limit, park="credential: revoked", notice=notice or {})
    settlement.again = [(block.id, block.claims, None, False) for block in claim.blocks]
    return outbox, outbox.settle(settlement)
