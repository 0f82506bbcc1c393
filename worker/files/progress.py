"""Note how far a file was handed over, in the step that appends its events, so always exactly.

A run that is killed between two steps has done all of the one and nothing of the other. With
several shards, each appends its part of a slice in its own step and notes the slice: a slice that
only some shards know is handed over again, and those shards skip it. A later run goes on from
there; of two runs at once, the newer one takes over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tiktok_events.errors import TikTokEventsError
from tiktok_events.event.identity import new_event_id
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import append_call
from tiktok_events.outbox.blocks import blocks_of
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript, source
from tiktok_events.outbox.store import Store

LIFETIME_S: Final = 30 * 86_400
"""Longer than the longest window of an event: after that nobody needs to go on."""

_APPEND: Final = f"local function append()\n{source('tiktok_events.outbox', 'append')}end\n"


class FileTakenOver(TikTokEventsError):
    """Another run hands this file over now, or the server has lost the progress."""


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What earlier runs did with a file.

    Attributes:
        done: number of the last entry they handled; 0 if there was none.
        accepted: events they handed over.
        refused: entries they refused.
        begun: number of the last entry of a slice that only some shards have; it must be handed
            over again unchanged. 0 if there is none.
    """

    done: int = 0
    accepted: int = 0
    refused: int = 0
    begun: int = 0


class SendProgress:
    """One run over one file.

    Args:
        store: the outbox.
        file_digest: identifies the file and how it is prepared.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
    """

    def __init__(self, store: Store, file_digest: str, *, linger_ms: int, rings: bool) -> None:
        self._redis = store.redis
        self._shards = store.shards
        self._places = {keys: keys.sending(file_digest) for keys in store.shards}
        self._linger_ms = linger_ms
        self._rings = rings
        self._run = new_event_id()
        self._done = 0
        self._begin = LuaScript(store.redis, "worker", "send_begin")
        self._send = LuaScript(store.redis, "worker", "send", before=_APPEND)

    def begin(self, *, resume: bool) -> SentBefore:
        """Take over the file, and return what earlier runs did with it.

        Args:
            resume: whether to go on after the earlier runs, instead of from the start.

        Raises:
            redis.RedisError: the outbox cannot be reached.
        """
        args = [self._run, int(resume), LIFETIME_S, self._shards.count]
        known = self._begin.many([([place], args) for place in self._places.values()])
        done, accepted, refused, counts = zip(*known, strict=True)
        before = SentBefore(min(done), sum(accepted), sum(refused))
        if resume:
            self._done = before.done
            if len(set(done)) > 1:
                before = self._half_done(before, max(done), set(counts))
        return before

    def append(self, events: Sequence[PreparedEvent], *, done: int, refused: int) -> None:
        """Append the events of a slice and note where it ends; each shard does both or neither.

        Args:
            events: events with at most `SCRIPT_BYTES` together.
            done: number of the slice's last entry.
            refused: how many of its entries are no events.

        Raises:
            FileTakenOver: nothing was appended; or, if there are several shards, not everything.
            redis.RedisError: nothing was appended, or after a time-out perhaps something; the next
                run will know.
        """
        parts: dict[Keys, list[PreparedEvent]] = {keys: [] for keys in self._places}
        for event in events:
            parts[self._shards.of(event.destination.key)].append(event)
        calls = []
        for number, (keys, its_events) in enumerate(parts.items()):
            append_keys, args = append_call(
                keys, blocks_of(its_events), linger_ms=self._linger_ms, rings=self._rings
            )
            ours = [self._run, self._done, done, 0 if number else refused, LIFETIME_S]
            calls.append(([*append_keys, self._places[keys]], [*args, *ours]))
        if b"lost" in self._send.many(calls):
            raise FileTakenOver(
                "another run hands this file over now, or the server was emptied; this one ends"
            )
        self._done = done

    def _half_done(self, before: SentBefore, begun: int, counts: set[int]) -> SentBefore:
        """Handle a slice that only some shards have."""
        if counts == {self._shards.count}:
            return replace(before, begun=begun)
        # The number of shards has changed, and with it where events belong: they are repeated.
        with self._redis.pipeline(transaction=False) as pipeline:
            for place in self._places.values():
                pipeline.hset(place, "done", before.done)
            pipeline.execute()
        return before
