"""Events of parked destinations die when their window closes, not when somebody looks again.

claim      the head of a parked outbox, as far as it is too old   (never anything else)
prepare    as before every request: what is too old gets its letter
settle     the letters are buried; nothing was sent

Any other destination needs no sweep: its events are looked at with every claim.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import structlog
from redis import Redis

from schemas.limits import LATEST_EVENT_TIME
from tiktok_events import keys
from tiktok_events.destination import Destination
from tiktok_events.lua_script import LuaScript
from worker.claimed_block import OpenBlock
from worker.outbox import ClaimedBlock, Outbox
from worker.parking import Parking
from worker.prepare import Preparer
from worker.settings import Settings
from worker.settlement import Settlement, Turns

log = structlog.get_logger("tiktok_events.expiry")

EVERY_MS: Final = 60_000
"""How late an event of a parked destination dies, about."""

AT_ONCE: Final = 8
"""Blocks of one claim: the server decodes them, and must not be held up."""

NO_TURNS: Final = Turns("", 1.0)
"""Of a token: none is used."""


def is_time_to_sweep(redis: Redis) -> bool:
    """Whether the caller is to start a sweep: true for one worker a minute."""
    return bool(redis.set(keys.SWEEPING, 1, px=EVERY_MS, nx=True))


class Sweep:
    """Buries the expired events of parked destinations.

    Args:
        redis: connection of this process.
        outbox: of this process; settles.
        consumer: the name that `outbox` claims under.
        settings: for the windows and the lease.
    """

    def __init__(self, redis: Redis, outbox: Outbox, consumer: str, settings: Settings) -> None:
        self._parking = Parking(redis)
        self._outbox = outbox
        self._consumer = consumer
        self._settings = settings
        self._claim = LuaScript(redis, "worker", "unblocked", "claims", "sweep")

    def run(self, go_on: Callable[[], bool]) -> int:
        """Sweep every parked destination while `go_on` says so; returns how many events died.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        return sum(
            self._sweep(Destination.from_key(name), go_on) for name in self._parking.parked()
        )

    def _sweep(self, destination: Destination, go_on: Callable[[], bool]) -> int:
        died = 0
        while go_on() and (dead := self._bury_some(destination)):
            died += dead
        if died:
            log.error("expired_while_parked", destination=destination.key, events=died)
        return died

    def _bury_some(self, destination: Destination) -> int:
        """End some blocks, if any have expired; returns how many events died."""
        blocks = self._claimed(destination)
        return self._bury(destination, blocks) if blocks else 0

    def _bury(self, destination: Destination, blocks: Sequence[OpenBlock]) -> int:
        preparer = Preparer(destination, self._settings)
        settlement = Settlement(destination.key, 0, NO_TURNS)
        alive = 0
        for block in blocks:
            outgoing = [event.index for event in preparer.prepare(block, now=time.time())]
            if outgoing:  # the script and the schema read a time differently
                block.left(outgoing, None)
            alive += len(outgoing)
            block.settle_into(settlement)
        self._outbox.settle(settlement)
        return sum(block.size for block in blocks) - alive

    def _claimed(self, destination: Destination) -> list[OpenBlock]:
        name, now = destination.key, time.time()
        lease_s = self._settings.lease_s
        window_s = self._settings.window_s(destination.event_source)
        found = cast(
            "list[list[Any]]",
            self._claim(
                [keys.READY, keys.outbox(name), keys.state(name), keys.attempts(name)],
                [
                    self._consumer,
                    round(lease_s * 1000),
                    AT_ONCE,
                    now - window_s,
                    LATEST_EVENT_TIME,
                ],
            ),
        )
        claimed = (ClaimedBlock(id_.decode(), *rest) for id_, *rest in found)
        return [OpenBlock.of(block, lease_ends=time.monotonic() + lease_s) for block in claimed]
