"""Find dead letters of all shards in the order of their deadlines; see `shard_search`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from heapq import merge
from typing import Final

from tiktok_events.outbox.store import Store
from worker.letters.filter import LetterFilter
from worker.letters.letter import DeadLetter
from worker.letters.record import deadline_of, read_letter
from worker.letters.shard_search import BEGINNING, PAGE, Cursor, ShardSearch

__all__ = ["BEGINNING", "PAGE", "Cursor", "LetterSearch", "needle_of"]

_WRITTEN_OTHERWISE: Final = frozenset('"\\[]')
"""Characters that JSON escapes, and those that a field has in place of a position."""


class LetterSearch:
    """Searches all dead letters.

    Args:
        store: the outbox.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, wanted: LetterFilter, after: Cursor, now: float) -> Iterator[DeadLetter]:
        """Yield the letters that match at `now` (Unix seconds), in order, from after a place."""
        needle = needle_of(wanted.text)
        found = (
            read_letter(letter_id, stored)
            for letter_id, stored in self.candidates(wanted, after, now)
            if needle is None or needle in stored.lower()
        )
        return (letter for letter in found if wanted.matches(letter, now))

    def candidates(
        self, wanted: LetterFilter, after: Cursor, now: float
    ) -> Iterator[tuple[str, bytes]]:
        """Yield id and record of every letter that may match, in order; the caller checks each."""
        found = [shard.candidates(wanted, after, now) for shard in self._shards()]
        return merge(*found, key=_place) if len(found) > 1 else found[0]

    def heads(
        self, wanted: LetterFilter, after: Mapping[str, Cursor], now: float
    ) -> dict[str, float]:
        """Yield destinations of letters that may match, with the first deadline of each.

        Args:
            wanted: which letters; not by id or `event_id`, from which destinations cannot be told.
            after: destination → start after this place.
            now: Unix seconds.
        """
        heads: defaultdict[str, float] = defaultdict(lambda: math.inf)
        for shard in self._shards():
            for destination, deadline in shard.heads(wanted, after, now).items():
                heads[destination] = min(deadline, heads[destination])
        return dict(heads)

    def _shards(self) -> list[ShardSearch]:
        return [ShardSearch(self._store.redis, keys) for keys in self._store.at_hand]


def _place(found: tuple[str, bytes]) -> Cursor:
    letter_id, stored = found
    return Cursor(deadline_of(stored), letter_id)


def needle_of(text: str | None) -> bytes | None:
    """Return bytes that a matching letter's record must hold, or `None` if that is not known.

    Where every letter must be read, not having to decode most of them saves most of the time.
    """
    if not text or not text.isascii() or not text.isprintable():
        return None
    return text.lower().encode() if _WRITTEN_OTHERWISE.isdisjoint(text) else None
