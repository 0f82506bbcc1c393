"""Connections for asyncio that find the primary; as `primary` does, and with its words."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.primary import asking, time_limits
from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.connection.tls import tls_arguments, url_arguments


class AsyncToPrimary:
    """A mixin over a connection class of redis-py: it connects to the primary, or not at all."""

    def __init__(self, *, discovery: Discovery, **how: Any) -> None:
        self._discovery = discovery
        self._find_s, how = time_limits(how)
        super().__init__(**how)

    async def connect(self: Any) -> None:
        """Connect unless it is connected, and to the primary."""
        if self.is_connected:
            await self._leave_a_former_primary()
        await super().connect()  # type: ignore[misc]  # a mixin

    async def _leave_a_former_primary(self: Any) -> None:
        """Disconnect from a former primary; Sentinels that do not answer prove nothing."""
        if not self._discovery.is_sure:
            with suppress(PrimaryUnknown):
                await find(self._discovery, self._find_s)
        if not self._discovery.points_to((self.host, self.port)):
            await self.disconnect(nowait=True)

    async def _connect(self: Any) -> None:
        self.host, self.port = await find(self._discovery, self._find_s)
        await super()._connect()  # type: ignore[misc]  # a mixin

    async def read_response(self: Any, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            PrimaryChanged: the server is not the primary; the connection is closed.
        """
        try:
            return await super().read_response(*args, **how)  # type: ignore[misc]  # a mixin
        except ResponseError as error:
            if is_from_primary(error):
                raise
            await self.disconnect(nowait=True)
            raise changed(error) from error


class AsyncPrimaryConnection(AsyncToPrimary, Connection):
    """A connection to the primary."""


class AsyncPrimaryTlsConnection(AsyncToPrimary, SSLConnection):
    """A connection to the primary over TLS."""


def connect(url: str, *, key: str, **how: Any) -> Redis:
    """A pool of connections to an outbox, as `primary.connect` makes one."""
    address = DiscoveryAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    kind = AsyncPrimaryTlsConnection if address.encrypted else AsyncPrimaryConnection
    arguments = {**how, **address.primary, "discovery": Discovery(address, key)}
    return Redis.from_pool(ConnectionPool(connection_class=kind, **arguments))


async def find(discovery: Discovery, for_s: float) -> Node:
    """Ask for the primary, as `primary.find` does.

    Raises:
        PrimaryUnknown: nobody said it in time.
    """
    problems = []
    for node, wait_s in discovery.turns(for_s):
        try:
            async with asyncio.timeout(wait_s):
                return discovery.primary(node, await _answer(discovery, node, wait_s))
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
        except TimeoutError:
            problems.append(f"{node[0]}:{node[1]}: no answer in time")
    raise discovery.unknown(problems)


async def _answer(discovery: Discovery, node: Node, wait_s: float) -> Any:
    kind = SSLConnection if discovery.address.encrypted else Connection
    connection: Any = kind(**asking(discovery.address, node, wait_s))
    try:
        await connection.connect()
        await connection.send_command(*discovery.question)
        return await connection.read_response()
    finally:
        await connection.disconnect(nowait=True)
