"""What is to be told to people, until it is told: no announcement dies with its worker.

The script that decides leaves it here, leased to its caller, who tells it and takes it out. One
whose lease ends is told by another worker: in a crash perhaps twice, otherwise once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.log import Log

log = Log("tiktok_events.alerts")

AT_ONCE: Final = 100
"""So many are taken in one turn; the next is a second later."""

AHEAD_S: Final = 61.0
"""No lease ends later than so far ahead of the clock, as `lua/announcements.lua` gives it."""


class Announcements:
    """Those that nobody is known to have told.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._take = LuaScript(store.redis, "worker", "announcements", "announcements_take")

    def due(self) -> bool:
        """Whether the lease of any has ended; a second after it has, at the latest."""
        (seconds, _), first = self._time_and_first()
        # Further ahead than any lease: dated before the clock jumped back.
        return bool(first) and not seconds < first[0][1] / 1000 < seconds + AHEAD_S

    def take(self) -> Iterator[tuple[bytes, Any]]:
        """Those whose lease has ended, for another lease: what `done` wants, and its document.

        One that is no document, which none of ours writes, is logged and goes.
        """
        for member in cast("list[bytes]", self._take([self._store.keys.announcements], [AT_ONCE])):
            document = _document(member)
            if document is None:
                log.warning("announcement_unreadable")
                self.done(member)
            else:
                yield member, document

    def done(self, member: bytes) -> None:
        """Note that it was told."""
        self._store.redis.zrem(self._store.keys.announcements, member)

    def _time_and_first(self) -> Any:
        with self._store.redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.zrange(self._store.keys.announcements, 0, 0, withscores=True)
            return pipeline.execute()


def _document(member: bytes) -> Any:
    try:
        found = orjson.loads(member.partition(b" ")[2])
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
