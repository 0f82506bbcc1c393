"""What is to be told to people, until it is told: no announcement dies with its worker.

The script that decides leaves it here, leased to its caller, who tells it and takes it out. One
whose lease ends is told by another worker: in a crash perhaps twice, otherwise once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson
from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import LuaScript
from worker.reporting.log import Log

log = Log("tiktok_events.alerts")

AT_ONCE: Final = 100
"""So many are taken in one turn; the next is a second later."""

AHEAD_S: Final = 61.0
"""No lease ends later than so far ahead of the clock, as `lua/announcements.lua` gives it."""


class Announcements:
    """Those that nobody is known to have told.

    Args:
        redis: a connection.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = LuaScript(redis, "worker", "announcements", "announcements_take")

    def due(self) -> bool:
        """Whether the lease of any has ended; a second after it has, at the latest."""
        (seconds, _), first = self._time_and_first()
        # Further ahead than any lease: dated before the clock jumped back.
        return bool(first) and not seconds < first[0][1] / 1000 < seconds + AHEAD_S

    def take(self) -> Iterator[tuple[bytes, Any]]:
        """Those whose lease has ended, for another lease: what `done` wants, and its document.

        One that is no document, which none of ours writes, is logged and goes.
        """
        for member in cast("list[bytes]", self._take([keys.ANNOUNCEMENTS], [AT_ONCE])):
            document = _document(member)
            if document is None:
                log.warning("announcement_unreadable")
                self.done(member)
            else:
                yield member, document

    def done(self, member: bytes) -> None:
        """Note that it was told."""
        self._redis.zrem(keys.ANNOUNCEMENTS, member)

    def _time_and_first(self) -> Any:
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.zrange(keys.ANNOUNCEMENTS, 0, 0, withscores=True)
            return pipeline.execute()


def _document(member: bytes) -> Any:
    try:
        found = orjson.loads(member.partition(b" ")[2])
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
