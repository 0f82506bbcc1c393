"""Record what became of a replay's letters: delivered, dead again, erased, or still waiting.

The step that ends an event notes it in the same script (`lua/lib/replayed.lua`), so the figures
are true after a crash. All letters are counted; the first ``LISTED`` are known one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from tiktok_events.outbox.store import Store
from worker.letters.letter import DeadLetter
from worker.replays.parts import ReplayParts
from worker.reporting.stored import document_of, text_of

LISTED: Final = 1_000
"""How many letters of a replay are listed one by one, about 200 bytes each."""

_NAME_CHARS: Final = 80


class End(StrEnum):
    """What became of a letter that went back into its outbox."""

    DIED = "died"
    WAITING = "waiting"
    ERASED = "erased"
    DELIVERED = "delivered"


_ORDER: Final = {end: place for place, end in enumerate(End)}
"""Order of display: what needs a person comes first."""


@dataclass(frozen=True, slots=True)
class ReplayedLetter:
    """One letter of a replay.

    Attributes:
        id: id that the letter had.
        end: what became of it.
        event: name of the event.
        destination: the destination's key.
        order_id: order id of the conversion.
        value: value of the conversion.
        currency: currency of the value.
        died_as: if it died again, the id of the new letter.
        reason: if it died again, why.
    """

    id: str
    end: End
    event: str | None
    destination: str
    order_id: str | None
    value: float | None
    currency: str | None
    died_as: str | None = None
    reason: str | None = None

    @classmethod
    def read(cls, letter_id: str, stored: bytes) -> ReplayedLetter | None:
        """Return the letter that Redis stores; `None` for what our code did not write."""
        words, _, facts = stored.partition(b"\n")
        end, _, dead = text_of(words).partition(" ")
        died_as, _, reason = dead.partition(" ")
        known = document_of(facts)
        if end not in frozenset(End) or not _are_facts(known):
            return None
        event, destination, order_id, value, currency = known
        return cls(
            *(letter_id, End(end), event, destination, order_id, value, currency),
            died_as=died_as or None,
            reason=reason or None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "id": self.id,
            "end": self.end.value,
            "event": self.event,
            "destination": self.destination,
            "order_id": self.order_id,
            "value": self.value,
            "currency": self.currency,
            "died_as": self.died_as,
            "reason": self.reason,
        }


def note_of(letter: DeadLetter) -> str:
    """Return what Redis stores about a letter that is replayed now, until its event ends."""
    event, currency = (text and text[:_NAME_CHARS] for text in (letter.event, letter.currency))
    facts = [event, letter.destination, letter.order_id, letter.value, currency]
    return f"{End.WAITING}\n{orjson.dumps(facts).decode()}"


def letters_of(store: Store, number: int) -> list[ReplayedLetter]:
    """Return the listed letters of a replay: dead ones first, delivered ones last."""
    found = ReplayParts(store).letters(number)
    read = (ReplayedLetter.read(name, stored) for name, stored in found.items())
    known = [one for one in read if one is not None]
    known.sort(key=lambda one: (_ORDER[one.end], len(one.id), one.id))
    return known[:LISTED]


def _are_facts(known: Any) -> bool:
    """Return whether decoded JSON is what `note_of` writes."""
    if not isinstance(known, list) or len(known) != 5:  # noqa: PLR2004 — because that is what it has
        return False
    event, destination, order_id, value, currency = known
    texts = all(text is None or isinstance(text, str) for text in (event, order_id, currency))
    number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return texts and number and isinstance(destination, str)
