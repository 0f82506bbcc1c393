"""What was read a moment ago and is shown again: many readers cost the server what one does."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from redis.exceptions import RedisError

K = TypeVar("K")
T = TypeVar("T")

FRESH_S: Final = 2.0
STALE_S: Final = 30.0
"""What is older than fresh, and not older than this, is shown once more while it is read anew."""

REST: Final = 10
"""What takes long to read is fresh for so many times as long: reading must leave time for work."""


class Kept(Generic[T]):
    """One reading, shared by all requests of this process.

    Args:
        read: takes the reading.
        clock: seconds.
    """

    def __init__(self, read: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, T] | None = None
        self._fresh_s = FRESH_S
        self._forgotten = 0

    def get(self) -> T:
        """Return the reading, a moment old at most.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        known = self._known
        age_s = float("inf") if known is None else self._clock() - known[0]
        if known is not None and age_s < self._fresh_s:
            return known[1]
        if known is not None and age_s < max(STALE_S, 2 * self._fresh_s):
            if self._lock.acquire(blocking=False):
                threading.Thread(target=self._renew, daemon=True).start()
            return known[1]
        with self._lock:
            return self._now()

    def forget(self) -> None:
        """Drop the reading, because something has changed."""
        self._forgotten += 1
        self._known = None

    def _now(self) -> T:
        known, began, forgotten = self._known, self._clock(), self._forgotten
        if known is not None and began - known[0] < self._fresh_s:
            return known[1]
        reading = self._read()
        self._fresh_s = max(FRESH_S, REST * (self._clock() - began))
        if forgotten == self._forgotten:  # else it may have been taken before what was changed
            self._known = (began, reading)
        return reading

    def _renew(self) -> None:
        try:
            self._now()
        except RedisError:
            self.forget()  # whoever asks next is told
        finally:
            self._lock.release()


class KeptEach(Generic[K, T]):
    """One reading of each thing that is asked for; what was not asked for longest is dropped.

    Args:
        read: takes the reading of one thing.
        most: so many are kept.
    """

    def __init__(self, read: Callable[[K], T], most: int) -> None:
        self._read = read
        self._most = most
        self._lock = threading.Lock()
        self._each: OrderedDict[K, Kept[T]] = OrderedDict()

    def get(self, one: K) -> T:
        """Return the reading of one thing, a moment old at most.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        with self._lock:
            kept = self._each.setdefault(one, Kept(lambda: self._read(one)))
            self._each.move_to_end(one)
            while len(self._each) > self._most:
                self._each.popitem(last=False)
        return kept.get()

    def forget(self) -> None:
        """Drop all readings, because something has changed."""
        with self._lock:
            for kept in self._each.values():
                kept.forget()
