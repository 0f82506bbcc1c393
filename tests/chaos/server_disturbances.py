"""What can befall the server or the way to it, though its process lives.

`strike` returns when the disturbance is over; recovery is measured from there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from redis.exceptions import ResponseError

from tests.builders.stores import keys
from tests.chaos.producer import PIXELS
from tests.chaos.stage import Stage, destination
from tiktok_events.outbox.keys import GROUP
from worker.local.loopback import HOST, free_port

LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Cut:
    """The wire between the workers and the server is cut: silence, in both directions."""

    for_s: float

    def strike(self, stage: Stage) -> None:
        """Cut and mend."""
        stage.wire.cut()
        time.sleep(self.for_s)
        stage.wire.mend()


@dataclass(frozen=True, slots=True)
class Demote:
    """The server is a read-only replica, as the old master is in a failover."""

    for_s: float

    def strike(self, stage: Stage) -> None:
        """Demote and promote it; nobody answers as its master, so it keeps what it has."""
        stage.redis.replicaof(HOST, free_port())
        time.sleep(self.for_s)
        stage.redis.replicaof("NO", "ONE")


@dataclass(frozen=True, slots=True)
class LoseData:
    """The server forgets everything while claims are held, as a replica that had not got it."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Empty it, between two calls of the producer: what was accepted before is gone."""
        for _ in range(self.times):
            stage.wait_for_claims()
            with stage.producer.paused():
                stage.redis.flushall()
                stage.note_gone()


@dataclass(frozen=True, slots=True)
class LoseGroups:
    """Each outbox loses its group, and with it who holds what."""

    times: int

    def strike(self, stage: Stage) -> None:
        """Destroy the groups while claims are held."""
        lost = 0
        while lost < self.times:
            stage.wait_for_claims()
            gone = [_lose_group(stage, pixel) for pixel in PIXELS]
            lost += any(gone)


def _lose_group(stage: Stage, pixel: str) -> bool:
    try:
        return bool(stage.redis.xgroup_destroy(keys.outbox(destination(pixel)), GROUP))
    except ResponseError:
        return False  # the outbox has just been emptied, so there is none


@dataclass(frozen=True, slots=True)
class Fill:
    """The server's memory limit is what it uses: it refuses every command that needs more."""

    for_s: float

    def strike(self, stage: Stage) -> None:
        """Keep it full, however far the workers empty it, then lift the limit."""
        refused, ends = len(stage.producer.refused), time.monotonic() + self.for_s
        while time.monotonic() < ends:
            used = stage.redis.info("memory")["used_memory"]
            stage.redis.config_set("maxmemory", used)
            time.sleep(LOOK_S)
        stage.wait_until(lambda: len(stage.producer.refused) > refused)
        stage.redis.config_set("maxmemory", 0)
