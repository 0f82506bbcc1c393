"""How fast a file is handed over, so that live traffic does not wait behind it.

An outbox is worked off in order: what a file puts into it stands ahead of the next live event.
So the file waits while as much waits as the workers carry away in a moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from redis import Redis

from tiktok_events import keys

AHEAD_S: Final = 2.0
"""Seconds of work that may lie ahead of live traffic."""

UNKNOWN_EVENTS: Final = 5_000
"""May wait while nothing is known of the workers: five requests."""

LEAST_EVENTS: Final = 2_000
"""May wait however slow the workers are: the request under way, and the next."""

LOOK_S: Final = 0.1
SMOOTHING: Final = 0.1
"""Weight of the newest look at the speed: events leave by the thousand, so about a second
counts."""

STUCK_S: Final = 5.0
"""After so long without a single event leaving, the operator is told."""

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class Pace(Protocol):
    """Decides when the next events may be appended."""

    def wait(self, events: Mapping[str, int]) -> None:
        """Return when it is time for so many events (destination → number)."""


class FullSpeed:
    """Waits for nothing."""

    def wait(self, events: Mapping[str, int]) -> None:
        """Return at once."""


class SteadyPace:
    """So many events a second.

    Args:
        events_per_second: more than 0.
        now: seconds of any clock.
        sleep: waits for so many seconds.
    """

    def __init__(
        self, events_per_second: float, now: Clock = time.monotonic, sleep: Sleep = time.sleep
    ) -> None:
        self._per_second = events_per_second
        self._now = now
        self._sleep = sleep
        self._free_at = now()

    def wait(self, events: Mapping[str, int]) -> None:
        """Wait until the events before these have had their time."""
        wait_s = self._free_at - self._now()
        if wait_s > 0:
            self._sleep(wait_s)
        self._free_at = max(self._free_at, self._now()) + sum(events.values()) / self._per_second


class CarefulPace:
    """As fast as the workers carry away, with little in front of live traffic.

    Args:
        waiting: how many events wait for each destination.
        stuck: told once for each destination from which nothing leaves, with its number.
        now: seconds of any clock.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        waiting: Callable[[Sequence[str]], list[int]],
        stuck: Callable[[str, int], None],
        now: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._waiting = waiting
        self._stuck = stuck
        self._now = now
        self._sleep = sleep
        self._flows: dict[str, Flow] = {}

    def wait(self, events: Mapping[str, int]) -> None:
        """Wait until there is room in every outbox."""
        while not self._has_room(events):
            self._sleep(LOOK_S)
        for destination, number in events.items():
            self._flows[destination].expect(number)

    def _has_room(self, events: Mapping[str, int]) -> bool:
        now = self._now()
        room = True
        for destination, waiting in zip(events, self._waiting(list(events)), strict=True):
            flow = self._flows.setdefault(destination, Flow(waiting, now))
            flow.look(waiting, now)
            if waiting and waiting + events[destination] > flow.room:
                room = False
                self._tell_stuck(destination, flow, waiting, now)
        return room

    def _tell_stuck(self, destination: str, flow: Flow, waiting: int, now: float) -> None:
        if now - flow.left_at > STUCK_S and not flow.told:
            flow.told = True
            self._stuck(destination, waiting)


class Flow:
    """What leaves one outbox, as far as its length tells.

    Live events that came in between hide as many that left, so the speed is rather too low.

    Attributes:
        left_at: when something left for the last time.
        told: whether somebody was told that nothing does.
    """

    def __init__(self, waiting: int, now: float) -> None:
        self.left_at = now
        self.told = False
        self._expected = waiting
        self._looked_at = now
        self._per_second = 0.0
        self._moves = False

    @property
    def room(self) -> float:
        """How many events may wait."""
        if not self._moves:
            return UNKNOWN_EVENTS
        return max(LEAST_EVENTS, self._per_second * AHEAD_S)

    def expect(self, appended: int) -> None:
        """So many events are on their way into the outbox."""
        self._expected += appended

    def look(self, waiting: int, now: float) -> None:
        """Compare what waits with what would if nothing had left."""
        left = max(self._expected - waiting, 0)
        if left:
            self.left_at, self._moves = now, True
        elapsed_s = now - self._looked_at
        if elapsed_s >= LOOK_S:
            self._per_second += SMOOTHING * (left / elapsed_s - self._per_second)
            self._looked_at, self._expected = now, waiting


def waiting_events(redis: Redis) -> Callable[[Sequence[str]], list[int]]:
    """How many events wait for each destination, claimed ones included."""

    def waiting(destinations: Sequence[str]) -> list[int]:
        with redis.pipeline(transaction=False) as pipeline:
            for destination in destinations:
                pipeline.hget(keys.state(destination), "waiting")
            return [int(number or 0) for number in pipeline.execute()]

    return waiting
