"""What the tests of erasure share: a shop with events of several people."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, Final

import orjson
import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from tiktok_events import Client, Page
from tiktok_events.event.match_keys import prepare_user
from tiktok_events.outbox.keys import GROUP
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.operations.data_subject import DataSubject
from worker.operations.erasure import Elsewhere, Erasure
from worker.operations.erasure_found import Found
from worker.operations.queued_events import QueuedEvents
from worker.operations.status import read_figures
from worker.outbox.claim import Claim, Want
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settled, Settlement, TokenLimit

PIXEL: Final = "C0ERASE00PIXEL000000"
KEY: Final = f"web:{PIXEL}"
JO: Final = "jo@example.com"
LEASE_S: Final = 60.0
LIMIT: Final = TokenLimit("digest", 10_000.0)


class Shop:
    """A server with events of several people, workers, and an operator who erases.

    Attributes:
        redis: the server.
        url: of it.
    """

    def __init__(self, redis: Redis, url: str) -> None:
        self.redis = redis
        self.url = url
        self.outbox = Outbox(store_of(redis), consumer="one", lease_ms=round(LEASE_S * 1000))

    def track(self, *emails: str, source_id: str = PIXEL) -> None:
        """One block with an event for each address; its id is who it is, and its place."""
        page: Page = {"url": f"https://shop.example/?{'q' * 400}"}
        with Client(self.url, event_source_id=source_id, linger_ms=0) as client:
            client.track_many(
                {
                    "event": "Lead",
                    "event_id": f"{email.split('@')[0]}/{n}",
                    "user": {"email": email},
                    "page": page,
                }
                for n, email in enumerate(emails)
            )

    def claim(self) -> Claim:
        """Claim everything that can be claimed, as a worker."""
        return self.outbox.claim([Want(KEY, 1_000, 1_000_000, LIMIT)])[0]

    def settle(self, claim: Claim, *blocks: OpenBlock, delivered: bool = False) -> Settled:
        """End a claim: its blocks as they were ended here, or all delivered, or all due again."""
        settlement = Settlement(KEY, claim.failures, LIMIT)
        for block in blocks:
            block.settle_into(settlement)
        if delivered:
            settlement.done = [(one.id, one.claims, one.events) for one in claim.blocks]
        elif not blocks:
            settlement.again = [(one.id, one.claims, None, False) for one in claim.blocks]
        return self.outbox.settle(settlement)

    def outlive(self, claim: Claim, lease_s: float = LEASE_S) -> None:
        """Let a claim outlive its lease; its worker has died."""
        for block in claim.blocks:
            self.redis.xclaim(
                keys.outbox(KEY),
                GROUP,
                "one",
                min_idle_time=0,
                message_ids=[block.id],
                idle=round(lease_s * 1000),
                retrycount=block.claims,
                justid=True,
            )
        self.redis.hdel(keys.state(KEY), "stale_check")

    def letter(self, body: Any) -> DeadLetter:
        """The letter of an event that was refused."""
        now = time.time()
        return DeadLetter.of(
            body,
            destination=KEY,
            reason=Reason.REJECTED,
            message="refused",
            history=History(now),
            died_at=now,
            expires_at=now + 60,
        )

    def bury(self, email: str) -> None:
        """Bury an event of somebody; its id is who it is."""
        body: dict[str, Any] = {
            "event": "Lead",
            "event_id": email.partition("@")[0],
            "user": prepare_user({"email": email}),
        }
        DeadLetters(store_of(self.redis)).bury(self.letter(body))

    def subject(self) -> DataSubject:
        """Jo, as events know one."""
        return DataSubject.of({"email": [JO]}, None)

    def erase(
        self,
        meanwhile: Callable[[], object] = lambda: None,
        queued: QueuedEvents | None = None,
    ) -> Found:
        """Erase Jo's events; something may happen while claims are waited for.

        The clock goes so fast that a lease is over after ten looks.
        """

        def wait(_seconds: float) -> None:
            meanwhile()

        found, ticks = Found(), itertools.count(step=LEASE_S / 10)
        Erasure(
            store_of(self.redis),
            self.subject(),
            lease_s=LEASE_S,
            elsewhere=Elsewhere(queued=queued),
            clock=lambda: next(ticks),
            wait=wait,
        ).run(found, lambda: None)
        return found

    def blocks(self, key: str = KEY) -> list[list[str]]:
        """The event ids of each block, in order."""
        entries: Any = self.redis.xrange(keys.outbox(key))
        blocks = [orjson.loads(fields[b"b"]) for _, fields in entries]
        return [[event["event_id"] for event in block] for block in blocks]

    def history(self) -> dict[str, Any]:
        """What the only block with a history met."""
        (document,) = self.redis.hvals(keys.attempts(KEY))
        known: dict[str, Any] = orjson.loads(document)
        return known

    def counted(self) -> tuple[int, int, int, int]:
        """Waiting and erased, and what the accounts miss."""
        figures = read_figures(store_of(self.redis))
        return (
            figures.waiting,
            figures.count("erased"),
            figures.unaccounted,
            figures.dead_unaccounted,
        )


@pytest.fixture
def shop(redis: Redis, redis_url: str) -> Shop:
    """A shop without events."""
    return Shop(redis, redis_url)
