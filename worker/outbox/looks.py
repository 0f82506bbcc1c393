"""Decide which shards a deliver task looks at, and how much it takes from each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.shards import Shards

QUIET_S: Final = 1.0
"""Seconds without work after which a shard is only looked at together with all others."""

ALL_EVERY_S: Final = 0.004
"""For each shard there is: all are looked at so seldom that looking costs a few percent of a core
(sixteen shards: each 64 ms, 256: once a second)."""


_NEVER: Final = float("-inf")


class Looks:
    """Remembers which shards had something lately.

    Args:
        shards: all of them.
        now: seconds of the monotonic clock.
    """

    def __init__(self, shards: Shards, now: Callable[[], float] = time.monotonic) -> None:
        self._all = list(shards)
        self._now = now
        self._had_work: dict[Keys, float] = {}
        self._looked_at_all = _NEVER

    def next(self) -> list[Keys]:
        """Return the shards to look at now, beginning with another one each time."""
        if len(self._all) == 1:
            return self._all
        now = self._now()
        self._all.append(self._all.pop(0))
        if now - self._looked_at_all >= ALL_EVERY_S * len(self._all):
            self._looked_at_all = now
            return list(self._all)
        return [keys for keys in self._all if now - self._had_work.get(keys, _NEVER) < QUIET_S]

    def others(self, looked: list[Keys]) -> list[Keys]:
        """Return all other shards."""
        return [keys for keys in self._all if keys not in looked]

    def found(self, keys: Keys) -> None:
        """Note that a shard has something, or will have soon."""
        self._had_work[keys] = self._now()


def shares(limit: int, shards: int) -> list[int]:
    """Return how many destinations to take from each shard: together no more than the limit."""
    most, over = divmod(limit, shards)
    return [most + (place < over) for place in range(shards)]
