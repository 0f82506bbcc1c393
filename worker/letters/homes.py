"""A dead letter stands in the shard of its destination; one that does not is brought there.

Its destination was edited, or the number of shards has changed. Two shards know no common step: it
arrives in the one, then departs from the other. Both are counted, so the figures close in between;
whoever is killed there leaves two of it, and the next who wants it removes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.letters.letter import DeadLetter
from worker.reporting.stored import text_of


class LetterHomes:
    """Knows where letters stand, and brings them into the shards of their destinations.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._arrive = LuaScript(store.redis, "worker", "lib/letters", "erasing", "letter_arrive")
        self._depart = LuaScript(store.redis, "worker", "lib/letters", "letter_depart")

    def places(self, letters: Sequence[DeadLetter]) -> list[Keys]:
        """The shard in which each letter stands; of one that is gone, that of its destination.

        One round trip, or none if there is one shard.
        """
        homes = [self._store.shards.of(letter.destination) for letter in letters]
        if self._store.shards.count == 1 or not letters:
            return homes
        shards = self._store.at_hand
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for letter in letters:
                for keys in shards:
                    pipeline.hexists(keys.dead, letter.id)
            there = iter(cast("list[int]", pipeline.execute()))
        found = [[keys for keys in shards if next(there)] for _ in letters]
        # Of two, which somebody who was killed has left, that elsewhere is the surplus.
        return [
            next((keys for keys in places if keys is not home), home)
            for home, places in zip(homes, found, strict=True)
        ]

    def bring(self, letters: Sequence[DeadLetter]) -> None:
        """Bring letters home that stand elsewhere, except while a data subject is erased."""
        for letter, keys in zip(letters, self.places(letters), strict=True):
            home = self._store.shards.of(letter.destination)
            if keys is not home:
                self._move(letter.id, keys, home)

    def _move(self, letter_id: str, keys: Keys, home: Keys) -> None:
        stored: Any = self._store.redis.hget(keys.dead, letter_id)
        digest = text_of((stored or b"").partition(b" ")[0])
        kind: Any = self._store.redis.hget(keys.dead_kinds, digest)
        if stored is None or kind is None:  # gone, or junk
            return
        keys_ = [home.counters, *home.of_letters(), home.erasing, home.dead_of(digest)]
        if self._arrive(keys_, [letter_id, stored, kind]) < 0:
            return
        if not self._depart(*_departure(keys, letter_id, stored, digest)):
            # Somebody has changed it there meanwhile: what arrived is of yesterday.
            self._depart(*_departure(home, letter_id, stored, digest))


def _departure(keys: Keys, letter_id: str, stored: bytes, digest: str) -> Call:
    return [keys.counters, *keys.of_letters(), keys.dead_of(digest)], [letter_id, stored]
