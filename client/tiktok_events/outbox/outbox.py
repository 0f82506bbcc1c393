"""The producer's half of the outbox: append, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from redis import Redis
from redis.exceptions import NoScriptError

from tiktok_events.connection.line import Line
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import FSYNC_PROBE, Append, check_fsync, lesson
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.lua_script import Call, ScriptText

TIMEOUT_S: Final = 2.0


class Appender:
    """Appends to outboxes.

    Args:
        redis: how to make a connection; safe to share.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        timeout_s: longest time of one append.
        fsync: an append ends when the append-only file is on the server's disk.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        linger_ms: int,
        rings: bool,
        timeout_s: float = TIMEOUT_S,
        fsync: bool = False,
    ) -> None:
        fsync_ms = round(timeout_s * 1000) if fsync else None
        self._append = Append(linger_ms=linger_ms, rings=rings, fsync_ms=fsync_ms)
        self._line = Line(redis.connection_pool, timeout_s)
        self._fsync_unproven = fsync

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the monotonic clock."""
        return self._line.end()

    def append(self, events: Sequence[PreparedEvent], end: float | None = None) -> None:
        """Append all of them, or none.

        Args:
            events: they are appended in this order.
            end: when it must be over; by default after `timeout_s`.

        Raises:
            redis.RedisError: it did not happen, or after a time-out may have happened.
            DurabilityUnsupported: it did not happen; the server cannot promise its disk.
        """
        if commands := self._append.commands(events):
            self._carry(self._append.script, commands, end)

    def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append all blocks, or none; as `append` does."""
        if commands := self._append.commands_of_blocks(blocks):
            self._carry(self._append.script, commands, end)

    def call(self, script: ScriptText, call: Call, end: float | None = None) -> Any:
        """Call another script, with the promises of `append`; returns what it returned."""
        return self._carry(script, self._append.commands_of(script, call), end)

    def _carry(self, script: ScriptText, commands: Sequence[bytes], end: float | None) -> Any:
        """Carry commands, with the script if the server does not know it."""
        end = self._proven(end)
        try:
            return self._append.result(self._line.exchange(commands, end))
        except NoScriptError:
            return self._append.result(self._line.exchange([lesson(script), *commands], end))

    def _proven(self, end: float | None) -> float:
        """When it must be over; the server can promise its disk if that is asked for."""
        end = self._line.end() if end is None else end
        if self._fsync_unproven:
            check_fsync(self._line.exchange(FSYNC_PROBE, end)[0])
            self._fsync_unproven = False
        return end

    def close(self) -> None:
        """Close the connections; the next append opens a new one."""
        self._line.close()
