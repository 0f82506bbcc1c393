"""Bring dead letters that are in another shard into the shard of their destination.

A letter is in the wrong shard after its destination was edited, or the number of shards changed. No
script spans two shards, so the letter is added to the one, then removed from the other. Both steps
are counted, so the figures stay true. A process that is killed in between leaves two copies, of
which the next one removes one.
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
    """Knows which shard a letter is in, and moves it into the shard of its destination.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._arrive = LuaScript(store.redis, "worker", "lib/letters", "erasing", "letter_arrive")
        self._depart = LuaScript(store.redis, "worker", "lib/letters", "letter_depart")

    def places(self, letters: Sequence[DeadLetter]) -> list[Keys]:
        """Return the shard of each letter; for one that is gone, that of its destination.

        This takes one round trip, or none if there is one shard.
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
        # Of two copies, left by a process that was killed, the one elsewhere is surplus.
        return [
            next((keys for keys in places if keys is not home), home)
            for home, places in zip(homes, found, strict=True)
        ]

    def bring(self, letters: Sequence[DeadLetter]) -> None:
        """Move letters to their shards, except while a data subject is erased."""
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
            # It was changed in its former place meanwhile: the copy that arrived is outdated.
            self._depart(*_departure(home, letter_id, stored, digest))


def _departure(keys: Keys, letter_id: str, stored: bytes, digest: str) -> Call:
    return [keys.counters, *keys.of_letters(), keys.dead_of(digest)], [letter_id, stored]
