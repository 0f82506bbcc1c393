"""How far a file was handed over: noted in the step that appends its events, so always exact.

A run that is killed between two steps has done all of the one and nothing of the other.
Another run goes on behind it; two at once do not mix, because the newer one takes over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tiktok_events.errors import TikTokEventsError
from tiktok_events.event.identity import new_event_id
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import append_call
from tiktok_events.outbox.blocks import blocks_of
from tiktok_events.outbox.lua_script import LuaScript, source
from tiktok_events.outbox.store import Store

LIFETIME_S: Final = 30 * 86_400
"""Longer than the longest window of an event: after it nobody wants to go on."""

_APPEND: Final = f"local function append()\n{source('tiktok_events.outbox', 'append')}end\n"


class FileTakenOver(TikTokEventsError):
    """Another run hands this file over now, or the server has lost its place."""


@dataclass(frozen=True, slots=True)
class SentBefore:
    """What earlier runs did with a file.

    Attributes:
        done: number of the last entry they dealt with; 0 when there was none.
        accepted: events they handed over.
        refused: entries they refused.
    """

    done: int = 0
    accepted: int = 0
    refused: int = 0


class SendProgress:
    """One run over one file.

    Args:
        store: the outbox.
        file_digest: tells the file and what is made of it from any other.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
    """

    def __init__(self, store: Store, file_digest: str, *, linger_ms: int, rings: bool) -> None:
        self._keys = store.keys
        self._key = self._keys.sending(file_digest)
        self._linger_ms = linger_ms
        self._rings = rings
        self._run = new_event_id()
        self._done = 0
        self._begin = LuaScript(store.redis, "worker", "send_begin")
        self._send = LuaScript(store.redis, "worker", "send", before=_APPEND)

    def begin(self, *, resume: bool) -> SentBefore:
        """Take the file over.

        Args:
            resume: go on behind the earlier runs, instead of from the start.

        Raises:
            redis.RedisError: the outbox cannot be reached.
        """
        before = SentBefore(*self._begin([self._key], [self._run, int(resume), LIFETIME_S]))
        self._done = before.done if resume else 0
        return before

    def append(self, events: Sequence[PreparedEvent], *, done: int, refused: int) -> None:
        """Append the events of a slice and note where it ends, both or neither.

        Args:
            events: of at most `SCRIPT_BYTES` together.
            done: number of the slice's last entry.
            refused: how many of its entries are no events.

        Raises:
            FileTakenOver: nothing was appended.
            redis.RedisError: the same, or after a time-out possibly not; the next run knows.
        """
        append_keys, args = append_call(
            self._keys, blocks_of(events), linger_ms=self._linger_ms, rings=self._rings
        )
        ours: list[Any] = [self._run, self._done, done, refused, LIFETIME_S]
        reply = self._send([*append_keys, self._key], [*args, *ours])
        if reply == b"lost":
            raise FileTakenOver(
                "another run hands this file over now, or the server was emptied; this one ends"
            )
        self._done = done
