"""A producer's connection for asyncio; as `slot` has one, and with its words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.role import of_the_primary


class AsyncSlot:
    """Carries commands to Redis and the replies back, as `Slot` does; for one event loop."""

    def __init__(self, pool: ConnectionPool, *, slots: bool = False) -> None:
        self._pool: Any = pool
        self._slots = slots
        self._connection: Any = None
        self._is_open = False
        self.has_sent = False

    async def exchange(self, commands: Sequence[bytes], end: float) -> list[Any]:
        """Send commands and return a reply to each; `end` is of the loop's clock."""
        try:
            async with asyncio.timeout_at(end):
                return await self._exchange(commands)
        except TimeoutError:
            raise RedisTimeoutError("Redis did not answer in time") from None

    async def close(self) -> None:
        """Close the connection; the next exchange makes it anew."""
        if self._is_open:
            self._is_open = False
            await self._connection.disconnect()

    async def _exchange(self, commands: Sequence[bytes]) -> list[Any]:
        if self._is_open:
            with suppress(RedisConnectionError):
                return await self._converse(commands)
        return await self._converse(commands)

    async def _converse(self, commands: Sequence[bytes]) -> list[Any]:
        if self._connection is None:
            self._connection = self._pool.make_connection()
        connection = self._connection
        try:
            await connection.connect()
            self._is_open = self.has_sent = True
            await connection.send_packed_command(commands, check_health=False)
            replies = [await _reply(connection) for _ in commands]
            return replies if self._slots else of_the_primary(replies)
        except BaseException:
            # Half an exchange: the next one would read its replies.
            self._is_open = False
            await connection.disconnect(nowait=True)
            raise


async def _reply(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
