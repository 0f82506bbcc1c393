"""Dead letters, as workers write them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from click.testing import Result
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.stores import store_of
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason

PURCHASE: Final[dict[str, Any]] = {"event": "Purchase", "event_id": "order-1"}


def letter(body: Any = PURCHASE, *, now: float | None = None, **changes: Any) -> DeadLetter:
    """A letter of an event that the API has just refused, and could take for another hour.

    Args:
        body: the event; anything, as other producers write it.
        now: Unix seconds; by default the clock's.
        changes: other arguments of `DeadLetter.of`.
    """
    now = time.time() if now is None else now
    known: dict[str, Any] = {
        "destination": "web:C0PIXEL",
        "reason": Reason.REJECTED,
        "message": "refused",
        "history": History(now),
        "died_at": now,
        "expires_at": now + 3_600,
    }
    return DeadLetter.of(body, **(known | changes))


def bury(redis: Redis, body: Any = PURCHASE, **changes: Any) -> str:
    """Bury a letter as `letter` makes it; returns its id."""
    return DeadLetters(store_of(redis)).bury(letter(body, **changes))


@dataclass
class Desk:
    """An operator's desk: a server, its letters and the commands that work on them."""

    redis: Redis
    url: str

    @property
    def letters(self) -> DeadLetters:
        """All dead letters."""
        return DeadLetters(store_of(self.redis))

    def run(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """Run `tiktok-events dead …`, as Anna."""
        return tiktok_events("dead", *arguments, given=given, REDIS_URL=self.url, ACTOR="anna")

    def json(self, *arguments: str, given: str | None = None) -> list[dict[str, Any]]:
        """Run it with --json; one object per line."""
        return objects(self.run(*arguments, "--json", given=given))
