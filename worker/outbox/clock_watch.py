"""Compares the worker's clock with the server's, and repairs what is left when it jumps back.

Every wait ends at a timestamp of the server's clock: when a destination is due, when its back-off
or a claim's lease ends. If the clock is set back by an hour, each would last an hour longer.
A jump forward needs no mending: waits end early, and a repeat is harmless.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.server_clock import JUDGES_WITHIN_S, TOLD_S
from worker.reporting.log import Log
from worker.reporting.stored import Fields, text_of

log = Log("tiktok_events.clock_watch")

JUMP_MS: Final = 1_000
TOLD_MS: Final = round(TOLD_S * 1000)
FORGOTTEN_MS: Final = 60_000
"""Milliseconds after which a worker that has not looked is gone; it looks once a second."""

WORKER: Final = f"{socket.gethostname()}:{os.getpid()}"
AT_ONCE: Final = 500
"""How many destinations one step mends: the server does nothing else meanwhile."""


class Agreement(StrEnum):
    """How well a worker's clock agrees with the server's; the value names the log event."""

    FINE = "clock_agrees"
    DIFFERS = "clock_differs"
    USELESS = "clock_cannot_judge"


_LEVELS: Final = {
    Agreement.FINE: "info",
    Agreement.DIFFERS: "warning",
    Agreement.USELESS: "error",
}


def agreement(ahead_s: float) -> Agreement:
    """How well the clocks agree; `ahead_s` is how far the worker's goes ahead."""
    if abs(ahead_s) <= TOLD_S:
        return Agreement.FINE
    return Agreement.DIFFERS if abs(ahead_s) <= JUDGES_WITHIN_S else Agreement.USELESS


class ClockWatch:
    """Looks at the server's clock.

    Args:
        store: the outbox, by a connection of this process.
        worker: names this machine and process where the clocks differ.
        wall: Unix seconds by the clock of this machine.
    """

    def __init__(
        self, store: Store, worker: str = WORKER, wall: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._worker = worker
        self._wall = wall
        self._told = Agreement.FINE
        self._clock = LuaScript(store.redis, "worker", "lib/unblocked", "clock")
        self._rewind = LuaScript(store.redis, "worker", "lib/unblocked", "lib/claims", "rewind")

    def look(self) -> bool:
        """Return whether the clock had jumped back, and repair what that left behind."""
        shards = self._store.at_hand
        args = [JUMP_MS, self._worker, round(self._wall() * 1000), TOLD_MS, FORGOTTEN_MS]
        looks = self._clock.many([([one.ready, one.clock, one.clocks], args) for one in shards])
        self._tell(max((ahead_ms for _, ahead_ms in looks), key=abs) / 1000)
        jumped = [keys for keys, (has, _) in zip(shards, looks, strict=True) if has]
        mended = [keys for keys in jumped if self._mend(keys)]
        if mended:
            self._store.redis.delete(self._store.shards.installation.sweeping)
            log.warning("clock_jumped_back")
        return bool(mended)

    def _mend(self, keys: Keys) -> bool:
        """End what waits in a shard; return whether nobody else has done so."""
        mended = False
        for names, last in self._parts(keys):
            mended = bool(self._rewind(*_call(keys, names, last=last)))
        return mended

    def _tell(self, ahead_s: float) -> None:
        """Log once that the clocks differ, that this worker cannot judge, or that all is well."""
        found = agreement(ahead_s)
        if found is not self._told:
            self._told = found
            getattr(log, _LEVELS[found])(found.value, ahead_s=round(ahead_s, 1), pid=os.getpid())

    def _parts(self, keys: Keys) -> Iterator[tuple[list[str], bool]]:
        """Yield the destinations that have work in parts, and whether a part is the last."""
        due: Any = self._store.redis.zrange(keys.ready, 0, -1)
        names = [text_of(name) for name in due]
        for first in range(0, max(len(names), 1), AT_ONCE):
            yield names[first : first + AT_ONCE], first + AT_ONCE >= len(names)


def read_clocks(
    fields: Fields, keys: Keys, noted: Mapping[bytes, bytes], now: float
) -> dict[str, float]:
    """Return workers whose clock differs from the server's → seconds that it is ahead.

    Args:
        fields: reads, and remembers junk.
        keys: of the shard in which it was noted.
        noted: the hash `clocks`.
        now: Unix seconds on the server's clock; who has not looked for a minute is left out.
    """
    clocks = {}
    for worker, note in noted.items():
        place = f"{keys.clocks}: {text_of(worker)}"
        ahead_ms, _, looked_at = note.partition(b" ")
        timestamp = fields.timestamp(place, looked_at)
        if timestamp is not None and abs(now - timestamp) * 1000 <= FORGOTTEN_MS:
            clocks[text_of(worker)] = fields.whole(place, ahead_ms) / 1000
    return clocks


def _call(keys: Keys, names: Sequence[str], *, last: bool) -> tuple[list[str], list[Any]]:
    keys_ = [keys.ready, keys.clock, keys.awake]
    for name in names:
        keys_ += (keys.outbox(name), keys.state(name))
    return keys_, [JUMP_MS, int(last), *names]
