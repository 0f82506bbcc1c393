"""Parking: a destination's events wait until a person lets them go on."""

from __future__ import annotations

from typing import Final

from redis import Redis

from tiktok_events import keys
from tiktok_events.lua_script import LuaScript
from worker.redaction import redacted

BY_HAND: Final = "by hand"


class Parking:
    """Parks and resumes destinations; events can still be appended to a parked one.

    Args:
        redis: a connection.
    """

    def __init__(self, redis: Redis) -> None:
        self._park = LuaScript(redis, "worker", "park")
        self._resume = LuaScript(redis, "worker", "resume")

    def park(self, destination: str, reason: str = BY_HAND) -> bool:
        """Send nothing more to a destination; requests under way still end.

        Args:
            destination: its key.
            reason: for whoever finds it parked; personal data in it are struck out.

        Returns:
            False when it was parked already; its first reason is kept.
        """
        keys_ = [keys.READY, keys.state(destination)]
        return bool(self._park(keys_, [destination, redacted(reason)]))

    def resume(self, destination: str) -> bool:
        """Let a parked destination go on, with one request first.

        Returns:
            False when it was not parked.
        """
        keys_ = [keys.READY, keys.outbox(destination), keys.state(destination)]
        return bool(self._resume(keys_, [destination]))
