"""An application that never stops to hand over conversions, whatever happens around it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from tiktok_events import Client
from tiktok_events.errors import OutboxUnavailable

REDIS_TIMEOUT_S: Final = 5.0


class Producer:
    """By turns one event, and a handful at once.

    Attributes:
        accepted: ids of the events whose call returned.
        refused: ids of the events whose call raised: they may have been appended or not.
        longest_pause_s: between two calls that returned.

    Args:
        redis_url: where the outbox is.
        event: makes the event with a number, counted from 0.
        pause_s: between two calls of one event.
        bulk: events of every second call.
        spool_file: where it keeps what the server does not take; without one it raises.
    """

    def __init__(
        self,
        redis_url: str,
        event: Callable[[int], dict[str, Any]],
        *,
        pause_s: float,
        bulk: int,
        spool_file: Path | None = None,
    ) -> None:
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self._event = event
        self._pause_s = pause_s
        self._bulk = bulk
        self.longest_pause_s = 0.0
        self._client = Client(
            redis_url,
            redis_timeout_s=REDIS_TIMEOUT_S,
            on_failure="raise" if spool_file is None else "spool",
            spool_file=spool_file,
        )
        self._returned_at = time.monotonic()
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
        while not self._stop.wait(self._pause_s):
            self._hand_over([next(numbers)])
            self._hand_over([next(numbers) for _ in range(self._bulk)])

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
                now = time.monotonic()
                self.longest_pause_s = max(self.longest_pause_s, now - self._returned_at)
                self._returned_at = now

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._client.close()
