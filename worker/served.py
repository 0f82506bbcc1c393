"""What a worker process knows of a destination while it serves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tiktok_events.destination import Destination
from worker.destinations import Account
from worker.prepare import Outgoing


@dataclass(slots=True)
class Served:
    """A destination while this loop serves it.

    Attributes:
        destination: which.
        account: its token and limits.
        carried: prepared events that did not fill a request yet; more are being claimed.
        more_until: seconds of the monotonic clock; until then what is carried waits for the
            rest of a request: its outbox had more, and it is offered again soon.
        failures: the failure count of the newest claim.
        has_turn: whether the turn of the access token that a claim took is still unused.
    """

    destination: Destination
    account: Account
    carried: list[Outgoing] = field(default_factory=list)
    more_until: float = 0.0
    failures: int = 0
    has_turn: bool = False

    @property
    def key(self) -> str:
        """The destination's key."""
        return self.destination.key
