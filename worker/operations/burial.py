"""Bury what waits for a parked destination when a person gives up on it.

claim      the blocks of the parked outbox, as `worker.delivery.expiry` does, whatever their age
bury       each event, with the reason why the destination is parked
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tiktok_events.event.destination import Destination
from tiktok_events.outbox.store import Store
from worker.delivery.closing import Closing
from worker.delivery.prepare import Preparer
from worker.letters.letter import DeadLetter, Reason
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import NO_TOKEN, Settlement
from worker.settings import Settings

FOREVER_S: Final = 2**53
"""Seconds; windows are judged so far in the future that no event can still be sent."""


class Burial:
    """Buries what waits for parked destinations.

    Args:
        store: the outbox.
        consumer: a consumer name that nobody else claims under.
        settings: settings with the windows and the lease.
    """

    def __init__(self, store: Store, consumer: str, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._outbox = Outbox(
            store,
            consumer=consumer,
            lease_ms=round(settings.lease_s * 1000),
            receipts=settings.receipts,
        )

    def run(self, destination: Destination, reason: str) -> Iterator[int]:
        """Bury all that nobody is sending; yield how many events died in each step.

        Args:
            destination: a parked destination; nothing is claimed from any other.
            reason: why it is parked; the message of each letter.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        self._outbox.clock.ask(self._store.redis)
        while blocks := self._claimed(destination):
            yield self._bury(destination, blocks, reason)

    def _bury(self, destination: Destination, blocks: Sequence[OpenBlock], reason: str) -> int:
        settlement = Settlement(destination.key, 0, NO_TOKEN)
        preparer, now = Preparer(destination, self._settings), self._outbox.clock.now()
        closing = Closing(self._settings, destination.event_source)
        for block in blocks:
            for index, event in enumerate(block.events):
                letter = DeadLetter.of(
                    closing.close(event),
                    destination=destination.key,
                    reason=Reason.REJECTED,
                    message=reason,
                    history=block.history,
                    died_at=now,
                    expires_at=preparer.expires_at(event, block.history.accepted_at),
                )
                block.dead(index, letter)
            block.settle_into(settlement)
        self._outbox.settle(settlement)
        return sum(block.size for block in blocks)

    def _claimed(self, destination: Destination) -> list[OpenBlock]:
        (blocks,) = self._outbox.sweep([(destination.key, -FOREVER_S)])
        return [OpenBlock.of(block, lease_ends=0.0) for block in blocks]
