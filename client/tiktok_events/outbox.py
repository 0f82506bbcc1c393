"""The producer's half of the outbox: append, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis

from tiktok_events import keys
from tiktok_events.event import PreparedEvent
from tiktok_events.lua_script import Call, LuaScript

BLOCK_EVENTS: Final = 100
"""Events in one stream entry: measured two to three times the throughput of single ones."""

BLOCK_BYTES: Final = 1024 * 1024
"""Of a block's JSON; an event that is larger alone makes a block of its own."""

SCRIPT_BYTES: Final = 4 * 1024 * 1024
"""One script call stays below this: Redis copies its arguments into Lua, and frees them
between the calls of a transaction."""


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one destination that stand in one stream entry.

    Attributes:
        destination: the destination's key.
        events: how many.
        payload: JSON array of them, UTF-8.
    """

    destination: str
    events: int
    payload: bytes


def blocks_of(events: Sequence[PreparedEvent]) -> Iterator[Block]:
    """Group events by destination, in order, into blocks within both limits.

    What a policy withholds is in none.
    """
    by_destination: dict[str, list[bytes]] = {}
    for event in events:
        if event.withheld:
            continue
        by_destination.setdefault(event.destination.key, []).append(event.body)
    for destination, bodies in by_destination.items():
        for chunk in _chunks(bodies):
            yield Block(destination, len(chunk), b"[" + b",".join(chunk) + b"]")


def _chunks(bodies: list[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 1  # the opening bracket; each event then has its comma or the closing one
    for body in bodies:
        if chunk and (len(chunk) == BLOCK_EVENTS or size + len(body) + 1 > BLOCK_BYTES):
            yield chunk
            chunk, size = [], 1
        chunk.append(body)
        size += len(body) + 1
    yield chunk


class Appender:
    """Appends blocks to outboxes.

    Args:
        redis: connection of the process; thread-safe.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
    """

    def __init__(self, redis: Redis, *, linger_ms: int, rings: bool) -> None:
        self._linger_ms = linger_ms
        self._rings = rings
        self._script = LuaScript(redis, "tiktok_events", "append")

    def append(self, events: Sequence[PreparedEvent]) -> None:
        """Append all of them, or none.

        Raises:
            redis.RedisError: it did not happen, or after a time-out may have happened.
        """
        calls = [
            append_call(part, linger_ms=self._linger_ms, rings=self._rings)
            for part in _script_calls(list(blocks_of(events)))
        ]
        if len(calls) == 1:
            self._script(*calls[0])
        elif calls:
            self._script.many(calls, together=True)


def append_call(blocks: Sequence[Block], *, linger_ms: int, rings: bool) -> Call:
    """Keys and arguments of `append.lua` for blocks that fit in one call."""
    keys_ = [keys.READY, keys.SEQUENCE, keys.COUNTERS, keys.AWAKE, keys.DOORBELL]
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


def _script_calls(blocks: list[Block]) -> Iterator[list[Block]]:
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
