"""Decide which dead letters may be replayed: none that is too old, or may be counted twice."""

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
    """Return whether a replay at `now` may send a letter, and if not, why.

    Args:
        letter: the letter as it is in Redis.
        now: Unix seconds.
        accept_duplicates: whether a person accepted that events may be counted twice.
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
