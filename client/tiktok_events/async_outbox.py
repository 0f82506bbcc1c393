"""The producer's half of the outbox, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.append import FSYNC_PROBE, Append, Command, check_fsync, not_of_a_replica
from tiktok_events.blocks import Block, blocks_of
from tiktok_events.event import PreparedEvent
from tiktok_events.leader import LeaderChanged
from tiktok_events.lua_script import Call, ScriptText


class AsyncAppender:
    """Appends to outboxes; for one event loop.

    Args:
        redis: whose connections are used.
        linger_ms: how long a first event waits for company.
        rings: whether the doorbell's queue is on the same server.
        timeout_s: longest time of one append.
        fsync: an append ends when the append-only file is on the server's disk.
    """

    def __init__(
        self, redis: Redis, *, linger_ms: int, rings: bool, timeout_s: float, fsync: bool
    ) -> None:
        fsync_ms = round(timeout_s * 1000) if fsync else None
        self._append = Append(linger_ms=linger_ms, rings=rings, fsync_ms=fsync_ms)
        self._pool: Any = redis.connection_pool
        self._timeout_s = timeout_s
        self._fsync_unproven = fsync

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the loop's clock."""
        return asyncio.get_running_loop().time() + self._timeout_s

    async def append(self, events: Sequence[PreparedEvent], end: float) -> None:
        """Append all of them, or none.

        Raises:
            redis.RedisError: it did not happen, or after a time-out may have happened.
            DurabilityUnsupported: it did not happen; the server cannot promise its disk.
        """
        await self.append_blocks(list(blocks_of(events)), end)

    async def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append all blocks, or none; as `append` does."""
        if blocks:
            await self._in_time(partial(self._append.commands, blocks), end)

    async def call(self, script: ScriptText, call: Call, end: float | None = None) -> Any:
        """Call another script, with the promises of `append`; returns what it returned."""
        replies = await self._in_time(partial(self._append.commands_of, script, call), end)
        return self._append.result(replies)

    async def _in_time(
        self, commands: Callable[..., list[Command]], end: float | None
    ) -> list[Any]:
        try:
            async with asyncio.timeout_at(self.end() if end is None else end):
                return await self._carry(commands)
        except TimeoutError as error:
            raise RedisTimeoutError("Redis did not answer in time") from error

    async def _carry(self, commands: Callable[..., list[Command]]) -> list[Any]:
        """Carry commands, with the script if the server does not know it; they are verified."""
        if self._fsync_unproven:
            check_fsync((await self._exchange(FSYNC_PROBE))[0])
            self._fsync_unproven = False
        replies = await self._exchange(commands())
        try:
            self._append.verify(replies)
        except NoScriptError:
            replies = await self._exchange(commands(teach=True))
            self._append.verify(replies)
        return replies

    async def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        """Converse; an idle connection may lead to a server that has become a replica."""
        try:
            return await self._converse(commands)
        except (ReadOnlyError, LeaderChanged):
            await self._pool.disconnect(inuse_connections=False)
            return await self._converse(commands)

    async def _converse(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands over one connection; errors that Redis answers stand among the replies."""
        connection = await self._pool.get_connection()
        try:
            packed = connection.pack_commands(commands)
            await connection.send_packed_command(packed, check_health=False)
            return [await _reply(connection) for _ in commands]
        except BaseException:
            # Half an exchange: the next one would read its replies.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)


async def _reply(connection: Any) -> Any:
    try:
        return not_of_a_replica(await connection.read_response())
    except ReadOnlyError:
        raise
    except ResponseError as error:
        return error
