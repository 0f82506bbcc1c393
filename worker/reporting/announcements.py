"""Keep what people must be told until they are told: no announcement dies with its worker.

The script that decides stores the announcement, leased to its caller, who tells it and removes it.
If the lease ends first, another worker tells it: after a crash perhaps twice, otherwise once.
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
"""How many are taken in one turn; the next turn is a second later."""

AHEAD_S: Final = 61.0
"""No lease ends later than this, as `lua/announcements.lua` sets it."""


class Announcements:
    """The announcements that nobody is known to have told.

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
        """Return whether any lease has ended, at the latest a second after it has."""
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for place in self._places:
                pipeline.zrange(place, 0, 0, withscores=True)
            (seconds, _), *firsts = pipeline.execute()
        ends = [due_ms / 1000 for first in firsts for _, due_ms in first]
        # Further ahead than any lease ends: dated before the clock jumped back.
        return any(not seconds < end < seconds + AHEAD_S for end in ends)

    def take(self) -> Iterator[tuple[bytes, Any]]:
        """Lease those whose lease has ended; yield the argument of `done`, and the document.

        An entry that is no document, which our code never writes, is logged and removed.
        """
        for member in self._leased():
            document = _document(member)
            if document is None:
                log.warning("announcement_unreadable")
                self.done(member)
            else:
                yield member, document

    def done(self, member: bytes) -> None:
        """Note that one was told, in whichever shard it is; operators are told of it next."""
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
