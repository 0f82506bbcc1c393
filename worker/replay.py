"""Which dead letters may be replayed: not what is too old, nor what might be counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tiktok_events.destination import Destination
from tiktok_events.errors import InvalidDestination
from worker.dead_letters import DeadLetter, DeadLetters
from worker.delivery import DOUBTFUL
from worker.history import KEPT

DEDUPLICATION_S: Final = 48 * 3600
"""TikTok counts a repeat of the same event and `event_id` as one for this long after the first.

Source: https://ads.tiktok.com/help/article/event-deduplication (read 2026-11-22).
"""


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
    if (
        letter.ambiguous
        and not accept_duplicates
        and now > doubtful_since(letter) + DEDUPLICATION_S
    ):
        return Fate.AMBIGUOUS
    return Fate.REPLAYABLE


def doubtful_since(letter: DeadLetter) -> float:
    """When an ambiguous letter's event may first have been accepted unseen, Unix seconds.

    Never later than it was: where the log does not show the attempt, an earlier time.
    """
    for number, attempt in enumerate(letter.log):
        if number == KEPT and len(letter.log) == 2 * KEPT:
            # Attempts between the first and the last are only counted: it may be among them.
            return float(letter.log[KEPT - 1]["at"])
        if attempt["verdict"] in DOUBTFUL:
            return float(attempt["at"])
    return letter.first_accepted_at


def _has_destination(letter: DeadLetter) -> bool:
    try:
        Destination.from_key(letter.destination)
    except InvalidDestination:
        return False
    return True
