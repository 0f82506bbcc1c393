"""A producer's connection: used by one caller at a time, and never longer than allowed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Final

from redis import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.primary import PrimaryConnection
from tiktok_events.connection.role import of_the_primary

CONNECT_SHARE: Final = 1 / 2
"""The share of a call's time that connecting to one address may take."""

WAIT_SHARE: Final = 1 / 4
"""The share of a call's time that a single wait for a socket may take, TLS included: a handshake
has several, which redis-py does not add up."""

PIECE_BYTES: Final = 65_536
"""So many bytes are sent in one wait; between pieces a large call checks the time."""


def time_limits(timeout_s: float) -> dict[str, float]:
    """redis-py's arguments of connections on which an exchange may take so long."""
    return {
        "socket_connect_timeout": timeout_s * CONNECT_SHARE,
        "socket_timeout": timeout_s * WAIT_SHARE,
    }


class Slot:
    """Carries commands to Redis and the replies back, each exchange within its time.

    It owns one connection: taking one out of redis-py's pool for each exchange costs half as
    much again as the exchange itself.

    Args:
        pool: how to make the connection; it is asked for nothing else.
        slots: whether the server leads slots of a cluster: then an answer that it does not lead is
            about one of them, and stands among the replies.

    Attributes:
        has_sent: whether the exchange under way has sent anything: if it fails then, it is not
            known whether its commands were carried out.
    """

    def __init__(self, pool: ConnectionPool, *, slots: bool = False) -> None:
        self._pool = pool
        self._slots = slots
        self._connection: Any = None
        self._wait_s = math.inf
        self._is_open = False
        self.has_sent = False

    def exchange(self, commands: Sequence[bytes], end: float) -> list[Any]:
        """Send commands and return a reply to each.

        The connection may be one that a restart of Redis has closed, or that leads to
        a server which has become a replica; then it is made anew. Should the lost
        commands have been carried out, they are now twice.

        Args:
            commands: as they go over the wire.
            end: when it must be over; seconds of the monotonic clock.

        Returns:
            The replies; an error that Redis answered stands among them.

        Raises:
            redis.ConnectionError: there is no connection.
            PrimaryChanged: the server is not the primary; it is a `redis.ConnectionError` too.
            redis.TimeoutError: it would not be over in time.
        """
        if self._is_open:
            try:
                return self._converse(commands, end)
            except RedisConnectionError:
                self._check_time(end)
        return self._converse(commands, end)

    def close(self) -> None:
        """Close the connection; the next exchange makes it anew."""
        if self._is_open:
            self._is_open = False
            self._connection.disconnect()

    def forget(self) -> None:
        """Leave the connection to the process that this one was forked from."""
        self._connection, self._is_open = None, False
        self._pool.reset()

    def _converse(self, commands: Sequence[bytes], end: float) -> list[Any]:
        if self._connection is None:
            self._connection = self._pool.make_connection()
            self._wait_s = self._connection.socket_timeout or math.inf
        connection = self._connection
        try:
            if not self._is_open or isinstance(connection, PrimaryConnection):
                self._open(end)  # behind Sentinels also if it is led elsewhere
            for piece in _pieces(commands):
                self._check_time(end)
                self.has_sent = True
                connection.send_packed_command((piece,), check_health=False)
            replies = [self._reply(end) for _ in commands]
            return replies if self._slots else of_the_primary(replies)
        except BaseException:
            # Half an exchange: the next one would read its replies.
            self._is_open = False
            connection.disconnect()
            raise

    def _open(self, end: float) -> None:
        """Connect, unless it is connected; who is silent in the handshake is asked again."""
        while True:
            try:
                self._connection.connect()
            except RedisTimeoutError:
                self._check_time(end)
            else:
                self._is_open = True
                return

    def _reply(self, end: float) -> Any:
        """Read one reply: redis-py bounds each wait, not the sum of them."""
        connection = self._connection
        while True:
            rest_s = end - time.monotonic()
            if rest_s < self._wait_s and not connection.can_read(max(rest_s, 0.0)):
                raise RedisTimeoutError("Redis did not answer in time")
            try:
                return connection.read_response(disconnect_on_error=False)
            except ResponseError as error:
                return error
            except RedisTimeoutError:  # what came before this wait ended is kept
                continue

    @staticmethod
    def _check_time(end: float) -> None:
        if time.monotonic() >= end:
            raise RedisTimeoutError("Redis did not take the connection in time")


def _pieces(commands: Sequence[bytes]) -> Sequence[bytes | memoryview]:
    """What is sent at a time: all that is short together, and nothing long copied."""
    if len(commands) == 1 and len(commands[0]) <= PIECE_BYTES:
        return commands
    if sum(map(len, commands)) <= PIECE_BYTES:
        return (b"".join(commands),)
    return [
        memoryview(command)[at : at + PIECE_BYTES]
        for command in commands
        for at in range(0, len(command), PIECE_BYTES)
    ]
