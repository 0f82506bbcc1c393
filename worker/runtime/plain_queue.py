"""Messages of Celery applications that were not told of our key prefix.

Every key that Celery makes for us begins with `tiktok_events:celery:`, so that it meets
nobody else's. An application that sends `tiktok_events.track` to the queue `tiktok_events`
without that option writes to a list of that plain name; once a second it is emptied into ours.
"""

from __future__ import annotations

from typing import Final

from redis import Redis

from tiktok_events.outbox.keys import BROKER_PREFIX, QUEUE
from tiktok_events.outbox.lua_script import LuaScript

AT_ONCE: Final = 1_000


class PlainQueue:
    """The list without the prefix.

    Args:
        broker: a connection to Celery's broker.
    """

    def __init__(self, broker: Redis) -> None:
        self._adopt = LuaScript(broker, "worker", "adopt")

    def adopt(self) -> int:
        """Move what stands there to where the workers read; returns how many messages."""
        moved: int = self._adopt([QUEUE, BROKER_PREFIX + QUEUE], [AT_ONCE])
        return moved
