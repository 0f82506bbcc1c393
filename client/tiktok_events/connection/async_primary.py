"""Connections for asyncio that find the primary; as `primary` does, and with its words."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from redis.asyncio import Redis, SSLConnection
from redis.asyncio.sentinel import (
    SentinelConnectionPool,
    SentinelManagedConnection,
)
from redis.exceptions import ResponseError

from tiktok_events.connection.async_cluster import AsyncCluster
from tiktok_events.connection.async_search import find
from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.connection.search import time_limits
from tiktok_events.connection.tls import tls_arguments, url_arguments


class AsyncPrimaryConnection(SentinelManagedConnection):
    """A connection to the primary; see `primary.PrimaryConnection`."""

    async def connect(self) -> None:
        """Connect to the primary, unless connected to it already."""
        if self.is_connected:
            await self.leave_a_former_primary()
        await super(SentinelManagedConnection, self).connect()  # type: ignore[no-untyped-call]  # redis-py's

    async def leave_a_former_primary(self) -> None:
        """Disconnect from a former primary; Sentinels that do not answer prove nothing."""
        leads = self.connection_pool.sentinel_manager
        if not leads.discovery.is_sure:
            with suppress(PrimaryUnknown):
                await leads.discover_master()
        if not leads.discovery.points_to((self.host, self.port)):
            await self.disconnect(nowait=True)

    async def connect_check_health(self, *args: Any, **how: Any) -> None:
        """Connect, unless it is connected; every way to connect ends here."""
        if not self.is_connected:
            self.host, self.port = await self.connection_pool.get_master_address()
        await super().connect_check_health(*args, **how)

    async def read_response(self, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            PrimaryChanged: the server is not the primary; the connection is closed.
        """
        try:
            return await super(SentinelManagedConnection, self).read_response(*args, **how)
        except ResponseError as error:
            if is_from_primary(error):
                raise
            await self.disconnect(nowait=True)
            raise changed(error) from error


class AsyncPrimaryTlsConnection(AsyncPrimaryConnection, SSLConnection):
    """A connection to the primary over TLS."""


class AsyncLeads:
    """What redis-py's pool takes for Sentinels: it is asked for the primary."""

    def __init__(self, discovery: Discovery) -> None:
        self.discovery = discovery

    async def discover_master(self, _service: object = None) -> Node:
        """Ask for the primary.

        Raises:
            PrimaryUnknown: nobody said it in time.
        """
        return await find(self.discovery)


def connect(url: str, *, key: str, **how: Any) -> Redis | AsyncCluster:
    """A pool of connections to an outbox, as `primary.connect` makes one."""
    address = DiscoveryAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    if address.service is None:
        return AsyncCluster(address, how)
    find_s, how = time_limits(how)
    discovery = Discovery(address, key, find_s)
    kind = AsyncPrimaryTlsConnection if address.encrypted else AsyncPrimaryConnection
    arguments = {**how, **address.primary, "connection_class": kind}
    pool = SentinelConnectionPool(discovery.place, AsyncLeads(discovery), **arguments)  # type: ignore[no-untyped-call]  # redis-py's
    return Redis.from_pool(pool)
