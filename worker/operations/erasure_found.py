"""What an erasure has found, and what it could not reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

BUSY_SPOOL: Final = "this machine's spool: another process was flushing it all the while"
NO_BROKER: Final = "Celery's queue: the broker cannot be reached"
NO_FENCE: Final = "what was moved meanwhile: this look was held up again and again"


@dataclass(frozen=True, slots=True)
class Holder:
    """A living claim on events of the data subject.

    Attributes:
        worker: the worker process, as host:pid:…
        destination: its key.
        events: number of the data subject's events in it.
        until: when the claim ends at the latest; Unix seconds.
    """

    worker: str
    destination: str
    events: int
    until: float


@dataclass(slots=True)
class Found:
    """How much there is of a data subject, or was.

    Attributes:
        waiting: events in outboxes.
        delayed: events that wait for their time to enter one.
        dead_letters: dead letters.
        spooled: events in this machine's spool.
        queued: Celery messages with such an event.
        in_hand: such messages that workers have taken but not handed over yet.
        being_sent: events in outboxes that workers still hold.
        holders: the claims that hold them.
        unreached: places that could not be searched, and why.
    """

    waiting: int = 0
    dead_letters: int = 0
    being_sent: int = 0
    delayed: int = 0
    spooled: int = 0
    queued: int = 0
    in_hand: int = 0
    holders: list[Holder] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All that was erased, or would be."""
        return self.waiting + self.delayed + self.dead_letters + self.spooled + self.queued

    @property
    def complete(self) -> bool:
        """Whether nothing is left that could be found here."""
        return not (self.being_sent or self.in_hand or self.unreached)
