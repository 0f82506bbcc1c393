"""What is to be told to people, until it is told: no announcement dies with its worker.

The script that decides leaves it here, leased to its caller, who tells it and takes it out. One
whose lease ends is told by another worker: in a crash perhaps twice, otherwise once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.log import Log
from worker.reporting.operator_events import OperatorEvents

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
        self._redis = store.redis
        self._operators = OperatorEvents(store)
        # Parkings are announced by the shard of the destination, incidents once for all.
        self._places = [keys.announcements for keys in (*store.shards, store.shards.installation)]
        self._take = LuaScript(store.redis, "worker", "announcements", "announcements_take")

    def due(self) -> bool:
        """Whether the lease of any has ended; a second after it has, at the latest."""
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for place in self._places:
                pipeline.zrange(place, 0, 0, withscores=True)
            (seconds, _), *firsts = pipeline.execute()
        ends = [due_ms / 1000 for first in firsts for _, due_ms in first]
        # Further ahead than any lease: dated before the clock jumped back.
        return any(not seconds < end < seconds + AHEAD_S for end in ends)

    def take(self) -> Iterator[tuple[bytes, Any]]:
        """Those whose lease has ended, for another lease: what `done` wants, and its document.

        One that is no document, which none of ours writes, is logged and goes.
        """
        for member in self._leased():
            document = _document(member)
            if document is None:
                log.warning("announcement_unreadable")
                self.done(member)
            else:
                yield member, document

    def done(self, member: bytes) -> None:
        """Note that it was told, wherever it stands; operators are told of it next."""
        self._operators.note_announced(member)
        with self._redis.pipeline(transaction=False) as pipeline:
            for place in self._places:
                pipeline.zrem(place, member)
            pipeline.execute()

    def _leased(self) -> list[bytes]:
        found = self._take.many([([place], [AT_ONCE]) for place in self._places])
        return [member for members in found for member in members]


def _document(member: bytes) -> Any:
    try:
        found = orjson.loads(member.partition(b" ")[2])
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
