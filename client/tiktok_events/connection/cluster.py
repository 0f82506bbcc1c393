"""The leaders of a cluster, each with connections of its own.

A shard is a slot, and slots have leaders. Everything goes to the leader of its slot; who that is
was learnt once, and is asked again when a leader does not answer, or says that another leads.
Decision 21 says why this is not redis-py's `RedisCluster`.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Final

from redis import Connection, ConnectionPool, Redis, SSLConnection
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.leaders import Leaders, slot_of
from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.connection.search import find, time_limits

AWAY_S: Final = 1.0
"""A leader that did not answer is asked again so much later; until then nobody waits for it."""

PAUSE_FACTOR: Final = 5
"""Where asking takes long, a pause is so many times as long: whoever asks has others to serve."""

PROBE_S: Final = 0.2
"""How long it may take to ask again. It is doubled each time that was too short: a leader far away
takes longer than one that is near."""


class LeaderAway(RedisConnectionError):
    """The leader of a slot did not answer moments ago, and was not asked again."""


class Cluster:
    """Leads to the leader of each slot; safe to share between threads, and across a fork.

    Args:
        address: of the cluster.
        how: redis-py's arguments of a connection; `socket_connect_timeout` must be among them.
    """

    def __init__(self, address: DiscoveryAddress, how: dict[str, Any]) -> None:
        find_s, how = time_limits(how)
        self._how = {**how, **address.primary, "retry": Retry(NoBackoff(), 0)}
        self._kind = SSLConnection if address.encrypted else Connection
        self._pools: dict[Node, ConnectionPool] = {}
        self._clients: dict[Node, Redis] = {}
        self._present: set[Node] = set()
        self._away: dict[Node, float] = {}
        self._why: dict[Node, RedisError] = {}
        self._probe_s: dict[Node, float] = {}
        self._find_s = find_s
        self._asking = threading.Lock()
        self.leaders = Leaders(address, find_s)

    def leader(self, key: str | bytes) -> Node:
        """Return who leads the slot of a key.

        Raises:
            PrimaryUnknown: nobody says it, or nobody leads it.
        """
        self.ask_if_due()
        return self.leaders.of(slot_of(key))

    def ask_if_due(self) -> None:
        """Ask the cluster, unless what is known holds; who is not answered goes on with that.

        One thread asks, for all that wait for the answer. In a forked child another may hold the
        lock for ever: so nobody waits longer than asking takes.
        """
        if not self.leaders.is_due:
            return
        is_mine = self._asking.acquire(timeout=self._find_s)
        try:
            if self.leaders.is_due:
                with suppress(RedisError):
                    find(self.leaders)
        finally:
            if is_mine:
                self._asking.release()

    def pool(self, node: Node) -> ConnectionPool:
        """Return the pool of connections to one leader."""
        if node not in self._pools:
            self._pools[node] = self._pool(node)
        return self._pools[node]

    def client(self, node: Node) -> Redis:
        """Return a client of one leader."""
        if node not in self._clients:
            self._clients[node] = Redis(connection_pool=self.pool(node))
        return self._clients[node]

    def check(self, node: Node, key: str | bytes) -> None:
        """Let nobody wait for a leader that did not answer moments ago; one is asked at first.

        Args:
            node: the leader.
            key: in one of its slots.

        Raises:
            LeaderAway: this one did not.
        """
        if node not in self._present and not self._is_back(node, key):
            why = self._why.get(node)
            raise LeaderAway(f"the leader at {node[0]}:{node[1]} does not answer: {why}") from why

    def is_lost(self, node: Node) -> bool:
        """Return whether a leader did not answer when it was last asked."""
        return node in self._away and node not in self._present

    def lost(self, node: Node, why: RedisError) -> None:
        """Note that a leader does not answer."""
        self._present.discard(node)
        self._away[node] = time.monotonic() + AWAY_S
        self._why[node] = why
        self._probe_s[node] = PROBE_S
        self.leaders.doubt()

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.disconnect()

    def _is_back(self, node: Node, key: str | bytes) -> bool:
        """Ask it, if that is due; whoever comes meanwhile need not."""
        began = time.monotonic()
        if began < self._away.get(node, 0.0):
            return False
        self._away[node] = began + AWAY_S
        try:
            self._ask(node, key)
        except RedisError as error:
            now = time.monotonic()
            self._away[node] = now + max(AWAY_S, PAUSE_FACTOR * (now - began))
            self._why[node] = error
            if isinstance(error, RedisTimeoutError) and node in self._probe_s:
                self._probe_s[node] *= 2
            self.leaders.doubt()
            return False
        self._present.add(node)
        return True

    def _ask(self, node: Node, key: str | bytes) -> None:
        """Ask a leader, also whether it serves this slot: one that has just come back knows none.

        Raises:
            redis.RedisError: it does not answer, or not for this slot.
        """
        limits: dict[str, float] = {}
        if (probe_s := self._probe_s.get(node)) is not None:
            for name in ("socket_timeout", "socket_connect_timeout"):
                limits[name] = min(self._how.get(name) or probe_s, probe_s)
        try:
            with Redis.from_pool(self._pool(node, **limits)) as redis:
                redis.exists(key)
        except ResponseError as error:
            if not is_from_primary(error):
                raise changed(error) from error
            # Else the user may not ask this, and is answered.

    def _pool(self, node: Node, **other: Any) -> ConnectionPool:
        host, port = node
        return ConnectionPool(self._kind, host=host, port=port, **{**self._how, **other})
