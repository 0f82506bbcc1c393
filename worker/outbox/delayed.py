"""Delayed events, as the workers see them: released when their time has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tiktok_events.outbox.blocks import BLOCK_BYTES, BLOCK_EVENTS
from tiktok_events.outbox.delayed import Cancellation
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript, source
from tiktok_events.outbox.store import Store
from worker.reporting.stored import destination_of, text_of

STEP: Final = 200
"""How many events one step releases: two to three milliseconds of the server."""

STEPS: Final = 20
"""Steps of one look, which takes a tenth of a second; the next is a second later, in every
worker."""


_CANCEL: Final = f"local function cancel()\n{source('tiktok_events.outbox', 'cancel')}\nend\n"


@dataclass(frozen=True, slots=True)
class DelayedBody:
    """A delayed event as Redis stores it.

    Attributes:
        key: of the event.
        body: its JSON.
    """

    key: bytes = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def destination(self) -> str:
        """The key of the destination."""
        return text_of(self.key.partition(b"\0")[0])


class DelayedEvents:
    """The delayed events of all producers.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._release = LuaScript(store.redis, "worker", "lib/unblocked", "release")
        self._erase = LuaScript(store.redis, "worker", "audit", "erase_delayed", before=_CANCEL)

    def __len__(self) -> int:
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.zcard(keys.delayed)
            return sum(pipeline.execute())

    def __iter__(self) -> Iterator[DelayedBody]:
        """Yield each event at least once if it stays delayed all the while."""
        for keys in self._store.at_hand:
            for key, body in self._store.redis.hscan_iter(keys.delayed_events):
                yield DelayedBody(key, body)

    def release(self) -> int:
        """Move events whose time has come into their outboxes, each shard's earliest first.

        Returns:
            How many; when very many are due at once, more at the next call.
        """
        released = 0
        for _ in range(STEPS):
            due = self.due()
            released += sum(self.move(keys, some) for keys, some in due.items())
            if not any(len(some) == STEP for some in due.values()):
                break
        return released

    def erase(self, event: DelayedBody, *, step: str = "") -> bool:
        """Remove an event, as its data subject asked for, if it is still this one.

        Args:
            event: the event as it was seen.
            step: of the act that is to count it (`Act.step`).
        """
        erasure = Cancellation(event.key, whole=True, counter="erased", body=event.body)
        keys = self._store.shards.of(erasure.destination)
        keys_, args = erasure.call(keys)
        return bool(self._erase([*keys_, keys.audit_acts], [*args, step]))

    def due(self) -> dict[Keys, list[bytes]]:
        """Return keys of events whose time has come, earliest first, at most `STEP` a shard."""
        shards = self._store.at_hand
        with self._store.redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            for keys in shards:
                pipeline.zrange(keys.delayed, 0, STEP - 1, withscores=True)
            (seconds, microseconds), *found = pipeline.execute()
        now_ms = seconds * 1000 + microseconds // 1000
        due = [[key for key, due_ms in earliest if due_ms <= now_ms] for earliest in found]
        return {keys: some for keys, some in zip(shards, due, strict=True) if some}

    def move(self, keys: Keys, due: Sequence[bytes]) -> int:
        """Move some of a shard into their outboxes in one step, except those that are gone."""
        by_destination: dict[str, list[bytes]] = {}
        for key in due:
            destination = destination_of(text_of(key.partition(b"\0")[0]))
            if destination is not None:  # else it is junk
                by_destination.setdefault(destination.key, []).append(key)
        keys_ = [keys.ready, keys.sequence, keys.delayed, keys.delayed_events, keys.delayed_ids]
        args: list[Any] = [BLOCK_EVENTS, BLOCK_BYTES]
        for name, its_keys in by_destination.items():
            keys_ += (keys.outbox(name), keys.state(name))
            args += (name, len(its_keys), *its_keys)
        return cast("int", self._release(keys_, args))
