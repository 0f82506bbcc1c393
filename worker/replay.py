"""Which dead letters may be replayed: not what is too old, nor what might be counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tiktok_events.destination import Destination
from tiktok_events.errors import InvalidDestination
from worker.dead_letters import DeadLetter, DeadLetters


@dataclass(frozen=True, slots=True)
class Selection:
    """Dead letters as an operator means them: by id, or by what they have in common.

    Attributes:
        ids: exactly these; empty for all that match the rest.
        reason: why they died.
        destination: its key.
        event: its name.
    """

    ids: tuple[str, ...] = ()
    reason: str | None = None
    destination: str | None = None
    event: str | None = None

    @property
    def filtered(self) -> bool:
        """Whether it asks for something in common."""
        return any(wanted is not None for wanted in (self.reason, self.destination, self.event))

    def of(self, letters: DeadLetters) -> Iterator[DeadLetter]:
        """The letters it means, nearest deadline first, or in the order of the ids."""
        if self.ids:
            found = (letters.get(letter_id) for letter_id in dict.fromkeys(self.ids))
            return (letter for letter in found if letter is not None)
        return filter(self.matches, letters)

    def matches(self, letter: DeadLetter) -> bool:
        """Whether a letter has what they are to have in common."""
        wanted = (self.reason, self.destination, self.event)
        found = (letter.reason, letter.destination, letter.event)
        return all(want in {None, have} for want, have in zip(wanted, found, strict=True))


class Fate(StrEnum):
    """What a replay would do with a letter."""

    REPLAYABLE = "replayable"
    EXPIRED = "expired"
    AMBIGUOUS = "ambiguous"
    NO_DESTINATION = "no_destination"


def fate_of(letter: DeadLetter, *, now: float, accept_duplicates: bool = False) -> Fate:
    """What a replay at `now` (Unix seconds) would do with a letter.

    Args:
        letter: as it stands in Redis.
        now: Unix seconds.
        accept_duplicates: whether a person said yes to events being counted twice.
    """
    if not _has_destination(letter):
        return Fate.NO_DESTINATION
    if letter.expires_at <= now:
        return Fate.EXPIRED
    if letter.history().would_count_twice(now) and not accept_duplicates:
        return Fate.AMBIGUOUS
    return Fate.REPLAYABLE


def _has_destination(letter: DeadLetter) -> bool:
    try:
        Destination.from_key(letter.destination)
    except InvalidDestination:
        return False
    return True
