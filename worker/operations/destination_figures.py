"""The figures of one destination."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Condition(StrEnum):
    """What a destination is doing."""

    OK = "ok"
    BACKING_OFF = "backing_off"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Lately:
    """What became of events in some recent hours.

    Attributes:
        accepted: how many entered the outbox.
        delivered: how many were delivered.
        dead: how many became dead letters.
    """

    accepted: int = 0
    delivered: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class DestinationFigures:
    """One destination at some moment.

    Attributes:
        destination: its key.
        waiting: events in its outbox, claimed ones included.
        failures: how often in a row it has failed.
        not_before: end of its back-off, Unix seconds.
        due_at: when a worker will next look at it, Unix seconds.
        parked: why it waits for a person; empty if it does not.
        parked_at: when it was parked, Unix seconds.
        oldest_at: when its first block was appended, Unix seconds.
        expires_at: when the window of the first event in that block closes, Unix seconds; known
            only while the destination is parked.
        last_hour: what became of its events in this hour and the one before, if that was read.
        last_day: the same for this hour and the 23 before.
    """

    destination: str
    waiting: int = 0
    failures: int = 0
    not_before: float | None = None
    due_at: float | None = None
    parked: str | None = None
    parked_at: float | None = None
    oldest_at: float | None = None
    expires_at: float | None = None
    last_hour: Lately | None = None
    last_day: Lately | None = None

    def condition(self, now: float) -> Condition:
        """Return what it is doing at some time."""
        if self.parked is not None:
            return Condition.PARKED
        waits = self.not_before is not None and self.not_before > now
        # Without a failure it waits for its access token's next slot.
        backing_off = waits and self.failures > 0
        return Condition.BACKING_OFF if backing_off else Condition.OK

    def as_dict(self, now: float) -> dict[str, Any]:
        """Return it as one JSON object; times are Unix seconds."""
        return {
            "destination": self.destination,
            "waiting": self.waiting,
            "oldest_at": self.oldest_at,
            "condition": self.condition(now).value,
            "failures": self.failures,
            "not_before": self.not_before,
            "due_at": self.due_at,
            "parked": self.parked,
            "parked_at": self.parked_at,
            "expires_at": self.expires_at,
            "last_hour": self.last_hour and asdict(self.last_hour),
            "last_day": self.last_day and asdict(self.last_day),
        }
