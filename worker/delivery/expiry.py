"""Bury events of parked destinations when their window closes, not when somebody looks again.

claim      the head of a parked outbox, as far as it is too old   (never anything else)
prepare    as before every request: what is too old gets its letter
settle     the letters are buried; nothing was sent

Any other destination needs no sweep: its events are looked at with every claim.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from tiktok_events.event.destination import Destination
from tiktok_events.outbox.store import Store
from worker.delivery.prepare import Preparer
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.settlement import NO_TOKEN, Settlement
from worker.reporting.log import Log
from worker.settings import Settings

log = Log("tiktok_events.expiry")

EVERY_MS: Final = 60_000
"""Seconds by which an event of a parked destination may die too late."""

TOGETHER: Final = 25
"""How many destinations one round trip asks about; mostly nothing has expired at any."""


def is_time_to_sweep(store: Store) -> bool:
    """Return whether the caller is to start a sweep: one worker a minute is."""
    return bool(store.redis.set(store.shards.installation.sweeping, 1, px=EVERY_MS, nx=True))


class Sweep:
    """Buries the expired events of parked destinations.

    Args:
        store: the outbox, by a connection of this process.
        outbox: of this process.
        settings: for the windows and the lease.
    """

    def __init__(self, store: Store, outbox: Outbox, settings: Settings) -> None:
        self._store = store
        self._parking = Parking(store)
        self._outbox = outbox
        self._settings = settings

    def run(self, go_on: Callable[[], bool]) -> int:
        """Sweep every parked destination while `go_on` says so; returns how many events died.

        None, while the clock of this machine is too wrong to judge.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        self._outbox.clock.ask(self._store.redis)
        if not self._outbox.clock.judges:
            return 0
        names, died = list(self._parking.parked()), 0
        for first in range(0, len(names), TOGETHER):
            if not go_on():
                break
            died += self._sweep(list(map(Destination.from_key, names[first:][:TOGETHER])), go_on)
        return died

    def _sweep(self, destinations: Sequence[Destination], go_on: Callable[[], bool]) -> int:
        """Claim and bury in one go, even when there is no time left for more."""
        claimed = zip(destinations, self._claimed(destinations), strict=True)
        return sum(self._end(destination, blocks, go_on) for destination, blocks in claimed)

    def _end(
        self, destination: Destination, blocks: Sequence[OpenBlock], go_on: Callable[[], bool]
    ) -> int:
        """Bury these, and then what else has expired there; returns how many events died."""
        died = 0
        while blocks and (dead := self._bury(destination, blocks)):
            died += dead
            (blocks,) = self._claimed([destination]) if go_on() else ([],)
        if died:
            log.error("expired_while_parked", destination=destination.key, events=died)
        return died

    def _bury(self, destination: Destination, blocks: Sequence[OpenBlock]) -> int:
        preparer = Preparer(destination, self._settings)
        settlement = Settlement(destination.key, 0, NO_TOKEN)
        alive = 0
        for block in blocks:
            sendable = preparer.prepare(block, now=self._outbox.clock.now()).end_in(block)
            if sendable:  # the script and the schema read a time differently
                block.left([event.index for event in sendable])
            alive += len(sendable)
            block.settle_into(settlement)
        self._outbox.settle(settlement)
        return sum(block.size for block in blocks) - alive

    def _claimed(self, destinations: Sequence[Destination]) -> list[list[OpenBlock]]:
        """What has expired at the head of each."""
        windows = [(one.key, self._settings.window_s(one.event_source)) for one in destinations]
        found = self._outbox.sweep(windows)
        lease_ends = time.monotonic() + self._settings.lease_s
        return [[OpenBlock.of(block, lease_ends=lease_ends) for block in some] for some in found]
