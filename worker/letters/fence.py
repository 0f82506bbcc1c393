"""The fence of an erasure: while it stands, no letter moves to a place that was searched already.

An erasure searches places in the order in which events move: waiting, then dead. Three operations
move events back, or among the letters: a replay, an edit, an import. Their scripts do nothing while
the fence stands: a replay comes back to the letter later, the others wait here. Producers, claims
and deliveries are not held up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Self
from uuid import uuid4

from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store

LEASE_S: Final = 15.0
"""Seconds after which an erasure counts as dead."""

RENEWED_AFTER_S: Final = 3.0

POLL_S: Final = 0.2
REFUSED: Final = -1
"""The reply of a script that met the fence, and changed nothing."""


class Fence:
    """The fence, which stands while it is entered and `keep` is called often enough.

    Args:
        store: the outbox.
        clock: returns seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._hold = LuaScript(store.redis, "worker", "lib/unblocked", "erasing", "erasing_hold")
        self._name = uuid4().hex
        self._kept_at = 0.0
        self._unbroken = False

    def __enter__(self) -> Self:
        """Put the fence up."""
        self.begin()
        return self

    def __exit__(self, *_exc: object) -> None:
        """Take the fence away."""
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.shards:
                pipeline.zrem(keys.erasing, self._name)
            pipeline.execute()

    def begin(self) -> None:
        """Begin a search: from now on, `held` tells whether anything was moved."""
        self._renew()
        self._unbroken = True

    def keep(self) -> bool:
        """Renew the fence if that is due; return whether it was."""
        due = self._clock() - self._kept_at >= RENEWED_AFTER_S
        if due:
            self._unbroken = self._renew() and self._unbroken
        return due

    def held(self) -> bool:
        """Return whether it has stood without a gap since `begin`, and stands now."""
        self._unbroken = self._renew() and self._unbroken
        return self._unbroken

    def _renew(self) -> bool:
        args = [self._name, round(LEASE_S * 1000)]
        calls = [([keys.ready, keys.erasing], args) for keys in self._store.shards]
        held = self._hold.many(calls)
        self._kept_at = self._clock()
        return all(held)


def when_open(
    script: LuaScript, calls: Sequence[Call], wait: Callable[[float], None] = time.sleep
) -> list[int]:
    """Make calls in one round trip; repeat those that met a fence until it is gone."""
    replies: list[int] = script.many(calls) if calls else []
    while refused := [place for place, reply in enumerate(replies) if reply == REFUSED]:
        wait(POLL_S)
        again = script.many([calls[place] for place in refused])
        for place, reply in zip(refused, again, strict=True):
            replies[place] = reply
    return replies
