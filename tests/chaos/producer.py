"""An application that never stops to hand over conversions, whatever happens around it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from tiktok_events import Client
from tiktok_events.errors import OutboxUnavailable

PIXELS: Final = tuple(f"C0CHAOS0PIXEL000000{number}" for number in range(3))
PAUSE_S: Final = 0.02
BULK: Final = 20
"""Events of every second call; the calls between hand over one. About 900 events a second."""

REDIS_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Marked:
    """Events that something in the scenario recognises by their id.

    Attributes:
        prefix: how their ids begin.
        every: one of so many events is marked, the first one is the `every`-th.
        at_most: how many are.
    """

    prefix: str
    every: int
    at_most: int = 10**9

    def prefix_of(self, number: int) -> str:
        """How the id of an event begins, the events counted from 0."""
        round_, rest = divmod(number + 1, self.every)
        return self.prefix if rest == 0 and round_ <= self.at_most else "ord-"


class Producer:
    """By turns one event, and a handful at once.

    Attributes:
        accepted: ids of the events whose call returned.
        refused: ids of the events whose call raised: they may have been appended or not.
    """

    def __init__(self, redis_url: str, marked: Marked | None) -> None:
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self._marked = marked
        self._client = Client(redis_url, redis_timeout_s=REDIS_TIMEOUT_S)
        self._calling = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def stop(self) -> None:
        """Return when its last call has."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While this lasts no call is under way."""
        with self._calling:
            yield

    def _run(self) -> None:
        numbers = itertools.count()
        while not self._stop.wait(PAUSE_S):
            self._hand_over([next(numbers)])
            self._hand_over([next(numbers) for _ in range(BULK)])

    def _hand_over(self, numbers: list[int]) -> None:
        events = [self._event(number) for number in numbers]
        ids = [event["event_id"] for event in events]
        with self._calling:
            try:
                self._client.track_many(events)
            except OutboxUnavailable:
                self.refused += ids
            else:
                self.accepted += ids

    def _event(self, number: int) -> dict[str, Any]:
        prefix = self._marked.prefix_of(number) if self._marked else "ord-"
        return {
            "event": "Purchase",
            "event_source_id": PIXELS[number // BULK % len(PIXELS)],
            "event_id": f"{prefix}{number}",
            "properties": {"value": number, "currency": "EUR"},
            "page": {"url": "https://shop.example/thanks"},
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()
