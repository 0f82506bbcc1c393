"""Limit the memory of receipts: beyond it, the oldest hours are deleted, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.receipt import HOUR_S, KEEP_S, LISTS
from worker.reporting.log import Log
from worker.reporting.stored import text_of

log = Log("tiktok_events.receipts")

PAGE: Final = 500
"""How many elements one script deletes: a millisecond or two."""

GROWING_H: Final = 2
"""Hours whose lists may still grow: this one, and the last, by a worker whose clock is behind."""

MEGABYTE: Final = 1_000_000


class ReceiptLimit:
    """Keeps the receipts of an installation within their memory limit.

    Args:
        store: the outbox.
        most_bytes: limit for all of them.
    """

    def __init__(self, store: Store, most_bytes: int) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._cut = LuaScript(store.redis, "worker", "lib/receipts", "receipts_cut")

    def run(self, go_on: Callable[[], bool], now: float) -> int:
        """Weigh what is new, and forget the oldest hours while all are too heavy.

        Args:
            go_on: whether there is time left.
            now: Unix seconds.

        Returns:
            How many bytes they take then.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        sizes = {
            (hour_of(row), row, keys): size
            for keys in self._store.at_hand
            for row, size in self._weighed(keys, now).items()
        }
        used, most = sum(sizes.values()), self._most_bytes
        for (_, row, keys), size in sorted(sizes.items(), key=lambda one: one[0][:2]):
            if used <= most or not go_on():
                break
            if self._forget(keys, row, go_on):
                used -= size
        return used

    def _weighed(self, keys: Keys, now: float) -> dict[str, int]:
        """Return the bytes of each hour; drop hours that Redis has deleted from the list."""
        stored = cast("dict[bytes, bytes]", self._store.redis.hgetall(keys.receipt_hours))
        known = {text_of(row): int(size) if size.isdigit() else 0 for row, size in stored.items()}
        this_hour = int(now) // HOUR_S
        for row in [row for row in known if _is_over(row, this_hour)]:
            self._store.redis.hdel(keys.receipt_hours, row)
            del known[row]
        growing = [row for row, size in known.items() if not size or _grows(row, this_hour)]
        if growing:
            fresh = {row: self._size(keys, row) for row in growing}
            self._store.redis.hset(keys.receipt_hours, mapping=cast("dict[Any, Any]", fresh))
            known |= fresh
        return known

    def _size(self, keys: Keys, row: str) -> int:
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for name in _lists(keys, row):
                pipeline.memory_usage(name)
            return sum(size or 0 for size in cast("list[int | None]", pipeline.execute()))

    def _forget(self, keys: Keys, row: str, go_on: Callable[[], bool]) -> bool:
        """Delete an hour; return False if time ran out."""
        for name in _lists(keys, row):
            while self._cut([keys.counters, name], [PAGE]) == PAGE:
                if not go_on():
                    return False
        self._store.redis.hdel(keys.receipt_hours, row)
        log.warning("receipts_cut", hour=hour_of(row) * HOUR_S)
        return True


def hour_of(row: str) -> int:
    """Return the hour of a row of `receipts:hours`, in hours since 1970; 0 for junk."""
    hour = row[2:]
    return int(hour) if hour.isascii() and hour.isdigit() else 0


def _lists(keys: Keys, row: str) -> Iterator[str]:
    return (keys.receipts(row, place) for place in range(LISTS))


def _is_over(row: str, this_hour: int) -> bool:
    """Return whether Redis has expired the receipts of an hour, counted from its first receipt."""
    kept_h = KEEP_S.get(row[:1], 0) // HOUR_S
    return hour_of(row) + kept_h + GROWING_H < this_hour


def _grows(row: str, this_hour: int) -> bool:
    return hour_of(row) > this_hour - GROWING_H
