"""Decide how fast to hand a file over, so that live traffic does not wait behind it.

An outbox is emptied in order, so a file's events are ahead of the next live event. The file
therefore waits while there is as much as the workers send in a moment. Where nothing is sent, no
live event is being served either, and waiting would help nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from redis.exceptions import RedisError

from tiktok_events.outbox.keys import GROUP
from tiktok_events.outbox.store import Store

AHEAD_S: Final = 2.0
"""How many seconds of work may be ahead of live traffic."""

UNKNOWN_EVENTS: Final = 5_000
"""How many events may wait while the workers' speed is unknown: five requests."""

LEAST_EVENTS: Final = 2_000
"""How many events may wait however slow the workers are: the current request, and the next."""

LOOK_S: Final = 0.1
SMOOTHING: Final = 0.1
"""Weight of the newest measurement of the speed: events leave by the thousand, so about a second
counts.
"""

IDLE_S: Final = 2.0
"""Seconds without a single event leaving, after which a destination is not waited for: no worker
runs, or it is parked or fails. Working workers send within a fraction of that.
"""

Clock = Callable[[], float]
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one destination.

    Attributes:
        events: how many events, claimed ones included.
        claimed: the first and the last block that workers hold; when they change, events
            leave, though live ones may come in as fast.
    """

    events: int = 0
    claimed: tuple[bytes, ...] = ()


class Pace(Protocol):
    """Decides when the next events may be appended."""

    def wait(self, events: Mapping[str, int]) -> None:
        """Return when so many events (destination → number) may be appended."""


class FullSpeed:
    """Does not wait."""

    def wait(self, events: Mapping[str, int]) -> None:
        """Return at once."""


class SteadyPace:
    """Allows so many events a second.

    Args:
        events_per_second: more than 0.
        now: returns seconds of any clock.
        sleep: waits for some seconds.
    """

    def __init__(
        self, events_per_second: float, now: Clock = time.monotonic, sleep: Sleep = time.sleep
    ) -> None:
        self._per_second = events_per_second
        self._now = now
        self._sleep = sleep
        self._free_at = now()

    def wait(self, events: Mapping[str, int]) -> None:
        """Wait until the earlier events have had their time."""
        wait_s = self._free_at - self._now()
        if wait_s > 0:
            self._sleep(wait_s)
        self._free_at = max(self._free_at, self._now()) + sum(events.values()) / self._per_second


class CarefulPace:
    """Goes as fast as the workers send, with little ahead of live traffic.

    Where nothing leaves, it goes at full speed until something leaves again.

    Args:
        waiting: returns what waits for each destination.
        idle: is called once for each destination from which nothing leaves, with the number that
            waits.
        now: returns seconds of any clock.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        waiting: Callable[[Sequence[str]], list[Waiting]],
        idle: Callable[[str, int], None],
        now: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._waiting = waiting
        self._idle = idle
        self._now = now
        self._sleep = sleep
        self._flows: dict[str, Flow] = {}

    def wait(self, events: Mapping[str, int]) -> None:
        """Wait until there is room in every outbox that something leaves."""
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
            if waiting.events and waiting.events + events[destination] > flow.room:
                room = self._is_idle(destination, flow, waiting, now) and room
        return room

    def _is_idle(self, destination: str, flow: Flow, waiting: Waiting, now: float) -> bool:
        if now - flow.left_at < IDLE_S:
            return False
        if not flow.told:
            flow.told = True
            self._idle(destination, waiting.events)
        return True


class Flow:
    """The flow out of one outbox, as far as its length and its claims show it.

    Live events that arrive meanwhile hide as many that left, so the speed is underestimated.

    Attributes:
        left_at: when something last left.
        told: whether `idle` was called for it.
    """

    def __init__(self, waiting: Waiting, now: float) -> None:
        self.left_at = now
        self.told = False
        self._expected = waiting.events
        self._claimed = waiting.claimed
        self._looked_at = now
        self._per_second = 0.0
        self._moves = False

    @property
    def room(self) -> float:
        """Return how many events may wait."""
        if not self._moves:
            return UNKNOWN_EVENTS
        return max(LEAST_EVENTS, self._per_second * AHEAD_S)

    def expect(self, appended: int) -> None:
        """Expect so many events to arrive in the outbox."""
        self._expected += appended

    def look(self, waiting: Waiting, now: float) -> None:
        """Compare what waits with what would wait if nothing had left."""
        left = max(self._expected - waiting.events, 0)
        if left:
            self._moves = True
        if left or waiting.claimed != self._claimed:
            self.left_at, self._claimed = now, waiting.claimed
        elapsed_s = now - self._looked_at
        if elapsed_s >= LOOK_S:
            self._per_second += SMOOTHING * (left / elapsed_s - self._per_second)
            self._looked_at, self._expected = now, waiting.events


def waiting_in(store: Store) -> Callable[[Sequence[str]], list[Waiting]]:
    """Return a function that reads what waits for each destination."""

    def waiting(destinations: Sequence[str]) -> list[Waiting]:
        with store.redis.pipeline(transaction=False) as pipeline:
            for destination in destinations:
                keys = store.shards.of(destination)
                pipeline.hget(keys.state(destination), "waiting")
                pipeline.xpending(keys.outbox(destination), GROUP)
            # Before its first claim an outbox has no group, which is an error of one reply.
            replies = pipeline.execute(raise_on_error=False)
        return [_waiting(*pair) for pair in zip(replies[::2], replies[1::2], strict=True)]

    return waiting


def _waiting(events: Any, claims: Any) -> Waiting:
    if isinstance(events, RedisError):
        raise events
    if isinstance(claims, RedisError) or not claims["pending"]:
        return Waiting(int(events or 0))
    return Waiting(int(events or 0), (claims["min"], claims["max"]))
