"""Let kombu's connections ask the Sentinels whenever they connect.

Those of redis-py 8.1 ask when a pool hands them out, and go back to the same server when they
connect again by themselves. After a planned failover Celery, which gives messages back over
such a connection, tries for ever at a server that has become a replica, and heeds no SIGTERM.
Measured: hangs in a few of a dozen planned failovers without the guard, in none of twenty with it.

Remove it when the lowest redis-py that is allowed asks in every connect.
"""

from __future__ import annotations

from typing import Any

from kombu.transport.redis import SentinelChannel
from redis import Connection, SSLConnection
from redis.sentinel import SentinelManagedConnection


class AskingConnection(SentinelManagedConnection):
    """Finds the leader anew each time."""

    def connect(self) -> None:
        """Connect as any other does; the asking is in the last step of it."""
        Connection.connect(self)  # type: ignore[no-untyped-call]  # redis-py's

    def _connect(self) -> Any:
        self.host, self.port = self.connection_pool.get_master_address()
        return super()._connect()  # type: ignore[no-untyped-call]  # redis-py's


class AskingTlsConnection(AskingConnection, SSLConnection):
    """The same over TLS."""


def guard_sentinels() -> None:
    """Make kombu use them."""
    SentinelChannel.connection_class = AskingConnection
    SentinelChannel.connection_class_ssl = AskingTlsConnection
