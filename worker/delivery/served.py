"""What a worker process knows of a destination while it serves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tiktok_events.event.destination import Destination
from worker.delivery.destinations import Account
from worker.delivery.prepare import Outgoing
from worker.outbox.claim import Rest

MORE_S: Final = 1.0
"""Seconds that buffered events wait to be filled up while the rest waits for its slot."""

ELSEWHERE_S: Final = 0.1
"""Events wait only so long when no other destination is due: another worker has taken the rest.
While there is a backlog it offers the destination again sooner; at the end of one nobody does."""


@dataclass(slots=True)
class Served:
    """A destination while this loop serves it.

    Attributes:
        destination: the one that is served.
        account: its token and limits.
        buffered: prepared events that did not fill a request yet; more are being claimed.
        rest: what the newest claim left in the outbox.
        asked_at: when that was, or when it was last offered to others because there was no room
            here; seconds of the monotonic clock.
        failures: the failure count of the newest claim.
        has_slot: whether the slot of the access token that a claim took is still unused.
    """

    destination: Destination
    account: Account
    buffered: list[Outgoing] = field(default_factory=list)
    rest: Rest = Rest.NOTHING
    asked_at: float = 0.0
    failures: int = 0
    has_slot: bool = False

    @property
    def key(self) -> str:
        """The destination's key."""
        return self.destination.key

    def expects_more(self, now: float, *, a_line: bool) -> bool:
        """Return whether what is buffered waits to be filled up.

        Args:
            now: seconds of the monotonic clock.
            a_line: whether other destinations are due that this worker has not taken.
        """
        if self.rest not in {Rest.MORE, Rest.LATER}:
            return False
        elsewhere = self.rest is Rest.MORE and not a_line
        return now - self.asked_at < (ELSEWHERE_S if elsewhere else MORE_S)
