"""A producer's connections: cheap to use, safe to share, and never slower than allowed."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from redis import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.role import of_the_primary
from tiktok_events.connection.room import EXCHANGE_SHARE, MOST_CONNECTIONS, Room

CONNECT_SHARE: Final = 1 / 2
"""The share of a call's time that connecting to one address may take."""

WAIT_SHARE: Final = 1 / 4
"""The share of a call's time that a single wait for a socket may take, TLS included."""

PIECE_BYTES: Final = 65_536
"""So many bytes are sent in one wait; between pieces a large call checks the time."""


class Timely:
    """A mixin over a connection class of redis-py: reads end in time, the handshake's too.

    redis-py bounds each wait, not the sum of them, and a handshake has several.

    Attributes:
        end: when everything must be over; seconds of the monotonic clock.
    """

    end = 0.0

    def read_response(self: Any, *args: Any, **how: Any) -> Any:
        """Read one reply.

        Raises:
            redis.TimeoutError: it did not come in time.
        """
        how["disconnect_on_error"] = False  # what came before a wait ended is kept
        while True:
            self.wait_for_reply()
            try:
                return super().read_response(*args, **how)  # type: ignore[misc]  # a mixin
            except RedisTimeoutError:
                continue

    def reply(self: Any) -> Any:
        """Read one reply straight from redis-py's parser: what stands around it costs as much.

        Returns:
            It; an error that Redis answered too.

        Raises:
            redis.ConnectionError: the connection is broken.
            redis.TimeoutError: it did not come in time.
        """
        while True:
            self.wait_for_reply()
            try:
                return self._parser.read_response()
            except RedisTimeoutError:
                continue
            except OSError as error:
                raise RedisConnectionError("the connection broke while reading") from error

    def wait_for_reply(self: Any) -> None:
        """Return when a whole wait may follow, or something can be read."""
        rest_s = self.end - time.monotonic()
        if rest_s < self.socket_timeout and not self.can_read(timeout=max(rest_s, 0.0)):
            raise RedisTimeoutError("Redis did not answer in time")


class Line:
    """Carries commands to Redis and the replies back, each exchange within its time.

    redis-py's pool costs more than the exchange itself (a third of `track()`), retries
    for seconds, and cannot bound a call, only each wait. So the connections are
    redis-py's, the stack of idle ones is ours. There are `MOST_CONNECTIONS` at most, and a call
    waits for one within its time. Safe to share between threads: nobody
    else has a connection while it is in use. Safe across a fork: a child leaves the
    connections of its parent alone.

    Args:
        pool: how to make a connection; it is asked for nothing else.
        timeout_s: longest time of one exchange, connecting included. Looking up the
            host's name is the system's matter; of several addresses each may take half.
    """

    def __init__(self, pool: ConnectionPool, timeout_s: float) -> None:
        self._kind: Any = type("TimelyConnection", (Timely, pool.connection_class), {})
        self._arguments = pool.connection_kwargs | {
            "socket_connect_timeout": timeout_s * CONNECT_SHARE,
            "socket_timeout": timeout_s * WAIT_SHARE,
            "health_check_interval": 0,  # whether a connection is alive, its next exchange tells
        }
        self._room = Room(min(MOST_CONNECTIONS, pool.max_connections))
        self._is_discovered = "discovery" in pool.connection_kwargs
        self._timeout_s = timeout_s
        self._idle: deque[Any] = deque()

    def end(self) -> float:
        """When an exchange that begins now must be over; seconds of the monotonic clock."""
        return time.monotonic() + self._timeout_s

    def exchange(self, commands: Sequence[bytes], end: float) -> Sequence[Any]:
        """Send commands over one connection and return a reply to each.

        An idle connection may be one that a restart of Redis has closed, or that leads to
        a server which has become a replica; then a new one is tried. Should the lost
        commands have been carried out, they are now twice.

        Returns:
            The replies; an error that Redis answered stands among them.

        Raises:
            ConnectionsBusy: every connection was in use all the time; nothing was sent.
            redis.ConnectionError: there is no connection.
            PrimaryChanged: the server is not the primary; it is a `redis.ConnectionError` too.
            redis.TimeoutError: it would not be over in time.
        """
        place = self._room.enter(end - self._timeout_s * EXCHANGE_SHARE)
        try:
            return self._exchange(commands, end)
        finally:
            place.put(None)

    def _exchange(self, commands: Sequence[bytes], end: float) -> Sequence[Any]:
        connection = self._idle_one()
        if connection is not None:
            try:
                return self._converse(connection, commands, end)
            except RedisConnectionError:
                pass
        return self._converse(self._fresh(end), commands, end)

    def close(self) -> None:
        """Close the idle connections; the next exchange makes a new one."""
        while (connection := self._idle_one()) is not None:
            connection.disconnect()

    def _fresh(self, end: float) -> Any:
        connection = self._kind(**self._arguments)
        connection.end = end
        connection.connect()
        return connection

    def _idle_one(self) -> Any:
        """The one used last: the others may rest until the server closes them."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.pid == os.getpid():
                return connection
        return None

    def _converse(self, connection: Any, commands: Sequence[bytes], end: float) -> Sequence[Any]:
        connection.end = end
        try:
            if self._is_discovered:
                connection.connect()  # it looks now and then whether it is led elsewhere
            for piece in _pieces(commands):
                _in_time(connection)
                connection.send_packed_command((piece,), check_health=False)
            replies = of_the_primary([connection.reply() for _ in commands])
        except BaseException:
            # Half an exchange: the next one would read its replies.
            connection.disconnect()
            raise
        self._idle.append(connection)
        return replies


def _in_time(connection: Any) -> None:
    if time.monotonic() + connection.socket_timeout > connection.end:
        raise RedisTimeoutError("Redis did not take the connection in time")


def _pieces(commands: Sequence[bytes]) -> Sequence[bytes | memoryview]:
    """What is sent at a time: all that is short together, and nothing long copied."""
    if sum(map(len, commands)) <= PIECE_BYTES:
        return (b"".join(commands),)
    return [
        memoryview(command)[at : at + PIECE_BYTES]
        for command in commands
        for at in range(0, len(command), PIECE_BYTES)
    ]
