"""The producer's half of the outbox: append, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from redis import Redis
from redis.exceptions import NoScriptError

from tiktok_events import keys
from tiktok_events.doorbell import MESSAGE
from tiktok_events.event import PreparedEvent

BLOCK_EVENTS: Final = 100
"""Events in one stream entry: measured two to three times the throughput of single ones."""

BLOCK_BYTES: Final = 1024 * 1024
SCRIPT_BYTES: Final = 4 * 1024 * 1024
"""One script call stays below this, so that it holds Redis for a few milliseconds only."""

_LUA: Final = files("tiktok_events").joinpath("lua")
PRELUDE: Final = _LUA.joinpath("prelude.lua").read_text()
"""Stands before every script, the worker's too."""

APPEND: Final = PRELUDE + _LUA.joinpath("append.lua").read_text()


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
    """Group events by destination, in order, into blocks within both limits."""
    by_destination: dict[str, list[bytes]] = {}
    for event in events:
        by_destination.setdefault(event.destination.key, []).append(event.body)
    for destination, bodies in by_destination.items():
        for chunk in _chunks(bodies):
            yield Block(destination, len(chunk), b"[" + b",".join(chunk) + b"]")


def _chunks(bodies: list[bytes]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    size = 0
    for body in bodies:
        if chunk and (len(chunk) == BLOCK_EVENTS or size + len(body) > BLOCK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(body)
        size += len(body)
    yield chunk


class Appender:
    """Appends blocks to outboxes.

    Args:
        redis: connection of the process; thread-safe.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
    """

    def __init__(self, redis: Redis, *, linger_ms: int, rings: bool) -> None:
        self._redis = redis
        self._linger_ms = linger_ms
        self._message = MESSAGE if rings else ""
        self._script = redis.register_script(APPEND)

    def append(self, events: Sequence[PreparedEvent]) -> None:
        """Append all of them, or none.

        Raises:
            redis.RedisError: it did not happen, or after a time-out may have happened.
        """
        calls = [self._call(part) for part in _script_calls(list(blocks_of(events)))]
        if len(calls) == 1:
            keys_, args = calls[0]
            self._script(keys=keys_, args=args)
        elif calls:
            self._append_together(calls)

    def _append_together(self, calls: list[tuple[list[str], list[Any]]]) -> None:
        try:
            self._execute(calls)
        except NoScriptError:
            # Every call of the transaction failed alike, so nothing was appended.
            self._redis.script_load(APPEND)
            self._execute(calls)

    def _execute(self, calls: list[tuple[list[str], list[Any]]]) -> None:
        with self._redis.pipeline(transaction=True) as transaction:
            for keys_, args in calls:
                transaction.evalsha(self._script.sha, len(keys_), *keys_, *args)
            transaction.execute()

    def _call(self, blocks: list[Block]) -> tuple[list[str], list[Any]]:
        keys_ = [keys.READY, keys.SEQUENCE, keys.COUNTERS, keys.AWAKE, keys.DOORBELL]
        by_destination: dict[str, list[Block]] = {}
        for block in blocks:
            by_destination.setdefault(block.destination, []).append(block)
        args: list[Any] = [self._linger_ms, self._message, len(by_destination)]
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
