"""Mends what the server's clock leaves behind when it jumps back.

Every wait is a moment on the server's clock: when a destination is due, when its back-off
or a claim's lease ends. If the clock is set back by an hour, each would last an hour longer.
A jump forward needs no mending: waits end early, and a repeat is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import LuaScript
from worker.reporting.log import Log
from worker.reporting.stored import text_of

log = Log("tiktok_events.clock_watch")

JUMP_MS: Final = 1_000
AT_ONCE: Final = 500
"""Destinations mended in one step: the server does nothing else meanwhile."""


class ClockWatch:
    """Looks at the server's clock.

    Args:
        redis: connection of this process.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._clock = LuaScript(redis, "worker", "lib/unblocked", "clock")
        self._rewind = LuaScript(redis, "worker", "lib/unblocked", "lib/claims", "rewind")

    def look(self) -> bool:
        """Whether the clock had jumped back, and this call has mended what that left."""
        if not self._clock([keys.READY, keys.CLOCK], [JUMP_MS]):
            return False
        mended = False
        for names, last in self._parts():
            mended = bool(self._rewind(*_call(names, last=last)))
        if mended:
            log.warning("clock_jumped_back")
        return mended

    def _parts(self) -> Iterator[tuple[list[str], bool]]:
        """All destinations that have work, some at a time, and whether they are the last."""
        due: Any = self._redis.zrange(keys.READY, 0, -1)
        names = [text_of(name) for name in due]
        for first in range(0, max(len(names), 1), AT_ONCE):
            yield names[first : first + AT_ONCE], first + AT_ONCE >= len(names)


def _call(names: Sequence[str], *, last: bool) -> tuple[list[str], list[Any]]:
    keys_ = [keys.READY, keys.CLOCK, keys.AWAKE, keys.SWEEPING]
    for name in names:
        keys_ += (keys.outbox(name), keys.state(name))
    return keys_, [JUMP_MS, int(last), *names]
