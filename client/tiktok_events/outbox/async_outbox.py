"""The producer's half of the outbox, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.role import PrimaryChanged, of_the_primary
from tiktok_events.connection.room import EXCHANGE_SHARE, MOST_CONNECTIONS, AsyncRoom
from tiktok_events.event.prepare import PreparedEvent
from tiktok_events.outbox.append import FSYNC_PROBE, Append, check_fsync, lesson
from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.lua_script import Call, ScriptText


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
        self,
        redis: Redis,
        *,
        linger_ms: int,
        rings: bool,
        timeout_s: float,
        fsync: bool,
    ) -> None:
        fsync_ms = round(timeout_s * 1000) if fsync else None
        self._append = Append(linger_ms=linger_ms, rings=rings, fsync_ms=fsync_ms)
        self._pool: Any = redis.connection_pool
        self._room = AsyncRoom(min(MOST_CONNECTIONS, self._pool.max_connections))
        self._timeout_s = timeout_s
        self._fsync_unproven = fsync

    def end(self) -> float:
        """When a call that begins now must be over; seconds of the loop's clock."""
        return asyncio.get_running_loop().time() + self._timeout_s

    async def append(self, events: Sequence[PreparedEvent], end: float) -> None:
        """Append all of them, or none.

        Raises:
            ConnectionsBusy: it did not happen: every connection was in use all the time.
            redis.RedisError: it did not happen, or after a time-out may have happened.
            DurabilityUnsupported: it did not happen; the server cannot promise its disk.
        """
        if commands := self._append.commands(events):
            await self._in_time(self._append.script, commands, end)

    async def append_blocks(self, blocks: Sequence[Block], end: float | None = None) -> None:
        """Append all blocks, or none; as `append` does."""
        if commands := self._append.commands_of_blocks(blocks):
            await self._in_time(self._append.script, commands, end)

    async def call(self, script: ScriptText, call: Call, end: float | None = None) -> Any:
        """Call another script, with the promises of `append`; returns what it returned."""
        return await self._in_time(script, self._append.commands_of(script, call), end)

    async def _in_time(
        self, script: ScriptText, commands: Sequence[bytes], end: float | None
    ) -> Any:
        end = self.end() if end is None else end
        await self._room.enter(end - self._timeout_s * EXCHANGE_SHARE)
        try:
            async with asyncio.timeout_at(end):
                return await self._carry(script, commands)
        except TimeoutError as error:
            raise RedisTimeoutError("Redis did not answer in time") from error
        finally:
            self._room.leave()

    async def _carry(self, script: ScriptText, commands: Sequence[bytes]) -> Any:
        """Carry commands, with the script if the server does not know it."""
        if self._fsync_unproven:
            check_fsync((await self._exchange(FSYNC_PROBE))[0])
            self._fsync_unproven = False
        try:
            return self._append.result(await self._exchange(commands))
        except NoScriptError:
            return self._append.result(await self._exchange([lesson(script), *commands]))

    async def _exchange(self, commands: Sequence[bytes]) -> Sequence[Any]:
        """Exchange commands and replies; an idle connection may lead to a former primary."""
        try:
            return await self._converse(commands)
        except PrimaryChanged:
            await self._pool.disconnect(inuse_connections=False)
            return await self._converse(commands)

    async def _converse(self, commands: Sequence[bytes]) -> Sequence[Any]:
        """Send commands over one connection; errors that Redis answers stand among the replies."""
        connection = await self._pool.get_connection()
        try:
            await connection.send_packed_command(commands, check_health=False)
            return of_the_primary([await _reply(connection) for _ in commands])
        except BaseException:
            # Half an exchange: the next one would read its replies.
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)


async def _reply(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
