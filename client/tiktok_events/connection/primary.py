"""Connections that find the primary, each time they connect.

Behind Redis Sentinel the primary may be another tomorrow. A connection asks for it when it is
made, and leaves a server that says that it is not the primary: so all other code sees a lost
connection, tries again where a repeat is harmless, and finds the new one (decision 10).

The Sentinels are redis-py's to ask. A cluster has several primaries; see `cluster`.

    ConnectionError (redis-py)
    ├── PrimaryUnknown    nobody who was asked could name the primary; see `discovery`
    └── PrimaryChanged    the server is not the primary (any more), or not yet; see `role`
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from redis import Redis, SSLConnection
from redis.exceptions import ResponseError
from redis.sentinel import (
    SentinelConnectionPool,
    SentinelManagedConnection,
)

from tiktok_events.connection.cluster import Cluster
from tiktok_events.connection.cluster_redis import ClusterRedis
from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.connection.search import find, time_limits
from tiktok_events.connection.tls import tls_arguments, url_arguments


class LedConnection(SentinelManagedConnection):
    """A connection that is led to the primary each time it connects.

    redis-py's own is only when its pool hands it out: a retry goes to the old primary again.
    """

    is_open = False

    def connect(self) -> None:
        """Connect unless it is connected."""
        super(SentinelManagedConnection, self).connect()  # type: ignore[no-untyped-call]  # redis-py's

    def connect_check_health(self, *args: Any, **how: Any) -> None:
        """Connect unless it is connected; every way to connect ends here."""
        if not self.is_open:
            self.host, self.port = self.connection_pool.get_master_address()
        super().connect_check_health(*args, **how)
        self.is_open = True

    def disconnect(self, *args: Any, **how: Any) -> None:
        """Disconnect."""
        self.is_open = False
        super().disconnect(*args, **how)  # type: ignore[no-untyped-call]  # redis-py's


class LedTlsConnection(LedConnection, SSLConnection):
    """The same over TLS."""


class PrimaryConnection(LedConnection):
    """A connection to the primary, which leaves whoever is not."""

    def connect(self) -> None:
        """Connect unless it is connected, and to the primary; used before each exchange."""
        if self.is_open:
            self.leave_a_former_primary()
        super().connect()

    def leave_a_former_primary(self) -> None:
        """Disconnect from a former primary; Sentinels that do not answer prove nothing."""
        leads = self.connection_pool.sentinel_manager
        if not leads.discovery.is_sure:
            with suppress(PrimaryUnknown):
                leads.discover_master()
        if not leads.discovery.points_to((self.host, self.port)):
            self.disconnect()

    def read_response(self, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            PrimaryChanged: the server is not the primary; the connection is closed.
        """
        try:
            return super(SentinelManagedConnection, self).read_response(*args, **how)
        except ResponseError as error:
            if is_from_primary(error):
                raise
            self.disconnect()
            raise changed(error) from error


class PrimaryTlsConnection(PrimaryConnection, SSLConnection):
    """A connection to the primary over TLS."""


class Leads:
    """What redis-py's pool takes for Sentinels: it is asked for the primary."""

    def __init__(self, discovery: Discovery) -> None:
        self.discovery = discovery

    def discover_master(self, _service: object = None) -> Node:
        """Ask for the primary.

        Raises:
            PrimaryUnknown: nobody said it in time.
        """
        return find(self.discovery)


def connect(url: str, *, key: str, patience_s: float = 0.0, **how: Any) -> Redis:
    """A pool of connections to an outbox, whatever form its address has.

    Args:
        url: of one server, or one of the forms of `discovery_address`.
        key: on a cluster, commands that have no key go where this one is.
        patience_s: on a cluster, how long a leader that does not answer is tried again.
        how: as `Redis.from_url` takes it; `socket_connect_timeout` must be among it. On a
            cluster nothing else than `patience_s` decides about retries.
    """
    address = DiscoveryAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    if address.service is None:
        return ClusterRedis(Cluster(address, how), key, patience_s)
    find_s, how = time_limits(how)
    discovery = Discovery(address, key, find_s)
    kind = PrimaryTlsConnection if address.encrypted else PrimaryConnection
    arguments = {**how, **address.primary, "connection_class": kind}
    return Redis.from_pool(SentinelConnectionPool(discovery.place, Leads(discovery), **arguments))  # type: ignore[no-untyped-call]  # redis-py's
