"""Connections for asyncio that find the server that leads; as `leader` does, and with its words."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.guide import Guide, LeaderUnknown
from tiktok_events.connection.leader import asking, time_limits
from tiktok_events.connection.leading import changed, leads
from tiktok_events.connection.led_address import LedAddress, Node
from tiktok_events.connection.tls import tls_arguments, url_arguments


class AsyncLed:
    """Over a connection class of redis-py: it leads to the leader, or nowhere."""

    def __init__(self, *, guide: Guide, **how: Any) -> None:
        self._guide = guide
        self._find_s, how = time_limits(how)
        super().__init__(**how)

    async def connect(self: Any) -> None:
        """Connect unless it is connected, and to the one that leads."""
        if self.is_connected:
            await self._leave_a_former_leader()
        await super().connect()  # type: ignore[misc]  # a mixin

    async def _leave_a_former_leader(self: Any) -> None:
        """It may not know; Sentinels that do not answer prove nothing."""
        if not self._guide.is_sure:
            with suppress(LeaderUnknown):
                await find(self._guide, self._find_s)
        if not self._guide.points_to((self.host, self.port)):
            await self.disconnect(nowait=True)

    async def _connect(self: Any) -> None:
        self.host, self.port = await find(self._guide, self._find_s)
        await super()._connect()  # type: ignore[misc]  # a mixin

    async def read_response(self: Any, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            LeaderChanged: the server does not lead; the connection is closed.
        """
        try:
            return await super().read_response(*args, **how)  # type: ignore[misc]  # a mixin
        except ResponseError as error:
            if leads(error):
                raise
            await self.disconnect(nowait=True)
            raise changed(error) from error


class AsyncLedConnection(AsyncLed, Connection):
    """To the leader."""


class AsyncLedTlsConnection(AsyncLed, SSLConnection):
    """To the leader, over TLS."""


def connect(url: str, *, key: str, **how: Any) -> Redis:
    """A pool of connections to an outbox, as `leader.connect` makes one."""
    address = LedAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    kind = AsyncLedTlsConnection if address.encrypted else AsyncLedConnection
    arguments = {**how, **address.leading, "guide": Guide(address, key)}
    return Redis.from_pool(ConnectionPool(connection_class=kind, **arguments))


async def find(guide: Guide, for_s: float) -> Node:
    """Ask who leads, as `leader.find` does.

    Raises:
        LeaderUnknown: nobody said it in time.
    """
    problems = []
    for node, wait_s in guide.turns(for_s):
        try:
            async with asyncio.timeout(wait_s):
                return guide.leader(node, await _answer(guide, node, wait_s))
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
        except TimeoutError:
            problems.append(f"{node[0]}:{node[1]}: no answer in time")
    raise guide.unknown(problems)


async def _answer(guide: Guide, node: Node, wait_s: float) -> Any:
    kind = SSLConnection if guide.address.encrypted else Connection
    connection: Any = kind(**asking(guide.address, node, wait_s))
    try:
        await connection.connect()
        await connection.send_command(*guide.question)
        return await connection.read_response()
    finally:
        await connection.disconnect(nowait=True)
