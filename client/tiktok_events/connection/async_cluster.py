"""The leaders of a cluster for asyncio; as `cluster` has them, for producers only."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from redis.asyncio import Connection, ConnectionPool, SSLConnection
from redis.exceptions import RedisError

from tiktok_events.connection.async_search import find
from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.leaders import Leaders, slot_of
from tiktok_events.connection.search import time_limits


class AsyncCluster:
    """Leads to the leader of each slot, as `Cluster` does.

    Args:
        address: of the cluster.
        how: redis-py's arguments of a connection; `socket_connect_timeout` must be among them.
    """

    def __init__(self, address: DiscoveryAddress, how: dict[str, Any]) -> None:
        find_s, how = time_limits(how)
        self._how = {**how, **address.primary}
        self._kind = SSLConnection if address.encrypted else Connection
        self._pools: dict[Node, ConnectionPool] = {}
        self._asking: asyncio.Task[None] | None = None
        self.leaders = Leaders(address, find_s)

    async def leader(self, key: str | bytes) -> Node:
        """Who leads the slot of a key, as `Cluster.leader` says it.

        Raises:
            PrimaryUnknown: nobody says it, or nobody leads it.
        """
        if self.leaders.is_due:
            await asyncio.shield(self._search())
        return self.leaders.of(slot_of(key))

    def pool(self, node: Node) -> ConnectionPool:
        """How to make connections to one leader."""
        if node not in self._pools:
            host, port = node
            self._pools[node] = ConnectionPool(self._kind, host=host, port=port, **self._how)
        return self._pools[node]

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.disconnect()

    def _search(self) -> asyncio.Task[None]:
        """Ask the cluster, once for all who wait for the answer; nobody's cancellation ends it."""
        loop = asyncio.get_running_loop()
        task = self._asking
        if task is None or task.done() or task.get_loop() is not loop:
            task = self._asking = loop.create_task(self._ask())
        return task

    async def _ask(self) -> None:
        with suppress(RedisError):
            await find(self.leaders)
