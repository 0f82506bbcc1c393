"""How many connections a process has to an outbox: a burst waits for one, it is not refused."""

from __future__ import annotations

import asyncio
import os
import time
from queue import Empty, SimpleQueue
from typing import Final

from redis.exceptions import TimeoutError as RedisTimeoutError

MOST_CONNECTIONS: Final = 64
"""The most connections of a process. More would gain nothing, as the server answers one call after
the other; only with `DURABILITY=fsync` may each wait for the disk, up to a second."""

EXCHANGE_SHARE: Final = 0.3
"""The share of a call's time that is kept back from the wait for a connection. What times out in
less than that would look like a Redis that is away."""

_LATE: Final = "every connection was in use until too little of the call's time was left"


class ConnectionsBusy(RedisTimeoutError):
    """More calls came at once than could be carried in their time; of Redis that says nothing."""


class Room:
    """Places for connections; safe to share between threads, and across a fork.

    A child has all places: those that threads of its parent hold would never come back.

    Args:
        places: calls that may be under way at once.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._free, self._pid = _full(places), os.getpid()

    def enter(self, end: float) -> SimpleQueue[None]:
        """Take a place.

        Args:
            end: until when to wait for it; seconds of the monotonic clock.

        Returns:
            Where to `put(None)` it back.

        Raises:
            ConnectionsBusy: none became free.
        """
        if self._pid != os.getpid():
            self._free, self._pid = _full(self._places), os.getpid()
        free = self._free
        try:
            free.get_nowait()
        except Empty:
            _wait(free, end)
        return free


class AsyncRoom:
    """Places for connections, for one event loop.

    Args:
        places: calls that may be under way at once.
    """

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)

    async def enter(self, end: float) -> None:
        """Take a place; `leave` gives it back.

        Args:
            end: until when to wait for it; seconds of the loop's clock.

        Raises:
            ConnectionsBusy: none became free.
        """
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout_at(end):
                await self._free.acquire()
        except TimeoutError:
            raise ConnectionsBusy(_LATE) from None

    def leave(self) -> None:
        """Give a place back."""
        self._free.release()


def _full(places: int) -> SimpleQueue[None]:
    free: SimpleQueue[None] = SimpleQueue()
    for _ in range(places):
        free.put(None)
    return free


def _wait(free: SimpleQueue[None], end: float) -> None:
    try:
        free.get(timeout=max(end - time.monotonic(), 0.0))
    except Empty:
        raise ConnectionsBusy(_LATE) from None
