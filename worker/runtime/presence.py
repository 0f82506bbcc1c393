"""Know which workers are there without asking them: each says so whenever it looks for work."""

from __future__ import annotations

import os
import socket
from typing import Final, cast

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.stored import text_of

COUNTS_MS: Final = 5_000
"""A worker that has looked within this is there; it looks once a second."""


class Presence:
    """Knows the workers of one installation.

    Args:
        store: the outbox to the server of the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._present = LuaScript(store.redis, "worker", "lib/unblocked", "present")

    def say(self) -> None:
        """Note that this worker is there."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        self._present([self._store.shards.installation.workers], [name, COUNTS_MS])

    def seen(self) -> list[tuple[str, float]]:
        """Return the name of each worker that is there, and how many seconds ago it said so."""
        seconds, microseconds = self._store.redis.time()
        now_ms = seconds * 1000 + microseconds // 1000
        found = self._store.redis.zrevrangebyscore(
            self._store.shards.installation.workers, "+inf", now_ms - COUNTS_MS, withscores=True
        )
        known = cast("list[tuple[bytes, float]]", found)
        return [(text_of(name), max(now_ms - at_ms, 0) / 1000) for name, at_ms in known]

    def count(self) -> int:
        """Return how many are there, by the server's clock."""
        seconds, microseconds = self._store.redis.time()
        now_ms = seconds * 1000 + microseconds // 1000
        return int(
            self._store.redis.zcount(
                self._store.shards.installation.workers, now_ms - COUNTS_MS, "+inf"
            )
        )
