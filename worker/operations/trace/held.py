"""Find delayed events: by id within milliseconds, by order number by reading them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import orjson

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.operations.trace.asked import Asked
from worker.operations.trace.kept import life_of_delayed
from worker.operations.trace.life import Life
from worker.outbox.delayed import DelayedEvents
from worker.reporting.stored import document_of, seconds_of, text_of

LOOK_UPS: Final = 500
"""Destinations times ids of one script call, which takes about a millisecond."""


class Held:
    """Finds delayed events.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._find = LuaScript(store.redis, "worker", "delayed_find")

    def by_id(self, asked: Asked) -> Iterator[tuple[str, Life]]:
        """Return those whose id is meant."""
        for keys in self._store.at_hand:
            for key in self._keys(keys, [orjson.dumps(one) for one in asked.event_ids]):
                destination, event_id, _ = key.split(b"\0", 2)
                body = self._store.redis.hget(keys.delayed_events, cast("str", key))
                due_ms = self._store.redis.zscore(keys.delayed, key)
                if body is not None and due_ms is not None:
                    life = life_of_delayed(
                        text_of(destination), document_of(cast("bytes", body)), seconds_of(due_ms)
                    )
                    yield asked.word_for(orjson.loads(event_id)), life

    def by_order(self, asked: Asked) -> Iterator[tuple[str, Life]]:
        """Return those whose order number is meant; reads all of them."""
        for event in DelayedEvents(self._store):
            body: Any = document_of(event.body) if asked.may_be_in(event.body) else None
            if word := asked.word_of(body):
                keys = self._store.shards.of(event.destination)
                due_ms = self._store.redis.zscore(keys.delayed, event.key)
                if due_ms is not None:
                    yield word, life_of_delayed(event.destination, body, seconds_of(due_ms))

    def _keys(self, keys: Keys, ids: Sequence[bytes]) -> Iterator[bytes]:
        """Return the keys of delayed events with these ids, in one shard."""
        at_once = max(LOOK_UPS // len(ids), 1)
        last, *found = cast("list[bytes]", self._find([keys.delayed_ids], [b"", at_once, *ids]))
        yield from found
        while last:
            last, *found = cast(
                "list[bytes]", self._find([keys.delayed_ids], [last, at_once, *ids])
            )
            yield from found
