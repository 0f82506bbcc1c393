"""Which dead letters may be replayed: not what is too old, nor what might be counted twice."""

from __future__ import annotations

from enum import StrEnum

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import Destination
from worker.letters.dead_letters import DeadLetter


class Eligibility(StrEnum):
    """Whether a replay may send a letter, and if not, why."""

    REPLAYABLE = "replayable"
    EXPIRED = "expired"
    AMBIGUOUS = "ambiguous"
    NO_DESTINATION = "no_destination"


def eligibility_of(
    letter: DeadLetter, *, now: float, accept_duplicates: bool = False
) -> Eligibility:
    """Whether a replay at `now` may send a letter, and if not, why.

    Args:
        letter: as it stands in Redis.
        now: Unix seconds.
        accept_duplicates: whether a person said yes to events being counted twice.
    """
    if not _has_destination(letter):
        return Eligibility.NO_DESTINATION
    if letter.expires_at <= now:
        return Eligibility.EXPIRED
    if letter.history().would_count_twice(now) and not accept_duplicates:
        return Eligibility.AMBIGUOUS
    return Eligibility.REPLAYABLE


def _has_destination(letter: DeadLetter) -> bool:
    try:
        Destination.from_key(letter.destination)
    except InvalidDestination:
        return False
    return True
