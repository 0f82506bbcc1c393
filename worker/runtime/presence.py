"""Which workers are there, without asking them: each says so whenever it looks for work."""

from __future__ import annotations

import os
import socket
from typing import Final

from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import LuaScript

COUNTS_MS: Final = 5_000
"""A worker that has looked within this is there; it looks once a second."""


class Presence:
    """Knows the workers of one installation.

    Args:
        redis: a connection to the server of the outbox.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._present = LuaScript(redis, "worker", "lib/unblocked", "present")

    def say(self) -> None:
        """Note that this worker is there."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        self._present([keys.WORKERS], [name, COUNTS_MS])

    def count(self) -> int:
        """How many are there, by the server's clock."""
        seconds, microseconds = self._redis.time()
        now_ms = seconds * 1000 + microseconds // 1000
        return int(self._redis.zcount(keys.WORKERS, now_ms - COUNTS_MS, "+inf"))
