"""What goes over a connection to append blocks, and what the replies mean; no I/O here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events import keys
from tiktok_events.blocks import Block
from tiktok_events.errors import DurabilityUnsupported
from tiktok_events.lua_script import Call, ScriptText

Command = tuple[Any, ...]

SCRIPT_BYTES: Final = 4 * 1024 * 1024
"""One script call stays below this: Redis copies its arguments into Lua, and frees them
between the calls of a transaction."""

FSYNC_PROBE: Final[list[Command]] = [("WAITAOF", 1, 0, 1)]
"""Answered at once on a connection that has written nothing."""


class Append:
    """The commands of an append, all or nothing.

    Args:
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        fsync_ms: how long to wait until the append-only file is on the server's disk;
            `None` does not wait.
    """

    def __init__(self, *, linger_ms: int, rings: bool, fsync_ms: int | None = None) -> None:
        self._linger_ms = linger_ms
        self._rings = rings
        self._script = ScriptText.read("tiktok_events", "append")
        self._fsync: list[Command] = [] if fsync_ms is None else [("WAITAOF", 1, 0, fsync_ms)]

    def commands(self, blocks: Sequence[Block], *, teach: bool = False) -> list[Command]:
        """Return what one connection must carry, in order.

        Args:
            blocks: at least one.
            teach: send the script along, because the server does not know it.
        """
        calls = [self._command(part) for part in _script_calls(blocks)]
        if len(calls) > 1:
            return [_lesson(self._script), ("MULTI",), *calls, ("EXEC",), *self._fsync]
        return [*([_lesson(self._script)] if teach else ()), *calls, *self._fsync]

    def commands_of(self, script: ScriptText, call: Call, *, teach: bool = False) -> list[Command]:
        """Return what carries one call of another script."""
        lesson = [_lesson(script)] if teach else []
        return [*lesson, _evalsha(script, call), *self._fsync]

    def result(self, replies: Sequence[Any]) -> Any:
        """Return what that script returned; raises as `verify` does."""
        self.verify(replies)
        return replies[-1 - len(self._fsync)]

    def verify(self, replies: Sequence[Any]) -> None:
        """Return when the replies say that it is done.

        Raises:
            redis.NoScriptError: the server does not know the script; nothing happened.
            redis.ResponseError: it refused; nothing happened.
            redis.TimeoutError: appended, but not known to be on the server's disk.
        """
        for reply in replies:
            for one in reply if isinstance(reply, list) else (reply,):
                if isinstance(one, RedisError):
                    raise one
        if self._fsync and not replies[-1][0]:
            raise RedisTimeoutError("the append-only file was not on the server's disk in time")

    def _command(self, blocks: Sequence[Block]) -> Command:
        call = append_call(blocks, linger_ms=self._linger_ms, rings=self._rings)
        return _evalsha(self._script, call)


def _evalsha(script: ScriptText, call: Call) -> Command:
    keys_, args = call
    return ("EVALSHA", script.digest, len(keys_), *keys_, *args)


def _lesson(script: ScriptText) -> Command:
    return ("SCRIPT", "LOAD", script.text)


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


def not_of_a_replica(reply: Any) -> Any:
    """Return the reply, unless it says that the server writes nothing.

    Raises:
        redis.ReadOnlyError: it does, perhaps within a transaction: another connection
            may lead to the server that has taken over.
    """
    for one in reply if isinstance(reply, list) else (reply,):
        if isinstance(one, ReadOnlyError):
            raise one
    return reply


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
