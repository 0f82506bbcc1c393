"""A circuit breaker: while Redis is away, one caller now and then waits, others fail at once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from tiktok_events.connection.role import PrimaryChanged

PAUSE_FACTOR: Final = 10
"""A pause is this many times what the failure took: waiting takes at most a tenth of the time,
and a refused connection, which takes none, is tried again at once."""

LONGEST_PAUSE_S: Final = 5.0
"""Longest time in seconds for which a recovered Redis may stay unnoticed."""

PROBE_S: Final = 0.1
"""How long others wait for the answer to a probe: a Redis that is back answers much sooner."""


class CircuitOpen(RedisConnectionError):
    """Redis did not answer moments ago, and was not asked again."""


class Circuit:
    """Lets calls pass until one fails; then only a probe after each pause.

    Without a lock: two threads that probe at the same moment do no harm, and a lock
    could be left locked in a forked child.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._probe_at = 0.0
        self._probe_began = -math.inf

    def close(self) -> None:
        """Let the next call pass, whatever was learnt."""
        self._probe_at = 0.0

    def longest_wait_s(self) -> float:
        """Return how long a call may wait for another that is under way.

        Raises:
            CircuitOpen: it need not wait at all, because Redis is away.
        """
        if not self._probe_at:
            return math.inf
        now = self._clock()
        if now >= self._probe_at:
            return PROBE_S
        if (rest_s := self._probe_began + PROBE_S - now) <= 0:
            raise self.refusal()
        return rest_s

    def refusal(self) -> CircuitOpen:
        """Return the error for a call that is not let through."""
        rest_s = max(self._probe_at - self._clock(), 0.0)
        return CircuitOpen(f"Redis did not answer; it is asked again in {rest_s:.1f} s")

    @property
    def is_closed(self) -> bool:
        """Return whether calls are let through."""
        return not self._probe_at

    def admit(self) -> float:
        """Let one call to Redis pass; `learn` is to be told how it ends.

        Returns:
            When it began.

        Raises:
            CircuitOpen: at once, during a pause.
        """
        now = self._clock()
        if self._probe_at:
            self._admit_a_probe(now)
        return now

    def learn(self, error: BaseException | None, started: float) -> None:
        """Learn from how a call ended that began at ``started``.

        An error that Redis itself answers opens nothing; "not the primary" is such an answer, too.
        """
        if error is None or isinstance(error, ResponseError | PrimaryChanged):
            self._probe_at = 0.0
        elif isinstance(error, RedisError):
            self._pause(started)

    def _admit_a_probe(self, now: float) -> None:
        """Let one caller pass; until it knows more, the others fail as before."""
        if now < self._probe_at:
            raise self.refusal()
        self._probe_at, self._probe_began = now + LONGEST_PAUSE_S, now

    def _pause(self, started: float) -> None:
        now = self._clock()
        self._probe_began = -math.inf
        self._probe_at = now + min(LONGEST_PAUSE_S, PAUSE_FACTOR * (now - started))
