"""What goes over a connection to append blocks, and what the replies mean; no I/O here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.role import errors_in
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.event.destination import REMEMBERED
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox import keys
from tiktok_events.outbox.blocks import Block, blocks_of
from tiktok_events.outbox.lua_script import Call, ScriptText
from tiktok_events.outbox.wire import beginning, ended, written

SCRIPT_BYTES: Final = 4 * 1024 * 1024
"""One script call stays below this: Redis copies its arguments into Lua, and frees them
between the calls of a transaction."""

FSYNC_PROBE: Final = [written(("WAITAOF", 1, 0, 1))]
"""A command that is answered at once on a connection that has written nothing."""

_MULTI: Final = written(("MULTI",))
_EXEC: Final = written(("EXEC",))


class Append:
    """The commands of an append, all or nothing.

    Args:
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        fsync_ms: how long to wait until the append-only file is on the server's disk;
            `None` does not wait.

    Attributes:
        script: `append.lua`.
    """

    def __init__(self, *, linger_ms: int, rings: bool, fsync_ms: int | None = None) -> None:
        self._linger_ms = linger_ms
        self._rings = rings
        self.script = ScriptText.read("tiktok_events.outbox", "append")
        self._fsync = [] if fsync_ms is None else [written(("WAITAOF", 1, 0, fsync_ms))]
        self._begun = lru_cache(REMEMBERED)(self._begin)

    def commands(self, events: Sequence[PreparedEvent]) -> list[bytes]:
        """Return what one connection must carry to append events, in order; nothing for none."""
        if len(events) == 1 and not events[0].withheld:
            return [self._command_of_one(events[0]), *self._fsync]
        return self.commands_of_blocks(blocks_of(events))

    def commands_of_blocks(self, blocks: Sequence[Block]) -> list[bytes]:
        """Return what one connection must carry to append blocks; nothing for none."""
        calls = [written(self._evalsha(part)) for part in _script_calls(blocks)]
        if len(calls) > 1:
            calls = [lesson(self.script), _MULTI, *calls, _EXEC]
        return [*calls, *self._fsync] if calls else []

    def commands_of(self, script: ScriptText, call: Call) -> list[bytes]:
        """Return what carries one call of another script."""
        return [written(_evalsha(script, call)), *self._fsync]

    def result(self, replies: Sequence[Any]) -> Any:
        """Return what the last script returned, when the replies say that all is done.

        Raises:
            redis.NoScriptError: the server does not know the script; nothing happened.
            redis.ResponseError: it refused; nothing happened.
            redis.TimeoutError: appended, but not known to be on the server's disk.
        """
        if errors := errors_in(replies):
            raise errors[0]
        if self._fsync and not replies[-1][0]:
            raise RedisTimeoutError("the append-only file was not on the server's disk in time")
        return replies[-1 - len(self._fsync)]

    def _command_of_one(self, event: PreparedEvent) -> bytes:
        """Return what appends a block of one event: only the event is written anew."""
        return ended(self._begun(event.destination.key), b"[%b]" % event.body)

    def _begin(self, destination: str) -> bytes:
        return beginning(self._evalsha([Block(destination, 1, b"")]))

    def _evalsha(self, blocks: Sequence[Block]) -> Sequence[Any]:
        call = append_call(blocks, linger_ms=self._linger_ms, rings=self._rings)
        return _evalsha(self.script, call)


def _evalsha(script: ScriptText, call: Call) -> Sequence[Any]:
    keys_, args = call
    return ("EVALSHA", script.digest, len(keys_), *keys_, *args)


def lesson(script: ScriptText) -> bytes:
    """The command that teaches a server a script."""
    return written(("SCRIPT", "LOAD", script.text))


def append_call(blocks: Sequence[Block], *, linger_ms: int, rings: bool) -> Call:
    """Keys and arguments of `append.lua` for blocks that fit in one call."""
    keys_ = [keys.READY, keys.SEQUENCE, keys.COUNTERS, keys.AWAKE, keys.bell(rings=rings)]
    by_destination: dict[str, list[Block]] = {}
    for block in blocks:
        by_destination.setdefault(block.destination, []).append(block)
    args: list[Any] = [linger_ms, int(rings), len(by_destination)]
    for destination, its_blocks in by_destination.items():
        keys_ += (keys.outbox(destination), keys.state(destination))
        args += (destination, len(its_blocks))
        for block in its_blocks:
            args += (block.events, block.payload)
    return keys_, args


def check_fsync(reply: Any) -> None:
    """Judge the reply to `FSYNC_PROBE`.

    Raises:
        DurabilityUnsupported: the server cannot say when its append-only file is on disk.

    Source: https://redis.io/docs/latest/commands/waitaof/ (since Redis 7.2.0), read 2026-11-22.
    """
    if isinstance(reply, ResponseError):
        raise DurabilityUnsupported(
            "TIKTOK_EVENTS_DURABILITY=fsync needs Redis 7.2 or later, or Valkey, "
            f"with `appendonly yes` and the command WAITAOF; the server says: {reply}"
        ) from reply


def _script_calls(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    part: list[Block] = []
    size = 0
    for block in blocks:
        if part and size + len(block.payload) > SCRIPT_BYTES:
            yield part
            part, size = [], 0
        part.append(block)
        size += len(block.payload)
    if part:
        yield part
