"""Connections that find the primary, each time they connect.

Behind Redis Sentinel, and in Redis Cluster, the primary may be another tomorrow. A connection
asks for it when it is made, and leaves a server that says that it is not the primary: so all
other code sees a lost connection, tries again where a repeat is harmless, and finds the new one.

redis-py's own Sentinel connections ask only when a pool hands them out: a retry goes to
the old primary again. For one slot of a cluster its cluster client is much too much.

    ConnectionError (redis-py)
    ├── PrimaryUnknown    nobody who was asked could name the primary; see `discovery`
    └── PrimaryChanged    the server is not the primary (any more), or not yet; see `role`
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from redis import Connection, ConnectionPool, Redis, SSLConnection
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.discovery import Discovery, PrimaryUnknown
from tiktok_events.connection.discovery_address import DiscoveryAddress, Node
from tiktok_events.connection.role import changed, is_from_primary
from tiktok_events.connection.tls import tls_arguments, url_arguments

FIND_SHARE: Final = 1 / 2
"""The share of the time for making a connection that finding the primary may take."""


def time_limits(how: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Seconds for finding the primary, and the arguments with the rest for connecting to it."""
    whole_s = how["socket_connect_timeout"]
    return whole_s * FIND_SHARE, how | {"socket_connect_timeout": whole_s * (1 - FIND_SHARE)}


class ToPrimary:
    """A mixin over a connection class of redis-py: it connects to the primary, or not at all."""

    def __init__(self, *, discovery: Discovery, **how: Any) -> None:
        self._discovery = discovery
        self._find_s, how = time_limits(how)
        super().__init__(**how)

    def connect(self: Any) -> None:
        """Connect unless it is connected, and to the primary; used before each exchange."""
        if self._sock is not None:
            self._leave_a_former_primary()
        super().connect()  # type: ignore[misc]  # a mixin

    def _leave_a_former_primary(self: Any) -> None:
        """Disconnect from a former primary; Sentinels that do not answer prove nothing."""
        if not self._discovery.is_sure:
            with suppress(PrimaryUnknown):
                find(self._discovery, self._find_s)
        if not self._discovery.points_to((self.host, self.port)):
            self.disconnect()

    def _connect(self: Any) -> Any:
        self.host, self.port = find(self._discovery, self._find_s)
        return super()._connect()  # type: ignore[misc]  # a mixin

    def read_response(self: Any, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            PrimaryChanged: the server is not the primary; the connection is closed.
        """
        try:
            return super().read_response(*args, **how)  # type: ignore[misc]  # a mixin
        except ResponseError as error:
            if is_from_primary(error):
                raise
            self.disconnect()
            raise changed(error) from error


class PrimaryConnection(ToPrimary, Connection):
    """A connection to the primary."""


class PrimaryTlsConnection(ToPrimary, SSLConnection):
    """A connection to the primary over TLS."""


def connect(url: str, *, key: str, **how: Any) -> Redis:
    """A pool of connections to an outbox, whatever form its address has.

    Args:
        url: of one server, or one of the forms of `discovery_address`.
        key: any key of the outbox: on a cluster the owner of its slot is the primary.
        how: as `Redis.from_url` takes it; `socket_connect_timeout` must be among it.
    """
    address = DiscoveryAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    kind = PrimaryTlsConnection if address.encrypted else PrimaryConnection
    arguments = {**how, **address.primary, "discovery": Discovery(address, key)}
    return Redis.from_pool(ConnectionPool(connection_class=kind, **arguments))


def find(discovery: Discovery, for_s: float) -> Node:
    """Ask for the primary.

    Args:
        discovery: knows which servers to ask.
        for_s: seconds until the search is given up.

    Raises:
        PrimaryUnknown: nobody said it in time.
    """
    problems = []
    for node, wait_s in discovery.turns(for_s):
        try:
            return discovery.primary(node, answer(discovery, node, discovery.question, wait_s))
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
    raise discovery.unknown(problems)


def answer(discovery: Discovery, node: Node, question: Sequence[str], wait_s: float) -> Any:
    """Return the answer of one server that is asked.

    Raises:
        redis.RedisError: it does not answer in `wait_s` seconds, or refuses.
    """
    kind = SSLConnection if discovery.address.encrypted else Connection
    connection: Any = kind(**asking(discovery.address, node, wait_s))
    try:
        connection.connect()
        connection.send_command(*question)
        return connection.read_response()
    finally:
        connection.disconnect()


def asking(address: DiscoveryAddress, node: Node, wait_s: float) -> dict[str, Any]:
    """Return the arguments of a connection to a server that is asked once."""
    host, port = node
    return {
        **address.asking,
        "host": host,
        "port": port,
        "protocol": 2,
        "socket_timeout": wait_s,
        "socket_connect_timeout": wait_s,
    }
