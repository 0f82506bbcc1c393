"""Connections that find the server that leads, each time they connect.

Behind Redis Sentinel, and in Redis Cluster, another server may lead tomorrow. A connection
asks who does when it is made, and leaves a server that says that it does not lead: so all
other code sees a lost connection, tries again where a repeat is harmless, and is led anew.

redis-py's own Sentinel connections ask only when a pool hands them out: a retry goes to
the old leader again. For one slot of a cluster its cluster client is much too much.

    ConnectionError (redis-py)
    ├── LeaderUnknown    nobody who was asked could say who leads; see `guide`
    └── LeaderChanged    the server does not lead (any more), or not yet; see `leading`
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from redis import Connection, ConnectionPool, Redis, SSLConnection
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.guide import Guide, LeaderUnknown
from tiktok_events.connection.leading import changed, leads
from tiktok_events.connection.led_address import LedAddress, Node
from tiktok_events.connection.line import Timely
from tiktok_events.connection.tls import tls_arguments, url_arguments

FIND_SHARE: Final = 1 / 2
"""Of the time in which a connection must be made: for finding out where to."""


def time_limits(how: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Seconds for finding the leader, and the arguments with the rest for connecting to it."""
    whole_s = how["socket_connect_timeout"]
    return whole_s * FIND_SHARE, how | {"socket_connect_timeout": whole_s * (1 - FIND_SHARE)}


class Led:
    """Over a connection class of redis-py: it leads to the leader, or nowhere."""

    def __init__(self, *, guide: Guide, **how: Any) -> None:
        self._guide = guide
        self._find_s, how = time_limits(how)
        super().__init__(**how)

    def connect(self: Any) -> None:
        """Connect unless it is connected, and to the one that leads; used before each exchange."""
        if self._sock is not None:
            self._leave_a_former_leader()
        super().connect()  # type: ignore[misc]  # a mixin

    def _leave_a_former_leader(self: Any) -> None:
        """It may not know; Sentinels that do not answer prove nothing."""
        if not self._guide.is_sure:
            with suppress(LeaderUnknown):
                find(self._guide, self._find_s)
        if not self._guide.points_to((self.host, self.port)):
            self.disconnect()

    def _connect(self: Any) -> Any:
        self.host, self.port = find(self._guide, self._find_s)
        return super()._connect()  # type: ignore[misc]  # a mixin

    def read_response(self: Any, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            LeaderChanged: the server does not lead; the connection is closed.
        """
        try:
            return super().read_response(*args, **how)  # type: ignore[misc]  # a mixin
        except ResponseError as error:
            if leads(error):
                raise
            self.disconnect()
            raise changed(error) from error


class LedConnection(Led, Connection):
    """To the leader."""


class LedTlsConnection(Led, SSLConnection):
    """To the leader, over TLS."""


class AskingConnection(Timely, Connection):
    """To one that is asked."""


class AskingTlsConnection(Timely, SSLConnection):
    """To one that is asked, over TLS."""


def connect(url: str, *, key: str, **how: Any) -> Redis:
    """A pool of connections to an outbox, whatever form its address has.

    Args:
        url: of one server, or one of the forms of `led_address`.
        key: any key of the outbox: on a cluster the owner of its slot leads.
        how: as `Redis.from_url` takes it; `socket_connect_timeout` must be among it.
    """
    address = LedAddress.parse(url)
    if address is None:
        return Redis.from_url(url, **tls_arguments(url_arguments(url)), **how)
    kind = LedTlsConnection if address.encrypted else LedConnection
    arguments = {**how, **address.leading, "guide": Guide(address, key)}
    return Redis.from_pool(ConnectionPool(connection_class=kind, **arguments))


def find(guide: Guide, for_s: float) -> Node:
    """Ask who leads.

    Args:
        guide: knows whom.
        for_s: until then.

    Raises:
        LeaderUnknown: nobody said it in time.
    """
    problems = []
    for node, wait_s in guide.turns(for_s):
        try:
            return guide.leader(node, answer(guide, node, guide.question, wait_s))
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
    raise guide.unknown(problems)


def answer(guide: Guide, node: Node, question: Sequence[str], wait_s: float) -> Any:
    """What one that is asked says.

    Raises:
        redis.RedisError: it does not answer in `wait_s` seconds, or refuses.
    """
    kind = AskingTlsConnection if guide.address.encrypted else AskingConnection
    connection: Any = kind(**asking(guide.address, node, wait_s))
    connection.end = time.monotonic() + wait_s
    try:
        connection.connect()
        connection.send_command(*question)
        return connection.read_response()
    finally:
        connection.disconnect()


def asking(address: LedAddress, node: Node, wait_s: float) -> dict[str, Any]:
    """Arguments of a connection to one that is asked, once."""
    host, port = node
    return {
        **address.asking,
        "host": host,
        "port": port,
        "protocol": 2,
        "socket_timeout": wait_s,
        "socket_connect_timeout": wait_s,
    }
