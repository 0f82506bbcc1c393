"""Finds what waits where these workers do not look, because a producer has another `SHARDS`.

An event is where its producer put it. Where their numbers differ, it is in a shard that the
workers do not have, or in one in which they do not look for its destination. Nothing is lost by
that, and nothing is delivered either, until workers run with the number of that producer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from tiktok_events.outbox.shards import MOST
from tiktok_events.outbox.store import Store
from worker.reporting.log import Log
from worker.reporting.stored import destination_of, text_of

log = Log("tiktok_events.misplaced")

EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Misplaced:
    """What another number of shards has put elsewhere.

    Attributes:
        beyond: the numbers of shards that only a greater `SHARDS` has, and that hold something.
        destinations: those with events in another shard than this `SHARDS` has for them.
    """

    beyond: list[int]
    destinations: list[str]

    def __bool__(self) -> bool:
        return bool(self.beyond or self.destinations)


def find_misplaced(store: Store) -> Misplaced:
    """Look at all shards that there can be, in two round trips for each server.

    Raises:
        redis.RedisError: the server cannot be used.
    """
    return Misplaced(_beyond(store), sorted(set(_strays(store))))


def _beyond(store: Store) -> list[int]:
    numbers = range(store.shards.count, MOST)
    pipeline = store.redis.pipeline(transaction=False)
    for keys in map(store.shards.at, numbers):
        pipeline.exists(keys.ready, keys.delayed, keys.parked, keys.dead)
    replies = pipeline.execute(raise_on_error=False)
    return [
        number
        for number, held in zip(numbers, replies, strict=True)
        if held and not isinstance(held, RedisError)  # of a leader that is away, for one
    ]


def _strays(store: Store) -> Iterator[str]:
    if store.shards.count == 1:
        return
    pipeline = store.redis.pipeline(transaction=False)
    for keys in store.shards:
        pipeline.zrange(keys.ready, 0, -1)
        pipeline.hkeys(keys.parked)
    replies = iter(pipeline.execute(raise_on_error=False))
    for keys in store.shards:
        for reply in (next(replies), next(replies)):
            for name in map(text_of, () if isinstance(reply, RedisError) else reply):
                if store.shards.of(name) != keys and destination_of(name):
                    yield name


class MisplacedWatch:
    """Says once that something is misplaced, and once that nothing is any more.

    Args:
        store: the outbox, by a connection of this process.
        clock: monotonic seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._due = clock()
        self._told = False

    def look(self) -> None:
        """Look once a minute.

        Raises:
            redis.RedisError: the server cannot be used.
        """
        if self._clock() < self._due:
            return
        self._due = self._clock() + EVERY_S
        found = find_misplaced(self._store)
        if found and not self._told:
            log.warning(
                "shards_differ",
                message=", ".join(map(str, found.beyond)),
                shards=len(found.beyond),
                destinations=len(found.destinations),
            )
        elif self._told and not found:
            log.info("shards_agree")
        self._told = bool(found)
