"""What a person asks for: words that are event ids, or order numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from worker.outbox.receipt import event_id_of

ID_OF_ORDER: Final = "order-"
"""An event id made of an order number begins so in our documents and examples."""

FEW: Final = 8
"""Of more words, what waits is decoded, and not searched for each."""

_WRITTEN_OTHERWISE: Final = frozenset('"\\/')
"""Characters that stand in JSON as others."""


class Asked:
    """Words, and the events that they mean.

    Args:
        words: as a person gave them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        self._by_id = {
            event_id: word for word in self.words for event_id in (word, ID_OF_ORDER + word)
        } | {word: word for word in self.words}
        self._needles = self._searched_for()

    @property
    def event_ids(self) -> list[str]:
        """Ids that an event of theirs can have."""
        return list(self._by_id)

    def word_for(self, event_id: str) -> str:
        """The word that means an event of this id."""
        return self._by_id[event_id]

    def word_of(self, event: Any) -> str | None:
        """The word that means an event; `None` if none does."""
        if word := self._by_id.get(event_id_of(event)):
            return word
        order = order_of(event)
        return order if order in self.words else None

    def may_be_in(self, payload: bytes) -> bool:
        """Whether the JSON of an event that is meant may be there; quick, and never a false no."""
        return self._needles is None or any(needle in payload for needle in self._needles)

    def found_in(self, payload: bytes) -> Iterator[tuple[int, str, Any]]:
        """The events of a block that are meant: place, word and event."""
        if not self.may_be_in(payload):
            return
        try:
            events = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        for index, event in enumerate(events if isinstance(events, list) else ()):
            if word := self.word_of(event):
                yield index, word, event

    def _searched_for(self) -> list[bytes] | None:
        plain = all(
            word.isascii() and word.isprintable() and _WRITTEN_OTHERWISE.isdisjoint(word)
            for word in self.words
        )
        return [word.encode() for word in self.words] if plain and len(self.words) <= FEW else None


def order_of(event: Any) -> str | None:
    """The order number of an event; `None` if it has none."""
    properties = event.get("properties") if isinstance(event, dict) else None
    found = properties.get("order_id") if isinstance(properties, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)
