"""The loop of a deliver task: serve every destination that is due until nothing is, or time is up.

    take      destinations that are due
    serve     them: claim, prepare and post; see `worker.delivery.claiming`
    pause     while nothing is due, but will be soon
    help      is called for, while more waits than this process can take
    finish    hand back what is not sent, wait for what is under way

The loop alone claims and prepares; a few posting threads deliver and settle, so that requests
overlap while the loop prepares the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from worker.delivery.claiming import Claiming
from worker.delivery.posting import Posting
from worker.outbox.claim import Taken
from worker.outbox.outbox import Outbox

TAKE_AT_ONCE = 16
"""Destinations taken in one round trip."""

PATIENCE_MS = 1_000
"""The loop stays awake for what is due this soon: cheaper than a new doorbell and task."""

POLL_S = 0.02
"""Pause between looks while awake; it adds half of itself to the latency of a lone event."""

GRACE_S = 0.25
"""Awake this long after the last work: under steady traffic one task serves many events."""

HELP_EVERY_S = 1.0
"""Seconds between two rings for another worker process, while there is more than one can take."""

SHUTDOWN_S = 6.0
"""What is still under way then is left to its lease: an orchestrator waits ten seconds, and
Celery takes up to three to end its processes (measured)."""


class DeliveryLoop:
    """One run of the loop.

    Args:
        outbox: where the work is.
        claiming: serves destinations that were taken.
        posting: runs deliveries in threads.
        rings: whether the doorbell's queue is on the outbox's server.
        stopping: whether the worker shuts down.
        beat: to be called whenever Redis has answered: a sign of life.
    """

    def __init__(
        self,
        outbox: Outbox,
        claiming: Claiming,
        posting: Posting,
        *,
        rings: bool,
        stopping: Callable[[], bool],
        beat: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._claiming = claiming
        self._posting = posting
        self._rings = rings
        self._stopping = stopping
        self._beat = beat
        self._help_wanted_at = float("-inf")
        self._last: frozenset[int] | None = None
        self._worked = time.monotonic()

    def run(self, *, budget_s: float) -> None:
        """Serve until nothing is due soon, the budget is used up, or the worker stops.

        What is under way when the budget is used up is not waited for idly: one destination
        that hangs would take this process from all others. They are served until it ends.
        """
        deadline = time.monotonic() + budget_s
        try:
            while not self._is_over(deadline) and self._round():
                pass
        finally:
            self._finish()

    def _is_over(self, deadline: float) -> bool:
        if self._stopping():
            return True
        if time.monotonic() < deadline:
            return False
        under_way = self._posting.under_way
        self._last = under_way if self._last is None else self._last & under_way
        return not self._last

    def _round(self) -> bool:
        """Look once; return False when there is nothing to stay awake for."""
        if self._posting.free <= 0:
            self._posting.wait_for_one(PATIENCE_MS / 2000)
            return True
        room = min(self._posting.free, TAKE_AT_ONCE)
        taken = self._outbox.take(room, patience_ms=PATIENCE_MS, stay=self._within_grace())
        self._beat()
        more_waits = self._claiming.serve(taken.destinations)
        self._claiming.post_buffered(taken.destinations, a_line=taken.a_line)
        if is_behind := taken.a_line or more_waits:
            self._ring_for_help()
        if taken.destinations or len(self._posting):
            self._worked = time.monotonic()
        return is_behind or self._pause(taken)

    def _within_grace(self) -> bool:
        return time.monotonic() - self._worked < GRACE_S or len(self._posting) > 0

    def _pause(self, taken: Taken) -> bool:
        """Wait for the next look; False when there is nothing to wait for."""
        if not (taken.awake or len(self._posting)):
            return False
        pause_s = POLL_S if taken.wait_ms is None else min(taken.wait_ms / 1000, POLL_S)
        if self._claiming.is_buffering:
            self._posting.wait_for_one(pause_s)  # then there is room for what is buffered
        else:
            time.sleep(pause_s)
        return True

    def _ring_for_help(self) -> None:
        """Let another worker process join, because one or many destinations have a backlog."""
        now = time.monotonic()
        if now - self._help_wanted_at >= HELP_EVERY_S:
            self._help_wanted_at = now
            self._outbox.ring(rings=self._rings, more_hands=True)

    def _finish(self) -> None:
        """Hand back what is not sent, wait for what is under way, pass the watch on."""
        try:
            self._claiming.hand_back_buffered()
        finally:
            self._posting.wait_for_all(SHUTDOWN_S if self._stopping() else None)
        self._fall_asleep()

    def _fall_asleep(self) -> None:
        """Let producers ring again, and a next task look after what is due soon."""
        self._outbox.take(0, patience_ms=1, stay=False)
        self._outbox.ring(rings=self._rings, more_hands=True, within_ms=PATIENCE_MS)
