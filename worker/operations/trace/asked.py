"""What a person asks for: words that are event ids or order numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from worker.outbox.receipt import event_id_of

ID_OF_ORDER: Final = "order-"
"""How an event id made from an order number begins in our documents and examples."""

FEW: Final = 8
"""With more words, waiting events are compared by id instead of searched for each word."""

_IDS: Final = re.compile(rb'"(?:event_id|order_id)"\s*:\s*(?:"([^"]*)"|(\d+))')

_WRITTEN_OTHERWISE: Final = frozenset('"\\/')
"""Characters that JSON writes in another way."""


class Asked:
    """Words, and the events that they mean.

    Args:
        words: the words that a person gave.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(dict.fromkeys(words))
        self._by_id = {
            event_id: word for word in self.words for event_id in (word, ID_OF_ORDER + word)
        } | {word: word for word in self.words}
        self._plain = all(map(_is_plain, self.words))
        self._needles = [word.encode(errors="replace") for word in self.words]
        self._ids = {event_id.encode() for event_id in self._by_id if event_id.isascii()}

    @property
    def event_ids(self) -> list[str]:
        """Return ids that an event of theirs can have."""
        return list(self._by_id)

    def word_for(self, event_id: str) -> str:
        """Return the word that means an event of this id."""
        return self._by_id[event_id]

    def word_of(self, event: Any) -> str | None:
        """Return the word that means an event; `None` if none does."""
        if word := self._by_id.get(event_id_of(event)):
            return word
        order = order_of(event)
        return order if order in self.words else None

    def may_be_in(self, payload: bytes) -> bool:
        """Return whether a JSON text may hold an event that is meant: quick, and without misses."""
        if not self._plain:
            return True
        if len(self._needles) <= FEW:
            return any(needle in payload for needle in self._needles)
        if b"\\" in payload:
            return True  # an id may be written in another way
        return any(not self._ids.isdisjoint(pair) for pair in _IDS.findall(payload))

    def found_in(self, payload: bytes) -> Iterator[tuple[int, str, Any]]:
        """Yield the events of a block that are meant: position, word and event."""
        if not self.may_be_in(payload):
            return
        try:
            events = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        for index, event in enumerate(events if isinstance(events, list) else ()):
            if word := self.word_of(event):
                yield index, word, event


def _is_plain(word: str) -> bool:
    """Return whether JSON has a word unescaped, unless a producer escapes more than it must."""
    return word.isascii() and word.isprintable() and _WRITTEN_OTHERWISE.isdisjoint(word)


def order_of(event: Any) -> str | None:
    """Return the order number of an event; `None` without one."""
    properties = event.get("properties") if isinstance(event, dict) else None
    found = properties.get("order_id") if isinstance(properties, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)
