"""The server's clock as one worker process knows it; the whole installation goes by it.

Ages decide whether an event is still sent, and several workers, producers' blocks and leases
must agree on them. All of these are dated by the server, so its clock is the one that counts,
and a worker compares its own with it. Where the two disagree by more than a minute nobody knows
which of them is wrong, and this process does not judge: it sends what is in time, and ends
nothing that is final because of an age.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, cast

from redis import Redis

TOLD_S: Final = 3.0
"""Seconds by which a worker's clock may differ before it says so; a slow answer must not count."""

JUDGES_WITHIN_S: Final = 60.0
"""Seconds by which a worker's clock may differ before it stops judging."""

DAY_S: Final = 86_400

PRECISE_S: Final = 1.0
"""Seconds of a round trip that tells the time too badly, if anything is known already."""


def clock_words(ahead_s: float) -> str:
    """Return what to say about a worker's clock that is ahead of the server's by so much."""
    direction = "ahead of" if ahead_s > 0 else "behind"
    apart = f"{abs(ahead_s):.1f} s" if abs(ahead_s) < DAY_S else f"{abs(ahead_s) / DAY_S:,.1f} days"
    words = f"is {apart} {direction} the server's"
    return words if abs(ahead_s) <= JUDGES_WITHIN_S else f"{words}: it ends no event by its age"


class ServerClock:
    """What time it is on the server.

    Args:
        wall: Unix seconds by the clock of this machine.
        monotonic: seconds of a clock that nobody sets.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._began_at: float | None = None

    def learn(self, server_s: float, asked_at: float) -> None:
        """Note the time that the server has told.

        Args:
            server_s: Unix seconds.
            asked_at: when it was asked, by `monotonic`.
        """
        answered_at = self._monotonic()
        if self._began_at is None or answered_at - asked_at <= PRECISE_S:
            self._began_at = server_s - (asked_at + answered_at) / 2

    def ask(self, redis: Redis) -> None:
        """Ask the server for its time.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        asked_at = self._monotonic()
        seconds, micros = cast("tuple[int, int]", cast("Any", redis).time())
        self.learn(seconds + micros / 1_000_000, asked_at)

    def now(self) -> float:
        """Return Unix seconds on the server; by this machine's clock until the server was asked."""
        if self._began_at is None:
            return self._wall()
        return self._began_at + self._monotonic()

    @property
    def ahead_s(self) -> float:
        """Return how far this machine's clock is ahead of the server's; negative if behind."""
        return self._wall() - self.now()

    @property
    def judges(self) -> bool:
        """Return whether the clocks agree well enough to end an event because of its age."""
        return abs(self.ahead_s) <= JUDGES_WITHIN_S
