"""Deliveries under way in one run of the delivery loop: how many, where to, and when they end."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from worker.reporting.log import Log
from worker.reporting.outage import REDIS_OUTAGE, is_outage
from worker.reporting.sentry import report_failure

log = Log("tiktok_events.posting")


class Posting:
    """Runs deliveries in the process's posting threads, and counts them by destination.

    Args:
        pool: the threads, shared by the process.
        threads: how many there are.
    """

    def __init__(self, pool: ThreadPoolExecutor, threads: int) -> None:
        self._pool = pool
        self._threads = threads
        self._numbers = itertools.count()
        self._under_way: set[int] = set()
        self._by_destination: Counter[str] = Counter()
        self._ended = threading.Condition()

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def under_way(self) -> frozenset[int]:
        """Return the numbers of the deliveries that have not ended."""
        with self._ended:
            return frozenset(self._under_way)

    @property
    def free(self) -> int:
        """Return how many threads have nothing to do."""
        return self._threads - len(self)

    def has_room(self, destination: str, share: int) -> bool:
        """Whether one more request may go to a destination that may have `share` at once."""
        return self._by_destination[destination] < share and self.free > 0

    def post(self, destination: str, delivery: Callable[[], object]) -> None:
        """Run a delivery in a thread."""
        number = next(self._numbers)
        with self._ended:
            self._under_way.add(number)
            self._by_destination[destination] += 1
        future = self._pool.submit(delivery)
        future.add_done_callback(lambda ended: self._note_end(number, destination, ended))

    def wait_for_one(self, timeout_s: float) -> None:
        """Wait until a delivery ends, if any is under way."""
        with self._ended:
            if len(self):
                self._ended.wait(timeout_s)

    def wait_for_all(self, timeout_s: float | None = None) -> None:
        """Wait until no delivery is under way."""
        with self._ended:
            self._ended.wait_for(lambda: not len(self), timeout_s)

    def _note_end(self, number: int, destination: str, ended: Future[object]) -> None:
        with self._ended:
            self._under_way.discard(number)
            self._by_destination[destination] -= 1
            self._ended.notify_all()
        # A delivery that failed is not settled: when its lease ends, others deliver.
        error = ended.exception()
        if error is None:
            return
        if is_outage(error):
            REDIS_OUTAGE.met(error)
        else:
            log.error("delivery_failed", destination=destination, exc_info=error)
            report_failure(destination, error)
