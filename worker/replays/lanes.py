"""The letters of a replay in lanes, one for each destination, nearest deadline first.

A destination that waits holds up only its own lane, because each lane has its own place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from worker.letters.filter import LetterFilter
from worker.letters.record import deadline_of, read_letter
from worker.letters.search import BEGINNING, Cursor, LetterSearch

END: Final = Cursor(math.inf, "")
"""The place of a lane that has no more letters."""

_END_TEXT: Final = "end"


def read_place(text: str) -> Cursor:
    """Return the place that a text in Redis means."""
    return END if text == _END_TEXT else Cursor.parse(text)


def write_place(place: Cursor) -> str:
    """Return a place as Redis stores it; empty for the beginning, which is not stored."""
    if place == BEGINNING:
        return ""
    return _END_TEXT if place == END else str(place)


class Lanes:
    """The lanes that still have letters.

    Args:
        search: finds the letters of each lane.
        wanted: what the letters must match.
        asked_at: Unix seconds; the time at which the filter is applied.
        places: destination → how far its lane is.
    """

    def __init__(
        self,
        search: LetterSearch,
        wanted: LetterFilter,
        asked_at: float,
        places: Mapping[str, Cursor],
    ) -> None:
        self._search = search
        self._wanted = wanted
        self._asked_at = asked_at
        self._places = places
        self._named: dict[str, list[str]] = {}

    def heads(self) -> list[tuple[float, str]]:
        """Return the first deadline and the destination of each lane."""
        named = self._wanted.ids or self._wanted.event_id
        heads = self._heads_of_named() if named else self._heads_of_kinds()
        return [(deadline, destination) for destination, deadline in heads.items()]

    def records(self, destination: str) -> Iterator[tuple[str, bytes]]:
        """Yield id and record of a lane's letters, in order; some may not match."""
        ids = tuple(self._named.get(destination, ()))
        wanted = replace(self._wanted, destination=destination, ids=ids)
        after = self._places.get(destination, BEGINNING)
        return self._search.candidates(wanted, after, self._asked_at)

    def _heads_of_kinds(self) -> dict[str, float]:
        return self._search.heads(self._wanted, self._places, self._asked_at)

    def _heads_of_named(self) -> dict[str, float]:
        """Return the heads for letters named by id: each is read, as their kinds are unknown."""
        heads: dict[str, float] = {}
        candidates = self._search.candidates(self._wanted, BEGINNING, self._asked_at)
        for letter_id, stored in candidates:
            place = Cursor(deadline_of(stored), letter_id)
            destination = read_letter(letter_id, stored).destination
            if place > self._places.get(destination, BEGINNING):
                heads.setdefault(destination, place.deadline)
                self._named.setdefault(destination, []).append(letter_id)
        return heads
